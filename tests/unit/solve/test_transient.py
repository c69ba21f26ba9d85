"""The coupled solve in time: events, energy, quasi-static currents, steady ends, runaway; against exact answers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from steady_problems import AMBIENT, AREA, KINDS, SIDE, meshed, stack

import mcpthermal as mt
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.units import mm

CAPACITY = 2e6
GOOD = mt.Material("good", 1e4, 1e6, density=2000.0, specific_heat=CAPACITY / 2000.0)
"""Conducts so well that a block of it has one temperature."""

HEIGHT, FILM = 1 * mm, 500.0
LOSS, STORE = FILM * AREA, CAPACITY * AREA * HEIGHT
"""Of the block: W/K and J/K; its time constant is 4 s."""

BLOCK, MESH = meshed("columns", stack(("block", HEIGHT, GOOD)))
COOLING = mt.Convection("bottom", FILM, AMBIENT)
HARDLY = mt.Convection("bottom", 1e-9, AMBIENT)
"""A case must let heat out."""


def lumped(waveform: mt.Waveform, times: Any) -> Any:
    """The exact rise (K) at increasing times (s) under a power that is constant between its corners."""
    rises, rise, now = [], 0.0, 0.0
    for time in times:
        for end in (*waveform.corners(now, time), time):
            final = waveform((now + end) / 2) / LOSS
            rise, now = final + (rise - final) * np.exp(-(end - now) * LOSS / STORE), end
        rises.append(rise)
    return np.array(rises)


def energy_of(result: mt.TransientResult, kind: str) -> float:
    """All heat of a kind of load (J)."""
    return sum(joule for _, found, joule in result.energy.heat if found == kind)


PULSES = mt.Waveform.pulse_train(0.3, 0.7, 0.31, low=0.05, delay=0.11)


@pytest.mark.parametrize("steps", [mt.FixedSteps(0.08), mt.AdaptiveSteps(0.003, 0.0)])
@pytest.mark.parametrize("method", ["tr_bdf2", "esdirk43"])
def test_pulses_are_met(steps: Any, method: str) -> None:
    """Corners and times to save are among the times, energy is that of the pulses, temperatures are exact."""
    case, end, saved = mt.Case(BLOCK, [mt.Power("block", PULSES), COOLING]), 3.1, [0.0, 0.5, 1.0, 2.2222]
    result = mt.solve_transient(case, MESH, end, steps=steps, method=method, save=saved)
    corners = PULSES.corners(0.0, end)
    assert len(corners) == 9
    assert np.isin([*corners, *saved, end], result.times).all()
    assert (np.diff(result.times) > 0).all()
    edges = [0.0, *corners, end]
    area = sum(PULSES((a + b) / 2) * (b - a) for a, b in pairwise(edges))
    assert energy_of(result, "power") == pytest.approx(area, rel=1e-10)
    assert energy_of(result, "convection") == pytest.approx(result.energy.stored - area, rel=1e-8)
    exact = lumped(PULSES, result.times)
    assert exact.max() > 80
    np.testing.assert_allclose(result.probe("max(block)") - AMBIENT, exact, atol=0.03)
    assert [result.at(t).max_temperature() - AMBIENT for t in saved] == pytest.approx(lumped(PULSES, saved), abs=0.03)


@pytest.mark.parametrize("side", [-np.inf, np.inf])
def test_times_to_save_beside_a_corner(side: float) -> None:
    """By the rounding of the time: the step after it begins with the load after the jump."""
    pulse = mt.Waveform.table([0.0, 0.3, 0.3, 0.7, 0.7], [0.0, 0.0, 1.0, 1.0, 0.0])
    saved = [float(np.nextafter(time, side)) for time in (0.3, 0.7)]
    case = mt.Case(BLOCK, [mt.Power("block", pulse), COOLING])
    result = mt.solve_transient(case, MESH, 1.0, steps=mt.FixedSteps(0.1), save=saved)
    assert list(result.snapshots) == saved
    assert energy_of(result, "power") == pytest.approx(0.4, rel=1e-12)
    np.testing.assert_allclose(result.probe("max(block)") - AMBIENT, lumped(pulse, result.times), atol=0.01)


def test_ramps_bring_their_area() -> None:
    pulses = mt.Waveform.pulse_train(0.5, 0.9, 0.4, delay=0.05, rise=0.13, fall=0.21, count=2)
    case = mt.Case(BLOCK, [mt.Power("block", pulses), COOLING])
    result = mt.solve_transient(case, MESH, 2.0, steps=mt.FixedSteps(0.5))
    assert energy_of(result, "power") == pytest.approx(2 * 0.5 * (0.36 - 0.13 / 2 + 0.21 / 2), rel=1e-12)


def test_a_short_pulse_after_a_long_time() -> None:
    """A microsecond after hours, where the time itself is rounded to picoseconds."""
    begin = 1e4
    end = begin + 1e-6
    pulse = mt.Waveform.table([begin, begin, end, end], [0.0, 1e5, 1e5, 0.0])
    case = mt.Case(BLOCK, [mt.Power("block", pulse), COOLING])
    result = mt.solve_transient(case, MESH, 1.0001e4)
    assert energy_of(result, "power") == pytest.approx(1e5 * (end - begin), rel=1e-10)
    peak = float(result.probe("max(block)")[result.times == end][0])
    assert peak - AMBIENT == pytest.approx(1e5 * (end - begin) / STORE, rel=1e-4)
    assert result.steps["accepted"] < 150


# --- energy ---------------------------------------------------------------------------------------------------

POLYNOMIAL = mt.Polynomial((700.0, 1.5, -1e-3), 300.0)
TABLE = mt.Table((250.0, 320.0, 400.0, 700.0), (600.0, 800.0, 850.0, 1100.0))


def test_steps_of_equal_length_share_one_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the lengths between rounded times differ in their last digits; one more is that of the start."""
    made, make = [], ColumnSpace.operator

    def counted(*arguments: Any) -> Any:
        made.append(None)
        return make(*arguments)

    monkeypatch.setattr(ColumnSpace, "operator", counted)
    case = mt.Case(BLOCK, [mt.Power("block", 1.0), COOLING])
    mt.solve_transient(case, MESH, 0.7, steps=0.1)
    assert len(made) <= 2


