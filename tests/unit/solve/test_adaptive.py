"""Adaptive meshes: the fewest cells for an error, tolerances that are met, budgets that end the search honestly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from steady_problems import AMBIENT

import mcpthermal as mt
from mcpthermal.mesh.refinement import refined
from mcpthermal.result.estimates import AdaptiveStep
from mcpthermal.solve.adaptive import Budget, _spent, numbers
from mcpthermal.solve.reuse import Last
from mcpthermal.solve.run import Run
from mcpthermal.units import mm


def chip_on_board() -> mt.Case:
    """A chip in mould on laminate: its edges are singular."""
    package = mt.Package.from_parts(
        [
            mt.Part("board", mt.rectangle(6 * mm), (-0.5 * mm, 0.0), mt.Material("laminate", 0.8)),
            mt.Part("mould", mt.rectangle(6 * mm), (0.0, 0.6 * mm), mt.Material("mould", 0.9), role="insulation"),
            mt.Part("chip", mt.rectangle(2 * mm), (0.0, 0.3 * mm), mt.Material("silicon", 130.0), role="chip"),
        ]
    )
    loads = [mt.Power("chip", 1.0), mt.Convection("bottom", 1000.0, AMBIENT), mt.Convection("top", 20.0, AMBIENT)]
    return mt.Case(package, loads)


def split(case: mt.Case) -> mt.Case:
    """The same on tetrahedra."""
    mesh = mt.generate_mesh(case.package, mt.MeshSpec("coarse", edge_size=0.4 * mm, layer_size=0.3 * mm))
    cells, part = mesh.tetrahedra()
    tets = mt.TetMesh(mesh.points, cells, part, mesh.part_names)
    return mt.Case(mt.Package.from_mesh(tets, {p.name: p.material for p in case.package.parts}), case.loads)


@pytest.fixture(scope="module")
def rise() -> float:
    """The chip's highest rise, extrapolated from a mesh that is fine at its edges and from the halved one (K)."""
    case = chip_on_board()
    mesh = mt.generate_mesh(case.package, mt.MeshSpec("fine", edge_size=40e-6, layer_size=40e-6))
    return mt.estimate_error(case, mt.solve_steady(case, mesh), "chip")[0].corrected - AMBIENT


def test_numbers_minimise_the_cells() -> None:
    """No other numbers with the same error make less cells: the derivatives of both are parallel."""
    rng = np.random.default_rng(5)
    planar, vertical = rng.uniform(0.05, 0.2, 40), rng.uniform(0.05, 0.2, 12)
    triangles, layers = numbers(planar, vertical)
    inner = (triangles > 0.31) & (triangles < 11.9)
    assert inner.sum() > 20
    assert np.ptp((planar * triangles**-2.0)[inner]) < 1e-9
    assert (vertical * layers**-2.0).sum() == pytest.approx(1 / 3, rel=1e-6)
    few, least = numbers(planar, vertical, room=3.0)
    assert few.mean() * least.mean() <= 3.0 < triangles.mean() * layers.mean()


def test_a_tolerance_is_met_with_less_than_even_refinement(rise: float) -> None:
    case = chip_on_board()
    result = mt.solve_adaptive(case, "chip", 0.002)
    found = result.adaptation
    assert found is not None and found.reached and found.reason == "the tolerance is reached"
    assert 2 <= len(found.steps) <= 6
    true = rise - (result.max_temperature("chip") - AMBIENT)
    assert abs(true) < 0.002 * 1.5 * rise
    item = result.estimates["max(chip)"]
    assert 0.5 < item.error / true < 2.0
    assert abs(item.corrected - AMBIENT - rise) < 0.6 * abs(true)
    # All cells halved until the error is as small: more than twice the unknowns.
    even = mt.generate_mesh(case.package, "coarse")
    while True:
        even = refined(even)
        solved = mt.solve_steady(case, even)
        if abs(solved.max_temperature("chip") - AMBIENT - rise) < 1.5 * abs(true):
            break
    assert solved.provenance.sizes["temperature"] > 2 * result.provenance.sizes["temperature"]
    assert "Meshes (value and" in result.summary() and found.table().count("\n") == len(found.steps) + 1
    assert result.to_dict()["adaptation"]["reached"] is True


def test_a_loose_tolerance_begins_coarse() -> None:
    """And so does a budget in which there is no room for more than the default mesh."""
    case = chip_on_board()
    usual = mt.solve_adaptive(case, "chip", 0.009)
    assert usual.mesh.n_cells == mt.generate_mesh(case.package).n_cells
    for options in ({"tolerance": 0.01}, {"tolerance": "1 %"}, {"max_unknowns": 12_000, "max_meshes": 1}):
        result = mt.solve_adaptive(case, "chip", **options)  # type: ignore[arg-type]
        assert result.mesh.n_cells < 0.7 * usual.mesh.n_cells


