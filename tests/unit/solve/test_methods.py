"""Methods and step control in time: order conditions, observed orders, what a tolerance gives."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from steady_problems import AMBIENT, meshed, stack

import mcpthermal as mt
from mcpthermal.solve.march import Marcher
from mcpthermal.solve.methods import METHODS, RungeKutta
from mcpthermal.solve.run import Run
from mcpthermal.units import mm

SCHEMES = list(METHODS.values())
NAMES = list(METHODS)


def matrix(scheme: RungeKutta) -> Any:
    """The tableau as a square matrix."""
    size = len(scheme.stages)
    return np.array([[*row, *[0.0] * (size - len(row))] for row in scheme.stages])


@pytest.mark.parametrize("scheme", SCHEMES, ids=NAMES)
def test_order_conditions(scheme: RungeKutta) -> None:
    """Butcher's conditions up to the order, also of the embedded formula, and no further."""
    a, c = matrix(scheme), scheme.times
    trees = {1: [c**0], 2: [c], 3: [c**2, a @ c], 4: [c**3, c * (a @ c), a @ c**2, a @ a @ c]}
    values = {1: [1.0], 2: [1 / 2], 3: [1 / 3, 1 / 6], 4: [1 / 4, 1 / 8, 1 / 12, 1 / 24]}

    def misses(weights: Any, order: int) -> float:
        pairs = zip(trees[order], values[order], strict=True)
        return max(abs(float(weights @ tree) - value) for tree, value in pairs)

    for weights, order in ((scheme.weights, scheme.order), (np.array(scheme.embedded), 3)):
        for lower in range(1, order + 1):
            assert misses(weights, lower) < 1e-13, (order, lower)
    if scheme.order < 4:
        assert misses(scheme.weights, scheme.order + 1) > 1e-2
    assert misses(np.array(scheme.embedded), 4) > 1e-4


@pytest.mark.parametrize("scheme", SCHEMES, ids=NAMES)
def test_stiff_modes_die(scheme: RungeKutta) -> None:
    """The stability function vanishes at infinity, and is below one on the negative axis and the imaginary one."""
    a, one = matrix(scheme), np.ones(len(scheme.stages))

    def growth(z: complex) -> complex:
        return complex(1 + z * scheme.weights @ np.linalg.solve(np.eye(len(a)) - z * a, one))

    assert abs(growth(-1e9)) < 1e-6
    for z in np.logspace(-2, 6, 60):
        assert abs(growth(-z)) < 1
        assert abs(growth(1j * z)) <= 1 + 1e-12


def nonlinear() -> tuple[mt.Case, Any]:
    """A block whose k and c depend on the temperature, which radiates; powers are sinusoids: all is smooth."""
    k, c = mt.PowerLaw(100.0, 300.0, -1.3), mt.Polynomial((700.0, 2.0, -2e-3), 300.0)
    block = mt.Material("block", k, density=2300.0, specific_heat=c)
    package, mesh = meshed("columns", stack(("block", 1 * mm, block)), 0.5 * mm)
    power = mt.Waveform.sinusoid(5.0, "8 ms")
    loads = [
        mt.Power("block", power * power),
        mt.HeatFlux("top", 1e6 * power),
        mt.Radiation("top", AMBIENT, 0.9),
        mt.Convection("bottom", 2e4, AMBIENT),
    ]
    return mt.Case(package, loads), mesh


FINE = 60
"""So many steps of order four serve as a reference."""

TIMES = [1.0e-3, 2.5e-3]


@cache
def states(method: str, count: int) -> Any:
    """All temperatures (K) at some times by steps that get there exactly, (times, entries)."""
    case, mesh = nonlinear()
    options: dict[str, Any] = {
        "method": method,
        "save": TIMES,
        "linear_tolerance": 1e-11 if method == "esdirk43" else 1e-10,
    }
    result = mt.solve_transient(case, mesh, TIMES[-1], steps=mt.FixedSteps(TIMES[-1] / count), **options)
    assert result.steps["accepted"] == count
    assert result.steps["rejected"] == 0
    active = result.final.thermal.active
    return np.stack([result.at(time).temperature[active] for time in TIMES])