@pytest.mark.parametrize("law", [POLYNOMIAL, TABLE, mt.PowerLaw(700.0, 300.0, 0.4)])
@pytest.mark.parametrize("kind", KINDS)
def test_enthalpy_of_an_adiabatic_body(kind: str, law: Any) -> None:
    """Constant power into a body with c(T): whatever the steps, the integral of c is the energy."""
    material = mt.Material("good", 1e3, density=2000.0, specific_heat=law)
    package, mesh = meshed(kind, stack(("block", HEIGHT, material)))
    case = mt.Case(package, [mt.Power("block", 1.0), HARDLY])
    result = mt.solve_transient(case, mesh, 0.5, steps=mt.FixedSteps(0.2))

    def missing(rise: float) -> float:
        return 2000.0 * AREA * HEIGHT * quad(law, AMBIENT, AMBIENT + rise, epsabs=1e-10, limit=200)[0] - 0.5

    exact = brentq(missing, 1.0, 1000.0, xtol=1e-10)
    assert 100 < exact < 1000
    assert result.final.mean_temperature() - AMBIENT == pytest.approx(exact, rel=1e-6)
    assert result.final.max_temperature() - result.final.min_temperature() < 1e-3
    assert result.energy.stored == pytest.approx(0.5, rel=1e-8)


@pytest.mark.parametrize("capacity", [POLYNOMIAL, TABLE])
@pytest.mark.parametrize("method", ["tr_bdf2", "esdirk43"])
def test_balances_with_laws_of_temperature(capacity: Any, method: str) -> None:
    """k(T) and c(T), radiation and leakage: closed over every step and over the run."""
    layer = mt.Material("layer", mt.PowerLaw(2.0, 300.0, -1.2), density=2300.0, specific_heat=capacity)
    package, mesh = meshed("columns", stack(("base", HEIGHT, GOOD), ("layer", HEIGHT, layer)), 0.5 * mm)
    loads = [
        mt.Power("layer", mt.Waveform.step(0.3, at=0.1)),
        mt.Leakage("layer", 0.02, 0.01, AMBIENT),
        mt.Radiation("top", AMBIENT, 0.9),
        COOLING,
    ]
    result = mt.solve_transient(mt.Case(package, loads), mesh, 2.0, method=method)
    assert result.final.max_temperature() - AMBIENT > 50
    assert result.largest_defect < 1e-8
    assert result.energy.relative_defect < 1e-8
    assert result.energy.stored == pytest.approx(sum(joule for _, _, joule in result.energy.heat), rel=1e-8)
    for kind, sign in (("power", 1), ("leakage", 1), ("radiation", -1), ("convection", -1)):
        assert sign * energy_of(result, kind) > 0


