"""Direct solvers: PARDISO where it is installed, SciPy's SuperLU elsewhere."""

from __future__ import annotations

import time
import warnings
import weakref
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg
from numpy.typing import NDArray

from mcpthermal.errors import LinearSolveError

Array = NDArray[np.float64]


def pardiso_available() -> bool:
    """Whether PARDISO (pypardiso and MKL) can be used."""
    try:
        import pypardiso  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


class Factorisation:
    """The factors of a symmetric positive definite matrix.

    Parameters
    ----------
    matrix : sparse matrix

    Attributes
    ----------
    name : str
        "PARDISO" or "SuperLU".
    seconds : float

    Raises
    ------
    LinearSolveError
        If the matrix is singular or has entries that are not finite.
    """

    def __init__(self, matrix: Any) -> None:
        start = time.perf_counter()
        if not np.isfinite(matrix.data).all():
            raise LinearSolveError("the matrix has entries that are not finite")
        self.size = int(matrix.shape[0])
        if pardiso_available():
            self.name, self._solve = "PARDISO", _pardiso(matrix)
        else:
            self.name, self._solve = "SuperLU", _superlu(matrix)
        self.seconds = time.perf_counter() - start

    def solve(self, b: Array) -> Array:
        """The solution for one right-hand side."""
        x = self._solve(b)
        if not np.isfinite(x).all():
            raise LinearSolveError(f"{self.name} gave values that are not finite: the matrix is singular")
        return x


def _superlu(matrix: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", scipy.sparse.linalg.MatrixRankWarning)
        try:
            options = {"SymmetricMode": True}
            factors = scipy.sparse.linalg.splu(
                sp.csc_matrix(matrix), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options
            )
        except (RuntimeError, scipy.sparse.linalg.MatrixRankWarning) as error:
            raise LinearSolveError(f"SuperLU: the matrix is singular ({error}); is a reference value missing?") from error
    return factors.solve


def _pardiso(matrix: Any) -> Any:
    import pypardiso
    from pypardiso.pardiso_wrapper import PyPardisoError

    upper = sp.csr_matrix(sp.triu(matrix, format="csr"))
    upper.sort_indices()
    # Type 2: real symmetric positive definite; only the upper triangle is stored.
    solver = pypardiso.PyPardisoSolver(mtype=2)
    empty = np.zeros((upper.shape[0], 1))
    try:
        solver.set_phase(12)
        solver._call_pardiso(upper, empty)
    except PyPardisoError as error:
        solver.free_memory(everything=True)
        raise LinearSolveError(
            f"PARDISO: the matrix is not positive definite ({error}); is a reference value missing?"
        ) from error

    def solve(b: Array) -> Array:
        solver.set_phase(33)
        return solver._call_pardiso(upper, np.asfortranarray(b.reshape(len(b), -1))).reshape(b.shape)

    weakref.finalize(solve, solver.free_memory, everything=True)
    return solve
