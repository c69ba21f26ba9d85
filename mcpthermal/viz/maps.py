"""Flat pictures with axes in mm: a layer seen from above, and vertical sections."""

from __future__ import annotations

from typing import Any

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.result.steady import SteadyResult
from mcpthermal.units import describe, quantity
from mcpthermal.viz.charts import File, chart
from mcpthermal.viz.cutting import outlines, surface
from mcpthermal.viz.grids import make_grid
from mcpthermal.viz.style import (
    MILLIMETRES,
    Quantity,
    check_contours,
    check_field,
    check_stretch,
    current_cells,
    round_levels,
    stretched,
)

INWARDS = 1e-6
"""How far corners are moved to the middle of their triangle, so that each side of a jump meets its own."""

NEAR = 1e-6
"""How far from a level its two sides are looked at, relative to the package's height."""

SIDES = {"below": -1.0, "above": 1.0}


def plot_layer(
    result: SteadyResult,
    z: float | str,
    field: str = "temperature",
    *,
    side: str = "below",
    contours: int = 10,
    path: File | None = None,
) -> Any:
    """Draw a field at a height, seen from above.

    Parameters
    ----------
    result : SteadyResult
    z : float, str
        The height (m), or the name of a part, whose upper face is meant.
    field : str
        As for `plot_field`.
    side : {"below", "above"}
        What is shown at a height where two layers meet and a field jumps.
    contours : int
        About how many lines of equal value (temperature and potential).
    path : path, optional
        A file to write, whole or not at all: .png, .svg or .pdf.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If the height is outside the package, or nothing carries current there.
    """
    look_up = check_field(result, field)
    contours = check_contours(contours)
    if side not in SIDES:
        raise InputError(f"side={side!r} of a layer must be 'below' or 'above'")
    package = result.case.package
    at = package[z].z[1] if isinstance(z, str) and z in package else quantity(z, "m", "height of a layer")
    levels = result.fields.points[:, 2]
    low, high = float(levels.min()), float(levels.max())
    if not low <= at <= high:
        raise InputError(
            f"the height {describe(at, 'm')} is outside the package, from {describe(low, 'm')} to {describe(high, 'm')}"
        )
    step = NEAR * (high - low)
    inside = float(np.clip(at + SIDES[side] * step, low + step, high - step))
    flat = _slice(result, (0, 0, 1), (0, 0, inside), look_up, field)
    title = f"{result.case.name}: {look_up.title.lower()} just {side} z = {describe(at, 'm')}, seen from above"
    return _draw(flat, look_up, (0, 1), title, contours, 1.0, path)


def plot_section(
    result: SteadyResult,
    axis: str,
    at: float | str,
    field: str = "temperature",
    *,
    stretch: float = 1.0,
    contours: int = 10,
    path: File | None = None,
) -> Any:
    """Draw a field on a vertical section, such as through a row of vias.

    Parameters
    ----------
    result : SteadyResult
    axis : {"x", "y"}
        What the section is perpendicular to.
    at : float, str
        Where on that axis (m).
    field : str
        As for `plot_field`.
    stretch : float
        Factor on z; the title says it.
    contours : int
    path : path, optional

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If it misses the package, or nothing carries current there.
    """
    look_up = check_field(result, field)
    contours = check_contours(contours)
    if axis not in ("x", "y"):
        raise InputError(f"axis={axis!r} of a section must be 'x' or 'y'")
    number = "xy".index(axis)
    place = quantity(at, "m", f"place of a section in {axis}")
    stretch = check_stretch(stretch)
    across = result.fields.points[:, number]
    low, high = float(across.min()), float(across.max())
    if not low <= place <= high:
        raise InputError(
            f"the section at {axis} = {describe(place, 'm')} misses the package, which lies from {describe(low, 'm')} "
            f"to {describe(high, 'm')}"
        )
    step = NEAR * (high - low)
    origin = np.eye(3)[number] * float(np.clip(place + step / 3, low + step, high - step))
    flat = _slice(result, np.eye(3)[number], origin, look_up, field)
    title = f"{result.case.name}: {look_up.title.lower()} at {axis} = {describe(place, 'm')}, {stretched(stretch)}"
    return _draw(flat, look_up, (1 - number, 2), title, contours, stretch, path)


