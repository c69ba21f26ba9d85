"""Places: what the strings of loads mean (``"top"``, ``"logic.bottom"``, ``"supply[3].foot"``, ``"a|b"``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mcpthermal.errors import LoadError, near_misses
from mcpthermal.package.columns import SIDES, Place

if TYPE_CHECKING:
    from mcpthermal.package.package import Package

PACKAGE_FACES = ("top", "bottom", "sides", *SIDES)
PART_FACES = ("top", "bottom", "sides", *SIDES)

_MEMBER = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<member>\d+)\])?")


def find_place(package: Package, text: str) -> Place:
    """Understand a placement.

    Parameters
    ----------
    package : Package
    text : str
        See the module's first line; section "Places" of the README lists all forms.

    Returns
    -------
    Place

    Raises
    ------
    LoadError
        If there is no such place; the message lists near misses.
    """
    if not isinstance(text, str) or not text:
        raise LoadError(f"place {text!r}: a place is a string such as 'top', 'logic' or 'logic.top'")
    if package.mesh is not None and text in package.mesh.surfaces:
        return Place(text, face="surface")
    if text in PACKAGE_FACES:
        return Place(text, face=text)
    if text.count("|") == 1:
        a, b = (_parts_of(package, name.strip(), text) for name in text.split("|"))
        if set(a[0]) & set(b[0]):
            shared = package.parts[min(set(a[0]) & set(b[0]))].name
            raise LoadError(f"place '{text}': '{shared}' is on both sides; name two different parts")
        return Place(text, parts=a[0], member=a[1], face="interface", others=b[0], other_member=b[1])
    if text in package.openings:
        contact = package.index.get(f"{text}.contact")
        if contact is not None:
            return Place(text, parts=(contact,), face="top")
        return Place(text, parts=(package.index[text],), face="pad")
    head, _, face = text.rpartition(".")
    if head and face in (*PART_FACES, "foot") and text not in package.names:
        parts, member = _parts_of(package, head, text)
        if face == "foot":
            return Place(text, _via_parts(package, parts, text), member, "foot")
        return Place(text, parts, member, face)
    parts, member = _parts_of(package, text, text)
    return Place(text, parts, member)


def _via_parts(package: Package, parts: tuple[int, ...], text: str) -> tuple[int, ...]:
    if package.parts[parts[0]].role != "via":
        feet = [place for place in known_places(package) if place.endswith(".foot")]
        raise LoadError(f"place '{text}': only vias have a foot; {near_misses(text, feet)}")
    contact = package.index.get(f"{package.parts[parts[0]].name}.contact")
    return parts if contact is None else (*parts, contact)


def _parts_of(package: Package, name: str, text: str) -> tuple[tuple[int, ...], int | None]:
    match = _MEMBER.fullmatch(name)
    base = match["name"] if match else name
    if base in package.index:
        parts: tuple[int, ...] = (package.index[base],)
    elif base in package.groups:
        parts = package.groups[base]
    else:
        raise LoadError(f"place '{text}': the package has no part '{name}'; {near_misses(text, known_places(package))}")
    if match is None or match["member"] is None:
        return parts, None
    part, member = package.parts[parts[0]], int(match["member"])
    if len(parts) > 1 or not part.is_family:
        raise LoadError(f"place '{text}': '{base}' is no family of vias, bumps or contacts; drop the [{member}]")
    count = len(part.footprint.shapes)
    if member >= count:
        raise LoadError(f"place '{text}': '{base}' has {count} members, '{base}[0]' to '{base}[{count - 1}]'")
    return parts, member


def find_side(package: Package, text: str, where: str) -> Place:
    """Understand one side of an interface: a part, module, member of a family, material or role, as a volume.

    Parameters
    ----------
    package : Package
    text : str
        Parts are looked for first, then materials, then roles; ``material:`` and ``role:`` in front say which.
    where : str
        The interface, for messages.

    Raises
    ------
    LoadError
        If there is no such part, material or role, or nothing of it is filled.
    """
    filled = [(number, part) for number, part in enumerate(package.parts) if not part.is_void]
    prefix, _, name = text.rpartition(":")
    if prefix not in ("", "material", "role"):
        prefix, name = "", text
    base = name.partition("[")[0]
    if not prefix and (base in package.index or base in package.groups):
        numbers, member = _parts_of(package, name, where)
        if all(package.parts[number].is_void for number in numbers):
            raise LoadError(f"interface '{where}': '{text}' is an open hole; name what fills it")
        return Place(text, numbers, member)
    groups = {
        "material": {number: part.material.name for number, part in filled},
        "role": {number: part.role for number, part in filled if part.role},
    }
    known = [] if prefix else [*package.names, *package.groups]
    for kind, names in groups.items():
        if prefix in ("", kind):
            known += names.values()
            if name in names.values():
                return Place(text, tuple(number for number, found in names.items() if found == name))
    what = prefix or "part, material or role"
    raise LoadError(f"interface '{where}': the package has no {what} '{name}'; {near_misses(name, known)}")


def known_places(package: Package) -> Iterable[str]:
    """The names a user may have meant: faces of the package, parts and their faces, openings, feet."""
    yield from PACKAGE_FACES
    if package.mesh is not None:
        yield from package.mesh.surfaces
    yield from package.groups
    for part in package.parts:
        yield part.name
        if part.name not in package.openings:
            yield from (f"{part.name}.{face}" for face in ("top", "bottom", "sides"))
        if part.role == "via":
            yield f"{part.name}.foot"
