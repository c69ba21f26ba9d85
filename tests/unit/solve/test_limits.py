"""The largest load with a steady state, the branch that leads there and past it, and the stability of states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from steady_problems import AMBIENT, AREA, KINDS, SIDE, meshed, stack

import mcpthermal as mt
from mcpthermal.solve.limits import _Search
from mcpthermal.solve.run import Run
from mcpthermal.units import mm

HEIGHT = 0.4 * mm
SINK = 0.5

BODY = stack(("body", HEIGHT, mt.Material("body", 2000.0)))
DROP = HEIGHT / (2000.0 * AREA)
"""The resistance of the body itself (K/W)."""


def lumped(resistance: float = SINK, leakage: float = 10.0) -> list[Any]:
    """The example of the references, 50 W and 10 W exp(0.02 (T - 358.15)) over a resistance to 318.15 K.

    All heat enters at the top and leaves at the bottom: the resistance is that of body and sink together.
    """
    return [
        mt.Power("body.top", 50.0),
        mt.Leakage("body.top", leakage, 0.02, 358.15),
        mt.HeatSink("bottom", resistance - DROP, 318.15),
    ]


def limit(kind: str, package: mt.Package, loads: list[Any], parameter: str, **options: Any) -> mt.Limit:
    whole, mesh = meshed(kind, package, size=SIDE)
    return mt.find_limit(mt.Case(whole, loads), parameter, mesh, **options)


def check_branch(found: mt.Limit) -> None:
    """Factors grow to the limit and fall past it, temperatures grow all along; stable before, unstable after."""
    factors = np.array([point.factor for point in found.branch])
    assert (np.diff([point.max_temperature for point in found.branch]) > 0).all()
    top = int(np.argmax(factors))
    assert factors[top] == pytest.approx(found.factor, rel=1e-9)
    assert (np.diff(factors[: top + 1]) > 0).all() and (np.diff(factors[top:]) < 0).all()
    assert [point.stable for point in found.branch] == [True] * (top + 1) + [False] * (len(factors) - top - 1)
    assert len(factors) > top + 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_of_a_leakage(kind: str) -> None:
    """P(T) touches (T - T0) / R where b (T - T0 - R P0) = 1: the leakage at the reference temperature follows."""
    found = limit(kind, BODY, lumped(), "leakage")
    hot = 318.15 + SINK * 50.0 + 1 / 0.02
    watt = 1 / (SINK * 0.02) / np.exp(0.02 * (hot - 358.15))
    assert found.found and found.hot_spot == "body" and found.unit == "W"
    assert found.value == pytest.approx(watt, rel=1e-6)
    assert found.factor == pytest.approx(watt / 10.0, rel=1e-6)
    assert found.result.max_temperature() == pytest.approx(hot, abs=0.5)
    check_branch(found)
    for point in found.branch:
        rise = point.max_temperature - 318.15
        expected = (rise / SINK - 50.0) / (10.0 * np.exp(0.02 * (point.max_temperature - 358.15)))
        assert point.factor == pytest.approx(expected, abs=1e-5)
    assert f"{found.factor:.6g}"[:4] in found.summary()


@pytest.mark.parametrize(
    ("law", "part"),
    [
        (mt.Exponential(10.0, 358.15, 0.02), 1.0),
        # Without a temperature of its own it counts at that of the surroundings, 318.15 K: half of the last value.
        (mt.Table((200.0, 318.15, 438.15, 558.15), (0.0, 5.0, 20.0, 80.0)), 0.5),
        (mt.Table((200.0, 318.15, 378.15, 558.15), (0.0, 0.0, 10.0, 80.0)), 0.0),
    ],
)
def test_a_leakage_by_a_law_counts(law: mt.Law, part: float) -> None:
    loads = [mt.Power("body.top", 50.0), mt.Leakage("body.top", law), mt.HeatSink("bottom", SINK - DROP, 318.15)]
    found = limit("columns", BODY, loads, "leakage", past=0)
    assert found.found and found.value == pytest.approx(part * 10.0 * found.factor, rel=1e-12)
    if part == 1.0:
        assert found.value == pytest.approx(limit("columns", BODY, lumped(), "leakage").value, rel=1e-9)
    assert str(found) == found.summary()
    assert len(repr(found)) < 200


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_of_a_power_beside_leakage(kind: str) -> None:
    """At R = 1.214832064 K/W, the critical one, the limit is the power itself."""
    found = limit(kind, BODY, lumped(1.214832064), "power")
    assert found.value == pytest.approx(50.0, rel=1e-5)
    assert found.result.max_temperature() == pytest.approx(428.891603203, abs=0.5)
    check_branch(found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_of_the_ambient(kind: str) -> None:
    """The highest ambient: R (P0 + 1 / (R b)) below the temperature at which the slope of the leakage is 1 / R."""
    found = limit(kind, BODY, lumped(), "ambient")
    hot = 358.15 + np.log(1 / (SINK * 0.02 * 10.0)) / 0.02
    ambient = hot - SINK * (50.0 + 1 / (SINK * 0.02))
    assert found.unit == "K"
    assert found.value == pytest.approx(ambient, abs=1e-3)
    assert found.factor == pytest.approx(ambient - 318.15, abs=1e-3)
    assert found.result.max_temperature() == pytest.approx(hot, abs=0.5)
    assert found.result.balance.relative_defect < 1e-8
    check_branch(found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ambient_moves_prescribed_temperatures_too(kind: str) -> None:
    """A leaking face over a slab on a held base."""
    slab = stack(("slab", HEIGHT, mt.Material("m", 10.0)))
    resistance = HEIGHT / (10.0 * AREA)
    loads = [mt.Leakage("slab.top", 0.1, 0.02, 350.0), mt.FixedTemperature("bottom", 310.0)]
    found = limit(kind, slab, loads, "ambient")
    hot = 350.0 + np.log(1 / (resistance * 0.02 * 0.1)) / 0.02
    assert found.value == pytest.approx(hot - 1 / 0.02, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.98, 1.02])
def test_just_below_the_limit_there_is_a_state_and_just_above_none(part: float, kind: str) -> None:
    hot = 318.15 + SINK * 50.0 + 1 / 0.02
    watt = 1 / (SINK * 0.02) / np.exp(0.02 * (hot - 358.15))
    whole, mesh = meshed(kind, BODY, size=SIDE)
    case = mt.Case(whole, lumped(leakage=part * watt), name="leaky")
    if part < 1.0:
        result = mt.solve_steady(case, mesh)
        assert hot - 15.0 < result.max_temperature() < hot
        assert mt.stability(result).stable
        return
    with pytest.raises(mt.NoSteadyState, match=r"'leaky' has no steady state.*'body'") as caught:
        mt.solve_steady(case, mesh)
    # All loads grow alike: T = T0 + R f P0 + 1 / b and f P(T) R b = 1.
    most = brentq(lambda f: f * part * watt * SINK * 0.02 * np.exp(0.02 * (10.0 + 25.0 * f)) - 1.0, 0.5, 1.0)
    assert caught.value.factor == pytest.approx(most, rel=1e-5)
    assert caught.value.hot_spot == "body"
    assert caught.value.result.max_temperature() < hot + 20.0
    assert isinstance(caught.value, mt.SolveError)


# --- currents -------------------------------------------------------------------------------------------------

RHO, SLOPE, FILM = 1e-6, 4e-3, 2000.0
BLOCK = stack(("block", HEIGHT, mt.Material("metal", 1e5, mt.Metal(RHO, SLOPE, AMBIENT))))
COLD_RESISTANCE = RHO / HEIGHT


def driven(load: Any) -> list[Any]:
    return [mt.Convection("bottom", FILM, AMBIENT), load, mt.Voltage("block.x_max", 0.0)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_current_of_a_metal_approaches_its_limit(kind: str) -> None:
    """T - T0 = I^2 R0 / (h A - I^2 R0 a): it grows beyond all bounds at I^2 R0 a = h A."""
    critical = np.sqrt(FILM * AREA / (COLD_RESISTANCE * SLOPE))
    found = limit(kind, BLOCK, driven(mt.Current("block.x_min", -2.0)), "current", hottest=1e7)
    assert found.unit == "A"
    assert found.value == pytest.approx(critical, rel=1e-4)
    assert found.factor == pytest.approx(critical / 2.0, rel=1e-4)
    assert all(point.stable for point in found.branch)
    for point in found.branch[1:]:
        rise = point.max_temperature - AMBIENT
        current = np.sqrt(FILM * AREA * rise / (COLD_RESISTANCE * (1 + SLOPE * rise)))
        assert point.value == pytest.approx(current, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("parameter", "load"), [("voltage", mt.Voltage("block.x_min", 1e-3)), ("current", mt.Current("block.x_min", 0.1))]
)
def test_no_limit_is_told_with_how_far_the_search_went(parameter: str, load: Any, kind: str) -> None:
    """A metal takes any voltage; and currents with a hottest temperature below the turning."""
    found = limit(kind, BLOCK, driven(load), parameter, hottest=500.0)
    assert not found.found and np.isinf(found.value)
    assert f"no limit of the {parameter}" in found.summary()
    assert found.result.max_temperature() > 500.0
    assert all(point.stable for point in found.branch)
    last = found.branch[-1]
    scale = last.value if parameter == "current" else found.result.current("block.x_min")
    rise = last.max_temperature - AMBIENT
    heat = scale**2 * COLD_RESISTANCE * (1 + SLOPE * rise)
    assert heat == pytest.approx(FILM * AREA * rise, rel=1e-3)


def test_what_cannot_be_searched_is_refused() -> None:
    case = mt.Case(BODY, lumped())
    with pytest.raises(mt.InputError, match="did you mean 'leakage'"):
        mt.find_limit(case, "leakige")
    with pytest.raises(mt.InputError, match="did you mean 'leakage'"):
        mt.find_limit(case, ["leakage"])  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match="no Current or CurrentLoad"):
        mt.find_limit(case, "current")
    with pytest.raises(mt.InputError):
        mt.find_limit(BODY, "power")  # type: ignore[arg-type]
    with pytest.raises(mt.InputError):
        mt.find_limit(case, "power", hottest="hot")
    hopeless = mt.Case(BODY, lumped(leakage=1e4))
    _, mesh = meshed("columns", BODY, size=SIDE)
    with pytest.raises(mt.NoSteadyState, match="even where the search begins"):
        mt.find_limit(hopeless, "power", mesh)


@pytest.mark.parametrize(
    ("parameter", "loads", "total"),
    [
        ("power", [mt.Power("block", 0.0)], "0 W"),
        ("power", [mt.Power("block", -2.0), mt.Power("block.top", 1.0)], "-1 W"),
        ("leakage", [mt.Leakage("block", 0.0, 0.02, 300.0)], "0 W"),
        ("leakage", [mt.Leakage("block", mt.Constant(0.0))], "0 W"),
        ("current", driven(mt.Current("block.x_min", 0.0))[1:], "0 A"),
        ("voltage", driven(mt.Voltage("block.x_min", 0.0))[1:], "0 V"),
    ],
)
def test_loads_of_which_no_multiple_heats_are_refused(parameter: str, loads: list[Any], total: str) -> None:
    with pytest.raises(mt.InputError, match=f"the {parameter} of case 'case' is {total} in all"):
        limit("columns", BLOCK, [mt.Convection("bottom", FILM, AMBIENT), *loads], parameter)


# --- stability ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_slowest_mode_of_a_slab(kind: str) -> None:
    """Cold faces: it decays with pi^2 k / (rho c L^2), and is a half wave."""
    slab = mt.Material("slab", 12.0, density=2000.0, specific_heat=700.0)
    whole, mesh = meshed(kind, stack(("slab", HEIGHT, slab)), HEIGHT / 8, size=SIDE / 4)
    loads = [mt.FixedTemperature("top", 300.0), mt.FixedTemperature("bottom", 320.0), mt.Power("slab", 1.0)]
    found = mt.stability(mt.solve_steady(mt.Case(whole, loads), mesh))
    rate = np.pi**2 * 12.0 / (2000.0 * 700.0 * HEIGHT**2)
    assert found.unit == "1/s" and found.stable
    assert found.eigenvalue == pytest.approx(rate, rel=1e-4 if kind == "columns" else 1e-3)
    assert mt.lowest_eigenvalue(mt.solve_steady(mt.Case(whole, loads), mesh)) == pytest.approx(found.eigenvalue)


@pytest.mark.parametrize("kind", KINDS)
def test_the_rate_of_a_body_on_a_sink(kind: str) -> None:
    """Of one temperature: (1/R - dP/dT) / C; without heat capacities the same per volume."""
    volume = AREA * HEIGHT
    for density, capacity, unit in ((2000.0, 2000.0 * 500.0 * volume, "1/s"), (None, volume, "W/(m3 K)")):
        body = mt.Material("body", 1e6, density=density, specific_heat=500.0)
        whole, mesh = meshed(kind, stack(("body", HEIGHT, body)), size=SIDE)
        loads = [mt.Power("body", 50.0), mt.Leakage("body", 10.0, 0.02, 358.15), mt.HeatSink("bottom", SINK, 318.15)]
        found = mt.stability(mt.solve_steady(mt.Case(whole, loads), mesh))
        slope = 10.0 * 0.02 * np.exp(0.02 * (347.163693032 - 358.15))
        assert found.unit == unit
        assert found.eigenvalue == pytest.approx((1 / SINK - slope) / capacity, rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("current", [0.0, 5.0, -12.0])
def test_a_current_slows_the_decay(current: float, kind: str) -> None:
    """Of a metal of one temperature: (h A - I^2 R0 a) / C, whatever the temperature."""
    metal = mt.Material("metal", 1e5, mt.Metal(RHO, SLOPE, AMBIENT), density=8000.0, specific_heat=400.0)
    whole, mesh = meshed(kind, stack(("block", HEIGHT, metal)), size=SIDE)
    found = mt.stability(mt.solve_steady(mt.Case(whole, driven(mt.Current("block.x_min", current))), mesh))
    loss = FILM * AREA - current**2 * COLD_RESISTANCE * SLOPE
    assert found.eigenvalue == pytest.approx(loss / (8000.0 * 400.0 * AREA * HEIGHT), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_sign_on_both_sides_of_the_turning(kind: str) -> None:
    """Positive before, nearly zero at the limit, negative past it."""
    whole, mesh = meshed(kind, BODY, size=SIDE)
    case = mt.Case(whole, lumped())
    before = mt.lowest_eigenvalue(mt.solve_steady(case, mesh))
    assert before > 0.0
    search = _Search(Run(case, mesh), "leakage", 3000.0, 80)
    search.follow(3)
    assert abs(mt.lowest_eigenvalue(search.limit().result)) < 1e-2 * before
    past = search.points[-1]
    search.branch.set(past.factor)
    found = mt.stability(search.run.result(past.state, search.newton))
    assert found.eigenvalue < -0.1 * before and not found.stable
