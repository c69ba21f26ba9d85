"""What is asked for of a solution in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcpthermal.materials.base import read_numbers
from mcpthermal.package.points import is_list
from mcpthermal.units import quantity


@dataclass(frozen=True)
class TransientSpec:
    """How far in time, from what, how exactly, and what is kept. Strings with units are accepted.

    Parameters
    ----------
    until : float
        The end (s); the begin is 0.
    initial : float, optional
        The uniform temperature (K) to begin with.
    tolerance : float, optional
        Of the temperature (K).
    relative_tolerance : float, optional
        Of the rise of the temperature.
    save : float or sequence of float, optional
        When the fields are kept: the interval (s), or the times (s), which are sorted.

    Raises
    ------
    InputError
        If a value is no number, or not above 0; a time to save may be 0, and is at most `until`.
    """

    until: float
    initial: float | None = None
    tolerance: float | None = None
    relative_tolerance: float | None = None
    save: float | tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        units = {"until": "s", "initial": "K", "tolerance": "delta K", "relative_tolerance": ""}
        for name, unit in units.items():
            value = getattr(self, name)
            if name == "until" or value is not None:
                value = quantity(value, unit, f"{name} of a transient", above=0.0)
            object.__setattr__(self, name, value)
        save: Any = self.save
        if is_list(save):
            times = read_numbers(save, "s", "times to save of a transient", minimum=0.0, maximum=self.until)
            object.__setattr__(self, "save", tuple(sorted(set(times))))
        elif save is not None:
            object.__setattr__(self, "save", quantity(save, "s", "interval to save of a transient", above=0.0))
