"""The sweep of the stacked module: the stored tables against points computed again, and what the README says."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.errors import GeometryError

FOLDER = Path(__file__).parents[2] / "cases" / "via_depth_sweep"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(FOLDER / "case.py"))


def rows(name: str) -> list[dict[str, str]]:
    """A row for each point, by the names of the columns without units."""
    with (FOLDER / name).open(encoding="utf-8") as stream:
        heads, *table = csv.reader(stream)
    return [dict(zip((head.partition(" (")[0] for head in heads), row, strict=True)) for row in table]


def value(table: list[dict[str, str]], output: str, **parameters: Any) -> float:
    (row,) = [
        row
        for row in table
        if all(
            row[name] == item if isinstance(item, str) else float(row[name]) == pytest.approx(item, rel=1e-9)
            for name, item in parameters.items()
        )
    ]
    return float(row[output])


def test_the_stored_table_is_whole(script: dict[str, Any]) -> None:
    table = rows("grid.csv")
    assert len(table) == 400
    for row in table:
        barred = float(row["module_height"]) > float(row["via_depth"]) - 1e-9
        assert row["status"] == ("infeasible" if barred else "solved")
        assert bool(row["reason"]) == barred and bool(row["memory.max"]) != barred


def test_the_three_ways_to_make_room(script: dict[str, Any]) -> None:
    """All heights in all three ways; where nothing is moved they meet."""
    table = rows("holds.csv")
    modes = ["via_depth", "cover", "aspect_ratio"]
    places = [(height, mode) for height in script["MODULE_HEIGHTS"] for mode in modes]
    assert [row["hold"] for row in table] == [mode for _, mode in places]
    assert [float(row["module_height"]) for row in table] == pytest.approx([height for height, _ in places])
    assert {row["status"] for row in table} == {"solved"}
    own = [value(table, "memory.max", module_height=605e-6, hold=mode) for mode in modes]
    assert own == pytest.approx([own[0]] * 3, abs=1e-3)
    gains = [
        value(table, "memory.max", module_height=405e-6, hold=mode)
        - value(table, "memory.max", module_height=880e-6, hold=mode)
        for mode in modes
    ]
    assert gains == pytest.approx([6.36, 9.99, 10.91], abs=0.01)


def test_the_case_is_that_of_the_stacked_module(script: dict[str, Any]) -> None:
    """At its own heights the package is the one it started from."""
    package = script["case"].package
    assert (package.via_depth, package.module_height) == pytest.approx((1e-3, 605e-6))
    before = script["base"].package()
    assert package.names == before.names
    for part, other in zip(package, before, strict=True):
        assert part.z == pytest.approx(other.z, abs=1e-10)
    with pytest.raises(GeometryError, match="make the insulation thicker or the module lower"):
        script["make_case"](0.6e-3, 0.68e-3)


def test_a_point_computed_again_is_that_of_the_table(script: dict[str, Any]) -> None:
    """On its own mesh, whose layers are not those of the whole study: the mesh's share is below 0.3 K."""
    case = script["make_case"](1e-3, 605e-6)
    result = mt.solve_steady(
        case, mt.generate_mesh(case.package, script["MESH"]), linear_tolerance=1e-7, tolerance=1e-6
    )
    table = rows("grid.csv")
    wanted = value(table, "memory.max", via_depth=1e-3, module_height=605e-6)
    assert result.max_temperature("memory") == pytest.approx(wanted, abs=0.3)
    wanted = value(table, "supply", via_depth=1e-3, module_height=605e-6)
    assert 1 - result.voltage("memory_supply.foot") == pytest.approx(1 - wanted, rel=0.01)


@pytest.mark.slow
def test_a_part_of_the_grid_is_that_of_the_table(script: dict[str, Any]) -> None:
    depths, heights = script["VIA_DEPTHS"][4::5], script["MODULE_HEIGHTS"][::6]
    study = mt.sweep(
        script["make_case"],
        via_depth=depths,
        module_height=heights,
        outputs=script["OUTPUTS"],
        mesh=script["MESH"],
        workers=0,
    )
    table = rows("grid.csv")
    assert not study.of("failed")
    for point in study.of("solved"):
        for name in ("memory.max", "logic.max"):
            assert point.values[name] == pytest.approx(value(table, name, **point.parameters), abs=0.3)
