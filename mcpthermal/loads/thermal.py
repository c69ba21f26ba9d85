"""Thermal boundaries: heat and temperatures at faces. Heat into the body is positive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mcpthermal.errors import LoadError, MaterialError
from mcpthermal.loads.film import Film, as_film
from mcpthermal.loads.placement import check_place
from mcpthermal.loads.varying import Load, read_varying
from mcpthermal.loads.waveform import Waveform
from mcpthermal.materials import Law, as_law
from mcpthermal.materials.base import EXPECTED
from mcpthermal.units import describe, quantity

BASES = ("film", "isothermal")

NO_FILM = 1e-30
"""What a coefficient (W/(m2 K)) that touches 0 is there: it carries nothing, and the problem keeps its form."""


@dataclass(frozen=True)
class Convection(Load):
    """Heat exchange with an ambient, q = h (T_ambient - T), at the exposed faces of a place.

    Parameters
    ----------
    place : str
    h : float, Law, Film or Waveform
        Heat transfer coefficient (W/(m2 K)), positive, a waveform may touch 0; or a law of ``|T - T_ambient|`` in
        K, such as ``Table((0, 10, 50), (5, 8, 12))``; or a film, such as ``NaturalConvection("up", length="5 mm")``.
    ambient : float or Waveform
        (K), or a string such as ``"25 degC"``.
    """

    place: str
    h: Any
    ambient: Any

    def __post_init__(self) -> None:
        check_place(self.place, "a convection")
        name = f"heat transfer coefficient h at '{self.place}'"
        if isinstance(self.h, Law | Film):
            as_film(self.h, name)
        else:
            limits = {"minimum" if isinstance(self.h, Waveform) else "above": 0.0}
            object.__setattr__(self, "h", read_varying(self.h, "W/(m2 K)", name, **limits))
        object.__setattr__(self, "ambient", _temperature(self.ambient, f"ambient temperature at '{self.place}'"))

    def _with(self, values: dict[str, Any]) -> Convection:
        if values.get("h") == 0.0:
            values = values | {"h": NO_FILM}
        return super()._with(values)

    @property
    def film(self) -> Film:
        """The heat transfer coefficient as a function of the temperatures of surface and ambient.

        Raises
        ------
        LoadError
            If it is a function of the time.
        """
        if isinstance(self.h, Waveform):
            raise LoadError(f"convection at '{self.place}': its h varies in time; take the film of convection.at(time)")
        return as_film(self.h, f"heat transfer coefficient h at '{self.place}'")


@dataclass(frozen=True)
class Radiation(Load):
    """Exchange of a gray surface with large surroundings, q = emissivity sigma (T_ambient^4 - T^4), where exposed.

    Parameters
    ----------
    place : str
    ambient : float or Waveform
        Temperature of the surroundings (K), or a string such as ``"25 degC"``.
    emissivity : float or Law, optional
        Above 0 and at most 1, or a law of the surface temperature; without it that of the materials there.
    """

    place: str
    ambient: Any
    emissivity: Any = None

    def __post_init__(self) -> None:
        check_place(self.place, "a radiation")
        object.__setattr__(self, "ambient", _temperature(self.ambient, f"surroundings' temperature at '{self.place}'"))
        if self.emissivity is None:
            return
        name = f"emissivity at '{self.place}'"
        if isinstance(self.emissivity, Law):
            check_law(self.emissivity, name, "", above=0.0, maximum=1.0)
        else:
            object.__setattr__(self, "emissivity", quantity(self.emissivity, "", name, above=0.0, maximum=1.0))

    @property
    def law(self) -> Law | None:
        """The emissivity as a law of the temperature; None if it is that of the materials."""
        return None if self.emissivity is None else as_law(self.emissivity, "", f"emissivity at '{self.place}'")


@dataclass(frozen=True)
class HeatSink(Load):
    """A heat sink or board as a whole: its resistance from the exposed faces of a place to an ambient.

    Parameters
    ----------
    place : str
    thermal_resistance : float
        From all the faces together to the ambient (K/W).
    ambient : float or Waveform
        (K), or a string such as ``"25 degC"``.
    base : {"film", "isothermal"}
        Spread evenly as one heat transfer coefficient, or on a base so conductive that the faces share one
        temperature.
    """

    place: str
    thermal_resistance: float
    ambient: Any
    base: str = "film"

    def __post_init__(self) -> None:
        check_place(self.place, "a heat sink")
        name = f"thermal resistance of the heat sink at '{self.place}'"
        object.__setattr__(self, "thermal_resistance", quantity(self.thermal_resistance, "K/W", name, above=0.0))
        object.__setattr__(self, "ambient", _temperature(self.ambient, f"ambient temperature at '{self.place}'"))
        if not isinstance(self.base, str) or self.base not in BASES:
            raise LoadError(f"heat sink at '{self.place}': base {self.base!r} must be one of {', '.join(BASES)}")


@dataclass(frozen=True)
class FixedTemperature(Load):
    """A prescribed temperature (K; float or Waveform) of the faces, or of the whole part, at a place.

    Unlike exchange with an ambient it also holds those faces of a part that lie inside the package.
    """

    place: str
    temperature: Any

    def __post_init__(self) -> None:
        check_place(self.place, "a fixed temperature")
        object.__setattr__(self, "temperature", _temperature(self.temperature, f"temperature at '{self.place}'"))


@dataclass(frozen=True)
class HeatFlux(Load):
    """Heat (W/m2; float or Waveform), into the body if positive, over the faces at a place, also inside the package."""

    place: str
    flux: Any

    def __post_init__(self) -> None:
        check_place(self.place, "a heat flux")
        object.__setattr__(self, "flux", read_varying(self.flux, "W/m2", f"heat flux at '{self.place}'"))


def _temperature(value: Any, name: str) -> Any:
    return read_varying(value, "K", name, above=0.0)


def check_law(
    law: Law,
    name: str,
    unit: str,
    *,
    above: float = -np.inf,
    minimum: float = -np.inf,
    maximum: float = np.inf,
) -> None:
    """LoadError if a law leaves its limits over its range (0 to 125 degC for a law without one)."""
    temperatures = np.linspace(*(law.range or EXPECTED), 50)
    try:
        with np.errstate(all="ignore"):
            values = law(temperatures)
    except MaterialError as error:
        raise LoadError(f"{name}: {error}") from error
    bad = ~(np.isfinite(values) & (values > above) & (values >= minimum) & (values <= maximum))
    if bad.any():
        worst = int(np.argmax(bad))
        limits = [("above", above), ("at least", minimum), ("at most", maximum)]
        allowed = " and ".join(["finite", *(f"{word} {limit:g}" for word, limit in limits if np.isfinite(limit))])
        raise LoadError(
            f"{name} is {describe(float(values[worst]), unit)} at {describe(float(temperatures[worst]), 'K')}; it must "
            f"be {allowed}: correct the law, or state the range of temperatures for which it is meant"
        )
