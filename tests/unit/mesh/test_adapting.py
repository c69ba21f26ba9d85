"""Meshes made for what an estimate asks: numbers of triangles and layers, shapes kept; tetrahedra cut in two."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.mesh.adapting import RATIO, adapted_mesh
from mcpthermal.mesh.gmsh_backend import session
from mcpthermal.mesh.refinement import bisected
from mcpthermal.units import mm

PACKAGE = mt.Package.from_parts(
    [
        mt.Part("board", mt.rectangle(4 * mm), (-0.5 * mm, 0.0), mt.Material("b", 1.0)),
        mt.Part("chip", mt.rectangle(2 * mm), (0.0, 0.3 * mm), mt.Material("c", 100.0)),
        mt.Part("post", mt.circle(0.4 * mm, at=(1.5 * mm, 1.5 * mm)), (0.0, 0.3 * mm), mt.Material("p", 50.0)),
    ]
)


def test_triangles_and_layers_come_where_they_are_asked_for() -> None:
    mesh = mt.generate_mesh(PACKAGE, "coarse")
    left = mesh.vertices[mesh.triangles].mean(axis=1)[:, 0] < 0
    low = mesh.levels[1:] <= 1e-12
    fine = adapted_mesh(PACKAGE, mesh, np.where(left, 8.0, 1.0), np.where(low, 3.0, 1.0))
    now = fine.vertices[fine.triangles].mean(axis=1)[:, 0] < -0.2 * mm
    before = mesh.vertices[mesh.triangles].mean(axis=1)[:, 0] < -0.2 * mm
    assert 5.0 < now.sum() / before.sum() < 12.0
    far, was = (m.vertices[m.triangles].mean(axis=1)[:, 0] > 1.2 * mm for m in (fine, mesh))
    assert 0.6 < far.sum() / was.sum() < 3.0
    assert (fine.levels[1:] <= 1e-12).sum() == pytest.approx(3 * low.sum(), abs=1)
    assert fine.volumes() == pytest.approx(mesh.volumes(), rel=1e-9)
    assert set(np.round(PACKAGE.arrangement.columns.levels, 12)) <= set(np.round(fine.levels, 12))


def test_layers_do_not_jump() -> None:
    mesh = mt.generate_mesh(PACKAGE, "normal")
    wanted = np.ones(len(mesh.heights))
    wanted[0] = 50.0
    fine = adapted_mesh(PACKAGE, mesh, np.ones(len(mesh.triangles)), wanted)
    below = np.diff(fine.levels[fine.levels <= 1e-12])
    assert below[0] < mesh.heights[0] / 20
    assert max(b / a for a, b in pairwise(below)) < 2 * RATIO


def test_a_thin_film_does_not_make_its_neighbours_layers_thin() -> None:
    film = mt.Part("film", mt.rectangle(4 * mm), (0.0, 1e-6), "copper")
    cover = mt.Part("cover", mt.rectangle(4 * mm), (1e-6, 1 * mm), "epoxy_mould")
    package = mt.Package.from_parts([mt.Part("base", mt.rectangle(4 * mm), (-1 * mm, 0.0), "silicon"), film, cover])
    mesh = mt.generate_mesh(package, "coarse")
    same = adapted_mesh(package, mesh, np.ones(len(mesh.triangles)), np.ones(len(mesh.heights)))
    assert len(same.heights) == len(mesh.heights)


def test_the_same_wishes_make_the_same_mesh_and_leave_no_view() -> None:
    mesh = mt.generate_mesh(PACKAGE, "coarse")
    ones = np.ones(len(mesh.triangles)), np.ones(len(mesh.heights))
    with session("other") as gmsh:
        first, second = (adapted_mesh(PACKAGE, mesh, *ones) for _ in range(2))
        assert len(gmsh.view.getTags()) == 0
    assert np.array_equal(first.vertices, second.vertices)
    assert 0.6 < len(first.triangles) / len(mesh.triangles) < 1.6


@pytest.mark.parametrize("curved", [False, True])
def test_bisected_tetrahedra_fit_together(curved: bool) -> None:
    columns = mt.generate_mesh(PACKAGE, "coarse")
    cells, part = columns.tetrahedra()
    top = columns.triangles[columns.cell_part[0] >= 0]
    mesh = mt.TetMesh(columns.points, cells, part, columns.part_names, {"floor": top})
    if curved:
        edges = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]])
        middles = mesh.points[mesh.cells[:, edges]].mean(axis=2)
        # The same bend for all cells: a smooth map of space.
        bend = 0.02 * mm * np.sin(middles[..., [1]] / mm) * np.array([0.0, 0.0, 1.0])
        mesh = mt.TetMesh(mesh.points, cells, part, mesh.part_names, mesh.surfaces, middles=middles + bend)
    marked = np.random.default_rng(4).choice(len(cells), 40, replace=False)
    fine = bisected(bisected(mesh, marked), np.arange(30))
    assert 80 < fine.n_cells - mesh.n_cells < 5000
    assert fine.volumes() == pytest.approx(mesh.volumes(), rel=1e-12)
    package = mt.Package.from_mesh(fine, {p.name: p.material for p in PACKAGE.parts})
    case = mt.Case(package, [mt.Power("chip", 1.0), mt.Convection("floor", 100.0, 300.0)])
    # No hanging nodes: inner faces have two sides, so that the outside has the area that it had.
    for place in map(case.place, ("top", "bottom", "sides", "floor", "chip|board")):
        areas = [float(m.face_areas(m.faces_of(place)).sum()) for m in (mesh, fine)]
        assert areas[1] == pytest.approx(areas[0], rel=1e-5 if curved else 1e-9), place.text
    assert mt.solve_steady(case, fine).balance.relative_defect < 1e-8
