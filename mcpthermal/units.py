"""Units and signs, and the one door through which values enter.

Everything is SI: what goes in, what comes out and what is written to files. Temperatures are absolute
and in kelvin; degrees Celsius are for people (:func:`celsius`, ``"25 degC"``, tables). Heat and current
*into* the body are positive.

Wherever a number is accepted, so is a string with a unit, such as ``"200 um"`` or ``"3 mohm"``. Strings
are read here and nowhere else; the library that knows the units is loaded with the first of them.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

from mcpthermal.errors import UnitError

Value: TypeAlias = float | str  # a number in SI units, or a string with a unit

nm, um, mm, cm, m = 1e-9, 1e-6, 1e-3, 1e-2, 1.0
mA, mV, mW, uohm, mohm = 1e-3, 1e-3, 1e-3, 1e-6, 1e-3
ZERO_CELSIUS = 273.15  # in K
LONGEST_SHOWN = 60  # characters of a wrong value in a message

# What a value in a unit is called, and an example of it: the vocabulary of the messages.
# fmt: off
_KINDS = {
    "": ("a pure number", "0.9"), "m": ("a length", "0.3 mm"), "m2": ("an area", "4 mm2"),
    "s": ("a time", "5 ms"), "Hz": ("a frequency", "10 kHz"), "K": ("a temperature", "25 degC"),
    "A": ("a current", "2 A"), "V": ("a voltage", "50 mV"), "W": ("a power", "1.5 W"),
    "ohm": ("a resistance", "3 mohm"), "ohm m": ("an electrical resistivity", "17.2 nohm m"),
    "ohm m2": ("a contact resistivity", "1e-8 ohm cm2"), "K/W": ("a thermal resistance", "12 K/W"),
    "m2 K/W": ("a thermal resistance of an area", "5e-6 m2 K/W"), "W/m2": ("a heat flux", "2 W/cm2"),
    "W/(m2 K)": ("a heat transfer coefficient", "1000 W/(m2 K)"), "W/m3": ("a power density", "1 W/mm3"),
    "W/(m K)": ("a thermal conductivity", "130 W/(m K)"), "J": ("an energy", "2 mJ"),
    "S/m": ("an electrical conductivity", "5.8e7 S/m"), "kg/m3": ("a density", "8.96 g/cm3"),
    "J/(kg K)": ("a specific heat", "385 J/(kg K)"), "1/K": ("a temperature coefficient", "0.0039 1/K"),
    "B": ("a size of memory", "4 GB"), "delta K": ("a difference of temperatures", "0.2 K"),
}
# fmt: on
_DELTA = "delta "  # before a unit of which only differences count: those of degC and degF have no zero in common
_PREFIXES = {"G": 1e9, "M": 1e6, "k": 1e3, "": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}
_PREFIXED = {"A", "V", "W", "ohm", "Hz", "J", "m", "s"}
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_POWER = re.compile(r"([A-Za-zµμΩΩ°])(?:\*\*|\^)?(-?\d)(?!\d)")
# Only names with small powers reach the parser of units, which would otherwise evaluate arithmetic.
_SAFE_UNIT = re.compile(r"(?:[A-Za-zµμΩΩ°%_]++(?:\*\*-?\d(?!\d))?|1(?![\d.])|[\s*/()·])*+")


def celsius(temperature: float) -> float:
    """The absolute temperature of a Celsius temperature.

    Parameters
    ----------
    temperature : float
        In degC.

    Returns
    -------
    float
        In K.

    Raises
    ------
    UnitError
        If it is not a finite number, or below absolute zero.
    """
    kelvin = _finite(temperature, "", "celsius()") + ZERO_CELSIUS
    return quantity(kelvin, "K", "celsius()", minimum=0.0)


def quantity(
    value: Value,
    unit: str,
    name: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
) -> float:
    """Read a value: a number in an SI unit, or a string with any unit of the same kind.

    Parameters
    ----------
    value : float or str
        A real number in `unit`, or a string such as ``"200 um"`` or ``"25 degC"``.
    unit : str
        The SI unit, such as ``"m"`` or ``"W/(m2 K)"``; ``""`` for a pure number, ``"delta K"`` for a difference of
        temperatures.
    name : str
        What the value is, for messages: ``"thickness of chip 'logic'"``.
    minimum, maximum : float, optional
        Inclusive limits in `unit`.
    above : float, optional
        Exclusive lower limit in `unit`.

    Returns
    -------
    float
        The value in `unit`.

    Raises
    ------
    UnitError
        If it is no finite number, has no unit or the wrong one, or lies outside the limits.
    """
    number = _parse(value, unit, name) if isinstance(value, str) else _finite(value, unit, name)
    if above is not None and number <= above:
        raise _limit_error(value, number, unit, name, "above", above)
    if minimum is not None and number < minimum:
        raise _limit_error(value, number, unit, name, "at least", minimum)
    if maximum is not None and number > maximum:
        raise _limit_error(value, number, unit, name, "at most", maximum)
    return number


def whole_number(value: Any, name: str, least: int = 1, most: int | None = None) -> int:
    """Read a whole number.

    Raises
    ------
    UnitError
        If it is none, or outside the limits, which are inclusive.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if is_number and least <= value <= (math.inf if most is None else most) and value % 1 == 0:
        return int(value)
    limits = f"of at least {least}" if most is None else f"from {least} to {most:,}"
    raise UnitError(f"{name}: {_shown(value)} must be a whole number {limits}")


