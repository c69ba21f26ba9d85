"""The adjoint of the linearised coupled problem: what every load and coefficient does to one output.

With the residuals of heat G(T, phi) = outflow - supply and of current H(T, phi) likewise, an output J has the adjoint
fields (z, w) with

    dG/dT' z + dH/dT' w = dJ/dT,     dG/dphi' z + dH/dphi' w = dJ/dphi,

so that a change dp of a parameter changes it by dJ = (J_p - z' G_p - w' H_p) dp, and residuals (G, H) of an approximate
solution are an error z' G + w' H of J. Free nodes of the circuit are eliminated from H (`circuit.py`).

Becker and Rannacher, An optimal control approach to a posteriori error estimation in finite element methods, Acta
Numerica 10, 2001.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, LinearSolveError
from mcpthermal.fem.numbering import Numbering
from mcpthermal.linalg import flexible_gmres, norm_of
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.run import Run

Floats = NDArray[np.float64]

ACCURACY = 1e-9
"""Relative residual of the adjoint."""

MOST_ITERATIONS = 400


@dataclass(frozen=True, eq=False)
class Adjoint:
    """The adjoint fields of an output, in the output's unit per watt and per ampere.

    Attributes
    ----------
    temperature : raw array
        z at ``result.thermal.points``, zero where the temperature is prescribed: what 1 W supplied there adds.
    potential : raw array or None
        w at ``result.electrical.points``, zero where the potential is prescribed: what 1 A supplied there adds.
    by_fixed_temperature, by_fixed_potential : raw arrays
        What a kelvin or volt more at an entry adds where it is prescribed, the rest following; zero elsewhere.
    residual : float
        Of the adjoint problem, relative to the output's derivative.
    iterations : int
    """

    temperature: Floats
    potential: Floats | None
    by_fixed_temperature: Floats
    by_fixed_potential: Floats | None
    residual: float
    iterations: int


class Linearisation:
    """The derivative of the coupled problem at a state and its transpose, on raw vectors.

    Parameters
    ----------
    problem : CoupledProblem
    state : State
    """

    def __init__(self, problem: CoupledProblem, state: State) -> None:
        self.problem, self.state = problem, state
        self.electrical, self.current = problem.electrical, state.current

    def product(self, temperature: Floats, potential: Floats | None) -> tuple[Floats, Floats | None]:
        """The change of the outflow of heat (W) and of current (A) with a change of temperature and potential."""
        heat = self.problem.thermal.derivative(self.state.thermal, temperature)
        if self.electrical is None or self.current is None or potential is None:
            return heat, None
        slopes = self.electrical.derivatives(self.current)
        heat = heat - slopes.heat_by_temperature(temperature) - slopes.heat_by_potential(potential)
        return heat, self.current.operator.apply(potential) + slopes.current_by_temperature(temperature)

    def transposed(self, temperature: Floats, potential: Floats | None) -> tuple[Floats, Floats | None]:
        """The transpose of `product`."""
        hot = self.problem.thermal.derivative(self.state.thermal, temperature, transposed=True)
        if self.electrical is None or self.current is None or potential is None:
            return hot, None
        slopes = self.electrical.derivatives(self.current)
        hot = hot - slopes.heat_by_temperature(temperature, transposed=True)
        hot = hot + slopes.current_by_temperature_transposed(potential)
        return hot, self.current.operator.apply(potential) - slopes.heat_by_potential_transposed(temperature)


def adjoint(result: SteadyResult, by_temperature: Floats, by_potential: Floats | None = None) -> Adjoint:
    """The adjoint of an output at a result.

    Parameters
    ----------
    result : SteadyResult
    by_temperature : raw array
        The output's derivative by each entry of ``result.temperature``.
    by_potential : raw array, optional
        By each entry of ``result.potential``; none is zero.

    Returns
    -------
    Adjoint

    Raises
    ------
    InputError
        If the arrays do not fit the result.
    LinearSolveError
        If the adjoint problem cannot be solved, as at the limit of a branch.
    """
    if not isinstance(result, SteadyResult):
        raise InputError(f"adjoint needs the result of solve_steady, not {type(result).__name__}")
    result.require_steady("adjoint")
    _check("by_temperature", by_temperature, result.temperature)
    if by_potential is not None:
        _check("by_potential", by_potential, result.potential)
    return adjoint_at(*Run.at(result), by_temperature, by_potential)


def _check(name: str, given: Floats, field: Floats | None) -> None:
    shape = None if field is None else field.shape
    if np.shape(given) != shape:
        raise InputError(f"adjoint: {name} has shape {np.shape(given)}, the result's field {shape}")
    if not np.isfinite(given).all():
        raise InputError(f"adjoint: {name} has entries that are NaN or infinite")


def adjoint_at(
    problem: CoupledProblem,
    state: State,
    by_temperature: Floats,
    by_potential: Floats | None = None,
    accuracy: float = ACCURACY,
) -> Adjoint:
    """The adjoint of an output at a state of a problem, to a relative residual; see `adjoint`."""
    linear, number = Linearisation(problem, state), problem.numbering
    electrical, current = problem.electrical, state.current
    hot, volt = by_temperature, by_potential
    if electrical is None or current is None:
        right, weight = number.collapse(hot), None
        z, iterations = _thermal(problem, state, right, lambda z: linear.transposed(z, None)[0], accuracy)
    else:
        slopes = electrical.derivatives(current)
        volt = np.zeros(electrical.space.size) if volt is None else volt

        def following(z: Floats) -> Floats:
            """w from z, by the second equation."""
            return electrical.inverse(current, volt + slopes.heat_by_potential_transposed(z), 0.1 * accuracy)

        # The potential's adjoint is eliminated as the potential itself is in Newton's method.
        start = following(np.zeros_like(hot))

        def reduced(z: Floats) -> Floats:
            return linear.transposed(z, following(z) - start)[0]

        right = number.collapse(hot - slopes.current_by_temperature_transposed(start))
        z, iterations = _thermal(problem, state, right, reduced, accuracy)
        weight = following(z)
    return _checked(linear, z, weight, hot, volt, iterations, accuracy)


def _thermal(
    problem: CoupledProblem, state: State, right: Floats, product: Callable[[Floats], Floats], accuracy: float
) -> tuple[Floats, int]:
    """z (raw) of an equation on the temperature's unknowns."""
    number = problem.numbering
    if not right.any():
        return number.expand(right), 0
    if problem.is_linear:
        size, rtol = norm_of(right), problem.solver.rtol
        rough, first = problem.solver.solve(state.system, right, scale=max(accuracy, 1e-5) * size / rtol)
        # Thin layers magnify the rounding of the fields: no residual is asked for below what that leaves.
        noise = np.finfo(float).eps * np.random.default_rng(0).choice([-1.0, 1.0], len(rough)) * rough
        scale = max(accuracy * size, 4 * norm_of(state.system.apply(noise)))
        solved, second = problem.solver.solve(state.system, right, rough, scale=scale / rtol)
        return number.expand(solved), first.iterations + second.iterations
    made = problem.solver.preconditioner(state.system)
    solved, iterations, _ = flexible_gmres(
        lambda x: number.collapse(product(number.expand(x))),
        right,
        made.solve,
        relative_tolerance=0.3 * accuracy,
        max_iterations=MOST_ITERATIONS,
    )
    return number.expand(solved), iterations


