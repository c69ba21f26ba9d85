"""A case: a package and what is done to it; the checks that make the problem well posed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mcpthermal.errors import LoadError
from mcpthermal.loads import Convection, Current, CurrentLoad, FixedTemperature, HeatFlux, Power, Voltage
from mcpthermal.package.columns import Place
from mcpthermal.package.package import Package
from mcpthermal.package.places import find_place
from mcpthermal.package.points import is_list
from mcpthermal.units import describe

THERMAL = (Power, HeatFlux, Convection, FixedTemperature)
ELECTRICAL = (Voltage, Current, CurrentLoad)


@dataclass(frozen=True)
class Terminal:
    """A place where the conductors are connected to the outside.

    Attributes
    ----------
    name : str
        Its place.
    voltage : float or None
        The prescribed potential (V).
    current : float
        The total current into the conductor (A) where the potential is not prescribed.
    uniform : bool
        Whether the current density is uniform instead of the potential.
    """

    name: str
    voltage: float | None = None
    current: float = 0.0
    uniform: bool = False


@dataclass(frozen=True)
class Case:
    """A package and its loads.

    Parameters
    ----------
    package : Package
    loads : sequence of loads
        `Power`, `HeatFlux`, `Convection`, `FixedTemperature`, `Voltage`, `Current`, `CurrentLoad`.
    name : str
        For reports and folders.

    Raises
    ------
    LoadError
        If a place is unknown or empty, loads contradict each other, heat has no way out, or a conductor has
        a current and no reference potential.
    """

    package: Package
    loads: tuple[Any, ...]
    name: str = "case"

    def __post_init__(self) -> None:
        if not isinstance(self.package, Package):
            raise LoadError(f"a case needs a Package, not {type(self.package).__name__}; call process.package()")
        loads = tuple(self.loads) if is_list(self.loads) else (self.loads,)
        for load in loads:
            if not isinstance(load, THERMAL + ELECTRICAL):
                raise LoadError(
                    f"{load!r} is no load; use Power, Convection, FixedTemperature, HeatFlux, Voltage, "
                    "Current or CurrentLoad"
                )
        if not isinstance(self.name, str) or not self.name.strip():
            raise LoadError(f"name of a case: {self.name!r} is not allowed; give a word, e.g. 'power_on'")
        object.__setattr__(self, "loads", loads)
        _check_thermal(self)
        _check_terminals(self)

    def of(self, *kinds: type) -> tuple[Any, ...]:
        """All loads of the given types."""
        return tuple(load for load in self.loads if isinstance(load, kinds))

    def place(self, text: str) -> Place:
        """What a place of this package means."""
        return find_place(self.package, text)

    @property
    def topology(self) -> Any:
        """The cells on which placements are checked before meshing: the package's regions, or its own mesh."""
        mesh = self.package.mesh
        return self.package.arrangement.columns if mesh is None else mesh

    @cached_property
    def terminals(self) -> tuple[Terminal, ...]:
        """The electrical terminals; several loads at one place add up."""
        found: dict[str, Terminal] = {}

        def add(place: str, **values: Any) -> None:
            old = found.get(place, Terminal(place))
            if values.get("voltage") is not None and old.voltage is not None:
                raise LoadError(
                    f"two voltages at '{place}': {describe(old.voltage, 'V')} and "
                    f"{describe(values['voltage'], 'V')}; keep one"
                )
            found[place] = Terminal(
                place,
                values.get("voltage") if old.voltage is None else old.voltage,
                old.current + values.get("current", 0.0),
                values.get("uniform", False) or old.uniform,
            )

        for load in self.of(*ELECTRICAL):
            if isinstance(load, Voltage):
                add(load.place, voltage=load.voltage)
            elif isinstance(load, Current):
                add(load.place, current=load.current, uniform=load.distribution == "uniform")
            else:
                add(load.from_, current=-load.current)
                add(load.to, current=load.current)
        currents = {load.place for load in self.of(Current)}
        for load in self.of(Voltage):
            if load.place in currents:
                raise LoadError(f"'{load.place}' has both a voltage and a current; prescribe one of them")
        return tuple(found.values())

    def terminal_faces(self, topology: Any, terminal: Terminal) -> Any:
        """The conductors' faces at a terminal, on the package's regions or on a mesh."""
        place = self.place(terminal.name)
        conducting = topology.of_parts(self.conducting_parts)
        if place.is_volume:
            raise LoadError(
                f"terminal '{terminal.name}' is a volume; name one of its faces, such as '{terminal.name}.top'"
            )
        return topology.seen_from(topology.faces_of(place), conducting)

    @cached_property
    def conducting_parts(self) -> Any:
        """(n_parts,) mask of the parts that conduct electric current."""
        return np.array([part.conducts for part in self.package.parts])

    def current_cells(self, topology: Any) -> Any:
        """The conducting cells that are connected to a terminal; all others carry no current."""
        cells = topology.of_parts(self.conducting_parts)
        if not self.terminals:
            return np.zeros_like(cells)
        _, group = topology.components(cells)
        reached = [group[self.terminal_faces(topology, terminal).cells] for terminal in self.terminals]
        return cells & np.isin(group, np.unique(np.concatenate(reached)))


