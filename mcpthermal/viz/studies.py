"""Charts of studies: an output over one or two parameters, and what each parameter does to it alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.result.study import Study, StudyPoint
from mcpthermal.viz.charts import COLOURS, QUANTITIES, File, chart, colour

Floats = NDArray[np.float64]

SCALES = ((1e-9, 1e9, "nm"), (1e-6, 1e6, "um"), (1e-3, 1e3, "mm"))
"""Lengths from the first number (m) on are shown in a unit, the second number times as large."""

LENGTHS = ("depth", "height", "diameter", "thickness", "width", "size", "pitch", "length")
"""Parameters with such a word in their name are lengths."""

MOST_LINES = 7
LEVELS = 12


def plot_study(study: Study, output: str, x: str, y: str | None = None, path: File | None = None) -> Any:
    """Draw an output over a parameter as lines, or over two as a contour map.

    In a map, infeasible points are hatched; where the package's via depth would equal its module's height, a line is
    drawn. Failed points are crosses, on the axis of a line chart.

    Parameters
    ----------
    study : Study
    output : str
    x, y : str
        Parameters. With one of them there is a line for each combination of the others.
    path : path, optional
        A file to write, whole or not at all: .png, .svg or .pdf.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If a name is unknown, a parameter has words for values, or there is nothing to draw.
    """
    if not isinstance(study, Study):
        raise InputError(f"plot_study draws a Study, not {type(study).__name__}")
    for name in (x,) if y is None else (x, y):
        numbers = [known for known in study.parameters if study.column(known).dtype.kind in "if"]
        if name not in numbers:
            raise InputError(f"'{name}' is no parameter with numbers; there are {', '.join(numbers) or 'none'}")
    if x == y:
        raise InputError(f"a map needs two parameters, not '{x}' twice; leave y out for a line")
    if output not in study.outputs:
        study.column(output)
        raise InputError(f"'{output}' is a parameter; draw one of {', '.join(study.outputs)}")
    if not study.of("solved"):
        raise InputError("no point of the study has been solved, so that there is nothing to draw")
    title, shift = _title(study, output)
    if y is None:
        return chart(lambda figure: _lines(figure.subplots(), study, output, x, title, shift), (6.4, 4.2), path)
    return chart(lambda figure: _map(figure, study, output, (x, y), title, shift), (6.4, 4.8), path)


def plot_tornado(study: Study, output: str, path: File | None = None) -> Any:
    """Draw what each parameter alone does to an output: a bar from its lowest to its highest value.

    Parameters
    ----------
    study : Study
        Of the points of `one_at_a_time`: the first is the base.
    output : str
    path : path, optional
        As for `plot_study`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If the study's points differ in more than one parameter from its first, or that one is not solved.
    """
    if not isinstance(study, Study):
        raise InputError(f"plot_tornado draws a Study, not {type(study).__name__}")
    values, base = study.column(output), study.points[0]
    if output not in study.outputs or base.status != "solved":
        raise InputError(f"the first point of the study has no '{output}'; a tornado chart needs a solved base")
    bars: dict[str, list[StudyPoint]] = {}
    for point in study.points[1:]:
        changed = [name for name in study.parameters if point.parameters[name] != base.parameters[name]]
        if len(changed) != 1:
            raise InputError(
                f"point {point.index} differs from the first in {len(changed)} parameters; make the points with "
                "one_at_a_time"
            )
        bars.setdefault(changed[0], []).append(point)
    spans = {name: max(abs(p.values.get(output, values[0]) - values[0]) for p in own) for name, own in bars.items()}
    title, shift = _title(study, output)

    names = sorted(spans, key=spans.__getitem__)

    def draw(figure: Any) -> None:
        from matplotlib.patches import Patch

        axes = figure.subplots()
        level = values[0] + shift
        for place, name in enumerate(names):
            for point in bars[name]:
                value = point.parameters[name]
                lower = not isinstance(value, str) and value < base.parameters[name]
                change = values[point.index] - values[0] if point.status == "solved" else 0.0
                axes.barh(place, change, left=level, color=COLOURS[0 if lower else 1], height=0.6)
                label = parameter_text(value, name) + ("" if point.status == "solved" else f": {point.status}")
                left = change < 0 or (change == 0 and lower)
                style = {"ha": "right" if left else "left", "va": "center", "fontsize": 8}
                axes.annotate(f" {label} ", (level + change, place), **style)
        axes.axvline(level, color="#444444", linewidth=0.8)
        axes.set_yticks(range(len(names)), [_words(name) for name in names])
        axes.grid(axis="y", visible=False)
        axes.set_axisbelow(True)
        axes.margins(x=0.25)
        axes.set(xlabel=title, title=f"{output}: one parameter at a time")
        handles = [Patch(color=COLOURS[side], label=text) for side, text in enumerate(("lower value", "higher value"))]
        axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1.0, 0.5))

    return chart(draw, (7.4, 1.4 + 0.5 * len(bars)), path)


def _lines(axes: Any, study: Study, output: str, x: str, title: str, shift: float) -> None:
    scale, unit = _scale(study.column(x), x)
    rows: dict[tuple[Any, ...], list[StudyPoint]] = {}
    others = [name for name in study.parameters if name != x and len(set(study.column(name).tolist())) > 1]
    for point in study.of("solved"):
        rows.setdefault(tuple(point.parameters[name] for name in others), []).append(point)
    keys = list(rows)
    if len(keys) > MOST_LINES:
        keys = [keys[n] for n in np.unique(np.linspace(0, len(keys) - 1, MOST_LINES).round().astype(int))]
    for number, key in enumerate(keys):
        own = sorted(rows[key], key=lambda point: point.parameters[x])
        label = ", ".join(
            f"{_words(name)} {parameter_text(value, name)}" for name, value in zip(others, key, strict=True)
        )
        places = [scale * point.parameters[x] for point in own]
        style = {"color": colour(number), "marker": "o", "markersize": 3}
        axes.plot(places, [point.values[output] + shift for point in own], label=label or None, **style)
    barred = sorted(
        {point.parameters[x] for point in study.of("infeasible")} - {p.parameters[x] for p in study.of("solved")}
    )
    for value in barred:
        axes.axvline(scale * value, color="#999999", linestyle=":", linewidth=0.8)
    failed = [scale * point.parameters[x] for point in study.of("failed")]
    if failed:
        style = {"color": "#aa0000", "marker": "x", "linestyle": "", "clip_on": False, "zorder": 5}
        axes.plot(failed, np.zeros(len(failed)), transform=axes.get_xaxis_transform(), label="failed", **style)
    axes.set(xlabel=f"{_words(x)}{unit}", ylabel=title, title=output)
    if others or failed:
        axes.legend()


def _map(figure: Any, study: Study, output: str, names: tuple[str, str], title: str, shift: float) -> None:
    """Filled contours on the triangles between solved points; hatching around infeasible ones."""
    from matplotlib.patches import Patch
    from matplotlib.tri import Triangulation

    axes = figure.subplots()
    x, y = (study.column(name) for name in names)
    # Two lengths have one unit.
    together = np.concatenate([x, y]) if all(_is_length(name) for name in names) else None
    x_scale, x_unit = _scale(x if together is None else together, names[0])
    y_scale, y_unit = _scale(y if together is None else together, names[1])
    x, y = x * x_scale, y * y_scale
    state = np.array([point.status for point in study.points])
    solved, barred = state == "solved", state == "infeasible"
    values = study.column(output) + shift
    held = [name for name in study.parameters if name not in names and len(set(study.column(name).tolist())) > 1]
    if held:
        raise InputError(
            f"a map of {' and '.join(names)} needs one value of {', '.join(held)}; pick points of one value"
        )
    width, height = np.ptp(x) or 1.0, np.ptp(y) or 1.0
    try:
        everywhere = Triangulation(x / width, y / height)
    except (RuntimeError, ValueError):
        raise InputError(
            f"a map of {names[0]} and {names[1]} needs three points that are not on one line; leave y out for a line"
        ) from None
    corners = everywhere.triangles
    drawn = Triangulation(x, y, corners[solved[corners].all(axis=1)]) if solved[corners].all(axis=1).any() else None
    if drawn is None:
        raise InputError(f"the solved points span no area of {' and '.join(names)}; draw lines over one parameter")
    filled = axes.tricontourf(drawn, np.where(solved, values, np.nanmean(values)), LEVELS, cmap="viridis")
    axes.scatter(x[solved], y[solved], s=3, color="#333333", linewidths=0)
    handles = []
    failed = state == "failed"
    if failed.any():
        handles.append(axes.scatter(x[failed], y[failed], marker="x", color="#aa0000", label="failed", clip_on=False))
    line = _constraint(study, x, y)
    if barred.any():
        hatched: dict[str, Any] = {"facecolor": "none", "edgecolor": "#777777", "hatch": "////", "linewidth": 0.0}
        leans = line is not None and np.ptp(line[0]) > 0
        side = _barred_side(line, x, y, barred, solved) if line is not None and leans else 0.0
        if line is not None and side:
            axes.fill_between(*line, y.max() if side > 0 else y.min(), **hatched)
        else:
            closed = Triangulation(x, y, corners[barred[corners].any(axis=1)])
            axes.tricontourf(closed, np.zeros(len(x)), levels=[-1, 1], colors=["none"], hatches=["////"])
        handles.append(Patch(label="infeasible", **hatched))
    if line is not None:
        handles += axes.plot(*line, color=COLOURS[1], label="via depth = module height")
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.min(), y.max())
    axes.grid(visible=False)
    figure.colorbar(filled, ax=axes, label=title)
    axes.set(xlabel=f"{_words(names[0])}{x_unit}", ylabel=f"{_words(names[1])}{y_unit}", title=output)
    if handles:
        axes.legend(handles=handles, loc="upper left", frameon=True, framealpha=0.9)


def _barred_side(line: tuple[Floats, Floats], x: Floats, y: Floats, barred: Any, solved: Any) -> float:
    """Where infeasible points are and no solved one is: 1 above a line, -1 below it; 0 if there are other causes."""
    above = y - np.interp(x, *line)
    side = np.where(np.abs(above) > 1e-6 * np.ptp(y), np.sign(above), 0.0)
    for sign in (1.0, -1.0):
        if (sign * side[barred] >= 0).all() and (sign * side[solved] < 0).all():
            return sign
    return 0.0


def _constraint(study: Study, x: Floats, y: Floats) -> tuple[Floats, Floats] | None:
    """Where via depth and module height would be equal, if their difference is linear in both axes."""
    points = [p for p in study.of("solved") if p.heights.get("via_depth") and p.heights.get("module_height")]
    if len(points) < 4:
        return None
    own = np.array([point.index for point in points])
    room = np.array([p.heights["via_depth"] - p.heights["module_height"] for p in points])
    matrix = np.column_stack([np.ones(len(own)), x[own], y[own]])
    found, *_ = np.linalg.lstsq(matrix, room, rcond=None)
    if np.abs(matrix @ found - room).max() > 1e-6 * np.abs(room).max():
        return None
    constant, slope_x, slope_y = found
    if abs(slope_y) * np.ptp(y) > 1e-6 * np.abs(room).max():
        ends = np.array([x.min(), x.max()])
        return ends, -(constant + slope_x * ends) / slope_y
    if abs(slope_x) * np.ptp(x) > 1e-6 * np.abs(room).max():
        return np.full(2, -constant / slope_x), np.array([y.min(), y.max()])
    return None


def _title(study: Study, output: str) -> tuple[str, float]:
    unit = study.units.get(output, "")
    if unit in QUANTITIES:
        return QUANTITIES[unit]
    return (f"{output}, {unit}" if unit else output), 0.0


def _scale(values: Any, name: str) -> tuple[float, str]:
    """What a parameter's values are multiplied with, and the unit to write behind its name."""
    largest = float(np.abs(values).max())
    if not _is_length(name):
        return 1.0, ""
    fitting = [(factor, unit) for least, factor, unit in SCALES if largest >= least]
    factor, unit = fitting[-1] if fitting and largest < 1.0 else (1.0, "m")
    return factor, f", {unit}"


def _is_length(name: str) -> bool:
    return any(word in name for word in LENGTHS)


def parameter_text(value: Any, name: str) -> str:
    """A parameter's value for people, a length with its unit."""
    if isinstance(value, str):
        return value
    scale, unit = _scale(np.array([value]), name)
    return f"{scale * value:.4g}{unit.replace(',', '')}"


def _words(name: str) -> str:
    return name.replace("_", " ")
