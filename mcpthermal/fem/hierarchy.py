"""Fields of a mesh as fields of the refined one: the prolongation between both spaces, and its transpose."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from skfem import ElementTriP2

from mcpthermal.fem.column_operator import line_values
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.shapes import shapes
from mcpthermal.fem.tetrahedra import EDGES, TetSpace
from mcpthermal.mesh.refinement import REFERENCE, SPLIT, TETRAHEDRA, TRIANGLES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NODES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.0], [0.5, 0.5], [0.0, 0.5]])
"""Reference places of the six unknowns of a triangle."""


class Hierarchy(Protocol):
    """The spaces of a mesh and of its refinement (`mesh/refinement.py`), one inside the other."""

    def up(self, raw: Floats) -> Floats:
        """The same field on the refined mesh."""
        ...

    def down(self, raw: Floats) -> Floats:
        """The transpose of `up`: a load on the refined mesh as a load on the mesh."""
        ...


def make_hierarchy(coarse: Any, fine: Any) -> Hierarchy:
    """The hierarchy of two spaces on the same parts, with the same cuts."""
    return ColumnHierarchy(coarse, fine) if isinstance(coarse, ColumnSpace) else TetHierarchy(coarse, fine)


class ColumnHierarchy:
    """That of columns: in the plane times along the lines."""

    def __init__(self, coarse: ColumnSpace, fine: ColumnSpace) -> None:
        self.coarse, self.fine = coarse, fine
        self._plane, self._nodes = _planar_prolongation(coarse, fine), _vertical_prolongation(coarse, fine)
        self._back = self._plane.T.tocsr()

    def up(self, raw: Floats) -> Floats:
        """The same field on the refined mesh."""
        field = self._plane @ (self.coarse.lattice.spread(raw) @ self._nodes.T)
        return np.asarray(field.ravel()[self.fine.lattice.heads], float)

    def down(self, raw: Floats) -> Floats:
        """The transpose of `up`."""
        field = np.zeros(self.fine.lattice.shape)
        field.ravel()[self.fine.lattice.heads] = raw
        return self.coarse.lattice.collect(self._back @ (field @ self._nodes))

    def planar_detail(self, raw: Floats) -> Floats:
        """A field of the refined mesh less its interpolation along the plane: what only halved triangles can hold."""
        field = self.fine.lattice.spread(raw)
        rest = field - self._plane @ field[_kept(self._plane)]
        return np.asarray(rest.ravel()[self.fine.lattice.heads], float)

    def vertical_detail(self, raw: Floats) -> Floats:
        """A field of the refined mesh less its interpolation along the lines: what only halved layers can hold."""
        field = self.fine.lattice.spread(raw)
        rest = field - field[:, _kept(sp.csr_array(self._nodes))] @ self._nodes.T
        return np.asarray(rest.ravel()[self.fine.lattice.heads], float)


class TetHierarchy:
    """That of tetrahedra, linear or quadratic."""

    def __init__(self, coarse: TetSpace, fine: TetSpace) -> None:
        corners = REFERENCE[TETRAHEDRA]
        nodes = corners
        if coarse.order == 2:
            nodes = np.concatenate([corners, corners[:, EDGES].mean(axis=2)], axis=1)
        values = shapes(coarse.element, nodes.reshape(-1, 3).T)[0]
        self._matrix = _interpolation(fine.dofs, coarse.dofs, len(TETRAHEDRA), values)
        self._back = self._matrix.T.tocsr()

    def up(self, raw: Floats) -> Floats:
        """The same field on the refined mesh."""
        return np.asarray(self._matrix @ raw)

    def down(self, raw: Floats) -> Floats:
        """The transpose of `up`."""
        return np.asarray(self._back @ raw)


def _interpolation(fine: Ints, coarse: Ints, children: int, values: Floats) -> Any:
    """The matrix from unknowns of cells to those of their children, given the shape functions at the children's nodes.

    `values` has a row for each node of each child.
    """
    found, first = np.unique(fine.ravel(), return_index=True)
    assert len(found) == found[-1] + 1
    cell, node = np.divmod(first, fine.shape[1])
    parent, child = np.divmod(cell, children)
    entries = values[child * fine.shape[1] + node]
    entries[np.abs(entries) < 1e-12] = 0.0
    rows = np.repeat(np.arange(len(found)), coarse.shape[1])
    shape = (len(found), int(coarse.max()) + 1)
    matrix = sp.csr_array((entries.ravel(), (rows, coarse[parent].ravel())), shape=shape)
    matrix.eliminate_zeros()
    return matrix


def _planar_prolongation(coarse: ColumnSpace, fine: ColumnSpace) -> Any:
    corners = _NODES[TRIANGLES]
    nodes = np.concatenate([corners, corners[:, [[0, 1], [1, 2], [0, 2]]].mean(axis=2)], axis=1)
    values = np.stack([ElementTriP2().lbasis(nodes.reshape(-1, 2).T, i)[0] for i in range(6)], axis=1)
    return _interpolation(fine.plane.dofs, coarse.plane.dofs, SPLIT, values)


def _vertical_prolongation(coarse: ColumnSpace, fine: ColumnSpace) -> Floats:
    matrix = np.zeros((fine.lattice.shape[1], coarse.lattice.shape[1]))
    halves = line_values(np.array([[0.0, 0.25, 0.5], [0.5, 0.75, 1.0]]))
    for layer, start in enumerate(coarse.lattice.starts.tolist()):
        for half in range(2):
            low = int(fine.lattice.starts[2 * layer + half])
            matrix[low : low + 3, start : start + 3] = halves[half]
    return matrix


def _kept(prolongation: Any) -> Ints:
    """The fine place of each coarse unknown: the rows of a prolongation with a single one."""
    rows = np.flatnonzero(np.diff(prolongation.indptr) == 1)
    place = np.empty(prolongation.shape[1], np.int64)
    place[prolongation.indices[prolongation.indptr[rows]]] = rows
    return place
