"""What a process starts from: the carrier, and the modules of stacked, flip-chip-bonded chips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mcpthermal.errors import GeometryError
from mcpthermal.materials import material
from mcpthermal.package.checks import all_of, described_extent, metal, normalise, normalise_size
from mcpthermal.package.footprint import Footprint, circles, rectangle
from mcpthermal.package.metal import Patch, Trace, narrower
from mcpthermal.package.package import Package
from mcpthermal.package.parts import Part, check_active_face, check_name
from mcpthermal.package.points import Point, pair, pairs
from mcpthermal.units import describe, quantity

WIRING_THICKNESS = (0.1e-6, 20e-6)
"""The least and the largest thickness of a chip's wiring (m), from a thin film to a thick redistribution layer."""


@dataclass(frozen=True)
class Carrier:
    """A package substrate: laminate, ceramic or silicon. Its upper face is z = 0, its centre x = y = 0.

    Parameters
    ----------
    size : (width, depth)
        Along x and y (m).
    thickness : float
        (m)
    material : str or Material
    name : str
    """

    size: tuple[float, float]
    thickness: float
    material: Any = "bt_laminate"
    name: str = "carrier"

    def __post_init__(self) -> None:
        check_name(self.name, "the carrier")
        normalise_size(self, f"carrier '{self.name}'")
        normalise(self, f"carrier '{self.name}'", thickness="m")
        object.__setattr__(self, "material", material(self.material, f"carrier '{self.name}'"))


@dataclass(frozen=True)
class Chip:
    """A chip of a module, or itself the carrier of a package.

    Parameters
    ----------
    name : str
    size : (width, depth)
        Along x and y (m).
    thickness : float
        (m)
    material : str or Material
    offset : (x, y)
        Its centre seen from the centre of its module (m).
    active_face : {"top", "bottom"}
        Where its devices and its wiring are.
    wiring : sequence of Trace or Patch
        Metal in the skin of the active face, its coordinates seen from the chip's centre; the part of a trace is named
        ``<chip>.<trace>``. It replaces silicon there, so that no height changes, and touches the bumps and vias that
        end on it. Where traces touch or overlap they are connected, as in the patterned layer of a package.
    wiring_thickness : float
        (m)
    wiring_material : str or Material
        A metal.
    """

    name: str
    size: tuple[float, float]
    thickness: float
    material: Any = "silicon"
    offset: tuple[float, float] = (0.0, 0.0)
    active_face: str = "top"
    wiring: tuple[Trace | Patch, ...] = ()
    wiring_thickness: float = 2e-6
    wiring_material: Any = "copper"

    def __post_init__(self) -> None:
        check_name(self.name, "a chip")
        normalise_size(self, f"chip '{self.name}'")
        normalise(self, f"chip '{self.name}'", thickness="m")
        object.__setattr__(self, "offset", pair(self.offset, f"offset of chip '{self.name}'"))
        object.__setattr__(self, "material", material(self.material, f"chip '{self.name}'"))
        check_active_face(self.active_face, f"chip '{self.name}'")
        self._check_wiring()

    def _check_wiring(self) -> None:
        what = f"wiring of chip '{self.name}'"
        object.__setattr__(self, "wiring", all_of(self.wiring, (Trace, Patch), what))
        least, most = WIRING_THICKNESS
        thickness = quantity(self.wiring_thickness, "m", f"thickness of the {what}", minimum=least, maximum=most)
        object.__setattr__(self, "wiring_thickness", thickness)
        object.__setattr__(self, "wiring_material", metal(self.wiring_material, f"the {what}"))
        if self.wiring:
            remedy = "make the wiring thinner or the chip thicker"
            narrower(thickness, self.thickness, f"thickness of the {what}", "that of the chip", remedy)
        outline, names = rectangle(self.size), set()
        for item in self.wiring:
            if item.name in names:
                raise GeometryError(f"{what}: the name '{item.name}' is given twice; rename one of the two")
            names.add(item.name)
            if not outline.covers(item.footprint()):
                raise GeometryError(
                    f"{what}: '{item.name}' reaches outside the chip: it covers {described_extent(item.footprint())}, "
                    f"and the chip {described_extent(outline)}, seen from its centre; move it, or enlarge the chip"
                )

    def footprint(self, at: Sequence[float] = (0.0, 0.0)) -> Footprint:
        """Its outline in a module whose centre is at a point (m)."""
        return rectangle(self.size, at=(at[0] + self.offset[0], at[1] + self.offset[1]))

    def parts(self, at: Point, base: float, role: str, group: str, module: str = "") -> list[Part]:
        """The chip, of a role and group, and its wiring, when it stands in a module at a point on a height (m)."""
        z = (base, base + self.thickness)
        face = self.active_face
        parts = [Part(self.name, self.footprint(at), z, self.material, role, group, active_face=face)]
        skin = (z[1] - self.wiring_thickness, z[1]) if face == "top" else (z[0], z[0] + self.wiring_thickness)
        x, y = at[0] + self.offset[0], at[1] + self.offset[1]
        for item in self.wiring:
            outline = item.footprint().moved(x, y)
            parts.append(
                Part(f"{self.name}.{item.name}", outline, skin, self.wiring_material, "wiring", module, self.name)
            )
        return parts