def test_a_fixed_temperature_that_jumps() -> None:
    """A slab held at its foot: the series for a sudden change; the heat that it takes is that of the series."""
    k = 10.0
    material = mt.Material("layer", k, density=2000.0, specific_heat=CAPACITY / 2000.0)
    package, mesh = meshed("columns", stack(("slab", HEIGHT, material)), 0.1 * mm)
    case = mt.Case(package, [mt.FixedTemperature("bottom", mt.Waveform.step(AMBIENT + 80, at=0.05, before=AMBIENT))])
    steps = mt.AdaptiveSteps(0.003, 0.0)
    result = mt.solve_transient(case, mesh, 0.15, steps=steps, probes=[mt.MeanTemperature(), mt.MaxTemperature()])
    before = result.times <= 0.05
    assert np.abs(result.probe("max(package)")[before] - AMBIENT).max() < 1e-9
    odd = np.arange(1, 400, 2) * np.pi / 2
    decay = np.exp(-(odd**2) * k / CAPACITY / HEIGHT**2 * 0.1)
    mean = 80 * (1 - float((2 / odd**2 * decay).sum()))
    assert result.final.mean_temperature() - AMBIENT == pytest.approx(mean, rel=3e-4)
    assert energy_of(result, "fixed temperature") == pytest.approx(STORE * mean, rel=3e-4)


# --- currents -------------------------------------------------------------------------------------------------

SIGMA = 1e3
WIRE = mt.Material("wire", 1e4, SIGMA, density=2000.0, specific_heat=CAPACITY / 2000.0)


def test_currents_follow_voltages_within_a_step() -> None:
    """Two blocks with a contact and a resistor under a sinusoid: Ohm's law at all times, and its energy."""
    package, mesh = meshed("columns", stack(("lower", HEIGHT, WIRE), ("upper", HEIGHT, WIRE)), 0.5 * mm)
    ohm, contact = 2.0, 1e-6
    loads = [
        mt.Voltage("node:source", mt.Waveform.sinusoid(2.0, 0.4, phase=0.3)),
        mt.Resistor("node:source", "top", ohm),
        mt.Voltage("bottom", 0.0),
        mt.Interface("lower", "upper", thermal_resistance=1e-6, electrical_resistivity=contact),
        COOLING,
    ]
    probes = [mt.TerminalCurrent("top"), mt.TerminalVoltage("top"), mt.MaxTemperature("upper")]
    result = mt.solve_transient(mt.Case(package, loads), mesh, 0.5, steps=mt.FixedSteps(0.01), probes=probes)
    own = (2 * HEIGHT / SIGMA + contact) / AREA
    current = 2.0 * np.sin(2 * np.pi * result.times / 0.4 + 0.3) / (ohm + own)
    np.testing.assert_allclose(result.probe("current(top)"), current, atol=1e-8)
    np.testing.assert_allclose(result.probe("voltage(top)"), current * own, atol=1e-8)
    t = np.linspace(0.0, 0.5, 20001)
    square = np.trapezoid((2.0 * np.sin(2 * np.pi * t / 0.4 + 0.3) / (ohm + own)) ** 2, t)
    assert energy_of(result, "joule") == pytest.approx(square * 2 * HEIGHT / SIGMA / AREA, rel=5e-4)
    assert energy_of(result, "contact joule") == pytest.approx(square * contact / AREA, rel=5e-4)
    assert result.final.max_temperature() - AMBIENT > 15


