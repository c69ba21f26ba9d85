"""An imported mesh of tetrahedra with named groups: the same questions as columns, for any shape."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.errors import InputError, MeshError, near_misses
from mcpthermal.mesh import curved
from mcpthermal.package.columns import SIDES, Place
from mcpthermal.package.footprint import rectangle
from mcpthermal.package.parts import Part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_POINTS = 2_000_000
"""Beyond it three point numbers do not fit into the 64 bits of a facet's key."""


@dataclass(frozen=True, eq=False)
class TetFaces:
    """Triangles of a tetrahedral mesh.

    Attributes
    ----------
    facet : (n,) array of int
        Numbers in the table of all facets.
    cells : (n,) array of int
        The cell on the placement's own side.
    """

    facet: Ints
    cells: Ints

    @property
    def count(self) -> int:
        """How many faces there are."""
        return len(self.facet)

    def where(self, keep: Bools) -> TetFaces:
        """The faces for which `keep` holds."""
        return TetFaces(self.facet[keep], self.cells[keep])


@dataclass(frozen=True, eq=False)
class TetMesh:
    """Tetrahedra, straight or curved, with named volumes and surfaces; made by `read_mesh`.

    Attributes
    ----------
    points : (n_points, 3) array
        (m)
    cells : (n_cells, 4) array of int
    cell_part : (n_cells,) array of int
        The group of each cell.
    part_names : tuple of str
    surfaces : mapping of str to (n, 3) array of int
        The corner points of each named surface.
    middles : (n_cells, 6, 3) array, optional
        The middles of the edges 01, 12, 02, 03, 13, 23 of each cell (m); none where all edges are straight.
    geometry : Geometry, optional
        What it was made from, if that is known (`read_mesh`): new meshes of the same body are made of it.
    """

    points: Floats
    cells: Ints
    cell_part: Ints
    part_names: tuple[str, ...]
    surfaces: Mapping[str, Ints] = field(default_factory=dict)
    members: Mapping[int, Ints] = field(default_factory=dict)
    middles: Floats | None = None
    geometry: Any = None

    def __repr__(self) -> str:
        return f"TetMesh({self.summary()})"

    @property
    def n_cells(self) -> int:
        """How many tetrahedra there are."""
        return len(self.cells)

    def summary(self) -> str:
        """One line: cells and points."""
        kind = "tetrahedra" if self.middles is None else "curved tetrahedra"
        return f"{len(self.cells):,} {kind}, {len(self.points):,} points"

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, TetMesh) and self.fingerprint == other.fingerprint)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of points, cells, their parts and the named surfaces: meshes are equal if theirs are."""
        names = (self.part_names, list(self.surfaces), list(self.members))
        digest = hashlib.sha256(repr(names).encode())
        surfaces = (*self.surfaces.values(), *self.members.values())
        for array in (self.points, self.cells, self.cell_part, self.middles, *surfaces):
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    @property
    def solid(self) -> Bools:
        """All cells are filled."""
        return np.ones(len(self.cells), bool)

    @cached_property
    def cell_volumes(self) -> Floats:
        """(n_cells,) volumes (m3), exact for curved cells too."""
        edges = self.points[self.cells[:, 1:]] - self.points[self.cells[:, :1]]
        volumes = np.abs(np.einsum("ci,ci->c", np.cross(edges[:, 0], edges[:, 1]), edges[:, 2])) / 6
        if self.middles is not None:
            corners = self.points[self.cells]
            bent = curved.bent(corners, self.middles)
            volumes[bent] = curved.cell_volumes(corners[bent], self.middles[bent])
        return np.asarray(volumes)

    def volumes(self) -> Floats:
        """The volume of each part (m3)."""
        return np.asarray(np.bincount(self.cell_part, self.cell_volumes, minlength=len(self.part_names)), float)

    def interfaces(self) -> dict[tuple[str, str], float]:
        """The area (m2) over which each pair of parts touches."""
        sides = self._facets[2]
        inner = np.flatnonzero((sides >= 0).all(axis=1))
        low, high = np.sort(self.cell_part[sides[inner]], axis=1).T
        touch = low != high
        key, place = np.unique(np.stack([low[touch], high[touch]]), axis=1, return_inverse=True)
        areas = np.bincount(place.ravel(), self.face_areas(TetFaces(inner[touch], sides[inner[touch], 0])))
        names = self.part_names
        return {(names[a], names[b]): area for (a, b), area in zip(key.T.tolist(), areas.tolist(), strict=True)}

    def of_parts(self, mask: Bools) -> Bools:
        """The cells whose part is in a mask (n_parts,)."""
        return mask[self.cell_part]

    def make_parts(self, materials: Mapping[str, Any]) -> tuple[Part, ...]:
        """The parts of a package on this mesh, each with its bounding box as outline.

        Raises
        ------
        InputError
            If a group has no material, or a material has no group.
        """
        if not isinstance(materials, Mapping):
            raise InputError(f"materials of a mesh: {materials!r} is no mapping; give {{group name: material}}")
        for name in materials:
            if name not in self.part_names:
                raise InputError(f"the mesh has no volume group '{name}'; {near_misses(str(name), self.part_names)}")
        missing = [name for name in self.part_names if name not in materials]
        if missing:
            raise InputError(
                f"the volume group(s) {', '.join(map(repr, missing))} have no material; add them to the mapping"
            )
        for name in self.part_names:
            if materials[name] is None:
                raise InputError(f"the volume group '{name}' must have a material; leave a hole out of the mesh")
        parts = []
        for number, name in enumerate(self.part_names):
            mine = self.cell_part == number
            used = np.zeros(len(self.points), bool)
            used[self.cells[mine]] = True
            corners = self.points[used]
            if self.middles is not None:
                corners = np.vstack([corners, self.middles[mine].reshape(-1, 3)])
            (x0, y0, z0), (x1, y1, z1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
            box = rectangle((x1 - x0, y1 - y0), at=((x0 + x1) / 2, (y0 + y1) / 2))
            parts.append(Part(name, box, (z0, z1), materials[name]))
        return tuple(parts)

    @cached_property
    def _facets(self) -> tuple[Ints, Ints, Ints, Any]:
        """Sorted keys of all facets, their corner points (n, 3), the cells on both sides (n, 2), -1 outside.

        And for each cell the facets (n_cells, 4) opposite to its corners.
        """
        corners = np.sort(self.cells[:, curved.OPPOSITE].reshape(-1, 3), axis=1)
        keys = self._keys(corners)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        start = np.flatnonzero(np.diff(keys, prepend=-1))
        counts = np.diff(start, append=len(keys))
        if counts.max(initial=0) > 2:
            parts = np.unique(self.cell_part[order[np.repeat(counts > 2, counts)] // 4]).tolist()
            raise MeshError(
                "a facet belongs to more than two tetrahedra: cells overlap in group(s) "
                f"{', '.join(repr(self.part_names[part]) for part in parts)}; repair the mesh"
            )
        first = order[start]
        sides = np.full((len(start), 2), -1)
        sides[:, 0] = first // 4
        sides[counts == 2, 1] = order[start[counts == 2] + 1] // 4
        own = np.empty(len(order), np.int32)
        own[order] = np.repeat(np.arange(len(start)), counts)
        return keys[start], corners[first], sides, own.reshape(-1, 4)

    def _keys(self, sorted_corners: Ints) -> Ints:
        count = len(self.points)
        if count > MOST_POINTS:
            raise MeshError(f"the mesh has {count:,} points; at most {MOST_POINTS:,} can be used: coarsen it")
        return (sorted_corners[:, 0] * count + sorted_corners[:, 1]) * count + sorted_corners[:, 2]

    @property
    def cell_facets(self) -> Any:
        """(n_cells, 4) numbers of the facets opposite to each corner."""
        return self._facets[3]

    def facet_points(self, faces: TetFaces) -> Ints:
        """(n, 3) corner points of faces."""
        return self._facets[1][faces.facet]

    def facet_middles(self, faces: TetFaces) -> Floats:
        """(n, 3, 3) middles of the edges 01, 12, 02 of `facet_points` (m)."""
        corners = self.facet_points(faces)
        if self.middles is None:
            return np.asarray(self.points[corners[:, curved.FACE_EDGES]].mean(axis=2))
        cells = self.facet_sides(faces)[:, 0]
        local = (self.cells[cells][:, None] == corners[:, :, None]).argmax(axis=2)
        first, second = curved.FACE_EDGES.T
        return np.asarray(self.middles[cells[:, None], curved.EDGE_OF[local[:, first], local[:, second]]])

    def facet_sides(self, faces: TetFaces) -> Ints:
        """(n, 2) cells on both sides of faces, the second one -1 outside."""
        return self._facets[2][faces.facet]

    def opposite(self, faces: TetFaces) -> TetFaces:
        """The same faces seen from the cell on the other side.

        Raises
        ------
        MeshError
            If a face lies on the outside.
        """
        other = self.facet_sides(faces).sum(axis=1) - faces.cells
        if (other < 0).any():
            raise MeshError(f"{int((other < 0).sum())} faces lie on the outside of the mesh and have no other side")
        return TetFaces(faces.facet, other)

    def cells_of(self, place: Place) -> Bools:
        """The cells of a place's parts."""
        return np.isin(self.cell_part, place.parts)

    def faces_of(self, place: Place) -> TetFaces:
        """The faces that a place means: a named surface, a side of the mesh, a side of a part, or an interface."""
        if place.face == "surface":
            return self._surface(place.text)
        if not place.parts:
            return self._side(self.between(self.solid, None), place.face)
        cells = self.cells_of(place)
        if place.face == "interface":
            return self.between(cells, np.isin(self.cell_part, place.others))
        if place.face in ("foot", "pad"):
            raise InputError(f"place '{place.text}': an imported mesh has no vias or openings; name a surface group")
        return self._side(self.between(cells, None), place.face)

    @cached_property
    def _known(self) -> dict[Any, Any]:
        """Surfaces and groups of cells that were asked for: each is wanted several times."""
        return {}

    def _surface(self, name: str) -> TetFaces:
        if name not in self._known:
            self._known[name] = self._found_surface(name)
        found: TetFaces = self._known[name]
        return found

    def _found_surface(self, name: str) -> TetFaces:
        keys, _, sides, _ = self._facets
        wanted = self._keys(np.sort(self.surfaces[name], axis=1))
        facet = np.searchsorted(keys, wanted)
        facet[facet == len(keys)] = 0
        if (keys[facet] != wanted).any():
            raise MeshError(
                f"surface group '{name}' has {int((keys[facet] != wanted).sum())} triangles that are no faces of "
                "tetrahedra; mesh volumes and surfaces together"
            )
        facet = np.unique(facet)
        return TetFaces(facet, sides[facet, 0])

    def between(self, inner: Bools, outer: Bools | None) -> TetFaces:
        """Faces whose inner cell is in `inner` and whose other cell is in `outer` (None: anything but `inner`).

        The world outside the mesh counts as an outer cell if `outer` is None.
        """
        sides = self._facets[2]
        inside = np.append(inner, False)
        outside = np.append(~inner if outer is None else outer, outer is None)
        found = []
        for a, b in ((0, 1), (1, 0)):
            facet = np.flatnonzero(inside[sides[:, a]] & outside[sides[:, b]])
            found.append((facet, sides[facet, a]))
        return TetFaces(np.concatenate([f for f, _ in found]), np.concatenate([c for _, c in found]))

    def _side(self, faces: TetFaces, side: str) -> TetFaces:
        """Faces that look up, down or sideways, or lie in an extreme plane."""
        corners = self.points[self.facet_points(faces)]
        if side in SIDES:
            axis, sign = SIDES[side]
            value = sign * corners[:, :, axis]
            slack = 1e-7 * np.ptp(self.points, axis=0).max()
            return faces.where(value.min(axis=1) >= value.max() - slack)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        middle = self.points[self.cells[faces.cells]].mean(axis=1)
        outward = np.sign(np.einsum("fi,fi->f", normal, corners.mean(axis=1) - middle))
        slope = outward * normal[:, 2] / np.linalg.norm(normal, axis=1)
        # Faces steeper than 45 degrees are sides.
        steep = np.sqrt(0.5)
        keep = {"top": slope > steep, "bottom": slope < -steep, "sides": np.abs(slope) <= steep}[side]
        return faces.where(keep)

    def seen_from(self, faces: TetFaces, cells: Bools) -> TetFaces:
        """The faces that have a cell of a mask on either side, with that cell as the inner one."""
        sides = self._facets[2][faces.facet]
        padded = np.append(cells, False)
        inner = np.where(cells[faces.cells], faces.cells, np.where(padded[sides[:, 0]], sides[:, 0], sides[:, 1]))
        return TetFaces(faces.facet, inner).where(padded[inner])

    def exposed(self, faces: TetFaces) -> TetFaces:
        """Those on the outside of the mesh."""
        return faces.where(self._facets[2][faces.facet, 1] < 0)

    def face_areas(self, faces: TetFaces) -> Floats:
        """Areas (m2)."""
        corners = self.points[self.facet_points(faces)]
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        if self.middles is not None:
            middles = self.facet_middles(faces)
            bent = curved.bent(corners, middles)
            areas[bent] = curved.face_areas(corners[bent], middles[bent])
        return np.asarray(areas)

    def face_keys(self, faces: TetFaces) -> Ints:
        """A number for each face."""
        return faces.facet

    def components(self, cells: Bools) -> tuple[int, Ints]:
        """Groups of cells joined through faces: their number, and the group of each cell (-1 for others)."""
        key = np.packbits(cells).tobytes()
        if key not in self._known:
            self._known[key] = self._found_components(cells)
        count, group = self._known[key]
        return count, group.copy()

    def _found_components(self, cells: Bools) -> tuple[int, Ints]:
        sides = self._facets[2]
        sides = sides[(sides >= 0).all(axis=1)]
        sides = sides[cells[sides].all(axis=1)]
        number = np.full(len(cells), -1)
        count = int(np.count_nonzero(cells))
        number[cells] = np.arange(count)
        a, b = number[sides].T
        graph = sp.coo_array((np.ones(len(a)), (a, b)), shape=(count, count))
        groups, label = sp.csgraph.connected_components(graph, directed=False)
        result = np.full(len(cells), -1)
        result[cells] = label
        return int(groups), result
