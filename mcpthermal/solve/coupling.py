"""The coupled problem as one equation for the temperature: the potential follows it, its heat comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.coefficients import depends_on_temperature
from mcpthermal.fem.discretisation import make_space
from mcpthermal.linalg import FEW_LIMIT, Method, Solver, norm_of
from mcpthermal.mesh.columns import check_fit
from mcpthermal.solve.contacts import Contact, cuts_of
from mcpthermal.solve.electrical import CurrentState, ElectricalProblem
from mcpthermal.solve.memory import check_memory
from mcpthermal.solve.thermal import ThermalProblem, ThermalState

Floats = NDArray[np.float64]

STARTING_RISE = 10.0
"""Where iterations start if a film's coefficient vanishes with the rise (K)."""

PRODUCTS = 30.0
"""By how much more the rounding of all terms of a product may add up to than that of the values multiplied: there are
some hundred terms for each of them, and a step has a few stages."""


@dataclass
class State:
    """Everything at a temperature.

    Attributes
    ----------
    rise : raw array (K)
        Over the reference temperature, so that small rises are not lost in the rounding of the whole.
    thermal : ThermalState
    current : CurrentState or None
    imbalance : raw array (W)
        The heat that comes in and does not leave.
    residual : (n_unknowns,) array
        The same on the unknowns (W).
    scale : float
        The norm of the heat that comes in, for the relative size of the residual.
    system : LinearSystem
        The symmetric part of the problem on the unknowns.
    """

    rise: Floats
    thermal: ThermalState
    current: CurrentState | None
    imbalance: Floats
    residual: Floats
    scale: float
    system: Any

    @property
    def temperature(self) -> Floats:
        """The raw temperature (K)."""
        return self.thermal.temperature

    @property
    def heat(self) -> Floats:
        """The load of the Joule heat (W)."""
        return np.zeros(len(self.rise)) if self.current is None else self.current.heat

    def release(self) -> None:
        """Forget the operator: it takes more memory than all fields together, and so will the next state's."""
        self.system = self.thermal.operator = None

    @property
    def size(self) -> float:
        """The norm of the residual relative to the heat that comes in."""
        norm = norm_of(self.residual)
        return norm / self.scale if self.scale > 0 else norm


