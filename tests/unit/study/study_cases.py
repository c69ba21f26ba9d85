"""Small cases with parameters, importable in other processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

MESH = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=2 * mm, layer_size=1 * mm, growth=2.0)
OUTPUTS = ("memory.max", "logic.mean", "supply.foot.voltage", "resistance(pad, supply.foot)")


def stack(
    via_depth: float = 0.6 * mm, module_height: float = 0.425 * mm, current: float = 1.0, power: float = 0.5
) -> mt.Case:
    """Two chips and one via that carries a current; a module that may be too high for the via."""
    module = mt.Module(
        "stack",
        chips=[
            mt.Chip("logic", size=(2 * mm, 2 * mm), thickness=200 * um),
            mt.Chip("memory", size=(1.4 * mm, 1.4 * mm), thickness=150 * um),
        ],
        bonds=[mt.FlipChip([(0.0, 0.0)], diameter=200 * um, height=50 * um)],
        attach=mt.Attach(thickness=25 * um),
    )
    process = (
        mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=0.3 * mm))
        .attach(module.with_height(module_height))
        .insulate(thickness=via_depth)
        .open_vias("supply", at=[(-1.5 * mm, 0)], diameter=200 * um)
        .metallise(thickness=40 * um, traces=[mt.Trace("vdd", path=[(-1.5 * mm, 0), (1.5 * mm, 0)], width=300 * um)])
        .passivate(thickness=30 * um, openings=[mt.Opening("pad", at=(1.2 * mm, 0), diameter=200 * um)])
    )
    return mt.Case(
        process.package(),
        loads=[
            mt.Power("logic", power),
            mt.Power("memory", power / 2),
            mt.Current("pad", current),
            mt.Voltage("supply.foot", 0.0),
            mt.Convection("bottom", h=1000.0, ambient=celsius(25)),
        ],
    )


def slab(power: float = 1.0, thickness: float = 1 * mm) -> mt.Case:
    """One block: the quickest case."""
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1 * mm), (0.0, thickness), mt.Material("m", 100.0))])
    loads = [mt.Power("slab", power), mt.Convection("bottom", h=1e5, ambient=300.0)]
    return mt.Case(package, loads)


def slow_slab(power: float = 1.0, thickness: float = 1 * mm) -> mt.Case:
    """The same, a moment later."""
    time.sleep(0.15)
    return slab(power, thickness)


def fragile(power: float = 1.0, folder_of_marks: str = "", kills: int = 1) -> mt.Case:
    """Ends its process a number of times where the power is 3 W."""
    done = sum(file.name.startswith("killed") for file in Path(folder_of_marks).iterdir()) if folder_of_marks else 0
    if power == 3.0 and done < kills:
        Path(folder_of_marks, f"killed-{time.time_ns()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return slab(power)


def hungry(power: float = 1.0) -> mt.Case:
    """Wants 64 GB where the power is 3 W."""
    if power == 3.0:
        bytearray(64 * 10**9)
    return slab(power)


def faulty(power: float = 1.0) -> mt.Case:
    """Cannot be built where the power is 2 W, has no solution where it is 3 W."""
    if power == 2.0:
        raise KeyError("a slip in make_case")
    case = slab(power)
    if power == 3.0:
        leak = mt.Leakage("slab", 1.0, temperature_coefficient=0.5, reference_temperature=300.0)
        return mt.Case(case.package, [*case.loads, leak])
    return case