def test_a_voltage_that_jumps() -> None:
    """At the jump the current is still that before it; at the next time, and at once at t = 0, that after it."""
    voltage = mt.Waveform.table([0.0, 0.0, 0.1, 0.1], [5e-3, 1e-3, 1e-3, 3e-3])
    case = mt.Case(BLOCK, [mt.Voltage("top", voltage), mt.Voltage("bottom", 0.0), COOLING])
    result = mt.solve_transient(case, MESH, 0.2, steps=mt.FixedSteps(0.04), probes=[mt.TerminalCurrent("top")])
    current = result.probe("current(top)") * HEIGHT / 1e6 / AREA
    assert current == pytest.approx(np.where(result.times <= 0.1, 1e-3, 3e-3), rel=1e-9)
    assert energy_of(result, "joule") == pytest.approx((0.1 + 0.9) * 1e-6 * 1e6 * AREA / HEIGHT, rel=1e-9)


def test_states_in_time_have_the_ambient_of_their_time() -> None:
    """They are results like others: they can be summed up, written and compared with the surroundings of then."""
    ambient = mt.Waveform.step(AMBIENT + 50.0, at=1.0, before=AMBIENT)
    case = mt.Case(BLOCK, [mt.Power("block", 0.1), mt.Convection("bottom", FILM, ambient)])
    result = mt.solve_transient(case, MESH, 2.0, steps=mt.FixedSteps(0.5), save=[0.5, 1.0, 2.0])
    assert [look.ambient for look in result.snapshots.values()] == [AMBIENT, AMBIENT, AMBIENT + 50.0]
    assert result.final.to_dict()["ambient_K"] == AMBIENT + 50.0
    assert "block" in result.final.summary()


def test_a_law_is_checked_at_all_temperatures_of_a_run() -> None:
    """A pulse that is over before the end."""
    law = mt.Table([250.0, 310.0], [1e4, 1e4])
    stuff = mt.Material("narrow", law, density=2000.0, specific_heat=CAPACITY / 2000.0)
    package, mesh = meshed("columns", stack(("block", HEIGHT, stuff)))
    case = mt.Case(package, [mt.Power("block", mt.Waveform.step(0.0, at=1.0, before=0.05)), COOLING])
    with pytest.warns(mt.RangeWarning, match="part 'block'.* was used at 3[12]"):
        result = mt.solve_transient(case, mesh, 30.0, steps=mt.FixedSteps(0.25))
    assert result.final.max_temperature() < 305.0


def test_a_solver_that_fails_is_no_runaway(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*anything: Any, **more: Any) -> None:
        raise mt.LinearSolveError("PARDISO: out of memory")

    monkeypatch.setattr("mcpthermal.linalg.solver.Solver.solve", fail)
    monkeypatch.setattr("mcpthermal.linalg.stock.StockSolver.solve", fail)
    with pytest.raises(mt.LinearSolveError, match="PARDISO: out of memory"):
        mt.solve_transient(mt.Case(BLOCK, [mt.Power("block", 0.1), COOLING]), MESH, 1.0)


def test_what_is_asked_of_steady_states_is_refused_of_others() -> None:
    case = mt.Case(BLOCK, [mt.Power("block", 0.1), COOLING])
    state = mt.solve_transient(case, MESH, 0.5, steps=mt.FixedSteps(0.25)).final
    for ask in (
        lambda: mt.estimate_error(case, state, "block"),
        lambda: mt.gradient(case, state, "block.max", "block.power"),
        lambda: mt.stability(state),
    ):
        with pytest.raises(mt.InputError, match="needs the result of solve_steady; this state of a transient stores"):
            ask()
    with pytest.raises(mt.InputError, match="there is no probe; name a part"):
        mt.solve_transient(case, MESH, 0.5, probes=[])


def test_a_run_that_is_steady_before_the_last_corner_is_not_over() -> None:
    power = mt.Waveform.step(0.1, at=1.0)
    case = mt.Case(BLOCK, [mt.Power("block", power), COOLING])
    result = mt.solve_transient(case, MESH, 60.0, stop_when_steady=0.01)
    assert result.steady and result.times[-1] > 5.0
    assert result.final.max_temperature() - AMBIENT == pytest.approx(0.1 / LOSS, rel=2e-3)
    later = power - mt.Waveform.step(0.05, at=2.0)
    assert (later(1.5), later(3.0), (-later)(3.0), (1.0 - later)(0.0)) == pytest.approx((0.1, 0.05, -0.05, 1.0))


