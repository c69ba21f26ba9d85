"""What is refused of thermal loads: wrong places, contradictions, and heat without a way out."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from mcpthermal.errors import LoadError, McpThermalWarning
from mcpthermal.loads import (
    THERMAL,
    Convection,
    FixedTemperature,
    HeatFlux,
    HeatSink,
    Leakage,
    Power,
    PowerMap,
    PowerTrace,
    Radiation,
)
from mcpthermal.package.columns import Place
from mcpthermal.package.footprint import outside
from mcpthermal.units import describe

if TYPE_CHECKING:
    from mcpthermal.case.case import Case

EXCHANGES = (Convection, Radiation, HeatSink)
MAPS = (PowerMap, PowerTrace)
SOURCES = (Power, Leakage, *MAPS)


def check(case: Case) -> None:
    """LoadError if the thermal loads do not make a well-posed problem."""
    topology = case.topology
    count, group = topology.components(topology.solid)
    leaves = np.zeros(count, bool)
    on_faces: list[tuple[Any, Any]] = []
    fixed: list[tuple[Any, Any]] = []
    for load in case.of(*THERMAL):
        place = case.place(load.place)
        if place.is_volume:
            cells = _volume(case, load, place)
            if isinstance(load, FixedTemperature):
                for other, other_cells in fixed:
                    if (cells & other_cells).any():
                        _refuse(load, other, "share a part and contradict each other")
                fixed.append((load, cells))
                leaves[np.unique(group[cells])] = True
            continue
        faces = _faces(case, load, place)
        if isinstance(load, (*EXCHANGES, FixedTemperature)):
            for other, other_faces in on_faces:
                reason = _contradiction(load, other)
                if reason and np.isin(topology.face_keys(faces), topology.face_keys(other_faces)).any():
                    _refuse(load, other, f"share faces and {reason}")
            on_faces.append((load, faces))
            leaves[np.unique(group[faces.cells])] = True
    for load, faces in on_faces:
        if isinstance(load, FixedTemperature) or _is_isothermal(load):
            for other, cells in fixed:
                if cells[faces.cells].any():
                    _refuse(load, other, "share a part and contradict each other")
    _check_ways_out(case, group, leaves)


def _is_isothermal(load: Any) -> bool:
    return isinstance(load, HeatSink) and load.base == "isothermal"


def _contradiction(load: Any, other: Any) -> str:
    """Why two loads cannot be on the same face; empty if they can."""
    if isinstance(load, EXCHANGES) and type(load) is type(other):
        return "would be counted twice"
    held = [isinstance(item, FixedTemperature) or _is_isothermal(item) for item in (load, other)]
    return "contradict each other" if all(held) else ""


def _refuse(load: Any, other: Any, reason: str) -> None:
    raise LoadError(
        f"{type(load).__name__} at '{load.place}' and {type(other).__name__} at '{other.place}' {reason}; "
        "keep one, or choose places that do not overlap"
    )


def _faces(case: Case, load: Any, place: Place) -> Any:
    """The faces of a load that is on faces; for exchange with an ambient the exposed ones."""
    kind, topology = type(load).__name__, case.topology
    if isinstance(load, MAPS):
        raise LoadError(f"{kind} at '{load.place}': this is a face; name a part, and distribution='active_face'")
    if isinstance(load, Power | Leakage) and load.distribution == "active_face":
        raise LoadError(f"{kind} at '{load.place}': this is a face already; drop distribution='active_face'")
    faces = topology.seen_from(topology.faces_of(place), topology.solid)
    if not faces.count:
        raise LoadError(f"{kind} at '{load.place}': there is no such face; is it covered by another part?")
    if isinstance(load, EXCHANGES):
        faces = topology.exposed(faces)
        if not faces.count:
            raise LoadError(f"{kind} at '{load.place}': no part of this face is exposed; choose an outer face")
    elif isinstance(load, FixedTemperature | HeatFlux):
        _warn_of_hidden(load, topology, faces)
    if isinstance(load, Radiation) and load.emissivity is None:
        parts = [case.package.parts[number] for number in np.unique(topology.cell_part[faces.cells]).tolist()]
        lacking = [f"'{part.name}' ({part.material.name})" for part in parts if part.material.emissivity is None]
        if lacking:
            raise LoadError(
                f"Radiation at '{load.place}': the material of {', '.join(lacking[:6])} has no emissivity; "
                "give the load one, such as emissivity=0.9, or the material"
            )
    return faces


def _warn_of_hidden(load: Any, topology: Any, faces: Any) -> None:
    """Warn of a load that is meant for outer faces but is on faces between parts as well."""
    whole = float(topology.face_areas(faces).sum())
    hidden = whole - float(topology.face_areas(topology.exposed(faces)).sum())
    if 1e-9 * whole < hidden < (1 - 1e-9) * whole:
        warnings.warn(
            f"{type(load).__name__} at '{load.place}' is also on its faces inside the package, "
            f"{describe(hidden, 'm2')} of {describe(whole, 'm2')}; for outer faces alone name those of the package, "
            "such as 'top' or 'sides', or give the outer part of the face a part of its own",
            McpThermalWarning,
            stacklevel=2,
        )


def _volume(case: Case, load: Any, place: Place) -> Any:
    """The filled cells of a load that may be on a volume."""
    kind = type(load).__name__
    parts = [case.package.parts[part] for part in place.parts]
    if not isinstance(load, (*SOURCES, FixedTemperature)):
        raise LoadError(f"{kind} at '{load.place}': this is a volume; name a face such as '{load.place}.top'")
    if isinstance(load, SOURCES) and load.distribution == "active_face":
        if any(part.role != "chip" and (part.role, part.group) != ("carrier", "chip") for part in parts):
            raise LoadError(f"{kind} at '{load.place}': only a chip has an active face; use distribution='volume'")
    if any(part.is_void for part in parts):
        raise LoadError(f"{kind} at '{load.place}': it is an open hole")
    if isinstance(load, MAPS):
        _check_map(load, place, parts)
    cells = case.topology.cells_of(place)
    if not cells.any():
        raise LoadError(f"{kind} at '{load.place}': nothing is left of it, later parts replace it")
    return cells


def _check_map(load: PowerMap | PowerTrace, place: Place, parts: list[Any]) -> None:
    """LoadError if a power map is not on one part, or reaches out of it."""
    kind = type(load).__name__
    if len(parts) != 1 or place.member is not None:
        raise LoadError(f"{kind} at '{load.place}': a map covers one part; name a single one, such as a chip")
    x0, y0, x1, y1 = bounds = parts[0].footprint.bounds
    blocks = [block for block in load.blocks(bounds) if block.power]
    if not blocks:
        return
    boxes = np.array([(block.x0, block.y0, block.x1, block.y1) for block in blocks])
    far = outside(parts[0].footprint, boxes, 1e-6 * (x1 - x0))
    if len(far):
        block = blocks[far[0]]
        corners = [describe(value, "m") for value in (block.x0, block.y0, block.x1, block.y1)]
        own = [describe(value, "m") for value in (x0, y0, x1, y1)]
        raise LoadError(
            f"{kind} at '{load.place}': {len(far)} of its blocks reach out of the part, the first is '{block.name}' "
            f"from ({corners[0]}, {corners[1]}) to ({corners[2]}, {corners[3]}); the part covers ({own[0]}, {own[1]}) "
            f"to ({own[2]}, {own[3]}): correct the block, or the origin"
        )


def _check_ways_out(case: Case, group: Any, leaves: Any) -> None:
    if not leaves.any():
        raise LoadError(
            "heat has no way out of the package: add a Convection, Radiation, HeatSink or FixedTemperature, such as "
            "Convection('bottom', h=1000, ambient='25 degC')"
        )
    if not leaves.all():
        cut_off = (group >= 0) & np.isin(group, np.flatnonzero(~leaves))
        names = [case.package.parts[part].name for part in np.unique(case.topology.cell_part[cut_off]).tolist()]
        raise LoadError(
            f"heat has no way out of {', '.join(map(repr, names[:6]))}: no face joins it to the rest of the mesh; "
            "mesh all volumes together (conformal), or give it a Convection or a FixedTemperature of its own"
        )
