"""Whether a steady state is stable: the slowest mode of the linearised problem decays, or grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, LinearSolveError
from mcpthermal.fem.recovery import at_points, collected
from mcpthermal.linalg import flexible_gmres
from mcpthermal.linalg import lowest_eigenvalue as lowest_of
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.coupling import CoupledProblem
from mcpthermal.solve.run import Run

Floats = NDArray[np.float64]

ACCURACY = 1e-9
"""Relative residual of the linear systems."""


@dataclass(frozen=True, eq=False)
class Stability:
    """The slowest mode of small changes of a steady state.

    Attributes
    ----------
    eigenvalue : float
        Its decay rate (1/s) if all materials have density and specific heat; otherwise the heat that it loses per
        volume and kelvin (W/(m3 K)). Negative where the state is unstable.
    unit : str
    mode : raw array
        The change of temperature, its largest value 1, at ``result.thermal.points``.
    """

    eigenvalue: float
    unit: str
    mode: Floats

    @property
    def stable(self) -> bool:
        """Whether every small change dies out."""
        return self.eigenvalue > 0.0


def stability(result: SteadyResult) -> Stability:
    """The lowest eigenvalue of the linearised problem at a steady state, and its mode.

    Parameters
    ----------
    result : SteadyResult

    Raises
    ------
    InputError
        If it is no steady result.
    LinearSolveError
        If the eigenvalue cannot be found.
    """
    if not isinstance(result, SteadyResult):
        raise InputError(f"stability needs the result of solve_steady, not {type(result).__name__}")
    result.require_steady("stability")
    problem, state = Run.at(result)
    product = problem.jacobian(state, 0.1 * ACCURACY)
    made = problem.solver.preconditioner(state.system)

    def solve(right: Floats) -> Floats:
        x, _, residual = flexible_gmres(product, right, made.solve, relative_tolerance=ACCURACY, max_iterations=400)
        # Near a turning point the problem is nearly singular, but what is left out then is along other modes.
        if residual > 1e-2:
            raise LinearSolveError(f"the linearised problem was solved to {residual:.1e} only", x, residual)
        return x

    capacity, unit = _heat_capacity(problem, result)
    view, space, number = problem.thermal.space.view(), problem.thermal.space, problem.numbering

    def mass(x: Floats) -> Floats:
        raw = number.expand(x)

        def terms(block: int) -> tuple[Floats, None]:
            return view.values(raw, block) * capacity[block], None

        return number.collapse(collected(view, space.blocks, terms))

    value, mode = lowest_of(product, mass, solve, number.size)
    return Stability(value, unit, number.expand(mode))


def lowest_eigenvalue(result: SteadyResult) -> float:
    """The lowest eigenvalue of the linearised problem (see `stability`): positive where a state is stable."""
    return stability(result).eigenvalue


def _heat_capacity(problem: CoupledProblem, result: SteadyResult) -> tuple[dict[int, Floats], str]:
    """Heat capacity of each quadrature point (J/K) by block, or its volume (m3) where a material has none."""
    space = problem.thermal.space
    parts = [part.material for part in result.case.package.parts]
    known = all(m is None or (m.density is not None and m.specific_heat is not None) for m in parts)
    points = at_points(space, result.temperature)
    capacity = {}
    for block in space.blocks:
        _, part = space.block_cells(block)
        values = np.where(part >= 0, 1.0, 0.0)[:, None] * space.volumes(block)
        if known:
            temperature = points(block)
            for number in np.unique(part[part >= 0]):
                here, material = part == number, parts[number]
                assert material is not None
                kelvin = temperature[:, here]
                values[:, here] = values[:, here] * material.density(kelvin) * material.specific_heat(kelvin)
        capacity[block] = values
    return capacity, "1/s" if known else "W/(m3 K)"
