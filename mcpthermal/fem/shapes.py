"""Shape functions of an element at points, and the inverses of the maps from its reference cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def inverses(matrices: Floats) -> tuple[Floats, Floats]:
    """Inverses of many matrices (..., 3, 3) by their cofactors, and the magnitudes of their determinants."""
    rows = np.moveaxis(matrices, (-2, -1), (0, 1)).copy()
    cofactors = np.empty_like(rows)
    for i, j in np.ndindex(3, 3):
        (a, b), (c, d) = ((i + 1) % 3, (i + 2) % 3), ((j + 1) % 3, (j + 2) % 3)
        cofactors[j, i] = rows[a, c] * rows[b, d] - rows[a, d] * rows[b, c]
    determinants = (rows[0] * cofactors[:, 0]).sum(axis=0)
    return np.moveaxis(cofactors / determinants, (0, 1), (-2, -1)), np.abs(determinants)


def shapes(element: Any, points: Floats) -> tuple[Floats, Floats]:
    """Values (n_points, n_shapes) and reference gradients (n_points, n_shapes, dim) of an element."""
    found = [element.lbasis(points, i) for i in range(element.doflocs.shape[0])]
    values = np.stack([np.broadcast_to(value, points.shape[1:]) for value, _ in found], axis=1)
    slopes = np.stack([np.broadcast_to(np.asarray(s), points.shape).T for _, s in found], axis=1)
    return values, slopes