@pytest.mark.parametrize(("method", "counts", "order"), [("tr_bdf2", (10, 20, 40), 2), ("esdirk43", (5, 10, 20), 4)])
def test_observed_order(method: str, counts: tuple[int, ...], order: int) -> None:
    reference = states("esdirk43", FINE)
    assert reference.max() - AMBIENT > 20.0
    errors = [float(np.abs(states(method, count) - reference).max()) for count in counts]
    orders = [np.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    assert orders[-1] == pytest.approx(order, abs=0.25)
    assert errors[-1] < {"tr_bdf2": 1e-2, "esdirk43": 1e-4}[method]


@pytest.mark.parametrize("name", NAMES)
def test_order_of_the_estimate(name: str) -> None:
    """The estimate goes with the step to its power, and is about the error of the step."""
    scheme = METHODS[name]
    case, mesh = nonlinear()
    marcher = Marcher(Run(case, mesh, linear_tolerance=1e-12, transient=True).problem, scheme)
    start = marcher.begin(0.0, marcher.problem.start, None)
    for _ in range(16):
        start = marcher.step(start, start.time + 1.25e-4).moment
    sizes = np.array([2e-4, 1e-4, 5e-5])
    steps = [marcher.step(start, start.time + size) for size in sizes.tolist()]
    estimates = [float(np.abs(step.error).max()) for step in steps]
    powers = [np.log2(coarse / fine) for coarse, fine in pairwise(estimates)]
    assert powers[-1] == pytest.approx(scheme.estimate_power, abs=0.4)
    half = start
    for _ in range(8):
        half = marcher.step(half, half.time + sizes[0] / 8).moment
    error = float(np.abs(half.rise - steps[0].moment.rise).max())
    assert 0.1 * error < estimates[0] < 10 * error


def error_at_the_end(method: str, absolute: float) -> float:
    """The largest error (K) with a tolerance (K)."""
    case, mesh = nonlinear()
    steps = mt.AdaptiveSteps(absolute=absolute, relative=0.0, first=1e-6)
    result = mt.solve_transient(case, mesh, TIMES[-1], steps=steps, method=method, linear_tolerance=1e-11)
    found = result.final.temperature[result.final.thermal.active]
    return float(np.abs(found - states("esdirk43", FINE)[-1]).max())


@pytest.mark.parametrize("method", NAMES)
def test_errors_follow_the_tolerance(method: str) -> None:
    """Over four decades with a slope near one."""
    tolerances = np.array([3.0, 0.3, 0.03, 3e-3, 3e-4]) * {"tr_bdf2": 1.0, "esdirk43": 0.01}[method]
    errors = [error_at_the_end(method, tolerance) for tolerance in tolerances.tolist()]
    slope = np.polyfit(np.log(tolerances), np.log(errors), 1)[0]
    assert 0.7 < slope < 1.3
    assert all(fine < coarse for coarse, fine in pairwise(errors))
    assert (np.array(errors) < 10 * tolerances).all()


def test_controlled_steps_are_worth_it() -> None:
    """After a step of power over four decades of time, fixed steps take ten times as many for the same error."""
    good = mt.Material("block", 100.0, density=2300.0, specific_heat=700.0)
    package, mesh = meshed("columns", stack(("block", 1 * mm, good)), 0.1 * mm)
    case = mt.Case(package, [mt.HeatFlux("top", 1e6), mt.Convection("bottom", 2e4, AMBIENT)])
    times = [1e-4, 1e-2, 0.2]

    def surface(steps: Any, method: str) -> tuple[Any, Any]:
        result = mt.solve_transient(case, mesh, times[-1], steps=steps, save=times, method=method)
        return np.array([result.at(time).max_temperature() for time in times]), result.steps

    exact, _ = surface(mt.AdaptiveSteps(1e-5, 0.0), "esdirk43")
    found, counts = surface(mt.AdaptiveSteps(0.02, 0.0), "tr_bdf2")
    fixed, many = surface(mt.FixedSteps(times[-1] / (10 * counts["accepted"])), "tr_bdf2")
    assert many["accepted"] > 9 * counts["accepted"]
    assert np.abs(found - exact).max() < np.abs(fixed - exact).max()
    assert np.abs(found - exact).max() < 0.1
    assert counts["rejected"] < 0.2 * counts["accepted"]
    assert counts["solves"] == 3 * (counts["accepted"])
