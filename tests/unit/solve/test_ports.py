"""The N-port of the conductors: against networks of bars, and against solutions with currents."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from steady_problems import AMBIENT, KINDS, meshed

import mcpthermal as mt
from mcpthermal.units import mm

EDGE, SIGMA = 1 * mm, 1e4
METAL = mt.Material("metal", 50.0, mt.Metal(1 / SIGMA, 4e-3, 300.0))
ARM = mt.Material("arm", 50.0, SIGMA)
HUB = mt.Material("hub", 50.0, 1e9)
LENGTHS = {"west": 1.0, "east": 2.0, "south": 0.5, "north": 1.5}
SQUARE = 1.0 / (SIGMA * EDGE)
"""The resistance of an arm as long as it is wide (ohm)."""


def star() -> mt.Package:
    """A cube that conducts perfectly, with an arm on each side, from face to face."""
    parts = [mt.Part("hub", mt.rectangle(EDGE), (0.0, EDGE), HUB)]
    for name, (x, y) in {"west": (-1, 0), "east": (1, 0), "south": (0, -1), "north": (0, 1)}.items():
        length = LENGTHS[name] * EDGE
        size = (length, EDGE) if x else (EDGE, length)
        centre = ((EDGE + length) / 2 * x, (EDGE + length) / 2 * y)
        parts.append(mt.Part(name, mt.rectangle(size, at=centre), (0.0, EDGE), ARM))
    return mt.Package.from_parts(parts)


ENDS = ("west.x_min", "east.x_max", "south.y_min", "north.y_max")


def matrix_of(kind: str, package: mt.Package, terminals: Any, **options: Any) -> mt.ResistanceMatrix:
    whole, mesh = meshed(kind, package, size=EDGE)
    return mt.resistance_matrix(whole, terminals, mesh=mesh, **options)


def check_shape(found: mt.ResistanceMatrix) -> None:
    for matrix in (found.resistance, found.conductance):
        size = np.abs(matrix).max()
        assert np.array_equal(matrix, matrix.T) or np.abs(matrix - matrix.T).max() < 1e-12 * size
        assert np.abs(matrix.sum(axis=1)).max() < 1e-11 * size
    assert found.resistance @ found.conductance @ found.resistance == pytest.approx(
        found.resistance, rel=1e-9, abs=1e-12
    )
    assert np.asarray(found) == pytest.approx(found.resistance)
    assert found.shape == (len(found.terminals),) * 2
    assert np.linalg.eigvalsh(found.resistance).min() > -1e-12 * np.abs(found.resistance).max()


@pytest.mark.parametrize("kind", KINDS)
def test_a_star_of_four_arms(kind: str) -> None:
    found = matrix_of(kind, star(), ENDS)
    check_shape(found)
    arms = {end: LENGTHS[end.split(".")[0]] * SQUARE for end in ENDS}
    for a, b in combinations(ENDS, 2):
        assert found.between(a, b) == pytest.approx(arms[a] + arms[b], rel=1e-4)
        assert found.between(b, a) == pytest.approx(found.between(a, b), rel=1e-14)
    # Star and mesh: G_ij = -g_i g_j / sum of g.
    g = np.array([1 / arms[end] for end in ENDS])
    expected = np.diag(g) - np.outer(g, g) / g.sum()
    assert found.conductance == pytest.approx(expected, rel=1e-4)
    assert found.between("west.x_min", "west.x_min") == 0.0
    assert "west.x_min to east.x_max" in found.summary()


@pytest.mark.parametrize("kind", KINDS)
def test_leaving_a_terminal_out_leaves_it_open(kind: str) -> None:
    three = matrix_of(kind, star(), ENDS[:3])
    check_shape(three)
    assert three.between(*ENDS[:2]) == pytest.approx(3.0 * SQUARE, rel=1e-4)
    # Three arms and the triangle that is equivalent: R_ab = r_a + r_b + r_a r_b / r_c.
    a, b, c = (LENGTHS[end.split(".")[0]] * SQUARE for end in ENDS[:3])
    assert -1 / three.conductance[0, 1] == pytest.approx(a + b + a * b / c, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_nets_that_nothing_connects(kind: str) -> None:
    parts = [
        mt.Part("one", mt.rectangle((2 * EDGE, EDGE)), (0.0, EDGE), ARM),
        mt.Part("gap", mt.rectangle((2 * EDGE, EDGE)), (EDGE, 2 * EDGE), mt.Material("gap", 1.0)),
        mt.Part("two", mt.rectangle((2 * EDGE, EDGE)), (2 * EDGE, 3 * EDGE), METAL),
    ]
    ends = ("two.x_min", "one.x_min", "two.x_max", "one.x_max")
    found = matrix_of(kind, mt.Package.from_parts(parts), ends, temperature=350.0)
    check_shape(found)
    assert found.between("one.x_min", "two.x_min") == float("inf")
    assert found.between("one.x_min", "one.x_max") == pytest.approx(2 * SQUARE, rel=1e-8)
    assert found.between("two.x_min", "two.x_max") == pytest.approx(2 * SQUARE * 1.2, rel=1e-8)
    assert found.resistance[0, 1] == found.resistance[0, 3] == 0.0
    assert found.net[0] == found.net[2] != found.net[1] == found.net[3]


@pytest.mark.parametrize("kind", KINDS)
def test_terminals_that_are_alone_on_their_nets(kind: str) -> None:
    gap = mt.Material("gap", 1.0)
    parts = [replace(part, material=gap) if part.name == "hub" else part for part in star()]
    found = matrix_of(kind, mt.Package.from_parts(parts), ENDS[:2])
    assert found.between(*ENDS[:2]) == float("inf")
    assert not found.conductance.any() and not found.resistance.any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_contact_counts(kind: str) -> None:
    contact = mt.Interface("hub", "west", 1e-3, mt.Linear(1e-7, 1e-9, 300.0))
    found = matrix_of(kind, star(), ENDS[:2], temperature="76.85 degC", interfaces=[contact])
    resistance = 3.0 * SQUARE + 1.5e-7 / EDGE**2
    assert found.between(*ENDS[:2]) == pytest.approx(resistance, rel=1e-4)
    check_shape(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("resistivity", [1e-4, 1.0, 1e3])
def test_a_contact_that_insulates(resistivity: float, kind: str) -> None:
    """Currents far below the rounding of potentials times conductances: still right, and the others undisturbed."""
    contact = mt.Interface("hub", "west", 0.0, resistivity)
    found = matrix_of(kind, star(), ENDS[:3], interfaces=[contact])
    assert found.between(*ENDS[:2]) == pytest.approx(3.0 * SQUARE + resistivity / EDGE**2, rel=1e-4)
    assert found.between(*ENDS[1:3]) == pytest.approx(2.5 * SQUARE, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_matrix_tells_what_a_solution_does(kind: str) -> None:
    """A bar on a plate with terminals on parts of its faces: no formula, but the same field."""
    parts = [
        mt.Part("plate", mt.rectangle((4 * EDGE, 3 * EDGE)), (0.0, 0.5 * EDGE), ARM),
        mt.Part("pad", mt.rectangle(EDGE, at=(EDGE, EDGE / 2)), (0.5 * EDGE, EDGE), ARM),
        mt.Part("stud", mt.circle(EDGE, at=(-EDGE, -EDGE / 2)), (0.5 * EDGE, EDGE), ARM),
    ]
    names = ("pad.top", "stud.top", "plate.x_min", "plate.x_max")
    whole, mesh = meshed(kind, mt.Package.from_parts(parts), size=EDGE)
    found = mt.resistance_matrix(whole, names, mesh=mesh)
    check_shape(found)
    currents = np.array([2.0, -0.5, 1.0, -2.5])
    held = [mt.FixedTemperature(part.name, AMBIENT) for part in whole.parts]
    loads = [
        *(mt.Current(name, ampere) for name, ampere in zip(names[:3], currents, strict=False)),
        mt.Voltage(names[3], 0.0),
    ]
    result = mt.solve_steady(mt.Case(whole, [*held, *loads]), mesh)
    volts = found.resistance @ currents
    for name, volt in zip(names, volts - volts[3], strict=True):
        assert result.voltage(name) == pytest.approx(volt, rel=1e-8, abs=1e-12)
    # A terminal without a current still has one potential.
    pair = [mt.Current(names[0], 1.0), mt.Voltage(names[1], 0.0), *(mt.Current(name, 0.0) for name in names[2:])]
    alone = mt.solve_steady(mt.Case(whole, [*held, *pair]), mesh)
    assert found.between(*names[:2]) == pytest.approx(alone.resistance(*names[:2]), rel=1e-8)


def test_what_is_no_port_is_refused() -> None:
    package = star()
    for terminals, words in (
        (["west.x_min"], "two different places"),
        (["west.x_min", "west.x_min"], "two different places"),
        (["west.x_min", "est.x_max"], "no part"),
        (["west.x_min", "east"], "volume"),
        ("west.x_min", "two different places"),
    ):
        with pytest.raises(mt.InputError, match=words):
            mt.resistance_matrix(package, terminals)
    with pytest.raises(mt.InputError, match=r"call process\.package"):
        mt.resistance_matrix("package", ENDS)  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match="temperature"):
        mt.resistance_matrix(package, ENDS, temperature=float("nan"))
    found = matrix_of("columns", package, ENDS[:2])
    with pytest.raises(mt.InputError, match="did you mean 'west"):
        found.between("west.xmin", "east.x_max")


@pytest.mark.parametrize(
    "wrong",
    [
        mt.Current("hub.top", 1.0),
        mt.Voltage("hub.top", 1.0),
        mt.Resistor("west.x_min", "east.x_max", 1.0),
        mt.Power("hub", 1.0),
        None,
        "hub",
    ],
)
def test_nothing_but_interfaces_counts(wrong: Any) -> None:
    """Loads would drive currents of their own through the matrix."""
    for given in (wrong, [wrong]):
        with pytest.raises(mt.InputError, match="among the interfaces is no Interface; give contacts such as"):
            mt.resistance_matrix(star(), ENDS[:2], interfaces=given)
