"""Materials from TOML: the one parser for the library, for users' files and for case files.

Each material is a table, each property in it a number in SI units, a string with a unit, three of them
along x, y and z, or a table with a law::

    [silicon.thermal_conductivity]
    law = "power_law"
    value = 148.0
    reference_temperature = 300.0
    exponent = -1.333
    unit = "W/(m K)"          # of value, values, slope (per K), coefficients, resistivity; SI if left out
    range = [200.0, 600.0]    # K
    source = "where the number comes from"

A property that follows different laws along the axes is a table of three such tables, x, y and z; a full
tensor has the keys xx, yy, zz and what it needs of yz, xz, xy, or is a list of three rows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from mcpthermal.errors import InputError, MaterialError, near_misses
from mcpthermal.materials.base import Law
from mcpthermal.materials.law import Constant, Exponential, Linear, Metal, Polynomial, PowerLaw, Table
from mcpthermal.materials.material import AXIAL, PROPERTIES, Material
from mcpthermal.materials.tensor import ENTRIES
from mcpthermal.units import quantity

LAWS: Mapping[str, tuple[type[Law], tuple[str, ...]]] = {
    "constant": (Constant, ("value",)),
    "linear": (Linear, ("value", "slope", "reference_temperature")),
    "table": (Table, ("temperatures", "values")),
    "polynomial": (Polynomial, ("coefficients", "reference_temperature")),
    "power_law": (PowerLaw, ("value", "reference_temperature", "exponent")),
    "exponential": (Exponential, ("value", "reference_temperature", "exponent")),
    "metal": (Metal, ("resistivity", "temperature_coefficient", "reference_temperature")),
}
"""The laws that a file can name, and their parameters."""

_COMMON = ("law", "unit", "range", "source")
_WITH_UNIT = ("value", "values", "slope", "coefficients", "resistivity")


def read_materials(path: str | PathLike[str]) -> dict[str, Material]:
    """Read the materials of a TOML file.

    Parameters
    ----------
    path : path
        A file with one table for each material, as in the library.

    Returns
    -------
    dict of Material
        By name, in the order of the file.

    Raises
    ------
    MaterialError
        If the file cannot be read, or holds anything that is not understood; it names the place.
    UnitError
        If a number or its unit is wrong.
    """
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MaterialError(f"{path}: no file of materials can be read: {error}; check path and syntax") from error
    return {name: material_from_table(name, table, str(path)) for name, table in document.items()}


def material_from_table(name: str, table: Any, where: str) -> Material:
    """Make a material from its table in a file.

    Parameters
    ----------
    name : str
        The name of the material.
    table : mapping
        Its properties.
    where : str
        The file, for messages.

    Returns
    -------
    Material

    Raises
    ------
    MaterialError, UnitError
        If the table is not understood; the message begins with the file and the table.
    """
    place = f"{where}, material '{name}'"
    _check_keys(table, PROPERTIES, place)
    if "thermal_conductivity" not in table:
        raise MaterialError(f"{place}: thermal_conductivity is missing; every material needs one, in W/(m K)")
    properties: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for key, value in table.items():
        try:
            properties[key], source = _read_property(key, value, f"{place}, {key}")
        except InputError as error:
            raise _placed(error, f"{place}, {key}") from error
        if source is not None:
            sources[key] = source
    try:
        return Material(name, sources=sources, **properties)
    except InputError as error:
        raise _placed(error, place) from error


def law_from_table(table: Mapping[str, Any], unit: str, place: str) -> Law:
    """Make a law from its table in a file.

    Parameters
    ----------
    table : mapping
        The key `law` with the name of the law, and its parameters.
    unit : str
        The SI unit of the values.
    place : str
        The file and the table, for messages.

    Returns
    -------
    Law

    Raises
    ------
    MaterialError, UnitError
        If the table is not understood.
    """
    law = _read_law(table, unit, place)
    if not isinstance(law, Law):
        raise MaterialError(f"{place}, value: one number is needed, not {len(law)}")
    return law


def _read_property(key: str, value: Any, place: str) -> tuple[Any, str | None]:
    """The property as :class:`Material` takes it, and its source."""
    if key in AXIAL and isinstance(value, list):
        parts = [_read_entry(key, item, place) for item in value]
        return [part for part, _ in parts], _joined(source for _, source in parts)
    if not isinstance(value, Mapping):
        return value, None
    if key not in AXIAL or not {"x", "y", "z", *ENTRIES} & set(value):
        return _read_law(value, PROPERTIES[key], place), _read_source(value, place)
    axes = ENTRIES if set(ENTRIES) & set(value) else ("x", "y", "z")
    _check_keys(value, (*axes, "source"), place)
    missing = [axis for axis in axes[:3] if axis not in value]
    if missing:
        raise MaterialError(
            f"{place}: {', '.join(missing)} is missing; give {', '.join(axes[:3])}, or one value for all axes"
        )
    entries = {axis: _read_entry(key, value[axis], f"{place}, {axis}") for axis in axes if axis in value}
    source = _joined([_read_source(value, place), *(source for _, source in entries.values())])
    found = {axis: entry for axis, (entry, _) in entries.items()}
    return (found if axes is ENTRIES else tuple(found.values())), source


def _read_entry(key: str, value: Any, place: str) -> tuple[Any, str | None]:
    """One entry of a tensor (or one row of several), and its source."""
    if isinstance(value, list):
        return _read_property(key, value, place)
    if not isinstance(value, Mapping):
        return value, None
    return law_from_table(value, PROPERTIES[key], place), _read_source(value, place)


def _read_law(table: Mapping[str, Any], unit: str, place: str) -> Any:
    """One law, or several constants if `value` is a list."""
    kind = table.get("law", "constant")
    if not isinstance(kind, str) or kind not in LAWS:
        raise MaterialError(f"{place}: unknown law {kind!r}; {near_misses(str(kind), LAWS)}")
    law, fields = LAWS[kind]
    _check_keys(table, (*_COMMON, *fields), place)
    if kind == "metal" and unit != PROPERTIES["electrical_conductivity"]:
        raise MaterialError(f"{place}: the law 'metal' is an electrical conductivity; use another, e.g. 'table'")
    optional = "reference_temperature" if kind == "polynomial" else None
    missing = [field for field in fields if field not in table and field != optional]
    if missing:
        raise MaterialError(f"{place}: {', '.join(missing)} is missing; the law '{kind}' needs {', '.join(fields)}")
    own = "ohm m" if kind == "metal" else unit
    factor = quantity(f"1 {table['unit']}", own, f"{place}, unit") if "unit" in table else 1.0
    given = {field: table[field] for field in fields if field in table}
    for field in set(given) & set(_WITH_UNIT):
        given[field] = _scaled(given[field], factor, f"{own}/K" if field == "slope" else own, f"{place}, {field}")
    if kind == "constant":
        return _constants(given["value"], table.get("range"))
    return law(**given, range=table.get("range"))


def _constants(value: Any, interval: Any) -> Any:
    """A constant law; for a list of numbers, or of lists of them, as many laws."""
    if isinstance(value, tuple):
        return tuple(_constants(item, interval) for item in value)
    return Constant(value, range=interval)


def _joined(sources: Iterable[str | None]) -> str | None:
    return "; ".join(dict.fromkeys(source for source in sources if source is not None)) or None


def _scaled(value: Any, factor: float, unit: str, name: str) -> Any:
    """Numbers times the factor of their unit; strings carry their own."""
    if isinstance(value, list):
        return tuple(_scaled(item, factor, unit, name) for item in value)
    number = quantity(value, unit, name)
    return number if isinstance(value, str) else number * factor


def _read_source(table: Mapping[str, Any], place: str) -> str | None:
    source = table.get("source")
    if source is not None and not isinstance(source, str):
        raise MaterialError(f"{place}, source: {source!r} is no text; name the book, paper or data sheet")
    return source


def _check_keys(table: Any, known: Iterable[str], place: str) -> None:
    if not isinstance(table, Mapping):
        raise MaterialError(f"{place}: {table!r} is no table; allowed keys are {', '.join(known)}")
    names = tuple(known)
    for key in table:
        if key not in names:
            raise MaterialError(f"{place}: unknown key '{key}'; {near_misses(str(key), names)}")


def _placed(error: InputError, place: str) -> InputError:
    """The same error with the file and the table in front, unless it names them already."""
    text = str(error)
    return error if text.startswith(place) else type(error)(f"{place}: {text}")
