"""Thermal impedances against exact answers, against stepping, and against the steady state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um

AMBIENT = 300.0
SIDE = 1 * mm
TIMES = (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)
EXACT = np.array([0.245126114, 0.775157373, 2.703857949, 13.313662638, 31.066693745, 117.554509147, 223.822902801])
"""Rise (K) of the top of the stack, of one dimension, under 1e6 W/m2 at these times, by the modes of its layers."""
EXACT_STEADY = 224.102564103


def solid(name: str, conductivity: Any, capacity: float) -> mt.Material:
    """A material from its conductivity and its heat capacity per volume (J/(m3 K))."""
    return mt.Material(name, conductivity, density=1000.0, specific_heat=capacity / 1000.0)


SILICON = solid("si", 130.0, 1.63e6)
SOFT = solid("soft", mt.Linear(130.0, -0.4, 300.0), 1.63e6)
LAYERS = ((2 * mm, "cu", solid("cu", 390.0, 3.45e6)), (50 * um, "tim", solid("tim", 3.0, 2.2e6)))


def layered() -> tuple[mt.Case, Any]:
    """Silicon, glue and copper on a film, and a mesh that is graded towards their faces."""
    rows = (*LAYERS, (298 * um, "si", SILICON), (2 * um, "skin", SILICON))
    levels = np.cumsum([0.0, *(height for height, _, _ in rows)])
    parts = [
        mt.Part(name, mt.rectangle(SIDE), (levels[n], levels[n + 1]), material)
        for n, (_, name, material) in enumerate(rows)
    ]
    case = mt.Case(mt.Package.from_parts(parts), [mt.Convection("bottom", 5000.0, AMBIENT)])
    spec = mt.MeshSpec("coarse", edge_size=SIDE, max_size=SIDE, layer_size=2 * um, max_layer_size=30 * um)
    return case, mt.generate_mesh(case.package, spec)


def split(case: mt.Case, mesh: Any) -> tuple[mt.Case, Any]:
    """The same with tetrahedra."""
    cells, part = mesh.tetrahedra()
    tetrahedra = mt.TetMesh(mesh.points, cells, part, mesh.part_names)
    package = mt.Package.from_mesh(tetrahedra, {p.name: p.material for p in case.package.parts})
    return mt.Case(package, case.loads), tetrahedra


def two_chips(silicon: mt.Material = SILICON, interface: float | None = None) -> tuple[mt.Case, Any]:
    """A small chip beside the middle of a larger one on a board, and a coarse mesh."""
    board, glue = solid("board", 0.8, 1.9e6), solid("glue", 0.5, 1.5e6)
    rows = [
        ("carrier", 4 * mm, (0.0, 0.0), (0.0, 0.3 * mm), board),
        ("logic", 2 * mm, (0.0, 0.0), (0.3 * mm, 0.5 * mm), silicon),
        ("glue", 1 * mm, (0.3 * mm, 0.0), (0.5 * mm, 0.55 * mm), glue),
        ("memory", 1 * mm, (0.3 * mm, 0.0), (0.55 * mm, 0.7 * mm), silicon),
    ]
    package = mt.Package.from_parts([mt.Part(n, mt.rectangle(size, at=at), z, m) for n, size, at, z, m in rows])
    contacts = [] if interface is None else [mt.Interface("logic", "carrier", thermal_resistance=interface)]
    case = mt.Case(package, [mt.Convection("bottom", 2000.0, AMBIENT), *contacts])
    return case, mt.generate_mesh(
        package, mt.MeshSpec("coarse", edge_size=1 * mm, max_size=2 * mm, layer_size=0.15 * mm)
    )


@pytest.fixture(scope="module")
def pair() -> tuple[mt.Case, Any]:
    return two_chips()


@pytest.fixture(scope="module")
def impedance(pair: tuple[mt.Case, Any]) -> mt.ThermalImpedance:
    """Of both chips, from 1 us to 1e4 s."""
    return mt.thermal_impedance(pair[0], ["logic", "memory"], mesh=pair[1])


def theta(case: mt.Case, mesh: Any, names: tuple[str, ...], watt: float = 1.0) -> np.ndarray:
    """Mean rises (K/W) of the parts from one steady solution for each."""
    rows = []
    for heated in names:
        result = mt.solve_steady(mt.Case(case.package, [*case.loads, mt.Power(heated, watt)]), mesh, tolerance=1e-9)
        rows.append([(result.mean_temperature(name) - AMBIENT) / watt for name in names])
    return np.array(rows)


TOP = mt.TemperatureAt((0.0, 0.0, 2.35 * mm))
FLUX = 1e6 * SIDE**2


@pytest.mark.parametrize("kind", ["columns", "tetrahedra"])
def test_a_stack_of_layers(kind: str) -> None:
    case, mesh = layered() if kind == "columns" else split(*layered())
    found = mt.thermal_impedance(case, ["skin.top"], [TOP], mesh, times=(1e-5, 10.0))
    # Between the times the poles count.
    difference = np.abs(found.at(TIMES, "skin.top") * FLUX / EXACT - 1)
    # Tetrahedra a thousand times wider than high carry a little of each layer's error sideways.
    allowed = [1e-3] + 6 * [1e-4] if kind == "columns" else [1e-2, 1e-3] + 5 * [1e-4]
    assert (difference < allowed).all(), difference
    assert found.values[0, 0] * FLUX == pytest.approx(EXACT[[0, -1]], rel=1e-2)
    assert found.resistance("skin.top") * FLUX == pytest.approx(EXACT_STEADY, rel=1e-9)
    assert found.error <= 1e-6 and found.solves < 40


def test_an_interface_adds_its_resistance() -> None:
    """2e-5 m2 K/W over 1 mm2 are 20 K/W, of which the top knows nothing at first."""
    case, mesh = layered()
    joined = mt.Case(case.package, [*case.loads, mt.Interface("si", "tim", thermal_resistance=2e-5)])
    found = mt.thermal_impedance(joined, "skin.top", [TOP], mesh, times=(1e-4, 1e3))
    assert found.resistance("skin.top") == pytest.approx(EXACT_STEADY / FLUX + 20.0, rel=1e-9)
    assert found.curve("skin.top")[0] * FLUX == pytest.approx(EXACT[1], rel=1e-3)


def test_what_heats_and_what_is_heated_can_be_exchanged(impedance: mt.ThermalImpedance) -> None:
    """Heat spread over the volume, and the mean over the volume, are the same functional: Z_ab = Z_ba."""
    there, back = impedance.curve("logic", "memory"), impedance.curve("memory", "logic")
    assert np.abs(there - back).max() < 1e-7 * there.max()
    assert there[-1] < 0.9 * impedance.curve("memory")[-1]


def test_all_curves_rise_to_the_steady_matrix(impedance: mt.ThermalImpedance, pair: tuple[mt.Case, Any]) -> None:
    assert impedance.times[0] == pytest.approx(1e-6) and impedance.times[-1] == pytest.approx(1e4)
    assert (np.diff(impedance.values, axis=2) > -1e-7 * impedance.steady.max()).all()
    expected = theta(*pair, ("logic", "memory"))
    assert impedance.steady == pytest.approx(expected, rel=1e-6)
    assert impedance.values[:, :, -1] == pytest.approx(expected, rel=1e-6)
    # At first a chip heats up by itself, time over its heat capacity, but for how far the mesh's functions reach.
    own = 1e-6 / (1.63e6 * np.array([4.0, 1.0]) * mm**2 * np.array([0.2, 0.15]) * mm)
    assert np.diag(impedance.values[:, :, 0]) == pytest.approx(own, rel=0.06)


@pytest.mark.parametrize("interface", [None, 2e-5])
def test_the_reduced_model_equals_stepping(interface: float | None) -> None:
    """At every step of an accurate transient, and with far fewer linear solves."""
    case, mesh = two_chips(interface=interface)
    found = mt.thermal_impedance(case, ["logic", "memory"], mesh=mesh)
    heated = mt.Case(case.package, [*case.loads, mt.Power("memory", 1.0)])
    probes = [mt.MeanTemperature("logic"), mt.MeanTemperature("memory")]
    steps = mt.AdaptiveSteps(absolute=1e-6, relative=1e-5, first=1e-8)
    stepped = mt.solve_transient(heated, mesh, 50.0, method="esdirk43", steps=steps, probes=probes)
    seen = stepped.times > 1e-6
    for probe, name in zip(probes, ("logic", "memory"), strict=True):
        curve = found.at(stepped.times[seen], "memory", name)
        rise = stepped.probe(probe.name)[seen] - AMBIENT
        # A cross term is measured on the scale of what it grows to: at first it is nothing.
        floor = 0.0 if name == "memory" else 1e-5 * curve[-1]
        assert (np.abs(rise - curve) <= 1e-3 * curve + floor).all()
    assert found.solves * 4 < stepped.steps["solves"]


def test_columns_and_tetrahedra_agree(impedance: mt.ThermalImpedance, pair: tuple[mt.Case, Any]) -> None:
    """As well as this coarse mesh resolves the chips' edges."""
    case, mesh = split(*pair)
    found = mt.thermal_impedance(case, ["logic", "memory"], mesh=mesh, times=(1e-4, 1e-2, 1.0))
    for heated in impedance.heated:
        assert found.curve(heated) == pytest.approx(impedance.at(found.times, heated), rel=0.05)


