"""Waveforms: their values by hand, on both sides of every corner, and where the corners are."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.loads.waveform import MOST_PERIODS, PulseTrain

W = mt.Waveform


def before(time: float) -> float:
    return math.nextafter(time, -math.inf)


def test_constant_step_and_ramp() -> None:
    assert W.constant(3.0)(-1e9) == W.constant(3.0)(1e9) == 3.0
    assert W.constant(3.0).corners(-10, 10) == () and W.constant(3.0).next_corner(0) == math.inf
    step = W.step(5.0, at="10 ms", before=-1.0)
    assert (step(before(0.01)), step(0.01), step(1.0)) == (-1.0, 5.0, 5.0)
    assert step.corners(0, 1) == (0.01,)
    assert step.corners(0.01, 1) == step.corners(0, 0.01) == ()  # both ends are left out
    ramp = W.ramp(1.0, 3.0, "2 s", 4.0)
    assert ramp([-1.0, 2.0, 2.5, 3.0, 4.0, 9.0]).tolist() == [1.0, 1.0, 1.5, 2.0, 3.0, 3.0]
    assert ramp.corners(-9, 9) == (2.0, 4.0)
    assert ramp(np.full((2, 3), 3.0)).shape == (2, 3) and isinstance(ramp(3), float)


def test_table() -> None:
    table = W.table([0, "1 s", 2, 2, 3], [0.0, 4.0, 6.0, -1.0, -1.0])
    assert [table(t) for t in (-1, 0, 0.25, 1, 1.5, 2, 2.5, 3, 4)] == [0, 0, 1, 4, 5, -1, -1, -1, -1]
    assert table(before(2.0)) == pytest.approx(6.0)
    assert table.corners(-1, 9) == (0.0, 1.0, 2.0)  # at 3 s nothing changes
    assert W.table([1, 1], [2, 2]).corners(0, 9) == ()
    assert W.table([0, 0, 1, 1], [9, 2, 2, 9]).corners(-1, 9) == (0, 1)


@pytest.mark.parametrize("text", ["0,1\n1,3\n", "time,power\n0,1\n# note\n1,3\n", "t w\n0 1\n1 3\n"])
def test_table_of_a_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    assert W.table(tmp_path / "x.csv") == W.table(str(tmp_path / "x.csv")) == W.table([0, 1], [1, 3])


def test_pulse_train() -> None:
    train = W.pulse_train(2.0, period=1.0, duty=0.25, low=0.5, delay=3.0)
    assert train([0.0, before(3.0), 3.0, before(3.25), 3.25, before(4.0), 4.0]).tolist() == [
        0.5,
        0.5,
        2,
        2,
        0.5,
        0.5,
        2,
    ]
    assert train.corners(0, 5) == (3.0, 3.25, 4.0, 4.25)
    assert train.next_corner(1e6) == 1e6 + 0.25
    assert len(W.pulse_train(1.0, "1 ms", 0.5).corners(0, 1)) == 1999


def test_pulse_train_with_slopes_and_an_end() -> None:
    train = W.pulse_train(2.0, period=8.0, duty=0.5, low=1.0, rise=1.0, fall=2.0, count=2)
    times = [0, 0.5, 1, 3.5, 4, 5, 6, 7, 8, 8.5, 12, 13, 14, 16, 16.5, 1e30]
    assert train(times).tolist() == [1, 1.5, 2, 2, 2, 1.5, 1, 1, 1, 1.5, 2, 1.5, 1, 1, 1, 1]
    assert train.corners(-1, 99) == (0, 1, 4, 6, 8, 9, 12, 14)
    assert train.next_corner(14) == math.inf


def test_pulses_without_a_gap() -> None:
    always = W.pulse_train(2.0, period=0.1, duty=1.0, delay=1.0, count=3)
    assert always.corners(0, 9) == (1.0, pytest.approx(1.3)) and always(before(always.corners(0, 9)[1])) == 2.0
    assert W.pulse_train(2.0, period=0.1, duty=1.0).next_corner(0) == math.inf
    saw = W.pulse_train(2.0, period=1.0, duty=1.0, rise=1.0)
    assert saw.corners(0, 3) == (1.0, 2.0) and saw([1.5, 2.0]).tolist() == [1.0, 0.0]
    triangle = W.pulse_train(2.0, period=1.0, duty=0.5, rise=0.5, fall=0.5)
    assert triangle.corners(0, 2) == (0.5, 1.0, 1.5) and triangle([0.25, 0.5, 0.75, 1.0]).tolist() == [1, 2, 1, 0]
    assert W.pulse_train(2.0, period=1.0, duty=0.5, low=2.0).corners(-9, 9) == ()


@settings(max_examples=200)
@given(
    st.floats(1e-9, 1e3),
    st.floats(0.01, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(-1.0, 1.0),
    st.integers(0, 10**6),
)
def test_corners_of_pulses_are_exact(
    period: float, duty: float, rise: float, fall: float, delay: float, number: int
) -> None:
    """Whatever is rounded: the value jumps or bends where the corner is, and nowhere else."""
    rise = rise * duty * period if rise > 0.1 else 0.0
    fall = fall * (1 - duty) * period if fall > 0.1 else 0.0
    train = PulseTrain(1.0, period, duty, 0.0, delay * period, rise, fall)
    corner = train.delay + number * period
    for _ in range(8):
        following = train.next_corner(corner)
        assert following > corner
        if following == math.inf:
            break
        ends = train([corner, before(following)])
        middle = float(train(corner + (following - corner) / 2))
        slack = 1e-3 if number > 1000 else 1e-6
        if following - corner > 1e-4 * period:
            assert middle == pytest.approx(ends.mean(), abs=slack)
            if rise == fall == 0.0:
                assert ends[0] == ends[1] and abs(train(following) - ends[1]) == 1.0
        corner = following


ANY = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 1.0, 0.3, 1e-300, 1e308]))


@pytest.mark.filterwarnings("error")
@settings(max_examples=300)
@given(st.lists(ANY, min_size=7, max_size=7), st.floats(0, 1), st.none() | st.integers(1, 10**20), ANY)
def test_any_waveform_at_any_time_has_a_value_or_an_input_error(
    values: list[float], duty: float, count: int | None, time: float
) -> None:
    high, period, low, delay, rise, fall, phase = values
    for make in (
        lambda: W.pulse_train(high, period, duty, low, delay, rise, fall, count),
        lambda: W.pulse_train(high, period, duty, low, delay, count=count),
        lambda: W.sinusoid(high, period, low, phase) * W.step(high, delay, before=low),
        lambda: W.ramp(high, low, delay, period) + low,
    ):
        try:
            wave = make()
            assert time < wave.next_corner(time)
            assert math.isfinite(wave(time))
            mt.Convection("top", wave, wave)
        except mt.InputError:
            continue


def test_sinusoid() -> None:
    wave = W.sinusoid(2.0, period="4 s", offset=1.0)
    assert wave([0.0, 1.0, 3.0, 4.0 * 10**9 + 1]).tolist() == [1.0, 3.0, -1.0, 3.0]
    assert W.sinusoid(2.0, 4.0, phase=math.pi / 2)(0) == 2.0
    assert W.sinusoid(2.0, 4.0, phase="90 deg")(1) == pytest.approx(0.0, abs=1e-15)
    assert wave.corners(0, 100) == ()


def test_sums_and_products() -> None:
    pulses, ramp = W.pulse_train(2.0, period=1.0, duty=0.5), W.ramp(0.0, 4.0, 0.25, 4.25)
    both, product = pulses + ramp, pulses * ramp
    assert both(1.25) == 3.0 and both(1.75) == 1.5
    assert product(1.25) == 2.0 and product(1.75) == 0.0
    assert both.corners(0, 1.6) == product.corners(0, 1.6) == (0.25, 0.5, 1.0, 1.5)
    assert (both(before(1.5)), both(1.5)) == (pytest.approx(3.25), 1.25)
    scaled = 3 * ramp + 1.0
    assert scaled(1.25) == 4.0 and scaled.corners(0, 9) == (0.25, 4.25)
    assert (np.float64(3) * ramp)(1.25) == 3.0 and sum([ramp, ramp])(1.25) == 2.0
    assert (ramp * ramp)(2.25) == 4.0 and (1 + ramp + pulses)([1.25, 1.75]).tolist() == [4.0, 2.5]
    with pytest.raises(TypeError):
        ramp + "1"
    with pytest.raises(TypeError):
        np.ones(3) * ramp


def test_they_are_values() -> None:
    make = [
        lambda: W.constant(1.0),
        lambda: W.step(1.0, "1 s"),
        lambda: W.pulse_train(1.0, "1 s", 0.5),
        lambda: W.sinusoid(1.0, 2.0),
        lambda: W.table((0, 1), np.array([1.0, 2.0])),
        lambda: W.step(1.0) + W.sinusoid(1.0, 2.0),
        lambda: 2 * W.step(1.0),
    ]
    assert len({f() for f in make} | {f() for f in make}) == len(make)
    wave = W.table((0, 1), (1, 2))
    wave(0.5), wave.next_corner(0)
    assert wave == W.table((0, 1), (1, 2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: W.constant(math.nan), "not finite"),
        (lambda: W.step(1.0, "1 V"), "a time"),
        (lambda: W.ramp(0.0, 1.0, 2.0, 2.0), "end of a ramp.*above 2 s"),
        (lambda: W.pulse_train(1.0, 1.0, 0.0), "duty.*above 0"),
        (lambda: W.pulse_train(1.0, 1.0, 1.1), "duty.*at most 1"),
        (lambda: W.pulse_train(1.0, 0.0, 0.5), "period.*above"),
        (lambda: W.pulse_train(1.0, 1.0, 0.5, rise=0.6), "rise of 0.6 s.*period of 1 s"),
        (lambda: W.pulse_train(1.0, 1.0, 0.5, fall=0.6), "do not fit"),
        (lambda: W.pulse_train(1.0, 1.0, 0.5, rise=-0.1), "at least 0"),
        (lambda: W.pulse_train(1.0, 1.0, 0.5, count=0), "count.*0 is not allowed"),
        (lambda: W.pulse_train(1.0, 1.0, 0.5, count=True), "count"),
        (lambda: W.sinusoid(1.0, -1.0), "period"),
        (lambda: W.table([0, 2, 1], [1, 2, 3]), "1 s comes after 2 s"),
        (lambda: W.table([0, 1, 1, 1], [1, 2, 3, 4]), "1 s is given more than 2 times"),
        (lambda: W.table([0, 1], [1]), "2 times and 1 values"),
        (lambda: W.table([], []), "there is none"),
        (lambda: W.table("nowhere.csv"), "nowhere.csv' cannot be read"),
        (lambda: W.table("nowhere.csv", [1]), "drop values"),
        (lambda: W.step(1.0)(math.inf), "not finite"),
        (lambda: W.step(1.0)("soon"), "no number"),
        (lambda: W.step(1.0).next_corner(math.nan), "not finite"),
        (lambda: W.step(1.0).corners(0, math.inf), "not finite"),
        (lambda: W.step(1.0) * math.nan, "not finite"),
        (lambda: (W.step(1e300) * W.step(1e300))(1.0), "value of a waveform.*not finite"),
        (lambda: W.sinusoid(1.0, 1.0)(MOST_PERIODS * 2), "periods later"),
        (lambda: W.pulse_train(1.0, 1e-300, 0.5)(1.0), "periods later"),
    ],
)
def test_refusals(make: object, message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "message"),
    [("0,1\n1\n", "row 2: 1 values"), ("0,x\n", "'x' is no number"), ("", "no row"), ("a,b\n", "none")],
)
def test_wrong_files(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(mt.InputError, match=message):
        W.table(tmp_path / "x.csv")
