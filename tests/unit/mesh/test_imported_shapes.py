"""Quadratic tetrahedra from Gmsh: straight and curved, their volumes, areas, middles, boxes and faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import MeshError
from mcpthermal.mesh import curved
from mcpthermal.package.columns import Place


def surface(name: str) -> Place:
    return Place(name, face="surface")


def ball(gmsh: Any) -> None:
    """A ball of 1 mm radius in a box; the ball's surface is named."""
    occ = gmsh.model.occ
    inner, outer = occ.addSphere(0, 0, 0, 1), occ.addBox(-2, -2, -2, 4, 4, 4)
    occ.fragment([(3, inner)], [(3, outer)])
    occ.synchronize()
    (box,) = [tag for _, tag in gmsh.model.getEntities(3) if tag != inner]
    gmsh.model.addPhysicalGroup(3, [inner], name="ball")
    gmsh.model.addPhysicalGroup(3, [box], name="box")
    skin = [tag for _, tag in gmsh.model.getBoundary([(3, inner)], oriented=False)]
    gmsh.model.addPhysicalGroup(2, skin, name="skin")


@pytest.mark.parametrize(("order", "rate"), [(1, 2.0), (2, 4.0)])
def test_volume_and_area_of_a_ball(gmsh: Any, save: Any, order: int, rate: float) -> None:
    """Chords lose volume with the square of the size, parabolas nearly with its fourth power."""
    ball(gmsh)
    errors = []
    for size in (0.6, 0.3):
        gmsh.model.mesh.clear()
        mesh = mt.read_mesh(save(size=size, order=order), unit="mm")
        volume = mesh.volumes()[mesh.part_names.index("ball")]
        skin = mesh.faces_of(surface("skin"))
        assert mesh.volumes().sum() == pytest.approx(64e-9, rel=1e-9)
        errors.append(
            [abs(volume / (4 / 3 * np.pi * 1e-9) - 1), abs(mesh.face_areas(skin).sum() / (4 * np.pi * 1e-6) - 1)]
        )
    assert (mesh.middles is None) == (order == 1)
    observed = np.log2(np.divide(*errors))
    assert observed.min() > rate - 0.4
    assert max(errors[1]) < {1: 0.04, 2: 2e-4}[order]


def test_a_cylinder_has_its_box_and_its_lateral_area(gmsh: Any, save: Any) -> None:
    gmsh.model.occ.addCylinder(0, 0, 0, 0, 0, 0.5, 0.2)
    gmsh.model.occ.synchronize()
    gmsh.model.addPhysicalGroup(3, [1], name="post")
    mesh = mt.read_mesh(save(size=0.2, order=2), unit="mm")
    package = mt.Package.from_mesh(mesh, {"post": "copper"})
    x0, y0, x1, y1 = package["post"].footprint.bounds
    assert (x0, y0, x1, y1) == pytest.approx((-2e-4, -2e-4, 2e-4, 2e-4), rel=1e-4)
    assert mesh.points[:, 1].min() > -1.99e-4, "the corners alone do not reach it"
    case = mt.Case(package, [mt.Convection("bottom", 1.0, 300.0)])
    sides, top = (mesh.face_areas(mesh.faces_of(case.place(text))).sum() for text in ("post.sides", "post.top"))
    # The rim is made of parabolas: each segment has 2/3 of its chord times its height.
    at_rim = np.hypot(mesh.points[:, 0], mesh.points[:, 1]) > 1.99e-4
    angle = 2 * np.pi / np.count_nonzero(at_rim & (mesh.points[:, 2] == 0))
    disc = 0.2e-3**2 * np.pi / angle * (np.sin(angle) + 8 / 3 * np.sin(angle / 2) * (1 - np.cos(angle / 2)))
    assert top == pytest.approx(disc, rel=1e-9)
    assert sides == pytest.approx(2 * np.pi * 0.2e-3 * 0.5e-3, rel=5e-4)
    assert mesh.volumes()[0] == pytest.approx(disc * 0.5e-3, rel=1e-3)


def test_middles_are_in_the_order_of_the_edges(gmsh: Any, save: Any) -> None:
    ball(gmsh)
    mesh = mt.read_mesh(save(size=0.8, order=2), unit="mm")
    assert mesh.middles is not None
    corners = mesh.points[mesh.cells]
    straight = corners[:, curved.EDGES].mean(axis=2)
    length = np.linalg.norm(corners[:, curved.EDGES[:, 1]] - corners[:, curved.EDGES[:, 0]], axis=2)
    assert (np.linalg.norm(mesh.middles - straight, axis=2) < 0.3 * length).all()
    skin = mesh.faces_of(surface("skin"))
    radii = np.linalg.norm(mesh.facet_middles(skin), axis=2)
    assert radii == pytest.approx(np.full((skin.count, 3), 1e-3), rel=1e-9)
    ends = mesh.points[mesh.facet_points(skin)][:, [[0, 1], [1, 2], [0, 2]]].mean(axis=2)
    assert np.linalg.norm(mesh.facet_middles(skin) - ends, axis=2).max() < 0.2e-3


