"""Volumes that touch in an imported mesh must share the faces between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mcpthermal.errors import MeshError
from mcpthermal.mesh import curved
from mcpthermal.mesh.location import in_tetrahedra
from mcpthermal.mesh.tetrahedra import TetFaces, TetMesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOUCHING = 1e-5
"""Distance over size of a face below which surfaces touch."""

SAMPLES = 20_000
"""Cells of a body whose middles are looked for in others, at most about twice as many."""

_RIM = 1e-3
"""Share of a face's corners that a point in its interior has at least; neighbours have points on the rim."""

_FAITH = 0.05
"""Part of a face's bulge to which its shape is trusted where two different meshes describe one curved surface."""

_ROUNDS = 8
"""Fixed-point steps to the place on a curved face."""

_BLOCK = 20_000


def check_conformity(mesh: TetMesh) -> None:
    """Refuse volumes that touch or overlap without common faces.

    Middles and corners of faces on the outside must not lie on another such face, nor in the cell behind it, and the
    middles of cells in no other body.

    Raises
    ------
    MeshError
        Naming the groups and how many faces.
    """
    _check_skin(mesh)
    _check_bodies(mesh)


def _check_skin(mesh: TetMesh) -> None:
    """Refuse outer faces that touch others, or reach into the cell behind them."""
    faces = _inner_skin(mesh)
    if not faces.count:
        return
    skin = _Skin(mesh, faces)
    pairs = [skin.touched(slice(start, start + _BLOCK)) for start in range(0, faces.count, _BLOCK)]
    face, other = (np.concatenate(numbers) for numbers in zip(*pairs, strict=True))
    if not len(face):
        return
    part = mesh.cell_part[faces.cells]
    groups = np.sort(np.stack([part[face], part[other]], axis=1), axis=1)
    texts = []
    for a, b in np.unique(groups, axis=0).tolist():
        count = len(np.unique(face[(groups == (a, b)).all(axis=1)]))
        names = f"'{mesh.part_names[a]}' and '{mesh.part_names[b]}'" if a != b else f"'{mesh.part_names[a]}' and itself"
        texts.append(f"{names} ({count} faces)")
    more = f" and {len(texts) - 4} more pairs" if len(texts) > 4 else ""
    raise MeshError(
        f"the mesh is not conforming: volume groups touch without common faces: {', '.join(texts[:4])}{more}; "
        "nothing would flow between them: join the volumes before meshing (BooleanFragments or Coherence in Gmsh)"
    )


