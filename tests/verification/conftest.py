"""What the verification tests share: the columns of a package, split into tetrahedra."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import mcpthermal as mt


def _split(package: mt.Package, mesh: mt.ColumnMesh) -> tuple[mt.Package, mt.TetMesh]:
    cells, part = mesh.tetrahedra()
    tetrahedra = mt.TetMesh(mesh.points, cells, part, mesh.part_names)
    return mt.Package.from_mesh(tetrahedra, {p.name: p.material for p in package.parts}), tetrahedra


@pytest.fixture(scope="session")
def split() -> Callable[[mt.Package, mt.ColumnMesh], tuple[mt.Package, mt.TetMesh]]:
    """A function that splits a column mesh: the same package on tetrahedra, and their mesh."""
    return _split
