"""Preconditioners with a coarse level: two levels with a Chebyshev smoother, and smoothed aggregation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from ..errors import LinearSolveError
from . import direct
from .checks import check_matrix
from .operator import Array, CsrMatrix, LinearSystem
from .product import SparseProduct
from .smoothers import Chebyshev, largest_eigenvalue

PARDISO_COARSE_LIMIT = 400_000
SUPERLU_COARSE_LIMIT = 40_000
LANCZOS_STEPS, LANCZOS_SAFETY = 8, 1.2
"""For the largest eigenvalue of a level that is smoothed a few times only."""


class _CoarseSolver(Protocol):
    def solve(self, b: Array) -> Array: ...


class SmoothedAggregation:
    """One symmetric V-cycle of smoothed aggregation (pyamg).

    Parameters
    ----------
    matrix : sparse matrix
        A symmetric positive definite matrix.
    """

    def __init__(self, matrix: CsrMatrix) -> None:
        import pyamg

        check_matrix(matrix, definite=True)
        sweep = ("gauss_seidel", {"sweep": "symmetric"})
        state = np.random.get_state()  # noqa: NPY002 - pyamg draws from the global generator
        np.random.seed(20)  # noqa: NPY002
        try:
            self._hierarchy = pyamg.smoothed_aggregation_solver(
                csr_matrix(matrix),
                symmetry="symmetric",
                presmoother=sweep,
                postsmoother=sweep,
                max_coarse=500,
            )
        finally:
            np.random.set_state(state)  # noqa: NPY002
        self._cycle = self._hierarchy.aspreconditioner(cycle="V")
        self.description = f"smoothed aggregation with {len(self._hierarchy.levels)} levels"

    def solve(self, b: Array) -> Array:
        """Apply one cycle to a zero start."""
        return self._cycle.matvec(b)


class TwoLevel:
    """A symmetric positive definite preconditioner: smooth, correct on the coarse level, smooth again.

    Parameters
    ----------
    system : LinearSystem
        The system; it must have a prolongation.
    degree : int
        The degree of the Chebyshev smoother.

    Attributes
    ----------
    description : str
        What was chosen, for reports.
    reason : str
        Why the coarse level is solved as it is.
    """

    def __init__(self, system: LinearSystem, degree: int = 3) -> None:
        prolongation = system.prolongation()
        if prolongation is None:
            raise LinearSolveError("a two-level preconditioner needs a system with a prolongation")
        self.size = prolongation.shape[0]
        self._product = system.smoothing_product()
        self._precision = getattr(self._product, "dtype", np.dtype(float))
        self._down = SparseProduct(prolongation, self._precision)
        self._up = SparseProduct(prolongation.T, self._precision)
        self._coarse, coarse_name, self.reason = _coarse_solver(system.coarse_matrix())
        self._degree = degree
        self.smoother: Chebyshev | None = None
        self.refresh(system)
        coarse = f"{coarse_name} coarse {self._down.shape[1]:,}"
        self.description = f"two-level (Chebyshev {system.smoother_blocks().name} smoother, {coarse})"

    def refresh(self, system: LinearSystem) -> None:
        """Smooth with another system of the same size, and keep the solver of the coarse level.

        The smoother is cheap to renew, the coarse factors are not; a coarse level that lags behind costs
        a few iterations only.
        """
        if system.size != self.size:
            raise ValueError(f"{system.size:,} unknowns do not fit a hierarchy of {self.size:,}")
        self._product = system.smoothing_product()
        blocks = system.smoother_blocks()
        # The spectrum of the smoothed operator hardly depends on coefficients: estimated once.
        largest = None if self.smoother is None else self.smoother.largest
        self.smoother = Chebyshev(self._product, blocks, self._degree, largest, size=system.size)

    def solve(self, r: Array) -> Array:
        """Apply one symmetric cycle to a zero start."""
        assert self.smoother is not None
        # Single precision ends at 1e-38, residuals of small loads do not.
        size = float(np.abs(r).max(initial=0.0)) or 1.0
        r = (r / size).astype(self._precision, copy=False)
        x = self.smoother.smooth(r)
        coarse = self._coarse.solve(self._up(r - self._product(x)).astype(float))
        x += self._down(coarse)
        return size * np.asarray(self.smoother.smooth(r, x), float)


class Nested:
    """The same cycle on a level of its own, with the level below brought by another discretisation.

    Parameters
    ----------
    system : LinearSystem
        Of the finer level; only its product and smoother are used.
    below : callable
        An approximate inverse on the level below, symmetric and positive definite.
    up, down : callables
        From the unknowns below to those of the system, and the transpose.
    degree : int
        The degree of the Chebyshev smoother.
    """

    def __init__(
        self,
        system: LinearSystem,
        below: Callable[[Array], Array],
        up: Callable[[Array], Array],
        down: Callable[[Array], Array],
        degree: int = 2,
    ) -> None:
        self._product, self._below, self._up, self._down = system.apply, below, up, down
        blocks = system.smoother_blocks()
        largest = largest_eigenvalue(system.apply, blocks, system.size, LANCZOS_STEPS, LANCZOS_SAFETY)
        self._smoother = Chebyshev(system.apply, blocks, degree, largest)

    def solve(self, r: Array) -> Array:
        """Apply one symmetric cycle to a zero start."""
        x = self._smoother.smooth(r)
        x = x + self._up(self._below(self._down(r - self._product(x))))
        return self._smoother.smooth(r, x)


def _coarse_solver(matrix: CsrMatrix) -> tuple[_CoarseSolver, str, str]:
    """The solver of the coarse level, its name and why it was chosen."""
    size = matrix.shape[0]
    with_pardiso = direct.pardiso_available()
    limit = PARDISO_COARSE_LIMIT if with_pardiso else SUPERLU_COARSE_LIMIT
    library = direct.PARDISO if with_pardiso else direct.SUPERLU
    if size <= limit:
        return direct.factorise(matrix), library, f"coarse level within the {limit:,} of {library}"
    cycle = SmoothedAggregation(matrix)
    return cycle, cycle.description, f"coarse level above the {limit:,} of {library}"
