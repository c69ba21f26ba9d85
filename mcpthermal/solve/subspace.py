"""The span of earlier solutions, in which a problem is solved before it is solved as a whole.

Solutions that depend smoothly on a few parameters lie close to a space of few dimensions, far closer than a polynomial
in the parameters comes to them (Quarteroni, Manzoni, Negri, Reduced Basis Methods for Partial Differential Equations,
Springer 2016).
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from mcpthermal.errors import LinearSolveError
from mcpthermal.linalg import conjugate_gradients, norm_of

Floats = NDArray[np.float64]

DEPENDENT = 1e-13
"""What a vector has outside the span, relative to its length, that is no more than rounding."""

KEPT = 0.75
"""Part of the directions of a full span that stays when others make room."""

LEFT = 3e-4
"""What may be left of the part of a right-hand side that lies in the span: it is only where a solution starts."""

WORTH_PROJECTION = 8
"""How many iterations take as long as a projection."""

ALIKE = 1e-12
"""Directions whose energies are smaller relative to the largest are the rounding of others."""

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
    turns : list of arrays
        (dimensions before, after): what the directions have become each time that some made room.
    """

    def __init__(self, most: int) -> None:
        self.most, self.coordinates = most, list[Floats]()
        self.turns: list[Floats] = []
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
        self.turns.append(turned)


class Subspace:
    """Solves systems approximately in a span, by Galerkin's method.

    To project an operator takes as long as some iterations, so the projection of an earlier one preconditions
    conjugate gradients in the span; a new one is made when that takes too many of them.

    Parameters
    ----------
    span : Span
    """

    def __init__(self, span: Span) -> None:
        self.span, self._turned = span, 0
        self._projected: Floats = np.empty((0, 0))

    def guess(self, system: Any, right: Floats, reduction: float = LEFT) -> Floats:
        """A start for the solution of a system, and a reduction of what the span holds of the right-hand side."""
        basis = self.span.basis
        wanted = basis.T @ right
        self._turn()
        known = len(self._projected) > 0
        self._extend(system)
        found: Any = self._iterate(system, wanted, reduction) if known else None
        if found is None:
            if known:
                self._projected = np.empty((0, 0))
                self._extend(system)
            found = np.linalg.solve(self._projected, wanted)
        return np.asarray(basis @ found)

    def _turn(self) -> None:
        """Follow the directions of the span to what they have become."""
        for turn in self.span.turns[self._turned :]:
            known = len(self._projected) == len(turn)
            self._projected = turn.T @ self._projected @ turn if known else np.empty((0, 0))
        self._turned = len(self.span.turns)

    def _extend(self, system: Any) -> None:
        """Project what has come to the span since the last time."""
        basis, known = self.span.basis, len(self._projected)
        count = basis.shape[1]
        whole = np.empty((count, count))
        whole[:known, :known] = self._projected
        for first in range(known, count, TOGETHER):
            some = slice(first, min(first + TOGETHER, count))
            whole[:, some] = basis.T @ system.apply(basis[:, some])
        whole[known:, :known] = whole[:known, known:].T
        self._projected = whole

    def _iterate(self, system: Any, wanted: Any, reduction: float) -> Floats | None:
        """Conjugate gradients with an earlier projection; None if that is too far off."""
        basis = self.span.basis
        try:
            factors = cho_factor(self._projected)
            found, _, sizes = conjugate_gradients(
                lambda weights: basis.T @ system.apply(basis @ weights),
                wanted,
                None,
                lambda residual: cho_solve(factors, residual),
                absolute_tolerance=reduction * float(np.linalg.norm(wanted)),
                max_iterations=WORTH_PROJECTION,
            )
        except (np.linalg.LinAlgError, LinearSolveError):
            return None
        return found if sizes[-1] <= reduction * sizes[0] else None


class Latest:
    """Solves systems in the span of a few of the latest solutions, where one follows smoothly from the others.

    Parameters
    ----------
    most : int
        How many of them.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._vectors: Floats = np.empty((0, 0))
        self._products: Floats = np.empty((0, 0))
        self._system: Any = lambda: None

    def add(self, solution: Floats) -> None:
        """The solution of a system."""
        length = norm_of(solution)
        if length == 0.0:
            return
        kept = self._vectors[1 - self.most :] if len(self._vectors) == self.most else self._vectors
        self._products = self._products[len(self._vectors) - len(kept) :]
        self._vectors = np.vstack([kept.reshape(-1, len(solution)), solution / length])

    def guess(self, system: Any, right: Floats) -> Floats | None:
        """A start for the solution of a system, None if there is none; in so small a span as well as can be."""
        vectors = self._vectors
        if not len(vectors):
            return None
        if self._system() is not system:
            self._products, self._system = np.empty((0, len(right))), weakref.ref(system)
        new = vectors[len(self._products) :]
        if len(new):
            self._products = np.vstack([self._products, system.apply(np.ascontiguousarray(new.T)).T])
        # Without BLAS, whose threads would be more work than the products.
        energies = np.einsum("in,jn->ij", vectors, self._products)
        sizes, modes = np.linalg.eigh((energies + energies.T) / 2)
        modes, sizes = modes[:, sizes > ALIKE * sizes[-1]], sizes[sizes > ALIKE * sizes[-1]]
        weights = modes @ ((modes.T @ np.einsum("in,n->i", vectors, right)) / sizes)
        return np.asarray(np.einsum("i,in->n", weights, vectors))
