"""Fixtures: a small package of two stacked chips, described step by step."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # tests run side by side: one thread each, told before NumPy is loaded
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import pytest
from hypothesis import settings

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

# How long an example takes depends on what else the machine does, and on what the first one imports.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def module() -> mt.Module:
    """Two chips, the upper one smaller, joined by 3 x 3 bumps."""
    return mt.Module(
        "stack",
        chips=[
            mt.Chip("logic", size=(2 * mm, 2 * mm), thickness=200 * um),
            mt.Chip("memory", size=(1.4 * mm, 1.4 * mm), thickness=150 * um),
        ],
        bonds=[mt.FlipChip(mt.grid(3, 3, pitch=400 * um), diameter=100 * um, height=50 * um)],
        attach=mt.Attach(thickness=25 * um),
    )


@pytest.fixture(scope="session")
def process(module: mt.Module) -> mt.Process:
    """The small package with all steps done."""
    return (
        mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=0.3 * mm))
        .attach(module)
        .insulate(thickness=0.6 * mm)
        .open_vias(
            "supply",
            at=[(-1.5 * mm, -1 * mm), (-1.5 * mm, 0), (-1.5 * mm, 1 * mm)],
            diameter=200 * um,
            contact=mt.Contact(height=50 * um, diameter=120 * um),
        )
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
        .passivate(
            thickness=30 * um,
            openings=[
                mt.Opening("vdd_pad", at=(-1.5 * mm, -0.5 * mm), diameter=200 * um),
                mt.Opening("gnd_pad", at=(1.3 * mm, 0), diameter=160 * um),
            ],
        )
    )


@pytest.fixture(scope="session")
def package(process: mt.Process) -> mt.Package:
    """The small package with bare pads."""
    return process.package()


@pytest.fixture(scope="session")
def case(package: mt.Package) -> mt.Case:
    """The small package with powers, a current through the metal, and two convections."""
    return mt.Case(
        package,
        loads=[
            mt.Power("logic", 1.0),
            mt.Power("memory", 0.5),
            mt.Voltage("vdd_pad", 1.0),
            mt.Current("to_logic[0].foot", -1.0),
            mt.Convection("bottom", h=1000.0, ambient=celsius(25)),
            mt.Convection("top", h=20.0, ambient=celsius(25)),
        ],
    )


@pytest.fixture(scope="session")
def small(case: mt.Case) -> mt.SteadyResult:
    """The small package with its currents and a third of its powers, on few cells."""
    loads = [dataclasses.replace(load, power=load.power / 3) if hasattr(load, "power") else load for load in case.loads]
    case = mt.Case(case.package, loads)
    spec = mt.MeshSpec("coarse", edge_size=0.5 * mm, max_size=2 * mm, layer_size=0.6 * mm, growth=2.0)
    return mt.solve_steady(case, mt.generate_mesh(case.package, spec))


ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def stacked_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``mcpthermal run cases/stacked_module`` fills."""
    folder = tmp_path_factory.mktemp("stacked_module")
    script = "from mcpthermal.cli import main; main()"
    case = str(ROOT / "cases" / "stacked_module")
    subprocess.run([sys.executable, "-c", script, "run", case, "-o", str(folder)], check=True, cwd=folder)
    return folder
