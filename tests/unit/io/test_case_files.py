"""Case files: the same package as the builder, strict keys, and nothing but InputError for wrong content."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.io.case_files import read_description
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
material = "none"
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
        (
            'material = "silicon"',
            'material = "silicn"',
            r"case.toml: \[\[parts\]\] number 1: material of part 'base': 's",
        ),
        ('material = "silicon"', "material = 5", r"parts\]\] number 1: material of part 'base': 5 is neither"),
        ('material = "silicon"\n', "", r"number 1 needs the key 'material'; \"none\" makes it a hole"),
        ('diameter = "0.2 mm"', 'diameter = "-2 mm"', r"number 3, outline.circle: diameter of circle"),
        ('circle = { diameter = "0.2 mm" }', "polygon = { points = [] }", "number 3, outline.polygon: a polygon needs"),
        (
            'z = ["0.5 mm", "1 mm"]',
            'z = ["1.5 mm", "2 mm"]',
            r"case.toml: \[\[parts\]\]: part 'hole' is a hole that re",
        ),
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
        {
            "type": "Convection",
            "place": "top",
            "h": {"natural_convection": {"orientation": "up", "length": 1e-3}},
            "ambient": 300.0,
        },
        {"type": "Radiation", "place": "top", "ambient": 300.0, "emissivity": {"law": "constant", "value": 0.9}},
        {"type": "HeatSink", "place": "x_min", "thermal_resistance": 20.0, "ambient": 300.0, "base": "isothermal"},
        {
            "type": "Leakage",
            "place": "a",
            "power": 0.1,
            "temperature_coefficient": 0.02,
            "reference_temperature": 300.0,
        },
        {"type": "PowerMap", "place": "b", "powers": {"core": [0.0, 0.0, 5e-4, 5e-4, 1.0]}},
        {"type": "PowerMap", "place": "b", "powers": [[1.0, 2.0]], "distribution": "active_face"},
        {"type": "Interface", "a": "via", "b": "contact", "thermal_resistance": 1e-6, "heat_fraction": 0.2},
        {"type": "Resistor", "a": "v.foot", "b": "node:supply", "resistance": 1.0},
        {"type": "Voltage", "place": "node:supply", "voltage": 1.0, "to": "node:ground"},
    ],
}


def test_the_process_is_read() -> None:
    case = case_from_tables(copy.deepcopy(PROCESS), "test")
    assert [terminal.name for terminal in case.terminals] == ["pad", "v.foot"]
    assert case.package.via_depth == pytest.approx(6e-4)


WIRING: dict[str, Any] = {
    "wiring": [
        {"name": "link", "path": [["-0.2 mm", 0.0], ["0.2 mm", 0.0]], "width": "150 um"},
        {"name": "pad", "outline": {"rectangle": {"size": "0.2 mm", "at": ["0.35 mm", "0.3 mm"]}}},
    ],
    "wiring_thickness": "3 um",
    "wiring_material": "film",
}


def test_wiring_of_chips() -> None:
    tables = copy.deepcopy(PROCESS)
    tables["materials"] = {"film": {"thermal_conductivity": 300, "electrical_conductivity": 4e7}}
    tables["modules"][0]["chips"][1] |= copy.deepcopy(WIRING) | {"active_face": "bottom"}
    tables["carrier"] |= copy.deepcopy(WIRING) | {"kind": "chip", "name": "base"}
    package = case_from_tables(tables, "test").package
    chip = mt.Chip(
        "b",
        (1e-3, 1e-3),
        1e-4,
        active_face="bottom",
        wiring=[
            mt.Trace("link", [("-0.2 mm", 0), ("0.2 mm", 0)], "150 um"),
            mt.Patch("pad", mt.rectangle("0.2 mm", at=("0.35 mm", "0.3 mm"))),
        ],
        wiring_thickness=3e-6,
        wiring_material=package["b.link"].material,
    )
    assert package["b.link"].material.name == "film"
    expected = chip.parts((0, 0), 2.7e-4, "chip", "stack", "stack")[1:]
    assert [part for part in package if part.name.startswith("b.")] == expected
    assert package["base.link"].onto == "base" and package["base.link"].thickness == pytest.approx(3e-6)
    for key, value, words in (
        ("wiring", [{"name": "x"}], "chips number 2, wiring number 1 needs the key 'path'"),
        ("wiring", {"name": "x"}, r"\[\[modules\]\] number 1, chips number 2, wiring, must be a list of tables"),
        ("wiring", [{"name": "x", "outline": {"rectangel": {}}}], "did you mean 'rectangle'"),
        ("wiring_thickness", "3 mm", "thickness of the wiring of chip 'b'"),
    ):
        wrong = copy.deepcopy(tables)
        wrong["modules"][0]["chips"][1][key] = value
        with pytest.raises(mt.InputError, match=words):
            case_from_tables(wrong, "test")


def test_the_test_of_a_module_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "cases" / "stacked_module" / "case.toml").read_text()
    assert read_description(write(tmp_path, text)).claims()[15].satisfied is False
    tested = text.replace('name = "stack"', 'name = "stack"\ntested = { program = "continuity", passed = true }', 1)
    process = read_description(write(tmp_path, tested))
    assert isinstance(process, mt.Process) and process.tests == (mt.ModuleTestRecord("stack", "continuity", True),)
    assert process.claims()[15].satisfied
    with pytest.raises(mt.CaseFileError, match="tested needs the key 'passed'"):
        read_description(write(tmp_path, tested.replace(", passed = true", "")))
    package = read_description(write(tmp_path, PARTS))
    assert isinstance(package, mt.Package) and package.names == ("base", "dot", "hole")


ALL_LOADS = """
[carrier]
size = ["4 mm", "4 mm"]
thickness = "0.3 mm"
kind = "chip"
name = "die"
[[loads]]
type = "Convection"
place = "top"
h = { law = "table", temperatures = [0, 10, 50], values = [0.5, 0.8, 1.2], unit = "mW/(cm2 K)" }
ambient = "25 degC"
[[loads]]
type = "Convection"
place = "bottom"
h = { power_film = { coefficient = 1.5, exponent = 0.25, base = "2 W/(m2 K)" } }
ambient = "25 degC"
[[loads]]
type = "Convection"
place = "x_min"
h = { natural_convection = { orientation = "vertical", length = "3 mm" } }
ambient = "25 degC"
[[loads]]
type = "Radiation"
place = "top"
ambient = "25 degC"
emissivity = { law = "linear", value = 0.8, slope = 1e-4, reference_temperature = "300 K" }
[[loads]]
type = "HeatSink"
place = "x_max"
thermal_resistance = "5 K/W"
ambient = "25 degC"
base = "isothermal"
[[loads]]
type = "Leakage"
place = "die"
power = "50 mW"
temperature_coefficient = 0.02
reference_temperature = "25 degC"
distribution = "active_face"
[[loads]]
type = "Leakage"
place = "die"
power = { law = "exponential", value = 0.1, reference_temperature = 300, exponent = 0.01, unit = "mW" }
[[loads]]
type = "PowerMap"
place = "die"
powers = "maps/floor.csv"
[[loads]]
type = "PowerMap"
place = "die"
powers = [[1, 2], ["3 W", 4]]
size = ["2 mm", "3 mm"]
[[loads]]
type = "PowerMap"
place = "die"
origin = "package"
[loads.powers]
core = { x = "-1 mm", y = 0, width = "1 mm", height = 1e-3, power = "2 W" }
cache = [0, 0, 1e-3, 1e-3, 0.5]
"""


def test_every_thermal_load_as_in_python(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "floor.csv").write_text("name,x_m,y_m,width_m,height_m,power_W\ncore,0,0,1e-3,2e-3,1.5\n")
    room = 298.15
    assert mt.read_case(write(tmp_path, ALL_LOADS)).loads == (
        mt.Convection("top", mt.Table((0, 10, 50), (5, 8, 12)), room),
        mt.Convection("bottom", mt.PowerFilm(1.5, 0.25, 2.0), room),
        mt.Convection("x_min", mt.NaturalConvection("vertical", 3e-3), room),
        mt.Radiation("top", room, mt.Linear(0.8, 1e-4, 300.0)),
        mt.HeatSink("x_max", 5.0, room, base="isothermal"),
        mt.Leakage("die", 0.05, 0.02, room, "active_face"),
        mt.Leakage("die", mt.Exponential(1e-4, 300.0, 0.01)),
        mt.PowerMap("die", {"core": (0, 0, 1e-3, 2e-3, 1.5)}),
        mt.PowerMap("die", [[1, 2], [3, 4]], size=(2e-3, 3e-3)),
        mt.PowerMap("die", {"core": (-1e-3, 0, 1e-3, 1e-3, 2), "cache": (0, 0, 1e-3, 1e-3, 0.5)}, origin="package"),
    )


WIRED = """
[materials.paste]
thermal_conductivity = { xx = 3, yy = 3, zz = "1 W/(m K)", xy = 0.5 }
electrical_conductivity = 1e6
[[parts]]
name = "low"
outline = { rectangle = { size = "1 mm" } }
z = [0, "1 mm"]
material = "copper"
[[parts]]
name = "high"
outline = { rectangle = { size = "1 mm" } }
z = ["1 mm", "2 mm"]
material = "paste"
[[loads]]
type = "HeatSink"
place = "bottom"
thermal_resistance = 5
ambient = 300
[[loads]]
type = "Interface"
a = "copper"
b = "paste"
thermal_resistance = { law = "linear", value = 1, slope = 0.001, reference_temperature = 300, unit = "mm2 K/W" }
electrical_resistivity = "1e-8 ohm cm2"
heat_fraction = 0.25
[[loads]]
type = "Interface"
a = "low.x|high"
[[loads]]
type = "Voltage"
place = "node:source"
voltage = "2 V"
to = "bottom"
[[loads]]
type = "Resistor"
a = "node:source"
b = "top"
resistance = "3 mohm"
[[loads]]
type = "CurrentLoad"
from = "top"
to = "bottom"
current = "1 A"
[[loads]]
type = "Voltage"
place = "bottom"
voltage = 0
"""


def test_circuits_and_interfaces_as_in_python(tmp_path: Path) -> None:
    extra = '[[loads]]\ntype = "Interface"\na = "low.x|high"\n'
    with pytest.raises(mt.LoadError, match=r"no part, material or role 'low\.x'"):
        mt.read_case(write(tmp_path, WIRED))
    case = mt.read_case(write(tmp_path, WIRED.replace(extra, "")))
    assert case.loads == (
        mt.HeatSink("bottom", 5.0, 300.0),
        mt.Interface("copper", "paste", mt.Linear(1e-6, 1e-9, 300.0), 1e-12, 0.25),
        mt.Voltage("node:source", 2.0, to="bottom"),
        mt.Resistor("node:source", "top", 3e-3),
        mt.CurrentLoad("top", "bottom", 1.0),
        mt.Voltage("bottom", 0.0),
    )
    assert [float(law(300.0)) for law in case.package["high"].material.thermal_axes] == [3, 3, 1, 0, 0, 0.5]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("power_film", "powr_film", "number 2, h has the unknown key 'powr_film'.*'power_film'"),
        ("exponent = 0.25", "exponnt = 0.25", "number 2, h.power_film has the unknown key 'exponnt'"),
        ('law = "table"', 'law = "tabel"', "number 1, h: unknown law 'tabel'.*'table'"),
        ('unit = "mW/(cm2 K)"', 'unit = "mW"', "number 1, h, unit"),
        ('orientation = "vertical"', 'orientation = "left"', "orientation 'left'"),
        ("maps/floor.csv", "maps/flor.csv", "flor.csv' cannot be read"),
        ("height = 1e-3, ", "", "block 'core' of the power map of 'die': the keys"),
        ('{ law = "exponential"', '{ law = "metal"', "number 7, power"),
    ],
)
def test_mistakes_in_loads_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "floor.csv").write_text("1,2\n")
    assert old in ALL_LOADS
    with pytest.raises(mt.InputError, match=message):
        mt.read_case(write(tmp_path, ALL_LOADS.replace(old, new, 1)))


def leaves(table: Any, path: tuple = ()) -> list[tuple]:
    items = table.items() if isinstance(table, dict) else enumerate(table)
    return [
        leaf
        for key, value in items
        for leaf in [(*path, key), *(leaves(value, (*path, key)) if isinstance(value, dict | list) else [])]
    ]


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
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
