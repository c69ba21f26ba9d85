"""Packages on finer and finer meshes: what the named levels leave as error, beside even refinement.

Run by hand: ``python tests/benchmarks/mesh_study.py [name ...]``, by default of all cases and the daisy chain. Errors
are those of the upper chip's rise, relative to one that finer meshes tend to (`tests/verification/reference_cases`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import mcpthermal as mt
from mcpthermal.mesh.refinement import refined

sys.path.insert(0, str(Path(__file__).parents[1] / "verification"))
CASES = Path(__file__).parents[2] / "cases"
UM = 1e-6


def main() -> None:
    """Solve on each mesh and print sizes, rises, errors and seconds."""
    from reference_cases import chip_rises, daisy_chain

    studies = {"daisy_chain": (daisy_chain.case, "dieB", daisy_chain.RISE)}
    for name, rises in chip_rises.RISES.items():
        studies[name] = (partial(mt.read_case, CASES / name), *list(rises.items())[-1])
    print("| package | mesh | unknowns | rise, K | error | seconds |")
    print("|---|---|---|---|---|---|")
    for title in sys.argv[1:] or studies:
        make, chip, reference = studies[title]
        case = make()
        for name, mesh in meshes(case.package):
            start = time.perf_counter()
            result = mt.solve_steady(case, mesh, tolerance=1e-6, linear_tolerance=1e-8)
            seconds = time.perf_counter() - start
            rise, size = result.max_temperature(chip) - result.ambient, result.provenance.sizes["temperature"]
            error = rise / reference - 1
            print(f"| {title} | {name} | {size:,} | {rise:.3f} | {error:+.2%} | {seconds:.1f} |", flush=True)


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
