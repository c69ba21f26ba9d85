"""Circuits at the terminals of a field: bars of known resistance in networks that are solved by hand."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.optimize import brentq
from steady_problems import AMBIENT, KINDS, solved

import mcpthermal as mt
from mcpthermal.loads import GROUND
from mcpthermal.units import mm

LENGTH, SECTION, SIGMA = 2 * mm, 0.5 * mm * mm, 1e4
BAR = LENGTH / (SIGMA * SECTION)
"""The resistance of a bar (0.4 ohm)."""


def bars(count: int) -> mt.Package:
    """One bar along x, or two with a strip between them that conducts no current."""
    metal, strip = mt.Material("metal", 50.0, SIGMA), mt.Material("strip", 50.0)
    layout = [("bar", metal), ("between", strip), ("other", metal)][: 2 * count - 1]
    return mt.Package.from_parts(
        [
            mt.Part(name, mt.rectangle((LENGTH, 1 * mm), at=(0.0, number * mm)), (0.0, 0.5 * mm), material)
            for number, (name, material) in enumerate(layout)
        ]
    )


def result_of(kind: str, count: int, *circuit: Any) -> mt.SteadyResult:
    return solved(kind, bars(count), [mt.Convection("bottom", 1e4, AMBIENT), *circuit], size=1 * mm)


NETWORKS: dict[str, tuple[list[Any], dict[str, float], dict[str, float]]] = {
    # What is connected; potentials (V); currents into the conductor (A).
    "divider": (
        [mt.Voltage("node:source", 1.0), mt.Resistor("node:source", "bar.x_min", 0.6), mt.Voltage("bar.x_max", 0.0)],
        {"node:source": 1.0, "bar.x_min": 0.4},
        {"bar.x_min": 1.0, "bar.x_max": -1.0},
    ),
    "free node": (
        [
            mt.Voltage("bar.x_min", 1.0),
            mt.Resistor("node:mid", "bar.x_max", 0.3),
            mt.Resistor("node:mid", GROUND, 0.2),
            mt.Resistor(GROUND, "node:mid", 0.2),
        ],
        {"node:mid": 0.125, "bar.x_max": 0.5},
        {"bar.x_min": 1.25, "bar.x_max": -1.25},
    ),
    "two free nodes in a row": (
        [
            mt.Current("bar.x_min", 2.0),
            mt.Resistor("bar.x_max", "node:a", 0.1),
            mt.Resistor("node:a", "node:b", 0.2),
            mt.Resistor("node:b", GROUND, 0.3),
        ],
        {"bar.x_min": 2.0, "bar.x_max": 1.2, "node:a": 1.0, "node:b": 0.6},
        {"bar.x_min": 2.0},
    ),
    "floating source": (
        [mt.Voltage("bar.x_min", 0.5, to="bar.x_max"), mt.Resistor("bar.x_max", GROUND, 10.0)],
        {"bar.x_min": 0.5, "bar.x_max": 0.0},
        {"bar.x_min": 1.25, "bar.x_max": -1.25},
    ),
    "source between two terminals and a current": (
        [
            mt.Voltage("bar.x_min", 0.5, to="bar.x_max"),
            mt.Current("bar.x_max", 0.2),
            mt.Resistor("bar.x_min", GROUND, 10.0),
        ],
        {"bar.x_min": 2.0, "bar.x_max": 1.5},
        {"bar.x_min": 1.25, "bar.x_max": -1.25},
    ),
    "source that joins two bars": (
        [
            mt.Voltage("bar.x_min", 1.0),
            mt.Voltage("other.x_min", 0.6, to="bar.x_max"),
            mt.Resistor("other.x_max", GROUND, 0.8),
        ],
        # 1 + 0.6 = I (0.4 + 0.4 + 0.8)
        {"bar.x_max": 0.6, "other.x_min": 1.2, "other.x_max": 0.8},
        {"bar.x_min": 1.0, "other.x_max": -1.0},
    ),
    "a load draws current": (
        [mt.Voltage("bar.x_min", 3.0), mt.Voltage("other.x_min", 0.0), mt.CurrentLoad("bar.x_max", "other.x_max", 2.5)],
        {"bar.x_max": 2.0, "other.x_max": 1.0},
        {"bar.x_min": 2.5, "bar.x_max": -2.5, "other.x_max": 2.5, "other.x_min": -2.5},
    ),
    "a current into a node": (
        [mt.Current("node:n", 1.5), mt.Resistor("node:n", "bar.x_min", 2.0), mt.Voltage("bar.x_max", -1.0)],
        {"bar.x_min": -0.4, "node:n": 2.6},
        {"bar.x_min": 1.5, "bar.x_max": -1.5},
    ),
    "bars in parallel": (
        [
            mt.Resistor("bar.x_min", "other.x_min", 0.4),
            mt.Current("bar.x_min", 3.0),
            mt.Voltage("bar.x_max", 0.0),
            mt.Voltage("other.x_max", 0.0),
        ],
        {"bar.x_min": 0.8, "other.x_min": 0.4},
        {"bar.x_min": 2.0, "other.x_min": 1.0},
    ),
    "bridge": (
        [
            mt.Voltage("node:top", 1.0),
            mt.Resistor("node:top", "bar.x_min", 0.4),
            mt.Resistor("node:top", "other.x_min", 1.2),
            mt.Resistor("bar.x_min", "other.x_min", 5.0),
            mt.Voltage("bar.x_max", 0.0),
            mt.Resistor("other.x_max", GROUND, 0.8),
        ],
        # Both arms halve the voltage, so that nothing crosses.
        {"bar.x_min": 0.5, "other.x_min": 0.5, "other.x_max": 1.0 / 3},
        {"bar.x_min": 1.25, "other.x_min": 1.25 / 3},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name: str, kind: str) -> None:
    circuit, potentials, currents = NETWORKS[name]
    count = 2 if any("other" in repr(load) for load in circuit) else 1
    result = result_of(kind, count, *circuit)
    for place, volt in potentials.items():
        assert result.voltage(place) == pytest.approx(volt, rel=1e-6, abs=1e-7), place
    for place, ampere in currents.items():
        assert result.current(place) == pytest.approx(ampere, rel=1e-6), place
    through = [abs(result.current(f"{bar}.x_min")) for bar in ("bar", "other")[:count]]
    heat = sum(current**2 * BAR for current in through)
    assert result.joule_power() == pytest.approx(heat, rel=1e-6)
    assert result.balance.electric_power == pytest.approx(heat, rel=1e-6)
    assert result.heat_out("bottom") == pytest.approx(heat, rel=1e-6)
    assert result.balance.relative_charge_defect < 1e-10
    for row in result.elements:
        drop = result.voltage(row["a"]) - result.voltage(row["b"]) if GROUND not in (row["a"], row["b"]) else None
        if drop is not None:
            assert row["current"] == pytest.approx(drop / row["resistance"], rel=1e-8, abs=1e-9)
        assert row["power"] == pytest.approx(row["current"] ** 2 * row["resistance"], rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("series", [0.1, 0.4, 3.0])
def test_a_resistor_in_series_with_a_bar_that_heats(series: float, kind: str) -> None:
    """The bar's temperature, one for all of it, follows from its own share of the voltage."""
    sink, volt, rise_per_ohm = 50.0, 2.0, 4e-3
    metal = mt.Material("metal", 1e5, mt.Metal(1 / SIGMA, rise_per_ohm, AMBIENT))
    sink_load = mt.HeatSink("bar.bottom", sink, AMBIENT)

    def heat(rise: float) -> float:
        resistance = BAR * (1 + rise_per_ohm * rise)
        return (volt / (series + resistance)) ** 2 * resistance

    rise = brentq(lambda r: sink * heat(r) - r, 0.0, 1e4, xtol=1e-12)
    part = mt.Part("bar", mt.rectangle((LENGTH, 1 * mm)), (0.0, 0.5 * mm), metal)
    circuit = [
        mt.Voltage("node:source", volt),
        mt.Resistor("node:source", "bar.x_min", series),
        mt.Voltage("bar.x_max", 0.0),
    ]
    result = solved(kind, mt.Package.from_parts([part]), [sink_load, *circuit], size=1 * mm)
    assert rise > 5.0
    assert result.mean_temperature() - AMBIENT == pytest.approx(rise, rel=1e-3)
    expected = BAR * (1 + rise_per_ohm * rise)
    assert result.voltage("bar.x_min") == pytest.approx(volt * expected / (series + expected), rel=1e-3)
    (row,) = result.elements
    assert row["power"] + result.joule_power() == pytest.approx(volt * result.current("bar.x_min"), rel=1e-9)


