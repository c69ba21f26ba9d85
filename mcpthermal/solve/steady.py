"""The coupled steady solve: potential, Joule heat and temperature in turn until they agree."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import CouplingError, InputError
from mcpthermal.fem.coefficients import depends_on_temperature
from mcpthermal.fem.discretisation import make_space
from mcpthermal.linalg import Method, Solver
from mcpthermal.mesh.columns import generate_mesh
from mcpthermal.result.balance import Balance
from mcpthermal.result.provenance import Provenance, description_hash
from mcpthermal.result.steady import Iteration, SteadyResult
from mcpthermal.solve.electrical import ElectricalProblem
from mcpthermal.solve.thermal import ThermalProblem
from mcpthermal.units import quantity

Floats = NDArray[np.float64]

ROUNDING = 1e-12
"""Relative to the absolute temperature."""

METHODS = ("auto", "direct", "multigrid")


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
        The iteration ends when no temperature changes by more than this part of the largest rise.
    max_iterations : int
    linear_tolerance : float
        Relative residual of each linear solve.
    method : {"auto", "direct", "multigrid"}
        Of the linear solves.
    progress : callable, optional
        Is told in words what happens.

    Returns
    -------
    SteadyResult

    Raises
    ------
    CouplingError
        If the iteration does not reach its tolerance; it carries the last iterate.
    LinearSolveError, BalanceError, InputError
    """
    if not isinstance(case, Case):
        raise InputError(f"solve_steady needs a Case, not {type(case).__name__}")
    quantity(tolerance, "", "tolerance", above=0.0, maximum=0.1)
    quantity(linear_tolerance, "", "linear_tolerance", minimum=1e-13, maximum=1e-3)
    quantity(max_iterations, "", "max_iterations", minimum=1)
    if method not in METHODS:
        raise InputError(f"method {method!r} of the linear solves must be one of {', '.join(METHODS)}")
    run = _Run(case, mesh, order, linear_tolerance, method, progress or (lambda text: None))
    return run.iterate(tolerance, max_iterations)


