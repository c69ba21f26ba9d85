"""What was described: layers, materials with their sources, loads."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from mcpthermal.case import Case
from mcpthermal.loads import Interface
from mcpthermal.materials.material import AXIAL, PROPERTIES, Material
from mcpthermal.package.package import Package
from mcpthermal.report.page import Number, number, table
from mcpthermal.units import describe

ROOM = 298.15
HOT = 398.15
"""Where properties are shown: 25 and 125 degC."""

UNITS = {
    "power": "W",
    "flux": "W/m2",
    "h": "W/(m2 K)",
    "ambient": "K",
    "temperature": "K",
    "reference_temperature": "K",
    "temperature_coefficient": "1/K",
    "emissivity": "",
    "voltage": "V",
    "current": "A",
    "resistance": "ohm",
    "thermal_resistance": "K/W",
    "electrical_resistivity": "ohm m2",
    "heat_fraction": "",
    "scale": "",
}
"""Of the values of loads."""

PLACES = ("place", "from_", "to", "a", "b")

LONGEST = 160
"""Letters of a value's own representation."""


def layer_table(package: Package) -> str:
    """All parts from the top down, sizes in people's units."""
    rows = [
        [row[0], row[1], row[2], Number(part.z[0], row[3]), Number(part.z[1], row[4]), *row[5:]]
        for part, row in package.layers()
    ]
    return table("Layers and parts, from the top down", [*_HEADS], rows)


_HEADS = ("Part", "Role", "Material", "From", "To", "Size", "Count")


def material_table(package: Package) -> str:
    """Each property of each material that is used, with its source."""
    used = dict.fromkeys(part.material for part in package.parts if not part.is_void)
    rows = [row for material in used for row in _properties(material)]
    heads = ("Material", "Property", "At 25 degC", "At 125 degC", "Unit", "Valid, degC", "Source")
    return table("Materials", heads, rows)


def _properties(material: Material) -> list[list[Any]]:
    rows = []
    sources = dict(material.sources)
    for name, unit in PROPERTIES.items():
        value = getattr(material, name)
        if value is None:
            continue
        laws = value if name in AXIAL else (value,)
        distinct = list(dict.fromkeys(laws))
        axes = ("xx", "yy", "zz", "yz", "xz", "xy") if len(laws) == 6 else ("x", "y", "z")
        for law in distinct:
            along = (
                ""
                if len(distinct) == 1
                else " " + ", ".join(a for a, own in zip(axes, laws, strict=False) if own == law)
            )
            valid = "-" if law.range is None else f"{law.range[0] - 273.15:g} to {law.range[1] - 273.15:g}"
            shown = [number(float(law(kelvin)), 4) for kelvin in (ROOM, HOT)]
            words = name.replace("_", " ")
            rows.append([material.name, words + along, *shown, unit or "-", valid, sources.get(name, "own value")])
    return rows


def load_table(case: Case) -> str:
    """All loads: kind, place, values."""
    rows = []
    for load in case.loads:
        values = {item.name: getattr(load, item.name) for item in fields(load)}
        where = " - ".join(str(values[name]) for name in PLACES if values.get(name) is not None)
        said = [
            f"{name.replace('_', ' ')} {_value(load, name, value)}"
            for name, value in values.items()
            if name not in PLACES and value is not None and not (name == "scale" and value == 1.0)
        ]
        rows.append([type(load).__name__, where, "; ".join(said)])
    return table("Loads, heat and current into the body positive", ("Load", "Place", "Values"), rows)


def _value(load: Any, name: str, value: Any) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        unit = "m2 K/W" if isinstance(load, Interface) and name == "thermal_resistance" else UNITS.get(name, "")
        return describe(float(value), unit)
    text = str(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"
