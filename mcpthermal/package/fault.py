"""What faults have in common: they are parts that are laid down right after what they are in, and what those need.

Package and faulty package differ in nothing else, so that both have meshes of the same cells (`mesh/common.py`).
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from mcpthermal.errors import GeometryError, HiddenPartError, near_misses
from mcpthermal.materials import material
from mcpthermal.package.footprint import Circle, Footprint, polygon
from mcpthermal.package.package import Package
from mcpthermal.package.parts import Part
from mcpthermal.package.points import Point
from mcpthermal.units import describe, quantity

Change = tuple[Footprint, tuple[float, float], Any, int]
"""Footprint, heights (m) and material of what is there instead, and how many parts are laid down before it."""

SIDES = ("top", "bottom")

_MEMBER = re.compile(r"(?P<name>[^\[\]]+)\[(?P<member>\d+)\]")


@dataclass(frozen=True)
class Fault(ABC):
    """Something that went wrong in fabrication.

    Attributes
    ----------
    kind : str
        What it is, in words.
    """

    kind: ClassVar[str] = "fault"

    @property
    @abstractmethod
    def where(self) -> str:
        """The part, or member of a family, that it is in."""

    @property
    @abstractmethod
    def size(self) -> float:
        """How large it is: the part that is lost, from 0 to 1, or a length or area where no whole is known (SI)."""

    @property
    def label(self) -> str:
        """For tables: what, where and how large."""
        return f"{self.kind}, {self.where}, {self._size_text()}"

    def _size_text(self) -> str:
        return f"{100 * self.size:.4g} %"

    @abstractmethod
    def _change(self, package: Package) -> Change:
        """What is there instead."""

    def apply(self, package: Package) -> Package:
        """The package with the fault.

        Raises
        ------
        GeometryError
            If the package has no such part or member, or the fault does not fit into it.
        """
        if not isinstance(package, Package):
            raise GeometryError(f"{self.kind}: a fault is put into a Package, not into {type(package).__name__}")
        if package.mesh is not None:
            raise GeometryError(f"{self.kind}: a package with an imported mesh has no parts to change; change its mesh")
        footprint, z, filling, before = self._change(package)
        number = 1 + sum(part.role == "fault" for part in package.parts)
        fault = Part(f"fault_{number}", footprint, z, filling, "fault")
        try:
            return Package((*package.parts[:before], fault, *package.parts[before:]))
        except HiddenPartError as error:
            if error.part == fault.name:
                why = f"other parts than '{self.where}' lie there, or this fault already; move or drop it"
            else:
                why = f"it would leave nothing of '{error.part}'; make it smaller, or drop that part from the package"
            raise GeometryError(f"{self.label}: {why}") from error


def filled_part(package: Package, name: Any, kind: str) -> Part:
    """A filled part by its name."""
    filled = [part.name for part in package.parts if not part.is_void]
    if name not in filled:
        raise GeometryError(f"{kind}: the package has no part '{name}'; {near_misses(str(name), filled)}")
    return package[name]


def member(package: Package, text: Any, roles: tuple[str, ...], kind: str) -> tuple[Part, Circle]:
    """A family and one of its members."""
    families = {part.name: part for part in package.parts if part.role in roles}
    match = _MEMBER.fullmatch(text) if isinstance(text, str) else None
    name = match["name"] if match else str(text)
    if name not in families:
        raise GeometryError(f"{kind}: the package has no {roles[0]}s '{name}'; {near_misses(name, families)}")
    part = families[name]
    count = len(part.footprint.shapes)
    if match is None or int(match["member"]) >= count:
        raise GeometryError(
            f"{kind}: '{text}' names no single {roles[0]}; there are '{name}[0]' to '{name}[{count - 1}]'"
        )
    disc = part.footprint.shapes[int(match["member"])]
    assert isinstance(disc, Circle)
    return part, disc


def slab(part: Part, gap: float, side: str, kind: str) -> tuple[float, float]:
    """The heights of a gap at a face of a part (m)."""
    if gap >= part.thickness:
        raise GeometryError(
            f"{kind}: {describe(gap, 'm')} is not less than the height of '{part.name}', "
            f"{describe(part.thickness, 'm')}; make it thinner"
        )
    low, high = part.z
    return (high - gap, high) if side == "top" else (low, low + gap)


def ring_of(disc: Circle, remaining: float) -> Footprint:
    """What is left of a disc outside of a concentric one with a part of its area."""
    inner = () if remaining == 0.0 else (Circle(disc.center, disc.diameter * remaining**0.5),)
    return Footprint((disc,), inner)


def check_inside(package: Package, part: Part, outline: Footprint, z: tuple[float, float], kind: str) -> None:
    """GeometryError if an outline between heights (m) is not in a part, or a later part is there."""
    if not part.footprint.covers(outline):
        raise GeometryError(f"{kind}: it reaches outside '{part.name}'; move it or make it smaller")
    for other in package.parts[package.index[part.name] + 1 :]:
        if other.z[0] <= z[0] and z[1] <= other.z[1] and other.footprint.covers(outline):
            what = "another fault" if other.role == "fault" else f"'{other.name}'"
            raise GeometryError(f"{kind}: {what} lies there, not '{part.name}'; move it")


def after(package: Package, part: Part) -> int:
    """How many parts are laid down until a part is."""
    return package.index[part.name] + 1


def strip(a: Point, b: Point, width: float) -> Footprint:
    """The rectangle of a width (m) from one point to another."""
    length = math.dist(a, b)
    x, y = ((b[1] - a[1]) * width / (2 * length), (a[0] - b[0]) * width / (2 * length))
    return polygon([(a[0] + x, a[1] + y), (b[0] + x, b[1] + y), (b[0] - x, b[1] - y), (a[0] - x, a[1] - y)])


def read_share(fault: Any, field: str, what: str) -> None:
    value = quantity(getattr(fault, field), "", what, minimum=0.0)
    if value >= 1.0:
        raise GeometryError(f"{what}: {value:g} is no fault; give a number from 0 to less than 1")
    object.__setattr__(fault, field, value)


def read_gap(fault: Any) -> None:
    object.__setattr__(fault, "gap", quantity(fault.gap, "m", f"gap of a {fault.kind}", above=0.0))
    check_side(fault)


def check_side(fault: Any) -> None:
    if not isinstance(fault.side, str) or fault.side not in SIDES:
        raise GeometryError(f"{fault.kind}: side {fault.side!r} must be 'top' or 'bottom'")


def check_filling(fault: Any) -> None:
    if fault.filling is not None:
        object.__setattr__(fault, "filling", material(fault.filling))
