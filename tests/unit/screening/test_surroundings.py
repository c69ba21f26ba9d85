"""A fixture whose surroundings have different temperatures: heat flows before the test begins."""

from __future__ import annotations

import pytest

import mcpthermal as mt
from mcpthermal.units import mm

BOARD = mt.Material("board", 0.8, density=1900.0, specific_heat=1200.0)
SOFT = mt.Material("soft", mt.PowerLaw(148.0, 300.0, -1.3), density=2330.0, specific_heat=712.0)
COARSE = mt.MeshSpec("coarse", edge_size=2 * mm, max_size=2 * mm, layer_size=0.3 * mm, growth=2.0)


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


CHUCK = mt.Chuck("chip.bottom", 300.0, 1e-4)
HEATED = [mt.HeatFlux("chip.top", 1e5), mt.Power("chip", 0.5), mt.Leakage("chip", 0.4, 0.01, 300.0)]


def bare(conductivity: object) -> mt.Package:
    """A chip, or a piece of metal, by itself."""
    law = mt.Metal("1.7e-8 ohm m", 0.004, 293.15)
    metal = mt.Material("bulk", conductivity, law, density=2330.0, specific_heat=712.0)  # type: ignore[arg-type]
    return mt.Package.from_parts([mt.Part("chip", mt.rectangle(4 * mm), (0.0, 0.3 * mm), metal, "chip")])


def read(package: mt.Package, fixture: object, step: object) -> float:
    test = mt.ModuleTest(package, fixture, step)  # type: ignore[arg-type]
    return float(mt.run_test(test, mesh=COARSE).readings[0].value)


@pytest.mark.parametrize("source", HEATED[:2], ids=lambda load: type(load).__name__)
def test_the_heat_of_the_fixture_is_not_that_of_a_pulse(source: object) -> None:
    """Whether the response is a reduced model or stepped."""
    pulse = mt.PowerPulse("pulse", "chip", 1.0, "10 ms")
    linear, stepped = (read(bare(law), [CHUCK, source], pulse) for law in (148.0, mt.Table((200, 500), (148, 148.001))))
    assert stepped == pytest.approx(linear, rel=2e-3)


def test_leakage_of_the_fixture_adds_only_what_the_pulse_makes_of_it() -> None:
    """Near 300 K it grows by 4 mW/K: of a rise of 1.139 K/W that is half a percent, and its 0.4 W are none of it."""
    pulse = mt.PowerPulse("pulse", "chip", 1.0, "10 ms")
    alone, leaking = (read(bare(148.0), fixture, pulse) for fixture in (CHUCK, [CHUCK, HEATED[2]]))
    assert alone < leaking < 1.01 * alone


def test_a_pulse_of_current_begins_in_the_heat_of_the_fixture() -> None:
    """A second ambient that hardly takes part changes nothing."""
    pulse = mt.CurrentPulse("pulse", ("chip.x_min", "chip.x_max"), 0.1, read_at="10 us")
    fixture = [CHUCK, HEATED[0]]
    one, two = (read(bare(148.0), [*fixture, *more], pulse) for more in ([], [mt.Convection("top", 1e-3, 310.0)]))
    assert one == pytest.approx(two, rel=1e-6)
    assert one > read(bare(148.0), CHUCK, pulse) * 1.01


def test_a_fixture_that_varies_or_has_no_steady_state_is_told() -> None:
    pulse = mt.CurrentPulse("pulse", ("chip.x_min", "chip.x_max"), 0.1, read_at="10 us")
    rising = mt.HeatFlux("chip.top", mt.Waveform.step(1e5))
    with pytest.raises(mt.InputError, match=r"the HeatFlux at 'chip\.top' varies in time"):
        mt.ModuleTest(bare(148.0), [CHUCK, rising], pulse)
    with pytest.raises(mt.NoSteadyState, match="'test: the fixture alone' has no steady state"):
        read(bare(148.0), [CHUCK, mt.Leakage("chip", 100.0, 0.1, 300.0)], pulse)
