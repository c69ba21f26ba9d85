"""Where a transient has been of late, and where it is heading: what the equations of its next stage start from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mcpthermal.linalg import norm_of

Floats = NDArray[np.float64]

MOST = 6
"""Values that are kept."""

STEEP = 100.0
"""The largest sum of a polynomial's weights, regardless of sign: they magnify what is wrong with the values."""


class Trail:
    """Values at the latest times, and the polynomial through them that would have foretold the last one best.

    Where heating is smooth that is one of high degree, after a jump or through the first stages it is the value itself.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._values: list[Floats] = []
        self._degree = 0

    def add(self, time: float, value: Floats) -> None:
        """A value at another time (s)."""
        if len(self._times) > 1:
            guesses = [self._guess(degree, time) for degree in range(len(self._times))]
            errors = [np.inf if guess is None else norm_of(guess - value) for guess in guesses]
            self._degree = int(np.argmin(errors))
        if time in self._times:
            self._values[self._times.index(time)] = value
            return
        self._times.append(time)
        self._values.append(value)
        del self._times[:-MOST], self._values[:-MOST]

    def back_to(self, time: float) -> None:
        """Forget what is later than a time (s)."""
        known = [number for number, at in enumerate(self._times) if at <= time]
        self._times = [self._times[number] for number in known]
        self._values = [self._values[number] for number in known]

    def ahead(self, time: float) -> Floats:
        """The value to be expected at a time (s)."""
        for degree in range(min(self._degree, len(self._times) - 1), 0, -1):
            guess = self._guess(degree, time)
            if guess is not None:
                return guess
        return self._values[-1]

    def _guess(self, degree: int, time: float) -> Floats | None:
        """The polynomial through the latest values, or None if it is too steep."""
        times = np.array(self._times[-degree - 1 :])
        apart = times[:, None] - times + np.eye(degree + 1)
        weights = np.where(np.eye(degree + 1, dtype=bool), 1.0, (time - times) / apart).prod(axis=1)
        if np.abs(weights).sum() > STEEP:
            return None
        return np.asarray(sum(w * value for w, value in zip(weights, self._values[-degree - 1 :], strict=True)))