class _Run:
    """One coupled solve; its state between iterations."""

    def __init__(
        self, case: Case, mesh: Any, order: int, linear_tolerance: float, method: Method, say: Callable[[str], None]
    ) -> None:
        self.case, self.say = case, say
        self.seconds: dict[str, float] = {}
        self.solves: list[dict[str, Any]] = []
        if mesh is None:
            mesh = case.package.mesh
        if mesh is None:
            say("meshing")
            mesh = self._timed("mesh", lambda: generate_mesh(case.package))
        if tuple(mesh.part_names) != case.package.names:
            raise InputError(
                "the mesh was made for other parts than those of the case; call generate_mesh(case.package) anew"
            )
        self.mesh = mesh
        say("assembling")
        space = self._timed("spaces", lambda: make_space(mesh, mesh.solid, order))
        self.thermal = self._timed("loads", lambda: ThermalProblem(case, space, Solver(linear_tolerance, method)))
        self.electrical: ElectricalProblem | None = None
        cells = case.current_cells(mesh)
        if cells.any():
            conductors = self._timed("spaces", lambda: make_space(mesh, cells, order))
            self.electrical = self._timed(
                "loads", lambda: ElectricalProblem(case, conductors, 0.01 * linear_tolerance, method)
            )
        self.cells = cells
        self.linear_tolerance = linear_tolerance

    def _timed(self, phase: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        answer = work()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start
        return answer

    def _nonlinear(self) -> bool:
        """Whether any law that takes part depends on temperature."""
        parts = np.unique(self.mesh.cell_part[self.mesh.solid])
        if depends_on_temperature(self.thermal.axes, parts):
            return True
        current = np.unique(self.mesh.cell_part[self.cells])
        return self.electrical is not None and depends_on_temperature(self.electrical.axes, current)

    def iterate(self, tolerance: float, max_iterations: int) -> SteadyResult:
        """Potential, Joule heat, temperature, until the temperature stays."""
        temperature, potential = self.thermal.start, None
        joule_load, joule_cells = np.zeros(self.thermal.space.size), np.zeros(self.mesh.cell_part.shape)
        history: list[Iteration] = []
        nonlinear = self._nonlinear()
        while True:
            self.say(f"iteration {len(history) + 1}" + (f", change {history[-1].change:.1e} K" if history else ""))
            # Far from the end a linear solve need not be better than the next change will be.
            wanted = 1e-3 ** (len(history) + 1) if nonlinear else 0.0
            slack = max(1.0, wanted / self.linear_tolerance)
            electrical_iterations = 0
            if self.electrical is not None:
                potential, joule_load, joule_cells, electrical_iterations = self._currents(
                    temperature, potential, slack
                )
            last = temperature
            temperature, report = self._timed("heat", partial(self.thermal.solve, last, joule_load, slack))
            self.solves.append({"field": "temperature", **asdict(report)})
            active = self.thermal.space.active
            change = float(np.abs(temperature - last)[active].max())
            rise = float(np.abs(temperature[active] - self.thermal.reference).max())
            # Below this the change is rounding.
            allowed = tolerance * rise + ROUNDING * float(temperature[active].max())
            history.append(
                Iteration(change, float(temperature[active].max()), report.iterations, electrical_iterations)
            )
            if slack == 1.0 and (not nonlinear or change <= allowed):
                return self._result(temperature, potential, joule_load, joule_cells, tuple(history))
            self._refuse_divergence(history, max_iterations, allowed, temperature, potential)

    def _currents(
        self, temperature: Floats, potential: Floats | None, slack: float
    ) -> tuple[Floats, Floats, Floats, int]:
        problem = self.electrical
        assert problem is not None
        sampler = self.thermal.space.sampler(temperature, problem.space)
        potential, report = self._timed("current", lambda: problem.solve(potential, sampler, slack))
        self.solves.append({"field": "potential", **asdict(report)})
        load, cells = self._timed(
            "Joule heat", lambda: problem.space.joule(potential, problem.axes, sampler, self.thermal.space)
        )
        return potential, load, cells, report.iterations

    def _refuse_divergence(
        self, history: list[Iteration], limit: int, allowed: float, temperature: Floats, potential: Floats | None
    ) -> None:
        last = history[-1]
        growing = len(history) > 8 and last.change > max(10 * history[len(history) // 2].change, 1e3 * allowed)
        if not np.isfinite(last.change) or growing:
            why = "the temperatures run away: more heat is released than can leave; lower the current or cool better"
        elif len(history) >= limit:
            why = f"raise max_iterations (now {limit}) or the tolerance (a change of {allowed:.2g} K is allowed now)"
        else:
            return
        raise CouplingError(
            f"the coupling did not converge in {len(history)} iterations: last change {last.change:.3g} K, highest "
            f"temperature {last.max_temperature:.6g} K; {why}",
            temperature,
            potential,
            tuple(history),
        )

    def _result(
        self,
        temperature: Floats,
        potential: Floats | None,
        joule_load: Floats,
        joule_cells: Floats,
        history: tuple[Iteration, ...],
    ) -> SteadyResult:
        heat = self.thermal.heat(temperature, joule_load)
        terminals: dict[str, tuple[float, float]] = {}
        if self.electrical is not None and potential is not None:
            terminals = self.electrical.terminals(potential)
            heat.append(("conductors", "joule", float(joule_load.sum())))
        electric = self._electric_power(potential)
        currents = {name: current for name, (_, current) in terminals.items()}
        balance = Balance(tuple(heat), currents, electric, float(joule_cells.sum()))
        balance.check()
        sizes = {"temperature": self.thermal.numbering.size, "cells": int(self.mesh.n_cells)}
        if self.electrical is not None:
            sizes["potential"] = self.electrical.numbering.size
        record = Provenance(
            description_hash(self.case.package.parts, self.case.loads), sizes, tuple(self.solves), dict(self.seconds)
        )
        result = SteadyResult(
            self.case,
            self.mesh,
            self.thermal.space,
            None if self.electrical is None else self.electrical.space,
            temperature,
            potential,
            joule_cells,
            terminals,
            balance,
            history,
            record,
        )
        current = np.unique(self.mesh.cell_part[self.cells])
        for number, part in enumerate(self.case.package.parts):
            if not part.is_void:
                used = ["thermal_conductivity"] + (["electrical_conductivity"] if number in current else [])
                low, high = result.min_temperature(part.name), result.max_temperature(part.name)
                part.material.check_range(low, high, used, part.name)
        return result

    def _electric_power(self, potential: Floats | None) -> float:
        """What the terminals deliver to the conductors: potential times current taken in, entry by entry."""
        if self.electrical is None or potential is None:
            return 0.0
        return float(potential @ self.electrical.operator.apply(potential))
