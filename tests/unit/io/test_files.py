"""Files are written whole or not at all; fields read back exactly."""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.mesh.cache import cached_mesh
from mcpthermal.mesh.writing import write_whole
from mcpthermal.units import mm

COPPER = mt.Material("metal", 400.0, electrical_conductivity=5e7)


@pytest.fixture(scope="module")
def result() -> mt.SteadyResult:
    package = mt.Package.from_parts(
        [
            mt.Part("bar", mt.rectangle((2 * mm, 1 * mm)), (0.0, 0.2 * mm), COPPER),
            mt.Part("lid", mt.circle(0.6 * mm), (0.2 * mm, 0.5 * mm), "silicon"),
        ]
    )
    loads = [mt.Current("bar.x_min", 5.0), mt.Voltage("bar.x_max", 0.0), mt.Convection("bottom", 100.0, 300.0)]
    return mt.solve_steady(mt.Case(package, loads=loads), mt.generate_mesh(package, "coarse"))


def test_vtu_reads_back_exactly(result: mt.SteadyResult, tmp_path: Path) -> None:
    file = mt.export(result, tmp_path / "deep" / "fields.vtu")
    back = meshio.read(file)
    assert back.cells[0].type == "wedge18"
    assert np.array_equal(back.point_data["temperature"], result.fields.point_values["temperature"])
    assert back.point_data["temperature"].max() == pytest.approx(result.max_temperature(), rel=1e-14)
    assert np.nanmax(back.point_data["potential"]) == pytest.approx(result.voltage("bar.x_min"), rel=1e-12)
    assert np.isnan(back.point_data["potential"]).any()
    assert set(back.cell_data) == {"part", "current_density", "heat_flux", "joule_density"}
    assert back.cell_data["joule_density"][0].max() > 0
    assert sorted(path.name for path in file.parent.iterdir()) == ["fields.vtu"]


def test_vtu_opens_in_vtk_with_true_volumes(result: mt.SteadyResult, tmp_path: Path) -> None:
    """VTK's own quadratic wedge, evaluated by VTK, fills the parts and gives the same temperatures."""
    pyvista = pytest.importorskip("pyvista")
    grid = pyvista.read(mt.export(result, tmp_path / "fields.vtu"))
    assert set(grid.celltypes) == {pyvista.CellType.BIQUADRATIC_QUADRATIC_WEDGE}
    assert grid["temperature"].max() == pytest.approx(result.max_temperature(), rel=1e-12)
    assert np.nanmax(grid["potential"]) == pytest.approx(result.voltage("bar.x_min"), rel=1e-12)
    greatest = np.linalg.norm(result.fields.cell_values["current_density"], axis=1).max()
    assert np.linalg.norm(grid["current_density"], axis=1).max() == pytest.approx(greatest, rel=1e-12)
    names = bytes(np.asarray(grid.field_data["part_names"]).astype(np.uint8)).decode().split("\n")
    assert names == ["bar", "lid"]
    assert grid.volume == pytest.approx(sum(result.mesh.volumes()), rel=1e-9)
    points = np.random.default_rng(0).uniform((-1e-3, -0.5e-3, 0), (1e-3, 0.5e-3, 0.2e-3), (100, 3))
    sampled = pyvista.PolyData(points).sample(grid)
    found = np.asarray(sampled["vtkValidPointMask"]) > 0
    # VTK's own search misses a few points near the faces of curved cells.
    assert found.mean() > 0.8
    assert sampled["temperature"][found] == pytest.approx(result.temperature_at(points)[found], abs=1e-5)


def test_a_series_in_time_opens_in_vtk(tmp_path: Path) -> None:
    """Each state at its time, with the maxima of the run's own probe."""
    pyvista = pytest.importorskip("pyvista")
    stuff = mt.Material("m", 400.0, density=2000.0, specific_heat=800.0)
    package = mt.Package.from_parts([mt.Part("block", mt.rectangle(1 * mm), (0.0, 0.5 * mm), stuff)])
    case = mt.Case(package, [mt.Power("block", 0.4), mt.Convection("bottom", 20.0, 300.0)])
    run = mt.solve_transient(case, mt.generate_mesh(package, "coarse"), 0.2, probes=["block"], save=[0.0, 0.1])
    reader = pyvista.get_reader(str(mt.export(run, tmp_path / "run.pvd")))
    assert reader.time_values == [0.0, 0.1, 0.2]
    for time in reader.time_values:
        reader.set_active_time_value(time)
        (grid,) = reader.read()
        at = int(np.abs(run.times - time).argmin())
        assert grid["temperature"].max() == pytest.approx(run.probe("max(block)")[at], rel=1e-12)
    last = meshio.read(mt.export(run, tmp_path / "last.vtu"))
    assert last.point_data["temperature"].max() == pytest.approx(run.final.max_temperature(), rel=1e-12)
    with pytest.raises(mt.InputError, match=r"is written as \.vtu"):
        mt.export(run.final, tmp_path / "x.pvd")


