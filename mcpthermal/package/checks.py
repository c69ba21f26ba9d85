"""What descriptions of a package check in common: positive lengths, metals, lists of things."""

from __future__ import annotations

from typing import Any

from mcpthermal.errors import GeometryError, MaterialError
from mcpthermal.materials import material
from mcpthermal.package.footprint import Footprint
from mcpthermal.package.points import is_list, pair
from mcpthermal.units import describe, quantity


def normalise(owner: Any, what: str, **units: str) -> None:
    """Turn fields of a frozen description into positive SI numbers; `units` maps field to unit."""
    for field, unit in units.items():
        value = quantity(getattr(owner, field), unit, f"{field} of {what}", above=0.0)
        object.__setattr__(owner, field, value)


def normalise_size(owner: Any, what: str) -> None:
    """Turn the field `size` into two positive lengths (m)."""
    size = pair(owner.size, f"size of {what}")
    for side in size:
        quantity(side, "m", f"side of {what}", above=0.0)
    object.__setattr__(owner, "size", size)


def metal(name: Any, what: str) -> Any:
    """A material that must conduct electric current."""
    found = material(name, what)
    if not found.conducts:
        raise MaterialError(f"material of {what}: '{found.name}' conducts no electric current; choose a metal")
    return found


def described_extent(footprint: Footprint) -> str:
    """The bounds of a footprint (m), for messages."""
    x0, y0, x1, y1 = (describe(bound, "m") for bound in footprint.bounds)
    return f"x from {x0} to {x1}, y from {y0} to {y1}"


def all_of(items: Any, kinds: tuple[type, ...], what: str) -> tuple[Any, ...]:
    """The members of a list, all of them of certain types; a single thing is a list of one."""
    found = tuple(items) if is_list(items) else (items,)
    for item in found:
        if not isinstance(item, kinds):
            raise GeometryError(f"{what}: {item!r} is no {' or '.join(kind.__name__ for kind in kinds)}")
    return found
