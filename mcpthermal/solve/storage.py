"""Heat stored in the body, as a time step needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.coefficients import Storage
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.recovery import at_points, collected
from mcpthermal.materials import heat_capacity

Floats = NDArray[np.float64]

NEAR = 1.0
"""Rises (K) that are small enough for Gauss' rule to integrate a law."""

NODES, WEIGHTS = (0.5 + 0.5 * np.array([-np.sqrt(0.6), 0.0, np.sqrt(0.6)])).tolist(), (5 / 18, 8 / 18, 5 / 18)


class HeatStore:
    """The heat content of a space above a reference temperature, and the equation of one stage of a time step.

    In a stage the heat stored grows from `target` at `rate`: what comes in equals rate (H(T) - target). `start` is the
    content at the beginning of the step.

    Parameters
    ----------
    case : Case
    space : Space
    reference : float
        (K)

    Raises
    ------
    MaterialError
        If a material has no density or specific heat.
    """

    def __init__(self, case: Case, space: Space, reference: float) -> None:
        self.space, self.reference = space, reference
        parts = case.package.parts
        self.laws = [None if part.is_void else heat_capacity(part.material, part.name) for part in parts]
        used = np.unique(space.mesh.cell_part[space.mesh.solid]).tolist()
        self.is_constant = all(law.is_constant for n in used if (law := self.laws[n]) is not None)
        self.rate = 0.0
        self.start: Floats = np.zeros(space.size)
        self.target: Floats = np.zeros(space.size)

    @property
    def storage(self) -> Storage:
        """What the operator takes up."""
        return Storage([None if law is None else (law,) for law in self.laws], self.rate)

    def _sum(self, rise: Floats, density: Callable[[Any, Any, float], Any]) -> Floats:
        """The load of a density (law, rise, reference -> J/m3) at all points."""
        at_all = at_points(self.space, rise)

        def terms(block: int) -> tuple[Any, Any]:
            _, part = self.space.block_cells(block)
            volume = self.space.volumes(block)
            at = at_all(block)
            values = np.zeros(np.broadcast_shapes(volume.shape, at.shape))
            for number in np.unique(part[part >= 0]):
                here = part == number
                values[:, here] = density(self.laws[number], at[:, here], self.reference)
            return values * volume, None

        return collected(self.space.view(), self.space.blocks, terms)

    def content(self, rise: Floats) -> Floats:
        """The heat (J, raw load) at a rise (K)."""
        return self._sum(rise, _heat)

    def surplus(self, rise: Floats) -> Floats:
        """The content less what the operator would say: zero where capacities are constant."""
        if self.is_constant:
            return np.zeros(self.space.size)
        return self._sum(rise, _heat_beyond_tangent)


def _heat(law: Any, rise: Any, reference: float) -> Any:
    """The heat per volume (J/m3) at a rise over a reference temperature (K)."""
    if law.is_constant:
        return float(law(reference)) * rise
    # Between near temperatures the difference of two integrals would be rounding.
    near, heat = np.abs(rise) < NEAR, np.empty_like(rise)
    for where, content in ((near, _by_gauss), (~near, _by_integral)):
        if where.all():
            return content(law, rise, reference)
        heat[where] = content(law, rise[where], reference)
    return heat


def _heat_beyond_tangent(law: Any, rise: Any, reference: float) -> Any:
    """What of it the operator, with the capacity at the temperature itself, does not have."""
    return 0.0 if law.is_constant else _heat(law, rise, reference) - law(reference + rise) * rise


def _by_gauss(law: Any, rise: Any, reference: float) -> Any:
    return rise * sum(w * law(reference + x * rise) for x, w in zip(NODES, WEIGHTS, strict=True))


def _by_integral(law: Any, rise: Any, reference: float) -> Any:
    return law.integral(reference + rise) - law.integral(np.asarray(reference))
