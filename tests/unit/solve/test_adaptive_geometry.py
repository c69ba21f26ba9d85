"""Imported tetrahedra whose geometry is known adapt by new meshes of it, and get its volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import McpThermalWarning
from mcpthermal.mesh.gmsh_backend import session
from mcpthermal.solve.adaptive import FEWEST_CELLS, MOST_CELLS, SPATIAL_RATE, cell_numbers

LENGTH, INNER, OUTER = 0.5e-3, 0.2e-3, 1.0e-3
CONDUCTIVITY, POWER, FILM, AMBIENT = 2.0, 0.3, 2000.0, 300.0


def sleeve(folder: Path) -> Path:
    """A heated pin in a round sleeve, as octagons, and its geometry (mm)."""
    with session("sleeve") as gmsh:
        occ = gmsh.model.occ
        pin, all_ = (occ.addCylinder(0, 0, 0, 0, 0, LENGTH * 1e3, r * 1e3) for r in (INNER, OUTER))
        _, found = occ.fragment([(3, all_)], [(3, pin)])
        occ.synchronize()
        gmsh.write(str(folder / "sleeve.brep"))
        (inner,) = (tag for _, tag in found[1])
        gmsh.model.addPhysicalGroup(3, [inner], name="pin")
        gmsh.model.addPhysicalGroup(3, [tag for _, tag in found[0] if tag != inner], name="sleeve")
        rim = [tag for _, tag in gmsh.model.getEntities(2) if gmsh.model.occ.getMass(2, tag) > 3.0]
        mantle = [tag for tag in rim if gmsh.model.getType(2, tag) == "Cylinder"]
        gmsh.model.addPhysicalGroup(2, mantle, name="mantle")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 0.5)
        gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", 8)
        gmsh.model.mesh.generate(3)
        gmsh.write(str(folder / "sleeve.msh"))
    return folder / "sleeve.msh"


def case_on(mesh: mt.TetMesh) -> mt.Case:
    materials = {"pin": mt.Material("metal", 400.0), "sleeve": mt.Material("mould", CONDUCTIVITY)}
    loads = [mt.Power("pin", POWER), mt.Convection("mantle", FILM, AMBIENT)]
    return mt.Case(mt.Package.from_mesh(mesh, materials), loads)


def exact() -> float:
    """The mean temperature of the pin (K): radial conduction, a film, and the parabola of a heated pin."""
    flow = POWER / (2 * np.pi * LENGTH)
    film, wall = flow / (FILM * OUTER), flow / CONDUCTIVITY * np.log(OUTER / INNER)
    return AMBIENT + film + wall + flow / (4 * 400.0)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sleeve(tmp_path_factory.mktemp("sleeve"))


def test_remeshing_converges_to_the_round_body_and_bisection_to_the_octagon(file: Path) -> None:
    known = mt.read_mesh(file, "mm", geometry=file.with_suffix(".brep"))
    goal, limits = mt.MeanTemperature("pin"), {"max_unknowns": 40_000, "max_meshes": 6}
    new = mt.solve_adaptive(case_on(known), goal, 0.001, **limits)
    cut = mt.solve_adaptive(case_on(mt.read_mesh(file, "mm")), goal, 0.001, **limits)
    rise = exact() - AMBIENT
    errors = [abs(result.mean_temperature("pin") - exact()) / rise for result in (new, cut)]
    assert new.adaptation is not None and new.adaptation.reached
    assert errors[0] < 0.0015
    assert errors[1] > 10 * errors[0]  # what its octagons lack stays
    assert new.mesh.geometry == known.geometry
    assert new.mesh.middles is not None and cut.mesh.middles is None
    assert new.mesh.volumes()[0] == pytest.approx(np.pi * INNER**2 * LENGTH, rel=3e-4)
    assert new.balance.relative_defect < 1e-8


def test_numbers_of_cells_minimise_their_sum() -> None:
    """The derivatives of sum and error are parallel where neither limit is met, and the error is one."""
    shares = np.random.default_rng(5).uniform(0.02, 0.04, 60)
    found = cell_numbers(shares)
    assert (found > FEWEST_CELLS).all() and (found < MOST_CELLS).all()
    assert np.ptp(shares * found ** -(1 + SPATIAL_RATE)) < 1e-12
    assert (shares * found**-SPATIAL_RATE).sum() == pytest.approx(1.0, rel=1e-9)
    assert cell_numbers(shares, room=1.5).mean() <= 1.5 < found.mean()


def test_a_geometry_that_is_lost_ends_the_search_with_what_there_is(tmp_path: Path) -> None:
    file = sleeve(tmp_path)
    mesh = mt.read_mesh(file, "mm", geometry=file.with_suffix(".brep"))
    file.with_suffix(".brep").unlink()
    with pytest.warns(McpThermalWarning, match="stays straight at curved faces, .* there is no geometry file"):
        result = mt.solve_adaptive(case_on(mesh), mt.MeanTemperature("pin"), 1e-6)
    assert result.adaptation is not None and not result.adaptation.reached
    assert "not reached: there is no geometry file" in result.adaptation.reason
    assert len(result.adaptation.steps) == 1 and result.mean_temperature("pin") > 310.0


def test_the_first_mesh_has_curved_cells(file: Path) -> None:
    """Straight ones are a smaller body, and their own estimates would call it exact."""
    mesh = mt.read_mesh(file, "mm", geometry=file.with_suffix(".brep"))
    assert mesh.middles is None
    result = mt.solve_adaptive(case_on(mesh), mt.MeanTemperature("pin"), "50 K")
    assert result.adaptation is not None and len(result.adaptation.steps) == 1
    assert result.mesh.middles is not None and result.mesh.volumes().sum() > 1.005 * mesh.volumes().sum()


def test_a_budget_of_unknowns_is_kept(file: Path) -> None:
    mesh = mt.read_mesh(file, "mm", geometry=file.with_suffix(".brep"))
    result = mt.solve_adaptive(case_on(mesh), mt.MeanTemperature("pin"), 1e-7, max_unknowns=6_000)
    assert result.adaptation is not None and not result.adaptation.reached
    assert max(step.unknowns for step in result.adaptation.steps) <= 6_000
