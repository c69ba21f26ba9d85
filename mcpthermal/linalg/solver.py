"""The residual contract: a solution is finite and has the asked-for residual, recomputed, or it is an error."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, LinearSolveError
from mcpthermal.linalg.direct import Factorisation
from mcpthermal.linalg.krylov import conjugate_gradients
from mcpthermal.linalg.multigrid import TwoLevel
from mcpthermal.linalg.operator import LinearSystem

Array = NDArray[np.float64]

METHODS = ("auto", "direct", "multigrid")
DIRECT_LIMIT = 12_000
"""Unknowns up to which a factorisation is faster than an iteration."""


@dataclass(frozen=True)
class SolveReport:
    """How a linear system was solved.

    Attributes
    ----------
    method, reason : str
        What was used, and why.
    size, iterations : int
    residual : float
        |A x - b| over the scale, recomputed.
    seconds, setup_seconds : float
        In all, and of that for factors or hierarchy.
    """

    method: str
    reason: str
    size: int
    iterations: int
    residual: float
    seconds: float
    setup_seconds: float


class Solver:
    """Solves symmetric positive definite systems one after the other and keeps what can be used again.

    Factors or a hierarchy made for one system precondition the next of the same size; they are made anew when
    that takes many more iterations.

    Parameters
    ----------
    rtol : float
        Relative residual that is asked for.
    method : {"auto", "direct", "multigrid"}
    max_iterations : int
    """

    def __init__(self, rtol: float = 1e-10, method: str = "auto", max_iterations: int = 300) -> None:
        if method not in METHODS:
            raise InputError(f"method {method!r} of the linear solves must be one of {', '.join(METHODS)}")
        self.rtol, self.method, self.max_iterations = rtol, method, max_iterations
        self._kept: Any = None
        self._kept_size = -1
        self._fresh_iterations = 0

    def solve(
        self, system: LinearSystem, b: Array, x0: Array | None = None, scale: float | None = None
    ) -> tuple[Array, SolveReport]:
        """Solve A x = b.

        Parameters
        ----------
        system : LinearSystem
        b : (size,) array
        x0 : (size,) array, optional
            A first guess.
        scale : float, optional
            What the residual is relative to; default |b|.

        Raises
        ------
        LinearSolveError
            With the best iterate, if |A x - b| <= rtol * scale is not reached.
        """
        start = time.perf_counter()
        x = np.zeros(system.size) if x0 is None else x0
        if not np.isfinite(b).all():
            raise LinearSolveError("the right-hand side has entries that are not finite")
        scale = float(np.linalg.norm(b)) if scale is None else scale
        if system.size == 0 or scale == 0.0:
            return np.zeros(system.size), SolveReport("none", "nothing to solve", system.size, 0, 0.0, 0.0, 0.0)
        target = self.rtol * scale
        iterations, setup, reason = 0, 0.0, self._reason(system)
        if self._kept is not None and self._kept_size == system.size:
            limit = max(2 * self._fresh_iterations, 12)
            x, iterations = self._iterate(system, b, x, target, limit)
            reason += "; kept from the last solve"
        if iterations == 0 or np.linalg.norm(b - system.apply(x)) > target:
            reason = self._reason(system)
            self._kept = None
            self._kept = self._set_up(system)
            self._kept_size = system.size
            setup = self._kept.seconds
            x, self._fresh_iterations = self._iterate(system, b, x, target, self.max_iterations)
            iterations += self._fresh_iterations
        residual = float(np.linalg.norm(b - system.apply(x))) / scale
        name = self._kept.name if isinstance(self._kept, Factorisation) else self._kept.description
        if not np.isfinite(residual) or residual > 1.01 * self.rtol:
            raise LinearSolveError(
                f"the linear system of {system.size:,} unknowns reached a relative residual of {residual:.2e} in "
                f"{iterations} iterations, {self.rtol:.0e} was asked for ({name}); try method='direct' or a larger "
                "linear_tolerance",
                x,
                residual,
            )
        report = SolveReport(
            f"conjugate gradients, {name}", reason, system.size, iterations, residual, time.perf_counter() - start, setup
        )
        return x, report

    def _direct(self, system: LinearSystem) -> bool:
        return self.method == "direct" or (self.method == "auto" and system.size <= DIRECT_LIMIT)

    def _reason(self, system: LinearSystem) -> str:
        if self.method != "auto":
            return f"method '{self.method}' was asked for"
        relation = "at most" if self._direct(system) else "more than"
        return f"{relation} {DIRECT_LIMIT:,} unknowns"

    def _set_up(self, system: LinearSystem) -> Any:
        if self._direct(system) or system.prolongation() is None:
            return Factorisation(system.matrix())
        return TwoLevel(system)

    def _iterate(self, system: LinearSystem, b: Array, x: Array, target: float, limit: int) -> tuple[Array, int]:
        """Conjugate gradients; restarted once, because the updated residual drifts from the true one."""
        total = 0
        for _ in range(3):
            x, made = conjugate_gradients(
                system.apply, b, x, self._kept.solve, absolute_tolerance=0.9 * target, max_iterations=limit - total
            )
            total += made
            if total >= limit or np.linalg.norm(b - system.apply(x)) <= target:
                break
        return x, total
