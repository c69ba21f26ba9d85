"""The library: complete, with sources, physically sane; and the reading of users' files."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from mcpthermal.errors import InputError, MaterialError, UnitError
from mcpthermal.materials import (
    Constant,
    Linear,
    Material,
    Metal,
    Polynomial,
    PowerLaw,
    Table,
    material,
    material_from_table,
    materials,
    read_materials,
)

LIBRARY = tomllib.loads((resources.files("mcpthermal.materials") / "library.toml").read_text(encoding="utf-8"))
METALS = ("copper", "aluminium", "gold", "tungsten", "nickel", "sac305", "snpb")
EXPECTED = {
    *METALS, "silicon", "gaas", "sic", "alumina", "aluminium_nitride", "fr4", "bt_laminate", "abf",
    "polyimide", "epoxy_mould", "underfill_epoxy", "die_attach_epoxy", "die_attach_silver_epoxy",
    "thermal_grease", "air",
}  # fmt: skip


def test_names() -> None:
    assert set(materials()) == set(LIBRARY) == EXPECTED
    assert material("Aluminium Nitride") is material("aluminium-nitride") is material("aluminum_nitride")
    assert material(material("copper")) is material("copper")


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_number_has_unit_range_and_source(name: str) -> None:
    assert {"thermal_conductivity", "density", "specific_heat"} <= set(LIBRARY[name])
    for key, table in LIBRARY[name].items():
        assert {"unit", "range", "source"} <= set(table), key
        assert len(table["source"]) > 5
        assert material(name).source(key) == table["source"]
    for _, law in material(name).laws():
        assert law.range is not None and law.range[0] <= 300.0 and law.range[1] >= 373.15


@pytest.mark.parametrize("name", METALS)
def test_metals_obey_wiedemann_and_franz(name: str) -> None:
    metal = material(name)
    assert metal.electrical_axes is not None
    lorenz = metal.thermal_axes[0](300.0) / (metal.electrical_axes[0](300.0) * 300.0)
    assert 1.8e-8 < float(lorenz) < 3.2e-8


def test_what_conducts() -> None:
    assert {name for name in materials() if material(name).conducts} == {*METALS, "die_attach_silver_epoxy"}


def test_known_values() -> None:
    silicon = material("silicon").thermal_axes[2]
    assert float(silicon(300.0)) == 148.0
    assert float(silicon(400.0)) == pytest.approx(148.0 * 0.75 ** (4 / 3), rel=1e-12)
    assert float(silicon(400.0)) == pytest.approx(98.9, rel=0.03)
    copper = material("copper")
    assert copper.electrical_axes is not None
    assert float(copper.thermal_axes[0](300.0)) == pytest.approx(401.0)
    assert float(copper.electrical_axes[0](293.15)) == pytest.approx(58.0e6, rel=1e-4)
    in_plane, other, through = material("bt_laminate").thermal_axes
    assert in_plane == other != through


def test_unknown_names_offer_the_near_ones() -> None:
    with pytest.raises(MaterialError, match=r"'coper' is not in the library; did you mean 'copper'\?"):
        material("coper")
    with pytest.raises(MaterialError, match="neither a name nor a Material"):
        material(3)  # type: ignore[arg-type]


GOOD = """
[plain]
thermal_conductivity = 2.0
density = "2.3 g/cm3"

[laws]
thermal_conductivity = { law = "linear", value = 1.0, slope = 0.01, reference_temperature = "25 degC", unit = "W/(cm K)" }
electrical_conductivity = { law = "metal", resistivity = 17.2, temperature_coefficient = 0.004, reference_temperature = 293.15, unit = "nohm m" }
density = { law = "polynomial", coefficients = [1.0, 0.01], unit = "g/cm3", range = [250, 400], source = "s" }
specific_heat = { law = "table", temperatures = [300, 400], values = [0.7, "800 J/(kg K)"], unit = "J/(g K)" }
emissivity = 0.9

[axes]
thermal_conductivity = { value = [1.0, "0.2 W/(cm K)", 3.0], range = [250, 400] }