QUIET: dict[str, tuple[list[Any], float]] = {
    "one voltage alone": ([mt.Voltage("bar.x_min", 3.3)], 0.0),
    "two equal voltages": ([mt.Voltage("bar.x_min", 3.3), mt.Voltage("bar.x_max", 3.3)], 0.0),
    "a current of zero": ([mt.Current("bar.x_min", 0.0), mt.Voltage("bar.x_max", 3.3)], 0.0),
    "a resistor alone": ([mt.Resistor("bar.x_min", GROUND, 5.0)], 0.0),
    "a small current at a high potential": ([mt.Current("bar.x_min", 1e-9), mt.Voltage("bar.x_max", 48.0)], 1e-9),
    "a large resistor": ([mt.Voltage("bar.x_min", 5.0), mt.Resistor("bar.x_max", GROUND, 1e9)], 5e-9),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", QUIET)
def test_little_or_no_current_at_a_potential(name: str, kind: str) -> None:
    """Drops far below the rounding of the potential itself: the balances close, and what little flows is right."""
    circuit, current = QUIET[name]
    result = result_of(kind, 1, *circuit)
    assert result.current("bar.x_min") == pytest.approx(current, rel=1e-8, abs=1e-20)
    assert result.joule_power() == pytest.approx(current**2 * BAR, rel=1e-6, abs=1e-30)
    assert result.summary() and result.to_dict()


@pytest.mark.parametrize(
    ("loads", "words"),
    [
        ([mt.Current("bar.x_min", 1.0), mt.Current("bar.x_max", -1.0)], r"'bar\.x_min'.*no reference"),
        (
            [mt.Voltage("bar.x_min", 0.0), mt.CurrentLoad("other.x_min", "other.x_max", 1.0)],
            r"'other\.x_min'.*no reference",
        ),
        (
            [mt.Voltage("bar.x_min", 0.0), mt.Voltage("other.x_min", 1.0, to="other.x_max")],
            r"'other\.x_min'.*no reference",
        ),
        (
            [mt.Voltage("bar.x_min", 0.0), mt.Resistor("bar.x_max", "node:loose", 1.0)],
            r"'node:loose'.*one circuit element",
        ),
        (
            [
                mt.Voltage("bar.x_min", 0.0),
                mt.CurrentLoad("bar.x_max", "other.x_max", 1.0),
                mt.Current("other.x_min", -1.0),
            ],
            r"'other\.x_m(in|ax)'.*no reference",
        ),
    ],
)
def test_floating_nets_are_refused_by_name(loads: list[Any], words: str) -> None:
    with pytest.raises(mt.LoadError, match=words):
        mt.Case(bars(2), [mt.Convection("bottom", 1e4, AMBIENT), *loads])
