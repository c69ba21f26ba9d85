"""What each via carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mcpthermal.fem.recovery import at_points, taken_in
from mcpthermal.fem.surfaces import patch_entries
from mcpthermal.package.columns import Place

if TYPE_CHECKING:
    from mcpthermal.result.steady import SteadyResult


@dataclass(frozen=True)
class ViaRow:
    """One via, with the contact inside it.

    Attributes
    ----------
    family, member : str, int
    current : float
        Upwards, from its foot to the patterned layer (A).
    current_density : float
        Mean over the via's cross-section (A/m2).
    joule_power : float
        (W)
    max_temperature : float
        (K)
    """

    family: str
    member: int
    current: float
    current_density: float
    joule_power: float
    max_temperature: float

    @property
    def name(self) -> str:
        """``family[member]``."""
        return f"{self.family}[{self.member}]"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "current_A": self.current,
            "current_density_A_per_m2": self.current_density,
            "joule_W": self.joule_power,
            "max_K": self.max_temperature,
        }


def via_rows(result: SteadyResult) -> tuple[ViaRow, ...]:
    """One row for each via of each family.

    The current is what the cells of the via take in through its foot by the assembled operator, so that
    currents into a node of the network add up to round-off.
    """
    package = result.case.package
    families = [part for part in package.parts if part.role == "via"]
    if not families:
        return ()
    shafts = {part.name: shaft_of(package, result.mesh, part) for part in families}
    taken = None
    if result.electrical is not None and result.potential is not None:
        cells = np.any([cells for cells, _ in shafts.values()], axis=0)
        temperature = at_points(result.thermal, result.temperature, result.electrical)
        taken = taken_in(result.electrical, result.potential, electrical_axes(result), temperature, cells)
    rows = []
    for part in families:
        cells, member = shafts[part.name]
        count = len(part.footprint.shapes)
        number = np.broadcast_to(member, cells.shape)[cells]
        joule = np.bincount(number, result.joule_cells[cells], minlength=count)
        hottest = np.full(count, -np.inf)
        np.maximum.at(hottest, number, result.cell_extrema[1][cells])
        currents = np.zeros(count)
        if taken is not None:
            for index, entries in foot_entries(result.case, result.mesh, result.electrical, part).items():
                currents[index] = taken[entries].sum()
        area = part.footprint.area / count
        rows += [
            ViaRow(part.name, i, float(currents[i]), float(currents[i] / area), float(joule[i]), float(hottest[i]))
            for i in range(count)
        ]
    return tuple(rows)


def shaft_of(package: Any, mesh: Any, part: Any) -> tuple[Any, Any]:
    """The cells of a family and its contacts below the patterned layer, and the member of each column."""
    index = package.index[part.name]
    parts = [index]
    if f"{part.name}.contact" in package.index:
        parts.append(package.index[f"{part.name}.contact"])
    top = max((item.z[1] for item in package.with_role("insulation")), default=part.z[1])
    below = (mesh.levels[1:] <= top * (1 + 1e-9))[:, None]
    return np.isin(mesh.cell_part, parts) & below, mesh.members[index]


def foot_entries(case: Any, mesh: Any, space: Any, part: Any) -> dict[int, Any]:
    """The raw entries of the foot of each member of a family that carries current."""
    place = case.place(f"{part.name}.foot")
    faces = mesh.faces_of(Place(place.text, place.parts, None, "foot"))
    faces = faces.where(case.current_cells(mesh)[faces.cells])
    member = mesh.members[case.package.index[part.name]][faces.column]
    return {int(n): patch_entries(space.patches(faces.where(member == n))) for n in np.unique(member)}


def electrical_axes(result: SteadyResult) -> list[Any]:
    """The laws of electrical conductivity of each part."""
    return [None if part.is_void else part.material.electrical_axes for part in result.case.package.parts]


def thermal_axes(result: SteadyResult) -> list[Any]:
    """The laws of thermal conductivity of each part."""
    return [None if part.is_void else part.material.thermal_axes for part in result.case.package.parts]
