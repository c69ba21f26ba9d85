"""Case files of imported meshes and their geometry."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import mcpthermal as mt
from mcpthermal.cli import app
from mcpthermal.io.case_toml import case_from_tables
from mcpthermal.mesh.gmsh_backend import session
from mcpthermal.units import mm

TEXT = """
[materials.own]
thermal_conductivity = 50.0
[mesh]
file = "meshes/pin.msh"
unit = "mm"
geometry = "meshes/pin.step"
materials = { base = "silicon", pin = "own" }
[[loads]]
type = "Power"
place = "pin"
power = "1 W"
[[loads]]
type = "Convection"
place = "floor"
h = 1000
ambient = 300
[accuracy]
goal = "max_temperature(pin)"
tolerance = "1 %"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case file beside the folder of its mesh."""
    found = tmp_path_factory.mktemp("case")
    (found / "meshes").mkdir()
    with session("pin") as gmsh:
        gmsh.option.setNumber("General.Verbosity", 0)
        base, pin = gmsh.model.occ.addBox(0, 0, 0, 2, 2, 1), gmsh.model.occ.addCylinder(1, 1, 1, 0, 0, 1, 0.3)
        gmsh.model.occ.fragment([(3, base)], [(3, pin)])
        gmsh.model.occ.synchronize()
        gmsh.write(str(found / "meshes" / "pin.step"))
        gmsh.model.addPhysicalGroup(3, [1], name="base")
        gmsh.model.addPhysicalGroup(3, [2], name="pin")
        floor = gmsh.model.getEntitiesInBoundingBox(-1, -1, -0.1, 3, 3, 0.1, 2)
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in floor], name="floor")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.5)
        gmsh.model.mesh.generate(3)
        gmsh.write(str(found / "meshes" / "pin.msh"))
    return found


def write(folder: Path, text: str) -> Path:
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return folder / "case.toml"


def test_a_mesh_and_its_geometry_as_in_python(folder: Path) -> None:
    case = mt.read_case(write(folder, TEXT))
    mesh = mt.read_mesh(folder / "meshes" / "pin.msh", "mm", geometry=folder / "meshes" / "pin.step")
    same = mt.Package.from_mesh(mesh, {"base": "silicon", "pin": mt.Material("own", 50.0)})
    assert case.package.names == same.names == ("base", "pin")
    assert [part.material.name for part in case.package] == ["silicon", "own"]
    assert case.package.mesh.geometry == mesh.geometry
    assert mesh.geometry.unit == pytest.approx(1 * mm)
    plain = mt.read_case(write(folder, TEXT.replace('geometry = "meshes/pin.step"\n', "")))
    assert plain.package.mesh.geometry is None
    assert plain.package.mesh.n_cells == mesh.n_cells


def test_the_command_takes_an_imported_mesh_as_it_is(folder: Path, tmp_path: Path) -> None:
    file = write(folder, TEXT[: TEXT.index("[accuracy]")])
    command = ["run", str(file), "-o", str(tmp_path), "--no-pictures"]
    finer = CliRunner().invoke(app, [*command, "--level", "fine"])
    assert finer.exit_code == 2 and "--level fine: the mesh of case" in finer.output and "is imported" in finer.output
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('geometry = "meshes', 'geometri = "meshes', r"\[mesh\] has the unknown key 'geometri'.*'geometry'"),
        ("pin.step", "pen.step", "there is no geometry file '.*pen.step'"),
        ('geometry = "meshes/pin.step"', "geometry = 5", r"\[mesh\] geometry = 5 must be the name of a file"),
        ("pin.step", "pin.msh", "geometry 'pin.msh' must end in one of .step"),
        ('file = "meshes/pin.msh"\n', "", r"\[mesh\] needs the key 'file'"),
        ('unit = "mm"', 'unit = "kg"', "length unit of 'pin.msh'"),
        ('unit = "mm"', 'unit = "dm"', r"geometry 'pin.step' is 2 x 2 x 2 large .* the mesh 0.2 x 0.2 x 0.2 m"),
        ('pin = "own"', 'pen = "own"', "no volume group 'pen'"),
        ("[mesh]", "[insulation]\nthickness = 1\n[mesh]", r"\[mesh\] and \[insulation\] exclude each other"),
        ("[mesh]", "[[parts]]\n[mesh]", r"either a \[carrier\].*or a \[mesh\]"),
    ],
)
def test_mistakes_are_named(folder: Path, old: str, new: str, message: str) -> None:
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    with pytest.raises(mt.McpThermalError, match=message):
        mt.read_case(write(folder, text))


def test_heights_of_a_mesh_do_not_move() -> None:
    with pytest.raises(mt.CaseFileError, match=r"with \[mesh\] give the way to each height"):
        case_from_tables({"mesh": {}}, "test", change=lambda process: process)
