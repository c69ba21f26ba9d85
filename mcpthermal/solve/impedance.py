"""Thermal impedances of all pairs of places at once, by a reduced model or by stepping.

The linear problem C dT/dt + A T = b is projected on the span of (A + s_k C)^-1 b for real shifts s_k (rational Krylov:
Ruhe, Rational Krylov sequence methods for eigenvalue computation, Linear Algebra Appl. 58, 1984); the small one is
solved exactly by its eigenvalues. Shifts are added where the residual of the projection is greatest, until it is small
at all frequencies.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from mcpthermal.case import Case
from mcpthermal.errors import InputError, SolveError
from mcpthermal.loads import (
    Convection,
    FixedTemperature,
    HeatSink,
    Interface,
    Power,
    Radiation,
)
from mcpthermal.package.points import is_list
from mcpthermal.result.impedance import ThermalImpedance
from mcpthermal.result.probes import MaxTemperature, MeanTemperature, TemperatureAt, check_probes
from mcpthermal.solve.coupling import CoupledProblem
from mcpthermal.solve.loan import Loan
from mcpthermal.solve.run import Run
from mcpthermal.solve.sources import Source
from mcpthermal.solve.steady import solve_steady
from mcpthermal.solve.stepping import AdaptiveSteps
from mcpthermal.solve.storage import HeatStore
from mcpthermal.solve.transient import solve_transient
from mcpthermal.units import quantity

Floats = NDArray[np.float64]

BOUNDARIES = (Convection, Radiation, HeatSink, FixedTemperature, Interface)

FIRST_SHIFTS = 4
MOST_SHIFTS = 40
ROUNDING = 1e-12
"""Vectors of which less is new, relatively, add nothing to a basis."""

CHECKED = 60
"""Frequencies at which the residual is checked."""


def thermal_impedance(
    case: Case,
    heated: Sequence[str] | str | None = None,
    probes: Sequence[Any] | None = None,
    mesh: Any = None,
    *,
    times: Any = None,
    tolerance: float = 1e-6,
    power: float | str = 1.0,
    order: int = 2,
    linear_tolerance: float = 1e-10,
    progress: Callable[[str], None] | None = None,
    reuse: Loan | None = None,
) -> ThermalImpedance:
    """The rise of every probe after each heated part was switched on, per watt.

    Of the case only the boundaries and interfaces count, at their ambients; its powers and currents are left out.

    Parameters
    ----------
    case : Case
    heated : sequence of str, optional
        Parts or faces that are heated one after the other; default the chips. Spread over volume or active face as in
        the case's own `Power` there, else over the volume.
    probes : sequence, optional
        `MeanTemperature`, `TemperatureAt`, or `MaxTemperature` (also by the name of the part), which stands for the
        place that is hottest in the steady state while the part, or else all of `heated`, is heated; default the mean
        of each heated part.
    mesh, order, linear_tolerance, progress
        As for `solve_steady`.
    times : sequence of float, optional
        (s); default 1 us to 10,000 s, ten in a decade.
    tolerance : float
        Of the reduced model: the residual relative to the load at all frequencies. Of stepping: relative to the rise.
    power : float
        With what a part is heated (W) where the problem is not linear and has to be stepped.
    reuse : Loan, optional
        Whose factors and states the reduced model begins with.

    Returns
    -------
    ThermalImpedance

    Raises
    ------
    InputError
        If a part, probe or time makes no sense, or a part to heat is held at a temperature.
    SolveError
        If the reduced model does not become as accurate as asked.
    """
    if not isinstance(case, Case):
        raise InputError(f"thermal_impedance needs a Case, not {type(case).__name__}")
    chips = [part.name for part in case.package.parts if part.role == "chip"]
    names = _names(heated, chips)
    seconds = np.geomspace(1e-6, 1e4, 101) if times is None else _times(times)
    accuracy = quantity(tolerance, "", "tolerance of the impedance", minimum=1e-8, maximum=0.1)
    watt = quantity(power, "W", "power of the impedance", above=0.0)
    listed = check_probes(probes, [MeanTemperature(name) for name in names])
    for probe in listed:
        if not isinstance(probe, MaxTemperature | MeanTemperature | TemperatureAt):
            raise InputError(f"probe {probe.name} of an impedance must be a temperature")
        _check_place(case, probe)
    began = clock.perf_counter()
    bare = Case(case.package, _loads(case, names, dict.fromkeys(names, 0.0)), case.name)
    run = Run(bare, mesh, order, linear_tolerance, "auto", progress)
    _check_points(run, listed)
    if reuse is not None:
        reuse.adopt(run.problem)
    units = _units(run.problem, names, _loads(case, names, dict.fromkeys(names, 1.0)))
    if run.problem.is_linear:
        model = _Reduced(run.problem, names, listed, units, run.say)
        model.build(accuracy, seconds, None if reuse is None else reuse.lent_basis())
        if reuse is not None:
            reuse.keep_basis(model.raw_basis())
        values, steady, poles, residues = model.responses(seconds)
        solves, error, method = model.solves, model.error, f"rational Krylov, {len(poles)} states"
        labels = tuple(_label(probe) for probe in listed)
        return ThermalImpedance(
            seconds, names, labels, values, steady, poles, residues, error, method, solves, clock.perf_counter() - began
        )
    return _stepped(case, run, names, listed, seconds, accuracy, watt, order, began)


def _label(probe: Any) -> str:
    return probe.part if isinstance(probe, MeanTemperature) and probe.part else str(probe.name)


def _names(heated: Any, chips: list[str]) -> tuple[str, ...]:
    names = tuple(chips) if heated is None else tuple(heated) if is_list(heated) else (heated,)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"thermal_impedance: {name!r} is no part to heat; give names such as 'logic'")
    if not names:
        raise InputError("thermal_impedance: the package has no chips; name the parts to heat")
    if len(set(names)) < len(names):
        raise InputError("thermal_impedance: a part to heat is named twice")
    return names


def _times(times: Any) -> Floats:
    if not is_list(times):
        raise InputError(f"times={times!r} of the impedance must be a list of times in s")
    found = np.array([quantity(t, "s", "a time of the impedance", above=0.0) for t in times], float)
    if len(found) < 2 or (np.diff(found) <= 0).any():
        raise InputError("thermal_impedance: give at least two times, ascending")
    return found


def _check_place(case: Case, probe: Any) -> None:
    part = None if isinstance(probe, TemperatureAt) else probe.part
    if part is not None and not case.place(part).is_volume:
        raise InputError(f"probe {probe.name}: '{part}' is a face; name a part, or give a TemperatureAt")


def _check_points(run: Run, probes: Sequence[Any]) -> None:
    space = run.problem.thermal.space
    for probe in probes:
        if (
            isinstance(probe, TemperatureAt)
            and np.isnan(space.evaluate(np.zeros(space.size), np.array([probe.point]))).any()
        ):
            raise InputError(f"probe {probe.name} (m) lies in no part of the package; move it inside")


def _loads(case: Case, names: Sequence[str], powers: dict[str, float]) -> tuple[Any, ...]:
    """The boundaries and interfaces of a case at t = 0, and a power in each part."""
    spread = {load.place: load.distribution for load in case.of(Power)}
    heat = [Power(name, powers[name], spread.get(name, "volume")) for name in names]
    return (*(load.at(0.0) if hasattr(load, "at") else load for load in case.of(*BOUNDARIES)), *heat)


def _units(problem: CoupledProblem, names: Sequence[str], loads: tuple[Any, ...]) -> Floats:
    """(n, n_heated): a watt in each heated part.

    Raises
    ------
    InputError
        If a part takes none of it.
    """
    case = Case(problem.case.package, loads)
    sources = {load.place: Source(case, problem.thermal.space, load) for load in case.of(Power)}
    columns = [problem.numbering.collapse(sources[name].load) for name in names]
    for name, column in zip(names, columns, strict=True):
        if not column.any():
            raise InputError(
                f"thermal_impedance: '{name}' is held at a temperature all over, so that heat in it warms nothing; "
                "heat another part, or leave out its FixedTemperature"
            )
    return np.stack(columns, axis=1)


class _Reduced:
    """The projection of a linear thermal problem, and its residual."""

    def __init__(
        self, problem: CoupledProblem, names: Sequence[str], probes: Sequence[Any], loads: Floats, say: Any
    ) -> None:
        self.problem, self.loads, self.probes, self.names, self.say = problem, loads, probes, names, say
        thermal = problem.thermal
        self.store = HeatStore(problem.case, thermal.space, thermal.reference)
        if not self.store.is_constant:
            raise InputError("heat capacities that depend on temperature have no linear impedance")
        self.systems: dict[float, Any] = {}
        self.solves, self.error = 0, np.inf
        self.basis = self.steady_images = self.stored_images = np.empty((problem.numbering.size, 0))

    def _system(self, shift: float) -> Any:
        problem, thermal = self.problem, self.problem.thermal
        self.store.rate = shift
        thermal.store = self.store if shift > 0 else None
        state = problem.state(np.zeros(thermal.space.size))
        thermal.store = None
        return state.system

    def _capacity(self, x: Floats) -> Floats:
        number = self.problem.numbering
        return number.collapse(self.store.content(number.expand(x)))

    def _extend(self, shift: float) -> None:
        """Add the solutions for all loads at a shift to the basis."""
        system = self._system(shift)
        self.say(f"impedance: shift {shift:.2e} 1/s, {self.basis.shape[1]} states")
        for column in self.loads.T:
            solution, _ = self.problem.solver.solve(system, column)
            self.solves += 1
            self._include(solution)

    def _include(self, vector: Floats) -> None:
        """Add what is new in a vector to the basis, with its images."""
        size = float(np.linalg.norm(vector))
        for _ in range(2):
            vector = vector - self.basis @ (self.basis.T @ vector)
        norm = float(np.linalg.norm(vector))
        if norm <= ROUNDING * size:
            return
        vector = vector / norm
        self.basis = np.column_stack([self.basis, vector])
        steady = self._steady.apply(vector)
        stored = self._capacity(vector)
        self.steady_images = np.column_stack([self.steady_images, steady])
        self.stored_images = np.column_stack([self.stored_images, stored])

    def raw_basis(self) -> Floats:
        """(n_raw, n): the basis on raw entries."""
        return np.stack([self.problem.numbering.expand(column) for column in self.basis.T], axis=1)

    def build(self, tolerance: float, times: Floats, lent: Floats | None = None) -> None:
        """Add shifts until the residual is small at all frequencies that the times can see.

        A basis of a like problem (n_raw, n) takes the place of the first shifts.

        Raises
        ------
        SolveError
            If it is not after many shifts.
        """
        self._steady = self._system(0.0)
        low, high = 0.1 / times[-1], 10.0 / times[0]
        shifts: list[float] = []
        if lent is None:
            shifts = [0.0, *np.geomspace(low, high, FIRST_SHIFTS).tolist()]
        else:
            for column in lent.T:
                self._include(self.problem.numbering.pick(column))
        for shift in shifts:
            self._extend(shift)
        checked = np.r_[0.0, np.geomspace(low, high, CHECKED)]
        while True:
            self._reduce()
            residuals = np.array([self._residual(s) for s in checked])
            self.error = float(residuals.max())
            if self.error <= tolerance:
                return
            if len(shifts) >= MOST_SHIFTS:
                raise SolveError(
                    f"thermal_impedance: the reduced model's residual is still {self.error:.1e} after {len(shifts)} "
                    f"shifts; allow a tolerance above that, not {tolerance:.1e}, or lower linear_tolerance"
                )
            worst = float(checked[int(np.argmax(residuals))])
            shifts.append(worst)
            self._extend(worst)

    def _reduce(self) -> None:
        left = self.basis.T
        self.small_steady = _symmetric(left @ self.steady_images)
        self.small_stored = _symmetric(left @ self.stored_images)
        self.small_loads = left @ self.loads

    def _residual(self, shift: float) -> float:
        """The greatest residual of the projected solutions at a frequency, relative to their loads."""
        small = np.linalg.solve(self.small_steady + shift * self.small_stored, self.small_loads)
        rest = self.loads - (self.steady_images + shift * self.stored_images) @ small
        return float((np.linalg.norm(rest, axis=0) / np.linalg.norm(self.loads, axis=0)).max())

    def responses(self, times: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Step responses (heated, probe, time), steady values, decay rates and their resistances."""
        poles, modes = eigh(self.small_steady, self.small_stored)
        inputs = modes.T @ self.small_loads
        outputs = self._outputs(modes, poles, inputs)
        residues = np.einsum("mh,pm->hpm", inputs / poles[:, None], outputs)
        decay = -np.expm1(-np.multiply.outer(poles, times))
        return residues @ decay, residues.sum(axis=2), poles, residues

    def _outputs(self, modes: Floats, poles: Floats, inputs: Floats) -> Floats:
        """(n_probes, n_modes): each probe of each mode."""
        problem = self.problem
        space, number, mesh = problem.thermal.space, problem.numbering, problem.mesh
        raw = np.stack([number.expand(column) for column in (self.basis @ modes).T], axis=1)
        rows = []
        for probe in self.probes:
            if isinstance(probe, TemperatureAt):
                rows.append([float(space.evaluate(mode, np.array([probe.point]))[0]) for mode in raw.T])
                continue
            cells = mesh.solid if probe.part is None else mesh.cells_of(problem.case.place(probe.part)) & mesh.solid
            if isinstance(probe, MeanTemperature):
                load = space.volume_load(cells, 1.0 / float(mesh.cell_volumes[cells].sum()))
                rows.append(load @ raw)
            else:
                # Hottest while it is heated itself, or else while all of the heated parts are.
                own = inputs[:, self.names.index(probe.part)] if probe.part in self.names else inputs.sum(axis=1)
                steady = raw @ (own / poles)
                entries = space.cell_entries(cells)
                rows.append(raw[entries[int(np.argmax(steady[entries]))]])
        return np.array(rows)


