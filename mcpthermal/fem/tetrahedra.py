"""Linear and quadratic tetrahedra on an imported mesh; the forms are those of `physics/`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from skfem import ElementTetP1, ElementTetP2, ElementTriP1, ElementTriP2
from skfem.element import DiscreteField
from skfem.quadrature import get_quadrature
from skfem.refdom import RefTet, RefTri

from mcpthermal.fem.coefficients import Axes, depends_on_temperature, evaluate_axes
from mcpthermal.fem.numbering import Numbering
from mcpthermal.linalg import PointJacobi
from mcpthermal.mesh.tetrahedra import TetFaces, TetMesh
from mcpthermal.physics.conduction import conduction, exchange, supply
from mcpthermal.physics.joule import flux_density, joule_density

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Sampler = Callable[[int], Floats]

_EDGES = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]])
"""Edges of a tetrahedron in the order of scikit-fem's quadratic element."""

_DIRECTIONS = np.triu_indices(3)
"""Pairs of reference directions of a symmetric tensor."""

_BLOCK = 100_000
"""Cells that are worked on at once; bounds the memory for quadrature points."""


class TetOperator:
    """The conduction matrix on raw entries."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def add_matrices(self, matrices: Sequence[Any]) -> None:
        """Add exchange at faces."""
        for item in matrices:
            self.matrix = self.matrix + item

    def apply(self, raw: Floats) -> Floats:
        """The product with a raw vector."""
        return self.matrix @ raw


class TetSystem:
    """The linear system on unknowns, with the linear functions as coarse level of the quadratic ones."""

    def __init__(self, operator: TetOperator, numbering: Numbering, parents: Any) -> None:
        self.numbering = numbering
        self.size = numbering.size
        self._matrix = operator.matrix
        if self.size < len(numbering.number):
            keep = numbering.number >= 0
            entries = (np.ones(np.count_nonzero(keep)), (np.flatnonzero(keep), numbering.number[keep]))
            expand = sp.csr_array(entries, shape=(len(keep), self.size))
            self._matrix = expand.T.tocsr() @ operator.matrix @ expand
        self._parents = parents

    def apply(self, x: Floats) -> Floats:
        """A x."""
        return self._matrix @ x

    def matrix(self) -> Any:
        """The explicit matrix."""
        return self._matrix

    def smoother_blocks(self) -> PointJacobi:
        """The diagonal."""
        return PointJacobi(self._matrix.diagonal())

    @cached_property
    def _down(self) -> Any:
        vertices = self._parents.shape[1]
        found, inverse = np.unique(self.numbering.number[:vertices], return_inverse=True)
        shift = int(found[0] < 0)
        coarse = inverse - shift
        full = self._parents[self.numbering.heads].tocoo()
        number = coarse[full.col]
        keep = number >= 0
        shape = (self.size, len(found) - shift)
        return sp.csr_array((full.data[keep], (full.row[keep], number[keep])), shape=shape)

    def prolongation(self) -> Any:
        """From linear to quadratic functions, on unknowns."""
        return self._down

    def coarse_matrix(self) -> Any:
        """The Galerkin matrix of linear functions."""
        return (self._down.T.tocsr() @ self._matrix @ self._down).tocsr()


class TetSpace:
    """Continuous piecewise polynomials on some cells of a mesh; raw entries are its points, then its edges' middles.

    Parameters
    ----------
    mesh : TetMesh
    cells : (n_cells,) array of bool
        Where the field lives.
    order : {1, 2}
    """

    def __init__(self, mesh: TetMesh, cells: Bools, order: int) -> None:
        self.mesh, self.order = mesh, order
        self.cells: Ints = np.flatnonzero(cells)
        self.part: Ints = mesh.cell_part[self.cells]
        self.point_of, corners = np.unique(mesh.cells[self.cells], return_inverse=True)
        corners = corners.reshape(-1, 4)
        self.n_points = len(self.point_of)
        self.dofs: Ints = corners
        self._edge_keys = np.empty(0, np.int64)
        if order == 2:
            pairs = np.sort(corners[:, _EDGES], axis=2)
            keys = pairs[..., 0] * self.n_points + pairs[..., 1]
            self._edge_keys, edge = np.unique(keys, return_inverse=True)
            self.dofs = np.hstack([corners, self.n_points + edge.reshape(-1, 6)])
        self._ends = np.stack(np.divmod(self._edge_keys, self.n_points), axis=1)
        self.element = ElementTetP2() if order == 2 else ElementTetP1()
        # Exact for the Joule heat of a constant conductivity, tested with every shape function.
        self.reference, self.reference_weights = get_quadrature(RefTet, 4 if order == 2 else 2)
        self.shape_values, self.shape_slopes = _shapes(self.element, self.reference)
        origin = mesh.points[mesh.cells[self.cells, 0]]
        edges = (mesh.points[mesh.cells[self.cells, 1:]] - origin[:, None]).transpose(0, 2, 1)
        self.volume = np.abs(np.linalg.det(edges)) / 6
        self.inverse = np.linalg.inv(edges)
        self.active: Bools = np.ones(self.size, bool)
        blocks = np.arange(0, len(self.cells), _BLOCK)
        self.blocks = [slice(start, min(start + _BLOCK, len(self.cells))) for start in blocks.tolist()]

    @property
    def size(self) -> int:
        """How many raw entries there are."""
        return self.n_points + len(self._edge_keys)

    @cached_property
    def points(self) -> Floats:
        """(n_raw, 3) the place of each raw entry (m)."""
        corners = self.mesh.points[self.point_of]
        return np.vstack([corners, corners[self._ends].mean(axis=1)])

    @cached_property
    def parents(self) -> Any:
        """(n_raw, n_points): linear functions as raw vectors."""
        middles = len(self._ends)
        rows = np.concatenate([np.arange(self.n_points), np.repeat(self.n_points + np.arange(middles), 2)])
        columns = np.concatenate([np.arange(self.n_points), self._ends.ravel()])
        values = np.concatenate([np.ones(self.n_points), np.full(2 * middles, 0.5)])
        return sp.csr_array((values, (rows, columns)), shape=(self.size, self.n_points))

    # --- coefficients -------------------------------------------------------------------------------------

    def sampler(self, raw: Floats, space: TetSpace | None = None) -> Sampler:
        """Values of this field at another space's (or its own) quadrature points: block -> (1, n_cells, n_points)."""
        other = space or self
        values = other.shape_values if other.order == self.order else _shapes(self.element, other.reference)[0]
        position = np.searchsorted(self.cells, other.cells)

        def sample(block: int) -> Floats:
            return (raw[self.dofs[position[other.blocks[block]]]] @ values.T)[None]

        return sample

    def _slopes(self, block: slice) -> Floats:
        """Gradients of the shape functions: (n_cells, n_points, n_shapes, 3)."""
        return np.einsum("qnj,cji->cqni", self.shape_slopes, self.inverse[block], optimize=True)

    def operator(self, axes: Sequence[Axes | None], sampler: Sampler | None = None) -> TetOperator:
        """The conduction operator for a law on each axis of each part, at the sampled temperature (K)."""
        table, first, second = self._conduction_table
        upper = sp.csr_array((self.size, self.size))
        varying = np.array([depends_on_temperature(axes, [part]) for part in range(len(axes))])[self.part]
        for number, block in enumerate(self.blocks):
            at_points = varying[block]
            local = np.empty((block.stop - block.start, table.shape[2]))
            if at_points.any():
                assert sampler is not None
                temperature = sampler(number)[:, at_points]
                metric = self._metric(block, at_points, evaluate_axes(axes, self.part[block][at_points], temperature))
                local[at_points] = metric @ table.reshape(-1, table.shape[2])
            if not at_points.all():
                values = evaluate_axes(axes, self.part[block][~at_points], None, (int(np.count_nonzero(~at_points)), 1))
                local[~at_points] = self._metric(block, ~at_points, values) @ table.sum(axis=0)
            dofs = self.dofs[block]
            ends = np.sort(np.stack([dofs[:, first].ravel(), dofs[:, second].ravel()]), axis=0)
            upper = upper + sp.coo_array((local.ravel(), (ends[0], ends[1])), shape=upper.shape).tocsr()
        return TetOperator((upper + sp.triu(upper, 1).T).tocsr())

    @cached_property
    def _conduction_table(self) -> tuple[Floats, Ints, Ints]:
        """The form on the reference cell: (n_points, 6 pairs of directions, pairs of shapes), and these pairs."""
        first, second = np.triu_indices(self.shape_slopes.shape[1])
        fields = [DiscreteField(np.empty(0), self.shape_slopes[:, n].T) for n in range(self.shape_slopes.shape[1])]
        table = np.empty((len(self.reference_weights), 6, len(first)))
        for row, (m, n) in enumerate(zip(*_DIRECTIONS, strict=True)):
            unit = np.zeros((3, 3, 1))
            unit[m, n] = unit[n, m] = 1.0
            for pair, (i, j) in enumerate(zip(first, second, strict=True)):
                values = conduction.form(fields[j], fields[i], {"conductivity": unit})
                table[:, row, pair] = values * self.reference_weights
        return table, first, second

    def _metric(self, block: slice, cells: Bools, values: Floats) -> Floats:
        """Conductivities (3, 1, n_cells, n_points) in reference directions, times volume: (n_cells, n_points * 6)."""
        inverse = self.inverse[block][cells]
        m, n = _DIRECTIONS
        products = inverse[:, m] * inverse[:, n] * (6 * self.volume[block][cells, None, None])
        return np.ascontiguousarray(np.matmul(values[:, 0].transpose(1, 2, 0), products.transpose(0, 2, 1))).reshape(
            len(inverse), -1
        )

    def system(self, operator: TetOperator, numbering: Numbering) -> TetSystem:
        """The linear system of an operator on unknowns."""
        return TetSystem(operator, numbering, self.parents)

    # --- faces --------------------------------------------------------------------------------------------

    def _face_dofs(self, faces: TetFaces) -> Ints:
        """(n, 3 or 6) raw entries of each face: corners, then the middles of the edges 01, 12, 02."""
        corners = np.searchsorted(self.point_of, self.mesh.facet_points(faces))
        if self.order == 1:
            return corners
        pairs = np.sort(corners[:, [[0, 1], [1, 2], [0, 2]]], axis=2)
        edge = np.searchsorted(self._edge_keys, pairs[..., 0] * self.n_points + pairs[..., 1])
        return np.hstack([corners, self.n_points + edge])

    @cached_property
    def _face_shapes(self) -> tuple[Floats, Floats]:
        """Values (n_points, n_shapes) and weights on the reference triangle, the weights adding up to one."""
        points, weights = get_quadrature(RefTri, 2 * self.order)
        element = ElementTriP2() if self.order == 2 else ElementTriP1()
        return _shapes(element, points)[0], 2 * weights

    def face_entries(self, faces: TetFaces) -> Ints:
        """The raw entries on faces."""
        return np.unique(self._face_dofs(faces))

    def face_exchange(self, faces: TetFaces, coefficient: float) -> Any:
        """The exchange matrix of faces on raw entries, coefficient in W/(m2 K)."""
        values, weights = self._face_shapes
        unit = {"coefficient": np.full(len(weights), coefficient)}
        local = np.array([[(exchange.form(u, v, unit) * weights).sum() for u in values.T] for v in values.T])
        dofs = self._face_dofs(faces)
        entries = np.multiply.outer(self.mesh.face_areas(faces), local).ravel()
        rows, columns = np.repeat(dofs, len(local), axis=1).ravel(), np.tile(dofs, (1, len(local))).ravel()
        return sp.coo_array((entries, (rows, columns)), shape=(self.size, self.size)).tocsr()

    def face_load(self, faces: TetFaces, density: float) -> Floats:
        """The load of a constant supply over faces (W/m2 or A/m2)."""
        values, weights = self._face_shapes
        local = np.array([(supply.form(v, {"density": density}) * weights).sum() for v in values.T])
        entries = np.multiply.outer(self.mesh.face_areas(faces), local)
        return np.asarray(np.bincount(self._face_dofs(faces).ravel(), entries.ravel(), minlength=self.size), float)

    # --- cells --------------------------------------------------------------------------------------------

    def cell_entries(self, cells: Bools) -> Ints:
        """The raw entries of cells (a mask over the mesh)."""
        return np.unique(self.dofs[cells[self.cells]])

    @property
    def _shape_integrals(self) -> Floats:
        """The integral of each shape function over a cell of unit volume."""
        return 6 * self.reference_weights @ self.shape_values

    def volume_load(self, cells: Bools, density: float) -> Floats:
        """The load of a constant density (W/m3) in cells (a mask over the mesh)."""
        here = cells[self.cells]
        entries = np.multiply.outer(self.volume[here] * density, self._shape_integrals)
        return np.asarray(np.bincount(self.dofs[here].ravel(), entries.ravel(), minlength=self.size), float)

    def cell_integrals(self, raw: Floats) -> Floats:
        """The integral of a field over each cell of the mesh."""
        result = np.zeros(self.mesh.n_cells)
        result[self.cells] = self.volume * (raw[self.dofs] @ self._shape_integrals)
        return result

    def cell_extrema(self, raw: Floats) -> tuple[Floats, Floats]:
        """The least and the greatest nodal value in each cell of the mesh, NaN outside."""
        low, high = (np.full(self.mesh.n_cells, np.nan) for _ in range(2))
        local = raw[self.dofs]
        low[self.cells], high[self.cells] = local.min(axis=1), local.max(axis=1)
        return low, high

    def fluxes(self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None) -> Any:
        """For each block: its conductivity and gradient at quadrature points, and the volume of each point."""
        for number, block in enumerate(self.blocks):
            temperature = None if sampler is None else sampler(number)
            shape = (block.stop - block.start, len(self.reference_weights))
            conductivity = evaluate_axes(axes, self.part[block], temperature, shape)[:, 0]
            in_reference = np.einsum("qnj,cn->cqj", self.shape_slopes, raw[self.dofs[block]], optimize=True)
            gradient = np.einsum("cqj,cji->icq", in_reference, self.inverse[block], optimize=True)
            yield block, conductivity, gradient, 6 * self.volume[block, None] * self.reference_weights

    def joule(
        self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None, thermal: TetSpace
    ) -> tuple[Floats, Floats]:
        """Joule heat: the load on a thermal space (W), and the heat in each cell of the mesh (W)."""
        load, heat = np.zeros(thermal.size), np.zeros(self.mesh.n_cells)
        values = _shapes(thermal.element, self.reference)[0]
        position = np.searchsorted(thermal.cells, self.cells)
        for block, conductivity, gradient, volume in self.fluxes(raw, axes, sampler):
            released = joule_density(conductivity, gradient) * volume
            heat[self.cells[block]] = released.sum(axis=1)
            dofs = thermal.dofs[position[block]]
            load += np.bincount(dofs.ravel(), (released @ values).ravel(), minlength=thermal.size)
        return load, heat

    def mean_fluxes(self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None) -> Floats:
        """The mean flux density in each cell of the mesh: (n_cells, 3), zero outside."""
        result = np.zeros((self.mesh.n_cells, 3))
        for block, conductivity, gradient, volume in self.fluxes(raw, axes, sampler):
            flux = np.stack(flux_density(conductivity, gradient))
            result[self.cells[block]] = ((flux * volume).sum(axis=2) / volume.sum(axis=1)).T
        return result

    def residual(self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None, cells: Bools) -> Floats:
        """What conduction in some cells alone takes in at each raw entry: the assembled operator of these cells."""
        result = np.zeros(self.size)
        for block, conductivity, gradient, volume in self.fluxes(raw, axes, sampler):
            weighted = conductivity * gradient * volume * cells[self.cells[block], None]
            local = np.einsum("icq,cqni->cn", weighted, self._slopes(block), optimize=True)
            result += np.bincount(self.dofs[block].ravel(), local.ravel(), minlength=self.size)
        return result

    # --- points -------------------------------------------------------------------------------------------

    def evaluate(self, raw: Floats, points: Floats) -> Floats:
        """The field at points (n, 3); NaN where a point lies in no cell of this space."""
        values = np.full(len(points), np.nan)
        origin = self.mesh.points[self.mesh.cells[self.cells, 0]]
        for index, point in enumerate(points):
            local = np.einsum("cji,ci->cj", self.inverse, point - origin)
            least = np.minimum(local.min(axis=1), 1 - local.sum(axis=1))
            cell = int(np.argmax(least))
            if least[cell] >= -1e-7:
                shape = _shapes(self.element, local[cell][:, None])[0][0]
                values[index] = shape @ raw[self.dofs[cell]]
        return values


def _shapes(element: Any, points: Floats) -> tuple[Floats, Floats]:
    """Values (n_points, n_shapes) and reference gradients (n_points, n_shapes, dim) of an element."""
    found = [element.lbasis(points, i) for i in range(element.doflocs.shape[0])]
    values = np.stack([np.broadcast_to(value, points.shape[1:]) for value, _ in found], axis=1)
    slopes = np.stack([np.broadcast_to(np.asarray(s), points.shape).T for _, s in found], axis=1)
    return values, slopes
