"""The coupled solve: options, failures with the last iterate, conductors without current, random stacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.units import mm

COPPER = mt.Material("metal", 400.0, electrical_conductivity=mt.Metal(1.7e-8, 0.0039, 293.15))
PLASTIC = mt.Material("plastic", 0.5)


def bar(current: float = 1.0, h: float = 1000.0) -> mt.Case:
    package = mt.Package.from_parts([mt.Part("bar", mt.rectangle((2 * mm, 1 * mm)), (0.0, 0.1 * mm), COPPER)])
    loads = [mt.Current("bar.x_min", current), mt.Voltage("bar.x_max", 0.0), mt.Convection("bottom", h, 300.0)]
    return mt.Case(package, loads=loads)


def test_runaway_is_an_error_with_the_last_steady_state() -> None:
    """Far beyond the largest current that can be cooled the resistance rises faster than the heat can leave."""
    case = bar(current=300.0, h=50.0)
    with pytest.raises(mt.NoSteadyState, match=r"no steady state.*'bar'.*find_limit") as caught:
        mt.solve_steady(case, mt.generate_mesh(case.package, "coarse"))
    error = caught.value
    # The bar has nearly one temperature: I^2 rho0 a L / S = h A at the limit.
    largest = np.sqrt(50.0 * (2 * mm * 1 * mm) / (1.7e-8 * 0.0039 * 2 * mm / (0.1 * mm * 1 * mm)))
    assert error.factor == pytest.approx(largest / 300.0, rel=1e-4)
    assert error.hot_spot == "bar"
    assert error.result.current("bar.x_min") == pytest.approx(300.0 * error.factor, rel=1e-2)
    assert error.result.balance.relative_defect < 1e-8


def test_an_unfinished_iteration_is_an_error() -> None:
    case = bar(current=20.0)
    with pytest.raises(mt.CouplingError, match="max_iterations"):
        mt.solve_steady(case, mt.generate_mesh(case.package, "coarse"), max_iterations=1)


@pytest.mark.parametrize("method", ["direct", "multigrid"])
def test_methods_agree(method: str) -> None:
    case = bar(current=20.0)
    mesh = mt.generate_mesh(case.package, "normal")
    a, b = mt.solve_steady(case, mesh), mt.solve_steady(case, mesh, method=method)  # type: ignore[arg-type]
    rise = a.max_temperature() - 300.0
    assert rise > 1.0
    assert b.max_temperature() - 300.0 == pytest.approx(rise, rel=1e-8)


@pytest.mark.parametrize(
    "options",
    [{"tolerance": 0.0}, {"tolerance": float("nan")}, {"order": 3}, {"method": "magic"}, {"max_iterations": 0}],
)
def test_wrong_options_are_refused(options: dict) -> None:
    with pytest.raises(mt.InputError):
        mt.solve_steady(bar(), **options)


@pytest.mark.parametrize("mesh", [3, "mesh", []])
def test_what_is_no_mesh_is_refused(mesh: object) -> None:
    with pytest.raises(mt.InputError, match="generate_mesh"):
        mt.solve_steady(bar(), mesh)


def test_a_mesh_of_another_package_is_refused() -> None:
    other = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1 * mm), (0.0, 1 * mm), PLASTIC)])
    with pytest.raises(mt.InputError, match="other parts"):
        mt.solve_steady(bar(), mt.generate_mesh(other, "coarse"))


def test_conductors_without_terminal_are_left_out() -> None:
    """A second bar carries no current: it is no part of the electrical problem, and its potential is unknown."""
    base = bar().package.parts
    package = mt.Package.from_parts(
        [
            mt.Part("board", mt.rectangle(6 * mm), (-1 * mm, 0.0), PLASTIC),
            *base,
            mt.Part("idle", mt.rectangle((1 * mm, 1 * mm), at=(0.0, 2 * mm)), (0.0, 0.1 * mm), COPPER),
        ]
    )
    case = mt.Case(package, loads=bar().loads)
    result = mt.solve_steady(case, mt.generate_mesh(package, "coarse"))
    assert result.electrical is not None
    assert result.electrical.points[result.electrical.active, 1].max() == pytest.approx(0.5 * mm)
    assert np.isnan(result.potential_at((0.0, 2 * mm, 0.05 * mm))).all()
    assert result.joule_power("idle") == 0.0


def test_two_separate_nets_and_a_current_load() -> None:
    """A load draws from one net what it returns to the other; each net has its own reference."""
    parts = [
        mt.Part("board", mt.rectangle(6 * mm), (-0.5 * mm, 0.0), PLASTIC),
        mt.Part("supply", mt.rectangle((4 * mm, 0.5 * mm), at=(0.0, 1 * mm)), (0.0, 0.1 * mm), COPPER),
        mt.Part("ground", mt.rectangle((4 * mm, 0.5 * mm), at=(0.0, -1 * mm)), (0.0, 0.1 * mm), COPPER),
    ]
    package = mt.Package.from_parts(parts)
    case = mt.Case(
        package,
        loads=[
            mt.Voltage("supply.x_min", 3.3),
            mt.Voltage("ground.x_min", 0.0),
            mt.CurrentLoad("supply.x_max", "ground.x_max", 5.0),
            mt.Convection("bottom", 1000.0, 300.0),
        ],
    )
    result = mt.solve_steady(case, mt.generate_mesh(package, "coarse"))
    assert result.current("supply.x_min") == pytest.approx(5.0, rel=1e-9)
    assert result.current("ground.x_min") == pytest.approx(-5.0, rel=1e-9)
    drop = 3.3 - result.voltage("supply.x_max")
    cold = 1.7e-8 * 4 * mm / (0.5 * mm * 0.1 * mm) * 5.0
    assert cold < drop < 1.5 * cold
    assert result.voltage("ground.x_max") == pytest.approx(drop, rel=1e-3)
    assert result.joule_power() == pytest.approx(5.0 * (drop + result.voltage("ground.x_max")), rel=1e-8)


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(
            st.floats(0.2, 2.0),
            st.floats(0.2, 2.0),
            st.floats(-1.0, 1.0),
            st.floats(-1.0, 1.0),
            st.floats(0.02, 0.5),
            st.floats(0.2, 400.0),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    ),
    st.floats(10.0, 1e5),
)
@example(
    [
        (1.0, 1.283, 0, 0, 0.5, 1, False),
        (1.344, 1, 0.766, -0.82, 0.5, 1, True),
        (1.367, 1, -0.828, 0.102, 0.5, 1, True),
    ],
    10.0,
)
def test_random_stacks_close_their_balance(layers: list[tuple], h: float) -> None:
    """Any stack of blocks on a board meshes with the right volumes and closes its balances below 1e-8."""
    parts = [mt.Part("board", mt.rectangle(4 * mm), (-0.3 * mm, 0.0), PLASTIC)]
    z = 0.0
    for number, (width, depth, x, y, height, conductivity, is_round) in enumerate(layers):
        # Whole micrometres keep outlines apart or together; each block stands on the centre of the last.
        x, y = round(x * 0.1, 3) * mm, round(y * 0.1, 3) * mm
        size = (round(width, 3) * mm, round(depth, 3) * mm)
        outline = mt.circle(size[0], (x, y)) if is_round else mt.rectangle(size, (x, y))
        material = mt.Material(f"m{number}", conductivity, electrical_conductivity=1e6)
        parts.append(mt.Part(f"block{number}", outline, (z, z + round(height, 3) * mm), material))
        z += round(height, 3) * mm
    try:
        package = mt.Package.from_parts(parts)
    except mt.GeometryError:
        return
    loads = [
        mt.Power("block0", 1.0),
        mt.Current("block0.bottom", 1.0),
        mt.Voltage(f"block{len(layers) - 1}.top", 0.0),
        mt.Convection("bottom", h, 300.0),
    ]
    try:
        mesh = mt.generate_mesh(package, mt.MeshSpec("coarse", max_size=0.8 * mm, edge_size=0.15 * mm))
    except mt.GeometryError as error:
        # A side of the polygon for a circle may pass a corner within nanometres, which no description can foresee.
        assert any(layer[-1] for layer in layers) and "too narrow for a mesh" in str(error)
        return
    described = package.volumes()
    for name, volume in zip(package.names, mesh.volumes(), strict=True):
        assert volume == pytest.approx(described[name], rel=1e-2)
    result = mt.solve_steady(mt.Case(package, loads=loads), mesh)
    assert result.balance.relative_defect < 1e-8
    assert result.balance.relative_charge_defect < 1e-8
    rise = result.max_temperature() - 300.0
    assert rise > 0
    # Coarse quadratics undershoot a little beside a corner.
    assert result.min_temperature() > 300.0 - 5e-3 * rise


def test_leaving_the_range_of_a_law_warns() -> None:
    """Once for the law that was used, with part, law and temperature; densities play no role in a steady state."""
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1 * mm), (0.0, 1 * mm), "silicon")])
    case = mt.Case(package, loads=[mt.FixedTemperature("bottom", 700.0), mt.Power("slab", 0.1)])
    with pytest.warns(mt.RangeWarning, match=r"'slab'.*thermal_conductivity was used at 70\d") as caught:
        mt.solve_steady(case, mt.generate_mesh(package, "coarse"))
    assert len(caught) == 1


def test_a_thin_film_between_thick_parts_closes_its_balance() -> None:
    """0.2 um of a metal whose conductivities depend on temperature, under silicon: as in one dimension."""
    package = mt.Package.from_parts(
        [
            mt.Part("film", mt.rectangle(2 * mm), (0.0, 0.2e-3 * mm), "copper"),
            mt.Part("chip", mt.rectangle(2 * mm), (0.2e-3 * mm, 0.5 * mm), "silicon"),
        ]
    )
    loads = [mt.HeatFlux("top", 1e6), mt.Convection("bottom", 5e4, 300.0)]
    currents = [mt.Current("film.x_min", 0.01), mt.Voltage("film.x_max", 0.0)]
    result = mt.solve_steady(mt.Case(package, [*loads, *currents]), mt.generate_mesh(package, "coarse"))
    assert result.balance.relative_defect < 1e-8
    assert result.balance.relative_charge_defect < 1e-8
    assert result.mean_temperature("film") - 300.0 == pytest.approx(20.0, rel=1e-3)
    drop = result.max_temperature("chip") - result.max_temperature("film")
    assert drop == pytest.approx(1e6 * 0.4998e-3 / (148.0 * (322.0 / 300.0) ** (-4 / 3)), rel=5e-3)


def test_numbers_are_read_at_the_door() -> None:
    case = bar()
    found = mt.solve_steady(case, tolerance="1e-9", linear_tolerance="1e-10")  # type: ignore[arg-type]
    assert found.max_temperature() == mt.solve_steady(case).max_temperature()
    for wrong in (1.5, 0, True, "3", float("nan")):
        with pytest.raises(mt.InputError, match=r"max_iterations: .* must be a whole number of at least 1"):
            mt.solve_steady(case, max_iterations=wrong)  # type: ignore[arg-type]


def test_a_cooler_that_draws_more_than_a_radiating_face_takes_in_has_no_steady_state() -> None:
    """At most 0.5 sigma 300^4 mm2 = 0.23 mW."""
    package = mt.Package.from_parts([mt.Part("a", mt.rectangle(1 * mm), (0.0, 0.1 * mm), PLASTIC)])
    for power in (-2.4e-4, -3e-4, -5.0):
        case = mt.Case(package, [mt.Power("a", power), mt.Radiation("bottom", 300.0, 0.5)])
        with pytest.raises(mt.NoSteadyState):
            mt.solve_steady(case)


@pytest.mark.parametrize(("width", "length"), [(10e-6, 10e-3), (2e-6, 2e-3)])
def test_long_wires_are_solved_although_rounding_magnifies_in_them(width: float, length: float) -> None:
    """The charge balance allows for what the last digits of the potentials drive across."""
    wire = mt.Part("w", mt.rectangle((length, width)), (0.0, width), mt.Material("copper", 400.0, 5.8e7))
    loads = [mt.Current("w.x_max", 0.01), mt.Voltage("w.x_min", 0.0), mt.FixedTemperature("w.bottom", 300.0)]
    result = mt.solve_steady(mt.Case(mt.Package.from_parts([wire]), loads))
    assert result.resistance("w.x_max", "w.x_min") == pytest.approx(length / (5.8e7 * width**2), rel=1e-6)
    assert result.balance.relative_charge_defect < 1e-6


def test_a_conductivity_that_would_vanish_is_where_the_steady_states_end() -> None:
    """Of the potential U / 2 at the middle, k is U^2 / 8 = integral of k / sigma (Kohlrausch 1900): up to k^2 / 0.4."""
    law, conductivity = mt.Linear(400.0, -0.2, 300.0), 1 / 1.7e-8
    bar = mt.Part("bar", mt.rectangle((4 * mm, 1 * mm)), (0.0, 0.5 * mm), mt.Material("bar", law, conductivity))
    package = mt.Package.from_parts([bar])
    mesh = mt.generate_mesh(package, mt.MeshSpec("coarse"))
    limit = (8 * 400.0**2 / 0.4 / conductivity) ** 0.5

    def case(volts: float) -> mt.Case:
        ends = [mt.FixedTemperature(f"bar.x_{end}", 300.0) for end in ("min", "max")]
        return mt.Case(package, [mt.Voltage("bar.x_min", 0.0), mt.Voltage("bar.x_max", volts), *ends])

    volts = 0.8 * limit
    exact = 300.0 + (400.0 - (400.0**2 - 0.4 * conductivity * volts**2 / 8) ** 0.5) / 0.2
    assert mt.solve_steady(case(volts), mesh).max_temperature() == pytest.approx(exact, rel=2e-3)
    with pytest.raises(mt.NoSteadyState, match="at 2300 K") as caught:
        mt.solve_steady(case(1.5 * limit), mesh)
    assert caught.value.factor == pytest.approx(1 / 1.5, rel=1e-3)
    held = mt.Case(package, [mt.Power("bar", 1.0), mt.FixedTemperature("bar.x_min", 2500.0)])
    with pytest.raises(mt.MaterialError, match=r"law evaluated at 2500 K .* not positive"):
        mt.solve_steady(held, mesh)
