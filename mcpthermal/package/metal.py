"""What is put on a package by metallisation and passivation: contacts, traces, patches, openings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mcpthermal.errors import GeometryError
from mcpthermal.package.checks import metal, normalise
from mcpthermal.package.footprint import Footprint, circle, stroke
from mcpthermal.package.parts import check_name
from mcpthermal.package.points import Point, pair, pairs
from mcpthermal.units import describe


@dataclass(frozen=True)
class Contact:
    """A metal stud that stands inside a via on the carrier or chip; lower and narrower than the via.

    Parameters
    ----------
    height, diameter : float
        (m)
    material : str or Material
    """

    height: float
    diameter: float
    material: Any = "copper"

    def __post_init__(self) -> None:
        normalise(self, "a contact", height="m", diameter="m")
        object.__setattr__(self, "material", metal(self.material, "a contact"))


@dataclass(frozen=True)
class Trace:
    """A strip of the patterned layer or of a chip's wiring; its ends reach half a width past the last points.

    Parameters
    ----------
    name : str
    path : sequence of (x, y)
        At least two different points (m).
    width : float
        (m)
    """

    name: str
    path: tuple[Point, ...]
    width: float

    def __post_init__(self) -> None:
        check_name(self.name, "a trace")
        normalise(self, f"trace '{self.name}'", width="m")
        path = pairs(self.path, f"path of trace '{self.name}'")
        if len(path) < 2 or any(a == b for a, b in pairwise(path)):
            raise GeometryError(
                f"trace '{self.name}': its path has {len(path)} points; give at least two, and no point twice in a row"
            )
        object.__setattr__(self, "path", path)
        _check_area(self.footprint(), f"trace '{self.name}'")

    def footprint(self) -> Footprint:
        """Its outline (m)."""
        return stroke(self.path, self.width)


@dataclass(frozen=True)
class Patch:
    """An area of the patterned layer, or of a chip's wiring, of any outline, such as a plane or a pad.

    Parameters
    ----------
    name : str
    outline : Footprint
        From `rectangle`, `circle`, `polygon` or `ring` (m).
    """

    name: str
    outline: Footprint

    def __post_init__(self) -> None:
        check_name(self.name, "a patch")
        if not isinstance(self.outline, Footprint):
            raise GeometryError(f"patch '{self.name}': outline {self.outline!r} is none; use polygon, rectangle, ...")
        _check_area(self.outline, f"patch '{self.name}'")

    def footprint(self) -> Footprint:
        """Its outline (m)."""
        return self.outline


@dataclass(frozen=True)
class Opening:
    """A round opening in the second insulation that exposes metal.

    Parameters
    ----------
    name : str
        Also the name of the terminal there.
    at : (x, y)
        Its centre (m).
    diameter : float
        (m)
    """

    name: str
    at: Point
    diameter: float

    def __post_init__(self) -> None:
        check_name(self.name, "an opening")
        normalise(self, f"opening '{self.name}'", diameter="m")
        object.__setattr__(self, "at", pair(self.at, f"centre of opening '{self.name}'"))
        _check_area(self.footprint(), f"opening '{self.name}'")

    def footprint(self) -> Footprint:
        """Its outline (m)."""
        return circle(self.diameter, self.at)


def narrower(inner: float, outer: float, what: str, than: str, remedy: str) -> None:
    """Raise a GeometryError if a length (m) is not less than another."""
    if not inner < outer * (1 - 1e-9):
        raise GeometryError(
            f"{what}, {describe(inner, 'm')}, is not less than {than}, {describe(outer, 'm')}; {remedy}"
        )


def _check_area(footprint: Footprint, what: str) -> None:
    """Raise a GeometryError if nothing is left of a footprint after the round-off of its coordinates."""
    if not footprint.area > 0:
        raise GeometryError(f"{what}: it is too narrow to have an area; make it wider")
