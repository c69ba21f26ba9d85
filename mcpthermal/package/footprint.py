"""Footprints: the outlines of parts in the plane, exact circles included, and their planar subdivision.

The only home of shapely in the description of a package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from mcpthermal.errors import GeometryError
from mcpthermal.package.points import Point, is_list, pair, pairs, square
from mcpthermal.units import describe, quantity

SegmentRule = Callable[[float], int]


def default_segments(radius: float) -> int:
    """Sixteen straight segments for any circle, the rule for checks before a mesh is chosen."""
    return 16


@dataclass(frozen=True)
class Circle:
    """A disc; it stays exact until it is meshed.

    Parameters
    ----------
    center : tuple of float
        Its centre (m).
    diameter : float
        (m)
    """

    center: Point
    diameter: float

    def outline(self, segments: SegmentRule) -> shapely.Polygon:
        """The regular polygon of the same area."""
        radius = self.diameter / 2
        count = segments(radius)
        step = 2 * math.pi / count
        corner = radius * math.sqrt(step / math.sin(step))
        angle = step * (np.arange(count) + 0.5)
        return shapely.Polygon(np.asarray(self.center) + corner * np.c_[np.cos(angle), np.sin(angle)])

    def moved(self, dx: float, dy: float) -> Circle:
        """The same disc elsewhere."""
        return Circle((self.center[0] + dx, self.center[1] + dy), self.diameter)


@dataclass(frozen=True)
class Outline:
    """A polygon with holes, each a ring of corners (m)."""

    exterior: tuple[Point, ...]
    holes: tuple[tuple[Point, ...], ...] = ()

    def outline(self, segments: SegmentRule) -> shapely.Polygon:
        """The polygon itself; it has no curved side."""
        return shapely.Polygon(self.exterior, self.holes)

    def moved(self, dx: float, dy: float) -> Outline:
        """The same polygon elsewhere."""

        def shift(ring: tuple[Point, ...]) -> tuple[Point, ...]:
            return tuple((x + dx, y + dy) for x, y in ring)

        return Outline(shift(self.exterior), tuple(shift(hole) for hole in self.holes))


Shape = Circle | Outline


@dataclass(frozen=True)
class Footprint:
    """One or more shapes in the plane; those of a family (bumps, vias) are its members, in order.

    Parameters
    ----------
    shapes : tuple of Circle or Outline
        What is covered.
    cutouts : tuple of Circle or Outline
        What is taken away from all of them.
    """

    shapes: tuple[Shape, ...]
    cutouts: tuple[Shape, ...] = ()

    def __post_init__(self) -> None:
        for field in ("shapes", "cutouts"):
            shapes = getattr(self, field)
            if not isinstance(shapes, tuple) or not all(isinstance(shape, Circle | Outline) for shape in shapes):
                raise GeometryError(
                    f"{field} of a footprint: {shapes!r} is no tuple of shapes; use rectangle, circle, polygon or ring"
                )

    def pieces(self, segments: SegmentRule = default_segments) -> list[Any]:
        """One shapely geometry for each shape, cutouts removed."""
        pieces = [shape.outline(segments) for shape in self.shapes]
        if self.cutouts:
            away = shapely.union_all([shape.outline(segments) for shape in self.cutouts])
            pieces = [piece.difference(away) for piece in pieces]
        return pieces

    @cached_property
    def geometry(self) -> Any:
        """The union of all shapes, circles as polygons of the same area."""
        return shapely.union_all(self.pieces())

    @property
    def area(self) -> float:
        """The covered area (m2), that of circles exact."""
        return float(self.geometry.area)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """``(x_min, y_min, x_max, y_max)`` (m), those of circles exact."""
        boxes = np.array([_box(shape) for shape in self.shapes])
        if self.cutouts:
            away = np.array([_box(shape) for shape in self.cutouts])
            if (away[:, :2].min(axis=0) <= boxes[:, :2].min(axis=0)).any() or (
                away[:, 2:].max(axis=0) >= boxes[:, 2:].max(axis=0)
            ).any():
                boxes = np.array([self.geometry.bounds])
        low_x, low_y = boxes[:, :2].min(axis=0).tolist()
        high_x, high_y = boxes[:, 2:].max(axis=0).tolist()
        return low_x, low_y, high_x, high_y

    def moved(self, dx: float, dy: float) -> Footprint:
        """The same footprint elsewhere."""
        return Footprint(
            tuple(shape.moved(dx, dy) for shape in self.shapes),
            tuple(shape.moved(dx, dy) for shape in self.cutouts),
        )

    def covers(self, other: Footprint, slack: float = 1e-9) -> bool:
        """Whether the other lies inside, up to a slack (m) for round-off; discs in polygons are exact."""
        discs = other._discs()
        if discs is None or self._has_circles():
            with np.errstate(over="ignore", invalid="ignore"):
                return bool(self.geometry.buffer(slack, join_style="mitre").covers(other.geometry))
        points, radii = discs
        with np.errstate(over="ignore"):
            reach = shapely.distance(self.geometry.boundary, points)
        return bool((shapely.intersects(self.geometry, points) & (reach >= radii - slack)).all())

    def overlaps(self, other: Footprint) -> bool:
        """Whether the two share more area than a touching edge; discs are exact."""
        mine, theirs = self._discs(), other._discs()
        if mine is not None and theirs is not None:
            tree = shapely.STRtree(theirs[0])
            first, second = tree.query(mine[0], predicate="dwithin", distance=mine[1] + theirs[1].max(initial=0.0))
            gap = shapely.distance(mine[0][first], theirs[0][second])
            return bool((gap < (mine[1][first] + theirs[1][second]) * (1 - 1e-9)).any())
        if theirs is not None and not self._has_circles():
            return bool((shapely.distance(self.geometry, theirs[0]) < theirs[1] * (1 - 1e-9)).any())
        if mine is not None and not other._has_circles():
            return other.overlaps(self)
        return self.overlap_area(other) > 1e-9 * min(self.area, other.area)

    def _has_circles(self) -> bool:
        return any(isinstance(shape, Circle) for shape in (*self.shapes, *self.cutouts))

    def _discs(self) -> tuple[Any, NDArray[np.float64]] | None:
        """Centres and radii (m) if the footprint is nothing but whole discs."""
        discs = [shape for shape in self.shapes if isinstance(shape, Circle)]
        if self.cutouts or not discs or len(discs) < len(self.shapes):
            return None
        return shapely.points([disc.center for disc in discs]), np.array([disc.diameter / 2 for disc in discs])

    def overlap_area(self, other: Footprint) -> float:
        """The shared area (m2)."""
        return float(self.geometry.intersection(other.geometry).area)

    def common(self, other: Footprint) -> Footprint:
        """The intersection, as a footprint of polygons."""
        return from_geometry(self.geometry.intersection(other.geometry))


def united(footprints: Iterable[Footprint]) -> Footprint:
    """The area that any of several footprints covers, as a footprint of polygons."""
    return from_geometry(shapely.union_all([footprint.geometry for footprint in footprints]))


def _box(shape: Shape) -> tuple[float, float, float, float]:
    if isinstance(shape, Circle):
        (x, y), radius = shape.center, shape.diameter / 2
        return x - radius, y - radius, x + radius, y + radius
    corners = np.asarray(shape.exterior)
    (low_x, low_y), (high_x, high_y) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return low_x, low_y, high_x, high_y


def from_geometry(geometry: Any) -> Footprint:
    """A footprint from the polygons of a shapely geometry; lines and points are dropped."""
    polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 0]

    def ring(line: Any) -> tuple[Point, ...]:
        return tuple((float(x), float(y)) for x, y in shapely.get_coordinates(line)[:-1])

    return Footprint(
        tuple(Outline(ring(item.exterior), tuple(ring(hole) for hole in item.interiors)) for item in polygons)
    )


def rectangle(size: Sequence[float | str] | float | str, at: Sequence[float | str] = (0.0, 0.0)) -> Footprint:
    """A rectangle, its sides along x and y.

    Parameters
    ----------
    size : (width, depth) or one number for a square
        (m)
    at : (x, y)
        Its centre (m).

    Returns
    -------
    Footprint
    """
    sides = pair(square(size), "size of a rectangle")
    for side in sides:
        quantity(side, "m", "side of a rectangle", above=0.0)
    x, y = pair(at, "centre of a rectangle")
    half_x, half_y = sides[0] / 2, sides[1] / 2
    corners = (
        (x - half_x, y - half_y),
        (x + half_x, y - half_y),
        (x + half_x, y + half_y),
        (x - half_x, y + half_y),
    )
    return Footprint((Outline(corners),))


def circle(diameter: float | str, at: Sequence[float | str] = (0.0, 0.0)) -> Footprint:
    """A disc of a diameter (m) around a centre (m)."""
    return circles(diameter, [at])


def circles(diameter: float | str, at: Iterable[Sequence[float | str]], what: str = "circle") -> Footprint:
    """A family of equal discs of a diameter (m), one around each point (m).

    Parameters
    ----------
    diameter : float
        (m)
    at : sequence of (x, y)
        (m)
    what : str
        What one of them is, for messages.

    Raises
    ------
    GeometryError
        If there is no point, or if two discs overlap.
    """
    size = quantity(diameter, "m", f"diameter of {what}", above=0.0)
    centers = pairs(at, f"centre of {what}")
    if not centers:
        raise GeometryError(f"{what}: at least one centre is needed; give [(x, y), ...]")
    points = np.asarray(centers)
    tree = shapely.STRtree(shapely.points(points))
    first, second = tree.query(shapely.points(points), predicate="dwithin", distance=size * (1 - 1e-9))
    close = first < second
    if close.any():
        i, j = first[close][0], second[close][0]
        gap = float(np.linalg.norm(points[i] - points[j]))
        raise GeometryError(
            f"{what}: numbers {i} and {j} of {describe(size, 'm')} diameter overlap, their centres are "
            f"{describe(gap, 'm')} apart; move them apart or make them smaller"
        )
    return Footprint(tuple(Circle((float(x), float(y)), size) for x, y in centers))


def polygon(
    points: Iterable[Sequence[float | str]], holes: Iterable[Iterable[Sequence[float | str]]] = ()
) -> Footprint:
    """A simple polygon through corner points (m), with holes.

    Raises
    ------
    GeometryError
        If it has fewer than three corners, crosses itself or has no area.
    """
    ring = pairs(points, "corner of a polygon")
    if not is_list(holes):
        raise GeometryError(f"holes of a polygon: {holes!r} is no list of rings; give [[(x, y), ...], ...]")
    inner = tuple(pairs(hole, "corner of a polygon's hole") for hole in holes)
    if len(ring) < 3 or any(len(hole) < 3 for hole in inner):
        raise GeometryError(f"a polygon needs at least 3 corners in each ring, this one has {len(ring)}")
    shape = shapely.Polygon(ring, inner)
    if not shape.is_valid or shape.area <= 0:
        reason = shapely.is_valid_reason(shape) if shape.area > 0 else "it has no area"
        raise GeometryError(f"the polygon with {len(ring)} corners is not simple ({reason}); list its corners in order")
    return Footprint((Outline(ring, inner),))


def ring(outer_diameter: float | str, inner_diameter: float | str, at: Sequence[float | str] = (0.0, 0.0)) -> Footprint:
    """The area between two concentric circles (diameters and centre in m)."""
    outer = quantity(outer_diameter, "m", "outer diameter of a ring", above=0.0)
    inner = quantity(inner_diameter, "m", "inner diameter of a ring", above=0.0)
    if inner >= outer:
        raise GeometryError(
            f"inner diameter of a ring: {describe(inner, 'm')} is not less than its outer diameter "
            f"{describe(outer, 'm')}; exchange or change them"
        )
    x, y = pair(at, "centre of a ring")
    return Footprint((Circle((x, y), outer),), (Circle((x, y), inner),))


def stroke(path: Sequence[Point], width: float) -> Footprint:
    """A line of a width (m) along a path of points (m): mitred corners, ends half a width past the last point."""
    line = shapely.LineString(path)
    with np.errstate(over="ignore"):
        return from_geometry(line.buffer(width / 2, cap_style="square", join_style="mitre"))


@dataclass(frozen=True, eq=False)
class Subdivision:
    """The regions into which outlines cut the plane.

    Attributes
    ----------
    points : (n_points, 2) array
        Corners (m).
    segments : (n_segments, 2) array of int
        Straight pieces between corners.
    segment_regions : (n_segments, 2) array of int
        The regions on both sides, -1 for none.
    rings : tuple
        For each region its closed rings (outer first) as tuples of corner indices.
    areas : (n_regions,) array
        (m2)
    inside : (n_regions, 2) array
        A point within each region (m).
    """

    points: NDArray[np.float64]
    segments: NDArray[np.int64]
    segment_regions: NDArray[np.int64]
    rings: tuple[tuple[tuple[int, ...], ...], ...]
    areas: NDArray[np.float64]
    inside: NDArray[np.float64]


def subdivide(pieces: Sequence[Any], snap: float) -> Subdivision:
    """The planar subdivision by all outlines; what lies nearer than `snap` (m) becomes one point or line."""
    on_grid = shapely.transform(np.asarray(pieces, object), lambda xy: _rounded(xy / snap))
    lines = [piece.boundary for piece in on_grid]
    # On an integer grid the snap-rounding overlay is robust and its coordinates are exact.
    noded = shapely.union_all(lines, grid_size=1.0)
    regions = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    numbers: dict[Point, int] = {}
    owners: dict[tuple[int, int], list[int]] = {}
    all_rings = []
    for index, region in enumerate(regions):
        rings = []
        for line in (region.exterior, *region.interiors):
            corners = [numbers.setdefault((x, y), len(numbers)) for x, y in shapely.get_coordinates(line)[:-1].tolist()]
            rings.append(tuple(corners))
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                owners.setdefault((min(a, b), max(a, b)), []).append(index)
        all_rings.append(tuple(rings))
    inside = shapely.get_coordinates([shapely.point_on_surface(region) for region in regions]) * snap
    return Subdivision(
        points=np.array(list(numbers)).reshape(-1, 2) * snap,
        segments=np.array(list(owners), np.int64).reshape(-1, 2),
        segment_regions=np.array([(*sides, -1)[:2] for sides in owners.values()], np.int64).reshape(-1, 2),
        rings=tuple(all_rings),
        areas=shapely.area(regions) * snap**2,
        inside=inside.reshape(-1, 2),
    )


def _rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates as whole numbers; those that differ by round-off never go to different ones."""
    result = np.empty_like(points)
    for axis, values in enumerate(points.T):
        order = np.argsort(values)
        steps = np.diff(values[order], prepend=-np.inf)
        first = np.maximum.accumulate(np.where(steps > 0.1, np.arange(len(values)), 0))
        result[order, axis] = np.round(values[order][first])
    return result


