"""What a sweep answers: values of independent runs, infeasible and failed points with their reasons."""

from __future__ import annotations

import functools
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import pytest
import study_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from study_cases import MESH, OUTPUTS, faulty, slab, stack

import mcpthermal as mt
from mcpthermal.errors import InputError
from mcpthermal.mesh.layers import common_fractions, layering, moved_mesh
from mcpthermal.result.study import StudyPoint
from mcpthermal.solve.reuse import interpolation_weights
from mcpthermal.solve.subspace import Span, Subspace
from mcpthermal.study.samples import filling_order
from mcpthermal.units import mm

quiet = functools.partial(mt.sweep, progress=False)
GRID: dict[str, Any] = {
    "via_depth": ["0.5 mm", "0.6 mm", "0.8 mm"],
    "module_height": ["0.3 mm", "0.45 mm", "0.55 mm"],
    "current": [1.0, 3.0],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> mt.Study:
    folder = tmp_path_factory.mktemp("studies") / "stack"
    return quiet(stack, outputs=OUTPUTS, mesh=MESH, workers=2, folder=folder, **GRID)


def test_infeasible_points_have_their_reason(study: mt.Study) -> None:
    assert len(study.points) == 18 and not study.of("failed")
    barred = {(p.parameters["via_depth"], p.parameters["module_height"]) for p in study.of("infeasible")}
    assert barred == {(0.5 * mm, 0.55 * mm)}
    for point in study.of("infeasible"):
        assert "height of module 'stack', 550 um, is not less than the thickness of the insulation" in point.reason
        assert point.values == {}
    assert np.isnan(study.column("memory.max")).sum() == len(study.of("infeasible"))


def test_values_are_those_of_independent_runs_on_the_same_mesh(study: mt.Study) -> None:
    cases = {p.index: stack(**p.parameters) for p in study.of("solved")}
    own = {n: layering(case.package, MESH) for n, case in cases.items()}
    assert len({item.key for item in own.values()}) == 1
    fractions = common_fractions(list(own.values()))
    planar = mt.generate_mesh(cases[0].package, MESH, fractions=fractions)
    for n in (0, 7, 17):
        result = mt.solve_steady(cases[n], moved_mesh(planar, cases[n].package, fractions))
        rise = result.max_temperature() - 298.15
        values = study.points[n].values
        assert values["memory.max"] == pytest.approx(result.max_temperature("memory"), abs=1e-8 * rise)
        assert values["logic.mean"] == pytest.approx(result.mean_temperature("logic"), abs=1e-8 * rise)
        assert values["resistance(pad, supply.foot)"] == pytest.approx(
            result.resistance("pad", "supply.foot"), rel=1e-8
        )


def test_values_do_not_depend_on_workers_or_order(study: mt.Study) -> None:
    points = [dict(point.parameters) for point in study.points]
    order = np.random.default_rng(0).permutation(len(points))
    other = quiet(stack, [points[n] for n in order], outputs=OUTPUTS, mesh=MESH, workers=0)
    for name in OUTPUTS:
        scale = 1e-8 * (100.0 if study.units[name] == "K" else float(np.nanmax(np.abs(study.column(name)))))
        assert other.column(name) == pytest.approx(study.column(name)[order], abs=scale, nan_ok=True)


def test_what_the_answers_say(study: mt.Study) -> None:
    """Three times the current heats nine times as much; a deeper via has more resistance."""
    resistance = study.column("resistance(pad, supply.foot)").reshape(3, 3, 2)
    assert (np.diff(resistance[:, 0, 0]) > 0).all()
    assert (resistance[:, 0, 1] > resistance[:, 0, 0]).all()  # hotter copper
    memory = study.column("memory.max").reshape(3, 3, 2)
    assert (memory[..., 1][np.isfinite(memory[..., 1])] > memory[..., 0][np.isfinite(memory[..., 0])]).all()


def test_failures_are_recorded_and_stop_nothing() -> None:
    study = quiet(faulty, power=[1.0, 2.0, 3.0, 4.0], workers=0, outputs=["slab.max"], mesh=MESH)
    assert [point.status for point in study.points] == ["solved", "failed", "failed", "solved"]
    assert study.points[1].reason == "KeyError: 'a slip in make_case'"
    assert study.points[2].reason.startswith("NoSteadyState: ")
    # P = h A (T - T0) at the bottom, and uniform heat on its way there: P L / (2 k A).
    assert study.points[3].values["slab.max"] == pytest.approx(300.0 + 4.0 / 0.1 + 4.0 * 1e-3 / (2 * 100.0 * 1e-6))
    assert "2 failed" in study.summary() and "a slip" in study.summary()


def test_default_outputs_and_functions_of_results() -> None:
    study = quiet(slab, power=[1.0, 2.0], workers=0, mesh=MESH)
    assert study.outputs == ("slab.max", "slab.mean")
    drop = quiet(
        slab, power=[1.0], workers=0, mesh=MESH, outputs={"drop": lambda r: r.max_temperature() - r.min_temperature()}
    )
    assert drop.column("drop")[0] == pytest.approx(5.0)
    ball = quiet(slab, power=[1.0], workers=0, mesh=MESH, outputs=[mt.MeanTemperature("slab"), "bottom.heat_out"])
    assert ball.outputs == ("mean(slab)", "bottom.heat_out") and ball.column("bottom.heat_out")[0] == pytest.approx(1.0)


def test_an_output_that_is_no_number_is_a_failure_with_a_reason() -> None:
    study = quiet(slab, power=[1.0], workers=0, mesh=MESH, outputs={"odd": lambda result: float("nan")})
    assert study.points[0].reason == "SolveError: output 'odd' is nan and no finite number"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"power": []}, "parameter 'power' has no values"),
        ({}, "either points="),
        ({"points": [{"power": 1.0}, {"thickness": 1.0}]}, "other parameters than point 0: power, thickness"),
        ({"points": [{"power": 1.0}, {"power": "1 W"}]}, "points 0 and 1 of the study are the same"),
        ({"power": [float("nan")]}, "power=nan is no finite number"),
        ({"power": [1.0], "outputs": ["slab.maxi"]}, "'slab.maxi' must be a place and one of"),
        ({"power": [1.0], "outputs": ["slob.max"], "workers": 0}, "did you mean 'slab'"),
        ({"power": [1.0], "outputs": [], "workers": 0}, "outputs: there is none"),
        ({"power": [1.0], "workers": -1}, "workers=-1 must be a number of processes"),
        ({"power": [1.0], "workers": 1, "outputs": {"x": lambda r: 1.0}}, "define them at the top of a module"),
        ({"power": [1.0], "mesh": "rough"}, "mesh level 'rough' is unknown"),
        ({"power": [1.0], "tolerance": 1e-3}, "tolerance of a sweep"),
        ({"power": [1.0], "method": "fast"}, "method 'fast' of the linear solves must be one of auto, direct"),
        ({"power": [1.0], "workers": 0, "memory": "4 GB"}, "only worker processes of a study have a limit"),
        ({"power": [1.0], "workers": 1, "memory": "10 MB"}, "memory: 10 MB is not enough for a worker.* 1 GB"),
        ({"power": [1.0], "outputs": {"power": "slab.max"}}, "the parameter 'power' has the name of an output"),
        ({"power": [1.0], "outputs": {"status": "slab.max"}}, "an output is named 'status', as a column"),
        ({"powr": [1.0]}, r"slab\(power.* cannot be called with powr: got an unexpected keyword argument"),
        ({"power": ["1 W", "2 mm"]}, "'1 W' is a power and '2 mm' is a length; give all values in units of one kind"),
        ({"power": [1.0], "outputs": ["slab.voltage"], "workers": 0}, "'slab' is no terminal"),
        ({"power": [1.0], "outputs": ["top.heat_out"], "workers": 0}, "'top' has no thermal boundary"),
        ({"power": [1.0], "outputs": 3}, "outputs: 3 must be a list such as"),
    ],
)
def test_what_cannot_be_swept_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        quiet(slab, **arguments)


