"""Quadratic triangles of a planar mesh: from coefficients to matrices and loads, from fields to values and gradients.

The weak forms of `physics/` are evaluated once, at the quadrature points of the reference triangle and for unit
coefficients. Every matrix of a plane comes from products of these tables with coefficients pulled back to it.
"""

from __future__ import annotations

import copy
import hashlib
from functools import cache, cached_property
from itertools import product
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from skfem import Basis, ElementTriP2, MeshTri
from skfem.element import DiscreteField

from mcpthermal.physics.conduction import conduction, drift, exchange, supply

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ORDER = 4
"""Degree to which quadrature on triangles is exact."""

EDGES = np.array([[0, 1], [1, 2], [0, 2]])
"""Edges of a triangle in the order of scikit-fem's quadratic element."""


_KNOWN: WeakValueDictionary[bytes, PlanarSpace] = WeakValueDictionary()


def planar_space(vertices: Floats, triangles: Ints, cuts: Ints | None = None) -> PlanarSpace:
    """The space of a planar mesh: the one that is in use for equal arrays, with all its maps, or a new one."""
    digest = hashlib.sha256(repr((vertices.shape, triangles.shape)).encode())
    for array in (vertices, triangles, np.empty(0) if cuts is None else cuts):
        digest.update(np.ascontiguousarray(array).tobytes())
    found = _KNOWN.get(digest.digest())
    if found is None:
        found = _KNOWN[digest.digest()] = PlanarSpace(vertices, triangles, cuts)
    return found


