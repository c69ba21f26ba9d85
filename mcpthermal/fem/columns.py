"""The planar x vertical quadratic space on (a part of) a column mesh."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from skfem import ElementTriP2
from skfem.quadrature import get_quadrature
from skfem.refdom import RefTri

from mcpthermal.errors import MeshError
from mcpthermal.fem.coefficients import (
    Axes,
    Storage,
    constant_axes,
    depends_on_temperature,
    entry_count,
    evaluate_axes,
)
from mcpthermal.fem.column_numbers import ColumnNumbers
from mcpthermal.fem.column_operator import LOAD, SLOPES, VALUES, WEIGHTS, ColumnOperator, line_values
from mcpthermal.fem.column_system import ColumnSystem
from mcpthermal.fem.lattice import Lattice, continuous_pairs
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.planar import planar_space
from mcpthermal.fem.surfaces import Patch
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.location import in_columns
from mcpthermal.package.columns import Faces

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FACE_ORDER = 6
"""Degree to which quadrature on faces is exact: the mass of quadratic functions, with room for laws at the surface."""

TOGETHER = 10_000
"""Planar unknowns up to which layers that vary are worked on together: what a product needs still fits into the cache.
"""

INSIDE = 1e-6
"""How far a place is moved towards the middle of its cell, relative to the cell."""

OVERSHOOT = (5 / 3 * 5 / 4 - 1) / 2
"""How far a quadratic may rise over its nodes, relative to their range: by the Lebesgue constants of triangle and line.
"""


class ColumnSpace:
    """Fields on some cells of a column mesh, continuous but for cuts.

    Parameters
    ----------
    mesh : ColumnMesh
    cells : (n_layers, n_triangles) array of bool
        Where the field lives.
    cuts : Faces, optional
        Faces between these cells across which the field may jump.

    Attributes
    ----------
    columns, layers : arrays of int
        The triangles and layers of the mesh that are used.
    cells : (n_used_layers, n_used_triangles) array of bool
    part : (n_used_layers, n_used_triangles) array of int
        The part of each cell, -1 where the field does not live.
    lattice : Lattice
        The raw entry of each (planar unknown, vertical node).
    active : (n_raw,) array of bool
        Raw entries that belong to a cell.
    """

    def __init__(self, mesh: ColumnMesh, cells: Bools, cuts: Faces | None = None) -> None:
        self.mesh = mesh
        self.columns: Ints = np.flatnonzero(cells.any(axis=0))
        rows = np.flatnonzero(cells.any(axis=1))
        self.layers: Ints = np.arange(rows.min(), rows.max() + 1)
        self.cells: Bools = cells[np.ix_(self.layers, self.columns)]
        self.part: Ints = np.where(self.cells, mesh.cell_part[np.ix_(self.layers, self.columns)], -1).astype(np.int64)
        self.heights: Floats = mesh.heights[self.layers]
        self.levels: Floats = mesh.levels[self.layers[0] : self.layers[-1] + 2]
        self.vertex_of, triangles = np.unique(mesh.triangles[self.columns], return_inverse=True)
        split = cuts is not None and cuts.count > 0
        edges = np.searchsorted(self.vertex_of, mesh.edges[np.unique(cuts.edge)]) if split and cuts else None
        self.plane = planar_space(mesh.vertices[self.vertex_of], triangles.reshape(-1, 3), edges)
        levels = np.unique(cuts.level) - self.layers[0] if split and cuts else np.empty(0, np.int64)
        self.lattice = Lattice(self.plane.size, len(self.layers), levels)
        if split:
            self.lattice.join(continuous_pairs(self.lattice, self.plane, mesh, self, cuts))
        self._views: WeakKeyDictionary[ColumnSpace, ColumnView] = WeakKeyDictionary()
        self._numbers: WeakKeyDictionary[Numbering, ColumnNumbers] = WeakKeyDictionary()
        active = np.zeros(self.lattice.shape, bool)
        for layer, used in enumerate(self.cells):
            active[np.unique(self.plane.dofs[used]), self.lattice.span(layer)] = True
        self.active: Bools = active.ravel()
        if self.lattice.entry is not None:
            self.active = np.zeros(self.lattice.size, bool)
            self.active[self.lattice.entry[active.ravel()]] = True

    @property
    def size(self) -> int:
        """How many raw entries there are."""
        return self.lattice.size

    @cached_property
    def points(self) -> Floats:
        """(n_raw, 3) the place of each raw entry (m)."""
        planar, node = np.divmod(self.lattice.heads, self.lattice.shape[1])
        return np.column_stack([self.plane.points[planar], self.lattice.nodes(self.levels)[node]])

    def cell_dofs(self, layer: Any, column: Any) -> Ints:
        """(n, 6, 3) raw entries of cells: unknowns of the triangle, nodes of the layer."""
        planar = self.plane.dofs[column][:, :, None]
        return self.lattice.raw(self.lattice.places(planar, np.asarray(layer)[:, None, None], np.arange(3)))

    # --- quadrature points --------------------------------------------------------------------------------

    @property
    def blocks(self) -> range:
        """What quadrature points are worked on by: the layers."""
        return range(len(self.layers))

    def block_cells(self, layer: int) -> tuple[Any, Ints]:
        """The cells of a block, as an index into the mesh's arrays, and their parts (-1 where the field is not)."""
        return (self.layers[layer], self.columns), self.part[layer]

    def volumes(self, layer: int) -> Floats:
        """(3, n_triangles, n_points) the volume of each quadrature point of a layer (m3)."""
        return WEIGHTS[:, None, None] * self.heights[layer] * self.plane.weights

    def view(self, space: ColumnSpace | None = None) -> ColumnView:
        """This space's functions at the quadrature points of another (or its own)."""
        points = space or self
        if points not in self._views:
            self._views[points] = ColumnView(self, points)
        return self._views[points]

    # --- operators ----------------------------------------------------------------------------------------

    def operator(
        self, axes: Sequence[Axes | None], temperature: Any = None, storage: Storage | None = None
    ) -> ColumnOperator:
        """The conduction operator for the laws of each part, with storage of heat if asked for.

        `temperature` maps a block to the temperature at its points (K); None if no law needs one.
        """
        operator = ColumnOperator(self.plane, self.heights, self.lattice)
        capacity = [None] * len(axes) if storage is None else storage.capacity
        fixed, kept = constant_axes(axes), constant_axes(capacity)
        rate = 0.0 if storage is None else storage.rate
        groups: dict[bytes, list[int]] = {}
        varying: dict[int, list[int]] = {}
        for layer, found in enumerate(self.part):
            parts = np.unique(found[found >= 0])
            varies = depends_on_temperature(axes, parts) or depends_on_temperature(capacity, parts)
            if varies or any(len(axes[part] or ()) == 6 for part in parts):
                varying.setdefault(entry_count(axes, parts), []).append(layer)
            else:
                rows = [(0.0, 0.0, 0.0) if item is None else item[:3] for item in [*fixed, None]]
                stored = [0.0 if item is None else rate * item[0] for item in [*kept, None]]
                groups.setdefault(np.column_stack([rows, stored])[found].tobytes(), []).append(layer)
        for key, layers in groups.items():
            values = np.frombuffer(key).reshape(-1, 4).T[:, None]
            stiffness, mass = self._planar_entries(values[:3], values[3])
            operator.add_shared(np.array(layers), stiffness[0], mass[0])
        together = max(1, TOGETHER // self.plane.size)
        for own in varying.values():
            for first in range(0, len(own), together):
                self._add_varying(operator, own[first : first + together], axes, temperature, storage)
        return operator

    def _add_varying(
        self, operator: ColumnOperator, layers: list[int], axes: Any, temperature: Any, storage: Any
    ) -> None:
        """Layers whose conductivities have as many entries."""
        shape = (3, *self.plane.weights.shape)
        found, kept = [], []
        for layer in layers:
            part, known = self.part[layer], None if temperature is None else temperature(layer)
            values = evaluate_axes(axes, part, known, shape[1:])
            found.append(np.broadcast_to(values, (len(values), *shape)))
            if storage is not None:
                stored = evaluate_axes(storage.capacity, part, known, shape[1:])[0]
                kept.append(np.broadcast_to(storage.rate * stored, shape))
            if len(values) == 6:
                operator.add_oblique(layer, self.plane.drift(values[4], values[3]))
        values = np.concatenate(found, axis=1)
        stiffness, mass = self._planar_entries(values, np.concatenate(kept) if kept else None)
        entries = (len(layers), 3, -1)
        operator.add_varying(np.array(layers), stiffness.reshape(entries), mass.reshape(entries))

    def _planar_entries(self, values: Any, stored: Any) -> tuple[Floats, Floats]:
        """Entries of stiffness and mass for coefficients (entries, planes, ...).

        What is stored (planes, ...) goes with the values along each line as the stiffness does.
        """
        stiffness = self.plane.conduction(values[0], values[1], values[5] if len(values) == 6 else None)
        if stored is not None and stored.any():
            stiffness += self.plane.exchange(stored)
        return stiffness, self.plane.exchange(values[2])

    def system(self, operator: ColumnOperator, numbering: Numbering) -> ColumnSystem:
        """The linear system of an operator on unknowns."""
        if numbering not in self._numbers:
            self._numbers[numbering] = ColumnNumbers(self.plane, self.lattice, numbering)
        return ColumnSystem(operator, numbering, self._numbers[numbering])

    # --- faces --------------------------------------------------------------------------------------------

    def patches(self, faces: Faces) -> list[Patch]:
        """Faces as patches seen from their inner cells: horizontal ones, then upright ones."""
        position = np.full(len(self.mesh.areas), -1)
        position[self.columns] = np.arange(len(self.columns))
        found = []
        layer, column = faces.cells
        part = self.mesh.cell_part[layer, column].astype(np.int64)
        count = len(faces.column)
        if count:
            values, weights = _TRIANGLE
            top = np.where(faces.up, 2, 0)
            dofs = self.cell_dofs(layer[:count] - self.layers[0], position[column[:count]])
            dofs = np.take_along_axis(dofs, top[:, None, None], axis=2)[:, :, 0]
            areas = self.mesh.areas[faces.column]
            cells = (layer[:count], column[:count])
            found.append(Patch(dofs, values, np.multiply.outer(areas, weights), part[:count], cells))
        if len(faces.edge):
            values, weights = _UPRIGHT
            edges = np.searchsorted(self.vertex_of, self.mesh.edges[faces.edge])
            planar = self.plane.edge_dofs(edges, position[faces.inner])[:, :, None]
            local = (faces.layer - self.layers[0])[:, None, None]
            dofs = self.lattice.raw(self.lattice.places(planar, local, np.arange(3))).reshape(-1, 9)
            ends = self.mesh.vertices[self.mesh.edges[faces.edge]]
            areas = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) * self.mesh.heights[faces.layer]
            cells = (layer[count:], column[count:])
            found.append(Patch(dofs, values, np.multiply.outer(areas, weights), part[count:], cells))
        return found

    # --- cells --------------------------------------------------------------------------------------------

    def local_cells(self, cells: Bools) -> Bools:
        """A mask over the mesh's cells as a mask over this space's."""
        return cells[np.ix_(self.layers, self.columns)]

    def cell_entries(self, cells: Bools) -> Ints:
        """The raw entries of cells (a mask over the mesh)."""
        mask = np.zeros(self.lattice.shape, bool)
        for layer, used in enumerate(self.local_cells(cells) & self.cells):
            if used.any():
                mask[np.unique(self.plane.dofs[used]), self.lattice.span(layer)] = True
        return np.unique(self.lattice.raw(np.flatnonzero(mask)))

    def cell_extrema(self, raw: Floats) -> tuple[Floats, Floats]:
        """The least and the greatest value in each cell of the mesh, (n_layers, n_triangles), NaN outside.

        Nodal values, but in the cells nearest to their part's maximum the maximum of the quadratic itself.
        """
        field = self.lattice.spread(raw)
        low, high = (np.full(self.mesh.cell_part.shape, np.nan) for _ in range(2))
        for layer, used in enumerate(self.cells):
            local = field[:, self.lattice.span(layer)]
            row, columns = self.layers[layer], self.columns[used]
            low[row, columns] = local.min(axis=1)[self.plane.dofs[used]].min(axis=1)
            high[row, columns] = local.max(axis=1)[self.plane.dofs[used]].max(axis=1)
        self._refine(raw, low, high)
        return low, high

    def _refine(self, raw: Floats, low: Floats, high: Floats) -> None:
        """Put the maxima of the quadratic on a fine grid in the cells that may have their part's maximum."""
        inside = np.ix_(self.layers, self.columns)
        local = np.where(self.cells, high[inside], -np.inf)
        reach = np.where(self.cells, local + OVERSHOOT * (high - low)[inside], -np.inf)
        number = np.where(self.cells, self.part, 0)
        top = np.full(number.max() + 1, -np.inf)
        np.maximum.at(top, number[self.cells], local[self.cells])
        layer, column = np.nonzero(self.cells & (reach >= top[number]))
        values = np.einsum("cam,pa,qm->cpq", raw[self.cell_dofs(layer, column)], *_FINE, optimize=True)
        high[self.layers[layer], self.columns[column]] = values.reshape(len(layer), -1).max(axis=1)

    def volume_load(self, cells: Bools, density: float) -> Floats:
        """The load of a constant density (W/m3) in cells (a mask over the mesh)."""
        load = np.zeros(self.lattice.shape)
        sums = self.plane.cell_load_map @ (density * self.local_cells(cells).T)
        for layer, height in enumerate(self.heights):
            load[:, self.lattice.span(layer)] += np.outer(sums[:, layer], height * LOAD)
        return self.lattice.collect(load)

    def cell_integrals(self, raw: Floats) -> Floats:
        """The integral of a field over each cell of the mesh, (n_layers, n_triangles)."""
        field = self.lattice.spread(raw)
        result = np.zeros(self.mesh.cell_part.shape)
        for layer, height in enumerate(self.heights):
            sums = self.plane.cell_load_map.T @ (field[:, self.lattice.span(layer)] @ (height * LOAD))
            result[self.layers[layer], self.columns] = np.where(self.cells[layer], sums, 0.0)
        return result

    # --- points -------------------------------------------------------------------------------------------

    def evaluate(self, raw: Floats, points: Floats) -> Floats:
        """The field at points (n, 3); NaN where a point lies in no cell of this space."""
        values = np.full(len(points), np.nan)
        found, entries, shapes = self._at(points)
        values[found] = (shapes * raw[entries]).sum(axis=1)
        return values

    def point_load(self, point: Floats) -> Floats:
        """The raw load of one unit at a point (3,): its product with a field is the field's value there."""
        found, entries, shapes = self._at(np.asarray(point, float)[None])
        if not len(found):
            raise MeshError(f"the point {point} m lies in no cell")
        return np.asarray(np.bincount(entries[0], shapes[0], minlength=self.size), float)

    def _at(self, points: Floats) -> tuple[Ints, Ints, Floats]:
        """Which of some points (n, 3) lie in a cell; entries and shapes (n_found, 18) of the first that does."""
        found, layer, column = in_columns(points, self.plane.vertices, self.plane.triangles, self.levels, self.cells)
        planar = self.plane.shapes_at(column, points[found, :2])
        vertical = line_values((points[found, 2] - self.levels[layer]) / self.heights[layer])
        shapes = planar[:, :, None] * vertical[:, None, :]
        return found, self.cell_dofs(layer, column).reshape(-1, 18), shapes.reshape(-1, 18)

    def highest_place(self, raw: Floats, cells: Bools) -> Floats:
        """(3,) the place of the greatest value in some cells (a mask over the mesh), a little inside its cell (m)."""
        high = np.where(cells, self.cell_extrema(raw)[1], -np.inf)
        row, number = divmod(int(np.nanargmax(high)), high.shape[1])
        layer, column = row - int(self.layers[0]), int(np.searchsorted(self.columns, number))
        field = raw[self.cell_dofs(np.array([layer]), np.array([column]))[0]]
        planar, vertical = _FINE
        place, height = divmod(int(np.argmax(planar @ field @ vertical.T)), len(vertical))
        corners = self.plane.vertices[self.plane.triangles[column]]
        shares = _FINE_SHARES[place] + INSIDE * (1 / 3 - _FINE_SHARES[place])
        fraction = height / 8 + INSIDE * (0.5 - height / 8)
        return np.append(shares @ corners, self.levels[layer] + fraction * self.heights[layer])


