"""Heat that rises with the temperature: where a steady state ends.

Bratu and Gelfand's problem u'' + lambda e^u = 0 (a chip whose power is q0 exp(b (T - T0)) per volume, its faces at
T0); Frank-Kamenetskii's delta_c of slab, cylinder and sphere; a lumped chip with leakage.
"""

from __future__ import annotations

from functools import partial
from math import acosh, exp, pi
from typing import Any

import mcpthermal as mt
from mcpthermal.units import mm
from reference_cases.meshes import bar, cylinder, grade, group, tetrahedra
from reference_cases.study import Answer, Study, Target

T0, RATE, K, LENGTH = 300.0, 0.02, 100.0, 1 * mm
"""Of the slab: temperature of the faces (K), b (1/K), conductivity (W/(m K)), thickness (m)."""

LOWER = {0.5: 0.0660366167, 1.0: 0.1405392144, 2.0: 0.3289524213, 3.0: 0.6401466960, 3.5: 1.0851589478}
CRITICAL, CRITICAL_U = 3.51383071913, 1.18684216863


def leakage(place: str, watt: float) -> mt.Leakage:
    """A power (W at T0) that grows with the temperature."""
    return mt.Leakage(place, watt, temperature_coefficient=RATE, reference_temperature=T0)


def slab(parameter: float, size: float) -> tuple[mt.Case, mt.ColumnMesh]:
    """Bratu's slab for a parameter lambda."""
    width = 0.2 * mm
    package, mesh = bar(LENGTH, round(8 / size), mt.Material("chip", K), width)
    watt = parameter * K / (RATE * LENGTH**2) * width**2 * LENGTH / len(package.names)
    loads: list[Any] = [mt.FixedTemperature(face, T0) for face in ("bottom", "top")]
    return mt.Case(package, [*loads, *(leakage(name, watt) for name in package.names)]), mesh


def bratu(size: float) -> Answer:
    """The lower branch."""
    results = [mt.solve_steady(*slab(parameter, size)) for parameter in LOWER]
    return Answer([RATE * (result.max_temperature() - T0) for result in results], results)


def turning_point(size: float) -> Answer:
    """The critical parameter, u there, and how far the upper branch is from Bratu's."""
    case, mesh = slab(1.0, size)
    found = mt.find_limit(case, "leakage", mesh=mesh)
    beyond = [point for point in found.branch if not point.stable]
    u = RATE * (beyond[-1].max_temperature - T0)
    exact = 8 * acosh(exp(u / 2)) ** 2 * exp(-u)
    peak = RATE * (found.result.max_temperature() - T0)
    return Answer((found.factor, peak, beyond[-1].factor / exact), (found.result,))


def ball(gmsh: Any, size: float) -> None:
    """An octant of a ball of radius 1 (mm)."""
    occ = gmsh.model.occ
    body = occ.addSphere(0, 0, 0, 1, angle1=0.0, angle2=pi / 2, angle3=pi / 2)
    occ.synchronize()
    surfaces = {tag: min(occ.getCenterOfMass(2, tag)) for _, tag in gmsh.model.getEntities(2)}
    group(gmsh, 3, "ball", [body])
    group(gmsh, 2, "side", [tag for tag, least in surfaces.items() if least > 1e-6])
    grade(gmsh, size, {})


def frank_kamenetskii(shape: str, size: float) -> Answer:
    """The greatest delta = b q0 R^2 / k of a body whose surface is at T0."""
    build = partial(cylinder, radius=1.0, height=0.5) if shape == "cylinder" else ball
    package, mesh = tetrahedra(partial(build, size=0.35 * size), {shape: mt.Material("chip", K)})
    volume = pi / 2 * mm**3 if shape == "cylinder" else pi / 6 * mm**3
    watt = K / (RATE * mm**2) * volume
    case = mt.Case(package, [mt.FixedTemperature("side", T0), leakage(shape, watt)])
    found = mt.find_limit(case, "leakage", mesh=mesh)
    return Answer((found.factor,), (found.result,))


AMBIENT, LUMPED = 318.15, 347.163693032
CRITICAL_RESISTANCE, CRITICAL_TEMPERATURE = 1.214832064, 428.891603203


def chip(resistance: float, size: float) -> tuple[mt.Case, mt.ColumnMesh]:
    """A chip of one temperature with 50 W and a leakage of 10 W at 85 degC."""
    package = mt.Package.from_parts([mt.Part("chip", mt.rectangle(10 * mm), (0.0, 1 * mm), mt.Material("chip", 1e6))])
    loads = [
        mt.Power("chip", 50.0),
        mt.Leakage("chip", 10.0, temperature_coefficient=0.02, reference_temperature=358.15),
        mt.HeatSink("bottom", thermal_resistance=resistance, ambient=AMBIENT),
    ]
    mesh = mt.generate_mesh(package, mt.MeshSpec(max_size=5 * size * mm, layer_size=1 * mm))
    return mt.Case(package, loads), mesh


def lumped(size: float) -> Answer:
    """The chip's temperature; the leakage and temperature at the limit for the critical resistance."""
    result = mt.solve_steady(*chip(0.5, size))
    case, mesh = chip(CRITICAL_RESISTANCE, size)
    found = mt.find_limit(case, "leakage", mesh=mesh)
    return Answer((result.max_temperature(), found.value, found.result.max_temperature()), (result, found.result))


STUDIES = (
    Study(
        "Bratu",
        "Bratu's slab, lower branch",
        tuple(Target(f"greatest u, lambda = {parameter:g}", u) for parameter, u in LOWER.items()),
        bratu,
    ),
    Study(
        "Bratu's turning point",
        "Bratu's slab, turning point",
        (
            Target("lambda", CRITICAL),
            Target("greatest u", CRITICAL_U, bar=1e-2),
            Target("upper branch, lambda / exact", 1.0, bar=1e-2),
        ),
        turning_point,
    ),
    Study("cylinder", "Frank-Kamenetskii, cylinder", (Target("delta", 2.0),), partial(frank_kamenetskii, "cylinder")),
    Study("ball", "Frank-Kamenetskii, ball", (Target("delta", 3.321992118),), partial(frank_kamenetskii, "ball")),
    Study(
        "lumped",
        "chip with leakage on a heat sink",
        (
            Target("0.5 K/W, K", LUMPED, AMBIENT),
            Target("1.2148 K/W, greatest leakage, W", 10.0),
            Target("there, K", CRITICAL_TEMPERATURE, AMBIENT, 1e-2),
        ),
        lumped,
    ),
)
