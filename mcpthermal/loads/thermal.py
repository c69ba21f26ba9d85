"""Thermal boundaries: heat and temperatures at faces. Heat into the body is positive."""

from __future__ import annotations

from dataclasses import dataclass

from mcpthermal.loads.placement import check_place
from mcpthermal.units import quantity


@dataclass(frozen=True)
class Convection:
    """Heat exchange with an ambient, q = h (T_ambient - T), at the exposed faces of a place.

    Parameters
    ----------
    place : str
    h : float
        Heat transfer coefficient (W/(m2 K)), positive.
    ambient : float
        (K), or a string such as ``"25 degC"``.
    """

    place: str
    h: float
    ambient: float

    def __post_init__(self) -> None:
        check_place(self.place, "a convection")
        coefficient = quantity(self.h, "W/(m2 K)", f"heat transfer coefficient h at '{self.place}'", above=0.0)
        object.__setattr__(self, "h", coefficient)
        object.__setattr__(self, "ambient", _temperature(self.ambient, f"ambient temperature at '{self.place}'"))


@dataclass(frozen=True)
class FixedTemperature:
    """A prescribed temperature (K) of the faces, or of the whole part, at a place."""

    place: str
    temperature: float

    def __post_init__(self) -> None:
        check_place(self.place, "a fixed temperature")
        object.__setattr__(self, "temperature", _temperature(self.temperature, f"temperature at '{self.place}'"))


@dataclass(frozen=True)
class HeatFlux:
    """Heat (W/m2), into the body if positive, over the faces at a place."""

    place: str
    flux: float

    def __post_init__(self) -> None:
        check_place(self.place, "a heat flux")
        object.__setattr__(self, "flux", quantity(self.flux, "W/m2", f"heat flux at '{self.place}'"))


def _temperature(value: float | str, name: str) -> float:
    return quantity(value, "K", name, above=0.0)
