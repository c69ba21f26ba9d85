"""Runs a test on a module: each measurement is a coupled solve, self-heating included."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import InputError
from mcpthermal.mesh.columns import ColumnMesh, generate_mesh
from mcpthermal.mesh.common import common_meshes
from mcpthermal.mesh.sizing import MeshSpec
from mcpthermal.package.package import Package
from mcpthermal.result.probes import MaxTemperature, MeanTemperature, TerminalCurrent, TerminalVoltage
from mcpthermal.result.steady import SteadyResult
from mcpthermal.screening.fixture import is_uniform
from mcpthermal.screening.program import (
    CurrentPulse,
    FourWire,
    Isolation,
    Measurement,
    ModuleTest,
    PowerPulse,
    is_joined,
)
from mcpthermal.screening.readings import Reading, TestReport
from mcpthermal.solve.impedance import thermal_impedance
from mcpthermal.solve.loan import Loan
from mcpthermal.solve.reuse import shared_method
from mcpthermal.solve.run import Run
from mcpthermal.solve.steady import solve_steady
from mcpthermal.solve.stepping import AdaptiveSteps
from mcpthermal.solve.storage import HeatStore
from mcpthermal.solve.transient import solve_transient

STEPS = {"absolute": 0.01, "relative": 0.02}
"""To which steps in time are held unless given (K, and relative to the rise); all modules are read on like steps."""

IN_TIME = 1e-9
"""Relative residual of linear solves in time, at least."""

REDUCED = 1e-5
"""Residual of reduced models, relative to the load."""

MAGNIFIED = 1e3
"""By how much a resistance may be off, relatively, in units of the residual of its linear solves."""

Floats = NDArray[np.float64]
Read = tuple[float, float]
"""A value, and how far it may be off numerically."""


def run_test(
    test: ModuleTest,
    package: Package | None = None,
    mesh: ColumnMesh | MeshSpec | str | None = None,
    nominal: TestReport | None = None,
    *,
    steps: AdaptiveSteps | None = None,
    linear_tolerance: float = 1e-10,
    loan: Loan | None = None,
    progress: Callable[[str], None] | None = None,
) -> TestReport:
    """Read what a test reads of a module.

    Parameters
    ----------
    test : ModuleTest
    package : Package, optional
        The module, such as a faulty one; default the test's own, healthy one.
    mesh : ColumnMesh or MeshSpec, optional
    nominal : TestReport, optional
        Of the healthy module, from which the limits follow. Without it the test's own package is read first, on a mesh
        of the same cells; many modules are compared with one report by `fault_dictionary`.
    steps : AdaptiveSteps, optional
        Of the readings in time.
    linear_tolerance : float
        As for `solve_steady`.
    loan : Loan, optional
        Hands on what other modules' solves have made.
    progress : callable, optional
        Is told in words what happens.

    Returns
    -------
    TestReport
    """
    if not isinstance(test, ModuleTest):
        raise InputError(f"run_test needs a ModuleTest, not {type(test).__name__}")
    module = test.package if package is None else package
    if not isinstance(module, Package):
        raise InputError(f"run_test: package {module!r} is no Package; give a module's, such as fault.apply(package)")
    if nominal is not None:
        _check_nominal(test, nominal)
    elif module is not test.package:
        options: dict[str, Any] = {"steps": steps, "linear_tolerance": linear_tolerance, "progress": progress}
        return _run_beside_healthy(test, module, mesh, loan, options)
    began = clock.perf_counter()
    if not isinstance(mesh, ColumnMesh):
        mesh = generate_mesh(module, mesh)
    bench = _Bench(test, module, mesh, steps, linear_tolerance, Loan() if loan is None else loan)
    readings: list[Reading] = []
    for step in test.program:
        if progress is not None:
            progress(f"measuring '{step.name}'")
        for name, (value, error) in zip(step.readings, bench.read(step), strict=True):
            level, other = (value, error) if nominal is None else (nominal[name].value, nominal[name].error)
            readings.append(Reading(step.name, name, step.unit, value, *step.limits(level, error + other), error))
    name = next(iter(test.package.groups), "")
    return TestReport(test.name, tuple(readings), name, clock.perf_counter() - began, bench.loan.setups)


def _check_nominal(test: ModuleTest, nominal: Any) -> None:
    """InputError if limits cannot follow from a report."""
    if not isinstance(nominal, TestReport):
        raise InputError(f"run_test: nominal {nominal!r} is no TestReport; give that of run_test on the healthy module")
    for step, name in test.readings:
        if math.isinf(nominal[name].value) and not isinstance(step, Isolation):
            raise InputError(f"run_test: '{name}' is open in the nominal report; give the report of a healthy module")


def _run_beside_healthy(
    test: ModuleTest, module: Package, mesh: Any, loan: Loan | None, options: dict[str, Any]
) -> TestReport:
    """Read a module after the test's own one, on meshes of the same cells, so that what differs is the fault."""
    if isinstance(mesh, ColumnMesh):
        raise InputError(
            "run_test: limits follow from the healthy module, which this mesh does not hold; give its report with "
            "nominal=, on its mesh of common_meshes, or a MeshSpec instead of the mesh"
        )
    own, other = common_meshes([test.package, module], mesh)
    lender = Loan()
    nominal = run_test(test, mesh=own, loan=lender, **options)
    return run_test(test, module, other, nominal, loan=Loan(lender) if loan is None else loan, **options)


