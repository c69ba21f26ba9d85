"""Cases whose loads vary in time: what they are at a time, their corners, and which checks hold when."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.errors import LoadError
from mcpthermal.units import mm

W = mt.Waveform
COOLED = mt.Convection("bottom", h=1000.0, ambient="25 degC")
PLAN = {"core": (0, 0, 1 * mm, 1 * mm), "cache": (1 * mm, 0, 1 * mm, 1 * mm)}


def refused(*words: str) -> object:
    return pytest.raises(LoadError, match=".*".join(re.escape(word) for word in words))


def test_at_a_time_it_is_the_case_of_the_numbers_of_then(package: mt.Package) -> None:
    pulses = W.pulse_train(2.0, period=1.0, duty=0.25)
    trace = mt.PowerTrace("logic", PLAN, [0, 3], [[1.0, 2.0], [0.0, 5.0]])
    rest = (COOLED, mt.Resistor("vdd_pad", "node:ground", 1.0))
    case = mt.Case(
        package, [mt.Power("logic", pulses), trace, mt.Current("vdd_pad", W.ramp(0, 4, 1.125, 5.125)), *rest]
    )
    then = mt.Case(
        package,
        [
            mt.Power("logic", 2.0),
            mt.PowerMap("logic", {"core": (*PLAN["core"], 0.0), "cache": (*PLAN["cache"], 5.0)}),
            mt.Current("vdd_pad", 2.0),
            *rest,
        ],
    )
    assert case.varies and not then.varies and then.at(9.0) is then
    assert case.at(3.125) == then and case.at(3.5) != then and not case.at(3.125).varies
    assert [terminal.current for terminal in case.terminals] == [0.0]
    assert [terminal.current for terminal in case.at(3.125).terminals] == [2.0] and case.varies
    corners, time = [], 0.0
    while (time := case.next_corner(time)) <= 3.25:
        corners.append(time)
    assert corners == [0.25, 1.0, 1.125, 1.25, 2.0, 2.25, 3.0, 3.25]
    assert then.next_corner(0.0) == math.inf


def test_voltages_in_time(package: mt.Package) -> None:
    loads = [COOLED, mt.Voltage("vdd_pad", W.sinusoid(3.0, 4.0)), mt.Voltage("gnd_pad", 0.0)]
    case = mt.Case(package, loads)
    assert [terminal.voltage for terminal in case.terminals] == [0.0, 0.0]
    assert [terminal.voltage for terminal in case.at(1.0).terminals] == [3.0, 0.0]


def test_what_depends_on_the_time_alone_is_said_then(package: mt.Package) -> None:
    beat = W.sinusoid(1, 4) * W.sinusoid(1, 5) + W.ramp(2, 0.5, 0, 50)
    case = mt.Case(package, [COOLED, mt.FixedTemperature("logic", beat)])
    assert case.at(0.0).loads[1] == mt.FixedTemperature("logic", 2.0)
    with pytest.raises(mt.InputError, match=r"temperature at 'logic'.*this is at a time of 69 s"):
        case.at(69.0)
    with pytest.raises(mt.InputError, match="time"):
        case.at(math.nan)


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (mt.PowerTrace("logic.top", PLAN, [0], [[1, 2]]), ("PowerTrace at 'logic.top'", "a face")),
        (mt.PowerTrace("stack", PLAN, [0], [[1, 2]]), ("PowerTrace at 'stack'", "one part")),
        (mt.PowerTrace("supply", PLAN, [0], [[1, 2]], "active_face"), ("PowerTrace at 'supply'", "only a chip")),
        (mt.PowerTrace("logic", {"far": (0, 0, 3 * mm, 1 * mm)}, [0], [[0]]), ("PowerTrace", "1 of its blocks", "far")),
        (mt.PowerMap("stack", [[1.0]], scale=W.step(1.0)), ("PowerMap at 'stack'",)),
        (mt.Convection("bottom", W.step(1.0), 300.0), ("Convection at 'bottom'", "counted twice")),
        (mt.Power("lgic", W.step(1.0)), ("did you mean", "'logic'")),
    ],
)
def test_places_and_contradictions_are_checked_at_once(package: mt.Package, load: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        mt.Case(package, [COOLED, load])


def test_currents_in_time_need_a_reference_like_others(package: mt.Package) -> None:
    ramp = W.ramp(0.0, 1.0, 0.0, 1.0)
    with refused("no reference potential"):
        mt.Case(package, [COOLED, mt.Current("vdd_pad", 1 + ramp)])
    with refused("do not add up"):
        mt.Case(package, [COOLED, mt.Power("logic", ramp), mt.Current("vdd_pad", 1.0)])
    with refused("both a voltage and a current"):
        mt.Case(package, [COOLED, mt.Current("vdd_pad", ramp), mt.Voltage("vdd_pad", ramp)])


def test_transient() -> None:
    spec = mt.TransientSpec("10 s", initial="25 degC", tolerance="100 mK", relative_tolerance=1e-3, save=["2 s", 1, 2])
    assert spec == mt.TransientSpec(10.0, 298.15, 0.1, 1e-3, (1.0, 2.0))
    assert mt.TransientSpec(10.0, save="1 s").save == 1.0
    assert dataclasses.astuple(mt.TransientSpec(1)) == (1.0, None, None, None, None)
    for arguments in ({"until": 0.0}, {"until": None}, {"initial": 0.0}, {"tolerance": -1}, {"save": 0}, {"save": [2]}):
        with pytest.raises(mt.InputError, match=next(iter(arguments))):
            mt.TransientSpec(**({"until": 1.0} | arguments))


def test_transient_of_a_case(package: mt.Package) -> None:
    spec = mt.TransientSpec(1.0)
    assert mt.Case(package, [COOLED]).transient is None
    case = mt.Case(package, [COOLED, mt.Power("logic", W.step(1.0))], transient=spec)
    assert case.transient is spec and case.at(1.0).transient is spec
    with refused("transient of case 'case'", "no TransientSpec"):
        mt.Case(package, [COOLED], transient=1.0)
