"""The coupled steady solve: potential, Joule heat and temperature in equilibrium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mcpthermal.case import Case
from mcpthermal.errors import BalanceError, CouplingError, InputError
from mcpthermal.linalg import Method
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.limits import require_steady_state
from mcpthermal.solve.newton import Newton
from mcpthermal.solve.reuse import Reuse
from mcpthermal.solve.run import Run
from mcpthermal.units import quantity, whole_number

SERIES = 0.3
"""From a good start, the part of the tolerance that all further changes, a geometric series, may add up to."""


def solve_steady(
    case: Case,
    mesh: Any = None,
    order: int = 2,
    *,
    tolerance: float = 1e-9,
    max_iterations: int = 60,
    linear_tolerance: float = 1e-10,
    method: Method = "auto",
    progress: Callable[[str], None] | None = None,
    initial: SteadyResult | float | str | None = None,
    reuse: Reuse | None = None,
) -> SteadyResult:
    """Solve steady currents, Joule heat and heat conduction of a case.

    Parameters
    ----------
    case : Case
    mesh : ColumnMesh or TetMesh, optional
        Default: the package's own imported mesh, or the default `MeshSpec`.
    order : {2, 1}
        Of the elements; columns are always quadratic.
    tolerance : float
        The iteration ends when no temperature changes by more than this part of the largest rise, and the residual
        meets `linear_tolerance`.
    max_iterations : int
    linear_tolerance : float
        Relative residual of each linear solve.
    method : {"auto", "direct", "multigrid"}
        Of the linear solves.
    progress : callable, optional
        Is told in words what happens.
    initial : SteadyResult or float, optional
        Where to start: a result of a package with the same parts, on any mesh, or a temperature (K). The answer does
        not depend on it.
    reuse : Reuse, optional
        What earlier solves of like problems have made, for this one and the next.

    Returns
    -------
    SteadyResult

    Raises
    ------
    NoSteadyState
        If more heat is released than can leave; it carries the last steady state on the way and the part of the loads
        that has one.
    CouplingError
        If the iteration does not reach its tolerance in `max_iterations`; it carries the last iterate.
    LinearSolveError, BalanceError, InputError
    """
    if not isinstance(case, Case):
        raise InputError(f"solve_steady needs a Case, not {type(case).__name__}")
    tolerance = quantity(tolerance, "", "tolerance", above=0.0, maximum=0.1)
    max_iterations = whole_number(max_iterations, "max_iterations")
    run = Run(case, mesh, order, linear_tolerance, method, progress)
    if reuse is None:
        run.problem.expect_few()
    else:
        reuse.adopt(run.problem)
        found = _from_earlier(run, reuse, tolerance, max_iterations)
        if found is not None:
            return found
    newton = Newton(run.problem, tolerance, run.say)
    start = run.problem.start if initial is None else run.initial_rise(initial)
    state = newton.solve(start, None, max_iterations)
    if state is not None:
        if reuse is not None:
            reuse.keep(state)
        return run.result(state, newton)
    if len(newton.history) < max_iterations:
        return require_steady_state(run, tolerance, max_iterations)
    last = newton.last
    highest = float(last.temperature[run.problem.thermal.space.active].max())
    raise CouplingError(
        f"the coupling did not converge in {len(newton.history)} iterations: relative residual {last.size:.3g}, "
        f"highest temperature {highest:.6g} K; {newton.failure}",
        last.temperature,
        None if last.current is None else last.current.potential,
        tuple(newton.history),
    )


def _from_earlier(run: Run, reuse: Reuse, tolerance: float, limit: int) -> SteadyResult | None:
    """The answer found from what earlier problems suggest; None if they suggest nothing, or it leads nowhere."""
    begun = reuse.start()
    if begun is None:
        return None
    newton = Newton(run.problem, tolerance, run.say, warm=True, subspace=reuse.subspace())
    newton.accuracy = SERIES * tolerance * float(np.abs(begun[0][run.problem.thermal.space.active]).max())
    state = newton.solve(*begun, limit)
    if state is None:
        return None
    reuse.keep(state)
    try:
        return run.result(state, newton)
    except BalanceError:  # what is accurate enough need not add up: on to the tolerance of the residual
        newton.accuracy = 0.0
        state = newton.solve(state.rise, None if state.current is None else state.current.potential, limit)
        return None if state is None else run.result(state, newton)
