"""Meshes made anew from the geometry of an imported one: same parts, same surfaces, sizes as asked for."""

from __future__ import annotations

from pathlib import Path

import gmsh
import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.mesh.geometry import remeshed
from mcpthermal.package.columns import Place

SIDE, HEIGHT, RADIUS, MM = 2.0, 1.0, 0.4, 1e-3
"""A block with a pin through it, in mm."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``pin.msh`` with its groups, the same geometry without names in several forms, and another one."""
    folder = tmp_path_factory.mktemp("geometry")
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        for name, height in (("pin", HEIGHT), ("higher", 1.1 * HEIGHT)):
            gmsh.model.add(name)
            _pin(height)
            for ending in (".brep", ".step", ".xao", ".geo_unrolled"):
                gmsh.write(str(folder / f"{name}{ending}"))
            if name == "pin":
                _groups()
                gmsh.option.setNumber("Mesh.MeshSizeMax", 0.6)
                gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", 8)
                gmsh.model.mesh.generate(3)
                gmsh.write(str(folder / "pin.msh"))
            gmsh.model.remove()
    finally:
        gmsh.finalize()
    return folder


def _pin(height: float) -> None:
    occ = gmsh.model.occ
    occ.fragment(
        [(3, occ.addBox(-SIDE / 2, -SIDE / 2, 0, SIDE, SIDE, height))],
        [(3, occ.addCylinder(0, 0, 0, 0, 0, height, RADIUS))],
    )
    occ.synchronize()


def _groups() -> None:
    volumes = sorted(gmsh.model.getEntities(3), key=lambda item: gmsh.model.occ.getMass(*item))
    for (_, tag), name in zip(volumes, ("pin", "block"), strict=True):
        gmsh.model.addPhysicalGroup(3, [tag], name=name)
    for height, name in ((0.0, "bottom"), (HEIGHT, "top")):
        flat = [tag for _, tag in gmsh.model.getEntities(2) if _is_at(tag, height)]
        assert len(flat) == 2
        gmsh.model.addPhysicalGroup(2, flat, name=name)
    foot = min((tag for _, tag in gmsh.model.getEntities(2) if _is_at(tag, 0.0)), key=_area)
    gmsh.model.addPhysicalGroup(2, [foot], name="foot")


def _area(tag: int) -> float:
    return float(gmsh.model.occ.getMass(2, tag))


def _is_at(tag: int, height: float) -> bool:
    box = gmsh.model.getBoundingBox(2, tag)
    return abs(box[2] - height) < 1e-5 and abs(box[5] - height) < 1e-5


def read(folder: Path, ending: str = ".brep") -> mt.TetMesh:
    return mt.read_mesh(folder / "pin.msh", "mm", geometry=folder / f"pin{ending}")


def area(mesh: mt.TetMesh, name: str) -> float:
    return float(mesh.face_areas(mesh.faces_of(Place(name, face="surface"))).sum())


@pytest.mark.parametrize("ending", [".brep", ".step", ".xao"])
def test_a_new_mesh_has_the_parts_and_surfaces_of_the_old_one(folder: Path, ending: str) -> None:
    mesh = read(folder, ending)
    new = remeshed(mesh, np.full(mesh.n_cells, 8.0))
    assert new.part_names == mesh.part_names and tuple(new.surfaces) == tuple(mesh.surfaces)
    assert 4 * mesh.n_cells < new.n_cells < 16 * mesh.n_cells
    exact = np.pi * RADIUS**2 * HEIGHT * MM**3
    pin = mesh.part_names.index("pin")
    errors = [abs(item.volumes()[pin] - exact) for item in (mesh, new)]
    assert errors[1] < 0.5 * errors[0], "a finer mesh follows the cylinder better"
    for name in ("bottom", "top"):
        assert area(new, name) == pytest.approx((SIDE * MM) ** 2, rel=1e-9)
    # A disc: plane, but round.
    disc = np.pi * (RADIUS * MM) ** 2
    assert 0.0 < disc - area(new, "foot") < 0.5 * (disc - area(mesh, "foot"))
    assert new.volumes().sum() == pytest.approx(SIDE**2 * HEIGHT * MM**3, rel=1e-9)
    again = remeshed(mesh, np.full(mesh.n_cells, 8.0))
    assert np.array_equal(again.points, new.points) and np.array_equal(again.cells, new.cells)


def test_cells_are_small_where_they_are_asked_for(folder: Path) -> None:
    mesh = read(folder)
    left = mesh.points[mesh.cells].mean(axis=1)[:, 0] < 0
    new = remeshed(mesh, np.where(left, 30.0, 1.0))
    middle = new.points[new.cells].mean(axis=1)[:, 0]
    far_left, far_right = (middle < -0.5 * MM).sum(), (middle > 0.5 * MM).sum()
    assert far_left > 5 * far_right


def test_a_coarser_mesh_is_made_of_a_finer_one(folder: Path) -> None:
    mesh = read(folder)
    fine = remeshed(mesh, np.full(mesh.n_cells, 8.0))
    coarse = remeshed(fine, np.full(fine.n_cells, 0.125))
    assert coarse.n_cells < 0.5 * fine.n_cells
    assert coarse.part_names == mesh.part_names and coarse.geometry == mesh.geometry


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("higher.brep", "part 'block' has"),
        ("nothing.brep", "there is no geometry file"),
        ("pin.msh", "must end in one of"),
        ("saves.geo", "'Save', which is not run again"),
        ("broken.step", "has no volumes"),
        ("empty.geo", "no volumes"),
    ],
)
def test_a_geometry_that_does_not_fit_is_refused(folder: Path, name: str, words: str) -> None:
    (folder / "saves.geo").write_text('Point(1) = {0, 0, 0};\nSave "pin.msh";\n')
    (folder / "broken.step").write_text("no step\n")
    (folder / "empty.geo").write_text("Point(1) = {0, 0, 0};\n")
    with pytest.raises(mt.MeshError, match=words):
        mt.read_mesh(folder / "pin.msh", "mm", geometry=folder / name)


def test_a_session_of_the_user_stays_as_it_was(folder: Path) -> None:
    mesh = read(folder)
    gmsh.initialize(interruptible=False)
    try:
        gmsh.model.add("mine")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.123)
        gmsh.option.setNumber("Mesh.Algorithm3D", 10)
        remeshed(mesh, np.ones(mesh.n_cells))
        assert gmsh.model.getCurrent() == "mine" and not gmsh.view.getTags().size
        assert gmsh.option.getNumber("Mesh.MeshSizeMax") == 0.123
        assert gmsh.option.getNumber("Mesh.Algorithm3D") == 10
    finally:
        gmsh.finalize()
