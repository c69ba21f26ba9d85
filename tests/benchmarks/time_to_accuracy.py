"""Seconds from the description of the daisy chain to the upper chip's rise within 0.2 %: this program beside NGSolve.

``python tests/benchmarks/time_to_accuracy.py --ngsolve PYTHON``; PYTHON is an interpreter with NGSolve (``pip install
ngsolve``), which refines all sizes of a graded mesh alike, and adaptively by a Zienkiewicz-Zhu indicator
(`peer_adaptive.py`); without one only this program runs. Each runs in its own process; importing counts for ours.

The rise is compared with one extrapolated from adapted meshes, known to 0.03 % (`reference_cases/daisy_chain.py`). Ours
is the corrected value of `solve_adaptive`, which stops by its own estimate of 1 % and knows no reference; the peers
stop when the reference is met, which no user could do, and of even refinement only the last mesh counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "verification"))
ACCURACY, TOLERANCE = 0.002, 0.01
"""Relative, of the rise: what is to be met, and the estimate at which ours stops; the corrected value is better."""


def ours() -> None:
    """Describe, adapt, print one line for each mesh."""
    begin = time.perf_counter()
    from reference_cases.daisy_chain import AMBIENT, case

    import mcpthermal as mt

    result = mt.solve_adaptive(case(), "dieB", TOLERANCE)
    assert result.adaptation is not None
    for step in result.adaptation.steps[:-1]:
        print(json.dumps({"unknowns": step.unknowns, "seconds": step.seconds}))
    for step in result.adaptation.steps[-1:]:
        row = {"unknowns": step.unknowns, "rise": step.values["max(dieB)"] + step.errors["max(dieB)"] - AMBIENT}
    total = time.perf_counter() - begin
    print(json.dumps({**row, "seconds": total, "bar": result.estimates["max(dieB)"].bar}))


def rows(command: list[str], limit: float) -> list[dict[str, float]]:
    """What a program prints until it ends or the limit of time is reached."""
    begin, found = time.perf_counter(), []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        clock = threading.Timer(limit, process.kill)
        clock.start()
        for line in process.stdout:
            if line.startswith("{"):
                found.append({**json.loads(line), "wall": time.perf_counter() - begin})
        clock.cancel()
    return found


def main() -> None:
    """Run all and print a table."""
    from reference_cases.daisy_chain import RISE

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ngsolve", help="an interpreter with NGSolve")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for each program")
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        ours()
        return
    programs = {"this program, adaptive": [sys.executable, __file__, "--ours"]}
    if options.ngsolve:
        peer = [options.ngsolve, str(HERE / "peer_adaptive.py")]
        for kind in ("adaptive", "uniform"):
            programs[f"NGSolve, {kind}"] = [*peer, kind, f"{RISE}", f"{ACCURACY * RISE}"]
    print("| program | meshes | unknowns | rise, K | off | seconds |\n|---|---|---|---|---|---|")
    seconds = {}
    for name, command in programs.items():
        found = rows(command, options.limit)
        if not found:
            print(f"| {name} | none in {options.limit:g} s | | | | |", flush=True)
            continue
        last = found[-1]
        off = last["rise"] / RISE - 1
        met = abs(off) <= ACCURACY
        took = last["seconds"] if name.endswith("uniform") else last["wall"]
        seconds[name] = took if met else float("inf")
        verdict = f"{took:.1f}" if met else f"not met in {last['wall']:.0f}"
        print(
            f"| {name} | {len(found)} | {last['unknowns']:,} | {last['rise']:.3f} | {off:+.2%} | {verdict} |",
            flush=True,
        )
    best = min((value for name, value in seconds.items() if name.startswith("NGSolve")), default=float("inf"))
    if best < float("inf"):
        print(f"\n{best / seconds['this program, adaptive']:.1f} times faster than the best peer")


if __name__ == "__main__":
    main()
