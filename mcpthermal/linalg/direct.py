"""Direct solution: PARDISO through pypardiso where it runs, SciPy's SuperLU elsewhere."""

from __future__ import annotations

import copy
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from ..errors import LinearSolveError, MissingLibraryError
from .checks import check_matrix, check_regular, lowest_mode
from .operator import Array, CsrMatrix

PARDISO = "PARDISO"
SUPERLU = "SuperLU"
_SPD, _SYMMETRIC, _GENERAL = 2, -2, 11
# Own values, parallel nested dissection, two-level factorisation: halves the time of a solution.
_SPD_PARAMETERS = {1: 1, 2: 3, 24: 1}
ROUGH = 0.1
"""Relative error of the lowest mode up to which factors in single precision precondition as well as others."""

ROUGH_WORTH = 20_000
"""Unknowns above which factors that only precondition are better made in single precision."""

_ZERO_PIVOT = -4
_SHIFT = 1e-12
_PARDISO_ERRORS = {
    -1: "inconsistent input",
    -2: "out of memory",
    -3: "reordering failed",
    _ZERO_PIVOT: "zero or negative pivot",
    -8: "32-bit overflow: the factors are too large",
}


class Factorisation:
    """A factorised matrix.

    Attributes
    ----------
    name : str
        ``"PARDISO"``, also in single precision, or ``"SuperLU"``.
    size : int
        The number of unknowns.
    seconds : float
        The time that the factorisation took.
    """

    def __init__(self, name: str, size: int, solve: Callable[[Array], Array], seconds: float) -> None:
        self.name, self.size, self.seconds = name, size, seconds
        self._solve = solve

    def renew(self, matrix: CsrMatrix) -> Factorisation | None:
        """The factors of a definite matrix with the same pattern by the same symbolic analysis, in place of these.

        None, and these factors are lost, if the pattern is another or the matrix not definite.
        """
        start = time.perf_counter()
        solver = getattr(self._solve, "__self__", None)
        check_matrix(matrix, True)
        if not isinstance(solver, _Pardiso):
            return None
        if not solver.renew(matrix.tocsr()):
            solver.release()
            return None
        check_regular(matrix, self._solve)
        return Factorisation(self.name, self.size, self._solve, time.perf_counter() - start)

    def solve(self, b: Array) -> Array:
        """Solve for one right-hand side ``(n,)`` or several ``(n, k)``."""
        b = np.asarray(b, dtype=float)
        if b.ndim not in (1, 2) or b.shape[0] != self.size:
            raise ValueError(f"a right-hand side of shape {b.shape} does not fit {self.size:,} unknowns")
        return self._solve(b) if b.size else np.zeros_like(b)


@lru_cache(maxsize=1)
def _pypardiso() -> Any:
    """The module of pypardiso, or None where it or MKL is missing; its import loads MKL."""
    # Without a path pypardiso looks into every folder of the environment, which takes longer than most factorisations.
    for library in sorted(Path(sys.prefix).glob("lib/libmkl_rt*")):
        os.environ.setdefault("PYPARDISO_MKL_RT", str(library))
    # MKL's threads would keep a core busy for 0.2 s after every solution.
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    try:
        from pypardiso import pardiso_wrapper
    except (ImportError, OSError):
        return None
    return pardiso_wrapper


def pardiso_available() -> bool:
    """Whether PARDISO can be used here."""
    return _pypardiso() is not None


@lru_cache(maxsize=1)
def mkl() -> Any:
    """The library of MKL, or None where it is missing."""
    return _pardiso_prototype().libmkl if pardiso_available() else None


