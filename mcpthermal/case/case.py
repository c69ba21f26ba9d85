"""The case itself; its checks are in the modules beside it."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mcpthermal.case import contacts, electrical, thermal
from mcpthermal.case.accuracy import AccuracySpec
from mcpthermal.case.electrical import Terminal
from mcpthermal.case.transient import TransientSpec
from mcpthermal.errors import LoadError
from mcpthermal.loads import ELECTRICAL, THERMAL, Interface
from mcpthermal.package.columns import Place
from mcpthermal.package.package import Package
from mcpthermal.package.places import find_place
from mcpthermal.package.points import is_list

KINDS = (*THERMAL, *ELECTRICAL, Interface)


@dataclass(frozen=True)
class Case:
    """A package and its loads.

    Parameters
    ----------
    package : Package
    loads : sequence of loads
        `Power`, `Leakage`, `PowerMap`, `PowerTrace`, `HeatFlux`, `Convection`, `Radiation`, `HeatSink`,
        `FixedTemperature`, `Voltage`, `Current`, `CurrentLoad`, `Resistor`, `Interface`.
    name : str
        For reports and folders.
    transient : TransientSpec, optional
        How a solution in time is asked for.
    accuracy : AccuracySpec, optional
        How exact a steady solution is asked to be; a command then adapts the mesh.

    Raises
    ------
    LoadError
        If a place is unknown or empty, loads contradict each other, heat has no way out, or a conductor has
        a current and no reference potential.
    """

    package: Package
    loads: tuple[Any, ...]
    name: str = "case"
    transient: TransientSpec | None = None
    accuracy: AccuracySpec | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.package, Package):
            raise LoadError(f"a case needs a Package, not {type(self.package).__name__}; call process.package()")
        loads = tuple(self.loads) if is_list(self.loads) else (self.loads,)
        for load in loads:
            if not isinstance(load, KINDS):
                names = ", ".join(kind.__name__ for kind in KINDS)
                raise LoadError(f"{load!r} is no load; use {names}")
        if not isinstance(self.name, str) or not self.name.strip():
            raise LoadError(f"name of a case: {self.name!r} is not allowed; give a word, e.g. 'power_on'")
        if self.transient is not None and not isinstance(self.transient, TransientSpec):
            raise LoadError(
                f"transient of case '{self.name}': {self.transient!r} is no TransientSpec; give one, or None"
            )
        if self.accuracy is not None and not isinstance(self.accuracy, AccuracySpec):
            raise LoadError(f"accuracy of case '{self.name}': {self.accuracy!r} is no AccuracySpec; give one, or None")
        object.__setattr__(self, "loads", loads)
        thermal.check(self)
        contacts.check(self)
        electrical.check(self)

    def of(self, *kinds: type) -> tuple[Any, ...]:
        """All loads of the given types."""
        return tuple(load for load in self.loads if isinstance(load, kinds))

    @cached_property
    def varies(self) -> bool:
        """Whether a load is a function of the time."""
        return any(load.varies for load in self.loads)

    def at(self, time: float) -> Case:
        """The case with all loads as they are at a time (s); itself if none varies.

        Raises
        ------
        InputError
            If a load has a value at that time that is not allowed.
        """
        if not self.varies:
            return self
        # Places and contradictions do not depend on the time: they have been checked.
        case = copy.copy(self)
        object.__setattr__(case, "loads", tuple(load.at(time) for load in self.loads))
        for name in ("varies", "terminals"):
            case.__dict__.pop(name, None)
        return case

    def next_corner(self, time: float) -> float:
        """The first time after `time` (s) at which a load or its slope jumps; inf if there is none."""
        return min((load.next_corner(time) for load in self.loads), default=math.inf)

    def place(self, text: str) -> Place:
        """What a place of this package means."""
        return find_place(self.package, text)

    @property
    def topology(self) -> Any:
        """The cells on which placements are checked before meshing: the package's regions, or its own mesh."""
        mesh = self.package.mesh
        return self.package.arrangement.columns if mesh is None else mesh

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The contacts with a resistance."""
        return self.of(Interface)

    def interface_faces(self, topology: Any, interface: Interface) -> Any:
        """The faces of an interface, seen from side `a`, on the package's regions or on a mesh.

        Where both sides could be either, each face is listed once, seen from the part that is laid down first.
        """
        return contacts.faces(self, topology, interface)

    @cached_property
    def terminals(self) -> tuple[Terminal, ...]:
        """The electrical terminals, places of the package; several loads at one place add up.

        The values of loads that vary are those at t = 0.
        """
        return electrical.terminals(self)

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