def test_a_solution_is_estimated_with_what_it_has_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set up a second time; where the solution came by a path of loads, it has to be."""
    options: dict[str, Any] = {"mesh": mt.generate_mesh(chip_on_board().package, "coarse"), "max_meshes": 1}
    with monkeypatch.context() as patch:
        patch.setattr(Run, "at", None)
        result = mt.solve_adaptive(chip_on_board(), "chip", **options)
    monkeypatch.setattr(Last, "solved", None)
    other = mt.solve_adaptive(chip_on_board(), "chip", **options)
    assert other.estimates["max(chip)"].error == pytest.approx(result.estimates["max(chip)"].error, rel=1e-3)


def test_an_absolute_tolerance_and_several_goals() -> None:
    goals = ["chip", mt.MeanTemperature("board")]
    result = mt.solve_adaptive(chip_on_board(), goals, "0.3 K")
    assert result.adaptation is not None and result.adaptation.reached
    assert set(result.estimates) == {"max(chip)", "mean(board)"}
    assert all(item.bar <= 0.3 for item in result.estimates.values())


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_meshes": 2, "max_unknowns": 40_000}, "2 meshes"),
        ({"max_unknowns": 20_000}, "of 20,000 unknowns"),
        ({"max_seconds": 0.01}, "of 0.01 s"),
    ],
)
def test_a_budget_ends_the_search_and_says_so(limits: dict[str, Any], reason: str) -> None:
    result = mt.solve_adaptive(chip_on_board(), "chip", 1e-6, **limits)
    found = result.adaptation
    assert found is not None and not found.reached
    assert found.reason.startswith("not reached: ") and reason in found.reason
    assert found.steps[-1].unknowns <= limits.get("max_unknowns", 1e9)
    assert "not reached" in result.summary()


@pytest.mark.parametrize("order", [1, 2])
def test_tetrahedra_are_refined_where_it_counts(order: int) -> None:
    case = split(chip_on_board())
    result = mt.solve_adaptive(case, mt.MeanTemperature("chip"), 1e-4, order=order, max_unknowns=25_000, max_meshes=4)
    found = result.adaptation
    assert found is not None and len(found.steps) == 4
    errors = [step.worst for step in found.steps]
    assert errors[-1] < 0.6 * errors[0]
    # Near the chip's edges, not in the corners of the board.
    middle = result.mesh.points[result.mesh.cells].mean(axis=1)
    edge = np.abs(np.abs(middle[:, :2]).max(axis=1) - 1 * mm) < 0.3 * mm
    volumes = result.mesh.cell_volumes
    assert volumes[edge].mean() < 0.4 * volumes[~edge].mean()


@pytest.mark.parametrize(
    ("tolerance", "message"),
    [(0.0, "tolerance"), ("0.2 V", "K"), (2.0, "tolerance"), ("-1 K", "no positive number"), ("nanK", "0.2 K")],
)
def test_wrong_tolerances_are_refused(tolerance: Any, message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        mt.solve_adaptive(chip_on_board(), "chip", tolerance)


def test_goals_are_checked_before_anything_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    import mcpthermal.solve.adaptive as adaptive

    monkeypatch.setattr(adaptive, "generate_mesh", lambda *arguments: pytest.fail("a mesh was made"))
    part = mt.Part("slab", mt.rectangle(1 * mm), (0.0, 1 * mm), mt.Material("a", 1.0))
    case = mt.Case(mt.Package.from_parts([part]), [mt.Power("slab", 1.0), mt.Convection("bottom", 10.0, 300.0)])
    for goal, message in (
        (mt.ViaCurrent("supply[9]"), "no via"),
        (mt.Resistance("a", "b"), "no terminal"),
        (mt.HeatOut("top"), "no thermal boundary"),
        (mt.MeanTemperature("slap"), "slab"),
    ):
        with pytest.raises(mt.McpThermalError, match=message):
            mt.solve_adaptive(case, goal)


def test_the_best_answer_is_returned_where_the_last_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meshes are made coarser here on purpose."""
    monkeypatch.setattr("mcpthermal.solve.adaptive._new_columns", lambda case, *rest: mt.generate_mesh(case, "coarse"))
    block = mt.Part("block", mt.rectangle(2 * mm), (0.0, 1 * mm), mt.Material("m", 10.0))
    chip = mt.Part("chip", mt.rectangle(1 * mm), (1 * mm, 1.2 * mm), mt.Material("n", 100.0), role="chip")
    loads = [mt.Power("chip", 1.0), mt.FixedTemperature("bottom", 300.0)]
    case = mt.Case(mt.Package.from_parts([block, chip]), loads)
    result = mt.solve_adaptive(case, "chip", 1e-7, max_meshes=2)
    first, last = result.adaptation.steps
    assert last.unknowns < first.unknowns and last.worst > first.worst
    assert result.max_temperature("chip") == first.values["max(chip)"]
    assert f"the answer is that of {first.unknowns:,} unknowns" in result.adaptation.reason


def test_no_mesh_is_made_where_there_is_hardly_room_for_more_cells() -> None:
    step = AdaptiveStep(1000, 100, {"a": 1.0}, {"a": 0.1}, {"a": 0.01}, 10.0)
    assert not _spent([step], Budget(10_000, 60.0, 10))
    assert "a finer mesh would take longer" in _spent([step], Budget(10_000, 30.0, 10))
