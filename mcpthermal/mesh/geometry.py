"""The geometry that an imported mesh was made from, and new meshes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MeshError
from mcpthermal.mesh import curved
from mcpthermal.mesh.gmsh_solids import check_geometry_file, extent, mesh_faces, mesh_volumes, opened, set_sizes
from mcpthermal.mesh.gradation import graded
from mcpthermal.mesh.groups import TO_EDGES, make_mesh
from mcpthermal.mesh.matching import CURE, Match
from mcpthermal.mesh.msh import TETRA10, MshFile
from mcpthermal.mesh.tetrahedra import TetMesh

Floats = NDArray[np.float64]

UNITS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "inch": 25.4e-3}
"""Length units that a file may be in (m): the one in which it is as large as the mesh."""

ROUND = 12
"""Edges around a full circle, at least: as curved cells they are within 1e-4 of its area, straight ones 5 % below."""

GROWTH = 1.0
"""Size gained per distance, at most."""


@dataclass(frozen=True)
class Geometry:
    """Where the geometry of a mesh is kept.

    Attributes
    ----------
    path : Path
    unit : float
        The length unit of the file (m).
    is_curved : bool
        Whether some face is.
    """

    path: Path
    unit: float
    is_curved: bool


def with_geometry(mesh: TetMesh, path: str | os.PathLike[str]) -> TetMesh:
    """The mesh with the geometry that it was made from, so that `solve_adaptive` can make new ones of it.

    Parameters
    ----------
    mesh : TetMesh
    path : path
        ``.step``, ``.brep``, ``.xao``, ``.geo`` or ``.geo_unrolled``, in m, cm, mm, um or inches.

    Raises
    ------
    MeshError
        If the geometry is not that of the mesh: the part or the surface that differs is named.
    """
    try:
        file = Path(path).resolve()
    except TypeError:
        raise MeshError(f"geometry: {path!r} is no path; give a file such as 'package.step'") from None
    check_geometry_file(file)
    with opened(file) as gmsh:
        unit = _unit(extent(gmsh), mesh, file.name)
        set_sizes(gmsh, ROUND)
        found = Match(mesh, mesh_faces(gmsh), unit, file.name)
    return replace(mesh, geometry=Geometry(file, unit, found.is_curved))


def remeshed(mesh: TetMesh, numbers: Floats) -> TetMesh:
    """A new mesh of the geometry of a mesh, with more or fewer cells where that is asked for.

    Curved faces are met by curved cells, also where the mesh had straight ones: its parts get the volumes that they
    have in the geometry.

    Parameters
    ----------
    mesh : TetMesh
        With a geometry (`with_geometry`).
    numbers : (n_cells,) array
        How many cells shall be in the place of each.

    Raises
    ------
    MeshError
        If Gmsh fails, or the geometry is no longer that of the mesh.
    """
    geometry: Geometry = mesh.geometry
    check_geometry_file(geometry.path)
    edges = mesh.points[mesh.cells[:, curved.EDGES]]
    length = np.linalg.norm(edges[:, :, 0] - edges[:, :, 1], axis=2).mean(axis=1)
    pairs = np.unique(np.sort(mesh.cells[:, curved.EDGES].reshape(-1, 2), axis=1), axis=0)
    # The least of the cells around a point: those along an edge that shall be small are few among their neighbours.
    least = np.full(len(mesh.points), np.inf)
    np.minimum.at(least, mesh.cells, (length / np.cbrt(numbers))[:, None])
    sizes = graded(mesh.points, pairs, least, GROWTH)
    with opened(geometry.path) as gmsh:
        scale = 1 / geometry.unit
        set_sizes(gmsh, ROUND, mesh.points[mesh.cells] * scale, sizes[mesh.cells] * scale)
        found = Match(mesh, mesh_faces(gmsh), geometry.unit, geometry.path.name)
        file = mesh_volumes(gmsh, 2 if found.is_curved else 1)
    try:
        new = make_mesh(found.named(_unfolded(file)), geometry.unit)
    except MeshError as error:
        raise MeshError(f"the mesh that Gmsh made of '{geometry.path.name}': {error}") from error
    found.check_volumes(new.volumes())
    return replace(new, geometry=geometry)


def _unfolded(file: MshFile) -> MshFile:
    """The mesh with straight edges in cells that would fold over, and in their neighbours at these edges."""
    found = [block.nodes for block in file.blocks if block.kind == TETRA10]
    if not found:
        return file
    nodes, points = np.concatenate(found), file.points.copy()
    corners, middles = nodes[:, :4], nodes[:, TO_EDGES]
    while True:
        bent = np.flatnonzero(curved.bent(points[corners], points[middles]))
        folded = bent[curved.folded(points[corners[bent]], points[middles[bent]])]
        if not len(folded):
            return replace(file, points=points)
        points[middles[folded]] = points[corners[folded][:, curved.EDGES]].mean(axis=2)


def _unit(box: Floats, mesh: TetMesh, name: str) -> float:
    """The length of the file's unit (m)."""
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    size = (high - low).max()
    for unit in UNITS.values():
        # Facets of curved faces stay inside of them.
        if np.abs(box * unit - [low, high]).max() < 0.1 * size:
            return unit
    sizes = [" x ".join(f"{side:.4g}" for side in sides) for sides in (box[1] - box[0], high - low)]
    places = [", ".join(f"{side:.4g}" for side in corner) for corner in (box[0], low)]
    raise MeshError(
        f"geometry '{name}' is {sizes[0]} large from ({places[0]}), the mesh {sizes[1]} m from ({places[1]}) m: in no "
        f"unit ({', '.join(UNITS)}) are they the same; {CURE}, in its place"
    )
