"""Ohm's law and Joule's law at points."""

from __future__ import annotations

from typing import Any


def joule_density(conductivity: Any, gradient: Any) -> Any:
    r"""Heat released by a current, :math:`q = \nabla\varphi \cdot \sigma\,\nabla\varphi` (W/m3).

    Jackson, Classical Electrodynamics, section 5.18.

    Parameters
    ----------
    conductivity : sequence of three arrays
        sigma along x, y, z (S/m).
    gradient : sequence of three arrays
        Of the potential (V/m).
    """
    return sum(c * g * g for c, g in zip(conductivity, gradient, strict=True))


def flux_density(conductivity: Any, gradient: Any) -> list[Any]:
    r"""Current density :math:`J = -\sigma\,\nabla\varphi` (A/m2), or heat flux :math:`q = -k\,\nabla T` (W/m2)."""
    return [-c * g for c, g in zip(conductivity, gradient, strict=True)]
