"""Tetrahedra: the split of columns, and the faces, parts and groups of cells of an imported mesh."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import GeometryError, InputError, LoadError, MeshError
from mcpthermal.units import mm, um

OPPOSITE = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])


@pytest.fixture(scope="module")
def columns(package: mt.Package) -> mt.ColumnMesh:
    return mt.generate_mesh(package, "coarse")


@pytest.fixture(scope="module")
def tets(columns: mt.ColumnMesh, tmp_path_factory: pytest.TempPathFactory) -> mt.TetMesh:
    return mt.read_mesh(mt.write_mesh(columns, tmp_path_factory.mktemp("mesh") / "small.msh", cells="tetrahedra"))


@pytest.fixture(scope="module")
def imported(package: mt.Package, tets: mt.TetMesh) -> mt.Package:
    return mt.Package.from_mesh(tets, {name: package[name].material for name in tets.part_names})


def two_cells(points: list[tuple[float, float, float]] | None = None, **options: object) -> mt.TetMesh:
    corners = points or [(0, 0, 0), (1e-3, 0, 0), (0, 1e-3, 0), (0, 0, 1e-3), (0, 0, -1e-3)]
    values = {"cells": np.array([[0, 1, 2, 3], [0, 2, 1, 4]]), "cell_part": np.array([0, 1])} | options
    return mt.TetMesh(points=np.array(corners, float), part_names=("upper", "lower"), **values)  # type: ignore[arg-type]


def test_the_split_conforms_and_keeps_the_volume(columns: mt.ColumnMesh) -> None:
    cells, part = columns.tetrahedra()
    points = columns.points
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    volumes = np.linalg.det(edges) / 6
    assert (volumes > 0).all()
    assert len(cells) == 3 * columns.n_cells
    meshed = np.bincount(part, volumes, minlength=len(columns.part_names))
    solid = columns.solid_parts
    assert meshed[solid] == pytest.approx(columns.volumes()[solid], rel=1e-10)
    facets = np.sort(cells[:, OPPOSITE].reshape(-1, 3), axis=1)
    unique, counts = np.unique(facets, axis=0, return_counts=True)
    assert set(Counter(counts.tolist())) == {1, 2}
    outer = points[unique[counts == 1]]
    area = np.linalg.norm(np.cross(outer[:, 1] - outer[:, 0], outer[:, 2] - outer[:, 0]), axis=1).sum() / 2
    skin = columns.between(columns.solid, None)
    assert area == pytest.approx(columns.face_areas(skin).sum(), rel=1e-9)


def test_volumes_by_name(columns: mt.ColumnMesh, tets: mt.TetMesh) -> None:
    expected = dict(zip(columns.part_names, columns.volumes().tolist(), strict=True))
    solid = {name for name, filled in zip(columns.part_names, columns.solid_parts, strict=True) if filled}
    assert set(tets.part_names) == solid
    for name, volume in zip(tets.part_names, tets.volumes().tolist(), strict=True):
        assert volume == pytest.approx(expected[name], rel=1e-9)
    assert "tetrahedra" in repr(tets)


PLACES = (
    "top bottom sides x_min y_max logic.top logic.bottom logic.sides logic.x_max memory|insulation supply|vdd vdd.top"
)


@pytest.mark.parametrize("text", PLACES.split())
def test_places_mean_the_same_on_both_meshes(
    columns: mt.ColumnMesh, tets: mt.TetMesh, package: mt.Package, imported: mt.Package, text: str
) -> None:
    cooled = [mt.Convection("bottom", 1.0, 300.0)]
    ours, theirs = mt.Case(package, cooled), mt.Case(imported, cooled)
    area = columns.face_areas(columns.faces_of(ours.place(text))).sum()
    assert area > 0
    assert tets.face_areas(tets.faces_of(theirs.place(text))).sum() == pytest.approx(area, rel=1e-9)


def test_cases_on_an_imported_mesh(imported: mt.Package, tets: mt.TetMesh) -> None:
    cooled = mt.Convection("bottom", 1000.0, 300.0)
    case = mt.Case(imported, [cooled, mt.Power("logic", 1.0), mt.Voltage("vdd.top", 0.0)])
    assert case.topology is tets
    carrying = {tets.part_names[part] for part in np.unique(tets.cell_part[case.current_cells(tets)])}
    assert "vdd" in carrying and "logic" not in carrying and "gnd" not in carrying
    with pytest.raises(LoadError, match="counted twice"):
        mt.Case(imported, [cooled, mt.Convection("carrier.bottom", 1.0, 300.0)])
    with pytest.raises(LoadError, match=r"only vias have a foot"):
        mt.Case(imported, [cooled, mt.HeatFlux("supply.foot", 1.0)])
    with pytest.raises(LoadError, match=r"'logc'.*did you mean 'logic'"):
        mt.Case(imported, [cooled, mt.Power("logc", 1.0)])
    with pytest.raises(MeshError, match="imported mesh; solve on that mesh"):
        mt.generate_mesh(imported)


def test_materials_and_groups_must_match(tets: mt.TetMesh) -> None:
    with pytest.raises(InputError, match=r"no volume group 'logik'; did you mean 'logic'"):
        mt.Package.from_mesh(tets, {"logik": "silicon"})
    with pytest.raises(InputError, match=r"group\(s\) .*'carrier'.* have no material"):
        mt.Package.from_mesh(tets, {"logic": "silicon"})
    with pytest.raises(InputError, match="no mapping"):
        mt.Package.from_mesh(tets, ["silicon"])  # type: ignore[arg-type]
    with pytest.raises(GeometryError, match="from a TetMesh, not from str"):
        mt.Package.from_mesh("small.msh", {})


def test_two_cells() -> None:
    mesh = two_cells()
    assert mesh.volumes() == pytest.approx([1e-9 / 6] * 2)
    package = mt.Package.from_mesh(mesh, {"upper": "copper", "lower": "silicon"})
    assert package["upper"].z == (0.0, 1e-3)
    assert package["lower"].footprint.bounds == pytest.approx((0, 0, 1e-3, 1e-3))
    case = mt.Case(package, [mt.FixedTemperature("lower.sides", 300.0), mt.HeatFlux("upper|lower", 1.0)])
    faces = mesh.faces_of(case.place("upper|lower"))
    assert faces.count == 1 and mesh.face_areas(faces) == pytest.approx([0.5e-6])
    assert faces.cells.tolist() == [0]
    assert mesh.seen_from(faces, np.array([False, True])).cells.tolist() == [1]
    assert mesh.components(mesh.solid)[0] == 1


def test_pieces_that_share_no_face_are_refused() -> None:
    """As when two volumes were meshed one by one: they touch, but not through common points."""
    points = [(0, 0, 0), (1e-3, 0, 0), (0, 1e-3, 0), (0, 0, 1e-3)]
    loose = two_cells(
        [*points, (0, 0, 0), (1e-3, 0, 0), (0, 1e-3, 0), (0, 0, -1e-3)], cells=np.array([[0, 1, 2, 3], [4, 6, 5, 7]])
    )
    package = mt.Package.from_mesh(loose, {"upper": "copper", "lower": "silicon"})
    with pytest.raises(LoadError, match=r"no way out of 'upper': no face joins it.*conformal"):
        mt.Case(package, [mt.FixedTemperature("lower", 300.0), mt.Power("upper", 1.0)])
    assert mt.Case(package, [mt.FixedTemperature("lower", 300.0), mt.FixedTemperature("upper", 310.0)])


def test_meshes_that_cannot_be_trusted() -> None:
    overlapping = two_cells(cells=np.array([[0, 1, 2, 3], [0, 2, 1, 4], [0, 1, 2, 4]]), cell_part=np.array([0, 1, 1]))
    package = mt.Package.from_mesh(overlapping, {"upper": "copper", "lower": "silicon"})
    with pytest.raises(MeshError, match="more than two tetrahedra: cells overlap"):
        mt.Case(package, [mt.FixedTemperature("lower", 300.0)])
    stray = two_cells(surfaces={"inlet": np.array([[1, 2, 3], [2, 3, 4]])})
    package = mt.Package.from_mesh(stray, {"upper": "copper", "lower": "silicon"})
    with pytest.raises(MeshError, match="surface group 'inlet' has 1 triangles that are no faces"):
        mt.Case(package, [mt.FixedTemperature("inlet", 300.0)])


def test_a_curved_part_from_gmsh(tmp_path: Path) -> None:
    """A ball in a box: no prismatic shape, its groups named in Gmsh."""
    gmsh = pytest.importorskip("gmsh")
    file = tmp_path / "ball.msh"
    gmsh.initialize(["test"], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        box, ball = gmsh.model.occ.addBox(-1, -1, -1, 2, 2, 2), gmsh.model.occ.addSphere(0, 0, 0, 0.6)
        gmsh.model.occ.fragment([(3, box)], [(3, ball)])
        gmsh.model.occ.synchronize()
        volumes = sorted(gmsh.model.getEntities(3), key=lambda item: gmsh.model.occ.getMass(*item))
        for name, (_, tag) in zip(("ball", "box"), volumes, strict=True):
            gmsh.model.addPhysicalGroup(3, [tag], name=name)
        lid = [t for _, t in gmsh.model.getEntitiesInBoundingBox(-1.1, -1.1, 0.9, 1.1, 1.1, 1.1, 2)]
        gmsh.model.addPhysicalGroup(2, lid, name="lid")
        gmsh.model.addPhysicalGroup(2, lid, name="lid_again")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.3)
        gmsh.model.mesh.generate(3)
        gmsh.write(str(file))
    finally:
        gmsh.finalize()
    mesh = mt.read_mesh(file, unit="mm")
    assert set(mesh.part_names) == {"ball", "box"}
    assert mesh.volumes().sum() == pytest.approx(8e-9, rel=1e-6)
    package = mt.Package.from_mesh(mesh, {"ball": "copper", "box": "epoxy_mould"})
    case = mt.Case(package, [mt.Power("ball", 1.0), mt.Convection("lid", 100.0, 300.0)])
    for name in ("lid", "lid_again", "top", "box.top"):
        assert mesh.face_areas(mesh.faces_of(case.place(name))).sum() >= 4e-6 * (1 - 1e-9)
    skin = mesh.face_areas(mesh.faces_of(case.place("ball|box"))).sum()
    assert skin == pytest.approx(np.pi * (1.2 * mm) ** 2, rel=0.05)
    with pytest.raises(LoadError, match="no part of this face is exposed"):
        mt.Case(package, [mt.Convection("ball|box", 100.0, 300.0)])
    assert um < skin**0.5


def test_a_package_on_a_mesh_has_the_volumes_and_areas_of_the_mesh() -> None:
    parts = [
        mt.Part("low", mt.rectangle(2 * mm), (0.0, 1 * mm), mt.Material("m", 1.0)),
        mt.Part("high", mt.rectangle(1 * mm), (1 * mm, 1.5 * mm), mt.Material("m", 1.0)),
    ]
    columns = mt.Package.from_parts(parts)
    made = mt.generate_mesh(columns, "coarse")
    cells, part = made.tetrahedra()
    mesh = mt.TetMesh(made.points, cells, part, made.part_names)
    package = mt.Package.from_mesh(mesh, {"low": parts[0].material, "high": parts[1].material})
    assert package.volumes() == pytest.approx(columns.volumes())
    assert package.interfaces() == pytest.approx(columns.interfaces()) == {("low", "high"): pytest.approx(1e-6)}
    again = pickle.loads(pickle.dumps(package))
    assert again == package and hash(again.mesh) == hash(mesh)
    assert mt.TetMesh(1.1 * made.points, cells, part, made.part_names) != mesh
    with pytest.raises(mt.InputError, match="volume group 'high' must have a material; leave a hole out"):
        mt.Package.from_mesh(mesh, {"low": parts[0].material, "high": None})
