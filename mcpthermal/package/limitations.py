"""Limitations of the claims: what each asks of a structure, and the values that decide it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcpthermal.package.structure import Hole, Structure
from mcpthermal.units import describe


@dataclass(frozen=True)
class Limitation:
    """One limitation of a claim.

    Attributes
    ----------
    text : str
    values : tuple of (name, value, unit)
        What decides it, in SI units; the unit of counts and words is empty.
    satisfied : bool
    """

    text: str
    values: tuple[tuple[str, float | int | str | bool, str], ...]
    satisfied: bool

    @property
    def shown(self) -> str:
        """The values as text."""
        return ", ".join(f"{name} {_shown(value, unit)}" for name, value, unit in self.values)


Rule = Callable[[Structure], Limitation]
Holes = Callable[[Structure], tuple[Hole, ...]]


def _shown(value: Any, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit == "m2":
        return f"{value * 1e6:.6g} mm2"
    return describe(value, unit) if isinstance(value, float) else str(value)


def limitation(text: str, satisfied: Any, *values: tuple[Any, ...]) -> Limitation:
    """A limitation decided by values, each (name, value) or (name, value, unit)."""
    return Limitation(text, tuple((name, value, *(unit or ("",))) for name, value, *unit in values), bool(satisfied))


def carrier(s: Structure) -> Limitation:
    """Whether there is a carrier."""
    return limitation("a carrier", len(s.carriers) == 1, ("carriers", len(s.carriers)))


def stacked(s: Structure) -> Limitation:
    """Whether each module has stacked chips."""
    counts = [len(module.chips) for module in s.modules]
    good = bool(counts) and min(counts) >= 2 and all(module.stacked for module in s.modules)
    return limitation(
        "each module has at least two stacked chips",
        good,
        ("modules", len(counts)),
        ("chips", " + ".join(map(str, counts)) or "0"),
        ("each above the other", bool(counts) and all(module.stacked for module in s.modules)),
    )


def attached(s: Structure) -> Limitation:
    """Whether the modules stand on the carrier."""
    seat = min((module.seat for module in s.modules), default=0.0)
    return limitation("each module is attached to the carrier", seat > 0, ("least area of contact", seat, "m2"))


def enclosed(s: Structure) -> Limitation:
    """Whether the first insulation leaves nothing of the modules bare."""
    cover = min((module.cover for module in s.modules), default=0.0)
    bare = sum(module.exposed for module in s.modules)
    return limitation(
        "the first insulation encloses the modules",
        s.modules and cover > 0 and bare == 0,
        ("least cover", cover, "m"),
        ("exposed area of the modules", bare, "m2"),
    )


def vias(holes: Holes, what: str) -> Rule:
    """Whether there are vias."""

    def rule(s: Structure) -> Limitation:
        found = holes(s)
        floors = ", ".join(dict.fromkeys(hole.floor for hole in found)) or "none"
        return limitation(what, found, ("vias", len(found)), ("ending on", floors))

    return rule


def deeper(s: Structure) -> Limitation:
    """Whether the via depth is greater than the module height."""
    depth = min((via.depth for via in s.first_vias), default=0.0)
    height = max((module.height for module in s.modules), default=0.0)
    return limitation(
        "the first vias are deeper than the modules are high",
        s.first_vias and s.modules and depth > height,
        ("least via depth", depth, "m"),
        ("greatest module height", height, "m"),
    )


def patterned(s: Structure) -> Limitation:
    """Whether the layer covers the insulation in part."""
    return limitation(
        "a patterned metal layer over the first insulation",
        0 < s.coverage < 1 - 1e-9,
        ("thickness", s.layer_thickness, "m"),
        ("covers", f"{100 * s.coverage:.3g} %"),
    )


def fills(holes: Holes, what: str) -> Rule:
    """Whether the metal fills the vias and is one with the layer."""

    def rule(s: Structure) -> Limitation:
        found = holes(s)
        filled = min((hole.filled for hole in found), default=0.0)
        joined = sum(hole.joined for hole in found)
        return limitation(
            what,
            found and filled > 1 - 1e-9 and joined == len(found),
            ("least filled", f"{100 * filled:.6g} %"),
            ("joined to the layer", f"{joined} of {len(found)}"),
        )

    return rule


def interconnects(s: Structure) -> Limitation:
    """Whether the layer joins vias or openings."""
    joining = sum(ends >= 2 for ends in s.nets.values())
    return limitation(
        "the metal layer interconnects vias, or vias and openings",
        joining,
        ("conductors", len(s.nets)),
        ("joining two or more", joining),
    )


def contacts(holes: Holes, what: str) -> Rule:
    """Whether a contact stands in each via on its floor."""

    def rule(s: Structure) -> Limitation:
        found = holes(s)
        inside = sum(bool(hole.contacts) for hole in found)
        return limitation(
            f"contacts stand on the {what} inside the vias",
            found and inside == len(found),
            ("vias with a contact", f"{inside} of {len(found)}"),
            ("least area", min((hole.contact_area for hole in found), default=0.0), "m2"),
        )

    return rule


def through_contacts(holes: Holes, what: str) -> Rule:
    """Whether the contacts join the metal layer and the floor of each via."""

    def rule(s: Structure) -> Limitation:
        found = holes(s)
        joined = sum(hole.contact_joined for hole in found)
        return limitation(
            f"the metal layer and the {what} are joined through them",
            found and joined == len(found),
            ("contacts joined to the layer", f"{joined} of {len(found)}"),
        )

    return rule


def flip_chip(s: Structure) -> Limitation:
    """Whether metal joints hold each chip on the next."""
    joints = [count for module in s.modules for count in module.joints]
    return limitation(
        "metal joints between each pair of stacked chips",
        joints and min(joints) > 0,
        ("joints", " + ".join(map(str, joints)) or "0"),
    )


def carrier_is(kind: str, text: str) -> Rule:
    """Whether the carrier is of a kind."""

    def rule(s: Structure) -> Limitation:
        kinds = [part.group or "not said" for part in s.carriers]
        return limitation(text, kinds == [kind], ("carrier", ", ".join(kinds) or "none"))

    return rule


def second_insulation(s: Structure) -> Limitation:
    """Whether a second insulation covers the metal."""
    cover = s.passivation_cover
    return limitation("a second insulation over the metal layer", cover > 0, ("thickness over metal", cover, "m"))


def openings(s: Structure) -> Limitation:
    """Whether its openings expose metal."""
    metal = min((window.metal for window in s.openings), default=0.0)
    return limitation(
        "openings in it expose the metal layer",
        s.openings and metal > 0,
        ("openings", len(s.openings)),
        ("least metal exposed", metal, "m2"),
    )


def outer_contacts(s: Structure) -> Limitation:
    """Whether a contact stands in each opening."""
    bearing = sum(bool(window.contacts) for window in s.openings)
    area = min((window.contact_area for window in s.openings), default=0.0)
    return limitation(
        "contacts stand on the exposed metal",
        s.openings and bearing == len(s.openings),
        ("openings with a contact", f"{bearing} of {len(s.openings)}"),
        ("least area", area, "m2"),
    )
