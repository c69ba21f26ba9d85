"""Outputs and their derivatives by temperature and potential: the right sides of adjoint problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.fem.recovery import at_points, taken_in
from mcpthermal.result.probes import (
    HeatOut,
    MaxTemperature,
    MeanTemperature,
    Resistance,
    TemperatureAt,
    TerminalCurrent,
    TerminalVoltage,
    ViaCurrent,
)
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.vias import foot_entries, shaft_of
from mcpthermal.solve.adjoint import Linearisation
from mcpthermal.solve.coupling import CoupledProblem, State

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats | None]


def _same(raw: Floats) -> Floats:
    return raw


@dataclass
class Level:
    """A result's problem, or the same on a finer mesh, at the result's state.

    Attributes
    ----------
    result : SteadyResult
    base : CoupledProblem
        On the result's own mesh.
    problem, state
        On the mesh of this level.
    lift_hot, lift_volt : callables
        Raw vectors of the result's temperature and potential as those of this level.
    """

    result: SteadyResult
    base: CoupledProblem
    problem: CoupledProblem
    state: State
    lift_hot: Callable[[Floats], Floats] = _same
    lift_volt: Callable[[Floats], Floats] = _same

    @property
    def linear(self) -> Linearisation:
        """The derivative of the level's problem."""
        return Linearisation(self.problem, self.state)


def derivative(goal: Any, level: Level) -> Pair:
    """The derivative of a goal by each entry of temperature and of potential.

    Currents and heat flows through faces with prescribed values are residuals tested with a function that is one there:
    that of the result's own mesh on every level, so that all levels mean the same number.

    Raises
    ------
    InputError
        If the goal names something that the case does not have.
    """
    for kind, found in _DERIVATIVES.items():
        if isinstance(goal, kind):
            hot, volt = found(goal, level)
            electrical = level.problem.electrical
            return hot, np.zeros(electrical.space.size) if volt is None and electrical is not None else volt
    raise InputError(f"goal {goal!r} must be one of {', '.join(kind.__name__ for kind in _DERIVATIVES)}")


def _at(point: Floats, level: Level) -> Pair:
    return level.problem.thermal.space.point_load(point), None


def _highest(goal: MaxTemperature, level: Level) -> Pair:
    result = level.result
    return _at(result.thermal.highest_place(result.temperature, result.cells_of(goal.part)), level)


def _mean(goal: MeanTemperature, level: Level) -> Pair:
    mesh = level.problem.mesh
    cells = mesh.solid
    if goal.part is not None:
        cells = cells & mesh.cells_of(level.result.case.place(goal.part))
    return level.problem.thermal.space.volume_load(cells, 1.0 / float(mesh.cell_volumes[cells].sum())), None


def _heat_out(goal: HeatOut, level: Level) -> Pair:
    level.result.heat_out(goal.face)  # refuses an unknown face
    thermal, base, state = level.problem.thermal, level.base.thermal, level.state
    hot = np.zeros(thermal.space.size)
    for exchange in thermal.exchanges:
        if goal.face in (None, exchange.load.place):
            for patch in exchange.patches:
                slope = exchange.flux(patch, patch.at_points(state.temperature), thermal.factors.shift)[1]
                hot -= patch.load(slope, len(hot))
    weight = np.zeros(base.space.size)
    for load, entries in base.fixed:
        weight[entries] = float(goal.face in (None, load.place))
    if not weight.any():
        return hot, None
    electrical = level.problem.electrical
    none = None if electrical is None else np.zeros(electrical.space.size)
    taken, volt = level.linear.transposed(level.lift_hot(weight), none)
    return hot - taken, None if volt is None else -volt


def _electrical(level: Level, name: str) -> tuple[Any, Any]:
    electrical, current = level.problem.electrical, level.state.current
    if electrical is None or current is None:
        raise InputError(f"goal {name}: no current flows in this case; it has no terminals")
    return electrical, current


