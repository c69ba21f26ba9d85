"""Seconds for each step of a coupled transient of the daisy chain: this program, and NGSolve with a kept factorisation.

``python tests/benchmarks/transient.py --ngsolve PYTHON`` takes 1,000 steps of TR-BDF2 on mesh A with quadratic cells,
with the kept factors or hierarchy that each program chooses, and prints seconds per step, their ratio, and how many
steps a steady solution costs. ``--steps 20`` is short.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

from same_mesh import AMBIENT, HERE, described, run

CAPACITY = 2.0e6
"""Of all parts (J/m3K), as in `peer_ngsolve_transient.py`."""

AGREEMENT = 5e-3
"""Of the rise at the end: the peer's heat lags by a stage."""


def ours(path: str, order: int, steps: int, size: float) -> dict[str, float]:
    """Kelvin at the end, seconds per step, seconds of a steady solution."""
    import mcpthermal as mt

    mesh = mt.read_mesh(path)
    case = described(mesh, CAPACITY)
    began = time.perf_counter()
    mt.solve_steady(case, mesh, order=order)
    steady = time.perf_counter() - began
    taken = []
    for count in (1, 1 + steps):
        began = time.perf_counter()
        result = mt.solve_transient(
            case,
            mesh,
            count * size,
            steps=size,
            order=order,
            probes=[mt.MeanTemperature("dieB")],
            linear_tolerance=1e-8,
        )
        taken.append(time.perf_counter() - began)
    probe = next(iter(result.probes.values()))
    return {"temperature": float(probe[-2]), "step": (taken[1] - taken[0]) / steps, "steady": steady}


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mesh", choices=("A", "B"), default="A")
    parser.add_argument("--order", type=int, choices=(1, 2), default=2)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--size", type=float, default=0.01, help="of a step (s)")
    parser.add_argument("--folder", type=Path, default=HERE.parents[2] / "shared" / "benchmarks")
    parser.add_argument("--ngsolve", metavar="PYTHON", default=sys.executable, help="default: this interpreter")
    parser.add_argument("--solver", default="pardiso", help="of NGSolve")
    parser.add_argument("--ours", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(ours(options.ours, options.order, options.steps, options.size)))
        return
    packed = options.folder / f"daisy_chain_{options.mesh}.msh.gz"
    if not packed.is_file():
        parser.error(f"there is no mesh {packed}; give its folder with --folder")
    with tempfile.TemporaryDirectory() as folder:
        mesh = Path(folder) / packed.stem
        mesh.write_bytes(gzip.decompress(packed.read_bytes()))
        numbers = ["--order", str(options.order), "--steps", str(options.steps), "--size", str(options.size)]
        mine = run([sys.executable, __file__, *numbers, "--ours", str(mesh)], 1)
        if mine is None:
            sys.exit(1)
        answer = mine.answer
        print(
            f"mcpthermal: {answer['step']:.3f} s per step, a steady solution {answer['steady']:.1f} s "
            f"({answer['steady'] / answer['step']:.0f} steps), {max(mine.memory):.0f} MB, "
            f"mean of die B {answer['temperature']:.4f} K",
            flush=True,
        )
        peer = [options.ngsolve, str(HERE / "peer_ngsolve_transient.py"), str(mesh), str(options.order), options.solver]
        found = run([*peer, str(options.steps), str(options.size)], 1)
    if found is None:
        print("ratio to NGSolve: it did not run")
        return
    print(
        f"NGSolve, {options.solver}: {found.answer['step']:.3f} s per step, {max(found.memory):.0f} MB, "
        f"mean of die B {found.answer['temperature']:.4f} K"
    )
    difference = abs(answer["temperature"] - found.answer["temperature"]) / (found.answer["temperature"] - AMBIENT)
    if difference > AGREEMENT:
        sys.exit(f"the answers differ by {difference:.1e} of the rise")
    print(f"ratio to NGSolve: {answer['step'] / found.answer['step']:.2f}")


if __name__ == "__main__":
    main()
