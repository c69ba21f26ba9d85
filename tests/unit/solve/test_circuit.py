"""Circuits against a dense nodal analysis with all nodes and source currents as unknowns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mcpthermal as mt
from mcpthermal.loads import GROUND
from mcpthermal.solve.circuit import Circuit

Floats = NDArray[np.float64]
TERMINALS = ["t0", "t1", "t2", "t3"]
NODES = ["node:a", "node:b", "node:c"]


@dataclass
class Loads:
    """What a circuit asks of a case."""

    loads: list[Any]

    def of(self, *kinds: type) -> tuple[Any, ...]:
        return tuple(load for load in self.loads if isinstance(load, kinds))


def circuit_of(*loads: Any, terminals: list[str] | None = None) -> Circuit:
    case: Any = Loads(list(loads))
    return Circuit(case, TERMINALS if terminals is None else terminals)


def field_matrix(rng: np.random.Generator) -> Floats:
    """The conductance between the terminals of a conductor: only differences count."""
    branches = np.triu(rng.uniform(0.5, 2.0, (4, 4)), 1)
    branches += branches.T
    return np.asarray(np.diag(branches.sum(axis=1)) - branches)


def random_loads(rng: np.random.Generator, sources: int) -> list[Any]:
    """A network in which every node reaches the ground through resistors, and sources without a loop."""
    names = [GROUND, *TERMINALS, *NODES]
    loads: list[Any] = []
    for number in range(1, len(names)):
        loads.append(mt.Resistor(names[number], names[rng.integers(number)], rng.uniform(0.2, 5.0)))
    for _ in range(4):
        a, b = rng.choice(len(names), 2, replace=False)
        loads.append(mt.Resistor(names[a], names[b], rng.uniform(0.2, 5.0)))
    order = rng.permutation(np.arange(1, len(names)))
    for place in range(sources):
        earlier = [GROUND, *(names[n] for n in order[:place])]
        loads.append(mt.Voltage(names[order[place]], rng.uniform(-3, 3), to=earlier[rng.integers(len(earlier))]))
    for name in (*TERMINALS[:2], *NODES[:2]):
        loads.append(mt.Current(name, rng.uniform(-2, 2)))
    a, b = rng.choice(len(names), 2, replace=False)
    loads.append(mt.CurrentLoad(names[a], names[b], rng.uniform(0.5, 2.0)))
    return [loads[n] for n in rng.permutation(len(loads))]


def full_analysis(
    loads: list[Any], field: Floats, currents: float, voltages: float
) -> tuple[dict[str, float], list[float]]:
    """Potentials of all nodes, and the current that each voltage source drives into its place."""
    names = [GROUND, *TERMINALS, *NODES]
    at = {name: n for n, name in enumerate(names)}
    sources = [load for load in loads if isinstance(load, mt.Voltage)]
    count = len(names) + len(sources)
    matrix, right = np.zeros((count, count)), np.zeros(count)
    terminals = [at[name] for name in TERMINALS]
    matrix[np.ix_(terminals, terminals)] += field
    for load in loads:
        if isinstance(load, mt.Resistor):
            a, b = at[load.a], at[load.b]
            for i, j in ((a, b), (b, a)):
                matrix[i, i] += 1 / load.resistance
                matrix[i, j] -= 1 / load.resistance
        elif isinstance(load, mt.Current):
            right[at[load.place]] += currents * load.current
        elif isinstance(load, mt.CurrentLoad):
            right[at[load.from_]] -= currents * load.current
            right[at[load.to]] += currents * load.current
    for number, load in enumerate(sources, len(names)):
        a, b = at[load.place], at[load.to or GROUND]
        matrix[number, a] += 1
        matrix[number, b] -= 1
        matrix[a, number] -= 1
        matrix[b, number] += 1
        right[number] = voltages * load.voltage
    matrix[0], right[0] = np.eye(count)[0], 0.0
    solved = np.linalg.solve(matrix, right)
    return dict(zip(names, solved[: len(names)].tolist(), strict=True)), solved[len(names) :].tolist()


def solve_reduced(circuit: Circuit, field: Floats, currents: float, voltages: float) -> dict[str, float]:
    """The field with the circuit's share, on the heads of its groups."""
    conductance, injected = circuit.reduced(currents, voltages)
    assert np.abs(conductance - conductance.T).max(initial=0.0) < 1e-12
    choose, offset = np.zeros((4, len(injected))), np.zeros(4)
    for column, number in enumerate(circuit.field_groups):
        for name, volt in circuit.members(number):
            choose[TERMINALS.index(name), column] = 1.0
            offset[TERMINALS.index(name)] = voltages * volt
    for name, volt in circuit.members(0):
        offset[TERMINALS.index(name)] = voltages * volt
    heads = np.linalg.solve(choose.T @ field @ choose + conductance, injected - choose.T @ field @ offset)
    found = circuit.potentials(heads, currents, voltages)
    assert [found[name] for name in TERMINALS] == pytest.approx(choose @ heads + offset, rel=1e-12, abs=1e-12)
    return found


