"""Solids meshed by Gmsh: geometry from a file, its faces as triangles, its volumes as tetrahedra of given sizes."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MeshError
from mcpthermal.mesh.gmsh_backend import OPTIONS, VIEW, session
from mcpthermal.mesh.msh import KINDS, Block, MshFile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SOLID_OPTIONS = OPTIONS | {"Mesh.Algorithm3D": 1, "Mesh.Optimize": 1}
"""Gmsh's Delaunay mesher: on two stacked dies with 84 cylinders it took 3.5 s for 116,000 tetrahedra of mean quality
(gamma) 0.70, HXT 4.5 s for 97,000 of 0.64."""

ENDINGS = (".step", ".stp", ".brep", ".xao", ".geo", ".geo_unrolled")
"""What a geometry may be kept in."""

ACTS = re.compile(
    rb"^\s*(Save|Print|Mesh(?=\s+\w+\s*;)|SystemCall|NonBlockingSystemCall|RefineMesh|Exit|NewModel)\b", re.MULTILINE
)
"""What a script may not do when it is read for its geometry: it might write files, such as the mesh itself."""

SAMPLES = 20
"""Places on a face at which its curvature is looked at."""


@dataclass(frozen=True, eq=False)
class Skin:
    """The faces of a geometry as triangles, in the length unit of its file.

    Attributes
    ----------
    points : (n_points, 3) array
    triangles : (n, 3) array of int
    face : (n,) array of int
        Gmsh's number of the face of each.
    volumes : mapping of int to tuple of int
        The faces that bound each volume.
    curvatures : mapping of int to float
        The greater of the principal curvatures of each face (1 / length), its median over the face.
    turns : mapping of int to float
        The angles by which the edges of each face turn, summed.
    """

    points: Floats
    triangles: Ints
    face: Ints
    volumes: dict[int, tuple[int, ...]]
    curvatures: dict[int, float]
    turns: dict[int, float]


def check_geometry_file(path: Path) -> None:
    """Refuse what is no file of a geometry, and scripts that do more than describe one.

    Raises
    ------
    MeshError
    """
    if path.suffix.lower() not in ENDINGS:
        raise MeshError(f"geometry '{path.name}' must end in one of {', '.join(ENDINGS)}")
    if not path.is_file():
        raise MeshError(f"there is no geometry file '{path}'")
    if path.suffix.lower().startswith(".geo"):
        act = ACTS.search(re.sub(rb"//[^\n]*|/\*.*?\*/", b"", path.read_bytes(), flags=re.DOTALL))
        if act:
            raise MeshError(
                f"geometry '{path.name}' has the command '{act[1].decode()}', which is not run again: drop it, or "
                "export the geometry from Gmsh as .brep or .xao"
            )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A session with the geometry of a file, without what the file says of meshes.

    Raises
    ------
    MeshError
        If Gmsh fails, here or inside.
    """
    with session("solids") as gmsh, tempfile.TemporaryDirectory() as folder:
        kept = str(Path(folder) / "kept.opt")
        gmsh.write(kept)  # a script may set any option
        views = set(gmsh.view.getTags())
        try:
            gmsh.option.restoreDefaults()
            gmsh.option.setNumber("General.Terminal", 0)
            gmsh.merge(str(path))
            _clean(gmsh, path)
            yield gmsh
        except MeshError:
            raise
        except Exception as error:  # Gmsh raises bare Exception
            raise MeshError(f"Gmsh could not mesh the geometry '{path.name}': {error}") from error
        finally:
            for view in set(gmsh.view.getTags()) - views:
                gmsh.view.remove(view)
            gmsh.option.restoreDefaults()
            gmsh.merge(kept)


def _clean(gmsh: Any, path: Path) -> None:
    """Only the geometry: no mesh, fields or options of the file; volumes that touch share their faces."""
    for number in gmsh.model.mesh.field.list():
        gmsh.model.mesh.field.remove(number)
    gmsh.model.mesh.clear()
    gmsh.option.restoreDefaults()
    for option, value in SOLID_OPTIONS.items():
        gmsh.option.setNumber(option, value)
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.model.removePhysicalGroups()
    if gmsh.model.occ.getEntities(3):
        gmsh.model.occ.removeAllDuplicates()
        gmsh.model.occ.synchronize()
    if not gmsh.model.getEntities(3):
        raise MeshError(f"geometry '{path.name}' has no volumes; export solids, not surfaces")


