"""A result's problem on the refined mesh: what the result leaves there as residual, and how much that is worth.

The refined problem is linearised at the result and solved roughly, by a few cycles in which the result's own level is
the coarse one; what these leave out is met by the adjoint:

    J(T_f) - J(T_h) = J'(e) + z_h' r(T_h + e),     r the residual, r' e ~ -r(T_h), r'(T_h)' z_h = -J',

up to the product of two errors, that of e and that of the adjoint.

Legend: h the result's level, f the refined one, e a rough solution there, z_h the adjoint of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.hierarchy import make_hierarchy
from mcpthermal.fem.numbering import Numbering
from mcpthermal.linalg import Nested, gmres_steps
from mcpthermal.mesh.refinement import refined
from mcpthermal.result.probes import MaxTemperature
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.adjoint import Linearisation, adjoint_at
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.goals import Level, derivative
from mcpthermal.solve.run import Run

Floats = NDArray[np.float64]

CYCLES, ADJOINT_CYCLES = 3, 1
"""Steps of GMRES for the correction and for that of an adjoint."""

ROUGH = 0.03
"""Relative residual at which the correction is good enough."""

POTENTIAL_CYCLES = 6
"""Steps for the potential in each of them; conductors are small beside the whole."""

PASSES, LITTLE = 4, 0.1
"""Corrections are repeated, at most so often, until the rest changes goals by no more than this part."""

ADJOINT_ACCURACY = 1e-4
"""Relative residual of the adjoints on the result's level: their error meets a residual that is small itself."""


