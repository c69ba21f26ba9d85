"""One step in time of the coupled problem, stage by stage, in terms of the heat that is stored.

With H the heat content, r what flows in and k_j = r(T_j, t_j) at the stages,

    H(T_i) = H(T_n) + h sum_j a_ij k_j,        T_(n+1) = T_s,

so that the stored heat balances what flowed in, whatever the heat capacities do. The potential follows the temperature
within each stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import LinearSolveError, MaterialError
from mcpthermal.linalg import norm_of
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.methods import RungeKutta
from mcpthermal.solve.newton import Newton
from mcpthermal.solve.storage import HeatStore
from mcpthermal.solve.subspace import Latest
from mcpthermal.solve.trail import Trail

Floats = NDArray[np.float64]

SAME = 1e-12
"""Times that differ by less, relatively, are one event."""

STAGE_ITERATIONS = 25

SPAN = 6
"""How many of the latest solutions the next one is looked for in."""

ERROR_ACCURACY = 1e-3
"""To which the error estimate is solved."""

Rows = list[tuple[str, str, float]]


@dataclass
class Moment:
    """A state in time.

    Attributes
    ----------
    time : float
        (s)
    rise : raw array (K)
    content : raw array (J)
    inflow : raw array (W)
        The heat that flows into the store.
    potential : raw array (V) or None
    rows : list
        Heat into the body by each load (W): (place, kind, heat).
    noise : float
        What rounding lets in or out of it besides (W).
    state : State or None
        The last stage that led here.
    newton : Newton or None
    """

    time: float
    rise: Floats
    content: Floats
    inflow: Floats
    potential: Floats | None
    rows: Rows
    noise: float
    state: State | None = None
    newton: Newton | None = None


@dataclass
class Step:
    """What a step gave.

    Attributes
    ----------
    moment : Moment
    error : array of the unknowns (K)
    energy : list
        Heat into the body by each load during the step (J): (place, kind, heat).
    rounding : float
        What rounding may have let in or out of it besides (J).
    linear_solves, iterations : int
    """

    moment: Moment
    error: Floats
    energy: Rows
    rounding: float
    linear_solves: int
    iterations: int


class Marcher:
    """Takes steps with a method.

    Parameters
    ----------
    problem : CoupledProblem
    method : RungeKutta

    Attributes
    ----------
    failure : Exception or None
        Why a stage of the last step could not be solved, if it raised something.
    """

    def __init__(self, problem: CoupledProblem, method: RungeKutta) -> None:
        self.problem, self.method = problem, method
        thermal = problem.thermal
        self.store = HeatStore(problem.case, thermal.space, thermal.reference)
        self.solves: list[dict[str, Any]] = []
        self.contraction = 1.0
        self.failure: Exception | None = None
        self.trail = Trail()
        self.changes, self.errors = Latest(SPAN), Latest(SPAN)

    def begin(self, time: float, rise: Floats, potential: Floats | None) -> Moment:
        """A moment from a rise, with the inflow just after a time (s) and what is the same event."""
        problem, thermal = self.problem, self.problem.thermal
        problem.set_time(time * (1 + SAME))
        thermal.store = None
        state = problem.state(rise, potential)
        content = self.store.content(rise)
        inflow = np.where(problem.numbering.is_fixed, 0.0, state.imbalance)
        rows = self._rows(state, rise)
        known = None if state.current is None else state.current.potential
        self.trail = Trail()  # a load may have a corner here
        self.trail.add(time, rise)
        return Moment(time, rise, content, inflow, known, rows, problem.noise, state)

    def _levelled(self, state: State) -> Floats:
        """The rise shifted as a whole so that what flows in is what is stored.

        The balance is the sum of the residual, to which many small entries of one sign add up.
        """
        if not len(state.residual):  # all temperatures are prescribed
            return state.rise
        ones = np.ones(len(state.residual))
        shift = float(state.residual.sum()) / float(state.system.apply(ones).sum())
        return self.problem.moved(state.rise, shift * ones)

    def _rows(self, state: State, rise: Floats) -> Rows:
        rows = self.problem.thermal.heat(state.thermal, state.heat, rise)
        if state.current is not None:
            rows.append(("conductors", "joule", float(state.current.cells.sum())))
            rows += [(place, "contact joule", watt) for place, watt in state.current.contact_heat.items()]
        return rows

    def step(self, start: Moment, end: float, accuracy: float = 0.0) -> Step | None:
        """A step to a time (s); None if a stage could not be solved. `accuracy` (K) is good enough for the stages."""
        problem, store, method = self.problem, self.store, self.method
        length = end - start.time
        thermal = problem.thermal
        # Rounded, so that steps of equal length have one operator although their ends are rounded.
        store.rate = float(f"{1.0 / (method.gamma * length):.11g}")
        # How prescribed temperatures change is a scale for what flows, what is stored at them is none.
        fixed = problem.numbering.is_fixed
        store.start = start.content - store.content(np.where(fixed, start.rise, 0.0)) if fixed.any() else start.content
        inflows, all_rows = [start.inflow], [start.rows]
        rise, potential, solves, iterations = start.rise, start.potential, 0, 0
        still, noise = np.zeros(problem.numbering.size), start.noise
        state: State | None = None
        thermal.store = store
        self.failure = None
        self.trail.back_to(start.time)
        try:
            for number, row in enumerate(method.stages[1:], start=1):
                # Just before its end, so that a step sees its own side of a corner.
                now = min(start.time + method.times[number] * length, np.nextafter(end, -np.inf))
                problem.set_time(now)
                store.target = start.content + length * sum(a * k for a, k in zip(row[:-1], inflows, strict=True))
                newton = Newton(
                    problem, np.inf, warm=True, accuracy=accuracy, contraction=self.contraction, subspace=self.changes
                )
                guess = problem.moved(self.trail.ahead(now), still)
                state = newton.solve(guess, potential, STAGE_ITERATIONS)
                solves, iterations = (
                    solves + len(newton.history),
                    iterations + sum(item.thermal_iterations for item in newton.history),
                )
                self.solves = newton.solves
                if state is None:
                    return None
                self.contraction = newton.contraction
                rise, potential = self._levelled(state), None if state.current is None else state.current.potential
                self.trail.add(now, rise)
                self.changes.add(problem.numbering.pick(rise - guess))
                content = store.content(rise)
                inflows.append(store.rate * (content - store.target))
                all_rows.append(self._rows(state, rise))
                noise = max(noise, problem.noise)
        except (MaterialError, LinearSolveError) as failure:
            self.failure = failure
            return None
        finally:
            thermal.store = None
        assert state is not None
        energy = [
            (place, kind, length * sum(w * rows[n][2] for w, rows in zip(method.weights, all_rows, strict=True)))
            for n, (place, kind, _) in enumerate(all_rows[-1])
        ]
        moment = Moment(end, rise, content, inflows[-1], potential, all_rows[-1], problem.noise, state, newton)
        error = self._error(state, length, inflows)
        return Step(moment, error, energy, length * noise, solves + 1, iterations)

    def _error(self, state: State, length: float, inflows: list[Floats]) -> Floats:
        """The difference to the embedded formula (K), damped where the problem is stiff (Hosea and Shampine, 1996)."""
        method, problem = self.method, self.problem
        weights = method.weights - np.array(method.embedded)
        heat = problem.numbering.collapse(length * sum(w * k for w, k in zip(weights, inflows, strict=True)))
        load = self.store.rate * heat
        norm = norm_of(load)
        if norm == 0.0:
            return np.zeros(problem.numbering.size)
        scale = ERROR_ACCURACY / problem.solver.rtol * norm
        solution, _ = problem.solver.solve(state.system, load, self.errors.guess(state.system, load), scale=scale)
        self.errors.add(solution)
        return solution
