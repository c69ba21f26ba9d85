"""The laws of temperature: immutable, hashable functions of the absolute temperature.

Arguments may be scalars or arrays of any shape, in K; results have the same shape, in the SI unit of the
property. Derivatives are exact, because Newton's method is only as fast as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mcpthermal.errors import MaterialError
from mcpthermal.materials.base import DATUM, Array, Law, read_numbers, refuse_where
from mcpthermal.units import quantity


@dataclass(frozen=True)
class Constant(Law):
    """The same value at every temperature."""

    value: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._read("value")

    def __call__(self, temperature: ArrayLike) -> Array:
        return np.full(np.shape(temperature), self.value)

    def derivative(self, temperature: ArrayLike) -> Array:
        return np.zeros(np.shape(temperature))

    def integral(self, temperature: ArrayLike) -> Array:
        return self.value * (np.asarray(temperature, dtype=float) - DATUM)

    @property
    def is_constant(self) -> bool:
        return True


@dataclass(frozen=True)
class Polynomial(Law):
    """The sum of ``coefficients[i] * (T - reference_temperature)**i``; ascending powers."""

    coefficients: tuple[float, ...]
    reference_temperature: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        coefficients = read_numbers(self.coefficients, "", "coefficients of a Polynomial law")
        if not coefficients:
            raise MaterialError("coefficients of a Polynomial law: () is empty; give at least one number")
        object.__setattr__(self, "coefficients", coefficients)
        self._read("reference_temperature", "K", minimum=0.0)

    def __call__(self, temperature: ArrayLike) -> Array:
        difference = np.asarray(temperature, dtype=float) - self.reference_temperature
        return np.asarray(np.polynomial.polynomial.polyval(difference, self.coefficients))

    def derivative(self, temperature: ArrayLike) -> Array:
        difference = np.asarray(temperature, dtype=float) - self.reference_temperature
        slopes = np.polynomial.polynomial.polyder(self.coefficients)
        return np.asarray(np.polynomial.polynomial.polyval(difference, slopes))

    def integral(self, temperature: ArrayLike) -> Array:
        whole = np.polynomial.polynomial.polyint(self.coefficients, lbnd=DATUM - self.reference_temperature)
        difference = np.asarray(temperature, dtype=float) - self.reference_temperature
        return np.asarray(np.polynomial.polynomial.polyval(difference, whole))

    @property
    def is_constant(self) -> bool:
        return not any(self.coefficients[1:])


@dataclass(frozen=True)
class Linear(Law):
    """``value + slope * (T - reference_temperature)``."""

    value: float
    slope: float
    reference_temperature: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._read("value")
        self._read("slope")
        self._read("reference_temperature", "K", minimum=0.0)

    def __call__(self, temperature: ArrayLike) -> Array:
        return self.value + self.slope * (np.asarray(temperature, dtype=float) - self.reference_temperature)

    def derivative(self, temperature: ArrayLike) -> Array:
        return np.full(np.shape(temperature), self.slope)

    def integral(self, temperature: ArrayLike) -> Array:
        kelvin = np.asarray(temperature, dtype=float)
        # The mean of both ends is exact for a straight line.
        return (self(kelvin) + self(DATUM)) / 2 * (kelvin - DATUM)

    @property
    def is_constant(self) -> bool:
        return self.slope == 0.0


@dataclass(frozen=True)
class PowerLaw(Law):
    """``value * (T / reference_temperature)**exponent``."""

    value: float
    reference_temperature: float
    exponent: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._read("value")
        self._read("reference_temperature", "K", above=0.0)
        self._read("exponent")

    def __call__(self, temperature: ArrayLike) -> Array:
        kelvin = np.asarray(temperature, dtype=float)
        refuse_where(kelvin, ~(kelvin > 0.0), "a PowerLaw needs a temperature above 0 K")
        return np.asarray(self.value * (kelvin / self.reference_temperature) ** self.exponent)

    def derivative(self, temperature: ArrayLike) -> Array:
        return np.asarray(self.exponent * self(temperature) / np.asarray(temperature, dtype=float))

    @property
    def is_constant(self) -> bool:
        return self.exponent == 0.0


@dataclass(frozen=True)
class Exponential(Law):
    """``value * exp(exponent * (T - reference_temperature))``, the exponent in 1/K."""

    value: float
    reference_temperature: float
    exponent: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._read("value")
        self._read("reference_temperature", "K", minimum=0.0)
        self._read("exponent", "1/K")

    def __call__(self, temperature: ArrayLike) -> Array:
        difference = np.asarray(temperature, dtype=float) - self.reference_temperature
        # Beyond the largest number it is infinite; whoever uses the value notices.
        with np.errstate(over="ignore"):
            return np.asarray(self.value * np.exp(self.exponent * difference))

    def derivative(self, temperature: ArrayLike) -> Array:
        return np.asarray(self.exponent * self(temperature))

    @property
    def is_constant(self) -> bool:
        return self.exponent == 0.0


@dataclass(frozen=True)
class Metal(Law):
    """The conductivity of a metal whose resistivity is linear: ``1 / (rho0 (1 + a (T - T0)))``.

    Parameters
    ----------
    resistivity : float or str
        rho0 in ohm m, or a string such as ``"17.2 nohm m"``.
    temperature_coefficient : float or str
        a in 1/K.
    reference_temperature : float or str
        T0 in K, or a string such as ``"20 degC"``.
    """

    resistivity: float
    temperature_coefficient: float
    reference_temperature: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._read("resistivity", "ohm m", above=0.0)
        self._read("temperature_coefficient", "1/K")
        self._read("reference_temperature", "K", minimum=0.0)

    def __call__(self, temperature: ArrayLike) -> Array:
        kelvin = np.asarray(temperature, dtype=float)
        growth = 1.0 + self.temperature_coefficient * (kelvin - self.reference_temperature)
        refuse_where(kelvin, ~(growth > 0.0), "the resistivity of a Metal law is not positive there")
        return np.asarray(1.0 / (self.resistivity * growth))

    def derivative(self, temperature: ArrayLike) -> Array:
        return np.asarray(-self.temperature_coefficient * self.resistivity * self(temperature) ** 2)

    @property
    def is_constant(self) -> bool:
        return self.temperature_coefficient == 0.0


@dataclass(frozen=True)
class Table(Law):
    """Values at temperatures, joined by a curve without overshoot and continued as constants.

    The curve is the monotone cubic of Fritsch and Butland (PCHIP), once continuously differentiable
    inside. The range is that of the temperatures unless another is given.

    Parameters
    ----------
    temperatures : tuple of float or str
        At least two, increasing, in K.
    values : tuple of float
        One for each temperature.
    """

    temperatures: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        temperatures = read_numbers(self.temperatures, "K", "temperatures of a Table law", minimum=0.0)
        values = read_numbers(self.values, "", "values of a Table law")
        if len(temperatures) < 2 or len(temperatures) != len(values):
            raise MaterialError(
                f"Table law: {len(temperatures)} temperatures and {len(values)} values are not allowed; "
                "give at least two temperatures in K and one value for each"
            )
        if not all(low < high for low, high in pairwise(temperatures)):
            raise MaterialError(f"Table law: temperatures {temperatures!r} K must increase; sort the table")
        object.__setattr__(self, "temperatures", temperatures)
        object.__setattr__(self, "values", values)
        if self.range is None:
            object.__setattr__(self, "range", (temperatures[0], temperatures[-1]))

    def __call__(self, temperature: ArrayLike) -> Array:
        kelvin = np.clip(np.asarray(temperature, dtype=float), self.temperatures[0], self.temperatures[-1])
        return np.asarray(_curve(self.temperatures, self.values)[0](kelvin))

    def derivative(self, temperature: ArrayLike) -> Array:
        kelvin = np.asarray(temperature, dtype=float)
        inside = (kelvin >= self.temperatures[0]) & (kelvin <= self.temperatures[-1])
        return np.where(inside, _curve(self.temperatures, self.values)[1](kelvin), 0.0)

    def integral(self, temperature: ArrayLike) -> Array:
        kelvin = np.asarray(temperature, dtype=float)
        whole = _curve(self.temperatures, self.values)[0].antiderivative()
        low, high = self.temperatures[0], self.temperatures[-1]

        def from_start(point: Array) -> Array:
            inside = whole(np.clip(point, low, high))
            below, above = np.minimum(point - low, 0.0), np.maximum(point - high, 0.0)
            return np.asarray(inside + self.values[0] * below + self.values[-1] * above)

        return from_start(kelvin) - from_start(np.asarray(DATUM))

    @property
    def is_constant(self) -> bool:
        return len(set(self.values)) == 1


def as_law(value: Any, unit: str, name: str, **limits: float | None) -> Law:
    """A law from a law, a number or a string with a unit.

    Parameters
    ----------
    value : Law, float or str
        A number is in `unit` and becomes a :class:`Constant`; a law is returned as it is.
    unit : str
        The SI unit of the property.
    name : str
        What the property is, for messages.
    **limits : float, optional
        `minimum`, `maximum`, `above` for a number, as for :func:`mcpthermal.units.quantity`.

    Returns
    -------
    Law

    Raises
    ------
    UnitError
        If it is neither a law nor a finite value of the right kind within the limits.
    """
    return value if isinstance(value, Law) else Constant(quantity(value, unit, name, **limits))


@lru_cache(maxsize=256)
def _curve(temperatures: tuple[float, ...], values: tuple[float, ...]) -> tuple[Any, Any]:
    from scipy.interpolate import PchipInterpolator  # loaded where it is needed: it takes a moment

    curve = PchipInterpolator(temperatures, values)
    return curve, curve.derivative()
