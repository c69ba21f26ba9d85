"""Pieces of an HTML page: sections, tables, pictures; and the page around them, which needs nothing from elsewhere."""

from __future__ import annotations

import base64
import io
import numbers
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from mcpthermal.report.view import packed
from mcpthermal.viz.fields import save_picture


@dataclass(frozen=True)
class Number:
    """A number in a table: sorted by its value, shown as a text."""

    value: float
    text: str


def number(value: float, digits: int = 5, unit: str = "") -> Number:
    """A number with so many digits, and its unit."""
    value = float(value) + 0.0  # no negative zero
    text = f"{value:,.{digits}g}" if abs(value) < 1e5 or value == 0 else f"{value:.{digits - 1}e}"
    return Number(value, f"{text} {unit}".strip())


def paragraph(text: str) -> str:
    """A paragraph for each block of the text."""
    return "".join(f"<p>{escape(block.strip())}</p>" for block in text.split("\n\n") if block.strip())


def section(title: str, *content: str, name: str = "") -> str:
    """A section with its heading; nothing without content."""
    body = "".join(content)
    anchor = name or title.lower().replace(" ", "-")
    return f'<section id="{escape(anchor)}"><h2>{escape(title)}</h2>{body}</section>' if body else ""


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table whose columns can be sorted; a row's first cell is its heading. Nothing without rows."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col"><button type="button">{escape(text)}</button></th>' for text in heads)
    body = "".join("<tr>" + "".join(_cell(cell, n == 0) for n, cell in enumerate(row)) + "</tr>" for row in rows)
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(item: Any, first: bool) -> str:
    kind, scope = ("th", ' scope="row"') if first else ("td", "")
    if isinstance(item, numbers.Real) and not isinstance(item, bool):
        item = number(float(item)) if not isinstance(item, int) else Number(float(item), f"{item:,}")
    if isinstance(item, Number):
        # As JavaScript reads it.
        value = repr(item.value).replace("inf", "Infinity")
        return f'<{kind}{scope} class="number" data-value="{value}">{escape(item.text)}</{kind}>'
    return f"<{kind}{scope}>{escape('' if item is None else str(item))}</{kind}>"


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Names and what they are."""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows) + "</dl>"


def figure(picture: Any, alt: str, caption: str = "") -> str:
    """A plotter's picture, or a chart, inside the page."""
    kind, data = _svg(picture) if hasattr(picture, "savefig") else _webp(picture)
    text = base64.b64encode(data).decode("ascii")
    below = f"<figcaption>{escape(caption or alt)}</figcaption>"
    return f'<figure><img src="data:image/{kind};base64,{text}" alt="{escape(alt)}">{below}</figure>'


def _svg(chart: Any) -> tuple[str, bytes]:
    stream = io.BytesIO()
    # Pixels for thousands of marks, lines as lines.
    chart.savefig(stream, format="svg", dpi=150, metadata={"Date": None})
    return "svg+xml", stream.getvalue()


def _webp(plotter: Any) -> tuple[str, bytes]:
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        file = save_picture(plotter, Path(folder) / "picture.png")
        with Image.open(file) as image:
            stream = io.BytesIO()
            image.convert("RGB").save(stream, format="WEBP", quality=88)
    return "webp", stream.getvalue()


def asset(name: str) -> str:
    """A text that the page is made of."""
    return (files("mcpthermal.report") / "assets" / name).read_text(encoding="utf-8")


@cache
def _library() -> str:
    return packed(asset("vtk.js").encode("utf-8"), "")


def viewer(data: str, alt: str) -> str:
    """The 3-D view with its controls; the data follow in the page."""
    controls = Template(asset("viewer.html")).substitute(alt=escape(alt))
    # Within a string of JSON a slash may be escaped: no name ends the script.
    data = data.replace("</", "<\\/")
    return f'{controls}<script type="application/json" id="view-data">{data}</script>'


def page(title: str, lead: str, content: Sequence[str], foot: str = "") -> str:
    """The whole page."""
    body = "".join(content)
    scripts = [asset("report.js")]
    library = ""
    if "data-viewer" in body:
        scripts += [asset("cells.js"), asset("viewer.js")]
        licence = escape(asset("vtk.LICENSE.txt"))
        library = (
            f'<script type="application/gzip" id="vtk-library">{_library()}</script>'
            '<details class="licence"><summary>The 3-D view is drawn by vtk.js (BSD-3-Clause)</summary>'
            f"<pre>{licence}</pre></details>"
        )
    return Template(asset("page.html")).substitute(
        title=escape(title),
        lead=lead,
        content=body,
        foot=foot,
        library=library,
        style=asset("report.css"),
        script="\n".join(scripts),
    )
