"""Differences of two results, whose meshes may be different."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.result.fields import Fields
from mcpthermal.result.steady import SteadyResult
from mcpthermal.viz.cutting import CutAway, outlines, surface, surface_of
from mcpthermal.viz.grids import make_grid
from mcpthermal.viz.scene import add_lines, bar, ghost, look, make_plotter, number_bar
from mcpthermal.viz.style import (
    DIFFERENCE,
    FIELDS,
    STRETCH,
    check_field,
    check_stretch,
    current_cells,
    number_text,
    stretched,
)

INWARDS = 1e-7
"""How far nodes are moved to the middle of their cell, so that each side of a jump meets its own."""

Floats = NDArray[np.float64]


def field_difference(first: SteadyResult, second: SteadyResult, field: str) -> Floats:
    """The second result's temperature or potential minus the first's, at the first's nodes (SI).

    Both are evaluated by their own elements. NaN where there is no potential.

    Raises
    ------
    InputError
        If the field is another, or the second's package does not hold the first's nodes.
    """
    for result in (first, second):
        check_field(result, field)
    if not FIELDS[field].nodal:
        raise InputError(f"'{field}' jumps from cell to cell: two meshes have no difference of it; use temperature")
    fields = first.fields
    seen = np.zeros(len(fields.points), np.int64)
    seen[fields.cells] = np.arange(len(fields.cells))[:, None]
    if field == "potential":
        own = current_cells(fields)
        seen[fields.cells[own]] = np.nonzero(own)[0][:, None]
    spots = fields.points + INWARDS * (_middles(fields)[seen] - fields.points)
    hot = field == "temperature"
    space, raw = (second.thermal, second.temperature) if hot else (second.electrical, second.potential)
    assert space is not None and raw is not None
    other = space.evaluate(raw, spots)
    difference: Floats = np.asarray(other - fields.point_values[field], float)
    missing = np.isnan(other) & np.isfinite(fields.point_values[field])
    if missing.any():
        x = fields.points[int(np.argmax(missing))]
        raise InputError(
            f"the second result has no {field} at ({x[0]:g}, {x[1]:g}, {x[2]:g}) m, where the first has; differences "
            "need packages of the same shape"
        )
    return difference


def plot_difference(
    first: SteadyResult,
    second: SteadyResult,
    field: str = "temperature",
    *,
    cut: bool | CutAway = True,
    stretch: float = STRETCH,
    off_screen: bool | None = None,
) -> Any:
    """Draw by how much a second result's temperature or potential is above the first's; white is no difference.

    Parameters
    ----------
    first, second : SteadyResult
        Of packages of the same shape; their meshes may differ.
    field : {"temperature", "potential"}
    cut : bool or CutAway
    stretch : float
    off_screen : bool, optional

    Returns
    -------
    pyvista.Plotter
    """
    values = field_difference(first, second, field)
    stretch = check_stretch(stretch)
    look_up = FIELDS[field]
    unit = "K" if field == "temperature" else look_up.unit
    grid = make_grid(first.fields, stretch)
    title = f"Difference of {look_up.title.lower()}"
    grid.point_data[title] = values * look_up.factor
    greatest = float(np.nanmax(np.abs(values))) * look_up.factor
    names = first.case.name if first.case.name == second.case.name else f"{second.case.name} - {first.case.name}"
    heading = f"{names}: {title.lower()}, {stretched(stretch)}\ngreatest {number_text(greatest)} {unit}"
    plotter = make_plotter(heading, off_screen)
    if look_up.electrical:
        ghost(plotter, surface(grid))
        cells = np.repeat(current_cells(first.fields), grid.n_cells // len(first.fields.cells))
        body = surface(grid.extract_cells(cells))
    else:
        body = surface_of(grid, cut, stretch)
    end = greatest or 1e-12
    style = {"cmap": DIFFERENCE, "clim": [-end, end], "scalar_bar_args": bar(f"Difference\n({unit})")}
    plotter.add_mesh(body, scalars=title, **style, lighting=False)
    add_lines(plotter, outlines(body), "#333333", 1.2)
    number_bar(plotter, (-end, end))
    look(plotter)
    return plotter


def _middles(fields: Fields) -> Floats:
    corners = fields.points[fields.cells[:, : fields.corner_count]]
    return np.asarray(corners.mean(axis=1), float)
