"""The steady heat problem of a case on a space: loads, boundaries, one linear solve, and where the heat goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.coefficients import depends_on_temperature
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.numbering import Numbering
from mcpthermal.linalg import Solver, SolveReport
from mcpthermal.loads import Convection, FixedTemperature, HeatFlux, Power

Floats = NDArray[np.float64]


class ThermalProblem:
    """Loads and boundaries of a case, assembled once for all coupling iterations.

    Parameters
    ----------
    case : Case
    space : Space
        On the filled cells.
    solver : Solver
    """

    def __init__(self, case: Case, space: Space, solver: Solver) -> None:
        self.case, self.space, self.solver = case, space, solver
        self.axes = [None if part.is_void else part.material.thermal_axes for part in case.package.parts]
        mesh = space.mesh
        self.sources: list[tuple[str, str, Floats]] = []
        self.exchanges: list[tuple[str, str, Any, Floats]] = []
        self.fixed: list[tuple[str, str, Any, float]] = []
        levels = [load.ambient for load in case.of(Convection)] + [
            load.temperature for load in case.of(FixedTemperature)
        ]
        # All temperatures are counted from this one, so that small rises are not lost in its rounding.
        self.reference = float(np.mean(levels))
        for load in case.of(Power):
            self.sources.append((load.place, "power", self._power(load)))
        for load in case.of(HeatFlux):
            faces = mesh.faces_of(case.place(load.place))
            self.sources.append((load.place, "flux", space.face_load(faces, load.flux)))
        for load in case.of(Convection):
            faces = mesh.exposed(mesh.faces_of(case.place(load.place)))
            matrix = space.face_exchange(faces, load.h)
            push = space.face_load(faces, load.h * (load.ambient - self.reference))
            self.exchanges.append((load.place, "convection", matrix, push))
        taken = np.zeros(space.size, bool)
        for load in case.of(FixedTemperature):
            place = case.place(load.place)
            if place.is_volume:
                entries = space.cell_entries(mesh.cells_of(place))
            else:
                entries = space.face_entries(mesh.faces_of(place))
            entries = entries[~taken[entries]]
            taken[entries] = True
            self.fixed.append((load.place, "fixed temperature", entries, load.temperature))
        self.numbering = Numbering(space.active, [(entries, value) for _, _, entries, value in self.fixed])
        self.supply = sum((load for _, _, load in self.sources), np.zeros(space.size))
        self._kept = False
        self.push = sum((load for _, _, _, load in self.exchanges), np.zeros(space.size))

    def _power(self, load: Power) -> Floats:
        mesh, place = self.space.mesh, self.case.place(load.place)
        if place.is_volume and load.distribution == "volume":
            cells = mesh.cells_of(place)
            return self.space.volume_load(cells, load.power / mesh.cell_volumes[cells].sum())
        if place.is_volume:
            side = self.case.package.parts[place.parts[0]].active_face
            place = replace(place, face=side)
        faces = mesh.faces_of(place)
        return self.space.face_load(faces, load.power / mesh.face_areas(faces).sum())

    @property
    def start(self) -> Floats:
        """A uniform temperature (K) between the boundaries' own."""
        return np.full(self.space.size, self.reference)

    def _assemble(self, temperature: Floats) -> None:
        """The operator with conductivities at a temperature; it is kept where none depends on it."""
        if self._kept:
            return
        self.operator = self.space.operator(self.axes, self.space.sampler(temperature))
        self.operator.add_matrices([matrix for _, _, matrix, _ in self.exchanges])
        parts = np.unique(self.space.mesh.cell_part[self.space.mesh.solid])
        self.system = self.space.system(self.operator, self.numbering)
        self._kept = not depends_on_temperature(self.axes, parts)

    def solve(self, temperature: Floats, joule: Floats, slack: float = 1.0) -> tuple[Floats, SolveReport]:
        """The temperature (K) with conductivities at a given temperature and a given Joule load (W).

        Solved for the rise over a uniform temperature, so that the tolerance is relative to the heat; `slack`
        multiplies it while the coupling is still far from its end.
        """
        self._assemble(temperature)
        number = self.numbering
        base = np.where(number.is_fixed, number.values - self.reference, 0.0)
        load = number.collapse(self.supply + joule + self.push - self.operator.apply(base))
        scale = float(np.linalg.norm(load))
        guess = number.pick(temperature) - self.reference
        system = self.system
        # Thin layers magnify the rounding of the rise itself: do not ask for a residual below what that leaves.
        loose = 1e-4 / self.solver.rtol * scale
        rise, report = self.solver.solve(system, load, guess, scale=max(slack * scale, loose))
        signs = np.random.default_rng(0).choice([-1.0, 1.0], number.size)
        noise = float(np.linalg.norm(system.apply(np.finfo(float).eps * signs * rise)))
        scale = max(slack * scale, 4 * noise / self.solver.rtol)
        if scale < loose:
            rise, report = self.solver.solve(system, load, rise, scale=scale)
        return self.reference + (base + number.expand(self._levelled(system, load, rise, scale))), report

    def _levelled(self, system: Any, load: Floats, rise: Floats, scale: float) -> Floats:
        """The rise shifted as a whole so that the heat balance closes, unless that costs the residual.

        The balance is the sum of the residual, to which many small entries of one sign add up.
        """
        residual = load - system.apply(rise)
        one = system.apply(np.ones(len(rise)))
        shift = residual.sum() / one.sum() if one.sum() > 0 else 0.0
        allowed = max(float(np.linalg.norm(residual)), self.solver.rtol * scale)
        return rise + shift if float(np.linalg.norm(residual - shift * one)) <= allowed else rise

    def heat(self, temperature: Floats, joule: Floats) -> list[tuple[str, str, float]]:
        """Heat into the body (W) by each load: (place, kind, heat); a fixed temperature's by its residual."""
        rise = temperature - self.reference
        rows = [(place, kind, float(load.sum())) for place, kind, load in self.sources]
        for place, kind, matrix, push in self.exchanges:
            rows.append((place, kind, float(push.sum() - (matrix @ rise).sum())))
        if self.fixed:
            reaction = self.operator.apply(rise) - self.supply - joule - self.push
            rows += [(place, kind, float(reaction[entries].sum())) for place, kind, entries, _ in self.fixed]
        return rows
