"""Values that vary in time: immutable, hashable functions of the time in s, in the SI unit of what they stand for.

At a jump the value is the one after it; just before it, at the next lower floating-point time, it is still the
one before. Corners are the times at which the value or its slope jumps: a time step must end there.
"""

from __future__ import annotations

import math
import numbers
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mcpthermal.errors import LoadError
from mcpthermal.loads.csv_file import read_columns
from mcpthermal.loads.piecewise import bends, check_times, first_after, interpolated
from mcpthermal.materials.base import read_numbers
from mcpthermal.units import Value, quantity

Floats = NDArray[np.float64]

MOST_PERIODS = 2.0**50
"""Beyond so many periods a time does not tell where in the period it is."""
_NEAR = 1e-12  # of a period: the rounding of what was given


@dataclass(frozen=True)
class Waveform(ABC):
    """A value as a function of the time: made by its class methods, and by ``a + b``, ``a * b``, ``2.0 * a``.

    Times are in s, or strings such as ``"10 ms"``; values are in SI units.

    Raises
    ------
    InputError
        From every constructor, if something is no finite number or makes no sense.
    """

    __array_ufunc__: ClassVar[None] = None  # so that a NumPy number times a waveform is a waveform

    @abstractmethod
    def _values(self, time: Floats) -> Any:
        """The values at finite times of any shape."""

    @abstractmethod
    def _next_corner(self, time: float) -> float:
        """The first corner after a finite time."""

    @abstractmethod
    def landmarks(self) -> Floats:
        """Times (s) at which it reaches its extremes; for sums and products those of their parts."""

    def __call__(self, time: ArrayLike) -> Any:
        """The value at one time (s), or an array of values at an array of times.

        Raises
        ------
        LoadError
            If a time is no finite number, or the value overflows.
        """
        try:
            times = np.asarray(time, float)
        except (TypeError, ValueError, OverflowError) as error:
            raise LoadError(f"time of a waveform: {time!r} is no number; give it in s, e.g. 0.01") from error
        if not np.isfinite(times).all():
            raise LoadError(f"time of a waveform: {time!r} is not finite; give it in s, e.g. 0.01")
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(self._values(times), float)
        if not np.isfinite(values).all():
            raise LoadError(f"the value of a waveform at {time!r} s is not finite; give smaller values")
        return values if values.ndim else float(values)

    def next_corner(self, time: float) -> float:
        """The first time after `time` (s) at which the value or its slope jumps; inf if there is none.

        A corner of a part of a sum or product counts, even if the whole goes on smoothly.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            return self._next_corner(quantity(time, "s", "time of a waveform"))

    def corners(self, start: float, end: float) -> tuple[float, ...]:
        """All corners t (s) with start < t < end, increasing."""
        end, found = quantity(end, "s", "time of a waveform"), []
        corner = self.next_corner(start)
        while corner < end:
            found.append(corner)
            corner = self.next_corner(corner)
        return tuple(found)

    def __add__(self, other: Any) -> Waveform:
        return Sum((self, other)) if _is_term(other) else NotImplemented

    def __radd__(self, other: Any) -> Waveform:
        return Sum((other, self)) if _is_term(other) else NotImplemented

    def __neg__(self) -> Waveform:
        return -1.0 * self

    def __sub__(self, other: Any) -> Waveform:
        return self + (-1.0) * other if _is_term(other) else NotImplemented

    def __rsub__(self, other: Any) -> Waveform:
        return other + (-self) if _is_term(other) else NotImplemented

    def __mul__(self, other: Any) -> Waveform:
        return Product((self, other)) if _is_term(other) else NotImplemented

    def __rmul__(self, other: Any) -> Waveform:
        return Product((other, self)) if _is_term(other) else NotImplemented

    @classmethod
    def constant(cls, value: float) -> Waveform:
        """The same value at all times."""
        return PiecewiseLinear((0.0,), (value,))

    @classmethod
    def step(cls, value: float, at: Value = 0.0, before: float = 0.0) -> Waveform:
        """`before` until the time `at` (s), `value` from then on."""
        return PiecewiseLinear((at, at), (before, value))

    @classmethod
    def ramp(cls, first: float, last: float, start: Value, end: Value) -> Waveform:
        """From `first` at the time `start` (s) straight to `last` at `end`, constant before and after."""
        begin = quantity(start, "s", "start of a ramp")
        return PiecewiseLinear((begin, quantity(end, "s", "end of a ramp", above=begin)), (first, last))

    @classmethod
    def pulse_train(
        cls,
        high: float,
        period: Value,
        duty: float,
        low: float = 0.0,
        delay: Value = 0.0,
        rise: Value = 0.0,
        fall: Value = 0.0,
        count: int | None = None,
    ) -> Waveform:
        """Pulses, one each period; see `PulseTrain` for the parameters."""
        return PulseTrain(high, period, duty, low, delay, rise, fall, count)  # type: ignore[arg-type]

    @classmethod
    def sinusoid(cls, amplitude: float, period: Value, offset: float = 0.0, phase: float = 0.0) -> Waveform:
        """``offset + amplitude * sin(2 pi time / period + phase)``; period in s, phase in rad."""
        return Sinusoid(amplitude, period, offset, phase)  # type: ignore[arg-type]

    @classmethod
    def table(cls, times: Any, values: Any = None) -> Waveform:
        """Values at times (s), straight between them and constant outside; a time given twice is a jump.

        Parameters
        ----------
        times : sequence of float or str, or path
            Or a CSV file with two columns, times in s and values in SI units, with or without a header.
        values : sequence of float
            One for each time.
        """
        if isinstance(times, str | os.PathLike):
            if values is not None:
                raise LoadError(f"waveform of the file '{times}': it has the values; drop values={values!r}")
            times, values = read_columns(times, "table of a waveform")
        return PiecewiseLinear(times, values)


@dataclass(frozen=True)
class PiecewiseLinear(Waveform):
    """Values at times (s) that do not decrease, straight between them; constant outside."""

    times: tuple[Any, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        times = read_numbers(self.times, "s", "times of a waveform")
        values = read_numbers(self.values, "", "values of a waveform")
        check_times(times, "times of a waveform")
        if len(times) != len(values):
            raise LoadError(f"waveform: {len(times)} times and {len(values)} values; give one value for each time")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "values", values)

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        return np.array(self.times), np.array(self.values)

    @cached_property
    def _corners(self) -> Floats:
        return bends(*self._table)

    def _values(self, time: Floats) -> Any:
        return interpolated(*self._table, time)

    def _next_corner(self, time: float) -> float:
        return first_after(self._corners, time)

    def landmarks(self) -> Floats:
        return _both_sides(self._table[0])


@dataclass(frozen=True)
class PulseTrain(Waveform):
    """Pulses, one each period.

    Parameters
    ----------
    high : float
        The value in a pulse.
    period : float
        (s)
    duty : float
        The duration of a pulse, its rise included and its fall not, over the period; above 0 and at most 1.
    low : float
        The value before, between and after the pulses.
    delay : float
        When the first pulse begins (s).
    rise, fall : float
        Durations of the straight ways up and down (s).
    count : int, optional
        How many pulses there are; without it they never end.
    """

    high: float
    period: float
    duty: float
    low: float = 0.0
    delay: float = 0.0
    rise: float = 0.0
    fall: float = 0.0
    count: int | None = None

    def __post_init__(self) -> None:
        limits: dict[str, dict[str, float]] = {"period": {"above": 0.0}, "duty": {"above": 0.0, "maximum": 1.0}}
        limits |= {"rise": {"minimum": 0.0}, "fall": {"minimum": 0.0}}
        for name in ("high", "period", "duty", "low", "delay", "rise", "fall"):
            unit = "s" if name in ("period", "delay", "rise", "fall") else ""
            value = quantity(getattr(self, name), unit, f"{name} of a pulse train", **limits.get(name, {}))
            object.__setattr__(self, name, value)
        if self.count is not None:
            if isinstance(self.count, bool) or not isinstance(self.count, numbers.Integral) or self.count < 1:
                raise LoadError(f"count of a pulse train: {self.count!r} is not allowed; give 1, 2, ... or None")
            object.__setattr__(self, "count", int(self.count) if self.count < MOST_PERIODS else None)
        slack = _NEAR * self.period
        if self.rise > self.width + slack or self.width + self.fall > self.period + slack:
            raise LoadError(
                f"pulse train: a rise of {self.rise:g} s, a pulse of {self.width:g} s and a fall of {self.fall:g} s do "
                f"not fit into the period of {self.period:g} s; the pulse includes the rise, and then comes the fall"
            )

    @property
    def width(self) -> float:
        """The duration of a pulse with its rise (s)."""
        return self.duty * self.period

    @property
    def _is_full(self) -> bool:
        return self.width > (1.0 - _NEAR) * self.period

    def _start(self, number: Any) -> Any:
        return self.delay + number * self.period

    def _number(self, time: Floats) -> Floats:
        """The number of the pulse that began last; 0 before the first."""
        last = np.inf if self.count is None else self.count - 1.0
        with np.errstate(over="ignore"):
            number = np.clip(np.floor((time - self.delay) / self.period), 0.0, last)
        _check_periods(number, self.period)
        # The starts count as they are rounded, so that a pulse is there at its own start and not before.
        number = number - (time < self._start(number))
        number = number + (time >= self._start(number + 1.0))
        return np.asarray(np.clip(number, 0.0, last))

    def _marks(self, number: Any) -> tuple[Any, Any, Any, Any]:
        """The begin of a pulse, the ends of its rise and of itself, and the end of its fall (s)."""
        start = self._start(number)
        end = self._start(number + 1.0) if self._is_full else start + self.width
        return start, np.minimum(start + self.rise, end), end, end + self.fall

    def _values(self, time: Floats) -> Any:
        start, top, end, bottom = self._marks(self._number(time))
        difference = self.high - self.low
        rising = self.low + difference * ((time - start) / (self.rise or 1.0))
        falling = self.high - difference * ((time - end) / (self.fall or 1.0))
        return np.select(
            [time < self.delay, time < top, time < end, time < bottom], [self.low, rising, self.high, falling], self.low
        )

    def _next_corner(self, time: float) -> float:
        if self.high == self.low:
            return math.inf
        if self._is_full and self.rise == 0.0:
            ends = (self.delay, math.inf if self.count is None else float(self._start(self.count)))
            return next((end for end in ends if end > time), math.inf)
        number = float(self._number(np.asarray(time)))
        for pulse in (number, number + 1.0):
            is_last = self.count is not None and pulse >= self.count - 1.0
            found = [corner for corner in self._corners_of(pulse, is_last) if corner > time]
            if found or is_last:
                return min(found, default=math.inf)
        return math.nextafter(time, math.inf)

    def _corners_of(self, number: float, is_last: bool) -> list[float]:
        slack = _NEAR * self.period
        start, top, end, bottom = map(float, self._marks(number))
        real = (
            True,
            0.0 < self.rise < self.width - slack,
            is_last or not self._is_full,
            self.fall > 0.0 and (is_last or self.width + self.fall < self.period - slack),
        )
        return [mark for mark, counts in zip((start, top, end, bottom), real, strict=True) if counts]

    def landmarks(self) -> Floats:
        with np.errstate(over="ignore"):
            return _both_sides(np.array(self._marks(0.0)))


@dataclass(frozen=True)
class Sinusoid(Waveform):
    """``offset + amplitude * sin(2 pi time / period + phase)``; period in s, phase in rad."""

    amplitude: float
    period: float
    offset: float = 0.0
    phase: float = 0.0

    def __post_init__(self) -> None:
        for name in ("amplitude", "offset", "phase"):
            object.__setattr__(self, name, quantity(getattr(self, name), "", f"{name} of a sinusoid"))
        object.__setattr__(self, "period", quantity(self.period, "s", "period of a sinusoid", above=0.0))

    def _values(self, time: Floats) -> Any:
        periods = time / self.period
        _check_periods(periods, self.period)
        angle = 2 * np.pi * (periods - np.floor(periods))
        return self.offset + self.amplitude * np.sin(angle + self.phase)

    def _next_corner(self, time: float) -> float:
        return math.inf

    def landmarks(self) -> Floats:
        return self.period * (np.array([0.25, 0.75]) - self.phase / (2 * np.pi) % 1.0)


@dataclass(frozen=True)
class _Combined(Waveform):
    """Waveforms, or numbers, taken together."""

    terms: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.terms, tuple | list) or not self.terms:
            raise LoadError(f"{self._name}: {self.terms!r} are no terms; give a tuple of waveforms")
        found: list[Waveform] = []
        for term in self.terms:
            if isinstance(term, type(self)):
                found += term.terms
            else:
                found.append(term if isinstance(term, Waveform) else Waveform.constant(term))
        object.__setattr__(self, "terms", tuple(found))

    @property
    def _name(self) -> str:
        return f"{type(self).__name__} of waveforms"

    def _next_corner(self, time: float) -> float:
        return min(term.next_corner(time) for term in self.terms)

    def landmarks(self) -> Floats:
        return np.concatenate([term.landmarks() for term in self.terms])


@dataclass(frozen=True)
class Sum(_Combined):
    """The sum of waveforms."""

    def _values(self, time: Floats) -> Any:
        return sum(np.asarray(term(time)) for term in self.terms)


@dataclass(frozen=True)
class Product(_Combined):
    """The product of waveforms."""

    def _values(self, time: Floats) -> Any:
        return math.prod(np.asarray(term(time)) for term in self.terms)


def _both_sides(times: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.concatenate([times, np.nextafter(times, -np.inf)])


def _check_periods(number: Floats, period: float) -> None:
    if not (np.abs(number) < MOST_PERIODS).all():
        raise LoadError(
            f"a waveform with a period of {period:g} s is asked for its value more than {MOST_PERIODS:.0e} periods "
            "later, where rounding hides it; give a longer period, or an earlier time"
        )


def _is_term(other: Any) -> bool:
    return isinstance(other, Waveform) or (isinstance(other, numbers.Real) and not isinstance(other, bool))
