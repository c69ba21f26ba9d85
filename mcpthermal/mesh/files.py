"""Mesh files: read Gmsh's tetrahedra, write columns as prisms or tetrahedra."""

from __future__ import annotations

import gzip
import os
import warnings
import zlib
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import scipy.sparse as sp

from mcpthermal.errors import McpThermalWarning, MeshError
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.conformity import check_conformity
from mcpthermal.mesh.geometry import with_geometry
from mcpthermal.mesh.groups import make_mesh
from mcpthermal.mesh.msh import CURE, parse
from mcpthermal.mesh.tetrahedra import TetMesh
from mcpthermal.mesh.writing import write_whole
from mcpthermal.package.columns import Place
from mcpthermal.units import quantity

PLAUSIBLE = (1e-5, 0.5)
"""Extents (m) between which a package lies; beyond them the file's length unit is doubtful."""


def read_mesh(
    path: str | os.PathLike[str], unit: str = "m", *, geometry: str | os.PathLike[str] | None = None
) -> TetMesh:
    """Read linear or quadratic, straight or curved tetrahedra with named physical groups from a Gmsh file.

    Parameters
    ----------
    path : path
        ``.msh`` (2.2 or 4.1, text or binary), or the same compressed as ``.msh.gz``.
    unit : str
        The length unit of the file's coordinates, such as "m" or "mm".
    geometry : path, optional
        What the mesh was made from: ``.step``, ``.brep``, ``.xao``, ``.geo`` or ``.geo_unrolled``, in m, cm, mm, um or
        inches, with or without physical groups. With it `solve_adaptive` makes new meshes of the same body.

    Returns
    -------
    TetMesh

    Raises
    ------
    MeshError
        If the file is none, has other cells, cells that are flat, inverted or in no group or several, groups without
        cells or a name or with the same one, or volumes that touch without common faces. Groups are named. If the
        geometry is not that of the mesh: the part or the surface that differs is named.

    Warns
    -----
    McpThermalWarning
        If the extent is implausible for a package.
    """
    file = _path(path)
    if not file.is_file():
        raise MeshError(f"there is no mesh file '{file}'")
    scale = quantity(f"1 {unit}", "m", f"length unit of '{file.name}'", above=0.0)
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            data = stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise MeshError(f"'{file.name}' cannot be read as a Gmsh mesh: {error}; {CURE}") from error
    try:
        raw = parse(data)
    except MeshError as error:
        raise MeshError(f"'{file.name}' cannot be read as a Gmsh mesh: {error}") from error
    try:
        mesh = make_mesh(raw, scale)
        check_conformity(mesh)
    except MeshError as error:
        raise MeshError(f"'{file.name}': {error}".replace(": it has", " has", 1)) from error
    _check_extent(mesh, file.name, unit)
    return mesh if geometry is None else with_geometry(mesh, geometry)


def _check_extent(mesh: TetMesh, name: str, unit: str) -> None:
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    if not PLAUSIBLE[0] <= (high - low).max() <= PLAUSIBLE[1]:
        box = ", ".join(f"{axis} {a:.4g} to {b:.4g}" for axis, a, b in zip("xyz", low, high, strict=True))
        size = " x ".join(f"{side:.4g}" for side in high - low)
        warnings.warn(
            f"'{name}' is {size} m large, which is unusual for a package ({box} m, read with unit=\"{unit}\"); if its "
            'coordinates are in millimetres or micrometres, read it with unit="mm" or unit="um"',
            McpThermalWarning,
            stacklevel=3,
        )


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