@pytest.mark.parametrize("factors", [(1.0, 1.0), (0.3, 2.0)])
@pytest.mark.parametrize("sources", [0, 1, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_random_networks(seed: int, sources: int, factors: tuple[float, float]) -> None:
    rng = np.random.default_rng(100 * seed + sources)
    loads, field = random_loads(rng, sources), field_matrix(rng)
    expected, driven = full_analysis(loads, field, *factors)
    circuit = circuit_of(*loads)
    found = solve_reduced(circuit, field, *factors)
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-10)
    # What the resistors and the field dissipate is what the sources deliver.
    rows = circuit.elements(found)
    resistors = [load for load in loads if isinstance(load, mt.Resistor)]
    for row, load in zip(rows, resistors, strict=True):
        drop = expected[load.a] - expected[load.b]
        assert (row["a"], row["b"], row["resistance"]) == (load.a, load.b, load.resistance)
        assert row["current"] == pytest.approx(drop / load.resistance, rel=1e-8, abs=1e-9)
        assert row["power"] == pytest.approx(row["current"] ** 2 * load.resistance, rel=1e-12)
    at = np.array([found[name] for name in TERMINALS])
    dissipated = sum(row["power"] for row in rows) + at @ field @ at
    volts = [factors[1] * load.voltage for load in loads if isinstance(load, mt.Voltage)]
    delivered = sum(volt * current for volt, current in zip(volts, driven, strict=True))
    for load in loads:
        if isinstance(load, mt.Current):
            delivered += factors[0] * load.current * found[load.place]
        elif isinstance(load, mt.CurrentLoad):
            delivered += factors[0] * load.current * (found[load.to] - found[load.from_])
    assert dissipated == pytest.approx(delivered, rel=1e-9)


def test_without_a_circuit_currents_go_straight_to_the_field() -> None:
    circuit = circuit_of(mt.Current("t1", 2.0), mt.CurrentLoad("t2", "t3", 0.5), mt.Voltage("t0", 1.5))
    conductance, injected = circuit.reduced()
    assert circuit.members(0) == [("t0", 1.5)]
    assert [circuit.members(number) for number in circuit.field_groups] == [[("t1", 0.0)], [("t2", 0.0)], [("t3", 0.0)]]
    assert not conductance.any() and injected.tolist() == [2.0, -0.5, 0.5]
    assert circuit.reduced(currents=3.0)[1].tolist() == [6.0, -1.5, 1.5]


def test_offsets_add_along_a_chain_of_sources() -> None:
    """Whatever the order of the sources, and with the ground inside of the chain."""
    chain = [mt.Voltage("t1", 2.0, to="t0"), mt.Voltage("node:a", 0.5, to="t1"), mt.Voltage("t2", -3.0, to="node:a")]
    for loads in (chain, chain[::-1], [chain[1], chain[0], chain[2]]):
        circuit = circuit_of(*loads)
        (number,) = (n for n in circuit.field_groups if len(circuit.members(n)) == 3)
        members = dict(circuit.members(number))
        assert members["t1"] - members["t0"] == pytest.approx(2.0, rel=1e-15)
        assert members["t2"] - members["t0"] == pytest.approx(-0.5, rel=1e-15)
        assert 0.0 in members.values()
        grounded = circuit_of(*loads, mt.Voltage("node:a", 10.0))
        assert dict(grounded.members(0)) == pytest.approx({"t0": 7.5, "t1": 9.5, "t2": 7.0}, rel=1e-14)
        assert grounded.potentials(np.array([1.0]))["node:a"] == pytest.approx(10.0, rel=1e-15)
        assert grounded.potentials(np.array([1.0]))["t3"] == 1.0


def test_free_nodes_are_eliminated() -> None:
    """Two resistors in a row are one, and a star becomes a triangle."""
    circuit = circuit_of(mt.Resistor("t0", "node:a", 2.0), mt.Resistor("node:a", "t1", 3.0), mt.Voltage("t3", 0.0))
    conductance, injected = circuit.reduced()
    assert conductance[:2, :2] == pytest.approx(np.array([[0.2, -0.2], [-0.2, 0.2]]), rel=1e-14)
    assert not injected.any()
    star = [mt.Resistor(name, "node:c", r) for name, r in (("t0", 1.0), ("t1", 2.0), ("t2", 4.0))]
    conductance, injected = circuit_of(*star, mt.Voltage("t3", 0.0), mt.Current("node:c", 7.0)).reduced()
    total = 1 + 1 / 2 + 1 / 4
    assert -conductance[0, 1] == pytest.approx(1 / 2 / total, rel=1e-14)
    assert -conductance[1, 2] == pytest.approx(1 / 8 / total, rel=1e-14)
    # The current into the star divides as the conductances.
    assert injected == pytest.approx([4.0, 2.0, 1.0], rel=1e-14)


def test_a_source_behind_a_resistor_is_a_current_source() -> None:
    circuit = circuit_of(mt.Voltage("node:a", 12.0), mt.Resistor("node:a", "t0", 4.0), mt.Voltage("t1", 0.0))
    conductance, injected = circuit.reduced()
    assert conductance[0, 0] == pytest.approx(0.25, rel=1e-15) and injected[0] == pytest.approx(3.0, rel=1e-15)
    assert circuit.reduced(voltages=0.5)[1][0] == pytest.approx(1.5, rel=1e-15)
    found = circuit.potentials(np.array([4.0, 0.0, 0.0]))
    (row,) = circuit.elements(found)
    assert row == {"a": "node:a", "b": "t0", "resistance": 4.0, "current": 2.0, "power": 16.0}


def test_a_resistor_between_joined_nodes_leaves_the_field_alone() -> None:
    circuit = circuit_of(mt.Voltage("t0", 6.0, to="t1"), mt.Resistor("t0", "t1", 3.0), mt.Voltage("t2", 0.0))
    conductance, injected = circuit.reduced()
    assert np.abs(conductance).max() < 1e-15 and np.abs(injected).max() < 1e-15
    (row,) = circuit.elements(circuit.potentials(np.zeros(len(injected))))
    assert row["current"] == pytest.approx(2.0, rel=1e-15) and row["power"] == pytest.approx(12.0, rel=1e-15)


def test_uniform_currents_are_no_part_of_the_circuit() -> None:
    circuit = circuit_of(mt.Current("t0", 2.0, distribution="uniform"), mt.Voltage("t1", 0.0), terminals=["t1"])
    assert circuit.nodes == [GROUND, "t1"] and circuit.field_groups == []
    conductance, injected = circuit.reduced()
    assert conductance.shape == (0, 0) and injected.shape == (0,)
    assert circuit.potentials(injected) == {GROUND: 0.0, "t1": 0.0}
