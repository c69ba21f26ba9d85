"""Linear and quadratic tetrahedra on an imported mesh, straight or curved; the forms are those of `physics/`."""

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

from mcpthermal.errors import MeshError
from mcpthermal.fem.coefficients import Axes, Storage, evaluate_axes, varying_cells
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.pattern import SymmetricPattern, in_order
from mcpthermal.fem.shapes import inverses, shapes
from mcpthermal.fem.surfaces import Patch
from mcpthermal.fem.tet_operator import TetOperator, TetSystem
from mcpthermal.linalg import share
from mcpthermal.mesh.curved import EDGE_OF, EDGES
from mcpthermal.mesh.location import in_tetrahedra
from mcpthermal.mesh.tetrahedra import TetFaces, TetMesh
from mcpthermal.physics.conduction import conduction

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_VOIGT = np.array([[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]])
"""Rows and columns of the entries xx, yy, zz, yz, xz, xy."""

_DIRECTIONS = np.triu_indices(3)
"""Pairs of reference directions of a symmetric tensor."""

INSIDE = 1e-6
"""How far a place is moved towards the middle of its cell, relative to the cell."""

_BLOCK = 25_000
"""Cells that are worked on at once; bounds the memory for quadrature points."""


class TetSpace:
    """Piecewise polynomials on some cells of a mesh, continuous but for cuts; raw entries are corners, then middles.

    Parameters
    ----------
    mesh : TetMesh
    cells : (n_cells,) array of bool
        Where the field lives.
    order : {1, 2}
    cuts : TetFaces, optional
        Faces between these cells across which the field may jump.
    """

    def __init__(self, mesh: TetMesh, cells: Bools, order: int, cuts: TetFaces | None = None) -> None:
        self.mesh, self.order = mesh, order
        self.cells: Ints = np.flatnonzero(cells)
        self.part: Ints = mesh.cell_part[self.cells]
        self.position: Ints = np.full(mesh.n_cells, -1)
        self.position[self.cells] = np.arange(len(self.cells))
        _, corners = np.unique(mesh.cells[self.cells], return_inverse=True)
        corners = corners.reshape(-1, 4)
        if cuts is not None and cuts.count:
            corners = _cut_open(corners, self, cuts, _CORNER)
        self.n_points = int(corners.max()) + 1
        self.dofs: Ints = corners
        if order == 2:
            pairs = np.sort(corners[:, EDGES], axis=2)
            edge = np.unique(pairs[..., 0] * self.n_points + pairs[..., 1], return_inverse=True)[1].reshape(-1, 6)
            if cuts is not None and cuts.count:
                edge = _cut_open(edge, self, cuts, EDGE_OF)
            self.dofs = np.hstack([corners, self.n_points + edge])
        self._cuts = cuts
        self.size = int(self.dofs.max()) + 1
        self.ends = np.empty((self.size - self.n_points, 2), np.int64)
        if order == 2:
            self.ends[self.dofs[:, 4:] - self.n_points] = corners[:, EDGES]
        self.element = ElementTetP2() if order == 2 else ElementTetP1()
        # Exact for the Joule heat of a constant conductivity, tested with every shape function.
        self.reference, self.reference_weights = get_quadrature(RefTet, 4 if order == 2 else 2)
        self.shape_values, self.shape_slopes = shapes(self.element, self.reference)
        blocks = np.arange(0, len(self.cells), _BLOCK)
        self.slices = [slice(start, min(start + _BLOCK, len(self.cells))) for start in blocks.tolist()]
        self.inverse, self._determinant = self._jacobians()
        self.active: Bools = np.ones(self.size, bool)
        self._made_before = False

    def _jacobians(self) -> tuple[Floats, Floats]:
        """Inverses (n_cells, 1 or n_points, 3, 3) and determinants of the map; at each point where cells are curved."""
        curved = self.mesh.middles is not None
        slopes = shapes(ElementTetP2(), self.reference)[1] if curved else np.empty(0)
        inverse = np.empty((len(self.cells), len(self.reference_weights) if curved else 1, 3, 3))
        determinant = np.empty(inverse.shape[:2])

        def fill(numbers: range) -> None:
            for block in (self.slices[number] for number in numbers):
                cells = self.cells[block]
                nodes = self.mesh.points[self.mesh.cells[cells]]
                if self.mesh.middles is None:
                    edges = (nodes[:, 1:] - nodes[:, :1]).transpose(0, 2, 1)[:, None]
                else:
                    nodes = np.concatenate([nodes, self.mesh.middles[cells]], axis=1)
                    edges = np.einsum("cni,qnj->cqij", nodes, slopes, optimize=True)
                inverse[block], determinant[block] = inverses(edges)

        share(fill, len(self.slices), 100 * determinant.size)
        return inverse, determinant

    @cached_property
    def points(self) -> Floats:
        """(n_raw, 3) the place of each raw entry (m)."""
        points = np.empty((self.size, 3))
        points[self.dofs[:, :4]] = self.mesh.points[self.mesh.cells[self.cells]]
        points[self.n_points :] = points[self.ends].mean(axis=1)
        if self.order == 2 and self.mesh.middles is not None:
            points[self.dofs[:, 4:]] = self.mesh.middles[self.cells]
        return points

    @cached_property
    def parents(self) -> Any:
        """(n_raw, n_points): linear functions as raw vectors."""
        middles = len(self.ends)
        rows = np.concatenate([np.arange(self.n_points), np.repeat(self.n_points + np.arange(middles), 2)])
        columns = np.concatenate([np.arange(self.n_points), self.ends.ravel()])
        values = np.concatenate([np.ones(self.n_points), np.full(2 * middles, 0.5)])
        return sp.csr_array((values, (rows, columns)), shape=(self.size, self.n_points))

    # --- quadrature points --------------------------------------------------------------------------------

    @property
    def blocks(self) -> range:
        """What quadrature points are worked on by: slices of cells."""
        return range(len(self.slices))

    def block_cells(self, block: int) -> tuple[Any, Ints]:
        """The cells of a block, as an index into the mesh's arrays, and their parts."""
        return self.cells[self.slices[block]], self.part[self.slices[block]]

    def volumes(self, block: int) -> Floats:
        """(1, n_cells, n_points) the volume of each quadrature point (m3)."""
        return (self._determinant[self.slices[block]] * self.reference_weights)[None]

    def view(self, space: TetSpace | None = None) -> TetView:
        """This space's functions at the quadrature points of another (or its own)."""
        return TetView(self, space or self)

    # --- operators ----------------------------------------------------------------------------------------

    def operator(
        self, axes: Sequence[Axes | None], temperature: Any = None, storage: Storage | None = None
    ) -> TetOperator:
        """The conduction operator for the laws of each part, with storage of heat if asked for.

        `temperature` maps a block to the temperature at its points (K); None if no law needs one.
        """
        varying = varying_cells(axes, self.part)
        at_points = varying if self.mesh.middles is None else np.ones_like(varying)

        def local(number: int) -> Floats:
            return self._local(number, axes, at_points, temperature, storage)

        if not self.slices:
            return TetOperator(sp.csr_array((self.size, self.size)))
        again = self._made_before or varying.any()
        matrix = self._summed(local) if again else self._assembled(local)
        self._made_before = True
        if storage is None:
            # A constant field conducts nothing: what rounding says otherwise would add up in the balances.
            matrix.setdiag(matrix.diagonal() - matrix.sum(axis=1))
        return TetOperator(matrix)

    def _assembled(self, local: Callable[[int], Floats]) -> Any:
        """The matrix of cells' entries, without a pattern: it takes longer to find than one matrix."""
        first, second = self._conduction_table[1:]

        def add_up(numbers: range) -> Any:
            sums: list[Any] = []
            for place, number in enumerate(numbers):
                dofs = self.dofs[self.slices[number]].astype(np.int32)
                ends = in_order(dofs[:, first].ravel(), dofs[:, second].ravel())
                sums.append(sp.coo_array((local(number).ravel(), ends), shape=(self.size, self.size)).tocsr())
                # Two by two, as in a binary counter: each entry is copied a few times, not once for every block.
                for _ in range((~place & (place + 1)).bit_length() - 1):
                    sums.append(sums.pop() + sums.pop())
            return sum(sums[:-1], sums[-1])

        parts = share(add_up, len(self.slices), len(self.cells) * self.dofs.shape[1] ** 2)
        upper = sum(parts[:-1], parts[-1])
        return (upper + sp.triu(upper, 1).T).tocsr()

    def _summed(self, local: Callable[[int], Floats]) -> Any:
        """The same on the pattern of all matrices."""
        pattern = self._pattern

        def add_up(numbers: range) -> Floats:
            total = pattern.zeros()
            for number in numbers:
                pattern.add(total, self.slices[number], local(number))
            return total

        parts = share(add_up, len(self.slices), len(self.cells) * self.dofs.shape[1] ** 2)
        return pattern.matrix(sum(parts[1:], parts[0]))

    @cached_property
    def _pattern(self) -> SymmetricPattern:
        if self.order == 1:
            return SymmetricPattern(self.dofs, self.size)
        facets = self.mesh.cell_facets[self.cells]
        if self._cuts is not None and self._cuts.count:
            # A face that is cut is another one for the cell on its second side.
            second = self.mesh.facet_sides(TetFaces(facets.ravel(), facets.ravel()))[:, 1].reshape(-1, 4)
            behind = np.isin(facets, self._cuts.facet) & (second == self.cells[:, None])
            facets = facets + np.where(behind, facets.max() + 1, 0)
        faces = np.unique(facets, return_inverse=True)[1].reshape(-1, 4)
        return SymmetricPattern(self.dofs, self.size, self.dofs[:, 4:] - self.n_points, faces)

    def _local(self, number: int, axes: Any, varying: Bools, temperature: Any, storage: Any) -> Floats:
        """What the cells of a block conduct and store: (n_cells, pairs of shapes), the upper triangle of each."""
        table = self._conduction_table[0]
        block = self.slices[number]
        at_points, part = varying[block], self.part[block]
        local = np.empty((block.stop - block.start, table.shape[2]))
        if at_points.any():
            known = None if temperature is None else temperature(number)[:, at_points]
            points = (int(np.count_nonzero(at_points)), len(self.reference_weights))
            metric = self._metric(block, at_points, evaluate_axes(axes, part[at_points], known, points))
            local[at_points] = metric @ table.reshape(-1, table.shape[2])
        if not at_points.all():
            values = evaluate_axes(axes, part[~at_points], None, (int(np.count_nonzero(~at_points)), 1))
            local[~at_points] = self._metric(block, ~at_points, values) @ table.sum(axis=0)
        if storage is not None:
            local += self._stored(number, storage, temperature) @ self._mass_table
        return local

    def _stored(self, number: int, storage: Storage, temperature: Any) -> Floats:
        """(n_cells, n_points) heat capacity of each point times the rate (W/K)."""
        part, volume = self.part[self.slices[number]], self.volumes(number)[0]
        known = None if temperature is None else temperature(number)
        return storage.rate * evaluate_axes(storage.capacity, part, known, volume.shape)[0, 0] * volume

    @cached_property
    def _mass_table(self) -> Floats:
        """(n_points, pairs of shapes): products of shape functions, in the order of the conduction table."""
        first, second = np.triu_indices(self.shape_values.shape[1])
        return self.shape_values[:, first] * self.shape_values[:, second]

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
        """Conductivities (entries, 1, n_cells, n_points) in reference directions: (n_cells, n_points * 6)."""
        inverse, determinant = self.inverse[block][cells], self._determinant[block][cells]
        (m, n), (i, j) = _DIRECTIONS, _VOIGT[:, : len(values)]
        left, right = inverse[:, :, m], inverse[:, :, n]
        products = left[..., i] * right[..., j]
        if len(values) == 6:
            products[..., 3:] += left[..., j[3:]] * right[..., i[3:]]
        products *= determinant[..., None, None]
        if products.shape[1] == 1:
            metric = np.matmul(values[:, 0].transpose(1, 2, 0), products[:, 0].transpose(0, 2, 1))
        else:
            metric = np.einsum("ecq,cqde->cqd", values[:, 0], products, optimize=True)
        return np.ascontiguousarray(metric).reshape(len(inverse), -1)

    def system(self, operator: TetOperator, numbering: Numbering) -> TetSystem:
        """The linear system of an operator on unknowns."""
        return TetSystem(operator, numbering, self.parents)

    # --- faces --------------------------------------------------------------------------------------------

    def patches(self, faces: TetFaces) -> list[Patch]:
        """Faces as a patch seen from their inner cells."""
        if not faces.count:
            return []
        local = self.position[faces.cells]
        corner = self.mesh.facet_points(faces)
        at = np.argmax(self.mesh.cells[faces.cells][:, None] == corner[:, :, None], axis=2)
        dofs = self.dofs[local[:, None], at]
        if self.order == 2:
            edges = EDGE_OF[at[:, [0, 1, 0]], at[:, [1, 2, 2]]]
            dofs = np.hstack([dofs, self.dofs[local[:, None], 4 + edges]])
        points, weights = get_quadrature(RefTri, 3 * self.order)
        values = shapes(ElementTriP2() if self.order == 2 else ElementTriP1(), points)[0]
        nodes = np.concatenate([self.mesh.points[corner], self.mesh.facet_middles(faces)], axis=1)
        along = np.einsum("fni,qnj->fqji", nodes, shapes(ElementTriP2(), points)[1], optimize=True)
        areas = np.linalg.norm(np.cross(along[:, :, 0], along[:, :, 1]), axis=2) * weights
        return [Patch(dofs, values, areas, self.mesh.cell_part[faces.cells], faces.cells)]

    # --- cells --------------------------------------------------------------------------------------------

    def cell_entries(self, cells: Bools) -> Ints:
        """The raw entries of cells (a mask over the mesh)."""
        return np.unique(self.dofs[cells[self.cells]])

    def volume_load(self, cells: Bools, density: float) -> Floats:
        """The load of a constant density (W/m3) in cells (a mask over the mesh)."""
        view = self.view()
        total = view.zeros()
        for block in self.blocks:
            here = cells[self.cells[self.slices[block]]]
            view.add(total, block, density * self.volumes(block) * here[:, None])
        return total

    def cell_integrals(self, raw: Floats) -> Floats:
        """The integral of a field over each cell of the mesh."""
        result, view = np.zeros(self.mesh.n_cells), self.view()
        for block in self.blocks:
            values = view.values(raw, block) * self.volumes(block)
            result[self.cells[self.slices[block]]] = values.sum(axis=(0, 2))
        return result

    def cell_extrema(self, raw: Floats) -> tuple[Floats, Floats]:
        """The least and the greatest nodal value in each cell of the mesh, NaN outside."""
        low, high = (np.full(self.mesh.n_cells, np.nan) for _ in range(2))
        local = raw[self.dofs]
        low[self.cells], high[self.cells] = local.min(axis=1), local.max(axis=1)
        return low, high

    # --- points -------------------------------------------------------------------------------------------

    def evaluate(self, raw: Floats, points: Floats) -> Floats:
        """The field at points (n, 3); NaN where a point lies in no cell of this space."""
        values = np.full(len(points), np.nan)
        found, entries, weights = self._at(points)
        values[found] = (weights * raw[entries]).sum(axis=1)
        return values

    def point_load(self, point: Floats) -> Floats:
        """The raw load of one unit at a point (3,): its product with a field is the field's value there."""
        found, entries, weights = self._at(np.asarray(point, float)[None])
        if not len(found):
            raise MeshError(f"the point {point} m lies in no cell")
        return np.asarray(np.bincount(entries[0], weights[0], minlength=self.size), float)

    def highest_place(self, raw: Floats, cells: Bools) -> Floats:
        """(3,) the place of the greatest nodal value in some cells, a little inside its cell (m)."""
        mine = np.flatnonzero(cells[self.cells])
        cell, node = divmod(int(np.argmax(raw[self.dofs[mine]])), self.dofs.shape[1])
        corners = self.mesh.points[self.mesh.cells[self.cells[mine[cell]]]]
        place = self.points[self.dofs[mine[cell], node]]
        return np.asarray(place + INSIDE * (corners.mean(axis=0) - place))

    def _at(self, points: Floats) -> tuple[Ints, Ints, Floats]:
        """Which of some points (n, 3) lie in a cell, and entries and shape functions of the one that holds each."""
        middles = None if self.mesh.middles is None else self.mesh.middles[self.cells]
        found, cell, places = in_tetrahedra(points, self.mesh.points[self.mesh.cells[self.cells]], middles)
        return found, self.dofs[cell], shapes(self.element, places.T)[0]


