"""Circuits around a package: terminals, nodes, nets, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.errors import LoadError

COOLED = mt.Convection("bottom", h=1000.0, ambient="25 degC")


def refused(*words: str) -> object:
    return pytest.raises(LoadError, match=".*".join(re.escape(word) for word in words))


def make(package: mt.Package, *loads: Any) -> mt.Case:
    return mt.Case(package, [COOLED, *loads])


def test_terminals_are_the_places_of_the_package(package: mt.Package) -> None:
    case = make(
        package,
        mt.Voltage("node:source", 5.0),
        mt.Resistor("node:source", "vdd_pad", 0.1),
        mt.CurrentLoad("to_logic[0].foot", "to_logic[1].foot", 2.0),
        mt.Current("to_logic[0].foot", -0.5),
        mt.Voltage("gnd_pad", 0.25, to="node:return"),
        mt.Resistor("node:return", "node:ground", 1.0),
        mt.Voltage("supply.foot", 1.5),
    )
    found = {terminal.name: (terminal.voltage, terminal.current) for terminal in case.terminals}
    assert found == {
        "vdd_pad": (None, 0.0),
        "to_logic[0].foot": (None, -2.5),
        "to_logic[1].foot": (None, 2.0),
        "gnd_pad": (None, 0.0),
        "supply.foot": (1.5, 0.0),
    }


@pytest.mark.parametrize(
    "loads",
    [
        [mt.Current("vdd_pad", 1.0), mt.Resistor("to_logic[0].foot", "node:ground", 1.0)],
        [mt.Current("vdd_pad", 1.0), mt.Resistor("vdd_pad", "node:a", 1.0), mt.Voltage("node:a", 0.0)],
        # Two nets of the package, joined by a resistor; one of them is grounded.
        [mt.Current("vdd_pad", 1.0), mt.Resistor("to_logic[0].foot", "gnd_pad", 1.0), mt.Voltage("ground.foot", 0.0)],
        [mt.Current("vdd_pad", 1.0), mt.Voltage("to_logic[0].foot", 1.0, to="gnd_pad"), mt.Voltage("ground.foot", 0.0)],
        # A current drives a node, and comes back through the package.
        [
            mt.CurrentLoad("node:a", "vdd_pad", 1.0),
            mt.Resistor("node:a", "node:ground", 1.0),
            mt.Voltage("supply.foot", 0),
        ],
        # A bridge of resistors is no loop of voltages.
        [mt.Resistor("vdd_pad", "node:ground", 1.0), mt.Resistor("vdd_pad", "node:ground", 2.0)],
        [mt.Voltage("vdd_pad", 1.0), mt.Voltage("to_logic[0].foot", 0.0)],
    ],
)
def test_sound_circuits(package: mt.Package, loads: list[Any]) -> None:
    assert make(package, *loads).terminals


@pytest.mark.parametrize(
    ("loads", "words"),
    [
        (
            [mt.Current("vdd_pad", 1.0), mt.Resistor("to_logic[0].foot", "gnd_pad", 1.0)],
            ("'vdd_pad' (1 A)", "'to_logic[0].foot' (0 A)", "'gnd_pad' (0 A)", "do not add up", "1 A is left over"),
        ),
        (
            [mt.Resistor("vdd_pad", "node:a", 1.0), mt.Resistor("node:a", "gnd_pad", 1.0)],
            ("'vdd_pad' (0 A)", "'node:a' (0 A)", "'gnd_pad' (0 A)", "no reference potential"),
        ),
        (
            [mt.Voltage("vdd_pad", 1.0, to="gnd_pad")],
            ("'vdd_pad' (0 A), 'gnd_pad' (0 A) has no reference potential",),
        ),
        # A current is no path to the ground.
        (
            [mt.Voltage("gnd_pad", 0.0), mt.CurrentLoad("vdd_pad", "gnd_pad", 1.0)],
            ("'vdd_pad' (-1 A) do not add up",),
        ),
        (
            [mt.Voltage("vdd_pad", 1.0), mt.Voltage("gnd_pad", 0.0), mt.Voltage("vdd_pad", 1.0, to="gnd_pad")],
            ("the voltages between", "'vdd_pad'", "'gnd_pad'", "form a loop", "from 'vdd_pad' to 'gnd_pad'"),
        ),
        (
            [
                mt.Voltage("node:a", 1.0, to="vdd_pad"),
                mt.Voltage("node:b", 1.0, to="node:a"),
                mt.Voltage("vdd_pad", 1.0, to="node:b"),
            ],
            ("the voltages between", "'node:a'", "'node:b'", "form a loop"),
        ),
        ([mt.Voltage("node:a", 1.0), mt.Voltage("node:a", 2.0)], ("two voltages at 'node:a'", "1 V", "2 V")),
        (
            [mt.Voltage("vdd_pad", 1.0), mt.Resistor("vdd_pad", "node:a", 1.0)],
            ("'node:a' is the end of one circuit element only",),
        ),
        ([mt.Voltage("vdd_pad", 1.0), mt.Current("node:a", 1.0)], ("'node:a' is the end of one",)),
        (
            [
                mt.Voltage("vdd_pad", 1.0),
                mt.Voltage("node:a", 1.0),
                mt.Resistor("node:a", "node:b", 1.0),
                mt.Resistor("node:b", "node:ground", 1.0),
            ],
            ("'node:a', 'node:b'", "not connected to the package"),
        ),
        (
            [mt.Current("vdd_pad", 1.0, "uniform"), mt.Resistor("vdd_pad", "node:ground", 1.0)],
            ("'vdd_pad' has a uniform current and other loads",),
        ),
        (
            [mt.Current("vdd_pad", 1.0, "uniform"), mt.CurrentLoad("vdd_pad", "gnd_pad", 1.0)],
            ("'vdd_pad' has a uniform current and other loads",),
        ),
        ([mt.Resistor("vdd", "node:ground", 1.0)], ("terminal 'vdd' is a volume",)),
        ([mt.Resistor("carrier.top", "node:ground", 1.0)], ("without electrical conductivity",)),
        (
            [mt.Voltage("supply.foot", 1.0), mt.Resistor("supply[0].foot", "node:ground", 1.0)],
            ("terminals 'supply[0].foot' and 'supply.foot' share faces",),
        ),
    ],
)
def test_unsound_circuits_are_refused_by_name(package: mt.Package, loads: list[Any], words: tuple[str, ...]) -> None:
    with refused(*words):
        make(package, *loads)
