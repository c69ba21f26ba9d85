"""Sizes that do not jump: from sizes wanted for cells to sizes at their corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def graded(points: Floats, cells: Ints, edges: Ints, size: Floats, growth: float) -> Floats:
    """The size at points: the mean of the logarithm over the cells around, and no faster growth than is allowed.

    Parameters
    ----------
    points : (n_points, d) array
        (m)
    cells : (n_cells, k) array of int
    edges : (n_edges, 2) array of int
        Pairs of points.
    size : (n_cells,) array
        (m)
    growth : float
        Size gained per distance along an edge, at most.
    """
    width = cells.shape[1]
    count = np.bincount(cells.ravel(), minlength=len(points))
    summed = np.bincount(cells.ravel(), np.repeat(np.log(size), width), minlength=len(points))
    sizes = np.exp(summed / np.maximum(count, 1))
    a, b = edges.T
    room = growth * np.linalg.norm(points[a] - points[b], axis=1)
    while True:
        limited = sizes.copy()
        np.minimum.at(limited, a, sizes[b] + room)
        np.minimum.at(limited, b, sizes[a] + room)
        if (limited >= (1 - 1e-6) * sizes).all():
            return sizes
        sizes = limited
