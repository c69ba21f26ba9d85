"""The coupled solve in time: steps of controlled error that meet every corner of a load and every time asked for."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import InputError, LinearSolveError, ThermalRunaway, near_misses
from mcpthermal.linalg import Method, norm_of
from mcpthermal.result.probes import MaxTemperature, check_probes
from mcpthermal.result.provenance import case_hash, description_hash
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.transient import EnergyBalance, TransientResult
from mcpthermal.solve.march import SAME, Marcher, Moment, Step
from mcpthermal.solve.methods import METHODS, RungeKutta
from mcpthermal.solve.newton import Newton
from mcpthermal.solve.reuse import Reuse
from mcpthermal.solve.run import Run
from mcpthermal.solve.saving import Save, check_save, read_checkpoint, write_checkpoint
from mcpthermal.solve.stepping import AdaptiveSteps, StepControl, check_steps
from mcpthermal.units import describe, quantity

Floats = NDArray[np.float64]

LATER = (0.1379, 0.6181, 1.0)
"""Parts of the time that is left at which loads are compared with those of now."""

MOST_ROUNDING = 1e-3
"""Of the heat that passed in a whole run: more is no balance."""

SHORTEST = 1e-14
"""The shortest step, relative to the time that has passed or at least a microsecond."""


def solve_transient(
    case: Case,
    mesh: Any = None,
    t_end: float | str = 1.0,
    *,
    initial: Any = None,
    method: str | RungeKutta = "tr_bdf2",
    steps: StepControl | float | str | None = None,
    save: Any = None,
    probes: Sequence[Any] | None = None,
    stop_when_steady: float | str | None = None,
    hottest: float | str = 5000.0,
    order: int = 2,
    linear_tolerance: float = 1e-10,
    linear_method: Method = "auto",
    progress: Callable[[str], None] | None = None,
    reuse: Reuse | None = None,
) -> TransientResult:
    """Solve currents, Joule heat and heat conduction of a case in time, from t = 0.

    Parameters
    ----------
    case : Case
        Its loads may be waveforms.
    mesh : ColumnMesh or TetMesh, optional
        As for `solve_steady`.
    t_end : float
        (s)
    initial : float, SteadyResult or TransientResult, optional
        A uniform temperature (K), a steady state, or the end of another transient, on the same or another mesh.
        Default: the temperature of the surroundings.
    method : {"tr_bdf2", "esdirk43"} or RungeKutta
    steps : AdaptiveSteps, FixedSteps or float, optional
        Default `AdaptiveSteps()`; a number is the size of fixed steps (s).
    save : Save or sequence of float, optional
        The times (s) at which states are kept, or `Save`, which can stream them to disk and write checkpoints.
    probes : sequence, optional
        `MaxTemperature`, `MeanTemperature`, `TemperatureAt`, `TerminalVoltage`, `TerminalCurrent`, `ViaCurrent`, or
        names of parts; default the highest temperature of each chip.
    stop_when_steady : float, optional
        Ends the run when the steady state of the loads is nearer than this everywhere (K).
    hottest : float
        The temperature (K) beyond which the run is given up.
    order, linear_tolerance, linear_method, progress
        As for `solve_steady`.
    reuse : Reuse, optional
        Whose factors are used.

    Returns
    -------
    TransientResult

    Raises
    ------
    ThermalRunaway
        If the temperature leaves all bounds; it carries the time, the place and what was computed until then.
    InputError, BalanceError, LinearSolveError
    """
    if not isinstance(case, Case):
        raise InputError(f"solve_transient needs a Case, not {type(case).__name__}")
    end = quantity(t_end, "s", "t_end", above=0.0)
    scheme = METHODS.get(method) if isinstance(method, str) else method
    if not isinstance(scheme, RungeKutta):
        raise InputError(f"method {method!r} in time; {near_misses(str(method), METHODS)}")
    control = check_steps(AdaptiveSteps() if steps is None else steps)
    keep = check_save(save)
    limits = (
        quantity(hottest, "K", "hottest", above=0.0),
        None if stop_when_steady is None else quantity(stop_when_steady, "delta K", "stop_when_steady", above=0.0),
    )
    run = Run(case, mesh, order, linear_tolerance, linear_method, progress, transient=True)
    if reuse is not None:
        reuse.adopt(run.problem)
    march = _March(run, scheme, control, end, keep, limits)
    march.start(initial, probes)
    march.go()
    if keep.checkpoint is not None:
        keep.checkpoint.unlink(missing_ok=True)
    return march.result()


@dataclass
class _March:
    """A transient under way."""

    run: Run
    scheme: RungeKutta
    control: StepControl
    end: float
    keep: Save
    limits: tuple[float, float | None]
    snapshots: dict[float, SteadyResult] = field(default_factory=dict)
    steady: bool = False
    largest_defect: float = 0.0
    content: float = 0.0
    passed: float = 0.0
    rounding: float = 0.0

    def start(self, initial: Any, probes: Any) -> None:
        """The state at t = 0."""
        run = self.run
        self.began = self.written = clock.perf_counter()
        self.saved = self.keep.until(self.end)
        self.marcher = Marcher(run.problem, self.scheme)
        self.counts = {"accepted": 0, "rejected": 0, "solves": 0, "iterations": 0}
        rise = run.initial_rise(initial)
        self.first_rise = rise
        self.coldest, self.hottest = rise.copy(), rise.copy()
        self.step_length = min(self.control.start(None), self.end)
        self.moment = self.marcher.begin(0.0, rise, None)
        self.energy = [(place, kind, 0.0) for place, kind, _ in self.moment.rows]
        self.first_content = self.moment.content
        first = self._look(self.moment)
        names = [MaxTemperature(name) for name in first.reported_parts()]
        self.probes = check_probes(probes, names)
        self.times: list[float] = [0.0]
        self.values = {probe.name: [probe.measure(first)] for probe in self.probes}
        self.last = first
        self._resume()
        self._keep(self.last)

    def _look(self, moment: Moment) -> SteadyResult:
        """The moment as a result that can be asked."""
        assert moment.state is not None
        newton = moment.newton or Newton(self.run.problem, np.inf)
        look = self.run.result(moment.state, newton, stored=float(moment.inflow.sum()))
        # Its loads are those that its balance was made with: before a corner at this time.
        return replace(look, case=self.run.case.at(max(0.0, float(np.nextafter(moment.time, -np.inf)))))

    def _keep(self, look: SteadyResult) -> None:
        time = self.moment.time
        while self.saved and time >= self.saved[0] * (1 - SAME):
            reached = self.saved.pop(0)
            if self.keep.to is None:
                self.snapshots[reached] = look
            else:
                self.keep.to(reached, look)

    # --- checkpoints --------------------------------------------------------------------------------------

    @property
    def _key(self) -> str:
        """What a checkpoint belongs to."""
        mesh = (self.run.mesh.n_cells, float(np.abs(self.run.mesh.cell_volumes).sum()), self.moment.rise.size)
        what = (case_hash(self.run.case), mesh, self.end, self.scheme.name, self.control)
        return description_hash(*what, [probe.name for probe in self.probes], float(self.first_content.sum()))

    def _checkpoint(self) -> None:
        file, now = self.keep.checkpoint, clock.perf_counter()
        if file is None or now - self.written < self.keep.every:
            return
        self.written, moment = now, self.moment
        values = {
            "time": moment.time,
            "rise": moment.rise,
            "content": moment.content,
            "inflow": moment.inflow,
            "potential": moment.potential,
            "rows": [watt for _, _, watt in moment.rows],
            "energy": [joule for _, _, joule in self.energy],
            "step_length": self.step_length,
            "times": self.times,
            "values": [self.values[probe.name] for probe in self.probes],
            "coldest": self.coldest,
            "hottest": self.hottest,
            "counts": list(self.counts.values()),
            "balance": [self.largest_defect, self.content, self.passed, self.rounding],
        }
        write_checkpoint(file, self._key, values)

    def _resume(self) -> None:
        file = self.keep.checkpoint
        found = None if file is None else read_checkpoint(file, self._key)
        if found is None:
            return
        time, potential = float(found["time"]), found.get("potential")
        looked = self.marcher.begin(time, found["rise"], potential)
        rows = [(p, k, float(watt)) for (p, k, _), watt in zip(looked.rows, found["rows"], strict=True)]
        known = (found["rise"], found["content"], found["inflow"])
        self.moment = Moment(time, *known, potential, rows, looked.noise, looked.state)
        self.energy = [(p, k, float(j)) for (p, k, _), j in zip(self.energy, found["energy"], strict=True)]
        self.step_length = float(found["step_length"])
        self.largest_defect, self.content, self.passed, self.rounding = found["balance"].tolist()
        self.times = found["times"].tolist()
        self.values = {probe.name: row.tolist() for probe, row in zip(self.probes, found["values"], strict=True)}
        self.counts = dict(zip(self.counts, found["counts"].tolist(), strict=True))
        self.coldest, self.hottest = found["coldest"], found["hottest"]
        self.saved = [t for t in self.saved if t > time * (1 + SAME)]
        self.last = self._look(self.moment)
        self.run.say(f"going on from {describe(time, 's')}")

    def go(self) -> None:
        """Step until the end."""
        last = 0.0
        while self.moment.time < self.end * (1 - SAME) and not self.steady:
            end, at_corner = self._next_end()
            length = end - self.moment.time
            accuracy = self.control.accuracy(self.moment.rise - self.first_rise, last)
            step = self.marcher.step(self.moment, end, accuracy)
            if step is not None and accuracy > 0.0 and not self._balance(step).closes:
                step = self.marcher.step(self.moment, end)  # its stages to the tolerance of their residual
            error = np.inf
            if step is not None:
                rise = step.moment.rise - self.first_rise
                error = self.control.error(step.error, rise, self.scheme.error_power)
                hottest = self.run.problem.thermal.reference + float(step.moment.rise.max())
                if hottest > self.limits[0] and self.control.accepts(error):
                    self._run_away(f"the temperature passed {describe(self.limits[0], 'K')}", step.moment)
            if step is None or not self.control.accepts(error):
                self.counts["rejected"] += 1
                self._shorten(length, error, step)
                continue
            last = float(np.abs(step.error).max(initial=0.0))
            self._accept(step)
            chosen = self.control.next(length, error, self.scheme.estimate_power)
            self.step_length = max(chosen, self.step_length) if length < 0.5 * self.step_length else chosen
            if at_corner and self.moment.time < self.end * (1 - SAME):
                self.step_length = min(self.control.start(length), self.step_length)
                self.moment = self.marcher.begin(self.moment.time, self.moment.rise, self.moment.potential)
                last = 0.0
            self._checkpoint()

    def _next_end(self) -> tuple[float, bool]:
        """The time at which the next step ends, and whether that is a corner of a load."""
        now = self.moment.time
        corner = self.run.case.next_corner(now * (1 + SAME))
        event = min(self.end, self.saved[0] if self.saved else np.inf)
        if corner <= event * (1 + SAME):
            event = corner
        left = event - now
        if self.step_length >= left * (1 - 1e-9):
            return event, event == corner
        # Two equal steps rather than a long and a tiny one.
        return now + (left / 2 if self.step_length > left / 2 else self.step_length), False

    def _shorten(self, length: float, error: float, step: Step | None) -> None:
        wanted = 0.25 * length if step is None else self.control.next(length, error, self.scheme.estimate_power)
        self.step_length = wanted if wanted < length else 0.5 * length
        if self.step_length < SHORTEST * max(self.moment.time, 1e-6):
            failure = self.marcher.failure
            if isinstance(failure, LinearSolveError):
                raise failure
            self._run_away(
                f"steps became shorter than rounding allows{f' ({failure})' if failure else ''}", self.moment
            )

    def _balance(self, step: Step) -> EnergyBalance:
        """The energy of a step from the present moment."""
        before, after = self.moment, step.moment
        stored, content = float((after.content - before.content).sum()), float(np.abs(after.content).sum())
        return EnergyBalance(tuple(step.energy), stored, content, rounding=step.rounding)

    def _accept(self, step: Step) -> None:
        balance, self.moment = self._balance(step), step.moment
        self.counts["accepted"] += 1
        self.counts["solves"] += step.linear_solves
        self.counts["iterations"] += step.iterations
        balance.check(f"of the step to {describe(step.moment.time, 's')}")
        self.largest_defect = max(self.largest_defect, balance.relative_defect)
        self.energy = [(p, k, old + new[2]) for (p, k, old), new in zip(self.energy, step.energy, strict=True)]
        self.content = max(self.content, balance.content)
        self.passed, self.rounding = self.passed + balance.turnover, self.rounding + balance.rounding
        np.minimum(self.coldest, step.moment.rise, out=self.coldest)
        np.maximum(self.hottest, step.moment.rise, out=self.hottest)
        look = self.last = self._look(step.moment)
        self.times.append(step.moment.time)
        for probe in self.probes:
            self.values[probe.name].append(probe.measure(look))
        self._keep(look)
        self._report()
        if self.limits[1] is not None and self.moment.time < self.end * (1 - SAME):
            self.steady = self._is_steady(step, self.limits[1])

    def _report(self) -> None:
        spent = clock.perf_counter() - self.began
        steps = self.counts["accepted"]
        left = spent / steps * (self.end - self.moment.time) / (self.times[-1] - self.times[-2])
        self.run.say(
            f"t = {describe(self.moment.time, 's')} of {describe(self.end, 's')}, step {steps}, {spent:.0f} s, at this "
            f"step {left:.0f} s left"
        )

    def _is_steady(self, step: Step, allowed: float) -> bool:
        """Whether what is left to the steady state of the present loads is below a temperature (K) everywhere."""
        if self._will_vary():
            return False
        problem = self.run.problem
        problem.thermal.store = None
        problem.set_time(step.moment.time * (1 + SAME))  # a load may have a corner here
        state = problem.state(step.moment.rise, step.moment.potential)
        scale = 1e-3 * norm_of(state.residual) / problem.solver.rtol
        if scale == 0.0:
            return True
        left, _ = problem.solver.solve(state.system, state.residual, scale=scale)
        return float(np.abs(left).max()) < allowed

    def _will_vary(self) -> bool:
        """Whether a load changes until the end."""
        case, now = self.run.case, self.moment.time
        if not case.varies:
            return False
        if case.next_corner(now) < self.end:
            return True
        later = [now + share * (self.end - now) for share in LATER]
        return any(case.at(time).loads != case.at(now).loads for time in later)

    def _run_away(self, why: str, moment: Moment) -> None:
        space = self.run.problem.thermal.space
        hottest = int(np.argmax(np.where(space.active, moment.rise, -np.inf)))
        place = space.points[hottest]
        part = self._part_at(moment)
        x, y, z = (describe(float(value), "m") for value in place)
        raise ThermalRunaway(
            f"case '{self.run.case.name}' runs away at {describe(moment.time, 's')} in '{part}' near ({x}, {y}, {z}): "
            f"{why}; lower the loads or cool better",
            moment.time,
            part,
            self.result(),
        )

    def _part_at(self, moment: Moment) -> str:
        """The part with the highest temperature."""
        high = self.run.problem.thermal.space.cell_extrema(moment.rise)[1]
        mesh = self.run.mesh
        cell = np.unravel_index(int(np.nanargmax(np.where(mesh.solid, high, -np.inf))), high.shape)
        return str(self.run.case.package.parts[int(mesh.cell_part[cell])].name)

    def result(self) -> TransientResult:
        """What was computed so far."""
        stored = float((self.moment.content - self.first_content).sum())
        rounding = min(self.rounding, MOST_ROUNDING * self.passed)
        energy = EnergyBalance(tuple(self.energy), stored, self.content, self.passed, rounding)
        energy.check("of the run")
        space, reference = self.run.problem.thermal.space, self.run.problem.thermal.reference
        lowest, highest = (space.cell_extrema(reference + rise) for rise in (self.coldest, self.hottest))
        self.run.check_ranges(self.last, (lowest[0], highest[1]))
        return TransientResult(
            self.run.case,
            np.array(self.times),
            {name: np.array(values) for name, values in self.values.items()},
            {probe.name: probe.unit for probe in self.probes},
            self.snapshots,
            self.last,
            energy,
            self.largest_defect,
            self.counts,
            self.steady,
            clock.perf_counter() - self.began,
        )