class PlanarSpace:
    """Quadratic functions on triangles, continuous but for cuts.

    Parameters
    ----------
    vertices : (n, 2) array
        (m)
    triangles : (m, 3) array of int
    cuts : (k, 2) array of int, optional
        Edges (vertex pairs) at which the functions may jump: their unknowns are doubled.

    Attributes
    ----------
    size : int
        Unknowns: corners, then edge middles.
    dofs : (m, 6) array of int
        The unknowns of each triangle: corners, then the middles of the edges 01, 12, 02.
    ends : (n_middles, 2) array of int
        The unknowns at both ends of each middle.
    indptr, indices : arrays
        The pattern that all matrices of the plane share.
    """

    def __init__(self, vertices: Floats, triangles: Ints, cuts: Ints | None = None) -> None:
        mesh = MeshTri(np.ascontiguousarray(vertices.T), np.ascontiguousarray(triangles.T), sort_t=False)
        self.basis = Basis(mesh, ElementTriP2(), intorder=ORDER)
        self.mesh = mesh
        self.vertices, self.triangles = vertices, triangles
        self.n_points = self.basis.X.shape[1]
        self.dofs: Ints = self.basis.element_dofs.T.astype(np.int64)
        if cuts is not None and len(cuts):
            self.dofs = _cut_open(self.dofs, triangles, cuts, len(vertices))
        self.size = int(self.dofs.max()) + 1
        self.n_corners = int(self.dofs[:, :3].max()) + 1
        self.ends = np.empty((self.size - self.n_corners, 2), np.int64)
        self.ends[self.dofs[:, 3:] - self.n_corners] = self.dofs[:, EDGES]
        rows = np.repeat(self.dofs, 6, axis=1).ravel()
        columns = np.tile(self.dofs, (1, 6)).ravel()
        keys, self._entry = np.unique(rows * self.size + columns, return_inverse=True)
        self.indices = (keys % self.size).astype(np.int32)
        self.rows = (keys // self.size).astype(np.int32)
        self.indptr = np.searchsorted(keys, np.arange(self.size + 1) * self.size).astype(np.int32)
        self.diagonal = np.searchsorted(keys, np.arange(self.size) * (self.size + 1))
        corners = np.empty((self.n_corners, 2))
        corners[self.dofs[:, :3]] = vertices[triangles]
        self.points: Floats = np.vstack([corners, corners[self.ends].mean(axis=1)])

    @cached_property
    def _pull(self) -> tuple[Floats, Floats]:
        """(n_triangles, 2, 2) inverse Jacobians, and (n_triangles,) the determinants."""
        corners = self.vertices[self.triangles]
        columns = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=2)
        return np.asarray(np.linalg.inv(columns)), np.abs(np.linalg.det(columns))

    def conduction(self, x: Floats, y: Floats, xy: Floats | None = None) -> Floats:
        """Entries (planes, n) of the conduction form for the entries of a conductivity tensor.

        Each is (planes, n_triangles, n_points), or (planes, n_triangles) where it is constant in every triangle.
        """
        inverse, determinant = self._pull
        # J^-1 C J^-T |J|, in the order of `_TENSORS`.
        first, second = inverse[:, 0], inverse[:, 1]
        pairs = ((first, first), (first, second), (second, second))
        along_x, along_y = ([determinant * (a[:, i] * b[:, i]) for a, b in pairs] for i in range(2))
        if xy is None and np.array_equal(x, y):
            pulled = _outer([p + q for p, q in zip(along_x, along_y, strict=True)], x)
        else:
            pulled = _outer(along_x, x) + _outer(along_y, y)
        if xy is not None:
            across = [determinant * (a[:, 0] * b[:, 1] + a[:, 1] * b[:, 0]) for a, b in pairs]
            pulled += _outer(across, xy)
        return self._summed("conduction", pulled)

    def drift(self, x: Floats, y: Floats) -> Floats:
        """Entries (planes, n) of the drift form for the components (planes, n_triangles, n_points) of a direction."""
        inverse, determinant = self._pull
        columns = (determinant[:, None] * inverse[:, :, i] for i in range(2))
        pulled = sum(_outer(list(column.T), item) for column, item in zip(columns, (x, y), strict=True))
        return self._summed("drift", pulled)

    def exchange(self, coefficient: Floats) -> Floats:
        """Entries (planes, n) of the exchange form; a coefficient as in `conduction`."""
        return self._summed("exchange", _outer([self._pull[1]], coefficient))

    def _summed(self, form: str, pulled: Any) -> Floats:
        """Entries of all planes from coefficients (planes, n_triangles, units[, n_points]) on the reference."""
        table = _tables()[form]
        table = table.sum(axis=1) if pulled.ndim == 3 else table
        table = table.reshape(-1, 36)
        result = np.empty((len(pulled), len(self.indices)))
        for plane, item in zip(result, pulled, strict=True):
            local = item.reshape(len(item), -1) @ table
            plane[:] = np.bincount(self._entry, local.ravel(), len(plane))
        return result

    @cached_property
    def _pattern(self) -> Any:
        return sp.csr_array((np.zeros(len(self.indices)), self.indices, self.indptr), shape=(self.size, self.size))

    def matrix(self, data: Floats) -> Any:
        """The matrix with given entries."""
        # The constructor would copy a row of a larger array, and check what is known.
        matrix = copy.copy(self._pattern)
        matrix.data = data
        return matrix

    def stacked(self, data: Floats) -> Any:
        """The matrix of several ones, one after the other along its diagonal, with given entries (..., n)."""
        count = data.size // len(self.indices)
        if count not in self._stacks:
            first, entries = np.arange(count, dtype=np.int32)[:, None], len(self.indices)
            starts = np.append(self.indptr[:-1] + first * entries, np.int32(count * entries))
            self._stacks[count] = (self.indices + first * self.size).ravel(), starts
        return sp.csr_array((data.ravel(), *self._stacks[count]), shape=(count * self.size,) * 2, copy=False)

    @cached_property
    def _stacks(self) -> dict[int, tuple[Any, Any]]:
        """Indices and starts of rows of matrices one after the other, by how many there are."""
        return {}

    @cached_property
    def _pair_pattern(self) -> tuple[Any, Any, Any, Any]:
        """Of two matrices whose rows alternate: indptr, indices, and where the entries of each go."""
        counts = np.diff(self.indptr)
        first = np.arange(len(self.indices), dtype=np.int32) + self.indptr[self.rows]
        second = first + counts[self.rows]
        indices = np.empty(2 * len(self.indices), np.int32)
        indices[first] = indices[second] = self.indices
        starts = np.append(np.column_stack([2 * self.indptr[:-1], 2 * self.indptr[:-1] + counts]), len(indices))
        return starts.astype(np.int32), indices, first, second

    def alternating(self, first: Any, second: Any) -> Any:
        """The matrix (2 size, size) with the rows of A and B in turns, for given entries of A and B."""
        indptr, indices, at_first, at_second = self._pair_pattern
        data = np.empty(len(indices), first.dtype)
        data[at_first], data[at_second] = first, second
        return sp.csr_array((data, indices, indptr), shape=(2 * self.size, self.size), copy=False)

    @cached_property
    def load_map(self) -> Any:
        """(size, n_triangles * n_points): from densities at points to loads."""
        shape = self.basis.dx.shape
        local = np.stack(
            [supply.form(self.basis.basis[i][0], {"density": np.ones(shape)}) * self.basis.dx for i in range(6)],
            axis=2,
        )
        return self._scatter(local).T.tocsr()

    @cached_property
    def cell_load_map(self) -> Any:
        """(size, n_triangles): from densities of triangles to loads."""
        sums = sp.kron(sp.eye_array(len(self.triangles)), np.ones((self.n_points, 1)), format="csr")
        return sp.csr_array(self.load_map @ sums)

    @cached_property
    def values(self) -> Any:
        """(n_triangles * n_points, size): values at quadrature points."""
        return self._scatter(
            np.stack([np.broadcast_to(np.asarray(f[0]), self.basis.dx.shape) for f in self.basis.basis], 2)
        )

    @cached_property
    def gradients(self) -> tuple[Any, Any]:
        """Derivatives along x and y at quadrature points, each (n_triangles * n_points, size)."""
        fields: list[DiscreteField] = [f[0] for f in self.basis.basis]
        x = self._scatter(np.stack([f.grad[0] for f in fields], 2))
        y = self._scatter(np.stack([f.grad[1] for f in fields], 2))
        return x, y

    def _scatter(self, local: Floats) -> Any:
        """Rows are the quadrature points, columns the unknowns: local is (n_triangles, n_points, 6)."""
        count, points, _ = local.shape
        columns = np.broadcast_to(self.dofs[:, None], local.shape).ravel()
        indptr = np.arange(0, local.size + 1, 6)
        return sp.csr_array((local.ravel(), columns, indptr), shape=(count * points, self.size))

    @cached_property
    def weights(self) -> Floats:
        """(n_triangles, n_points) quadrature weights (m2)."""
        return self.basis.dx

    @cached_property
    def linear(self) -> LinearLevel:
        """The linear functions inside the quadratic ones."""
        return LinearLevel(self)

    def shapes_at(self, triangle: Ints, points: Floats) -> Floats:
        """Values (n, 6) of the shape functions at points (n, 2) in given triangles."""
        reference = self.basis.mapping.invF(points.T[:, :, None], tind=triangle)[:, :, 0]
        return np.stack([ElementTriP2().lbasis(reference, i)[0] for i in range(6)], axis=1)

    def edge_dofs(self, edges: Ints, triangle: Ints) -> Ints:
        """(n, 3) unknowns of edges given by vertex pairs, as seen from a triangle: both ends, then the middle."""
        corners = self.triangles[triangle]
        first, second = (np.argmax(corners == edges[:, end, None], axis=1) for end in (0, 1))
        # The edges 01, 12, 02 have corner sums 1, 3, 2.
        middle = np.array([-1, 0, 2, 1])[first + second]
        dofs, row = self.dofs[triangle], np.arange(len(triangle))
        return np.column_stack([dofs[row, first], dofs[row, second], dofs[row, 3 + middle]])


