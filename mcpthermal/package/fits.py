"""Whether what a step of a process makes fits the carrier, the modules and the metal that are there."""

from __future__ import annotations

from collections.abc import Sequence

from mcpthermal.errors import GeometryError, near_misses
from mcpthermal.package.checks import described_extent
from mcpthermal.package.footprint import Circle, Footprint, Shape, united
from mcpthermal.package.metal import Opening
from mcpthermal.package.parts import Part
from mcpthermal.units import describe


def inside_carrier(plan: Footprint, footprint: Footprint, what: str) -> None:
    """Refuse what reaches outside the carrier."""
    if not plan.covers(footprint):
        raise GeometryError(
            f"{what} reaches outside the carrier: it covers {described_extent(footprint)}, and the carrier "
            f"{described_extent(plan)}; move it or enlarge the carrier"
        )


def vias_inside_carrier(plan: Footprint, name: str, holes: Footprint) -> None:
    """Refuse vias that reach outside the carrier, by the number of the first that does."""
    if plan.covers(holes):
        return
    for number, hole in enumerate(holes.shapes):
        inside_carrier(plan, Footprint((hole,)), _via(name, number, hole))


def clear(parts: Sequence[Part], name: str, holes: Footprint, bottom: float) -> None:
    """Refuse vias that hit a part of a module above their bottom (m)."""
    for part in parts:
        if part.z[1] > bottom * (1 + 1e-9) and part.footprint.overlaps(holes):
            number = next(i for i, shape in enumerate(holes.shapes) if Footprint((shape,)).overlaps(part.footprint))
            raise GeometryError(
                f"{_via(name, number, holes.shapes[number])} hits {part.role} '{part.name}', which covers "
                f"{described_extent(part.footprint)}; move the via"
            )


def land(parts: Sequence[Part], name: str, holes: Footprint, onto: str) -> float:
    """The height (m) of the chip on which second vias end; refuse those that miss it."""
    chips = {part.name: part for part in parts if part.role == "chip"}
    if onto not in chips:
        raise GeometryError(f"via '{name}': there is no chip '{onto}'; {near_misses(onto, chips)}")
    chip = chips[onto]
    for number, shape in enumerate(holes.shapes):
        if not chip.footprint.covers(Footprint((shape,))):
            raise GeometryError(
                f"{_via(name, number, shape)} misses chip '{onto}', which covers {described_extent(chip.footprint)}; "
                "move the via onto the chip"
            )
    return chip.z[1]


def over_metal(pads: Sequence[Footprint], hole: Opening) -> None:
    """Refuse an opening that is not over metal with all of its area."""
    outline = hole.footprint()
    under = united(pads)
    if any(pad.covers(outline) for pad in pads) or under.covers(outline):
        return
    bare = 1 - under.overlap_area(outline) / outline.area
    x, y = hole.at
    raise GeometryError(
        f"opening '{hole.name}' of {describe(hole.diameter, 'm')} at ({describe(x, 'm')}, "
        f"{describe(y, 'm')}) has no metal below {100 * bare:.3g} % of its area; move it over a trace, or "
        "make it narrower"
    )


def _via(name: str, number: int, hole: Shape) -> str:
    """A via of a family, for messages."""
    assert isinstance(hole, Circle)
    x, y = hole.center
    return f"via '{name}[{number}]' of {describe(hole.diameter, 'm')} at ({describe(x, 'm')}, {describe(y, 'm')})"
