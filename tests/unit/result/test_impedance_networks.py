"""Foster and Cauer networks, and the structure function of a known stack of layers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.result.impedance import fit_foster
from mcpthermal.units import mm, um

SIDE = 1 * mm
AREA = SIDE**2
FILM = 5000.0
LAYERS = (
    ("si", 0.3 * mm, 130.0, 1.63e6),
    ("tim", 50 * um, 3.0, 2.2e6),
    ("cu", 2 * mm, 390.0, 3.45e6),
)
"""From the heated face downwards: name, thickness (m), conductivity (W/(m K)), heat capacity (J/(m3 K))."""

RESISTANCES = np.array([thickness / conductivity for _, thickness, conductivity, _ in LAYERS]) / AREA
CAPACITIES = np.array([thickness * capacity for _, thickness, _, capacity in LAYERS]) * AREA

KNOWN = mt.Foster(np.array([0.5, 2.0, 7.0]), np.array([1e-4, 3e-2, 1.5]), 0.0)


@pytest.fixture(scope="module")
def impedance() -> mt.ThermalImpedance:
    """Of the stack, heated at its top face, so exact that its ladder shows the layers."""
    parts, z = [], 0.0
    for name, thickness, conductivity, capacity in reversed(LAYERS):
        material = mt.Material(name, conductivity, density=1000.0, specific_heat=capacity / 1000.0)
        parts.append(mt.Part(name, mt.rectangle(SIDE), (z, z + thickness), material))
        z += thickness
    case = mt.Case(mt.Package.from_parts(parts), [mt.Convection("bottom", FILM, 300.0)])
    spec = mt.MeshSpec("coarse", edge_size=SIDE, max_size=SIDE, layer_size=3 * um, max_layer_size=40 * um)
    mesh = mt.generate_mesh(case.package, spec)
    top = mt.TemperatureAt((0.0, 0.0, z))
    return mt.thermal_impedance(
        case, "si.top", [top], mesh, times=np.geomspace(1e-6, 100.0, 81).tolist(), tolerance=1e-8
    )


def foster_at(network: mt.Foster, frequency: float) -> float:
    """Z(s) (K/W) at a real s (1/s)."""
    return float((network.resistances / (1 + frequency * network.time_constants)).sum())


def cauer_at(network: mt.Cauer, frequency: float) -> float:
    """Z(s) (K/W) of the ladder, from its end to the junction."""
    total = 0.0
    for resistance, capacity in zip(network.resistances[::-1], network.capacities[::-1], strict=True):
        total = 1 / (frequency * capacity + 1 / (resistance + total))
    return total


def inner_lines(network: mt.Cauer) -> list[np.ndarray]:
    """Slope and intercept of the structure function in each layer, from the steps well inside of it.

    The line of a uniform layer passes between the corners of the ladder's steps: it is the mean of the lines through
    the middles of their heights and of their treads.
    """
    resistance, capacity = network.structure()
    before, below = np.r_[0.0, resistance[:-1]], np.r_[0.0, capacity[:-1]]
    points = ((before, (below + capacity) / 2), ((before + resistance) / 2, capacity))
    ends = np.r_[0.0, np.cumsum(RESISTANCES)]
    lines = []
    for low, high in pairwise(ends):
        margin = 0.05 * (high - low)
        inside = [(x[keep], y[keep]) for x, y in points if (keep := (x > low + margin) & (x < high - margin)).any()]
        assert len(inside) == 2 and min(len(x) for x, _ in inside) >= 2
        lines.append(np.mean([np.polyfit(x, y, 1) for x, y in inside], axis=0))
    return lines


def test_the_structure_function_shows_the_layers(impedance: mt.ThermalImpedance) -> None:
    """Its straight pieces meet where the layers do: resistances and capacities within 2 %."""
    ladder = impedance.cauer()
    film = np.array([0.0, ladder.structure()[1][-1]])
    lines = [*inner_lines(ladder), film]
    kinks = []
    for (slope, start), (next_slope, next_start) in pairwise(lines):
        place = (next_start - start) / (slope - next_slope)
        kinks.append((place, slope * place + start))
    resistances, capacities = np.diff(np.array([(0.0, 0.0), *kinks]), axis=0).T
    assert resistances == pytest.approx(RESISTANCES, rel=0.02)
    assert capacities == pytest.approx(CAPACITIES, rel=0.02)


def test_the_differential_structure_function_is_the_slope(impedance: mt.ThermalImpedance) -> None:
    """dC/dR of a layer is its conductivity times its heat capacity times the area squared."""
    place, slope = impedance.cauer().differential_structure()
    ends = np.cumsum(RESISTANCES)
    for (_, _, conductivity, capacity), low, high in zip(LAYERS, np.r_[0.0, ends], ends, strict=False):
        inside = (place > low + 0.2 * (high - low)) & (place < low + 0.8 * (high - low))
        assert np.exp(np.log(slope[inside]).mean()) == pytest.approx(conductivity * capacity * AREA**2, rel=0.25)


def test_totals_of_the_ladder(impedance: mt.ThermalImpedance) -> None:
    """All of its resistance is the steady one, all of its capacity the body's."""
    ladder = impedance.cauer()
    resistance, capacity = ladder.structure()
    assert resistance[-1] == pytest.approx(impedance.resistance("si.top"), rel=1e-6)
    assert resistance[-1] == pytest.approx(RESISTANCES.sum() + 1 / (FILM * AREA), rel=1e-6)
    assert capacity[-1] == pytest.approx(CAPACITIES.sum(), rel=0.01)
    assert (ladder.resistances > 0).all() and (ladder.capacities > 0).all()


