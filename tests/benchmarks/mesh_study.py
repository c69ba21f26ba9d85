"""Packages on finer and finer meshes: what the named levels leave as error, beside even refinement.

Run by hand: ``python tests/benchmarks/mesh_study.py [name ...]``, by default of all cases and the daisy chain; with
``--rules``, what each rule of grading costs and gains: the default mesh with one rule coarser by half. Errors are those
of the upper chip's rise, relative to one that finer meshes tend to (`tests/verification/reference_cases`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import mcpthermal as mt
from mcpthermal.mesh import sizing
from mcpthermal.mesh.refinement import refined

sys.path.insert(0, str(Path(__file__).parents[1] / "verification"))
CASES = Path(__file__).parents[2] / "cases"
UM = 1e-6
RULES = ("EDGE", "NARROW", "SOURCE", "FRINGE", "SOURCE_LAYER", "GROWTH", "VERTICAL", "RATIO", "FEWEST")
"""Of `mcpthermal.mesh.sizing`."""


def main() -> None:
    """Solve on each mesh and print sizes, rises, errors and seconds, or what each rule changes."""
    from reference_cases import chip_rises, daisy_chain

    studies = {"daisy_chain": (daisy_chain.case, "dieB", daisy_chain.RISE)}
    for name, rises in chip_rises.RISES.items():
        studies[name] = (partial(mt.read_case, CASES / name), *list(rises.items())[-1])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of a package: {', '.join(studies)}")
    parser.add_argument("--rules", action="store_true")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in studies]
    if unknown:
        parser.error(f"{unknown[0]} is unknown; there are {', '.join(studies)}")
    chosen = {name: studies[name] for name in options.names or studies}
    (print_rules if options.rules else print_meshes)(chosen)


def print_meshes(studies: dict[str, Any]) -> None:
    """Each package on all meshes."""
    print("| package | mesh | unknowns | rise, K | error | seconds |")
    print("|---|---|---|---|---|---|")
    for title, (make, chip, reference) in studies.items():
        case = make()
        for name, mesh in meshes(case.package):
            start = time.perf_counter()
            rise, size = solved(case, mesh, chip)
            seconds = time.perf_counter() - start
            error = rise / reference - 1
            print(f"| {title} | {name} | {size:,} | {rise:.3f} | {error:+.2%} | {seconds:.1f} |", flush=True)


def print_rules(studies: dict[str, Any]) -> None:
    """Unknowns over those of "normal" and error minus that of "normal", with one rule coarser by half at a time."""
    print("| rule |", " | ".join(studies), "|")
    print("|---" * (len(studies) + 1) + "|")
    usual = [default_error(*study) for study in studies.values()]
    print('| "normal" |', " | ".join(f"{size:,}, {error:+.3%}" for size, error in usual), "|", flush=True)
    for rule in RULES:
        value = getattr(sizing, rule)
        coarser = {"RATIO": 1 + 1.5 * (value - 1), "FEWEST": value / 1.5}.get(rule, 1.5 * value)
        setattr(sizing, rule, coarser)
        found = [default_error(*study) for study in studies.values()]
        setattr(sizing, rule, value)
        pairs = zip(found, usual, strict=True)
        cells = [f"{size / before:.2f}, {error - last:+.3%}" for (size, error), (before, last) in pairs]
        print(f"| {rule} |", " | ".join(cells), "|", flush=True)


def default_error(make: Callable[[], mt.Case], chip: str, reference: float) -> tuple[int, float]:
    """The unknowns of the default mesh, with the rules as they are now, and the error of the upper chip's rise."""
    case = make()
    mesh = mt.generate_mesh(case.package, mt.MeshSpec("normal", growth=sizing.GROWTH))
    rise, size = solved(case, mesh, chip)
    return size, rise / reference - 1


def solved(case: mt.Case, mesh: mt.ColumnMesh, chip: str) -> tuple[float, int]:
    """A chip's rise (K) on a mesh, and the unknowns."""
    result = mt.solve_steady(case, mesh, tolerance=1e-6, linear_tolerance=1e-8)
    return result.max_temperature(chip) - result.ambient, result.provenance.sizes["temperature"]


def meshes(package: mt.Package) -> Iterator[tuple[str, mt.ColumnMesh]]:
    """Even meshes, the named levels, and one with every cell of the coarse one halved."""
    for size in (1000 * UM, 500 * UM, 250 * UM):
        even = mt.MeshSpec("normal", edge_size=size, max_size=size, max_layer_size=size, layer_size=size)
        yield f"even, {size / UM:.0f} um", mt.generate_mesh(package, even)
    for level in ("coarse", "normal", "fine"):
        yield level, mt.generate_mesh(package, level)
    yield "coarse, every cell halved", refined(mt.generate_mesh(package, "coarse"))


if __name__ == "__main__":
    main()
