"""Refined meshes, and fields carried to them: nothing changes but the cells, cuts included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.fem.discretisation import make_space
from mcpthermal.fem.hierarchy import ColumnHierarchy, make_hierarchy
from mcpthermal.mesh.refinement import gathered, refined
from mcpthermal.solve.contacts import cuts_of
from mcpthermal.units import mm

PARTS = [
    mt.Part("low", mt.rectangle(2 * mm), (0.0, 0.5 * mm), mt.Material("a", 1.0)),
    mt.Part("high", mt.rectangle(1 * mm), (0.5 * mm, 1.0 * mm), mt.Material("b", 2.0)),
    mt.Part("peg", mt.circle(0.4 * mm, at=(0.2 * mm, 0.0)), (0.2 * mm, 1.0 * mm), mt.Material("c", 3.0)),
]
CUTS = [mt.Interface("low|high", None, 1e-5), mt.Interface("peg|high", None, 1e-5)]


def made(kind: str) -> tuple[mt.Package, Any]:
    package = mt.Package.from_parts(PARTS)
    mesh = mt.generate_mesh(package, "coarse")
    if kind == "columns":
        return package, mesh
    cells, part = mesh.tetrahedra()
    top = mesh.triangles[mesh.cell_part[-1] >= 0] + (len(mesh.levels) - 1) * len(mesh.vertices)
    split = mt.TetMesh(mesh.points, cells, part, mesh.part_names, {"lid": top})
    return mt.Package.from_mesh(split, {p.name: p.material for p in package.parts}), split


@pytest.mark.parametrize("kind", ["columns", "tetrahedra"])
def test_a_refined_mesh_has_the_same_volumes_and_faces(kind: str) -> None:
    package, mesh = made(kind)
    fine = refined(mesh)
    assert fine.n_cells == 8 * mesh.n_cells
    assert fine.volumes() == pytest.approx(mesh.volumes(), rel=1e-12)
    assert (fine.cell_volumes > 0).all()
    case = mt.Case(package, [mt.Power("low", 1.0), mt.Convection("bottom", 10.0, 300.0)])
    places = ["top", "bottom", "sides", "high.sides", "peg|low"] + (["lid"] if kind == "tetrahedra" else [])
    for place in map(case.place, places):
        areas = [float(item.face_areas(item.faces_of(place)).sum()) for item in (mesh, fine)]
        assert areas[0] == pytest.approx(areas[1], rel=1e-12)


@pytest.mark.parametrize(("kind", "order"), [("columns", 2), ("tetrahedra", 2), ("tetrahedra", 1)])
@pytest.mark.parametrize("cut", [False, True])
def test_fields_are_the_same_on_the_refined_mesh(kind: str, order: int, cut: bool) -> None:
    package, mesh = made(kind)
    fine = refined(mesh)
    loads = [mt.Power("low", 1.0), mt.Convection("bottom", 10.0, 300.0), *(CUTS if cut else ())]
    case = mt.Case(package, loads)
    coarse, finer = (make_space(m, m.solid, order, cuts_of(case, m, "thermal", m.solid)) for m in (mesh, fine))
    hierarchy, rng = make_hierarchy(coarse, finer), np.random.default_rng(1)
    field, load = rng.standard_normal(coarse.size), rng.standard_normal(finer.size) * finer.active
    up = hierarchy.up(field)
    points = rng.uniform([-1 * mm, -1 * mm, 0.0], [1 * mm, 1 * mm, 1 * mm], (60, 3))
    before, after = coarse.evaluate(field, points), finer.evaluate(up, points)
    assert 20 < np.isfinite(before).sum() < 60
    assert np.allclose(before, after, atol=1e-10, equal_nan=True)
    assert up @ load == pytest.approx(field @ hierarchy.down(load), rel=1e-12)
    whole = coarse.cell_integrals(field)
    inside = finer.cell_integrals(up)
    summed = gathered(inside) if kind == "columns" else inside.reshape(-1, 8).sum(axis=1)
    assert np.allclose(summed, whole, atol=1e-12 * np.abs(whole).max())


def test_details_are_what_one_direction_cannot_hold() -> None:
    _, mesh = made("columns")
    coarse, fine = (make_space(m, m.solid) for m in (mesh, refined(mesh)))
    hierarchy = make_hierarchy(coarse, fine)
    assert isinstance(hierarchy, ColumnHierarchy)
    x, _, z = (fine.points / mm).T
    for field, planar, vertical in ((x**3, True, False), (z**3, False, True), (x**2 * z**2, False, False)):
        for detail, wanted in ((hierarchy.planar_detail, planar), (hierarchy.vertical_detail, vertical)):
            assert (np.abs(detail(field)[fine.active]).max() > 1e-6) == wanted


def test_curved_cells_keep_their_shape() -> None:
    """Of a cell with bent edges: the same volume from its eight parts."""
    corners = np.vstack([np.zeros(3), np.eye(3)])
    edges = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]])
    bent = corners[edges].mean(axis=1) + 0.05 * np.random.default_rng(2).standard_normal((6, 3))
    mesh = mt.TetMesh(corners, np.arange(4)[None], np.zeros(1, np.int64), ("body",), middles=bent[None])
    fine = refined(refined(mesh))
    assert fine.volumes() == pytest.approx(mesh.volumes(), rel=1e-12)
    assert mesh.volumes() != pytest.approx([1 / 6], rel=1e-3)


def test_few_nodes_on_a_side_of_an_interface_leave_the_coarsest_matrix_regular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Aggregates of the nodes on bumps depend on each other."""
    monkeypatch.setattr("mcpthermal.linalg.multigrid.NEXT_LEVEL_WORTH", 500)
    parts = [
        mt.Part("board", mt.rectangle(10 * mm), (-0.1 * mm, 0.0), "fr4"),
        mt.Part("fill", mt.rectangle(10 * mm), (0.0, 0.08 * mm), "epoxy_mould"),
        mt.Part("bumps", mt.circles(0.15 * mm, mt.grid(2, 2, pitch=2 * mm)), (0.0, 0.08 * mm), "sac305", role="bump"),
        mt.Part("chip", mt.rectangle(5 * mm), (0.08 * mm, 0.18 * mm), "silicon", role="chip"),
    ]
    loads = [
        mt.Power("chip", 1.0),
        mt.Convection("bottom", 1000.0, 300.0),
        mt.Interface("chip", "bumps", thermal_resistance=1e-5),
    ]
    case = mt.Case(mt.Package.from_parts(parts), loads)
    mesh = mt.generate_mesh(case.package, mt.MeshSpec("coarse", max_layer_size="40 um"))
    by_levels, by_factors = (mt.solve_steady(case, mesh, method=method) for method in ("multigrid", "direct"))
    assert "two-level" in by_levels.provenance.solves[0]["method"]
    rise = by_factors.max_temperature() - 300.0
    assert by_levels.max_temperature() - 300.0 == pytest.approx(rise, rel=1e-7)