def test_samples_fill_their_ranges() -> None:
    """Each of n equal parts of a range has one point of a Latin hypercube, and of a Sobol sequence of 2^m points."""
    for points in (
        mt.latin_hypercube(16, via_depth=("0.5 mm", "1 mm"), h=(10.0, 1000.0)),
        mt.sobol(16, via_depth=("0.5 mm", "1 mm"), h=(10.0, 1000.0)),
    ):
        values = np.array([[p["via_depth"], p["h"]] for p in points])
        part = np.floor(16 * (values - [0.5e-3, 10.0]) / [0.5e-3, 990.0]).astype(int)
        assert (np.sort(part, axis=0) == np.arange(16)[:, None]).all()
    assert mt.sobol(5, seed=3, x=(0, 1)) == mt.sobol(5, seed=3, x=(0, 1)) != mt.sobol(5, seed=4, x=(0, 1))
    with pytest.raises(InputError, match="must begin with the lower of two values"):
        mt.sobol(4, x=("1 mm", "0.5 mm"))


def test_one_at_a_time_changes_one_at_a_time() -> None:
    points = mt.one_at_a_time({"a": 1.0, "b": "2 mm"}, a=(0.5, 2.0), b=("1 mm", "2 mm"))
    assert points == ({"a": 1.0, "b": 2e-3}, {"a": 0.5, "b": 2e-3}, {"a": 2.0, "b": 2e-3}, {"a": 1.0, "b": 1e-3})
    assert [p["power"] for p in mt.grid_points(power=["1 W", "200 mW"], kind="wide")] == [1.0, 0.2]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=12, max_size=30, unique=True))