class TetView:
    """The functions of one space (`field`) at the quadrature points of another on the same mesh, block by block."""

    def __init__(self, field: TetSpace, points: TetSpace) -> None:
        self.field, self.points = field, points
        self._values, self._slopes = shapes(field.element, points.reference)

    def _dofs(self, block: int) -> Ints:
        return self.field.dofs[self.field.position[self.points.cells[self.points.slices[block]]]]

    def values(self, raw: Floats, block: int) -> Floats:
        """(1, n_cells, n_points): the field."""
        return (raw[self._dofs(block)] @ self._values.T)[None]

    def gradient(self, raw: Floats, block: int) -> list[Floats]:
        """Three arrays (1, n_cells, n_points): the gradient."""
        inverse = self.points.inverse[self.points.slices[block]]
        local = np.einsum("qnj,cn->cqj", self._slopes, raw[self._dofs(block)], optimize=True)
        gradient = np.einsum("cqj,cqji->icq", local, np.broadcast_to(inverse, (*local.shape, 3)), optimize=True)
        return [component[None] for component in gradient]

    def zeros(self) -> Floats:
        """What `add` adds to."""
        return np.zeros(self.field.size)

    def add(self, total: Floats, block: int, density: Any = None, flux: Any = None) -> None:
        """Add the load of a density and of a flux (three arrays), times volume, against values and gradients."""
        dofs = self._dofs(block)
        local = np.zeros(dofs.shape)
        if density is not None:
            local += density[0] @ self._values
        if flux is not None:
            inverse = self.points.inverse[self.points.slices[block]]
            stacked = np.stack([component[0] for component in flux], axis=-1)
            turned = np.einsum("cqji,cqi->cqj", np.broadcast_to(inverse, (*stacked.shape, 3)), stacked, optimize=True)
            local += np.einsum("cqj,qnj->cn", turned, self._slopes, optimize=True)
        total += np.bincount(dofs.ravel(), local.ravel(), minlength=self.field.size)

    def collect(self, total: Floats) -> Floats:
        """The raw vector of what was added."""
        return total