@dataclass(frozen=True)
class FlipChip:
    """A flip-chip bond: bumps, and underfill between them.

    Parameters
    ----------
    bumps : sequence of (x, y)
        The bumps' centres seen from the centre of the chip above the bond (m); see `grid`.
    diameter, height : float
        Of each bump (m).
    material : str or Material
    underfill : str, Material or None
        None leaves the gap to the insulation, as a moulded underfill does.
    """

    bumps: tuple[Point, ...]
    diameter: float
    height: float
    material: Any = "sac305"
    underfill: Any = "underfill_epoxy"

    def __post_init__(self) -> None:
        normalise(self, "a flip-chip bond", diameter="m", height="m")
        points = pairs(self.bumps, "centre of a bump")
        circles(self.diameter, points, "bump")
        object.__setattr__(self, "bumps", points)
        object.__setattr__(self, "material", metal(self.material, "a bump"))
        if self.underfill is not None:
            object.__setattr__(self, "underfill", material(self.underfill, "the underfill of a flip-chip bond"))

    @property
    def thickness(self) -> float:
        """The height of the bond (m)."""
        return self.height


@dataclass(frozen=True)
class Attach:
    """An adhesive layer under the lowest chip: its thickness (m) and material."""

    thickness: float
    material: Any = "die_attach_epoxy"

    def __post_init__(self) -> None:
        normalise(self, "a die attach", thickness="m")
        object.__setattr__(self, "material", material(self.material, "a die attach"))


