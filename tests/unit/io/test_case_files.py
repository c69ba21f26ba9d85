"""Case files: the same package as the builder, strict keys, and nothing but InputError for wrong content."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.io.case_toml import case_from_tables

PARTS = """
name = "slab"
[materials.glue]
thermal_conductivity = "2 W/(m K)"
[[parts]]
name = "base"
outline = { rectangle = { size = ["4 mm", "4 mm"] } }
z = [0, "1 mm"]
material = "silicon"
[[parts]]
name = "dot"
outline = { circle = { diameter = "1 mm", at = [0.0, "0.5 mm"] } }
z = ["1 mm", "1.2 mm"]
material = "glue"
[[parts]]
name = "hole"
outline = { circle = { diameter = "0.2 mm" } }
z = ["0.5 mm", "1 mm"]
[[loads]]
type = "Power"
place = "dot"
power = "100 mW"
[[loads]]
type = "Convection"
place = "bottom"
h = 1000
ambient = "25 degC"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "case.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_parts_materials_and_loads(tmp_path: Path) -> None:
    case = mt.read_case(write(tmp_path, PARTS))
    assert case.name == "slab"
    assert case.package.names == ("base", "dot", "hole")
    assert case.package["dot"].material.thermal_axes[2](300.0) == 2.0
    assert case.package["hole"].is_void
    assert case.loads == (mt.Power("dot", 0.1), mt.Convection("bottom", 1000.0, 298.15))


def test_without_a_name_the_folder_is_the_name(tmp_path: Path) -> None:
    assert mt.read_case(write(tmp_path, PARTS.replace('name = "slab"', "", 1))).name == tmp_path.name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "slab"', 'nmae = "slab"', "unknown key 'nmae'.*'name'"),
        ('type = "Power"', 'type = "Powr"', "Powr.*did you mean 'Power'"),
        ('power = "100 mW"', 'watt = "100 mW"', "loads.* number 1 has the unknown key 'watt'"),
        ('place = "dot"\n', "", "needs the key 'place'"),
        ('place = "dot"', 'place = "dto"', "did you mean .*'dot'"),
        ('"100 mW"', '"100 mV"', "W"),
        ("[0, ", "[0, 1, ", "two heights|heights"),
        ("rectangle", "rectangel", "did you mean 'rectangle'"),
        ('material = "silicon"', 'material = "silicone"', "silicon"),
        ("h = 1000", "h = nan", "h"),
        ("h = 1000", "h = -3", "h"),
        ("[[parts]]", "[[part", "no valid TOML"),
        ('thermal_conductivity = "2 W/(m K)"', "conductivity = 2", "conductivity"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PARTS
    with pytest.raises(mt.InputError, match=message):
        mt.read_case(write(tmp_path, PARTS.replace(old, new, 1)))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(mt.CaseFileError, match=r"neither case.py nor case.toml"):
        mt.read_case(tmp_path)
    with pytest.raises(mt.CaseFileError, match="no case file"):
        mt.read_case(tmp_path / "nothing.toml")
    (tmp_path / "case.txt").write_text("")
    with pytest.raises(mt.CaseFileError, match=r"\.toml file"):
        mt.read_case(tmp_path / "case.txt")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(mt.CaseFileError, match="no valid TOML"):
        mt.read_case(tmp_path / "bad.toml")


def test_scripts(tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text("import math\ncase = 3\n")
    with pytest.raises(mt.CaseFileError, match="must define a Case"):
        mt.read_case(script)
    script.write_text("1 / 0\n")
    with pytest.raises(mt.CaseFileError, match="ZeroDivisionError"):
        mt.read_case(script)


PROCESS: dict[str, Any] = {
    "carrier": {"size": [4e-3, 4e-3], "thickness": 3e-4},
    "modules": [
        {
            "name": "stack",
            "chips": [
                {"name": "a", "size": [2e-3, 2e-3], "thickness": 2e-4},
                {"name": "b", "size": [1e-3, 1e-3], "thickness": 1e-4},
            ],
            "bonds": [{"bumps": {"columns": 2, "rows": 2, "pitch": 4e-4}, "diameter": 1e-4, "height": 5e-5}],
            "attach": {"thickness": 2e-5},
        }
    ],
    "insulation": {"thickness": 6e-4},
    "vias": [{"name": "v", "at": [[1.5e-3, 0.0]], "diameter": 2e-4, "contact": {"height": 5e-5, "diameter": 1e-4}}],
    "metal": {"thickness": 3e-5, "traces": [{"name": "t", "path": [[1e-3, 0.0], [1.5e-3, 0.0]], "width": 3e-4}]},
    "passivation": {"thickness": 3e-5, "openings": [{"name": "pad", "at": [1e-3, 0.0], "diameter": 2e-4}]},
    "contacts": {"height": 1e-4, "diameter": 2e-4},
    "loads": [
        {"type": "Power", "place": "a", "power": 1.0},
        {"type": "Voltage", "place": "pad", "voltage": 1.0},
        {"type": "Current", "place": "v.foot", "current": -1.0},
        {"type": "Convection", "place": "bottom", "h": 100.0, "ambient": 300.0},
    ],
}


def test_the_process_is_read() -> None:
    case = case_from_tables(copy.deepcopy(PROCESS), "test")
    assert [terminal.name for terminal in case.terminals] == ["pad", "v.foot"]
    assert case.package.via_depth == pytest.approx(6e-4)


def leaves(table: Any, path: tuple = ()) -> list[tuple]:
    items = table.items() if isinstance(table, dict) else enumerate(table)
    return [
        leaf
        for key, value in items
        for leaf in [(*path, key), *(leaves(value, (*path, key)) if isinstance(value, dict | list) else [])]
    ]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(leaves(PROCESS)),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.floats(),
        st.text(max_size=6),
        st.sampled_from(["1 mm", "-1 mm", "nan m", "3 V", "copper", "stack", "a", "top"]),
        st.lists(st.floats(-1, 1), max_size=3),
        st.dictionaries(st.sampled_from(["name", "size", "at", "x"]), st.floats(-1, 1), max_size=2),
    ),
)
def test_any_change_of_a_value_is_valid_or_an_input_error(path: tuple, value: Any) -> None:
    tables = copy.deepcopy(PROCESS)
    target: Any = tables
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    try:
        case_from_tables(tables, "test")
    except mt.InputError as error:
        assert len(str(error)) > 15
