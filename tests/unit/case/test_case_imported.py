"""The same questions on an imported mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mcpthermal as mt

MESH = Path(__file__).parents[3] / "meshes" / "post_on_board.msh"


@pytest.fixture(scope="module")
def package() -> mt.Package:
    return mt.Package.from_mesh(mt.read_mesh(MESH), {"board": "fr4", "post": "copper"})


def test_interfaces_and_boundaries(package: mt.Package) -> None:
    interface = mt.Interface("copper", "board", thermal_resistance=1e-5)
    loads = [
        mt.HeatSink("bottom", 5.0, 300.0, base="isothermal"),
        mt.Radiation("post.top", 300.0, 0.8),
        mt.Leakage("post", 0.1, 0.02, 300.0),
        interface,
        mt.Voltage("post.top", 1.0, to="node:a"),
        mt.Resistor("node:a", "node:ground", 1.0),
    ]
    case = mt.Case(package, loads)
    mesh = case.topology
    faces = case.interface_faces(mesh, interface)
    assert set(mesh.cell_part[faces.cells].tolist()) == {package.index["post"]}
    assert set(mesh.cell_part[mesh.opposite(faces).cells].tolist()) == {package.index["board"]}
    np.testing.assert_array_equal(mesh.face_keys(faces), mesh.face_keys(mesh.faces_of(case.place("post|board"))))
    assert [terminal.name for terminal in case.terminals] == ["post.top"]
    with pytest.raises(mt.LoadError, match="nowhere a conductor on both sides"):
        mt.Case(package, [loads[0], mt.Interface("post|board", electrical_resistivity=1e-9)])