@settings(max_examples=30)
def test_weights_reproduce_values_of_smooth_functions(places: list[tuple[float, float]]) -> None:
    """They always add up to one; where enough points lie well apart they are exact for a plane."""
    known, wanted = np.array(places[:-1]), np.array(places[-1])
    weights = interpolation_weights(known, wanted)
    assert weights.sum() == pytest.approx(1.0, abs=1e-6) and np.abs(weights).sum() <= 8.0 + 1e-6
    if np.count_nonzero(weights) > 1:
        assert weights @ known == pytest.approx(wanted, abs=1e-6)


def test_weights_use_high_degrees_where_one_parameter_has_few_values() -> None:
    """Three values of a parameter determine its square only, and do not keep the others from their fifth power."""
    x, c = np.meshgrid(np.linspace(0, 1, 8), [0.5, 1.0, 2.0])
    known, wanted = np.column_stack([x.ravel(), c.ravel()]), np.array([0.43, 1.0])
    weights = interpolation_weights(known, wanted)
    values = known[:, 0] ** 3 * known[:, 1] ** 2 + known[:, 0] ** 5
    assert weights @ values == pytest.approx(0.43**3 + 0.43**5, rel=1e-9)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_a_subspace_holds_its_solutions(dimensions: int, seed: int) -> None:
    """A solution in the span, even of vectors that depend on each other, is found; another one's energy is smaller."""
    random = np.random.default_rng(seed)
    root, vectors = random.normal(size=(20, 20)), random.normal(size=(20, dimensions))
    matrix = root @ root.T + np.eye(20)
    system = SimpleNamespace(apply=lambda vector: matrix @ vector)
    span = Span(20)
    for vector in (*vectors.T, vectors @ random.normal(size=dimensions)):
        span.add(vector)
    assert span.basis.shape == (20, dimensions)
    subspace = Subspace(span)
    inside = vectors @ random.normal(size=dimensions)
    assert subspace.guess(system, matrix @ inside, 1e-12) == pytest.approx(inside, rel=1e-8, abs=1e-8)
    other = random.normal(size=20)
    error = other - subspace.guess(system, matrix @ other, 1e-12)
    assert vectors.T @ matrix @ error == pytest.approx(0.0, abs=1e-8 * np.abs(matrix).sum())
    assert error @ matrix @ error < other @ matrix @ other


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_a_subspace_solves_with_the_projection_of_another_system(seed: int) -> None:
    """Of a near one, without a new projection, also after the span has grown and turned; of a far one by a new one."""
    random = np.random.default_rng(seed)
    root = random.normal(size=(40, 40))
    first = root @ root.T + 20 * np.eye(40)
    scales = np.exp(random.uniform(-0.1, 0.1, 40))
    near, far = scales[:, None] * first * scales, np.diag(10.0 ** random.uniform(-4, 4, 40))
    span, applied = Span(8), []

    def system(matrix: np.ndarray) -> SimpleNamespace:
        def apply(vectors: np.ndarray) -> np.ndarray:
            applied.append(vectors.ndim)
            return matrix @ vectors

        return SimpleNamespace(apply=apply)

    def residual(matrix: np.ndarray) -> float:
        right = random.normal(size=40)
        found = subspace.guess(system(matrix), right, 1e-6)
        left = span.basis.T @ (right - matrix @ found)
        return float(np.linalg.norm(left) / np.linalg.norm(span.basis.T @ right))

    for _ in range(8):
        span.add(random.normal(size=40))
    subspace = Subspace(span)
    assert residual(first) < 1e-10 and applied == [2]
    applied.clear()
    assert residual(near) < 1e-6 and 2 not in applied
    span.add(random.normal(size=40))
    applied.clear()
    assert len(span.turns) == 1 and residual(near) < 1e-6
    assert applied.count(2) == 1, "only what is new is projected"
    assert residual(far) < 1e-6


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_a_full_span_keeps_the_directions_that_matter(seed: int) -> None:
    """Vectors near a plane, forty for ten dimensions: each is still what its coordinates say, but for what is small."""
    random = np.random.default_rng(seed)
    plane = random.normal(size=(30, 2))
    vectors = plane @ random.normal(size=(2, 40)) + 1e-6 * random.normal(size=(30, 40))
    span = Span(10)
    for vector in vectors.T:
        span.add(vector)
        count = span.basis.shape[1]
        assert count <= 10 and span.basis.T @ span.basis == pytest.approx(np.eye(count), abs=1e-12)
    weights = random.normal(size=40)
    assert span.combination(weights) == pytest.approx(vectors @ weights, abs=1e-4)
    # The last vector has found room as it is.
    assert span.combination(np.eye(40)[-1]) == pytest.approx(vectors[:, -1], abs=1e-12)