def _checked(
    linear: Linearisation,
    z: Floats,
    weight: Floats | None,
    hot: Floats,
    volt: Floats | None,
    iterations: int,
    accuracy: float,
) -> Adjoint:
    """The adjoint with its residual, recomputed on the whole problem."""
    left_hot, left_volt = linear.transposed(z, weight)
    number, operator = linear.problem.numbering, linear.state.thermal.operator
    residual = _relative(number, hot, hot - left_hot, operator.apply(z))
    fixed_hot, fixed_volt = np.where(number.is_fixed, hot - left_hot, 0.0), None
    if weight is not None and left_volt is not None and volt is not None:
        assert linear.electrical is not None and linear.current is not None
        own, operator = linear.electrical.numbering, linear.current.operator
        residual = max(residual, _relative(own, volt, volt - left_volt, operator.apply(weight)))
        fixed_volt = np.where(own.is_fixed, volt - left_volt, 0.0)
    if not residual <= 100 * accuracy:
        raise LinearSolveError(
            f"the adjoint was solved to a relative residual of {residual:.1e} only, not {accuracy:g}; the state may be "
            "at the limit of its branch (see find_limit)",
            z,
            residual,
        )
    return Adjoint(z, weight, fixed_hot, fixed_volt, residual, iterations)


def _relative(number: Numbering, right: Floats, rest: Floats, image: Floats) -> float:
    """The norm of what is left of an equation, relative to the greater of its right side and the operator's part."""
    norms = [norm_of(number.collapse(item)) for item in (right, image, rest)]
    return norms[2] / max(norms[:2]) if norms[2] > 0.0 else 0.0
