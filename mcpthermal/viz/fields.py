"""Pictures of a result and of a package."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from mcpthermal.errors import InputError, near_misses
from mcpthermal.mesh.columns import generate_mesh
from mcpthermal.mesh.writing import write_whole
from mcpthermal.package.package import Package
from mcpthermal.result.steady import SteadyResult
from mcpthermal.viz.scene import bar, cut_away, look, make_grid, make_plotter, mesh_grid, outlines, surface

STRETCH = 2.0
"""How much pictures of a package stretch z, so that thin layers can be seen; written in the title."""

FIELDS = {
    "temperature": ("Temperature\n(degC)", "inferno"),
    "potential": ("Potential\n(mV)", "viridis"),
    "current_density": ("Current density\n(A/cm2)", "viridis"),
    "heat_flux": ("Heat flux\n(W/cm2)", "inferno"),
    "joule_density": ("Joule heat\n(W/mm3)", "inferno"),
}
"""Fields that can be drawn: title of the scale bar, and colours that are safe for the colour-blind."""

COLOURS = {
    "copper": "#c87533",
    "silicon": "#5b6f8a",
    "sac305": "#84898f",
    "bt_laminate": "#5f8f5a",
    "fr4": "#6d9b52",
    "epoxy_mould": "#3c3f44",
    "underfill_epoxy": "#5c93b5",
    "die_attach_epoxy": "#b09030",
    "polyimide": "#d9952b",
    "aluminium": "#c3cad1",
    "gold": "#e2b93b",
}
_SPARE = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")


def plot_field(
    result: SteadyResult,
    field: str = "temperature",
    *,
    cut: bool = True,
    stretch: float = STRETCH,
    off_screen: bool | None = None,
) -> Any:
    """Draw a field on a result's package.

    Parameters
    ----------
    result : SteadyResult
    field : str
        "temperature", "potential", "current_density", "heat_flux" or "joule_density".
    cut : bool
        Take away the quarter that faces the viewer (temperature and heat flux).
    stretch : float
        Factor on z.
    off_screen : bool, optional
        Draw without a window.

    Returns
    -------
    pyvista.Plotter
        Call its ``show()`` or ``screenshot(path)``.

    Raises
    ------
    InputError
        For an unknown field, or a current's field in a case without currents.
    """
    if field not in FIELDS:
        raise InputError(f"there is no field '{field}' to draw; {near_misses(str(field), FIELDS)}")
    electrical = field in ("potential", "current_density", "joule_density")
    if electrical and result.electrical is None:
        raise InputError(f"'{field}' cannot be drawn: the case '{result.case.name}' has no electrical terminals")
    title, colours = FIELDS[field]
    grid = make_grid(result.fields, stretch)
    name = title.split("\n")[0]
    grid[name] = _values(grid, field)
    scale = f", z stretched {stretch:g} times" if stretch != 1 else ""
    hottest = result.max_temperature() - 273.15
    heading = f"{result.case.name}: {name.lower()}{scale}\nhighest temperature {hottest:.2f} degC"
    plotter = make_plotter(heading, off_screen)
    if electrical:
        _ghost(plotter, grid)
        conductors = grid.extract_cells(np.linalg.norm(grid.cell_data["current_density"], axis=1) > 0)
        log = field != "potential"
        shown = np.asarray(conductors[name])
        limits = _log_limits(shown) if log else [float(shown.min()), float(shown.max())]
        plotter.add_mesh(
            conductors,
            scalars=name,
            cmap=colours,
            log_scale=log,
            clim=limits,
            scalar_bar_args=bar(title, log),
            ambient=0.4,
        )
    else:
        body = cut_away(grid) if cut else surface(grid)
        plotter.add_mesh(body, scalars=name, cmap=colours, scalar_bar_args=bar(title), lighting=False)
        plotter.add_mesh(outlines(body), color="#333333", line_width=1.2)
    look(plotter)
    return plotter


def plot_package(
    package: Package, mesh: Any = None, *, cut: bool = True, stretch: float = STRETCH, off_screen: bool | None = None
) -> Any:
    """Draw a package with its parts coloured by material.

    Parameters
    ----------
    package : Package
    mesh : ColumnMesh or TetMesh, optional
        What is drawn; default a coarse mesh.
    cut : bool
        Take away the quarter that faces the viewer.
    stretch : float
        Factor on z.
    off_screen : bool, optional

    Returns
    -------
    pyvista.Plotter
    """
    if mesh is None:
        mesh = package.mesh if package.mesh is not None else generate_mesh(package, "coarse")
    grid = mesh_grid(mesh, stretch)
    body = cut_away(grid) if cut else surface(grid)
    x0, x1, y0, y1, z0, z1 = grid.bounds
    size = f"{x1 - x0:.3g} x {y1 - y0:.3g} x {(z1 - z0) / stretch:.3g} mm"
    scale = f", z stretched {stretch:g} times" if stretch != 1 else ""
    plotter = make_plotter(f"Package, {size}{scale}", off_screen)
    names = [None if part.is_void else part.material.name for part in package.parts]
    spare = iter(_SPARE * (1 + len(names) // len(_SPARE)))
    for material in dict.fromkeys(name for name in names if name is not None):
        parts = [number for number, name in enumerate(names) if name == material]
        piece = body.extract_cells(np.isin(body.cell_data["part"], parts))
        if piece.n_cells:
            colour = COLOURS.get(material) or next(spare)
            plotter.add_mesh(piece, color=colour, label=material.replace("_", " "), ambient=0.45, diffuse=0.6)
    plotter.add_mesh(outlines(body), color="#222222", line_width=1.2)
    height = 0.034 * len(set(names) - {None})
    plotter.add_legend(bcolor=None, face="rectangle", size=(0.2, height), loc="lower right")
    look(plotter)
    return plotter


def save_pictures(result: SteadyResult, folder: str | os.PathLike[str]) -> list[Path]:
    """Write ``package.png``, ``temperature.png`` and, with currents, ``current_density.png`` into a folder.

    Each is written whole or not at all.
    """
    wanted = ["package", "temperature"] + (["current_density"] if result.electrical is not None else [])
    written = []
    for name in wanted:
        if name == "package":
            plotter = plot_package(result.case.package, result.mesh, off_screen=True)
        else:
            plotter = plot_field(result, name, off_screen=True)
        target = write_whole(Path(folder) / f"{name}.png", plotter.screenshot)
        plotter.close()
        written.append(target)
    return written


def _values(grid: Any, field: str) -> Any:
    """The values to draw, in the unit of the scale bar."""
    if field == "temperature":
        return grid.point_data["temperature"] - 273.15
    if field == "potential":
        return grid.point_data["potential"] * 1e3
    if field == "joule_density":
        return grid.cell_data["joule_density"] * 1e-9
    return np.linalg.norm(grid.cell_data[field], axis=1) * 1e-4


def _log_limits(values: Any) -> list[float]:
    """From the highest value down over at most four decades."""
    highest = float(values.max())
    return [max(float(values[values > 0].min()), highest * 1e-4), highest]


def _ghost(plotter: Any, grid: Any) -> None:
    """The whole package as a faint shell."""
    shell = surface(grid)
    plotter.add_mesh(shell, color="#8899aa", opacity=0.08)
    plotter.add_mesh(shell.extract_feature_edges(40), color="#555555", line_width=1)
