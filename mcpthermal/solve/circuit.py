"""The circuit outside a package: sources and resistors between terminals and free nodes, reduced to the terminals.

Nodal analysis (Ho, Ruehli and Brennan, The modified nodal approach to network analysis, IEEE Trans. Circuits and
Systems 22, 1975). Voltage sources join nodes to groups of one unknown and fixed offsets, free nodes are eliminated:
what the field sees is symmetric, a conductance between its terminals and currents into them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.loads import Current, CurrentLoad, Resistor, Voltage

Floats = NDArray[np.float64]

GROUND = "node:ground"


class Circuit:
    """All electrical loads of a case but uniform currents, on groups of nodes that voltage sources join.

    Attributes
    ----------
    nodes : list of str
        Terminals and circuit nodes; the first is ground.
    group : (n_nodes,) array of int
        The group of each node; group 0 contains ground.
    offset : (n_nodes,) array
        Its potential above that of its group's head (V); a group's head is its first terminal.
    heads : list of int
        The first node of each group, of those with a terminal the first terminal.
    """

    def __init__(self, case: Case, terminals: list[str]) -> None:
        elements = case.of(Voltage, Current, CurrentLoad, Resistor)
        self.nodes = [GROUND, *terminals]
        self._terminals = set(terminals)
        self._resistors: list[tuple[int, int, float]] = []
        self._currents: list[tuple[int, float]] = []
        sources: list[tuple[int, int, float]] = []
        for load in elements:
            if isinstance(load, Voltage):
                sources.append((self._node(load.place), self._node(load.to or GROUND), load.voltage))
            elif isinstance(load, Resistor):
                self._resistors.append((self._node(load.a), self._node(load.b), load.resistance))
            elif isinstance(load, CurrentLoad):
                self._currents += [(self._node(load.from_), -load.current), (self._node(load.to), load.current)]
            elif load.distribution != "uniform":
                self._currents.append((self._node(load.place), load.current))
        self._join(sources)

    def _node(self, name: str) -> int:
        if name not in self.nodes:
            self.nodes.append(name)
        return self.nodes.index(name)

    def _join(self, sources: list[tuple[int, int, float]]) -> None:
        count = len(self.nodes)
        label, level = np.arange(count), np.zeros(count)
        for a, b, volt in sources:
            moved = label == label[a]
            level[moved] += level[b] + volt - level[a]
            label[moved] = label[b]
        _, self.group = np.unique(label, return_inverse=True)
        order = np.unique(self.group, return_index=True)[1]
        self.group = np.argsort(np.argsort(order))[self.group]
        self.heads = []
        for number in range(self.group.max() + 1):
            members = np.flatnonzero(self.group == number).tolist()
            with_field = [node for node in members if self.nodes[node] in self._terminals]
            self.heads.append(members[0] if number == 0 or not with_field else with_field[0])
        self.offset = level - level[np.array(self.heads)[self.group]]

    def members(self, number: int) -> list[tuple[str, float]]:
        """The terminals of a group and their offsets (V)."""
        found = np.flatnonzero(self.group == number).tolist()
        return [(self.nodes[n], float(self.offset[n])) for n in found if self.nodes[n] in self._terminals]

    @property
    def field_groups(self) -> list[int]:
        """The groups with terminals whose potential is unknown."""
        return [number for number in range(1, len(self.heads)) if self.members(number)]

    def _network(self, currents: float, voltages: float) -> tuple[Floats, Floats]:
        """Conductance among all groups, and the currents into them with all heads at zero."""
        count = len(self.heads)
        conductance, injected = np.zeros((count, count)), np.zeros(count)
        for a, b, resistance in self._resistors:
            i, j = self.group[a], self.group[b]
            flow = voltages * (self.offset[a] - self.offset[b]) / resistance
            for row, column, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
                conductance[row, column] += sign / resistance
            injected[i] -= flow
            injected[j] += flow
        for node, current in self._currents:
            injected[self.group[node]] += currents * current
        return conductance, injected

    def reduced(self, currents: float = 1.0, voltages: float = 1.0) -> tuple[Floats, Floats]:
        """Conductance among the field's groups, and the currents into them at zero potential.

        `currents` and `voltages` multiply the sources. The current into group i is ``currents[i] - conductance[i] @ V``
        with V the potentials of the groups' heads.
        """
        conductance, injected = self._network(currents, voltages)
        kept, free = self._split()
        if free:
            solved = np.linalg.solve(
                conductance[np.ix_(free, free)], np.column_stack([conductance[np.ix_(free, kept)], injected[free]])
            )
            across = conductance[np.ix_(kept, free)]
            return conductance[np.ix_(kept, kept)] - across @ solved[:, :-1], injected[kept] - across @ solved[:, -1]
        return conductance[np.ix_(kept, kept)], injected[kept]

    def _split(self) -> tuple[list[int], list[int]]:
        kept = self.field_groups
        return kept, [number for number in range(1, len(self.heads)) if number not in kept]

    def potentials(self, heads: Floats, currents: float = 1.0, voltages: float = 1.0) -> dict[str, float]:
        """The potential of every node (V) from those of the field groups' heads."""
        conductance, injected = self._network(currents, voltages)
        kept, free = self._split()
        level = np.zeros(len(self.heads))
        level[kept] = heads
        if free:
            load = injected[free] - conductance[np.ix_(free, kept)] @ heads
            level[free] = np.linalg.solve(conductance[np.ix_(free, free)], load)
        shifted = level[self.group] + voltages * self.offset
        return dict(zip(self.nodes, shifted.tolist(), strict=True))

    def elements(self, potentials: dict[str, float]) -> list[dict[str, Any]]:
        """One row for each resistor: its ends, resistance (ohm), current from a to b (A) and power (W)."""
        rows = []
        for a, b, resistance in self._resistors:
            drop = potentials[self.nodes[a]] - potentials[self.nodes[b]]
            row = {"a": self.nodes[a], "b": self.nodes[b], "resistance": resistance}
            rows.append({**row, "current": drop / resistance, "power": drop**2 / resistance})
        return rows
