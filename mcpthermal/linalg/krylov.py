"""Preconditioned conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..errors import LinearSolveError

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
    residuals = [float(np.linalg.norm(r))]
    if not np.isfinite(residuals[0]):
        raise LinearSolveError("the right-hand side, or the operator at the start, gave NaN or infinity", x)
    p = np.zeros_like(r)
    rz_last = np.inf
    while residuals[-1] > absolute_tolerance and len(residuals) <= max_iterations:
        z = preconditioner(r)
        rz = float(r @ z)
        _require_positive(rz, "preconditioner", "r'Br", x, residuals)
        p = z + (rz / rz_last) * p
        image = apply(p)
        curvature = float(p @ image)
        _require_positive(curvature, "operator", "p'Ap", x, residuals)
        alpha = rz / curvature
        x += alpha * p
        r -= alpha * image
        rz_last = rz
        residuals.append(float(np.linalg.norm(r)))
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
