"""Variants of a case in one of its numbers, named by what it belongs to.

=============================== ================================================================================
name                            number
=============================== ================================================================================
``"via_depth"``                 depth of the first vias (m); the modules stay, and their cover changes
``"module_height"``             height of the highest module (m); chips thicken in proportion, the via depth stays
``"<part>.thickness"``          of a part and of all that lies beside it (m); what lies above moves with it
``"<place>.<field>"``           of the load there: ``power`` (W), ``h`` (W/(m2 K)), ``ambient`` (K), ``current``
                                (A), ``voltage`` (V), ``emissivity``, ``thermal_resistance`` (K/W), ``flux`` (W/m2),
                                ``temperature`` (K)
``"<material>.<property>"``     of a material, where it is constant: ``thermal_conductivity`` (W/(m K)) or
                                ``electrical_conductivity`` (S/m)
=============================== ================================================================================
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np

from mcpthermal.case.case import Case
from mcpthermal.errors import InputError, near_misses
from mcpthermal.materials import Constant
from mcpthermal.units import describe

LOAD_FIELDS = (
    "power",
    "h",
    "ambient",
    "current",
    "voltage",
    "emissivity",
    "thermal_resistance",
    "flux",
    "temperature",
)
PROPERTIES = ("thermal_conductivity", "electrical_conductivity")
HEIGHTS = ("via_depth", "module_height")


def number_of(case: Case, name: str) -> float:
    """The number of a case that goes by a name, in SI units.

    Raises
    ------
    InputError
        If the case has no such number, or it is no constant.
    """
    owner, field = _split(name)
    if not owner:
        value = getattr(case.package, field)
        if value <= 0:
            raise InputError(f"'{name}': the package has no {field.replace('_', ' ')}; name another parameter")
        return float(value)
    if field == "thickness":
        return case.package[owner].thickness
    return _constant(getattr(_bearers(case, owner, field)[0], field), name)


def variant(case: Case, values: Mapping[str, float]) -> Case:
    """The same case with other numbers, by their names.

    Parameters
    ----------
    case : Case
    values : mapping
        Of names to values in SI units. Those that are the case's own change nothing, whatever the others move.

    Raises
    ------
    InputError
        As `number_of`.
    GeometryError, LoadError, MaterialError
        If there cannot be such a case.
    """
    for name, value in {name: value for name, value in values.items() if value != number_of(case, name)}.items():
        owner, field = _split(name)
        if field == "thickness" or not owner:
            case = _restacked(case, _heights(case, owner, field, value))
        elif field in PROPERTIES:
            parts = tuple(
                replace(part, material=replace(part.material, **{field: value}))
                if getattr(part.material, "name", None) == owner
                else part
                for part in case.package.parts
            )
            case = replace(case, package=replace(case.package, parts=parts))
        else:
            old = _bearers(case, owner, field)
            loads = (replace(load, **{field: value}) if load in old else load for load in case.loads)
            case = replace(case, loads=tuple(loads))
    return case


def check_arguments(make_case: Callable[..., Any], parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that a function does not take, or does not get.

    Raises
    ------
    InputError
    """
    try:
        signature = inspect.signature(make_case)
    except (TypeError, ValueError):  # a callable without one
        return
    try:
        signature.bind(**parameters)
    except TypeError as error:
        name = getattr(make_case, "__name__", "make_case")
        raise InputError(f"{name}{signature} cannot be called with {', '.join(parameters)}: {error}") from None


def _split(name: str) -> tuple[str, str]:
    """What a number belongs to, and which one it is."""
    if not isinstance(name, str):
        raise InputError(f"{name!r} is no name of a number of a case; give a string such as 'logic.power'")
    owner, _, field = name.rpartition(".")
    known = ("thickness", *LOAD_FIELDS, *PROPERTIES) if owner else HEIGHTS
    if field not in known:
        raise InputError(
            f"'{name}' names no number of a case; give 'via_depth', 'module_height', or a part, place or material with "
            f"a field such as 'logic.thickness', 'logic.power', 'silicon.thermal_conductivity'; "
            f"{near_misses(field, known)}"
        )
    return owner, field