def test_the_first_points_of_the_order_lie_all_over_the_range() -> None:
    points = mt.grid_points(a=list(range(9)), b=list(range(9)))
    order = filling_order(points)
    assert sorted(order) == list(range(81))
    first = {(points[n]["a"], points[n]["b"]) for n in order[:5]}
    assert first == {(4, 4), (0, 0), (0, 8), (8, 0), (8, 8)}
    words = filling_order(mt.grid_points(metal=["copper", "gold"], a=[1.0, 2.0]))
    assert sorted(words) == [0, 1, 2, 3]


def test_tables_and_files(study: mt.Study, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = study.table()
    assert list(table.columns) == ["via_depth", "module_height", "current", "status", "reason", *OUTPUTS]
    assert table["memory.max"].isna().sum() == 2 and (table["memory.max"].dtype == float)
    back = pandas.read_csv(study.to_csv(tmp_path / "a.csv"), index_col="point")
    heads = ["memory.max (K)", "logic.mean (K)", "supply.foot.voltage (V)", "resistance(pad, supply.foot) (ohm)"]
    assert list(back.columns) == ["via_depth", "module_height", "current", "status", *heads, "reason"]
    assert back["memory.max (K)"].to_numpy() == pytest.approx(table["memory.max"].to_numpy(), rel=1e-15, nan_ok=True)
    assert ",0.00045,1.0,solved" in (tmp_path / "a.csv").read_text()
    pytest.importorskip("pyarrow")
    same = pandas.read_parquet(study.to_parquet(tmp_path / "a.parquet"))
    pandas.testing.assert_frame_equal(same, table)


def test_reasons_do_not_hide_the_outputs() -> None:
    """Neither in a table on a narrow screen nor in the summary of a study without any answer."""
    pandas = pytest.importorskip("pandas")
    reason = "height of module 'stack', 550 um, is not less than the thickness of the insulation, 500 um"
    heights = [{"via_depth": depth, "module_height": 0.55 * mm} for depth in (0.5 * mm, 0.6 * mm)]
    barred = StudyPoint(0, heights[0], "infeasible", reason=reason)
    solved = StudyPoint(1, heights[1], "solved", {"memory.max": 330.123456, "vdd_0.voltage": 0.0012})
    study = mt.Study((barred, solved), {"memory.max": "K", "vdd_0.voltage": "V"})
    with pandas.option_context("display.max_columns", 0, "display.width", 80):
        text = str(study.table())
    assert all(word in text for word in ("via_depth", "module_height", "memory.max", "330.123456", "vdd_0.voltage"))
    assert mt.Study((barred,), {}).summary() == f"study: 1 points: 1 infeasible\n  point 0 is infeasible: {reason}\n"


def test_a_point_that_is_accurate_but_does_not_add_up_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its solution is carried on to the tolerance of the residual, and is that of the study that had no need to."""
    import mcpthermal.solve.steady as steady

    heights = {"module_height": [3e-4, 3.5e-4, 4e-4]}
    wanted = quiet(study_cases.stack, workers=0, mesh=MESH, outputs=["memory.max"], **heights)
    result, accurate = steady.Run.result, []

    def strict(run: Any, state: Any, newton: Any, **more: Any) -> Any:
        if newton.accuracy > 0:
            accurate.append(state.size)
            raise mt.BalanceError("the energy balance does not close")
        return result(run, state, newton, **more)

    monkeypatch.setattr(steady.Run, "result", strict)
    found = quiet(study_cases.stack, workers=0, mesh=MESH, outputs=["memory.max"], **heights)
    assert len(accurate) == 2 and len(found.of("solved")) == 3
    for point, other in zip(found.points, wanted.points, strict=True):
        assert point.values["memory.max"] - 298.15 == pytest.approx(other.values["memory.max"] - 298.15, rel=1e-8)


def test_a_sweep_in_height_uses_one_planar_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gmsh works once, and so do the weak forms; only the first point starts cold."""
    import mcpthermal.fem.planar as planar
    import mcpthermal.study.work as work

    meshes, spaces, lengths = [], [], []
    monkeypatch.setattr(planar, "_KNOWN", WeakValueDictionary())
    make, init, solve = work.generate_mesh, planar.PlanarSpace.__init__, work.solve_steady
    monkeypatch.setattr(work, "generate_mesh", lambda *a, **k: meshes.append(1) or make(*a, **k))
    monkeypatch.setattr(planar.PlanarSpace, "__init__", lambda *a: spaces.append(1) or init(*a))

    def counted(*arguments: Any, **options: Any) -> Any:
        result = solve(*arguments, **options)
        lengths.append(max(item.thermal_iterations for item in result.history))
        return result

    monkeypatch.setattr(work, "solve_steady", counted)
    study = quiet(study_cases.stack, workers=0, mesh=MESH, outputs=["memory.max"], module_height=[3e-4, 3.5e-4, 4e-4])
    assert len(study.of("solved")) == len(lengths) == 3
    assert len(meshes) == 1 and len(spaces) == 2  # of the heat and of the currents
