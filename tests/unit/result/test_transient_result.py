"""The answer of a transient: probes, states, balance, tables; where it begins and how it ends; what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.result.transient import EnergyBalance
from mcpthermal.units import mm

AMBIENT, SIDE, HEIGHT = 300.0, 1 * mm, 1 * mm
AREA = SIDE**2
METAL = mt.Material("metal", 400.0, mt.Metal(1e-4, 4e-3, 300.0), density=2000.0, specific_heat=1000.0)
POOR = mt.Material("poor", 2.0, density=1500.0, specific_heat=800.0)
STORE = 2e6 * AREA * HEIGHT
"""Of the lower block (J/K)."""

PACKAGE = mt.Package.from_parts(
    [
        mt.Part("lower", mt.rectangle(SIDE), (0.0, HEIGHT), METAL),
        mt.Part("middle", mt.rectangle(SIDE), (HEIGHT, 1.5 * HEIGHT), POOR),
        mt.Part("upper", mt.rectangle(SIDE / 2), (1.5 * HEIGHT, 2 * HEIGHT), METAL),
    ]
)
COOLING = mt.Convection("bottom", 1000.0, AMBIENT)


def mesh_of(size: float) -> mt.ColumnMesh:
    """A mesh with sizes (m) in the plane and in height."""
    return mt.generate_mesh(PACKAGE, mt.MeshSpec(edge_size=size, max_size=size, layer_size=size, max_layer_size=size))


MESH = mesh_of(0.5 * mm)


def case_of(*loads: Any) -> mt.Case:
    """A cooled case with a sudden power above and further loads."""
    return mt.Case(PACKAGE, [mt.Power("upper", 0.2), *loads, COOLING], name="trial")


CURRENT = (mt.Voltage("lower.bottom", 0.0), mt.Current("lower.top", 0.5))


@pytest.fixture(scope="module")
def result() -> mt.TransientResult:
    probes = ["lower", mt.MeanTemperature(), mt.TerminalVoltage("lower.top"), mt.TemperatureAt((0.0, 0.0, 1.25 * mm))]
    options: dict[str, Any] = {"steps": mt.FixedSteps(0.05), "probes": probes, "save": ["0.1 s", 0.25]}
    return mt.solve_transient(case_of(*CURRENT), MESH, 0.3, **options)


def test_probes_are_those_of_the_states(result: mt.TransientResult) -> None:
    for time, state in [(0.1, result.at("100 ms")), (0.25, result.at(0.25)), (0.3, result.final)]:
        found = {name: float(values[np.isclose(result.times, time)][0]) for name, values in result.probes.items()}
        assert found == {
            "max(lower)": state.max_temperature("lower"),
            "mean(package)": state.mean_temperature(),
            "voltage(lower.top)": state.voltage("lower.top"),
            "at(0, 0, 0.00125)": state.temperature_at([(0.0, 0.0, 1.25 * mm)])[0],
        }
    assert result.units == {
        "max(lower)": "K",
        "mean(package)": "K",
        "voltage(lower.top)": "V",
        "at(0, 0, 0.00125)": "K",
    }
    assert result.probe("max(lower)")[0] == AMBIENT
    assert result.probe("voltage(lower.top)")[0] == pytest.approx(0.5 * 1e-4 * HEIGHT / AREA, rel=1e-9)


def test_what_is_not_there_is_named(result: mt.TransientResult) -> None:
    with pytest.raises(mt.InputError, match=r"did you mean 'max\(lower\)'"):
        result.probe("max(lowr)")
    with pytest.raises(mt.InputError, match=r"no state was kept at 200 ms; kept are 100 ms, 250 ms"):
        result.at(0.2)
    with pytest.raises(mt.InputError):
        result.at(float("nan"))


def test_balance_of_the_run_and_of_a_state(result: mt.TransientResult) -> None:
    heat = {(place, kind): joule for place, kind, joule in result.energy.heat}
    assert heat["upper", "power"] == pytest.approx(0.2 * 0.3, rel=1e-12)
    assert heat["bottom", "convection"] < 0 < heat["conductors", "joule"]
    assert sum(heat.values()) == pytest.approx(result.energy.stored, rel=1e-8)
    state = result.final
    assert abs(sum(watt for _, _, watt in state.balance.heat) - state.balance.stored) < 1e-6 * state.balance.stored
    assert state.balance.stored == pytest.approx(0.2 + state.joule_power() - state.heat_out("bottom"), rel=1e-6)


def test_text_and_numbers(result: mt.TransientResult) -> None:
    lines = result.table().splitlines()
    assert len(lines) == 1 + len(result.times)
    last = [float(word) for word in lines[-1].split()]
    assert last == pytest.approx([0.3, *(values[-1] for values in result.probes.values())], rel=1e-4)
    text = result.summary()
    assert "trial: transient of 300 ms" in text
    assert "upper             power" in text
    assert f"{result.steps['accepted']} accepted" in text
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["times_s"] == result.times.tolist()
    assert plain["probes"]["max(lower)"] == result.probe("max(lower)").tolist()
    assert plain["energy"]["stored_J"] == result.energy.stored
    assert plain["steps"]["accepted"] == len(result.times) - 1


def test_an_open_balance_is_an_error() -> None:
    closed = EnergyBalance((("a", "power", 1.0), ("b", "convection", -0.4)), 0.6, 0.6)
    closed.check("of the run")
    assert closed.energy_in == 1.0
    assert abs(closed.defect) < 1e-15
    lost = EnergyBalance((("a", "power", 1.0), ("b", "convection", -0.4)), 0.6 + 2e-8, 0.6)
    assert lost.relative_defect == pytest.approx(2e-8)
    with pytest.raises(mt.BalanceError, match="of the run does not close: -2e-08 J"):
        lost.check("of the run")
    with pytest.raises(mt.BalanceError):
        EnergyBalance((("a", "power", float("nan")),), 1.0, 1.0).check("of a step")


def test_what_a_cycle_takes_in_and_gives_back_is_the_scale_of_its_balance() -> None:
    rows = (("a", "convection", 1e-11),)
    with pytest.raises(mt.BalanceError):
        EnergyBalance(rows, 0.0, 0.0).check("of the run")
    cycle = EnergyBalance(rows, 0.0, 0.0, passed=2.0)
    cycle.check("of the run")
    assert cycle.relative_defect == pytest.approx(5e-12)
    EnergyBalance(rows, 0.0, 0.0, rounding=2e-11).check("of a step")


def test_cycles_of_temperature_and_long_plateaus_balance_to_rounding() -> None:
    """Where nothing flows any more, the last digits of the temperatures still let heat in and out."""
    die = mt.Part("die", mt.rectangle(0.3 * mm), (0.0, 0.1 * mm), mt.Material("die", 148.0, None, 2329.0, 712.0))
    package = mt.Package.from_parts([die])
    mesh = mt.generate_mesh(package, mt.MeshSpec(edge_size="30 um", max_size="30 um", layer_size="20 um"))
    oven = mt.Waveform.table([0.0, 300.0, 900.0, 1200.0, 1800.0, 2100.0], [298.0, 398.0, 398.0, 233.0, 233.0, 298.0])
    case = mt.Case(package, [mt.Convection("bottom", 50.0, oven)])
    result = mt.solve_transient(case, mesh, 3600.0, initial=298.0, steps=mt.AdaptiveSteps(1.0, 1e-2))
    assert result.final.max_temperature() == pytest.approx(298.0, abs=1e-6)
    assert 0.0 < result.energy.rounding < 1e-6 * result.energy.passed
    content = 0.3e-3**2 * 0.1e-3 * 2329.0 * 712.0
    assert result.energy.passed == pytest.approx(content * 330.0, rel=1e-2)


# --- where it begins ------------------------------------------------------------------------------------------


def test_uniform_beginnings() -> None:
    for initial, kelvin in ((None, AMBIENT), (350.0, 350.0), ("100 degC", 373.15)):
        result = mt.solve_transient(case_of(), MESH, 1e-3, initial=initial, save=[0.0])
        assert result.at(0.0).max_temperature() == pytest.approx(kelvin, abs=1e-9)
        assert result.at(0.0).min_temperature() == pytest.approx(kelvin, abs=1e-9)


def test_a_steady_state_stays() -> None:
    """With resistance that grows and radiation, over many time constants."""
    case = case_of(*CURRENT, mt.Radiation("top", AMBIENT, 0.9))
    steady = mt.solve_steady(case, MESH, tolerance=1e-12, linear_tolerance=1e-12)
    result = mt.solve_transient(case, MESH, 100.0, initial=steady, linear_tolerance=1e-12)
    rise = steady.max_temperature() - AMBIENT
    assert rise > 100
    assert np.abs(result.final.temperature - steady.temperature).max() < 1e-8 * rise
    assert result.steps["rejected"] == 0


def test_a_run_in_two_parts() -> None:
    steps = mt.FixedSteps(0.05)
    case = case_of(*CURRENT)
    whole = mt.solve_transient(case, MESH, 0.4, steps=steps)
    first = mt.solve_transient(case, MESH, 0.2, steps=steps)
    for beginning in (first, first.final):
        second = mt.solve_transient(case, MESH, 0.2, initial=beginning, steps=steps)
        rise = whole.final.temperature - AMBIENT
        np.testing.assert_allclose(second.final.temperature - AMBIENT, rise, atol=1e-6 * rise.max())
        assert first.energy.stored + second.energy.stored == pytest.approx(whole.energy.stored, rel=1e-7)


@pytest.mark.parametrize("size", [0.2 * mm, 0.9 * mm])
def test_another_mesh_keeps_the_heat_of_every_part(size: float) -> None:
    first = mt.solve_transient(case_of(), MESH, 2.0)
    second = mt.solve_transient(case_of(), mesh_of(size), 1e-6, initial=first, save=[0.0])
    for name in PACKAGE.names:
        rise = first.final.mean_temperature(name) - AMBIENT
        assert rise > 5
        assert second.at(0.0).mean_temperature(name) - AMBIENT == pytest.approx(rise, rel=1e-9)
    points = [(0.1 * mm, 0.05 * mm, z * mm) for z in (0.1, 0.5, 0.9, 1.1, 1.4, 1.6, 1.9)]
    found, wanted = (state.temperature_at(points) for state in (second.at(0.0), first.final))
    assert wanted.max() - wanted.min() > 20
    np.testing.assert_allclose(found, wanted, atol=0.05 * (wanted.max() - wanted.min()))


def test_tetrahedra_and_sides_of_a_contact_keep_the_heat_of_every_part() -> None:
    contact = mt.Interface("lower", "middle", thermal_resistance=2e-4)
    first = mt.solve_transient(case_of(contact), MESH, 0.5)
    cells, part = mesh_of(0.35 * mm).tetrahedra()
    mesh = mt.TetMesh(mesh_of(0.35 * mm).points, cells, part, MESH.part_names)
    package = mt.Package.from_mesh(mesh, {part.name: part.material for part in PACKAGE.parts})
    case = mt.Case(package, [contact, COOLING])
    second = mt.solve_transient(case, mesh, 1e-6, initial=first, save=[0.0]).at(0.0)
    for name in PACKAGE.names:
        rise = first.final.mean_temperature(name) - AMBIENT
        assert second.mean_temperature(name) - AMBIENT == pytest.approx(rise, rel=1e-9)
    jump = [state.min_temperature("middle") - state.max_temperature("lower") for state in (first.final, second)]
    assert jump[0] > 10
    assert jump[1] == pytest.approx(jump[0], rel=0.05)


# --- how it ends ----------------------------------------------------------------------------------------------


def test_a_steady_end_is_seen() -> None:
    case = case_of(*CURRENT)
    result = mt.solve_transient(case, MESH, 1e4, stop_when_steady=0.01)
    steady = mt.solve_steady(case, MESH)
    assert result.steady
    assert 5 < result.times[-1] < 500
    assert "steady before its end" in result.summary()
    assert np.abs(result.final.temperature - steady.temperature).max() < 0.02
    assert np.abs(result.final.temperature - steady.temperature).max() > 1e-6


def test_loads_that_go_on_varying_are_no_steady_end() -> None:
    """A slow sinusoid is near its steady state at all times; a pulse that is still to come counts."""
    slow = mt.Power("lower", mt.Waveform.sinusoid(0.1, 4e6, offset=0.2))
    late = mt.Power("lower", mt.Waveform.table([50.0, 50.0, 60.0, 60.0], [0.0, 0.3, 0.3, 0.0]))
    result = mt.solve_transient(case_of(slow), MESH, 1e6, stop_when_steady=0.1)
    assert result.times[-1] == 1e6
    assert not result.steady
    over = mt.solve_transient(case_of(late), MESH, 1e5, stop_when_steady=0.1)
    assert over.steady
    assert 60.0 < over.times[-1] < 500.0


def test_runaway_in_time() -> None:
    """A current beyond what has a steady state: when the lumped equation passes the limit, with what was until then."""
    package = mt.Package.from_parts([mt.Part("bar", mt.rectangle(SIDE), (0.0, HEIGHT), METAL)])
    mesh = mt.generate_mesh(package, mt.MeshSpec(edge_size=SIDE, max_size=SIDE, layer_size=HEIGHT))
    current, film = 1.5, 500.0
    loads = [mt.Voltage("bottom", 0.0), mt.Current("top", current), mt.Convection("bottom", film, AMBIENT)]
    with pytest.raises(mt.NoSteadyState):
        mt.solve_steady(mt.Case(package, loads), mesh)
    with pytest.raises(mt.ThermalRunaway, match=r"runs away at .* in 'bar' near .* passed 1500 K") as caught:
        mt.solve_transient(mt.Case(package, loads), mesh, 1e3, hottest=1500.0, steps=mt.AdaptiveSteps(0.1, 1e-4))
    error = caught.value
    heat, loss = current**2 * 1e-4 * HEIGHT / AREA, film * AREA
    rate = (4e-3 * heat - loss) / STORE
    passed = np.log(1 + 1200.0 * rate * STORE / heat) / rate
    assert passed * 0.98 < error.time < passed * 1.15
    assert error.hot_spot == "bar"
    partial = error.result
    assert 0.7 * error.time < partial.times[-1] < error.time
    highest = partial.probe("max(bar)")
    assert (np.diff(highest) > 0).all()
    assert highest[-1] < 1500.0
    assert partial.energy.relative_defect < 1e-8


def test_runaway_by_leakage_is_told_as_such_although_its_last_steps_hardly_balance() -> None:
    metal = mt.Material("metal", 400.0, None, 8960.0, 385.0)
    package = mt.Package.from_parts([mt.Part("bar", mt.rectangle((4 * mm, 1 * mm)), (0.0, 0.5 * mm), metal)])
    mesh = mt.generate_mesh(package, mt.MeshSpec(edge_size="1 mm", max_size="1 mm", layer_size="0.5 mm"))
    case = mt.Case(package, [mt.Leakage("bar", 0.1, 0.02, 300.0), mt.Convection("bottom", 1000.0, 300.0)])
    with pytest.raises(mt.ThermalRunaway, match="in 'bar'") as caught:
        mt.solve_transient(case, mesh, 60.0)
    assert 8.0 < caught.value.time < 8.3


# --- what is refused ------------------------------------------------------------------------------------------

NAN = float("nan")
REFUSED: list[dict[str, Any]] = [
    *({"t_end": value} for value in (0.0, -1.0, NAN, np.inf, "1 K", None, "soon")),
    *({"initial": value} for value in (-1.0, 0.0, NAN, "1 s", "warm", [300.0], object())),
    *({"method": value} for value in ("euler", 4, None, ["tr_bdf2"], {})),
    *({"steps": value} for value in (0.0, -1.0, NAN, "1 K", [0.1], object(), True)),
    *({"save": value} for value in ([2.0], [-1.0], [NAN], ["1 K"], 2.0, object())),
    *({"probes": value} for value in (["nowhere"], [3], ["lower", "lower"], [mt.TerminalVoltage("nowhere")], 5)),
    *({"probes": [value]} for value in (mt.ViaCurrent("v"), mt.TemperatureAt((1.0, 0, 0)), mt.MeanTemperature("x"))),
    *({"stop_when_steady": value} for value in (0.0, -1.0, NAN, "1 s", [])),
    *({"hottest": value} for value in (0.0, NAN, "1 s", [])),
    *({"order": value} for value in (0, 3, "2", NAN)),
    *({"linear_tolerance": value} for value in (0.0, 1.0, NAN, "x")),
    *({"linear_method": value} for value in ("cg", 3)),
    {"mesh": mt.generate_mesh(mt.Package.from_parts([mt.Part("other", mt.rectangle(SIDE), (0.0, HEIGHT), POOR)]))},
    *({"case": value} for value in (PACKAGE, None, "case")),
]


@pytest.mark.parametrize("given", REFUSED, ids=lambda given: next(iter(given)))
def test_what_is_refused(given: dict[str, Any]) -> None:
    options: dict[str, Any] = {"case": case_of(), "mesh": MESH, "t_end": 1.0, "steps": mt.FixedSteps(0.5)} | given
    with pytest.raises(mt.InputError):
        mt.solve_transient(**options)


@pytest.mark.parametrize("value", [0.0, -1.0, NAN, np.inf, "1 s2", None, [], object()])
def test_step_controls_refuse(value: Any) -> None:
    with pytest.raises(mt.InputError):
        mt.AdaptiveSteps(absolute=value)
    with pytest.raises(mt.InputError):
        mt.FixedSteps(value)
    if value is not None:
        with pytest.raises(mt.InputError):
            mt.AdaptiveSteps(first=value)
        with pytest.raises(mt.InputError):
            mt.AdaptiveSteps(largest=value)
    if value != 0.0:
        with pytest.raises(mt.InputError):
            mt.AdaptiveSteps(relative=value)


def test_materials_without_heat_capacity_are_named() -> None:
    bare = mt.Material("bare", 1.0)
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(SIDE), (0.0, HEIGHT), bare)])
    mesh = mt.generate_mesh(package, mt.MeshSpec(max_size=SIDE, layer_size=HEIGHT))
    with pytest.raises(mt.MaterialError, match="part 'slab': material 'bare' has no density"):
        mt.solve_transient(mt.Case(package, [COOLING]), mesh, 1.0)