def _bearers(case: Case, owner: str, field: str) -> list[Any]:
    """The loads at a place, or one material, that have a field."""
    if field in PROPERTIES:
        solid = [part for part in case.package.parts if not part.is_void]
        named = {part.material.name: part.material for part in solid}
        own = [part for part in solid if part.material.name == owner]
        if any(part.material != own[0].material for part in own):
            parts = ", ".join(part.name for part in own)
            raise InputError(f"'{owner}.{field}': different materials of {parts} have the name '{owner}'; rename them")
        if owner not in named:
            raise InputError(f"'{owner}.{field}': no part is made of '{owner}'; {near_misses(owner, named)}")
        return [named[owner]]
    bearing = [load for load in case.loads if field in {item.name for item in fields(load)}]
    found = [load for load in bearing if getattr(load, field) is not None]
    places = [getattr(load, "place", "") for load in found]
    if places.count(owner) != 1:
        count = "no load" if owner not in places else f"{places.count(owner)} loads"
        raise InputError(f"'{owner}.{field}': {count} at '{owner}' with {field}; {near_misses(owner, places)}")
    return [load for load, place in zip(found, places, strict=True) if place == owner]


def _constant(value: Any, name: str) -> float:
    if isinstance(value, tuple) and len(set(value)) == 1:  # along all axes the same
        value = value[0]
    value = value.value if isinstance(value, Constant) else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"'{name}' is no constant but {value!r}; describe the case by a function of your own numbers")
    return float(value)


def _heights(case: Case, owner: str, field: str, value: float) -> tuple[list[float], list[float]]:
    """Heights of a package and where they move; between them all moves in proportion (m)."""
    package = case.package
    if package.mesh is not None:
        raise InputError(f"'{owner or field}': the package is an imported mesh, whose heights are what they are")
    z = sorted({end for part in package.parts for end in part.z})
    if field == "thickness":
        low, high = package[owner].z
        _require(value > 0, owner + ".thickness", value, "above 0")
        return [z[0], low, high, z[-1]], [z[0], low, low + value, z[-1] + value - (high - low)]
    foot = min(package.parts[number].z[0] for numbers in package.groups.values() for number in numbers)
    module, depth = package.module_height, package.via_depth
    if field == "via_depth":
        _require(value > module * (1 + 1e-9), field, value, f"above the module height of {describe(module, 'm')}")
        ends = [z[0], foot + module, foot + depth, z[-1]]
        return ends, [z[0], foot + module, foot + value, z[-1] + value - depth]
    chips = [(low, high) for low, high in pairwise(z) if _in_chip(package, low, high)]
    silicon = sum(high - low for low, high in chips)
    factor = (value - (module - silicon)) / silicon
    _require(factor > 0, field, value, f"above the {describe(module - silicon, 'm')} of the bonds alone")
    below = not depth or value < depth * (1 - 1e-9)
    _require(below, field, value, f"below the via depth of {describe(depth, 'm')}")
    ends = [end for end in z if foot <= end <= foot + module * (1 + 1e-12)]
    moved = [foot]
    for low, high in pairwise(ends):
        moved.append(moved[-1] + (high - low) * (factor if (low, high) in chips else 1.0))
    top = foot + depth if depth else z[-1]
    shift = 0.0 if depth else value - module
    return [z[0], *ends, top, z[-1]], [z[0], *moved, top + shift, z[-1] + shift]


def _in_chip(package: Any, low: float, high: float) -> bool:
    return any(part.role == "chip" and part.z[0] <= low and high <= part.z[1] for part in package.parts)


def _require(allowed: bool, name: str, value: float, what: str) -> None:
    if not allowed:
        raise InputError(f"'{name}' cannot be {describe(value, 'm')}; it must be {what}")


def _restacked(case: Case, heights: tuple[list[float], list[float]]) -> Case:
    parts = []
    for part in case.package.parts:
        low, high = np.interp(part.z, *heights).tolist()
        parts.append(replace(part, z=(low, high)))
    return replace(case, package=replace(case.package, parts=tuple(parts)))
