"""What is left to gain: a steady solve against one product with its operator, and against the memory's bandwidth.

``python tests/benchmarks/floor.py`` solves the stacked module on columns, or by ``--mesh FILE.msh`` the chain on
tetrahedra, and prints for each phase its seconds, how many products they are, and how often the operator could have
been read in them at the bandwidth measured on this machine. ``--short`` takes a coarse mesh and fails where the
whole solve costs more products than allowed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from same_mesh import described

import mcpthermal as mt
from mcpthermal.solve.coupling import CoupledProblem

CASE = Path(__file__).parents[2] / "cases" / "stacked_module"
MOST = 6000
"""Products that a short solve may cost; small ones have their own start-up."""


def median(work, repeat: int = 7) -> float:
    """The median of the seconds that some work takes."""
    taken = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def bandwidth() -> float:
    """Bytes read per second in a sum over an array that no cache holds."""
    values = np.ones(30_000_000)
    return values.nbytes / median(values.sum)


def operator_bytes(operator) -> int:
    """What one product must read of the operator."""
    if hasattr(operator, "matrix"):
        matrix = operator.matrix
        return matrix.data.nbytes + matrix.indices.nbytes
    entries = sum(k.nbytes + m.nbytes for _, k, m in (*operator.shared, *operator.varying))
    matrices = 2 * len(operator.shared) + sum(6 * len(layers) for layers, *_ in operator.varying)
    return entries + matrices * operator.plane.indices.nbytes


def main() -> None:
    """Solve and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mesh", metavar="FILE.msh")
    parser.add_argument("--order", type=int, choices=(1, 2), default=2)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    if options.mesh:
        mesh = mt.read_mesh(options.mesh)
        case, order = described(mesh), options.order
    else:
        case, order = mt.read_case(CASE), 2
        mesh = mt.generate_mesh(case.package, mt.MeshSpec("coarse" if options.short else "normal"))
    begin = time.perf_counter()
    result = mt.solve_steady(case, mesh, order=order)
    total = time.perf_counter() - begin
    problem = CoupledProblem(case, mesh, order, 1e-10, "auto", lambda phase, work: work())
    state = problem.state(np.where(problem.numbering.is_fixed, 0.0, 50.0))
    x = np.random.default_rng(1).random(problem.numbering.size)
    product = median(lambda: state.system.apply(x))
    moved, speed = operator_bytes(state.thermal.operator), bandwidth()
    print(
        f"{problem.numbering.size:,} unknowns; one product {1e3 * product:.1f} ms = {moved / 1e6:.0f} MB of operator "
        f"at {moved / product / 1e9:.1f} GB/s; memory {speed / 1e9:.1f} GB/s"
    )
    phases = {**result.provenance.seconds, "all": total}
    for name, seconds in phases.items():
        print(f"{name:10} {seconds:7.2f} s {seconds / product:8.0f} products {seconds * speed / moved:8.0f} readings")
    if options.short and total / product > MOST:
        sys.exit(f"more than {MOST} products")


if __name__ == "__main__":
    main()
