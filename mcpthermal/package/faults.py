"""Faults of fabrication: bumps that are missing or cracked, voids, delaminations, thin traces, poor vias, shorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mcpthermal.errors import GeometryError
from mcpthermal.package.fault import (
    Change,
    Fault,
    after,
    check_filling,
    check_inside,
    check_side,
    filled_part,
    member,
    read_gap,
    read_share,
    ring_of,
    slab,
    strip,
)
from mcpthermal.package.footprint import Circle, Footprint, circle, rectangle
from mcpthermal.package.package import Package
from mcpthermal.package.points import Point, pair
from mcpthermal.units import describe, quantity

# --- bumps ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MissingBump(Fault):
    """A bump that is not there.

    Parameters
    ----------
    bump : str
        Such as ``"stack.bumps[3]"``.
    filling : str or Material, optional
        What is there instead; default the underfill beside it, or air where there is none.
    """

    bump: str
    filling: Any = None

    kind: ClassVar[str] = "missing bump"

    def __post_init__(self) -> None:
        check_filling(self)

    @property
    def where(self) -> str:
        return self.bump

    @property
    def size(self) -> float:
        return 1.0

    def _change(self, package: Package) -> Change:
        part, disc = member(package, self.bump, ("bump",), self.kind)
        module, _, bond = part.name.rpartition("bumps")
        beside = package.index.get(f"{module}underfill{bond}")
        filling = self.filling or ("air" if beside is None else package.parts[beside].material)
        return Footprint((disc,)), part.z, filling, after(package, part)


@dataclass(frozen=True)
class CrackedBump(Fault):
    """A bump that is cracked, or was never joined, at one of its ends: a flat gap with a round bridge in its middle.

    Parameters
    ----------
    bump : str
        Such as ``"stack.bumps[3]"``.
    remaining : float
        The part of its cross-section that still joins, from 0 (an open bump) to less than 1.
    gap : float
        Height of the crack (m).
    side : {"top", "bottom"}
        At which end.
    filling : str or Material
        What is in the crack.
    """

    bump: str
    remaining: float = 0.0
    gap: float = 1e-6
    side: str = "top"
    filling: Any = "air"

    kind: ClassVar[str] = "cracked bump"

    def __post_init__(self) -> None:
        read_share(self, "remaining", f"what a crack in '{self.bump}' leaves")
        read_gap(self)
        check_filling(self)

    @property
    def where(self) -> str:
        return self.bump

    @property
    def size(self) -> float:
        return 1.0 - self.remaining

    @property
    def label(self) -> str:
        return f"open bump, {self.where}" if self.remaining == 0.0 else super().label

    def _change(self, package: Package) -> Change:
        part, disc = member(package, self.bump, ("bump",), self.kind)
        z = slab(part, self.gap, self.side, self.kind)
        return ring_of(disc, self.remaining), z, self.filling, after(package, part)


@dataclass(frozen=True)
class Bridge(Fault):
    """Two neighbouring bumps of a bond that are shorted by a bridge of solder.

    Parameters
    ----------
    a, b : str
        Such as ``"stack.bumps[3]"`` and ``"stack.bumps[4]"``.
    width : float
        Of the bridge (m); it is as high as the bond.
    filling : str or Material, optional
        Default that of the bumps.
    """

    a: str
    b: str
    width: float
    filling: Any = None

    kind: ClassVar[str] = "short"

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", quantity(self.width, "m", "width of a bridge between bumps", above=0.0))
        check_filling(self)

    @property
    def where(self) -> str:
        return f"{self.a} to {self.b}"

    @property
    def size(self) -> float:
        return self.width

    def _size_text(self) -> str:
        return describe(self.width, "m")

    def _change(self, package: Package) -> Change:
        part, first = member(package, self.a, ("bump",), self.kind)
        other, second = member(package, self.b, ("bump",), self.kind)
        if other is not part or first == second:
            raise GeometryError(f"short from '{self.a}' to '{self.b}': name two different bumps of one bond")
        if self.width >= first.diameter:
            raise GeometryError(
                f"short from '{self.a}' to '{self.b}': its width {describe(self.width, 'm')} must be below the "
                f"diameter of the bumps, {describe(first.diameter, 'm')}"
            )
        bridge = strip(first.center, second.center, self.width)
        for number, shape in enumerate(part.footprint.shapes):
            if shape not in (first, second) and Footprint((shape,)).overlaps(bridge):
                raise GeometryError(
                    f"short from '{self.a}' to '{self.b}': '{part.name}[{number}]' lies between; short it instead"
                )
        # The bumps come after it: of the strip from middle to middle there is only what lies between them.
        return bridge, part.z, self.filling or part.material, after(package, part) - 1


# --- layers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Void(Fault):
    """A round void through the whole height of a layer such as an underfill; bumps within it stay.

    Parameters
    ----------
    layer : str
        Such as ``"stack.underfill"`` or ``"stack.attach"``.
    at : (x, y)
        Its centre (m).
    diameter : float
        (m)
    filling : str or Material
        What is in it.
    """

    layer: str
    at: Point
    diameter: float
    filling: Any = "air"

    kind: ClassVar[str] = "void"

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", pair(self.at, f"centre of a void in '{self.layer}'"))
        value = quantity(self.diameter, "m", f"diameter of a void in '{self.layer}'", above=0.0)
        object.__setattr__(self, "diameter", value)
        check_filling(self)

    @property
    def where(self) -> str:
        return self.layer

    @property
    def size(self) -> float:
        return self.diameter

    def _size_text(self) -> str:
        return f"{describe(self.diameter, 'm')} wide"

    def _change(self, package: Package) -> Change:
        part = filled_part(package, self.layer, self.kind)
        outline = circle(self.diameter, self.at)
        check_inside(package, part, outline, part.z, self.kind)
        return outline, part.z, self.filling, after(package, part)


@dataclass(frozen=True)
class Delamination(Fault):
    """A layer, such as a die attach, that has come off at its upper or lower face: a flat gap.

    Parameters
    ----------
    layer : str
        Such as ``"stack.attach"``.
    outline : Footprint
        Where, from `rectangle`, `circle`, ... (m); bumps within it stay.
    gap : float
        (m)
    side : {"top", "bottom"}
    filling : str or Material
        What is in the gap.
    """

    layer: str
    outline: Footprint
    gap: float = 1e-6
    side: str = "top"
    filling: Any = "air"

    kind: ClassVar[str] = "delamination"

    def __post_init__(self) -> None:
        if not isinstance(self.outline, Footprint):
            raise GeometryError(f"delamination of '{self.layer}': outline {self.outline!r} is none; use rectangle, ...")
        read_gap(self)
        check_filling(self)

    @property
    def where(self) -> str:
        return self.layer

    @property
    def size(self) -> float:
        return self.outline.area

    def _size_text(self) -> str:
        return f"{1e6 * self.size:.4g} mm2"

    def _change(self, package: Package) -> Change:
        part = filled_part(package, self.layer, self.kind)
        z = slab(part, self.gap, self.side, self.kind)
        check_inside(package, part, self.outline, z, self.kind)
        return self.outline, z, self.filling, after(package, part)


# --- conductors -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ThinTrace(Fault):
    """A trace, of the patterned layer or of a chip's wiring, that is too thin along a stretch.

    Parameters
    ----------
    trace : str
        Such as ``"logic.link"`` or ``"vdd"``.
    at : (x, y)
        The middle of the stretch (m).
    length : float
        Side of the square in which it is thin (m).
    remaining : float
        The part of its thickness that is left, from 0 (all is gone: the trace is open if the square is as wide as it,
        else there is a hole beside live metal) to less than 1.
    side : {"top", "bottom"}
        From which face it is thinned.
    filling : str or Material
        What is there instead.
    """

    trace: str
    at: Point
    length: float
    remaining: float
    side: str = "top"
    filling: Any = "air"

    kind: ClassVar[str] = "thin trace"

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", pair(self.at, f"place where '{self.trace}' is thin"))
        length = quantity(self.length, "m", f"length along which '{self.trace}' is thin", above=0.0)
        object.__setattr__(self, "length", length)
        read_share(self, "remaining", f"what is left of the thickness of '{self.trace}'")
        check_side(self)
        check_filling(self)

    @property
    def where(self) -> str:
        return self.trace

    @property
    def size(self) -> float:
        return 1.0 - self.remaining

    def _change(self, package: Package) -> Change:
        part = filled_part(package, self.trace, self.kind)
        square = rectangle(self.length, at=self.at)
        stretch = part.footprint if square.covers(part.footprint) else part.footprint.common(square)
        if stretch is not part.footprint and any(isinstance(shape, Circle) for shape in part.footprint.shapes):
            raise GeometryError(
                f"thin trace: '{self.trace}' is round and can be thin as a whole only; raise the length"
            )
        if not stretch.shapes:
            raise GeometryError(
                f"thin trace: '{self.trace}' does not pass ({describe(self.at[0], 'm')}, {describe(self.at[1], 'm')}); "
                "name a place on it with at=(x, y)"
            )
        lost = (1.0 - self.remaining) * part.thickness
        z = part.z if self.remaining == 0.0 else slab(part, lost, self.side, self.kind)
        return stretch, z, self.filling, after(package, part)


@dataclass(frozen=True)
class PoorVia(Fault):
    """A via that its metal fills in part only: a round seam from its foot to the top of the insulation.

    Parameters
    ----------
    via : str
        Such as ``"supply[3]"``.
    filled : float
        The part of its cross-section that is metal, from 0 (an unfilled via under a lid of metal) to less than 1.
    filling : str or Material
        What is in the seam.
    """

    via: str
    filled: float = 0.0
    filling: Any = "air"

    kind: ClassVar[str] = "poor via"

    def __post_init__(self) -> None:
        read_share(self, "filled", f"the filled part of '{self.via}'")
        check_filling(self)

    @property
    def where(self) -> str:
        return self.via

    @property
    def size(self) -> float:
        return 1.0 - self.filled

    def _change(self, package: Package) -> Change:
        part, disc = member(package, self.via, ("via",), self.kind)
        contact = package.index.get(f"{part.name}.contact")
        foot = part.z[0] if contact is None else package.parts[contact].z[1]
        seam = circle(disc.diameter * (1.0 - self.filled) ** 0.5, disc.center)
        return seam, (foot, part.z[0] + package.via_depths[part.name]), self.filling, after(package, part)
