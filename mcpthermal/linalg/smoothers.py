"""Smoothers: point and line blocks, and the Chebyshev iteration on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_solve_banded, cholesky_banded, eigvalsh_tridiagonal

from ..errors import LinearSolveError

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


class LineBlocks:
    """The inverse of the line blocks of an operator on a lattice of lines.

    All lines together are one banded matrix with one Cholesky factor. A lattice entry without an
    unknown is an identity row. An unknown that several lattice entries share belongs to no line: it
    is decoupled and gets the sum of its diagonal entries.

    Parameters
    ----------
    bands : numpy.ndarray
        Shape ``(lines, length, 1 + bandwidth)``: at ``[l, j]`` the diagonal entry of lattice entry `j` of line
        `l`, its coupling to entry ``j + 1`` and so on. Couplings past the end of a line are ignored.
    index : numpy.ndarray
        Shape ``(lines * length,)`` or ``(lines, length)``: the unknown of each lattice entry, -1 for none.
    size : int, optional
        The number of unknowns; one more than the largest in `index` unless given.
    """

    name = "line"

    def __init__(self, bands: Array, index: npt.NDArray[np.integer], size: int | None = None) -> None:
        bands = np.asarray(bands, dtype=float)
        index = np.asarray(index).reshape(-1)
        if bands.ndim != 3 or index.size != bands[..., 0].size:
            raise ValueError(f"bands of shape {bands.shape} do not fit an index of {index.size:,} entries")
        self.size = int(index.max(initial=-1)) + 1 if size is None else int(size)
        present = index >= 0
        shared = np.bincount(index[present], minlength=self.size)
        if shared.size > self.size or not shared.all():
            raise ValueError("the index of the line blocks must have each unknown, and none beyond the size")
        self._tied = np.flatnonzero(shared > 1)
        diagonal = bands[..., 0].reshape(-1)
        summed = np.zeros(self.size)
        np.add.at(summed, index[present], diagonal[present])
        self._tied_inverse = 1.0 / _positive(summed[self._tied], "summed diagonal of the shared unknowns")

        on_line = present.copy()
        on_line[present] = shared[index[present]] == 1
        self._gather = np.where(on_line, index, 0)
        self._off_line = np.flatnonzero(~on_line)
        self._on_line = np.flatnonzero(on_line)
        self._unknown = index[self._on_line]
        self._factor = _banded_factor(bands, on_line)

    def solve(self, r: Array) -> Array:
        """Solve with every line block."""
        x = np.zeros(self.size)
        if self.size:
            lattice = r[self._gather]
            lattice[self._off_line] = 0.0
            lattice = cho_solve_banded((self._factor, True), lattice, overwrite_b=True, check_finite=False)
            x[self._unknown] = lattice[self._on_line]
            x[self._tied] = self._tied_inverse * r[self._tied]
        return x


def _banded_factor(bands: Array, on_line: npt.NDArray[np.bool_]) -> Array:
    """The Cholesky factor, in lower banded storage, of all lines put one behind the other."""
    lines, length, width = bands.shape
    kept = on_line.reshape(lines, length)
    lower = np.zeros(bands.shape)  # its transpose is what LAPACK takes without a copy
    lower[..., 0] = np.where(kept, bands[..., 0], 1.0)
    for step in range(1, min(width, length)):
        both = kept[:, :-step] & kept[:, step:]
        lower[:, :-step, step] = np.where(both, bands[:, :-step, step], 0.0)
    if not np.isfinite(lower).all():
        raise LinearSolveError("the line blocks of the operator contain NaN or infinite entries")
    stored = lower.reshape(-1, width).T
    if stored.size == 0:
        return stored
    try:
        return cholesky_banded(stored, overwrite_ab=True, lower=True, check_finite=False)
    except LinAlgError as error:
        raise LinearSolveError(f"the line blocks are not positive definite: {error}") from error


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
    largest : float, optional
        The largest eigenvalue of ``D^-1 A``; estimated unless given, for which `size` is needed.
    ratio : float
        Eigenvalues between ``largest / ratio`` and ``largest`` are damped.
    size : int, optional
        The number of unknowns.
    """

    def __init__(
        self,
        apply: Callable[[Array], Array],
        blocks: _Blocks,
        degree: int = 3,
        largest: float | None = None,
        ratio: float = 10.0,
        size: int | None = None,
    ) -> None:
        if largest is None:
            if size is None:
                raise ValueError("give the largest eigenvalue, or the size for its estimate")
            largest = largest_eigenvalue(apply, blocks, size)
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
    apply: Callable[[Array], Array], blocks: _Blocks, size: int, steps: int = 12, safety: float = 1.1
) -> float:
    """An upper estimate of the largest eigenvalue of ``D^-1 A`` from a few Lanczos steps.

    Parameters
    ----------
    apply : callable
        The operator ``A``.
    blocks : BlockInverse
        The inverse of ``D``.
    size : int
        The number of unknowns.
    steps : int
        Lanczos steps, taken in the form of conjugate gradients.
    safety : float
        Factor on the result, which converges from below.

    Returns
    -------
    float
    """
    r = np.random.default_rng(20).standard_normal(size)
    z = blocks.solve(r)
    p, rz = z.copy(), float(r @ z)
    start, diagonal, off_diagonal, carried = rz, [], [], 0.0
    for _ in range(min(steps, size)):
        image = apply(p)
        curvature = float(p @ image)
        if not (np.isfinite(curvature) and curvature > 0.0 and rz > 0.0):
            raise LinearSolveError(
                f"the operator or its blocks are not positive definite: p'Ap = {curvature:g}, r'Br = {rz:g}"
            )
        alpha = rz / curvature
        diagonal.append(1.0 / alpha + carried)
        r -= alpha * image
        z = blocks.solve(r)
        rz_next = float(r @ z)
        if rz_next <= 1e-24 * start:
            break
        beta = rz_next / rz
        off_diagonal.append(np.sqrt(beta) / alpha)
        carried = beta / alpha
        p = z + beta * p
        rz = rz_next
    ritz = eigvalsh_tridiagonal(np.array(diagonal), np.array(off_diagonal[: len(diagonal) - 1]))
    return float(safety * ritz[-1])
