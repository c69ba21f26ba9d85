"""Points in the plane: how they are read, and grids of them."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from typing import Any

from mcpthermal.errors import GeometryError
from mcpthermal.units import lengths, quantity

Point = tuple[float, float]

MOST_POINTS = 1_000_000
"""Points of the largest grid."""


def pair(values: Iterable[float | str], name: str) -> Point:
    """Two lengths (m), such as a point or a size; `name` is for messages."""
    x, y = lengths(values, name, count=2)
    return x, y


def is_list(values: Any) -> bool:
    """Whether a value holds several others; text is one."""
    return isinstance(values, Iterable) and not isinstance(values, str) and getattr(values, "ndim", 1) > 0


def pairs(values: Any, name: str) -> tuple[Point, ...]:
    """Several points (m); `name` says what one of them is, for messages.

    Raises
    ------
    GeometryError
        If the value is no list.
    """
    if not is_list(values):
        raise GeometryError(f"{name}: {values!r} is no list of points; give [(x, y), ...]")
    return tuple(pair(point, name) for point in values)


def square(value: Any) -> Any:
    """One number, or one string, for both directions; anything else as it is."""
    return (value, value) if isinstance(value, str | numbers.Real) else value


def grid(
    columns: int,
    rows: int,
    pitch: float | str | Sequence[float | str],
    at: Sequence[float | str] = (0.0, 0.0),
) -> tuple[Point, ...]:
    """The points of a regular grid, row by row from the lowest, centred at a point.

    Parameters
    ----------
    columns, rows : int
        How many along x and along y.
    pitch : length or (pitch_x, pitch_y)
        (m)
    at : (x, y)
        The grid's centre (m).
    """
    for name, count in (("columns", columns), ("rows", rows)):
        if not isinstance(count, numbers.Integral) or isinstance(count, bool) or not 1 <= count <= MOST_POINTS:
            raise GeometryError(f"{name} of a grid: {count!r} is not a whole number from 1 to {MOST_POINTS:,}")
    if columns * rows > MOST_POINTS:
        raise GeometryError(f"a grid of {columns} x {rows} points has more than {MOST_POINTS:,}; make it smaller")
    step_x, step_y = pair(square(pitch), "pitch of a grid")
    for step in (step_x, step_y):
        quantity(step, "m", "pitch of a grid", above=0.0)
    x, y = pair(at, "centre of a grid")
    return tuple(
        (x + (i - (columns - 1) / 2) * step_x, y + (j - (rows - 1) / 2) * step_y)
        for j in range(rows)
        for i in range(columns)
    )
