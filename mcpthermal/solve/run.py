"""A case set up on a mesh, and the results that are made of its states."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import InputError
from mcpthermal.linalg import Method, norm_of
from mcpthermal.mesh.columns import ColumnMesh, generate_mesh
from mcpthermal.mesh.tetrahedra import TetMesh
from mcpthermal.result.balance import CHARGE_TOLERANCE, Balance
from mcpthermal.result.provenance import Provenance, case_hash
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.newton import Newton
from mcpthermal.solve.transfer import transferred
from mcpthermal.units import quantity

Floats = NDArray[np.float64]

METHODS = ("auto", "direct", "multigrid")


class Run:
    """A case set up on a mesh, with its clock; makes results of states.

    Parameters
    ----------
    case : Case
    mesh : ColumnMesh, TetMesh or None
    order : int
    linear_tolerance : float
    method : str
    progress : callable or None
    transient : bool
        Whether loads may vary in time.

    Raises
    ------
    InputError
        If an option is out of its range, or the mesh is that of another package.
    """

    def __init__(
        self,
        case: Case,
        mesh: Any = None,
        order: int = 2,
        linear_tolerance: float = 1e-10,
        method: Method = "auto",
        progress: Callable[[str], None] | None = None,
        transient: bool = False,
    ) -> None:
        linear_tolerance = quantity(linear_tolerance, "", "linear_tolerance", minimum=1e-13, maximum=1e-3)
        if method not in METHODS:
            raise InputError(f"method {method!r} of the linear solves must be one of {', '.join(METHODS)}")
        if case.varies and not transient:
            raise InputError(
                f"case '{case.name}' has loads that vary in time, so that there is no steady state; use "
                "solve_transient, or case.at(time)"
            )
        self.case, self.say = case, progress or (lambda text: None)
        self.seconds: dict[str, float] = {}
        if mesh is None:
            mesh = case.package.mesh
        if mesh is None:
            self.say("meshing")
            mesh = self.timed("mesh", lambda: generate_mesh(case))
        if not isinstance(mesh, ColumnMesh | TetMesh):
            raise InputError(f"mesh {mesh!r} is none; give what generate_mesh(case.package) or read_mesh(path) returns")
        self.mesh = mesh
        self.say("assembling")
        self.problem = CoupledProblem(case, mesh, order, linear_tolerance, method, self.timed)

    @classmethod
    def at(cls, result: SteadyResult) -> tuple[CoupledProblem, State]:
        """A result's problem set up again on its mesh, and its state."""
        run = cls(result.case, result.mesh, getattr(result.thermal, "order", 2))
        problem = run.problem
        vars(problem.factors).update(result.factors)
        return problem, problem.state(result.temperature - problem.thermal.reference, result.potential)

    def initial_rise(self, initial: Any) -> Floats:
        """A raw rise (K) from a uniform temperature, a result, or (None) the surroundings, with the prescribed values.

        Where entries are tied, as on the face of an isothermal heat sink, it is their mean.

        Raises
        ------
        InputError
            If it is something else, or a result of another package.
        """
        number = self.problem.numbering
        rise = self._raw_rise(getattr(initial, "final", initial))
        unknowns = number.collapse(rise) / number.collapse(np.ones(len(rise)))
        return self.problem.moved(np.zeros(len(rise)), unknowns)

    def _raw_rise(self, initial: Any) -> Floats:
        thermal = self.problem.thermal
        if isinstance(initial, SteadyResult):
            if initial.case.package.names != self.case.package.names:
                raise InputError("initial: the result is of another package; give one of the same parts")
            if initial.mesh is self.mesh and initial.thermal.size == thermal.space.size:
                return initial.temperature - thermal.reference
            return transferred(initial, thermal.space) - thermal.reference
        if initial is None:
            return np.zeros(thermal.space.size)
        kelvin = quantity(initial, "K", "initial temperature", above=0.0)
        return np.full(thermal.space.size, kelvin - thermal.reference)

    def timed(self, phase: str, work: Callable[[], Any]) -> Any:
        """Do some work and count its time for a phase."""
        start = time.perf_counter()
        answer = work()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start
        return answer

    def result(self, state: State, newton: Newton, stored: float | None = None) -> SteadyResult:
        """The answer that goes with a state in equilibrium; raises a BalanceError if it does not add up."""
        problem = self.problem
        cells, contact_heat = np.zeros(self.mesh.cell_part.shape), {}
        if state.current is not None:
            cells, contact_heat = state.current.cells, state.current.contact_heat
        rise = state.rise
        if stored is None:
            rise = self._levelled(state, float(cells.sum()) + sum(contact_heat.values()))
        temperature = problem.thermal.reference + rise
        heat = problem.thermal.heat(state.thermal, state.heat, rise)
        sizes = {"temperature": problem.numbering.size, "cells": int(self.mesh.n_cells)}
        potential, drop, electric = None, None, 0.0
        terminals: dict[str, tuple[float, float]] = {}
        nodes: dict[str, float] = {}
        elements: tuple[dict[str, Any], ...] = ()
        if problem.electrical is not None and state.current is not None:
            electrical, current = problem.electrical, state.current
            potential, drop = current.potential, current.over
            terminals, electric = electrical.terminals(current), electrical.power(current)
            nodes = electrical.node_potentials(current)
            elements = tuple(electrical.circuit.elements(nodes))
            heat.append(("conductors", "joule", float(cells.sum())))
            heat += [(place, "contact joule", watt) for place, watt in contact_heat.items()]
            sizes["potential"] = electrical.numbering.size
        joule = sum(watt for _, kind, watt in heat if kind in ("joule", "contact joule"))
        currents = {name: ampere for name, (_, ampere) in terminals.items()}
        balance = Balance(tuple(heat), currents, electric, joule, stored or 0.0)
        if stored is None:
            if balance.relative_charge_defect > CHARGE_TOLERANCE and problem.electrical is not None and state.current:
                balance = replace(balance, charge_rounding=problem.electrical.rounding(state.current))
            balance.check()
        record = Provenance(case_hash(self.case), sizes, tuple(newton.solves), dict(self.seconds))
        result = SteadyResult(
            self.case,
            self.mesh,
            problem.thermal.space,
            None if problem.electrical is None else problem.electrical.space,
            temperature,
            potential,
            cells,
            terminals,
            balance,
            tuple(newton.history),
            record,
            tuple(contact.report(temperature, drop) for contact in problem.contacts),
            nodes,
            elements,
            dict(vars(problem.factors)),
        )
        if stored is None:
            self.check_ranges(result, result.cell_extrema)
        return result

    def _levelled(self, state: State, joule: float) -> Floats:
        """The rise shifted as a whole so that the heat balance closes, unless that costs the residual.

        Many small entries of the residual, of one sign or the rounding of thin layers, add up in the balance.
        """
        thermal, ones = self.problem.thermal, np.ones(len(state.residual))

        def defect(rise: Floats) -> float:
            return joule + sum(watt for _, _, watt in thermal.heat(state.thermal, state.heat, rise))

        step = 1e-4 * float(np.abs(state.rise[thermal.space.active]).max())
        missed = defect(state.rise)
        lost = missed - defect(self.problem.moved(state.rise, step * ones))
        shift = missed * step / lost if lost > 0 else 0.0
        allowed = max(norm_of(state.residual), self.problem.solver.rtol * state.scale)
        moved = self.problem.moved(state.rise, shift * ones)
        cold = (moved[thermal.space.active] <= -thermal.reference).any()  # near absolute zero nothing radiates
        if cold or norm_of(state.residual - shift * state.system.apply(ones)) > allowed:
            return state.rise
        return moved

    def check_ranges(self, result: SteadyResult, extrema: tuple[Floats, Floats]) -> None:
        """Warn of laws that were used outside their range, by the lowest and highest temperature of each cell (K)."""
        current = np.unique(self.mesh.cell_part[self.problem.cells])
        for number, part in enumerate(self.case.package.parts):
            if not part.is_void:
                used = ["thermal_conductivity"] + (["electrical_conductivity"] if number in current else [])
                cells = result.cells_of(part.name)
                # Between nodes near absolute zero a quadratic may reach below it.
                low, high = max(0.0, float(extrema[0][cells].min())), float(extrema[1][cells].max())
                part.material.check_range(low, high, used, part.name)
