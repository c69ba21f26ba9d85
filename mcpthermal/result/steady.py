"""The answer of a steady solve, and every question that can be put to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import InputError, near_misses
from mcpthermal.fem.discretisation import Space
from mcpthermal.package.points import is_list
from mcpthermal.result.balance import Balance
from mcpthermal.result.estimates import Adaptation, GoalEstimate
from mcpthermal.result.fields import Fields
from mcpthermal.result.provenance import Provenance
from mcpthermal.result.summary import summarise
from mcpthermal.result.vias import ViaRow, via_rows
from mcpthermal.units import describe, lengths

Floats = NDArray[np.float64]


BOUNDARIES = ("convection", "radiation", "heat sink", "fixed temperature", "flux")
"""Kinds of heat in the balance that pass through faces."""

NO_CURRENT = 1e-10
"""Of the largest current of a terminal: what rounding leaves where none is driven."""


@dataclass(frozen=True)
class Iteration:
    """One coupling iteration: the largest change of temperature (K), and the unknowns' solver iterations."""

    change: float
    max_temperature: float
    thermal_iterations: int
    electrical_iterations: int


@dataclass(frozen=True, eq=False)
class SteadyResult:
    """Temperature, potential and all that follows from them.

    Attributes
    ----------
    case : Case
    mesh : ColumnMesh or TetMesh
    thermal, electrical : Space
        Where temperature and potential live; `electrical` is None without terminals.
    temperature : array
        Raw values (K) at `thermal.points`.
    potential : array or None
        Raw values (V) at `electrical.points`.
    joule_cells : array
        Joule heat in each cell of the mesh (W).
    terminal_values : mapping
        Potential (V) and current (A) of each terminal.
    contacts : tuple of mappings
        One for each interface: see `interfaces`.
    nodes : mapping
        Potential of every terminal and circuit node (V).
    elements : tuple of mappings
        One for each resistor of the circuit.
    factors : mapping
        What the case's loads are multiplied with in this state: 1, but for a state on a branch (`find_limit`).
    balance : Balance
    history : tuple of Iteration
    provenance : Provenance
    estimates : mapping
        Errors of outputs by the goal's name, once `estimate_error` was asked for them.
    adaptation : Adaptation or None
        How `solve_adaptive` came to the mesh.
    """

    case: Case
    mesh: Any
    thermal: Space
    electrical: Space | None
    temperature: Floats
    potential: Floats | None
    joule_cells: Floats
    terminal_values: Mapping[str, tuple[float, float]]
    balance: Balance
    history: tuple[Iteration, ...]
    provenance: Provenance
    contacts: tuple[Mapping[str, Any], ...] = ()
    nodes: Mapping[str, float] = field(default_factory=dict)
    elements: tuple[Mapping[str, Any], ...] = ()
    factors: Mapping[str, float] = field(default_factory=dict)
    estimates: dict[str, GoalEstimate] = field(default_factory=dict)
    adaptation: Adaptation | None = None

    @cached_property
    def cell_extrema(self) -> tuple[Floats, Floats]:
        """The lowest and the highest temperature of each cell of the mesh (K)."""
        return self.thermal.cell_extrema(self.temperature)

    @cached_property
    def _heat_content(self) -> Floats:
        return self.thermal.cell_integrals(self.temperature)

    def cells_of(self, part: str | None) -> Any:
        """Which cells of the mesh are in a part, via, module, or in the whole package."""
        if part is None:
            return self.mesh.solid
        place = self.case.place(part)
        if not place.is_volume:
            raise InputError(f"'{part}' is a face; name a part, such as '{self.case.package.names[0]}'")
        return self.mesh.cells_of(place) & self.mesh.solid

    def max_temperature(self, part: str | None = None) -> float:
        """The highest temperature (K) of a part, or of all."""
        return float(np.max(self.cell_extrema[1][self.cells_of(part)]))

    def min_temperature(self, part: str | None = None) -> float:
        """The lowest temperature (K) of a part, or of all."""
        return float(np.min(self.cell_extrema[0][self.cells_of(part)]))

    def mean_temperature(self, part: str | None = None) -> float:
        """The mean temperature (K) over a part's volume, or over all."""
        cells = self.cells_of(part)
        return float(self._heat_content[cells].sum() / self.mesh.cell_volumes[cells].sum())

    def temperature_at(self, points: Any) -> Floats:
        """The temperature (K) at points (n, 3) (m).

        Raises
        ------
        InputError
            If a point lies outside the package.
        """
        values = self.thermal.evaluate(self.temperature, _points(points))
        if np.isnan(values).any():
            x = _points(points)[int(np.argmax(np.isnan(values)))]
            raise InputError(
                f"the point ({x[0]:g}, {x[1]:g}, {x[2]:g}) m lies in no part of the package; move it inside"
            )
        return values

    def potential_at(self, points: Any) -> Floats:
        """The potential (V) at points (n, 3) (m); NaN where no current-carrying conductor is."""
        spots = _points(points)
        if self.electrical is None or self.potential is None:
            return np.full(len(spots), np.nan)
        return self.electrical.evaluate(self.potential, spots)

    def _terminal(self, name: str) -> tuple[float, float]:
        if name not in self.terminal_values:
            raise InputError(f"'{name}' is no terminal of this case; {near_misses(str(name), self.terminal_values)}")
        return self.terminal_values[name]

    def voltage(self, terminal: str) -> float:
        """The potential of a terminal (V), the mean over its faces, or of a circuit node."""
        if terminal in self.nodes and terminal not in self.terminal_values:
            return self.nodes[terminal]
        return self._terminal(terminal)[0]

    def current(self, terminal: str) -> float:
        """The current into the conductor at a terminal (A)."""
        return self._terminal(terminal)[1]

    def resistance(self, a: str, b: str) -> float:
        """The voltage from terminal a to terminal b per current into a (ohm).

        Raises
        ------
        InputError
            If no current enters at a.
        """
        (high, current), (low, _) = self._terminal(a), self._terminal(b)
        if not self.takes_current(a):
            raise InputError(f"no current enters at '{a}', so its resistance to '{b}' is not defined")
        return (high - low) / current

    def require_steady(self, what: str) -> None:
        """Refuse a state of a transient for what is asked of steady ones.

        Raises
        ------
        InputError
            If it stores heat or gives it back.
        """
        if self.balance.stored:
            stored = describe(self.balance.stored, "W")
            raise InputError(f"{what} needs the result of solve_steady; this state of a transient stores {stored}")

    def takes_current(self, terminal: str) -> bool:
        """Whether a terminal's current is more than the rounding of the others'."""
        largest = max(abs(ampere) for _, ampere in self.terminal_values.values())
        return abs(self.current(terminal)) > NO_CURRENT * largest

    def joule_power(self, part: str | None = None) -> float:
        """The Joule heat in a part, or in all with the contacts between them (W)."""
        if part is None:
            return self.balance.joule_power
        return float(self.joule_cells[self.cells_of(part)].sum())

    def heat_out(self, face: str | None = None) -> float:
        """The heat that leaves through a face with a thermal boundary, or through all of them (W)."""
        rows = [row for row in self.balance.heat if row[1] in BOUNDARIES]
        if face is None:
            return -sum(watt for _, _, watt in rows)
        known = {place for place, _, _ in rows}
        if face not in known:
            raise InputError(f"'{face}' has no thermal boundary in this case; {near_misses(str(face), known)}")
        return -sum(watt for place, _, watt in rows if place == face)

    @cached_property
    def _vias(self) -> tuple[ViaRow, ...]:
        return via_rows(self)

    def vias(self) -> tuple[ViaRow, ...]:
        """One row for each via: current, mean current density, Joule heat, highest temperature."""
        return self._vias

    def terminals(self) -> tuple[dict[str, Any], ...]:
        """One row for each terminal: name, voltage (V), current (A), power into the conductors (W)."""
        return tuple(
            {"name": name, "voltage": volt, "current": ampere, "power": volt * ampere}
            for name, (volt, ampere) in self.terminal_values.items()
        )

    def interfaces(self) -> tuple[Mapping[str, Any], ...]:
        """One row for each interface.

        ``name`` (a|b), ``area`` (m2), ``mean_jump`` and ``max_jump`` of the temperature (K, from a to b), ``heat``
        from a to b (W; None without a thermal resistance), ``current`` from a to b (A) and ``joule_power`` of the
        contact itself (W).
        """
        return self.contacts

    @cached_property
    def fields(self) -> Fields:
        """Temperature, potential, current density, heat flux and Joule density for files and pictures."""
        return Fields.of(self)

    @property
    def ambient(self) -> float:
        """The temperature from which rises are counted (K): the lowest of all boundaries."""
        levels = [getattr(load, "ambient", getattr(load, "temperature", None)) for load in self.case.loads]
        return min(float(level) for level in levels if level is not None)

    def reported_parts(self) -> Sequence[str]:
        """The parts that a summary lists."""
        return self.case.package.reported

    def summary(self) -> str:
        """The answer as text."""
        return summarise(self)

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain numbers (SI), for JSON; the schema is documented in `io/result_json.py`."""
        package = self.case.package
        parts = {
            part.name: {
                "max_K": self.max_temperature(part.name),
                "mean_K": self.mean_temperature(part.name),
                "min_K": self.min_temperature(part.name),
                "joule_W": self.joule_power(part.name),
                "material": part.material.name,
                "role": part.role,
            }
            for part in package.parts
            if not part.is_void
        }
        return {
            "case": self.case.name,
            "ambient_K": self.ambient,
            "parts": parts,
            "vias": [row.to_dict() for row in self.vias()],
            "terminals": list(self.terminals()),
            "interfaces": [dict(row) for row in self.contacts],
            "nodes_V": dict(self.nodes),
            "resistors": [dict(row) for row in self.elements],
            "estimates": [item.to_dict() for item in self.estimates.values()],
            "adaptation": None if self.adaptation is None else self.adaptation.to_dict(),
            "balance": self.balance.to_dict(),
            "history": [vars(item) for item in self.history],
            "provenance": self.provenance.to_dict(),
        }


def _points(points: Any) -> Floats:
    if not is_list(points):
        raise InputError(f"points: {points!r} is no list of points; give [(x, y, z), ...]")
    rows = np.asarray(points, object)
    rows = rows[None, :] if rows.ndim == 1 else rows
    return np.array([lengths(row, "a point (x, y, z)", count=3) for row in rows], float).reshape(-1, 3)
