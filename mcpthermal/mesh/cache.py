"""Column meshes kept on disk under a hash of everything that made them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mcpthermal.errors import MeshError
from mcpthermal.mesh.columns import ColumnMesh, audit, generate_mesh
from mcpthermal.mesh.sizing import MeshSpec, along_axes
from mcpthermal.mesh.writing import read_arrays, write_whole
from mcpthermal.package.package import Package

_ARRAYS = ("vertices", "edges", "edge_columns", "areas", "levels", "cell_part", "solid_parts", "triangles")


def mesh_hash(package: Package, spec: MeshSpec, fractions: Any = None) -> str:
    """SHA-256 of all that decides a mesh: outlines, heights, sizes, layers, conductivities at room temperature, and the
    versions of this program and of Gmsh."""
    shapes = [
        (part.name, part.footprint, part.z, part.role, part.is_void, () if part.is_void else along_axes(part))
        for part in package.parts
    ]
    made_by = (version("mcpthermal"), version("gmsh"))
    return hashlib.sha256(repr((shapes, spec.to_dict(), fractions, made_by)).encode()).hexdigest()


def cached_mesh(
    package: Package, spec: MeshSpec | None = None, folder: str | os.PathLike[str] = ".", fractions: Any = None
) -> tuple[ColumnMesh, bool]:
    """The mesh of a package, from a folder if it has been made before.

    A file that cannot be read, or whose volumes differ from the description, is made anew; `fractions` are those of
    `generate_mesh`.

    Returns
    -------
    ColumnMesh
    bool
        Whether it was found.
    """
    spec = spec or MeshSpec()
    file = Path(folder) / f"mesh-{mesh_hash(package, spec, fractions)[:16]}.npz"
    if file.is_file():
        try:
            mesh = mesh_of_arrays(package, spec, read_arrays(file))
            audit(package, mesh)
            return mesh, True
        except (KeyError, ValueError, MeshError):
            pass
    mesh = generate_mesh(package, spec, fractions=fractions)
    write_whole(file, lambda temporary: np.savez_compressed(temporary, **mesh_arrays(mesh)))
    return mesh, False


def mesh_arrays(mesh: ColumnMesh) -> dict[str, Any]:
    """Everything of a column mesh but its names and its spec, for an ``.npz`` file."""
    assert {item.name for item in fields(mesh)} == {*_ARRAYS, "members", "part_names", "spec"}
    arrays: dict[str, Any] = {name: getattr(mesh, name) for name in _ARRAYS}
    return arrays | {f"member_{part}": member for part, member in mesh.members.items()}


def mesh_of_arrays(package: Package, spec: MeshSpec, arrays: Mapping[str, Any]) -> ColumnMesh:
    """The mesh of a package from what `mesh_arrays` gave."""
    members = {int(name[7:]): values for name, values in arrays.items() if name.startswith("member_")}
    own = {name: arrays[name] for name in _ARRAYS}
    return ColumnMesh(**own, members=members, part_names=package.names, spec=spec)
