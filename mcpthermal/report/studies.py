"""The page of a study: how each output moves with each parameter, and all points."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.report.answers import headline
from mcpthermal.report.page import Number, facts, figure, number, page, paragraph, section, table
from mcpthermal.report.record import origin
from mcpthermal.result.study import Study
from mcpthermal.viz.studies import parameter_text, plot_study, plot_tornado

MOST_CHARTS = 24
"""More would make nobody wiser."""


def study_page(study: Study, question: str) -> str:
    """Question, ranges of the outputs, charts, all points, what failed."""
    lead = paragraph(question) + headline(_headline(study))
    content = [
        section("Ranges", _ranges(study)),
        section("Charts", _charts(study)),
        section("Points", _points(study)),
        section("Warnings", _warnings(study)),
        section("Record", facts(origin())),
    ]
    return page(study.name, lead, content)


def _headline(study: Study) -> list[tuple[str, str]]:
    counts = [(status, len(study.of(status))) for status in ("solved", "infeasible", "failed", "open")]
    seconds = sum(point.seconds for point in study.points)
    shown = [(f"points {status}", f"{count:,}") for status, count in counts if count]
    return [*shown, ("seconds of solving", f"{seconds:,.0f}")]


def _ranges(study: Study) -> str:
    rows = []
    for name in study.outputs:
        values = study.column(name)
        solved = np.nonzero(np.isfinite(values))[0]
        if not len(solved):
            continue
        kelvin = study.units[name] == "K"
        shift, unit = (273.15, "degC") if kelvin else (0.0, study.units[name])
        low, high = (int(solved[pick(values[solved])]) for pick in (np.argmin, np.argmax))
        ends = [number(float(values[n]) - shift, 6) for n in (low, high)]
        rows.append([name, unit or "-", ends[0], study.points[low].index, ends[1], study.points[high].index])
    heads = ("Output", "Unit", "Lowest", "At point", "Highest", "At point")
    return table("Range of each output over all solved points", heads, rows)


def _charts(study: Study) -> str:
    """Maps over pairs of parameters where there are two, else lines, or one tornado for each output."""
    varied = [
        name
        for name in study.parameters
        if study.column(name).dtype.kind in "if" and len(set(study.column(name).tolist())) > 1
    ]
    drawn: list[tuple[Any, str]] = []
    for output in study.outputs:
        if len(drawn) >= MOST_CHARTS or not study.of("solved"):
            break
        drawn += _of_output(study, output, varied)[: MOST_CHARTS - len(drawn)]
    return '<div class="figures">' + "".join(figure(*item) for item in drawn) + "</div>" if drawn else ""


def _of_output(study: Study, output: str, varied: list[str]) -> list[tuple[Any, str]]:
    try:
        return [(plot_tornado(study, output), f"What each parameter alone does to {output}.")]
    except InputError:
        pass
    found = []
    for x, y in combinations(varied, 2):
        try:
            found.append((plot_study(study, output, x, y), f"{output} over {x} and {y}."))
        except InputError:
            continue
    if found:
        return found
    return [(plot_study(study, output, x), f"{output} over {x}.") for x in varied]


def _points(study: Study) -> str:
    heads = ["Point", *study.parameters, "Status"]
    shifts = {name: 273.15 if unit == "K" else 0.0 for name, unit in study.units.items()}
    heads += [f"{name}, {'degC' if shifts[name] else unit}".rstrip(", ") for name, unit in study.units.items()]
    rows: list[list[Any]] = []
    reasons = any(point.reason for point in study.points)
    for point in study.points:
        row: list[Any] = [point.index]
        row += [
            value if isinstance(value, str) else Number(float(value), parameter_text(value, name))
            for name, value in point.parameters.items()
        ]
        row.append(point.status)
        row += [
            number(point.values[name] - shifts[name], 7) if name in point.values else Number(float("inf"), "-")
            for name in study.units
        ]
        rows.append([*row, point.reason] if reasons else row)
    return table("All points", [*heads, "Reason"] if reasons else heads, rows)


def _warnings(study: Study) -> str:
    texts = sorted({text for point in study.points for text in point.warnings})
    return "".join(paragraph(text) for text in texts)
