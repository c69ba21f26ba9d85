"""Seconds per point of a sweep in heights and currents, beside independent runs of the whole pipeline.

``OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 python tests/benchmarks/sweep.py [--columns 6] [--workers 2]`` prints a table:
independent runs (describe, mesh, solve, ask; one after another in one process), the sweep with one worker, and with
several; each process has one thread. Beside the wall time stands what processors have worked, which other work on the
machine changes less. It ends with an error if the values of the sweep and of independent runs on its mesh differ by
more than 1e-8 of the rise.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np

import mcpthermal as mt
from mcpthermal.mesh.layers import common_fractions, layering, moved_mesh
from mcpthermal.units import celsius, mm, um

MESH = mt.MeshSpec("coarse")
OUTPUTS = ("memory.max", "logic.mean", "vdd_pad.voltage", "resistance(vdd_pad, to_logic[0].foot)")


def make_case(via_depth: float, module_height: float, current: float) -> mt.Case:
    """Two stacked chips, seven vias."""
    module = mt.Module(
        "stack",
        chips=[
            mt.Chip("logic", size=(2 * mm, 2 * mm), thickness=200 * um),
            mt.Chip("memory", size=(1.4 * mm, 1.4 * mm), thickness=150 * um),
        ],
        bonds=[mt.FlipChip(mt.grid(3, 3, pitch=400 * um), diameter=100 * um, height=50 * um)],
        attach=mt.Attach(thickness=25 * um),
    )
    process = (
        mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=0.3 * mm))
        .attach(module.with_height(module_height))
        .insulate(thickness=via_depth)
        .open_vias("supply", at=[(-1.5 * mm, y * mm) for y in (-1, 0, 1)], diameter=200 * um)
        .open_vias("ground", at=[(1.5 * mm, 0)], diameter=200 * um)
        .open_vias("to_logic", at=[(-0.85 * mm, 0), (0.85 * mm, 0)], diameter=80 * um, onto="logic")
        .open_vias("to_memory", at=[(0, 0.4 * mm)], diameter=80 * um, onto="memory")
        .metallise(
            thickness=40 * um,
            traces=[
                mt.Trace("vdd", path=[(-1.5 * mm, -1 * mm), (-1.5 * mm, 1 * mm)], width=300 * um),
                mt.Trace("vdd_logic", path=[(-1.5 * mm, 0), (-0.85 * mm, 0)], width=200 * um),
                mt.Trace("gnd", path=[(0.85 * mm, 0), (1.5 * mm, 0)], width=200 * um),
                mt.Patch("pad", mt.rectangle(0.4 * mm, at=(0, 0.4 * mm))),
            ],
        )
        .passivate(thickness=30 * um, openings=[mt.Opening("vdd_pad", at=(-1.5 * mm, -0.5 * mm), diameter=200 * um)])
    )
    loads = [
        mt.Power("logic", 0.5),
        mt.Power("memory", 0.25),
        mt.Voltage("vdd_pad", 1.0),
        mt.Current("to_logic[0].foot", -current),
        mt.Convection("bottom", h=1000.0, ambient=celsius(25)),
        mt.Convection("top", h=20.0, ambient=celsius(25)),
    ]
    return mt.Case(process.package(), loads)


def grid(columns: int) -> dict[str, Any]:
    """Heights of which some are infeasible, and three currents."""
    heights = {
        "via_depth": np.linspace(0.45, 0.8, columns) * mm,
        "module_height": np.linspace(0.3, 0.5, columns) * mm,
    }
    return {**heights, "current": [0.5, 1.0, 2.0]}


def ask(result: mt.SteadyResult) -> list[float]:
    """The outputs of a result."""
    return [
        result.max_temperature("memory"),
        result.mean_temperature("logic"),
        result.voltage("vdd_pad"),
        result.resistance("vdd_pad", "to_logic[0].foot"),
    ]


def clocks() -> np.ndarray:
    """Wall time, and the time of processors in this process and the ones that have ended (s)."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return np.array([time.perf_counter(), sum(item.ru_utime + item.ru_stime for item in used)])


def independent(points: list[dict[str, float]]) -> np.ndarray:
    """Seconds for each point, from its description to its numbers."""
    start = clocks()
    for parameters in points:
        case = make_case(**parameters)
        ask(mt.solve_steady(case, mt.generate_mesh(case.package, MESH)))
    return (clocks() - start) / len(points)


def largest_difference(study: mt.Study, samples: list[mt.StudyPoint]) -> float:
    """Of the values of a study and of independent runs on its mesh, relative to the rise or the value."""
    cases = {point.index: make_case(**point.parameters) for point in study.of("solved")}
    fractions = common_fractions([layering(case.package, MESH) for case in cases.values()])
    planar = mt.generate_mesh(cases[min(cases)].package, MESH, fractions=fractions)
    worst = 0.0
    for point in samples:
        case = cases[point.index]
        values = ask(mt.solve_steady(case, moved_mesh(planar, case.package, fractions), linear_tolerance=1e-11))
        for name, value in zip(OUTPUTS, values, strict=True):
            level = celsius(25) if study.units[name] == "K" else 0.0
            worst = max(worst, abs(point.values[name] - value) / abs(value - level))
    return worst


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--samples", type=int, default=6)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    runs = {}
    for workers in (1, options.workers):
        start = clocks()
        study = mt.sweep(make_case, outputs=OUTPUTS, mesh=MESH, workers=workers, **grid(options.columns))
        runs[workers] = (study, (clocks() - start) / len(study.of("solved")))
    solved = runs[1][0].of("solved")
    samples = [solved[n] for n in np.linspace(0, len(solved) - 1, options.samples).round().astype(int)]
    alone = independent([dict(point.parameters) for point in samples])
    print(runs[1][0].summary().splitlines()[0])
    print("seconds for each solved point    wall  processors   times faster: wall  processors")
    print(f"independent runs             {alone[0]:8.3f}    {alone[1]:8.3f}")
    for workers, (_, seconds) in runs.items():
        ratio = alone / seconds
        print(f"sweep, workers: {workers}            {seconds[0]:8.3f}    {seconds[1]:8.3f}", end="")
        print(f"                  {ratio[0]:5.1f}       {ratio[1]:5.1f}")
    worst = max(largest_difference(study, samples) for study, _ in runs.values())
    print(f"largest difference to independent runs on the same mesh: {worst:.1e} of the rise or value")
    if worst > 1e-8:
        sys.exit("the values differ")


if __name__ == "__main__":
    main()
