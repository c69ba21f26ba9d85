"""The stacked module on finer and finer meshes: what the named levels leave as error.

Run by hand: ``python tests/benchmarks/mesh_study.py``. Prints a table for the case's README.
"""

from __future__ import annotations

import time
from pathlib import Path

import mcpthermal as mt

CASE = Path(__file__).parents[2] / "cases" / "stacked_module"
UM = 1e-6


def main() -> None:
    """Solve on each mesh and print sizes, rises, a resistance and seconds."""
    case = mt.read_case(CASE)
    specs = {
        "coarse": mt.MeshSpec("coarse"),
        "normal": mt.MeshSpec("normal"),
        "fine": mt.MeshSpec("fine"),
        "finest": mt.MeshSpec("fine", edge_size=55 * UM, layer_size=60 * UM, growth=0.35),
    }
    print("| mesh | unknowns | rise of memory, K | rise of logic, K | memory ground, mohm | seconds |")
    print("|---|---|---|---|---|---|")
    for name, spec in specs.items():
        start = time.perf_counter()
        result = mt.solve_steady(case, mt.generate_mesh(case.package, spec), tolerance=1e-6, linear_tolerance=1e-8)
        memory, logic = (result.max_temperature(part) - result.ambient for part in ("memory", "logic"))
        resistance = 1e3 * result.resistance("memory_ground.foot", "ground.foot")
        seconds = time.perf_counter() - start
        size = result.provenance.sizes["temperature"]
        print(f"| {name} | {size:,} | {memory:.3f} | {logic:.3f} | {resistance:.4f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
