"""How many iterations a linear solve takes, whatever the layers, the materials and the size.

``python tests/benchmarks/robustness.py`` prints a table of conjugate gradient iterations to a relative residual of 1e-9
from zero for a chip on a film on a board: over the film's thickness, its conductivity, the in-plane size of the
cells, their height over their width, and the number of unknowns. ``--short`` takes fewer and fails where one needs more
than allowed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import mcpthermal as mt
from mcpthermal.units import mm, um

MOST = 40
"""Iterations allowed."""

TOLERANCE = 1e-9


def solve(thickness: float, conductivity: float, edge: float, layer: float) -> tuple[int, int]:
    """Unknowns and iterations for a film of a thickness (m) and a conductivity (W/mK); sizes of cells (m)."""
    film = mt.Material("film", conductivity)
    package = mt.Package.from_parts(
        [
            mt.Part("board", mt.rectangle((10 * mm, 10 * mm)), z=(-1 * mm, 0), material=mt.Material("board", 0.8)),
            mt.Part("film", mt.rectangle((5 * mm, 5 * mm)), z=(0, thickness), material=film),
            mt.Part(
                "chip",
                mt.rectangle((5 * mm, 5 * mm)),
                z=(thickness, thickness + 300 * um),
                material=mt.Material("chip", 130.0),
            ),
        ]
    )
    case = mt.Case(package, [mt.Power("chip", 1.0), mt.Convection("bottom", h=1000.0, ambient="25 degC")])
    mesh = mt.generate_mesh(package, mt.MeshSpec(edge_size=edge, layer_size=layer))
    result = mt.solve_steady(case, mesh, method="multigrid", linear_tolerance=TOLERANCE)
    return result.provenance.sizes["temperature"], sum(item["iterations"] for item in result.provenance.solves)


def studies(short: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """Names and arguments of all solutions."""
    usual = {"thickness": 20 * um, "conductivity": 1.0, "edge": 300 * um, "layer": 200 * um}
    for thickness in (0.2 * um, 2 * um, 20 * um, 200 * um, 2 * mm)[:: 2 if short else 1]:
        yield f"film of {thickness / um:g} um", {**usual, "thickness": thickness}
    for conductivity in (0.2, 1.0, 20.0, 400.0)[:: 3 if short else 1]:
        yield f"film of {conductivity:g} W/mK", {**usual, "conductivity": conductivity}
    for edge in (1000 * um, 300 * um, 100 * um)[:: 2 if short else 1]:
        yield f"cells {edge / um:g} um wide, film 0.2 um", {**usual, "thickness": 0.2 * um, "edge": edge}
    for edge in (1000 * um, 100 * um)[1 if short else 0 :]:
        yield f"layers 500 um high, cells {edge / um:g} um wide", {**usual, "edge": edge, "layer": 500 * um}
    for factor in (1.0, 0.5) if short else (1.0, 0.5, 0.25, 0.15):
        yield f"size {factor:g}", {**usual, "edge": factor * 300 * um, "layer": factor * 200 * um}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    counts = []
    for name, arguments in studies(options.short):
        size, iterations = solve(**arguments)
        counts.append(iterations)
        print(f"{name:32} {size:10,} unknowns {iterations:4} iterations", flush=True)
    print(f"from {min(counts)} to {max(counts)} iterations")
    if options.short and max(counts) > MOST:
        sys.exit(f"more than {MOST}")


if __name__ == "__main__":
    main()
