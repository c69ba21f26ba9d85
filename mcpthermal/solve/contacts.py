"""Contacts between parts: resistance to heat and to current, and the heat of the current, on doubled nodes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.surfaces import Patch
from mcpthermal.physics.surfaces import contact_flux, contact_heat

Floats = NDArray[np.float64]


class Contact:
    """The faces of an interface on the spaces of temperature and potential.

    Parameters
    ----------
    interface : Interface
    faces : Faces or TetFaces
        With the cells of its side a as inner cells.
    thermal, electrical : Space or None
    conducting : array of bool
        The cells of `electrical`.
    """

    def __init__(self, interface: Any, mesh: Any, faces: Any, thermal: Any, electrical: Any, conducting: Any) -> None:
        self.interface = interface
        self.place = interface.place
        self.thermal = _sides(thermal, mesh, faces)
        self.electrical: list[tuple[Patch, Patch]] = []
        self.heated: list[tuple[Patch, Patch]] = []
        if electrical is not None and interface.has_electrical:
            live = conducting_faces(mesh, faces, conducting)
            self.electrical, self.heated = _sides(electrical, mesh, live), _sides(thermal, mesh, live)

    # --- heat ---------------------------------------------------------------------------------------------

    def thermal_terms(self, temperature: Floats) -> tuple[Any, Any]:
        """The symmetric exchange matrix at a temperature, and what Newton's method adds for R(T) (or None)."""
        law, size = self.interface.thermal_law, len(temperature)
        total, rest = sp.csr_array((size, size)), None
        for a, b in self.thermal:
            mean, jump = _mean_and_jump(a, b, temperature)
            _, by_jump, by_mean = contact_flux(jump, law(mean), law.derivative(mean))
            total = total + _jump_matrix(a, b, by_jump, size)
            if not law.is_constant:
                rest = _add(rest, _mean_matrix(a, b, by_mean, size))
        return total, rest

    # --- current ------------------------------------------------------------------------------------------

    def _states(self, temperature: Floats, potential: Floats) -> Any:
        law = self.interface.electrical_law
        for (a, b), (hot_a, hot_b) in zip(self.electrical, self.heated, strict=True):
            mean = (hot_a.at_points(temperature) + hot_b.at_points(temperature)) / 2
            jump = a.at_points(potential) - b.at_points(potential)
            yield a, b, hot_a, hot_b, jump, law(mean), law.derivative(mean)

    def electrical_matrix(self, temperature: Floats, size: int) -> Any:
        """The exchange matrix of the current at a temperature."""
        total = sp.csr_array((size, size))
        for a, b, _, _, jump, resistivity, slope in self._states(temperature, np.zeros(size)):
            total = total + _jump_matrix(a, b, contact_flux(jump, resistivity, slope)[1], size)
        return total

    def heat(self, temperature: Floats, potential: Floats) -> tuple[Floats, float]:
        """The contact's Joule heat: its load on the thermal space, and its sum (W)."""
        load, total, share = np.zeros(len(temperature)), 0.0, self.interface.heat_fraction
        for _, _, hot_a, hot_b, jump, resistivity, slope in self._states(temperature, potential):
            heat = contact_heat(jump, resistivity, slope)[0]
            load += hot_a.load(share * heat, len(load)) + hot_b.load((1 - share) * heat, len(load))
            total += float((heat * hot_a.weights).sum())
        return load, total

    def linearise(self, temperature: Floats, potential: Floats) -> tuple[Any, Any, Any]:
        """Derivatives: of the current by temperature, of the heat by temperature, of the heat by potential.

        Three sparse matrices: (potential, temperature), (temperature, temperature), (temperature, potential).
        """
        hot, volt, share = len(temperature), len(potential), self.interface.heat_fraction
        current = sp.csr_array((volt, hot))
        heat, by_potential = sp.csr_array((hot, hot)), sp.csr_array((hot, volt))
        for a, b, hot_a, hot_b, jump, resistivity, slope in self._states(temperature, potential):
            by_mean = contact_flux(jump, resistivity, slope)[2] / 2
            _, by_jump, by_temperature = contact_heat(jump, resistivity, slope)
            for hot_side in (hot_a, hot_b):
                for test, sign in ((a, 1.0), (b, -1.0)):
                    current = current + _block(test, hot_side, sign * by_mean, (volt, hot))
            for test, part in ((hot_a, share), (hot_b, 1 - share)):
                for trial in (hot_a, hot_b):
                    heat = heat + _block(test, trial, part * by_temperature / 2, (hot, hot))
                for trial, sign in ((a, 1.0), (b, -1.0)):
                    by_potential = by_potential + _block(test, trial, sign * part * by_jump, (hot, volt))
        return current, heat, by_potential

    # --- what is reported ---------------------------------------------------------------------------------

    def report(self, temperature: Floats, potential: Floats | None) -> dict[str, Any]:
        """Area, jumps, heat and current from side a to side b, and the contact's Joule heat."""
        law, area, heat, mean_jump, largest = self.interface.thermal_law, 0.0, 0.0, 0.0, 0.0
        for a, b in self.thermal:
            mean, jump = _mean_and_jump(a, b, temperature)
            area += float(a.weights.sum())
            mean_jump += float((jump * a.weights).sum())
            largest = max(largest, float(np.abs(jump).max()))
            if self.interface.has_thermal:
                heat += float((contact_flux(jump, law(mean), 0.0)[0] * a.weights).sum())
        row = {
            "name": self.place,
            "area": area,
            "mean_jump": mean_jump / area,
            "max_jump": largest,
            "heat": heat if self.interface.has_thermal else None,
            "current": 0.0,
            "joule_power": 0.0,
        }
        if potential is not None and self.electrical:
            row["joule_power"] = self.heat(temperature, potential)[1]
            row["current"] = sum(
                float((contact_flux(jump, resistivity, slope)[0] * a.weights).sum())
                for a, _, _, _, jump, resistivity, slope in self._states(temperature, potential)
            )
        return row


