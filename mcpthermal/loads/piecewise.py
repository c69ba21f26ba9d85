"""Functions of time that are straight between given points: one or several values at each of n times.

A time may come twice, which is a jump; at it the later value holds. Outside of the times they are constant.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import LoadError

Floats = NDArray[np.float64]


def check_times(times: tuple[float, ...], name: str, repeats: int = 2) -> None:
    """LoadError if there is no time, if they decrease, or if one comes more than `repeats` times in a row."""
    if not times:
        raise LoadError(f"{name}: there is none; give at least one time in s")
    array = np.array(times)
    falls = array[1:] < array[:-1]
    if falls.any():
        worst = int(np.argmax(falls))
        raise LoadError(f"{name}: {times[worst + 1]:g} s comes after {times[worst]:g} s; sort them")
    if len(times) > repeats and (array[repeats:] == array[:-repeats]).any():
        worst = int(np.argmax(array[repeats:] == array[:-repeats]))
        raise LoadError(f"{name}: {times[worst]:g} s is given more than {repeats} times in a row; drop what is between")


def interpolated(times: Floats, values: Floats, time: Floats) -> Floats:
    """Values, (n,) or (n, m) at n times, at other times: straight between them, constant outside, late at jumps."""
    after = np.searchsorted(times, time, side="right")
    last, following = np.clip(after - 1, 0, None), np.clip(after, None, len(times) - 1)
    gap = times[following] - times[last]
    share = np.clip((time - times[last]) / np.where(gap > 0, gap, 1.0), 0.0, 1.0)
    share = np.where((gap > 0) & (after > 0), share, 0.0).reshape(share.shape + (1,) * (values.ndim - 1))
    return np.asarray(values[last] + (values[following] - values[last]) * share)


def bends(times: Floats, values: Floats) -> Floats:
    """Where the value or the slope of such a function jumps."""
    with np.errstate(all="ignore"):
        gap, rise = np.diff(times).reshape((-1,) + (1,) * (values.ndim - 1)), np.diff(values, axis=0)
        slope = np.where(gap > 0, rise / np.where(gap > 0, gap, 1.0), 0.0)
    flat = np.zeros((1, *values.shape[1:]))
    slope = np.concatenate([flat, slope, flat])
    changes = slope[1:] != slope[:-1]
    changes[1:] |= (gap == 0) & (rise != 0)
    return np.unique(times[changes.reshape(len(times), -1).any(axis=1)])


def first_after(corners: Floats, time: float) -> float:
    """The first of increasing corners after a time; inf if there is none."""
    place = int(np.searchsorted(corners, time, side="right"))
    return float(corners[place]) if place < len(corners) else math.inf
