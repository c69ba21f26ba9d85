"""Heat stored in the body, as a time step needs it."""

from __future__ import annotations

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
        self._constant = [0.0 if law is None or not law.is_constant else float(law(reference)) for law in self.laws]
        self.rate = 0.0
        self.start: Floats = np.zeros(space.size)
        self.target: Floats = np.zeros(space.size)

    @property
    def storage(self) -> Storage:
        """What the operator takes up."""
        return Storage([None if law is None else (law,) for law in self.laws], self.rate)

    def _sum(self, density: Any) -> Floats:
        """The load of a density (law, temperature -> J/m3) at all points."""

        def terms(block: int) -> tuple[Any, Any]:
            _, part = self.space.block_cells(block)
            volume = self.space.volumes(block)
            values = np.zeros(np.broadcast_shapes(volume.shape, density.temperature(block).shape))
            for number in np.unique(part[part >= 0]):
                here = part == number
                values[:, here] = density(self.laws[number], block, here)
            return values * volume, None

        return collected(self.space.view(), self.space.blocks, terms)

    def content(self, rise: Floats) -> Floats:
        """The heat (J, raw load) at a rise (K)."""
        if self.is_constant:
            values, capacity = at_points(self.space, rise), np.array([*self._constant, 0.0])

            def terms(block: int) -> tuple[Any, Any]:
                density = capacity[self.space.block_cells(block)[1]][:, None] * self.space.volumes(block)
                return values(block) * density, None

            return collected(self.space.view(), self.space.blocks, terms)
        return self._sum(_Content(self, at_points(self.space, rise), False))

    def surplus(self, rise: Floats) -> Floats:
        """The content less what the operator would say: zero where capacities are constant."""
        if self.is_constant:
            return np.zeros(self.space.size)
        return self._sum(_Content(self, at_points(self.space, rise), True))


class _Content:
    """The heat per volume at points, or what of it the tangent of the operator does not have."""

    def __init__(self, store: HeatStore, rise: Any, beyond_tangent: bool) -> None:
        self._store, self.temperature, self._beyond = store, rise, beyond_tangent

    def __call__(self, law: Any, block: int, here: Any) -> Any:
        rise, reference = self.temperature(block)[:, here], self._store.reference
        if law.is_constant:
            return 0.0 if self._beyond else float(law(reference)) * rise
        # Between near temperatures the difference of two integrals would be rounding.
        near = rise * sum(w * law(reference + x * rise) for x, w in zip(NODES, WEIGHTS, strict=True))
        far = law.integral(reference + rise) - law.integral(np.asarray(reference))
        heat = np.where(np.abs(rise) < NEAR, near, far)
        return heat - law(reference + rise) * rise if self._beyond else heat
