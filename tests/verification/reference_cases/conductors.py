"""Conductors that heat themselves: published cases with exact answers.

Feel++ thermoelectric toolbox (quarter turn); sparselizard, nonlinear-electro-thermal-heating-3d; agros2d,
TestCoupledProblemsBasic1General, recomputed by high-order elements; code_aster TPLL101; Abaqus benchmark 1.3.38;
Ansys VM215; the cold phase of Kutluay and Esen's thermistor (2005). Where a print and the exact value differ, the
exact one is used. For the exact relation of potential and temperature see Diesselhorst, Ann. Phys. 306 (1900).
"""

from __future__ import annotations

import warnings
from functools import partial
from itertools import pairwise
from math import cos, e, pi, radians, sin
from typing import Any

import numpy as np

import mcpthermal as mt
from mcpthermal.units import celsius, mm
from reference_cases.meshes import bar, grade, group, grow_from, tetrahedra
from reference_cases.study import OTHER_CODE, Answer, Study, Target

QUARTER_AMBIENT = 293.0


def sector(gmsh: Any, inner: float, outer: float, height: float, angle: float, size: float) -> None:
    """A sector of a hollow cylinder (mm) with its faces named start, end, inner and outer."""
    occ = gmsh.model.occ
    line = occ.addLine(occ.addPoint(inner, 0, 0), occ.addPoint(outer, 0, 0))
    (_, face), *_ = occ.extrude([(1, line)], 0, 0, height)[1:]
    (_, end), (_, volume), *sides = occ.revolve([(2, face)], 0, 0, 0, 0, 0, 1, angle)
    occ.synchronize()
    reach = {tag: abs(complex(*occ.getCenterOfMass(2, tag)[:2])) for _, tag in sides}
    group(gmsh, 3, "body", [volume])
    group(gmsh, 2, "start", [face])
    group(gmsh, 2, "end", [end])
    group(gmsh, 2, "inner", [min(reach, key=lambda tag: reach[tag])])
    group(gmsh, 2, "outer", [max(reach, key=lambda tag: reach[tag])])
    grade(gmsh, size, {})


def quarter_turn(size: float) -> Answer:
    """Temperatures at three radii and the highest one (K), current (A) and heat (W)."""
    copper = mt.Material("copper", 380.0, 58e6)
    build = partial(sector, inner=1, outer=2, height=4, angle=pi / 2, size=0.3 * size)
    package, mesh = tetrahedra(build, {"body": copper})
    loads: list[Any] = [mt.Voltage("start", 0.05), mt.Voltage("end", 0.0)]
    loads += [mt.Convection(place, 8e4, QUARTER_AMBIENT) for place in ("inner", "outer")]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    # On a straight edge; a curved cell meets the cylinders in its nodes only.
    points = [(r * mm, 0.0, 2 * mm) for r in (1.0, 1.5, 2.0, 1.272891801)]
    return Answer((*result.temperature_at(points), result.current("start"), result.joule_power()), (result,))


TUNGSTEN = mt.Material("tungsten", mt.Linear(173.0, -55 / 707, 293.0), mt.Metal(5.6e-8, 0.0045, 293.0))


