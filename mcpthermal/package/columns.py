"""Columns: cells made of planar regions times layers, and the question which faces and cells a placement means.

The coarse columns of a package (its planar regions, `arrangement.py`) answer every check before
meshing; the columns of a mesh (triangles) use the same code to find loads. Both are `Columns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.errors import MeshError

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SIDES = {
    "x_min": (0, -1.0),
    "x_max": (0, 1.0),
    "y_min": (1, -1.0),
    "y_max": (1, 1.0),
}


@dataclass(frozen=True)
class Place:
    """A placement that has been understood.

    Attributes
    ----------
    text : str
        As it was written.
    parts : tuple of int
        The parts it is about; empty for a face of the whole package.
    member : int or None
        One member of a family.
    face : str
        ``"top"``, ``"bottom"``, ``"sides"``, ``"x_min"``, ..., ``"foot"``, ``"pad"`` (an opening),
        ``"interface"``, ``"surface"`` (a named group of an imported mesh), or empty for the volume.
    others : tuple of int
        The parts on the other side of an interface.
    other_member : int or None
        One member of the family on the other side.
    """

    text: str
    parts: tuple[int, ...] = ()
    member: int | None = None
    face: str = ""
    others: tuple[int, ...] = ()
    other_member: int | None = None

    @property
    def other_side(self) -> Place:
        """The parts on the other side of an interface, as a volume."""
        return Place(self.text, self.others, self.other_member)

    @property
    def is_volume(self) -> bool:
        """Whether it means cells rather than faces."""
        return not self.face


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces of cells, each listed once, with the cell on the placement's own side.

    Attributes
    ----------
    column, level, up : arrays
        Horizontal faces: their column, their level, and whether the outward normal points up.
    edge, layer, inner : arrays
        Vertical faces: their planar edge, their layer, and the column on the inner side.
    """

    column: Ints
    level: Ints
    up: Bools
    edge: Ints
    layer: Ints
    inner: Ints

    @property
    def count(self) -> int:
        """How many faces there are."""
        return len(self.column) + len(self.edge)

    @property
    def cells(self) -> tuple[Ints, Ints]:
        """Layer and column of the inner cell, horizontal faces first."""
        layer = np.concatenate([self.level - self.up, self.layer])
        return layer, np.concatenate([self.column, self.inner])

    def where(self, keep: Bools) -> Faces:
        """The faces for which `keep` (in the order of `cells`) holds."""
        n = len(self.column)
        h, v = keep[:n], keep[n:]
        return Faces(self.column[h], self.level[h], self.up[h], self.edge[v], self.layer[v], self.inner[v])