def test_straight_quadratic_cells_are_straight(gmsh: Any, save: Any) -> None:
    gmsh.model.occ.addBox(0, 0, 0, 1, 2, 3)
    gmsh.model.occ.synchronize()
    gmsh.model.addPhysicalGroup(3, [1], name="box")
    mesh = mt.read_mesh(save(size=1.0, order=2), unit="mm")
    linear = mt.read_mesh(save("linear.msh", size=1.0), unit="mm")
    assert mesh.middles is None
    assert len(mesh.points) == len(linear.points)
    assert mesh.volumes() == pytest.approx([6e-9])
    outside = mesh.between(mesh.solid, None)
    assert mesh.face_areas(outside).sum() == pytest.approx(22e-6)
    corners = mesh.points[mesh.facet_points(outside)]
    assert mesh.facet_middles(outside)[:, 2] == pytest.approx((corners[:, 0] + corners[:, 2]) / 2)


def test_faces_from_the_other_side(gmsh: Any, save: Any) -> None:
    ball(gmsh)
    mesh = mt.read_mesh(save(size=0.8), unit="mm")
    inside = mesh.cell_part == mesh.part_names.index("ball")
    skin = mesh.between(inside, ~inside)
    back = mesh.opposite(skin)
    assert inside[skin.cells].all()
    assert not inside[back.cells].any()
    assert (back.facet == skin.facet).all()
    assert (np.sort(mesh.facet_sides(skin)) == np.sort(np.stack([skin.cells, back.cells], axis=1))).all()
    with pytest.raises(MeshError, match=r"faces lie on the outside"):
        mesh.opposite(mesh.between(mesh.solid, None))


def test_exact_integrals_of_one_bent_cell() -> None:
    """A corner cell whose edge 12 is a parabola: x + y <= 1 + 4 b x y on the floor gives a closed form."""
    corners = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]])
    middles = corners[:, curved.EDGES].mean(axis=2)
    bulge = 0.05
    middles[0, 1] += bulge
    middles[0, 1, 2] = 0
    # The map (u, v) -> (u + 4 b u v, v + 4 b u v) has the determinant 1 + 4 b (u + v).
    area = curved.face_areas(corners[:, :3], middles[:, :3])
    assert area == pytest.approx([0.5 + 4 * bulge / 3], rel=1e-12)
    assert curved.cell_volumes(corners, middles) == pytest.approx([1 / 6 + 4 * bulge / 12], rel=1e-12)
    assert curved.bent(corners, middles).tolist() == [True]
    assert not curved.folded(corners, middles).any()
    middles[0, 1, :2] -= 0.4
    assert curved.folded(corners, middles).all()


def test_a_surface_inside_carries_loads(gmsh: Any, save: Any) -> None:
    ball(gmsh)
    mesh = mt.read_mesh(save(size=0.8), unit="mm")
    package = mt.Package.from_mesh(mesh, {"ball": "copper", "box": "copper"})
    case = mt.Case(package, [mt.HeatFlux("skin", 1e4), mt.FixedTemperature("bottom", 300.0)])
    result = mt.solve_steady(case, mesh, order=1)
    area = mesh.face_areas(mesh.faces_of(surface("skin"))).sum()
    assert result.heat_out("bottom") == pytest.approx(1e4 * area, rel=1e-6)


@pytest.mark.parametrize(("version", "binary"), [(2.2, 0), (2.2, 1), (4.1, 0), (4.1, 1)])
@pytest.mark.parametrize("order", [1, 2])
def test_all_formats_hold_the_same(
    gmsh: Any, save: Any, tmp_path: Path, version: float, binary: int, order: int
) -> None:
    ball(gmsh)
    mesh = mt.read_mesh(save("other.msh", size=0.9, order=order, version=version, binary=binary), unit="mm")
    expected = mt.read_mesh(save("plain.msh", size=0.9, order=order), unit="mm")
    assert mesh.part_names == expected.part_names
    assert mesh.volumes() == pytest.approx(expected.volumes(), rel=1e-12)
    areas = [m.face_areas(m.faces_of(surface("skin"))).sum() for m in (mesh, expected)]
    assert areas[0] == pytest.approx(areas[1], rel=1e-12)
