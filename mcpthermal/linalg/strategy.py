"""Which method suits a system, and the preconditioner that goes with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from weakref import ReferenceType, ref

from . import direct
from .multigrid import SUPERLU_COARSE_LIMIT, SmoothedAggregation, TwoLevel
from .operator import Array, LinearSystem

Method = Literal["auto", "direct", "multigrid"]
DIRECT_LIMIT, FEW_LIMIT = 60_000, 20_000
"""Unknowns up to which a row of like systems is worth factors, and a few of them."""

FACTORS_WORTH, HIERARCHY_WORTH = 30, 10
"""How many iterations take as long as making factors of `DIRECT_LIMIT` unknowns or a hierarchy, roughly."""

LEAST_WORTH = 8
_DIRECT = "direct, "


@dataclass
class Preconditioner:
    """A factorisation or hierarchy, and what it was made for.

    Attributes
    ----------
    solve : callable
        Its application to one vector.
    description, reason : str
        What it is and why it was chosen.
    exact : bool
        Whether it is a factorisation of the system's own matrix.
    system : weak reference to a LinearSystem, or None
        The system it was last adapted to; an operator may be large, and is not kept for its sake.
    size : int
        Of the system.
    seconds : float
        The time it took to make.
    origin : weak reference to a LinearSystem, or None
        The system it was made for.
    log_reduction : float
        Natural logarithm of the residual's reduction per iteration when it was new; 0 if unknown.
    wasted : float
        Iterations beyond those that a new one would have needed.
    """

    solve: Callable[[Array], Array]
    description: str
    reason: str
    exact: bool
    system: ReferenceType[LinearSystem] | None
    size: int
    seconds: float = 0.0
    log_reduction: float = 0.0
    wasted: float = 0.0
    two_level: TwoLevel | None = field(default=None, repr=False)
    factors: direct.Factorisation | None = field(default=None, repr=False)
    origin: ReferenceType[LinearSystem] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.origin = self.origin or self.system

    def was_made_for(self, system: LinearSystem) -> bool:
        """Whether a new one for this system would be the same."""
        return self.origin is not None and self.origin() is system

    def reused(self, iterations: int) -> str:
        """What it was in a later solution: factors that no longer fit are a preconditioner only."""
        if self.exact and iterations > 1:
            return f"conjugate gradients, factors by {self.description.removeprefix(_DIRECT)}"
        return self.description

    @property
    def is_worn(self) -> bool:
        """Whether a new one costs less than what this one has wasted since the systems drifted away from it."""
        return self.wasted > self.worth

    @property
    def worth(self) -> float:
        """How many iterations take as long as making a new one: little fewer for small factors than for large ones."""
        if not self.exact:
            return HIERARCHY_WORTH
        return max(LEAST_WORTH, FACTORS_WORTH * min(1.0, (self.size / DIRECT_LIMIT) ** (1 / 3)))

    def needed(self, reduction: float) -> float:
        """The iterations that a new one would need to reduce a residual by a factor."""
        return 1.0 if self.exact else max(1.0, math.log(max(reduction, 1.0)) / (self.log_reduction or 1.0))

    def adapt(self, system: LinearSystem) -> None:
        """Take over what is cheap to renew from a system that has changed."""
        adapted = self.system is not None and self.system() is system
        if not adapted and self.two_level is not None:
            self.two_level.refresh(system)
        self.system = ref(system)


def prepare(
    system: LinearSystem,
    method: Method,
    last: Preconditioner | None = None,
    rough: bool = False,
    limit: int | None = None,
) -> Preconditioner:
    """Make the preconditioner of a system.

    Parameters
    ----------
    system : LinearSystem
        The system.
    method : {"auto", "direct", "multigrid"}
        The method; "auto" chooses by size and by what the system offers.
    last : Preconditioner, optional
        One that is not needed any more: factors of an equal pattern lend their symbolic analysis.
    rough : bool
        Large factors may be in single precision.
    limit : int, optional
        Unknowns up to which "auto" factorises; `DIRECT_LIMIT` unless given.

    Returns
    -------
    Preconditioner
    """
    start = time.perf_counter()
    chosen, reason = choose(system, method, limit)
    of = (ref(system), system.size)
    if chosen == "direct":
        matrix = system.matrix()
        renewed = None if last is None or last.factors is None else last.factors.renew(matrix)
        factors = renewed or direct.factorise(matrix, rough=rough and system.size > direct.ROUGH_WORTH)
        made = Preconditioner(factors.solve, _DIRECT + factors.name, reason, True, *of, factors=factors)
    elif system.level is None:
        cycle = SmoothedAggregation(system.matrix())
        made = Preconditioner(cycle.solve, f"conjugate gradients, {cycle.description}", reason, False, *of)
    else:
        levels = TwoLevel(system)
        made = Preconditioner(
            levels.solve,
            f"conjugate gradients, {levels.description}",
            f"{reason}; {levels.reason}",
            False,
            *of,
            two_level=levels,
        )
    made.seconds = time.perf_counter() - start
    return made


def choose(system: LinearSystem, method: Method, limit: int | None = None) -> tuple[Method, str]:
    """The method for a system, and the reason in words.

    Parameters
    ----------
    system : LinearSystem
        The system.
    method : {"auto", "direct", "multigrid"}
        What was asked for.
    limit : int, optional
        As of `prepare`.

    Returns
    -------
    method : {"direct", "multigrid"}
        What to use.
    reason : str
        Why.
    """
    size = f"{system.size:,} unknowns"
    if method != "auto":
        return method, f"{size}; asked for"
    limit = DIRECT_LIMIT if limit is None else limit
    if system.size <= limit:
        return "direct", f"{size}, not above {limit:,}"
    if system.level is not None:
        return "multigrid", f"{size}, above {limit:,}"
    if direct.pardiso_available():
        return "direct", f"{size} without a coarse level, and PARDISO is available"
    if system.size <= SUPERLU_COARSE_LIMIT:
        return "direct", f"{size} without a coarse level, not above the {SUPERLU_COARSE_LIMIT:,} of SuperLU"
    return "multigrid", f"{size} without a coarse level, and PARDISO is not available"
