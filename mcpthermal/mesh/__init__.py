"""Meshes: columns of prisms made from a package, and imported tetrahedra."""

from mcpthermal.mesh.columns import ColumnMesh, generate_mesh
from mcpthermal.mesh.files import read_mesh, write_mesh
from mcpthermal.mesh.sizing import MeshSpec
from mcpthermal.mesh.tetrahedra import TetMesh

__all__ = ["ColumnMesh", "MeshSpec", "TetMesh", "generate_mesh", "read_mesh", "write_mesh"]