def _symmetric(matrix: Floats) -> Floats:
    return (matrix + matrix.T) / 2


def _stepped(
    case: Case,
    run: Run,
    names: tuple[str, ...],
    probes: Sequence[Any],
    seconds: Floats,
    tolerance: float,
    watt: float,
    order: int,
    began: float,
) -> ThermalImpedance:
    """Impedances of a problem that is not linear, from one transient for each heated part."""
    off = solve_steady(run.case, run.mesh, order)
    values, steady = np.empty((len(names), len(probes), len(seconds))), np.empty((len(names), len(probes)))
    solves = 0
    for row, name in enumerate(names):
        powers = dict.fromkeys(names, 0.0) | {name: watt}
        heated = Case(case.package, _loads(case, names, powers), case.name)
        steps = AdaptiveSteps(absolute=1e-9, relative=tolerance, first=1e-3 * float(seconds[0]))
        result = solve_transient(
            heated,
            run.mesh,
            float(seconds[-1]),
            initial=off,
            method="esdirk43",
            steps=steps,
            probes=probes,
            order=order,
        )
        end = solve_steady(heated, run.mesh, order)
        solves += result.steps["solves"]
        for column, probe in enumerate(probes):
            curve = (result.probes[probe.name] - result.probes[probe.name][0]) / watt
            values[row, column] = _on_log_times(result.times, curve, seconds)
            steady[row, column] = (probe.measure(end) - probe.measure(off)) / watt
    labels = tuple(_label(probe) for probe in probes)
    spent = clock.perf_counter() - began
    return ThermalImpedance(
        seconds, names, labels, values, steady, None, None, tolerance, f"stepping with {watt:g} W", solves, spent
    )


def _on_log_times(times: Floats, values: Floats, wanted: Floats) -> Floats:
    from scipy.interpolate import PchipInterpolator  # loaded where it is needed: it takes a moment

    return np.asarray(PchipInterpolator(np.log(times[1:]), values[1:])(np.log(wanted)))
