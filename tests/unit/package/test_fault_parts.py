"""Faults: what they put where, on cells that all variants share, and what is refused."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um

BUMPS = [(-0.6 * mm, 0.0), (-0.2 * mm, 0.0), (0.2 * mm, 0.0), (0.6 * mm, 0.0)]
LINK = mt.Trace("link", path=[(-0.2 * mm, 0.0), (0.2 * mm, 0.0)], width=120 * um)
MODULE = mt.Module(
    "stack",
    [
        mt.Chip("lower", (2 * mm, 1 * mm), 100 * um, wiring=[LINK]),
        mt.Chip("upper", (2 * mm, 1 * mm), 80 * um, active_face="bottom"),
    ],
    [mt.FlipChip(BUMPS, diameter=100 * um, height=50 * um)],
    mt.Attach(25 * um),
)
PACKAGE = (
    mt.Process(mt.Carrier((4 * mm, 3 * mm), 0.3 * mm))
    .attach(MODULE)
    .insulate(0.6 * mm)
    .open_vias("supply", [(1.5 * mm, 0.0), (1.5 * mm, 1.0 * mm)], 200 * um, contact=mt.Contact(50 * um, 120 * um))
    .metallise(30 * um, traces=[mt.Trace("vdd", [(1.5 * mm, 0.0), (1.5 * mm, 1.0 * mm)], 300 * um)])
    .package()
)
BUMP = math.pi * (50 * um) ** 2
# Each fault with the part that it takes from, and the volume (m3) that it takes.
FAULTS: list[tuple[mt.Fault, str, float]] = [
    (mt.MissingBump("stack.bumps[1]"), "stack.bumps", BUMP * 50 * um),
    (mt.CrackedBump("stack.bumps[0]"), "stack.bumps", BUMP * 1 * um),
    (mt.CrackedBump("stack.bumps[3]", 0.25, "2 um", "bottom"), "stack.bumps", 0.75 * BUMP * 2 * um),
    (mt.Void("stack.underfill", (0.4 * mm, 0.2 * mm), 150 * um), "stack.underfill", math.pi * (75 * um) ** 2 * 50 * um),
    (
        mt.Void("stack.underfill", (0.2 * mm, 0.0), 300 * um),
        "stack.underfill",
        (math.pi * (150 * um) ** 2 - BUMP) * 50 * um,
    ),
    (mt.Delamination("stack.attach", mt.rectangle((0.5 * mm, 0.4 * mm))), "stack.attach", 0.2e-6 * 1 * um),
    (mt.ThinTrace("lower.link", (0.0, 0.0), 100 * um, 0.3), "lower.link", 100 * um * 120 * um * 0.7 * 2 * um),
    (mt.ThinTrace("vdd", (1.5 * mm, 0.5 * mm), 100 * um, 0.0), "vdd", 100 * um * 300 * um * 30 * um),
    (mt.PoorVia("supply[1]", 0.6), "supply", 0.4 * math.pi * (100 * um) ** 2 * 550 * um),
    (mt.PoorVia("supply[0]"), "supply", math.pi * (100 * um) ** 2 * 550 * um),
    (mt.Bridge("stack.bumps[1]", "stack.bumps[2]", 40 * um), "stack.underfill", 0.0),
]


@pytest.mark.parametrize(("fault", "part", "volume"), FAULTS, ids=lambda item: getattr(item, "label", ""))
def test_a_fault_takes_its_volume_from_one_part(fault: mt.Fault, part: str, volume: float) -> None:
    """Circles are polygons of equal area, but for what other outlines cut off them."""
    before, faulty = PACKAGE.volumes(), fault.apply(PACKAGE)
    after = faulty.volumes()
    lost = {name: before[name] - after[name] for name in before if before[name] - after[name] > 1e-6 * before[name]}
    assert set(lost) == {part}
    assert after["fault_1"] == pytest.approx(lost[part], rel=1e-9)
    if volume:
        assert lost[part] == pytest.approx(volume, rel=0.01)
    assert sum(after.values()) == pytest.approx(sum(before.values()), rel=1e-12)
    assert 0 < fault.size <= 1 and fault.where in fault.label


def test_a_bridge_joins_two_bumps_and_nothing_else() -> None:
    fault = mt.Bridge("stack.bumps[1]", "stack.bumps[2]", 40 * um)
    faulty = fault.apply(PACKAGE)
    columns = faulty.arrangement.columns
    cells = columns.of_parts(np.array([part.name in ("stack.bumps", "fault_1") for part in faulty.parts]))
    assert columns.components(cells)[0] == 3
    # A strip of 0.3 mm between the flanks of the bumps, and what lies beside the flanks within its width.
    low, high = 40 * um * 300 * um * 50 * um, 40 * um * (300 * um + 2 * 4.2 * um) * 50 * um
    assert low < faulty.volumes()["fault_1"] < high


def test_several_faults_in_one_package() -> None:
    faulty = mt.MissingBump("stack.bumps[1]").apply(mt.CrackedBump("stack.bumps[0]").apply(PACKAGE))
    assert sorted(part.name for part in faulty.with_role("fault")) == ["fault_1", "fault_2"]


def test_a_missing_bump_without_underfill_leaves_air() -> None:
    bond = mt.FlipChip(BUMPS, diameter=100 * um, height=50 * um, underfill=None)
    package = mt.Module("stack", MODULE.chips, [bond], MODULE.attach).package()
    assert mt.MissingBump("stack.bumps[0]").apply(package)["fault_1"].material.name == "air"
    assert mt.MissingBump("stack.bumps[0]").apply(PACKAGE)["fault_1"].material.name == "underfill_epoxy"
    renamed = dataclasses.replace(
        PACKAGE,
        parts=tuple(dataclasses.replace(part, name=part.name.replace("stack", "bumps")) for part in PACKAGE.parts),
    )
    assert mt.MissingBump("bumps.bumps[0]").apply(renamed)["fault_1"].material.name == "underfill_epoxy"


REFUSED: list[tuple[Any, str]] = [
    (lambda: mt.MissingBump("stack.bumps[4]"), "names no single bump; there are 'stack.bumps[0]' to 'stack.bumps[3]'"),
    (lambda: mt.MissingBump("stack.bumps"), "names no single bump"),
    (lambda: mt.CrackedBump("stak.bumps[1]"), "has no bumps 'stak.bumps'; did you mean 'stack.bumps'"),
    (
        lambda: mt.CrackedBump("stack.bumps[1]", gap=60 * um),
        "60 um is not less than the height of 'stack.bumps', 50 um",
    ),
    (lambda: mt.CrackedBump("stack.bumps[1]", 1.0), "1 is no fault"),
    (lambda: mt.CrackedBump("stack.bumps[1]", -0.1), "must be at least 0"),
    (lambda: mt.CrackedBump("stack.bumps[1]", side="left"), "side 'left' must be 'top' or 'bottom'"),
    (lambda: mt.CrackedBump("stack.bumps[1]", filling="aer"), "aer"),
    (lambda: mt.Void("stack.underfil", (0, 0), 1e-4), "did you mean 'stack.underfill'"),
    (lambda: mt.Void("stack.underfill", (1 * mm, 0), 1e-4), "reaches outside 'stack.underfill'"),
    (lambda: mt.Void("stack.underfill", (0.2 * mm, 0), 50 * um), "'stack.bumps' lies there, not 'stack.underfill'"),
    (lambda: mt.Void("stack.underfill", (0, 0), "2 V"), "diameter of a void"),
    (lambda: mt.Delamination("stack.attach", "all"), "outline 'all' is none"),
    (lambda: mt.ThinTrace("lower.link", (0.5 * mm, 0), 50 * um, 0.5), "does not pass (500 um, 0 m)"),
    (lambda: mt.PoorVia("supply[0]", 1.5), "1.5 is no fault"),
    (lambda: mt.PoorVia("stack.bumps[0]"), "has no vias 'stack.bumps'"),
    (lambda: mt.Bridge("stack.bumps[0]", "stack.bumps[2]", 40 * um), "'stack.bumps[1]' lies between"),
    (lambda: mt.Bridge("stack.bumps[0]", "stack.bumps[0]", 40 * um), "two different bumps"),
    (lambda: mt.Bridge("stack.bumps[0]", "stack.bumps[1]", 100 * um), "must be below the diameter"),
]


@pytest.mark.parametrize(("make", "text"), REFUSED)
def test_what_cannot_be_is_refused(make: Any, text: str) -> None:
    with pytest.raises(mt.InputError, match=re.escape(text)):
        make().apply(PACKAGE)


MISSING = mt.MissingBump("stack.bumps[1]")
THIN = mt.ThinTrace("lower.link", (0.0, 0.0), 100 * um, 0.3)
HIDDEN: list[tuple[mt.Fault, mt.Fault, str]] = [
    (
        MISSING,
        MISSING,
        "missing bump, stack.bumps[1], 100 %: other parts than 'stack.bumps[1]' lie there, or this fault",
    ),
    (MISSING, mt.CrackedBump("stack.bumps[1]"), "open bump, stack.bumps[1]: other parts"),
    (THIN, THIN, "thin trace, lower.link, 70 %: other parts than 'lower.link' lie there"),
    (FAULTS[3][0], FAULTS[3][0], "void: another fault lies there, not 'stack.underfill'"),
    (MISSING, mt.ThinTrace("lower.link", (0.0, 0.0), 1 * mm, 0.0), "would leave nothing of 'lower.link'"),
]


@pytest.mark.parametrize(("first", "second", "text"), HIDDEN)
def test_a_fault_of_which_nothing_is_seen_is_told_by_its_name(first: mt.Fault, second: mt.Fault, text: str) -> None:
    """Of `fault_2`, which has that name inside only, nobody knows."""
    package = first.apply(PACKAGE)
    with pytest.raises(mt.GeometryError, match=re.escape(text)):
        second.apply(package)


def test_a_stretch_narrower_than_its_trace_is_a_hole() -> None:
    """Beside it metal goes on."""
    for length, pieces in ((100 * um, 1), (300 * um, 2)):
        faulty = mt.ThinTrace("vdd", (1.5 * mm, 0.5 * mm), length, 0.0).apply(PACKAGE)
        columns = faulty.arrangement.columns
        cells = columns.of_parts(np.array([part.name == "vdd" for part in faulty.parts]))
        assert columns.components(cells)[0] == pieces


def test_a_fault_is_put_into_a_package() -> None:
    with pytest.raises(mt.GeometryError, match="put into a Package, not into Module"):
        mt.MissingBump("stack.bumps[0]").apply(MODULE)  # type: ignore[arg-type]
