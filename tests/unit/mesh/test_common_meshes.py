"""Meshes of the same cells: what is in them is what each package says, and answers are those of a mesh of its own."""

from __future__ import annotations

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um

BUMPS = [(-0.5 * mm, 0.0), (0.0, 0.0), (0.5 * mm, 0.0)]
PACKAGE = mt.Module(
    "stack",
    [mt.Chip("lower", (2 * mm, 1 * mm), 100 * um), mt.Chip("upper", (1.6 * mm, 1 * mm), 80 * um, active_face="bottom")],
    [mt.FlipChip(BUMPS, diameter=100 * um, height=50 * um)],
    mt.Attach(25 * um),
).package()
FAULTS = [
    mt.MissingBump("stack.bumps[0]"),
    mt.CrackedBump("stack.bumps[0]", 0.3),
    mt.MissingBump("stack.bumps[2]", "air"),
    mt.Void("stack.underfill", (0.3 * mm, 0.2 * mm), 200 * um),
]


def test_cells_are_the_same_and_their_parts_are_each_packages_own() -> None:
    packages = [PACKAGE, *(fault.apply(PACKAGE) for fault in FAULTS)]
    meshes = mt.common_meshes(packages, "coarse")
    first = meshes[0]
    for mesh, package in zip(meshes, packages, strict=True):
        assert mesh.part_names == package.names
        for name in ("vertices", "triangles", "levels", "edges", "edge_columns"):
            np.testing.assert_array_equal(getattr(mesh, name), getattr(first, name))
        described = package.volumes()
        for name, volume in zip(package.names, mesh.volumes(), strict=True):
            assert volume == pytest.approx(described[name], rel=0.02)
        names = np.array([*package.names, ""])[mesh.cell_part]
        changed = names != np.array([*PACKAGE.names, ""])[first.cell_part]
        np.testing.assert_array_equal(changed, names == "fault_1")
        assert changed.any() == (package is not PACKAGE)
        bumps = mesh.members[package.index["stack.bumps"]]
        np.testing.assert_array_equal(bumps, first.members[PACKAGE.index["stack.bumps"]])


def test_a_package_alone_has_the_mesh_of_generate_mesh() -> None:
    (mesh,) = mt.common_meshes([PACKAGE], "coarse")
    own = mt.generate_mesh(PACKAGE, "coarse")
    np.testing.assert_array_equal(mesh.vertices, own.vertices)
    np.testing.assert_array_equal(mesh.cell_part, own.cell_part)
    np.testing.assert_array_equal(mesh.levels, own.levels)


def test_answers_are_near_those_on_a_mesh_of_its_own() -> None:
    faulty = FAULTS[0].apply(PACKAGE)
    mesh = mt.common_meshes([PACKAGE, faulty], "coarse")[1]
    case = mt.Case(faulty, [mt.Power("upper", 1.0), mt.Convection("bottom", 1e4, 300.0)])
    shared, own = (mt.solve_steady(case, item) for item in (mesh, mt.generate_mesh(faulty, "coarse")))
    assert shared.max_temperature("upper") - 300 == pytest.approx(own.max_temperature("upper") - 300, rel=3e-3)


def test_what_is_no_list_of_packages_is_refused() -> None:
    for wrong in ([], [1], None):
        with pytest.raises(mt.InputError, match="needs a list of packages"):
            mt.common_meshes(wrong)  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match="Package is no MeshSpec"):
        mt.common_meshes([PACKAGE], PACKAGE)  # type: ignore[arg-type]