def covering(pieces: Sequence[Any], points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs (piece, point) in which the piece contains the point."""
    tree = shapely.STRtree(shapely.points(points))
    piece, point = tree.query(np.asarray(pieces, object), predicate="contains")
    return piece, point


def outside(footprint: Footprint, rectangles: NDArray[np.float64], slack: float) -> NDArray[np.int64]:
    """The numbers of the rectangles (m, 4), x0 y0 x1 y1, that reach out of a footprint by more than a slack (m)."""
    boxes = shapely.box(*np.asarray(rectangles, float).T)
    around = footprint.geometry.buffer(slack, join_style="mitre")
    shapely.prepare(around)
    return np.flatnonzero(~shapely.covers(around, boxes))


def clip_rectangles(
    triangles: NDArray[np.float64], rectangles: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The convex pieces of triangles cut by rectangles.

    Parameters
    ----------
    triangles : (n, 3, 2) array
        Corners (m).
    rectangles : (m, 4) array
        x0, y0, x1, y1 (m); they may overlap.

    Returns
    -------
    triangle, rectangle : (k,) arrays of int
        What each piece is part of.
    corners : (k, 7, 2) array
        Its corners in counter-clockwise order (m); where there are fewer than seven, the last one repeats, so that
        the fan of triangles (0, i, i + 1) has the same area.
    """
    shapes = shapely.polygons(np.asarray(triangles, float))
    boxes = shapely.box(*np.asarray(rectangles, float).T)
    triangle, rectangle = shapely.STRtree(boxes).query(shapes, predicate="intersects")
    pieces = shapely.intersection(shapes[triangle], boxes[rectangle])
    keep = (shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON) & (shapely.area(pieces) > 0)
    pieces, triangle, rectangle = pieces[keep], triangle[keep], rectangle[keep]
    rings = shapely.get_exterior_ring(pieces)
    rings = np.where(shapely.is_ccw(rings), rings, shapely.reverse(rings))
    points, owner = shapely.get_coordinates(rings, return_index=True)
    first = np.searchsorted(owner, np.arange(len(pieces)))
    last = np.searchsorted(owner, np.arange(len(pieces)), side="right") - 2
    return triangle, rectangle, points[np.minimum(first[:, None] + np.arange(7), last[:, None])]
