"""Spreading of heat from small sources, and silicon whose conductivity falls with temperature.

Series: Muzychka, Culham and Yovanovich, Thermal spreading resistance of eccentric heat sources, J. Electronic
Packaging 125 (2003), recomputed. Half-space: Carslaw and Jaeger, Conduction of Heat in Solids, section 8.2, and
Yovanovich (1976). Silicon: Kirchhoff's transformation of the series with constant conductivity.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

import mcpthermal as mt
from mcpthermal.units import mm, um
from reference_cases.meshes import bar, group, grow_from, tetrahedra
from reference_cases.study import LEVELS, Answer, Study, Target, default_mesh

AMBIENT = 300.0
SKIN = 1.0 * um
"""Thickness of the part that marks the source."""


@dataclass(frozen=True)
class Plate:
    """A centred source (mm) on a plate of layers (thickness in mm, conductivity), listed from below."""

    size: tuple[float, float]
    layers: tuple[tuple[float, Any], ...]
    source: tuple[float, float]
    h: float | None
    layer_size: float | None = None
    source_size: float | None = None

    def package(self) -> mt.Package:
        """The plate with the source as a skin on its top; both of the same material."""
        parts, z = [], 0.0
        for number, (thickness, k) in enumerate(self.layers):
            material = mt.Material(f"layer{number}", k)
            top = z + thickness * mm
            parts.append(mt.Part(f"layer{number}", mt.rectangle([s * mm for s in self.size]), (z, top), material))
            z = top
        outline = mt.rectangle([s * mm for s in self.source])
        return mt.Package.from_parts([*parts, mt.Part("source", outline, (z - SKIN, z), material)])

    def result(self, watt: float, size: float) -> mt.SteadyResult:
        """The state under a power over the source's face."""
        package = self.package()
        base = mt.FixedTemperature("bottom", AMBIENT)
        foot: Any = base if self.h is None else mt.Convection("bottom", self.h, AMBIENT)
        case = mt.Case(package, [mt.Power("source.top", watt), foot])
        if self.layer_size is None:
            return mt.solve_steady(case, default_mesh(package, size))
        sizes = {} if self.source_size is None else {"source": self.source_size * size}
        spec = mt.MeshSpec(LEVELS[size], layer_size=self.layer_size * size, sizes=sizes)
        return mt.solve_steady(case, mt.generate_mesh(package, spec))

    def solve(self, size: float) -> Answer:
        """Mean and greatest resistance of the source's face."""
        result = self.result(1.0, size)
        k = self.layers[-1][1]
        across = k[2] if isinstance(k, tuple) else k
        # The mean over the skin lies below that of its face by half of the drop through the skin.
        drop = SKIN / 2 / (across * self.source[0] * self.source[1] * mm**2)
        mean = result.mean_temperature("source") - AMBIENT + drop
        return Answer((mean, result.max_temperature() - AMBIENT), (result,))


PLATES = {
    "S1": (
        "S1, copper plate",
        Plate((40.0, 40.0), ((3.0, 390.0),), (10.0, 10.0), 1000.0),
        (0.7720069221, 0.8074153299),
    ),
    "S2": (
        "S2, silicon on copper",
        Plate((30.0, 30.0), ((2.0, 390.0), (0.5, 130.0)), (10.0, 10.0), 5000.0),
        (0.384604, 0.428519),
    ),
    "S3": (
        "S3, small source on silicon",
        Plate((10.0, 10.0), ((0.5, 130.0),), (0.5, 0.5), None, 40 * um, 25 * um),
        (5.66564184, 6.97904688),
    ),
    # Where conduction across is poor, heat spreads in a shallow depth.
    "S4": (
        "S4, k = (400, 400, 5) W/(m K), layers of 50 um",
        Plate((40.0, 30.0), ((1.0, (400.0, 400.0, 5.0)),), (8.0, 6.0), 800.0, 50 * um, 500 * um),
        (2.3671106420, 2.6484461912),
    ),
}

SPREADING = tuple(
    Study(
        f"spreading {key}",
        f"11, spreading resistance {title}",
        (Target("mean, K/W", mean), Target("greatest, K/W", highest)),
        plate.solve,
    )
    for key, (title, plate, (mean, highest)) in PLATES.items()
)


# Silicon, k = 148 (T / 300)^(-4/3).
SILICON = mt.PowerLaw(148.0, 300.0, -4 / 3)
HOT_SPOTS = {1.0: 306.214713, 5.0: 332.863852, 10.0: 370.708584}
FLUXES = {1e6: 303.403901156, 5e6: 317.546380216, 1e7: 336.488211410}


def hot_spots(size: float) -> Answer:
    """The greatest temperature of a small source on silicon under three powers."""
    plate = Plate((10.0, 10.0), ((0.5, SILICON),), (0.5, 0.5), None, 40 * um, 25 * um)
    results = [plate.result(watt, size) for watt in HOT_SPOTS]
    return Answer([result.max_temperature() for result in results], results)


