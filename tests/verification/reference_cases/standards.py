"""Cases of standards and benchmarks: EN ISO 10211 annex A, NAFEMS.

EN ISO 10211:2017 case 2 (a roof with a wooden batten and an aluminium profile) and case 4 (an iron bar through
insulation). NAFEMS: Cameron, Casey and Simpson, Benchmark tests for thermal analyses (1986), T2 and T4; the
printed targets are 927.0 K and 18.3 degC, the exact ones are used.
"""

from __future__ import annotations

from typing import Any

from scipy.constants import Stefan_Boltzmann as STEFAN_BOLTZMANN

import mcpthermal as mt
from mcpthermal.units import celsius, mm
from reference_cases.meshes import bar
from reference_cases.study import OTHER_CODE, Answer, Study, Target

PRINTED = 0.05
"""Half of the last digit that the standard prints: what its values can be held to."""

ROOF_POINTS = {
    "A": ((0.0, 47.5), 7.1),
    "B": ((500.0, 47.5), 0.8),
    "C": ((0.0, 41.5), 7.9),
    "D": ((15.0, 41.5), 6.3),
    "E": ((500.0, 41.5), 0.8),
    "F": ((0.0, 36.5), 16.4),
    "G": ((15.0, 36.5), 16.3),
    "H": ((0.0, 0.0), 16.8),
    "I": ((500.0, 0.0), 18.3),
}


def box(name: str, x: tuple[float, float], y: tuple[float, float], material: mt.Material) -> mt.Part:
    """A prism over a rectangle (mm), 10 mm high."""
    size = ((x[1] - x[0]) * mm, (y[1] - y[0]) * mm)
    middle = ((x[0] + x[1]) / 2 * mm, (y[0] + y[1]) / 2 * mm)
    return mt.Part(name, mt.rectangle(size, at=middle), (0.0, 10 * mm), material)


def roof(size: float) -> Answer:
    """Heat (W/m) and the temperatures of the nine points (degC)."""
    aluminium = mt.Material("aluminium", 230.0)
    parts = [
        box("insulation", (0, 500), (1.5, 41.5), mt.Material("insulation", 0.029)),
        box("concrete", (0, 500), (41.5, 47.5), mt.Material("concrete", 1.15)),
        box("wood", (0, 15), (36.5, 41.5), mt.Material("wood", 0.12)),
        box("flange", (0, 15), (35, 36.5), aluminium),
        box("web", (0, 1.5), (1.5, 35), aluminium),
        box("sheet", (0, 500), (0, 1.5), aluminium),
    ]
    package = mt.Package.from_parts(parts)
    loads = [mt.Convection("y_max", 1 / 0.06, celsius(0)), mt.Convection("y_min", 1 / 0.11, celsius(20))]
    mesh = mt.generate_mesh(package, mt.MeshSpec(edge_size=3 * size * mm, layer_size=10 * mm))
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    points = [(x * mm, y * mm, 5 * mm) for (x, y), _ in ROOF_POINTS.values()]
    heat = result.heat_out("y_max") / (10 * mm)
    return Answer((heat, *(result.temperature_at(points) - 273.15)), (result,))


def iron_bar(size: float) -> Answer:
    """Heat (W) and the highest temperature of the outer surface (degC)."""
    cold, warm = celsius(0), celsius(1)
    insulation, iron = mt.Material("insulation", 0.1), mt.Material("iron", 50.0)
    outline = mt.rectangle((100 * mm, 50 * mm))
    parts = [
        mt.Part("insulation", mt.rectangle((1000 * mm, 1000 * mm)), (0.0, 200 * mm), insulation),
        mt.Part("bar", outline, (0.0, 200 * mm), iron),
        mt.Part("stub", outline, (200 * mm, 600 * mm), iron),
    ]
    package = mt.Package.from_parts(parts)
    loads: list[Any] = [mt.Convection("bottom", 10.0, cold)]
    loads += [mt.Convection(place, 10.0, warm) for place in ("insulation.top", "stub.sides", "stub.top")]
    mesh = mt.generate_mesh(package, mt.MeshSpec(edge_size=7 * size * mm, layer_size=7 * size * mm))
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    return Answer((result.heat_out("bottom"), result.temperature_at([(0.0, 0.0, 0.0)])[0] - cold), (result,))


def plate(size: float) -> Answer:
    """The temperature at E of T4 (degC); the condition changes at a corner, which limits the order there."""
    steel = mt.Material("steel", 52.0)
    package = mt.Package.from_parts([mt.Part("plate", mt.rectangle((0.6, 1.0), at=(0.3, 0.5)), (0.0, 0.1), steel)])
    loads = [
        mt.FixedTemperature("plate.y_min", celsius(100)),
        mt.Convection("plate.x_max", 750.0, celsius(0)),
        mt.Convection("plate.y_max", 750.0, celsius(0)),
    ]
    mesh = mt.generate_mesh(package, mt.MeshSpec(max_size=0.02 * size, layer_size=0.1))
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    return Answer((result.temperature_at([(0.6, 0.2, 0.05)])[0] - 273.15,), (result,))


def radiating_bar(size: float) -> Answer:
    """The temperature of the end that radiates in T2 (K)."""
    package, mesh = bar(100 * mm, round(2 / size), mt.Material("steel", 55.6), 10 * mm)
    # The reference has an older constant of Stefan and Boltzmann.
    emissivity = 0.98 * 5.67e-8 / STEFAN_BOLTZMANN
    loads = [mt.FixedTemperature("bottom", 1000.0), mt.Radiation("top", ambient=300.0, emissivity=emissivity)]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    return Answer((result.min_temperature(),), (result,))


ROOF_TARGETS = [Target(f"{name}, degC", value, bar=PRINTED / value) for name, (_, value) in ROOF_POINTS.items()]

STUDIES = (
    Study(
        "roof",
        "14, EN ISO 10211 case 2",
        (Target("heat, W/m", 9.5, bar=PRINTED / 9.5), *ROOF_TARGETS),
        roof,
    ),
    Study(
        "iron bar",
        "14, EN ISO 10211 case 4",
        (Target("heat, W", 0.54, bar=OTHER_CODE), Target("highest outside, degC", 0.80408, bar=OTHER_CODE)),
        iron_bar,
    ),
    Study("T2", "15, NAFEMS T2", (Target("radiating end, K", 927.007606, 1000.0),), radiating_bar),
    Study("T4", "15, NAFEMS T4", (Target("E, degC", 18.2537565),), plate),
)
