"""Terminals and circuits: which there are, and what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mcpthermal.errors import LoadError
from mcpthermal.loads import ELECTRICAL, GROUND, Current, CurrentLoad, Resistor, Voltage, is_node
from mcpthermal.units import describe

if TYPE_CHECKING:
    from mcpthermal.case.case import Case


@dataclass(frozen=True)
class Terminal:
    """A place where the conductors are connected to the outside.

    Attributes
    ----------
    name : str
        Its place.
    voltage : float or None
        The prescribed potential (V), that of a `Voltage` to the ground; at t = 0 if it varies.
    current : float
        The total of the currents that are prescribed into the conductor (A); at t = 0 if it varies.
    uniform : bool
        Whether the current density is uniform instead of the potential.
    """

    name: str
    voltage: float | None = None
    current: float = 0.0
    uniform: bool = False


class _Union:
    """Sets of things that have been joined."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        while (above := self._parent.get(item, item)) != item:
            item = above
        return item

    def join(self, a: Hashable, b: Hashable) -> bool:
        """Join the sets of two things; False if they were joined before."""
        a, b = self.find(a), self.find(b)
        self._parent[b] = a
        return a != b


def _at_zero(case: Case, *kinds: type) -> list[Any]:
    return [load.at(0.0) for load in case.of(*kinds)]


def ends(load: Any) -> tuple[str, ...]:
    """The electrical places that a load names, the ground included."""
    if isinstance(load, Voltage):
        return load.place, GROUND if load.to is None else load.to
    if isinstance(load, Resistor):
        return load.a, load.b
    return (load.place,) if isinstance(load, Current) else (load.from_, load.to)


def currents(case: Case) -> dict[str, float]:
    """The prescribed current (A) into every electrical place, 0 where none is, at t = 0; in the order of the loads."""
    total: dict[str, float] = {}
    for load in _at_zero(case, *ELECTRICAL):
        signs = (-1.0, 1.0) if isinstance(load, CurrentLoad) else (float(isinstance(load, Current)), 0.0)
        for place, sign in zip(ends(load), signs, strict=False):
            total[place] = total.get(place, 0.0) + sign * getattr(load, "current", 0.0)
    total.pop(GROUND, None)
    return total


def terminals(case: Case) -> tuple[Terminal, ...]:
    """The terminals, in the order of the loads."""
    voltages: dict[str, float] = {}
    for load in _at_zero(case, Voltage):
        if load.to is None:
            if load.place in voltages:
                raise LoadError(
                    f"two voltages at '{load.place}': {describe(voltages[load.place], 'V')} and "
                    f"{describe(load.voltage, 'V')}; keep one"
                )
            voltages[load.place] = load.voltage
    for load in case.of(Current):
        if load.place in voltages:
            raise LoadError(f"'{load.place}' has both a voltage and a current; prescribe one of them")
    uses = Counter(place for load in case.of(*ELECTRICAL) for place in ends(load))
    uniform = {load.place for load in case.of(Current) if load.distribution == "uniform"}
    for place in uniform:
        if uses[place] > 1:
            raise LoadError(
                f"'{place}' has a uniform current and other loads, for which it needs one potential; drop "
                "distribution='uniform', or the others"
            )
    return tuple(
        Terminal(place, voltages.get(place), current, place in uniform)
        for place, current in currents(case).items()
        if not is_node(place)
    )


def check(case: Case) -> None:
    """LoadError if the electrical loads do not make a well-posed problem."""
    found = case.terminals
    _check_circuit(case)
    topology = case.topology
    _, group = topology.components(topology.of_parts(case.conducting_parts))
    nets = _Union()
    touched: dict[str, set[Hashable]] = {}
    taken: list[tuple[str, Any]] = []
    for terminal in found:
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
        touched[terminal.name] = set(np.unique(group[faces.cells]).tolist())
        if not terminal.uniform:
            for conductor in touched[terminal.name]:
                nets.join(terminal.name, conductor)
    for load in case.of(Voltage, Resistor):
        nets.join(*ends(load))
    _check_references(case, nets, touched)


def _check_circuit(case: Case) -> None:
    """Refuse loops of voltages, and nodes that lead nowhere."""
    sources, joined = _Union(), _Union()
    uses: Counter[str] = Counter()
    for load in case.of(*ELECTRICAL):
        places = ends(load)
        uses.update(places)
        package_side = [place for place in places if place != GROUND]
        joined.join(package_side[0], package_side[-1])
        if isinstance(load, Voltage) and not sources.join(*places):
            same = [place for place in uses if sources.find(place) == sources.find(places[0])]
            raise LoadError(
                f"the voltages between {', '.join(map(repr, same))} form a loop, in which one follows from the "
                f"others or contradicts them; drop one, such as that from '{places[0]}' to '{places[1]}'"
            )
    nodes = [place for place in uses if is_node(place) and place != GROUND]
    for node in nodes:
        if uses[node] == 1:
            raise LoadError(
                f"'{node}' is the end of one circuit element only: nothing flows there; connect another one, or drop it"
            )
    reached = {joined.find(place) for place in uses if not is_node(place)}
    loose = [node for node in nodes if joined.find(node) not in reached]
    if loose:
        raise LoadError(
            f"{', '.join(map(repr, loose))}: this part of the circuit is not connected to the package; connect it, "
            "or drop it"
        )


def _check_references(case: Case, nets: _Union, touched: dict[str, set[Hashable]]) -> None:
    """Refuse nets that do not reach the ground."""
    total = currents(case)
    uniform = {terminal.name for terminal in case.terminals if terminal.uniform}
    labels = {place: {nets.find(item) for item in (touched[place] if place in uniform else [place])} for place in total}
    for label in dict.fromkeys(label for found in labels.values() for label in found):
        if label == nets.find(GROUND):
            continue
        here = {place: current for place, current in total.items() if label in labels[place]}
        left, scale = sum(here.values()), max(map(abs, here.values()))
        names = ", ".join(f"'{place}' ({describe(current, 'A')})" for place, current in here.items())
        varies = any(load.varies for load in case.of(Current, CurrentLoad))
        if abs(left) > 1e-9 * scale and not varies:
            raise LoadError(
                f"the currents into the conductor at {names} do not add up: {describe(left, 'A')} is left over, "
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
