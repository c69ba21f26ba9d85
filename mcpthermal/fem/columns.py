"""The planar x vertical quadratic space on (a part of) a column mesh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.coefficients import Axes, constant_axes, evaluate_axes
from mcpthermal.fem.column_operator import LOAD, MASS, SLOPES, VALUES, WEIGHTS, ColumnOperator, ColumnSystem
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.planar import PlanarSpace
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.package.columns import Faces
from mcpthermal.physics.joule import flux_density, joule_density

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Sampler = Callable[[int], Floats]


class ColumnSpace:
    """Continuous fields on some cells of a column mesh; raw vectors have an entry for each (planar unknown, node).

    Parameters
    ----------
    mesh : ColumnMesh
    cells : (n_layers, n_triangles) array of bool
        Where the field lives.

    Attributes
    ----------
    columns, layers : arrays of int
        The triangles and layers of the mesh that are used.
    cells : (n_used_layers, n_used_triangles) array of bool
    active : (n_raw,) array of bool
        Raw entries that belong to a cell.
    """

    def __init__(self, mesh: ColumnMesh, cells: Bools) -> None:
        self.mesh = mesh
        self.columns: Ints = np.flatnonzero(cells.any(axis=0))
        rows = np.flatnonzero(cells.any(axis=1))
        self.layers: Ints = np.arange(rows.min(), rows.max() + 1)
        self.cells: Bools = cells[np.ix_(self.layers, self.columns)]
        self.part: Ints = mesh.cell_part[np.ix_(self.layers, self.columns)].astype(np.int64)
        self.heights: Floats = mesh.heights[self.layers]
        self.levels: Floats = mesh.levels[self.layers[0] : self.layers[-1] + 2]
        self.vertex_of, triangles = np.unique(mesh.triangles[self.columns], return_inverse=True)
        self.plane = PlanarSpace(mesh.vertices[self.vertex_of], triangles.reshape(-1, 3))
        self.shape = (self.plane.size, 2 * len(self.layers) + 1)
        active = np.zeros(self.shape, bool)
        for layer, used in enumerate(self.cells):
            active[np.unique(self.plane.dofs[used]), 2 * layer : 2 * layer + 3] = True
        self.active: Bools = active.ravel()

    @property
    def size(self) -> int:
        """How many raw entries there are."""
        return self.shape[0] * self.shape[1]

    @cached_property
    def points(self) -> Floats:
        """(n_raw, 3) the place of each raw entry (m)."""
        nodes = np.empty(self.shape[1])
        nodes[::2] = self.levels
        nodes[1::2] = (self.levels[:-1] + self.levels[1:]) / 2
        plane = np.repeat(self.plane.points, self.shape[1], axis=0)
        return np.column_stack([plane, np.tile(nodes, self.shape[0])])

    # --- coefficients -------------------------------------------------------------------------------------

    def sampler(self, raw: Floats, space: ColumnSpace | None = None) -> Sampler:
        """Values of this space's field at another's (or its own) quadrature points, layer by layer.

        The returned function maps a layer of the other space to (3, n_triangles, n_points).
        """
        other = space or self
        field = raw.reshape(self.shape)
        values = self.plane.values
        if other is not self:
            position = np.searchsorted(self.columns, other.columns)
            points = self.plane.n_points
            values = values[(position[:, None] * points + np.arange(points)).ravel()]
        shift = other.layers[0] - self.layers[0]

        def sample(layer: int) -> Floats:
            start = 2 * (layer + shift)
            planes = values @ (field[:, start : start + 3] @ VALUES.T)
            return planes.T.reshape(3, -1, self.plane.n_points)

        return sample

    def operator(self, axes: Sequence[Axes | None], sampler: Sampler | None = None) -> ColumnOperator:
        """The conduction operator for a law on each axis of each part, at the sampled temperature (K)."""
        operator = ColumnOperator(self.plane, self.heights)
        fixed = constant_axes(axes)
        groups: dict[bytes, list[int]] = {}
        for layer in range(len(self.layers)):
            found = np.where(self.cells[layer], self.part[layer], -1)
            if all(axes[part] is None or fixed[part] is not None for part in np.unique(found[found >= 0])):
                table = np.array([(0.0, 0.0, 0.0) if item is None else item for item in [*fixed, None]])
                groups.setdefault(table[found].tobytes(), []).append(layer)
            else:
                assert sampler is not None
                values = evaluate_axes(axes, found, sampler(layer))
                operator.add_varying(layer, *self._planar_entries(values, at_points=True))
        for key, layers in groups.items():
            values = np.frombuffer(key).reshape(-1, 3).T[:, None]
            stiffness, mass = self._planar_entries(values, at_points=False)
            operator.add_shared(np.array(layers), stiffness[0], mass[0])
        return operator

    def _planar_entries(self, values: Any, at_points: bool) -> tuple[Floats, Floats]:
        """Entries of stiffness and mass for coefficients (3 axes, planes, ...)."""
        kind = 0 if at_points else 1
        x, y, z = (np.ascontiguousarray(axis.reshape(len(axis), -1).T) for axis in values)
        maps = self.plane.conduction_maps
        if np.array_equal(x, y):
            stiffness = maps["xy"][kind] @ x
        else:
            stiffness = maps["x"][kind] @ x + maps["y"][kind] @ y
        mass = self.plane.mass_maps[kind] @ z
        return np.ascontiguousarray(stiffness.T), np.ascontiguousarray(mass.T)

    def system(self, operator: ColumnOperator, numbering: Numbering) -> ColumnSystem:
        """The linear system of an operator on unknowns."""
        return ColumnSystem(operator, numbering)

    # --- faces --------------------------------------------------------------------------------------------

    def _local_faces(self, faces: Faces) -> tuple[Ints, Ints, Ints, Ints]:
        """Triangles and levels of horizontal faces, unknowns (n, 3) and layers of vertical ones, in this space."""
        position = np.full(len(self.mesh.areas), -1)
        position[self.columns] = np.arange(len(self.columns))
        vertex = np.full(len(self.mesh.vertices), -1)
        vertex[self.vertex_of] = np.arange(len(self.vertex_of))
        edges = vertex[self.mesh.edges[faces.edge]]
        dofs = self.plane.edge_dofs(edges) if len(edges) else np.empty((0, 3), np.int64)
        return position[faces.column], faces.level - self.layers[0], dofs, faces.layer - self.layers[0]

    def face_entries(self, faces: Faces) -> Ints:
        """The raw entries on faces."""
        triangle, level, dofs, layer = self._local_faces(faces)
        nodes = self.shape[1]
        flat = (self.plane.dofs[triangle] * nodes + 2 * level[:, None]).ravel()
        upright = dofs[:, :, None] * nodes + (2 * layer[:, None] + np.arange(3))[:, None, :]
        return np.unique(np.concatenate([flat, upright.ravel()]))

    def face_exchange(self, faces: Faces, coefficient: float) -> Any:
        """The exchange matrix of faces on raw entries, coefficient in W/(m2 K)."""
        triangle, level, dofs, layer = self._local_faces(faces)
        nodes, shape = self.shape[1], (self.size, self.size)
        total = sp.csr_array(shape)
        for number in np.unique(level):
            weight = np.zeros(len(self.columns))
            weight[triangle[level == number]] = coefficient
            data = self.plane.mass_maps[1] @ weight
            rows = self.plane.rows.astype(np.int64) * nodes + 2 * number
            columns = self.plane.indices.astype(np.int64) * nodes + 2 * number
            keep = data != 0
            total = total + sp.csr_array((data[keep], (rows[keep], columns[keep])), shape=shape)
        if len(layer):
            length, height = self._edge_lengths(faces), self.heights[layer]
            local = np.einsum("f,ab,mn->fambn", coefficient * length * height, MASS_EDGE, MASS)
            entry = (dofs[:, :, None] * nodes + (2 * layer[:, None] + np.arange(3))[:, None, :]).reshape(-1, 9)
            rows, columns = np.repeat(entry, 9, axis=1).ravel(), np.tile(entry, (1, 9)).ravel()
            total = total + sp.csr_array((local.ravel(), (rows, columns)), shape=shape)
        return total

    def face_load(self, faces: Faces, density: float) -> Floats:
        """The load of a constant supply over faces (W/m2 or A/m2)."""
        triangle, level, dofs, layer = self._local_faces(faces)
        load = np.zeros(self.shape)
        for number in np.unique(level):
            weight = np.bincount(triangle[level == number], minlength=len(self.columns)) * density
            load[:, 2 * number] += self.plane.cell_load_map @ weight
        if len(layer):
            local = np.einsum("f,a,m->fam", density * self._edge_lengths(faces) * self.heights[layer], LOAD_EDGE, LOAD)
            np.add.at(load, (dofs[:, :, None], (2 * layer[:, None] + np.arange(3))[:, None, :]), local)
        return load.ravel()

    def _edge_lengths(self, faces: Faces) -> Floats:
        ends = self.mesh.vertices[self.mesh.edges[faces.edge]]
        return np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)

    # --- cells --------------------------------------------------------------------------------------------

    def local_cells(self, cells: Bools) -> Bools:
        """A mask over the mesh's cells as a mask over this space's."""
        return cells[np.ix_(self.layers, self.columns)]

    def cell_entries(self, cells: Bools) -> Ints:
        """The raw entries of cells (a mask over the mesh)."""
        mask = np.zeros(self.shape, bool)
        for layer, used in enumerate(self.local_cells(cells) & self.cells):
            if used.any():
                mask[np.unique(self.plane.dofs[used]), 2 * layer : 2 * layer + 3] = True
        return np.flatnonzero(mask)

    def cell_extrema(self, raw: Floats) -> tuple[Floats, Floats]:
        """The least and the greatest nodal value in each cell of the mesh, (n_layers, n_triangles), NaN outside."""
        field = raw.reshape(self.shape)
        low, high = (np.full(self.mesh.cell_part.shape, np.nan) for _ in range(2))
        for layer, used in enumerate(self.cells):
            local = field[:, 2 * layer : 2 * layer + 3]
            row, columns = self.layers[layer], self.columns[used]
            low[row, columns] = local.min(axis=1)[self.plane.dofs[used]].min(axis=1)
            high[row, columns] = local.max(axis=1)[self.plane.dofs[used]].max(axis=1)
        return low, high

    def volume_load(self, cells: Bools, density: float) -> Floats:
        """The load of a constant density (W/m3) in cells (a mask over the mesh)."""
        load = np.zeros(self.shape)
        sums = self.plane.cell_load_map @ (density * self.local_cells(cells).T)
        for layer, height in enumerate(self.heights):
            load[:, 2 * layer : 2 * layer + 3] += np.outer(sums[:, layer], height * LOAD)
        return load.ravel()

    def cell_integrals(self, raw: Floats) -> Floats:
        """The integral of a field over each cell of the mesh, (n_layers, n_triangles)."""
        field = raw.reshape(self.shape)
        result = np.zeros(self.mesh.cell_part.shape)
        for layer, height in enumerate(self.heights):
            sums = self.plane.cell_load_map.T @ (field[:, 2 * layer : 2 * layer + 3] @ (height * LOAD))
            result[self.layers[layer], self.columns] = np.where(self.cells[layer], sums, 0.0)
        return result

    def gradient(self, raw: Floats, layer: int) -> list[Floats]:
        """The gradient at a layer's quadrature points: three arrays (3, n_triangles, n_points)."""
        local = raw.reshape(self.shape)[:, 2 * layer : 2 * layer + 3]
        values, slopes = local @ VALUES.T, local @ SLOPES.T / self.heights[layer]
        along_x, along_y = self.plane.gradients
        planes = (along_x @ values, along_y @ values, self.plane.values @ slopes)
        return [plane.T.reshape(3, -1, self.plane.n_points) for plane in planes]

    def fluxes(self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None) -> Any:
        """For each layer: its conductivity and gradient at quadrature points, and the volume of each point."""
        for layer, height in enumerate(self.heights):
            found = np.where(self.cells[layer], self.part[layer], -1)
            conductivity = evaluate_axes(
                axes, found, None if sampler is None else sampler(layer), self.plane.weights.shape
            )
            volume = WEIGHTS[:, None, None] * height * self.plane.weights
            yield layer, conductivity, self.gradient(raw, layer), volume

    def joule(
        self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None, thermal: ColumnSpace
    ) -> tuple[Floats, Floats]:
        """Joule heat: the load on a thermal space (W), and the heat in each cell of the mesh (W)."""
        load = np.zeros(thermal.shape)
        heat = np.zeros(self.mesh.cell_part.shape)
        columns = (
            np.searchsorted(thermal.columns, self.columns)[:, None] * self.plane.n_points
            + np.arange(self.plane.n_points)
        ).ravel()
        weighted = thermal.plane.load_map[:, columns]
        shift = self.layers[0] - thermal.layers[0]
        for layer, conductivity, gradient, volume in self.fluxes(raw, axes, sampler):
            density = joule_density(conductivity, gradient)
            heat[self.layers[layer], self.columns] = (density * volume).sum(axis=(0, 2))
            planar = weighted @ density.reshape(3, -1).T
            start = 2 * (layer + shift)
            load[:, start : start + 3] += planar @ (WEIGHTS[:, None] * self.heights[layer] * VALUES)
        return load.ravel(), heat

    def mean_fluxes(self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None) -> Floats:
        """The mean flux density in each cell of the mesh: (n_layers, n_triangles, 3), zero outside."""
        result = np.zeros((*self.mesh.cell_part.shape, 3))
        for layer, conductivity, gradient, volume in self.fluxes(raw, axes, sampler):
            flux = flux_density(conductivity, gradient)
            total = volume.sum(axis=(0, 2))
            for axis in range(3):
                result[self.layers[layer], self.columns, axis] = (flux[axis] * volume).sum(axis=(0, 2)) / total
        return result

    def residual(self, raw: Floats, axes: Sequence[Axes | None], sampler: Sampler | None, cells: Bools) -> Floats:
        """What conduction in some cells alone takes in at each raw entry: the assembled operator of these cells."""
        mask = self.local_cells(cells)
        result = np.zeros(self.shape)
        along_x, along_y = self.plane.gradients
        for layer, conductivity, gradient, volume in self.fluxes(raw, axes, sampler):
            if not mask[layer].any():
                continue
            weight = volume * mask[layer][:, None]
            x, y, z = ((c * g * weight).reshape(3, -1).T for c, g in zip(conductivity, gradient, strict=True))
            span = slice(2 * layer, 2 * layer + 3)
            result[:, span] += (along_x.T @ x + along_y.T @ y) @ VALUES
            result[:, span] += self.plane.values.T @ z @ (SLOPES / self.heights[layer])
        return result.ravel()

    # --- points -------------------------------------------------------------------------------------------

    def evaluate(self, raw: Floats, points: Floats) -> Floats:
        """The field at points (n, 3); NaN where a point lies in no cell of this space."""
        values = np.full(len(points), np.nan)
        low, high = self.plane.vertices.min(axis=0), self.plane.vertices.max(axis=0)
        slack = 1e-9 * float((high - low).max())
        inside = ((points[:, :2] >= low - slack) & (points[:, :2] <= high + slack)).all(axis=1)
        inside &= (points[:, 2] >= self.levels[0] - slack) & (points[:, 2] <= self.levels[-1] + slack)
        field = raw.reshape(self.shape)
        for index in np.flatnonzero(inside):
            values[index] = self._evaluate_one(field, points[index], slack)
        return values

    def _evaluate_one(self, field: Floats, point: Floats, slack: float) -> float:
        corners = self.plane.vertices[self.plane.triangles]
        first = corners[:, 0]
        a, b, p = corners[:, 1] - first, corners[:, 2] - first, point[:2] - first
        area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        s, t = (p[:, 0] * b[:, 1] - p[:, 1] * b[:, 0]) / area, (a[:, 0] * p[:, 1] - a[:, 1] * p[:, 0]) / area
        edge = slack / np.sqrt(area)
        candidates = np.flatnonzero((s >= -edge) & (t >= -edge) & (s + t <= 1 + edge))
        z = point[2]
        layers = np.flatnonzero((self.levels[:-1] - slack <= z) & (z <= self.levels[1:] + slack))
        for column in candidates:
            for layer in layers:
                if self.cells[layer, column]:
                    shape, dofs = self.plane.evaluate(np.array([column]), point[None, :2])
                    x = (z - self.levels[layer]) / self.heights[layer]
                    vertical = np.array([(2 * x - 1) * (x - 1), 4 * x * (1 - x), x * (2 * x - 1)])
                    return float(shape[0] @ field[dofs[0], 2 * layer : 2 * layer + 3] @ vertical)
        return float("nan")


MASS_EDGE = MASS[np.ix_([0, 2, 1], [0, 2, 1])]
LOAD_EDGE = LOAD[[0, 2, 1]]
"""The same quadratic functions along a planar edge, in the order both ends, then the middle."""