class Enrichment:
    """The refined problem of a result, and its rough correction.

    Parameters
    ----------
    result : SteadyResult
    solved : (CoupledProblem, State), optional
        The result's own; set up again unless given.

    Attributes
    ----------
    base, fine : Level
        The result's level and the refined one.
    correction, rest : arrays
        e and r - A e on the stacked unknowns of temperature and scaled potential.
    """

    def __init__(self, result: SteadyResult, solved: tuple[CoupledProblem, State] | None = None) -> None:
        base, state = solved or Run.at(result)
        order = getattr(result.thermal, "order", 2)
        problem = CoupledProblem(
            result.case, refined(result.mesh), order, base.solver.rtol, base.solver.method, base.timed
        )
        vars(problem.factors).update(result.factors)
        self.hot = make_hierarchy(base.thermal.space, problem.thermal.space)
        self.volt: Any = None
        potential = None
        if base.electrical is not None and problem.electrical is not None and state.current is not None:
            self.volt = make_hierarchy(base.electrical.space, problem.electrical.space)
            potential = self.volt.up(state.current.potential)
        rise = self.hot.up(state.rise)
        rise = np.where(problem.numbering.is_fixed, problem.thermal.base, rise)
        self.base = Level(result, base, base, state)
        lift_volt = self.hot.up if self.volt is None else self.volt.up
        self.fine = Level(result, base, problem, problem.state_at(rise, potential), self.hot.up, lift_volt)
        self.linear = Linearisation(problem, self.fine.state)
        self.size = problem.numbering.size
        self.correction = self._solved(self._residual(), self._product, self._cycle, CYCLES)
        self.rest = self._rest()
        self._adjoints: dict[str, Floats] = {}

    # --- stacked unknowns -----------------------------------------------------------------------------------

    @cached_property
    def _volts(self) -> float:
        """The scale of the potential, which makes its equation one of power as the other is (V)."""
        current = self.fine.state.current
        return 1.0 if current is None else float(np.abs(current.drop).max()) or 1.0

    def _stacked(self, hot: Floats, volt: Floats | None) -> Floats:
        """Loads of both equations."""
        problem = self.fine.problem
        own = problem.numbering.collapse(hot)
        if problem.electrical is None or volt is None:
            return own
        return np.concatenate([own, self._volts * problem.electrical.numbering.collapse(volt)])

    def fields(self, unknowns: Floats) -> tuple[Floats, Floats | None]:
        """Both raw fields of stacked unknowns."""
        problem = self.fine.problem
        own = problem.numbering.expand(unknowns[: self.size])
        if problem.electrical is None:
            return own, None
        return own, problem.electrical.numbering.expand(self._volts * unknowns[self.size :])

    def _residual(self) -> Floats:
        return self._stacked_residual(self.fine.state)

    def _stacked_residual(self, state: State) -> Floats:
        if state.current is None or state.current.imbalance is None:
            return state.residual
        return np.concatenate([state.residual, self._volts * state.current.imbalance])

    def _rest(self) -> Floats:
        """What the correction leaves as residual, with what is not linear in it."""
        problem, state = self.fine.problem, self.fine.state
        if problem.is_linear and state.current is None:
            return self._residual() - self._product(self.correction)
        hot, volt = self.fields(self.correction)
        potential = None if state.current is None or volt is None else state.current.potential + volt
        moved = problem.state_at(state.rise + hot, potential)
        return self._stacked_residual(moved)

    def _product(self, unknowns: Floats) -> Floats:
        return self._stacked(*self.linear.product(*self.fields(unknowns)))

    def _transposed(self, unknowns: Floats) -> Floats:
        return self._stacked(*self.linear.transposed(*self.fields(unknowns)))

    # --- rough solutions --------------------------------------------------------------------------------------

    @cached_property
    def _thermal(self) -> Nested:
        base, state = self.base.problem, self.base.state
        below = base.solver.preconditioner(state.system).solve
        return _nested(self.fine.state.system, below, self.hot, base.numbering, self.fine.problem.numbering)

    @cached_property
    def _electrical(self) -> Callable[[Floats], Floats]:
        base, fine = self.base.problem.electrical, self.fine.problem.electrical
        below_state, current = self.base.state.current, self.fine.state.current
        assert base is not None and fine is not None and below_state is not None and current is not None
        below = base.solver.preconditioner(below_state.system).solve
        nested = _nested(current.system, below, self.volt, base.numbering, fine.numbering)
        apply = current.system.apply

        def solve(load: Floats) -> Floats:
            return self._solved(load, apply, nested.solve, POTENTIAL_CYCLES)

        return solve

    def _cycle(self, load: Floats) -> Floats:
        """First the potential, then the temperature with the heat that it brings."""
        problem, current = self.fine.problem, self.fine.state.current
        if problem.electrical is None or current is None:
            return self._thermal.solve(load)
        volt = self._electrical(load[self.size :] / self._volts)
        heat = problem.electrical.derivatives(current).heat_by_potential(problem.electrical.numbering.expand(volt))
        hot = self._thermal.solve(load[: self.size] + problem.numbering.collapse(heat))
        return np.concatenate([hot, volt / self._volts])

    def _adjoint_cycle(self, load: Floats) -> Floats:
        """The transpose: first the temperature."""
        problem, current = self.fine.problem, self.fine.state.current
        if problem.electrical is None or current is None:
            return self._thermal.solve(load)
        hot = self._thermal.solve(load[: self.size])
        slopes, number = problem.electrical.derivatives(current), problem.electrical.numbering
        driven = number.collapse(slopes.heat_by_potential_transposed(problem.numbering.expand(hot)))
        volt = self._electrical(load[self.size :] / self._volts + driven)
        return np.concatenate([hot, volt / self._volts])

    @staticmethod
    def _solved(load: Floats, product: Any, cycle: Any, steps: int) -> Floats:
        return gmres_steps(product, load, cycle, relative_tolerance=ROUGH, steps=steps)

    # --- answers ----------------------------------------------------------------------------------------------

    def changes(self, goals: Sequence[Any]) -> list[float]:
        """What the refined mesh adds to some goals."""
        slopes = [self._stacked(*derivative(goal, self.fine)) for goal in goals]
        weights = [self._adjoint(goal) for goal in goals]
        for _ in range(PASSES):
            found = [self._change(*item) for item in zip(goals, slopes, weights, strict=True)]
            # Where the rest counts much, so does what meets it in the refined adjoint.
            if all(abs(left) <= LITTLE * abs(change) for change, left in found):
                break
            self.correction = self.correction + self._solved(self.rest, self._product, self._cycle, CYCLES)
            self.rest = self._rest()
        return [change for change, _ in found]

    def adjoint_correction(self, goal: Any) -> Floats:
        """What the refined mesh adds to the adjoint of a goal: it meets the correction in the cells that matter."""
        load = self._stacked(*derivative(goal, self.fine)) - self._transposed(self._adjoint(goal))
        return self._solved(load, self._transposed, self._adjoint_cycle, ADJOINT_CYCLES)

    def _change(self, goal: Any, slope: Floats, z: Floats) -> tuple[float, float]:
        """The change of a goal, and the part of it that the rest of the residual has."""
        left = float(z @ self.rest)
        solved = self._higher(goal) if isinstance(goal, MaxTemperature) else float(slope @ self.correction)
        return solved + left, left

    def _higher(self, goal: MaxTemperature) -> float:
        """How much higher the corrected maximum is: the hottest place moves too."""
        result, problem = self.base.result, self.fine.problem
        cells = problem.mesh.solid
        if goal.part is not None:
            cells = cells & problem.mesh.cells_of(result.case.place(goal.part))
        rise = self.fine.state.rise + self.fields(self.correction)[0]
        before = self.base.problem.thermal.space.cell_extrema(self.base.state.rise)[1][result.cells_of(goal.part)]
        return float(problem.thermal.space.cell_extrema(rise)[1][cells].max() - before.max())

    def _adjoint(self, goal: Any) -> Floats:
        """The adjoint of the result's level on the refined one, as stacked unknowns."""
        if goal.name not in self._adjoints:
            slopes = derivative(goal, self.base)
            found = adjoint_at(self.base.problem, self.base.state, *slopes, accuracy=ADJOINT_ACCURACY)
            problem = self.fine.problem
            own = problem.numbering.pick(self.hot.up(found.temperature))
            if problem.electrical is not None and found.potential is not None:
                volt = problem.electrical.numbering.pick(self.volt.up(found.potential))
                own = np.concatenate([own, volt / self._volts])
            self._adjoints[goal.name] = own
        return self._adjoints[goal.name]


def _nested(system: Any, below: Any, hierarchy: Any, coarse: Numbering, fine: Numbering) -> Nested:
    def up(x: Floats) -> Floats:
        return fine.pick(hierarchy.up(coarse.expand(x)))

    def down(r: Floats) -> Floats:
        raw = np.zeros(len(fine.number))
        raw[fine.heads] = r
        return coarse.collapse(hierarchy.down(raw))

    return Nested(system, below, up, down)
