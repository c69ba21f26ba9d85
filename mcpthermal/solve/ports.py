"""The resistances between the terminals of a package, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import BalanceError, InputError, near_misses
from mcpthermal.loads import FixedTemperature, Interface, Voltage
from mcpthermal.package.package import Package
from mcpthermal.package.points import is_list
from mcpthermal.solve.electrical import ElectricalProblem
from mcpthermal.solve.run import Run
from mcpthermal.units import describe, quantity

Floats = NDArray[np.float64]

ASYMMETRY = 1e-7
"""Largest difference of opposite entries, relative to the largest entry."""


@dataclass(frozen=True, eq=False)
class ResistanceMatrix:
    """The N-port of a package's conductors.

    Attributes
    ----------
    terminals : tuple of str
    resistance : (n, n) array
        R (ohm) with V = R I for currents into the terminals that add up to zero in each net, V counted from the mean of
        the net's terminals; symmetric, rows sum to zero. Between nets that are not connected it is zero.
    conductance : (n, n) array
        G (S) with I = G V, the pseudo-inverse of R; symmetric, rows sum to zero.
    net : (n,) array of int
        The connected conductor of each terminal.
    """

    terminals: tuple[str, ...]
    resistance: Floats
    conductance: Floats
    net: NDArray[np.int64]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.array(self.resistance, dtype=dtype)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n)."""
        return (len(self.terminals), len(self.terminals))

    def _index(self, name: str) -> int:
        if name not in self.terminals:
            raise InputError(f"'{name}' is no terminal of this matrix; {near_misses(str(name), self.terminals)}")
        return self.terminals.index(name)

    def between(self, a: str, b: str) -> float:
        """The resistance from a to b with all other terminals open (ohm); infinite if nothing connects them."""
        i, j = self._index(a), self._index(b)
        if self.net[i] != self.net[j]:
            return float("inf")
        matrix = self.resistance
        return float(matrix[i, i] + matrix[j, j] - 2 * matrix[i, j])

    def summary(self) -> str:
        """All resistances between two terminals as text."""
        rows = []
        for i, a in enumerate(self.terminals):
            rows += [f"  {a} to {b}: {describe(self.between(a, b), 'ohm')}" for b in self.terminals[i + 1 :]]
        return "Resistances (other terminals open)\n" + "\n".join(rows)


def resistance_matrix(
    package: Package,
    terminals: Sequence[str],
    temperature: float | str = 293.15,
    interfaces: Sequence[Interface] = (),
    mesh: Any = None,
    order: int = 2,
    *,
    linear_tolerance: float = 1e-10,
) -> ResistanceMatrix:
    """The N-port matrix between terminals of a package at a uniform temperature.

    Parameters
    ----------
    package : Package
    terminals : sequence of str
        At least two places; each is one terminal of one potential.
    temperature : float
        Of all conductors (K).
    interfaces : sequence of Interface
        Contact resistances.
    mesh, order, linear_tolerance
        As for `solve_steady`.

    Returns
    -------
    ResistanceMatrix

    Raises
    ------
    InputError
        If a terminal is unknown, named twice, or on no conductor, or an interface is something else.
    """
    names = tuple(terminals) if is_list(terminals) else (terminals,)
    if len(names) < 2 or len(set(map(str, names))) < len(names):
        raise InputError(f"resistance_matrix: the terminals {names!r} must be at least two different places")
    if not isinstance(package, Package):
        raise InputError(f"resistance_matrix needs a Package, not {type(package).__name__}; call process.package()")
    kelvin = quantity(temperature, "K", "temperature of the conductors", above=0.0)
    contacts = tuple(interfaces) if is_list(interfaces) else (interfaces,)
    for contact in contacts:
        if not isinstance(contact, Interface):
            raise InputError(
                f"resistance_matrix: {contact!r} among the interfaces is no Interface; give contacts such as "
                "Interface('a', 'b', electrical_resistivity='1e-8 ohm cm2') alone"
            )
    heat = [FixedTemperature(part.name, kelvin) for part in package.parts if not part.is_void]
    case = Case(package, (*(Voltage(name, 0.0) for name in names), *contacts, *heat))
    run = Run(case, mesh, order, linear_tolerance)
    assert run.problem.electrical is not None
    conductance = _conductance(run.problem.electrical, run.problem.thermal.reference + run.problem.start, names)
    net = _nets(case, run.mesh, names)
    # Nothing flows between nets, nor into a terminal that is alone; what was found there is round-off.
    together = (net[:, None] == net) & ((net[:, None] == net).sum(axis=1) > 1)
    conductance = np.where(together, conductance, 0.0)
    skew = float(np.abs(conductance - conductance.T).max()) / (float(np.abs(conductance).max()) or 1.0)
    if skew > ASYMMETRY:
        raise BalanceError(f"the resistance matrix is not symmetric ({skew:.1e}); lower linear_tolerance")
    conductance = (conductance + conductance.T) / 2
    np.fill_diagonal(conductance, 0.0)
    np.fill_diagonal(conductance, -conductance.sum(axis=1))
    resistance = np.zeros_like(conductance)
    for number in np.unique(net):
        here = np.flatnonzero(net == number)
        block = conductance[np.ix_(here, here)]
        # Regular on what adds up to zero; the constant vector is moved away from zero and taken out again.
        level = np.full(block.shape, 1.0 / len(here))
        scale = float(np.trace(block)) / len(here) or 1.0
        resistance[np.ix_(here, here)] = np.linalg.inv(block + scale * level) - level / scale
    return ResistanceMatrix(names, resistance, conductance, net)


def _conductance(problem: ElectricalProblem, temperature: Floats, names: Sequence[str]) -> Floats:
    """The current into each terminal (rows) with one terminal at 1 V and the others at zero (columns)."""
    number, space = problem.numbering, problem.space
    jumps = problem.jumps(temperature)
    operator = problem.operator(temperature, [jumps])
    system = space.system(operator, number)
    taken = np.zeros(space.size, bool)
    held = []
    for name in names:
        entries = problem.entries[name][~taken[problem.entries[name]]]
        taken[entries] = True
        held.append(entries)
    matrix = np.empty((len(names), len(names)))
    for column, entries in enumerate(held):
        step = problem.steps([(name, float(name == names[column])) for name in names])
        base = -step * number.is_fixed
        base[entries] += 1.0
        driven = jumps @ step
        inner, _ = problem.solve(operator, system, -number.collapse(operator.apply(base) + driven), base)
        current = operator.apply(base + number.expand(inner)) + driven
        matrix[:, column] = [current[row].sum() for row in held]
    return matrix


def _nets(case: Case, mesh: Any, names: Sequence[str]) -> NDArray[np.int64]:
    """A number for each terminal, equal where conductors or terminals in common connect them."""
    count, group = mesh.components(case.current_cells(mesh))
    label = np.arange(count)
    touched = []
    for terminal in case.terminals:
        groups = np.unique(group[case.terminal_faces(mesh, terminal).cells])
        touched.append(groups)
        label[np.isin(label, label[groups])] = label[groups].min()
    order = {terminal.name: int(label[groups[0]]) for terminal, groups in zip(case.terminals, touched, strict=True)}
    return np.array([order[name] for name in names])
