"""Via families and layers as the steps of a process recorded them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcpthermal.package.footprint import Footprint, circles
from mcpthermal.package.metal import Contact
from mcpthermal.package.parts import Part
from mcpthermal.package.points import Point


@dataclass(frozen=True)
class Layer:
    """A layer of the package as a step recorded it: heights (m), material, and what is in it."""

    z: tuple[float, float]
    material: Any
    content: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Vias:
    """A family of via holes as `Process.open_vias` recorded it (lengths in m)."""

    name: str
    at: tuple[Point, ...]
    diameter: float
    onto: str
    bottom: float
    contact: Contact | None

    def footprint(self) -> Footprint:
        """All holes."""
        return circles(self.diameter, self.at)

    def parts(self, insulation: Layer, metal: Layer | None) -> list[Part]:
        """The holes, open or filled by the metal layer, and the contacts in them."""
        if metal is None:
            height = (self.bottom, insulation.z[1])
            parts = [Part(self.name, self.footprint(), height, None, "hole", self.name, self.onto)]
        else:
            height = (self.bottom, metal.z[1])
            parts = [Part(self.name, self.footprint(), height, metal.material, "via", self.name, self.onto)]
        if self.contact is not None:
            height = (self.bottom, self.bottom + self.contact.height)
            studs = circles(self.contact.diameter, self.at)
            name = f"{self.name}.contact"
            parts.append(Part(name, studs, height, self.contact.material, "contact", self.name, self.onto))
        return parts
