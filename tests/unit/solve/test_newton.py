"""Newton's method: exact derivatives of everything at once, quadratic convergence, robustness, failures."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from steady_problems import AMBIENT, AREA, HEIGHT, KINDS, SIDE, everything, meshed, solved, stack

import mcpthermal as mt
from mcpthermal.solve.run import Run
from mcpthermal.units import mm


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("driven", ["current", "voltage"])
def test_the_derivative_is_that_of_the_residual(driven: str, kind: str) -> None:
    package, loads = everything()
    if driven == "voltage":
        loads[8] = mt.Voltage("high.x_min", 0.02)
    whole, mesh = meshed(kind, package, HEIGHT / 2, size=SIDE / 2)
    problem = Run(mt.Case(whole, loads), mesh, linear_tolerance=1e-13).problem
    rng = np.random.default_rng(3)
    x, y, z = (problem.thermal.space.points / mm).T
    rise = 40.0 + 30.0 * np.sin(3 * x - y) * np.cos(2 * z + y) + 5.0 * x
    rise = problem.moved(np.zeros(len(rise)), problem.numbering.pick(rise))
    # Factors of another temperature must not be taken for those of this one.
    problem.state(0.2 * rise)
    state = problem.state(rise)
    product = problem.jacobian(state, 1e-12)
    for step in (rng.standard_normal(problem.numbering.size), np.ones(problem.numbering.size)):
        found, size = product(step), 1e-3
        above, below = (
            problem.state(problem.moved(rise, sign * size * step), state.current.potential).residual for sign in (1, -1)
        )
        difference = (below - above) / (2 * size)
        assert np.linalg.norm(found - difference) < 1e-6 * np.linalg.norm(difference)


@pytest.mark.parametrize("kind", KINDS)
def test_each_coupling_is_part_of_the_derivative(kind: str) -> None:
    """Without a load the derivative is another one: what the test above compares has all of them in it."""
    package, loads = everything()
    whole, mesh = meshed(kind, package, HEIGHT, size=SIDE)
    for left_out in (None, 1, 2, 3, 4, 5, 6, 10):
        kept = [load for number, load in enumerate(loads) if number != left_out]
        problem = Run(mt.Case(whole, kept), mesh).problem
        z = problem.thermal.space.points[:, 2]
        rise = problem.moved(np.zeros(len(z)), problem.numbering.pick(40.0 + 2e4 * z))
        total = problem.jacobian(problem.state(rise), 1e-10)(np.ones(problem.numbering.size)).sum()
        if left_out is None:
            whole_slope = total
        else:
            assert abs(total - whole_slope) > 1e-5 * abs(whole_slope), loads[left_out]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_at_once_converges_quadratically(kind: str) -> None:
    package, loads = everything()
    result = solved(kind, package, loads, HEIGHT / 2, size=SIDE / 2, tolerance=1e-11)
    changes = [item.change / (result.max_temperature() - 290.0) for item in result.history]
    assert len(changes) <= 8
    solves = [item for item in result.provenance.solves if item["field"] == "temperature"]
    newton = [change for change, item in zip(changes, solves, strict=True) if item["method"].startswith("Newton")]
    fast = [(a, b) for a, b in pairwise(newton) if 1e-5 < a < 0.3]
    assert fast and all(b < 5 * a**2 + 1e-9 for a, b in fast), changes
    assert result.balance.relative_defect < 1e-9
    assert result.balance.relative_charge_defect < 1e-10
    assert result.balance.relative_power_defect < 1e-8


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_does_not_depend_on_the_start(kind: str) -> None:
    """From the result of a coarser mesh it takes fewer steps, and comes to what it finds from the surroundings."""
    package, loads = everything()
    coarse = solved(kind, package, loads, HEIGHT, size=SIDE)
    cold = solved(kind, package, loads, HEIGHT / 4, size=SIDE / 2)
    warm = solved(kind, package, loads, HEIGHT / 4, size=SIDE / 2, initial=coarse)
    even = solved(kind, package, loads, HEIGHT / 4, size=SIDE / 2, initial="320 K")
    rise = cold.max_temperature() - 290.0
    for result in (warm, even):
        assert result.max_temperature() - 290.0 == pytest.approx(rise, rel=1e-8)
    assert warm.history[0].change < 0.1 * cold.history[0].change and len(warm.history) < len(cold.history)
    other = mt.Package.from_parts([mt.Part("rod", mt.rectangle(SIDE), (0.0, HEIGHT), mt.Material("a", 1.0))])
    with pytest.raises(mt.InputError, match="another package"):
        solved("columns", other, [mt.Power("rod", 1.0), mt.Convection("bottom", 9.0, 300.0)], initial=coarse)


@pytest.mark.parametrize("kind", KINDS)
def test_a_linear_problem_takes_one_solve_of_each_field(kind: str) -> None:
    metal = mt.Material("metal", 100.0, 1e6)
    loads = [
        mt.Convection("bottom", 1e3, AMBIENT),
        mt.HeatSink("top", 100.0, 320.0),
        mt.Power("a", 0.1),
        mt.Current("a.x_min", 3.0),
        mt.Voltage("a.x_max", 0.0),
        mt.Interface("a|b", None, 1e-5),
    ]
    result = solved(kind, stack(("a", HEIGHT, metal), ("b", HEIGHT, metal)), loads)
    assert len(result.history) == 1
    assert [row["field"] for row in result.provenance.solves].count("temperature") == 1


# --- a conductivity that drops forty-fold -------------------------------------------------------------------------

DROP = mt.Material("drop", 1e5, mt.Table((300.0, 400.0, 500.0, 600.0), (4e5, 2.8e5, 5e4, 1e4)))
SINK = 40.0


def drop_case(kind: str, load: Any) -> mt.SteadyResult:
    """A block of one temperature on a sink, with a current from side to side."""
    loads = [mt.HeatSink("bottom", SINK, 300.0), load, mt.Voltage("block.x_max", 0.0)]
    return solved(kind, stack(("block", SIDE, DROP)), loads)


def sigma(temperature: float) -> float:
    return float(DROP.electrical_axes[0](temperature))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", [305.0, 360.0, 450.0, 560.0, 590.0])
def test_a_steep_drop_of_sigma_driven_by_voltage(target: float, kind: str) -> None:
    """The hotter the less it takes: always one state, from cold at any voltage."""
    volt = float(np.sqrt((target - 300.0) / SINK / (sigma(target) * SIDE)))
    result = drop_case(kind, mt.Voltage("block.x_min", volt))
    assert result.mean_temperature() - 300.0 == pytest.approx(target - 300.0, rel=2e-4)
    assert result.current("block.x_min") == pytest.approx(volt * sigma(target) * SIDE, rel=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_steep_drop_of_sigma_driven_by_current(kind: str) -> None:
    """Up to the largest current that can be cooled there is a state; beyond it none, and the last one is told."""
    temperature = np.linspace(300.0, 600.0, 6001)
    currents = np.sqrt([(t - 300.0) / SINK * sigma(t) * SIDE for t in temperature])
    # The curve turns first where it has its first maximum.
    first = int(np.argmax(np.diff(currents) < 0))
    largest, hottest = float(currents[first]), float(temperature[first])
    assert hottest < 450.0
    for part in (0.5, 0.9, 0.995):
        # Up to there the current grows with the temperature.
        here = float(np.interp(part * largest, currents[: first + 1], temperature[: first + 1]))
        result = drop_case(kind, mt.Current("block.x_min", part * largest))
        assert result.mean_temperature() - 300.0 == pytest.approx(here - 300.0, rel=1e-2 if part > 0.99 else 1e-3)
    with pytest.raises(mt.NoSteadyState, match=r"no steady state.*'block'") as caught:
        drop_case(kind, mt.Current("block.x_min", 1.02 * largest))
    error = caught.value
    assert error.factor == pytest.approx(1 / 1.02, rel=1e-3)
    assert error.hot_spot == "block"
    assert error.result.max_temperature() == pytest.approx(hottest, abs=3.0)
    assert error.result.current("block.x_min") == pytest.approx(largest, rel=1e-3)
    assert error.result.balance.relative_defect < 1e-8


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_that_vanishes_with_the_rise_is_no_trap(kind: str) -> None:
    """h = C |T - Ta|^(1/4): the first temperature must not be the ambient's, where nothing leaves."""
    loads = [mt.Power("block", 1e-3), mt.Convection("top", mt.PowerFilm(4.0, 0.25), AMBIENT)]
    result = solved(kind, stack(("block", HEIGHT, mt.Material("good", 1e3))), loads)
    rise = (1e-3 / (4.0 * AREA)) ** 0.8
    assert result.mean_temperature() - AMBIENT == pytest.approx(rise, rel=1e-4)
    assert len(result.history) <= 12
