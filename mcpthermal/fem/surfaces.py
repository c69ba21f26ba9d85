"""Faces as sets of points with shape functions: what every exchange, load and contact is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patch:
    """Faces of one kind, as seen from the cells on one side.

    Attributes
    ----------
    dofs : (n, k) array of int
        The raw entries of each face.
    values : (n_points, k) array
        Their shape functions at the points of a face.
    weights : (n, n_points) array
        The area of each point (m2).
    part : (n,) array of int
        The part on this side.
    cells : tuple of arrays
        The cell on this side, as an index into the mesh's arrays of cells.
    """

    dofs: Ints
    values: Floats
    weights: Floats
    part: Ints
    cells: Any

    def at_points(self, raw: Floats) -> Floats:
        """(n, n_points): a field at the points."""
        return raw[self.dofs] @ self.values.T

    def load(self, density: Any, size: int) -> Floats:
        """The load (size,) of a supply per area, a number or (n, n_points)."""
        local = (self.weights * density) @ self.values
        return np.asarray(np.bincount(self.dofs.ravel(), local.ravel(), minlength=size), float)

    def matrix(self, coefficient: Any, size: int, trial: Patch | None = None) -> Any:
        """The exchange matrix (size, size) with a coefficient per area; `trial` is the other side's patch."""
        trial = trial or self
        pairs = (self.values[:, :, None] * trial.values[:, None, :]).reshape(len(self.values), -1)
        local = (self.weights * coefficient) @ pairs
        rows = np.repeat(self.dofs, trial.dofs.shape[1], axis=1).ravel()
        columns = np.tile(trial.dofs, (1, self.dofs.shape[1])).ravel()
        return sp.coo_array((local.ravel(), (rows, columns)), shape=(size, size)).tocsr()


def patch_entries(patches: Sequence[Patch]) -> Ints:
    """All raw entries of some patches."""
    return np.unique(np.concatenate([patch.dofs.ravel() for patch in patches] or [np.empty(0, np.int64)]))


def patch_load(patches: Sequence[Patch], density: float, size: int) -> Floats:
    """The load (size,) of a constant supply over patches."""
    return sum((patch.load(density, size) for patch in patches), np.zeros(size))


def patch_matrix(patches: Sequence[Patch], coefficient: float, size: int) -> Any:
    """The exchange matrix (size, size) of patches with a constant coefficient."""
    return sum((patch.matrix(coefficient, size) for patch in patches), sp.csr_array((size, size)))
