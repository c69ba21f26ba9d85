"""Transients of others: NAFEMS, Ansys VM109, 3D-ICE, and closed forms for slabs, stacks and wires.

NAFEMS: Cameron, Casey and Simpson, Benchmark tests for thermal analyses (1986), T3 and the axisymmetric transient;
exact values by series. VM109: Ansys verification manual, after Kreith, Principles of Heat Transfer, example 4-1.
3D-ICE: test/solid/transient, topsink (Sridhar et al., IEEE Trans. Computers 63, 2014). Slabs, the semi-infinite solid:
Carslaw and Jaeger, Conduction of Heat in Solids, sections 3.11 and 2.9; the stack by its eigenfunctions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.solve.methods import RungeKutta
from mcpthermal.units import celsius, mm, um

ZERO = celsius(0)
FINE = mt.AdaptiveSteps(absolute=1e-3, relative=1e-5)
"""Errors in time far below what the references are held to."""


def column(layers: Sequence[tuple[str, float, mt.Material]], size: float, layer: float, largest: float) -> Any:
    """Layers of (name, height, material) from z = 0 on a square of a size, and a mesh with one element across (m)."""
    parts, z = [], 0.0
    for name, height, material in layers:
        parts.append(mt.Part(name, mt.rectangle(size), (z, z + height), material))
        z += height
    package = mt.Package.from_parts(parts)
    spec = mt.MeshSpec(edge_size=size, max_size=size, layer_size=layer, max_layer_size=largest)
    return package, mt.generate_mesh(package, spec)


def close(value: Any, reference: Any, error: float) -> None:
    """Within an error relative to the reference."""
    np.testing.assert_allclose(value, reference, rtol=error)


@pytest.mark.parametrize(("method", "error"), [("tr_bdf2", 5e-4), ("esdirk43", 2e-5)])
def test_nafems_t3(method: str, error: float) -> None:
    """A bar with one end at 100 sin(pi t / 40) degC, the other at 0 degC: 0.08 m from there after 32 s."""
    steel = mt.Material("steel", 35.0, density=7200.0, specific_heat=440.5)
    package, mesh = column([("bar", 0.1, steel)], 0.01, 5 * mm, 5 * mm)
    end = mt.Waveform.sinusoid(100.0, 80.0, offset=ZERO)
    case = mt.Case(package, [mt.FixedTemperature("bottom", ZERO), mt.FixedTemperature("top", end)])
    result = mt.solve_transient(case, mesh, 32.0, method=method, steps=FINE)
    close(result.final.temperature_at([(0.0, 0.0, 0.08)])[0] - ZERO, 36.6031159502, error)


def test_nafems_axisymmetric_transient() -> None:
    """A cylinder at 0 degC with all faces at 1000 degC; its lower half, on polygons of the area of the circle."""
    steel = mt.Material("steel", 52.0, density=7850.0, specific_heat=460.0)
    package = mt.Package.from_parts([mt.Part("cylinder", mt.circle(0.6), (0.0, 0.2), steel)])
    loads = [mt.FixedTemperature(face, celsius(1000)) for face in ("bottom", "sides")]
    spec = mt.MeshSpec(edge_size=0.04, max_size=0.06, layer_size=0.01, max_layer_size=0.04)
    mesh = mt.generate_mesh(package, spec)
    steps = mt.AdaptiveSteps(absolute=1.0, relative=0.0, first=1e-3)
    result = mt.solve_transient(mt.Case(package, loads), mesh, 190.0, initial=ZERO, steps=steps, method="esdirk43")
    close(result.final.temperature_at([(0.1, 0.0, 0.1)])[0] - ZERO, 186.485279335, 1e-3)


SLABS = [
    (1.0, 0.1, 0.993108255, 0.723577239),
    (1.0, 0.5, 0.772526383, 0.504521928),
    (1.0, 2.0, 0.254668042, 0.166090581),
    (0.1, 1.0, 0.922388572, 0.878126488),
    (10.0, 0.2, 0.829254731, 0.122482238),
]


@pytest.mark.parametrize(("biot", "fourier", "centre", "surface"), SLABS)
def test_heisler_slab(biot: float, fourier: float, centre: float, surface: float) -> None:
    """Half a slab of silicon of 1 mm at 100 K above its surroundings, which then cool it."""
    half, k, capacity = 1 * mm, 130.0, 1.6e6
    silicon = mt.Material("silicon", k, density=2000.0, specific_heat=capacity / 2000.0)
    package, mesh = column([("slab", half, silicon)], half, 0.02 * half, 0.1 * half)
    case = mt.Case(package, [mt.Convection("top", biot * k / half, 300.0)])
    end = fourier * half**2 * capacity / k
    result = mt.solve_transient(case, mesh, end, initial=400.0, steps=FINE, method="esdirk43")
    found = result.final.temperature_at([(0.0, 0.0, 0.0), (0.0, 0.0, half)])
    close((found - 300.0) / 100.0, (centre, surface), 1e-4)


def test_semi_infinite_solid() -> None:
    """Silicon under 1e7 W/m2 for 1 ms: at the surface and 0.1 mm below; what is 3 mm deep feels nothing."""
    silicon = mt.Material("silicon", 148.0, density=2330.0, specific_heat=712.0)
    package, mesh = column([("solid", 3 * mm, silicon)], 1 * mm, 20 * um, 200 * um)
    case = mt.Case(package, [mt.HeatFlux("top", 1e7), mt.FixedTemperature("bottom", 300.0)])
    result = mt.solve_transient(case, mesh, 1e-3, steps=FINE, method="esdirk43")
    found = result.final.temperature_at([(0.0, 0.0, 3 * mm), (0.0, 0.0, 2.9 * mm)]) - 300.0
    close(found, (22.772265800, 16.650691792), 1e-4)


STEP_RESPONSE = {
    1e-5: 0.245126114,
    1e-4: 0.775157373,
    1e-3: 2.703857949,
    1e-2: 13.313662638,
    0.1: 31.066693745,
    1.0: 117.554509147,
    10.0: 223.822902801,
}


def test_step_response_of_a_stack() -> None:
    """Silicon, thermal interface and cooled copper under 1e6 W/m2: the surface at seven times over six decades."""
    layers = [
        ("copper", 2 * mm, mt.Material("copper", 390.0, density=1e3, specific_heat=3.45e3)),
        ("tim", 0.05 * mm, mt.Material("tim", 3.0, density=1e3, specific_heat=2.2e3)),
        ("silicon", 0.3 * mm, mt.Material("silicon", 130.0, density=1e3, specific_heat=1.63e3)),
    ]
    package, mesh = column(layers, 1 * mm, 3 * um, 400 * um)
    case = mt.Case(package, [mt.HeatFlux("top", 1e6), mt.Convection("bottom", 5000.0, 300.0)])
    steps = mt.AdaptiveSteps(absolute=1e-5, relative=3e-5)
    result = mt.solve_transient(case, mesh, 10.0, steps=steps, save=list(STEP_RESPONSE), method="esdirk43")
    assert result.steps["accepted"] < 150
    found = [result.at(time).max_temperature() - 300.0 for time in STEP_RESPONSE]
    close(found, list(STEP_RESPONSE.values()), 3e-4)


def test_adiabatic_wire() -> None:
    """Copper at 1e10 A/m2 whose resistance grows; the case needs a way out of the heat, which takes 1e-12 of it."""
    copper = mt.Material("copper", 390.0, mt.Metal(1.724e-8, 3.93e-3, 300.0), density=8960.0, specific_heat=385.0)
    package, mesh = column([("wire", 1 * mm, copper)], 0.1 * mm, 0.5 * mm, 0.5 * mm)
    loads = [mt.Current("top", 1e10 * (0.1 * mm) ** 2), mt.Voltage("bottom", 0.0), mt.Convection("bottom", 1e-6, 300.0)]
    rises = {0.837588721e-3: 1064.0, 1e-3: 1559.392550}
    options: dict[str, Any] = {"steps": mt.AdaptiveSteps(1e-2, 0.0), "method": "esdirk43", "save": list(rises)}
    result = mt.solve_transient(mt.Case(package, loads), mesh, 1e-3, **options)
    close([result.at(time).mean_temperature() - 300.0 for time in rises], list(rises.values()), 1e-4)


def test_suddenly_cooled_wire() -> None:
    """VM109: copper of 1/32 inch at 300 F in air at 100 F. A square of that width has the same area over outline."""
    foot, pound, btu, fahrenheit, hour = 0.3048, 0.45359237, 1055.05585262, 5 / 9, 3600.0
    density, heat, film = 558 * pound / foot**3, 0.091 * btu / pound / fahrenheit, 2 * btu / hour / foot**2 / fahrenheit
    copper = mt.Material("copper", 390.0, density=density, specific_heat=heat)
    width = foot / 12 / 32
    package, mesh = column([("wire", 1 * mm, copper)], width, 1 * mm, 1 * mm)
    case = mt.Case(package, [mt.Convection("sides", film, kelvin(100))])
    times = [0.0125 * hour, 0.0325 * hour]
    result = mt.solve_transient(case, mesh, times[1], initial=kelvin(300), steps=FINE, save=times, method="esdirk43")
    found = [(result.at(time).max_temperature() - kelvin(0)) / fahrenheit for time in times]
    close(np.array(found) - 100.0, (93.886, 27.997), 1e-4)


def kelvin(degrees: float) -> float:
    """From degrees Fahrenheit."""
    return celsius((degrees - 32) * 5 / 9)


BACKWARD_EULER = RungeKutta("backward Euler", ((0.0,), (0.0, 1.0)), (1.0, 0.0), 1, 2, "")

ICE = [
    (304.281, 305.475),
    (306.202, 307.937),
    (307.081, 309.062),
    (307.483, 309.575),
    (307.667, 309.810),
    (307.751, 309.917),
    (307.789, 309.966),
    (307.807, 309.989),
    (307.815, 309.999),
    (307.818, 310.004),
]
"""After steps of 2 ms: the cells of die 1 and die 2 (K). In this first slot the powers are those of the steady case:
from it on the shipped values are that case's."""