def silicon_slab(size: float) -> Answer:
    """A slab of silicon under three fluxes through its top, then with heat in its volume."""
    thickness = 0.5 * mm
    package, mesh = bar(thickness, round(4 / size), mt.Material("silicon", SILICON), 0.1 * mm)
    base = mt.FixedTemperature("bottom", AMBIENT)
    inside = [mt.Power(name, 2e10 * (0.1 * mm) ** 2 * thickness / len(package.names)) for name in package.names]
    loads = [[mt.HeatFlux("top", flux)] for flux in FLUXES] + [inside]
    results = [mt.solve_steady(mt.Case(package, [base, *some]), mesh) for some in loads]
    return Answer([result.max_temperature() for result in results], results)


# The half-space: a hemisphere whose surface lets heat pass as the far field does, k / radius.
RADIUS, K = 12.0, 100.0


def half_space(shape: str, rim: str) -> tuple[mt.Package, mt.TetMesh]:
    """A hemisphere (mm) under z = 0, with a square of side 2 or a disc of radius 1 on its flat face."""

    def build(gmsh: Any) -> None:
        occ = gmsh.model.occ
        ball = occ.addSphere(0, 0, 0, RADIUS, angle1=-pi / 2, angle2=0.0, angle3=pi / 2)
        source = occ.addRectangle(0, 0, 0, 1, 1)
        if shape == "disc":
            occ.remove([(2, source)], recursive=True)
            center, right, back = (occ.addPoint(x, y, 0) for x, y in ((0, 0), (1, 0), (0, 1)))
            outline = [occ.addLine(center, right), occ.addCircleArc(right, center, back), occ.addLine(back, center)]
            source = occ.addPlaneSurface([occ.addCurveLoop(outline)])
        occ.fragment([(3, ball)], [(2, source)])
        occ.synchronize()
        surfaces = {tag: occ.getCenterOfMass(2, tag) for _, tag in gmsh.model.getEntities(2)}
        far = [tag for tag, x in surfaces.items() if min(abs(c) for c in x) > 1e-6]
        near = [tag for tag, x in surfaces.items() if abs(x[2]) < 1e-6 and max(x[:2]) < 1]
        group(gmsh, 3, "half_space", [tag for _, tag in gmsh.model.getEntities(3)])
        group(gmsh, 2, "far", far)
        group(gmsh, 2, "source", near)
        _graded_to_the_rim(gmsh, near[0], rim)

    return tetrahedra(build, {"half_space": mt.Material("solid", K)})


def _graded_to_the_rim(gmsh: Any, source: int, size: str) -> None:
    """The mesh size by the distance d from the rim."""
    edges = [abs(tag) for _, tag in gmsh.model.getBoundary([(2, source)])]
    # The rim is the part of the outline that does not lie in a plane of symmetry.
    grow_from(gmsh, [tag for tag in edges if min(gmsh.model.occ.getCenterOfMass(1, tag)[:2]) > 1e-6], size)


def disc(size: float) -> Answer:
    """A disc of one temperature, and one with a uniform flux: 4 k a R and pi k a R of its middle.

    The flux at the rim of the first is singular, of which an error of the first order remains: it is extrapolated.
    """
    isothermal, results = [], []
    for part in (size, size / 2):
        package, mesh = half_space("disc", f"{0.02 * part} + {0.25 * part} * d")
        far = mt.Convection("far", K / (RADIUS * mm), AMBIENT)
        hot = mt.solve_steady(mt.Case(package, [mt.FixedTemperature("source", AMBIENT + 1), far]), mesh)
        isothermal.append(4 * K * mm / (4 * hot.heat_out("far")))
        results.append(hot)
    heated = mt.solve_steady(mt.Case(package, [mt.HeatFlux("source", 1 / (pi * mm**2)), far]), mesh)
    middle = pi * K * mm * (heated.temperature_at([(0.0, 0.0, 0.0)])[0] - AMBIENT)
    return Answer((2 * isothermal[1] - isothermal[0], middle), (*results, heated))


def square(size: float) -> Answer:
    """A square with a uniform flux: k sqrt(A) R of its middle."""
    package, mesh = half_space("square", f"{0.02 * size} + {0.25 * size} * d")
    far = mt.Convection("far", K / (RADIUS * mm), AMBIENT)
    result = mt.solve_steady(mt.Case(package, [mt.HeatFlux("source", 1 / (4 * mm**2)), far]), mesh)
    middle = K * sqrt(4) * mm * (result.temperature_at([(0.0, 0.0, 0.0)])[0] - AMBIENT)
    return Answer((middle,), (result,))


STUDIES = (
    *SPREADING,
    Study(
        "half-space disc",
        "11, disc on a half-space",
        (Target("one temperature, 4 k a R", 1.0), Target("uniform flux, greatest pi k a R", 1.0)),
        disc,
        (2.8, 1.4),
    ),
    Study("half-space square", "11, square on a half-space", (Target("greatest k sqrt(A) R", 0.561099852),), square),
    Study(
        "silicon slab",
        "silicon slab, k = 148 (T/300)^(-4/3)",
        (
            *(Target(f"flux {flux:.0e} W/m2, K", value, AMBIENT) for flux, value in FLUXES.items()),
            Target("power 2e10 W/m3, K", 317.546380216, AMBIENT),
        ),
        silicon_slab,
    ),
    Study(
        "silicon hot spot",
        "silicon hot spot, k = 148 (T/300)^(-4/3)",
        tuple(Target(f"{watt:g} W, K", value, AMBIENT) for watt, value in HOT_SPOTS.items()),
        hot_spots,
    ),
)
