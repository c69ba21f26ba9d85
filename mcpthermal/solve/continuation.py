"""Branches of steady states by pseudo-arclength, and where they turn: the largest load with a steady state.

Keller, Numerical solution of bifurcation and nonlinear eigenvalue problems, in Applications of Bifurcation Theory
(Academic Press, 1977). Unknowns are the rise and the factor of a load; the equation that is added says how far a point
is along the branch, so that the turning point is a point like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import LinearSolveError, MaterialError
from mcpthermal.linalg import flexible_gmres
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.thermal import Factors

Floats = NDArray[np.float64]

PARAMETERS = {
    "load": ("power", "leakage", "current", "voltage"),
    "current": ("current",),
    "voltage": ("voltage",),
    "power": ("power",),
    "leakage": ("leakage",),
    "ambient": ("shift",),
}
"""What each parameter multiplies; "ambient" is added to all temperatures of the surroundings (K)."""

FIRST_RISE = 20.0
"""The rise (K) that the first step aims at; also what a step of the rise is measured by."""

CORRECTIONS = 12
"""Most corrections of one step."""

LINEAR = 1e-8
"""Relative residual of the bordered linear systems."""


@dataclass(frozen=True, eq=False)
class Point:
    """A steady state on a branch.

    Attributes
    ----------
    factor : float
    state : State
    tangent : (n_unknowns,) array
        Change of the unknowns along the branch (K per unit of arc).
    slope : float
        Change of the factor per unit of arc; negative past the turning point.
    """

    factor: float
    state: State
    tangent: Floats
    slope: float


class Branch:
    """Follows the steady states of a problem while a load grows.

    Parameters
    ----------
    problem : CoupledProblem
    parameter : str
        One of `PARAMETERS`.

    Attributes
    ----------
    solves : list of mappings
        One for each linear solve.
    """

    def __init__(self, problem: CoupledProblem, parameter: str) -> None:
        self.problem, self.fields = problem, PARAMETERS[parameter]
        self._given = replace(problem.factors)
        self.solves: list[dict[str, Any]] = []
        self._factor_scale = 1.0
        # Brings the equation of the arc to the size of the others (W).
        self._heat_scale = 1.0

    # --- the equations ------------------------------------------------------------------------------------

    def set(self, factor: float) -> None:
        """Put a factor on the loads."""
        for name in self.fields:
            given: float = getattr(self._given, name)
            setattr(self.problem.factors, name, given + factor if name == "shift" else given * factor)

    def restore(self) -> None:
        """Give the loads their own factors back."""
        for name in vars(Factors()):
            setattr(self.problem.factors, name, getattr(self._given, name))

    def _state(self, rise: Floats, factor: float, potential: Floats | None) -> State:
        self.set(factor)
        state = self.problem.state(rise, potential)
        if state.current is not None:
            self.solves.append({"field": "potential", **vars(state.current.report)})
        return state

    def _by_factor(self, state: State, factor: float) -> Floats:
        """The derivative of the residual by the factor, at a rise: exact where it is quadratic, as for currents."""
        step = 1e-3 * self._factor_scale
        potential = None if state.current is None else state.current.potential
        above, below = (self._state(state.rise, factor + sign * step, potential) for sign in (1, -1))
        # Prescribed temperatures move with the ambient: what they change is not in the residual at a rise.
        difference = above.residual - below.residual
        if "shift" in self.fields and self.problem.thermal.fixed:
            fixed = self.problem.numbering.is_fixed.astype(float)
            difference = difference - 2 * step * self.problem.numbering.collapse(state.thermal.operator.apply(fixed))
        self.set(factor)
        return difference / (2 * step)

    def _weigh(self, tangent: Floats) -> Floats:
        return tangent / (len(tangent) * FIRST_RISE**2)

    def _bordered(
        self, state: State, by_factor: Floats, row: Floats, corner: float, right: Floats, last: float, tolerance: float
    ) -> tuple[Floats, float]:
        """Solve ``J dx - r_f df = right``, ``row dx + corner df = last``; the factor in units of its scale."""
        problem, scale = self.problem, self._factor_scale
        product = problem.jacobian(state, 0.1 * tolerance)
        made = problem.solver.preconditioner(state.system)
        force = by_factor * scale
        through = made.solve(force)
        pivot = corner + float(row @ through)
        size = len(right)
        weight = self._heat_scale

        def apply(x: Floats) -> Floats:
            top = product(x[:size]) - force * x[size]
            return np.append(top, weight * (float(row @ x[:size]) + corner * x[size]))

        def precondition(r: Floats) -> Floats:
            part = made.solve(r[:size])
            df = (r[size] / weight - float(row @ part)) / pivot if pivot != 0.0 else 0.0
            return np.append(part + through * df, df)

        x, iterations, residual = flexible_gmres(
            apply, np.append(right, weight * last), precondition, relative_tolerance=tolerance, max_iterations=200
        )
        self.solves.append(
            {
                "field": "temperature",
                "method": f"arc-length, GMRES, {made.description}",
                "reason": made.reason,
                "size": size,
                "iterations": iterations,
                "residual": residual,
            }
        )
        if iterations > 60:
            problem.solver.reset()
        return x[:size], float(x[size]) * scale

    # --- points -------------------------------------------------------------------------------------------

    def start(self, state: State, factor: float) -> Point:
        """The first point, with the branch going towards larger factors; finds the scale of the factor."""
        problem = self.problem
        potential = None if state.current is None else state.current.potential
        tried = self._state(state.rise, factor + 1.0, potential)
        force = tried.residual - state.residual
        step, _ = problem.solver.solve(state.system, force, scale=1e6 * float(np.linalg.norm(force)))
        power = 2 if {"current", "voltage"} & set(self.fields) else 1
        largest = float(np.abs(step).max(initial=0.0))
        if "shift" in self.fields:
            self._factor_scale = FIRST_RISE
        elif largest > 0.0:
            self._factor_scale = min((FIRST_RISE / largest) ** (1 / power), 1e12)
        self._heat_scale = float(np.linalg.norm(force)) * self._factor_scale**power or 1.0
        by_factor = self._by_factor(state, factor)
        zero = np.zeros(len(state.residual))
        tangent, slope = self._bordered(state, by_factor, zero, 1.0, zero, 1.0, LINEAR)
        return self._normed(Point(factor, state, tangent, slope), zero, 1.0)

    def _normed(self, point: Point, last: Floats, last_slope: float) -> Point:
        """The tangent with unit length, in the direction of the last one."""
        slope = point.slope / self._factor_scale
        length = float(np.sqrt(self._weigh(point.tangent) @ point.tangent + slope**2))
        along = float(self._weigh(last) @ point.tangent) + last_slope / self._factor_scale * slope
        length = length if along >= 0 else -length
        return replace(point, tangent=point.tangent / length, slope=point.slope / length)

    def step(self, point: Point, arc: float) -> tuple[Point | None, int]:
        """The point at an arc length from another, and how many corrections it took; None if they did not converge."""
        problem, number = self.problem, self.problem.numbering
        potential = None if point.state.current is None else point.state.current.potential
        factor = point.factor + arc * point.slope
        self.set(factor)
        rise = problem.moved(point.state.rise, arc * point.tangent)
        row, corner = self._weigh(point.tangent), point.slope / self._factor_scale
        origin = number.pick(point.state.rise)
        size = np.inf
        for count in range(CORRECTIONS):
            state = self._reach(rise, factor, potential)
            if state is None:
                return None, count
            if state.size <= problem.solver.rtol:
                by_factor = self._by_factor(state, factor)
                zero = np.zeros(len(state.residual))
                tangent, slope = self._bordered(state, by_factor, row, corner, zero, 1.0, LINEAR)
                return self._normed(Point(factor, state, tangent, slope), point.tangent, point.slope), count
            if state.size > 10 * size:
                return None, count
            size = state.size
            gone = float(row @ (number.pick(rise) - origin)) + corner * (factor - point.factor) / self._factor_scale
            by_factor = self._by_factor(state, factor)
            tolerance = min(1e-2, max(0.1 * problem.solver.rtol / state.size, LINEAR))
            change, shift = self._bordered(state, by_factor, row, corner, state.residual, arc - gone, tolerance)
            factor += shift
            self.set(factor)
            rise = problem.moved(rise, change)
            potential = None if state.current is None else state.current.potential
        return None, CORRECTIONS

    def _reach(self, rise: Floats, factor: float, potential: Floats | None) -> State | None:
        thermal = self.problem.thermal
        if not (rise[thermal.space.active] > -thermal.reference).all():
            return None
        try:
            state = self._state(rise, factor, potential)
        except (MaterialError, LinearSolveError):
            return None
        return state if np.isfinite(state.residual).all() else None

    def turning_point(self, before: Point, after: Point, arc: float) -> Point:
        """The point between two others at which the factor is greatest: its slope is zero there."""
        low, high, found = 0.0, arc, before
        slopes = [before.slope, after.slope]
        best = before if before.factor >= after.factor else after
        for _ in range(8):
            # The slope is nearly linear in the arc at a simple turning point.
            middle = low + (high - low) * np.clip(slopes[0] / (slopes[0] - slopes[1]), 0.05, 0.95)
            point, _ = self.step(before, float(middle))
            if point is None:
                break
            gained = abs(point.factor - best.factor)
            best = point if point.factor > best.factor else best
            if point.slope >= 0:
                low, slopes[0], found = float(middle), point.slope, point
            else:
                high, slopes[1] = float(middle), point.slope
            if gained <= 1e-9 * abs(best.factor) or abs(point.slope) <= 1e-6 * self._factor_scale:
                break
        return best if best.slope >= 0 else found if found.factor >= best.factor * (1 - 1e-9) else best
