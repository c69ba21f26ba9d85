"""Where the entries of cells' symmetric matrices go in the matrix of all: found once, for all coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def upper_ends(dofs: Ints, first: Ints, second: Ints) -> tuple[Any, Any]:
    """Rows and columns, in the upper triangle, of the entries of cells (n_cells, n_pairs), as flat 32 bit arrays."""
    dofs = dofs.astype(np.int32)
    ends = dofs[:, first], dofs[:, second]
    return np.minimum(*ends).ravel(), np.maximum(*ends).ravel()


class SymmetricPattern:
    """The pattern of a symmetric matrix that is a sum over cells.

    Parameters
    ----------
    dofs : (n_cells, n_shapes) array of int
        The unknowns of each cell.
    first, second : (n_pairs,) arrays of int
        The shapes of each entry of a cell's matrix: its upper triangle.
    size : int
    """

    def __init__(self, dofs: Ints, first: Ints, second: Ints, size: int) -> None:
        self._shape, self._pairs = (size, size), len(first)
        rows, columns = upper_ends(dofs, first, second)
        upper = sp.coo_array((np.ones(len(rows), np.float32), (rows, columns)), shape=self._shape).tocsr()
        upper.data = np.arange(upper.nnz, dtype=np.int32)
        self._count, self._entry = upper.nnz, np.asarray(upper[rows, columns])
        # Counted from one: a sum of sparse matrices may leave out zeros.
        upper.data += 1
        full = (upper + sp.triu(upper, 1).T).tocsr()
        self._indptr, self._indices, self._source = full.indptr, full.indices, full.data - 1

    def zeros(self) -> Floats:
        """What `add` adds to."""
        return np.zeros(self._count)

    def add(self, total: Floats, cells: slice, local: Floats) -> None:
        """Add the entries of some cells (n_cells, n_pairs)."""
        entry = self._entry[cells.start * self._pairs : cells.stop * self._pairs]
        np.add.at(total, entry, local.ravel())

    def matrix(self, total: Floats) -> Any:
        """The matrix of what was added."""
        return sp.csr_array((total[self._source], self._indices, self._indptr), shape=self._shape)
