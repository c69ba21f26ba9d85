"""Pictures of a mesh: its cells, coloured by their quality."""

from __future__ import annotations

from typing import Any

import numpy as np

from mcpthermal.viz.cutting import CutAway, surface_of
from mcpthermal.viz.grids import mesh_grid
from mcpthermal.viz.scene import bar, look, make_plotter, number_bar
from mcpthermal.viz.style import STRETCH, check_stretch, number_text, stretched


def mesh_quality(mesh: Any) -> Any:
    """The scaled Jacobian of each cell's corners: 1 for a regular cell, 0 for a flat one, below for one inside out."""
    quality = mesh_grid(mesh).cell_quality("scaled_jacobian")
    return np.asarray(quality.cell_data["scaled_jacobian"], float)


def plot_mesh(
    mesh: Any, *, cut: bool | CutAway = True, stretch: float = STRETCH, off_screen: bool | None = None
) -> Any:
    """Draw the cells of a mesh, coloured by the shape of their corners.

    The scaled Jacobian is 1 for a regular cell and 0 for a flat one. It does not see how long a prism is beside its
    width: flat and tall prisms, which columns allow, are good by it.

    Parameters
    ----------
    mesh : ColumnMesh or TetMesh
    cut : bool or CutAway
    stretch : float
        Factor on z, of the picture alone.
    off_screen : bool, optional

    Returns
    -------
    pyvista.Plotter
    """
    stretch = check_stretch(stretch)
    grid = mesh_grid(mesh, stretch)
    quality = mesh_quality(mesh)
    grid.cell_data["Quality"] = quality
    body = surface_of(grid, cut, stretch)
    worst = f"scaled Jacobian from {number_text(float(quality.min()))}, mean {number_text(float(quality.mean()))}"
    plotter = make_plotter(f"Mesh, {mesh.n_cells:,} cells, {stretched(stretch)}\n{worst}", off_screen)
    style = {"scalars": "Quality", "cmap": "viridis", "clim": [0.0, 1.0], "scalar_bar_args": bar("Quality\n(-)")}
    plotter.add_mesh(body, **style, show_edges=True, edge_color="#333333", line_width=0.6, lighting=False)
    number_bar(plotter, (0.0, 1.0))
    look(plotter)
    return plotter