def factorise(
    matrix: CsrMatrix, *, prefer: str | None = None, definite: bool = True, rough: bool = False
) -> Factorisation:
    """Factorise a sparse matrix and make sure that the factors can be used.

    Parameters
    ----------
    matrix : sparse matrix
        The matrix.
    prefer : {"PARDISO", "SuperLU"}, optional
        The library; PARDISO where it runs unless given.
    definite : bool
        The matrix has to be symmetric positive definite. With False any regular matrix will do.
    rough : bool
        Single precision will do if the matrix allows it: half the time and memory, for preconditioners.

    Returns
    -------
    Factorisation

    Raises
    ------
    LinearSolveError
        If the matrix is singular, not finite, or not what it has to be; the message says what was found.
    """
    start = time.perf_counter()
    matrix = matrix.tocsr()
    name = _library(prefer)
    symmetric = check_matrix(matrix, definite)
    size = matrix.shape[0]
    if size == 0:
        return Factorisation(name, 0, lambda b: b, 0.0)
    solve = _rough_pardiso(matrix) if rough and definite and name == PARDISO else None
    if solve is not None:
        return Factorisation(f"{name} in single precision", size, solve, time.perf_counter() - start)
    if name == PARDISO:
        solve = _pardiso(matrix, definite, symmetric)
    else:
        solve = _superlu(matrix, definite)
    check_regular(matrix, solve)
    return Factorisation(name, size, solve, time.perf_counter() - start)


def _library(prefer: str | None) -> str:
    if prefer is None:
        return PARDISO if pardiso_available() else SUPERLU
    for name in (PARDISO, SUPERLU):
        if prefer.lower() == name.lower():
            if name == PARDISO and not pardiso_available():
                raise MissingLibraryError("PARDISO is not available here: pip install pypardiso")
            return name
    raise ValueError(f"unknown direct solver {prefer!r}: known are '{PARDISO}' and '{SUPERLU}'")


def _pardiso(matrix: CsrMatrix, definite: bool, symmetric: bool) -> Callable[[Array], Array]:
    """PARDISO; a definite matrix gets a Cholesky factorisation."""
    if not definite:
        return _Pardiso(matrix, _SYMMETRIC if symmetric and matrix.diagonal().all() else _GENERAL).solve
    try:
        return _Pardiso(matrix, _SPD).solve
    except _PivotError:
        raise _diagnose(matrix) from None


def _rough_pardiso(matrix: CsrMatrix) -> Callable[[Array], Array] | None:
    """Cholesky factors in single precision; None if these do not know the lowest modes of the matrix any more."""
    scale = float(matrix.diagonal().max())

    def solve(b: Array) -> Array:
        # Single precision ends at 1e-38, right-hand sides of small loads do not.
        size = float(np.abs(b).max(initial=0.0)) or 1.0
        return factors.solve((b / size).astype(np.float32)).astype(float) * (size / scale)

    try:
        factors = _Pardiso(matrix / scale, _SPD, np.float32)
        mode = lowest_mode(matrix, solve)
    except LinearSolveError:
        return None  # double precision will tell whether the matrix itself is to blame
    known = solve(matrix @ mode)
    return solve if np.linalg.norm(known - mode) <= ROUGH * np.linalg.norm(mode) else None


def _diagnose(matrix: CsrMatrix) -> LinearSolveError:
    """Why a Cholesky factorisation failed: a slight shift saves a singular matrix, not an indefinite one."""
    try:
        shifted = _Pardiso(_shifted(matrix), _SPD)
        check_regular(matrix, shifted.solve)
    except _PivotError:
        return _indefinite(_Pardiso(matrix, _SYMMETRIC).negative_pivots, matrix.shape[0])
    except LinearSolveError as singular:
        return singular
    return LinearSolveError("the matrix is singular or indefinite within rounding: a pivot is not positive")


def _shifted(matrix: CsrMatrix) -> CsrMatrix:
    return matrix + sparse.diags(_SHIFT * matrix.diagonal(), format="csr")


def _indefinite(count: int, size: int) -> LinearSolveError:
    return LinearSolveError(f"the matrix is not positive definite: {count:,} of {size:,} pivots are negative")


class _PivotError(LinearSolveError):
    """A Cholesky factorisation met a pivot that is not positive."""


@lru_cache(maxsize=1)
def _pardiso_prototype() -> Any:
    return _pypardiso().PyPardisoSolver()


