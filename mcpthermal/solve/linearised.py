"""How currents and Joule heat change with temperature and potential at a state, and the transposes of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.coefficients import evaluate_axes, varying_cells
from mcpthermal.fem.recovery import at_points, collected
from mcpthermal.physics.joule import conduct, joule_density

if TYPE_CHECKING:
    from mcpthermal.solve.electrical import CurrentState, ElectricalProblem

Floats = NDArray[np.float64]


class CurrentDerivatives:
    """The derivatives of the conductors' residual and of the Joule heat's load, as products with raw vectors.

    Parameters
    ----------
    problem : ElectricalProblem
    state : CurrentState

    Notes
    -----
    With K(T) the conductors' operator and q(T, phi) the load of the Joule heat: d(K phi)/dT, dq/dT and dq/dphi.
    dq/dT is symmetric but for contacts.
    """

    def __init__(self, problem: ElectricalProblem, state: CurrentState) -> None:
        self.space, self.thermal = problem.space, problem.thermal
        self._view, self._hot = self.space.view(), self.thermal.view(self.space)
        # For each block, times volume: slope of the current density by temperature, sigma grad phi, and the slope of
        # the Joule heat by temperature.
        self._current: dict[int, list[Floats]] = {}
        self._weighted: dict[int, list[Floats]] = {}
        self._released: dict[int, Floats] = {}
        points = at_points(self.thermal, state.temperature, self.space)
        for block in self.space.blocks:
            _, part = self.space.block_cells(block)
            volume, known, gradient = self.space.volumes(block), points(block), self._view.gradient(state.drop, block)
            conductivity = evaluate_axes(problem.axes, part, known)
            self._weighted[block] = [component * volume for component in conduct(conductivity, gradient)]
            if varying_cells(problem.axes, part).any():
                slope = evaluate_axes(problem.axes, part, known, derivative=True)
                self._current[block] = [component * volume for component in conduct(slope, gradient)]
                self._released[block] = joule_density(slope, gradient) * volume
        self._contacts = [contact.linearise(state.temperature, state.over) for contact in problem.contacts]

    def current_by_temperature(self, change: Floats) -> Floats:
        """d(K phi)/dT on a change of temperature (K): a load of the conductors (A)."""

        def terms(block: int) -> tuple[None, list[Floats]]:
            values = self._hot.values(change, block)
            return None, [values * component for component in self._current[block]]

        load = collected(self._view, self._current, terms)
        return load + sum(current @ change for current, _, _ in self._contacts)

    def current_by_temperature_transposed(self, weight: Floats, cells: Any = None) -> Floats:
        """Its transpose on a vector of the conductors; with `cells`, of conduction in these alone."""

        def terms(block: int) -> tuple[Floats, None]:
            density = _dot(self._current[block], self._view.gradient(weight, block))
            if cells is not None:
                density = density * cells[self.space.block_cells(block)[0]][:, None]
            return density, None

        through = self._contacts if cells is None else ()
        load = collected(self._hot, self._current, terms)
        return load + sum(current.T @ weight for current, _, _ in through)

    def heat_by_temperature(self, change: Floats, transposed: bool = False) -> Floats:
        """dq/dT, or its transpose, on a change of temperature (K): a load of heat (W)."""
        contacts = ((heat.T if transposed else heat) @ change for _, heat, _ in self._contacts)
        load = collected(
            self._hot, self._released, lambda block: (self._released[block] * self._hot.values(change, block), None)
        )
        return load + sum(contacts)

    def heat_by_potential(self, response: Floats) -> Floats:
        """dq/dphi on a change of potential (V): a load of heat (W)."""

        def terms(block: int) -> tuple[Floats, None]:
            return 2 * _dot(self._weighted[block], self._view.gradient(response, block)), None

        load = collected(self._hot, self._weighted, terms)
        return load + sum(by_potential @ response for _, _, by_potential in self._contacts)

    def heat_by_potential_transposed(self, weight: Floats) -> Floats:
        """Its transpose on a vector of the temperature's space."""

        def terms(block: int) -> tuple[None, list[Floats]]:
            values = 2 * self._hot.values(weight, block)
            return None, [values * component for component in self._weighted[block]]

        load = collected(self._view, self._weighted, terms)
        return load + sum(by_potential.T @ weight for _, _, by_potential in self._contacts)


def _dot(left: Any, right: Any) -> Floats:
    return sum(a * b for a, b in zip(left, right, strict=True))  # type: ignore[return-value]
