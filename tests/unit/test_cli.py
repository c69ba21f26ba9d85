"""The command line: exit codes, messages without tracebacks, files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from mcpthermal.cli import app

CASE = """
name = "bar"
[[parts]]
name = "bar"
outline = { rectangle = { size = ["2 mm", "1 mm"] } }
z = [0, "0.2 mm"]
material = "copper"
[[loads]]
type = "Current"
place = "bar.x_min"
current = "CURRENT"
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
runner = CliRunner()


@pytest.fixture
def case(tmp_path: Path) -> Path:
    file = tmp_path / "bar.toml"
    file.write_text(CASE.replace("CURRENT", "5 A"))
    return file


def test_run_writes_everything(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = runner.invoke(app, ["run", str(case), "-o", str(out), "--level", "coarse"])
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir() if not path.name.startswith("mesh-")}
    pictures = {"package.png", "temperature.png", "current_density.png"}
    assert names == {"summary.txt", "result.json", "fields.vtu", "solution.npz", *pictures}
    assert (out / "summary.txt").read_text() in done.output


PULSE = '{ pulse_train = { high = "5 A", period = "1 s", duty = 0.01 } }'
TRANSIENT = """
[transient]
until = "20 ms"
initial = "30 degC"
tolerance = "0.1 K"
save = ["5 ms", "20 ms"]
"""


def run_in_time(tmp_path: Path, text: str, *arguments: str) -> tuple[Path, Any]:
    file, out = tmp_path / "bar.toml", tmp_path / "out"
    file.write_text(text)
    return out, runner.invoke(app, ["run", str(file), "-o", str(out), "--level", "coarse", *arguments])


def test_until_solves_in_time(tmp_path: Path) -> None:
    out, done = run_in_time(tmp_path, CASE.replace("CURRENT", "5 A"), "--until", "50 ms")
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir() if not path.name.startswith("mesh-")}
    assert names == {"summary.txt", "result.json", "probes.csv", "probes.png", "fields.vtu"}
    assert (out / "summary.txt").read_text() in done.output and "transient of 50 ms" in done.output
    with (out / "probes.csv").open(newline="") as file:
        heads, *rows = list(csv.reader(file))
    record = json.loads((out / "result.json").read_text())
    assert heads == ["time (s)", "max(bar) (K)"]
    assert [float(row[0]) for row in rows] == record["times_s"] and rows[-1][0] == "0.05"
    assert [float(row[1]) for row in rows] == record["probes"]["max(bar)"]
    rise = float(rows[-1][1]) - 298.15
    # 5 A through 2 mm of copper, 0.2 mm2, heat 1.4 mJ/K, which a film over 2 mm2 cools.
    heat, capacity, film = 25 * 1.76e-8 * 2e-3 / 0.2e-6, 0.4e-9 * 8960 * 385, 1000 * 2e-6
    assert rise == pytest.approx(heat / film * -np.expm1(-0.05 * film / capacity), rel=0.02)


def test_a_case_says_itself_that_it_is_in_time(tmp_path: Path) -> None:
    """With its own end, beginning and states to save; the command may give another end."""
    text = CASE.replace('"CURRENT"', PULSE).replace("copper", "sac305") + TRANSIENT
    out, done = run_in_time(tmp_path, text, "--no-pictures")
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir()}
    assert {"fields.pvd", "fields_0000.vtu", "fields_0001.vtu"} <= names
    assert "probes.png" not in names and "checkpoint.npz" not in names
    record = json.loads((out / "result.json").read_text())
    assert record["times_s"][-1] == 0.02 and 0.01 in record["times_s"]
    assert record["probes"]["max(bar)"][0] == pytest.approx(303.15, abs=1e-9)
    done = run_in_time(tmp_path, text, "--no-pictures", "--until", "30 ms", "--json")[1]
    assert json.loads(done.stdout)["times_s"][-1] == 0.03
    assert "results in" in done.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "code", "message"),
    [
        (CASE.replace('"CURRENT"', PULSE), [], 2, "--until 10s"),
        (CASE.replace("CURRENT", "5 A"), ["--until", "10 m"], 2, "until"),
        (CASE.replace("CURRENT", "5 A"), ["--until", "-1 s"], 2, "until"),
        (CASE.replace("CURRENT", "5 A") + TRANSIENT, ["--until", "10 ms"], 2, "save"),
        (CASE.replace("CURRENT", "20000 A"), ["--until", "1 s"], 4, "runs away"),
    ],
)
def test_errors_in_time(tmp_path: Path, text: str, arguments: list[str], code: int, message: str) -> None:
    done = run_in_time(tmp_path, text, "--no-pictures", *arguments)[1]
    assert done.exit_code == code, done.output
    assert message in done.output and "Traceback" not in done.output


