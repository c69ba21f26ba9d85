"""The small committed mesh is what its recipe says, and gives the answer of the columns that it was split from."""

from __future__ import annotations

from pathlib import Path

import pytest

import mcpthermal as mt

MESHES = Path(__file__).parents[2] / "meshes"


def test_mesh_and_recipe_agree() -> None:
    case = mt.read_case(MESHES / "post_on_board.toml")
    mesh = mt.read_mesh(MESHES / "post_on_board.msh")
    assert mesh.part_names == case.package.names
    assert set(mesh.surfaces) == {"top", "bottom", "sides"}
    for volume, described in zip(mesh.volumes(), case.package.volumes().values(), strict=True):
        assert volume == pytest.approx(described, rel=1e-9)


def test_both_give_the_same_rise() -> None:
    case = mt.read_case(MESHES / "post_on_board.toml")
    columns = mt.solve_steady(case, mt.generate_mesh(case.package, "coarse"))
    package = mt.Package.from_mesh(mt.read_mesh(MESHES / "post_on_board.msh"), {"board": "fr4", "post": "copper"})
    tetrahedra = mt.solve_steady(mt.Case(package, case.loads))
    rise = columns.max_temperature("post") - 298.15
    assert rise == pytest.approx(45, rel=0.1)
    assert tetrahedra.max_temperature("post") - 298.15 == pytest.approx(rise, rel=0.03)
