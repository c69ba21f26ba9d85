"""Volumes that touch without common faces are refused by name; gaps, edges and points are no reason to."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import MeshError
from mcpthermal.mesh.conformity import check_conformity


def name_all(gmsh: Any) -> None:
    gmsh.model.occ.synchronize()
    for _, tag in gmsh.model.getEntities(3):
        gmsh.model.addPhysicalGroup(3, [tag], name=f"part{tag}")


def refused(*words: str) -> Any:
    return pytest.raises(
        MeshError, match="(?s)not conforming.*" + ".*".join(map(re.escape, words)) + ".*BooleanFragments"
    )


@pytest.mark.parametrize("order", [1, 2])
def test_the_same_mesh_on_both_sides(gmsh: Any, save: Any, order: int) -> None:
    """Two boxes of which each has its own common face."""
    for x in (0, 1):
        gmsh.model.occ.addBox(x, 0, 0, 1, 1, 1)
    name_all(gmsh)
    for tag in gmsh.model.getEntities(1):
        gmsh.model.mesh.setTransfiniteCurve(tag[1], 3)
    for tag in gmsh.model.getEntities(2):
        gmsh.model.mesh.setTransfiniteSurface(tag[1])
    with refused("'part1' and 'part2' (16 faces)"):
        mt.read_mesh(save(order=order), unit="mm")


def test_other_triangles_on_the_other_side(gmsh: Any, save: Any) -> None:
    """A small chip on a large board."""
    gmsh.model.occ.addBox(0, 0, 0, 4, 4, 1)
    gmsh.model.occ.addBox(1.1, 1.2, 1, 0.7, 0.5, 0.3)
    name_all(gmsh)
    with refused("'part1' and 'part2'"):
        mt.read_mesh(save(size=0.5), unit="mm")


@pytest.mark.parametrize("size", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("order", [1, 2])
def test_a_post_in_a_hole(gmsh: Any, save: Any, size: float, order: int) -> None:
    """The curved wall is cut into other chords on either side."""
    occ = gmsh.model.occ
    box = occ.addBox(-1, -1, 0, 2, 2, 1)
    occ.cut([(3, box)], [(3, occ.addCylinder(0, 0, -1, 0, 0, 3, 0.4))])
    post = occ.addCylinder(0, 0, 0, 0, 0, 1, 0.4)
    occ.rotate([(3, post)], 0, 0, 0, 0, 0, 1, 0.3)
    name_all(gmsh)
    with refused("'part1' and 'part2'"):
        mt.read_mesh(save(size=size, order=order), unit="mm")


def test_a_part_that_is_cut_in_two(gmsh: Any, save: Any) -> None:
    for x in (0, 1):
        gmsh.model.occ.addBox(x, 0, 0, 1, 1, 1)
    gmsh.model.occ.synchronize()
    gmsh.model.addPhysicalGroup(3, [1, 2], name="mould")
    with refused("'mould' and itself"):
        mt.read_mesh(save(), unit="mm")


def test_parts_that_overlap(gmsh: Any, save: Any) -> None:
    gmsh.model.occ.addBox(0, 0, 0, 1, 1, 1)
    gmsh.model.occ.addBox(0.5, 0.3, 0.4, 1, 1, 1)
    name_all(gmsh)
    with refused("'part1' and 'part2'"):
        mt.read_mesh(save(size=0.3), unit="mm")


@pytest.mark.parametrize("corner", [(1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (0.3, 0.2, 1.001), (1.0, -0.3, 1.0)])
@pytest.mark.parametrize("order", [1, 2])
def test_edges_points_and_thin_gaps_are_fine(
    gmsh: Any, save: Any, corner: tuple[float, float, float], order: int
) -> None:
    gmsh.model.occ.addBox(0, 0, 0, 1, 1, 1)
    gmsh.model.occ.addBox(*corner, 1, 1, 1)
    name_all(gmsh)
    assert mt.read_mesh(save(size=0.3, order=order), unit="mm").volumes() == pytest.approx([1e-9, 1e-9])


@pytest.mark.parametrize("order", [1, 2])
def test_thin_films_and_curved_gaps_are_fine(gmsh: Any, save: Any, order: int) -> None:
    """Films of 2 um with cells of 300 um, and a tube around a post at 2 % of its radius."""
    occ = gmsh.model.occ
    films = [(3, occ.addBox(-1, -1, z, 2, 2, 0.002)) for z in (-0.01, -0.008, -0.005)]
    occ.fragment(films[:1], films[1:])
    occ.addCylinder(0, 0, 0.1, 0, 0, 1, 0.3)
    tube = occ.addCylinder(0, 0, 0.1, 0, 0, 1, 0.5)
    occ.cut([(3, tube)], [(3, occ.addCylinder(0, 0, -1, 0, 0, 3, 0.306))])
    name_all(gmsh)
    mesh = mt.read_mesh(save(size=0.3 if order == 2 else 0.1, order=order), unit="mm")
    assert mesh.volumes().sum() * 1e9 == pytest.approx(3 * 4 * 0.002 + 3.14159 * (0.09 + 0.25 - 0.306**2), rel=0.02)


def test_fragments_are_fine(gmsh: Any, save: Any) -> None:
    occ = gmsh.model.occ
    parts = [(3, occ.addBox(-1, -1, 0, 2, 2, 1)), (3, occ.addSphere(0, 0, 0.9, 0.3))]
    occ.fragment(parts[:1], parts[1:])
    name_all(gmsh)
    for order in (1, 2):
        assert mt.read_mesh(save(size=0.15, order=order), unit="mm").n_cells > 100


def test_bodies_that_reach_into_each_other_without_common_faces_are_refused() -> None:
    """Also where one is wholly inside, or every face is far from the other's."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    for inner in (0.1 * corners + 0.1, corners.copy(), corners + np.array([0.2, 0.0, 0.0])):
        mesh = mt.TetMesh(np.vstack([corners, inner]), np.arange(8).reshape(2, 4), np.array([0, 1]), ("a", "b"))
        with pytest.raises(mt.MeshError, match=r"bodies that overlap|touch without common faces"):
            check_conformity(mesh)
    apart = mt.TetMesh(np.vstack([corners, corners + 2.0]), np.arange(8).reshape(2, 4), np.array([0, 1]), ("a", "b"))
    check_conformity(apart)
