"""What a package is made of, read from the cells of its arrangement: modules, vias, metal, openings.

Names count for nothing. Roles say what geometry cannot: which parts are the carrier (its group "chip" or "substrate"
says which kind), chips, attaches, underfills, bumps and wiring (their group is the module; wiring is `onto` its chip),
the first and the second insulation ("insulation", "passivation"). Metal is whatever else conducts:

* A via is a hole in the first insulation that is open from its top down to the carrier (a first via) or to a chip (a
  second via); what conducts in it is its metal.
* A contact in a via stands on its floor and ends below the top of the insulation.
* The patterned layer is the metal over the insulation, of parts that begin at its top or below; an outer contact is
  metal that begins higher and stands on the layer in an opening of the second insulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mcpthermal.errors import GeometryError
from mcpthermal.package.columns import Bools, Ints
from mcpthermal.package.parts import MODULE_ROLES, Part

if TYPE_CHECKING:
    from mcpthermal.package.package import Package


@dataclass(frozen=True)
class Stack:
    """A module: its chips from the lowest to the highest, and what joins it to the rest.

    Attributes
    ----------
    name : str
    chips : tuple of str
    stacked : bool
        Whether each chip lies over the one below it.
    joints : tuple of int
        How many metal joints each pair of neighbours has.
    height : float
        (m)
    cover : float
        Of the first insulation over it (m); negative if it is lower.
    seat, exposed : float
        The area on which it touches the carrier, and that on which nothing covers it (m2).
    """

    name: str
    chips: tuple[str, ...]
    stacked: bool
    joints: tuple[int, ...]
    height: float
    cover: float
    seat: float
    exposed: float


@dataclass(frozen=True)
class Hole:
    """A via.

    Attributes
    ----------
    floor : str
        The carrier or chip on which it ends.
    depth : float
        From the top of the first insulation (m).
    filled : float
        The part of its volume that is metal.
    joined : bool
        Whether the metal on its floor and that of the patterned layer above it are one conductor.
    contacts : tuple of str
        The contacts on its floor.
    contact_area : float
        On which they touch the floor (m2).
    contact_joined : bool
        Whether every contact and the patterned layer above it are one conductor.
    nets : frozenset of int
        The conductors of the patterned layer above it.
    """

    floor: str
    depth: float
    filled: float
    joined: bool
    contacts: tuple[str, ...]
    contact_area: float
    contact_joined: bool
    nets: frozenset[int]


@dataclass(frozen=True)
class Window:
    """An opening in the second insulation.

    Attributes
    ----------
    area, metal : float
        Of the opening, and of the patterned layer in it (m2).
    contacts : tuple of str
        The outer contacts that stand on the metal.
    contact_area : float
        On which they touch it (m2).
    nets : frozenset of int
        The conductors of the patterned layer in it.
    """

    area: float
    metal: float
    contacts: tuple[str, ...]
    contact_area: float
    nets: frozenset[int]


class Structure:
    """The structure of a package.

    Parameters
    ----------
    package : Package

    Raises
    ------
    GeometryError
        If the package was made from an imported mesh, which has no prismatic parts.
    """

    def __init__(self, package: Package) -> None:
        if package.mesh is not None:
            raise GeometryError("claims are decided on prismatic parts; this package was made from an imported mesh")
        self.package = package
        self.columns = package.arrangement.columns
        kinds = [self._kind(part) for part in package.parts]
        self._kinds = np.array([*kinds, "void"])[self.columns.cell_part]
        self._conducting = self.columns.of_parts(np.array([part.conducts for part in package.parts]))
        self._metal = self._conducting & (self._kinds == "metal")
        self._net = self.columns.components(self._metal)[1]
        self._owner = np.array([*(part.onto if part.role == "wiring" else part.name for part in package.parts), ""])
        self._bottom = np.array([*(part.z[0] for part in package.parts), np.inf])[self.columns.cell_part]
        self._top = np.array([*(part.z[1] for part in package.parts), np.inf])[self.columns.cell_part]
        self._slack = 1e-6 * float(np.ptp(self.columns.levels))

    def _kind(self, part: Part) -> str:
        carriers = {item.name for item in self.package.with_role("carrier")}
        if part.is_void:
            return "void"
        if part.name in carriers or (part.role == "wiring" and part.onto in carriers):
            return "carrier"
        if part.role in MODULE_ROLES:
            return "module"
        if part.role in ("insulation", "passivation"):
            return part.role
        return "metal" if part.conducts else "filler"

    def _level(self, z: float) -> int:
        return int(np.argmin(np.abs(self.columns.levels - z)))

    def _surface(self, role: str) -> int:
        """The level of the highest face of the parts of a role; 0 if there are none."""
        return max((self._level(part.z[1]) for part in self.package.with_role(role)), default=0)

    @property
    def carriers(self) -> tuple[Part, ...]:
        """The parts that are the carrier."""
        return self.package.with_role("carrier")

    # --- modules --------------------------------------------------------------------------------------------

    @cached_property
    def modules(self) -> tuple[Stack, ...]:
        """The modules, in the order of their chips."""
        members: dict[str, list[int]] = {}
        for number, part in enumerate(self.package.parts):
            if self._kind(part) == "module":
                members.setdefault(part.group, []).append(number)
        return tuple(self._stack(name, numbers) for name, numbers in members.items())

    def _stack(self, name: str, numbers: Sequence[int]) -> Stack:
        columns = self.columns
        parts = [self.package.parts[number] for number in numbers]
        chips = sorted((part for part in parts if part.role == "chip"), key=lambda part: part.z)
        pairs = list(pairwise(chips))
        low, high = min(part.z[0] for part in parts), max(part.z[1] for part in parts)
        cells = np.isin(columns.cell_part, numbers)
        seat = columns.between(cells, self._kinds == "carrier")
        bare = columns.exposed(columns.between(cells, None))
        return Stack(
            name,
            tuple(chip.name for chip in chips),
            all(
                upper.z[0] >= lower.z[1] - self._slack and lower.footprint.overlaps(upper.footprint)
                for lower, upper in pairs
            ),
            tuple(self._joints(lower, upper) for lower, upper in pairs),
            high - low,
            max((part.z[1] for part in self.package.with_role("insulation")), default=0.0) - high,
            float(columns.face_areas(seat).sum()),
            float(columns.face_areas(bare).sum()),
        )

    def _joints(self, lower: Part, upper: Part) -> int:
        """Pieces of metal in the gap between two chips that touch both."""
        below, above = self._level(lower.z[1]), self._level(upper.z[0])
        if not 0 < below < above < len(self.columns.cell_part):
            return 0
        part = self.columns.cell_part
        between = (self._owner[part[below - 1]] == lower.name) & (self._owner[part[above]] == upper.name)
        between &= self._conducting[below:above].all(axis=0)
        return self.columns.components(_layer(part.shape, below, between))[0] if between.any() else 0

    # --- vias -----------------------------------------------------------------------------------------------

    @cached_property
    def first_vias(self) -> tuple[Hole, ...]:
        """The vias that end on the carrier."""
        return self._holes("carrier")

    @cached_property
    def second_vias(self) -> tuple[Hole, ...]:
        """The vias that end on a chip."""
        return self._holes("module")

    def _holes(self, kind: str) -> tuple[Hole, ...]:
        top = self._surface("insulation")
        if not top:
            return ()
        kinds, part = self._kinds[:top], self.columns.cell_part
        closed = np.isin(kinds, ["insulation", "module", "carrier"])
        floor = np.where(closed.any(axis=0), top - 1 - np.argmax(closed[::-1], axis=0), -1)
        here = np.arange(len(floor))
        ends = (floor >= 0) & (floor < top - 1) & (kinds[floor, here] == kind)
        if kind == "module":
            chips = [item.name for item in self.package.with_role("chip")]
            ends &= np.isin(self._owner[part[floor, here]], chips)
        return tuple(
            self._hole(columns, floor[columns], top) for columns in self._enclosed(ends, top - 1, ("insulation",))
        )

    def _hole(self, columns: Ints, floor: Ints, top: int) -> Hole:
        part, levels = self.columns.cell_part, self.columns.levels
        layers = np.arange(top)[:, None]
        inside = layers > floor
        volumes = self.columns.cell_volumes[:top, columns]
        filled = volumes[inside & self._metal[:top, columns]].sum() / volumes[inside].sum()
        nets = self._nets_over(columns, top)
        on_floor = (floor + 1, columns)
        stands = self._metal[on_floor] & (self._top[on_floor] < levels[top] - self._slack)
        feet = np.unique(self._net[on_floor][self._metal[on_floor]])
        contacts = np.unique(part[on_floor][stands]).tolist()
        return Hole(
            str(self._owner[part[floor[0], columns[0]]]),
            float(levels[top] - levels[floor + 1].max()),
            float(filled),
            bool(nets & set(feet.tolist())),
            tuple(self.package.parts[number].name for number in contacts),
            float(self.columns.areas[columns][stands].sum()),
            bool(stands.any()) and set(self._net[on_floor][stands].tolist()) <= nets,
            frozenset(nets),
        )

    def _nets_over(self, columns: Ints, level: int) -> set[int]:
        """The conductors of the patterned layer in some columns."""
        return set(self._net[:, columns][self.layer[:, columns]].tolist())

    def _enclosed(self, columns: Bools, layer: int, by: tuple[str, ...]) -> list[Ints]:
        """The pieces of a set of columns around which one layer is of some kinds everywhere."""
        if not columns.any():
            return []
        shape = self.columns.cell_part.shape
        count, group = self.columns.components(_layer(shape, layer, columns))
        piece = np.append(group[layer], -1)
        wall = np.append(np.isin(self._kinds[layer], by), False)
        open_to_side = np.zeros(count, bool)
        for one, other in ((0, 1), (1, 0)):
            mine, beyond = self.columns.edge_columns[:, one], self.columns.edge_columns[:, other]
            leaks = (piece[mine] >= 0) & (piece[beyond] != piece[mine]) & ~wall[beyond]
            open_to_side[piece[mine[leaks]]] = True
        return [np.flatnonzero(group[layer] == number) for number in np.flatnonzero(~open_to_side)]

    # --- the patterned layer and its openings ---------------------------------------------------------------

    @cached_property
    def layer(self) -> Bools:
        """The cells of the patterned metal over the first insulation."""
        top = self._surface("insulation")
        begins = self._bottom <= self.columns.levels[top] + self._slack
        return self._metal & begins & (np.arange(len(self._metal)) >= top)[:, None] & (top > 0)

    @cached_property
    def coverage(self) -> float:
        """The part of the first insulation's top, vias included, that the patterned layer covers."""
        top = self._surface("insulation")
        if not 0 < top < len(self.layer):
            return 0.0
        plan = (self._kinds[:top] == "insulation").any(axis=0) | self.layer[top]
        return float(self.columns.areas[self.layer[top]].sum() / self.columns.areas[plan].sum())

    @cached_property
    def layer_thickness(self) -> float:
        """The thickness of the patterned layer over the insulation (m), 0 without one."""
        layers = self.layer.any(axis=1)
        return float(self.columns.heights[layers].sum())

    @cached_property
    def nets(self) -> dict[int, int]:
        """For each conductor of the patterned layer the number of vias and openings that it joins."""
        ends = dict.fromkeys(np.unique(self._net[self.layer]).tolist(), 0)
        joined = [item.nets for item in (*self.first_vias, *self.second_vias)]
        for nets in (*joined, *(item.nets for item in self.openings)):
            for net in nets:
                ends[net] += 1
        return ends

    @cached_property
    def passivation_cover(self) -> float:
        """The thickness of the second insulation over the patterned layer (m), 0 without one."""
        top, metal = self._surface("passivation"), np.flatnonzero(self.layer.any(axis=1))
        if not top or not len(metal):
            return 0.0
        return float(self.columns.levels[top] - self.columns.levels[metal[-1] + 1])

    @cached_property
    def openings(self) -> tuple[Window, ...]:
        """The openings in the second insulation."""
        top = self._surface("passivation")
        if not top:
            return ()
        missing = self._kinds[top - 1] != "passivation"
        return tuple(self._window(found, top) for found in self._enclosed(missing, top - 1, ("passivation",)))

    def _window(self, columns: Ints, top: int) -> Window:
        layer = self.layer[:, columns]
        highest = len(layer) - 1 - np.argmax(layer[::-1], axis=0)
        above = (np.arange(len(layer))[:, None] > highest) & (np.arange(len(layer)) < top)[:, None]
        bare = layer.any(axis=0) & ~(above & (self._kinds[:, columns] == "passivation")).any(axis=0)
        bare &= highest < top
        areas, here = self.columns.areas[columns], columns[bare]
        over = np.minimum(highest[bare] + 1, len(layer) - 1)
        stands = self._metal[over, here] & ~self.layer[over, here]
        contacts = np.unique(self.columns.cell_part[over, here][stands]).tolist()
        return Window(
            float(areas.sum()),
            float(areas[bare].sum()),
            tuple(self.package.parts[number].name for number in contacts),
            float(self.columns.areas[here][stands].sum()),
            frozenset(self._nets_over(here, top)),
        )


def _layer(shape: tuple[int, ...], layer: int, columns: Bools) -> Bools:
    """The cells of some columns in one layer."""
    cells = np.zeros(shape, bool)
    cells[layer] = columns
    return cells
