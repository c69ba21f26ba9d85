"""Fields at many places: what holds each, on columns, straight and curved tetrahedra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.fem.discretisation import make_space
from mcpthermal.mesh.location import candidates
from mcpthermal.solve.contacts import cuts_of
from mcpthermal.units import mm, um

PARTS = [
    mt.Part("low", mt.rectangle(2 * mm), (0.0, 0.5 * mm), mt.Material("a", 1.0)),
    mt.Part("high", mt.rectangle(1 * mm), (0.5 * mm, 1.0 * mm), mt.Material("b", 2.0)),
    mt.Part("film", mt.circle(0.4 * mm), (1.0 * mm, 1.0 * mm + 1 * um), mt.Material("c", 3.0)),
    mt.Part("hole", mt.circle(0.3 * mm, at=(0.7 * mm, 0.7 * mm)), (0.2 * mm, 0.5 * mm), None, "opening"),
]


def made(kind: str, cuts: Any = None) -> Any:
    # A film bent by many times its thickness is no mesh.
    package = mt.Package.from_parts([part for part in PARTS if kind != "curved" or part.name != "film"])
    mesh = mt.generate_mesh(package, "coarse")
    if kind != "columns":
        cells, part = mesh.tetrahedra()
        middles = None
        if kind == "curved":
            edges = mesh.points[cells][:, [[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]]]
            middles = edges.mean(axis=2)
            middles[..., 2] += 0.02 * mm * np.sin(1500 * middles[..., 0]) * np.sin(1100 * middles[..., 1])
        mesh = mt.TetMesh(mesh.points, cells, part, mesh.part_names, {}, middles=middles)
    return make_space(mesh, mesh.solid, 2, cuts)


def quadratic(points: Any) -> Any:
    x, y, z = points.T / mm
    return 1 + x - 2 * y + z * z + x * y - y * y + 0.5 * z * x


@pytest.mark.parametrize("kind", ["columns", "straight"])
def test_a_quadratic_function_is_itself_everywhere(kind: str) -> None:
    space = made(kind)
    raw = quadratic(space.points)
    points = np.random.default_rng(2).uniform(
        [-1.1 * mm, -1.1 * mm, -0.1 * mm], [1.1 * mm, 1.1 * mm, 1.1 * mm], (3000, 3)
    )
    values = space.evaluate(raw, points)
    x, y, z = points.T
    low = (np.abs(x) < 1 * mm) & (np.abs(y) < 1 * mm) & (z > 0) & (z < 0.5 * mm)
    far = np.hypot(x - 0.7 * mm, y - 0.7 * mm) / mm
    high = (np.abs(x) < 0.5 * mm) & (np.abs(y) < 0.5 * mm) & (z >= 0.5 * mm) & (z < 1 * mm)
    inside = (low & ~((far < 0.16) & (z > 0.2 * mm))) | high
    rim = (low & (far < 0.16) & (far > 0.13)) | ((z > 1 * mm) & (z < 1 * mm + 2 * um))
    assert values[inside & ~rim] == pytest.approx(quadratic(points)[inside & ~rim], rel=1e-9, abs=1e-9)
    assert np.isnan(values[~inside & ~rim]).all() and inside.sum() > 500
    assert space.evaluate(raw, points[:3]) == pytest.approx(values[:3], nan_ok=True)  # few are searched otherwise


@pytest.mark.parametrize("kind", ["columns", "straight", "curved"])
def test_nodes_have_their_own_values(kind: str) -> None:
    """Also on edges and corners, where many cells meet, and in a film a thousand times thinner than wide."""
    space = made(kind)
    raw = np.random.default_rng(3).standard_normal(space.size)
    own = np.flatnonzero(space.active)
    assert space.evaluate(raw, space.points[own]) == pytest.approx(raw[own], abs=1e-7)


def test_each_side_of_a_cut_has_its_own_value() -> None:
    package = mt.Package.from_parts(PARTS)
    case = mt.Case(
        package, [mt.Interface("high", "low", 1e-5), mt.Power("high", 1.0), mt.Convection("bottom", 10.0, 300.0)]
    )
    mesh = mt.generate_mesh(package, "coarse")
    space = make_space(mesh, mesh.solid, 2, cuts_of(case, mesh, "thermal", mesh.solid))
    raw = np.zeros(space.size)
    raw[space.cell_entries(mesh.cell_part == package.index["high"])] = 1.0
    places = np.array([[0.1 * mm, 0.2 * mm, 0.5 * mm + step] for step in (-0.1 * um, 0.1 * um)])
    assert space.evaluate(raw, np.repeat(places, 10, axis=0))[::10] == pytest.approx([0.0, 1.0], abs=1e-3)


def test_candidates_are_all_balls_that_hold_a_point() -> None:
    """Of sizes that differ by ten thousand, against every pair."""
    rng = np.random.default_rng(4)
    points, centres, radii = rng.random((60, 2)), rng.random((200, 2)), 10 ** rng.uniform(-4, 0, 200)
    point, cell = candidates(points, centres, radii)
    near = np.linalg.norm(points[:, None] - centres, axis=2) <= radii
    assert np.array_equal(np.c_[point, cell], np.argwhere(near))