_CORNER = np.full((4, 4), -1)
_CORNER[np.arange(4), np.arange(4)] = np.arange(4)


def _cut_open(numbers: Ints, space: TetSpace, cuts: TetFaces, local: Ints) -> Ints:
    """Numbers (n_cells, n_local) of corners or edges, with new ones where only cuts join them.

    `local` tells which of them a pair of corners of the cell is.
    """
    mesh = space.mesh
    faces = mesh.between(mesh.solid, mesh.solid)
    first = np.unique(faces.facet, return_index=True)[1]
    faces = TetFaces(faces.facet[first], faces.cells[first])
    sides = mesh.facet_sides(faces)
    inside = np.asarray((space.position[sides] >= 0).all(axis=1))
    faces, sides = faces.where(inside), sides[inside]
    is_cut = np.isin(faces.facet, cuts.facet)
    corner = mesh.facet_points(faces)
    at = [np.argmax(mesh.cells[sides[:, side]][:, None] == corner[:, :, None], axis=2) for side in (0, 1)]
    ends = np.array([[0, 0], [1, 1], [2, 2]] if local is _CORNER else [[0, 1], [1, 2], [0, 2]])
    width = numbers.shape[1]
    a, b = (
        space.position[sides[:, side], None] * width + local[at[side][:, ends[:, 0]], at[side][:, ends[:, 1]]]
        for side in (0, 1)
    )
    flat = numbers.ravel()
    touched = np.zeros(flat.max() + 1, bool)
    touched[flat[a[is_cut]]] = True
    whole = ~is_cut[:, None] & touched[flat[a]]
    graph = sp.coo_array((np.ones(whole.sum()), (a[whole], b[whole])), shape=(flat.size, flat.size))
    label = sp.csgraph.connected_components(graph, directed=False)[1]
    label[~touched[flat]] = 0
    return np.unique(flat * (label.max() + 1) + label, return_inverse=True)[1].reshape(numbers.shape)
