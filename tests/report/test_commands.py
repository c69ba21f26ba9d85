"""The commands ``report`` and ``view``."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from reported import large_study
from typer.testing import CliRunner

import mcpthermal as mt
from mcpthermal.cli import app
from mcpthermal.io import write_solution
from mcpthermal.report.serve import make_server

ROOT = Path(__file__).parents[2]
SCRIPT = '''"""How warm does a block get?

More words.
"""
import mcpthermal as mt
package = mt.Package.from_parts([mt.Part("block", mt.rectangle(1e-3), (0.0, 5e-4), mt.Material("m", 400.0))])
case = mt.Case(package, [mt.Power("block", 0.1), mt.Convection("bottom", 1e4, 300.0)], name="warm_block")
'''
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a run leaves."""
    script = tmp_path / "case.py"
    script.write_text(SCRIPT)
    case = mt.read_case(script)
    result = mt.solve_steady(case, mt.generate_mesh(case.package, "coarse"))
    write_solution(result, tmp_path / "results" / "solution.npz", script)
    return tmp_path / "results"


def test_a_report_of_a_run(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = runner.invoke(app, ["report", str(folder), "-o", str(file)])
    assert done.exit_code == 0, done.output
    text = file.read_text(encoding="utf-8")
    assert "<p>How warm does a block get?</p>" in text and "warm_block" in text and "More words" not in text


def test_a_report_of_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "study.json").write_text("{}")
    monkeypatch.setattr("mcpthermal.study.read_study", lambda folder: large_study(40))
    file = tmp_path / "study.html"
    done = runner.invoke(app, ["report", str(tmp_path), "-o", str(file), "--question", "Which?"])
    assert done.exit_code == 0, done.output
    assert "<p>Which?</p>" in file.read_text(encoding="utf-8")


def test_wrong_commands_are_explained(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    for arguments, message in (
        (["report", str(tmp_path / "nothing")], "there is no solution"),
        (["report", str(folder), "-o", str(tmp_path / "x.pdf")], "must end in .html"),
        (["view", str(tmp_path / "nothing"), "--no-browser"], "there is no solution"),
        (["view", str(folder), "--window", "temperatur"], "did you mean 'temperature'"),
        (["view", str(folder), "--no-browser", "--port", "99999"], "must be from 1 to 65535"),
        (["report", __file__], "it is no .npz file"),
    ):
        done = runner.invoke(app, arguments)
        assert done.exit_code == 2 and message in done.output, done.output
    (tmp_path / "run" / "probes.csv").write_text("")
    for command in ("report", "view"):
        done = runner.invoke(app, [command, str(tmp_path / "run")])
        assert done.exit_code == 2 and "mcpthermal run CASE --report" in done.output
    monkeypatch.setattr("mcpthermal.study.read_study", lambda folder: large_study(4))
    (tmp_path / "study.json").write_text("{}")
    done = runner.invoke(app, ["view", str(tmp_path), "--no-browser"])
    assert done.exit_code == 2 and "holds a study, which has no 3-D view" in done.output


def test_a_view_is_served_until_it_is_stopped(folder: Path) -> None:
    command = [sys.executable, "-m", "mcpthermal", "view", str(folder), "--no-browser"]
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    # What starts tests in the background may ignore interrupts, and so would this process.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, preexec_fn=heed, **options) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(address, timeout=20) as answer:
                text = answer.read().decode("utf-8")
            assert 'data-viewer="view-data"' in text and "warm_block" in text
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(address + "solution.npz", timeout=20)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def test_a_port_in_use_is_explained(tmp_path: Path) -> None:
    with make_server(tmp_path) as server, pytest.raises(mt.OutputError, match="give another"):
        make_server(tmp_path, server.server_port)