def _check_thermal(case: Case) -> None:
    topology = case.topology
    taken: list[tuple[str, str, Any]] = []
    fixed: list[tuple[str, Any]] = []
    fixed_faces: list[tuple[str, Any]] = []
    solid = topology.solid
    count, group = topology.components(solid)
    leaves = np.zeros(count, bool)
    for load in case.of(*THERMAL):
        kind = type(load).__name__
        place = case.place(load.place)
        if place.is_volume:
            cells = _volume(case, load, place)
            if isinstance(load, FixedTemperature):
                for other, other_cells in fixed:
                    if (cells & other_cells).any():
                        raise LoadError(
                            f"FixedTemperature at '{load.place}' and at '{other}' share a part and contradict each "
                            "other; keep one"
                        )
                fixed.append((load.place, cells))
                leaves[np.unique(group[cells])] = True
            continue
        if isinstance(load, Power) and load.distribution == "active_face":
            raise LoadError(f"Power at '{load.place}': this is a face already; drop distribution='active_face'")
        faces = topology.seen_from(topology.faces_of(place), solid)
        if not faces.count:
            raise LoadError(f"{kind} at '{load.place}': there is no such face; is it covered by another part?")
        if isinstance(load, Convection):
            faces = topology.exposed(faces)
            if not faces.count:
                raise LoadError(f"Convection at '{load.place}': no part of this face is exposed; choose an outer face")
        if isinstance(load, Convection | FixedTemperature):
            keys = topology.face_keys(faces)
            for other_kind, other, other_keys in taken:
                if np.isin(keys, other_keys).any():
                    raise LoadError(
                        f"{kind} at '{load.place}' and {other_kind} at '{other}' share faces and contradict each "
                        "other; keep one, or choose places that do not overlap"
                    )
            taken.append((kind, load.place, keys))
            leaves[np.unique(group[faces.cells])] = True
        if isinstance(load, FixedTemperature):
            fixed_faces.append((load.place, faces))
    for face_place, faces in fixed_faces:
        for volume_place, cells in fixed:
            if cells[faces.cells].any():
                raise LoadError(
                    f"FixedTemperature at '{face_place}' and at '{volume_place}' share a part and contradict each "
                    "other; keep one"
                )
    if not leaves.any():
        raise LoadError(
            "heat has no way out of the package: add a Convection or a FixedTemperature, such as "
            "Convection('bottom', h=1000, ambient='25 degC')"
        )
    if not leaves.all():
        cut_off = (group >= 0) & np.isin(group, np.flatnonzero(~leaves))
        names = [case.package.parts[part].name for part in np.unique(topology.cell_part[cut_off]).tolist()]
        raise LoadError(
            f"heat has no way out of {', '.join(map(repr, names[:6]))}: no face joins it to the rest of the mesh; "
            "mesh all volumes together (conformal), or give it a Convection or a FixedTemperature of its own"
        )


def _volume(case: Case, load: Any, place: Place) -> Any:
    """The filled cells of a load that may be on a volume."""
    kind = type(load).__name__
    parts = [case.package.parts[part] for part in place.parts]
    if not isinstance(load, Power | FixedTemperature):
        raise LoadError(f"{kind} at '{load.place}': this is a volume; name a face such as '{load.place}.top'")
    if isinstance(load, Power) and load.distribution == "active_face":
        if any(part.role != "chip" and (part.role, part.group) != ("carrier", "chip") for part in parts):
            raise LoadError(f"Power at '{load.place}': only a chip has an active face; use distribution='volume'")
    if any(part.is_void for part in parts):
        raise LoadError(f"{kind} at '{load.place}': it is an open hole")
    cells = case.topology.cells_of(place)
    if not cells.any():
        raise LoadError(f"{kind} at '{load.place}': nothing is left of it, later parts replace it")
    return cells


def _check_terminals(case: Case) -> None:
    if not case.terminals:
        return
    topology = case.topology
    conducting = topology.of_parts(case.conducting_parts)
    count, group = topology.components(conducting)
    net = np.arange(count)
    touched: list[np.ndarray] = []
    taken: list[tuple[str, Any]] = []
    for terminal in case.terminals:
        faces = case.terminal_faces(topology, terminal)
        if not faces.count:
            _explain_missing(case, terminal)
        keys = topology.face_keys(faces)
        for other, other_keys in taken:
            if np.isin(keys, other_keys).any():
                raise LoadError(
                    f"terminals '{terminal.name}' and '{other}' share faces; choose places that do not overlap"
                )
        taken.append((terminal.name, keys))
        groups = np.unique(group[faces.cells])
        touched.append(groups)
        if not terminal.uniform:
            net[np.isin(net, net[groups])] = net[groups].min()
    for label in np.unique(net[np.concatenate(touched)]):
        here = [
            terminal for terminal, groups in zip(case.terminals, touched, strict=True) if (net[groups] == label).any()
        ]
        if any(terminal.voltage is not None for terminal in here):
            continue
        total = sum(terminal.current for terminal in here)
        scale = max((abs(terminal.current) for terminal in here), default=0.0)
        names = ", ".join(f"'{terminal.name}' ({describe(terminal.current, 'A')})" for terminal in here)
        if abs(total) > 1e-9 * scale:
            raise LoadError(
                f"the currents into the conductor at {names} do not add up: {describe(total, 'A')} is left over, "
                "and it has no reference potential; correct them, or give one terminal a Voltage"
            )
        raise LoadError(
            f"the conductor with the terminals {names} has no reference potential; give one of its terminals a "
            "Voltage, such as Voltage(place, 0.0)"
        )


def _explain_missing(case: Case, terminal: Terminal) -> None:
    place = case.place(terminal.name)
    faces = case.topology.faces_of(place)
    if not faces.count:
        raise LoadError(f"terminal '{terminal.name}': there is no such face; is it covered by another part?")
    names = [case.package.parts[part] for part in place.parts]
    insulators = ", ".join(
        f"'{part.name}' ({'open' if part.is_void else part.material.name})" for part in names if not part.conducts
    )
    raise LoadError(
        f"terminal '{terminal.name}' is on a part without electrical conductivity: "
        f"{insulators or 'the outside of the package'}; choose a face of a metal part"
    )
