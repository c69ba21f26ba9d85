"""A fixture whose surroundings have different temperatures: heat flows before the test begins."""

from __future__ import annotations

import pytest

import mcpthermal as mt
from mcpthermal.units import mm

BOARD = mt.Material("board", 0.8, density=1900.0, specific_heat=1200.0)
SOFT = mt.Material("soft", mt.PowerLaw(148.0, 300.0, -1.3), density=2330.0, specific_heat=712.0)


def test_a_pulse_of_power_is_read_over_the_state_before_it() -> None:
    """The response hardly depends on where the surroundings are."""
    package = mt.Package.from_parts(
        [
            mt.Part("board", mt.rectangle(10 * mm), (-1 * mm, 0.0), BOARD),
            mt.Part("chip", mt.rectangle(2 * mm), (0.0, 0.3 * mm), SOFT, role="chip"),
        ]
    )
    values = []
    for above in (310.0, 350.0):
        fixture = (mt.Convection("bottom", 1000.0, 310.0), mt.Convection("top", 10.0, above))
        test = mt.ModuleTest(package, fixture, (mt.PowerPulse("pulse", "chip", 0.01, [1e-3, 0.1, 1.0]),))
        values.append([float(reading.value) for reading in mt.run_test(test, mesh="coarse").readings])
    assert values[1] == pytest.approx(values[0], rel=2e-3)
