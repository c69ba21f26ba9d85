"""The adjoint: a transpose to rounding, and derivatives that differences of whole solutions confirm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from steady_problems import AMBIENT, HEIGHT, KINDS, SIDE, everything, meshed, stack

import mcpthermal as mt
from mcpthermal.fem.surfaces import patch_load
from mcpthermal.solve.adjoint import Linearisation, adjoint
from mcpthermal.solve.run import Run

TIGHT = {"tolerance": 1e-12, "linear_tolerance": 1e-12}


def hot_and_cold(result: mt.SteadyResult) -> tuple[Any, Any]:
    """Derivatives of: the mean temperature of 'cap', plus 300 K/V times the mean potential of 'low'."""
    mesh = result.mesh
    cap, low = (mesh.of_parts(np.array([name == wanted for name in mesh.part_names])) for wanted in ("cap", "low"))
    volume = mesh.cell_volumes
    assert result.electrical is not None
    return (
        result.thermal.volume_load(cap, 1.0 / volume[cap].sum()),
        300.0 * result.electrical.volume_load(low, 1.0 / volume[low].sum()),
    )


def output(result: mt.SteadyResult) -> float:
    by_temperature, by_potential = hot_and_cold(result)
    return float(by_temperature @ result.temperature + by_potential @ result.potential)


@pytest.mark.parametrize("kind", KINDS)
def test_the_transpose_is_one(kind: str) -> None:
    package, loads = everything()
    whole, mesh = meshed(kind, package, HEIGHT, size=SIDE)
    problem = Run(mt.Case(whole, loads), mesh, linear_tolerance=1e-13).problem
    z = problem.thermal.space.points[:, 2]
    linear = Linearisation(problem, problem.state(40.0 + 2e4 * z))
    rng = np.random.default_rng(7)
    sizes = len(z), problem.electrical.space.size
    x, y = ([rng.standard_normal(n) for n in sizes] for _ in range(2))
    forth, back = linear.product(*x), linear.transposed(*y)
    # Each block on its own: a coupling that is small beside the operator must not hide.
    for row in range(2):
        for column in range(2):
            one = [item if n == column else 0 * item for n, item in enumerate(x)]
            other = [item if n == row else 0 * item for n, item in enumerate(y)]
            left, right = linear.product(*one)[row] @ y[row], linear.transposed(*other)[column] @ x[column]
            assert left == pytest.approx(right, rel=1e-10, abs=1e-14 * abs(forth[row] @ y[row])), (row, column)
            assert left != 0.0
    assert sum(a @ b for a, b in zip(forth, y, strict=True)) == pytest.approx(
        sum(a @ b for a, b in zip(back, x, strict=True)), rel=1e-10
    )


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_by_loads_are_those_of_differences(kind: str) -> None:
    """By a power, a current and an ambient, with every load and law there is."""
    package, loads = everything()
    whole, mesh = meshed(kind, package, HEIGHT, size=SIDE)

    def solve(number: int, field: str, value: float) -> mt.SteadyResult:
        changed = [replace(load, **{field: value}) if n == number else load for n, load in enumerate(loads)]
        return mt.solve_steady(mt.Case(whole, changed), mesh, **TIGHT)

    result = mt.solve_steady(mt.Case(whole, loads), mesh, **TIGHT)
    found = adjoint(result, *hot_and_cold(result))
    assert found.residual < 1e-8 and found.potential is not None
    cap = mesh.of_parts(np.array([name == "cap" for name in mesh.part_names]))
    power = result.thermal.volume_load(cap, 1.0 / mesh.cell_volumes[cap].sum())
    place = next(terminal for terminal in result.case.terminals if terminal.name == "high.x_min")
    patches = result.electrical.patches(result.case.terminal_faces(mesh, place))
    current = patch_load(patches, 1.0 / sum(float(patch.weights.sum()) for patch in patches), result.electrical.size)
    for number, field, slope in ((0, "power", found.temperature @ power), (8, "current", found.potential @ current)):
        value = getattr(loads[number], field)
        step = 1e-4 * value
        above, below = (output(solve(number, field, value + sign * step)) for sign in (1, -1))
        assert slope == pytest.approx((above - below) / (2 * step), rel=1e-5), field


@pytest.mark.parametrize("kind", KINDS)
def test_prescribed_values_have_derivatives_too(kind: str) -> None:
    """A held base, and a voltage across a metal that heats itself."""
    metal = mt.Material("metal", 20.0, mt.Metal(1e-6, 4e-3, AMBIENT))
    whole, mesh = meshed(kind, stack(("low", HEIGHT, metal), ("cap", HEIGHT, mt.Material("c", 5.0))), HEIGHT, size=SIDE)

    def solve(base: float, volt: float) -> mt.SteadyResult:
        loads = [
            mt.FixedTemperature("bottom", base),
            mt.Convection("top", 50.0, AMBIENT),
            mt.Voltage("low.x_min", volt),
            mt.Voltage("low.x_max", 0.0),
        ]
        return mt.solve_steady(mt.Case(whole, loads), mesh, **TIGHT)

    result = solve(AMBIENT, 0.02)
    found = adjoint(result, *hot_and_cold(result))
    high = result.electrical.points[:, 0] < result.electrical.points[:, 0].min() + 1e-9
    assert found.by_fixed_temperature.sum() == pytest.approx(
        (output(solve(AMBIENT + 0.01, 0.02)) - output(solve(AMBIENT - 0.01, 0.02))) / 0.02, rel=1e-5
    )
    assert found.by_fixed_potential[high].sum() == pytest.approx(
        (output(solve(AMBIENT, 0.02 + 1e-6)) - output(solve(AMBIENT, 0.02 - 1e-6))) / 2e-6, rel=1e-5
    )


def test_what_does_not_fit_is_refused() -> None:
    whole, mesh = meshed("columns", stack(("low", HEIGHT, mt.Material("m", 5.0))))
    result = mt.solve_steady(mt.Case(whole, [mt.Power("low", 1.0), mt.FixedTemperature("bottom", AMBIENT)]), mesh)
    with pytest.raises(mt.InputError, match="by_temperature has shape"):
        adjoint(result, np.ones(3))
    with pytest.raises(mt.InputError, match="by_potential has shape"):
        adjoint(result, np.zeros_like(result.temperature), np.ones(3))
    with pytest.raises(mt.InputError, match="NaN"):
        adjoint(result, np.full_like(result.temperature, np.nan))
    with pytest.raises(mt.InputError, match="solve_steady"):
        adjoint("result", np.ones(3))  # type: ignore[arg-type]
