"""The two-level method: Chebyshev smoothing of the fine level, a solve on the coarse one."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.linalg.direct import Factorisation, pardiso_available
from mcpthermal.linalg.operator import LinearSystem
from mcpthermal.linalg.smoothers import Chebyshev

Array = NDArray[np.float64]

PARDISO_LIMIT = 400_000
SUPERLU_LIMIT = 40_000
"""Coarse unknowns up to which a factorisation is worth its memory."""


class TwoLevel:
    """A symmetric preconditioner: smooth, correct on the coarse level, smooth.

    Attributes
    ----------
    description : str
        What was chosen for the coarse level.
    seconds : float
        Of the set-up.
    """

    def __init__(self, system: LinearSystem, degree: int = 3) -> None:
        start = time.perf_counter()
        self._apply = system.apply
        self._smoother = Chebyshev(system.apply, system.smoother_blocks(), system.size, degree)
        self._down = system.prolongation()
        self._up = self._down.T.tocsr()
        self._coarse, name = _coarse_solver(system.coarse_matrix())
        self.description = f"two-level, coarse {self._down.shape[1]:,} by {name}"
        self.seconds = time.perf_counter() - start

    def solve(self, r: Array) -> Array:
        """An approximation of A^-1 r."""
        x = self._smoother.smooth(r)
        x += self._down @ self._coarse(self._up @ (r - self._apply(x)))
        return self._smoother.smooth(r, x)


def _coarse_solver(matrix: Any) -> tuple[Any, str]:
    size = matrix.shape[0]
    if size <= (PARDISO_LIMIT if pardiso_available() else SUPERLU_LIMIT):
        factors = Factorisation(matrix)
        return factors.solve, factors.name
    import pyamg

    hierarchy = pyamg.smoothed_aggregation_solver(matrix, symmetry="symmetric", max_coarse=500)
    cycle = hierarchy.aspreconditioner(cycle="V")
    return (lambda r: np.asarray(cycle @ r)), "smoothed aggregation"