def neck(gmsh: Any, flat: float, size: float) -> None:
    """A quarter of a bar (mm) whose section shrinks towards its middle, flat over 2 x `flat` there."""
    low = 0.25 + 0.015 * flat
    stations = [(-100.0, 1.0), (-50.0, 1.0), (-flat, low), (flat, low), (50.0, 1.0), (100.0, 1.0)]
    if not flat:
        del stations[3]
    geo, rings = gmsh.model.geo, []
    for x, s in stations:
        fine = 0.35 if abs(x) <= flat + 1e-6 else 8.0
        rings.append([geo.addPoint(x, y * s, z * s, fine * size) for y, z in ((0, 0), (25, 0), (25, 5), (0, 5))])

    def face(*corners: int) -> int:
        lines = [line(a, b) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
        return int(geo.addPlaneSurface([geo.addCurveLoop(lines)]))

    known: dict[tuple[int, int], int] = {}

    def line(a: int, b: int) -> int:
        if (b, a) in known:
            return -known[b, a]
        if (a, b) not in known:
            known[a, b] = geo.addLine(a, b)
        return known[a, b]

    caps = [face(*ring) for ring in rings]
    volumes = []
    for n, (near, far) in enumerate(pairwise(rings)):
        sides = [face(near[i], near[i - 1], far[i - 1], far[i]) for i in range(4)]
        volumes.append(geo.addVolume([geo.addSurfaceLoop([caps[n], caps[n + 1], *sides])]))
    geo.synchronize()
    group(gmsh, 3, "bar", volumes)
    group(gmsh, 2, "left", caps[:1])
    group(gmsh, 2, "right", caps[-1:])


def tungsten_bar(flat: float, size: float) -> Answer:
    """The highest temperature (K) and the current (A)."""
    package, mesh = tetrahedra(partial(neck, flat=flat, size=size), {"bar": TUNGSTEN})
    ends = [mt.FixedTemperature(name, 293.0) for name in ("left", "right")]
    case = mt.Case(package, [*ends, mt.Voltage("left", 0.2), mt.Voltage("right", 0.0)])
    result = mt.solve_steady(case, mesh)
    return Answer((result.max_temperature(), 4 * result.current("left")), (result,))


# Corners (mm); the edges that adiabatic faces and terminals lie on go by the number of their first corner.
STEEL = [(0, 0), (194, -2), (204, 2), (205, 10), (191, 20), (0, 10)]
HOLE = [(86, 2), (120, 4), (130, 14)]
METAL = [(0, 0), (0, -10), (84, -14), (104, -4), (128, -4), (130, -26), (194, -8), (194, -2)]
THICKNESS = 4.0


def bimetal(gmsh: Any, size: float) -> None:
    """The plate of two metals (mm)."""
    occ = gmsh.model.occ
    surfaces = []
    for corners in (STEEL, HOLE, METAL):
        points = [occ.addPoint(x, y, 0.0) for x, y in corners]
        lines = [occ.addLine(a, b) for a, b in zip(points, points[1:] + points[:1], strict=True)]
        surfaces.append(occ.addPlaneSurface([occ.addCurveLoop(lines)]))
    plate, _ = occ.cut([(2, surfaces[0])], [(2, surfaces[1])])
    both, _ = occ.fragment(plate, [(2, surfaces[2])])
    occ.extrude(both, 0, 0, THICKNESS, numElements=[1])
    occ.synchronize()
    volumes = {tag: occ.getCenterOfMass(3, tag)[1] for _, tag in gmsh.model.getEntities(3)}
    group(gmsh, 3, "steel", [tag for tag, y in volumes.items() if y > 0])
    group(gmsh, 3, "aluminium", [tag for tag, y in volumes.items() if y < 0])
    for name, edges in EDGES.items():
        group(gmsh, 2, name, [side_over(gmsh, a, b) for a, b in edges])
    corners = {(0.0, 0.0): 2.0, (194.0, -2.0): 0.5, (104.0, -4.0): 1.0, (128.0, -4.0): 1.0}
    grade(gmsh, 5.0 * size, {at: wanted * size for at, wanted in corners.items()} | {at: 2.0 * size for at in HOLE})


def side_over(gmsh: Any, a: tuple[float, float], b: tuple[float, float]) -> int:
    """The upright face over the edge from a to b (mm)."""
    middle = (np.array(a) + b) / 2
    for _, tag in gmsh.model.getEntities(2):
        x, y, z = gmsh.model.occ.getCenterOfMass(2, tag)
        if np.hypot(x - middle[0], y - middle[1]) < 1e-6 and abs(z - THICKNESS / 2) < 1e-6:
            return int(tag)
    raise LookupError(f"no face over {a} to {b}")


EDGES = {
    "high": [((0, 0), (0, 10)), ((0, 0), (0, -10))],
    "low": [((204, 2), (194, -2)), ((194, -2), (194, -8))],
    "air": [((204, 2), (205, 10)), ((191, 20), (0, 10)), *pairwise(METAL[1:7])],
}


def plate_with_hole(size: float) -> Answer:
    """Temperatures at three points and the potential at the first, current and heat per length."""
    materials = {"steel": mt.Material("steel", 400.0, 6e6), "aluminium": mt.Material("aluminium", 250.0, 33e6)}
    package, mesh = tetrahedra(partial(bimetal, size=size), materials)
    loads: list[Any] = [mt.Voltage("high", 0.01), mt.Voltage("low", 0.0)]
    loads += [mt.Convection(place, 20.0, celsius(20)) for place in ("air", "low")]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    points = np.array([(155.787, 7.13725, 2.0), (0.0, 5.0, 2.0), (50.0, -6.0, 2.0)]) * mm
    per_length = 1 / (THICKNESS * mm)
    values = (*result.temperature_at(points), result.potential_at(points)[0], result.current("high") * per_length)
    return Answer((*values, result.joule_power() * per_length), (result,))


def hollow_cylinder(size: float) -> Answer:
    """TPLL101: the temperature midway and the highest (K above 300), the potential drop (V)."""
    material = mt.Material("body", 0.02, 1.0)
    angle = pi / 6
    make = partial(sector, inner=1e3, outer=e * 1e3, height=500, angle=angle, size=250 * size)
    with warnings.catch_warnings():
        # Metres are large for a package.
        warnings.simplefilter("ignore", mt.McpThermalWarning)
        package, mesh = tetrahedra(make, {"body": material})
    inward = 10.0 * angle * 0.5
    case = mt.Case(
        package,
        [
            *(mt.FixedTemperature(place, 300.0) for place in ("inner", "outer")),
            mt.Current("inner", inward, "uniform"),
            mt.Voltage("outer", 10.0),
        ],
    )
    result = mt.solve_steady(case, mesh)
    radius = (1 + e) / 2
    at = [(radius * cos(angle / 2), radius * sin(angle / 2), 0.25)]
    drop = result.voltage("inner") - 10.0
    return Answer((result.temperature_at(at)[0], result.max_temperature(), drop), (result,))


def shell(gmsh: Any, size: float) -> None:
    """A sector of 3 degrees of a hemispherical shell with a hole of 10 degrees at its pole (lengths in mm)."""
    occ, inner, outer = gmsh.model.occ, 9.9, 10.1

    def ray(radius: float, degrees: float) -> int:
        return int(occ.addPoint(radius * sin(radians(degrees)), 0, radius * cos(radians(degrees))))

    center = occ.addPoint(0, 0, 0)
    a, b, c, d = ray(inner, 10), ray(outer, 10), ray(outer, 90), ray(inner, 90)
    outline = [occ.addLine(a, b), occ.addCircleArc(b, center, c), occ.addLine(c, d), occ.addCircleArc(d, center, a)]
    face = occ.addPlaneSurface([occ.addCurveLoop(outline)])
    made = occ.revolve([(2, face)], 0, 0, 0, 0, 0, 1, radians(3))
    occ.synchronize()
    group(gmsh, 3, "shell", [made[1][1]])
    group(gmsh, 2, "hole", [made[2][1]])
    group(gmsh, 2, "rim", [made[4][1]])
    grade(gmsh, 0.5 * size, {})


def hemispherical_shell(size: float) -> Answer:
    """VM215: current (A) and heat (W); the highest temperature with the rim held."""
    package, mesh = tetrahedra(partial(shell, size=size), {"shell": mt.Material("shell", 3e3, 1e3 / 7)})
    case = mt.Case(package, [mt.Voltage("hole", 0.0), mt.Voltage("rim", 100.0), mt.FixedTemperature("rim", 300.0)])
    result = mt.solve_steady(case, mesh)
    return Answer((result.current("rim"), result.joule_power(), result.max_temperature()), (result,))


def straight_bar(size: float) -> Answer:
    """Abaqus 1.3.38: the insulated end and the middle (K above the other end)."""
    package, mesh = bar(1.0, round(4 / size), mt.Material("bar", 45.0, 6.58e6), 0.1)
    loads = [mt.Voltage("bottom", 0.1), mt.Voltage("top", 0.0), mt.FixedTemperature("top", celsius(100))]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    ends = result.temperature_at([(0.0, 0.0, 0.0), (0.0, 0.0, 0.5)])
    return Answer(ends - 273.15, (result,))


HOLM = {0.1: 0.8594134, 0.3: 0.5865093, 0.5: 0.3396093}
"""The constriction 4 k a R of a spot of radius a in a tube of radius b, by a / b; high-order elements."""


def tube(gmsh: Any, spot: float, size: float) -> None:
    """A quarter of a tube of radius 1 (mm) with a spot at its foot."""
    occ = gmsh.model.occ
    body = occ.addCylinder(0, 0, 0, 0, 0, 2, 1, angle=pi / 2)
    center, right, back = (occ.addPoint(spot * x, spot * y, 0) for x, y in ((0, 0), (1, 0), (0, 1)))
    outline = [occ.addLine(center, right), occ.addCircleArc(right, center, back), occ.addLine(back, center)]
    disc = occ.addPlaneSurface([occ.addCurveLoop(outline)])
    occ.fragment([(3, body)], [(2, disc)])
    occ.synchronize()
    surfaces = {tag: occ.getCenterOfMass(2, tag) for _, tag in gmsh.model.getEntities(2)}
    group(gmsh, 3, "tube", [body])
    group(gmsh, 2, "head", [tag for tag, x in surfaces.items() if x[2] > 2 - 1e-6])
    foot = [tag for tag, x in surfaces.items() if abs(x[2]) < 1e-6]
    group(gmsh, 2, "spot", [min(foot, key=lambda tag: surfaces[tag][0])])
    arcs = [tag for _, tag in gmsh.model.getEntities(1) if on_arc(occ.getCenterOfMass(1, tag), spot)]
    grow_from(gmsh, arcs, f"{0.03 * spot * size} + {0.5 * size} * d")


def on_arc(center: Any, radius: float) -> bool:
    """Whether the centre of a curve is that of a quarter of a circle around the origin in z = 0."""
    return abs(center[2]) < 1e-6 and bool(np.allclose(center[:2], 2 * radius / pi, atol=1e-3 * radius))


def constriction(ratio: float, size: float) -> tuple[float, mt.SteadyResult]:
    """The resistance beyond that of the tube."""
    package, mesh = tetrahedra(partial(tube, spot=ratio, size=size), {"tube": mt.Material("metal", 100.0, 1e6)})
    loads = [mt.Voltage("head", 1e-3), mt.Voltage("spot", 0.0), mt.FixedTemperature("head", 300.0)]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    resistance = result.resistance("head", "spot") / 4 - 2 * mm / (1e6 * pi * mm**2)
    return 4 * 1e6 * ratio * mm * resistance, result


def constrictions(size: float) -> Answer:
    """The three ratios; the current at the rim is singular, its error of the first order is extrapolated."""
    pairs = [(constriction(ratio, size), constriction(ratio, size / 2)) for ratio in HOLM]
    values = [2 * fine - coarse for (coarse, _), (fine, _) in pairs]
    return Answer(values, [result for pair in pairs for _, result in pair])


ALPHA, BETA, UNIT = 0.15, 0.2, 100.0
"""Of the thermistor: heat, film coefficient, kelvin per unit of its temperature."""


def thermistor(size: float) -> Answer:
    """The insulated face in the cold phase, sigma = 1 up to U = 1 and then falling fast."""
    sigma = mt.Table((300.0, 300.0 + UNIT, 300.0 + 1.2 * UNIT), (1.0, 1.0, 1e-3))
    package, mesh = bar(1.0, round(4 / size), mt.Material("thermistor", 1.0, sigma), 0.2)
    loads = [mt.Voltage("bottom", 0.0), mt.Voltage("top", (ALPHA * UNIT) ** 0.5), mt.Convection("top", BETA, 300.0)]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    return Answer((result.temperature_at([(0.0, 0.0, 0.0)])[0],), (result,))


COARSER = (4.0, 2.0)

STUDIES = (
    Study(
        "quarter turn",
        "1, Feel++ quarter turn",
        (
            Target("r = 1 mm, K", 470.247436269, QUARTER_AMBIENT),
            Target("r = 1.5 mm, K", 472.665241295, QUARTER_AMBIENT),
            Target("r = 2 mm, K", 458.961818166, QUARTER_AMBIENT),
            Target("highest, K", 474.749359220, QUARTER_AMBIENT),
            Target("current, A", 5118.745924),
            Target("heat, W", 255.937296),
        ),
        quarter_turn,
    ),
    Study(
        "sparselizard",
        "9, tungsten bar with a neck",
        (Target("highest, K", 618.166053587, 293.0), Target("current, A", 1785.475)),
        partial(tungsten_bar, 0.0),
        COARSER,
    ),
    Study(
        "sparselizard flat",
        "9, the same, neck flat over 6.7 mm",
        (Target("highest, K", 618.166053587, 293.0), Target("current, A", 1850.281)),
        partial(tungsten_bar, 10 / 3),
        COARSER,
    ),
    Study(
        "agros2d",
        "10, agros2d plate of two metals",
        (
            Target("first point, K", celsius(40.66371), celsius(20), OTHER_CODE),
            Target("second, K", celsius(40.68015), celsius(20), OTHER_CODE),
            Target("third, K", celsius(40.69325), celsius(20), OTHER_CODE),
            Target("potential, V", 1.554881e-3, bar=OTHER_CODE),
            Target("current, A/m", 17996.44, bar=OTHER_CODE),
            Target("heat, W/m", 179.96435, bar=OTHER_CODE),
        ),
        plate_with_hole,
    ),
    Study(
        "TPLL101",
        "code_aster TPLL101",
        (
            Target("midway, K", 300 + 588.931263, 300.0),
            Target("highest, K", 925.0, 300.0),
            Target("drop, V", 10.0),
        ),
        hollow_cylinder,
    ),
    Study(
        "VM215",
        "Ansys VM215, hemispherical shell",
        (
            Target("current, A", 0.0614058050),
            Target("heat, W", 6.14058050),
            Target("highest, K", 300 + 238.095238095, 300.0),
        ),
        hemispherical_shell,
    ),
    Study(
        "Abaqus 1.3.38",
        "Abaqus 1.3.38",
        (Target("end, degC", 831.111111111, 100.0), Target("middle, degC", 648.333333333, 100.0)),
        straight_bar,
    ),
    Study(
        "Holm",
        "Holm's constriction in a tube, 4 k a R",
        tuple(Target(f"a / b = {ratio:g}", value, bar=OTHER_CODE) for ratio, value in HOLM.items()),
        constrictions,
    ),
    Study(
        "thermistor",
        "thermistor (Kutluay and Esen), cold phase",
        (Target("U(0), K", 300 + UNIT * ALPHA * (1 / BETA + 0.5), 300.0),),
        thermistor,
    ),
)
