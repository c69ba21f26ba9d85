"""Smoothers: parts of a matrix that are inverted directly, and their acceleration by Chebyshev polynomials.

Legend: A matrix, D its easily inverted part, b right-hand side, x unknowns, r residual.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from mcpthermal.errors import LinearSolveError

Array = NDArray[np.float64]
Apply = Callable[[Array], Array]


class BlockInverse(Protocol):
    """D^-1 of a symmetric positive definite D."""

    def solve(self, r: Array) -> Array:
        """D^-1 r."""
        ...


class PointJacobi:
    """The inverse of a positive diagonal."""

    def __init__(self, diagonal: Array) -> None:
        _require_positive(diagonal)
        self._inverse = 1.0 / diagonal

    def solve(self, r: Array) -> Array:
        """D^-1 r."""
        return self._inverse * r


class LineBlocks:
    """The inverse of the blocks along lines of a lattice, all factorised in one banded Cholesky decomposition.

    Parameters
    ----------
    bands : (n_lines, length, 3) array
        Diagonal, first and second off-diagonal of each line's own matrix.
    index : (n_lines * length,) array of int
        The unknown of each lattice entry, -1 for none. An unknown with several entries is taken out of its
        lines and gets their summed diagonal.
    """

    def __init__(self, bands: Array, index: NDArray[np.int64]) -> None:
        lines, length, _ = bands.shape
        diagonal = bands[:, :, 0].ravel().copy()
        count = np.bincount(index[index >= 0])
        self._single = np.flatnonzero((index >= 0) & (np.append(count, 0)[index] == 1))
        self._unknown = index[self._single]
        tied = (index >= 0) & (np.append(count, 0)[index] > 1)
        total = np.bincount(index[tied], diagonal[tied], minlength=len(count))
        self._tied = np.flatnonzero(count > 1)
        self._tied_diagonal = total[self._tied]
        _require_positive(diagonal[self._single])
        _require_positive(self._tied_diagonal)
        alone = np.ones(lines * length, bool)
        alone[self._single] = False
        upper = np.zeros((3, lines * length))
        upper[2] = np.where(alone, 1.0, diagonal)
        for offset in (1, 2):
            values = bands[:, :, offset].copy()
            values[:, length - offset :] = 0.0
            values = values.ravel()
            values[alone] = 0.0
            values[:-offset][alone[offset:]] = 0.0
            upper[2 - offset, offset:] = values[:-offset]
        self._size, self._lattice = len(count), lines * length
        try:
            self._factor = scipy.linalg.cholesky_banded(upper, overwrite_ab=True, check_finite=False)
        except np.linalg.LinAlgError as error:
            raise LinearSolveError(f"the matrix is not positive definite along a vertical line: {error}") from error

    def solve(self, r: Array) -> Array:
        """D^-1 r."""
        lattice = np.zeros(self._lattice)
        lattice[self._single] = r[self._unknown]
        lattice = scipy.linalg.cho_solve_banded((self._factor, False), lattice, overwrite_b=True, check_finite=False)
        result = np.zeros(self._size)
        result[self._unknown] = lattice[self._single]
        result[self._tied] = r[self._tied] / self._tied_diagonal
        return result


class Chebyshev:
    """Smoothing by the Chebyshev polynomial for the upper part of the spectrum of D^-1 A.

    Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., section 12.3.

    Parameters
    ----------
    apply : callable
        x -> A x
    blocks : BlockInverse
    size : int
    degree : int
    ratio : float
        The largest eigenvalue over the smallest one that is smoothed.
    """

    def __init__(self, apply: Apply, blocks: BlockInverse, size: int, degree: int = 3, ratio: float = 10.0) -> None:
        self._apply, self._blocks, self.degree = apply, blocks, degree
        self.largest = 1.1 * largest_eigenvalue(apply, blocks, size)
        smallest = self.largest / ratio
        self._middle, self._radius = (self.largest + smallest) / 2, (self.largest - smallest) / 2

    def smooth(self, b: Array, x: Array | None = None) -> Array:
        """A better x; without a first one it starts from zero and saves one product."""
        r = b.copy() if x is None else b - self._apply(x)
        ratio = self._radius / self._middle
        rho = ratio
        step = self._blocks.solve(r) / self._middle
        x = step.copy() if x is None else x + step
        for _ in range(self.degree - 1):
            r -= self._apply(step)
            new = 1.0 / (2.0 / ratio - rho)
            step = new * rho * step + (2.0 * new / self._radius) * self._blocks.solve(r)
            x += step
            rho = new
        return x


def largest_eigenvalue(apply: Apply, blocks: BlockInverse, size: int, steps: int = 12) -> float:
    """An estimate from below of the largest eigenvalue of D^-1 A, from the Lanczos coefficients of conjugate gradients."""
    r = np.random.default_rng(0).standard_normal(size)
    z = blocks.solve(r)
    p, rz = z.copy(), float(r @ z)
    diagonal, off = [], []
    alpha_old = beta = 0.0
    for step in range(min(steps, size)):
        q = apply(p)
        curvature = float(p @ q)
        if not np.isfinite(curvature) or curvature <= 0:
            raise LinearSolveError("the operator is not positive definite; is a reference value missing?")
        alpha = rz / curvature
        diagonal.append(1 / alpha + (beta / alpha_old if step else 0.0))
        r = r - alpha * q
        z = blocks.solve(r)
        new = float(r @ z)
        if new <= 1e-28 * rz:
            break
        beta, rz = new / rz, new
        off.append(np.sqrt(beta) / alpha)
        alpha_old = alpha
        p = z + beta * p
    eigenvalues = scipy.linalg.eigvalsh_tridiagonal(np.array(diagonal), np.array(off[: len(diagonal) - 1]))
    return float(eigenvalues[-1])


def _require_positive(diagonal: Array) -> None:
    if not np.isfinite(diagonal).all():
        raise LinearSolveError("the matrix has entries that are not finite")
    if (diagonal <= 0).any():
        raise LinearSolveError("the matrix is not positive definite: it has a diagonal entry that is not positive")