def _slice(result: SteadyResult, normal: Any, origin: Any, look_up: Quantity, field: str) -> Any:
    """Triangles in a plane with the parts, and with ``shown``, which is NaN off the conductors for their fields."""
    grid = make_grid(result.fields)
    kind = grid.point_data if look_up.nodal else grid.cell_data
    shown = look_up.shown(kind[field])
    if look_up.electrical and not look_up.nodal:
        carrying = np.repeat(current_cells(result.fields), grid.n_cells // len(result.fields.cells))
        shown = np.where(carrying, shown, np.nan)
    kind["shown"] = shown
    flat = surface(grid.slice(normal=normal, origin=np.asarray(origin, float) * MILLIMETRES))
    if look_up.nodal:
        flat.point_data["shown"] = _exact(result, flat, look_up, field)
    if not np.isfinite((flat.point_data if look_up.nodal else flat.cell_data)["shown"]).any():
        raise InputError(f"no conductor carries current there: there is no {look_up.title.lower()}; look elsewhere")
    return flat


def _exact(result: SteadyResult, flat: Any, look_up: Quantity, field: str) -> Any:
    """The field by its own elements at the corners of triangles, each seen from inside one of its triangles."""
    corners = flat.regular_faces
    own = np.zeros(flat.n_points, np.int64)
    own[corners] = np.arange(len(corners))[:, None]
    middle = flat.points[corners].mean(axis=1)
    spots = flat.points + INWARDS * (middle[own] - flat.points)
    space, raw = (
        (result.thermal, result.temperature) if field == "temperature" else (result.electrical, result.potential)
    )
    assert space is not None and raw is not None
    exact = look_up.shown(space.evaluate(raw, spots / MILLIMETRES))
    # Where a polygon bulges out of a circle no element is found: the corners' own interpolation stays.
    return np.where(np.isnan(exact), flat.point_data["shown"], exact)


def _label(panel: Any, lines: Any, ends: tuple[float, float]) -> None:
    """Numbers on lines of equal value, readable on light colours too, and none that an edge would cut."""
    from matplotlib.patheffects import withStroke

    margin = 0.04 * (ends[1] - ends[0])
    for text in panel.clabel(lines, fontsize=7, fmt="%g"):
        text.set_path_effects([withStroke(linewidth=1.2, foreground="#333333")])
        text.set_visible(ends[0] + margin < text.get_position()[1] < ends[1] - margin)


def _draw(
    flat: Any, look_up: Quantity, axes: tuple[int, int], title: str, contours: int, stretch: float, path: File | None
) -> Any:
    x, y = (np.asarray(flat.points[:, axis], float) for axis in axes)
    width, height = float(np.ptp(x)), float(np.ptp(y)) * stretch
    values = np.asarray((flat.point_data if look_up.nodal else flat.cell_data)["shown"], float)
    low, high = look_up.limits(values)
    lines = outlines(flat, rims=True)
    ends = lines.points[lines.lines.reshape(-1, 3)[:, 1:]]

    def draw(figure: Any) -> None:
        from matplotlib.collections import LineCollection
        from matplotlib.colors import LogNorm, Normalize
        from matplotlib.tri import Triangulation

        panel = figure.subplots()
        triangles = flat.regular_faces
        norm = (LogNorm if look_up.logarithmic else Normalize)(low, high)
        style = {"cmap": look_up.colours, "norm": norm, "rasterized": True}
        if look_up.nodal:
            own = triangles[np.isfinite(values[triangles]).all(axis=1)]
            # Triangles of interpolated colours; a jump between parts has two points in one place.
            filled = panel.tripcolor(Triangulation(x, y, own), values, shading="gouraud", **style)
            levels = round_levels((low, high), contours) if contours else []
            if levels:
                drawn = panel.tricontour(
                    Triangulation(x, y, own), np.nan_to_num(values), levels, colors="white", linewidths=0.6
                )
                _label(panel, drawn, (float(y.min()), float(y.max())))
        else:
            filled = panel.tripcolor(
                Triangulation(x, y, triangles), facecolors=np.ma.masked_invalid(values), edgecolors="none", **style
            )
        panel.add_collection(LineCollection(ends[:, :, list(axes)], colors="#222222", linewidths=0.5))
        panel.set(xlabel=f"{'xyz'[axes[0]]}, mm", ylabel=f"{'xyz'[axes[1]]}, mm", title=title)
        panel.set_aspect(stretch)
        panel.set_xlim(x.min() - 0.01 * width, x.max() + 0.01 * width)
        panel.set_ylim(y.min() - 0.01 * height / stretch, y.max() + 0.01 * height / stretch)
        panel.grid(visible=False)
        figure.colorbar(filled, ax=panel, label=look_up.axis, shrink=0.8)

    return chart(draw, (7.6, float(np.clip(5.8 * height / width + 1.1, 2.4, 8.0))), path)
