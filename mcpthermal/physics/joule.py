"""Ohm's, Fourier's and Joule's laws at points.

Legend: c conductivity, its entries along x, y, z or (Voigt's order) xx, yy, zz, yz, xz, xy; g gradient.
"""

from __future__ import annotations

from typing import Any

_ROWS = ((0, 5, 4), (5, 1, 3), (4, 3, 2))
"""Voigt's numbers of the entries of each row of a symmetric tensor."""


def conduct(conductivity: Any, gradient: Any) -> list[Any]:
    r"""The product :math:`c\,g` of a conductivity tensor with a gradient.

    Parameters
    ----------
    conductivity : sequence of three or six arrays
    gradient : sequence of three arrays
    """
    if len(conductivity) == 3:
        return [c * g for c, g in zip(conductivity, gradient, strict=True)]
    return [sum(conductivity[n] * g for n, g in zip(row, gradient, strict=True)) for row in _ROWS]


def contract(conductivity: Any, first: Any, second: Any) -> Any:
    r"""The product :math:`g_1 \cdot c\,g_2` of a conductivity tensor with two gradients."""
    return sum(a * b for a, b in zip(first, conduct(conductivity, second), strict=True))


def joule_density(conductivity: Any, gradient: Any) -> Any:
    r"""Heat released by a current, :math:`q = \nabla\varphi \cdot \sigma\,\nabla\varphi` (W/m3).

    Jackson, Classical Electrodynamics, section 5.18.
    """
    return contract(conductivity, gradient, gradient)


def flux_density(conductivity: Any, gradient: Any) -> list[Any]:
    r"""Current density :math:`J = -\sigma\,\nabla\varphi` (A/m2), or heat flux :math:`q = -k\,\nabla T` (W/m2)."""
    return [-flux for flux in conduct(conductivity, gradient)]
