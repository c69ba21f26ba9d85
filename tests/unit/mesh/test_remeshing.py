"""New meshes of the geometry of an imported mesh: parts, named faces and volumes found by location, sizes as wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.mesh.geometry import remeshed, with_geometry
from mcpthermal.mesh.gmsh_backend import load_gmsh, session
from mcpthermal.package.columns import Place
from mcpthermal.units import mm

UNITS = {"mm": 1.0, "m": 1e-3, "um": 1e3, "inch": 1 / 25.4}


def post_on_board(gmsh: Any, unit: str = "mm", radius: float = 0.4, foot: float = 0.5) -> None:
    """A board with a round post in it and a cavity below; the greatest volume is cut into two of one part."""
    occ, s = gmsh.model.occ, UNITS[unit]
    board = occ.addBox(0, 0, 0, 4 * s, 4 * s, 1 * s)
    second = occ.addBox(4 * s, 0, 0, 1 * s, 4 * s, 1 * s)
    post = occ.addCylinder(2 * s, 2 * s, foot * s, 0, 0, 1 * s, radius * s)
    hole = occ.addSphere(1 * s, 1 * s, 0.5 * s, 0.3 * s)
    occ.cut([(3, board)], [(3, hole)])
    occ.fragment([(3, board), (3, second)], [(3, post)])
    occ.synchronize()


def name(gmsh: Any, unit: str = "mm") -> None:
    """The groups: the post is what lies about its axis; its top, and the bottom of all."""
    s = UNITS[unit]
    inside = gmsh.model.getEntitiesInBoundingBox
    posts = [tag for _, tag in inside(*np.multiply([1, 1, 0.4, 3, 3, 2], s), 3)]
    others = [tag for _, tag in gmsh.model.getEntities(3) if tag not in posts]
    gmsh.model.addPhysicalGroup(3, posts, 7, "post")
    gmsh.model.addPhysicalGroup(3, others, 9, "board")
    for group, height in (("floor", 0.0), ("head", 1.5)):
        low, high = np.multiply([-1, -1, height - 0.01], s), np.multiply([9, 9, height + 0.01], s)
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in inside(*low, *high, 2)], name=group)
    sides = [tag for _, tag in inside(*np.multiply([1.5, 1.5, 0.4, 2.5, 2.5, 1.01], s), 2)]
    gmsh.model.addPhysicalGroup(2, sides, name="inner")


def made(folder: Path, ending: str, unit: str = "mm", order: int = 1) -> tuple[Path, Path]:
    """A mesh in millimetres, and its geometry."""
    with session("made") as gmsh:
        post_on_board(gmsh, unit)
        geometry = folder / f"shape.{ending}"
        if ending in ("step", "brep"):
            gmsh.option.setNumber("General.Verbosity", 0)
            gmsh.write(str(geometry))
        name(gmsh, unit)
        if ending not in ("step", "brep"):
            gmsh.write(str(geometry))
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.5 * UNITS[unit])
        gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", 14)
        gmsh.option.setNumber("Mesh.ScalingFactor", 1 / UNITS[unit])
        gmsh.option.setNumber("Mesh.HighOrderOptimize", 2)
        gmsh.model.mesh.generate(3)
        gmsh.model.mesh.setOrder(order)
        gmsh.write(str(folder / "shape.msh"))
        gmsh.option.setNumber("Mesh.ScalingFactor", 1)
        gmsh.option.setNumber("Mesh.HighOrderOptimize", 0)
    return folder / "shape.msh", geometry


def areas(mesh: mt.TetMesh) -> dict[str, float]:
    return {n: float(mesh.face_areas(mesh.faces_of(Place(n, face="surface"))).sum()) for n in mesh.surfaces}


POST = np.pi * 0.4**2 * mm**3
BOARD = (20 - np.pi * 0.4**2 * 0.5 - 4 / 3 * np.pi * 0.3**3) * mm**3


@pytest.mark.parametrize(
    ("ending", "unit"), [("step", "mm"), ("brep", "m"), ("xao", "um"), ("geo_unrolled", "inch")], ids=str
)
def test_a_new_mesh_has_the_same_parts_and_surfaces(ending: str, unit: str, tmp_path: Path) -> None:
    file, shape = made(tmp_path, ending, unit)
    mesh = mt.read_mesh(file, "mm", geometry=shape)
    assert mesh.geometry.path == shape and mesh.geometry.unit == pytest.approx(mm / UNITS[unit], rel=1e-12)
    new = remeshed(mesh, np.full(mesh.n_cells, 8.0))
    assert new.part_names == mesh.part_names == ("post", "board")
    assert list(new.surfaces) == list(mesh.surfaces) == ["floor", "head", "inner"]
    assert 4.0 < new.n_cells / mesh.n_cells < 12.0
    # What facets cut from curved faces is there again.
    assert mesh.middles is None and not mesh.volumes() == pytest.approx([POST, BOARD], rel=1e-3)
    assert new.middles is not None and new.volumes() == pytest.approx([POST, BOARD], rel=1e-4)
    assert areas(new)["floor"] == pytest.approx(20 * mm**2, rel=1e-9)
    assert areas(new)["head"] == pytest.approx(0.16 * np.pi * mm**2, rel=0.01)
    # The face at z = 1 mm cuts the post in two: a named surface within a part.
    assert areas(new)["inner"] == pytest.approx((2 * 0.16 + 0.4) * np.pi * mm**2, rel=0.01)
    faces = new.faces_of(Place("inner", face="surface"))
    sides = np.sort(new.cell_part[new.facet_sides(faces)], axis=1)
    within = (new.points[new.facet_points(faces)][:, :, 2] > 0.999 * mm).all(axis=1)
    assert (sides[within] == 0).all() and (sides[~within] == [0, 1]).all()
    again = remeshed(mesh, np.full(mesh.n_cells, 8.0))
    assert np.array_equal(again.points, new.points) and np.array_equal(again.cells, new.cells)


def test_curved_cells_that_would_fold_get_straight_edges(tmp_path: Path) -> None:
    """Cells that are long beside a narrow cylinder; a curved mesh to begin with."""
    with session("pin") as gmsh:
        gmsh.model.occ.addCylinder(0, 0, 0, 0, 0, 1, 1)
        gmsh.model.occ.addCylinder(0, 0, 0, 0, 0, 1, 0.97)
        gmsh.model.occ.fragment([(3, 1)], [(3, 2)])
        gmsh.model.occ.synchronize()
        gmsh.write(str(tmp_path / "pin.brep"))
        shell, pin = sorted(tag for _, tag in gmsh.model.getEntities(3))[::-1]
        if gmsh.model.occ.getMass(3, pin) < gmsh.model.occ.getMass(3, shell):
            shell, pin = pin, shell
        gmsh.model.addPhysicalGroup(3, [pin], name="pin")
        gmsh.model.addPhysicalGroup(3, [shell], name="shell")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.1)
        gmsh.model.mesh.generate(3)
        gmsh.model.mesh.setOrder(2)
        gmsh.write(str(tmp_path / "pin.msh"))
    mesh = mt.read_mesh(tmp_path / "pin.msh", "mm", geometry=tmp_path / "pin.brep")
    new = remeshed(mesh, np.full(mesh.n_cells, 1 / 50))
    assert mesh.middles is not None and new.middles is not None
    exact = np.pi * np.array([0.97**2, 1 - 0.97**2]) * mm**3
    assert new.volumes().sum() == pytest.approx(exact.sum(), rel=1e-2)


def test_sizes_are_where_they_are_asked_for(tmp_path: Path) -> None:
    file, shape = made(tmp_path, "brep")
    mesh = mt.read_mesh(file, "mm", geometry=shape)
    x = mesh.points[mesh.cells].mean(axis=1)[:, 0]
    new = remeshed(mesh, np.where(x > 4 * mm, 20.0, 1.0))
    count = [np.histogram(m.points[m.cells].mean(axis=1)[:, 0] / mm, [0.0, 1.5, 4.2, 5.0])[0] for m in (mesh, new)]
    assert 6.0 < count[1][2] / count[0][2] < 30.0
    assert 0.5 < count[1][0] / count[0][0] < 1.7


def test_a_session_of_the_user_is_left_as_it_was(tmp_path: Path) -> None:
    file, shape = made(tmp_path, "geo_unrolled")
    text = shape.read_text(encoding="utf-8")
    shape.write_text(f"{text}\nMesh.Algorithm3D = 10;\nMesh.SaveAll = 1;\nMesh.MeshSizeMin = 3;\n", encoding="utf-8")
    gmsh = load_gmsh()
    gmsh.initialize(interruptible=False, readConfigFiles=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("Mesh.Smoothing", 5)
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.7)
        gmsh.option.setColor("Geometry.Points", 1, 2, 3)
        gmsh.model.add("mine")
        gmsh.model.occ.addSphere(0, 0, 0, 1)
        gmsh.model.occ.synchronize()
        view = gmsh.view.add("mine")
        mesh = mt.read_mesh(file, "mm", geometry=shape)
        assert remeshed(mesh, np.ones(mesh.n_cells)).n_cells > 100
        assert gmsh.model.getCurrent() == "mine" and len(gmsh.model.getEntities(3)) == 1
        assert gmsh.view.getTags().tolist() == [view]
        values = [("Smoothing", 5), ("MeshSizeMax", 0.7), ("MeshSizeMin", 0), ("SaveAll", 0), ("Algorithm3D", 1)]
        assert [gmsh.option.getNumber(f"Mesh.{option}") for option, _ in values] == [value for _, value in values]
        assert gmsh.option.getColor("Geometry.Points")[:3] == (1, 2, 3)
    finally:
        gmsh.finalize()


def test_another_geometry_is_refused(tmp_path: Path) -> None:
    file, _ = made(tmp_path, "brep")
    shapes: list[tuple[dict[str, Any], str]] = [
        ({"radius": 0.6}, r"part 'post' has 0\.4\d+ mm3 in the mesh and 1\.\d+ mm3 in the geometry 'other.brep'"),
        ({"foot": 0.45}, r"part 'board' has|of the geometry 'other.brep'"),
    ]
    for changes, message in shapes:
        with session("other") as gmsh:
            post_on_board(gmsh, **changes)
            gmsh.write(str(tmp_path / "other.brep"))
        with pytest.raises(mt.MeshError, match=message):
            mt.read_mesh(file, "mm", geometry=tmp_path / "other.brep")
    with session("moved") as gmsh:
        gmsh.model.occ.addBox(9, 0, 0, 5, 4, 1.5)
        gmsh.model.occ.synchronize()
        gmsh.write(str(tmp_path / "moved.brep"))
    with pytest.raises(mt.MeshError, match=r"'moved.brep' is 5 x 4 x 1.5 large from \(9, .* the mesh 0.005 x"):
        mt.read_mesh(file, "mm", geometry=tmp_path / "moved.brep")
    with session("flat") as gmsh:
        gmsh.model.occ.addRectangle(0, 0, 0, 4, 4)
        gmsh.model.occ.synchronize()
        gmsh.write(str(tmp_path / "flat.brep"))
    with pytest.raises(mt.MeshError, match=r"'flat\.brep' has no volumes"):
        mt.read_mesh(file, "mm", geometry=tmp_path / "flat.brep")


def test_a_surface_that_the_geometry_does_not_have_is_refused(tmp_path: Path) -> None:
    file, shape = made(tmp_path, "brep")
    mesh = mt.read_mesh(file, "mm")
    floor = mesh.surfaces["floor"]
    left = floor[mesh.points[floor].mean(axis=1)[:, 0] < 2 * mm]
    partly = mt.TetMesh(mesh.points, mesh.cells, mesh.cell_part, mesh.part_names, {"left": left})
    with pytest.raises(mt.MeshError, match=r"surface 'left' covers \d+ % of a face of the geometry .*split the face"):
        with_geometry(partly, shape)


def test_files_that_are_no_geometry_are_refused(tmp_path: Path) -> None:
    file, shape = made(tmp_path, "brep")
    cases: list[tuple[Any, str]] = [
        (5, "no path"),
        (tmp_path / "shape.stl", "must end in one of .step"),
        (tmp_path / "none.step", "there is no geometry file"),
    ]
    (tmp_path / "broken.step").write_text("nonsense", encoding="utf-8")
    cases.append((tmp_path / "broken.step", "'broken.step'"))
    script = tmp_path / "script.geo"
    script.write_text(f'// Save "no.msh";\nMerge "{shape}";\nMesh 3;\n  Save "{file}";\n', encoding="utf-8")
    cases.append((script, "'script.geo' has the command 'Mesh', which is not run again"))
    before = file.read_bytes()
    for geometry, message in cases:
        with pytest.raises(mt.MeshError, match=message):
            mt.read_mesh(file, "mm", geometry=geometry)
    assert file.read_bytes() == before
    # A comment is no command.
    script.write_text(f'// Save "no.msh";\nMerge "{shape}";\nMesh.SaveAll = 1;\n', encoding="utf-8")
    assert mt.read_mesh(file, "mm", geometry=script).geometry.path == script


def test_a_geometry_that_was_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    mesh = mt.read_mesh(*made(tmp_path, "brep")[:1], "mm", geometry=tmp_path / "shape.brep")
    with session("other") as gmsh:
        post_on_board(gmsh, radius=0.6)
        gmsh.write(str(tmp_path / "shape.brep"))
    with pytest.raises(mt.MeshError, match=r"geometry 'shape\.brep'"):
        remeshed(mesh, np.ones(mesh.n_cells))
    (tmp_path / "shape.brep").unlink()
    with pytest.raises(mt.MeshError, match="there is no geometry file"):
        remeshed(mesh, np.ones(mesh.n_cells))
