"""How exact outputs are asked to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import InputError
from mcpthermal.package.points import is_list
from mcpthermal.units import in_si, quantity


@dataclass(frozen=True)
class AccuracySpec:
    """Outputs, and how far they may be from those of an infinitely fine mesh.

    Parameters
    ----------
    goal : str or sequence of str, optional
        Such as ``"max_temperature(memory)"``; default: the highest temperature of each chip.
    tolerance : float or str
        A number is relative, of temperatures to their rise over the ambient, and so is ``"0.5 %"``; a string with a
        unit such as ``"0.2 K"`` is absolute.
    max_unknowns, max_seconds : float, optional
        What may be spent.

    Raises
    ------
    InputError
    """

    goal: Any = ()
    tolerance: float | str = 0.005
    max_unknowns: float = 2_000_000
    max_seconds: float = 3600.0

    def __post_init__(self) -> None:
        goals = tuple(self.goal) if is_list(self.goal) else (self.goal,)
        for goal in goals:
            if not isinstance(goal, str):
                raise InputError(f"goal {goal!r} of the accuracy must be a string such as 'max_temperature(chip)'")
        object.__setattr__(self, "goal", goals)
        object.__setattr__(self, "tolerance", read_tolerance(self.tolerance))
        object.__setattr__(self, "max_unknowns", quantity(self.max_unknowns, "", "max_unknowns", minimum=1))
        object.__setattr__(self, "max_seconds", quantity(self.max_seconds, "s", "max_seconds", above=0.0))


def read_tolerance(tolerance: Any) -> float | str:
    """A relative tolerance as a number, one with a unit as it is.

    Raises
    ------
    InputError
        If a relative one is not between 0 and 1.
    """
    text = tolerance.strip() if isinstance(tolerance, str) else None
    if text is not None and text.endswith("%"):
        return 0.01 * quantity(_plain(text[:-1], tolerance), "", "tolerance in %", above=0.0, maximum=100.0)
    if text is not None:
        number = in_si(text)
        if isinstance(number, str) or not number > 0 or text[-1].isdigit():
            raise InputError(f"tolerance {tolerance!r} is no positive number with a unit; write '0.2 K' or '0.5 %'")
        return text
    return quantity(tolerance, "", "tolerance", above=0.0, maximum=1.0)


def _plain(text: str, given: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"tolerance {given!r} is no number of %; write '0.5 %'") from None
