"""Points in the plane: how they are read."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

from mcpthermal.errors import GeometryError
from mcpthermal.units import lengths

Point = tuple[float, float]


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
