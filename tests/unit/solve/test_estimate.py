"""Goals have exact derivatives; estimates are those of the refined mesh, are kept, and are printed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from steady_problems import AMBIENT, HEIGHT, KINDS, SIDE, everything, meshed, solved, stack

import mcpthermal as mt
from mcpthermal.mesh.refinement import refined
from mcpthermal.solve.adjoint import adjoint_at
from mcpthermal.solve.estimate import EXTRAPOLATION
from mcpthermal.solve.goals import Level, derivative
from mcpthermal.solve.run import Run
from mcpthermal.units import mm

TIGHT = {"tolerance": 1e-12, "linear_tolerance": 1e-12}

GOALS = [
    mt.MaxTemperature("high"),
    mt.MeanTemperature("cap"),
    mt.MeanTemperature(),
    mt.TemperatureAt((0.2 * mm, 0.1 * mm, 0.3 * mm)),
    mt.HeatOut("bottom"),
    mt.HeatOut("x_max"),
    mt.HeatOut(),
    mt.TerminalVoltage("high.x_min"),
    mt.TerminalCurrent("high.x_min"),
    mt.Resistance("high.x_min", "low.x_min"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("driven", ["current", "voltage"])
def test_goals_have_the_derivatives_of_differences(driven: str, kind: str) -> None:
    """By a power, in a problem with every load and law: the adjoint of each goal on the load of 1 W."""
    package, loads = everything()
    loads = [load for load in loads if not isinstance(load, mt.HeatSink)]
    loads.append(mt.FixedTemperature("x_max", 295.0))
    if driven == "voltage":
        loads = [mt.Voltage("high.x_min", 0.01) if isinstance(load, mt.Current) else load for load in loads]
    whole, mesh = meshed(kind, package, HEIGHT, size=SIDE)

    def solve(watt: float) -> mt.SteadyResult:
        return mt.solve_steady(mt.Case(whole, [mt.Power("cap", watt), *loads[1:]]), mesh, **TIGHT)

    result, above, below = solve(0.2), solve(0.201), solve(0.199)
    problem, state = Run.at(result)
    level = Level(result, problem, problem, state)
    cap = mesh.of_parts(np.array([name == "cap" for name in mesh.part_names]))
    power = result.thermal.volume_load(cap, 1.0 / mesh.cell_volumes[cap].sum())
    sizes = []
    for goal in GOALS:
        slope = adjoint_at(problem, state, *derivative(goal, level)).temperature @ power
        if isinstance(goal, mt.HeatOut) and goal.face in (None, "x_max"):
            slope += power[problem.numbering.is_fixed].sum()  # released at the held face, it leaves there at once
        difference = (goal.measure(above) - goal.measure(below)) / 0.002
        assert slope == pytest.approx(difference, rel=2e-5, abs=1e-10), goal.name
        sizes.append(abs(slope))
    assert sum(size > 0 for size in sizes) >= len(GOALS) - 2


def heated(kind: str, layer: float) -> mt.SteadyResult:
    """A metal with a current, on a board, under a chip: coupled and not linear."""
    package = stack(
        ("board", HEIGHT, mt.Material("b", 2.0)),
        ("metal", HEIGHT / 2, mt.Material("m", 100.0, mt.Metal(1e-6, 4e-3, AMBIENT))),
        ("chip", HEIGHT, mt.Material("s", mt.PowerLaw(120.0, 300.0, -1.3))),
    )
    loads = [
        mt.Power("chip", 0.5),
        mt.Convection("board.x_min", 2000.0, AMBIENT),
        mt.Current("metal.x_min", 3.0),
        mt.Voltage("metal.x_max", 0.0),
    ]
    return solved(kind, package, loads, layer, size=SIDE / 2, **TIGHT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_change_is_that_of_a_solution_on_the_refined_mesh(kind: str) -> None:
    result = heated(kind, HEIGHT / 2)
    finer = mt.solve_steady(result.case, refined(result.mesh), **TIGHT)
    goals = [
        mt.MaxTemperature("chip"),
        mt.MeanTemperature("board"),
        mt.TemperatureAt((0.1 * mm, 0.1 * mm, 0.2 * mm)),
        mt.TerminalVoltage("metal.x_min"),
        mt.Resistance("metal.x_min", "metal.x_max"),
        mt.HeatOut("board.x_min"),
    ]
    for goal, item in zip(goals, mt.estimate_error(result.case, result, goals), strict=True):
        change = goal.measure(finer) - goal.measure(result)
        assert item.value == goal.measure(result)
        scale = max(abs(change), 1e-7 * abs(item.value))
        assert item.error / EXTRAPOLATION == pytest.approx(change, abs=0.05 * scale), goal.name


def test_estimates_are_kept_and_printed() -> None:
    result = heated("columns", HEIGHT / 2)
    assert "error of the mesh" not in result.summary() and result.to_dict()["estimates"] == []
    (item,) = mt.estimate_error(result.case, result, "chip", shares=True)
    assert result.estimates == {"max(chip)": item}
    assert f"max(chip): {item.value - 273.15:.4f}"[:16] in result.summary() and "+-" in result.summary()
    assert result.to_dict()["estimates"][0]["error"] == item.error
    assert item.corrected == item.value + item.error and item.bar == abs(item.error)
    mesh = result.mesh
    assert item.planar.shape == (len(mesh.triangles),) and item.vertical.shape == (len(mesh.heights),)
    assert item.planar.sum() + item.vertical.sum() == pytest.approx(item.bar)
    assert item.cells.sum() == pytest.approx(item.bar)


@pytest.mark.parametrize(
    ("goals", "message"),
    [
        (mt.MaxTemperature("nothing"), "nothing"),
        (mt.TerminalVoltage("metal.x_mni"), "metal.x_min"),
        (mt.HeatOut("top"), "no thermal boundary"),
        (mt.ViaCurrent("via[0]"), "no via"),
        (3.0, "MaxTemperature"),
    ],
)
def test_unknown_goals_are_refused(goals: Any, message: str) -> None:
    result = heated("columns", HEIGHT)
    with pytest.raises(mt.InputError, match=message):
        mt.estimate_error(result.case, result, goals)


def test_another_case_is_refused() -> None:
    result = heated("columns", HEIGHT)
    with pytest.raises(mt.InputError, match="another case"):
        mt.estimate_error(mt.Case(result.case.package, result.case.loads), result, "chip")
