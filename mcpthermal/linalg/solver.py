"""The residual contract: a finite solution with a small recomputed residual, or an error."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from ..errors import LinearSolveError
from .krylov import conjugate_gradients
from .operator import Array, LinearSystem
from .product import norm_of
from .strategy import DIRECT_LIMIT, FACTORS_WORTH, Method, Preconditioner, prepare

REFINEMENTS = 3
RESTARTS = 3
NOTHING_GAINED = 0.5
"""A relative residual above which a failed solution points at the matrix."""


@dataclass(frozen=True)
class SolveReport:
    """How a system was solved.

    Attributes
    ----------
    method, reason : str
        What was used and why, in words.
    size : int
        The number of unknowns.
    iterations : int
        Applications of the factorisation or hierarchy, that is refinements and conjugate gradient iterations.
    residual : float
        ``|A x - b| / scale``, recomputed for the returned solution.
    seconds : float
        The time of the whole solution.
    setup_seconds : float
        The part of it that went into factorisations and hierarchies; 0 when one was reused.
    setups : int
        How many of them were made.
    """

    method: str
    reason: str
    size: int
    iterations: int
    residual: float
    seconds: float
    setup_seconds: float
    setups: int = 0


@dataclass
class _Run:
    """One solution under way: the system, the best iterate and what was spent."""

    system: LinearSystem
    b: Array
    x: Array
    r: Array
    target: float
    scale: float
    iterations: int = 0
    setup_seconds: float = 0.0
    setups: int = 0

    @property
    def norm(self) -> float:
        return norm_of(self.r)

    @property
    def done(self) -> bool:
        return self.norm <= self.target

    def accept(self, x: Array, iterations: int) -> bool:
        """Take over an iterate if its recomputed residual is smaller; say whether it is at most half."""
        self.iterations += iterations
        r = self.b - self.system.apply(x)
        norm, before = norm_of(r), self.norm
        if norm < before:
            self.x, self.r = x, r
        return norm <= 0.5 * before


class Solver:
    """Solves systems to a residual contract, and keeps what it factorised for the next one.

    A system of the same size as the last is first tried with the factorisation or hierarchy at hand as
    the preconditioner of conjugate gradients; it is made anew when that converges too slowly.

    Parameters
    ----------
    rtol : float
        The contract: ``|A x - b| <= rtol * scale``.
    method : {"auto", "direct", "multigrid"}
        The method; "auto" chooses by size and by what the system offers.
    max_iterations : int
        The limit of conjugate gradient iterations for one solution.

    Attributes
    ----------
    rough : bool
        Whether large factors may be in single precision: in a long row of systems they precondition most of the time.
    limit : int or None
        Unknowns up to which "auto" factorises, for the few systems of one steady state; None is for a row of them.
    made : int
        How many factorisations or hierarchies it has made.
    """

    def __init__(self, rtol: float = 1e-10, method: Method = "auto", max_iterations: int = 200) -> None:
        if not 0.0 < rtol < 1.0:
            raise ValueError(f"rtol must lie between 0 and 1, not {rtol:g}")
        if method not in ("auto", "direct", "multigrid"):
            raise ValueError(f"unknown method {method!r}: known are 'auto', 'direct' and 'multigrid'")
        self.rtol, self.method, self.max_iterations = rtol, method, max_iterations
        self.rough, self.made = False, 0
        self.limit: int | None = None
        self._kept: Preconditioner | None = None

    def reset(self) -> None:
        """Forget the factorisation or hierarchy, and free its memory."""
        self._kept = None

    def handed_on(self) -> Solver:
        """The solver itself, its factors counted as new: they are of the middle of a row of systems."""
        if self._kept is not None:
            self._kept.wasted = 0.0
        return self

    def preconditioner(self, system: LinearSystem) -> Preconditioner:
        """The factorisation or hierarchy at hand, adapted to a system, or a new one.

        For methods of one's own; what is made is kept as after `solve`.
        """
        if self._kept is None or self._kept.size != system.size:
            self._kept = None
            self._kept = prepare(system, self.method, rough=self.rough, limit=self.limit)
            self.made += 1
        else:
            self._kept.adapt(system)
        return self._kept

    def solve(
        self, system: LinearSystem, b: Array, x0: Array | None = None, scale: float | None = None
    ) -> tuple[Array, SolveReport]:
        """Solve ``A x = b``.

        Parameters
        ----------
        system : LinearSystem
            The symmetric positive definite operator ``A``.
        b : numpy.ndarray
            The right-hand side.
        x0 : numpy.ndarray, optional
            A start near the solution.
        scale : float, optional
            What the residual is measured against, such as the norm of the physical load; the norm of `b`
            unless given (or if zero).

        Returns
        -------
        x : numpy.ndarray
            The solution.
        report : SolveReport
            How it was found.

        Raises
        ------
        LinearSolveError
            If the contract cannot be met; it carries the best iterate and its relative residual.
        """
        start = time.perf_counter()
        b = _vector(b, system.size, "right-hand side")
        norm = norm_of(b)
        if norm == 0.0:
            seconds = time.perf_counter() - start
            report = SolveReport("none", "the right-hand side is zero", system.size, 0, 0.0, seconds, 0.0)
            return np.zeros(system.size), report
        scale = _checked_scale(scale) or norm
        x = np.zeros(system.size) if x0 is None else _vector(x0, system.size, "start").copy()
        r = b.copy() if x0 is None else b - system.apply(x)
        if not np.isfinite(r).all():
            raise LinearSolveError("the operator gave NaN or infinity at the start", x)
        run = _Run(system, b, x, r, self.rtol * scale, scale)
        method, reason = self._run(run)
        spent = (time.perf_counter() - start, run.setup_seconds, run.setups)
        return run.x, SolveReport(method, reason, run.x.size, run.iterations, run.norm / scale, *spent)

    def _run(self, run: _Run) -> tuple[str, str]:
        """Bring a run to its target; return the method and the reason in words."""
        if run.done:
            return "none", "the start already meets the tolerance"
        if self._kept is not None and self._kept.size == run.system.size and not self._kept.is_worn:
            if self._try_kept(run, self._kept):
                return f"{self._kept.reused(run.iterations)} (reused)", self._kept.reason
        last, self._kept = self._kept, None  # before the next one is made: its memory is needed
        if last is not None and (last.factors is None or last.size != run.system.size):
            last = None
        fresh = prepare(run.system, self.method, last, self.rough, self.limit)
        # Where factors would have been made but for the few systems, they are what a hard one gets after all.
        resort = self.method == "auto" and not fresh.exact and run.system.size <= DIRECT_LIMIT
        try:
            self._begin(run, fresh, FACTORS_WORTH if resort else self.max_iterations)
        except LinearSolveError:
            if not resort:
                raise
        if resort and not run.done:
            reason = f"{run.system.size:,} unknowns, and no convergence in {run.iterations} iterations of a hierarchy"
            fresh = replace(prepare(run.system, "direct", rough=self.rough), reason=reason)
            self._begin(run, fresh, self.max_iterations)
        if not run.done:
            raise self._failure(run, fresh)
        self._kept = fresh
        return fresh.description, fresh.reason

    def _begin(self, run: _Run, fresh: Preconditioner, limit: int) -> None:
        """Use a new preconditioner, and learn how well it does."""
        run.setup_seconds += fresh.seconds
        run.setups += 1
        self.made += 1
        if fresh.exact:
            self._refine(run, fresh)
        before, count = run.norm, run.iterations
        self._iterate(run, fresh, limit)
        if run.iterations > count and 0.0 < run.norm < before:
            fresh.log_reduction = math.log(before / run.norm) / (run.iterations - count)

    def _try_kept(self, run: _Run, kept: Preconditioner) -> bool:
        """Use the preconditioner at hand within a limit of iterations; say whether it was enough."""
        needed = kept.needed(run.norm / run.target)
        limit = math.ceil(kept.worth) if kept.exact else 3 + math.ceil(2.0 * needed)
        try:
            kept.adapt(run.system)
            self._iterate(run, kept, min(limit, self.max_iterations))
        except LinearSolveError:
            return False  # an operator that has drifted this far needs its own; a real fault shows up again
        if not kept.was_made_for(run.system):
            kept.wasted += max(run.iterations - needed, 0.0)
        return run.done

    def _refine(self, run: _Run, factors: Preconditioner) -> None:
        """Solve with the factors, then refine while that halves the residual."""
        for _ in range(1 + REFINEMENTS):
            if run.done or not run.accept(run.x + factors.solve(run.r), 1):
                return

    def _iterate(self, run: _Run, preconditioner: Preconditioner, limit: int) -> None:
        """Conjugate gradients, restarted from the recomputed residual while that brings it down."""
        spent = 0
        for _ in range(1 + RESTARTS):
            if run.done or spent >= limit:
                return
            correction, iterations, _ = conjugate_gradients(
                run.system.apply,
                run.r,
                None,
                preconditioner.solve,
                absolute_tolerance=0.9 * run.target,
                max_iterations=limit - spent,
            )
            spent += iterations
            if not run.accept(run.x + correction, iterations):
                return

    def _failure(self, run: _Run, used: Preconditioner) -> LinearSolveError:
        """The error that says how far the solution got, and whether rounding is what stopped it."""
        residual = run.norm / run.scale
        signs = np.random.default_rng(3).choice([-1.0, 1.0], run.x.size)
        rounding = float(np.linalg.norm(run.system.apply(np.finfo(float).eps * signs * run.x))) / run.scale
        cause = f"rounding of the solution alone changes the residual by {rounding:.1e}"
        if residual > NOTHING_GAINED:
            cause = "hardly anything was gained: the matrix may be singular or not positive definite"
        return LinearSolveError(
            f"{run.system.size:,} unknowns, {used.description}: relative residual {residual:.3g} after "
            f"{run.iterations} iterations, above the tolerance of {self.rtol:g} ({cause})",
            run.x,
            residual,
        )


def _vector(values: Array, size: int, what: str) -> Array:
    values = np.asarray(values, dtype=float)
    if values.shape != (size,):
        raise ValueError(f"the {what} has shape {values.shape}, the system {size:,} unknowns")
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        raise LinearSolveError(
            f"the {what} has {wrong.size:,} entries that are NaN or infinite, the first at {wrong[0]:,}"
        )
    return values


def _checked_scale(scale: float | None) -> float:
    if scale is None:
        return 0.0
    if not (math.isfinite(scale) and scale >= 0.0):
        raise ValueError(f"the scale of the residual must be a finite number and not negative, not {scale:g}")
    return float(scale)
