"""Interfaces: which faces they mean, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mcpthermal.errors import LoadError
from mcpthermal.loads import Interface
from mcpthermal.package.places import find_side

if TYPE_CHECKING:
    from mcpthermal.case.case import Case


def faces(case: Case, topology: Any, interface: Interface) -> Any:
    """The faces of an interface, the inner side being `a`; only between different parts, and each face once."""
    a, b = (find_side(case.package, str(side), interface.place) for side in (interface.a, interface.b))
    filled = topology.solid
    cells_a, cells_b = topology.cells_of(a) & filled, topology.cells_of(b) & filled
    found = topology.between(cells_a, cells_b)
    inner, outer = found.cells, topology.opposite(found).cells
    part, other = topology.cell_part[inner], topology.cell_part[outer]
    # Where both cells belong to both sides the face is found from either.
    again = cells_b[inner] & cells_a[outer] & (part > other)
    return found.where((part != other) & ~again)


def check(case: Case) -> None:
    """LoadError if an interface is nowhere, counts twice, or resists a current that cannot cross it."""
    topology = case.topology
    conducting = topology.of_parts(case.conducting_parts)
    taken: list[tuple[str, Any]] = []
    for interface in case.interfaces:
        found = faces(case, topology, interface)
        if not found.count:
            raise LoadError(
                f"interface '{interface.place}': its sides touch nowhere; name parts, materials or roles that touch"
            )
        keys = topology.face_keys(found)
        for other, other_keys in taken:
            if np.isin(keys, other_keys).any():
                raise LoadError(
                    f"interfaces '{interface.place}' and '{other}' share faces; keep one, or name sides that do not "
                    "overlap"
                )
        taken.append((interface.place, keys))
        crossed = conducting[found.cells] & conducting[topology.opposite(found).cells]
        if interface.has_electrical and not crossed.any():
            raise LoadError(
                f"interface '{interface.place}' has an electrical resistivity, and nowhere a conductor on both sides; "
                "drop it, or name two metals"
            )
