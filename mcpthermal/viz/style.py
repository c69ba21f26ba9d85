"""One look for all pictures: fields with their units and colours, materials with theirs, and scale ends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, near_misses
from mcpthermal.package.package import Package
from mcpthermal.package.points import is_list
from mcpthermal.result.fields import Fields
from mcpthermal.result.steady import SteadyResult
from mcpthermal.units import quantity, whole_number

Floats = NDArray[np.float64]

STRETCH = 2.0
"""How much pictures of a package stretch z, so that thin layers can be seen; written in the title."""

MILLIMETRES = 1e3
"""Pictures are in mm."""

DECADES = 4
"""How many a logarithmic scale shows."""

MOST_CONTOURS = 100

SAME = 1e-9
"""Values as near to each other, relative to their size, are drawn as one."""

MOST_STRETCH = 1000.0

DIFFERENCE = "RdBu_r"
"""The colours of differences: white is none."""


@dataclass(frozen=True)
class Quantity:
    """A field as people see it.

    Attributes
    ----------
    title : str
    unit : str
        Of the picture; the value is ``factor`` times the SI value plus ``shift``.
    factor, shift : float
    colours : str
        A map that the colour-blind can read, too.
    nodal : bool
        Whether it lives at the nodes, or else in each cell.
    electrical : bool
        Whether it exists in conductors alone.
    logarithmic : bool
    """

    title: str
    unit: str
    factor: float
    shift: float
    colours: str
    nodal: bool = False
    electrical: bool = False
    logarithmic: bool = False

    @property
    def heading(self) -> str:
        """For a scale: title and unit on two lines."""
        return f"{self.title}\n({self.unit})"

    @property
    def axis(self) -> str:
        """For an axis: title and unit on one line."""
        return f"{self.title}, {self.unit}"

    def shown(self, values: Any) -> Floats:
        """SI values, or vectors, as numbers of the scale."""
        numbers = np.asarray(values, float)
        if numbers.ndim == 2:
            numbers = np.linalg.norm(numbers, axis=1)
        return numbers * self.factor + self.shift

    def limits(self, values: Any) -> tuple[float, float]:
        """The ends of the scale for numbers of it; a logarithmic one has whole decades, from 1, 2 or 5 on."""
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        if self.logarithmic:
            high = high if high > 0 else 1.0
            power = 10.0 ** math.floor(math.log10(high))
            top = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= high * (1 - 1e-9))
            return top / 10.0**DECADES, top
        if high - low <= SAME * max(abs(low), abs(high)):
            # One colour needs a scale with two ends all the same.
            width = max(abs(high), 1.0) * 1e-6
            return low - width, high + width
        return low, high


FIELDS: Mapping[str, Quantity] = {
    "temperature": Quantity("Temperature", "degC", 1.0, -273.15, "inferno", nodal=True),
    "potential": Quantity("Potential", "mV", 1e3, 0.0, "viridis", nodal=True, electrical=True),
    "current_density": Quantity("Current density", "A/cm2", 1e-4, 0.0, "viridis", electrical=True, logarithmic=True),
    "joule_density": Quantity("Joule heat", "W/mm3", 1e-9, 0.0, "inferno", electrical=True, logarithmic=True),
    "heat_flux": Quantity("Heat flux", "W/cm2", 1e-4, 0.0, "inferno", logarithmic=True),
}
"""What can be drawn."""

MATERIALS: Mapping[str, str] = {
    "copper": "#c87533",
    "silicon": "#5b6f8a",
    "sac305": "#84898f",
    "bt_laminate": "#5f8f5a",
    "fr4": "#6d9b52",
    "alumina": "#d9d2c5",
    "aluminium_nitride": "#a59c90",
    "epoxy_mould": "#3c3f44",
    "underfill_epoxy": "#5c93b5",
    "die_attach_epoxy": "#b09030",
    "polyimide": "#d9952b",
    "aluminium": "#c3cad1",
    "gold": "#e2b93b",
}
_SPARE = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")


def material_colours(package: Package) -> dict[str, str]:
    """A colour for each material of a package, those of the library always the same."""
    names = dict.fromkeys(part.material.name for part in package.parts if not part.is_void)
    unknown = [name for name in names if name not in MATERIALS]
    spare = {name: _SPARE[number % len(_SPARE)] for number, name in enumerate(unknown)}
    return {name: MATERIALS.get(name) or spare[name] for name in names}


def check_field(result: SteadyResult, field: str) -> Quantity:
    """What a field of a result is.

    Raises
    ------
    InputError
        For an unknown field, a current's field in a case without currents, or what is no steady result.
    """
    if not isinstance(result, SteadyResult):
        raise InputError(
            f"fields are drawn of a SteadyResult, not of {type(result).__name__}; of a transient give its 'final' or "
            "one of its 'snapshots'"
        )
    if not isinstance(field, str) or field not in FIELDS:
        raise InputError(f"there is no field '{field}' to draw; {near_misses(str(field), FIELDS)}")
    if FIELDS[field].electrical and result.electrical is None:
        raise InputError(f"'{field}' cannot be drawn: the case '{result.case.name}' has no electrical terminals")
    if FIELDS[field].electrical and not current_flows(result):
        raise InputError(f"'{field}' cannot be drawn: no current flows in the case '{result.case.name}'")
    return FIELDS[field]


def check_stretch(stretch: Any) -> float:
    """A factor on z.

    Raises
    ------
    UnitError
        If it is no number above 0 and up to 1000.
    """
    return quantity(stretch, "", "stretch of z", above=0.0, maximum=MOST_STRETCH)


def check_contours(count: Any) -> int:
    """How many lines of equal value are wanted.

    Raises
    ------
    InputError
        If it is no whole number from 0 to 100.
    """
    return whole_number(count, "contours", 0, MOST_CONTOURS)


def check_limits(limits: Any, look_up: Quantity) -> tuple[float, float] | None:
    """The ends of a scale that were asked for, in its unit.

    Raises
    ------
    InputError
        If they are not two finite numbers, the lower first, and above 0 on a logarithmic scale.
    """
    if limits is None:
        return None
    ends = tuple(limits) if is_list(limits) else ()
    if len(ends) != 2 or not all(isinstance(end, (int, float)) and math.isfinite(end) for end in ends):
        raise InputError(f"limits={limits!r} must be two numbers, (low, high), in {look_up.unit}")
    low, high = (float(end) for end in ends)
    if not low < high or (look_up.logarithmic and low <= 0):
        positive = " and above 0, as the scale is logarithmic" if look_up.logarithmic else ""
        raise InputError(f"limits=({low:g}, {high:g}) {look_up.unit}: the lower end must come first{positive}")
    return low, high


def raw_values(fields: Fields, name: str) -> Floats:
    """The SI values of a field, at nodes or in cells."""
    return fields.point_values[name] if FIELDS[name].nodal else fields.cell_values[name]


def current_cells(fields: Fields) -> NDArray[np.bool_]:
    """The cells that carry current."""
    density: NDArray[np.bool_] = np.linalg.norm(fields.cell_values["current_density"], axis=1) > 0
    return density


def current_flows(result: SteadyResult) -> bool:
    """Whether there is a current to draw."""
    return result.electrical is not None and bool(current_cells(result.fields).any())


def stretched(stretch: float) -> str:
    """For titles."""
    return "true scale" if stretch == 1 else f"z stretched {stretch:g} times"


def number_text(value: float) -> str:
    """Four digits, thousands parted."""
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def map_colours(name: str, count: int) -> list[str]:
    """So many colours of a map, evenly from its lower end to its upper."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps[name](n / (count - 1))) for n in range(count)]


def round_levels(limits: Sequence[float], count: int, ends: bool = False) -> list[float]:
    """About so many round numbers between two, with these if they are round and wanted."""
    low, high = limits
    rough = (high - low) / max(count, 1)
    if not rough > 0:
        return []
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9)) * power
    levels = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return [float(level) for level in levels if ends or low < level < high]


def scale_numbers(limits: Sequence[float], logarithmic: bool) -> list[float]:
    """Round numbers for a scale; on a logarithmic one its upper end and the tenths of that."""
    low, high = limits
    if not logarithmic:
        return round_levels(limits, 8, ends=True)
    return [high / 10.0**n for n in reversed(range(math.floor(math.log10(high / low) + 1e-9) + 1))]
