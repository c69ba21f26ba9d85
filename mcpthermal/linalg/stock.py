"""Factors that are kept for several like systems, and lent to systems that differ from them in a few places.

With A the system, G the lent inverse and P the inverse of A on the unknowns around what differs (and zero elsewhere),

    P + (1 - P A) G (1 - A P)

is symmetric and definite whatever differs, and near the inverse of A: what is large in one place is solved there (the
balancing of Mandel, Balancing domain decomposition, Commun. Numer. Methods Eng. 9, 1993).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import LinearSolveError
from . import direct
from .krylov import conjugate_gradients
from .operator import Array, LinearSystem
from .solver import Solver, SolveReport
from .strategy import Method, Preconditioner

Ints = NDArray[np.int64]

MOST = 12
"""How many factors or hierarchies are kept."""

NEAR, NEAR_LENT = math.log(1.25), math.log(3.0)
"""Systems that give a constant more different images than that are not near, for own factors and for lent ones."""


LOCAL = 0.3
"""Where more than this part of the unknowns is around what differs, own factors cost less than lent ones."""


@dataclass
class _Lent(Preconditioner):
    """Another system's factors on the unknowns that are also its own, and own factors around what differs.

    Attributes
    ----------
    known, image : arrays of int
        Unknowns with a counterpart in the other system, and that.
    around : array of int
        The unknowns around what differs; all without a counterpart are among them.
    owner : int
        How many unknowns the other system has.
    lender : callable
        Its factors.
    """

    known: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    image: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    around: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    owner: int = 0
    lender: Callable[[Array], Array] = field(default=lambda b: b)
    _own: direct.Factorisation | None = None
    _adapted: LinearSystem | None = None

    def adapt(self, system: LinearSystem) -> None:
        """Factorise around what differs, once: later systems are near the first one."""
        self._adapted = system
        if self._own is None and len(self.around):
            self._own = direct.factorise(system.matrix().tocsr()[self.around][:, self.around])
        self.solve = self._solve

    def _near(self, b: Array) -> Array:
        x = np.zeros(len(b))
        if self._own is not None:
            x[self.around] = self._own.solve(b[self.around])
        return x

    def _solve(self, b: Array) -> Array:
        assert self._adapted is not None
        x = self._near(b)
        rest = b - self._adapted.apply(x)
        theirs = np.zeros(self.owner)
        theirs[self.image] = rest[self.known]
        x[self.known] += self.lender(theirs)[self.image]
        return x + self._near(b - self._adapted.apply(x))


class StockSolver(Solver):
    """A solver for like systems in any order, such as those of time steps of several lengths.

    Parameters
    ----------
    rtol, method
        As for `Solver`.
    lent : sequence
        Of another one's stock, from `lend`.

    Attributes
    ----------
    polish : int
        So many iterations follow where the contract is met, as far as they make the residual smaller: balances rely on
        residuals of no more than rounding.
    """

    def __init__(
        self, rtol: float = 1e-10, method: Method = "auto", lent: tuple[tuple[float, Preconditioner], ...] = ()
    ) -> None:
        super().__init__(rtol, method)
        self.polish = 0
        self._stock = list(lent)
        self.setups = 0

    def lend(self, image: Ints, around: Ints) -> StockSolver:
        """A solver of its own with the factors of this one.

        Parameters
        ----------
        image : (n,) array of int
            The unknown of these systems that each unknown of the other ones is; -1 where there is none.
        around : array of int
            Unknowns of the other ones near what differs.
        """
        if len(around) > LOCAL * len(image):
            return StockSolver(self.rtol, self.method)
        lent = tuple((key, _lent(kept, image, around)) for key, kept in self._stock)
        return StockSolver(self.rtol, self.method, lent)

    def preconditioner(self, system: LinearSystem) -> Preconditioner:
        """As for `Solver`, the nearest one at hand."""
        key = self._take(system)
        made = super().preconditioner(system)
        self._put(key)
        return made

    def solve(
        self, system: LinearSystem, b: Array, x0: Array | None = None, scale: float | None = None
    ) -> tuple[Array, SolveReport]:
        """As for `Solver`, by the nearest factors at hand."""
        key = self._take(system)
        try:
            x, report = super().solve(system, b, x0, scale)
            self.setups += report.setups
            if self.polish and self._kept is not None:
                x = self._polished(system, b, x, self._kept)
            return x, report
        finally:
            self._put(key)

    def _polished(self, system: LinearSystem, b: Array, x: Array, kept: Preconditioner) -> Array:
        """A solution made better as far as rounding allows."""
        rest = b - system.apply(x)
        if not rest.any():
            return x
        kept.adapt(system)
        try:
            step, _, _ = conjugate_gradients(
                system.apply, rest, None, kept.solve, absolute_tolerance=0.0, max_iterations=self.polish
            )
        except LinearSolveError:  # all that is left is rounding
            return x
        better = x + step
        return better if np.linalg.norm(b - system.apply(better)) < np.linalg.norm(rest) else x

    def _take(self, system: LinearSystem) -> float:
        """Have the nearest factors or hierarchy at hand; return what the system is found by."""
        key = _key(system)
        self._kept = None
        for other, kept in sorted(self._stock, key=lambda item: abs(item[0] - key)):
            if abs(other - key) <= (NEAR_LENT if isinstance(kept, _Lent) else NEAR):
                self._kept = kept
                break
        return key

    def _put(self, key: float) -> None:
        """Keep what has been made; one that was worn out by a system like this one goes."""
        made = self._kept
        if made is None or any(kept is made for _, kept in self._stock):
            return
        # Factors that others may use must not be renewed in place.
        self._kept = replace(made, factors=None)
        self._stock = [item for item in self._stock if abs(item[0] - key) > NEAR]
        self._stock = [*self._stock, (key, self._kept)][-MOST:]


def _key(system: LinearSystem) -> float:
    """The logarithm of what a constant takes in: conduction does not count, storage and exchange do."""
    total = float(system.apply(np.ones(system.size)).sum())
    return math.log(total) if total > 0.0 else -math.inf


def _lent(kept: Preconditioner, image: Ints, around: Ints) -> Preconditioner:
    known, first = np.unique(image, return_index=True)
    known, first = known[known >= 0], first[known >= 0]
    owner = kept.size
    around = np.union1d(around, np.setdiff1d(np.arange(len(image)), first))
    if not len(around) and np.array_equal(image, np.arange(owner)):
        return replace(kept, wasted=0.0, factors=None)
    name = kept.description.removeprefix("conjugate gradients, ")
    return _Lent(
        kept.solve,
        f"conjugate gradients, lent: {name}",
        kept.reason,
        False,
        None,
        len(image),
        known=first,
        image=known,
        around=around,
        owner=owner,
        lender=kept.solve,
    )
