"""The 21 claims of US patent 6,960,826 as predicates: on a package (1 to 7 and 16 to 21) and on the steps of a process
(8 to 15).

Each claim is a list of limitations in our words; each is decided by geometry that `structure.py` reads from the cells,
and shown with the values that decide it. A dependent claim is satisfied only with the one that it depends on. This is
a description of a model; it says nothing about validity, scope or infringement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mcpthermal.errors import GeometryError, near_misses
from mcpthermal.package import limitations as of
from mcpthermal.package.limitations import Limitation, Rule
from mcpthermal.package.structure import Hole, Structure

if TYPE_CHECKING:
    from mcpthermal.package.package import Package
    from mcpthermal.package.process import Process

Table = Mapping[int, tuple[str, "int | None", tuple[Callable[[Any], Limitation], ...]]]
"""Number, title, parent and limitations of claims."""


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes
    ----------
    number : int
    title : str
    parent : int or None
        The claim that it depends on.
    limitations : tuple of Limitation
        Its own.
    satisfied : bool
        Whether they and the parent are satisfied.
    """

    number: int
    title: str
    parent: int | None
    limitations: tuple[Limitation, ...]
    satisfied: bool


@dataclass(frozen=True)
class Claims:
    """How a package or a process meets the claims; ``str()`` is a table, ``claims[8]`` one claim.

    Attributes
    ----------
    claims : tuple of Claim
    """

    claims: tuple[Claim, ...]

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    def __getitem__(self, number: int) -> Claim:
        """The claim of a number."""
        for claim in self.claims:
            if claim.number == number:
                return claim
        known = [str(claim.number) for claim in self.claims]
        raise GeometryError(f"there is no claim {number!r} here; {near_misses(str(number), known)}")

    @property
    def satisfied(self) -> tuple[int, ...]:
        """The numbers of the claims that are satisfied."""
        return tuple(claim.number for claim in self.claims if claim.satisfied)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """One row for each limitation: claim, parent, limitation, values, satisfied, claim_satisfied."""
        return tuple(
            {
                "claim": claim.number,
                "parent": claim.parent,
                "limitation": item.text,
                "values": {name: {"value": value, "unit": unit} for name, value, unit in item.values},
                "satisfied": item.satisfied,
                "claim_satisfied": claim.satisfied,
            }
            for claim in self.claims
            for item in claim.limitations
        )

    def __str__(self) -> str:
        lines = []
        for claim in self.claims:
            of = "" if claim.parent is None else f", with claim {claim.parent}"
            if claim.parent is not None and not self[claim.parent].satisfied:
                of += " (which is not satisfied)"
            lines.append(f"{claim.number:>2} {_mark(claim.satisfied)}  {claim.title}{of}")
            for item in claim.limitations:
                lines.append(f"     {_mark(item.satisfied)}    {item.text}: {item.shown}")
        return "\n".join(lines)


def package_claims(package: Package) -> Claims:
    """See `Package.claims`."""
    return _decided(STRUCTURE, Structure(package))


def process_claims(process: Process) -> Claims:
    """See `Process.claims`."""
    steps = _decided(STEPS, _Steps(process))
    structure = package_claims(process.package())
    return Claims(tuple(sorted((*structure, *steps), key=lambda claim: claim.number)))


def _decided(table: Table, subject: Any) -> Claims:
    found: dict[int, Claim] = {}
    for number, (title, parent, rules) in table.items():
        limitations = tuple(rule(subject) for rule in rules)
        good = all(item.satisfied for item in limitations) and (parent is None or found[parent].satisfied)
        found[number] = Claim(number, title, parent, limitations, good)
    return Claims(tuple(found.values()))


def _mark(satisfied: bool) -> str:
    return "yes" if satisfied else "no "


def _first(structure: Structure) -> tuple[Hole, ...]:
    return structure.first_vias


def _second(structure: Structure) -> tuple[Hole, ...]:
    return structure.second_vias