def test_json_goes_to_standard_output(case: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from mcpthermal.cli import main; main()", "run", str(case), "--json"]
    command += ["--no-pictures", "--level", "coarse", "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["case"] == "bar"
    assert "results in" in done.stderr


def test_check_and_mesh(case: Path, tmp_path: Path) -> None:
    done = runner.invoke(app, ["check", str(case)])
    assert done.exit_code == 0 and "valid" in done.output and "copper" in done.output
    done = runner.invoke(app, ["mesh", str(case), "-o", str(tmp_path / "bar.msh"), "--level", "coarse"])
    assert done.exit_code == 0 and (tmp_path / "bar.msh").is_file()


@pytest.mark.parametrize(
    ("text", "arguments", "code", "message"),
    [
        (CASE.replace("CURRENT", "5 V"), [], 2, "current"),
        (CASE.replace("CURRENT", "5 A"), ["--level", "finest"], 2, "finest"),
        (CASE.replace("CURRENT", "1000 A"), [], 4, "more heat is released than can leave"),
    ],
)
def test_errors_have_codes_and_no_traceback(
    tmp_path: Path, text: str, arguments: list, code: int, message: str
) -> None:
    file = tmp_path / "case.toml"
    file.write_text(text)
    done = runner.invoke(app, ["run", str(file), "-o", str(tmp_path / "out"), "--no-pictures", *arguments])
    assert done.exit_code == code, done.output
    assert message in done.output and "Traceback" not in done.output


def test_warnings_are_told_in_words(tmp_path: Path) -> None:
    """A board that gets hotter than its data: one line for each law, no source code."""
    file = tmp_path / "case.toml"
    text = (
        CASE.replace("CURRENT", "5 A").replace('material = "copper"', 'material = "fr4"').replace("h = 1000", "h = 100")
    )
    loads = text.index("[[loads]]")
    power = '[[loads]]\ntype = "Power"\nplace = "bar"\npower = "0.05 W"\n'
    convection = text[text.rindex("[[loads]]") :]
    file.write_text(text[:loads] + power + convection)
    done = runner.invoke(app, ["run", str(file), "-o", str(tmp_path / "out"), "--no-pictures", "--level", "coarse"])
    assert done.exit_code == 0, done.output
    assert "warning: part 'bar': material 'fr4'" in done.output and "check_range" not in done.output


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    from mcpthermal.errors import MissingLibraryError
    from mcpthermal.mesh.gmsh_backend import load_gmsh
    from mcpthermal.viz.scene import load_pyvista

    real = builtins.__import__

    def broken(name: str, *rest: object, **more: object) -> object:
        if name == "gmsh":
            raise OSError("libGLU.so.1: cannot open shared object file: No such file or directory")
        if name == "pyvista":
            raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(MissingLibraryError, match="libglu1-mesa"):
        load_gmsh()
    with pytest.raises(MissingLibraryError, match="libgl1"):
        load_pyvista()


@pytest.mark.parametrize("path", ["", "/lib/x86_64-linux-gnu/"])
def test_a_library_is_recognised_with_or_without_its_folder(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    import builtins

    from mcpthermal.errors import MissingLibraryError
    from mcpthermal.mesh.gmsh_backend import LIBRARIES, load_gmsh

    real = builtins.__import__
    for library, package in LIBRARIES.items():

        def broken(name: str, *rest: object, library: str = library, **more: object) -> object:
            if name == "gmsh":
                raise OSError(f"{path}{library}: cannot open shared object file")
            return real(name, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(builtins, "__import__", broken)
        with pytest.raises(MissingLibraryError, match=f"apt-get install {package}"):
            load_gmsh()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux draws by EGL or OSMesa")
def test_without_any_way_to_draw_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """VTK itself would crash the process."""
    from mcpthermal.errors import MissingLibraryError
    from mcpthermal.viz import scene

    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(scene, "_loads", lambda library: False)
    with pytest.raises(MissingLibraryError, match="apt-get install libegl1"):
        scene.load_pyvista()


CASES = Path(__file__).parents[2] / "cases"


def test_claims_of_steps_and_of_parts(case: Path) -> None:
    for name in ("case.py", "case.toml"):
        done = runner.invoke(app, ["claims", str(CASES / "stacked_module" / name)])
        assert done.exit_code == 0, done.output
        assert " 8 yes  provide, attach" in done.output and "least via depth 1 mm" in done.output
    rows = json.loads(runner.invoke(app, ["claims", str(CASES / "stacked_module"), "--json"]).stdout)
    satisfied = {row["claim"] for row in rows if row["claim_satisfied"]}
    assert satisfied == {1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 16, 17, 18, 21}
    assert {row["values"]["least via depth"]["value"] for row in rows if "deeper" in row["limitation"]} == {1e-3}
    done = runner.invoke(app, ["claims", str(case)])
    assert done.exit_code == 0 and " 1 no " in done.output and " 8 " not in done.output
    done = runner.invoke(app, ["claims", str(CASES / "nothing")])
    assert done.exit_code == 2 and "no case file" in done.output


def test_run_to_a_tolerance(tmp_path: Path) -> None:
    """By the command, with the highest temperature of each part; by the file, with the outputs that it names."""
    file = tmp_path / "bar.toml"
    text = CASE.replace("CURRENT", "20 A")
    file.write_text(text)
    done = runner.invoke(app, ["run", str(file), "-o", str(tmp_path / "a"), "--tolerance", "0.01K"])
    assert done.exit_code == 0, done.output
    assert "max(bar)" in done.output and "the tolerance is reached" in done.output
    assert (tmp_path / "a" / "convergence.png").is_file()
    finer = runner.invoke(app, ["run", str(file), "-o", str(tmp_path / "c"), "--tolerance", "0.01K", "--level", "fine"])
    assert finer.exit_code == 0, finer.output
    sizes = [json.loads((tmp_path / name / "result.json").read_text())["provenance"]["sizes"]["cells"] for name in "ac"]
    assert sizes[1] > 3 * sizes[0]
    in_time = runner.invoke(app, ["run", str(file), "--until", "1s", "--tolerance", "0.01K"])
    assert in_time.exit_code == 2 and "is solved in time" in in_time.output
    accuracy = '[accuracy]\ngoal = ["resistance(bar.x_min, bar.x_max)", "max_temperature"]\ntolerance = "0.1 %"\n'
    file.write_text(text + accuracy)
    done = runner.invoke(app, ["run", str(file), "-o", str(tmp_path / "b"), "--no-pictures", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout[done.stdout.index("{") :])
    assert found["adaptation"]["reached"] and len(found["estimates"]) == 2
    assert found["estimates"][0]["unit"] == "ohm"


@pytest.mark.parametrize(
    ("accuracy", "message"),
    [
        ('goal = "max_temprature(bar)"', "max_temperature"),
        ('goal = "max_temperature(bra)"', "bar"),
        ('goal = "voltage(bar.x_max, bar.x_min)"', "voltage(a)"),
        ('goal = "resistance(bar.x_min, top)"', "no terminal"),
        ('goal = "heat_out(top)"', "no thermal boundary"),
        ('goal = 3\ntolerance = "0.2 K"', "must be a string"),
        ("tolerance = -1", "tolerance"),
        ('goal = "max_temperature(bar)"\ntolerance = "0.2 degC"', "difference of temperatures"),
        ('tolerance = "x %"', "%"),
        ("tolerence = 0.1", "tolerance"),
    ],
)
def test_wrong_accuracies_are_refused_before_anything_is_solved(tmp_path: Path, accuracy: str, message: str) -> None:
    file = tmp_path / "bar.toml"
    file.write_text(CASE.replace("CURRENT", "20 A") + f"[accuracy]\n{accuracy}\n")
    done = runner.invoke(app, ["check", str(file)])
    assert done.exit_code == 2, done.output
    assert message in done.output


def test_what_an_earlier_run_of_another_kind_has_left_goes(tmp_path: Path) -> None:
    """A report of the folder would else be that of the earlier run."""
    file, out = tmp_path / "bar.toml", tmp_path / "out"
    file.write_text(CASE.replace("CURRENT", "5 A"))
    arguments = ["run", str(file), "-o", str(out), "--level", "coarse", "--no-pictures"]
    assert runner.invoke(app, arguments).exit_code == 0 and (out / "solution.npz").is_file()
    assert runner.invoke(app, [*arguments, "--until", "10 ms"]).exit_code == 0
    assert (out / "probes.csv").is_file() and not (out / "solution.npz").exists()
    done = runner.invoke(app, ["report", str(out), "-o", str(tmp_path / "x.html")])
    assert done.exit_code == 2 and "holds a run in time" in done.stderr
    assert runner.invoke(app, arguments).exit_code == 0
    assert (out / "solution.npz").is_file() and not (out / "probes.csv").exists()


@pytest.mark.parametrize("name", ["/abs", "../evil", "..", ".", "a/b", "x" * 300])
def test_a_name_that_is_none_of_a_folder_needs_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bar.toml").write_text(
        CASE.replace("CURRENT", "5 A").replace('name = "bar"\n[[', f'name = "{name}"\n[[')
    )
    done = runner.invoke(app, ["run", "bar.toml", "--no-pictures"])
    assert done.exit_code == 2 and "cannot be that of a folder for its results; give one by --output" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["bar.toml"]
    assert runner.invoke(app, ["check", "bar.toml"]).stderr == done.stderr


def test_a_material_without_a_heat_capacity_is_told_before_meshing(tmp_path: Path) -> None:
    file = tmp_path / "bar.toml"
    text = CASE.replace("CURRENT", "5 A").replace('"copper"', '"glue"')
    glue = "[materials.glue]\nthermal_conductivity = 2\nelectrical_conductivity = 1e6\ndensity = 1000\n"
    file.write_text(f'{text}{glue}[transient]\nuntil = "1 s"\n')
    for command in ("check", "run"):
        done = runner.invoke(app, [command, str(file)])
        assert done.exit_code == 2 and "part 'bar': material 'glue' has no specific_heat" in done.stderr
        assert "mesh:" not in done.stderr


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_solved(case: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = runner.invoke(app, ["run", str(case), "-o", str(tmp_path / "file")])
    assert done.exit_code == 6 and "nothing can be written in" in done.stderr and "mesh" not in done.stderr


def test_tolerances_have_units(case: Path) -> None:
    done = runner.invoke(app, ["run", str(case), "--tolerance", "0.2"])
    assert done.exit_code == 2 and "tolerance '0.2' is no positive number with a unit; write '0.2 K'" in done.stderr
    with case.open("a") as file:
        file.write('[accuracy]\ngoal = "max_temperature(bar)"\ntolerance = "0.2 V"\n')
    done = runner.invoke(app, ["check", str(case)])
    assert done.exit_code == 2 and "tolerance of max(bar): '0.2 V' is a voltage" in done.stderr


def test_ctrl_c_is_said_in_words(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*anything: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mcpthermal.solve.solve_steady", interrupted)
    done = runner.invoke(app, ["run", str(case), "-o", str(tmp_path / "out"), "--level", "coarse"])
    assert done.exit_code == 130 and "interrupted: what was finished is kept" in done.stderr
