"""Mesh files: read Gmsh's tetrahedra, write columns as prisms or tetrahedra."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import scipy.sparse as sp

from mcpthermal.errors import McpThermalWarning, MeshError
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.tetrahedra import TetMesh
from mcpthermal.mesh.writing import write_whole
from mcpthermal.package.columns import Place
from mcpthermal.units import quantity

PLAUSIBLE = (1e-5, 0.5)
"""Extents (m) between which a package lies; beyond them the file's length unit is doubtful."""


def read_mesh(path: str | os.PathLike[str], unit: str = "m") -> TetMesh:
    """Read linear tetrahedra with named physical groups from a Gmsh file.

    Parameters
    ----------
    path : path
        ``.msh`` (2.2 or 4.1), or the same compressed as ``.msh.gz``.
    unit : str
        The length unit of the file's coordinates, such as "m" or "mm".

    Returns
    -------
    TetMesh

    Raises
    ------
    MeshError
        If the file is none, has other cells, or groups without a name.

    Warns
    -----
    McpThermalWarning
        If the extent is implausible for a package.
    """
    file = _path(path)
    if not file.is_file():
        raise MeshError(f"there is no mesh file '{file}'")
    scale = quantity(f"1 {unit}", "m", f"length unit of '{file.name}'", above=0.0)
    raw = _read(file)
    cells, tags = _gather(raw, "tetra", file)
    if not len(cells):
        kinds = ", ".join(sorted({block.type for block in raw.cells})) or "none"
        raise MeshError(
            f"'{file.name}' has no linear tetrahedra (cells: {kinds}); mesh the volumes with Gmsh in order 1"
        )
    other = sorted({block.type for block in raw.cells} - {"tetra", "triangle", "line", "vertex"})
    if other:
        raise MeshError(f"'{file.name}' has cells of type {', '.join(other)}; only linear tetrahedra are read")
    names = {(int(dim), int(tag)): str(name) for name, (tag, dim) in raw.field_data.items()}
    part_names, cell_part = _named(tags, 3, names, file)
    triangles, surface_tags = _gather(raw, "triangle", file)
    surfaces = {}
    if len(triangles):
        surface_names, number = _named(surface_tags, 2, names, file)
        surfaces = {name: triangles[number == i] for i, name in enumerate(surface_names)}
        # A surface may be in several groups, of which the tags show the first only.
        blocks = [block.type == "triangle" for block in raw.cells]
        for (dimension, _), name in names.items():
            sets = raw.cell_sets.get(name, ())
            chosen = [
                block.data[items]
                for block, items, wanted in zip(raw.cells, sets, blocks, strict=False)
                if wanted and items is not None and len(items)
            ]
            if dimension == 2 and sum(map(len, chosen)) > len(surfaces.get(name, ())):
                surfaces[name] = np.concatenate(chosen).astype(np.int64)
    used, compact = np.unique(cells, return_inverse=True)
    renumber = np.full(len(raw.points), -1)
    renumber[used] = np.arange(len(used))
    for name, corners in surfaces.items():
        surfaces[name] = renumber[corners]
        if (surfaces[name] < 0).any():
            raise MeshError(f"'{file.name}': surface group '{name}' is not part of any volume")
    points = np.asarray(raw.points, float)[used] * scale
    cells = compact.reshape(-1, 4).astype(np.int64)
    if not np.isfinite(points).all():
        raise MeshError(f"'{file.name}' has points that are not finite")
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    determinant = np.linalg.det(edges)
    flat = np.abs(determinant) <= 1e-9 * np.linalg.norm(edges, axis=2).max(axis=1) ** 3
    if flat.any():
        name = part_names[cell_part[np.argmax(flat)]]
        raise MeshError(f"'{file.name}': {int(flat.sum())} tetrahedra without volume, the first in group '{name}'")
    inverted = determinant < 0
    cells[inverted] = cells[inverted][:, [0, 1, 3, 2]]
    extent = np.ptp(points, axis=0)
    if not PLAUSIBLE[0] <= extent.max() <= PLAUSIBLE[1]:
        size = " x ".join(f"{side:.4g}" for side in extent)
        warnings.warn(
            f"'{file.name}' is {size} m large, which is unusual for a package; if its coordinates are in "
            'millimetres, read it with unit="mm"',
            McpThermalWarning,
            stacklevel=2,
        )
    return TetMesh(points, cells, cell_part, part_names, surfaces)


def _read(file: Path) -> Any:
    try:
        if file.suffix != ".gz":
            return meshio.gmsh.read(file)
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / file.stem
            with gzip.open(file) as packed, plain.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
            return meshio.gmsh.read(plain)
    except Exception as error:  # meshio raises many kinds of exceptions at malformed files
        reason = f"{error}".strip() or type(error).__name__
        if "cell data" in reason:
            reason = "some cells are in no physical group; name all volumes in Gmsh"
        raise MeshError(f"'{file.name}' cannot be read as a Gmsh mesh: {reason}; export it as MSH 4.1") from error


