"""What holds a module while it is tested, and takes its heat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import InputError
from mcpthermal.loads import (
    THERMAL,
    Convection,
    FixedTemperature,
    HeatFlux,
    Leakage,
    Power,
    PowerMap,
    PowerTrace,
)
from mcpthermal.package.points import is_list
from mcpthermal.units import quantity

SOURCES = (Power, Leakage, PowerMap, PowerTrace, HeatFlux)
"""What heats a module by itself."""


@dataclass(frozen=True)
class Chuck:
    """A chuck of one temperature at a face of the module.

    Parameters
    ----------
    place : str
        A face, such as ``"bottom"`` or ``"logic.bottom"``.
    temperature : float
        (K), or a string such as ``"25 degC"``.
    contact_resistance : float
        Of the unit area between face and chuck (m2 K/W); with 0 the face has the chuck's temperature.
    """

    place: str
    temperature: float
    contact_resistance: float = 0.0

    def __post_init__(self) -> None:
        what = f"of the chuck at '{self.place}'"
        object.__setattr__(self, "temperature", quantity(self.temperature, "K", f"temperature {what}", above=0.0))
        value = quantity(self.contact_resistance, "m2 K/W", f"contact resistance {what}", minimum=0.0)
        object.__setattr__(self, "contact_resistance", value)
        self.loads()

    def loads(self) -> tuple[Any, ...]:
        """The chuck as a load."""
        if self.contact_resistance == 0.0:
            return (FixedTemperature(self.place, self.temperature),)
        return (Convection(self.place, 1.0 / self.contact_resistance, self.temperature),)


@dataclass(frozen=True)
class StillAir:
    """Still air at faces of the module.

    Parameters
    ----------
    ambient : float
        (K), or a string such as ``"25 degC"``.
    h : float, Law or Film
        Heat transfer coefficient, of convection and radiation together (W/(m2 K)).
    places : sequence of str
    """

    ambient: float
    h: Any = 10.0
    places: tuple[str, ...] = ("top", "bottom", "sides")

    def __post_init__(self) -> None:
        object.__setattr__(self, "ambient", quantity(self.ambient, "K", "ambient of still air", above=0.0))
        object.__setattr__(self, "places", tuple(self.places) if is_list(self.places) else (self.places,))
        self.loads()

    def loads(self) -> tuple[Any, ...]:
        """The air as loads."""
        return tuple(Convection(place, self.h, self.ambient) for place in self.places)


def check_fixture(fixture: Any, test: str) -> tuple[Any, ...]:
    """The items of a fixture as a tuple.

    Raises
    ------
    InputError
        If one of them is none, or varies in time: readings begin in one steady state.
    """
    items = tuple(fixture) if is_list(fixture) else (fixture,)
    for item in items:
        if not isinstance(item, (Chuck, StillAir, *THERMAL)):
            raise InputError(f"fixture of test '{test}': {item!r} is no Chuck, StillAir or thermal load")
    for load in loads_of(items):
        if load.varies:
            raise InputError(
                f"fixture of test '{test}': the {type(load).__name__} at '{load.place}' varies in time, so that there "
                "is no steady state to begin in; give what it is at one time, load.at(time)"
            )
    return items


def loads_of(fixture: Sequence[Any]) -> tuple[Any, ...]:
    """What holds the module, as loads."""
    return tuple(load for item in fixture for load in (item.loads() if hasattr(item, "loads") else (item,)))


def is_uniform(loads: Sequence[Any]) -> bool:
    """Whether a module that these loads hold is of one temperature, that of all its surroundings, before its test."""
    levels = {getattr(load, "ambient", getattr(load, "temperature", None)) for load in loads} - {None}
    return len(levels) == 1 and not any(isinstance(load, SOURCES) for load in loads)
