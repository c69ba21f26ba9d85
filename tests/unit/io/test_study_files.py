"""Study files and the command that runs them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mcpthermal as mt
from mcpthermal.cli import app
from mcpthermal.errors import CaseFileError
from mcpthermal.io import read_study_file

CASE = """
[[parts]]
name = "slab"
outline = { rectangle = { size = ["1 mm", "1 mm"] } }
z = ["0 mm", "1 mm"]
material = "silicon"
[[loads]]
type = "Power"
place = "slab"
power = "1 W"
[[loads]]
type = "Convection"
place = "bottom"
h = 1e5
ambient = "300 K"
"""
STUDY = """
case = "case.toml"
mesh = "coarse"
outputs = ["slab.mean", "bottom.heat_out"]
[parameters]
"loads.0.power" = ["1 W", 2.0]
"parts.0.z.1" = { from = "1 mm", to = "2 mm", count = 2 }
"""
SCRIPT = """
import mcpthermal as mt

def make_case(power, size=1e-3):
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(size), (0.0, 1e-3), "silicon")])
    return mt.Case(package, [mt.Power("slab", power), mt.Convection("bottom", h=1e5, ambient=300.0)])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "case.toml").write_text(CASE)
    (tmp_path / "study.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_study_runs_and_goes_on_only_if_asked(folder: Path) -> None:
    run = CliRunner()
    done = run.invoke(app, ["sweep", "study.toml", "--workers", "0", "-o", "out"])
    assert done.exit_code == 0 and "out: 4 points: 4 solved" in done.stdout
    with (folder / "out" / "table.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["bottom.heat_out (W)"]) for row in rows] == pytest.approx([1.0, 1.0, 2.0, 2.0])
    assert [float(row["parts.0.z.1"]) for row in rows] == [1e-3, 2e-3, 1e-3, 2e-3]
    again = run.invoke(app, ["sweep", "study.toml", "--workers", "0", "-o", "out"])
    assert again.exit_code == 2 and "give --resume to go on with it" in again.stderr
    (folder / "out" / "points" / "00002.json").unlink()
    resumed = run.invoke(app, ["sweep", "study.toml", "--workers", "0", "-o", "out", "--resume"])
    assert resumed.exit_code == 0 and resumed.stdout == done.stdout


def test_failed_points_are_tried_again_if_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mcpthermal.study.work as work

    command = ["sweep", "study.toml", "--workers", "0", "-o", "out"]
    with monkeypatch.context() as patch:
        patch.setattr(work, "solve_steady", None)
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 4 and "4 points: 4 failed" in done.stdout
    assert CliRunner().invoke(app, [*command, "--resume"]).exit_code == 4
    again = CliRunner().invoke(app, [*command, "--retry-failed"])
    assert again.exit_code == 0 and "4 points: 4 solved" in again.stdout


def test_a_mistyped_output_leaves_nothing_to_go_on_with(folder: Path) -> None:
    right = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(right.replace("slab.mean", "slob.mean"))
    command = ["sweep", "study.toml", "--workers", "0", "-o", "out"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2 and "did you mean 'slab'" in done.stderr
    (folder / "study.toml").write_text(right)
    assert CliRunner().invoke(app, command).exit_code == 0


def test_what_is_held_belongs_to_the_study(tmp_path: Path) -> None:
    """Here it would change no hash: the point has failed before it had a case."""
    from mcpthermal.io.study_toml import TomlCase

    def study(hold: str) -> mt.Study:
        case = TomlCase(tmp_path / "case.toml", {}, hold)
        return mt.sweep(case, via_depth=[1e-3], outputs=["memory.max"], folder=tmp_path / "out", workers=0)

    assert len(study("module").of("failed")) == 1
    with pytest.raises(mt.McpThermalError, match="holds another study: its hold differs"):
        study("cover")


def test_ctrl_c_tells_how_to_go_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*anything: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mcpthermal.study.sweep", interrupted)
    done = CliRunner().invoke(app, ["sweep", "study.toml"])
    assert done.exit_code == 130 and "the same command with --resume goes on" in done.stderr


def test_a_script_makes_the_cases_in_processes(folder: Path) -> None:
    (folder / "case.py").write_text(SCRIPT)
    (folder / "study.toml").write_text(
        'case = "."\nmesh = "coarse"\nsample = {kind = "sobol", count = 4}\n[parameters]\npower = ["1 W", "2 W"]\n'
    )
    done = CliRunner().invoke(app, ["sweep", "study.toml", "--workers", "1"])
    assert done.exit_code == 0, done.output
    study = mt.read_study(Path("studies") / folder.name)
    assert len(study.of("solved")) == 4 and ((study.column("power") > 1.0) & (study.column("power") < 2.0)).all()


def test_a_mistyped_height_is_offered() -> None:
    from mcpthermal.io.study_toml import TomlCase

    case = TomlCase(Path("case.toml"), {"carrier": {}, "vias": [], "insulation": {}})
    with pytest.raises(CaseFileError, match="did you mean 'via_depth' or"):
        case.check(["via_dept"])


def test_heights_of_a_case_file_move_as_they_are_told() -> None:
    toml = Path(__file__).parents[3] / "cases" / "stacked_module" / "case.toml"
    from mcpthermal.io.study_toml import TomlCase, _tables

    tables = _tables(toml)
    both = TomlCase(toml, tables)(via_depth=1.1e-3, module_height=0.7e-3).package
    assert (both.via_depth, both.module_height) == pytest.approx((1.1e-3, 0.7e-3))
    cover = TomlCase(toml, tables, "cover")(via_depth=1.1e-3).package
    assert cover.via_depth - cover.module_height == pytest.approx(1e-3 - 0.605e-3)
    aspect = TomlCase(toml, tables, "aspect_ratio")(module_height=0.7e-3).package
    assert aspect.via_depth == pytest.approx(1.095e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case = 3\n[parameters]\na = [1]", "case = 3 must be the path"),
        ('case = "case.toml"', "must give the values of at least one parameter"),
        ('case = "case.toml"\nouputs = []\n[parameters]\na = [1]', "did you mean 'outputs'"),
        ('case = "none.toml"\n[parameters]\na = [1]', "there is no case"),
        ('case = "case.toml"\n[parameters]\na = {from = 1, to = "x"}', "must have finite numbers from and to"),
        ('case = "case.toml"\n[parameters]\na = {from = 1, to = inf}', "'a' = .*inf.* must have finite numbers"),
        ('case = "case.toml"\nsample = {kind = "halton"}\n[parameters]\na = [1]', "sobol or latin_hypercube"),
        ("case = [", "is no valid TOML"),
        ('case = "case.toml"\n[parameters]\n"loads.0.power" = ["1 W", "2 V"]', "'loads.0.power' = '2 V'.*is a voltage"),
        ('case = "case.toml"\n[parameters]\n"loads.0.power" = {from = "1 W", to = "2 mm"}', "units of one kind"),
        (
            'case = "case.toml"\n[parameters]\n"loads.0.power" = {from = true, to = 2}',
            "must have finite numbers from and to",
        ),
        ('case = "case.toml"\n[parameters]\n"loads.0.power.0" = ["1 W"]', "no value at 'loads.0.power.0'"),
        ('case = "case.toml"\n[parameters]\nvia_depth = ["1 W"]', "via_depth: '1 W' is a power"),
        ('case = "case.toml"\nhold = "covre"\n[parameters]\nvia_depth = [1e-3]', "did you mean 'cover'"),
        (
            'case = "case.toml"\nhold = "via_depth"\n[parameters]\nvia_depth = [1e-3]',
            "'via_depth' cannot be where via_dep",
        ),
        (
            'case = "case.toml"\nhold = "module"\n[parameters]\nmodule_height = [1e-3]',
            "'module' cannot be where module",
        ),
        (
            'case = "case.toml"\nhold = "cover"\n[parameters]\nmodule_height = [1e-3]\nvia_depth = [2e-3]',
            "'cover' cannot be where module_height and via_depth is given; known are 'aspect_ratio'; or leave it out",
        ),
        ('case = "case.toml"\nhold = "cover"\n[parameters]\n"loads.0.power" = [1]', "has nothing to hold; give values"),
        (
            'case = "case.toml"\n[parameters]\n"parts.0.material" = ["copper", "silicn"]',
            "parameter 'parts.0.material' = 'silicn': .*did you mean 'silicon'",
        ),
    ],
)
def test_study_files_that_cannot_be_understood(folder: Path, text: str, message: str) -> None:
    (folder / "study.toml").write_text(text)
    with pytest.raises(mt.InputError, match=message):
        read_study_file("study.toml")


def test_parameters_that_the_case_does_not_have(folder: Path) -> None:
    study = read_study_file("study.toml")
    with pytest.raises(CaseFileError, match=r"no value at 'loads.0.powr': 'powr' is not there; did you mean 'power'"):
        study.make_case.check(["loads.0.powr"])  # type: ignore[attr-defined]
    (folder / "case.py").write_text(SCRIPT)
    (folder / "study.toml").write_text('case = "case.py"\n[parameters]\npowr = [1.0]')
    done = CliRunner().invoke(app, ["sweep", "study.toml"])
    assert done.exit_code == 2 and "takes no 'powr'; did you mean 'power'" in done.stderr
