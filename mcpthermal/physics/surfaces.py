"""Exchange at surfaces, pointwise: films, radiation, contacts. Heat into the body is positive.

Legend: T surface temperature (K), q flux (W/m2), h film coefficient, eps emissivity, R contact resistance (K m2/W),
rho contact resistivity (ohm m2), u jump of the potential (V).
"""

from __future__ import annotations

from typing import Any

STEFAN_BOLTZMANN = 5.670374419e-8
"""W/(m2 K4), exact in the SI of 2019 (CODATA 2018)."""


def film_flux(surface: Any, ambient: float, h: Any, slope: Any) -> tuple[Any, Any]:
    r"""Newton's law of cooling, :math:`q = h\,(T_a - T)`, and its derivative with :math:`h(T)` of slope `slope`.

    Carslaw and Jaeger, Conduction of Heat in Solids, section 1.9.
    """
    return h * (ambient - surface), slope * (ambient - surface) - h


def radiation_flux(surface: Any, ambient: float, emissivity: Any, slope: Any) -> tuple[Any, Any]:
    r"""A gray surface in large surroundings, :math:`q = \epsilon\,\sigma_{SB}\,(T_a^4 - T^4)`, and its derivative.

    Incropera et al., Fundamentals of Heat and Mass Transfer, 1.7. The emissivity may depend on T with slope `slope`.
    """
    gap = (ambient - surface) * (ambient + surface) * (ambient**2 + surface**2)
    return (
        STEFAN_BOLTZMANN * emissivity * gap,
        STEFAN_BOLTZMANN * (slope * gap - 4 * emissivity * surface**3),
    )


def contact_flux(jump: Any, resistance: Any, slope: Any) -> tuple[Any, Any, Any]:
    r"""Flux across a contact, :math:`q = (T_a - T_b)/R`, its derivatives by the jump and by the mean temperature.

    Carslaw and Jaeger, section 1.9 F. With potentials and rho for R it is the current density. `slope` is dR/dT.
    """
    flux = jump / resistance
    return flux, 1.0 / resistance, -flux * slope / resistance


def contact_heat(jump: Any, resistivity: Any, slope: Any) -> tuple[Any, Any, Any]:
    r"""Joule heat of a contact, :math:`q = u^2/\rho` (W/m2), its derivatives by the jump and by the temperature.

    Holm, Electric Contacts, section 14.
    """
    heat = jump**2 / resistivity
    return heat, 2 * jump / resistivity, -heat * slope / resistivity
