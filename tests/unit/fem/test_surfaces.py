"""Loads and matrices of faces against integrals over rectangles; loads of power maps against their blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cut_problems import faces_between, pin_mesh

import mcpthermal as mt
from mcpthermal.errors import MeshError
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.power_maps import map_load
from mcpthermal.fem.surfaces import patch_entries, patch_load, patch_matrix
from mcpthermal.fem.tetrahedra import TetSpace
from mcpthermal.loads.power_map import Block
from mcpthermal.package.columns import Place

PIN = ((-0.1e-3, 0.5e-3), (-0.1e-3, 0.3e-3), (0.3e-3, 0.6e-3))
"""The pin's extent along x, y, z."""


def first(p: Any) -> Any:
    x, y, z = p.T / 1e-3
    return 1 + x - 2 * y + 3 * z + x * y - z * z


def second(p: Any) -> Any:
    x, y, z = p.T / 1e-3
    return 2 - x + y * z + 0.5 * x * x


def coefficient(p: Any) -> Any:
    x, y, z = p.T / 1e-3
    return 1 + x + 0.5 * y - z


def over_box(function: Callable[[Any], Any], faces: str) -> float:
    """The integral over faces of the pin: its foot, or its mantle."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    planes = [(2, PIN[2][0])] if faces == "foot" else [(axis, PIN[axis][side]) for axis in (0, 1) for side in (0, 1)]
    total = 0.0
    for axis, value in planes:
        (a, b) = (PIN[other] for other in range(3) if other != axis)
        u, v = np.meshgrid(*((low + (high - low) * (nodes + 1) / 2) for low, high in (a, b)), indexing="ij")
        points = np.insert(np.c_[u.ravel(), v.ravel()], axis, value, axis=1)
        area = np.outer(weights, weights).ravel() / 4 * (a[1] - a[0]) * (b[1] - b[0])
        total += float(area @ function(points))
    return total


def spaces(kind: str, order: int = 2) -> tuple[Any, Any]:
    """The whole body cut around the pin, and the pin and what is beneath with nothing cut."""
    mesh: Any = pin_mesh()
    if kind == "tetrahedra":
        cells, part = mesh.tetrahedra()
        mesh = mt.TetMesh(mesh.points, cells, part, mesh.part_names)
    cuts = faces_between(mesh, "pin|base pin|mould")
    some = mesh.of_parts(np.array([True, True, True, False]))
    if kind == "columns":
        return ColumnSpace(mesh, mesh.solid, cuts), ColumnSpace(mesh, some)
    return TetSpace(mesh, mesh.solid, order, cuts), TetSpace(mesh, some, order)


@pytest.mark.parametrize("faces", ["foot", "mantle"])
@pytest.mark.parametrize("kind, order", [("columns", 2), ("tetrahedra", 2), ("tetrahedra", 1)])
def test_patches_integrate_over_faces(kind: str, order: int, faces: str) -> None:
    whole, some = spaces(kind, order)
    side = faces_between(whole.mesh, "pin|base" if faces == "foot" else "pin|mould")
    other = whole.mesh.opposite(side)
    test, trial = (first, second) if order == 2 else (coefficient, coefficient)
    u, v = test(whole.points), trial(some.points)
    expected = {
        "area": over_box(lambda p: np.ones(len(p)), faces),
        "load": over_box(lambda p: test(p) * coefficient(p), faces),
        "product": over_box(lambda p: test(p) * coefficient(p) * trial(p), faces),
    }
    ones, size = np.ones(whole.size), max(whole.size, some.size)
    found = np.zeros(3)
    for seen in (side, other):
        for patch, narrow in zip(whole.patches(seen), some.patches(other), strict=True):
            where = [patch.at_points(whole.points[:, axis]) for axis in range(3)]
            at = coefficient(np.stack([w.ravel() for w in where], 1)).reshape(where[0].shape)
            mixed = patch.matrix(at, size, narrow)[: whole.size, : some.size]
            found += [patch.weights.sum(), u @ patch.load(at, whole.size), u @ mixed @ v]
            back = narrow.matrix(at, size, patch)[: some.size, : whole.size]
            assert abs(mixed - back.T).max() < 1e-14 * abs(mixed).max()
    assert found == pytest.approx(2 * np.array(list(expected.values())), rel=1e-11)
    patches = whole.patches(side)
    assert patch_load(patches, 3.0, whole.size) @ ones == pytest.approx(3 * expected["area"], rel=1e-12)
    assert ones @ patch_matrix(patches, 3.0, whole.size) @ ones == pytest.approx(3 * expected["area"], rel=1e-12)
    mine = patch_entries(patches)
    assert not np.intersect1d(mine, patch_entries(whole.patches(other))).size or faces == "mantle"
    assert np.array_equal(np.flatnonzero(patch_matrix(patches, 1.0, whole.size).diagonal()), mine)


@pytest.mark.parametrize("kind", ["columns", "tetrahedra"])
def test_no_faces_are_no_load(kind: str) -> None:
    whole, _ = spaces(kind)
    faces = whole.mesh.between(whole.mesh.solid, None)
    patches = whole.patches(faces.where(np.zeros(faces.count, bool)))
    assert not patch_load(patches, 1.0, whole.size).any() and not patch_entries(patches).size
    assert patch_matrix(patches, 1.0, whole.size).shape == (whole.size, whole.size)


# --- power maps -----------------------------------------------------------------------------------------------

BLOCKS = [
    Block("a", -0.07e-3, -0.05e-3, 0.11e-3, 0.13e-3, 0.7),
    Block("tiny", 0.31e-3, 0.017e-3, 0.311e-3, 0.018e-3, 0.2),
    Block("all", -0.1e-3, -0.1e-3, 0.5e-3, 0.3e-3, 1.1),
    Block("cold", 0.0, 0.0, 0.2e-3, 0.2e-3, -0.3),
]


def chip_space(kind: str) -> tuple[Any, Any]:
    whole, _ = spaces(kind)
    return whole, whole.mesh.of_parts(np.array([False, False, True, False]))


def top_of(mesh: Any) -> Any:
    return mesh.faces_of(Place("pin", parts=(2,), face="top"))


@pytest.mark.parametrize("form", ["volume", "face"])
@pytest.mark.parametrize(
    "blocks", [*([block] for block in BLOCKS), BLOCKS], ids=[*(b.name for b in BLOCKS), "together"]
)
def test_blocks_keep_their_power_and_place_on_columns(form: str, blocks: list[Block]) -> None:
    space, cells = chip_space("columns")
    load = map_load(
        space, cells if form == "volume" else None, None if form == "volume" else top_of(space.mesh), blocks
    )
    power = np.array([block.power for block in blocks])
    low, high = (np.array([[getattr(b, c + n) for c in "xy"] for b in blocks]) for n in "01")
    assert load.sum() == pytest.approx(power.sum(), rel=1e-12)
    x, y, z = space.points.T
    moments = power @ ((low + high) / 2)
    assert [load @ x, load @ y] == pytest.approx(moments, rel=1e-11)
    squares = power @ ((low**2 + low * high + high**2) / 3)
    assert [load @ x**2, load @ y**2] == pytest.approx(squares, rel=1e-10)
    assert load @ z == pytest.approx(power.sum() * (0.45e-3 if form == "volume" else 0.6e-3), rel=1e-11)
    inside = space.cell_entries(cells)
    assert not np.delete(load, inside).any()


def test_a_block_beyond_its_part_heats_what_it_covers() -> None:
    space, cells = chip_space("columns")
    load = map_load(space, cells, None, [Block("half", 0.2e-3, -1e-3, 3e-3, 1e-3, 2.0)])
    assert load.sum() == pytest.approx(2.0, rel=1e-12)
    assert load @ space.points[:, :2] == pytest.approx([2 * 0.35e-3, 2 * 0.1e-3], rel=1e-11)


@pytest.mark.parametrize("form", ["volume", "face"])
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_blocks_keep_their_power_on_tetrahedra(form: str, block: Block) -> None:
    space, cells = chip_space("tetrahedra")
    load = map_load(
        space, cells if form == "volume" else None, None if form == "volume" else top_of(space.mesh), [block]
    )
    assert load.sum() == pytest.approx(block.power, rel=1e-12)
    assert not np.delete(load, space.cell_entries(cells)).any()
    # Not farther off than a cell.
    centre = load @ space.points / block.power
    assert abs(centre[0] - (block.x0 + block.x1) / 2) < 0.1e-3
    assert abs(centre[1] - (block.y0 + block.y1) / 2) < 0.1e-3


@pytest.mark.parametrize("form", ["volume", "face"])
def test_a_block_beside_its_part_is_refused_by_name(form: str) -> None:
    space, cells = chip_space("columns")
    away = Block("away", 0.6e-3, 0.4e-3, 0.7e-3, 0.5e-3, 1.0)
    with pytest.raises(MeshError, match="'away'"):
        map_load(
            space,
            cells if form == "volume" else None,
            None if form == "volume" else top_of(space.mesh),
            [BLOCKS[0], away],
        )
