"""Meshes: columns of prisms made from a package, and imported tetrahedra."""

from mcpthermal.mesh.columns import ColumnMesh, generate_mesh
from mcpthermal.mesh.common import common_meshes
from mcpthermal.mesh.files import read_mesh, write_mesh
from mcpthermal.mesh.sizing import MeshSpec
from mcpthermal.mesh.tetrahedra import TetMesh

__all__ = ["ColumnMesh", "MeshSpec", "TetMesh", "common_meshes", "generate_mesh", "read_mesh", "write_mesh"]