def _voltage(goal: TerminalVoltage, level: Level) -> Pair:
    electrical, _ = _electrical(level, goal.name)
    level.result.voltage(goal.terminal)  # refuses an unknown name
    hot, volt = np.zeros(level.problem.thermal.space.size), np.zeros(electrical.space.size)
    if goal.terminal in electrical.means:
        return hot, electrical.means[goal.terminal]
    heads, factors = electrical.heads, electrical.factors
    zero = electrical.circuit.potentials(np.zeros(len(heads)), factors.current, factors.voltage)[goal.terminal]
    for row, head in zip(np.eye(len(heads)), heads, strict=True):
        volt[head] += electrical.circuit.potentials(row, factors.current, factors.voltage)[goal.terminal] - zero
    return hot, volt


def _current(goal: TerminalCurrent, level: Level) -> Pair:
    electrical, current = _electrical(level, goal.name)
    level.result.current(goal.terminal)
    hot = np.zeros(level.problem.thermal.space.size)
    base = level.base.electrical
    assert base is not None
    entries = base.taking_entries().get(goal.terminal)
    if entries is None:  # a uniform current is prescribed
        return hot, None
    weight = np.zeros(base.space.size)
    weight[entries] = 1.0
    weight = level.lift_volt(weight)
    slopes = electrical.derivatives(current)
    return slopes.current_by_temperature_transposed(weight), current.operator.apply(weight) - current.circuit @ weight


def _resistance(goal: Resistance, level: Level) -> Pair:
    result = level.result
    ohm = result.resistance(goal.a, goal.b)
    amperes = result.current(goal.a)
    (_, high), (_, low) = (_voltage(TerminalVoltage(name), level) for name in (goal.a, goal.b))
    hot, current = _current(TerminalCurrent(goal.a), level)
    assert high is not None and low is not None
    volt = (high - low) / amperes
    if current is not None:
        volt = volt - ohm / amperes * current
    return -ohm / amperes * hot, volt


def linearised(goal: Any, result: SteadyResult) -> Callable[[Any], float]:
    """What has the derivative of a goal at a result and is linear where the goal is a ratio.

    At fixed fields a step of a prescribed voltage may multiply the current, far beyond where a ratio is nearly linear.
    """
    if not isinstance(goal, Resistance):
        return lambda other: float(goal.measure(other))
    ohm, amperes = result.resistance(goal.a, goal.b), result.current(goal.a)

    def numerator(other: Any) -> float:
        volts = other.voltage(goal.a) - other.voltage(goal.b)
        return float((volts - ohm * other.current(goal.a)) / amperes)

    return numerator


def _via(goal: ViaCurrent, level: Level) -> Pair:
    electrical, current = _electrical(level, goal.name)
    goal.measure(level.result)  # refuses an unknown via
    case, base = level.result.case, level.base.electrical
    assert base is not None
    family, member = goal.via.removesuffix("]").split("[")
    parts = {part.name: part for part in case.package.parts}
    weight = np.zeros(base.space.size)
    weight[foot_entries(case, base.space.mesh, base.space, parts[family])[int(member)]] = 1.0
    weight = level.lift_volt(weight)
    shafts = [shaft_of(case.package, level.problem.mesh, part)[0] for part in parts.values() if part.role == "via"]
    cells = np.any(shafts, axis=0)
    points = at_points(level.problem.thermal.space, level.state.temperature, electrical.space)
    hot = electrical.derivatives(current).current_by_temperature_transposed(weight, cells)
    return hot, taken_in(electrical.space, weight, electrical.axes, points, cells)


_DERIVATIVES: dict[type, Callable[[Any, Level], Pair]] = {
    MaxTemperature: _highest,
    MeanTemperature: _mean,
    TemperatureAt: lambda goal, level: _at(np.array(goal.point), level),
    TerminalVoltage: _voltage,
    TerminalCurrent: _current,
    Resistance: _resistance,
    ViaCurrent: _via,
    HeatOut: _heat_out,
}
