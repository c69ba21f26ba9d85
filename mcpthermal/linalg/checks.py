"""What can be said of a matrix before and after it is factorised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..errors import LinearSolveError
from .operator import Array, CsrMatrix

# Rounding leaves a singular matrix, scaled to unit diagonal, with a lowest eigenvalue near 1e-16.
SINGULAR = 2e-14
SYMMETRIC = 1e-10


def check_matrix(matrix: CsrMatrix, definite: bool) -> bool:
    """Refuse a matrix that no factorisation can help; say whether it is symmetric.

    Parameters
    ----------
    matrix : sparse matrix
        The matrix, in CSR form.
    definite : bool
        Whether it must be symmetric with a positive diagonal.

    Returns
    -------
    bool
        Whether the matrix is symmetric to rounding.
    """
    rows, columns = matrix.shape
    if rows != columns:
        raise LinearSolveError(f"the matrix is not square: {rows:,} by {columns:,}")
    wrong = np.count_nonzero(~np.isfinite(matrix.data))
    if wrong:
        row = _first_row(matrix, ~np.isfinite(matrix.data))
        raise LinearSolveError(f"the matrix has {wrong:,} NaN or infinite entries, the first in row {row:,}")
    empty = np.flatnonzero(np.bincount(_rows(matrix)[matrix.data != 0.0], minlength=rows) == 0)
    if empty.size:
        raise LinearSolveError(f"the matrix is singular: {empty.size:,} empty rows, first {empty[0]:,}")
    difference = abs(matrix - matrix.T)
    skew = float(difference.data.max(initial=0.0))
    symmetric = skew <= SYMMETRIC * float(abs(matrix.data).max(initial=0.0))
    if definite:
        if not symmetric:
            raise LinearSolveError(f"the matrix is not symmetric: opposite entries differ by {skew:.3g}")
        diagonal = matrix.diagonal()
        row = int(np.argmin(diagonal)) if rows else 0
        if rows and diagonal[row] <= 0.0:
            raise LinearSolveError(
                f"the matrix is not positive definite: the diagonal of row {row:,} is {diagonal[row]:.3g}"
            )
    return symmetric


def lowest_mode(matrix: CsrMatrix, solve: Callable[[Array], Array]) -> Array:
    """About the eigenvector of the lowest eigenvalue of a matrix scaled to unit diagonal, by two inverse iterations.

    Parameters
    ----------
    matrix : sparse matrix
    solve : callable
        The solution with its factors.

    Returns
    -------
    (n,) array
        In the unknowns of the matrix itself.

    Raises
    ------
    LinearSolveError
        If the factors give NaN or infinity.
    """
    scale = _unit_scale(matrix)
    mode = np.random.default_rng(7).standard_normal(len(scale))
    for _ in range(2):
        mode = scale * solve(scale * (mode / np.linalg.norm(mode)))
        if not np.isfinite(mode).all():
            raise LinearSolveError("the matrix is singular: its factors give NaN or infinity")
    return np.asarray(mode / scale)


def check_regular(matrix: CsrMatrix, solve: Callable[[Array], Array]) -> None:
    """Refuse a factorised matrix that is singular to working precision.

    Parameters
    ----------
    matrix : sparse matrix
        The matrix.
    solve : callable
        The solution with its factors.
    """
    mode, scale = lowest_mode(matrix, solve), _unit_scale(matrix)
    # The product, not 1 / |mode|: PARDISO perturbs small pivots, and this hides a zero in its factors.
    lowest = float(np.linalg.norm((matrix @ mode) / scale) / np.linalg.norm(scale * mode))
    if lowest < SINGULAR:
        raise LinearSolveError(
            f"the matrix is singular to working precision: scaled to unit diagonal its lowest eigenvalue is "
            f"about {lowest:.1e}{_describe_mode(mode)}"
        )


def _unit_scale(matrix: CsrMatrix) -> Array:
    """What rows and columns are divided by for a unit diagonal."""
    diagonal = np.abs(matrix.diagonal())
    return np.asarray(np.sqrt(np.where(diagonal > 0.0, diagonal, diagonal.max(initial=0.0) or 1.0)))


def _describe_mode(mode: Array) -> str:
    """Name the most common null vector: a level that nothing fixes."""
    largest = mode[np.argmax(np.abs(mode))]
    part = mode / largest
    on = part > 0.5
    if np.all(np.abs(part[on] - 1.0) < 1e-3) and np.all(np.abs(part[~on]) < 1e-3):
        return f"; nothing fixes the level of {np.count_nonzero(on):,} of the {mode.size:,} unknowns"
    return ""


def _rows(matrix: CsrMatrix) -> npt.NDArray[np.intp]:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _first_row(matrix: CsrMatrix, where: npt.NDArray[np.bool_]) -> int:
    return int(_rows(matrix)[np.flatnonzero(where)[0]])