def test_3d_ice_first_slot() -> None:
    """Two sources in a silicon stack cooled at its top, with the steps and the method of the other code."""
    silicon = mt.Material("silicon", 130.0, density=1e3, specific_heat=1.63566e3)
    whole = mt.rectangle(10 * mm, at=(5 * mm, 5 * mm))
    levels = [0.0, 2 * um, 98 * um, 100 * um]
    parts = [mt.Part(f"layer{n}", whole, (levels[n], levels[n + 1]), silicon) for n in range(3)]
    for name, at in (("south_west", 2.5 * mm), ("north_east", 7.5 * mm)):
        parts.append(mt.Part(name, mt.rectangle(5 * mm, at=(at, at)), (98 * um, 100 * um), silicon))
    package = mt.Package.from_parts(parts)
    powers = [mt.Power("layer0", 50.0), mt.Power("south_west", 12.5), mt.Power("north_east", 12.5)]
    case = mt.Case(package, [*powers, mt.Convection("top", 1e5, 300.0)])
    spec = mt.MeshSpec(edge_size=0.4 * mm, max_size=2 * mm, layer_size=25 * um)
    probes = [mt.TemperatureAt((5.025 * mm, 4.9 * mm, 1 * um)), mt.TemperatureAt((25 * um, 100 * um, 99 * um))]
    options: dict[str, Any] = {"method": BACKWARD_EULER, "steps": mt.FixedSteps(2e-3), "probes": probes}
    result = mt.solve_transient(case, mt.generate_mesh(package, spec), 0.02, **options)
    found = np.stack([values[1:] for values in result.probes.values()], axis=1)
    close(found - 300.0, np.array(ICE) - 300.0, 3e-3)
