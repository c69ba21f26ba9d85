"""Exchange of heat at outer surfaces: films, radiation, heat sinks, on the faces of a space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.surfaces import Patch, patch_entries
from mcpthermal.loads import Convection, HeatSink, Radiation
from mcpthermal.physics.surfaces import film_flux, radiation_flux

Floats = NDArray[np.float64]

KINDS = {Convection: "convection", Radiation: "radiation", HeatSink: "heat sink"}


class Exchange:
    """One load that exchanges heat with an ambient.

    Parameters
    ----------
    case : Case
    space : Space
    load : Convection, Radiation or HeatSink

    Attributes
    ----------
    patches : list of Patch
    film : float
        The film coefficient (W/(m2 K)) if it is constant, else 0.
    is_linear : bool
        Whether it is.
    """

    def __init__(self, case: Case, space: Space, load: Any) -> None:
        self.given, self.case = load, case
        mesh = space.mesh
        faces = mesh.exposed(mesh.faces_of(case.place(load.place)))
        self.patches = space.patches(faces)
        self._area = float(mesh.face_areas(faces).sum())
        self._kept: tuple[float, list[Any]] | None = None
        self._size = space.size
        self.set_time(0.0)

    def set_time(self, time: float) -> None:
        """Take the values of a time (s)."""
        self.load = load = self.given.at(time)
        self.film = 0.0
        if isinstance(load, HeatSink):
            self.film = 1.0 / (load.thermal_resistance * self._area)
        elif isinstance(load, Convection) and load.film.is_constant:
            self.film = float(load.film(load.ambient, load.ambient))
        self.is_linear = isinstance(load, HeatSink) or (isinstance(load, Convection) and load.film.is_constant)

    @property
    def row(self) -> tuple[str, str]:
        """Place and kind, for the balance."""
        return self.load.place, KINDS[type(self.load)]

    @property
    def starts(self) -> bool:
        """Whether it exchanges heat with a small rise, unlike natural convection."""
        return self.is_linear or isinstance(self.load, Radiation)

    @property
    def tied(self) -> Any:
        """The raw entries that share one temperature, or None."""
        return patch_entries(self.patches) if getattr(self.load, "base", "") == "isothermal" else None

    @property
    def matrices(self) -> list[Any]:
        """The exchange matrix of each patch for a constant film coefficient, kept as long as that stays."""
        if self._kept is None or self._kept[0] != self.film:
            self._kept = (self.film, [patch.matrix(self.film, self._size) for patch in self.patches])
        return self._kept[1]

    def flux(self, patch: Patch, surface: Floats, shift: float) -> tuple[Floats, Floats]:
        """Heat into the body (W/m2) at the points of a patch and its derivative; `shift` (K) raises the ambient."""
        load, ambient = self.load, self.load.ambient + shift
        if isinstance(load, Radiation):
            emissivity, slope = self._emissivity(patch, surface)
            return radiation_flux(surface, ambient, emissivity, slope)
        if self.is_linear:
            return film_flux(surface, ambient, self.film, 0.0)
        return film_flux(surface, ambient, load.film(surface, ambient), load.film.derivative(surface, ambient))

    def _emissivity(self, patch: Patch, surface: Floats) -> tuple[Floats, Floats]:
        values, slopes = np.empty_like(surface), np.empty_like(surface)
        for number in np.unique(patch.part):
            law = self.load.law or self.case.package.parts[number].material.emissivity
            here = patch.part == number
            values[here], slopes[here] = law(surface[here]), law.derivative(surface[here])
        return values, slopes

    def heat(self, rise: Floats, reference: float, shift: float) -> float:
        """Heat into the body (W) at a rise (K) over a reference temperature."""
        if self.is_linear:
            gap = self.load.ambient + shift - reference
            return self.film * sum(float(((gap - p.at_points(rise)) * p.weights).sum()) for p in self.patches)
        temperature = reference + rise
        return sum(
            float((self.flux(patch, patch.at_points(temperature), shift)[0] * patch.weights).sum())
            for patch in self.patches
        )