class ColumnView:
    """The functions of one space (`field`) at the quadrature points of another on the same mesh, layer by layer."""

    def __init__(self, field: ColumnSpace, points: ColumnSpace) -> None:
        # No reference to the spaces, which keep their views.
        self._plane, self._lattice = field.plane, field.lattice
        plane = field.plane
        self._heights, self._triangles = points.heights, len(points.columns)
        self._shift = int(points.layers[0] - field.layers[0])
        self._rows: Any = slice(None)
        if points is not field:
            position = np.searchsorted(field.columns, points.columns)
            self._rows = (position[:, None] * plane.n_points + np.arange(plane.n_points)).ravel()

    @cached_property
    def _maps(self) -> tuple[Any, Any, Any]:
        plane = self._plane
        return tuple(item[self._rows] for item in (plane.values, *plane.gradients))  # type: ignore[return-value]

    @cached_property
    def _transposed(self) -> tuple[Any, Any, Any]:
        return tuple(item.T.tocsr() for item in self._maps)  # type: ignore[return-value]

    def _local(self, raw: Floats, layer: int) -> Floats:
        """(planar unknowns, 3 nodes) of a layer of the points' space."""
        lattice, row = self._lattice, layer + self._shift
        if lattice.entry is None:
            return raw.reshape(lattice.shape)[:, lattice.span(row)]
        return raw[lattice.raw(lattice.places(np.arange(lattice.shape[0])[:, None], row, np.arange(3)))]

    def _planes(self, flat: Floats) -> Floats:
        return flat.T.reshape(3, self._triangles, -1)

    def values(self, raw: Floats, layer: int) -> Floats:
        """(3, n_triangles, n_points): the field."""
        return self._planes(self._maps[0] @ (self._local(raw, layer) @ VALUES.T))

    def gradient(self, raw: Floats, layer: int) -> list[Floats]:
        """Three arrays (3, n_triangles, n_points): the gradient."""
        values, along_x, along_y = self._maps
        local = self._local(raw, layer)
        plain = local @ VALUES.T
        # From differences along the line, so that thin layers do not magnify the rounding of the field.
        slopes = (local - local[:, 1:2]) @ SLOPES.T / self._heights[layer]
        return [self._planes(item) for item in (along_x @ plain, along_y @ plain, values @ slopes)]

    def zeros(self) -> Floats:
        """What `add` adds to."""
        return np.zeros(self._lattice.shape)

    def add(self, total: Floats, layer: int, density: Any = None, flux: Any = None) -> None:
        """Add the load of a density and of a flux (three arrays), times volume, against values and gradients."""
        values, along_x, along_y = self._transposed
        span = self._lattice.span(layer + self._shift)
        if density is not None:
            total[:, span] += (values @ density.reshape(3, -1).T) @ VALUES
        if flux is not None:
            x, y, z = (item.reshape(3, -1).T for item in flux)
            total[:, span] += (along_x @ x + along_y @ y) @ VALUES
            total[:, span] += (values @ z) @ (SLOPES / self._heights[layer])

    def collect(self, total: Floats) -> Floats:
        """The raw vector of what was added."""
        return self._lattice.collect(total)


