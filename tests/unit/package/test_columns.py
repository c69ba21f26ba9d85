"""Columns: faces between cells, which of them are exposed, and the groups that faces join."""

from __future__ import annotations

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.package.columns import Columns, Place
from mcpthermal.units import mm


@pytest.fixture(scope="module")
def columns() -> Columns:
    """A base of 4 x 4 x 1 mm and on it a block of 2 x 2 x 1 mm with an open hole of 1 x 1 mm."""
    parts = [
        mt.Part("base", mt.rectangle(4 * mm), (-1 * mm, 0), "silicon"),
        mt.Part("block", mt.rectangle(2 * mm), (0, 1 * mm), "copper"),
        mt.Part("hole", mt.rectangle(1 * mm), (0, 1 * mm), None),
    ]
    return mt.Package.from_parts(parts).arrangement.columns


def area(columns: Columns, faces: object) -> float:
    return float(columns.face_areas(faces).sum())  # type: ignore[arg-type]


def test_volumes(columns: Columns) -> None:
    assert columns.volumes() == pytest.approx([16e-9, 3e-9, 1e-9])
    assert (columns.cell_part >= 0).sum() == 5
    assert columns.solid.sum() == 4


def test_the_skin(columns: Columns) -> None:
    skin = columns.between(columns.solid, None)
    assert area(columns, skin) == pytest.approx((16 + 16 + 16 + 8 + 4) * 1e-6)
    assert area(columns, columns.horizontal(skin, True)) == pytest.approx(16e-6)
    assert area(columns, columns.horizontal(skin, False)) == pytest.approx(16e-6)
    assert area(columns, columns.vertical(skin)) == pytest.approx(28e-6)
    assert area(columns, columns.extreme(skin, "x_max")) == pytest.approx(4e-6)
    assert len(np.unique(columns.face_keys(skin))) == skin.count
    assert columns.solid[skin.cells].all()
    assert (columns.inner_cells(skin) == columns.solid).all()
    assert columns.exposed(skin).count == skin.count


def test_faces_have_the_same_key_from_both_sides(columns: Columns) -> None:
    base, block = (columns.cell_part == part for part in (0, 1))
    up, down = columns.between(base, block), columns.between(block, base)
    assert area(columns, up) == pytest.approx(3e-6)
    assert up.up.all() and not down.up.any()
    assert set(columns.face_keys(up)) == set(columns.face_keys(down))
    assert columns.exposed(up).count == 0
    assert columns.seen_from(up, block).count == 0
    assert columns.seen_from(down, block).count == down.count


def test_exposed_faces(columns: Columns) -> None:
    base = columns.between(columns.cell_part == 0, None)
    top = columns.horizontal(base, True)
    assert area(columns, top) == pytest.approx(16e-6)
    assert area(columns, columns.exposed(top)) == pytest.approx(13e-6)


@pytest.mark.parametrize(
    ("face", "expected"),
    [("top", 16), ("bottom", 16), ("sides", 28), ("x_min", 4), ("y_max", 4)],
)
def test_faces_of_the_package(columns: Columns, face: str, expected: float) -> None:
    assert area(columns, columns.faces_of(Place(face, face=face))) == pytest.approx(expected * 1e-6)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place("block.top", (1,), face="top"), 3),
        (Place("block.sides", (1,), face="sides"), 12),
        (Place("block.x_min", (1,), face="x_min"), 2),
        (Place("hole", (2,), face="pad"), 1),
        (Place("base|block", (0,), face="interface", others=(1,)), 3),
        (Place("both.top", (0, 1), face="top"), 16),
    ],
)
def test_faces_of_parts(columns: Columns, place: Place, expected: float) -> None:
    assert area(columns, columns.faces_of(place)) == pytest.approx(expected * 1e-6)


def test_groups_of_cells(columns: Columns) -> None:
    count, group = columns.components(columns.solid)
    assert count == 1 and (group[columns.solid] == 0).all() and (group[~columns.solid] == -1).all()
    assert columns.components(columns.cell_part == 1)[0] == 1
    assert columns.components(np.zeros_like(columns.solid))[0] == 0


def test_an_overhang_is_no_top() -> None:
    """A table: its foot, and the shadow below its plate."""
    package = mt.Package.from_parts(
        [
            mt.Part("floor", mt.rectangle(4 * mm), (-1 * mm, 0), "silicon"),
            mt.Part("leg", mt.rectangle(1 * mm), (0, 1 * mm), "silicon"),
            mt.Part("plate", mt.rectangle(3 * mm), (1 * mm, 2 * mm), "silicon"),
        ]
    )
    columns = package.arrangement.columns
    assert area(columns, columns.faces_of(Place("top", face="top"))) == pytest.approx(16e-6)
    assert area(columns, columns.faces_of(Place("bottom", face="bottom"))) == pytest.approx(16e-6)
    shadow = columns.horizontal(columns.between(columns.cell_part == 0, None), True)
    assert area(columns, columns.exposed(shadow)) == pytest.approx(15e-6)
