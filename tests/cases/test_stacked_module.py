"""The stacked module: its headline numbers, its two forms, and what its run leaves behind."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

import mcpthermal as mt

CASE = Path(__file__).parents[2] / "cases" / "stacked_module"
AMBIENT = 298.15


@pytest.fixture(scope="module")
def numbers(stacked_module: Path) -> dict[str, Any]:
    return json.loads((stacked_module / "result.json").read_text())


def test_both_forms_describe_the_same() -> None:
    """Equal descriptions are meshed and solved to equal numbers: the program has no other input."""
    script, file = mt.read_case(CASE / "case.py"), mt.read_case(CASE / "case.toml")
    assert script.package == file.package
    assert script.loads == file.loads
    assert script.name == file.name == "stacked_module"


def test_both_forms_give_the_same_answer() -> None:
    answers = []
    for name in ("case.py", "case.toml"):
        case = mt.read_case(CASE / name)
        spec = mt.MeshSpec("coarse", edge_size=1e-3, max_size=3e-3, layer_size=1e-3, growth=1.5)
        mesh = mt.generate_mesh(case.package, spec)
        answers.append(mt.solve_steady(case, mesh, tolerance=1e-6).max_temperature("memory") - AMBIENT)
    assert answers[0] == pytest.approx(answers[1], rel=1e-10)


def test_temperatures(numbers: dict[str, Any]) -> None:
    """Within 0.6 % of the limit of the refinement study in the case's README."""
    assert numbers["parts"]["memory"]["max_K"] - AMBIENT == pytest.approx(117.2, rel=6e-3)
    assert numbers["parts"]["logic"]["max_K"] - AMBIENT == pytest.approx(115.7, rel=6e-3)
    assert numbers["ambient_K"] == AMBIENT


def test_currents(numbers: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in numbers["vias"]}
    assert len(rows) == 16 + 8 + 4
    total = {
        family: sum(r["current_A"] for n, r in rows.items() if n.startswith(family))
        for family in ("ground[", "logic_supply", "logic_ground", "memory_supply", "memory_ground")
    }
    assert total["ground["] == pytest.approx(-3.0, rel=1e-8)
    assert total["logic_supply"] == pytest.approx(-2.0, rel=1e-8)
    assert total["logic_ground"] == pytest.approx(2.0, rel=1e-8)
    assert total["memory_supply"] == pytest.approx(-1.0, rel=1e-8)
    assert total["memory_ground"] == pytest.approx(1.0, rel=1e-8)
    terminals = {row["name"]: row for row in numbers["terminals"]}
    assert sum(terminals[f"vdd_{i}"]["current"] for i in range(4)) == pytest.approx(3.0, rel=1e-8)
    # Four columns of first vias share the ground current by symmetry; the ones below the traces carry most.
    assert rows["ground[2]"]["current_A"] == pytest.approx(rows["ground[10]"]["current_A"], rel=1e-3)
    assert abs(rows["ground[2]"]["current_A"]) > 3 * abs(rows["ground[3]"]["current_A"])
    assert terminals["memory_ground.foot"]["voltage"] == pytest.approx(5.45e-3, rel=1e-2)


def test_balances(numbers: dict[str, Any]) -> None:
    balance = numbers["balance"]
    assert balance["relative_defect"] < 1e-8
    assert balance["relative_charge_defect"] < 1e-8
    assert balance["heat_in_W"] == pytest.approx(3.0 + balance["joule_power_W"], rel=1e-9)
    assert balance["joule_power_W"] == pytest.approx(0.0260, rel=1e-2)


def test_hand_calculation_brackets_the_rise(numbers: dict[str, Any]) -> None:
    """The rise lies between perfect spreading over the carrier and none beyond the chip (see the case's README)."""
    power = numbers["balance"]["heat_in_W"]
    area, chip = 1e-4, 25e-6
    film, slab = 1 / 1000.0, 0.5e-3 / 0.4
    least = power / (1 / ((film + slab) / area) + 20 * area)
    most = power * (film + slab + 25e-6 / 0.25) / chip
    assert least == pytest.approx(65, abs=1) and most == pytest.approx(284, abs=1)
    assert least < numbers["parts"]["logic"]["mean_K"] - AMBIENT < most


def test_hand_calculation_of_a_via(numbers: dict[str, Any]) -> None:
    """Joule heat of a second via from its length, cross-section and the resistivity at its temperature."""
    row = next(row for row in numbers["vias"] if row["name"] == "memory_supply[0]")
    resistivity = 1.7241e-8 * (1 + 0.00393 * (row["max_K"] - 1 - 293.15))
    resistance = resistivity * 0.395e-3 / (np.pi * (40e-6) ** 2)
    assert row["joule_W"] == pytest.approx(0.5**2 * resistance, rel=0.02)


def test_fields_read_back(stacked_module: Path, numbers: dict[str, Any]) -> None:
    fields = meshio.read(stacked_module / "fields.vtu")
    hottest = max(part["max_K"] for part in numbers["parts"].values())
    # The field is greatest between nodes, which are all that a file has.
    below = (hottest - fields.point_data["temperature"].max()) / (hottest - AMBIENT)
    assert 0.0 <= below < 1e-4
    assert np.nanmax(fields.point_data["potential"]) == 1.0


@pytest.mark.slow
def test_the_script_draws_all_figures_of_its_readme(tmp_path: Path) -> None:
    script = runpy.run_path(str(CASE / "case.py"))
    case = script["case"]
    script["draw"](mt.solve_steady(case, mt.generate_mesh(case.package, "coarse")), tmp_path)
    readme = (CASE / "README.md").read_text(encoding="utf-8")
    assert {file.name for file in tmp_path.iterdir()} == set(re.findall(r"\]\((\w+\.png)\)", readme))
