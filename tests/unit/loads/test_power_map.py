"""Power maps: arrays, files and blocks, and where they are."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt

BOUNDS = (-1.0, 2.0, 3.0, 4.0)  # 4 m x 2 m
HEADER = "name,width_m,height_m,x_m,y_m,power_W,note\n"


def test_an_array_begins_at_the_lower_left() -> None:
    pixels = np.array([[1.0, 2.0], [3.0, 4.0]])
    load = mt.PowerMap("die", pixels)
    pixels[:] = 0.0
    assert load.power == 10.0 and not load.has_blocks
    assert load.blocks(BOUNDS) == (
        mt.Block("[0,0]", -1.0, 2.0, 1.0, 3.0, 1.0),
        mt.Block("[0,1]", 1.0, 2.0, 3.0, 3.0, 2.0),
        mt.Block("[1,0]", -1.0, 3.0, 1.0, 4.0, 3.0),
        mt.Block("[1,1]", 1.0, 3.0, 3.0, 4.0, 4.0),
    )
    small = mt.PowerMap("die", [["1 W", 2]], size=("1 m", 0.5))
    assert small.blocks(BOUNDS)[1] == mt.Block("[0,1]", -0.5, 2.0, 0.0, 2.5, 2.0)
    assert hash(load) == hash(dataclasses.replace(load)) and dataclasses.replace(load) == load


def test_blocks_count_from_the_corner_or_are_those_of_the_package() -> None:
    table = {"cache": (0.5, "25 cm", 1.0, 0.5, "2 W"), "core": {"x": 0, "y": 0, "width": 1, "height": 1, "power": -1}}
    load = mt.PowerMap("die", table)
    assert load.power == 1.0 and load.has_blocks
    assert load.blocks(BOUNDS)[0] == mt.Block("cache", -0.5, 2.25, 0.5, 2.75, 2.0)
    there = mt.PowerMap("die", table, origin="package")
    assert there.blocks(BOUNDS)[0] == mt.Block("cache", 0.5, 0.25, 1.5, 0.75, 2.0)
    assert dataclasses.replace(load, origin="package") == there and hash(load) != hash(there)


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "map.csv"
    file.write_text("# W per pixel\n1, 2,3\n\n4,5,6\n")
    assert mt.PowerMap("die", file).powers == ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    assert mt.PowerMap("die", str(file)) == mt.PowerMap("die", [[1, 2, 3], [4, 5, 6]])
    file.write_text("# a floorplan\n" + HEADER + "core,0.1,0.2,0.3,0.4,5,hot\ncache,1,1,0,0,-2,\n")
    assert mt.PowerMap("die", file).powers == (
        mt.Block("core", 0.3, 0.4, 0.3 + 0.1, 0.4 + 0.2, 5.0),
        mt.Block("cache", 0.0, 0.0, 1.0, 1.0, -2.0),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has no row"),
        ("1,2\n3\n", "not equally long"),
        ("1,2\n3,x\n", "row 2: 'x' is no number"),
        ("1,nan\n", "not finite"),
        ("name,x,y,width,power\n", "needs the column 'height'"),
        (HEADER, "it has no block"),
        (HEADER + "core,1,1\n", "block 1: 3 values under 7 columns"),
        (HEADER + "core,1,1,0,0,5 W,\n", "block 1, power: '5 W' is no number"),
        (HEADER + "core,1,1,0,0,5,\ncore,1,1,0,0,5,\n", "'core' is given twice"),
        (HEADER + "core,0,1,0,0,5,\n", "block 'core'.*above 0"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "map.csv"
    file.write_text(text)
    with pytest.raises(mt.InputError, match=message):
        mt.PowerMap("die", file)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"powers": "nowhere.csv"}, "cannot be read"),
        ({"powers": [1.0, 2.0]}, "shape"),
        ({"powers": [[1.0, np.inf]]}, "row 0, column 1 is inf W"),
        ({"powers": []}, "shape"),
        ({"powers": 3.0}, "is no map"),
        ({"powers": {}}, "it has no block"),
        ({"powers": {"a": (0, 0, 1, 1)}}, "4 values are not allowed"),
        ({"powers": {"a": {"x": 0}}}, "the keys"),
        ({"powers": {"a": (0, 0, 1, -1, 1)}}, "sides of block 'a'"),
        ({"powers": {"a": (0, 0, 1, 1, "1 V")}}, "power of block 'a'"),
        ({"powers": {"a": (0, 0, 1, 1, 1)}, "size": (1, 1)}, "drop size"),
        ({"powers": [[1.0]], "origin": "package"}, "drop origin"),
        ({"powers": [[1.0]], "origin": "centre"}, "origin 'centre'"),
        ({"powers": [[1.0]], "size": (1, 0)}, "size of the power map"),
        ({"powers": [[1.0]], "distribution": "edge"}, "distribution 'edge'"),
    ],
)
def test_impossible_maps_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        mt.PowerMap("die", **arguments)