def _gather(raw: Any, kind: str, file: Path) -> tuple[np.ndarray, np.ndarray]:
    blocks = [i for i, block in enumerate(raw.cells) if block.type == kind]
    if not blocks:
        return np.empty((0, 4 if kind == "tetra" else 3), np.int64), np.empty(0, np.int64)
    data = raw.cell_data.get("gmsh:physical")
    if data is None or not any(np.any(tags) for tags in data):
        raise MeshError(f"'{file.name}' has no physical groups; name the volumes and surfaces in Gmsh")
    cells = np.concatenate([raw.cells[i].data for i in blocks]).astype(np.int64)
    # Gmsh writes a negative tag where a group holds a surface the other way round.
    return cells, np.abs(np.concatenate([np.asarray(data[i]) for i in blocks])).astype(np.int64)


def _named(
    tags: np.ndarray, dimension: int, names: dict[tuple[int, int], str], file: Path
) -> tuple[tuple[str, ...], np.ndarray]:
    found, number = np.unique(tags, return_inverse=True)
    what = "volume" if dimension == 3 else "surface"
    result = []
    for tag in found.tolist():
        if (dimension, tag) not in names:
            count = int((tags == tag).sum())
            if tag == 0:
                raise MeshError(f"'{file.name}': {count} cells are in no {what} group; name all volumes in Gmsh")
            raise MeshError(
                f"'{file.name}': {count} cells are in the {what} group {tag}, which has no name; name it in Gmsh "
                "(Physical groups)"
            )
        result.append(names[dimension, tag])
    return tuple(result), number.ravel().astype(np.int64)


def write_mesh(mesh: ColumnMesh, path: str | os.PathLike[str], cells: str = "prisms") -> Path:
    """Write a column mesh as MSH 4.1 with named physical groups.

    The volumes are the parts, the surfaces ``top``, ``bottom`` and ``sides`` those of the package.

    Parameters
    ----------
    mesh : ColumnMesh
    path : path
        ``.msh``; written whole or not at all.
    cells : {"prisms", "tetrahedra"}
        Tetrahedra are split consistently by global vertex number.

    Returns
    -------
    Path
    """
    if cells not in ("prisms", "tetrahedra"):
        raise MeshError(f"cells={cells!r} must be 'prisms' or 'tetrahedra'")
    if not isinstance(mesh, ColumnMesh):
        raise MeshError(f"write_mesh writes a ColumnMesh, not {type(mesh).__name__}; see generate_mesh")
    target = _path(path)
    if target.suffix != ".msh":
        raise MeshError(f"mesh file '{target.name}': the name must end in '.msh'")
    connectivity, part = mesh.prisms() if cells == "prisms" else mesh.tetrahedra()
    kind = "wedge" if cells == "prisms" else "tetra"
    used = np.unique(connectivity)
    blocks = [(mesh.part_names[n], 3, n + 1, kind, connectivity[part == n]) for n in np.unique(part).tolist()]
    for number, face in enumerate(("top", "bottom", "sides"), start=1):
        corners = _surface(mesh, face, cells)
        blocks.append((face, 2, number, "triangle" if corners.shape[1] == 3 else "quad", corners))
    blocks = [(*rest, np.searchsorted(used, corners)) for *rest, corners in blocks]
    tags = [np.full(len(corners), tag) for _, _, tag, _, corners in blocks]
    data = meshio.Mesh(
        mesh.points[used],
        [(kind, corners) for _, _, _, kind, corners in blocks],
        point_data={"gmsh:dim_tags": _owners(blocks, len(used))},
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data={name: np.array([tag, dim]) for name, dim, tag, _, _ in blocks},
    )
    return write_whole(target, lambda temporary: meshio.gmsh.write(temporary, data, fmt_version="4.1"))


def _surface(mesh: ColumnMesh, face: str, cells: str) -> np.ndarray:
    """The corner points of a face of the package: triangles, and for the sides of prisms quadrilaterals."""
    faces = mesh.seen_from(mesh.faces_of(Place(face, face=face)), mesh.solid)
    plane = len(mesh.vertices)
    if face != "sides":
        return mesh.triangles[faces.column] + (faces.level * plane)[:, None]
    lower = mesh.edges[faces.edge] + (faces.layer * plane)[:, None]
    # The first end of an edge has the smaller number: the diagonal starts at its lower point.
    (p, q), (r, s) = lower.T, lower.T + plane
    if cells == "prisms":
        return np.column_stack([p, q, s, r])
    return np.stack([np.c_[p, q, s], np.c_[p, s, r]], axis=1).reshape(-1, 3)


def _owners(blocks: list[tuple[Any, ...]], count: int) -> np.ndarray:
    """Dimension and tag of the entity that owns each point.

    In the file a group exists only if an entity of it owns a point, so each gets one of its own.
    """
    entity = np.concatenate([np.full(corners.size, n) for n, (*_, corners) in enumerate(blocks)])
    point = np.concatenate([corners.ravel() for *_, corners in blocks])
    touches = sp.coo_array((np.ones(len(point), bool), (entity, point)), shape=(len(blocks), count)).tocsr()
    own = sp.csgraph.maximum_bipartite_matching(touches, perm_type="column")
    if (own < 0).any():
        raise MeshError(f"the mesh is too coarse to write group '{blocks[int(np.argmin(own))][0]}'")
    owner = np.empty(count, np.int64)
    owner[point] = entity
    owner[own] = np.arange(len(blocks))
    return np.array([(dim, tag) for _, dim, tag, _, _ in blocks])[owner]


def _path(path: Any) -> Path:
    try:
        return Path(path)
    except TypeError:
        raise MeshError(f"mesh file: {path!r} is no path; give a string such as 'meshes/package.msh'") from None
