"""Which part each volume of a geometry is, and which of its faces make up the named surfaces of a mesh.

A file of geometry need not name anything. Each of its volumes belongs to the part that the mesh has at points just
inside of its faces, each of its faces to the named surfaces that the mesh has there. The volumes of all parts and the
areas of all named surfaces must then be those of the mesh, but for what facets cut off: those of length h lie up to
k h^2 / 8 beside a face of curvature k, and take up to (k h)^2 / 8 of its area, and h^2 / 8 times the angle by which its
edges turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MeshError
from mcpthermal.mesh.gmsh_solids import Skin
from mcpthermal.mesh.location import balls, candidates, in_tetrahedra
from mcpthermal.mesh.msh import MshFile
from mcpthermal.mesh.shells import enclosed, outward
from mcpthermal.mesh.tetrahedra import TetFaces, TetMesh
from mcpthermal.package.columns import Place
from mcpthermal.units import describe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLES = 40
"""Triangles of each face that are looked for in the mesh."""

WHOLE = 0.98
"""The part of a face that must lie in a named surface for all of it to belong there; less than the rest is nothing."""

EXACT = 1e-5
"""Relative to volumes and areas: what rounding leaves."""

CURE = "give the geometry that the mesh was made from"


class Match:
    """A geometry beside a mesh of it.

    Parameters
    ----------
    mesh : TetMesh
    skin : Skin
    unit : float
        The length unit of its file (m).
    name : str
        That of the file, for messages.

    Raises
    ------
    MeshError
        If the geometry is not that of the mesh: the part or the surface that differs is named.
    """

    def __init__(self, mesh: TetMesh, skin: Skin, unit: float, name: str) -> None:
        self._mesh, self._name, self._bounds = mesh, name, skin.volumes
        self._corners, self._face = skin.points[skin.triangles] * unit, skin.face
        normals = np.cross(self._corners[:, 1] - self._corners[:, 0], self._corners[:, 2] - self._corners[:, 0]) / 2
        self._areas = np.linalg.norm(normals, axis=1)
        self._normals = normals / self._areas[:, None]
        self._length = _edges(self._corners).max(axis=1)
        self._curvature = np.zeros(int(self._face.max()) + 1)
        for face, value in skin.curvatures.items():
            self._curvature[face] = value / unit
        self._turns = skin.turns
        chosen = [np.flatnonzero(self._face == face) for face in np.unique(self._face).tolist()]
        self._samples = np.concatenate([own[:: 1 + len(own) // SAMPLES] for own in chosen])
        self._surfaces = {name: mesh.faces_of(Place(name, face="surface")) for name in mesh.surfaces}
        self._facets = self._boundaries()
        self._corners_there, self._at = self._on_facets()
        signs = {
            volume: outward(self._corners, skin.triangles, self._face, faces) for volume, faces in skin.volumes.items()
        }
        self._part = self._parts(signs)
        volumes = np.zeros(len(mesh.part_names))
        for volume, part in self._part.items():
            volumes[part] += enclosed(self._corners, signs[volume])
        self.check_volumes(volumes)
        self._faces = {name: self._covered(name) for name in mesh.surfaces}

    def _boundaries(self) -> TetFaces:
        """The facets of the mesh on its outside, between its parts, and in its named surfaces."""
        mesh = self._mesh
        found = [mesh.between(mesh.cell_part == part, None) for part in range(len(mesh.part_names))]
        found += self._surfaces.values()
        facet, first = np.unique(np.concatenate([item.facet for item in found]), return_index=True)
        return TetFaces(facet, np.concatenate([item.cells for item in found])[first])

    def _on_facets(self) -> tuple[Floats, Ints]:
        """The facets' corners, and for each sample the facet that is there, -1 without one."""
        corners = self._mesh.points[self._mesh.facet_points(self._facets)]
        places = self._corners[self._samples].mean(axis=1)
        centres, radii = balls(corners)
        sample, facet = candidates(places, centres, 1.2 * radii)
        beside, depth = _beside(places[sample], corners[facet])
        curvature = self._curvature[self._face[self._samples]][sample]
        long = _edges(corners).max(axis=1)[facet]
        slack = 1e-4 * long + curvature * (self._length[self._samples[sample]] ** 2 + long**2) / 4
        held = np.flatnonzero((beside <= slack) & (depth >= np.where(curvature > 0, -0.2, -0.02)))
        held = held[np.lexsort((beside[held], sample[held]))]
        own, first = np.unique(sample[held], return_index=True)
        at = np.full(len(places), -1)
        at[own] = facet[held[first]]
        return corners, at

    def _parts(self, signs: dict[int, Floats]) -> dict[int, int]:
        """The part of each volume: that which the mesh has just inside of its faces."""
        mesh = self._mesh
        rows = [np.flatnonzero(sign[self._samples]) for sign in signs.values()]
        row, volume = np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(own) for own in rows])
        triangle = self._samples[row]
        sign = np.concatenate([sign[self._samples[own]] for own, sign in zip(rows, signs.values(), strict=True)])
        inward = -sign[:, None] * self._normals[triangle]
        cell = self._inside(self._at[row], inward)
        # Where the mesh has no boundary, the geometry has one within a part.
        loose = np.flatnonzero(self._at[row] < 0)
        places = self._corners[triangle].mean(axis=1) + 1e-4 * self._length[triangle, None] * inward
        found, held, _ = in_tetrahedra(places[loose], mesh.points[mesh.cells], mesh.middles)
        cell[loose[found]] = held
        votes = np.zeros((len(rows), len(mesh.part_names)))
        np.add.at(votes, (volume[cell >= 0], mesh.cell_part[cell[cell >= 0]]), self._areas[triangle[cell >= 0]])
        shares = votes / np.bincount(volume, self._areas[triangle])[:, None]
        for share, own in zip(shares, rows, strict=True):
            if share.max() <= 0.5:
                named = [f"{100 * share[n]:.0f} % in '{mesh.part_names[n]}'" for n in np.flatnonzero(share > 0.005)]
                raise MeshError(
                    f"a volume of the geometry '{self._name}' ({self._box(self._samples[own])}) is in no one part of "
                    f"the mesh: {', '.join(named) or 'all of it is outside'}; {CURE}"
                )
        return dict(zip(self._bounds, shares.argmax(axis=1).tolist(), strict=True))

    def _inside(self, at: Ints, inward: Floats) -> Ints:
        """The cells beside facets, in given directions; -1 outside, and without a facet."""
        sides = self._mesh.facet_sides(self._facets)[at]
        middles = self._mesh.points[self._mesh.cells[sides[:, 0]]].mean(axis=1) - self._corners_there[at].mean(axis=1)
        first = np.einsum("ni,ni->n", middles, inward) > 0
        return np.where(at < 0, -1, np.where(first, sides[:, 0], sides[:, 1]))

    def _cut(self, faces: Iterable[int]) -> tuple[float, float]:
        """What facets may cut from the volume behind faces (m3) and from their area (m2), here and in the mesh."""
        volume = area = 0.0
        for face in faces:
            if self._curvature[face] > 0 or self._turns[face] > 0:
                own, at = self._face == face, self._at[self._face[self._samples] == face]
                there = _edges(self._corners_there[at[at >= 0]]).max(axis=1) if (at >= 0).any() else np.zeros(1)
                square = (np.mean(self._length[own] ** 2) + np.mean(there**2)) / 8
                bent = float(self._areas[own].sum() * self._curvature[face] * square)
                volume += bent
                area += bent * self._curvature[face] + self._turns[face] * square
        return volume, area

    def check_volumes(self, volumes: Floats) -> None:
        """Refuse volumes of parts (m3) that are not those of the mesh."""
        there = self._mesh.volumes()
        for number, name in enumerate(self._mesh.part_names):
            own = [volume for volume, part in self._part.items() if part == number]
            cut, _ = self._cut({face for volume in own for face in self._bounds[volume]})
            if abs(volumes[number] - there[number]) > EXACT * there[number] + cut:
                explained = f", more apart than by what facets cut off ({cut * 1e9:.2g} mm3)" if cut else ""
                raise MeshError(
                    f"part '{name}' has {there[number] * 1e9:.6g} mm3 in the mesh and {volumes[number] * 1e9:.6g} mm3 "
                    f"in the geometry '{self._name}'{explained}; {CURE}"
                )

    def _covered(self, name: str) -> tuple[int, ...]:
        """The faces that make up a named surface."""
        faces, weight = self._face[self._samples], self._areas[self._samples]
        inside = (self._at >= 0) & np.isin(self._facets.facet[self._at], self._surfaces[name].facet)
        whole = np.bincount(faces, weight)
        share = np.bincount(faces, weight * inside) / np.where(whole > 0, whole, 1.0)
        partly = np.flatnonzero((share > 1 - WHOLE) & (share < WHOLE))
        if len(partly):
            raise MeshError(
                f"surface '{name}' covers {100 * share[partly[0]]:.0f} % of a face of the geometry '{self._name}' "
                f"({self._box(self._face == partly[0])}): split the face there, or {CURE}"
            )
        chosen = tuple(np.flatnonzero(share >= WHOLE).tolist())
        area = float(self._areas[np.isin(self._face, chosen)].sum())
        there = float(self._mesh.face_areas(self._surfaces[name]).sum())
        if abs(area - there) > EXACT * there + self._cut(chosen)[1]:
            raise MeshError(
                f"surface '{name}' has {there * 1e6:.6g} mm2 in the mesh, and the faces of the geometry '{self._name}' "
                f"that lie in it {area * 1e6:.6g} mm2; {CURE}"
            )
        return chosen

    @property
    def is_curved(self) -> bool:
        """Whether the geometry has curved faces or edges."""
        return bool(self._curvature.any()) or any(self._turns.values())

    def named(self, file: MshFile) -> MshFile:
        """A mesh of the geometry with the parts and the named surfaces of this one as groups."""
        names = [(3, number + 1, name) for number, name in enumerate(self._mesh.part_names)]
        names += [(2, number + 1, name) for number, name in enumerate(self._faces)]
        blocks = []
        for block in file.blocks:
            (tag,) = block.groups
            inside = [number + 1 for number, faces in enumerate(self._faces.values()) if tag in faces]
            groups = (self._part[tag] + 1,) if block.dimension == 3 else tuple(inside)
            blocks.append(replace(block, groups=groups))
        return MshFile(file.points, tuple(blocks), tuple(names))

    def _box(self, own: Any) -> str:
        """Where triangles are."""
        low, high = self._corners[own].min(axis=(0, 1)), self._corners[own].max(axis=(0, 1))
        sides = zip("xyz", low.tolist(), high.tolist(), strict=True)
        return ", ".join(f"{axis} {describe(a, 'm')} to {describe(b, 'm')}" for axis, a, b in sides)


def _edges(corners: Floats) -> Floats:
    """Lengths of the edges of triangles (n, 3)."""
    return np.asarray(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2))


def _beside(points: Floats, corners: Floats) -> tuple[Floats, Floats]:
    """How far points are from the planes of triangles, and the least barycentric coordinate of their feet."""
    a, b, p = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], points - corners[:, 0]
    normal = np.cross(a, b)
    square = np.einsum("ni,ni->n", normal, normal)
    s = np.einsum("ni,ni->n", np.cross(p, b), normal) / square
    t = np.einsum("ni,ni->n", np.cross(a, p), normal) / square
    distance = np.abs(np.einsum("ni,ni->n", p, normal)) / np.sqrt(square)
    return distance, np.minimum(np.minimum(s, t), 1 - s - t)
