"""The steady heat problem of a case on a space: loads, boundaries, its residual and derivative, where the heat goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.coefficients import depends_on_temperature, evaluate_axes, varying_cells
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, collected
from mcpthermal.fem.surfaces import patch_entries
from mcpthermal.loads import (
    Convection,
    FixedTemperature,
    HeatFlux,
    HeatSink,
    Leakage,
    Power,
    PowerMap,
    PowerTrace,
    Radiation,
)
from mcpthermal.physics.joule import conduct
from mcpthermal.solve.clashes import warn_of_clashes
from mcpthermal.solve.contacts import Contact
from mcpthermal.solve.leakage import Leak
from mcpthermal.solve.sources import Source
from mcpthermal.solve.storage import HeatStore
from mcpthermal.solve.surfaces import Exchange

Floats = NDArray[np.float64]


@dataclass
class Factors:
    """What loads are multiplied with, and a shift of all ambient and fixed temperatures (K)."""

    power: float = 1.0
    leakage: float = 1.0
    current: float = 1.0
    voltage: float = 1.0
    shift: float = 0.0


@dataclass
class ThermalState:
    """Operator and load at a temperature: in equilibrium the operator on the rise equals the load.

    Attributes
    ----------
    temperature : raw array (K)
    operator : conduction, exchange and contacts, symmetric
    load : raw array (W)
        Of all sources and surfaces, without Joule heat.
    rest : sparse matrix or None
        What Newton's method adds to the operator at surfaces and contacts.
    drift : mapping or None
        For each block, once it was asked for, what the conductivity's slope adds: flux per kelvin times volume, three
        arrays.
    gain : mapping
        For each block the slope of the leakage, W/K at the points.
    surplus : raw array (J)
        Heat stored beyond what the operator has, see `HeatStore.surplus`.
    """

    temperature: Floats
    operator: Any
    load: Floats
    rest: Any = None
    drift: dict[int, list[Floats]] | None = None
    gain: dict[int, Floats] = field(default_factory=dict)
    surplus: Floats | float = 0.0

    def add_rest(self, matrix: Any) -> None:
        """Add to what Newton's method needs beside the operator; None adds nothing."""
        if matrix is not None:
            self.rest = matrix if self.rest is None else self.rest + matrix


