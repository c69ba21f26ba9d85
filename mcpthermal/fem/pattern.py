"""Where the entries of tetrahedra's symmetric matrices go in the matrix of all: found once, for all coefficients.

Each entry belongs to an unknown, an edge, a face or a cell, whose numbers are known, so that they need not be sorted:
two corners, or a corner and the middle, of an edge; a corner of a face and the edge across, or two edges that meet in
it; opposite edges of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.mesh.curved import EDGE_OF, EDGES, OPPOSITE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ACROSS = 4 + EDGE_OF[OPPOSITE[:, [1, 0, 0]], OPPOSITE[:, [2, 2, 1]]]
"""The shapes of the edges of each face, each across from one of its corners."""


class SymmetricPattern:
    """The pattern of a symmetric matrix that is a sum over tetrahedra.

    Parameters
    ----------
    dofs : (n_cells, 4 or 10) array of int
        The unknowns of each cell: of its corners, then of its edges.
    size : int
    edges : (n_cells, 6) array of int, optional
        Numbers of its edges, for quadratic functions.
    faces : (n_cells, 4) array of int, optional
        Numbers of its faces, each opposite to a corner.
    """

    def __init__(self, dofs: Ints, size: int, edges: Ints | None = None, faces: Ints | None = None) -> None:
        self._shape = (size, size)
        if edges is None or faces is None:
            low, high, self._entry = _linear(dofs.astype(np.int32), self._shape)
        else:
            a, b, c = (array.astype(np.int32) for array in (dofs, edges, faces))
            low, high = _quadratic_ends(a, b, c, size)
            self._entry = np.array(list(_quadratic(a, b, c, size)))
        if not self._fill(low, high):
            # Beside the rim of a cut two faces may have one entry.
            key, number = np.unique(low.astype(np.int64) * size + high, return_inverse=True)
            self._entry = number.astype(np.int32)[self._entry]
            self._fill(*np.divmod(key, size))

    def _fill(self, low: Any, high: Any) -> bool:
        """Find the place of each entry in the matrix, above the diagonal and below; False if two have the same."""
        self._count, off = len(low), np.flatnonzero(low != high)
        number = np.arange(len(low), dtype=np.int32)
        ends = np.concatenate([low, high[off]]), np.concatenate([high, low[off]])
        full = sp.coo_array((np.concatenate([number, number[off]]), ends), shape=self._shape)
        full.has_canonical_format = True  # no search for entries with the same place: it is made in the end
        # By columns, then by rows: both are sorted in the end, in linear time.
        full = full.tocsc().tocsr()
        self._indptr, self._indices, self._source = full.indptr, full.indices, full.data
        repeated = np.diff(self._indices) == 0
        starts = self._indptr[1:-1]
        repeated[starts[(starts > 0) & (starts < full.nnz)] - 1] = False
        return not repeated.any()

    def zeros(self) -> Floats:
        """What `add` adds to."""
        return np.zeros(self._count)

    def add(self, total: Floats, cells: slice, local: Floats) -> None:
        """Add the entries of some cells (n_cells, n_pairs), the upper triangle of each cell's matrix row by row."""
        np.add.at(total, self._entry[:, cells].ravel(), local.T.ravel())

    def matrix(self, total: Floats) -> Any:
        """The matrix of what was added."""
        return sp.csr_array((total[self._source], self._indices, self._indptr), shape=self._shape)


def in_order(first: Any, second: Any) -> tuple[Any, Any]:
    """The lower and the higher one of each pair."""
    return np.minimum(first, second), np.maximum(first, second)


def _linear(dofs: Any, shape: tuple[int, int]) -> tuple[Any, Any, Any]:
    """The lower and the higher end of all entries, and (pairs, n_cells) which of them a cell's are: few, sorted."""
    first, second = np.triu_indices(4)
    low, high = in_order(dofs[:, first].T.ravel(), dofs[:, second].T.ravel())
    upper = sp.coo_array((np.ones(len(low), np.float32), (low, high)), shape=shape).tocsr()
    upper.data = np.arange(upper.nnz, dtype=np.int32)
    return *upper.tocoo().coords, np.asarray(upper[low, high]).reshape(len(first), -1)


def _quadratic_ends(dofs: Any, edges: Any, faces: Any, size: int) -> Any:
    """The same ends, of the entries of unknowns, edges, faces and cells."""
    ends = np.empty((int(edges.max(initial=-1)) + 1, 2), np.int32)
    ends[edges] = np.stack(in_order(dofs[:, EDGES[:, 0]], dofs[:, EDGES[:, 1]]), axis=2)
    unknowns = np.arange(size, dtype=np.int32)
    middles = unknowns[size - len(ends) :]
    place = np.empty(int(faces.max(initial=-1)) + 1, np.int64)
    place[faces.ravel()] = np.arange(faces.size)
    cell, local = np.divmod(place, 4)
    order = np.argsort(dofs[cell[:, None], OPPOSITE[local]], axis=1)
    corners = dofs[cell[:, None], np.take_along_axis(OPPOSITE[local], order, axis=1)]
    across = dofs[cell[:, None], np.take_along_axis(_ACROSS[local], order, axis=1)]
    meeting = in_order(across[:, [1, 0, 0]], across[:, [2, 2, 1]])
    opposite = in_order(dofs[:, [4, 5, 6]], dofs[:, [9, 7, 8]])
    low = [unknowns, ends[:, 0], ends.ravel(), np.hstack([corners, meeting[0]]).ravel(), opposite[0].ravel()]
    high = [unknowns, ends[:, 1], np.repeat(middles, 2), np.hstack([across, meeting[1]]).ravel(), opposite[1].ravel()]
    return np.concatenate(low), np.concatenate(high)


def _quadratic(dofs: Any, edges: Any, faces: Any, size: int) -> Iterator[Any]:
    """For each pair of shapes the number of its entry in each cell.

    The entries of an edge or a face are told apart by a corner, and that by how many others have lower numbers.
    """
    count = np.int32(int(edges.max(initial=-1)) + 1)
    on_edges = size + count
    on_faces = on_edges + 2 * count
    faces = on_faces + 6 * faces
    in_cells = int(faces.max(initial=on_faces - 6)) + 6 + 3 * np.arange(len(dofs), dtype=np.int32)
    lower = [[(dofs[:, other] < dofs[:, corner]).astype(np.int32) for other in range(4)] for corner in range(4)]

    def on_face(corner: int, others: set[int]) -> Any:
        (outside,) = set(range(4)) - others - {corner}
        return faces[:, outside] + sum(lower[corner][other] for other in others)

    for i, j in combinations_with_replacement(range(10), 2):
        first, second = (set(EDGES[max(n - 4, 0)].tolist()) for n in (i, j))
        if i == j:
            yield dofs[:, i]
        elif j < 4:
            yield size + edges[:, EDGE_OF[i, j]]
        elif i in second:
            yield on_edges + 2 * edges[:, j - 4] + lower[i][sum(second) - i]
        elif i < 4:
            yield on_face(i, second)
        elif first & second:
            (corner,) = first & second
            yield on_face(corner, first ^ second) + 3
        else:
            yield in_cells + min(i, j) - 4
