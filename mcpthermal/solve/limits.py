"""The largest load with a steady state, the branch that leads there, and the stability of a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mcpthermal.case import Case
from mcpthermal.errors import BalanceError, InputError, NoSteadyState, near_misses
from mcpthermal.linalg import Method
from mcpthermal.loads import (
    Convection,
    Current,
    CurrentLoad,
    FixedTemperature,
    HeatFlux,
    HeatSink,
    Leakage,
    Power,
    PowerMap,
    Radiation,
    Voltage,
)
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.continuation import FIRST_RISE, Branch, Point
from mcpthermal.solve.newton import Newton
from mcpthermal.solve.run import Run
from mcpthermal.units import describe, quantity, whole_number

KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "current": ((Current, CurrentLoad), "A"),
    "voltage": ((Voltage,), "V"),
    "power": ((Power, PowerMap, HeatFlux), "W"),
    "leakage": ((Leakage,), "W"),
    "ambient": ((Convection, Radiation, HeatSink, FixedTemperature), "K"),
}
"""What each parameter needs in the case, and the unit of its value."""

GROWTH = 1.7
"""Most growth of the arc from one step to the next."""

LONGEST = 8.0
"""The longest arc, in units of the first rise, or of the rise itself where that is greater."""

ASYMPTOTIC = 0.01
"""A load that grows by less than this part of what the rise does (logarithms) approaches a limit."""


@dataclass(frozen=True)
class BranchPoint:
    """A steady state on the branch.

    Attributes
    ----------
    factor : float
        What the loads are multiplied with; for "ambient" the shift (K).
    value : float
        The load itself, as in `Limit.value`.
    max_temperature : float
        (K)
    stable : bool
        Whether it comes before the turning point.
    """

    factor: float
    value: float
    max_temperature: float
    stable: bool


@dataclass(frozen=True, eq=False)
class Limit:
    """The largest load with a steady state.

    Attributes
    ----------
    parameter : str
    factor : float
        What the case's loads can be multiplied with (for "ambient": raised by, K); infinite if no limit was found.
        Where the temperature grows beyond all bounds, as with a metal's current, what the load approaches.
    value : float
        The load at the limit: the greatest current (A) or voltage (V), the total power (W), the total leakage (W; of
        each at its reference temperature, of a law without one at the mean temperature of the surroundings), the
        highest ambient (K).
    unit : str
    hot_spot : str
        The hottest part there.
    branch : tuple of BranchPoint
        Along the branch, past the turning point.
    result : SteadyResult
        The steady state at the limit, or the last one that was reached.
    """

    parameter: str
    factor: float
    value: float
    unit: str
    hot_spot: str
    branch: tuple[BranchPoint, ...] = field(repr=False)
    result: SteadyResult = field(repr=False)

    def __str__(self) -> str:
        return self.summary()

    @property
    def found(self) -> bool:
        """Whether the branch turns, or approaches a load that it does not reach."""
        return bool(np.isfinite(self.factor))

    def summary(self) -> str:
        """The answer as text."""
        last = self.branch[-1]
        if not self.found:
            return (
                f"no limit of the {self.parameter} was met in {len(self.branch)} points up to "
                f"{describe(last.value, self.unit)} ({describe(last.max_temperature, 'K')})"
            )
        highest = self.result.max_temperature()
        return (
            f"largest {self.parameter} with a steady state: {describe(self.value, self.unit)} (factor "
            f"{self.factor:.6g}); hot spot '{self.hot_spot}' at {describe(highest, 'K')}"
        )


def find_limit(
    case: Case,
    parameter: str,
    mesh: Any = None,
    order: int = 2,
    *,
    hottest: float | str = 1e5,
    past: int = 3,
    max_points: int = 80,
    linear_tolerance: float = 1e-10,
    method: Method = "auto",
    progress: Callable[[str], None] | None = None,
) -> Limit:
    """Follow the steady states while a load grows, to where they end.

    Parameters
    ----------
    case : Case
    parameter : {"current", "voltage", "power", "leakage", "ambient"}
        The load that grows from zero (the ambient from its own value), the others stay.
    mesh, order, linear_tolerance, method, progress
        As for `solve_steady`.
    hottest : float
        The search ends without a limit at this temperature (K).
    past : int
        How many points to follow the branch past the turning point, where states are unstable.
    max_points : int
        The search ends without a limit after so many.

    Returns
    -------
    Limit

    Raises
    ------
    InputError
        If the case has no such load, or it is not above zero.
    NoSteadyState
        If there is no steady state even where the search begins.
    """
    if not isinstance(parameter, str) or parameter not in KINDS:
        raise InputError(f"find_limit: parameter {parameter!r}; {near_misses(str(parameter), KINDS)}")
    if not isinstance(case, Case):
        raise InputError(f"find_limit needs a Case, not {type(case).__name__}")
    kinds, _ = KINDS[parameter]
    if not case.of(*kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise InputError(f"find_limit: the case has no {names} that could grow; add one")
    highest = quantity(hottest, "K", "hottest", above=0.0)
    run = Run(case, mesh, order, linear_tolerance, method, progress)
    search = _Search(run, parameter, highest, whole_number(max_points, "max_points", 3))
    search.require_growth()
    search.follow(whole_number(past, "past", 0))
    return search.limit()


def require_steady_state(run: Run, tolerance: float, max_iterations: int) -> SteadyResult:
    """The steady state of a case that Newton's method did not find from cold, reached with growing loads.

    Raises
    ------
    NoSteadyState
        If the branch turns before the loads are those of the case.
    """
    search = _Search(run, "load", 1e5, 200)
    search.follow(0, until=1.0)
    if search.turned is None and search.points[-1].factor >= 1.0:
        newton = Newton(run.problem, tolerance, run.say)
        last = search.points[-1].state
        search.branch.restore()
        state = newton.solve(last.rise, None if last.current is None else last.current.potential, max_iterations)
        if state is not None:
            return run.result(state, newton)
    limit = search.limit()
    if limit.found:
        why = f"the branch of steady states ends at {limit.factor:.6g} times its powers, currents and voltages"
    else:
        why = f"no steady state was found beyond {search.points[-1].factor:.6g} times its powers, currents and voltages"
    raise NoSteadyState(
        f"case '{run.case.name}' has no steady state: {why}, at "
        f"{describe(limit.result.max_temperature(), 'K')} in '{limit.hot_spot}'; more heat is released than can leave: "
        "lower the loads or cool better (find_limit tells how far)",
        limit.result,
        limit.factor,
        limit.hot_spot,
    )


class _Search:
    """A branch under way."""

    def __init__(self, run: Run, parameter: str, hottest: float, max_points: int) -> None:
        self.run, self.parameter, self.hottest, self.max_points = run, parameter, hottest, max_points
        self.branch = Branch(run.problem, parameter)
        self.newton = Newton(run.problem, 1e-9)
        self.points: list[Point] = []
        self.turned: Point | None = None

    def require_growth(self) -> None:
        """Refuse loads that stay nothing, or cool, however often they are taken.

        Raises
        ------
        InputError
        """
        heats = self._value(1.0) > 0.0
        if self.parameter == "leakage":  # a law may be 0 at its reference alone
            kelvin = self.run.problem.thermal.reference + np.linspace(0.0, 1000.0, 101)
            heats = any((load.law(kelvin) > 0.0).any() for load in self.run.case.of(Leakage))
        if not heats:
            unit = KINDS[self.parameter][1]
            total = describe(self._value(1.0), unit)
            raise InputError(
                f"find_limit: the {self.parameter} of case '{self.run.case.name}' is {total} in all, so that no "
                f"multiple of it heats; give it loads that add up to more than 0 {unit}"
            )

    def follow(self, past: int, until: float = np.inf) -> None:
        """Go along the branch to its turning point and some points past it, or to a factor."""
        branch, run = self.branch, self.run
        branch.set(0.0)
        state = self.newton.solve(run.problem.start, None, 60)
        if state is None:
            raise NoSteadyState(
                f"case '{run.case.name}': no steady state was found even where the search begins, with the "
                f"{self.parameter} at its least; the other loads alone are too much ({self.newton.failure})"
            )
        self.points.append(branch.start(state, 0.0))
        arc, left = 1.0, past
        while len(self.points) < self.max_points:
            last = self.points[-1]
            if self.turned is not None and left <= 0:
                break
            run.say(f"factor {last.factor:.6g}, {self._hottest(last):.6g} K")
            point, corrections = branch.step(last, arc)
            if point is None:
                arc /= 2
                if arc < 1e-4:
                    break
                continue
            if self.turned is None and last.slope > 0 >= point.slope:
                self.turned = branch.turning_point(last, point, arc)
            elif self.turned is not None:
                left -= 1
            self.points.append(point)
            if point.factor >= until or self._hottest(point) > self.hottest:
                break
            longest = max(LONGEST, 0.7 * self._rise(point) / FIRST_RISE)
            arc = min(arc * (GROWTH if corrections <= 3 else 0.7 if corrections > 5 else 1.0), longest)

    def _hottest(self, point: Point) -> float:
        return float(point.state.temperature[self.run.problem.thermal.space.active].max())

    def _rise(self, point: Point) -> float:
        return self._hottest(point) - self._hottest(self.points[0])

    def _asymptote(self) -> float:
        """The factor that the branch approaches while the rise grows beyond all bounds; infinite if there is none.

        A resistance that is linear in the temperature makes 1 / factor^2 linear in 1 / rise.
        """
        if len(self.points) < 3:
            return float(np.inf)
        (first, low), (last, high) = ((p.factor, self._rise(p)) for p in self.points[-2:])
        if not (0 < first < last and 0 < low < high and np.log(last / first) < ASYMPTOTIC * np.log(high / low)):
            return float(np.inf)
        slope = (first**-2 - last**-2) / (1 / low - 1 / high)
        return float((last**-2 - slope / high) ** -0.5)

    def limit(self) -> Limit:
        """What was found."""
        run, top = self.run, self.turned or self.points[-1]
        self.newton.solves += self.branch.solves
        result = self._result(top)
        reached = [p for p in self.points if self.turned is None or p.slope > 0]
        past = [p for p in self.points if self.turned is not None and p.slope <= 0]
        rows = [self._row(point, True) for point in reached]
        rows += [self._row(self.turned, True)] if self.turned is not None else []
        rows += [self._row(point, False) for point in past]
        parts = [part.name for part in run.case.package.parts if not part.is_void]
        spot = max(parts, key=result.max_temperature)
        factor = top.factor if self.turned is not None else self._asymptote()
        value = self._value(factor)
        unit = KINDS[self.parameter][1] if self.parameter in KINDS else ""
        return Limit(self.parameter, float(factor), value, unit, spot, tuple(rows), result)

    def _result(self, top: Point) -> SteadyResult:
        """The answer at a point, or at the last one before it whose balance closes: not where all heat is rounding."""
        for point in [top, *reversed(self.points[:-1])]:
            self.branch.set(point.factor)
            try:
                return self.run.result(point.state, self.newton)
            except BalanceError:
                if self.turned is not None or point is self.points[0]:
                    raise
            finally:
                self.branch.restore()
        raise AssertionError("a search has at least one point")

    def _row(self, point: Point, stable: bool) -> BranchPoint:
        return BranchPoint(point.factor, self._value(point.factor), self._hottest(point), stable)

    def _value(self, factor: float) -> float:
        """The load at a factor, in the parameter's unit."""
        case = self.run.case
        if self.parameter == "ambient":
            loads = case.of(*KINDS["ambient"][0])
            return float(max(getattr(load, "ambient", None) or load.temperature for load in loads) + factor)
        if self.parameter == "current":
            return float(factor * max(abs(load.current) for load in case.of(Current, CurrentLoad)))
        if self.parameter == "voltage":
            return float(factor * max(abs(load.voltage) for load in case.of(Voltage)))
        problem = self.run.problem.thermal
        if self.parameter == "power":
            return float(factor * problem.supply.sum())
        if self.parameter == "leakage":
            level = problem.reference
            watt = float(sum(load.law(load.reference or level) for load in case.of(Leakage)))
            return factor * watt if watt else 0.0
        return float(factor)