def test_quadratic_tetrahedra_read_back(tmp_path: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    mesh = mt.read_mesh(Path(__file__).parents[3] / "meshes" / "post_on_board.msh")
    package = mt.Package.from_mesh(mesh, dict.fromkeys(mesh.part_names, "copper"))
    case = mt.Case(package, [mt.Power(mesh.part_names[0], 1.0), mt.Convection("bottom", 1000.0, 300.0)])
    result = mt.solve_steady(case, mesh)
    file = mt.export(result, tmp_path / "fields.vtu")
    nodal = result.fields.point_values["temperature"].max()
    assert meshio.read(file).cells[0].type == "tetra10"
    assert meshio.read(file).point_data["temperature"].max() == pytest.approx(nodal, rel=1e-12)
    assert pyvista.read(file)["temperature"].max() == pytest.approx(nodal, rel=1e-12)


def test_another_ending_is_refused(result: mt.SteadyResult, tmp_path: Path) -> None:
    with pytest.raises(mt.InputError, match=r"\.xyz"):
        mt.export(result, tmp_path / "fields.xyz")


def test_nothing_is_lost_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    target.write_text("old")

    def fail(file: Path) -> None:
        file.write_text("half")
        raise OSError("disk full")

    with pytest.raises(mt.OutputError, match="disk full"):
        write_whole(target, fail)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["result.txt"]


def test_a_file_in_the_way_is_explained(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    with pytest.raises(mt.OutputError, match="cannot be written"):
        write_whole(tmp_path / "results" / "x.txt", lambda file: file.write_text(""))


def test_meshes_are_kept_and_a_broken_file_is_made_anew(result: mt.SteadyResult, tmp_path: Path) -> None:
    package = result.case.package
    first, found = cached_mesh(package, mt.MeshSpec("coarse"), tmp_path)
    assert not found
    again, found = cached_mesh(package, mt.MeshSpec("coarse"), tmp_path)
    assert found
    assert np.array_equal(first.triangles, again.triangles) and np.array_equal(first.levels, again.levels)
    assert np.array_equal(first.cell_part, again.cell_part)
    finer, found = cached_mesh(package, mt.MeshSpec("normal"), tmp_path)
    assert not found and len(finer.triangles) > len(first.triangles)
    whole = {file: file.read_bytes() for file in tmp_path.glob("mesh-*.npz")}
    for spoil in (
        lambda text: text[:100],
        lambda text: b"",
        lambda text: text[:60] + bytes(byte ^ 255 for byte in text[60:90]) + text[90:],
    ):
        for file, text in whole.items():
            file.write_bytes(spoil(text))
        healed, found = cached_mesh(package, mt.MeshSpec("coarse"), tmp_path)
        assert not found and np.array_equal(first.triangles, healed.triangles)


def test_materials_that_decide_sizes_are_part_of_what_a_mesh_is_kept_by(tmp_path: Path) -> None:
    """A chip on a film that conducts badly, and on one that does not: other sizes beside it."""

    def package(glue: float) -> mt.Package:
        rows = (("base", 5.0, 0.0, 1.0, 400.0), ("glue", 2.0, 1.0, 1.02, glue), ("die", 2.0, 1.02, 1.3, 130.0))
        parts = [
            mt.Part(name, mt.rectangle(side * mm), (low * mm, high * mm), mt.Material(name, conductivity), role=role)
            for (name, side, low, high, conductivity), role in zip(rows, ("carrier", "attach", "chip"), strict=True)
        ]
        return mt.Package.from_parts(parts)

    for glue in (0.3, 300.0):
        kept, found = cached_mesh(package(glue), mt.MeshSpec("coarse"), tmp_path)
        assert not found
        assert np.array_equal(kept.triangles, mt.generate_mesh(package(glue), mt.MeshSpec("coarse")).triangles)
