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

from mcpthermal.errors import McpThermalWarning, MeshError
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.tetrahedra import TetMesh
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
    file = Path(path)
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
        raise MeshError(
            f"'{file.name}' has cells of type {', '.join(other)}; only linear tetrahedra are read"
        )
    names = {(int(dim), int(tag)): str(name) for name, (tag, dim) in raw.field_data.items()}
    part_names, cell_part = _named(tags, 3, names, file)
    triangles, surface_tags = _gather(raw, "triangle", file)
    surfaces = {}
    if len(triangles):
        surface_names, number = _named(surface_tags, 2, names, file)
        surfaces = {name: triangles[number == i] for i, name in enumerate(surface_names)}
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
    determinant = np.linalg.det(points[cells[:, 1:]] - points[cells[:, :1]])
    flat = np.abs(determinant) <= 1e-14 * np.ptp(points, axis=0).max() ** 3
    if flat.any():
        name = part_names[cell_part[np.argmax(flat)]]
        raise MeshError(
            f"'{file.name}': {int(flat.sum())} tetrahedra without volume, the first in group '{name}'"
        )
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
            return meshio.read(file)
        with tempfile.NamedTemporaryFile(suffix=Path(file.stem).suffix) as plain:
            with gzip.open(file) as packed:
                shutil.copyfileobj(packed, plain)
            plain.flush()
            return meshio.read(plain.name)
    except SystemExit as error:  # meshio ends the program on some files
        raise MeshError(f"'{file.name}' cannot be read as a mesh; export it from Gmsh as MSH 4.1") from error
    except Exception as error:
        raise MeshError(
            f"'{file.name}' cannot be read as a mesh: {error}; export it from Gmsh as MSH 4.1"
        ) from error


def _gather(raw: Any, kind: str, file: Path) -> tuple[np.ndarray, np.ndarray]:
    blocks = [i for i, block in enumerate(raw.cells) if block.type == kind]
    if not blocks:
        return np.empty((0, 4 if kind == "tetra" else 3), np.int64), np.empty(0, np.int64)
    data = raw.cell_data.get("gmsh:physical")
    if data is None:
        raise MeshError(f"'{file.name}' has no physical groups; name the volumes and surfaces in Gmsh")
    cells = np.concatenate([raw.cells[i].data for i in blocks]).astype(np.int64)
    return cells, np.concatenate([np.asarray(data[i]) for i in blocks]).astype(np.int64)


def _named(
    tags: np.ndarray, dimension: int, names: dict[tuple[int, int], str], file: Path
) -> tuple[tuple[str, ...], np.ndarray]:
    found, number = np.unique(tags, return_inverse=True)
    what = "volume" if dimension == 3 else "surface"
    result = []
    for tag in found.tolist():
        if (dimension, tag) not in names:
            count = int((tags == tag).sum())
            raise MeshError(
                f"'{file.name}': {count} cells are in the {what} group {tag}, which has no name; name it in Gmsh "
                "(Physical groups)"
            )
        result.append(names[dimension, tag])
    return tuple(result), number.ravel().astype(np.int64)


def write_mesh(mesh: ColumnMesh, path: str | os.PathLike[str], cells: str = "prisms") -> Path:
    """Write a column mesh as MSH 4.1 with its parts as named physical groups.

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
    connectivity, part = mesh.prisms() if cells == "prisms" else mesh.tetrahedra()
    kind = "wedge" if cells == "prisms" else "tetra"
    order = np.argsort(part, kind="stable")
    connectivity, part = connectivity[order], part[order]
    used, compact = np.unique(connectivity, return_inverse=True)
    connectivity = compact.reshape(connectivity.shape)
    present = np.unique(part)
    blocks = [(kind, connectivity[part == number]) for number in present]
    tags = [np.full(len(block), number + 1) for number, (_, block) in zip(present, blocks, strict=True)]
    names = {mesh.part_names[number]: np.array([number + 1, 3]) for number in present}
    points = mesh.points[used]
    node_part = np.zeros(len(points), np.int64)
    for number, (_, block) in zip(present, blocks, strict=True):
        node_part[block.ravel()] = number + 1
    data = meshio.Mesh(
        points,
        blocks,
        point_data={"gmsh:dim_tags": np.column_stack([np.full(len(points), 3), node_part])},
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data=names,
    )
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(suffix=".msh", dir=target.parent)
    os.close(handle)
    try:
        meshio.write(temporary, data, file_format="gmsh")
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target
