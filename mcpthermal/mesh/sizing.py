"""How fine a mesh is: in-plane sizes at outlines, their growth, and the levels between interfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from mcpthermal.errors import InputError, near_misses
from mcpthermal.package.parts import Part
from mcpthermal.package.points import is_list
from mcpthermal.units import lengths, quantity

LEVELS: dict[str, float] = {"coarse": 2.0, "normal": 1.0, "fine": 0.5}
"""Factor on every size of a named level."""

EDGE = 1 / 36
"""Largest in-plane size at an inner outline, relative to the package's width, on the level "normal"."""

NARROW = 1.4
"""In-plane size at the outline of a narrow part, relative to its half width, on the level "normal"."""

SOURCE = 0.15
"""In-plane size at the outline of a part that may be a source of heat, relative to its half width."""

FRINGE = 0.04
"""The same where only a film parts it from a good conductor below: heat crosses the film's rim beside it as well."""

FILM, GOOD = 0.05, 10.0
"""Thickness of such a film at most, relative to the half width, and how much better the conductor conducts at least."""

SOURCE_LAYER = 0.3
"""Thickness of the layers next to it, relative to its half width."""

BOX_LAYER = 0.6
"""The same in boxes, which may be of small sources, relative to their in-plane size."""

SOURCES = ("", "chip")
"""Roles of parts that may be sources of heat by themselves."""

GROWTH = 0.45
"""How fast the in-plane size grows with the distance from an outline."""

VERTICAL = 1 / 30
"""Thickness of the layers next to an interface, relative to the package's width, on the level "normal"."""

RATIO = 2.2
"""How fast layers thicken away from an interface."""

ROOM = 300.0
"""The temperature (K) at which conductivities are compared."""

FEWEST = 6
"""Layers thicken to this part of the interval between two interfaces at most."""


@dataclass(frozen=True)
class MeshSpec:
    """How fine a mesh is made.

    Parameters
    ----------
    level : {"coarse", "normal", "fine"}
        "fine" halves and "coarse" doubles every size of "normal".
    edge_size : float, optional
        Largest in-plane size at inner outlines (m).
    max_size : float, optional
        Largest in-plane size anywhere (m).
    layer_size : float, optional
        Thickness of the layers next to an interface (m).
    max_layer_size : float, optional
        Largest thickness of any layer (m).
    growth : float
        In-plane size gained per distance from an outline.
    sizes : mapping, optional
        In-plane size (m) at the outlines of named parts.
    boxes : sequence, optional
        Of (x0, y0, x1, y1, size): rectangles and the largest in-plane size inside them (m).
    """

    level: str = "normal"
    edge_size: float | None = None
    max_size: float | None = None
    layer_size: float | None = None
    max_layer_size: float | None = None
    growth: float = GROWTH
    sizes: Mapping[str, float] = field(default_factory=dict)
    boxes: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.level, str) or self.level not in LEVELS:
            raise InputError(f"mesh level {self.level!r} is unknown; {near_misses(str(self.level), LEVELS)}")
        for name in ("edge_size", "max_size", "layer_size", "max_layer_size"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, quantity(value, "m", f"{name} of the mesh", above=0.0))
        object.__setattr__(self, "growth", quantity(self.growth, "", "growth of the mesh", above=0.0, maximum=2.0))
        if not isinstance(self.sizes, Mapping):
            raise InputError(
                f"sizes of the mesh: {self.sizes!r} is no mapping; give {{part: size}}, e.g. {{'logic': '50 um'}}"
            )
        sizes = {str(k): quantity(v, "m", f"mesh size of '{k}'", above=0.0) for k, v in self.sizes.items()}
        # Equal specs have one representation, by which meshes and studies are found again.
        object.__setattr__(self, "sizes", dict(sorted(sizes.items())))
        if not is_list(self.boxes):
            raise InputError(f"boxes of the mesh: {self.boxes!r} is no list of (x0, y0, x1, y1, size)")
        object.__setattr__(self, "boxes", tuple(_read_box(box) for box in self.boxes))

    def __hash__(self) -> int:
        return hash(repr(self.to_dict()))

    @property
    def factor(self) -> float:
        """The factor of the level on every size."""
        return LEVELS[self.level]

    def to_dict(self) -> dict[str, Any]:
        """All settings, for hashes and files."""
        settings = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return settings if self.boxes else {name: value for name, value in settings.items() if name != "boxes"}


def _read_box(box: Any) -> tuple[float, ...]:
    x0, y0, x1, y1, size = found = lengths(box, "box of the mesh (x0, y0, x1, y1, size)", count=5)
    if not (x0 < x1 and y0 < y1 and size > 0.0):
        raise InputError(f"box of the mesh {box!r}: x0 < x1, y0 < y1 and a size above 0 are needed")
    return found


def mesh_spec(spec: Any) -> MeshSpec:
    """A MeshSpec, from one, its level, or nothing.

    Raises
    ------
    InputError
        If it is none of these.
    """
    found = MeshSpec() if spec is None else MeshSpec(spec) if isinstance(spec, str) else spec
    if not isinstance(found, MeshSpec):
        raise InputError(f"{type(spec).__name__} is no MeshSpec; give one, or 'coarse', 'normal' or 'fine'")
    return found


def half_width(part: Part) -> float:
    """Half the width of a part's narrowest shape (m): of a rectangle of its area and perimeter; a disc's radius."""
    return min(map(_half_width, (piece for piece in part.footprint.pieces() if piece.area > 0)))