def test_ladder_and_chain_have_the_same_impedance(impedance: mt.ThermalImpedance) -> None:
    for chain in (impedance.full_foster(), impedance.foster(6), KNOWN):
        ladder = chain.cauer()
        assert len(ladder.resistances) == len(chain.resistances)
        for frequency in (0.0, 1e-3, 0.3, 10.0, 1e3, 1e5):
            assert cauer_at(ladder, frequency) == pytest.approx(foster_at(chain, frequency), rel=1e-6)


def test_a_ladder_of_two_by_hand() -> None:
    """C1 = 1, R1 = 1, C2 = 2, R2 = 3: Z(s) = (2 s + 4/3) / (2 s^2 + 10/3 s + 1/3), in partial fractions."""
    taus = np.sort(-1 / np.roots([2.0, 10 / 3, 1 / 3]))
    rates = 1 / taus
    residues = np.array([(4 / 3 - 2 * rate) / (10 / 3 - 4 * rate) for rate in rates])
    ladder = mt.Foster(residues / rates, taus, 0.0).cauer()
    assert ladder.resistances == pytest.approx([1.0, 3.0], rel=1e-9)
    assert ladder.capacities == pytest.approx([1.0, 2.0], rel=1e-9)
    resistance, capacity = ladder.structure()
    assert resistance == pytest.approx([1.0, 4.0]) and capacity == pytest.approx([1.0, 3.0])


def test_few_elements_fit_well(impedance: mt.ThermalImpedance) -> None:
    chain = impedance.foster(6)
    assert len(chain.resistances) == 6 and chain.error < 0.01
    assert (np.diff(chain.time_constants) > 0).all()
    found = np.abs(chain(impedance.times) - impedance.curve("si.top")).max() / impedance.curve("si.top")[-1]
    assert found == pytest.approx(chain.error, rel=1e-6)
    assert impedance.foster(3).error > chain.error
    assert impedance.full_foster().error < 1e-6


def test_a_chain_evaluates() -> None:
    by_hand = sum(r * (1 - np.exp(-0.1 / tau)) for r, tau in ((0.5, 1e-4), (2.0, 3e-2), (7.0, 1.5)))
    assert KNOWN(0.1) == pytest.approx(by_hand, rel=1e-12)
    assert KNOWN([0.0, 1e9]) == pytest.approx([0.0, 9.5])
    assert KNOWN.capacities == pytest.approx([2e-4, 1.5e-2, 1.5 / 7])


def test_a_fit_finds_the_chain_that_it_was_made_from() -> None:
    times = np.geomspace(1e-6, 100.0, 161)
    found = fit_foster(times, KNOWN(times), 3)
    assert found.resistances == pytest.approx(KNOWN.resistances, rel=1e-3)
    assert found.time_constants == pytest.approx(KNOWN.time_constants, rel=1e-3)


def test_questions_and_text(impedance: mt.ThermalImpedance) -> None:
    probe = impedance.probes[0]
    assert impedance.curve("si.top", probe) is not None
    assert f"{impedance.resistance('si.top'):.4f}" in impedance.summary()
    record: Any = impedance.to_dict()
    assert record["values_K_per_W"][0][0][-1] == impedance.values[0, 0, -1]
    for call, message in (
        (lambda: impedance.curve("cu"), "was not heated"),
        (lambda: impedance.curve("si.top", "cu"), "is no probe"),
        (lambda: impedance.foster(0), "number of Foster elements"),
        (lambda: impedance.foster(31), "number of Foster elements"),
        (lambda: fit_foster(impedance.times, -impedance.values[0, 0], 3), "not positive"),
    ):
        with pytest.raises(mt.InputError, match=message):
            call()


def test_between_different_places_there_is_no_chain() -> None:
    """A rise that comes late has parts of either sign."""
    times = np.geomspace(1e-3, 10.0, 20)
    poles, residues = np.array([1.0, 2.0]), np.array([[[2.0, -1.0]]])
    values = -np.expm1(-np.multiply.outer(times, poles)) @ residues[0, 0]
    late = mt.ThermalImpedance(
        times, ("a",), ("b",), values[None, None], np.array([[1.0]]), poles, residues, 0.0, "by hand", 0, 0.0
    )
    with pytest.raises(mt.InputError, match="different places"):
        late.full_foster()


def test_times_carry_their_units_and_are_not_negative(impedance: mt.ThermalImpedance) -> None:
    assert impedance.at("1 ms", "si.top") == impedance.at(1e-3, "si.top")
    assert impedance.at(["1 ms", 0.1], "si.top") == pytest.approx(impedance.at((1e-3, 0.1), "si.top"), rel=1e-15)
    assert KNOWN("1 ms") == KNOWN(1e-3) and KNOWN(np.array([[0.0, 1.0]])).shape == (1, 2)
    assert KNOWN(np.array(1e-3)) == KNOWN(1e-3)
    for wrong, message in ((-1.0, "at least 0 s"), (["1 s", -1e-9], "at least 0 s"), ("1 mm", "a length")):
        with pytest.raises(mt.InputError, match=message):
            KNOWN(wrong)
    with pytest.raises(mt.InputError, match="'1 mm' is a length"):
        impedance.at("1 mm", "si.top")
