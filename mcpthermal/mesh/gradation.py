"""Sizes that do not jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def graded(points: Floats, edges: Ints, sizes: Floats, growth: float) -> Floats:
    """The sizes at points, made smaller where they grow faster than is allowed.

    Parameters
    ----------
    points : (n_points, d) array
        (m)
    edges : (n_edges, 2) array of int
        Pairs of points.
    sizes : (n_points,) array
        (m)
    growth : float
        Size gained per distance along an edge, at most.
    """
    a, b = edges.T
    room = growth * np.linalg.norm(points[a] - points[b], axis=1)
    while True:
        limited = sizes.copy()
        np.minimum.at(limited, a, sizes[b] + room)
        np.minimum.at(limited, b, sizes[a] + room)
        if (limited >= (1 - 1e-6) * sizes).all():
            return sizes
        sizes = limited
