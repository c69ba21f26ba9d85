"""Waveforms in case files: a table with one key, which says the kind.

    power = { pulse_train = { high = "2 W", period = "1 s", duty = 0.01 } }
    ambient = { sum = ["25 degC", { sinusoid = { amplitude = "5 K", period = "1 h" } }] }
    scale = { product = [{ step = { value = 1, at = "1 s" } }, { table = { file = "profile.csv" } }] }

The first factor of a product has the unit of the load, the others are pure numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mcpthermal.errors import CaseFileError, near_misses
from mcpthermal.loads import Waveform
from mcpthermal.loads.waveform import Product, Sum
from mcpthermal.units import quantity

UNITS = {
    ("Power", "power"): "W",
    ("HeatFlux", "flux"): "W/m2",
    ("Current", "current"): "A",
    ("CurrentLoad", "current"): "A",
    ("Voltage", "voltage"): "V",
    ("Convection", "ambient"): "K",
    ("Convection", "h"): "W/(m2 K)",
    ("Radiation", "ambient"): "K",
    ("HeatSink", "ambient"): "K",
    ("FixedTemperature", "temperature"): "K",
    ("Leakage", "scale"): "",
    ("PowerMap", "scale"): "",
}
"""What of the loads may be a waveform, and its SI unit."""

KINDS: dict[str, Callable[..., Any]] = {
    name: getattr(Waveform, name) for name in ("constant", "step", "ramp", "pulse_train", "sinusoid", "table")
}
COMBINED = {"sum": Sum, "product": Product}
_VALUES = ("value", "before", "first", "last", "high", "low", "amplitude", "offset", "values")


def is_waveform(value: Any) -> bool:
    """Whether a value of a file is a waveform rather than a number, a law or a film."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in {*KINDS, *COMBINED}


def read_waveform(reader: Any, table: Mapping[str, Any], unit: str, what: str) -> Waveform:
    """A waveform from its table.

    Parameters
    ----------
    reader : reader of the case file
    table : mapping
    unit : str
        The SI unit of its values.
    what : str
        Where it is, for messages.

    Raises
    ------
    InputError
    """
    if not is_waveform(table):
        known, given = (*KINDS, *COMBINED), ", ".join(map(repr, table)) or "nothing"
        raise CaseFileError(
            f"{reader.where}: {what} has {given}, not one kind of a waveform; {near_misses(given, known, len(known))}"
        )
    ((kind, given),) = table.items()
    what = f"{what}.{kind}"
    if kind in COMBINED:
        if not isinstance(given, list):
            raise CaseFileError(f"{reader.where}: {what} must be a list of waveforms and numbers")
        units = [unit] + (len(given) - 1) * [unit if kind == "sum" else ""]
        terms = [_term(reader, *item, f"{what}[{i}]") for i, item in enumerate(zip(given, units, strict=False))]
        return COMBINED[kind](tuple(terms))
    if not isinstance(given, Mapping):
        raise CaseFileError(f"{reader.where}: {what} must be a table")
    values = {key: _value(reader, key, value, unit, what) for key, value in given.items()}
    if kind == "table" and "file" in values:
        values["times"] = file_beside(reader, values.pop("file"), what)
    made: Waveform = reader.build(KINDS[kind], values, what)
    return made


def file_beside(reader: Any, name: Any, what: str) -> Path:
    """The path of a file that is named relative to the case file; CaseFileError if it is no text."""
    if not isinstance(name, str):
        raise CaseFileError(f"{reader.where}: {what}: file = {name!r} must be a path")
    return Path(reader.where).parent / name


def _term(reader: Any, term: Any, unit: str, what: str) -> Any:
    if isinstance(term, Mapping):
        return read_waveform(reader, term, unit, what)
    return quantity(term, unit, f"{reader.where}: {what}")


def _value(reader: Any, key: str, value: Any, unit: str, what: str) -> Any:
    """The number of a text with a unit, where the kinds of waveforms take numbers alone."""
    if key not in _VALUES:
        return value
    if isinstance(value, list):
        return [_value(reader, key, item, unit, what) for item in value]
    if not isinstance(value, str):
        return value
    name = f"{reader.where}: {what}, {key}"
    if key == "amplitude" and unit == "K" and not value.rstrip().endswith("K"):
        raise CaseFileError(f"{name}: '{value}' must be a difference in K, e.g. '5 K'")
    return quantity(value, unit, name)
