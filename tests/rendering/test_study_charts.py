"""Charts of studies: lines, maps with what is infeasible, tornadoes; what cannot be drawn says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt

pytest.importorskip("matplotlib")


def point(index: int, parameters: dict[str, Any]) -> mt.StudyPoint:
    """T = 300 K + 1e5 K/m of depth; infeasible where the module is as high as the via is deep."""
    depth, height = parameters["via_depth"], parameters["module_height"]
    if height >= depth:
        return mt.StudyPoint(index, parameters, "infeasible", reason="too high")
    heights = {"via_depth": depth, "module_height": height}
    return mt.StudyPoint(index, parameters, "solved", {"memory.max": 300.0 + 1e5 * depth}, heights=heights)


@pytest.fixture(scope="module")
def study() -> mt.Study:
    points = mt.grid_points(
        via_depth=np.linspace(0.5e-3, 1e-3, 6).tolist(), module_height=np.linspace(0.4e-3, 0.8e-3, 5).tolist()
    )
    return mt.Study(tuple(point(n, p) for n, p in enumerate(points)), {"memory.max": "K"})


def test_a_map_hatches_what_is_infeasible_and_draws_the_constraint(study: mt.Study, tmp_path: Path) -> None:
    figure = study.plot("memory.max", x="via_depth", y="module_height", path=tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 10_000
    axes = figure.axes[0]
    assert axes.get_xlabel() == "via depth, mm" and axes.get_ylabel() == "module height, mm"
    assert figure.axes[1].get_ylabel() == "Temperature, degC"
    (line,) = axes.lines
    assert np.asarray(line.get_xdata()) == pytest.approx(np.asarray(line.get_ydata()))
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["infeasible", "via depth = module height"]
    hatched = [item for item in axes.collections if item.get_hatch()]
    corners = hatched[0].get_paths()[0].vertices
    assert len(hatched) == 1 and (corners[:, 1] >= corners[:, 0] - 1e-9).sum() >= len(corners) - 2


def test_lines_have_one_for_each_value_of_the_others(study: mt.Study) -> None:
    axes = study.plot("memory.max", x="via_depth").axes[0]
    drawn = [line for line in axes.lines if len(line.get_xdata()) > 2 or line.get_marker() == "o"]
    assert next(text.get_text() for text in axes.get_legend().get_texts()) == "module height 400 um"
    assert len(drawn) == 5
    assert drawn[0].get_ydata() == pytest.approx(300.0 - 273.15 + 100.0 * np.asarray(drawn[0].get_xdata()))


def test_a_tornado_ranks_the_parameters(tmp_path: Path) -> None:
    points = mt.one_at_a_time(
        {"via_depth": 0.8e-3, "module_height": 0.5e-3}, via_depth=(0.6e-3, 1e-3), module_height=(0.4e-3, 0.9e-3)
    )
    study = mt.Study(tuple(point(n, p) for n, p in enumerate(points)), {"memory.max": "K"})
    figure = study.tornado("memory.max", path=tmp_path / "tornado.svg")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["module height", "via depth"]
    widths = sorted(abs(bar.get_width()) for bar in axes.patches)
    assert widths[-2:] == pytest.approx([20.0, 20.0]) and (tmp_path / "tornado.svg").exists()
    assert any("infeasible" in text.get_text() for text in axes.texts)


def test_what_cannot_be_drawn_says_so(study: mt.Study) -> None:
    with pytest.raises(mt.InputError, match="did you mean 'memory"):
        study.plot("memory.mxa", x="via_depth")
    with pytest.raises(mt.InputError, match="'depth' is no parameter with numbers"):
        study.plot("memory.max", x="depth")
    with pytest.raises(mt.InputError, match="differs from the first in 2 parameters"):
        study.tornado("memory.max")
    with pytest.raises(mt.InputError, match="no point of the study has been solved"):
        mt.Study(study.points[4:5], study.units).plot("memory.max", x="via_depth")
    with pytest.raises(mt.InputError, match="needs three points that are not on one line"):
        mt.Study(study.points[:2], study.units).plot("memory.max", x="via_depth", y="module_height")
    with pytest.raises(mt.InputError, match="draws a Study"):
        mt.plot_study("study", "memory.max", "via_depth")  # type: ignore[arg-type]
