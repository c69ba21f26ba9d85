"""The steady current problem of a case on its conductors: circuit and terminals, a linear solve, derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, joule
from mcpthermal.fem.surfaces import patch_entries, patch_load
from mcpthermal.linalg import Method, Solver, SolveReport, norm_of
from mcpthermal.loads import ELECTRICAL
from mcpthermal.solve.circuit import Circuit
from mcpthermal.solve.clashes import warn_of_clashes
from mcpthermal.solve.contacts import Contact
from mcpthermal.solve.linearised import CurrentDerivatives
from mcpthermal.solve.thermal import Factors

Floats = NDArray[np.float64]

DIRECT_LIMIT = 120_000
"""Unknowns up to which conductors, which are thin and fill in little, are factorised."""

STALE = 1e-8
"""Factors that leave a greater relative residual are of another temperature: derivatives do not lean on them."""


GIVEN = SolveReport("none", "the potential is given", 0, 0, 0.0, 0.0, 0.0)


@dataclass
class CurrentState:
    """Potential and Joule heat at a temperature, and the derivatives that Newton's method needs.

    Attributes
    ----------
    potential : raw array (V)
    over, drop : raw arrays (V)
        The same over the level of the conductor, and of the piece of it between contacts: small ones are not lost in
        rounding.
    operator, circuit, jumps : the operator on raw entries, and the shares of circuit and contacts in it
    system, report : its linear system, and how it was solved
    heat : raw array of the thermal space (W)
    cells : Joule heat in each cell of the mesh (W)
    contact_heat : mapping of interface to W
    derivatives : CurrentDerivatives or None
        Once they were asked for.
    imbalance : array or None
        What the unknowns take in too little at a potential that is given, not solved for (A).
    """

    temperature: Floats
    potential: Floats
    over: Floats
    drop: Floats
    operator: Any
    circuit: Any
    jumps: Any
    system: Any
    report: SolveReport
    heat: Floats
    cells: Floats
    contact_heat: dict[str, float]
    derivatives: CurrentDerivatives | None = None
    imbalance: Floats | None = None


class ElectricalProblem:
    """Circuit and terminals of a case on the conductors that are connected to them.

    Parameters
    ----------
    case : Case
    space, thermal : Space
        On the cells of `Case.current_cells`, and of the temperature.
    contacts : sequence of Contact
    tolerance : float
        Relative residual of the linear solve.
    method : str
        Of the linear solve; "auto" factorises up to `DIRECT_LIMIT` unknowns.
    factors : Factors
    """

    def __init__(
        self,
        case: Case,
        space: Space,
        thermal: Space,
        contacts: list[Contact],
        tolerance: float,
        method: Method,
        factors: Factors,
    ) -> None:
        self.case, self.space, self.thermal, self.factors = case, space, thermal, factors
        self.contacts = [contact for contact in contacts if contact.electrical]
        self.axes = [None if part.is_void else part.material.electrical_axes for part in case.package.parts]
        mesh = space.mesh
        self.entries, self.means = {}, {}
        for terminal in case.terminals:
            faces = case.terminal_faces(mesh, terminal)
            patches = space.patches(faces)
            self.entries[terminal.name] = patch_entries(patches)
            self.means[terminal.name] = patch_load(patches, 1.0 / float(mesh.face_areas(faces).sum()), space.size)
        self._names = [terminal.name for terminal in case.terminals if not terminal.uniform]
        self.circuit = Circuit(case.at(0.0), self._names)
        held = [(name, self.entries[name], key) for key, name in self._levels()]
        warn_of_clashes(held, "current", "leave a gap, or give one of them distribution='uniform'")
        fixed = [(self.entries[name], 0.0) for name, _ in self.circuit.members(0)]
        groups = [self.circuit.members(number) for number in self.circuit.field_groups]
        ties = [np.concatenate([self.entries[name] for name, _ in members]) for members in groups]
        self.numbering = Numbering(space.active, fixed, ties)
        self.heads = self._head_entries(groups)
        self._nets = self._find_nets(groups)
        self._pieces = self._find_pieces() if self.contacts else []
        self._take(case.at(0.0))
        if method == "auto" and self.numbering.size <= DIRECT_LIMIT:
            method = "direct"
        self.solver = Solver(tolerance, method)

    def _levels(self) -> list[tuple[tuple[int, float], str]]:
        """What the potential of each terminal is held at, a group and an offset (V), and its name."""
        return [((n, volt), name) for n in range(len(self.circuit.heads)) for name, volt in self.circuit.members(n)]

    def _head_entries(self, groups: list[list[tuple[str, float]]]) -> Any:
        """A raw entry of each group's first terminal."""
        number = self.numbering.number
        return np.array([self.entries[m[0][0]][number[self.entries[m[0][0]]] >= 0][0] for m in groups], np.int64)

    def _find_nets(self, groups: list[list[tuple[str, float]]]) -> tuple[Any, dict[str, Any], list[Any]]:
        """The net of each conductor (joined by terminals), those at each terminal, raw entries of each."""
        case, mesh = self.case, self.space.mesh
        count, group = mesh.components(case.current_cells(mesh))
        net = np.arange(count)
        touched = {}
        for terminal in case.terminals:
            touched[terminal.name] = np.unique(group[case.terminal_faces(mesh, terminal).cells])
        for members in groups:
            joined = np.unique(net[np.concatenate([touched[name] for name, _ in members])])
            net[np.isin(net, joined)] = joined.min()
        entries = [self.space.cell_entries(group == number) for number in range(count)]
        return net, touched, entries

    def _find_pieces(self) -> list[Any]:
        """Raw entries of what holds together without contacts."""
        mesh, space = self.space.mesh, self.space
        cells, owned = self.case.current_cells(mesh), []
        for part in np.unique(mesh.cell_part[cells]):
            count, group = mesh.components(cells & (mesh.cell_part == part))
            owned += [space.cell_entries(group == number) for number in range(count)]
        entries = np.concatenate(owned)
        number = space.size + np.repeat(np.arange(len(owned)), [len(own) for own in owned])
        size = space.size + len(owned)
        graph = sp.coo_array((np.ones(len(entries)), (entries, number)), shape=(size, size))
        label = sp.csgraph.connected_components(graph, directed=False)[1]
        return [np.flatnonzero(label[: space.size] == found) for found in np.unique(label[space.size :])]

    def _take(self, case: Case) -> None:
        """Potentials and currents of a case without waveforms.

        For each conductor a constant, the potential of one of its terminals, for each piece of it between contacts a
        step from there to one of its own, and both with prescribed values and offsets: solving for the difference keeps
        the residual relative to the currents, not to the potentials.
        """
        self.circuit = Circuit(case, self._names)
        self._uniform = np.zeros(self.space.size)
        self._uniform_currents = {terminal.name: terminal.current for terminal in case.terminals if terminal.uniform}
        for name, current in self._uniform_currents.items():
            self._uniform += current * self.means[name]
        net, touched, entries = self._nets
        level = np.zeros(len(net))
        for name, volt in reversed(self.circuit.members(0)):
            level[np.isin(net, net[touched[name]])] = volt
        self._level = np.zeros(self.space.size)
        for value, own in zip(level, entries, strict=True):
            self._level[own] = value
        self._step = self.steps(self.circuit.members(0))
        self._base = self._level + self._step
        for number in self.circuit.field_groups:
            for name, offset in self.circuit.members(number):
                self._base[self.entries[name]] = level[touched[name][0]] + offset
        taken = np.zeros(self.space.size, bool)
        for name, volt in self.circuit.members(0):
            new = self.entries[name][~taken[self.entries[name]]]
            self._base[new], taken[new] = volt, True

    def steps(self, held: Sequence[tuple[str, float]]) -> Floats:
        """For each piece between contacts a constant over its level (V), from the first of some terminals on it."""
        result = np.zeros(self.space.size)
        for own in self._pieces:
            here = [volt for name, volt in held if np.isin(self.entries[name], own).any()]
            if here:
                result[own] = here[0] - self._level[own]
        return result

    def set_time(self, time: float) -> bool:
        """Take the values of a time (s); tells whether any of them varies."""
        if not any(load.varies for load in self.case.of(*ELECTRICAL)):
            return False
        self._take(self.case.at(time))
        return True

    @property
    def uniform(self) -> Floats:
        """The load of terminals with a uniform current density (A)."""
        return self.factors.current * self._uniform

    @property
    def level(self) -> Floats:
        """A constant potential for each conductor (V)."""
        return self.factors.voltage * self._level

    @property
    def step(self) -> Floats:
        """What a constant potential of each piece between contacts is above the conductor's level (V)."""
        return self.factors.voltage * self._step

    @property
    def base(self) -> Floats:
        """A potential with the prescribed values (V)."""
        return self.factors.voltage * self._base

    # --- the problem at a temperature ---------------------------------------------------------------------

    def operator(self, temperature: Floats, matrices: Sequence[Any]) -> Any:
        """The conductors at a temperature (K) with the matrices of contacts and circuit."""
        operator = self.space.operator(self.axes, at_points(self.thermal, temperature, self.space))
        operator.add_matrices(matrices)
        return operator

    def jumps(self, temperature: Floats) -> Any:
        """The exchange matrix of all contacts at a temperature (K)."""
        size = self.space.size
        return sum((c.electrical_matrix(temperature, size) for c in self.contacts), sp.csr_array((size, size)))

    def _circuit(self) -> tuple[Any, Floats]:
        """The circuit's matrix on raw entries and the currents that it drives at zero potential."""
        conductance, injected = self.circuit.reduced(self.factors.current, self.factors.voltage)
        size, heads = self.space.size, self.heads
        rows, columns = np.repeat(heads, len(heads)), np.tile(heads, len(heads))
        matrix = sp.coo_array((conductance.ravel(), (rows, columns)), shape=(size, size)).tocsr()
        supply = self.uniform.copy()
        np.add.at(supply, heads, injected)
        return matrix, supply

    def state(self, temperature: Floats, potential: Floats | None, slack: float = 1.0) -> CurrentState:
        """Potential and heat at a temperature (K); `slack` multiplies the tolerance of the linear solve."""
        number, (load, operator, parts) = self.numbering, self._equation(temperature)
        base = self.base - self.level - self.step
        guess = None if potential is None else number.pick(potential - self.base)
        system = self.space.system(operator, number)
        load = load - number.collapse(operator.apply(base))
        unknowns, report = self.solve(operator, system, load, base, guess, slack)
        return self._state(temperature, base + number.expand(unknowns), operator, parts, system, report)

    def state_at(self, temperature: Floats, potential: Floats) -> CurrentState:
        """The same at a given potential (V), which need not be in equilibrium; its `imbalance` says how far it is."""
        number, (load, operator, parts) = self.numbering, self._equation(temperature)
        drop = np.where(number.is_fixed, self.base, potential) - self.level - self.step
        state = self._state(temperature, drop, operator, parts, self.space.system(operator, number), GIVEN)
        state.imbalance = load - number.collapse(operator.apply(drop))
        return state

    def _equation(self, temperature: Floats) -> tuple[Floats, Any, tuple[Any, Any]]:
        """The load on the unknowns (A) of the potential's drop over level and step, its operator, circuit and jumps."""
        matrix, supply = self._circuit()
        jumps = self.jumps(temperature)
        operator = self.operator(temperature, [jumps, matrix])
        # A constant drives no current through the conductors but that of rounding.
        load = self.numbering.collapse(supply - jumps @ self.step - matrix @ (self.level + self.step))
        return load, operator, (matrix, jumps)

    def _state(
        self,
        temperature: Floats,
        drop: Floats,
        operator: Any,
        parts: tuple[Any, Any],
        system: Any,
        report: SolveReport,
    ) -> CurrentState:
        over = self.step + drop
        points = at_points(self.thermal, temperature, self.space)
        heat, cells = joule(self.space, drop, self.axes, points, self.thermal)
        contact_heat = {}
        for contact in self.contacts:
            load, total = contact.heat(temperature, over)
            heat += load
            contact_heat[contact.place] = total
        return CurrentState(
            temperature, self.level + over, over, drop, operator, *parts, system, report, heat, cells, contact_heat
        )

    def solve(
        self, operator: Any, system: Any, load: Floats, base: Floats, guess: Floats | None = None, slack: float = 1.0
    ) -> tuple[Floats, SolveReport]:
        """The unknowns (V) that a load (A) and a prescribed potential cause, and how they were found.

        A long thin conductor's potentials, or those of a good one, are large beside their currents' own share of
        them: no residual is asked for below what their rounding leaves.
        """
        scale = slack * norm_of(load)
        if scale > 0.0:
            guess, _ = self.solver.solve(system, load, guess, scale=1e-4 / self.solver.rtol * scale)
        if guess is not None:
            signs = np.random.default_rng(0).choice([-1.0, 1.0], self.space.size)
            noise = operator.apply(np.finfo(float).eps * signs * (base + self.numbering.expand(guess)))
            scale = max(scale, 4 * norm_of(self.numbering.collapse(noise)) / self.solver.rtol)
        return self.solver.solve(system, load, guess, scale=scale)

    def derivatives(self, state: CurrentState) -> CurrentDerivatives:
        """The derivatives at a state, made when they are first asked for."""
        if state.derivatives is None:
            state.derivatives = CurrentDerivatives(self, state)
        return state.derivatives

    def inverse(self, state: CurrentState, load: Floats, tolerance: float) -> Floats:
        """The potential (V, raw) that a load (A, raw) drives through the conductors of a state."""
        number = self.numbering
        right = number.collapse(load)
        if not right.any():
            return np.zeros(self.space.size)
        made = self.solver.preconditioner(state.system)
        if made.exact:
            solved = made.solve(right)
            if norm_of(right - state.system.apply(solved)) <= STALE * norm_of(right):
                return number.expand(solved)
            self.solver.reset()
        scale = max(1.0, tolerance / self.solver.rtol) * norm_of(right)
        solved, _ = self.solver.solve(state.system, right, scale=scale)
        return number.expand(solved)

    def heat_derivative(self, state: CurrentState, change: Floats, tolerance: float) -> Floats:
        """The change of the Joule heat's load (W) with the temperature, the potential following it."""
        slopes = self.derivatives(state)
        response = self.inverse(state, -slopes.current_by_temperature(change), tolerance)
        return slopes.heat_by_potential(response) + slopes.heat_by_temperature(change)

    # --- answers ------------------------------------------------------------------------------------------

    def _field_current(self, state: CurrentState) -> Floats:
        """What the conductors take in at each raw entry (A)."""
        return state.operator.apply(state.drop) + state.jumps @ (state.over - state.drop) - state.circuit @ state.drop

    def rounding(self, state: CurrentState) -> float:
        """The current (A) that rounding of the potentials may leave or bring in all of a conductor together.

        Thin layers conduct so well across that the last digit of a potential drives much of what flows along them.
        """
        signs = np.random.default_rng(0).choice([-1.0, 1.0], len(state.drop))
        noise = self.numbering.collapse(state.operator.apply(np.finfo(float).eps * signs * state.drop))
        return norm_of(noise) * len(noise) ** 0.5

    def terminals(self, state: CurrentState) -> dict[str, tuple[float, float]]:
        """Mean potential (V) and current into the conductor (A) of each terminal.

        The current is what the assembled operator takes in at the terminal's entries; an entry of two
        terminals, at the edge between them, counts for the one whose condition holds there.
        """
        taken = self._field_current(state) - self.uniform
        totals = {name: float(taken[entries].sum()) for name, entries in self.taking_entries().items()}
        table = {}
        for terminal in self.case.terminals:
            name = terminal.name
            current = self.factors.current * self._uniform_currents[name] if terminal.uniform else totals[name]
            table[name] = (float(self.means[name] @ state.potential), current)
        return table

    def taking_entries(self) -> dict[str, Any]:
        """The raw entries at which each terminal but uniform ones takes current in, each with one terminal only."""
        open_entries, found = np.ones(self.space.size, bool), {}
        held = {name for name, _ in self.circuit.members(0)}
        for terminal in sorted(self.case.terminals, key=lambda item: item.name not in held):
            if not terminal.uniform:
                entries = self.entries[terminal.name]
                found[terminal.name] = entries[open_entries[entries]]
                open_entries[entries] = False
        return found

    def power(self, state: CurrentState) -> float:
        """What the terminals deliver to the conductors (W): potential times current taken in, entry by entry.

        The level of a conductor delivers nothing, since its currents add up to zero; that of a piece what leaves it
        through contacts.
        """
        step = state.over - state.drop
        return float(state.drop @ self._field_current(state) + step @ (state.jumps @ state.over))

    def node_potentials(self, state: CurrentState) -> dict[str, float]:
        """The potential of every terminal and circuit node (V)."""
        return self.circuit.potentials(state.potential[self.heads], self.factors.current, self.factors.voltage)