_TENSORS = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
"""Unit conductivities: xx, xy and yx, yy."""


@cache
def _tables() -> dict[str, Floats]:
    """The forms on the reference triangle for unit coefficients: (units, points, test and trial functions)."""
    corners = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    basis = Basis(MeshTri(corners, np.array([[0], [1], [2]])), ElementTriP2(), intorder=ORDER)

    def table(form: Any, name: str, units: Any) -> Floats:
        result = np.empty((len(units), basis.X.shape[1], 6, 6))
        for unit, (i, j) in product(range(len(units)), np.ndindex(6, 6)):
            u, v = basis.basis[j][0], basis.basis[i][0]
            coefficient = np.asarray(units[unit])[..., None, None]
            result[unit, :, i, j] = (form.form(u, v, {name: coefficient}) * basis.dx)[0]
        return result.reshape(*result.shape[:2], 36)

    return {
        "conduction": table(conduction, "conductivity", _TENSORS),
        "drift": table(drift, "direction", np.eye(2)),
        "exchange": table(exchange, "coefficient", np.ones(1)),
    }


def _outer(factors: list[Floats], values: Floats) -> Floats:
    """Factors, one for each unit, times coefficients (planes, n_triangles[, n_points])."""
    stacked = np.stack(factors, axis=1)
    return stacked[:, :, None] * values[:, :, None] if values.ndim == 3 else stacked * values[:, :, None]