_FIRST = of.vias(_first, "first vias through the first insulation to the carrier")
_SECOND = of.vias(_second, "second vias through the first insulation to at least one chip")
_FILLS_FIRST = of.fills(_first, "the metal fills the first vias")
_FILLS_SECOND = of.fills(_second, "the metal fills the second vias")
_CHIP = of.carrier_is("chip", "the carrier is a chip")
_SUBSTRATE = of.carrier_is("substrate", "the carrier is a package substrate")
_IN_FIRST = (of.contacts(_first, "carrier"), of.through_contacts(_first, "carrier"))
_IN_SECOND = (of.contacts(_second, "chip"), of.through_contacts(_second, "chip"))
_BODY = (of.carrier, of.stacked, of.attached, of.enclosed, _FIRST, of.deeper)
_METAL = (of.patterned, _FILLS_FIRST, of.interconnects)

STRUCTURE: Table = {
    1: ("carrier, stacked module, insulation, deep first vias, metal", None, (*_BODY, *_METAL)),
    2: ("contacts on the carrier inside the first vias", 1, _IN_FIRST),
    3: ("stacked chips are flip-chip bonded", 1, (of.flip_chip,)),
    4: ("second vias to at least one chip", 1, (_SECOND, _FILLS_SECOND)),
    5: ("contacts on the chip inside the second vias", 4, _IN_SECOND),
    6: ("the carrier is a chip", 1, (_CHIP,)),
    7: ("the carrier is a package substrate", 1, (_SUBSTRATE,)),
    16: (
        "first and second vias, metal, second insulation, first contacts",
        None,
        (*_BODY, _SECOND, *_METAL, _FILLS_SECOND, of.second_insulation, of.openings, of.outer_contacts),
    ),
    17: ("second contacts on the carrier inside the first vias", 16, _IN_FIRST),
    18: ("stacked chips are flip-chip bonded", 16, (of.flip_chip,)),
    19: ("third contacts on the chips inside the second vias", 16, _IN_SECOND),
    20: ("the carrier is a chip", 16, (_CHIP,)),
    21: ("the carrier is a package substrate", 16, (_SUBSTRATE,)),
}


class _Steps:
    """The recorded steps of a process: the structure as it stood after each stage."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._structures: dict[str, Structure] = {}

    def after(self, stage: str) -> Structure:
        if stage not in self._structures:
            self._structures[stage] = Structure(self.process.stage(stage))
        return self._structures[stage]


def _after(stage: str, step: str, *rules: Rule) -> tuple[Callable[[_Steps], Limitation], ...]:
    """Rules that hold for the package as it stood after a stage."""

    def bound(rule: Rule) -> Callable[[_Steps], Limitation]:
        def decide(steps: _Steps) -> Limitation:
            if stage not in steps.process.stages:
                return Limitation(step, (("recorded", False, ""),), False)
            found = rule(steps.after(stage))
            return replace(found, text=f"{step}: {found.text}")

        return decide

    return tuple(bound(rule) for rule in rules)


def _tested(steps: _Steps) -> Limitation:
    """Whether there is a record of each module's test; what it found is shown, and decides nothing here."""
    records = {record.module: record for record in steps.process.tests}
    names = [module.name for module, _ in steps.process.modules]
    values = tuple((name, records[name].verdict if name in records else "no test recorded", "") for name in names)
    good = bool(names) and set(names) <= set(records)
    return Limitation("each module is tested electrically before it is attached", values, good)


STEPS: Table = {
    8: (
        "provide, attach, insulate, open first vias, metallise, insulate with openings",
        None,
        (
            *_after("attached", "provide", of.carrier, of.stacked),
            *_after("attached", "attach", of.attached),
            *_after("insulated", "insulate", of.enclosed),
            *_after("opened", "open vias", _FIRST),
            *_after("metallised", "metallise", of.patterned, _FILLS_FIRST),
            *_after("passivated", "passivate", of.second_insulation, of.openings),
        ),
    ),
    9: ("contacts are attached inside the first vias", 8, _after("metallised", "open vias", *_IN_FIRST)),
    10: ("the chips are flip-chip bonded", 8, _after("attached", "provide", of.flip_chip)),
    11: (
        "second vias to at least one chip",
        8,
        (*_after("opened", "open vias", _SECOND), *_after("metallised", "metallise", _FILLS_SECOND)),
    ),
    12: ("contacts are attached inside the second vias", 11, _after("metallised", "open vias", *_IN_SECOND)),
    13: ("the carrier is a chip", 8, _after("carrier", "provide", _CHIP)),
    14: ("the carrier is a package substrate", 8, _after("carrier", "provide", _SUBSTRATE)),
    15: ("the module is tested before it is attached", 8, (_tested,)),
}
