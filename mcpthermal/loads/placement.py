"""Checks of the place strings of loads that need no package; `package/places.py` understands them."""

from __future__ import annotations

from typing import Any

from mcpthermal.errors import LoadError


def check_place(place: Any, what: str) -> str:
    """A place is a string that is not empty.

    Raises
    ------
    LoadError
    """
    if not isinstance(place, str) or not place.strip():
        raise LoadError(f"place of {what}: {place!r} is none; give a name such as 'top', 'logic' or 'logic.top'")
    return place