def test_a_body_whose_temperature_is_prescribed_everywhere() -> None:
    result = mt.solve_transient(mt.Case(BLOCK, [mt.FixedTemperature("block", 310.0)]), MESH, 1.0)
    assert result.final.max_temperature() == pytest.approx(310.0) and result.energy.stored == pytest.approx(
        0.0, abs=1e-9
    )


def test_a_power_trace_of_two_blocks() -> None:
    """One block after the other: each is the hotter one in its time, and both energies come in."""
    poor = mt.Material("layer", 0.1, density=2000.0, specific_heat=CAPACITY / 2000.0)
    package, mesh = meshed("columns", stack(("chip", HEIGHT, poor)), HEIGHT, SIDE / 4)
    half = SIDE / 2
    floorplan = {"west": (0.0, 0.0, half, SIDE), "east": (half, 0.0, half, SIDE)}
    trace = mt.PowerTrace("chip", floorplan, [0.0, 0.13, 0.4], [[0.2, 0.0], [0.0, 0.3], [0.0, 0.0]])
    west, east = (mt.TemperatureAt((x, 0.0, HEIGHT / 2)) for x in (-SIDE / 4, SIDE / 4))
    case = mt.Case(package, [trace, HARDLY])
    result = mt.solve_transient(case, mesh, 0.5, steps=mt.FixedSteps(0.05), probes=[west, east])
    assert np.isin([0.13, 0.4], result.times).all()
    assert energy_of(result, "power trace") == pytest.approx(0.2 * 0.13 + 0.3 * 0.27, rel=1e-12)
    first = result.times <= 0.13
    difference = result.probe(west.name) - result.probe(east.name)
    # Until heat has crossed a quarter of the block each half is on its own.
    assert difference[first][-1] == pytest.approx(0.2 * 0.13 / (STORE / 2), rel=0.02)
    assert difference[-1] == pytest.approx((0.2 * 0.13 - 0.3 * 0.27) / (STORE / 2), rel=0.1)


def test_columns_and_tetrahedra_agree() -> None:
    """A stack with a contact, a heated layer and a current."""
    slow = mt.Material("slow", 1.0, density=2000.0, specific_heat=CAPACITY / 2000.0)
    found = []
    for kind in KINDS:
        package, mesh = meshed(kind, stack(("wire", HEIGHT, WIRE), ("slow", HEIGHT, slow)), 0.25 * mm)
        loads = [
            mt.Voltage("wire.bottom", 0.0),
            mt.Voltage("wire.top", mt.Waveform.step(0.5, at=0.3)),
            mt.Power("slow", 0.1),
            mt.Interface("wire", "slow", thermal_resistance=1e-4),
            COOLING,
        ]
        steps = mt.FixedSteps(0.1)
        result = mt.solve_transient(mt.Case(package, loads), mesh, 1.0, steps=steps, probes=["wire", "slow"])
        found.append(np.stack(list(result.probes.values())) - AMBIENT)
    assert found[0].max() > 50
    np.testing.assert_allclose(found[0], found[1], atol=1e-3 * found[0].max())


def test_an_isothermal_face_has_one_temperature_from_the_start() -> None:
    """Also where the state it starts from has many there: they are tied from then on."""
    part = mt.Part("slab", mt.rectangle(2 * mm), (0.0, 1 * mm), mt.Material("a", 10.0, None, 2000.0, 900.0))
    package = mt.Package.from_parts([part])
    mesh = mt.generate_mesh(package, "coarse")
    uneven = [mt.FixedTemperature("slab.x_min", 300.0), mt.FixedTemperature("slab.x_max", 350.0)]
    before = mt.solve_steady(mt.Case(package, uneven), mesh)
    case = mt.Case(package, [mt.HeatSink("bottom", 5.0, 300.0, "isothermal")])
    places = [mt.TemperatureAt((x * mm, 0.3 * mm, 0.0)) for x in (-0.9, 0.1, 0.9)]
    result = mt.solve_transient(case, mesh, 0.1, initial=before, steps=0.02, probes=places)
    values = np.array([result.probe(place.name) for place in places])
    assert np.ptp(values, axis=0) == pytest.approx(0.0, abs=1e-9) and values[0, 0] == pytest.approx(325.0, abs=1.0)