class CoupledProblem:
    """A case on a mesh.

    Parameters
    ----------
    case : Case
    mesh : ColumnMesh or TetMesh
    order : int
    tolerance : float
        Relative residual of linear solves.
    method : str
        Of linear solves.
    timed : callable
        ``timed(phase, work)`` calls `work` and counts its time.
    """

    def __init__(
        self,
        case: Case,
        mesh: Any,
        order: int,
        tolerance: float,
        method: Method,
        timed: Callable[[str, Any], Any],
    ) -> None:
        check_fit(case.package, mesh)
        self.case, self.mesh, self.timed = case, mesh, timed
        cells = case.current_cells(mesh)
        self.cells = cells
        solid = mesh.solid
        space = timed("spaces", lambda: make_space(mesh, solid, order, cuts_of(case, mesh, "thermal", solid)))
        check_memory(mesh, space.size, order)
        conductors = None
        if cells.any():
            cuts = cuts_of(case, mesh, "electrical", cells)
            conductors = timed("spaces", lambda: make_space(mesh, cells, order, cuts))
        contacts = [
            Contact(interface, mesh, case.interface_faces(mesh, interface), space, conductors, cells)
            for interface in case.interfaces
        ]
        self.contacts = contacts
        self.thermal = timed("loads", lambda: ThermalProblem(case, space, contacts))
        self.factors = self.thermal.factors
        self.electrical: ElectricalProblem | None = None
        if conductors is not None:
            self.electrical = timed(
                "loads",
                lambda: ElectricalProblem(case, conductors, space, contacts, 1e-3 * tolerance, method, self.factors),
            )
        self.solver = Solver(tolerance, method)
        self.numbering = self.thermal.numbering
        self._system: tuple[Any, Any] | None = None
        self._noise: tuple[float, float, float] | None = None
        self._current_is_constant = self._find_constant_current()
        self._kept: tuple[tuple[float, float], CurrentState] | None = None

    def expect_few(self) -> None:
        """Few systems will be solved: a hierarchy is sooner made than factors, but where its next level is as large."""
        if getattr(self.thermal.space, "order", 2) == 2:
            self.solver.limit = FEW_LIMIT

    @property
    def is_linear(self) -> bool:
        """Whether one linear solve will do."""
        return self.thermal.is_linear and self._current_is_constant

    def set_time(self, time: float) -> None:
        """Take the values of all loads at a time (s)."""
        self.thermal.set_time(time)
        if self.electrical is not None and self.electrical.set_time(time):
            self._kept = None

    def _find_constant_current(self) -> bool:
        if self.electrical is None:
            return True
        parts = np.unique(self.mesh.cell_part[self.cells])
        laws = all(contact.interface.electrical_law.is_constant for contact in self.electrical.contacts)
        return laws and not depends_on_temperature(self.electrical.axes, parts)

    def state(self, rise: Floats, potential: Floats | None = None, slack: float = 1.0) -> State:
        """Everything at a rise (K, raw) over the reference temperature."""
        current = None
        if self.electrical is not None:
            problem, temperature = self.electrical, self.thermal.reference + rise
            sources = (self.factors.current, self.factors.voltage)
            if not self._current_is_constant or self._kept is None or self._kept[0] != sources:
                current = self.timed("current", lambda: problem.state(temperature, potential, slack))
                self._kept = (sources, current)
            else:
                current = self._kept[1]
        return self.timed("heat", lambda: self.thermal_state(rise, current))

    def state_at(self, rise: Floats, potential: Floats | None) -> State:
        """Everything at a rise (K) and a potential (V), neither of which need be in equilibrium."""
        current = None
        if self.electrical is not None and potential is not None:
            current = self.electrical.state_at(self.thermal.reference + rise, potential)
        return self.thermal_state(rise, current)

    def thermal_state(self, rise: Floats, current: CurrentState | None) -> State:
        """Everything at a rise (K, raw) and at what is known of the current."""
        number, thermal = self.numbering, self.thermal
        if not thermal.is_linear:
            self._system = None  # before another one is made
        state = thermal.state(rise)
        load = state.load if current is None else state.load + current.heat
        store = thermal.store
        # A store's whole content is no scale for what flows in and out of it.
        flows = load if store is None else load - store.rate * (store.start - state.surplus)
        base = thermal.base
        right = number.collapse(flows - state.operator.apply(base) if base.any() else flows)
        imbalance = load - state.operator.apply(rise)
        residual = number.collapse(imbalance)
        if self._system is None or self._system[0] is not state.operator:
            self._system = (state.operator, thermal.space.system(state.operator, number))
        system = self._system[1]
        # Thin layers magnify the rounding of the rise itself: do not ask for a residual below what that leaves.
        scale = max(norm_of(right), 4 * self._rounding(rise, state.operator) / self.solver.rtol)
        return State(rise, state, current, imbalance, residual, scale, system)

    def _rounding(self, rise: Floats, operator: Any) -> float:
        """The norm of what rounding of a rise leaves in the residual; kept for rises about as large."""
        free = np.where(self.numbering.is_fixed, 0.0, rise)
        size, rate = norm_of(free), getattr(self.thermal.store, "rate", 0.0)
        if self._noise is None or self._noise[0] != rate or not 0.5 <= size / (self._noise[1] or np.inf) <= 2.0:
            signs = np.random.default_rng(0).choice([-1.0, 1.0], len(rise))
            noise = operator.apply(np.finfo(float).eps * signs * free)
            self._noise = (rate, size, norm_of(self.numbering.collapse(noise)))
        return self._noise[2]

    @property
    def noise(self) -> float:
        """The heat (W) that rounding of the latest rises may let in or out of all of the body together."""
        return 0.0 if self._noise is None else PRODUCTS * self._noise[2]

    @property
    def start(self) -> Floats:
        """The prescribed rises, elsewhere none, or a little where a film needs one to take heat at all."""
        rise = self.factors.shift + (0.0 if all(item.starts for item in self.thermal.exchanges) else STARTING_RISE)
        return np.where(self.numbering.is_fixed, self.thermal.base, rise)

    def moved(self, rise: Floats, step: Floats) -> Floats:
        """A rise (K) changed by a step of the unknowns, with the prescribed values."""
        return np.where(self.numbering.is_fixed, self.thermal.base, rise + self.numbering.expand(step))

    def jacobian(self, state: State, tolerance: float) -> Callable[[Floats], Floats]:
        """The derivative of the outflow of heat by the unknowns: minus that of the residual."""
        number = self.numbering

        def product(step: Floats) -> Floats:
            change = number.expand(step)
            result = self.thermal.derivative(state.thermal, change)
            if self.electrical is not None and not self._current_is_constant:
                assert state.current is not None
                result = result - self.electrical.heat_derivative(state.current, change, tolerance)
            return number.collapse(result)

        return product
