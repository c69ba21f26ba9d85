"""Footprints: areas, bounds, what lies inside what, and the planar subdivision by their outlines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.errors import GeometryError, InputError
from mcpthermal.package.footprint import (
    Circle,
    clip_rectangles,
    covering,
    default_segments,
    outside,
    stroke,
    subdivide,
    united,
)
from mcpthermal.units import mm, nm, um


def test_areas_and_bounds() -> None:
    assert mt.rectangle((2 * mm, 1 * mm), at=(1 * mm, 0)).area == pytest.approx(2e-6)
    assert mt.rectangle("1 mm").bounds == pytest.approx((-0.5e-3, -0.5e-3, 0.5e-3, 0.5e-3))
    disc = mt.circle(2 * mm, at=("1 mm", 0))
    assert disc.area == pytest.approx(math.pi * 1e-6, rel=1e-12)
    assert disc.bounds == pytest.approx((0, -1e-3, 2e-3, 1e-3), abs=1e-18)
    annulus = mt.ring(2 * mm, 1 * mm)
    assert annulus.area == pytest.approx(math.pi * 0.75e-6, rel=1e-12)
    assert annulus.bounds == pytest.approx((-1e-3, -1e-3, 1e-3, 1e-3))
    family = mt.circles(0.1 * mm, mt.grid(3, 2, pitch=0.5 * mm))
    assert len(family.shapes) == 6
    assert family.area == pytest.approx(6 * math.pi * 0.0025e-6, rel=1e-12)
    frame = mt.polygon([(0, 0), (2, 0), (2, 2), (0, 2)], holes=[[(0.5, 0.5), (1.5, 0.5), (1.5, 1.5), (0.5, 1.5)]])
    assert frame.area == pytest.approx(3.0)
    half = mt.Footprint((Circle((0.0, 0.0), 2.0),), mt.rectangle((4.0, 4.0), at=(2.0, 0.0)).shapes)
    assert half.area == pytest.approx(math.pi / 2)
    assert half.bounds[2] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("count", [8, 16, 60])
def test_circles_become_polygons_of_the_same_area(count: int) -> None:
    outline = Circle((1.0, 2.0), 3.0).outline(lambda radius: count)
    assert len(outline.exterior.coords) == count + 1
    assert outline.area == pytest.approx(math.pi * 2.25)


def test_moved() -> None:
    shape = mt.ring(2 * mm, 1 * mm).moved(1 * mm, -1 * mm)
    assert shape == mt.ring(2 * mm, 1 * mm, at=(1 * mm, -1 * mm))
    assert mt.rectangle(2.0).moved(1.0, 0.0).bounds == (0.0, -1.0, 2.0, 1.0)


def test_inside_is_exact_for_discs() -> None:
    square = mt.rectangle(2 * mm)
    assert square.covers(mt.circle(2 * mm))
    assert square.covers(mt.circle(0.5 * mm, at=(0.75 * mm, 0)))
    assert not square.covers(mt.circle(0.5 * mm, at=(0.75 * mm + 10 * nm, 0)))
    turned = mt.polygon([(1, 0), (0, 1), (-1, 0), (0, -1)])
    assert turned.covers(mt.circle(math.sqrt(2) - 1e-8)) and not turned.covers(mt.circle(math.sqrt(2) + 1e-8))
    assert not square.covers(mt.circle(0.5 * mm, at=(5 * mm, 0)))
    assert square.covers(square) and not square.covers(mt.rectangle(2 * mm + 10 * nm))
    assert mt.circle(2 * mm).covers(mt.rectangle(1.3 * mm)) and not mt.circle(2 * mm).covers(mt.rectangle(1.5 * mm))


def test_overlap_is_exact_for_discs() -> None:
    square, touching = mt.rectangle(2 * mm), mt.circle(1 * mm, at=(1.5 * mm, 0))
    assert not square.overlaps(touching) and not touching.overlaps(square)
    nearer = mt.circle(1 * mm, at=(1.5 * mm - 10 * nm, 0))
    assert square.overlaps(nearer) and nearer.overlaps(square)
    assert not mt.circle(1 * mm).overlaps(mt.circle(0.5 * mm, at=(0.75 * mm, 0)))
    assert mt.circle(1 * mm).overlaps(mt.circle(0.5 * mm, at=(0.74 * mm, 0)))
    assert not square.overlaps(mt.rectangle(2 * mm, at=(2 * mm, 2 * mm)))
    assert not square.overlaps(mt.rectangle(2 * mm, at=(2 * mm, 0)))
    hole = mt.ring(2 * mm, 1 * mm)
    assert not hole.overlaps(mt.circle(0.9 * mm)) and hole.overlaps(mt.circle(1.2 * mm))
    assert mt.rectangle(2 * mm).overlap_area(mt.rectangle(2 * mm, at=(1 * mm, 0))) == pytest.approx(2e-6)


def test_common_and_united() -> None:
    first, second = mt.rectangle((2.0, 2.0)), mt.rectangle((2.0, 2.0), at=(1.0, 1.0))
    assert first.common(second).bounds == pytest.approx((0, 0, 1, 1))
    assert united([first, second]).area == pytest.approx(7.0)
    assert united([]).area == 0.0


def test_strokes() -> None:
    straight = stroke([(0.0, 0.0), (1.0, 0.0)], 0.2)
    assert straight.bounds == pytest.approx((-0.1, -0.1, 1.1, 0.1))
    corner = stroke([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)], 0.2)
    assert corner.area == pytest.approx(0.2 * 1.2 * 2 - 0.04)
    loop = stroke([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)], 0.2)
    assert loop.area == pytest.approx(1.2**2 - 0.8**2)


def test_grids() -> None:
    assert mt.grid(2, 1, pitch=1 * mm) == ((-0.5e-3, 0.0), (0.5e-3, 0.0))
    points = np.array(mt.grid(np.int64(3), 4, pitch=("1 mm", "2 mm"), at=(1 * mm, 0)))  # type: ignore[arg-type]
    assert points.shape == (12, 2)
    assert points.mean(axis=0) == pytest.approx([1e-3, 0])
    assert np.ptp(points, axis=0) == pytest.approx([2e-3, 6e-3])
    for counts in ((0, 1), (1.5, 2), (True, 2), ("2", 2), (10**6, 10**6)):
        with pytest.raises(GeometryError, match="grid"):
            mt.grid(*counts, pitch=1 * mm)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: mt.rectangle(0.0), "side of a rectangle"),
        (lambda: mt.rectangle((1.0, 1.0, 1.0)), "size of a rectangle"),
        (lambda: mt.rectangle(1.0, at=(0.0, float("nan"))), "centre of a rectangle"),
        (lambda: mt.circle(-1.0), "diameter of circle"),
        (lambda: mt.circles(1.0, []), "at least one centre"),
        (lambda: mt.circles(1.0, None), "is no list of points"),
        (lambda: mt.circles(1.0, [(0, 0), (0.5, 0)]), "numbers 0 and 1 of 1 m diameter overlap.*500 mm apart"),
        (lambda: mt.ring(1.0, 2.0), "2 m is not less than its outer diameter 1 m"),
        (lambda: mt.polygon([(0, 0), (1, 0)]), "at least 3 corners"),
        (lambda: mt.polygon([(0, 0), (1, 1), (2, 2)]), "has no area"),
        (lambda: mt.polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "not simple"),
        (lambda: mt.polygon([(0, 0), (1, 0), (0, 1)], holes=3), "no list of rings"),
        (lambda: mt.Footprint((1, 2)), "shapes of a footprint"),
    ],
)
def test_wrong_footprints(make: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()  # type: ignore[operator]


def test_circles_may_touch() -> None:
    assert len(mt.circles(0.1 * mm, mt.grid(3, 3, pitch=0.1 * mm)).shapes) == 9


def test_subdivision_of_two_overlapping_squares() -> None:
    pieces = [shape.pieces()[0] for shape in (mt.rectangle(2 * mm), mt.rectangle(2 * mm, at=(1 * mm, 1 * mm)))]
    plane = subdivide(pieces, 1 * nm)
    assert sorted(plane.areas) == pytest.approx([1e-6, 3e-6, 3e-6])
    piece, region = covering(pieces, plane.inside)
    assert np.bincount(region).max() == 2
    assert sum(plane.areas[region[piece == 0]]) == pytest.approx(4e-6)
    assert ((plane.segment_regions >= 0).sum(axis=1) >= 1).all()


BOXES = st.tuples(st.floats(0.1, 2), st.floats(0.1, 2), st.floats(-1, 1), st.floats(-1, 1))


@settings(max_examples=30)
@given(st.lists(BOXES, min_size=1, max_size=6))
def test_regions_add_up_to_the_union(boxes: list[tuple[float, float, float, float]]) -> None:
    shapes = [mt.rectangle((width, depth), at=(x, y)) for width, depth, x, y in boxes]
    plane = subdivide([shape.pieces()[0] for shape in shapes], 1e-7)
    _, region = covering([shape.pieces()[0] for shape in shapes], plane.inside)
    assert plane.areas[np.unique(region)].sum() == pytest.approx(united(shapes).area, rel=1e-5)


def test_the_rule_before_a_mesh_is_chosen() -> None:
    assert default_segments(1 * um) == default_segments(1.0) == 16


def fan_areas(corners: np.ndarray) -> np.ndarray:
    """Signed areas (m2) of polygons (k, n, 2) from their fans of triangles."""
    a, b = corners[:, 1:-1] - corners[:, :1], corners[:, 2:] - corners[:, :1]
    return 0.5 * (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).sum(axis=1)


def test_rectangles_cut_triangles_into_exact_pieces() -> None:
    triangles = np.array([[[0, 0], [2, 0], [0, 2]], [[2, 0], [2, 2], [0, 2]]], float) * 1e-3
    boxes = np.array([[0, 0, 1.2, 0.5], [0.5, 0.5, 1.5, 1.5], [5, 5, 6, 6], [-1, -1, 3, 3], [2, 0, 3, 2]]) * 1e-3
    triangle, rectangle, corners = clip_rectangles(triangles, boxes)
    assert corners.shape == (len(triangle), 7, 2)
    areas = fan_areas(corners) * 1e6
    found = dict(zip(zip(triangle.tolist(), rectangle.tolist(), strict=True), areas, strict=True))
    expected = {(0, 0): 0.6, (0, 1): 0.5, (1, 1): 0.5, (0, 3): 2.0, (1, 3): 2.0}
    assert found == pytest.approx(expected)
    seven = np.array([[[0, 0], [3, 0], [1.2, 3.4]]]) * 1e-3
    _, _, corners = clip_rectangles(seven, np.array([[0.4, 0.3, 2.2, 3.0]]) * 1e-3)
    assert len(np.unique(corners[0], axis=0)) >= 6


def test_pieces_of_a_mesh_add_up_under_any_rectangles() -> None:
    rng = np.random.default_rng(1)
    n = 8
    x, y = np.meshgrid(np.linspace(0, 1e-3, n), np.linspace(0, 1e-3, n))
    points = np.c_[x.ravel(), y.ravel()]
    points[:, 0] += 2e-5 * np.sin(40 * points[:, 1] / 1e-3) * (points[:, 0] % 1e-3 > 1e-9)
    lower = np.array([(i * n + j, i * n + j + 1, (i + 1) * n + j) for i in range(n - 1) for j in range(n - 1)])
    upper = np.array(
        [(i * n + j + 1, (i + 1) * n + j + 1, (i + 1) * n + j) for i in range(n - 1) for j in range(n - 1)]
    )
    low = rng.uniform(1e-4, 5e-4, (20, 2))
    boxes = np.c_[low, low + rng.uniform(1e-5, 3e-4, (20, 2))]
    _, rectangle, corners = clip_rectangles(points[np.r_[lower, upper]], boxes)
    total = np.bincount(rectangle, fan_areas(corners), minlength=20)
    np.testing.assert_allclose(total, np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), rtol=1e-12)


def test_rectangles_outside_of_a_footprint() -> None:
    boxes = np.array([[-0.5, -0.5, 0.5, 0.5], [0, 0, 0.6, 0.4], [0.4, 0.4, 0.5 + 1e-4, 0.5]]) * 1e-3
    assert outside(mt.rectangle(1e-3), boxes, 1e-9).tolist() == [1, 2]
    assert outside(mt.rectangle(1e-3), boxes, 2e-7).tolist() == [1]