def _triangle_points() -> tuple[Floats, Floats]:
    """Shape functions (n_points, 6) of the triangle and weights that add up to one."""
    points, weights = get_quadrature(RefTri, FACE_ORDER)
    return np.stack([ElementTriP2().lbasis(points, i)[0] for i in range(6)], axis=1), 2 * weights


def _upright_points() -> tuple[Floats, Floats]:
    """Shape functions (n_points, 9) of an upright face, planar edge (both ends, middle) by node, and weights."""
    x, w = np.polynomial.legendre.leggauss(FACE_ORDER // 2 + 1)
    line = line_values((x + 1) / 2)
    values = np.einsum("ga,hm->gham", line[:, [0, 2, 1]], line).reshape(len(x) ** 2, 9)
    return values, np.outer(w, w).ravel() / 4


def _fine_grid() -> tuple[tuple[Floats, Floats], Floats]:
    """Shape functions of the triangle and of a line on a grid of eighths, for extremes; shares of the corners there."""
    i, j = np.nonzero(np.add.outer(np.arange(9), np.arange(9)) <= 8)
    points = np.stack([i, j]) / 8
    planar = np.stack([ElementTriP2().lbasis(points, n)[0] for n in range(6)], axis=1)
    return (planar, line_values(np.linspace(0, 1, 9))), np.stack([1 - points.sum(axis=0), *points], axis=1)


_TRIANGLE = _triangle_points()
_UPRIGHT = _upright_points()
_FINE, _FINE_SHARES = _fine_grid()