@dataclass(frozen=True)
class Module:
    """Two to eight stacked chips, each pair joined by a flip-chip bond.

    Parameters
    ----------
    name : str
    chips : sequence of Chip
        From the lowest to the highest.
    bonds : sequence of FlipChip
        One for each pair of neighbours.
    attach : Attach or FlipChip
        What joins the lowest chip to the carrier.
    """

    name: str
    chips: tuple[Chip, ...]
    bonds: tuple[FlipChip, ...]
    attach: Attach | FlipChip

    def __post_init__(self) -> None:
        check_name(self.name, "a module")
        object.__setattr__(self, "chips", all_of(self.chips, (Chip,), f"chips of module '{self.name}'"))
        object.__setattr__(self, "bonds", all_of(self.bonds, (FlipChip,), f"bonds of module '{self.name}'"))
        if not 2 <= len(self.chips) <= 8:
            raise GeometryError(f"module '{self.name}' has {len(self.chips)} chips; 2 to 8 can be stacked")
        names = [chip.name for chip in self.chips]
        for number, name in enumerate(names):
            if name in (self.name, *names[:number]):
                raise GeometryError(f"module '{self.name}': the name '{name}' is given twice; rename one chip")
        if len(self.bonds) != len(self.chips) - 1:
            raise GeometryError(
                f"module '{self.name}' has {len(self.chips)} chips and {len(self.bonds)} bonds; give one "
                f"FlipChip for each pair of neighbours, {len(self.chips) - 1}"
            )
        if not isinstance(self.attach, Attach | FlipChip):
            raise GeometryError(f"module '{self.name}': attach={self.attach!r} must be an Attach or a FlipChip")
        for lower, upper, bond in zip(self.chips, self.chips[1:], self.bonds, strict=False):
            self._check_bond(lower, upper, bond)
        if isinstance(self.attach, FlipChip):
            chip = self.chips[0]
            self._check_bumps(self.attach, chip, chip.footprint(), f"chip '{chip.name}'")

    def _check_bond(self, lower: Chip, upper: Chip, bond: FlipChip) -> None:
        below, above = lower.footprint(), upper.footprint()
        if not below.overlaps(above):
            raise GeometryError(
                f"module '{self.name}': chip '{upper.name}', {described_extent(above)}, does not lie over chip "
                f"'{lower.name}', {described_extent(below)}; change its offset"
            )
        for chip, footprint in ((upper, above), (lower, below)):
            self._check_bumps(bond, upper, footprint, f"chip '{chip.name}'")

    def _check_bumps(self, bond: FlipChip, upper: Chip, inside: Footprint, what: str) -> None:
        x0, y0, x1, y1 = inside.bounds
        radius = bond.diameter / 2
        for number, (x, y) in enumerate(bond.bumps):
            x, y = x + upper.offset[0], y + upper.offset[1]
            excess = max(x0 - (x - radius), (x + radius) - x1, y0 - (y - radius), (y + radius) - y1)
            if excess > 1e-9:
                raise GeometryError(
                    f"module '{self.name}': bump {number} at ({describe(x, 'm')}, {describe(y, 'm')}) reaches "
                    f"{describe(excess, 'm')} outside {what} "
                    f"({describe(x1 - x0, 'm')} x {describe(y1 - y0, 'm')}); "
                    "reduce the pitch or the number of bumps"
                )

    @property
    def height(self) -> float:
        """From the carrier to the top of the highest chip (m)."""
        return (
            self.attach.thickness + sum(chip.thickness for chip in self.chips) + sum(bond.height for bond in self.bonds)
        )

    def with_height(self, height: float | str) -> Module:
        """The same module in another height (m): its chips' thicknesses change in proportion, its bonds do not.

        Raises
        ------
        GeometryError
            If the bonds alone are higher.
        """
        new = quantity(height, "m", f"height of module '{self.name}'", above=0.0)
        silicon = sum(chip.thickness for chip in self.chips)
        factor = (new - (self.height - silicon)) / silicon
        if not factor > 1e-9:
            raise GeometryError(
                f"module '{self.name}' cannot be {describe(new, 'm')} high: its attach and bonds alone are "
                f"{describe(self.height - silicon, 'm')}; make it higher, or its bonds lower"
            )
        chips = tuple(replace(chip, thickness=factor * chip.thickness) for chip in self.chips)
        return replace(self, chips=chips)

    def parts(self, at: Sequence[float], base: float = 0.0) -> list[Part]:
        """Its parts when it stands at a point of the plane on a height (m)."""
        parts: list[Part] = []
        z = base
        first = self.chips[0]
        if isinstance(self.attach, Attach):
            footprint = first.footprint(at)
            height = (z, z + self.attach.thickness)
            parts.append(Part(f"{self.name}.attach", footprint, height, self.attach.material, "attach", self.name))
        else:
            parts += self._bond_parts(self.attach, "attach", first.footprint(at), first, at, z)
        z += self.attach.thickness
        for number, chip in enumerate(self.chips):
            parts += chip.parts((at[0], at[1]), z, "chip", self.name, self.name)
            z += chip.thickness
            if number < len(self.bonds):
                bond, upper = self.bonds[number], self.chips[number + 1]
                gap = chip.footprint(at).common(upper.footprint(at))
                suffix = "" if len(self.bonds) == 1 else f"_{number + 1}"
                parts += self._bond_parts(bond, suffix, gap, upper, at, z)
                z += bond.height
        return parts

    def package(self) -> Package:
        """The free module, before it is attached: its lowest face is z = 0, its centre x = y = 0.

        An adhesive under the lowest chip does not exist yet; bumps there do, without underfill.
        """
        base = -self.attach.thickness if isinstance(self.attach, Attach) else 0.0
        return Package(tuple(self.free_parts((0.0, 0.0), base)))

    def free_parts(self, at: Sequence[float], base: float = 0.0) -> list[Part]:
        """The parts of the free module, at the place at which it is to be attached."""
        if isinstance(self.attach, Attach):
            return self.parts(at, base)[1:]
        return replace(self, attach=replace(self.attach, underfill=None)).parts(at, base)

    def _bond_parts(
        self, bond: FlipChip, suffix: str, gap: Footprint, upper: Chip, at: Sequence[float], z: float
    ) -> list[Part]:
        names = ("attach.underfill", "attach.bumps") if suffix == "attach" else (f"underfill{suffix}", f"bumps{suffix}")
        height = (z, z + bond.height)
        x, y = at[0] + upper.offset[0], at[1] + upper.offset[1]
        bumps = circles(bond.diameter, [(x + dx, y + dy) for dx, dy in bond.bumps])
        parts = [Part(f"{self.name}.{names[1]}", bumps, height, bond.material, "bump", self.name)]
        if bond.underfill is not None:
            parts.insert(0, Part(f"{self.name}.{names[0]}", gap, height, bond.underfill, "underfill", self.name))
        return parts
