"""The steady current problem of a case on its conductors: terminals, one linear solve, and the terminals' currents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.numbering import Numbering
from mcpthermal.linalg import Method, Solver, SolveReport

Floats = NDArray[np.float64]

DIRECT_LIMIT = 120_000
"""Unknowns up to which conductors, which are thin and fill in little, are factorised."""


class ElectricalProblem:
    """Terminals of a case on the conductors that are connected to them.

    Parameters
    ----------
    case : Case
    space : Space
        On the cells of `Case.current_cells`.
    tolerance : float
        Relative residual of the linear solve.
    method : str
        Of the linear solve; "auto" factorises up to `DIRECT_LIMIT` unknowns.
    """

    def __init__(self, case: Case, space: Space, tolerance: float, method: Method = "auto") -> None:
        self.case, self.space = case, space
        self.axes = [None if part.is_void else part.material.electrical_axes for part in case.package.parts]
        mesh = space.mesh
        self.entries, self.means = {}, {}
        fixed, ties, injections = [], [], []
        self.uniform = np.zeros(space.size)
        for terminal in case.terminals:
            faces = case.terminal_faces(mesh, terminal)
            area = float(mesh.face_areas(faces).sum())
            entries = space.face_entries(faces)
            self.entries[terminal.name] = entries
            self.means[terminal.name] = space.face_load(faces, 1.0 / area)
            if terminal.voltage is not None:
                fixed.append((entries, terminal.voltage))
            elif terminal.uniform:
                self.uniform += terminal.current * self.means[terminal.name]
            else:
                ties.append(entries)
                injections.append((entries, terminal.current))
        self.numbering = Numbering(space.active, fixed, ties)
        self.supply = self.uniform.copy()
        for entries, current in injections:
            free = entries[self.numbering.number[entries] >= 0]
            self.supply[free[0]] += current
        self.base = self._reference_potential()
        if method == "auto" and self.numbering.size <= DIRECT_LIMIT:
            method = "direct"
        self.solver = Solver(tolerance, method)

    def _reference_potential(self) -> Floats:
        """A constant for each conductor, the potential of one of its terminals, and the prescribed values.

        Solving for the difference keeps the residual relative to the currents, not to the potentials.
        """
        case, mesh = self.case, self.space.mesh
        cells = case.current_cells(mesh)
        count, group = mesh.components(cells)
        net = np.arange(count)
        touched = {}
        for terminal in case.terminals:
            groups = np.unique(group[case.terminal_faces(mesh, terminal).cells])
            touched[terminal.name] = groups
            if not terminal.uniform and terminal.voltage is None:
                net[np.isin(net, net[groups])] = net[groups].min()
        level = np.zeros(count)
        for terminal in reversed(case.terminals):
            if terminal.voltage is not None:
                level[np.isin(net, net[touched[terminal.name]])] = terminal.voltage
        base = np.zeros(self.space.size)
        for value in np.unique(level[level != 0.0]):
            base[self.space.cell_entries(np.append(level == value, False)[group])] = value
        return np.where(self.numbering.is_fixed, self.numbering.values, base)

    def solve(self, potential: Floats | None, sampler: Any, slack: float = 1.0) -> tuple[Floats, SolveReport]:
        """The potential (V) with conductivities at the sampled temperature; `slack` as for the heat."""
        self.operator = self.space.operator(self.axes, sampler)
        number = self.numbering
        load = number.collapse(self.supply - self.operator.apply(self.base))
        guess = None if potential is None else number.pick(potential - self.base)
        scale = slack * float(np.linalg.norm(load))
        system = self.space.system(self.operator, number)
        if guess is None and scale > 0.0:
            guess, _ = self.solver.solve(system, load, scale=1e-4 / self.solver.rtol * scale)
        if guess is not None:
            # A long thin conductor's potentials are large beside its currents' own share of them: do not ask
            # for a residual below what their rounding leaves.
            signs = np.random.default_rng(0).choice([-1.0, 1.0], self.space.size)
            noise = self.operator.apply(np.finfo(float).eps * signs * (self.base + number.expand(guess)))
            scale = max(scale, 4 * float(np.linalg.norm(number.collapse(noise))) / self.solver.rtol)
        unknowns, report = self.solver.solve(system, load, guess, scale=scale)
        return self.base + number.expand(unknowns), report

    def terminals(self, potential: Floats) -> dict[str, tuple[float, float]]:
        """Mean potential (V) and current into the conductor (A) of each terminal.

        The current is what the assembled operator takes in at the terminal's entries; an entry of two
        terminals, at the edge between them, counts for the one whose condition holds there.
        """
        taken_in = self.operator.apply(potential) - self.uniform
        open_entries = np.ones(self.space.size, bool)
        totals = {}
        for terminal in sorted(self.case.terminals, key=lambda item: item.voltage is None):
            if not terminal.uniform:
                entries = self.entries[terminal.name]
                totals[terminal.name] = float(taken_in[entries[open_entries[entries]]].sum())
                open_entries[entries] = False
        table = {}
        for terminal in self.case.terminals:
            name = terminal.name
            current = terminal.current if terminal.uniform else totals[name]
            table[name] = (float(self.means[name] @ potential), current)
        return table