def extent(gmsh: Any) -> Floats:
    """The least and the greatest coordinates of the geometry: (2, 3)."""
    return np.array(gmsh.model.getBoundingBox(-1, -1)).reshape(2, 3)


def set_sizes(gmsh: Any, segments: int, corners: Floats | None = None, sizes: Floats | None = None) -> None:
    """How large cells shall be.

    Parameters
    ----------
    gmsh : module
    segments : int
        Edges around a full circle, at least.
    corners : (n, 4, 3) array, optional
        Tetrahedra, in the length unit of the file.
    sizes : (n, 4) array, optional
        The size at their corners, linear in between.
    """
    gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", segments)
    if corners is None or sizes is None:
        return
    view = gmsh.view.add(VIEW)
    data = np.concatenate([corners.transpose(0, 2, 1), sizes[:, None]], axis=1)
    gmsh.view.addListData(view, "SS", len(data), data.ravel())
    field = gmsh.model.mesh.field.add("PostView")
    gmsh.model.mesh.field.setNumber(field, "ViewTag", view)
    gmsh.model.mesh.field.setAsBackgroundMesh(field)


def mesh_faces(gmsh: Any) -> Skin:
    """Triangles on all faces."""
    gmsh.model.mesh.generate(2)
    file = _file(gmsh, (2,))
    numbers = [np.full(len(block.nodes), block.groups[0]) for block in file.blocks]
    return Skin(
        file.points,
        np.concatenate([block.nodes for block in file.blocks]),
        np.concatenate(numbers),
        {tag: tuple(gmsh.model.getAdjacencies(3, tag)[1].tolist()) for _, tag in gmsh.model.getEntities(3)},
        {tag: _curvature(gmsh, 2, tag) for _, tag in gmsh.model.getEntities(2)},
        _turns(gmsh),
    )


def mesh_volumes(gmsh: Any, order: int) -> MshFile:
    """Tetrahedra in all volumes, after their faces; the groups of a block are the number of its volume or face."""
    gmsh.model.mesh.generate(3)
    gmsh.model.mesh.setOrder(order)
    return _file(gmsh, (2, 3))


def _curvature(gmsh: Any, dimension: int, tag: int) -> float:
    """The median curvature of a face or of an edge; exactly 0 where it is plane or straight."""
    if gmsh.model.getType(dimension, tag) in ("Plane", "Line"):
        return 0.0
    _, _, places = gmsh.model.mesh.getNodes(dimension, tag, includeBoundary=True, returnParametricCoord=True)
    chosen = places.reshape(-1, dimension)[:: max(1, len(places) // dimension // SAMPLES)]
    return float(np.median(np.abs(gmsh.model.getCurvature(dimension, tag, chosen.ravel()))))


def _turns(gmsh: Any) -> dict[int, float]:
    tags, points, _ = gmsh.model.mesh.getNodes()
    turns = dict.fromkeys((tag for _, tag in gmsh.model.getEntities(2)), 0.0)
    places = dict(zip(tags.tolist(), points.reshape(-1, 3), strict=True))
    for _, tag in gmsh.model.getEntities(1):
        curvature = _curvature(gmsh, 1, tag)
        if curvature > 0:
            ends = [places[node] for nodes in gmsh.model.mesh.getElements(1, tag)[2] for node in nodes.tolist()]
            steps = np.diff(np.reshape(ends, (-1, 2, 3)), axis=1)
            for face in gmsh.model.getAdjacencies(1, tag)[0].tolist():
                turns[face] += curvature * float(np.linalg.norm(steps, axis=2).sum())
    return turns


def _file(gmsh: Any, dimensions: tuple[int, ...]) -> MshFile:
    tags, points, _ = gmsh.model.mesh.getNodes()
    row = np.zeros(int(tags.max()) + 1, np.int64)
    row[tags.astype(np.int64)] = np.arange(len(tags))
    blocks = []
    for dimension, tag in (pair for d in dimensions for pair in gmsh.model.getEntities(d)):
        kinds, _, nodes = gmsh.model.mesh.getElements(dimension, tag)
        for kind, connectivity in zip(kinds, nodes, strict=True):
            corners = row[np.asarray(connectivity, np.int64)].reshape(-1, KINDS[int(kind)][1])
            blocks.append(Block(int(kind), (tag,), corners))
    return MshFile(points.reshape(-1, 3), tuple(blocks), ())