def test_the_hottest_place(pair: tuple[mt.Case, Any]) -> None:
    """The place that is hottest in the end stands for the part."""
    case, mesh = pair
    found = mt.thermal_impedance(case, ["memory"], ["memory", mt.MeanTemperature("memory")], mesh)
    steady = mt.solve_steady(mt.Case(case.package, [*case.loads, mt.Power("memory", 1.0)]), mesh)
    hottest = steady.max_temperature("memory") - AMBIENT
    # Nodes against the extremum of the element's polynomial.
    assert found.resistance("memory", "max(memory)") == pytest.approx(hottest, rel=1e-4)
    both = mt.thermal_impedance(case, ["logic", "memory"], ["memory"], mesh, times=(1e-3, 1.0))
    assert both.resistance("memory", "max(memory)") == pytest.approx(hottest, rel=1e-4)
    assert both.resistance("memory") == both.resistance("memory", "max(memory)")
    assert found.resistance("memory", "memory") < found.resistance("memory", "max(memory)")


def test_the_default_probe_is_found_by_its_name(pair: tuple[mt.Case, Any]) -> None:
    case, mesh = pair
    probes = [mt.MeanTemperature("memory"), mt.MeanTemperature("logic"), mt.MeanTemperature("carrier")]
    found = mt.thermal_impedance(case, ["logic", "memory"], probes[:2], mesh, times=(1e-3, 1.0))
    usual = mt.thermal_impedance(case, ["logic", "memory"], mesh=mesh, times=(1e-3, 1.0))
    for name in found.heated:
        assert found.resistance(name) == pytest.approx(usual.resistance(name), rel=1e-6)
    assert found.resistance("logic") != found.resistance("memory")
    without = mt.thermal_impedance(case, ["memory"], probes[1:], mesh, times=(1e-3, 1.0))
    with pytest.raises(mt.InputError, match="'memory' has no probe of its own; name one of logic, carrier"):
        without.curve("memory")


