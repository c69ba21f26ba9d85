"""Preconditioners with a coarse level: two levels with a Chebyshev smoother, and smoothed aggregation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from ..errors import LinearSolveError
from . import direct
from .checks import check_matrix
from .operator import Array, CsrMatrix, Level, LinearSystem
from .product import SparseProduct
from .smoothers import Chebyshev, largest_eigenvalue

PARDISO_COARSE_LIMIT = 400_000
SUPERLU_COARSE_LIMIT = 40_000
NEXT_LEVEL_WORTH = 60_000
"""Unknowns above which a further level costs less than factors."""

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
        check_matrix(matrix, definite=True)
        self._hierarchy = _aggregated(matrix, max_coarse=500)
        self._cycle = self._hierarchy.aspreconditioner(cycle="V")
        self.description = f"smoothed aggregation with {len(self._hierarchy.levels)} levels"

    def solve(self, b: Array) -> Array:
        """Apply one cycle to a zero start."""
        return self._cycle.matvec(b)


def smoothed_aggregates(matrix: CsrMatrix) -> CsrMatrix:
    """The interpolation from smoothed aggregates of the unknowns of a matrix, (unknowns, aggregates)."""
    return csr_array(_aggregated(matrix, max_levels=2).levels[0].P)


def _aggregated(matrix: CsrMatrix, **options: Any) -> Any:
    import pyamg

    sweep = ("gauss_seidel", {"sweep": "symmetric"})
    state = np.random.get_state()  # noqa: NPY002 - pyamg draws from the global generator
    np.random.seed(20)  # noqa: NPY002
    try:
        return pyamg.smoothed_aggregation_solver(
            csr_matrix(matrix), symmetry="symmetric", presmoother=sweep, postsmoother=sweep, **options
        )
    finally:
        np.random.set_state(state)  # noqa: NPY002


class TwoLevel:
    """A symmetric positive definite preconditioner: smooth, correct on the coarse level, smooth again.

    A coarse level that is too large for factors is preconditioned the same way if it has a level of its own.

    Parameters
    ----------
    system : LinearSystem
        The system; it must have a level.
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
        level = system.level
        if level is None:
            raise LinearSolveError("a two-level preconditioner needs a system with a coarse level")
        self.size, self._degree, self._largest = system.size, degree, 0.0
        self._coarse, coarse_name, self.reason = _coarse_solver(level.coarse_system())
        self._smooth_with(level)
        prolongation = level.prolongation()
        self._down = SparseProduct(prolongation, self._product.dtype)
        self._up = SparseProduct(prolongation.T, self._product.dtype)
        coarse = f"{coarse_name} coarse {self._down.shape[1]:,}"
        self.description = f"two-level (Chebyshev {self._blocks_name} smoother, {coarse})"

    def refresh(self, system: LinearSystem) -> None:
        """Smooth with another system of the same size, and keep the solver of the coarse level.

        The smoother is cheap to renew, the coarse factors are not; a coarse level that lags behind costs
        a few iterations only.
        """
        level = system.level
        if system.size != self.size or level is None:
            raise ValueError(f"{system.size:,} unknowns do not fit a hierarchy of {self.size:,}")
        self._smooth_with(level)

    def _smooth_with(self, level: Level) -> None:
        self._product, blocks = level.product(), level.blocks()
        self._blocks_name = blocks.name
        if not self._largest:
            # The spectrum of the smoothed operator hardly depends on coefficients: estimated once.
            start = self._product.enter(np.random.default_rng(20).standard_normal(self.size))
            self._largest = largest_eigenvalue(self._product, blocks, start)
        self.smoother = Chebyshev(self._product, blocks, self._degree, self._largest)

    def solve(self, r: Array) -> Array:
        """Apply one symmetric cycle to a zero start."""
        # Single precision ends at 1e-38, residuals of small loads do not.
        size = float(np.abs(r).max(initial=0.0)) or 1.0
        right = self._product.enter(r / size)
        x = self.smoother.smooth(right)
        coarse = self._coarse.solve(self._up(right - self._product(x)).astype(float))
        x += self._down(coarse)
        return size * self._product.leave(self.smoother.smooth(right, x))


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
        level = system.level
        if level is None:
            raise LinearSolveError("a nested level needs a system with a smoother")
        self._product, self._below, self._up, self._down = level.product(), below, up, down
        blocks = level.blocks()
        start = self._product.enter(np.random.default_rng(20).standard_normal(system.size))
        largest = largest_eigenvalue(self._product, blocks, start, LANCZOS_STEPS, LANCZOS_SAFETY)
        self._smoother = Chebyshev(self._product, blocks, degree, largest)

    def solve(self, r: Array) -> Array:
        """Apply one symmetric cycle to a zero start."""
        size = float(np.abs(r).max(initial=0.0)) or 1.0
        product = self._product
        right = product.enter(r / size)
        x = self._smoother.smooth(right)
        x += product.enter(self._up(self._below(self._down(product.leave(right - product(x))))))
        return size * product.leave(self._smoother.smooth(right, x))


def _coarse_solver(system: LinearSystem) -> tuple[_CoarseSolver, str, str]:
    """The solver of the coarse level, its name and why it was chosen."""
    with_pardiso = direct.pardiso_available()
    limit = PARDISO_COARSE_LIMIT if with_pardiso else SUPERLU_COARSE_LIMIT
    library = direct.PARDISO if with_pardiso else direct.SUPERLU
    worth = min(NEXT_LEVEL_WORTH, limit)
    if system.size > worth and system.level is not None:
        cycle = TwoLevel(system)
        return cycle, cycle.description, f"coarse level above {worth:,}; {cycle.reason}"
    if system.size <= limit:
        factors = direct.factorise(system.matrix(), rough=system.size > direct.ROUGH_WORTH)
        return factors, factors.name, f"coarse level within the {limit:,} of {library}"
    reason = f"coarse level above the {limit:,} of {library}"
    aggregates = SmoothedAggregation(system.matrix())
    return aggregates, aggregates.description, reason