def _new_pardiso(kind: int) -> Any:
    """A solver of its own; copied, because the constructor searches the disk for MKL each time (0.1 s)."""
    solver = copy.copy(_pardiso_prototype())
    solver.pt, solver.iparm, solver.perm = solver.pt.copy(), solver.iparm.copy(), solver.perm.copy()
    solver.set_matrix_type(kind)
    return solver


class _Pardiso:
    """One PARDISO instance with one matrix.

    The call below pypardiso's `solve` is used on purpose: `solve` compares the whole matrix with the
    factorised one at every right-hand side, and knows only unsymmetric matrices.
    """

    def __init__(self, matrix: CsrMatrix, kind: int, dtype: Any = np.float64) -> None:
        if matrix.nnz >= np.iinfo(np.int32).max:
            raise LinearSolveError(f"PARDISO counts in 32 bits, and the matrix has {matrix.nnz:,} entries")
        self._kind, self._dtype = kind, dtype
        self._matrix = self._stored(matrix)
        self._lock = threading.Lock()
        self._solver = _new_pardiso(kind)
        if kind == _SPD:
            for parameter, value in _SPD_PARAMETERS.items():
                self._solver.set_iparm(parameter, value)
        self._solver.set_iparm(28, int(dtype == np.float32))
        self.release = weakref.finalize(self, self._solver.free_memory, everything=True)
        self.release.atexit = False
        self._call(12, np.zeros(matrix.shape[0], dtype))

    def _stored(self, matrix: CsrMatrix) -> Any:
        stored = matrix if self._kind == _GENERAL else sparse.triu(matrix, format="csr")
        stored = sparse.csr_matrix(stored, dtype=self._dtype, copy=stored is matrix)
        stored.sum_duplicates()
        return stored

    def renew(self, matrix: CsrMatrix) -> bool:
        """Factorise another definite matrix by the analysis at hand; say whether its pattern is the same."""
        stored, old = self._stored(matrix), self._matrix
        same = stored.shape == old.shape and all(
            np.array_equal(getattr(stored, name), getattr(old, name)) for name in ("indptr", "indices")
        )
        if self._kind != _SPD or not same:
            return False
        self._matrix = stored
        try:
            self._call(22, np.zeros(stored.shape[0], self._dtype))
        except _PivotError:
            return False
        return True

    def solve(self, b: Array) -> Array:
        return self._call(33, np.asfortranarray(b))

    @property
    def negative_pivots(self) -> int:
        return int(self._solver.get_iparm(23))

    def _call(self, phase: int, b: Array) -> Array:
        with self._lock:
            self._solver.set_phase(phase)
            try:
                return self._solver._call_pardiso(self._matrix, b)
            except _pypardiso().PyPardisoError as error:
                what = _PARDISO_ERRORS.get(error.value, "see the documentation of MKL")
                kind = _PivotError if error.value == _ZERO_PIVOT else LinearSolveError
                size = self._matrix.shape[0]
                raise kind(f"PARDISO ended with error {error.value} ({what}) on {size:,} unknowns") from None


def _superlu(matrix: CsrMatrix, definite: bool) -> Callable[[Array], Array]:
    """SuperLU; a definite matrix keeps its diagonal pivots, whose signs then tell whether it is one."""
    options: dict[str, Any] = {}
    if definite:
        options = {
            "permc_spec": "MMD_AT_PLUS_A",
            "diag_pivot_thresh": 0.0,
            "options": {"SymmetricMode": True},
        }
    try:
        factors = splu(sparse.csc_matrix(matrix, dtype=float), **options)
    except (RuntimeError, MemoryError) as error:
        if definite and isinstance(error, RuntimeError):
            check_regular(matrix, splu(sparse.csc_matrix(_shifted(matrix)), **options).solve)
        raise LinearSolveError(f"SuperLU could not factorise the matrix: {error}") from error
    if definite:
        negative = int(np.count_nonzero(~(factors.U.diagonal() > 0.0)))
        if negative:
            check_regular(matrix, factors.solve)
            raise _indefinite(negative, matrix.shape[0])
    return factors.solve
