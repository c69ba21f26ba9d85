"""Weak forms of conduction and exchange; heat and electric current obey the same ones.

Legend: u trial function, v test function, w the coefficients at quadrature points.
"""

from __future__ import annotations

from typing import Any

from skfem import BilinearForm, LinearForm
from skfem.helpers import dot, grad, mul


@BilinearForm
def conduction(u: Any, v: Any, w: Any) -> Any:
    r"""Steady conduction, :math:`\int \nabla v \cdot c\,\nabla u`, c the conductivity tensor.

    Heat: c is the thermal conductivity (Fourier; Carslaw and Jaeger, Conduction of Heat in Solids,
    section 1.3, 1.20). Current: c is the electrical conductivity (Ohm; Jackson, Classical
    Electrodynamics, section 5.7).
    """
    return dot(mul(w["conductivity"], grad(u)), grad(v))


@BilinearForm
def drift(u: Any, v: Any, w: Any) -> Any:
    r"""Flux that goes with the value itself, :math:`\int u\,b\cdot\nabla v`.

    With b a column of the conductivity tensor and u a slope in the remaining direction it is the oblique part
    of `conduction` (Carslaw and Jaeger, section 1.17).
    """
    return u * dot(w["direction"], grad(v))


@BilinearForm
def exchange(u: Any, v: Any, w: Any) -> Any:
    r"""Exchange across a surface (Newton's law of cooling), :math:`\int h\,u\,v` (Carslaw and Jaeger, section 1.9).

    With unit coefficient it is the mass form.
    """
    return w["coefficient"] * u * v


@LinearForm
def supply(v: Any, w: Any) -> Any:
    r"""Heat or current supplied in a volume or over a surface, :math:`\int q\,v`."""
    return w["density"] * v
