"""Reports of results, transients, studies and stages, each written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mcpthermal.errors import InputError
from mcpthermal.mesh.writing import check_folder, checked_file, write_whole
from mcpthermal.report.page import page, viewer
from mcpthermal.report.stages import stages_page
from mcpthermal.report.steady import steady_page
from mcpthermal.report.studies import study_page
from mcpthermal.report.transients import transient_page
from mcpthermal.report.view import view_data
from mcpthermal.result.stages import Stages
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.study import Study
from mcpthermal.result.transient import TransientResult

PAGES: dict[type, Callable[[Any, str], str]] = {
    SteadyResult: steady_page,
    TransientResult: transient_page,
    Study: study_page,
    Stages: stages_page,
}
"""What makes the page of what can be reported, from it and the question."""


def write_report(answer: Any, path: str | os.PathLike[str], question: str = "") -> Path:
    """Write a report that opens in any browser, without a network.

    Parameters
    ----------
    answer : SteadyResult, TransientResult, Study or Stages
    path : path
        The ``.html`` file, written whole or not at all.
    question : str
        What was asked and why, in words, for its head; blocks are parted by blank lines.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If it is something else, or the ending is another.
    MissingLibraryError
        Without Matplotlib, for the charts of a transient, a study or stages.
    """
    make = next((make for kind, make in PAGES.items() if isinstance(answer, kind)), None)
    if make is None:
        names = ", ".join(kind.__name__ for kind in PAGES)
        raise InputError(f"a report is made of one of {names}, not of {type(answer).__name__}")
    if not isinstance(question, str):
        raise InputError(f"the question of a report: {question!r} must be a text")
    return _write(path, lambda: make(answer, question))


def write_view(result: SteadyResult, path: str | os.PathLike[str]) -> Path:
    """Write the 3-D view of a report alone, as a page.

    Raises
    ------
    InputError
        If it is no SteadyResult, or the ending is another than .html.
    """
    result = getattr(result, "final", result)
    if not isinstance(result, SteadyResult):
        raise InputError(f"a view is made of a result, not of {type(result).__name__}")
    name = result.case.name
    return _write(path, lambda: page(name, "", [viewer(view_data(result), f"3-D view of {name}.")]))


def _write(path: str | os.PathLike[str], make: Callable[[], str]) -> Path:
    target = checked_file(path, "a report", (".html",))
    check_folder(target.parent)
    text = make()
    return write_whole(target, lambda file: file.write_text(text, encoding="utf-8"))
