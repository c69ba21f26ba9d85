"""A case: a package and what is done to it; the checks that make the problem well posed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mcpthermal.errors import LoadError
from mcpthermal.loads import Convection, Current, CurrentLoad, FixedTemperature, HeatFlux, Power, Voltage
from mcpthermal.package.columns import Place
from mcpthermal.package.package import Package
from mcpthermal.package.places import find_place
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
            raise LoadError(
                f"a case needs a Package, not {type(self.package).__name__}; call process.package()"
            )
        loads = tuple(self.loads) if isinstance(self.loads, Iterable) else (self.loads,)
        for load in loads:
            if not isinstance(load, THERMAL + ELECTRICAL):
                raise LoadError(
                    f"{load!r} is no load; use Power, Convection, FixedTemperature, HeatFlux, Voltage, Current, ..."
                )
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
                    f"two voltages at '{place}': {describe(old.voltage, 'V')} and {describe(values['voltage'], 'V')}; keep one"
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
    for load in case.of(*THERMAL):
        kind = type(load).__name__
        place = case.place(load.place)
        volume_allowed = isinstance(load, Power | FixedTemperature)
        if place.is_volume:
            if not volume_allowed:
                raise LoadError(
                    f"{kind} at '{load.place}': this is a volume; name a face such as '{load.place}.top'"
                )
            if isinstance(load, Power) and load.distribution == "active_face":
                roles = {case.package.parts[part].role for part in place.parts}
                if roles != {"chip"}:
                    raise LoadError(
                        f"Power at '{load.place}': only a chip has an active face; use distribution='volume'"
                    )
            if not topology.of_parts(np.isin(np.arange(len(case.package.parts)), place.parts)).any():
                raise LoadError(f"{kind} at '{load.place}': nothing is left of it")
            if any(case.package.parts[part].is_void for part in place.parts):
                raise LoadError(f"{kind} at '{load.place}': it is an open hole")
            continue
        faces = topology.faces_of(place)
        if not faces.count:
            raise LoadError(
                f"{kind} at '{load.place}': there is no such face; is it covered by another part?"
            )
        if isinstance(load, Convection):
            faces = topology.exposed(faces)
            if not faces.count:
                raise LoadError(
                    f"Convection at '{load.place}': no part of this face is exposed; choose an outer face"
                )
        if isinstance(load, Convection | FixedTemperature):
            keys = topology.face_keys(faces)
            for other_kind, other, other_keys in taken:
                if np.isin(keys, other_keys).any():
                    raise LoadError(
                        f"{kind} at '{load.place}' and {other_kind} at '{other}' share faces and contradict each other; "
                        "keep one, or choose places that do not overlap"
                    )
            taken.append((kind, load.place, keys))
    if not case.of(Convection, FixedTemperature):
        raise LoadError(
            "heat has no way out of the package: add a Convection or a FixedTemperature, such as "
            "Convection('bottom', h=1000, ambient='25 degC')"
        )


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
            terminal
            for terminal, groups in zip(case.terminals, touched, strict=True)
            if (net[groups] == label).any()
        ]
        if any(terminal.voltage is not None for terminal in here):
            continue
        total = sum(terminal.current for terminal in here)
        scale = max((abs(terminal.current) for terminal in here), default=0.0)
        names = ", ".join(f"'{terminal.name}' ({describe(terminal.current, 'A')})" for terminal in here)
        if abs(total) > 1e-9 * scale:
            raise LoadError(
                f"the currents into the conductor at {names} do not add up: {describe(total, 'A')} is left over; "
                "correct them, or give one terminal a Voltage"
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
    insulators = ", ".join(f"'{part.name}' ({part.material.name})" for part in names if not part.conducts)
    raise LoadError(
        f"terminal '{terminal.name}' is on a part without electrical conductivity: {insulators or 'the package outside'}; "
        "choose a face of a metal part"
    )
