"""The pulse train: its impedances, what they say of many pulses, and one pulse in steps; on its own mesh, loosely."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt

CASE = Path(__file__).parents[2] / "cases" / "pulse_train" / "case.py"
AMBIENT = 298.15


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(CASE))


@pytest.fixture(scope="module")
def mesh(script: dict[str, Any]) -> Any:
    return mt.generate_mesh(script["package"], script["MESH"])


@pytest.fixture(scope="module")
def impedance(script: dict[str, Any], mesh: Any) -> mt.ThermalImpedance:
    chips = ["logic", "memory"]
    times = np.geomspace(1e-3, 1000.0, 31).tolist()
    return mt.thermal_impedance(script["case"], chips, chips, mesh, times=times, tolerance=1e-2, linear_tolerance=1e-7)


@pytest.fixture(scope="module")
def pulse(script: dict[str, Any], mesh: Any) -> mt.TransientResult:
    """The first pulse."""
    return script["run"](mesh, 0.01, mt.AdaptiveSteps(absolute=0.3, relative=0.02, first=1e-3))


def test_the_case_is_a_pulse_train() -> None:
    case = mt.read_case(CASE)
    assert case.name == "pulse_train" and case.transient.until == 1.05
    for time, logic in ((0.0, 20.0), (0.0099, 20.0), (0.0101, 0.0), (0.9, 0.0), (1.005, 20.0)):
        loads = case.at(time).of(mt.Power, mt.CurrentLoad)
        assert [load.power for load in loads if isinstance(load, mt.Power)] == [logic, logic / 2]
        assert [load.current for load in loads if isinstance(load, mt.CurrentLoad)] == [logic, logic / 2]


def test_impedances(impedance: mt.ThermalImpedance) -> None:
    """K/W, after 10 ms and in the end."""
    assert impedance.at(0.01, "logic", "max(logic)") == pytest.approx(0.564, rel=0.01)
    assert impedance.at(0.01, "memory", "max(memory)") == pytest.approx(1.037, rel=0.01)
    assert impedance.steady == pytest.approx(np.array([[38.42, 37.88], [38.71, 41.64]]), rel=2e-3)


def test_many_pulses_from_the_impedances(script: dict[str, Any], impedance: mt.ThermalImpedance) -> None:
    """The rise of the logic at the end of the first, the second and the hundred and first pulse (K)."""
    rises = [script["superposed"](impedance, "logic", time) for time in (0.01, 1.01, 100.01)]
    assert rises == pytest.approx([12.37, 14.72, 21.41], rel=0.01)
    # In the long run a pulse stands on what the mean power leaves just before it.
    mean = 0.01 * (20.0 * impedance.steady[0, 0] + 10.0 * impedance.steady[1, 0])
    before = script["superposed"](impedance, "logic", 100.0)
    assert mean == pytest.approx(11.5, abs=0.1)
    assert before == pytest.approx(rises[-1] - rises[0], rel=0.02)
    assert 0.7 * mean < before < mean < rises[-1]


def test_a_pulse_in_steps(script: dict[str, Any], impedance: mt.ThermalImpedance, pulse: mt.TransientResult) -> None:
    """The same rise, and what Joule heat adds to it; both below the chips' own heat capacity's 15.2 and 17.8 K."""
    assert pulse.times[-1] == 0.01
    for chip, most in (("logic", 15.2), ("memory", 17.8)):
        rise = pulse.probe(f"max({chip})")[-1] - AMBIENT
        alone = script["superposed"](impedance, chip, 0.01)
        assert alone < rise < 1.05 * alone < most
    assert pulse.probe("max(logic)")[-1] - AMBIENT == pytest.approx(12.54, rel=0.01)
    heat = {(place, kind): joule for place, kind, joule in pulse.energy.heat}
    assert heat["logic", "power"] == pytest.approx(0.2, rel=1e-9)
    assert heat["memory", "power"] == pytest.approx(0.1, rel=1e-9)
    assert heat["conductors", "joule"] == pytest.approx(0.0233, rel=0.02)
    assert pulse.energy.relative_defect < 1e-8
