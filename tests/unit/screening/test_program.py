"""The description of a test: what it puts on a module, what it lets pass, what it refuses."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.screening import Reading
from mcpthermal.screening.program import is_joined
from mcpthermal.units import celsius

from .conftest import IN, OUT


def test_loads_of_the_fixture_and_of_a_measurement(chain: mt.Package) -> None:
    step = mt.FourWire("net", (IN, "lower.start.top"), "20 mA", sense=("lower.middle.top", OUT))
    test = mt.ModuleTest(chain, mt.Chuck("bottom", "30 degC"), step)
    assert test.case(step).loads == (
        mt.FixedTemperature("bottom", celsius(30)),
        mt.Current(IN, 0.02),
        mt.Voltage("lower.start.top", 0.0),
        mt.Current("lower.middle.top", 0.0),
        mt.Current(OUT, 0.0),
    )
    assert mt.Chuck("bottom", 300.0, 0.5**17).loads() == (mt.Convection("bottom", 2.0**17, 300.0),)
    assert [load.place for load in mt.StillAir(300.0).loads()] == ["top", "bottom", "sides"]


def test_limits_follow_the_healthy_reading() -> None:
    step = mt.FourWire("net", ("a", "b"), tolerance=0.1, resolution="2 mohm")
    assert step.limits(0.5) == pytest.approx((0.5 - 0.052, 0.5 + 0.052))
    assert step.limits(0.5, error=0.1) == pytest.approx((0.5 - 0.152, 0.5 + 0.152))
    assert mt.Isolation("apart", ("a", "b"), at_least="2 Mohm").limits(math.inf) == (2e6, math.inf)


def test_deviations_are_in_units_of_what_is_allowed() -> None:
    def reading(value: float, low: float = 0.9, high: float = 1.2) -> Reading:
        return Reading("m", "m", "ohm", value, low, high)

    assert [reading(v).deviation(1.0) for v in (1.0, 1.1, 1.3, 0.9, 0.8)] == pytest.approx([0, 0.5, 1.5, -1, -2])
    assert reading(math.inf).deviation(1.0) == math.inf and not reading(math.inf).passes
    short = reading(0.1, 1e6, math.inf)
    assert short.deviation(math.inf) == -math.inf and not short.passes
    assert reading(math.inf, 1e6, math.inf).deviation(math.inf) == 0.0
    # Where nothing is read, and nothing allowed.
    assert [reading(v, 0.0, 0.0).deviation(0.0) for v in (0.0, 1e-9, -1e-9)] == [0.0, math.inf, -math.inf]


def test_a_net_is_joined_by_metal_alone(chain: mt.Package) -> None:
    def joined(package: mt.Package, *ports: str) -> bool:
        return is_joined(package, package.arrangement.columns, ports)

    assert joined(chain, IN, OUT) and not joined(chain, IN, "lower.lone.top")
    assert not joined(mt.MissingBump("stack.bumps[1]").apply(chain), IN, OUT)
    assert not joined(mt.CrackedBump("stack.bumps[1]").apply(chain), IN, OUT)
    assert joined(mt.CrackedBump("stack.bumps[1]", 0.01).apply(chain), IN, OUT)
    assert joined(mt.Bridge("stack.bumps[1]", "stack.bumps[2]", 30e-6).apply(chain), IN, OUT)


def refused(chain: mt.Package) -> list[tuple[Any, str]]:
    chuck = mt.Chuck("bottom", 300.0)
    net = mt.FourWire("net", (IN, OUT))
    return [
        (lambda: mt.FourWire("net", (IN,)), "must be two different places"),
        (lambda: mt.FourWire("net", (IN, OUT), sense=(IN, OUT)), "share a terminal"),
        (lambda: mt.FourWire("net", (IN, OUT), "2 V"), "current of measurement 'net'"),
        (lambda: mt.FourWire("net", (IN, OUT), tolerance=0), "nothing would pass"),
        (lambda: mt.PowerPulse("z", "upper", 1.0, ()), "times of measurement 'z'"),
        (lambda: mt.PowerPulse("z", "upper", 1.0, (2.0, 1.0)), "ascending"),
        (lambda: mt.PowerPulse("z", "upper", 1.0, (1e-3, 1.0000001e-3)), "there are two readings 'z at 1 ms'"),
        *(
            (lambda name=name: mt.ModuleTest(chain, chuck, net, name), f"name of a test: {name!r} is not allowed")
            for name in ("", " ", 3, None)
        ),
        (lambda: mt.PowerPulse("z", "upper", -1.0, (1.0,)), "power of measurement 'z'"),
        (lambda: mt.ModuleTest(chain, chuck, []), "has no measurement"),
        (lambda: mt.ModuleTest(chain, chuck, [net, net]), "'net' is there twice"),
        (lambda: mt.ModuleTest(chain, [mt.Power("upper", 1.0)], net), "heat has no way out of the package"),
        (lambda: mt.ModuleTest(chain, [3], net), "no Chuck, StillAir or thermal load"),
        (lambda: mt.ModuleTest(chain, chuck, [4]), "must be a FourWire"),
        (lambda: mt.ModuleTest("chain", chuck, net), "a test is of a Package"),
        (lambda: mt.ModuleTest(chain, chuck, mt.FourWire("a", (IN, "lower.lone.top"))), "no metal joins"),
        (lambda: mt.ModuleTest(chain, chuck, mt.FourWire("a", (IN, "lower.oat.top"))), "did you mean 'lower.out.top'"),
        (lambda: mt.ModuleTest(chain, chuck, mt.FourWire("a", (IN, "lower.out"))), "is a volume"),
        (lambda: mt.ModuleTest(chain, chuck, mt.Isolation("a", (IN, OUT))), "are joined in the healthy module"),
        (
            lambda: mt.ModuleTest(chain, chuck, mt.Isolation("a", (IN, "lower.x_min"))),
            "without electrical conductivity",
        ),
        (lambda: mt.ModuleTest(chain, chuck, mt.Isolation("a", ("lower.x_min", "lower.x_max"))), "'lower' (silicon"),
        (lambda: mt.ModuleTest(chain, chuck, mt.Isolation("a", ("top", "bottom"))), "without electrical conductivity"),
        (lambda: mt.ModuleTest(chain, chuck, mt.PowerPulse("z", "uper", 1.0, (1.0,))), "did you mean"),
        (lambda: mt.ModuleTest(chain, chuck, mt.PowerPulse("z", "upper", 1.0, (1.0,), "upper.top")), "is a face"),
        (lambda: mt.Chuck("bottom", "-300 degC"), "temperature of the chuck"),
        (lambda: mt.run_test(chain), "needs a ModuleTest"),
        (lambda: mt.fault_dictionary(chain, []), "needs a ModuleTest"),
        (lambda: mt.fault_dictionary(mt.ModuleTest(chain, chuck, net), ["open"]), "needs a list of faults"),
    ]


def test_what_makes_no_test_is_refused(chain: mt.Package) -> None:
    for make, text in refused(chain):
        with pytest.raises(mt.InputError, match=re.escape(text)):
            make()
