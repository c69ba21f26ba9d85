"""Dry air at 101325 Pa: an ideal gas with Sutherland's viscosity and conductivity.

The constants of Sutherland's laws are those of White, Viscous Fluid Flow (3rd ed. 2006), tables 1-2 and 1-3
(within 2 % from 170 to 1900 K and from 200 to 1000 K); the specific heat is that at 300 K. Temperatures are
in K and may be complex (see `film.py`).
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

PRESSURE = 101325.0  # Pa
GAS_CONSTANT = 287.05  # J/(kg K)
SPECIFIC_HEAT = 1006.0  # J/(kg K)
GRAVITY = 9.80665  # m/s2


def viscosity(temperature: Array) -> Array:
    """The dynamic viscosity (Pa s)."""
    return _sutherland(temperature, 1.716e-5, 111.0)


def conductivity(temperature: Array) -> Array:
    """The thermal conductivity (W/(m K))."""
    return _sutherland(temperature, 0.0241, 194.0)


def kinematic_viscosity(temperature: Array) -> Array:
    """Viscosity over density (m2/s)."""
    return viscosity(temperature) * GAS_CONSTANT * temperature / PRESSURE


def prandtl(temperature: Array) -> Array:
    """The Prandtl number."""
    return viscosity(temperature) * SPECIFIC_HEAT / conductivity(temperature)


def _sutherland(temperature: Array, value: float, constant: float) -> Array:
    return value * (temperature / 273.0) ** 1.5 * (273.0 + constant) / (temperature + constant)