@dataclass(frozen=True, eq=False)
class Columns:
    """Cells (layer, column) over a planar subdivision.

    Attributes
    ----------
    vertices : (n_vertices, 2) array
        Planar points (m).
    edges : (n_edges, 2) array of int
        Straight planar edges between vertices.
    edge_columns : (n_edges, 2) array of int
        The columns on both sides of each edge, -1 outside.
    areas : (n_columns,) array
        (m2)
    levels : (n_layers + 1,) array
        Heights of the layers' faces, ascending (m).
    cell_part : (n_layers, n_columns) array of int
        The index of the part in each cell, -1 where there is none.
    solid_parts : (n_parts,) array of bool
        Which parts are not voids.
    members : mapping of int to (n_columns,) array of int
        For each family (by part index) the member whose shape covers a column, -1 for none.
    """

    vertices: Floats
    edges: Ints
    edge_columns: Ints
    areas: Floats
    levels: Floats
    cell_part: NDArray[np.int32]
    solid_parts: Bools
    members: Mapping[int, Ints]

    @property
    def heights(self) -> Floats:
        """Thickness of each layer (m)."""
        return np.diff(self.levels)

    @property
    def solid(self) -> Bools:
        """(n_layers, n_columns): whether the cell is filled."""
        return np.append(self.solid_parts, False)[self.cell_part]

    def of_parts(self, mask: Bools) -> Bools:
        """The cells whose part is in a mask (n_parts,)."""
        return np.append(mask, False)[self.cell_part]

    @property
    def cell_volumes(self) -> Floats:
        """(n_layers, n_columns) volume of each cell (m3), filled or not."""
        return self.heights[:, None] * self.areas

    def volumes(self) -> Floats:
        """The volume of each part (m3)."""
        filled = self.cell_part >= 0
        return np.asarray(
            np.bincount(self.cell_part[filled], self.cell_volumes[filled], minlength=len(self.solid_parts)), float
        )

    def extents(self) -> Floats:
        """The least and greatest x and y of each part, (n_parts, 2, 2) (m): infinite for one without cells."""
        found = np.stack([np.full((len(self.solid_parts), 2), np.inf), np.full((len(self.solid_parts), 2), -np.inf)], 1)
        layer, column = np.nonzero(self.cell_part >= 0)
        part, ends = self.cell_part[layer, column], self.vertices[self.edges]
        for bound, limit, ufunc in ((0, ends.min(axis=1), np.minimum), (1, ends.max(axis=1), np.maximum)):
            reach = np.full((len(self.areas) + 1, 2), -np.inf if bound else np.inf)
            for side in (0, 1):
                ufunc.at(reach, self.edge_columns[:, side], limit)
            ufunc.at(found[:, bound], part, reach[column])
        return found

    def between(self, inner: Bools, outer: Bools | None) -> Faces:
        """Faces whose inner cell is in `inner` and whose other cell is in `outer` (None: anything but `inner`).

        The world outside the columns counts as an outer cell if `outer` is None.
        """
        outside = outer is None
        other = ~inner if outer is None else outer
        no_row = np.full((1, inner.shape[1]), outside)
        above = np.vstack([other[1:], no_row])
        below = np.vstack([no_row, other[:-1]])
        up_layer, up_column = np.nonzero(inner & above)
        down_layer, down_column = np.nonzero(inner & below)
        edges, layers, inners = [], [], []
        pad_inner = np.column_stack([inner, np.zeros(len(inner), bool)])
        pad_other = np.column_stack([other, np.full(len(other), outside)])
        for a, b in ((0, 1), (1, 0)):
            hit = pad_inner[:, self.edge_columns[:, a]] & pad_other[:, self.edge_columns[:, b]]
            layer, edge = np.nonzero(hit)
            edges.append(edge)
            layers.append(layer)
            inners.append(self.edge_columns[edge, a])
        return Faces(
            column=np.concatenate([up_column, down_column]),
            level=np.concatenate([up_layer + 1, down_layer]),
            up=np.r_[np.ones(len(up_layer), bool), np.zeros(len(down_layer), bool)],
            edge=np.concatenate(edges),
            layer=np.concatenate(layers),
            inner=np.concatenate(inners),
        )

    def face_areas(self, faces: Faces) -> Floats:
        """The area of each face (m2), horizontal faces first."""
        ends = self.vertices[self.edges[faces.edge]]
        length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
        return np.concatenate([self.areas[faces.column], length * self.heights[faces.layer]])

    def horizontal(self, faces: Faces, up: bool) -> Faces:
        """Only the faces that look up (or down)."""
        return faces.where(np.concatenate([faces.up == up, np.zeros(len(faces.edge), bool)]))

    def vertical(self, faces: Faces) -> Faces:
        """Only the vertical faces."""
        return faces.where(np.r_[np.zeros(len(faces.column), bool), np.ones(len(faces.edge), bool)])

    def extreme(self, faces: Faces, side: str) -> Faces:
        """The vertical faces that lie in the plane of the extreme coordinate of a side such as ``x_min``."""
        axis, sign = SIDES[side]
        if not len(faces.edge):
            return faces.where(np.zeros(faces.count, bool))
        ends = sign * self.vertices[self.edges[faces.edge]][:, :, axis]
        slack = 1e-7 * np.ptp(self.vertices, axis=0).max()
        flush = ends.min(axis=1) >= ends.max() - slack
        return faces.where(np.r_[np.zeros(len(faces.column), bool), flush])

    def seen_from(self, faces: Faces, cells: Bools) -> Faces:
        """The faces whose inner cell is in a mask."""
        return faces.where(cells[faces.cells])

    def exposed(self, faces: Faces) -> Faces:
        """Those that no filled cell covers from outside."""
        solid = self.solid
        padded = np.pad(solid, ((1, 1), (0, 0)))
        above = padded[np.where(faces.up, faces.level + 1, faces.level), faces.column]
        beside = np.column_stack([solid, np.zeros(len(solid), bool)])[faces.layer, self._beyond(faces)]
        return faces.where(~np.concatenate([above, beside]))

    def opposite(self, faces: Faces) -> Faces:
        """The same faces seen from the cell on the other side.

        Raises
        ------
        MeshError
            If a face has no other side, because it lies on the outside of the columns.
        """
        beyond = self._beyond(faces)
        layer = faces.level - ~faces.up
        outside = int(np.count_nonzero((layer < 0) | (layer >= len(self.cell_part))) + np.count_nonzero(beyond < 0))
        if outside:
            raise MeshError(f"{outside} faces lie on the outside of the mesh and have no other side")
        return Faces(faces.column, faces.level, ~faces.up, faces.edge, faces.layer, beyond)

    def _beyond(self, faces: Faces) -> Ints:
        """The columns on the other side of the vertical faces, -1 outside."""
        sides = self.edge_columns[faces.edge]
        return np.where(sides[:, 0] == faces.inner, sides[:, 1], sides[:, 0])

    def cells_of(self, place: Place) -> Bools:
        """The cells of a place's parts (and member): (n_layers, n_columns)."""
        cells = np.zeros(self.cell_part.shape, bool)
        for part in place.parts:
            mine = self.cell_part == part
            if place.member is not None:
                mine &= self.members[part] == place.member
            cells |= mine
        return cells

    def faces_of(self, place: Place) -> Faces:
        """The faces that a place means; of the package's own faces only those that see the outside.

        ``top`` of the package is every upward face with nothing above it, ``bottom`` likewise below;
        ``sides`` are all exposed vertical faces.
        """
        if not place.parts:
            return self._package_faces(place.face)
        cells = self.cells_of(place)
        if place.face == "interface":
            return self.between(cells, self.cells_of(place.other_side))
        if place.face == "pad":
            return self.horizontal(self.between(self.solid & ~cells, cells), True)
        faces = self.between(cells, None)
        if place.face == "sides":
            return self.vertical(faces)
        if place.face in SIDES:
            return self.extreme(faces, place.face)
        if place.face == "foot":
            faces = self.horizontal(faces, False)
            return faces.where(faces.level == faces.level.min(initial=len(self.levels)))
        return self.horizontal(faces, place.face == "top")

    def _package_faces(self, face: str) -> Faces:
        solid = self.solid
        faces = self.between(solid, None)
        if face == "sides":
            return self.vertical(faces)
        if face in SIDES:
            return self.extreme(faces, face)
        up = face == "top"
        faces = self.horizontal(faces, up)
        outermost = len(solid) - 1 - np.argmax(solid[::-1], axis=0) if up else np.argmax(solid, axis=0)
        layer, column = faces.cells
        return faces.where(outermost[column] == layer)

    def face_keys(self, faces: Faces) -> Ints:
        """A number for each face that does not depend on the side from which it was found."""
        horizontal = faces.level * len(self.areas) + faces.column
        offset = len(self.levels) * len(self.areas)
        return np.concatenate([horizontal, offset + faces.layer * len(self.edges) + faces.edge])

    def inner_cells(self, faces: Faces) -> Bools:
        """The mask of the cells on the inner side of faces."""
        mask = np.zeros(self.cell_part.shape, bool)
        mask[faces.cells] = True
        return mask

    def components(self, cells: Bools) -> tuple[int, Ints]:
        """Groups of cells joined through faces.

        Parameters
        ----------
        cells : (n_layers, n_columns) array of bool

        Returns
        -------
        int
            How many groups there are.
        array of int, shape of `cells`
            The group of each cell, -1 for cells that are not asked about.
        """
        number = np.full(cells.shape, -1)
        number[cells] = np.arange(np.count_nonzero(cells))
        vertical = cells[:-1] & cells[1:]
        pairs = [np.c_[number[:-1][vertical], number[1:][vertical]]]
        inner = self.edge_columns[(self.edge_columns >= 0).all(axis=1)]
        a, b = number[:, inner[:, 0]], number[:, inner[:, 1]]
        both = (a >= 0) & (b >= 0)
        pairs.append(np.c_[a[both], b[both]])
        joined = np.concatenate(pairs)
        count = int(np.count_nonzero(cells))
        graph = sp.coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(count, count))
        groups, label = sp.csgraph.connected_components(graph, directed=False)
        result = np.full(cells.shape, -1)
        result[cells] = label
        return int(groups), result
