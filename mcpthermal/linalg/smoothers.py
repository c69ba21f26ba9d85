"""Smoothers: points, and the Chebyshev iteration on blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigvalsh_tridiagonal

from ..errors import LinearSolveError
from .product import inner

Array = npt.NDArray[np.float64]


class _Blocks(Protocol):
    def solve(self, r: Array) -> Array: ...


class PointJacobi:
    """The inverse of a positive diagonal.

    Parameters
    ----------
    diagonal : numpy.ndarray
        The diagonal of the operator.
    """

    name = "point"

    def __init__(self, diagonal: Array) -> None:
        self._inverse = 1.0 / _positive(np.asarray(diagonal, dtype=float), "diagonal of the operator")
        self._single: npt.NDArray[np.float32] | None = None

    def solve(self, r: Array) -> Array:
        """Divide by the diagonal, in the precision of the vector."""
        if r.dtype == np.float32:
            if self._single is None:
                self._single = self._inverse.astype(np.float32)
            return self._single * r
        return self._inverse * r


def _positive(values: Array, what: str) -> Array:
    """The values, after a check that all of them are finite and positive."""
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if wrong.size:
        raise LinearSolveError(
            f"the {what} has {wrong.size:,} entries that are not positive numbers; "
            f"the first is {values[wrong[0]]:g} at position {wrong[0]:,}"
        )
    return values


class Chebyshev:
    """Chebyshev smoothing of ``D^-1 A``, classical, for the upper part of its spectrum.

    Parameters
    ----------
    apply : callable
        The operator ``A``.
    blocks : BlockInverse
        The inverse of ``D``.
    degree : int
        The number of applications of ``D^-1`` in one smoothing.
    largest : float
        The largest eigenvalue of ``D^-1 A``, see `largest_eigenvalue`.
    ratio : float
        Eigenvalues between ``largest / ratio`` and ``largest`` are damped.
    """

    def __init__(
        self,
        apply: Callable[[Array], Array],
        blocks: _Blocks,
        degree: int,
        largest: float,
        ratio: float = 10.0,
    ) -> None:
        if degree < 1 or ratio <= 1.0:
            raise ValueError(f"Chebyshev smoothing needs degree >= 1, ratio > 1; not {degree}, {ratio:g}")
        self._apply, self._blocks, self.degree, self.largest = apply, blocks, degree, largest
        self._centre = 0.5 * largest * (1.0 + 1.0 / ratio)
        self._radius = 0.5 * largest * (1.0 - 1.0 / ratio)

    def smooth(self, b: Array, x: Array | None = None) -> Array:
        """Improve `x`, or zero if there is none (which saves one application of the operator)."""
        r = b if x is None else b - self._apply(x)
        sigma = self._centre / self._radius
        rho = 1.0 / sigma
        step = self._blocks.solve(r) / self._centre
        x = step.copy() if x is None else x + step
        for _ in range(self.degree - 1):
            r = r - self._apply(step)
            rho_next = 1.0 / (2.0 * sigma - rho)
            step = rho_next * rho * step + (2.0 * rho_next / self._radius) * self._blocks.solve(r)
            x += step
            rho = rho_next
        return x


def largest_eigenvalue(
    apply: Callable[[Array], Array], blocks: _Blocks, start: Array, steps: int = 12, safety: float = 1.1
) -> float:
    """An upper estimate of the largest eigenvalue of ``D^-1 A`` from a few Lanczos steps.

    Parameters
    ----------
    apply : callable
        The operator ``A``.
    blocks : BlockInverse
        The inverse of ``D``.
    start : numpy.ndarray
        A vector with a part in every eigenvector, such as a random one.
    steps : int
        Lanczos steps, taken in the form of conjugate gradients.
    safety : float
        Factor on the result, which converges from below.

    Returns
    -------
    float
    """
    r = np.array(start)
    z = blocks.solve(r)
    p, rz = z.copy(), inner(r, z)
    begin, diagonal, off_diagonal, carried = rz, [], [], 0.0
    for _ in range(min(steps, len(r))):
        image = apply(p)
        curvature = inner(p, image)
        if not (np.isfinite(curvature) and curvature > 0.0 and rz > 0.0):
            raise LinearSolveError(
                f"the operator or its blocks are not positive definite: p'Ap = {curvature:g}, r'Br = {rz:g}"
            )
        alpha = rz / curvature
        diagonal.append(1.0 / alpha + carried)
        r -= alpha * image
        z = blocks.solve(r)
        rz_next = inner(r, z)
        if rz_next <= 1e-24 * begin:
            break
        beta = rz_next / rz
        off_diagonal.append(np.sqrt(beta) / alpha)
        carried = beta / alpha
        p = z + beta * p
        rz = rz_next
    ritz = eigvalsh_tridiagonal(np.array(diagonal), np.array(off_diagonal[: len(diagonal) - 1]))
    return float(safety * ritz[-1])
