"""Solutions on disk: read again they give the same answers, and a changed case is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.io import write_solution
from mcpthermal.units import mm

BAR = """# How warm does it get?
name = "bar"
[[parts]]
name = "bar"
outline = { rectangle = { size = ["2 mm", "1 mm"] } }
z = [0, "0.2 mm"]
material = "copper"
[[loads]]
type = "Current"
place = "bar.x_min"
current = "20 A"
[[loads]]
type = "Voltage"
place = "bar.x_max"
voltage = 0.0
[[loads]]
type = "Convection"
place = "bottom"
h = 1000
ambient = "25 degC"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "bar.toml"
    file.write_text(BAR)
    return file


def test_a_solution_comes_back_with_all_answers(file: Path, tmp_path: Path) -> None:
    case = mt.read_case(file)
    result = mt.solve_adaptive(case, ["bar", mt.Resistance("bar.x_min", "bar.x_max")], 1e-3, max_meshes=2)
    write_solution(result, tmp_path / "solution.npz", file)
    again = mt.read_solution(tmp_path)
    assert np.allclose(again.temperature, result.temperature, rtol=1e-12, atol=0) and np.allclose(
        again.potential, result.potential, rtol=1e-9
    )
    assert again.max_temperature() == pytest.approx(result.max_temperature(), rel=1e-12)
    assert again.balance.joule_power == pytest.approx(result.balance.joule_power, rel=1e-9)
    assert again.provenance == result.provenance
    assert again.history == result.history
    assert {n: (e.goal, e.value, e.error) for n, e in again.estimates.items()} == {
        n: (e.goal, e.value, e.error) for n, e in result.estimates.items()
    }
    assert again.adaptation == result.adaptation
    assert again.summary().split("Energy")[0] == result.summary().split("Energy")[0]


def test_a_changed_case_is_refused(file: Path, tmp_path: Path) -> None:
    result = mt.solve_steady(mt.read_case(file))
    mt.export(result, tmp_path / "x.npz")
    with pytest.raises(mt.InputError, match=r"give the case: read_solution\('.*x.npz', case\)"):
        mt.read_solution(tmp_path / "x.npz")
    assert mt.read_solution(tmp_path / "x.npz", result.case).max_temperature() == pytest.approx(
        result.max_temperature()
    )
    write_solution(result, tmp_path / "y.npz", file)
    file.write_text(BAR.replace("20 A", "21 A"))
    with pytest.raises(mt.InputError, match="has changed since"):
        mt.read_solution(tmp_path / "y.npz")


def test_what_is_no_solution_is_refused(tmp_path: Path) -> None:
    with pytest.raises(mt.InputError, match="there is no solution"):
        mt.read_solution(tmp_path)
    (tmp_path / "solution.npz").write_bytes(b"PK nothing")
    with pytest.raises(mt.InputError, match="is no solution that can be read"):
        mt.read_solution(tmp_path)
    with pytest.raises(mt.InputError, match="None is no path"):
        mt.read_solution(None)  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match="needs a Case, not int"):
        mt.read_solution(tmp_path, 3)  # type: ignore[arg-type]
    for result, path, words in ((3, tmp_path / "x.vtu", "not int"), (3, None, "no path"), (3, tmp_path, "one of")):
        with pytest.raises(mt.InputError, match=words):
            mt.export(result, path)  # type: ignore[arg-type]
    np.savez(tmp_path / "solution.npz", record=np.array('{"format": 99}'))
    with pytest.raises(mt.InputError, match="its format is 99"):
        mt.read_solution(tmp_path)


def test_states_in_time_are_not_kept(tmp_path: Path) -> None:
    stuff = mt.Material("m", 400.0, density=2000.0, specific_heat=800.0)
    package = mt.Package.from_parts([mt.Part("block", mt.rectangle(1 * mm), (0.0, 0.5 * mm), stuff)])
    case = mt.Case(package, [mt.Power("block", 0.4), mt.Convection("bottom", 20.0, 300.0)])
    result = mt.solve_transient(case, mt.generate_mesh(package, "coarse"), 0.01)
    with pytest.raises(mt.InputError, match="state of a transient"):
        write_solution(result.final, tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_another_mesh_of_the_same_parts_is_refused(tmp_path: Path) -> None:
    stuff = {"block": mt.Material("m", 400.0)}
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]) * mm
    cells, sides = np.array([[0, 1, 2, 3]]), {"bottom": np.array([[0, 1, 2]])}

    def case(points: np.ndarray) -> mt.Case:
        mesh = mt.TetMesh(points, cells, np.zeros(1, int), ("block",), sides)
        return mt.Case(mt.Package.from_mesh(mesh, stuff), [mt.Power("block", 1.0), mt.Convection("bottom", 1e4, 300.0)])

    first = case(corners)
    mt.export(mt.solve_steady(first), tmp_path / "x.npz")
    assert mt.read_solution(tmp_path / "x.npz", case(corners.copy())).max_temperature() > 300.0
    with pytest.raises(mt.InputError, match="has changed since"):
        mt.read_solution(tmp_path / "x.npz", case(1.1 * corners))
