"""A material: named properties, each of them a law of temperature."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from mcpthermal.errors import MaterialError, RangeWarning
from mcpthermal.materials.base import EXPECTED, Law
from mcpthermal.materials.law import as_law
from mcpthermal.materials.tensor import ENTRIES, check_definite, is_row, read_entries, without_zeros
from mcpthermal.units import describe, quantity

Axes = tuple[Law, ...]
"""Three laws along x, y and z, or the six of a symmetric tensor: xx, yy, zz, yz, xz, xy."""

PROPERTIES: Mapping[str, str] = {
    "thermal_conductivity": "W/(m K)",
    "electrical_conductivity": "S/m",
    "density": "kg/m3",
    "specific_heat": "J/(kg K)",
    "emissivity": "",
}
"""The properties of a material and their SI units."""

AXIAL = ("thermal_conductivity", "electrical_conductivity")
"""The properties that may differ along x, y and z."""

_SAMPLES = 50


@dataclass(frozen=True)
class Material:
    """A material.

    Properties are numbers in SI units, strings such as ``"130 W/(m K)"``, or laws of temperature. The
    conductivities may also be three of those, along x, y and z, or a full symmetric tensor: three rows of
    three, or a mapping with the keys xx, yy, zz and (0 if left out) yz, xz, xy. They are kept as three laws, or
    as six in that order; every other property as one. Materials are compared by value and can be keys.

    Parameters
    ----------
    name : str
        Its name, for messages and tables.
    thermal_conductivity : float, str, Law, three of them, or a tensor
        In W/(m K).
    electrical_conductivity : float, str, Law, three of them, or a tensor, optional
        In S/m; None makes it an electrical insulator.
    density, specific_heat : float, str or Law, optional
        In kg/m3 and J/(kg K); needed only for transients.
    emissivity : float, str or Law, optional
        Above 0 and at most 1; needed only where a surface radiates.
    sources : mapping of str, or iterable of pairs, optional
        Where the number of each property comes from; kept as sorted pairs.

    Raises
    ------
    UnitError
        If a number is not finite or a unit is wrong.
    MaterialError
        If a property is not positive, or a tensor not positive definite, over its range (0 to 125 degC for a law
        without one).
    """

    name: str
    thermal_conductivity: Any
    electrical_conductivity: Any = None
    density: Any = None
    specific_heat: Any = None
    emissivity: Any = None
    sources: Any = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise MaterialError(f"name of a material: {self.name!r} is not allowed; give a word, e.g. 'copper'")
        for property_name, unit in PROPERTIES.items():
            value = getattr(self, property_name)
            if value is None and property_name != "thermal_conductivity":
                continue
            read = self._read_axes if property_name in AXIAL else self._read_law
            object.__setattr__(self, property_name, read(value, property_name, unit))
        object.__setattr__(self, "sources", self._read_sources(self.sources))

    @property
    def thermal_axes(self) -> Axes:
        """The three or six laws of the thermal conductivity, in W/(m K)."""
        return cast(Axes, self.thermal_conductivity)

    @property
    def electrical_axes(self) -> Axes | None:
        """The three or six laws of the electrical conductivity in S/m; None in an insulator."""
        return cast("Axes | None", self.electrical_conductivity)

    @property
    def conducts(self) -> bool:
        """Whether it conducts current."""
        return self.electrical_conductivity is not None

    def source(self, property_name: str) -> str | None:
        """Where the number of a property comes from, if that was given."""
        return dict(self.sources).get(property_name)

    def laws(self) -> tuple[tuple[str, Law], ...]:
        """Every property that is given with its law; once where it is the same along all axes."""
        pairs: list[tuple[str, Law]] = []
        for property_name in PROPERTIES:
            value = getattr(self, property_name)
            if isinstance(value, tuple) and len(set(value)) > 1:
                axes = "xyz" if len(value) == 3 else ENTRIES
                pairs += [(f"{property_name} along {axis}", law) for axis, law in zip(axes, value, strict=True)]
            elif value is not None:
                pairs.append((property_name, value[0] if isinstance(value, tuple) else value))
        return tuple(pairs)

    def check_range(
        self,
        temperature_min: float,
        temperature_max: float,
        properties: Iterable[str] | None = None,
        part: str | None = None,
    ) -> None:
        """Check the laws against the temperatures at which they were used.

        Parameters
        ----------
        temperature_min, temperature_max : float
            The lowest and highest temperature in K.
        properties : iterable of str, optional
            The properties that were used; default all.
        part : str, optional
            The part in which they were used, for the warning.

        Raises
        ------
        MaterialError
            If a property is not positive, or a tensor not positive definite, somewhere in between.

        Warns
        -----
        RangeWarning
            Once for each property that was used outside the range of its source.
        """
        name = f"temperature of material '{self.name}'"
        ends = tuple(quantity(end, "K", name, minimum=0.0) for end in (temperature_min, temperature_max))
        used_names = None if properties is None else set(properties)
        where = "" if part is None else f"part '{part}': "
        outside: dict[tuple[str, float, tuple[float, float]], list[str]] = {}
        for label, law in self.laws():
            property_name, _, axis = label.partition(" along ")
            if used_names is not None and property_name not in used_names:
                continue
            _check_values(law, label, self.name, (ends[0], ends[1]))
            used = law.outside(ends)
            if used is None or law.range is None:
                continue
            worst = used[1] if used[1] > law.range[1] else used[0]
            outside.setdefault((property_name, worst, law.range), []).append(axis)
        for (property_name, worst, given), axes in outside.items():
            along = f" along {', '.join(axes)}" if axes[0] else ""
            low, high = (describe(end, "K") for end in given)
            warnings.warn(
                f"{where}material '{self.name}': {property_name}{along} was used at {describe(worst, 'K')}, outside "
                f"the range of its source, {low} to {high}; check the temperature, or give a law made for it",
                RangeWarning,
                stacklevel=2,
            )
        for property_name in AXIAL if used_names is None else used_names.intersection(AXIAL):
            self._check_tensor(property_name, (ends[0], ends[1]))

    def _check_tensor(self, property_name: str, interval: tuple[float, float]) -> None:
        laws = getattr(self, property_name)
        if laws is not None and len(laws) == 6:
            count = 1 if all(law.is_constant for law in laws) else _SAMPLES
            label = f"{property_name} of material '{self.name}'"
            check_definite(laws, PROPERTIES[property_name], label, np.linspace(*interval, count))

    def _read_axes(self, value: Any, property_name: str, unit: str) -> Axes:
        if not isinstance(value, Mapping) and not is_row(value):
            return (self._read_law(value, property_name, unit),) * 3
        values = value if isinstance(value, Mapping) else tuple(value)
        laws = read_entries(values, unit, f"{property_name} of material '{self.name}'")
        if laws is not None:
            return self._read_tensor(laws, property_name, unit)
        if len(values) != 3:
            raise MaterialError(
                f"{property_name} of material '{self.name}': {len(values)} values are not allowed; "
                "give one, three along x, y and z, or a tensor of three rows"
            )
        return tuple(
            self._read_law(v, f"{property_name} along {axis}", unit) for v, axis in zip(values, "xyz", strict=True)
        )

    def _read_tensor(self, laws: tuple[Law, ...], property_name: str, unit: str) -> Axes:
        for axis, law in zip("xyz", laws[:3], strict=True):
            self._read_law(law, f"{property_name} along {axis}", unit)
        for entry, law in zip(ENTRIES[3:], laws[3:], strict=True):
            _check_values(law, f"{property_name} along {entry}", self.name, law.range or EXPECTED)
        axes = without_zeros(laws)
        if len(axes) == 6:
            ranges = [law.range for law in axes if law.range is not None] or [EXPECTED]
            low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
            if low > high:
                raise MaterialError(
                    f"{property_name} of material '{self.name}': the ranges of its entries have no temperature in "
                    "common; give laws made for the same temperatures"
                )
            label = f"{property_name} of material '{self.name}'"
            check_definite(axes, unit, label, np.linspace(low, high, _SAMPLES))
        return axes

    def _read_law(self, value: Any, label: str, unit: str) -> Law:
        maximum = 1.0 if label == "emissivity" else None
        law = as_law(value, unit, f"{label} of material '{self.name}'", above=0.0, maximum=maximum)
        _check_values(law, label, self.name, law.range or EXPECTED)
        return law

    def _read_sources(self, sources: Any) -> tuple[tuple[str, str], ...]:
        try:
            pairs = dict(sources)
        except (TypeError, ValueError):
            pairs = {None: None}
        if not all(isinstance(text, str) for pair in pairs.items() for text in pair):
            raise MaterialError(
                f"sources of material '{self.name}': {sources!r} is not allowed; "
                "give texts by property, e.g. {'density': 'data sheet of the maker'}"
            )
        return tuple(sorted(pairs.items()))


def _check_values(law: Law, label: str, name: str, interval: tuple[float, float]) -> None:
    temperatures = np.linspace(*interval, 1 if law.is_constant else _SAMPLES)
    try:
        with np.errstate(all="ignore"):
            values = law(temperatures)
    except MaterialError as error:
        raise MaterialError(f"{label} of material '{name}': {error}") from error
    allowed = "above 0 and at most 1" if label == "emissivity" else "finite and above 0"
    signed = label.split(" along ")[-1] in ENTRIES[3:]
    allowed = "finite" if signed else allowed
    bad = ~(np.isfinite(values) & (signed | (values > 0.0)) & ((values <= 1.0) if label == "emissivity" else True))
    if bad.any():
        worst = int(np.argmax(bad))
        unit = PROPERTIES[label.split(" ")[0]]
        raise MaterialError(
            f"{label} of material '{name}' is {describe(float(values[worst]), unit)} at "
            f"{describe(float(temperatures[worst]), 'K')}; it must be {allowed}: correct the law, "
            "or state the range of temperatures for which it is meant"
        )
