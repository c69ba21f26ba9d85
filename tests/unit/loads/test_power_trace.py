"""Power traces: rows and columns, files, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt

PLAN = {"core": (0.0, 0.0, 1.0, 1.0), "cache": {"x": 1, "y": 0, "width": "50 cm", "height": 2}}
ROWS = [[1.0, 2.0], [3.0, 2.0], [3.0, 0.0]]
TRACE = mt.PowerTrace("die", PLAN, [0, "10 s", 30.0], ROWS, "active_face", "package")


def test_a_row_holds_until_the_next() -> None:
    assert TRACE.names == ("core", "cache") and TRACE.varies
    for time, row in ((-5, 0), (0, 0), (math.nextafter(10, 0), 0), (10, 1), (29, 1), (30, 2), (1e6, 2)):
        assert TRACE.power_at(time).tolist() == ROWS[row]
    assert [TRACE.next_corner(t) for t in (-9, 0, 10, 30)] == [10, 10, 30, math.inf]
    assert TRACE.at(12.0) == mt.PowerMap(
        "die",
        {"core": (0, 0, 1, 1, 3.0), "cache": (1, 0, 0.5, 2, 2.0)},
        origin="package",
        distribution="active_face",
    )


def test_or_powers_run_straight_from_row_to_row() -> None:
    trace = dataclasses.replace(TRACE, interpolation="linear")
    assert trace.power_at(2.5).tolist() == [1.5, 2.0] and trace.power_at(25).tolist() == [3.0, 0.5]
    assert [trace.next_corner(t) for t in (-9, 0, 10, 30)] == [0, 10, 30, math.inf]
    assert trace != TRACE and hash(TRACE) == hash(dataclasses.replace(TRACE))


def test_blocks_of_one_watt() -> None:
    assert TRACE.blocks((5, 5, 9, 9)) == (mt.Block("core", 0, 0, 1, 1, 1.0), mt.Block("cache", 1, 0, 1.5, 2, 1.0))
    corner = dataclasses.replace(TRACE, origin="corner")
    assert corner.blocks((5, 6, 9, 9))[0] == mt.Block("core", 5, 6, 6, 7, 1.0)
    scaled = [block.power for block in TRACE.at(10).blocks((5, 5, 9, 9))]
    assert scaled == (np.ones(2) * TRACE.power_at(10)).tolist()


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time_s,cache,core\n0,2,1\n10,2,3\n30,0,3\n")
    assert mt.PowerTrace.read("die", PLAN, tmp_path / "a.csv", distribution="active_face", origin="package") == TRACE
    (tmp_path / "a.ptrace").write_text("core\tcache\n1 2\n3 2\n3 0\n")
    trace = mt.PowerTrace.read("die", PLAN, tmp_path / "a.ptrace", interval="10 s")
    assert trace == mt.PowerTrace("die", PLAN, [0, 10, 20], ROWS)
    assert trace.next_corner(10) == 20


@pytest.mark.parametrize(
    ("text", "interval", "message"),
    [
        ("core,cache\n1,2\n", None, "the first column is 'core', not a time"),
        ("time,core\n0,2\n", None, "block 'cache' has no column"),
        ("time,core,cach\n0,2,1\n", None, "column 'cach' is no block; did you mean .*'cache'"),
        ("core,cache,core\n1,2,3\n", "1 s", "column 'core' is there twice"),
        ("core cache\n1 2 3\n", "1 s", "row 1 has too many"),
        ("core cache\n", "1 s", "no row of powers"),
        ("core cache\n1 x\n", "1 s", "row 1: 'x' is no number"),
        ("core cache\n1 nan\n", "1 s", "not finite"),
        ("core cache\n1 2\n", 0.0, "interval.*above 0"),
        ("time,core,cache\n1,2,3\n0,2,3\n", None, "0 s comes after 1 s"),
    ],
)
def test_wrong_files(tmp_path: Path, text: str, interval: Any, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(mt.InputError, match=message):
        mt.PowerTrace.read("die", PLAN, tmp_path / "a.csv", interval)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"powers": [[1, 2]]}, r"shape \(1, 2\) do not fit to 3 times and 2 blocks"),
        ({"powers": [[1], [2], [3]]}, r"shape \(3, 1\)"),
        ({"powers": [[1, 2], [3]]}, "equally long"),
        ({"times": [0, 1, 1]}, "1 s is given more than 1 times"),
        ({"floorplan": {}}, "no block"),
        ({"floorplan": [[1.0]]}, "no floorplan"),
        ({"floorplan": {"core": (0, 0, 1, 1, 5)}}, "5 values are not allowed; give .x, y, width, height."),
        ({"interpolation": "cubic"}, "must be one of step, linear"),
        ({"origin": "middle"}, "origin"),
        ({"distribution": "face"}, "distribution"),
        ({"place": ""}, "place"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        dataclasses.replace(TRACE, **change)
