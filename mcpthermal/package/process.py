"""The fabrication of a package, step by step; each step is checked when it is described."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mcpthermal.errors import GeometryError, near_misses
from mcpthermal.materials import material as find_material
from mcpthermal.package import fits
from mcpthermal.package.checks import all_of, described_extent, metal
from mcpthermal.package.chips import Carrier, Chip, Module
from mcpthermal.package.claims import Claims, process_claims
from mcpthermal.package.footprint import Footprint, circles, rectangle
from mcpthermal.package.heights import with_module_height, with_via_depth
from mcpthermal.package.metal import Contact, Opening, Patch, Trace, narrower
from mcpthermal.package.package import Package
from mcpthermal.package.parts import Part, check_name
from mcpthermal.package.points import Point, pair, pairs
from mcpthermal.package.records import ModuleTestRecord, record_of
from mcpthermal.package.vias import Layer, Vias
from mcpthermal.units import describe, quantity

STAGES = ("carrier", "attached", "insulated", "opened", "metallised", "passivated", "contacted")
"""The stages of a package, in the order of fabrication."""


@dataclass(frozen=True)
class Process:
    """The steps that make a package; each method returns a new process with one more step.

    Parameters
    ----------
    carrier : Carrier or Chip
        What the modules are attached to; its upper face is z = 0.

    Examples
    --------
    >>> import mcpthermal as mt
    >>> process = mt.Process(mt.Carrier(size=("10 mm", "10 mm"), thickness="0.5 mm"))
    >>> process.package().names
    ('carrier',)
    """

    carrier: Carrier | Chip
    modules: tuple[tuple[Module, Point], ...] = ()
    insulation: Layer | None = None
    vias: tuple[Vias, ...] = ()
    metal_layer: Layer | None = None
    passivation: Layer | None = None
    contacts: Contact | None = None
    tests: tuple[ModuleTestRecord, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.carrier, Carrier | Chip):
            raise GeometryError(f"a process starts with a Carrier or a Chip, not with {self.carrier!r}")
        if isinstance(self.carrier, Chip) and self.carrier.offset != (0.0, 0.0):
            raise GeometryError(
                f"chip '{self.carrier.name}' is the carrier, whose centre is x = y = 0; give it no offset"
            )

    def attach(self, module: Module, at: Sequence[float | str] = (0.0, 0.0), tested: Any = None) -> Process:
        """Attach a module to the carrier.

        Parameters
        ----------
        module : Module
        at : (x, y)
            Its centre (m).
        tested : ModuleTestRecord, optional
            The electrical test of the free module that came before, or a result that has one as its `record`.
        """
        if not isinstance(module, Module):
            raise GeometryError(f"attach: {module!r} is no Module")
        if module.name in STAGES:
            raise GeometryError(f"module '{module.name}': stages of the process have this name; give it another one")
        self._require(self.insulation is None, f"attach module '{module.name}'", "before", "insulate")
        point = pair(at, f"place of module '{module.name}'")
        others = self._module_parts
        for part in module.parts(point):
            self._inside_carrier(part.footprint, f"{part.role} '{part.name}' of module '{module.name}'")
            for other in others:
                if part.z[0] < other.z[1] and other.z[0] < part.z[1] and part.footprint.overlaps(other.footprint):
                    raise GeometryError(
                        f"module '{module.name}': '{part.name}', {described_extent(part.footprint)}, overlaps "
                        f"'{other.name}', {described_extent(other.footprint)}; attach it elsewhere with at=(x, y)"
                    )
        tests = self.tests if tested is None else (*self.tests, record_of(tested, module.name))
        return self._checked(replace(self, modules=(*self.modules, (module, point)), tests=tests))

    def insulate(self, thickness: float | str, material: Any = "epoxy_mould") -> Process:
        """Enclose the modules by the first insulation, its thickness measured from the carrier (m).

        Raises
        ------
        GeometryError
            If the insulation, and so the via depth, is not greater than every module's height.
        """
        self._require(bool(self.modules), "insulate", "after", "attach")
        self._require(self.insulation is None, "insulate", "once")
        height = quantity(thickness, "m", "thickness of the insulation", above=0.0)
        for module, _ in self.modules:
            narrower(
                module.height,
                height,
                f"height of module '{module.name}'",
                "the thickness of the insulation, which is the depth of the first vias",
                "make the insulation thicker or the module lower",
            )
        return self._checked(replace(self, insulation=Layer((0.0, height), find_material(material, "the insulation"))))

    def open_vias(
        self,
        name: str,
        at: Iterable[Sequence[float | str]],
        diameter: float | str,
        onto: str | None = None,
        contact: Contact | None = None,
    ) -> Process:
        """Open a family of via holes from the top of the insulation.

        Parameters
        ----------
        name : str
            Of the family; its vias are ``name[0]``, ``name[1]``, ...
        at : sequence of (x, y)
            Centres (m).
        diameter : float
            (m)
        onto : str, optional
            The chip on which second vias end; without it they are first vias and end on the carrier.
        contact : Contact, optional
            A stud that stands on the carrier or chip inside each hole.
        """
        check_name(name, "a via family")
        self._require(self.insulation is not None, f"open vias '{name}'", "after", "insulate")
        self._require(self.metal_layer is None, f"open vias '{name}'", "before", "metallise")
        width = quantity(diameter, "m", f"diameter of via '{name}'", above=0.0)
        points = pairs(at, f"place of via '{name}'")
        holes = circles(width, points, f"via '{name}'")
        if onto is not None and not isinstance(onto, str):
            raise GeometryError(f"via '{name}': onto={onto!r} must be the name of a chip")
        end = onto or self.carrier.name
        bottom = 0.0 if end == self.carrier.name else fits.land(self._module_parts, name, holes, end)
        fits.vias_inside_carrier(self._plan(), name, holes)
        fits.clear(self._module_parts, name, holes, bottom)
        assert self.insulation is not None
        depth = self.insulation.z[1] - bottom
        if contact is not None:
            if not isinstance(contact, Contact):
                raise GeometryError(f"via '{name}': contact={contact!r} is no Contact")
            narrower(
                contact.height,
                depth,
                f"height of the contact in via '{name}'",
                "the via's depth",
                "make it lower",
            )
            narrower(
                contact.diameter,
                width,
                f"diameter of the contact in via '{name}'",
                "the via's",
                "make it narrower",
            )
        for other in self.vias:
            if other.footprint().overlaps(holes):
                gaps = np.linalg.norm(np.array(points)[:, None] - np.array(other.at), axis=2)
                i, j = np.unravel_index(np.argmin(gaps), gaps.shape)
                raise GeometryError(
                    f"vias '{name}[{i}]' and '{other.name}[{j}]' overlap: their centres are "
                    f"{describe(float(gaps[i, j]), 'm')} apart, half the sum of their diameters is "
                    f"{describe((width + other.diameter) / 2, 'm')}; move them apart or make them narrower"
                )
        family = Vias(name, points, width, end, bottom, contact)
        return self._checked(replace(self, vias=(*self.vias, family)))

    def metallise(
        self,
        thickness: float | str,
        material: Any = "copper",
        traces: Iterable[Trace | Patch] = (),
    ) -> Process:
        """Fill all open vias with metal and pattern the layer (its thickness in m) on the insulation.

        Parameters
        ----------
        thickness : float
            (m)
        material : str or Material
            A metal.
        traces : sequence of Trace or Patch
        """
        self._require(self.insulation is not None, "metallise", "after", "insulate")
        self._require(self.metal_layer is None, "metallise", "once")
        height = quantity(thickness, "m", "thickness of the metal layer", above=0.0)
        pattern = all_of(traces, (Trace, Patch), "metallise: traces")
        for item in pattern:
            self._inside_carrier(item.footprint(), f"trace '{item.name}'")
        assert self.insulation is not None
        top = self.insulation.z[1]
        layer = Layer((top, top + height), metal(material, "the metal layer"), pattern)
        return self._checked(replace(self, metal_layer=layer))

    def passivate(
        self,
        thickness: float | str,
        material: Any = "polyimide",
        openings: Iterable[Opening] = (),
    ) -> Process:
        """Cover the metal by the second insulation, its thickness measured from the metal (m), with openings.

        Between the traces it reaches down to the first insulation.
        """
        self._require(self.metal_layer is not None, "passivate", "after", "metallise")
        self._require(self.passivation is None, "passivate", "once")
        height = quantity(thickness, "m", "thickness of the second insulation", above=0.0)
        holes = all_of(openings, (Opening,), "passivate: openings")
        assert self.metal_layer is not None
        pads = [item.footprint() for item in (*self.metal_layer.content, *self.vias)]
        for hole in holes:
            fits.over_metal(pads, hole)
        for number, first in enumerate(holes):
            for second in holes[number + 1 :]:
                if first.footprint().overlaps(second.footprint()):
                    (x, y), (u, v) = first.at, second.at
                    raise GeometryError(
                        f"openings '{first.name}' and '{second.name}' overlap: their centres are "
                        f"{describe(math.hypot(x - u, y - v), 'm')} apart, half the sum of their diameters is "
                        f"{describe((first.diameter + second.diameter) / 2, 'm')}; move them apart"
                    )
        bottom, top = self.metal_layer.z
        found = find_material(material, "the second insulation")
        return self._checked(replace(self, passivation=Layer((bottom, top + height), found, holes)))

    def attach_contacts(self, height: float | str, diameter: float | str, material: Any = "sac305") -> Process:
        """Attach an outer contact in every opening: height over the metal and diameter (m)."""
        self._require(self.passivation is not None, "attach contacts", "after", "passivate")
        self._require(self.contacts is None, "attach contacts", "once")
        assert self.passivation is not None
        contact = Contact(height, diameter, material)  # type: ignore[arg-type]
        if not self.passivation.content:
            raise GeometryError(
                "attach_contacts: the second insulation has no openings; give passivate(openings=[...])"
            )
        for hole in self.passivation.content:
            if contact.diameter > hole.diameter * (1 + 1e-9):
                raise GeometryError(
                    f"contact of {describe(contact.diameter, 'm')} diameter does not fit into opening "
                    f"'{hole.name}' of {describe(hole.diameter, 'm')}; make the contact narrower or the opening wider"
                )
        return self._checked(replace(self, contacts=contact))

    def with_module_height(self, height: float | str, hold: str = "via_depth", module: str | None = None) -> Process:
        """The same process with a module of another height (m); the sketch is in `package/heights.py`.

        Parameters
        ----------
        height : float
            From the carrier to the top of the highest chip (m); its chips change in proportion.
        hold : {"via_depth", "cover", "aspect_ratio"}
            What stays: the via depth; the cover of the insulation over the module; or that cover and the aspect ratio
            of each via (and of a contact in it), whose diameter then follows its depth.
        module : str, optional
            Which one; it may be left out if there is one only.

        Raises
        ------
        GeometryError
            If the variant cannot exist, as where the via depth is not greater than the module's height.
        InputError
            If `hold` or `module` is none of those that are there.
        """
        return with_module_height(self, height, hold, module)

    def with_via_depth(self, depth: float | str, hold: str = "module", module: str | None = None) -> Process:
        """The same process with another depth of the first vias, the thickness of the insulation (m).

        Parameters
        ----------
        depth : float
            (m)
        hold : {"module", "cover", "aspect_ratio"}
            What stays: the modules, so that their cover changes; the cover over a module, so that its height
            changes; or the modules and the aspect ratio of each via, whose diameter then follows its depth (and that
            of a contact in it, whose height stays).
        module : str, optional
            Whose cover is held; it may be left out if there is one only.

        Raises
        ------
        GeometryError
            If the variant cannot exist.
        InputError
            If `hold` or `module` is none of those that are there.
        """
        return with_via_depth(self, depth, hold, module)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that this process has gone through."""
        done = (
            True,
            bool(self.modules),
            self.insulation is not None,
            bool(self.vias),
            self.metal_layer is not None,
            self.passivation is not None,
            self.contacts is not None,
        )
        return tuple(stage for stage, reached in zip(STAGES, done, strict=True) if reached)

    def stage(self, name: str) -> Package:
        """The package as it stood after a stage.

        Parameters
        ----------
        name : str
            One of `stages`: "carrier", "attached", "insulated", "opened", "metallised", "passivated", "contacted"; or
            the name of a module: the free module, at the place at which it is attached then.
        """
        free = {module.name: (module, at) for module, at in self.modules}
        if not isinstance(name, str) or name not in (*self.stages, *free):
            raise GeometryError(f"the process has no stage '{name}'; {near_misses(str(name), (*self.stages, *free))}")
        if name not in self.stages:
            module, at = free[name]
            return Package(tuple(module.free_parts(at)))
        last = STAGES.index(name)
        keep: dict[str, Any] = {}
        for field, stage, empty in (
            ("modules", 1, ()),
            ("tests", 1, ()),
            ("insulation", 2, None),
            ("vias", 3, ()),
            ("metal_layer", 4, None),
            ("passivation", 5, None),
            ("contacts", 6, None),
        ):
            if last < stage:
                keep[field] = empty
        return replace(self, **keep).package()

    def package(self) -> Package:
        """The package as it stands after the last step."""
        return self._package

    def claims(self) -> Claims:
        """How the steps and the package they make meet the claims of US 6,960,826; see `package/claims.py`."""
        return process_claims(self)

    @cached_property
    def _package(self) -> Package:
        return Package(self._parts)

    @cached_property
    def _parts(self) -> tuple[Part, ...]:
        plan = self._plan()
        carrier = self.carrier
        if isinstance(carrier, Chip):
            parts = carrier.parts((0.0, 0.0), -carrier.thickness, "carrier", "chip")
        else:
            z = (-carrier.thickness, 0.0)
            parts = [Part(carrier.name, plan, z, carrier.material, "carrier", "substrate")]
        if self.insulation is not None:
            parts.append(Part("insulation", plan, self.insulation.z, self.insulation.material, "insulation"))
        if self.passivation is not None:
            parts.append(Part("passivation", plan, self.passivation.z, self.passivation.material, "passivation"))
        parts += self._module_parts
        for via in self.vias:
            assert self.insulation is not None
            parts += via.parts(self.insulation, self.metal_layer)
        if self.metal_layer is not None:
            layer = self.metal_layer
            parts += [Part(item.name, item.footprint(), layer.z, layer.material, "metal") for item in layer.content]
        if self.passivation is not None and self.metal_layer is not None:
            floor = self.metal_layer.z[1]
            for hole in self.passivation.content:
                outline = hole.footprint()
                parts.append(Part(hole.name, outline, (floor, self.passivation.z[1]), None, "opening", hole.name))
                if self.contacts is not None:
                    stud = circles(self.contacts.diameter, [hole.at])
                    height = (floor, floor + self.contacts.height)
                    name, metal_name = f"{hole.name}.contact", self.contacts.material
                    parts.append(Part(name, stud, height, metal_name, "contact", hole.name))
        return tuple(parts)

    @cached_property
    def _module_parts(self) -> tuple[Part, ...]:
        return tuple(part for module, at in self.modules for part in module.parts(at))

    def _plan(self) -> Footprint:
        return rectangle(self.carrier.size)

    def _inside_carrier(self, footprint: Footprint, what: str) -> None:
        fits.inside_carrier(self._plan(), footprint, what)

    def _checked(self, process: Process) -> Process:
        """The process itself, if its names are unique and its package can exist."""
        seen = {module.name for module, _ in process.modules}
        if len(seen) < len(process.modules):
            raise GeometryError(f"two modules are named '{process.modules[-1][0].name}'; rename one of the two")
        if process.modules is self.modules and "_module_parts" in vars(self):
            vars(process)["_module_parts"] = self._module_parts  # most steps leave the modules alone
        for part in process._parts:
            if part.name in seen:
                raise GeometryError(f"the name '{part.name}' is given twice; rename one of the two")
            seen.add(part.name)
        process.package()
        return process

    def _require(self, condition: bool, step: str, when: str, other: str = "") -> None:
        if not condition:
            allowed = f"{when} '{other}'" if other else when
            raise GeometryError(
                f"cannot {step} now: it is possible only {allowed}; the order is "
                "attach, insulate, open_vias, metallise, passivate, attach_contacts"
            )
