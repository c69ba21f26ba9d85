"""Arrows and stream tubes of current and heat."""

from __future__ import annotations

from typing import Any

import numpy as np

from mcpthermal.viz.scene import load_pyvista
from mcpthermal.viz.style import FIELDS

ARROWS = 500
SEEDS = 120
STEP = 0.006
"""Of the width."""

SEED = 7
ARROW = {"shaft_radius": 0.08, "tip_radius": 0.2, "tip_length": 0.4}
"""Pictures of equal results are equal."""


def arrows(grid: Any, field: str) -> Any:
    """Arrows in the middle of some cells, as long everywhere; ``shown`` is the field's size on its scale."""
    pv = load_pyvista()
    points = _spread(grid, ARROWS)
    vectors = np.asarray(grid.cell_data[field], float)[points]
    cloud = pv.PolyData(grid.cell_centers().points[points])
    cloud["direction"] = _on_screen(grid, vectors)
    cloud["shown"] = FIELDS[field].shown(vectors)
    return cloud.glyph(orient="direction", scale=False, factor=0.045 * _width(grid), geom=pv.Arrow(**ARROW))


def tubes(grid: Any, field: str, sources: Any) -> Any:
    """Tubes along a field, both ways from cells of the sources; ``shown`` is the field's size on its scale."""
    pv = load_pyvista()
    # Lines need a field without jumps: the mean over the cells around a point.
    smooth = grid.copy()
    smooth.cell_data["direction"] = _on_screen(grid, np.asarray(grid.cell_data[field], float))
    smooth.cell_data["flow"] = np.asarray(grid.cell_data[field], float)
    smooth = smooth.cell_data_to_point_data()
    seeds = pv.PolyData(sources.cell_centers().points[_spread(sources, SEEDS)])
    width = _width(grid)
    lines = smooth.streamlines_from_source(
        seeds,
        vectors="direction",
        integration_direction="both",
        initial_step_length=STEP * width,
        integrator_type=4,
        step_unit="l",
        max_length=6 * width,
        terminal_speed=1e-9,
        compute_vorticity=False,
    )
    lines["shown"] = FIELDS[field].shown(lines["flow"])
    return lines.tube(radius=0.003 * width, n_sides=6)


def _on_screen(grid: Any, vectors: Any) -> Any:
    """Directions of unit length, with z stretched as the grid is."""
    stretch = float(grid.field_data["stretch"][0])
    seen = vectors * np.array([1.0, 1.0, stretch])
    return seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-300)


def _spread(grid: Any, count: int) -> Any:
    """Cells drawn by chance, a large one more likely than a small one."""
    volume = np.abs(np.asarray(grid.compute_cell_sizes(length=False, area=False)["Volume"]))
    weight = np.sqrt(volume)
    count = min(count, grid.n_cells)
    return np.random.default_rng(SEED).choice(grid.n_cells, count, replace=False, p=weight / weight.sum())


def _width(grid: Any) -> float:
    x0, x1, y0, y1, _, _ = grid.bounds
    return float(max(x1 - x0, y1 - y0))
