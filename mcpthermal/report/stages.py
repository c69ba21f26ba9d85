"""The page of the stages of a process: a strip, what each stage does to the numbers, and the last stage as a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcpthermal.report.answers import electrical_tables, headline, steady_headline, temperature_table
from mcpthermal.report.page import Number, figure, number, page, paragraph, section, table
from mcpthermal.report.record import mesh_audit, numerics
from mcpthermal.report.steady import description, look_inside
from mcpthermal.result.stages import Stages
from mcpthermal.viz.stages import plot_stages


def stages_page(stages: Stages, question: str) -> str:
    """Question, strips, the table of all stages, then the last of them."""
    *_, name = stages
    last = stages[name]
    lead = paragraph(question) + headline([("stages", str(len(stages))), *steady_headline(last)])
    after = paragraph(f"The last stage, '{name}'.")
    content = [
        section("Stages", _strips(stages), _table(stages)),
        section("3-D view", after, look_inside(last)),
        section("Temperatures", after, temperature_table(last)),
        section("Currents", electrical_tables(last)),
        *description(last.case),
        section("Mesh", after, mesh_audit(last)),
        section("Record", numerics(last)),
    ]
    return page(f"Stages up to {name}", lead, content)


def _strips(stages: Stages) -> str:
    names = ", ".join(stages)
    return figure(plot_stages(stages.process), "The stages of fabrication, parts coloured by material.") + figure(
        plot_stages(stages), f"The temperature at the stages {names}, on one scale."
    )


def _table(stages: Stages) -> str:
    """A row for each stage, a column for each rise, resistance and heat."""
    rows = stages.rows()
    columns: list[tuple[str, str, str, float]] = [
        (kind, name, title.format(name), factor)
        for kind, title, factor in (("rise_K", "Rise of {}, K", 1.0), ("resistance_ohm", "{}, mohm", 1e3))
        for name in dict.fromkeys(name for row in rows for name in row[kind])
    ]
    heads = ["Stage", *(title for _, _, title, _ in columns), "Heat, W", "Joule, mW"]
    lines = [
        [
            row["stage"],
            *(_known(row[kind], name, factor) for kind, name, _, factor in columns),
            number(row["heat_W"]),
            number(row["joule_W"] * 1e3),
        ]
        for row in rows
    ]
    return table("All stages, in the order of fabrication", heads, lines)


def _known(values: Mapping[str, float], name: str, factor: float) -> Any:
    return number(factor * values[name]) if name in values else Number(float("inf"), "-")