class _Bench:
    """A module on the bench."""

    def __init__(
        self, test: ModuleTest, package: Package, mesh: ColumnMesh, steps: Any, linear_tolerance: float, loan: Loan
    ) -> None:
        self.test, self.package, self.mesh, self.loan = test, package, mesh, loan
        self.steps, self.tolerance = steps, linear_tolerance
        self.method = shared_method(mesh, "auto")

    def read(self, step: Measurement) -> list[Read]:
        """The values of a measurement's readings."""
        if step.ports and not is_joined(self.package, self.mesh, step.ports):
            return [(math.inf, 0.0)] * len(step.readings)
        self.loan.key = step.name
        if isinstance(step, PowerPulse):
            return self._response(step)
        if isinstance(step, CurrentPulse):
            return self._resistances(step)
        assert isinstance(step, FourWire | Isolation)
        case = self.test.case(step, self.package)
        result = solve_steady(case, self.mesh, method=self.method, linear_tolerance=self.tolerance, reuse=self.loan)
        current = result.current(step.ports[0])
        (a, b), (plus, minus) = ([result.voltage(place) for place in two] for two in (step.sensed, step.ports[:2]))
        # Between places of nearly one potential the error is that of the potentials.
        return [((a - b) / current, MAGNIFIED * self.tolerance * (plus - minus) / current)]

    def _response(self, step: PowerPulse) -> list[Read]:
        case, probe = self.test.case(step, self.package), MeanTemperature(step.sensed_part)
        if not self._is_linear(case):
            return self._stepped_response(step, probe)
        answer = thermal_impedance(
            case,
            step.heated,
            [probe, MaxTemperature()],
            self.mesh,
            times=[step.read_at[0] / 2, *step.read_at],
            tolerance=REDUCED,
            linear_tolerance=max(self.tolerance, 0.01 * REDUCED),
            reuse=self.loan,
        )
        # Far from the heat, or early, what is read may be less than what the model leaves out.
        error = answer.error * float(answer.steady[0, 1])
        return [(float(value), error) for value in answer.values[0, 0, 1:]]

    def _is_linear(self, case: Case) -> bool:
        """Whether heat conduction and storage are linear, so that a reduced model has the response."""
        problem = Run(case, self.mesh).problem
        return problem.is_linear and HeatStore(case, problem.thermal.space, problem.thermal.reference).is_constant

    def _stepped_response(self, step: PowerPulse, probe: MeanTemperature) -> list[Read]:
        run = self._transient(step, [probe], step.read_at)
        rises = self._at(run, probe, step.read_at) - run.probes[probe.name][0]
        # All modules have like steps: what is relative to the rise is off alike.
        error = getattr(self.steps, "absolute", STEPS["absolute"]) / step.power
        return [(float(rise) / step.power, error) for rise in rises]

    def _resistances(self, step: CurrentPulse) -> list[Read]:
        ampere = TerminalCurrent(step.force[0])
        volts = [TerminalVoltage(place) for place in dict.fromkeys((*step.sensed, *step.force))]
        run = self._transient(step, [*volts, ampere], step.read_at)

        def ohms(places: tuple[str, str]) -> Floats:
            high, low, current = (
                self._at(run, probe, step.read_at) for probe in (*map(TerminalVoltage, places), ampere)
            )
            return (high - low) / current

        errors = MAGNIFIED * max(self.tolerance, IN_TIME) * np.abs(ohms(step.force))
        return list(zip(ohms(step.sensed).tolist(), errors.tolist(), strict=True))

    def _transient(self, step: Measurement, probes: list[Any], times: tuple[float, ...]) -> Any:
        return solve_transient(
            self.test.case(step, self.package),
            self.mesh,
            times[-1],
            initial=self._before,
            steps=self.steps or AdaptiveSteps(first=0.01 * times[0], **STEPS),
            probes=probes,
            save=list(times),
            linear_method=self.method,
            linear_tolerance=max(self.tolerance, IN_TIME),
            reuse=self.loan,
        )

    @cached_property
    def _before(self) -> SteadyResult | None:
        """The state in the fixture alone, over which pulses are read; None where that is one temperature.

        Heat flows in it between surroundings of different temperatures, and from what the fixture itself heats.
        """
        held = self.test.held
        if is_uniform(held):
            return None
        case = Case(self.package, held, f"{self.test.name}: the fixture alone")
        return solve_steady(case, self.mesh, linear_tolerance=self.tolerance)

    @staticmethod
    def _at(run: Any, probe: Any, times: tuple[float, ...]) -> Floats:
        """A probe at times that steps have met exactly."""
        return np.array([run.probes[probe.name][abs(run.times - time).argmin()] for time in times])
