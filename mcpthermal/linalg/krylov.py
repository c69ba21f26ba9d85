"""Preconditioned Krylov methods: conjugate gradients, and GMRES for operators without symmetry."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..errors import LinearSolveError
from .product import inner, norm_of

Array = npt.NDArray[np.float64]


def conjugate_gradients(
    apply: Callable[[Array], Array],
    b: Array,
    x0: Array | None,
    preconditioner: Callable[[Array], Array],
    *,
    absolute_tolerance: float,
    max_iterations: int,
) -> tuple[Array, int, list[float]]:
    """Solve ``A x = b`` for a symmetric positive definite operator.

    The norms are those of the recursively updated residual; who needs a guarantee recomputes it.

    Parameters
    ----------
    apply : callable
        The operator ``A``.
    b : numpy.ndarray
        The right-hand side.
    x0 : numpy.ndarray or None
        The start; None is zero and saves one application of the operator.
    preconditioner : callable
        A symmetric positive definite approximation of the inverse of ``A``.
    absolute_tolerance : float
        The iteration ends as soon as the residual norm is not larger.
    max_iterations : int
        The iteration ends in any case after so many.

    Returns
    -------
    x : numpy.ndarray
        The last iterate, converged or not.
    iterations : int
        How many were made.
    residuals : list of float
        The residual norm at the start and after each iteration.

    Raises
    ------
    LinearSolveError
        If the operator or the preconditioner turns out not to be positive definite, or not finite.
    """
    x = np.zeros_like(b, dtype=float) if x0 is None else np.array(x0, dtype=float)
    r = np.array(b, dtype=float) if x0 is None else b - apply(x)
    residuals = [norm_of(r)]
    if not np.isfinite(residuals[0]):
        raise LinearSolveError("the right-hand side, or the operator at the start, gave NaN or infinity", x)
    p = np.zeros_like(r)
    rz_last = np.inf
    while residuals[-1] > absolute_tolerance and len(residuals) <= max_iterations:
        z = preconditioner(r)
        rz = inner(r, z)
        _require_positive(rz, "preconditioner", "r'Br", x, residuals)
        p = z + (rz / rz_last) * p
        image = apply(p)
        curvature = inner(p, image)
        _require_positive(curvature, "operator", "p'Ap", x, residuals)
        alpha = rz / curvature
        x += alpha * p
        r -= alpha * image
        rz_last = rz
        residuals.append(norm_of(r))
    return x, len(residuals) - 1, residuals


def _require_positive(value: float, what: str, product: str, x: Array, residuals: list[float]) -> None:
    if value > 0.0 and np.isfinite(value):
        return
    fault = "is not positive definite" if np.isfinite(value) else "returned NaN or infinity"
    raise LinearSolveError(
        f"conjugate gradients: the {what} {fault} ({product} = {value:.3g} in iteration {len(residuals)})",
        x,
        residuals[-1] / residuals[0],
    )


def flexible_gmres(
    apply: Callable[[Array], Array],
    b: Array,
    preconditioner: Callable[[Array], Array],
    *,
    relative_tolerance: float,
    max_iterations: int,
    restart: int = 50,
) -> tuple[Array, int, float]:
    """Solve ``A x = b`` for any regular operator, from zero, preconditioned from the right.

    Saad, A flexible inner-outer preconditioned GMRES algorithm, SIAM J. Sci. Comput. 14, 1993. The preconditioner may
    change from one application to the next.

    Parameters
    ----------
    apply : callable
        The operator ``A``.
    b : numpy.ndarray
        The right-hand side.
    preconditioner : callable
        An approximation of the inverse of ``A``.
    relative_tolerance : float
        The iteration ends when the residual is not larger than this part of `b`.
    max_iterations : int
        The iteration ends in any case after so many.
    restart : int
        The vectors that are kept; bounds the memory.

    Returns
    -------
    x : numpy.ndarray
    iterations : int
    residual : float
        Relative to `b`, recomputed for the returned solution.

    Raises
    ------
    LinearSolveError
        If the right-hand side, the operator or the preconditioner gives NaN or infinity.
    """
    x: Array = np.zeros(len(b))
    r: Array = np.array(b, dtype=float)
    iterations, scale = 0, norm_of(b)
    if not np.isfinite(scale):
        raise LinearSolveError("GMRES: the right-hand side contains NaN or infinity", x)
    norm, target = scale, relative_tolerance * scale
    while norm > target and iterations < max_iterations:
        count = min(restart, max_iterations - iterations)
        step, made = _gmres_cycle(apply, r, preconditioner, target, count)
        iterations += made
        x = x + step
        r = b - apply(x)
        last, norm = norm, norm_of(r)
        if not np.isfinite(norm):
            raise LinearSolveError("GMRES: the operator or the preconditioner returned NaN or infinity", x)
        if norm > 0.9 * last:
            break
    return x, iterations, norm / scale if scale > 0.0 else 0.0


def gmres_steps(
    apply: Callable[[Array], Array],
    b: Array,
    preconditioner: Callable[[Array], Array],
    *,
    relative_tolerance: float,
    steps: int,
) -> Array:
    """A rough solution by a few steps of the same, or as many as it takes: its residual is not recomputed.

    Parameters
    ----------
    apply, b, preconditioner
        As for `flexible_gmres`.
    relative_tolerance : float
        The steps end when the residual is not larger than this part of `b`.
    steps : int
        They end in any case after so many.

    Raises
    ------
    LinearSolveError
        As `flexible_gmres`.
    """
    size = norm_of(b)
    if not np.isfinite(size):
        raise LinearSolveError("GMRES: the right-hand side contains NaN or infinity")
    if size == 0.0:
        return np.zeros(len(b))
    return _gmres_cycle(apply, b, preconditioner, relative_tolerance * size, steps)[0]


def _gmres_cycle(
    apply: Callable[[Array], Array], r: Array, preconditioner: Callable[[Array], Array], target: float, count: int
) -> tuple[Array, int]:
    """One cycle from a residual: the correction, and how many steps were made."""
    beta = norm_of(r)
    basis: list[Array] = [r / beta]
    directions: list[Array] = []
    hessenberg = np.zeros((count + 1, count))
    load = np.zeros(count + 1)
    load[0] = beta
    weights: Array = np.zeros(0)
    for step in range(count):
        directions.append(preconditioner(basis[step]))
        image = apply(directions[step])
        size = norm_of(image)
        for row in range(step + 1):
            hessenberg[row, step] = inner(image, basis[row])
            image = image - hessenberg[row, step] * basis[row]
        hessenberg[step + 1, step] = length = norm_of(image)
        if not np.isfinite(length):
            raise LinearSolveError("GMRES: the operator or the preconditioner returned NaN or infinity")
        square = hessenberg[: step + 2, : step + 1]
        weights = np.asarray(np.linalg.lstsq(square, load[: step + 2], rcond=None)[0], float)
        if np.linalg.norm(load[: step + 2] - square @ weights) <= 0.9 * target or length <= 1e-14 * size:
            break
        basis.append(image / length)
    return sum((w * d for w, d in zip(weights, directions, strict=True)), np.zeros_like(r)), len(weights)