def _check_bodies(mesh: TetMesh) -> None:
    """Refuse bodies without common faces of which one reaches into another."""
    count, body = mesh.components(mesh.solid)
    if count < 2:
        return
    nodes = mesh.points[mesh.cells]
    middle = nodes.mean(axis=1)
    for number in range(count):
        own, others = np.flatnonzero(body == number), np.flatnonzero(body != number)
        low, high = nodes[own].min(axis=(0, 1)), nodes[own].max(axis=(0, 1))
        near = others[((nodes[others].max(axis=1) > low) & (nodes[others].min(axis=1) < high)).all(axis=1)]
        if not len(near):
            continue
        asked = own[:: max(1, len(own) // SAMPLES)]
        middles = None if mesh.middles is None else mesh.middles[near]
        found, cell, _ = in_tetrahedra(middle[asked], nodes[near], middles)
        if len(found):
            a, b = (mesh.part_names[mesh.cell_part[cells[0]]] for cells in (asked[found], near[cell]))
            raise MeshError(
                f"the mesh has bodies that overlap: cells of '{a}' lie in cells of '{b}'; cut one from the other, or "
                "join them before meshing (BooleanFragments or Coherence in Gmsh)"
            )


def _inner_skin(mesh: TetMesh) -> TetFaces:
    """The faces on the outside, except those in the planes of the bounding box, which nothing can touch."""
    faces = mesh.between(mesh.solid, None)
    corners = mesh.points[mesh.facet_points(faces)]
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    slack = 1e-9 * (high - low).max()
    flush = (corners <= low + slack).all(axis=1) | (corners >= high - slack).all(axis=1)
    return faces.where(~flush.any(axis=1))


class _Skin:
    """Faces with the cells behind them, and the points at which they are looked for."""

    def __init__(self, mesh: TetMesh, faces: TetFaces) -> None:
        numbers = mesh.facet_points(faces)
        apex = mesh.points[mesh.cells[faces.cells].sum(axis=1) - numbers.sum(axis=1)]
        corners = mesh.points[numbers]
        self.origin = corners[:, 0]
        edges = np.stack([corners[:, 1] - self.origin, corners[:, 2] - self.origin, apex - self.origin], axis=2)
        normal = np.cross(edges[:, :, 0], edges[:, :, 1])
        signed = -np.sign(np.einsum("fi,fi->f", normal, edges[:, :, 2])) / np.linalg.norm(normal, axis=1)
        self.outward = normal * signed[:, None]
        self.to_cell = np.linalg.inv(edges)
        edges[:, :, 2] = self.outward
        self.to_face = np.linalg.inv(edges)
        ends = corners[:, curved.FACE_EDGES]
        self.bulges = mesh.facet_middles(faces) - ends.mean(axis=2)
        centres = corners.mean(axis=1)
        self.radius = np.linalg.norm(corners - centres[:, None], axis=2).max(axis=1)
        self.rim = _RIM + _FAITH * np.abs(self.bulges).max(axis=(1, 2)) / self.radius
        self.centres = centres + 4 / 9 * self.bulges.sum(axis=1)
        vertices, first = np.unique(numbers, return_index=True)
        self.samples = np.vstack([self.centres, mesh.points[vertices]])
        self.owner = np.concatenate([np.arange(faces.count), first // 3])
        self.tree = cKDTree(self.samples)

    def touched(self, block: slice) -> tuple[Ints, Ints]:
        """Pairs of a face of a block and another one that has a point on it or in the cell behind it."""
        near = self.tree.query_ball_point(self.centres[block], 1.05 * self.radius[block])
        face = np.repeat(np.arange(len(self.radius))[block], [len(found) for found in near])
        sample = np.concatenate([np.asarray(found, np.int64) for found in near])
        other = self.owner[sample]
        apart = (other != face) | (sample >= len(self.radius))
        face, sample, other = face[apart], sample[apart], other[apart]
        offset = self.samples[sample] - self.origin[face]
        on_face = np.einsum("fij,fj->fi", self.to_face[face], offset)
        bulge = np.zeros_like(offset)
        for _ in range(_ROUNDS if self.bulges.any() else 0):
            bulge = self._bulge(face, on_face)
            on_face = np.einsum("fij,fj->fi", self.to_face[face], offset - bulge)
        lift = np.einsum("fi,fi->f", bulge, self.outward[face])
        away = on_face[:, 2]
        limit = TOUCHING * self.radius[face] + _FAITH * np.abs(lift)
        share = np.column_stack([1 - on_face[:, :2].sum(axis=1), on_face[:, :2]])
        in_cell = np.einsum("fij,fj->fi", self.to_cell[face], offset)
        inside = np.column_stack([1 - in_cell.sum(axis=1), in_cell]).min(axis=1) > self.rim[face]
        there = inside | (away >= -limit) | (away + lift >= 0)
        hit = (away <= limit) & (share.min(axis=1) > self.rim[face]) & there
        return face[hit], other[hit]

    def _bulge(self, face: Ints, on_face: Floats) -> Floats:
        """How far the faces' curved places are from the flat ones (m)."""
        share = np.column_stack([1 - on_face[:, :2].sum(axis=1), on_face[:, :2]])
        first, second = curved.FACE_EDGES.T
        return np.einsum("fe,fei->fi", 4 * share[:, first] * share[:, second], self.bulges[face])
