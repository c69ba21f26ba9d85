"""Wires that heat themselves, with ends at a fixed temperature, air around them, or radiation.

One-dimensional conduction along a wire with rho = rho0 (1 + a (T - Tref)) and a film: cosh or cos of m x,
m2 = (h P - I^2 rho0 a / A) / (k A); the greatest current is where the cosine's half length is a quarter turn
(Carslaw and Jaeger, Conduction of Heat in Solids, section 4.11). The wires themselves are three-dimensional.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import pi
from typing import Any

import mcpthermal as mt
from mcpthermal.units import mm, um
from reference_cases.meshes import cylinder, slices, tetrahedra
from reference_cases.study import Answer, Study, Target


@dataclass(frozen=True)
class Wire:
    """A bond wire: diameter and length (m), its metal, film (W/(m2 K)), temperatures of ends and air (K)."""

    diameter: float
    length: float
    k: float
    resistivity: float
    reference: float
    coefficient: float
    h: float
    ends: float
    air: float

    def case(self, current: float, size: float) -> tuple[mt.Case, mt.ColumnMesh]:
        """The wire with a current (A)."""
        metal = mt.Material("metal", self.k, mt.Metal(self.resistivity, self.coefficient, self.reference))
        parts = slices("wire", mt.circle(self.diameter), self.length, round(8 / size), metal)
        package = mt.Package.from_parts(parts)
        loads: list[Any] = [mt.FixedTemperature(end, self.ends) for end in ("bottom", "top")]
        loads += [mt.Convection("sides", self.h, self.air), mt.Voltage("bottom", 0.0), mt.Current("top", current)]
        spec = mt.MeshSpec(max_size=self.diameter * size / 2, layer_size=self.length)
        return mt.Case(package, loads), mt.generate_mesh(package, spec)

    def solve(self, currents: tuple[float, ...], size: float) -> Answer:
        """The highest temperature and the resistance for each current."""
        values, results = [], []
        for current in currents:
            result = mt.solve_steady(*self.case(current, size))
            values += [result.max_temperature(), result.resistance("top", "bottom")]
            results.append(result)
        return Answer(values, results)

    def highest(self, current: float, size: float) -> Answer:
        """The highest temperature."""
        values, results = self.solve((current,), size)
        return Answer(values[:1], results)

    def critical(self, size: float) -> Answer:
        """The current (A) that the steady states approach while they grow hotter without bounds."""
        case, mesh = self.case(1.0, size)
        found = mt.find_limit(case, "current", mesh=mesh)
        return Answer((found.value,), (mt.solve_steady(case, mesh),))


GOLD = Wire(25 * um, 2 * mm, 318.0, 2.214e-8, 293.15, 3.4e-3, 50.0, 300.0, 300.0)
COPPER = Wire(25.4 * um, 1.55 * mm, 398.0, 1.724e-8, 300.0, 3.93e-3, 25.0, 300.0, 300.0)
ALUMINIUM = Wire(300 * um, 10 * mm, 237.0, 2.65e-8, 293.15, 4.29e-3, 10.0, 350.0, 300.0)


def radiating(size: float) -> Answer:
    """A long tungsten wire (100 um) with 1e8 A/m2 that only radiates."""
    tungsten = mt.Material("tungsten", 173.0, mt.Metal(5.6e-8, 4.5e-3, 293.0))
    build = partial(cylinder, radius=0.05, height=0.04, size=0.02 * size)
    package, mesh = tetrahedra(build, {"cylinder": tungsten})
    loads = [
        mt.Radiation("side", ambient=300.0, emissivity=0.3),
        mt.Voltage("foot", 0.0),
        mt.Current("head", 1e8 * pi * (50 * um) ** 2),
    ]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    return Answer((result.mean_temperature(),), (result,))


STUDIES = (
    Study(
        "gold wire",
        "gold wire, 25 um x 2 mm",
        (
            Target("0.5 A, highest, K", 340.687862553, 300.0),
            Target("0.5 A, resistance, ohm", 0.100595942),
            Target("0.8 A, highest, K", 426.142536343, 300.0),
            Target("0.8 A, resistance, ohm", 0.117834329),
        ),
        partial(GOLD.solve, (0.5, 0.8)),
    ),
    Study(
        "copper wire",
        "copper wire, 25.4 um x 1.55 mm",
        (Target("0.5 A, highest, K", 313.180021854, 300.0),),
        partial(COPPER.highest, 0.5),
    ),
    Study(
        "aluminium wire",
        "aluminium wire, 300 um x 10 mm",
        (Target("10 A, highest, K", 388.014606467, 350.0),),
        partial(ALUMINIUM.highest, 10.0),
    ),
    Study("gold wire, limit", "gold wire", (Target("critical current, A", 1.592860920),), GOLD.critical),
    Study("copper wire, limit", "copper wire", (Target("critical current, A", 2.492151097),), COPPER.critical),
    Study("radiating wire", "tungsten wire that radiates", (Target("K", 1523.587514880, 300.0),), radiating),
)