def conducting_faces(mesh: Any, faces: Any, cells: Any) -> Any:
    """The faces with conducting cells on both sides."""
    return faces.where(cells[faces.cells] & cells[mesh.opposite(faces).cells])


def cuts_of(case: Case, mesh: Any, kind: str, cells: Any) -> Any:
    """All faces between some cells at which a field may jump; `kind` is "thermal" or "electrical"."""
    found = None
    for interface in case.interfaces:
        if interface.has_thermal if kind == "thermal" else interface.has_electrical:
            faces = conducting_faces(mesh, case.interface_faces(mesh, interface), cells)
            found = faces if found is None else _joined(found, faces)
    return found


def _joined(first: Any, second: Any) -> Any:
    pairs = ((getattr(first, field.name), getattr(second, field.name)) for field in fields(first))
    return type(first)(*(np.concatenate(pair) for pair in pairs))


def _sides(space: Any, mesh: Any, faces: Any) -> list[tuple[Patch, Patch]]:
    return list(zip(space.patches(faces), space.patches(mesh.opposite(faces)), strict=True))


def _mean_and_jump(a: Patch, b: Patch, raw: Floats) -> tuple[Floats, Floats]:
    first, second = a.at_points(raw), b.at_points(raw)
    return (first + second) / 2, first - second


def _jump_matrix(a: Patch, b: Patch, coefficient: Floats, size: int) -> Any:
    """The form of (u_a - u_b) against (v_a - v_b)."""
    across = a.matrix(coefficient, size, b)
    return a.matrix(coefficient, size) + b.matrix(coefficient, size) - across - across.T


def _mean_matrix(a: Patch, b: Patch, coefficient: Floats, size: int) -> Any:
    """The form of (u_a + u_b) / 2 against (v_a - v_b)."""
    half = coefficient / 2
    return a.matrix(half, size) + a.matrix(half, size, b) - b.matrix(half, size, a) - b.matrix(half, size)


def _block(test: Patch, trial: Patch, coefficient: Floats, shape: tuple[int, int]) -> Any:
    """The rectangular mass matrix between two spaces."""
    size = max(shape)
    return test.matrix(coefficient, size, trial)[: shape[0], : shape[1]]


def _add(total: Any, matrix: Any) -> Any:
    return matrix if total is None else total + matrix
