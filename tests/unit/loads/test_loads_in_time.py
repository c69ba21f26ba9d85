"""Loads that vary in time: what they are at a time, their corners, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt

W = mt.Waveform
RISING = W.ramp(300.0, 310.0, 0.0, 10.0)


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (lambda value: mt.Power("die", value, "active_face"), 302.0),
        (lambda value: mt.HeatFlux("top", value), 302.0),
        (lambda value: mt.Current("pad", value, "uniform"), 302.0),
        (lambda value: mt.CurrentLoad("a", "b", value), 302.0),
        (lambda value: mt.Voltage("pad", value, to="node:a"), 302.0),
        (lambda value: mt.Convection("top", 10.0, value), 302.0),
        (lambda value: mt.Convection("top", value, 300.0), 302.0),
        (lambda value: mt.Convection("top", mt.PowerFilm(1.0, 0.25), value), 302.0),
        (lambda value: mt.Radiation("top", value, 0.5), 302.0),
        (lambda value: mt.HeatSink("top", 5.0, value, "isothermal"), 302.0),
        (lambda value: mt.FixedTemperature("top", value), 302.0),
    ],
)
def test_a_load_at_a_time_has_the_number_of_then(make: Any, number: float) -> None:
    load, constant = make(RISING), make(number)
    assert load.varies and not constant.varies
    assert load.at(2.0) == constant and constant.at(2.0) is constant
    assert (load.next_corner(-1.0), load.next_corner(0.0), load.next_corner(10.0)) == (0.0, 10.0, math.inf)
    assert constant.next_corner(-1.0) == math.inf
    assert hash(load) == hash(make(RISING)) and load == make(RISING) and load != constant


def test_two_waveforms_in_one_load() -> None:
    load = mt.Convection("top", W.step(20.0, at=3.0, before=10.0), RISING)
    assert load.at(2.0) == mt.Convection("top", 10.0, 302.0) and load.at(5.0) == mt.Convection("top", 20.0, 305.0)
    assert [load.next_corner(t) for t in (-1, 0, 3, 10)] == [0, 3, 10, math.inf]


def test_circuits_and_contacts_do_not_vary() -> None:
    for load in (mt.Resistor("a", "b", 1.0), mt.Interface("a", "b", 1e-6)):
        assert not load.varies and load.at(1.0) is load and load.next_corner(0.0) == math.inf


def test_a_coefficient_that_touches_zero() -> None:
    load = mt.Convection("top", W.step(20.0, at=1.0), 300.0)
    assert load.at(1.0).film(310.0, 300.0) == 20.0
    assert 0.0 < load.at(0.0).film(310.0, 300.0) < 1e-20 and load.at(0.0).film.is_constant
    with pytest.raises(mt.LoadError, match=r"'top'.*varies in time.*at\(time\)"):
        load.film  # noqa: B018


def test_scaled_leakage() -> None:
    factor = W.step(3.0, at=1.0, before=0.5)
    numbers = mt.Leakage("die", 2.0, 0.02, 300.0, "active_face", scale=factor)
    assert numbers.varies and numbers.next_corner(0) == 1.0
    assert numbers.at(0.0) == mt.Leakage("die", 1.0, 0.02, 300.0, "active_face")
    assert numbers.at(1.0) == mt.Leakage("die", 6.0, 0.02, 300.0, "active_face")
    law = mt.Table((250.0, 350.0, 400.0), (1.0, 2.0, 4.0))
    now = mt.Leakage("die", law, scale=factor).at(1.0)
    assert not now.varies and now.law.range == law.range and not now.law.is_constant
    temperatures = np.array([260.0, 333.0, 390.0])
    np.testing.assert_allclose(now.law(temperatures), 3 * law(temperatures), rtol=1e-14)
    np.testing.assert_allclose(now.law.derivative(temperatures), 3 * law.derivative(temperatures), rtol=1e-14)


def test_scaled_power_maps() -> None:
    factor = W.ramp(0.0, 2.0, 0.0, 2.0)
    pixels = mt.PowerMap("die", [[1.0, 2.0], [3.0, 4.0]], size=(1e-3, 1e-3), scale=factor)
    assert pixels.at(0.5) == mt.PowerMap("die", [[0.5, 1.0], [1.5, 2.0]], size=(1e-3, 1e-3))
    blocks = mt.PowerMap("die", {"a": (0, 0, 1, 1, 3.0)}, origin="package", scale=factor)
    assert blocks.at(1.5) == mt.PowerMap("die", {"a": (0, 0, 1, 1, 4.5)}, origin="package")
    assert blocks.varies and blocks.next_corner(0.0) == 2.0 and blocks.power == 3.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mt.FixedTemperature("top", W.sinusoid(5.0, 4.0)), "temperature at 'top' at a time of 3 s: -5 K"),
        (lambda: mt.Convection("top", W.ramp(1, -1, 0, 1), 300), "h at 'top' at a time of 1 s: -1 W"),
        (lambda: mt.Convection("top", 10, W.step(0.0, 1, before=300)), "ambient temperature at 'top' at a time of"),
        (lambda: mt.Convection("top", 0.0, 300), "above 0"),
        (lambda: mt.Leakage("die", 1, 0.02, 300, scale=W.step(-1.0)), "scale of the leakage of 'die'.*at least 0"),
        (lambda: mt.Leakage("die", 1, 0.02, 300, scale=2.0), "2.0 is no Waveform"),
        (lambda: mt.PowerMap("die", [[1]], scale=mt.Linear(1, 1, 300)), "no Waveform"),
        (lambda: mt.Leakage("die", W.step(1.0), 0.02, 300), "no number"),
        (lambda: mt.Radiation("top", 300, W.step(0.5, before=0.2)), "emissivity"),
        (lambda: mt.Resistor("a", "b", W.constant(1.0)), "resistance"),
        (lambda: mt.Power("die", W.step(1.0)).at(math.nan), "time"),
        (lambda: mt.Power("die", W.step(1.0)).at("now"), "time"),
        (
            lambda: mt.FixedTemperature("top", W.sinusoid(1, 4) * W.sinusoid(1, 5) + W.ramp(2, 0.5, 0, 50)).at(69),
            "temperature at 'top'.*above 0 K.*this is at a time of 69 s",
        ),
    ],
)
def test_what_cannot_be_is_refused(make: Any, message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        make()


def test_variants() -> None:
    load = mt.Power("die", W.step(1.0))
    assert dataclasses.replace(load, place="other") == mt.Power("other", W.step(1.0))
