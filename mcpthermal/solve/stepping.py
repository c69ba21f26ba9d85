"""How long the steps in time are: by an error that is allowed, or fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.units import quantity

SAFETY = 0.9
KEEP = 1.3
"""A step is kept where it could grow by less."""

RUNGS = 24
"""Steps are chosen from so many in a decade."""

SHRINK, GROW = 0.1, 5.0
"""Least and greatest ratio of a step to the one before."""

FIRST = 1e-9
"""The first step (s), and relative to the last one after a corner of a load 1e-3."""

AFTER_CORNER = 1e-3

COARSE = 0.01
"""Relative to the largest rise: up to this tolerance errors of steps need not be held to less."""


UNSEEN = 1e-2
"""Relative to the error of a fixed step: to what its nonlinear equations are solved (from 1e-3 to 0.1 in Hairer and
Wanner, Solving Ordinary Differential Equations II, Springer 1996, IV.8)."""

STAGES = 1e-5
"""The same relative to the error that is allowed: a run goes on from a checkpoint nearly as if it had never ended."""


class StepControl(Protocol):
    """Chooses steps."""

    def start(self, last: float | None) -> float:
        """The first step (s) at the beginning or after a corner; `last` is the step before the corner."""
        ...

    def accuracy(self, rise: NDArray[np.float64], last: float) -> float:
        """To which temperatures the equations within a step are solved (K); 0 for as far as linear solves go.

        `last` is the error of the step before (K), 0 at the beginning.
        """
        ...

    def error(self, error: NDArray[np.float64], rise: NDArray[np.float64], power: float) -> float:
        """The size of a step's error (K) relative to what is allowed, so that they add up to the tolerance.

        `power` is that with which the error of a step goes with the error that many steps add up to.
        """
        ...

    def next(self, step: float, error: float, power: int) -> float:
        """The next step after one with a relative error that behaves like the step to a power."""
        ...

    def accepts(self, error: float) -> bool:
        """Whether a step with this relative error is good enough."""
        ...


@dataclass(frozen=True)
class AdaptiveSteps:
    """Steps as long as an error per step allows.

    Parameters
    ----------
    absolute : float
        Allowed error of the temperature anywhere (K). That of a step is held to less where many steps would add up to
        more, so that errors follow the tolerance (Shampine, Local error control in codes for ordinary differential
        equations, Appl. Math. Comput. 3, 1977).
    relative : float
        And relative to the largest rise since the beginning.
    first : float, optional
        The first step (s).
    largest : float, optional
        The longest step (s).
    """

    absolute: float = 0.01
    relative: float = 1e-3
    first: float | None = None
    largest: float | None = None

    def __post_init__(self) -> None:
        absolute = quantity(self.absolute, "delta K", "absolute tolerance of steps", above=0.0)
        object.__setattr__(self, "absolute", absolute)
        relative = quantity(self.relative, "", "relative tolerance of steps", minimum=0.0, maximum=0.5)
        object.__setattr__(self, "relative", relative)
        for name in ("first", "largest"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, quantity(value, "s", f"{name} step", above=0.0))

    def start(self, last: float | None) -> float:
        """The first step (s), short enough for any load that begins."""
        step = (self.first or FIRST) if last is None else AFTER_CORNER * last
        return min(step, self.largest or np.inf)

    def accuracy(self, rise: NDArray[np.float64], last: float) -> float:
        """A small part of the error that is allowed."""
        return STAGES * (self.absolute + self.relative * float(np.abs(rise).max(initial=0.0)))

    def error(self, error: NDArray[np.float64], rise: NDArray[np.float64], power: float) -> float:
        """The largest error relative to what is allowed."""
        largest = float(np.abs(rise).max(initial=0.0))
        allowed = self.absolute + self.relative * largest
        allowed *= (allowed / max(COARSE * largest, allowed)) ** (power - 1)
        return float(np.abs(error).max(initial=0.0)) / allowed

    def next(self, step: float, error: float, power: int) -> float:
        """The step that would have met the tolerance, a little shorter."""
        ratio = GROW if error == 0.0 else SAFETY * error ** (-1.0 / power)
        if 1.0 <= ratio < KEEP:
            return step  # what was made for this step fits the next one, too
        wanted = min(step * min(max(ratio, SHRINK), GROW), self.largest or np.inf)
        # Steps of a ladder do not depend on the last digits of an error estimate.
        return float(10.0 ** (np.floor(np.log10(wanted) * RUNGS) / RUNGS))

    def accepts(self, error: float) -> bool:
        """Whether the error is within the tolerance."""
        return error <= 1.0


@dataclass(frozen=True)
class FixedSteps:
    """Steps of one length (s), shorter only before an event."""

    size: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", quantity(self.size, "s", "size of fixed steps", above=0.0))

    def start(self, last: float | None) -> float:
        """The step."""
        return self.size

    def accuracy(self, rise: NDArray[np.float64], last: float) -> float:
        """A small part of the error of the step before."""
        return UNSEEN * last

    def error(self, error: NDArray[np.float64], rise: NDArray[np.float64], power: float) -> float:
        """Not judged."""
        return 0.0

    def next(self, step: float, error: float, power: int) -> float:
        """The step."""
        return self.size

    def accepts(self, error: float) -> bool:
        """Always."""
        return True


def check_steps(steps: object) -> StepControl:
    """Step control from itself, or from the size of fixed steps."""
    if isinstance(steps, AdaptiveSteps | FixedSteps):
        return steps
    if isinstance(steps, int | float | str):
        return FixedSteps(steps)  # type: ignore[arg-type]
    raise InputError(f"steps={steps!r} must be AdaptiveSteps(...), FixedSteps(...) or the size of fixed steps")
