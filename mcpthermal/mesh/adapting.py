"""A column mesh made anew for what an error estimate asks of its triangles and of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mcpthermal.mesh.columns import ColumnMesh, Drawing
from mcpthermal.mesh.gmsh_backend import triangulate
from mcpthermal.mesh.gradation import graded
from mcpthermal.package.package import Package

Floats = NDArray[np.float64]

GROWTH = 0.6
"""In-plane size gained per distance, at most."""

RATIO = 2.5
"""Neighbouring layers between two interfaces differ by this factor in thickness, at most."""


def adapted_mesh(
    package: Package, mesh: ColumnMesh, planar: Floats, vertical: Floats, boxes: Sequence[Sequence[float]] = ()
) -> ColumnMesh:
    """The mesh with more or fewer cells where that is asked for; outlines and interfaces stay.

    Parameters
    ----------
    package : Package
    mesh : ColumnMesh
        A mesh of it.
    planar : (n_triangles,) array
        How many triangles shall be in the place of each.
    vertical : (n_layers,) array
        How many layers shall be in the place of each.
    boxes : sequence of (x0, y0, x1, y1, size)
        Rectangles and the largest in-plane size inside (m), whatever is asked for.

    Raises
    ------
    MeshError
        If Gmsh fails.
    """
    drawn = Drawing(package, mesh.spec)
    # The side of an equilateral triangle of the wanted area.
    size = np.sqrt(4 / np.sqrt(3) * mesh.areas / planar)
    # At vertices the mean of the logarithm over the triangles around.
    count = np.bincount(mesh.triangles.ravel(), minlength=len(mesh.vertices))
    summed = np.bincount(mesh.triangles.ravel(), np.repeat(np.log(size), 3), minlength=len(mesh.vertices))
    sizes = graded(mesh.vertices, mesh.edges, np.exp(summed / np.maximum(count, 1)), GROWTH)
    background = np.dstack([mesh.vertices[mesh.triangles], sizes[mesh.triangles][:, :, None]])
    plane = drawn.arrangement.plane
    none = np.full(len(plane.segments), np.inf)
    found = triangulate(plane, drawn.used, none, drawn.extent, GROWTH, background, boxes)
    levels = _levels(drawn.arrangement.columns.levels, mesh.levels, mesh.heights / vertical)
    return drawn.columns(*found, levels)


def _levels(interfaces: Floats, levels: Floats, thickness: Floats) -> Floats:
    """Levels that are spaced as wanted for each layer (m) between the interfaces, which stay."""
    slack = 1e-9 * (levels[-1] - levels[0])
    found = [levels[:1]]
    for low, high in pairwise(interfaces.tolist()):
        first, last = np.searchsorted(levels, [low - slack, high - slack])
        old = levels[first : last + 1]
        # The number of new layers below each old level: a thin film does not make its neighbours' layers thin.
        below = np.concatenate([[0.0], np.cumsum(np.diff(old) / _limited(thickness[first:last]))])
        steps = np.linspace(0.0, below[-1], max(1, round(below[-1])) + 1)
        found += [np.interp(steps[1:-1], below, old), np.array([high])]
    return np.concatenate(found)


def _limited(thickness: Floats) -> Floats:
    for order in (slice(None), slice(None, None, -1)):
        values = thickness[order].copy()
        for i in range(1, len(values)):
            values[i] = min(values[i], RATIO * values[i - 1])
        thickness = values[order]
    return thickness
