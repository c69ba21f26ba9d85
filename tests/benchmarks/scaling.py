"""How time and memory grow with the size: the stacked module on finer and finer column meshes.

``python tests/benchmarks/scaling.py`` solves each size in a process of its own and prints, of the medians, seconds and
bytes for each unknown and the exponent of time fitted over all sizes; ``--bumps`` adds a package with 30 x 30 explicit
bumps, from its description to the result. ``--short`` takes two small sizes and fails where growth is far from linear.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASE = Path(__file__).parents[2] / "cases" / "stacked_module"
FACTORS = {"1e5": 3.0, "3e5": 1.0, "1e6": 0.41, "3e6": 0.23, "1e7": 0.13}
"""Factor on all sizes of "normal" that gives about so many unknowns."""

LARGEST_EXPONENT = 1.4
"""In the short form, with room for what else the machine does."""


def solve(factor: float) -> dict[str, float]:
    """The stacked module with all sizes of the mesh multiplied by a factor."""
    import mcpthermal as mt
    from mcpthermal.mesh.sizing import LEVELS

    LEVELS["scaled"] = factor
    begin = time.perf_counter()
    case = mt.read_case(CASE)
    mesh = mt.generate_mesh(case.package, mt.MeshSpec("scaled"))
    return {"mesh": time.perf_counter() - begin, **_solved(case, mesh)}


def bumps() -> dict[str, float]:
    """Two chips with 900 bumps between them, from the description to the result."""
    import mcpthermal as mt
    from mcpthermal.units import celsius, mm, um

    begin = time.perf_counter()
    chips = [mt.Chip(name, size=(7 * mm, 7 * mm), thickness=200 * um) for name in ("lower", "upper")]
    bond = mt.FlipChip(mt.grid(30, 30, pitch=220 * um), diameter=100 * um, height=80 * um)
    process = (
        mt.Process(mt.Carrier(size=(10 * mm, 10 * mm), thickness=0.5 * mm))
        .attach(mt.Module("stack", chips=chips, bonds=[bond], attach=mt.Attach(thickness=25 * um)))
        .insulate(thickness=1.0 * mm)
    )
    loads = [mt.Power("lower", 2.0), mt.Power("upper", 1.0), mt.Convection("bottom", h=1000.0, ambient=celsius(25))]
    case = mt.Case(process.stage("insulated"), loads=loads)
    mesh = mt.generate_mesh(case.package)
    return {"mesh": time.perf_counter() - begin, **_solved(case, mesh)}


def _solved(case, mesh) -> dict[str, float]:
    import mcpthermal as mt

    begin = time.perf_counter()
    result = mt.solve_steady(case, mesh)
    seconds = time.perf_counter() - begin
    sizes = result.provenance.sizes
    solves = [item["iterations"] for item in result.provenance.solves if item["field"] == "temperature"]
    return {
        "unknowns": sum(sizes.get(name, 0) for name in ("temperature", "potential")),
        "solve": seconds,
        "iterations": sum(solves),
        "rise": max(result.max_temperature(part.name) for part in case.package.parts if part.role == "chip") - 298.15,
        **{f"in {phase}": value for phase, value in result.provenance.seconds.items()},
    }


def run(job: str, repeat: int) -> dict[str, float]:
    """The medians of some runs, with wall time (s) and peak memory (MB) of the whole process."""
    found: list[dict[str, float]] = []
    for _ in range(repeat):
        begin = time.perf_counter()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen([sys.executable, __file__, "--job", job], stdout=out)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{job} ended with exit code {process.returncode}")
            out.seek(0)
            answer = json.loads(out.read().decode().splitlines()[-1])
        found.append({**answer, "wall": time.perf_counter() - begin, "memory": usage.ru_maxrss / 1024})
    return {key: statistics.median(item[key] for item in found) for key in found[-1]}


def report(name: str, row: dict[str, float]) -> None:
    """Print a line, and the phases below it."""
    size = row["unknowns"]
    print(
        f"{name}: {size:,.0f} unknowns, mesh {row['mesh']:.1f} s, solve {row['solve']:.1f} s "
        f"({1e6 * row['solve'] / size:.1f} us per unknown), {row['iterations']:.0f} iterations, whole process "
        f"{row['wall']:.1f} s, {row['memory']:,.0f} MB ({1e6 * row['memory'] / size:,.0f} bytes per unknown), "
        f"rise {row['rise']:.3f} K",
        flush=True,
    )
    phases = [f"{key[3:]} {value:.1f}" for key, value in row.items() if key.startswith("in ")]
    print("   " + ", ".join(phases), flush=True)


def main() -> None:
    """Solve all sizes and fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=FACTORS, default=["1e5", "3e5", "1e6"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--bumps", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        print(json.dumps(bumps() if options.job == "bumps" else solve(FACTORS[options.job])))
        return
    if options.short:
        options.sizes, options.repeat = ["1e5", "1e6"], 1
    rows = [run(size, options.repeat) for size in options.sizes]
    for size, row in zip(options.sizes, rows, strict=True):
        report(size, row)
    if options.bumps:
        report("30 x 30 bumps", run("bumps", options.repeat))
    if len(rows) > 1:
        exponent = fitted([row["unknowns"] for row in rows], [row["solve"] for row in rows])
        print(f"time grows with the size to the power {exponent:.2f}")
        if options.short and exponent > LARGEST_EXPONENT:
            sys.exit(f"more than {LARGEST_EXPONENT}")


def fitted(sizes: list[float], seconds: list[float]) -> float:
    """The slope of a line through logarithms."""
    x, y = [math.log(value) for value in sizes], [math.log(value) for value in seconds]
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


if __name__ == "__main__":
    main()