def in_si(value: Any) -> Any:
    """A value whose kind is not known: a string of a number and a known unit becomes the number in SI; others stay."""
    known = _recognised(value)
    return known[1] if known else value


def check_alike(values: Iterable[Any], name: str) -> None:
    """Refuse values of different kinds, such as watts beside millimetres; numbers and words are of any kind.

    Raises
    ------
    UnitError
    """
    first: tuple[str, Any] | None = None
    for value in values:
        known = _recognised(value)
        if known is None or not known[0]:
            continue
        if first is not None and known[0] != first[0]:
            kinds = " and ".join(f"'{text}' is {_KINDS[unit][0]}" for unit, text in (first, (known[0], value)))
            raise UnitError(f"{name}: {kinds}; give all values in units of one kind")
        first = first or (known[0], value)


def _recognised(value: Any) -> tuple[str, float] | None:
    """The SI unit of a string of a number and a known unit, and the number in it; None for everything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        for unit in _KINDS:
            try:
                return unit, _parse(value, unit, "")
            except UnitError:
                continue
    return None


def lengths(
    values: Iterable[Value], name: str, *, count: int | None = None, **limits: float | None
) -> tuple[float, ...]:
    """Read several lengths, such as the coordinates of a point or the sides of a rectangle.

    Parameters
    ----------
    values : iterable of float or str
        Lengths in m, or strings such as ``"0.3 mm"``.
    name : str
        What they are, for messages.
    count : int, optional
        How many there must be.
    **limits : float, optional
        `minimum`, `maximum` and `above` in m for each of them, as for :func:`quantity`.

    Raises
    ------
    UnitError
        If there are more or fewer than `count`, or one of them is no length or outside the limits.
    """
    remedy = f"give {count if count is not None else 'several'} lengths, e.g. (1e-3, '2 mm')"
    if isinstance(values, str) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        raise UnitError(f"{name}: {values!r} is a single value; {remedy}")
    items = tuple(values)
    if count is not None and len(items) != count:
        raise UnitError(f"{name}: {items!r} has {len(items)} values; {remedy}")
    return tuple(quantity(x, "m", f"{name}, value {i}", **limits) for i, x in enumerate(items, start=1))


def describe(value: float, unit: str) -> str:
    """A value for people: six significant digits, with a prefix where the unit is a single one.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        An SI unit. Temperatures from 200 K on also show degC; smaller ones are taken for differences.

    Returns
    -------
    str
        Such as ``"200 um"``, ``"358.15 K (85 degC)"`` or ``"1000 W/(m2 K)"``.
    """
    plain = unit.removeprefix(_DELTA)
    text = f"{value:.6g} {plain}".rstrip()
    if not math.isfinite(value):
        return text
    if unit == "K" and value >= 200.0:
        return f"{text} ({round(value - ZERO_CELSIUS, 6) + 0.0:.6g} degC)"
    size = abs(float(f"{value:.6g}"))
    if unit not in _PREFIXED or size < 1e-12 or (unit in ("m", "s") and size >= 1.0):
        return text
    prefix = next(prefix for prefix, factor in _PREFIXES.items() if size >= factor)
    return f"{value / _PREFIXES[prefix]:.6g} {prefix}{unit}"


def _remedy(unit: str) -> str:
    """What is needed and how to write it, as the end of a message."""
    kind, example = _KINDS.get(unit, ("a quantity", f"1.5 {unit}"))
    if not unit:
        return f"{kind} is needed, e.g. {example}"
    plain = unit.removeprefix(_DELTA)
    return f"{kind} ({plain}) is needed, e.g. '{example}' or a plain number in {plain}"


def _shown(value: Any) -> str:
    """A value for messages on one line: what is given in place of a number may be a whole array or mesh."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({type(value).__name__})"


