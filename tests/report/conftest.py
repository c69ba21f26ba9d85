"""One report for all tests of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import mcpthermal as mt

QUESTION = "How hot is <memory>?\n\nAnd why?"


SMALL = ("mcpthermal.viz.scene.WINDOW", (800, 550))
"""A quarter of the pixels: what pictures show is tested elsewhere."""


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*SMALL)


@pytest.fixture(scope="session")
def report_file(small: mt.SteadyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the small package, with an error of the mesh."""
    goal = mt.MaxTemperature("memory")
    small.estimates[goal.name] = mt.GoalEstimate(goal, small.max_temperature("memory"), 0.0123)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*SMALL)
        return mt.write_report(small, tmp_path_factory.mktemp("report") / "report.html", QUESTION)
