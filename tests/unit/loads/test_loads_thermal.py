"""Thermal boundaries, powers and contacts: what they hold, their laws, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

import mcpthermal as mt


def test_convections_have_a_film() -> None:
    plain = mt.Convection("top", "1 W/(cm2 K)", "25 degC")
    assert plain.h == 1e4 and plain.film == mt.ConstantFilm(1e4)
    law = mt.Table((0.0, 10.0), (5.0, 8.0))
    assert mt.Convection("top", law, 300.0).film == mt.LawFilm(law)
    film = mt.NaturalConvection("up", 0.01)
    assert mt.Convection("top", film, 300.0).film is film
    assert hash(mt.Convection("top", film, 300.0)) == hash(mt.Convection("top", film, 300.0))


def test_radiation() -> None:
    assert mt.Radiation("top", "25 degC").law is None
    load = mt.Radiation(emissivity="0.9", ambient=300.0, place="top")
    assert load.emissivity == 0.9 and load.law == mt.Constant(0.9)
    law = mt.Linear(0.8, 1e-4, 300.0)
    assert mt.Radiation("top", 300.0, law).law is law


def test_heat_sinks() -> None:
    load = mt.HeatSink("top", "2 K/W", "25 degC")
    assert (load.thermal_resistance, load.ambient, load.base) == (2.0, 298.15, "film")


def test_leakage() -> None:
    load = mt.Leakage("die", "200 mW", 0.02, "25 degC")
    assert load.law == mt.Exponential(0.2, 298.15, 0.02)
    assert float(load.law(348.15)) == pytest.approx(0.2 * math.e)
    assert dataclasses.replace(load, power=0.4).law(298.15) == pytest.approx(0.4)
    table = mt.Table((300.0, 400.0), (0.1, 0.5))
    assert mt.Leakage("die", table).law is table


def test_interfaces() -> None:
    load = mt.Interface("via | contact", electrical_resistivity="1e-8 ohm cm2", thermal_resistance="2 mm2 K/W")
    assert (load.a, load.b, load.place) == ("via", "contact", "via|contact")
    assert load.electrical_resistivity == pytest.approx(1e-12) and load.thermal_resistance == pytest.approx(2e-6)
    assert load.has_thermal and load.has_electrical and load.heat_fraction == 0.5
    assert mt.Interface("via", "contact", thermal_resistance="2e-6 K m2/W").thermal_law == mt.Constant(2e-6)
    none = mt.Interface("a", "b")
    assert not none.has_thermal and not none.has_electrical
    law = mt.Linear(1e-6, 1e-9, 300.0)
    assert mt.Interface("a", "b", law).thermal_law is law and mt.Interface("a", "b", law).has_thermal
    assert dataclasses.replace(load, heat_fraction=1.0).place == load.place


def test_voltages_resistors_and_nodes() -> None:
    assert mt.Voltage("pad", 1.0, to="node:ground") == mt.Voltage("pad", "1 V")
    assert mt.Voltage("node:a", 1.0, to="pad").to == "pad"
    assert mt.Resistor("pad", "node:a", "3 mohm").resistance == pytest.approx(3e-3)
    assert mt.CurrentLoad("node:a", "pad", 1.0).from_ == "node:a"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mt.Convection("top", mt.Constant(-1.0), 300.0), "must be finite and above 0"),
        (lambda: mt.Radiation("top", 300.0, 0.0), "emissivity at 'top'.*above 0"),
        (lambda: mt.Radiation("top", 300.0, 1.01), "at most 1"),
        (lambda: mt.Radiation("top", 300.0, mt.Linear(0.9, 1e-2, 300.0)), "emissivity at 'top' is .*at most 1"),
        (lambda: mt.Radiation("top", 0.0), "surroundings' temperature at 'top'"),
        (lambda: mt.HeatSink("top", 0.0, 300.0), "thermal resistance of the heat sink at 'top'"),
        (lambda: mt.HeatSink("top", 1.0, 300.0, base="cold"), "base 'cold' must be one of film, isothermal"),
        (lambda: mt.Leakage("die", 1.0), "give temperature_coefficient"),
        (lambda: mt.Leakage("die", 1.0, 0.02), "give temperature_coefficient"),
        (lambda: mt.Leakage("die", mt.Constant(1.0), 0.02), "a law needs no temperature_coefficient"),
        (lambda: mt.Leakage("die", -1.0, 0.02, 300.0), "at least 0 W"),
        (lambda: mt.Leakage("die", mt.Linear(1.0, -0.02, 300.0)), "power of the leakage of 'die' is .*at least 0"),
        (lambda: mt.Leakage("die", 1.0, 0.02, 300.0, "edge"), "distribution 'edge'"),
        (lambda: mt.Interface("a"), "give two sides"),
        (lambda: mt.Interface("a|b|c"), "give two sides"),
        (lambda: mt.Interface("a|b", "c"), "has a bar"),
        (lambda: mt.Interface("a|"), "place of an interface"),
        (lambda: mt.Interface("a", "b", -1.0), "thermal_resistance of interface 'a|b'.*at least 0"),
        (lambda: mt.Interface("a", "b", "1 K/W"), "is a thermal resistance"),
        (lambda: mt.Interface("a", "b", 0.0, mt.Linear(1e-9, -1e-9, 300.0)), "electrical_resistivity of .*at least 0"),
        (lambda: mt.Interface("a", "b", 1.0, heat_fraction=1.5), "heat_fraction of interface 'a|b'.*at most 1"),
        (lambda: mt.Resistor("a", "b", 0.0), "resistance from 'a' to 'b'.*above 0"),
        (lambda: mt.Resistor("a", "a", 1.0), "both ends are the same place 'a'"),
        (lambda: mt.Voltage("a", 1.0, to="a"), "both ends are the same place 'a'"),
        (lambda: mt.Voltage("node:ground", 1.0, to="a"), "'node:ground' is at 0 V"),
        (lambda: mt.Voltage("node:", 1.0), "is no node"),
        (lambda: mt.Resistor("node:a b", "pad", 1.0), "is no node"),
        (lambda: mt.Current("node:ground", 1.0), "follows from the rest"),
        (lambda: mt.Current("node:a", 1.0, "uniform"), "a node has no faces"),
    ],
)
def test_impossible_loads_are_refused(make: Any, message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        make()
