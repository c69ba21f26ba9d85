"""The stacked module, solved once through the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def stacked_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``mcpthermal run cases/stacked_module`` fills."""
    folder = tmp_path_factory.mktemp("stacked_module")
    script = "from mcpthermal.cli import main; main()"
    case = str(ROOT / "cases" / "stacked_module")
    subprocess.run([sys.executable, "-c", script, "run", case, "-o", str(folder)], check=True, cwd=folder)
    return folder
