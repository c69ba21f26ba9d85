"""A part: a footprint, an interval of heights and a material."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import GeometryError
from mcpthermal.materials import Material, material
from mcpthermal.package.footprint import Footprint
from mcpthermal.package.points import pair
from mcpthermal.units import describe

FAMILY_ROLES = ("via", "bump", "contact")
"""Roles of parts whose shapes are counted as members, such as ``supply[3]``."""

MODULE_ROLES = ("chip", "wiring", "attach", "underfill", "bump")
"""Roles of the parts of a module; their group is its name."""

FACES = ("top", "bottom", "sides", "x_min", "x_max", "y_min", "y_max", "foot")
"""What placements call faces: no part has such a name, or one that ends in a point and such a word."""

ACTIVE_FACES = ("top", "bottom")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def check_name(name: Any, what: str) -> str:
    """A name that may stand in a placement: no brackets, bars or blanks, and not the word for a face.

    Raises
    ------
    GeometryError
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise GeometryError(
            f"name of {what}: {name!r} is not allowed; start with a letter and use letters, digits, '_', '-' and '.'"
        )
    if name.rpartition(".")[2] in FACES:
        raise GeometryError(
            f"name of {what}: '{name}' would be taken for a face in placements; name it otherwise, "
            f"such as '{name}_part'"
        )
    return name


def check_active_face(face: Any, what: str) -> None:
    """Raise a GeometryError if a chip's devices are on no face that can have them."""
    if not isinstance(face, str) or face not in ACTIVE_FACES:
        raise GeometryError(f"{what}: active_face {face!r} must be 'top' or 'bottom'")


@dataclass(frozen=True)
class Part:
    """A prismatic part of a package.

    Parameters
    ----------
    name : str
        Its name, unique in the package.
    footprint : Footprint
        Its outline in the plane (m).
    z : (float, float)
        From the lower to the upper height (m; strings with units allowed).
    material : str, Material or None
        A library name or a material; None makes the part a void (an open hole), which removes what
        earlier parts put there; a package refuses one that removes nothing.
    role : str
        What the part is in the package: carrier, chip, wiring, attach, underfill, bump, insulation,
        via, contact, metal, passivation, opening, or empty.
    group : str
        The module, via family or opening it belongs to, or empty.
    onto : str
        For a via or a contact in it: the part on which it ends; for wiring: its chip.
    active_face : {"top", "bottom"}
        For a chip: where its devices are.
    """

    name: str
    footprint: Footprint
    z: tuple[float, float]
    material: Any
    role: str = ""
    group: str = ""
    onto: str = ""
    active_face: str = "top"

    def __post_init__(self) -> None:
        check_name(self.name, "a part")
        if not isinstance(self.footprint, Footprint):
            raise GeometryError(
                f"part '{self.name}': footprint {self.footprint!r} is none; use rectangle, circle, polygon or ring"
            )
        for field in ("role", "group", "onto"):
            if not isinstance(getattr(self, field), str):
                raise GeometryError(f"part '{self.name}': {field}={getattr(self, field)!r} must be a string")
        check_active_face(self.active_face, f"part '{self.name}'")
        low, high = pair(self.z, f"heights (z0, z1) of part '{self.name}'")
        if not high > low:
            raise GeometryError(
                f"part '{self.name}': its upper height {describe(high, 'm')} is not above its lower height "
                f"{describe(low, 'm')}; give z=(lower, upper)"
            )
        if not self.footprint.area > 0:
            raise GeometryError(f"part '{self.name}': its footprint has no area left; check shapes and cutouts")
        object.__setattr__(self, "z", (low, high))
        if self.material is not None:
            object.__setattr__(self, "material", material(self.material, f"part '{self.name}'"))

    @property
    def thickness(self) -> float:
        """Its height (m)."""
        return self.z[1] - self.z[0]

    @property
    def is_void(self) -> bool:
        """Whether it is an open hole."""
        return self.material is None

    @property
    def conducts(self) -> bool:
        """Whether it conducts electric current."""
        return isinstance(self.material, Material) and self.material.conducts

    @property
    def is_family(self) -> bool:
        """Whether its shapes are counted as members."""
        return self.role in FAMILY_ROLES

    @property
    def volume(self) -> float:
        """Area times height (m3), before later parts take their share."""
        return self.footprint.area * self.thickness
