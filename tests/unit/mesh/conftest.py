"""Models made with Gmsh for the tests of imported meshes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpthermal.mesh.gmsh_backend import session

Save = Callable[..., Path]


@pytest.fixture
def gmsh() -> Iterator[Any]:
    """A model of its own, coordinates in millimetres."""
    with session("imported") as module:
        yield module


@pytest.fixture
def save(gmsh: Any, tmp_path: Path) -> Save:
    """Mesh the model and write it: save(name, size, order, version, binary)."""

    def write(
        name: str = "shape.msh", size: float = 0.4, order: int = 1, version: float = 4.1, binary: int = 0
    ) -> Path:
        gmsh.model.occ.synchronize()
        options = {"MeshSizeMax": size, "MeshSizeMin": size / 4, "MshFileVersion": version, "Binary": binary}
        for option, value in options.items():
            gmsh.option.setNumber(f"Mesh.{option}", value)
        gmsh.model.mesh.generate(3)
        gmsh.model.mesh.setOrder(order)
        gmsh.write(str(tmp_path / name))
        return tmp_path / name

    return write
