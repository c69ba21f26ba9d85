"""The span of earlier solutions, in which a problem is solved before it is solved as a whole.

Solutions that depend smoothly on a few parameters lie close to a space of few dimensions, far closer than a polynomial
in the parameters comes to them (Quarteroni, Manzoni, Negri, Reduced Basis Methods for Partial Differential Equations,
Springer 2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DEPENDENT = 1e-13
"""What a vector has outside the span, relative to its length, that is no more than rounding."""

KEPT = 0.75
"""Part of the directions of a full span that stays when others make room."""

TOGETHER = 16
"""Vectors that an operator is applied to at once: more would not stay in the processor's cache."""


class Span:
    """An orthonormal basis of vectors that come one by one.

    When it is full, the directions in which the vectors so far extend least make room, as in a proper orthogonal
    decomposition.

    Parameters
    ----------
    most : int
        Of dimensions.

    Attributes
    ----------
    coordinates : list of arrays
        Of each vector so far; dimensions that came later are missing.
    """

    def __init__(self, most: int) -> None:
        self.most, self.coordinates = most, list[Floats]()
        self._vectors: Floats = np.empty((0, 0))
        self._count = 0

    @property
    def basis(self) -> Floats:
        """(n, dimensions)"""
        return self._vectors[:, : self._count]

    def add(self, vector: Floats) -> None:
        """Extend the span by a vector."""
        if not len(self.coordinates):
            self._vectors = np.zeros((len(vector), self.most))
        if self._count == self.most:
            self._make_room()
        inside = self.basis.T @ vector
        rest = vector - self.basis @ inside
        again = self.basis.T @ rest  # once more, for what rounding has left inside
        rest -= self.basis @ again
        inside += again
        length = float(np.linalg.norm(rest))
        if length > DEPENDENT * float(np.linalg.norm(vector)):
            self._vectors[:, self._count] = rest / length
            self._count += 1
            inside = np.append(inside, length)
        self.coordinates.append(inside)

    def combination(self, weights: Floats) -> Floats:
        """The vectors so far with weights, added up, but for what has made room."""
        return np.asarray(self.basis @ (self._table() @ weights))

    def _table(self) -> Floats:
        """(dimensions, vectors): the coordinates."""
        table = np.zeros((self._count, len(self.coordinates)))
        for column, own in enumerate(self.coordinates):
            table[: len(own), column] = own
        return table

    def _make_room(self) -> None:
        table = self._table()
        turned = np.linalg.svd(table, full_matrices=False)[0][:, : max(1, int(KEPT * self.most))]
        count = turned.shape[1]
        self._vectors[:, :count] = self.basis @ turned
        self._count, self.coordinates = count, list((turned.T @ table).T)


class Subspace:
    """Solves systems approximately in a span, by Galerkin's method.

    Parameters
    ----------
    basis : (n_unknowns, n) array
        Orthonormal.
    """

    def __init__(self, basis: Floats) -> None:
        self.basis = basis
        self._projected: Floats | None = None

    def guess(self, system: Any, right: Floats) -> Floats:
        """A start for the solution of a system; the projection of the first one serves those that differ little."""
        if self._projected is None:
            some = [self.basis[:, first : first + TOGETHER] for first in range(0, self.basis.shape[1], TOGETHER)]
            self._projected = np.column_stack([self.basis.T @ system.apply(columns) for columns in some])
        return np.asarray(self.basis @ np.linalg.solve(self._projected, self.basis.T @ right))
