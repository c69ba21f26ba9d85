"""Yields and costs with and without a test: exact values, limits, and a simulation beside them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

import mcpthermal as mt

COSTS = mt.Costs(module=40.0, test=2.0, rest=60.0)


def screening(coverage: float = 0.9, **options: object) -> mt.Screening:
    rates = [mt.FaultRate("open bump", 1e-3, 100, coverage), mt.FaultRate("delamination", 0.02, 1, coverage)]
    return mt.Screening(rates, COSTS, **options)  # type: ignore[arg-type]


def test_good_modules_are_the_binomials_that_count_no_fault() -> None:
    result = screening().solve()
    assert result.good == pytest.approx(binom.pmf(0, 100, 1e-3) * binom.pmf(0, 1, 0.02), rel=1e-12)
    assert result.passing == pytest.approx(binom.pmf(0, 100, 0.9e-3) * binom.pmf(0, 1, 0.018), rel=1e-12)


def test_by_hand() -> None:
    """One place, p = 0.2, coverage 0.5: of ten modules eight are good, one fault is found, one escapes."""
    case = mt.Screening([mt.FaultRate("crack", 0.2, 1, 0.5)], COSTS, modules=2, later=0.9)
    result = case.solve()
    assert (result.good, result.passing, result.escapes) == pytest.approx((0.8, 0.9, 1 / 9))
    assert result.yield_without == pytest.approx(0.64 * 0.9)
    assert result.yield_with == pytest.approx((8 / 9) ** 2 * 0.9)
    assert result.cost_without == pytest.approx((2 * 40 + 60) / 0.576)
    assert result.cost_with == pytest.approx((2 * 42 / 0.9 + 60) / (64 / 81 * 0.9))
    assert "9.1" not in str(result) and "11.11 %" in str(result)


def test_coverage_zero_changes_nothing_but_the_price_and_one_lets_no_fault_pass() -> None:
    blind, sharp = screening(0.0).solve(), screening(1.0).solve()
    assert blind.passing == 1 and blind.yield_with == pytest.approx(blind.yield_without)
    assert blind.cost_with == pytest.approx((42 + 60) / blind.good)
    assert sharp.escapes == pytest.approx(0, abs=1e-15) and sharp.yield_with == pytest.approx(1)
    assert sharp.passing == pytest.approx(sharp.good)
    none = mt.Screening([], COSTS).solve()
    assert (none.yield_without, none.yield_with, none.cost_without, none.cost_with) == (1, 1, 100, 102)


def test_false_alarms_cost_modules_and_no_yield() -> None:
    calm, nervous = screening().solve(), screening(false_alarm=0.1).solve()
    assert nervous.passing == pytest.approx(0.9 * calm.passing)
    assert nervous.yield_with == pytest.approx(calm.yield_with)
    assert nervous.cost_with > calm.cost_with


def test_faults_that_are_certain() -> None:
    lost = mt.Screening([mt.FaultRate("short", 1.0)], COSTS).solve()
    assert (lost.good, lost.passing, lost.yield_with) == (0, 0, 0)
    assert math.isinf(lost.cost_with) and math.isinf(lost.cost_without)


@settings(max_examples=50)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 30), st.integers(1, 4), st.floats(0, 1))
def test_a_test_never_lowers_the_yield(p: float, coverage: float, places: int, modules: int, later: float) -> None:
    result = mt.Screening([mt.FaultRate("any", p, places, coverage)], COSTS, modules, later).solve()
    assert 0 <= result.good <= result.passing + 1e-12 <= 1 + 1e-12
    assert result.yield_with >= result.yield_without - 1e-12 or result.passing == 0


def test_the_simulation_lies_around_the_exact_values() -> None:
    """With 99.9 % intervals, and wide of a coverage that is a tenth off."""
    case = screening(0.6, modules=3, later=0.97, false_alarm=0.01)
    exact, drawn = case.solve(), case.simulate(40_000, seed=1, confidence=0.999)
    low, high = drawn.yield_with_interval
    assert f"tested   {100 * low:.2f} to {100 * high:.2f} %" in str(drawn) and "99.9 % intervals" in str(drawn)
    for value, interval in (
        (exact.passing, drawn.passing_interval),
        (exact.yield_with, drawn.yield_with_interval),
        (exact.yield_without, drawn.yield_without_interval),
    ):
        assert interval[0] < value < interval[1] and interval[1] - interval[0] < 0.02
    assert drawn.cost_with == pytest.approx(exact.cost_with, rel=0.01)
    assert drawn.cost_without == pytest.approx(exact.cost_without, rel=0.015)
    other = screening(0.7, modules=3, later=0.97, false_alarm=0.01).solve()
    assert not drawn.yield_with_interval[0] < other.yield_with < drawn.yield_with_interval[1]
    assert case.simulate(100, seed=5) == case.simulate(100, seed=5) != case.simulate(100, seed=6)


def test_intervals_hold_as_often_as_they_say() -> None:
    """Of 200 intervals of 90 % at least 165 hold (below that with a probability of 1e-3), and not all."""
    case = screening(0.5)
    value = case.solve().yield_without
    held = 0
    for seed in range(200):
        low, high = case.simulate(400, seed=seed, confidence=0.9).yield_without_interval
        held += low <= value <= high
    assert 165 <= held < 200


def test_scaled_probabilities() -> None:
    assert screening().scaled(0.0).solve().good == 1
    assert screening().scaled(2.0).rates[0].probability == 2e-3
    with pytest.raises(mt.InputError, match="probability of 'delamination'"):
        screening().scaled(60.0)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: mt.FaultRate("x", 1.2), "probability of 'x'"),
        (lambda: mt.FaultRate("x", 0.1, 0), "0 must be a whole number from 1 to"),
        (lambda: mt.FaultRate("", 0.1), "name of a fault rate"),
        (lambda: mt.FaultRate("x", 0.1, 1, float("nan")), "coverage of 'x'"),
        (lambda: mt.FaultRate.of(None, "a", 0.1), "FaultRate.of needs a FaultDictionary, not NoneType"),  # type: ignore[arg-type]
        (lambda: mt.Costs(1.0, -1.0, 1.0), "cost of test"),
        (lambda: mt.Screening([1], COSTS), "list of FaultRate"),
        (lambda: mt.Screening([], 3.0), "must be Costs"),
        (lambda: mt.Screening([], COSTS, 1.5), "modules of a package"),
        (lambda: screening().simulate(0), "packages of a simulation"),
        (lambda: screening().simulate(10, confidence=1.0), "confidence"),
        (lambda: screening(modules=1000).simulate(100_000), "packages times modules"),
    ],
)
def test_what_makes_no_sense_is_refused(make: object, text: str) -> None:
    with pytest.raises(mt.InputError, match=text):
        make()  # type: ignore[operator]
