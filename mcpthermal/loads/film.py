"""Heat transfer coefficients of surfaces: constant, or functions of the surface and ambient temperatures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mcpthermal.errors import LoadError, MaterialError
from mcpthermal.loads import air
from mcpthermal.materials import Law
from mcpthermal.units import describe, quantity

Array = NDArray[Any]

ORIENTATIONS = ("vertical", "up", "down")
"""Where the face of a plate looks."""

_DIFFERENCES = (0.0, 100.0)  # where a law of the temperature difference without a range must make sense, in K


@dataclass(frozen=True)
class Film(ABC):
    """A heat transfer coefficient h in W/(m2 K).

    Raises
    ------
    InputError
        From every film, if a parameter is no finite number or makes no sense.
    """

    @abstractmethod
    def __call__(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        """The coefficient (W/(m2 K)) at temperatures (K) of surface and ambient."""

    @abstractmethod
    def derivative(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        """Its exact derivative with respect to the surface temperature (W/(m2 K2))."""

    @property
    @abstractmethod
    def is_constant(self) -> bool:
        """True only if the temperatures make no difference."""


@dataclass(frozen=True)
class ConstantFilm(Film):
    """The same coefficient h (W/(m2 K)), above 0, everywhere."""

    h: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "h", quantity(self.h, "W/(m2 K)", "h of a ConstantFilm", above=0.0))

    def __call__(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        return np.full(np.shape(_difference(surface, ambient)), self.h)

    def derivative(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        return np.zeros(np.shape(_difference(surface, ambient)))

    @property
    def is_constant(self) -> bool:
        return True


@dataclass(frozen=True)
class LawFilm(Film):
    """A law of ``|T - T_ambient|`` in K, such as ``Table((0, 10, 50), (5, 8, 12))``; positive above 0 K."""

    law: Law

    def __post_init__(self) -> None:
        if not isinstance(self.law, Law):
            raise LoadError(f"law of a LawFilm: {self.law!r} is no law; give e.g. Table((0, 10, 50), (5, 8, 12))")
        low, high = self.law.range or _DIFFERENCES
        differences = np.linspace(low, high, 50)
        try:
            with np.errstate(all="ignore"):
                values = self.law(differences)
        except MaterialError as error:
            raise LoadError(f"heat transfer coefficient: {error}") from error
        bad = ~(np.isfinite(values) & ((values > 0.0) | ((values == 0.0) & (differences == 0.0))))
        if bad.any():
            worst = int(np.argmax(bad))
            raise LoadError(
                f"heat transfer coefficient at a difference of {differences[worst]:.6g} K is "
                f"{describe(float(values[worst]), 'W/(m2 K)')}; it must be finite and above 0: correct the law of "
                "|T - T_ambient|, or state its range in K"
            )

    def __call__(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        return self.law(np.abs(_difference(surface, ambient)))

    def derivative(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        difference = _difference(surface, ambient)
        return np.asarray(self.law.derivative(np.abs(difference)) * np.sign(difference))

    @property
    def is_constant(self) -> bool:
        return self.law.is_constant


@dataclass(frozen=True)
class PowerFilm(Film):
    """``h = base + coefficient * |T - T_ambient|**exponent``.

    Parameters
    ----------
    coefficient : float
        In W/(m2 K) per K to the exponent, at least 0.
    exponent : float
        At least 0.
    base : float
        In W/(m2 K), at least 0.
    """

    coefficient: float
    exponent: float
    base: float = 0.0

    def __post_init__(self) -> None:
        for name, unit in (("coefficient", ""), ("exponent", ""), ("base", "W/(m2 K)")):
            object.__setattr__(self, name, quantity(getattr(self, name), unit, f"{name} of a PowerFilm", minimum=0.0))
        if self.coefficient == self.base == 0.0:
            raise LoadError("a PowerFilm with coefficient and base 0 carries no heat; make one of them positive")

    def __call__(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        difference = np.abs(_difference(surface, ambient))
        with np.errstate(over="ignore"):
            return np.asarray(self.base + self.coefficient * difference**self.exponent)

    def derivative(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        difference = _difference(surface, ambient)
        size = np.where(difference == 0.0, 1.0, np.abs(difference))
        with np.errstate(over="ignore"):
            slope = self.coefficient * self.exponent * size ** (self.exponent - 1.0)
        return np.asarray(slope * np.sign(difference))

    @property
    def is_constant(self) -> bool:
        return self.coefficient == 0.0 or self.exponent == 0.0


@dataclass(frozen=True)
class NaturalConvection(Film):
    """Free convection of air at 101325 Pa along an isothermal plate.

    Vertical plates follow Churchill and Chu, Int. J. Heat Mass Transfer 18 (1975) 1323, their equation for laminar
    and turbulent flow together. Horizontal ones follow McAdams, Heat Transmission (1954), as in Incropera,
    DeWitt, Bergman and Lavine, Fundamentals of Heat and Mass Transfer (6th ed. 2007), eqs. 9.30 to 9.32; the
    greater of the laminar and the turbulent one counts, which makes them continuous, and both are continued
    below Ra = 1e4. A face that is colder than the air and looks up behaves like a hot one that looks down.

    Parameters
    ----------
    orientation : {"vertical", "up", "down"}
        Where the face looks.
    length : float
        (m): the height of a vertical plate, the area over the perimeter of a horizontal one.
    """

    orientation: str
    length: float

    def __post_init__(self) -> None:
        if not isinstance(self.orientation, str) or self.orientation not in ORIENTATIONS:
            raise LoadError(
                f"natural convection: orientation {self.orientation!r} must be one of {', '.join(ORIENTATIONS)}"
            )
        name = "characteristic length of a natural convection"
        object.__setattr__(self, "length", quantity(self.length, "m", name, above=0.0))

    def __call__(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        return self._coefficient(np.asarray(surface, float), np.asarray(ambient, float))

    def derivative(self, surface: ArrayLike, ambient: ArrayLike) -> Array:
        # The imaginary part of an analytic function at a tiny imaginary step is its derivative without round-off.
        step = 1e-30
        hot, cold = np.asarray(surface, float), np.asarray(ambient, float)
        slope = self._coefficient(hot + 1j * step, cold).imag / step
        return np.where(hot == cold, 0.0, slope)

    @property
    def is_constant(self) -> bool:
        return False

    def _coefficient(self, surface: Array, ambient: Array) -> Array:
        sign = np.sign(_difference(surface, ambient).real)
        mean = (surface + ambient) / 2
        grashof = air.GRAVITY * sign * (surface - ambient) / mean * self.length**3 / air.kinematic_viscosity(mean) ** 2
        rayleigh = grashof * air.prandtl(mean)
        if self.orientation == "vertical":
            nusselt = _vertical(rayleigh, air.prandtl(mean))
        else:
            faces_up = (sign >= 0) == (self.orientation == "up")
            nusselt = np.where(faces_up, _hot_face_up(rayleigh), 0.27 * rayleigh**0.25)
        return np.asarray(nusselt * air.conductivity(mean) / self.length)


def _vertical(rayleigh: Array, prandtl: Array) -> Array:
    """Churchill and Chu (1975), eq. 9: any Rayleigh number."""
    spread = (1.0 + (0.492 / prandtl) ** (9 / 16)) ** (8 / 27)
    return np.asarray((0.825 + 0.387 * rayleigh ** (1 / 6) / spread) ** 2)


def _hot_face_up(rayleigh: Array) -> Array:
    laminar, turbulent = 0.54 * rayleigh**0.25, 0.15 * rayleigh ** (1 / 3)
    return np.where(laminar.real >= turbulent.real, laminar, turbulent)


def _difference(surface: ArrayLike, ambient: ArrayLike) -> Array:
    return np.asarray(surface) - np.asarray(ambient)


def as_film(value: Any, name: str) -> Film:
    """A film from a film, a law of the temperature difference, or a number in W/(m2 K).

    Raises
    ------
    InputError
        If it is none of them, or not positive; `name` is for the message.
    """
    if isinstance(value, Film):
        return value
    return LawFilm(value) if isinstance(value, Law) else ConstantFilm(quantity(value, "W/(m2 K)", name, above=0.0))
