"""Direct solution: PARDISO through pypardiso where it runs, SciPy's SuperLU elsewhere."""

from __future__ import annotations

import ctypes
import hashlib
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

_FACTORISE, _RENEW, _SOLVE, _RELEASE = 12, 22, 33, -1
"""Phases of PARDISO."""

_ASK_ORDER, _GIVE_ORDER = 2, 1
"""Of PARDISO's fifth parameter: the order of elimination comes from PARDISO, or goes to it."""

_ORDERS: dict[bytes, Any] = {}
MOST_ORDERS = 16
"""How many orders of elimination are kept, by the pattern they are for: to find one takes longer than to factorise."""

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
def mkl() -> Any:
    """The library of MKL, or None where it or pypardiso, which knows where it is, is missing."""
    # Without a path pypardiso looks into every folder of the environment, which takes longer than most factorisations.
    for library in sorted(Path(sys.prefix).glob("lib/libmkl_rt*")):
        os.environ.setdefault("PYPARDISO_MKL_RT", str(library))
    # MKL's threads would keep a core busy for 0.2 s after every solution.
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    try:
        from pypardiso import pardiso_wrapper

        return pardiso_wrapper.PyPardisoSolver().libmkl
    except (ImportError, OSError):
        return None


def pardiso_available() -> bool:
    """Whether PARDISO can be used here."""
    return mkl() is not None


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
def _routine() -> Any:
    """MKL's PARDISO, with no types of arguments but those of each call."""
    return mkl()["pardiso"]


class _Pardiso:
    """One PARDISO instance with one matrix.

    MKL is called as it is: pypardiso would copy the matrix's pattern at every right-hand side, which takes a quarter as
    long as the solution, and knows only unsymmetric matrices.
    """

    def __init__(self, matrix: CsrMatrix, kind: int, dtype: Any = np.float64) -> None:
        if matrix.nnz >= np.iinfo(np.int32).max:
            raise LinearSolveError(f"PARDISO counts in 32 bits, and the matrix has {matrix.nnz:,} entries")
        self._kind, self._dtype, self._size = kind, dtype, matrix.shape[0]
        self._arrays = self._stored(matrix)
        self._lock = threading.Lock()
        self._handle, self._parameters = np.zeros(64, np.int64), np.zeros(64, np.int32)
        if kind == _SPD:
            for parameter, value in _SPD_PARAMETERS.items():
                self._parameters[parameter - 1] = value
        self._parameters[27] = dtype == np.float32
        pattern = self._pattern() if kind == _SPD else b""
        known = _ORDERS.get(pattern)
        self._parameters[4] = (_ASK_ORDER if known is None else _GIVE_ORDER) if pattern else 0
        self._order = np.empty(self._size, np.int32) if known is None else known
        nothing = np.zeros(1, dtype)
        every = (self._handle, kind, _RELEASE, (nothing,) * 3, nothing, self._parameters, nothing)
        self.release = weakref.finalize(self, _run, *every)
        self.release.atexit = False
        self._call(_FACTORISE, np.zeros(self._size, dtype))
        if pattern and known is None:
            _ORDERS[pattern] = self._order
            for old in list(_ORDERS)[:-MOST_ORDERS]:
                _ORDERS.pop(old, None)

    def _pattern(self) -> bytes:
        """What matrices of the same pattern share."""
        digest = hashlib.blake2b(digest_size=16)
        for array in self._arrays[:2]:
            digest.update(array)
        return digest.digest()

    def _stored(self, matrix: CsrMatrix) -> tuple[Any, Any, Array]:
        """Starts of rows, columns and entries; PARDISO counts from one."""
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        starts, columns, entries = matrix.indptr, matrix.indices, matrix.data
        if self._kind != _GENERAL:
            rows = np.repeat(np.arange(self._size, dtype=columns.dtype), np.diff(starts))
            upper = columns >= rows
            starts = np.append(0, np.cumsum(np.bincount(rows[upper], minlength=self._size)))
            columns, entries = columns[upper], entries[upper]
        return starts.astype(np.int32) + 1, columns.astype(np.int32) + 1, entries.astype(self._dtype)

    def renew(self, matrix: CsrMatrix) -> bool:
        """Factorise another definite matrix by the analysis at hand; say whether its pattern is the same."""
        stored = self._stored(matrix)
        same = all(np.array_equal(new, old) for new, old in zip(stored[:2], self._arrays[:2], strict=True))
        if self._kind != _SPD or not same:
            return False
        self._arrays = stored
        try:
            self._call(_RENEW, np.zeros(self._size, self._dtype))
        except _PivotError:
            return False
        return True

    def solve(self, b: Array) -> Array:
        return self._call(_SOLVE, b)

    @property
    def negative_pivots(self) -> int:
        return int(self._parameters[22])

    def _call(self, phase: int, b: Array) -> Array:
        b = np.asfortranarray(b, self._dtype)
        with self._lock:
            error, x = _run(self._handle, self._kind, phase, self._arrays, self._order, self._parameters, b)
        if error:
            what = _PARDISO_ERRORS.get(error, "see the documentation of MKL")
            kind = _PivotError if error == _ZERO_PIVOT else LinearSolveError
            raise kind(f"PARDISO ended with error {error} ({what}) on {self._size:,} unknowns")
        return np.ascontiguousarray(x)


def _run(
    handle: Any, kind: int, phase: int, arrays: tuple[Any, Any, Array], order: Any, parameters: Any, b: Array
) -> tuple[int, Array]:
    """A phase of PARDISO: its error, zero if there is none, and the solution."""
    starts, columns, entries = arrays
    sides = 1 if b.ndim == 1 else b.shape[1]
    x, error = np.empty_like(b), ctypes.c_int32(0)
    before = _integers(1, 1, kind, phase, len(b))
    matrix = [_address(item) for item in (entries, starts, columns, order)]
    after = [*_integers(sides), _address(parameters), *_integers(0)]
    _routine()(_address(handle), *before, *matrix, *after, _address(b), _address(x), ctypes.byref(error))
    return error.value, x


def _integers(*values: int) -> list[Any]:
    return [ctypes.byref(ctypes.c_int32(value)) for value in values]


def _address(array: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


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
