"""The gallery: every kind of package that the claims name is there, with its claims and its headline numbers."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.package.structure import Structure
from mcpthermal.units import mm, um

CASES = Path(__file__).parents[2] / "cases"
NAMES = ("chip_on_chip", "two_modules", "three_chips", "four_chips")
LOOSE: Any = {"tolerance": 1e-5, "linear_tolerance": 1e-8}
SATISFIED = {
    "chip_on_chip": {*range(1, 22)} - {7, 14, 21},
    "two_modules": {1, 3, 7, 8, 10, 14},
    "three_chips": {*range(1, 22)} - {2, 6, 9, 13, 15, 17, 20},
    "four_chips": {1, 2, 3, 7, 8, 9, 10, 14},
}


@pytest.fixture(scope="module")
def scripts() -> dict[str, dict[str, Any]]:
    return {name: runpy.run_path(str(CASES / name / "case.py")) for name in NAMES}


def solved(script: dict[str, Any], case: mt.Case | None = None) -> mt.SteadyResult:
    case = case or script["case"]
    return mt.solve_steady(case, mt.generate_mesh(case.package, script["MESH"]), **LOOSE)


def rises(result: mt.SteadyResult, *chips: str) -> list[float]:
    return [result.max_temperature(chip) - result.ambient for chip in chips]


@pytest.mark.parametrize("name", NAMES)
def test_claims(scripts: dict[str, dict[str, Any]], name: str) -> None:
    assert set(scripts[name]["process"].claims().satisfied) == SATISFIED[name]
    assert {*mt.read_case(CASES / name).package.claims().satisfied} == SATISFIED[name] - set(range(8, 16))


def test_every_kind_is_there(scripts: dict[str, dict[str, Any]]) -> None:
    """The table of cases/README.md, read from the cells of the packages."""
    base = runpy.run_path(str(CASES / "stacked_module" / "case.py"))
    found = set()
    for script in (base, *scripts.values()):
        process = script["process"]
        s = Structure(process.package())
        found |= {f"carrier {part.group}" for part in s.carriers}
        found |= {f"{len(module.chips)} chips" for module in s.modules} | {f"{len(s.modules)} modules"}
        found.add("second vias" if s.second_vias else "no second vias")
        for kind, vias in (("first", s.first_vias), ("second", s.second_vias)):
            found |= {f"{kind} {'with' if via.contacts else 'without'} contact" for via in vias}
        found |= {f"attached by {type(module.attach).__name__}" for module, _ in process.modules}
        found |= {"tested"} if process.tests else set()
    assert found == {
        *("carrier chip", "carrier substrate", "second vias", "no second vias", "1 modules", "2 modules"),
        *("2 chips", "3 chips", "4 chips", "attached by Attach", "attached by FlipChip", "tested"),
        *(f"{kind} {how} contact" for kind in ("first", "second") for how in ("with", "without")),
    }


def test_chip_on_chip(scripts: dict[str, dict[str, Any]]) -> None:
    stages = scripts["chip_on_chip"]["solve"](**LOOSE)
    result = stages["contacted"]
    assert rises(result, "memory", "driver", "base") == pytest.approx([33.1, 30.7, 26.9], rel=0.015)
    ohm = result.resistance("in", "out")
    alone = stages["stack"].resistance("driver.probe_in.top", "driver.probe_out.top")
    assert (ohm, alone) == pytest.approx((0.508, 0.326), rel=0.01)
    # All of it in series: the same current in every via, and the squares of its strips by hand.
    assert {abs(round(row.current, 6)) for row in result.vias()} == {0.2}

    def sheet(thickness: float, kelvin: float) -> float:
        return 1.7241e-8 * (1 + 0.00393 * (kelvin - 293.15)) / thickness

    memory, driver = (sheet(2 * um, result.mean_temperature(chip)) for chip in ("memory", "driver"))
    squares = 4 * 4 * memory + (3 * 4 + 1.7 / 0.2 + 0.85 / 0.2) * driver
    squares += 6.4 / 0.3 * sheet(3 * um, result.mean_temperature("base"))
    assert 0.9 * squares < ohm < squares
    assert 0.9 < alone / (sheet(2 * um, 298.2) * (7 * 4 + 1.55 / 0.2 + 0.7 / 0.2)) < 1.0


def test_two_modules(scripts: dict[str, dict[str, Any]]) -> None:
    script = scripts["two_modules"]
    result = solved(script)
    assert rises(result, "cpu", "cache", "radio", "filter") == pytest.approx([31.2, 32.7, 22.5, 23.2], rel=0.03)
    vias = {row.name: row.current for row in result.vias()}
    assert sum(vias[f"middle[{i}]"] for i in range(3)) == pytest.approx(-3.984, rel=1e-3)
    assert sum(vias.values()) == pytest.approx(-4.0, rel=1e-8)


@pytest.mark.slow
def test_each_module_heats_the_other_alike(scripts: dict[str, dict[str, Any]]) -> None:
    script = scripts["two_modules"]
    west, east = ("cpu", "cache"), ("radio", "filter")
    power = script["POWER"]
    given = []
    for source, other in ((west, east), (east, west)):
        alone = solved(script, script["heated"](*source))
        given.append(sum(power[chip] * (alone.mean_temperature(chip) - alone.ambient) for chip in other))
    # Reciprocity, but for the conductivities that depend on the temperature.
    assert given[0] == pytest.approx(given[1], rel=0.02)
    assert given[0] == pytest.approx(4.87, rel=0.02)


def test_three_chips(scripts: dict[str, dict[str, Any]]) -> None:
    script = scripts["three_chips"]
    result = solved(script)
    assert rises(result, "processor", "memory", "sensor") == pytest.approx([110.5, 113.4, 114.9], rel=0.015)
    for row in result.vias():
        if row.family.startswith("to_"):
            sign = 1 if row.member == 0 else -1
            assert row.current == pytest.approx(sign * script["CURRENTS"][row.family[3:]], rel=1e-6)
    assert result.voltage("to_processor[0].foot") == pytest.approx(7.6e-3, rel=0.02)
    # A via onto the processor, a cylinder of copper with a stud of copper in it.
    row = next(row for row in result.vias() if row.name == "to_processor[0]")
    resistivity = 1.7241e-8 * (1 + 0.00393 * (row.max_temperature - 5 - 293.15))
    uniform = 1.5**2 * resistivity * 0.675 * mm / (np.pi * (80 * um) ** 2)
    assert uniform < row.joule_power < 1.12 * uniform


def test_four_chips(scripts: dict[str, dict[str, Any]]) -> None:
    script = scripts["four_chips"]
    result = solved(script)
    found = rises(result, *script["CHIPS"])
    assert found == pytest.approx([31.0, 32.9, 34.1, 34.8], rel=0.05)
    means = [result.mean_temperature(chip) for chip in script["CHIPS"]]
    # Below each bond goes what is released above it: 1.5, 1 and 0.5 W, less what the mould takes.
    steps = np.diff(means) / [1.5, 1.0, 0.5]
    assert (np.diff(steps) < 0).all() and steps == pytest.approx(1.36, rel=0.27)