def _finite(value: Any, unit: str, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise UnitError(f"{name}: {_shown(value)} is no number; {_remedy(unit)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UnitError(f"{name}: {describe(number, unit)} is not finite; {_remedy(unit)}")
    return number


def _parse(text: str, unit: str, name: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None or (unit and not match[2]):
        lack = "has no unit" if match else "does not begin with a finite number"
        raise UnitError(f"{name}: '{text}' {lack}; {_remedy(unit)}")
    conversion = _conversion(match[2], unit) if match[2] else (1.0, 0.0)
    if isinstance(conversion, str):
        raise UnitError(f"{name}: '{text}' {conversion}; {_remedy(unit)}")
    number = float(match[1]) * conversion[0] + conversion[1]
    if conversion[1] and number < 0.0:
        raise UnitError(f"{name}: '{text}' is below absolute zero ({-ZERO_CELSIUS} degC); {_remedy(unit)}")
    return _finite(number, unit, name)


@lru_cache(maxsize=512)
def _conversion(given: str, unit: str) -> tuple[float, float] | str:
    """Factor and offset (of degC and degF) to an SI unit, or what is wrong with the given unit."""
    if given == unit:
        return 1.0, 0.0
    if unit.startswith(_DELTA):
        found = _conversion(given, unit.removeprefix(_DELTA))
        return "is a temperature" if not isinstance(found, str) and found[1] else found
    registry, spelled, wanted = _registry(), _spelled(given), _spelled(unit)
    unreadable = f"has the unit '{given}', which is not known"
    if len(spelled) > 80 or not _SAFE_UNIT.fullmatch(spelled):
        return unreadable
    # The parser of units raises a dozen kinds of exceptions at malformed text; all mean the same here.
    try:
        parsed = registry.parse_units(spelled)
        if not parsed.is_compatible_with(wanted):
            known = (si for si in _KINDS if not si.startswith(_DELTA))
            kinds = (_KINDS[si][0] for si in known if parsed.is_compatible_with(_spelled(si)))
            return f"is {next(kinds, 'in ' + given)}"
        zero, one, two = (float(registry.Quantity(x, parsed).to(wanted).magnitude) for x in (0.0, 1.0, 2.0))
    except Exception:
        return unreadable
    if not math.isclose(two - one, one - zero, rel_tol=1e-9):
        return f"has the logarithmic unit '{given}', which is not supported"
    # Fifteen digits drop the rounding of the conversion, so that "200 um" equals 200 * um.
    return float(f"{one - zero:.12g}" if zero else f"{one:.15g}"), float(f"{zero:.12g}")


def _spelled(unit: str) -> str:
    """A unit as the parser wants it: ``"W/(m2 K)"`` becomes ``"W/(m**2 K)"``."""
    plain = unit.translate({ord("²"): "2", ord("³"): "3", ord("·"): "*", ord("⋅"): "*"})
    return _POWER.sub(r"\1**\2 ", plain).strip()


@lru_cache(maxsize=1)
def _registry() -> Any:
    """The registry of units, made once; its library takes a moment to load."""
    import pint

    return pint.UnitRegistry()


def _limit_error(value: Value, number: float, unit: str, name: str, relation: str, limit: float) -> UnitError:
    shown, bound = describe(number, unit), describe(limit, unit)
    if shown == bound and number != limit:
        shown, bound = (f"{exact!r} {unit.removeprefix(_DELTA)}".rstrip() for exact in (number, limit))
    written = f"'{value}'" if isinstance(value, str) else shown
    return UnitError(f"{name}: {written} is not allowed, it must be {relation} {bound}; {_remedy(unit)}")
