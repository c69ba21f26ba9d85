"""Newton's method with line search for the coupled problem; its linear systems are solved only as well as needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import LinearSolveError, MaterialError
from mcpthermal.linalg import SolveReport, flexible_gmres, norm_of
from mcpthermal.result.steady import Iteration
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.subspace import Latest, Subspace

Floats = NDArray[np.float64]

ROUNDING = 1e-12
"""Relative to the absolute temperature."""

SHORTEST = 2.0**-7
"""The shortest step of the line search."""

WELL = 0.1
"""A reduction of the residual that is good enough to go on without Newton's full derivative."""

CLOSE = 10.0
"""Residuals within this factor of their tolerance do not call for it either."""

GUESSED, REDUCED = 1e-3, 3e-3
"""Reductions of the residual by the first step from a guess, and by the linear solves of later steps: what the
symmetric part leaves is about as large, and another state costs as much as some iterations."""

STARTED = 3e-4
"""The same for a step that may be the only one."""

UNEVEN = 4.0
"""By how much less than the residual an iteration may reduce the error."""

KEPT_STEPS = 2
"""Earlier steps with the symmetric part whose differences improve the next one."""

ACTIVE_ITERATIONS = 200
"""Most iterations of GMRES in one step."""


@dataclass
class Newton:
    """Iterates until the residual meets the linear tolerance and the last change the coupling's.

    Attributes
    ----------
    problem : CoupledProblem
    tolerance : float
        The last change, relative to the largest rise.
    history : list of Iteration
    solves : list of mappings
        One for each linear solve.
    say : callable
        Is told in words what happens.
    accuracy : float
        An estimated error of the rise that is good enough before the residual is (K).
    contraction : float
        The ratio of the last two changes, or what is known of it from before; 1 if nothing is.
    warm : bool
        Whether the start is about right, so that already the first step is worth its accuracy.
    subspace : Subspace, Latest or None
        Where the first step with the symmetric part starts from its projection.
    """

    problem: CoupledProblem
    tolerance: float
    say: Callable[[str], None] = lambda text: None
    history: list[Iteration] = field(default_factory=list)
    solves: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    accuracy: float = 0.0
    contraction: float = 1.0
    warm: bool = False
    subspace: Subspace | Latest | None = None
    _needs_derivative: bool = False
    _steps: list[tuple[Floats, Floats]] = field(default_factory=list)

    def solve(self, rise: Floats, potential: Floats | None, limit: int) -> State | None:
        """The state in equilibrium, or None with `failure` set; then `last` is the last state."""
        problem = self.problem
        state = self.evaluate(rise, potential)
        previous = np.inf
        change = np.inf
        self.last = state
        while True:
            allowed = self._allowed(state)
            # But from a guess, the next change would be smaller than the last as the residual is smaller.
            coming = change * (min(1.0, state.size / previous) if self.warm or len(self.history) > 1 else 1.0)
            settled = problem.is_linear or not self.history or coming <= allowed
            if settled and state.size <= problem.solver.rtol:
                return state
            if self._is_accurate(change, state.size / previous):
                return state
            if len(self.history) >= limit:
                self.failure = f"raise max_iterations (now {limit}) or the tolerance"
                return None
            self.say(f"iteration {len(self.history) + 1}, residual {state.size:.1e}")
            step, iterations = self._step(state, previous)
            # What a guess leaves says nothing about how well steps reduce the residual.
            previous = np.inf if self._is_guess else state.size
            state.release()
            moved = self._search(state, step)
            if moved is None:
                return None
            before, change = change, float(np.abs(moved.rise - state.rise)[problem.thermal.space.active].max())
            if 0.0 < before < np.inf:
                self.contraction = change / before
            state = self.last = moved
            self._record(state, change, iterations)

    def _is_accurate(self, change: float, reduction: float) -> bool:
        """Whether all further changes, a geometric series, add up to no more than what is good enough."""
        # One step alone tells its contraction by the residual only.
        ratio = max(self.contraction, UNEVEN * reduction if len(self.history) == 1 else 0.0)
        if self.accuracy == 0.0 or not self.history or ratio >= 0.5:
            return False
        return change * ratio / (1 - ratio) <= self.accuracy

    def evaluate(self, rise: Floats, potential: Floats | None) -> State:
        """The state at a rise (K)."""
        state = self.problem.state(rise, potential)
        if state.current is not None:
            self.solves.append({"field": "potential", **vars(state.current.report)})
        return state

    def _allowed(self, state: State) -> float:
        active = self.problem.thermal.space.active
        rise = float(np.abs(state.rise[active]).max())
        return self.tolerance * rise + ROUNDING * float(state.temperature[active].max())

    def _record(self, state: State, change: float, iterations: int) -> None:
        highest = float(state.temperature[self.problem.thermal.space.active].max())
        electrical = 0 if state.current is None else state.current.report.iterations
        self.history.append(Iteration(change, highest, iterations, electrical))

    @property
    def _is_guess(self) -> bool:
        """Whether the state is that of a first temperature, which may be far off."""
        return not self.history and not self.warm

    def _step(self, state: State, previous: float) -> tuple[Floats, int]:
        """The step of the unknowns (K), by conjugate gradients with the symmetric part alone as long as that does."""
        problem, rtol = self.problem, self.problem.solver.rtol
        if not problem.is_linear and state.size > max(WELL * previous, CLOSE * rtol):
            self._needs_derivative = True
        if not self._needs_derivative:
            if self._is_guess:
                # How much rounding a rise leaves in the residual is known only once it is about right.
                goal = max(1.0, (1e-5 if problem.is_linear else GUESSED) / rtol)
            else:
                reduced = STARTED if self.accuracy and self.contraction < 0.5 and not self.history else REDUCED
                goal = 1.0 if problem.is_linear else max(0.3, reduced * state.size / rtol)
            step, report = problem.timed("heat", lambda: self._symmetric(state, goal * state.scale))
            self.solves.append({"field": "temperature", **vars(report)})
            return step if problem.is_linear else self._mixed(state, step), report.iterations
        # Eisenstat and Walker, Choosing the forcing terms in an inexact Newton method, SIAM J. Sci. Comput. 17, 1996.
        forcing = min(0.1, 0.9 * (state.size / previous) ** 2)
        forcing = max(forcing, 0.3 * rtol / state.size, 1e-10)
        return problem.timed("heat", lambda: self._gmres(state, forcing))

    def _mixed(self, state: State, step: Floats) -> Floats:
        """A step improved by how earlier ones changed (Anderson; Walker and Ni, SIAM J. Numer. Anal. 49, 2011)."""
        place, change = self.problem.numbering.pick(state.rise), step
        if self._steps:
            moves = np.column_stack([place - before for before, _ in self._steps])
            changes = np.column_stack([step - before for _, before in self._steps])
            change = step - (moves + changes) @ np.linalg.lstsq(changes, step, rcond=None)[0]
        self._steps = [*self._steps[-KEPT_STEPS + 1 :], (place, step)]
        return change

    def _symmetric(self, state: State, scale: float) -> tuple[Floats, SolveReport]:
        guess = None
        if self.subspace is not None and not self.history:  # of later residuals little lies in the span
            guess = self.subspace.guess(state.system, state.residual)
        return self.problem.solver.solve(state.system, state.residual, guess, scale=scale)

    def _gmres(self, state: State, forcing: float) -> tuple[Floats, int]:
        problem = self.problem
        product = problem.jacobian(state, 0.1 * forcing)
        made = problem.solver.preconditioner(state.system)
        step, iterations, residual = flexible_gmres(
            product, state.residual, made.solve, relative_tolerance=forcing, max_iterations=ACTIVE_ITERATIONS
        )
        if iterations > 40:
            problem.solver.reset()
        self.solves.append(
            {
                "field": "temperature",
                "method": f"Newton, GMRES, {made.description}",
                "reason": made.reason,
                "size": len(step),
                "iterations": iterations,
                "residual": residual * state.size,
            }
        )
        return step, iterations

    def _search(self, state: State, step: Floats) -> State | None:
        """The state after the longest part of a step that reduces the residual (Armijo), halving; None if none does."""
        problem, length = self.problem, 1.0
        if not np.isfinite(step).all():
            self.failure = "the linearised problem has no solution"
            return None
        while length >= SHORTEST:
            tried = self._try(problem.moved(state.rise, length * step), state)
            if tried is not None and (problem.is_linear or self._is_guess or self._is_better(tried, state, length)):
                return tried
            length /= 2
        self.failure = "no part of Newton's step reduces the residual"
        return None

    def _is_better(self, tried: State, state: State, length: float) -> bool:
        """Whether the residual has become smaller, or is within its tolerance."""
        new, old = (norm_of(item.residual) for item in (tried, state))
        return new <= (1 - 1e-4 * length) * old or tried.size <= self.problem.solver.rtol

    def _try(self, rise: Floats, state: State) -> State | None:
        thermal = self.problem.thermal
        if not (rise[thermal.space.active] > -thermal.reference).all():
            return None
        potential = None if state.current is None else state.current.potential
        try:
            tried = self.evaluate(rise, potential)
        except (MaterialError, LinearSolveError):
            return None  # beyond the reach of a law; a shorter step stays within
        return tried if np.isfinite(tried.residual).all() else None