def test_networks_of_a_plain_case(pair: tuple[mt.Case, Any], impedance: mt.ThermalImpedance) -> None:
    fitted = impedance.foster(4, "logic")
    assert fitted.error < 5e-3 and fitted.resistances.sum() == pytest.approx(impedance.resistance("logic"), rel=5e-3)
    with pytest.raises(mt.InputError, match=r"number of Foster elements: 2\.5 must be a whole number"):
        impedance.foster(2.5)  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match="no Foster network of positive elements"):
        impedance.foster(4, "memory", "logic")
    with pytest.raises(mt.InputError, match=r"times of an impedance: -1\.0 must be from 0"):
        impedance.at(-1.0, "logic")


def test_a_body_with_one_time_constant_has_one_element() -> None:
    from mcpthermal.result.impedance import fit_foster

    times = np.geomspace(1e-3, 100.0, 60)
    found = fit_foster(times, -3.0 * np.expm1(-times), 6)
    assert (list(found.resistances), list(found.time_constants)) == (pytest.approx([3.0]), pytest.approx([1.0]))


def test_a_nonlinear_problem_is_stepped() -> None:
    """Conductivity that falls with the temperature: the limit is that of the steady state with the same power."""
    case, mesh = two_chips(SOFT)
    names = ("logic", "memory")
    found = mt.thermal_impedance(case, names, mesh=mesh, times=(1e-4, 1e-2, 1.0, 50.0), tolerance=1e-4, power=0.5)
    assert found.method == "stepping with 0.5 W" and found.poles is None
    assert found.steady == pytest.approx(theta(case, mesh, names, 0.5), rel=1e-6)
    assert found.values[:, :, -1] == pytest.approx(found.steady, rel=1e-3)
    constant = mt.thermal_impedance(*two_chips()[:1], names, mesh=two_chips()[1], times=found.times)
    assert found.curve("memory")[:2] == pytest.approx(constant.curve("memory")[:2], rel=0.02)
    with pytest.raises(mt.InputError, match="no poles; fit it"):
        found.full_foster()
    assert found.foster(4, "memory").error < 0.02