def _cut_open(dofs: Ints, triangles: Ints, cuts: Ints, count: int) -> Ints:
    """The unknowns of a mesh cut open along edges: what is joined by no uncut edge gets numbers of its own."""
    pairs = np.sort(triangles[:, EDGES], axis=2)
    keys = (pairs[..., 0] * count + pairs[..., 1]).ravel()
    low, high = cuts.min(axis=1), cuts.max(axis=1)
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    left, right = order[:-1][same], order[1:][same]
    whole = ~np.isin(keys[left], low * count + high)
    left, right = left[whole], right[whole]
    # Unknowns of triangles, six each, joined across uncut edges: both ends and the middle.
    joined = []
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        p, q = _corner(left, a), _corner(right, b)
        equal = triangles[p // 6, p % 6] == triangles[q // 6, q % 6]
        joined.append(np.c_[p[equal], q[equal]])
    joined.append(np.c_[left // 3 * 6 + 3 + left % 3, right // 3 * 6 + 3 + right % 3])
    pairs = np.concatenate(joined)
    graph = sp.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(dofs.size, dofs.size))
    label = sp.csgraph.connected_components(graph, directed=False)[1]
    # In the order of the unknowns of the closed mesh, so that corners stay in front of middles.
    number = np.unique(dofs.ravel() * (label.max() + 1) + label, return_inverse=True)[1]
    return number.reshape(dofs.shape)


def _corner(edge: Ints, end: int) -> Ints:
    return edge // 3 * 6 + EDGES[edge % 3, end]


class LinearLevel:
    """Linear functions on the same triangles: the coarse level in the plane; its unknowns are the corners.

    Attributes
    ----------
    size : int
    prolongation : (fine, corners) sparse matrix
    pattern : (rows, columns)
        Of every coarse matrix.
    map : sparse matrix
        From fine entries to coarse entries: the Galerkin product, once for all coefficients.
    """

    def __init__(self, fine: PlanarSpace) -> None:
        self.size = count = fine.n_corners
        middle = np.arange(count, fine.size)
        rows = np.concatenate([np.arange(count), np.repeat(middle, 2)])
        columns = np.concatenate([np.arange(count), fine.ends.ravel()])
        values = np.concatenate([np.ones(count), np.full(2 * len(middle), 0.5)])
        self.prolongation = sp.csr_array((values, (rows, columns)), shape=(fine.size, count))
        # Row by row of the fine entries (i, j): all pairs of coarse parents of i and of j.
        left = self.prolongation[fine.rows]
        right = self.prolongation[fine.indices]
        degree_left, degree_right = np.diff(left.indptr), np.diff(right.indptr)
        pairs = degree_left * degree_right
        entry = np.repeat(np.arange(len(pairs)), pairs)
        inner = np.arange(len(entry)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
        a = left.indptr[entry] + inner // degree_right[entry]
        b = right.indptr[entry] + inner % degree_right[entry]
        keys, number = np.unique(left.indices[a].astype(np.int64) * count + right.indices[b], return_inverse=True)
        self.rows, self.columns = keys // count, keys % count
        self.map = sp.csr_array(
            (left.data[a] * right.data[b], (number.ravel(), entry)), shape=(len(keys), len(fine.indices))
        )
