"""Conjugate gradients.

Legend: A matrix, b right-hand side, x unknowns, r residual, p direction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import LinearSolveError

Array = NDArray[np.float64]
Apply = Callable[[Array], Array]


def conjugate_gradients(
    apply: Apply, b: Array, x: Array, precondition: Apply, *, absolute_tolerance: float, max_iterations: int
) -> tuple[Array, int]:
    """Solve A x = b for a symmetric positive definite A (Saad, Iterative Methods, algorithm 9.1).

    Returns
    -------
    x : array
        The last iterate, whether or not the tolerance on |r| was reached.
    iterations : int

    Raises
    ------
    LinearSolveError
        If A turns out not to be positive definite.
    """
    x = x.copy()
    r = b - apply(x)
    p = np.zeros_like(b)
    rz = 1.0
    for iteration in range(max_iterations):
        if np.linalg.norm(r) <= absolute_tolerance:
            return x, iteration
        z = precondition(r)
        new = float(r @ z)
        p = z + (new / rz if iteration else 0.0) * p
        rz = new
        q = apply(p)
        curvature = float(p @ q)
        if not np.isfinite(curvature) or curvature <= 0:
            raise LinearSolveError("the operator is not positive definite; is a reference value missing?", x)
        alpha = rz / curvature
        x += alpha * p
        r -= alpha * q
    return x, max_iterations
