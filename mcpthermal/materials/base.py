"""What every law of temperature is: a function, its exact derivative, and where its source vouches for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mcpthermal.errors import MaterialError
from mcpthermal.units import describe, quantity

Array: TypeAlias = NDArray[np.float64]

EXPECTED = (273.15, 398.15)
"""Where a law without a range must make sense (K): 0 to 125 degC."""


DATUM = 300.0
"""Where integrals of laws begin (K)."""

PANELS = 4


@dataclass(frozen=True, kw_only=True)
class Law(ABC):
    """A property as a function of the temperature.

    Parameters
    ----------
    range : tuple of float, optional
        Lowest and highest temperature in K at which its source vouches for it.

    Raises
    ------
    InputError
        From every law, if a parameter is no finite number or makes no sense.
    """

    range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.range is None:
            return
        ends = read_numbers(self.range, "K", "range of a law", minimum=0.0)
        if len(ends) != 2 or not ends[0] < ends[1]:
            raise MaterialError(
                f"range of a law: {ends!r} K is not allowed; give the lowest and the highest "
                "temperature in K, e.g. (250.0, 400.0)"
            )
        object.__setattr__(self, "range", ends)

    @abstractmethod
    def __call__(self, temperature: ArrayLike) -> Array:
        """The property at temperatures in K."""

    @abstractmethod
    def derivative(self, temperature: ArrayLike) -> Array:
        """The derivative of the property with respect to the temperature, at temperatures in K."""

    def integral(self, temperature: ArrayLike) -> Array:
        """The integral of the property from `DATUM` to temperatures in K; by Gauss' rule where no formula is known."""
        kelvin = np.asarray(temperature, dtype=float)
        nodes, weights = np.polynomial.legendre.leggauss(8)
        total = np.zeros_like(kelvin)
        panel = (kelvin - DATUM) / PANELS
        for number in range(PANELS):
            for node, weight in zip(nodes, weights, strict=True):
                total += weight * self(DATUM + panel * (number + (node + 1) / 2))
        return total * panel / 2

    @property
    @abstractmethod
    def is_constant(self) -> bool:
        """True only if the temperature makes no difference."""

    def outside(self, temperature: ArrayLike) -> tuple[float, float] | None:
        """The lowest and highest of the given temperatures in K if one is outside `range`, else None."""
        values = np.asarray(temperature, dtype=float)
        if self.range is None or values.size == 0:
            return None
        low, high = float(values.min()), float(values.max())
        return None if self.range[0] <= low and high <= self.range[1] else (low, high)

    def _read(self, field: str, unit: str = "", **limits: float | None) -> None:
        name = f"{field} of a {type(self).__name__} law"
        object.__setattr__(self, field, quantity(getattr(self, field), unit, name, **limits))


def read_numbers(values: Any, unit: str, name: str, **limits: float | None) -> tuple[float, ...]:
    """Several finite numbers in `unit`, as a tuple; MaterialError or UnitError if they are not."""
    if isinstance(values, str) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        raise MaterialError(f"{name}: {values!r} is a single value; give several, e.g. (300.0, 400.0)")
    return tuple(quantity(x, unit, f"{name}, value {i}", **limits) for i, x in enumerate(values, start=1))


def refuse_where(kelvin: Array, bad: NDArray[np.bool_], reason: str) -> None:
    """MaterialError naming the lowest bad temperature, if there is one."""
    if np.any(bad):
        worst = float(kelvin[bad].min())
        raise MaterialError(
            f"law evaluated at {describe(worst, 'K')}: {reason}; use a law made for this temperature "
            "(a Table is continued as a constant), or check the loads that lead to it"
        )
