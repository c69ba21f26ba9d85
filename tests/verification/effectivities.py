"""Estimated errors beside true ones: cases with exact answers, with singular edges and without, on three meshes each.

``python tests/verification/effectivities.py`` prints the table of all of them (some minutes).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import sqrt, tan
from pathlib import Path
from typing import Any

from reference_cases import conductors, daisy_chain, meshes, runaway, spreading, standards
from reference_cases.study import LEVELS, default_mesh

import mcpthermal as mt
from mcpthermal.mesh.sizing import EDGE
from mcpthermal.units import mm

SIZES, COARSER = (2.0, 1.0, 0.5), (4.0, 2.0, 1.0)
"""Of meshes; the finest must not be as exact as what it is compared with."""
STACKED = Path(__file__).parents[2] / "cases" / "stacked_module"
STACKED_MEMORY, STACKED_VIA = 415.33, -0.11091
"""Highest temperature of the upper chip (K, within 0.06) and a via's current (A, within 0.0001), extrapolated from an
adapted mesh of 339,860 unknowns and its halved one."""


@dataclass(frozen=True)
class Effectivity:
    """An estimate beside the true error of a goal."""

    case: str
    goal: str
    unknowns: int
    true: float
    estimated: float

    @property
    def ratio(self) -> float:
        """Estimated over true."""
        return self.estimated / self.true


@dataclass(frozen=True)
class Exact:
    """A case and its goals with exact values.

    Attributes
    ----------
    key, title : str
    solve : callable
        The result for a size of the mesh.
    goals : tuple of (goal, exact value)
    sizes : of the meshes, the coarsest first
    """

    key: str
    title: str
    solve: Callable[[float], mt.SteadyResult]
    goals: tuple[tuple[Any, float], ...]
    sizes: tuple[float, ...] = SIZES

    def rows(self, size: float) -> Iterator[Effectivity]:
        """One for each goal on the mesh of a size."""
        result = self.solve(size)
        found = mt.estimate_error(result.case, result, [goal for goal, _ in self.goals])
        for item, (_, value) in zip(found, self.goals, strict=True):
            unknowns = result.provenance.sizes["temperature"]
            yield Effectivity(self.key, item.name, unknowns, value - item.value, item.error)


def _plate(key: str) -> Exact:
    title, plate, (mean, highest) = spreading.PLATES[key]
    k = plate.layers[-1][1]
    across = k[2] if isinstance(k, tuple) else k
    drop = spreading.SKIN / 2 / (across * plate.source[0] * plate.source[1] * mm**2)
    goals = (
        (mt.MaxTemperature(), spreading.AMBIENT + highest),
        (mt.MeanTemperature("source"), spreading.AMBIENT + mean - drop),
    )
    return Exact(key, title, partial(plate.result, 1.0), goals)


def _hot_spot(size: float) -> mt.SteadyResult:
    plate = spreading.Plate((10.0, 10.0), ((0.5, spreading.SILICON),), (0.5, 0.5), None, 40e-6, 25e-6)
    return plate.result(10.0, size)


WIDTH, LENGTH, AMPERE, ENDS = 25e-6, 2 * mm, 0.9, 300.0
RHO, SLOPE, COLD, K = 2.214e-8, 3.4e-3, 293.15, 318.0
OMEGA = AMPERE * sqrt(RHO * SLOPE / K) / WIDTH**2
LEVEL = ENDS - COLD + 1 / SLOPE
"""A square wire with insulated sides, u = T - T_cold + 1 / a: u'' = -w^2 u between both ends at one temperature."""


def _wire(size: float) -> mt.SteadyResult:
    metal = mt.Material("gold", K, mt.Metal(RHO, SLOPE, COLD))
    package, mesh = meshes.bar(LENGTH, round(8 / size), metal, WIDTH)
    loads = [mt.FixedTemperature(end, ENDS) for end in ("bottom", "top")]
    loads += [mt.Voltage("bottom", 0.0), mt.Current("top", AMPERE)]
    return mt.solve_steady(mt.Case(package, loads), mesh, tolerance=1e-12, linear_tolerance=1e-12)


def _bratu(size: float) -> mt.SteadyResult:
    return mt.solve_steady(*runaway.slab(3.0, size), tolerance=1e-12)


def _first(study: Callable[[float], Any]) -> Callable[[float], mt.SteadyResult]:
    return lambda size: study(size).results[0]


EXACT = (
    _plate("S1"),
    _plate("S2"),
    _plate("S3"),
    _plate("S4"),
    Exact("silicon", "silicon hot spot, k(T)", _hot_spot, ((mt.MaxTemperature(), spreading.HOT_SPOTS[10.0]),)),
    Exact(
        "iron bar",
        "EN ISO 10211 case 4",
        _first(standards.iron_bar),
        ((mt.HeatOut("bottom"), 0.54000), (mt.TemperatureAt((0.0, 0.0, 0.0)), 273.15 + 0.80408)),
    ),
    Exact(
        "T4",
        "NAFEMS T4",
        _first(standards.plate),
        ((mt.TemperatureAt((0.6, 0.2, 0.05)), 273.15 + 18.2537565),),
    ),
    Exact(
        "gold wire",
        "gold wire of square section, rho(T)",
        _wire,
        (
            (mt.MeanTemperature(), LEVEL * tan(OMEGA * LENGTH / 2) / (OMEGA * LENGTH / 2) + COLD - 1 / SLOPE),
            (mt.Resistance("top", "bottom"), RHO * SLOPE / WIDTH**2 * LEVEL * 2 * tan(OMEGA * LENGTH / 2) / OMEGA),
        ),
    ),
    Exact(
        "Bratu",
        "Bratu's slab",
        _bratu,
        ((mt.MaxTemperature(), runaway.T0 + runaway.LOWER[3.0] / runaway.RATE),),
    ),
    Exact(
        "two metals",
        "agros2d plate of two metals, tetrahedra",
        _first(conductors.plate_with_hole),
        (
            (mt.TemperatureAt((0.155787, 0.00713725, 0.002)), 273.15 + 40.66371),
            (mt.TerminalCurrent("high"), 17996.44 * 4 * mm),
        ),
    ),
    Exact(
        "neck",
        "tungsten bar with a neck, tetrahedra",
        _first(partial(conductors.tungsten_bar, 0.0)),
        ((mt.TerminalCurrent("left"), 1785.475 / 4),),
    ),
)


# Much finer answers instead of exact ones: on meshes that leave 5 to 25 times the uncertainty of the reference.
FINER = (
    Exact(
        "daisy chain",
        "two stacked chips, twelve vias in series",
        lambda size: _packaged(daisy_chain.case(), size),
        (
            (mt.MaxTemperature("dieB"), daisy_chain.AMBIENT + daisy_chain.RISE),
            (mt.TerminalVoltage("lead_in.x_min"), daisy_chain.VOLTAGE),
        ),
        COARSER,
    ),
    Exact(
        "stacked module",
        "cases/stacked_module",
        lambda size: _packaged(mt.read_case(STACKED), size),
        ((mt.MaxTemperature("memory"), STACKED_MEMORY), (mt.ViaCurrent("ground[3]"), STACKED_VIA)),
        COARSER,
    ),
)


def _packaged(case: mt.Case, size: float) -> mt.SteadyResult:
    package = case.package
    if size in LEVELS:
        mesh = default_mesh(package, size)
    else:  # beyond all levels, by sizes
        width = max(upper - lower for part in package.parts for lower, upper in [part.footprint.bounds[::2]])
        mesh = mt.generate_mesh(package, mt.MeshSpec("coarse", edge_size=size * EDGE * width, growth=1.5))
    return mt.solve_steady(case, mesh, tolerance=1e-6, linear_tolerance=1e-8)


def table(rows: Iterator[Effectivity]) -> Iterator[str]:
    """Lines of the table."""
    yield "| case | output | unknowns | true error | estimated | ratio |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        yield (
            f"| {row.case} | {row.goal} | {row.unknowns:,} | {row.true:.3g} | {row.estimated:.3g} | {row.ratio:.2f} |"
        )


if __name__ == "__main__":
    wanted = sys.argv[1:]
    chosen = [case for case in (*EXACT, *FINER) if not wanted or case.key in wanted]
    for line in table(row for case in chosen for size in case.sizes for row in case.rows(size)):
        print(line, flush=True)