def test_loads_of_the_case_are_left_out(impedance: mt.ThermalImpedance, pair: tuple[mt.Case, Any]) -> None:
    """Only boundaries at their ambients count: powers, also those in time, do not."""
    case, mesh = pair
    pulses = mt.Waveform.pulse_train(3.0, period=1.0, duty=0.1)
    loaded = mt.Case(case.package, [*case.loads, mt.Power("memory", pulses), mt.Power("logic", 2.0)])
    found = mt.thermal_impedance(loaded, ["memory"], mesh=mesh, times=(1e-3, 1.0))
    assert found.curve("memory") == pytest.approx(impedance.at((1e-3, 1.0), "memory"), rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"heated": ["memry"]}, "memory"),
        ({"heated": [3]}, "3 is no part"),
        ({"heated": [["logic"]]}, "is no part"),
        ({"heated": []}, "no chips; name the parts"),
        ({}, "no chips; name the parts"),
        ({"heated": ["logic", "logic"]}, "named twice"),
        ({"heated": "logic", "probes": [mt.TerminalVoltage("logic")]}, "must be a temperature"),
        ({"heated": "logic", "probes": [3.0]}, "must be the name of a part"),
        ({"heated": "logic", "probes": [mt.MeanTemperature("memry")]}, "memory"),
        ({"heated": "logic", "probes": [mt.MeanTemperature("memory.top")]}, "is a face"),
        ({"heated": "logic", "probes": [mt.MaxTemperature("memory.top")]}, "is a face"),
        ({"heated": "logic", "probes": [mt.TemperatureAt((0.0, 0.0, 9e-3))]}, "lies in no part"),
        ({"heated": "logic", "times": [1.0]}, "at least two times"),
        ({"heated": "logic", "times": [2.0, 1.0]}, "ascending"),
        ({"heated": "logic", "times": [0.0, 1.0]}, "0"),
        ({"heated": "logic", "times": [1.0, float("nan")]}, "nan"),
        ({"heated": "logic", "times": 3.0}, "times"),
        ({"heated": "logic", "tolerance": 0.0}, "tolerance"),
        ({"heated": "logic", "power": -1.0}, "power"),
    ],
)
def test_refusals(pair: tuple[mt.Case, Any], arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        mt.thermal_impedance(pair[0], mesh=pair[1], **arguments)


@pytest.mark.parametrize("silicon", [SILICON, SOFT])
@pytest.mark.parametrize("heated", ["logic", ["carrier", "logic"]])
def test_a_place_that_is_held_at_a_temperature_is_not_heated(silicon: mt.Material, heated: Any) -> None:
    case, mesh = two_chips(silicon)
    held = mt.Case(case.package, [mt.FixedTemperature("logic", AMBIENT)])
    with pytest.raises(mt.InputError, match="'logic' is held at a temperature all over"):
        mt.thermal_impedance(held, heated, mesh=mesh)


def test_a_model_that_does_not_become_accurate_is_no_answer(
    pair: tuple[mt.Case, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcpthermal.solve.impedance.MOST_SHIFTS", 5)
    with pytest.raises(mt.SolveError, match=r"residual is still .* after 5 shifts; allow a tolerance"):
        mt.thermal_impedance(pair[0], "logic", mesh=pair[1], tolerance=1e-8)


def test_a_package_without_a_case_is_refused(pair: tuple[mt.Case, Any]) -> None:
    with pytest.raises(mt.InputError, match="needs a Case"):
        mt.thermal_impedance(pair[0].package)  # type: ignore[arg-type]


def test_a_material_without_heat_capacity_is_named(pair: tuple[mt.Case, Any]) -> None:
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(SIDE), (0.0, SIDE), mt.Material("bare", 1.0))])
    with pytest.raises(mt.MaterialError, match="slab"):
        mt.thermal_impedance(mt.Case(package, [mt.Convection("bottom", 10.0, AMBIENT)]), "slab")