[mixed.thermal_conductivity]
source = "outer"
x = { value = 1.0 }
y = { law = "power_law", value = 2.0, reference_temperature = 300.0, exponent = -1.0, source = "inner" }
z = { value = 3.0 }
"""  # noqa: E501


def test_reads_every_form(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    found = read_materials(path)
    assert list(found) == ["plain", "laws", "axes", "mixed"]
    assert found["plain"] == Material("plain", 2.0, density=2300.0)
    laws = found["laws"]
    assert laws.thermal_axes[0] == Linear(100.0, 1.0, 298.15)
    assert laws.electrical_axes is not None and isinstance(laws.electrical_axes[0], Metal)
    assert laws.electrical_axes[0].resistivity == pytest.approx(17.2e-9)
    assert laws.density == Polynomial((1000.0, 10.0), range=(250.0, 400.0)) and laws.source("density") == "s"
    assert laws.specific_heat == Table((300.0, 400.0), (700.0, 800.0))
    assert found["axes"].thermal_axes == tuple(Constant(v, range=(250.0, 400.0)) for v in (1.0, 20.0, 3.0))
    assert found["mixed"].thermal_axes[1] == PowerLaw(2.0, 300.0, -1.0)
    assert found["mixed"].source("thermal_conductivity") == "outer; inner"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "thermal_conductivity is missing"),
        (3.0, "is no table"),
        ({"thermal_conductivty": 1.0}, "unknown key 'thermal_conductivty'; did you mean"),
        ({"thermal_conductivity": {"valu": 1.0}}, "unknown key 'valu'; did you mean 'value'"),
        ({"thermal_conductivity": {"law": "lineer"}}, "unknown law 'lineer'; did you mean 'linear'"),
        ({"thermal_conductivity": {"law": ["linear"]}}, "unknown law"),
        ({"thermal_conductivity": {"law": "linear", "value": 1.0, "slope": 0.1}}, "_temperature is missing"),
        ({"thermal_conductivity": {"value": 1.0, "unit": "V"}}, "is a voltage"),
        ({"thermal_conductivity": {"value": 1.0, "unit": 3}}, "not known"),
        ({"thermal_conductivity": {"value": 1.0, "source": 3}}, "is no text"),
        ({"thermal_conductivity": {"value": [1.0, 2.0]}}, "three along x, y and z"),
        ({"thermal_conductivity": {"x": 1.0, "y": 2.0}}, "z is missing"),
        ({"thermal_conductivity": {"value": -1.0}}, "must be finite and above 0"),
        ({"thermal_conductivity": -1.0}, "must be above 0"),
        ({"thermal_conductivity": float("nan")}, "not finite"),
        ({"thermal_conductivity": {"value": 1.0, "range": 300.0}}, "range of a law"),
        (
            {"thermal_conductivity": {"law": "table", "temperatures": [400, 300], "values": [1, 2]}},
            "must increase",
        ),
        (
            {"thermal_conductivity": {
                "law": "metal", "resistivity": 1, "temperature_coefficient": 0, "reference_temperature": 1,
            }},
            "is an electrical conductivity",
        ),
        ({"thermal_conductivity": 1.0, "density": {"value": [1.0, 2.0, 3.0]}}, "is no number"),
    ],
)  # fmt: skip
def test_reading_is_strict_and_names_the_place(table: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        material_from_table("x", table, "mine.toml")
    assert str(caught.value).startswith("mine.toml, material 'x'") and message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match=r"absent\.toml"):
        read_materials(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("[x\n", encoding="utf-8")
    with pytest.raises(MaterialError, match=r"bad\.toml.*check path and syntax"):
        read_materials(tmp_path / "bad.toml")
    (tmp_path / "unit.toml").write_text('[x]\nthermal_conductivity = "3 V"\n', encoding="utf-8")
    with pytest.raises(UnitError, match=r"unit\.toml, material 'x'.*voltage"):
        read_materials(tmp_path / "unit.toml")
