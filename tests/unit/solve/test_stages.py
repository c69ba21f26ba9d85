"""Stages of a process on the same columns: their meshes, closed forms, and what their tables say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

COARSE = mt.MeshSpec("coarse", edge_size=0.4 * mm, max_size=1 * mm, layer_size=0.4 * mm, growth=1.5)
AMBIENT = celsius(25)
POWER = [mt.Power("logic", 0.2), mt.Power("memory", 0.1)]
COOLED: list[Any] = [*POWER, mt.Convection("bottom", h=1000.0, ambient=AMBIENT), mt.Convection("top", 20.0, AMBIENT)]
CHUCK: list[Any] = [*POWER, mt.HeatSink("bottom", 20.0, AMBIENT)]
CURRENT: list[Any] = [mt.Voltage("ground.foot", 0.0), mt.Current("supply.foot", 0.5)]


@pytest.fixture(scope="module")
def process(module: mt.Module) -> mt.Process:
    """A trace from a first via to another, and an opening over it."""
    return (
        mt.Process(mt.Carrier((4 * mm, 4 * mm), 0.3 * mm))
        .attach(module)
        .insulate(0.6 * mm)
        .open_vias("supply", [(-1.5 * mm, 0)], 200 * um, contact=mt.Contact(50 * um, 120 * um))
        .open_vias("ground", [(1.5 * mm, 0)], 200 * um)
        .metallise(40 * um, traces=[mt.Trace("line", [(-1.5 * mm, 0), (1.5 * mm, 0)], 300 * um)])
        .passivate(30 * um, openings=[mt.Opening("pad", (0.8 * mm, 0), 200 * um)])
    )


@pytest.fixture(scope="module")
def stages(process: mt.Process) -> mt.Stages:
    loads = {"passivated": COOLED + CURRENT, "attached": COOLED, "metallised": COOLED, "stack": CHUCK}
    return mt.solve_stages(process, loads, COARSE, tolerance=1e-7)


def test_every_stage_has_the_columns_of_the_finished_package(process: mt.Process) -> None:
    names = (*process.stages, "stack")
    meshes = dict(zip(names, mt.common_meshes([process.stage(name) for name in names], COARSE), strict=True))
    last = meshes["passivated"]
    for name, mesh in meshes.items():
        assert mesh.triangles is last.triangles and np.array_equal(mesh.levels, last.levels)
        for volume, expected in zip(mesh.volumes(), process.stage(name).volumes().values(), strict=True):
            assert volume == pytest.approx(expected, rel=0.03)
    # What is there at two stages is there in the same cells.
    opened = meshes["opened"]
    for part in ("carrier", "logic", "stack.bumps", "supply.contact"):
        before, after = opened.part_names.index(part), last.part_names.index(part)
        assert np.array_equal(opened.cell_part == before, last.cell_part == after)


def test_stages_are_in_the_order_of_fabrication(process: mt.Process, stages: mt.Stages) -> None:
    assert list(stages) == ["stack", "attached", "metallised", "passivated"]
    last = stages["passivated"]
    assert last.case.package == process.package() and last.case.name == "passivated"
    assert np.array_equal(last.mesh.levels, stages["stack"].mesh.levels)
    with pytest.raises(mt.InputError, match="no stage 'opened' here"):
        stages["opened"]


def test_a_stage_on_a_mesh_of_its_own(process: mt.Process, stages: mt.Stages) -> None:
    package = process.stage("attached")
    own = mt.solve_steady(mt.Case(package, COOLED), mt.generate_mesh(package, "coarse"), tolerance=1e-6)
    rise = stages["attached"].max_temperature("memory") - AMBIENT
    assert rise == pytest.approx(own.max_temperature("memory") - AMBIENT, rel=0.03)


def test_a_free_module_on_a_chuck_is_a_row_of_slabs() -> None:
    """Equal chips, bumps as conductive as their underfill: P (R_chuck + sum of t / (k A)), half of the last."""
    glue = mt.Material("glue", 0.6, 1.0)
    chip = mt.Material("chip", 120.0)
    side, power, chuck = 2 * mm, 3.0, 0.5
    module = mt.Module(
        "stack",
        [mt.Chip("a", (side, side), 300 * um, chip), mt.Chip("b", (side, side), 200 * um, chip)],
        [mt.FlipChip(mt.grid(2, 2, pitch=1 * mm), 200 * um, 50 * um, glue, underfill=glue)],
        mt.Attach(20 * um),
    )
    process = mt.Process(mt.Carrier((4 * mm, 4 * mm), 0.3 * mm)).attach(module, at=(0.5 * mm, 0))
    found = mt.solve_stages(process, {"stack": [mt.Power("b", power), mt.HeatSink("bottom", chuck, AMBIENT)]}, COARSE)
    slabs = (300 * um / 120 + 50 * um / 0.6 + 0.5 * 200 * um / 120) / side**2
    assert found["stack"].max_temperature("b") - AMBIENT == pytest.approx(power * (chuck + slabs), rel=1e-6)


def test_table_and_rows(stages: mt.Stages) -> None:
    rows = {row["stage"]: row for row in stages.rows()}
    assert rows["stack"]["rise_K"]["logic"] == stages["stack"].max_temperature("logic") - AMBIENT
    assert not rows["attached"]["via_A"] and not rows["attached"]["resistance_ohm"]
    vias = rows["passivated"]["via_A"]
    assert vias == {"supply[0]": pytest.approx(0.5, rel=1e-8), "ground[0]": pytest.approx(-0.5, rel=1e-8)}
    (ohm,) = rows["passivated"]["resistance_ohm"].values()
    assert ohm == pytest.approx(stages["passivated"].resistance("supply.foot", "ground.foot"), rel=1e-12)
    assert rows["passivated"]["heat_W"] == pytest.approx(0.3 + rows["passivated"]["joule_W"], rel=1e-9)
    text = stages.summary()
    assert "4 stages" in text and "ground.foot to supply.foot, mohm" in text
    line = next(line for line in text.splitlines() if line.startswith("current of supply"))
    assert line.split()[-2] == "+0.5000" and line.count(" -") >= 2


def test_what_is_refused(process: mt.Process) -> None:
    with pytest.raises(mt.InputError, match=r"no stage 'atached'.*did you mean 'attached'"):
        mt.solve_stages(process, {"atached": COOLED})
    with pytest.raises(mt.LoadError, match=r"stage 'carrier': .*'logic'"):
        mt.solve_stages(process, {"carrier": COOLED})
    with pytest.raises(mt.InputError, match="needs the loads of each stage"):
        mt.solve_stages(process, COOLED)  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match=r"no option 'tolerence'.*did you mean .*'tolerance'"):
        mt.solve_stages(process, {"attached": COOLED}, COARSE, tolerence=1e-6)
    with pytest.raises(mt.InputError, match="needs a Process"):
        mt.solve_stages(process.package(), {"carrier": COOLED})  # type: ignore[arg-type]
    with pytest.raises(mt.GeometryError, match=r"no stage 'stak'.*did you mean 'stack'"):
        process.stage("stak")