class ThermalProblem:
    """Loads and boundaries of a case on a space.

    Parameters
    ----------
    case : Case
    space : Space
        On the filled cells, cut open at contacts.
    contacts : sequence of Contact
    """

    def __init__(self, case: Case, space: Space, contacts: list[Contact]) -> None:
        self.case, self.space, self.factors = case, space, Factors()
        self.contacts = [contact for contact in contacts if contact.interface.has_thermal]
        self.axes = [None if part.is_void else part.material.thermal_axes for part in case.package.parts]
        mesh = space.mesh
        self.sources = [Source(case, space, load) for load in case.of(Power, PowerMap, PowerTrace, HeatFlux)]
        self.leakages = [Leak(case, space, load) for load in case.of(Leakage)]
        self.exchanges = [Exchange(case, space, load) for load in case.of(Convection, Radiation, HeatSink)]
        # All temperatures are counted from this one, so that small rises are not lost in its rounding.
        start = [load.at(0.0) for load in case.of(Convection, Radiation, HeatSink, FixedTemperature)]
        self.reference = float(np.mean([getattr(load, "ambient", None) or load.temperature for load in start]))
        self.fixed: list[tuple[Any, Any]] = []
        taken, held = np.zeros(space.size, bool), []
        for load in case.of(FixedTemperature):
            place = case.place(load.place)
            if place.is_volume:
                entries = space.cell_entries(mesh.cells_of(place))
            else:
                entries = patch_entries(space.patches(mesh.faces_of(place)))
            held.append((load.place, entries, load.at(0.0).temperature))
            entries = entries[~taken[entries]]
            taken[entries] = True
            self.fixed.append((load, entries))
        warn_of_clashes(held, "heat flow", "leave a gap, or use Convection with a finite h on one of them")
        ties = [exchange.tied for exchange in self.exchanges if exchange.tied is not None]
        self.numbering = Numbering(space.active, [(entries, 0.0) for _, entries in self.fixed], ties)
        self.store: HeatStore | None = None
        parts = np.unique(mesh.cell_part[mesh.solid])
        self.law_varies = depends_on_temperature(self.axes, parts)
        self._kept: tuple[Any, Any] | None = None
        self.set_time(0.0)

    def set_time(self, time: float) -> None:
        """Take the values of all loads at a time (s)."""
        changing: list[Any] = [*self.sources, *self.leakages, *self.exchanges]
        for item in changing:
            item.set_time(time)
        self.supply: Floats = sum((source.load for source in self.sources), np.zeros(self.space.size))
        self._fixed_rise = np.zeros(self.space.size)
        for load, entries in self.fixed:
            self._fixed_rise[entries] = load.at(time).temperature - self.reference

    @property
    def is_linear(self) -> bool:
        """Whether no heat but Joule's depends on the temperature in any but a linear way."""
        contacts = all(contact.interface.thermal_law.is_constant for contact in self.contacts)
        storage = self.store is None or self.store.is_constant
        surfaces = all(item.is_linear for item in self.exchanges)
        return contacts and storage and surfaces and not (self.law_varies or self.leakages)

    @property
    def base(self) -> Floats:
        """The prescribed rises (K) at fixed entries, zero elsewhere."""
        return np.where(self.numbering.is_fixed, self._fixed_rise + self.factors.shift, 0.0)

    # --- the problem at a temperature ---------------------------------------------------------------------

    def state(self, rise: Floats) -> ThermalState:
        """Operator and load at a rise (K)."""
        temperature = self.reference + rise
        points, store = at_points(self.space, temperature), self.store
        # Sources scale and ambients shift without a change of a linear operator.
        key = (None if store is None else store.rate, tuple(item.film for item in self.exchanges))
        kept = self._kept[1] if self._kept is not None and self._kept[0] == key and self.is_linear else None
        operator = kept or self.space.operator(self.axes, points, None if store is None else store.storage)
        state = ThermalState(temperature, operator, self.factors.power * self.supply)
        matrices = self._add_surfaces(state)
        for contact in self.contacts:
            matrix, rest = contact.thermal_terms(temperature)
            matrices.append(matrix)
            state.add_rest(rest)
        if kept is None:
            operator.add_matrices(matrices)
            self._kept = (key, operator) if self.is_linear else None
        if store is not None:
            state.surplus = store.surplus(rise)
            state.load += store.rate * (store.target - state.surplus)
        for leak in self.leakages:
            leak.add_to(state, points, self.factors.leakage)
        return state

    def _add_surfaces(self, state: ThermalState) -> list[Any]:
        matrices, size, shift = [], self.space.size, self.factors.shift
        for exchange in self.exchanges:
            if exchange.is_linear:
                matrices += exchange.matrices
            for patch in exchange.patches:
                if exchange.is_linear:
                    state.load += patch.load(exchange.film * (exchange.load.ambient + shift - self.reference), size)
                    continue
                surface = patch.at_points(state.temperature)
                flux, slope = exchange.flux(patch, surface, shift)
                # Where the heat rises with the temperature the operator would lose its definiteness.
                decay = np.maximum(-slope, 0.0)
                matrices.append(patch.matrix(decay, size))
                state.load += patch.load(flux + decay * (surface - self.reference), size)
                if (slope > 0).any():
                    state.add_rest(patch.matrix(-slope - decay, size))
        return matrices

    def _add_drift(self, state: ThermalState) -> None:
        view, points = self.space.view(), at_points(self.space, state.temperature)
        state.drift = {}
        for block in self.space.blocks:
            _, part = self.space.block_cells(block)
            if not varying_cells(self.axes, part).any():
                continue
            slope = evaluate_axes(self.axes, part, points(block), derivative=True)
            volume = self.space.volumes(block)
            flux = conduct(slope, view.gradient(state.temperature, block))
            state.drift[block] = [component * volume for component in flux]

    def derivative(self, state: ThermalState, change: Floats, transposed: bool = False) -> Floats:
        """The derivative of (operator on rise - load), or its transpose, on a raw change of temperature."""
        if state.drift is None:
            self._add_drift(state)
        assert state.drift is not None
        result = state.operator.apply(change)
        if state.rest is not None:
            result = result + (state.rest.T if transposed else state.rest) @ change
        if not (state.drift or state.gain):
            return result
        view, gain, drift = self.space.view(), state.gain, state.drift

        def terms(block: int) -> tuple[Any, Any]:
            values = view.values(change, block)
            density: Any = -values * gain[block] if block in gain else None
            if block not in drift:
                return density, None
            if not transposed:
                return density, [values * component for component in drift[block]]
            along = sum(a * b for a, b in zip(drift[block], view.gradient(change, block), strict=True))
            return along if density is None else density + along, None

        return result + collected(view, sorted(drift.keys() | gain.keys()), terms)

    def heat(self, state: ThermalState, joule: Floats, rise: Floats) -> list[tuple[str, str, float]]:
        """Heat into the body (W) by each load: (place, kind, heat); a fixed temperature's by its residual."""
        factors, temperature = self.factors, self.reference + rise
        rows = [(item.place, item.kind, factors.power * float(item.load.sum())) for item in self.sources]
        rows += [(leak.place, "leakage", factors.leakage * leak.heat(temperature)) for leak in self.leakages]
        rows += [(*exchange.row, exchange.heat(rise, self.reference, factors.shift)) for exchange in self.exchanges]
        if self.fixed:
            reaction = state.operator.apply(rise) - state.load - joule
            rows += [(load.place, "fixed temperature", float(reaction[entries].sum())) for load, entries in self.fixed]
        return rows
