"""One report for all tests of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import mcpthermal as mt

QUESTION = "How hot is <memory>?\n\nAnd why?"


@pytest.fixture(scope="session")
def report_file(small: mt.SteadyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the small package, with an error of the mesh."""
    goal = mt.MaxTemperature("memory")
    small.estimates[goal.name] = mt.GoalEstimate(goal, small.max_temperature("memory"), 0.0123)
    return mt.write_report(small, tmp_path_factory.mktemp("report") / "report.html", QUESTION)
