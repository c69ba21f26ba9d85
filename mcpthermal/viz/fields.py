"""Fields of a result on its package."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.mesh.writing import checked_file, write_whole
from mcpthermal.result.steady import SteadyResult
from mcpthermal.viz.cutting import CutAway, outlines, surface, surface_of
from mcpthermal.viz.flows import arrows, tubes
from mcpthermal.viz.grids import make_grid
from mcpthermal.viz.packages import plot_package
from mcpthermal.viz.scene import add_lines, bar, ghost, look, make_plotter, number_bar
from mcpthermal.viz.style import (
    STRETCH,
    Quantity,
    check_contours,
    check_field,
    check_limits,
    check_stretch,
    current_cells,
    current_flows,
    number_text,
    round_levels,
    stretched,
)

FLOWS = (None, "arrows", "tubes")
"""How vector fields may be drawn."""


def plot_field(
    result: SteadyResult,
    field: str = "temperature",
    *,
    cut: bool | CutAway = True,
    contours: int = 0,
    flow: str | None = None,
    stretch: float = STRETCH,
    limits: tuple[float, float] | None = None,
    title: str | None = None,
    off_screen: bool | None = None,
) -> Any:
    """Draw a field on a result's package.

    Parameters
    ----------
    result : SteadyResult
    field : str
        "temperature", "potential", "current_density", "heat_flux" or "joule_density".
    cut : bool or CutAway
        What is taken away of temperature and heat flux: True the quarter that faces the viewer. The fields of
        currents are drawn on the conductors, in a ghost of the package.
    contours : int
        About how many lines of equal value to draw (temperature and potential).
    flow : {None, "arrows", "tubes"}
        Draw "current_density" by arrows or stream tubes in the conductors, or "heat_flux" by tubes that begin in
        the chips.
    stretch : float
        Factor on z; the title says it.
    limits : (low, high), optional
        Ends of the scale, in its unit (degC); default those of the field.
    title : str, optional
        Instead of the case's name and the field's.
    off_screen : bool, optional
        Draw without a window.

    Returns
    -------
    pyvista.Plotter
        Call its ``show()`` or ``screenshot(path)``.

    Raises
    ------
    InputError
        For an unknown field or option, or a current's field in a case without currents.
    """
    look_up = check_field(result, field)
    stretch = check_stretch(stretch)
    if flow not in FLOWS or (flow is not None and field not in ("current_density", "heat_flux")):
        raise InputError(f"flow={flow!r} of '{field}': use 'arrows' or 'tubes' with 'current_density' or 'heat_flux'")
    contours = check_contours(contours)
    limits = check_limits(limits, look_up)
    if contours and not look_up.nodal:
        raise InputError(f"'{field}' jumps from cell to cell and has no contours; use temperature or potential")
    grid = make_grid(result.fields, stretch)
    for kind in (grid.point_data, grid.cell_data):
        if field in kind:
            kind[look_up.title] = look_up.shown(kind[field])
    drawn = grid.extract_cells(_carrying(result, grid)) if look_up.electrical else grid
    values = np.asarray(drawn[look_up.title])
    style = _style(look_up, values, limits)
    heading = title or f"{result.case.name}: {look_up.title.lower()}"
    least, greatest = (number_text(float(end)) for end in (np.nanmin(values), np.nanmax(values)))
    ends = f"lowest {least}, highest {greatest}" if look_up.nodal else f"highest {greatest}"
    plotter = make_plotter(f"{heading}, {stretched(stretch)}\n{ends} {look_up.unit}", off_screen)
    if look_up.electrical or flow:
        ghost(plotter, surface(grid))
        body = surface(drawn) if look_up.electrical else None
    else:
        body = surface_of(grid, cut, stretch)
    if flow is not None:
        _draw_flow(plotter, result, drawn, field, flow, style, body)
    elif body is not None:
        lit = {"ambient": 0.4} if look_up.electrical else {"lighting": False}
        plotter.add_mesh(body, scalars=look_up.title, **style, **lit)
        add_lines(plotter, outlines(body), "#333333", 1.2)
    if contours and body is not None:
        levels = round_levels(style["clim"], contours)
        lines = body.contour(levels, scalars=look_up.title) if levels else None
        if lines is not None and lines.n_points:
            add_lines(plotter, lines, "white", 1.5)
    number_bar(plotter, style["clim"], look_up.logarithmic)
    look(plotter)
    return plotter


def _carrying(result: SteadyResult, grid: Any) -> Any:
    return np.repeat(current_cells(result.fields), grid.n_cells // len(result.fields.cells))


def _style(look_up: Quantity, values: Any, limits: tuple[float, float] | None) -> dict[str, Any]:
    """How a field's numbers become colours, with the scale bar."""
    return {
        "cmap": look_up.colours,
        "clim": list(limits or look_up.limits(values)),
        "log_scale": look_up.logarithmic,
        "scalar_bar_args": bar(look_up.heading),
    }


def _draw_flow(
    plotter: Any, result: SteadyResult, grid: Any, field: str, flow: str, style: dict[str, Any], conductors: Any
) -> None:
    """Arrows or tubes; heat comes from the chips, current through the conductors, which stay visible faintly."""
    if field == "heat_flux":
        package = result.case.package
        chips = [package.index[name] for name in package.reported]
        sources = grid.extract_cells(np.isin(grid.cell_data["part"], chips))
        plotter.add_mesh(surface(sources), color="#5b6f8a", opacity=0.35)
    else:
        sources = grid
        plotter.add_mesh(conductors, color="#c87533", opacity=0.18)
    drawn = arrows(grid, field) if flow == "arrows" else tubes(grid, field, sources)
    plotter.add_mesh(drawn, scalars="shown", **style, ambient=0.4)


PICTURES = ("package", "temperature", "current_density")


def save_pictures(result: SteadyResult, folder: str | os.PathLike[str]) -> list[Path]:
    """Write ``package.png``, ``temperature.png`` and, with currents, ``current_density.png`` into a folder.

    Each is written whole or not at all.
    """
    written = []
    for name in PICTURES[: 3 if current_flows(result) else 2]:
        if name == "package":
            plotter = plot_package(result.case.package, result.mesh, off_screen=True)
        else:
            plotter = plot_field(result, name, off_screen=True)
        written.append(save_picture(plotter, Path(folder) / f"{name}.png"))
    return written


def save_picture(plotter: Any, path: str | os.PathLike[str]) -> Path:
    """Write what a plotter shows as PNG, whole or not at all, and close it.

    Raises
    ------
    InputError
        For another ending, or something that is no picture.
    """
    target = checked_file(path, "a picture", (".png",))
    if not hasattr(plotter, "screenshot"):
        raise InputError(f"save_picture writes what plot_field and the like return, not {type(plotter).__name__}")
    write_whole(target, plotter.screenshot)
    plotter.close()
    return target
