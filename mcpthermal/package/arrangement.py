"""The arrangement of a package: all outlines in one planar subdivision, its levels, the part of each cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mcpthermal.errors import GeometryError
from mcpthermal.package.columns import Columns, Floats
from mcpthermal.package.footprint import Footprint, SegmentRule, Subdivision, covering, default_segments, subdivide
from mcpthermal.units import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpthermal.package.parts import Part

RELATIVE_SNAP = 1e-7
"""Points nearer than this part of the package's width are one point (1 nm on 10 mm)."""

RELATIVE_LEVEL = 1e-6
"""Heights nearer than this part of the package's height are one (2 nm on 2 mm, far below a thin film)."""

RELATIVE_SLIVER = 1e-5
"""Regions narrower than this part of the package's width are refused (0.1 um on 10 mm)."""

SHORT = 1e-3
"""But not those whose perimeter is below this part of it: outlines of other heights that cross nearly in one point
leave small triangles, which no mesh minds."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The planar subdivision of a package and its coarse columns, one for each region.

    Attributes
    ----------
    plane : Subdivision
    columns : Columns
    """

    plane: Subdivision
    columns: Columns


def arrange(
    parts: Sequence[Part], segments: SegmentRule = default_segments, drawn: Sequence[Part] | None = None
) -> Arrangement:
    """Put all outlines into one planar subdivision and find the part of each cell; later parts win.

    Parameters
    ----------
    parts : sequence of Part
    segments : callable
        The number of straight segments for a circle of a radius (m).
    drawn : sequence of Part, optional
        These parts and others whose outlines and levels divide the cells, too, without being there; so that several
        packages have the same cells.

    Returns
    -------
    Arrangement

    Raises
    ------
    GeometryError
        If outlines run so closely side by side that no mesh fits between them.
    """
    every = tuple(parts if drawn is None else drawn)
    extent, owner, shape, plane, piece, region = _planar(
        tuple(part.name for part in every), tuple(part.footprint for part in every), segments
    )
    if drawn is not None:
        number = {part: index for index, part in enumerate(parts)}
        owner = np.array([number.get(part, len(parts)) for part in every])[owner]
    heights = np.array([part.z for part in every])
    levels = merged_levels(heights)
    thinnest = int(np.argmin(heights[:, 1] - heights[:, 0]))
    slack = RELATIVE_LEVEL * float(np.ptp(heights))
    if every[thinnest].thickness <= slack:
        raise GeometryError(
            f"part '{every[thinnest].name}' is {describe(every[thinnest].thickness, 'm')} thick, too thin in a "
            f"package {describe(float(np.ptp(heights)), 'm')} high (at least {describe(slack, 'm')}); "
            "leave it out, or make it thicker"
        )
    covers = np.zeros((len(parts) + 1, len(plane.areas)), bool)
    covers[owner[piece], region] = True
    covers = covers[:-1]
    members = {}
    for index, part in enumerate(parts):
        if part.is_family:
            mine = owner[piece] == index
            member = np.full(len(plane.areas), -1)
            member[region[mine]] = shape[piece[mine]]
            members[index] = member
    middles = (levels[:-1] + levels[1:]) / 2
    cell_part = np.full((len(middles), len(plane.areas)), -1, np.int32)
    for index, part in enumerate(parts):
        layers = (middles > part.z[0]) & (middles < part.z[1])
        cell_part[np.ix_(layers, covers[index])] = index
    used = np.asarray((cell_part >= 0).any(axis=0))
    columns = Columns(
        vertices=plane.points,
        edges=plane.segments,
        edge_columns=plane.segment_regions,
        areas=plane.areas,
        levels=levels,
        cell_part=cell_part,
        solid_parts=np.array([not part.is_void for part in parts]),
        members=members,
    )
    _refuse_slivers(parts, plane, covers, np.asarray(used), extent)
    return Arrangement(plane, columns)


@lru_cache(maxsize=64)
def _planar(names: tuple[str, ...], footprints: tuple[Footprint, ...], segments: SegmentRule) -> tuple[Any, ...]:
    """What outlines make by themselves, kept for variants of a package in other heights.

    The extent (m); for each piece of an outline its part and shape; the subdivision of all; for each region the
    pieces that cover it.
    """
    bounds = np.array([footprint.bounds for footprint in footprints])
    extent = float((bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max())
    pieces, owner, shape = [], [], []
    for index, footprint in enumerate(footprints):
        for number, piece in enumerate(footprint.pieces(segments)):
            pieces.append(piece)
            owner.append(index)
            shape.append(number)
    narrowest = RELATIVE_SLIVER * extent
    for index, piece in zip(owner, pieces, strict=True):
        if 2 * piece.area < narrowest * piece.length:
            x0, y0, x1, y1 = piece.bounds
            raise GeometryError(
                f"an outline of part '{names[index]}', {describe(x1 - x0, 'm')} x {describe(y1 - y0, 'm')}, is "
                f"too narrow for a mesh in a package {describe(extent, 'm')} wide (at least "
                f"{describe(narrowest, 'm')}); leave it out, or make it larger"
            )
    plane = subdivide(pieces, RELATIVE_SNAP * extent)
    return extent, np.asarray(owner), np.asarray(shape), plane, *covering(pieces, plane.inside)


def merged_levels(heights: Floats) -> Floats:
    """All heights in ascending order; those that differ by round-off only are one."""
    values = np.unique(heights)
    slack = RELATIVE_LEVEL * (values[-1] - values[0])
    return values[np.r_[True, np.diff(values) > slack]]


def _refuse_slivers(
    parts: Sequence[Part], plane: Subdivision, covers: np.ndarray, used: np.ndarray, extent: float
) -> None:
    """GeometryError for a region too narrow for a mesh, between outlines of one height.

    Outlines of parts that do not meet, one above the other, may cross at any angle: what lies between is of one kind.
    """
    narrowest = RELATIVE_SLIVER * extent
    ends = plane.points[plane.segments]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    perimeter = np.zeros(len(plane.areas) + 1)
    np.add.at(perimeter, plane.segment_regions.ravel(), np.repeat(length, 2))
    width = 2 * plane.areas / perimeter[:-1]
    bad = np.flatnonzero(used & (width < narrowest) & (perimeter[:-1] > SHORT * extent))
    covered = np.column_stack([covers, np.zeros(len(parts), bool)])
    for region in bad[np.argsort(width[bad])].tolist():
        sides = np.flatnonzero((plane.segment_regions == region).any(axis=1))
        long = plane.segment_regions[sides[np.argsort(length[sides])[-2:]]]
        ending = [np.flatnonzero(covered[:, a] != covered[:, b]) for a, b in long.tolist()]
        if len(ending) == 2 and not any(_meet(parts[int(i)], parts[int(j)]) for i in ending[0] for j in ending[1]):
            continue
        names = " and ".join(f"'{parts[i].name}'" for i in np.unique(np.concatenate(ending))[:4]) or f"part {region}"
        x, y = plane.inside[region]
        raise GeometryError(
            f"the outlines of {names} run {describe(round(float(width[region]), 10), 'm')} apart near "
            f"({describe(float(x), 'm')}, {describe(float(y), 'm')}), less than {describe(narrowest, 'm')}, "
            "too narrow for a mesh; let them coincide or move them apart"
        )


def _meet(one: Part, other: Part) -> bool:
    """Whether two parts have a height in common."""
    return one.z[0] <= other.z[1] and other.z[0] <= one.z[1]