def _half_width(shape: Any) -> float:
    half_length = shape.length / 2
    return float(shape.area / (half_length + math.sqrt(max(0.0, half_length**2 - 4 * shape.area))))


def outline_size(part: Part, spec: MeshSpec, extent: float, parts: Sequence[Part]) -> float:
    """The in-plane size (m) at the outline of one of a package's parts; the package has a width (m)."""
    if part.name in spec.sizes:
        return spec.sizes[part.name]
    largest, share = spec.edge_size or spec.factor * EDGE * extent, NARROW
    if spec.edge_size is None and part.role in SOURCES:
        share = FRINGE if _is_glued(part, parts) else SOURCE
    return min(largest, spec.factor * share * half_width(part))


def _is_glued(part: Part, parts: Sequence[Part]) -> bool:
    """Whether a film that conducts badly, and nothing else, parts a part from a good conductor below."""
    thickest = FILM * half_width(part)

    def below(z: float) -> list[Part]:
        x0, y0, x1, y1 = part.footprint.bounds
        ending = [item for item in parts if not item.is_void and abs(item.z[1] - z) < 1e-3 * thickest]
        boxes = ((item, item.footprint.bounds) for item in ending)
        return [item for item, (a, b, c, d) in boxes if a < x1 and c > x0 and b < y1 and d > y0]

    films = below(part.z[0])
    if not films or any(film.z[1] - film.z[0] > thickest for film in films):
        return False
    best = max(along_axes(film)[2] for film in films)
    return any(along_axes(item)[2] >= GOOD * best for film in films for item in below(film.z[0]))


def along_axes(part: Part) -> tuple[float, ...]:
    """The conductivities of a filled part along x, y and z at room temperature (W/(m K)): they decide sizes too."""
    return tuple(float(law(ROOM)) for law in part.material.thermal_axes[:3])


def segment_count(radius: float, size: float) -> int:
    """The number of sides of the polygon for a circle of a radius, a multiple of 4, from the size (m) at it."""
    return 4 * max(2, math.ceil(2 * math.pi * radius / size / 4))


def graded_fractions(
    interfaces: Sequence[float], parts: Sequence[Part], spec: MeshSpec, extent: float
) -> list[np.ndarray]:
    """For each interval between interfaces (m) the inner levels, in (0, 1): layers that thicken away from both ends."""
    largest = spec.max_layer_size or math.inf
    fractions = []
    for low, high in pairwise(interfaces):
        first = min(spec.layer_size or _first_layer(low, high, parts, spec, extent), largest)
        thickest = min(largest, max(first, (high - low) / (FEWEST / spec.factor)))
        fractions.append(_graded_fractions((high - low) / first, thickest / first))
    return fractions


def placed_levels(interfaces: Sequence[float], fractions: Sequence[Any]) -> np.ndarray:
    """All levels (m): the interfaces, and between them those at given fractions."""
    levels = [interfaces[0]]
    for (low, high), inner in zip(pairwise(interfaces), fractions, strict=True):
        levels += [*(low + (high - low) * np.asarray(inner)), high]
    return np.array(levels)


def _first_layer(low: float, high: float, parts: Sequence[Part], spec: MeshSpec, extent: float) -> float:
    """The thickness (m) of the layers at both ends of an interval.

    Heat spreads from a small source within its own width, and where it conducts badly along z within less.
    """
    slack = 1e-3 * (high - low)
    size, squeeze = VERTICAL * extent, 1.0
    for part in parts:
        z0, z1 = part.z
        ends = min(abs(end - other) for end in part.z for other in (low, high)) <= slack
        if part.role in SOURCES and ends:
            size = min(size, SOURCE_LAYER * half_width(part), BOX_LAYER * _least_box(part, spec) / spec.factor)
        if z0 < high - slack and z1 > low + slack and not part.is_void:
            squeeze = min(squeeze, _squeeze(part))
    return spec.factor * size * squeeze


def _least_box(part: Part, spec: MeshSpec) -> float:
    """The least size (m) of the boxes over a part, infinite if there is none."""
    x0, y0, x1, y1 = part.footprint.bounds
    return min((size for a, b, c, d, size in spec.boxes if a < x1 and c > x0 and b < y1 and d > y0), default=math.inf)


def _squeeze(part: Part) -> float:
    """The root of the ratio of conductivities along z and in the plane, where it is below one."""
    along_x, along_y, along_z = along_axes(part)
    return max(0.05, min(1.0, math.sqrt(along_z / max(along_x, along_y))))


def _graded_fractions(thickness: float, thickest: float) -> np.ndarray:
    """Inner levels in (0, 1) for an interval; its thickness and that of its thickest layer in units of the first."""
    if thickness <= 1.0:
        return np.empty(0)
    half, size, total = [], 1.0, 0.0
    while 2 * (total + size) < thickness:
        half.append(size)
        total += size
        size = min(RATIO * size, thickest)
    rest = thickness - 2 * total
    if not half:
        steps = [thickness / 2] * 2
    elif rest < half[-1] / 2:
        # Too thin for a layer of its own: its neighbours take it.
        half[-1] += rest / 2
        steps = [*half, *half[::-1]]
    elif rest <= size * 1.01:
        steps = [*half, rest, *half[::-1]]
    else:
        steps = [*half, rest / 2, rest / 2, *half[::-1]]
    edges = np.cumsum(steps)
    return edges[:-1] / edges[-1]
