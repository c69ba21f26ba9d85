"""The daisy chain on the same mesh, of the same order, to the same tolerance: this program and its peers.

``python tests/benchmarks/same_mesh.py --mesh A --order 2 --ngsolve PYTHON`` runs each program several times in its own
process and prints the medians of wall time, processor time and peak memory, the answers, and the ratio of wall times
to the best peer. PYTHON is an interpreter with NGSolve (``pip install ngsolve``, and ``mkl`` for its PARDISO). With
``--dolfinx PYTHON`` another one, of Python 3.12 with ``pip install dolfinx-solver-real gmsh``, runs by itself
and as two processes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SOLVERS = ("sparsecholesky", "pardiso", "bddc")
PETSC_SOLVERS = ("mumps", "gamg")
AGREEMENT = 1e-6
"""Relative, of the rise over the ambient and of the voltage."""

AMBIENT = 298.15


@dataclass
class Runs:
    """What several runs of one program took (s, MB) and the last one's answer."""

    wall: list[float]
    cpu: list[float]
    memory: list[float]
    answer: dict[str, float]


def described(mesh, capacity: float | None = None):
    """The case on a mesh of it; with a heat capacity of all parts (J/m3K) for transients."""
    import mcpthermal as mt

    stored = {} if capacity is None else {"density": 1000.0, "specific_heat": capacity / 1000.0}
    conductivity = {"carrier": 0.8, "dieA": 130.0, "dieB": 130.0, "underfill": 0.6, "bumps": 57.0, "mould": 0.9}
    materials = {name: mt.Material(name, value, **stored) for name, value in conductivity.items()}
    materials["copper"] = mt.Material("copper", 398.0, mt.Metal(1 / 5.8e7, 0.0039, 293.15), **stored)
    loads = [
        mt.Power("dieA", 2.0),
        mt.Power("dieB", 1.0),
        mt.Current("term_in", 2.0, distribution="uniform"),
        mt.Voltage("term_out", 0.0),
        mt.Convection("bottom", h=1000.0, ambient=AMBIENT),
        mt.Convection("top", h=20.0, ambient=AMBIENT),
    ]
    return mt.Case(mt.Package.from_mesh(mesh, materials), loads)


def ours(path: str, order: int) -> dict[str, float]:
    """From the file to the answer: kelvin, volts, seconds."""
    begin = time.perf_counter()
    import mcpthermal as mt

    mesh = mt.read_mesh(path)
    read = time.perf_counter()
    result = mt.solve_steady(described(mesh), order=order)
    answer = {"temperature": result.mean_temperature("dieB"), "voltage": result.voltage("term_in")}
    return {**answer, "read": read - begin, "solve": time.perf_counter() - read}


def run(command: list[str], repeat: int, libraries: Path | None = None) -> Runs | None:
    """Run a program that prints its answer as its last line; None if it fails, which is said."""
    found = Runs([], [], [], {})
    # Bytecode is kept, as it is unless somebody forbids it: nobody's sources are compiled at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if libraries is not None:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    for _ in range(repeat):
        begin = time.perf_counter()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            lines, complaint = out.read().decode().splitlines(), err.read().decode().strip().splitlines()
        if process.returncode:
            print(f"  fails: {complaint[-1] if complaint else f'exit code {process.returncode}'}")
            return None
        found.wall.append(wall)
        found.cpu.append(usage.ru_utime + usage.ru_stime)
        found.memory.append(usage.ru_maxrss / 1024)
        found.answer = json.loads(lines[-1])
    return found


def report(name: str, runs: Runs) -> float:
    """Print a line; return the median of the wall time (s)."""
    wall, cpu, memory = (statistics.median(values) for values in (runs.wall, runs.cpu, runs.memory))
    phases = ", ".join(
        f"{key} {value:.1f}" for key, value in runs.answer.items() if key not in ("temperature", "voltage")
    )
    temperature, voltage = runs.answer["temperature"], runs.answer["voltage"]
    print(
        f"{name}: wall {wall:.1f} s ({phases}), processor {cpu:.1f} s, {memory:.0f} MB; "
        f"mean of die B {temperature:.6f} K, {1e3 * voltage:.6f} mV",
        flush=True,
    )
    return wall


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mesh", choices=("A", "B"), default="A")
    parser.add_argument("--order", type=int, choices=(1, 2), default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HERE.parents[2] / "shared" / "benchmarks")
    parser.add_argument("--ngsolve", metavar="PYTHON", default=sys.executable, help="default: this interpreter")
    parser.add_argument("--dolfinx", metavar="PYTHON", help="an interpreter with DOLFINx")
    parser.add_argument("--solver", choices=SOLVERS, action="append", help="of NGSolve; default all")
    parser.add_argument("--ours", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(ours(options.ours, options.order)))
        return
    packed = options.folder / f"daisy_chain_{options.mesh}.msh.gz"
    if not packed.is_file():
        parser.error(f"there is no mesh {packed}; give its folder with --folder")
    with tempfile.TemporaryDirectory() as folder:
        mesh = Path(folder) / f"daisy_chain_{options.mesh}.msh"
        mesh.write_bytes(gzip.decompress(packed.read_bytes()))
        own = [sys.executable, __file__, "--order", str(options.order), "--ours", str(mesh)]
        mine = run(own, options.repeat)
        if mine is None:
            sys.exit(1)
        seconds, peers = report("mcpthermal", mine), []
        problem = [str(mesh), str(options.order)]
        commands: dict[str, tuple[list[str], Path | None]] = {}
        for solver in options.solver or SOLVERS:
            command = [options.ngsolve, str(HERE / "peer_ngsolve.py"), *problem, solver]
            commands[f"NGSolve, {solver}"] = (command, None)
        if options.dolfinx:
            place = Path(options.dolfinx).parent
            for solver in PETSC_SOLVERS:
                command = [options.dolfinx, str(HERE / "peer_dolfinx.py"), *problem, solver]
                commands[f"DOLFINx, {solver}"] = (command, place.parent / "lib")
                commands[f"DOLFINx, {solver}, 2 processes"] = (
                    [str(place / "mpiexec"), "-n", "2", *command],
                    place.parent / "lib",
                )
        for name, (command, libraries) in commands.items():
            print(f"{name} ...", flush=True)
            found = run(command, options.repeat, libraries)
            if found is None:
                continue
            peers.append(report(name, found))
            check(name, mine.answer, found.answer)
    print(f"ratio to the best peer: {seconds / min(peers):.2f}" if peers else "ratio to the best peer: no peer ran")


def check(name: str, mine: dict[str, float], other: dict[str, float]) -> None:
    """Both must have solved the same problem."""
    for key, base in (("temperature", AMBIENT), ("voltage", 0.0)):
        difference = abs(mine[key] - other[key]) / abs(other[key] - base)
        if difference > AGREEMENT:
            sys.exit(f"{name} answers another {key}: {other[key]:.9g}, not {mine[key]:.9g} ({difference:.1e})")


if __name__ == "__main__":
    main()
