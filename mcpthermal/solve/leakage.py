"""Powers that depend on the temperature, and where powers are released."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.recovery import AtPoints, at_points

if TYPE_CHECKING:
    from mcpthermal.solve.thermal import ThermalState


def release_place(case: Case, space: Space, load: Any) -> tuple[Any, Any, float]:
    """Where a power is released: cells, None and their volume (m3), or None, faces and their area (m2)."""
    mesh, place = space.mesh, case.place(load.place)
    if place.is_volume and load.distribution == "volume":
        cells = mesh.cells_of(place) & mesh.solid
        return cells, None, float(mesh.cell_volumes[cells].sum())
    if place.is_volume:
        place = replace(place, face=case.package.parts[place.parts[0]].active_face)
    faces = mesh.faces_of(place)
    return None, faces, float(mesh.face_areas(faces).sum())


def release_region(case: Case, space: Space, load: Any) -> tuple[Any, Any, float]:
    """The same with patches for the faces."""
    cells, faces, measure = release_place(case, space, load)
    return cells, None if faces is None else space.patches(faces), measure


class Leak:
    """A `Leakage` on a space: its law gives the power of the whole place at a uniform temperature."""

    def __init__(self, case: Case, space: Space, load: Any) -> None:
        self.place, self.given, self.space = load.place, load, space
        self.set_time(0.0)
        self.cells, self.patches, self.measure = release_region(case, space, load)

    def set_time(self, time: float) -> None:
        """Take the law of a time (s)."""
        self.law = self.given.at(time).law

    def _blocks(self) -> Any:
        """The blocks of points with cells of the place, and each point's share of the place."""
        for block in self.space.blocks:
            here = self.cells[self.space.block_cells(block)[0]]
            if here.any():
                yield block, self.space.volumes(block) * (here[:, None] / self.measure)

    def add_to(self, state: ThermalState, points: AtPoints, factor: float) -> None:
        """Add load and slope at the state's temperature."""
        size = self.space.size
        for patch in self.patches or ():
            surface = patch.at_points(state.temperature)
            state.load += patch.load(factor * self.law(surface) / self.measure, size)
            state.add_rest(patch.matrix(-factor * self.law.derivative(surface) / self.measure, size))
        if self.cells is None:
            return
        view = self.space.view()
        total = view.zeros()
        for block, share in self._blocks():
            temperature = points(block)
            view.add(total, block, factor * self.law(temperature) * share)
            state.gain[block] = state.gain.get(block, 0.0) + factor * self.law.derivative(temperature) * share
        state.load += view.collect(total)

    def heat(self, temperature: NDArray[Any]) -> float:
        """The power at a temperature (W)."""
        if self.patches is not None:
            density = [(self.law(patch.at_points(temperature)) * patch.weights).sum() for patch in self.patches]
            return float(sum(density)) / self.measure
        points = at_points(self.space, temperature)
        return float(sum((self.law(points(block)) * share).sum() for block, share in self._blocks()))
