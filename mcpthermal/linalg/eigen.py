"""The lowest eigenvalue of an operator against a mass, by shift-and-invert Arnoldi (ARPACK)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import eig
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

from ..errors import LinearSolveError
from .operator import Array

DENSE = 12
"""Unknowns up to which ARPACK, which needs room, is not used."""


def lowest_eigenvalue(
    apply: Callable[[Array], Array],
    mass: Callable[[Array], Array],
    solve: Callable[[Array], Array],
    size: int,
    count: int = 4,
) -> tuple[float, Array]:
    """The eigenvalue with the least real part among those nearest to zero, and its vector.

    Lehoucq, Sorensen and Yang, ARPACK Users' Guide (SIAM, 1998), section 3.2.

    Parameters
    ----------
    apply : callable
        The operator ``A``, which need not be symmetric.
    mass : callable
        A symmetric positive definite operator ``M``.
    solve : callable
        The inverse of ``A``.
    size : int
    count : int
        How many eigenvalues near zero are compared.

    Returns
    -------
    float
        The real part of mu in ``A v = mu M v``.
    array
        v, its largest entry 1.

    Raises
    ------
    LinearSolveError
        If the iteration does not converge.
    """
    if size <= DENSE:
        unit = np.eye(size)
        a, m = (np.column_stack([form(column) for column in unit]) for form in (apply, mass))
        values, vectors = eig(a, m)
    else:
        shape = (size, size)
        operators = [LinearOperator(shape, matvec=form, dtype=float) for form in (apply, mass, solve)]
        start = np.random.default_rng(5).random(size)
        try:
            values, vectors = eigs(
                operators[0], min(count, size - 2), operators[1], sigma=0.0, OPinv=operators[2], v0=start, tol=1e-8
            )
        except ArpackNoConvergence as error:
            raise LinearSolveError(f"the eigenvalues of {size:,} unknowns did not converge: {error}") from error
    lowest = int(np.argmin(values.real))
    mode = vectors[:, lowest].real
    return float(values[lowest].real), mode / mode[np.argmax(np.abs(mode))]
