"""What all loads have in common: a value of theirs may be a waveform instead of a number."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, Self

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.loads.waveform import Waveform
from mcpthermal.units import describe, quantity


class Load:
    """What is done at a place. Some values may be a `Waveform`, a function of the time."""

    def _waveforms(self) -> dict[str, Waveform]:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))  # type: ignore[arg-type]
        return {name: value for name, value in values if isinstance(value, Waveform)}

    @property
    def varies(self) -> bool:
        """Whether it is a function of the time."""
        return bool(self._waveforms())

    def at(self, time: float) -> Any:
        """The load with its values at a time (s), all numbers; itself if it does not vary.

        Raises
        ------
        InputError
            If a value is not allowed at that time.
        """
        found = self._waveforms()
        if not found:
            return self
        values = {name: waveform(time) for name, waveform in found.items()}
        try:
            return self._with(values)
        except InputError as error:
            raise type(error)(f"{error}; this is at a time of {describe(time, 's')}") from error

    def _with(self, values: dict[str, Any]) -> Self:
        """The load with numbers in place of its waveforms."""
        return replace(self, **values)  # type: ignore[type-var]

    def next_corner(self, time: float) -> float:
        """The first time after `time` (s) at which a value or its slope jumps; inf if there is none."""
        return min((waveform.next_corner(time) for waveform in self._waveforms().values()), default=math.inf)


def read_varying(value: Any, unit: str, name: str, **limits: float | None) -> Any:
    """A number in a unit, or a waveform whose extremes are within the limits; InputError if it is neither."""
    if not isinstance(value, Waveform):
        return quantity(value, unit, name, **limits)
    times = value.landmarks()
    values = value(times)
    for extreme in (int(np.argmin(values)), int(np.argmax(values))):
        quantity(float(values[extreme]), unit, f"{name} at a time of {describe(float(times[extreme]), 's')}", **limits)
    return value
