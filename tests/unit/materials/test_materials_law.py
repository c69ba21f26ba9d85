"""Laws of temperature: values, exact derivatives, ranges, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpthermal.errors import InputError, MaterialError, UnitError
from mcpthermal.materials import Constant, Exponential, Law, Linear, Metal, Polynomial, PowerLaw, Table, as_law

LAWS: list[Law] = [
    Constant(3.0),
    Linear(100.0, -0.1, 300.0),
    Polynomial((100.0, -0.1, 2e-4, -1e-7), 250.0),
    Polynomial((5.0,)),
    PowerLaw(148.0, 300.0, -4.0 / 3.0),
    Metal(17.241e-9, 3.93e-3, 293.15),
    Exponential(0.2, 300.0, 0.02),
    Table((250.0, 300.0, 350.0, 420.0), (200.0, 148.0, 120.0, 125.0)),
    Table((250.0, 300.0), (1.0, 2.0)),
]
temperatures = st.floats(min_value=200.0, max_value=500.0)
anything = st.one_of(
    st.floats(),
    st.integers(),
    st.text(max_size=5),
    st.none(),
    st.booleans(),
    st.lists(st.floats(), max_size=3),
    st.sampled_from(["300 K", "25 degC", "17 nohm m", "3 V"]),
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@given(temperature=temperatures)
def test_derivative_is_that_of_the_value(law: Law, temperature: float) -> None:
    step = 1e-3
    if isinstance(law, Table) and min(abs(temperature - node) for node in law.temperatures) <= 2 * step:
        return
    difference = (law(temperature + step) - law(temperature - step)) / (2 * step)
    scale = float(abs(law(temperature))) / 300.0
    assert float(law.derivative(temperature)) == pytest.approx(float(difference), rel=1e-5, abs=1e-6 * scale)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_shapes_are_kept(law: Law) -> None:
    for shape in ((), (3,), (2, 3)):
        kelvin = np.full(shape, 310.0)
        assert law(kelvin).shape == shape and law.derivative(kelvin).shape == shape
    assert hash(law) == hash(law) and law == law


def test_values() -> None:
    assert float(Linear(2.0, 0.5, 300.0)(304.0)) == 4.0
    assert float(Polynomial((1.0, 2.0, 3.0), 300.0)(302.0)) == 17.0
    assert float(PowerLaw(148.0, 300.0, -1.0)(600.0)) == 74.0
    assert float(Exponential(2.0, "300 K", "0.02 1/K")(350.0)) == pytest.approx(2.0 * math.e)
    assert float(Metal("17.241 nohm m", "0.00393 1/K", "20 degC")(293.15)) == pytest.approx(1 / 17.241e-9)
    assert float(Metal(1e-8, 0.004, 300.0)(350.0)) == pytest.approx(1e8 / 1.2)


def test_table_hits_its_nodes_and_stays_between_them() -> None:
    table = Table((250.0, 300.0, 350.0, 420.0), (200.0, 148.0, 120.0, 125.0))
    np.testing.assert_allclose(table(table.temperatures), table.values, rtol=1e-14)
    between = table(np.linspace(250.0, 420.0, 500))
    assert between.max() <= 200.0 and between.min() >= 120.0
    assert float(table(100.0)) == 200.0 and float(table(900.0)) == pytest.approx(125.0, rel=1e-14)
    np.testing.assert_array_equal(table.derivative([100.0, 900.0]), 0.0)
    assert table.range == (250.0, 420.0)


def test_is_constant_only_where_the_temperature_makes_no_difference() -> None:
    assert Constant(1.0).is_constant and Linear(1.0, 0.0, 300.0).is_constant
    assert Polynomial((1.0, 0.0)).is_constant and PowerLaw(1.0, 300.0, 0.0).is_constant
    assert Exponential(1.0, 300.0, 0.0).is_constant
    assert Metal(1e-8, 0.0, 293.15).is_constant and Table((1.0, 2.0), (3.0, 3.0)).is_constant
    assert [law.is_constant for law in LAWS] == [True, False, False, True, False, False, False, False, False]


def test_outside() -> None:
    law = Constant(1.0, range=(250.0, 400.0))
    assert law.outside([250.0, 400.0]) is None
    assert law.outside([300.0, 401.0]) == (300.0, 401.0)
    assert law.outside(240.0) == (240.0, 240.0)
    assert law.outside([]) is None and Constant(1.0).outside(1e9) is None


@pytest.mark.parametrize("temperature", [10.0, math.nan])
def test_a_conductivity_never_turns_negative_silently(temperature: float) -> None:
    with pytest.raises(MaterialError, match=r"law evaluated at .* K: the resistivity"):
        Metal(1e-8, 0.004, 293.15)([300.0, temperature])
    with pytest.raises(MaterialError, match="above 0 K"):
        PowerLaw(1.0, 300.0, -1.0)(-temperature)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Table((300.0,), (1.0,)), "at least two"),
        (lambda: Table((300.0, 400.0), (1.0,)), "2 temperatures and 1 values"),
        (lambda: Table((400.0, 300.0), (1.0, 2.0)), "must increase"),
        (lambda: Table(300.0, (1.0, 2.0)), "single value"),
        (lambda: Table((300.0, 400.0), (1.0, math.nan)), "values of a Table law, value 2: nan"),
        (lambda: Polynomial(()), "empty"),
        (lambda: Constant(math.inf), "value of a Constant law: inf"),
        (lambda: Constant(1.0, range=(400.0, 300.0)), "lowest and the highest"),
        (lambda: Constant(1.0, range=(300.0,)), "lowest and the highest"),
        (lambda: Metal(0.0, 0.004, 293.15), "must be above 0 ohm m"),
        (lambda: PowerLaw(1.0, 0.0, -1.0), "must be above 0 K"),
        (lambda: Exponential(1.0, 300.0, "2 K"), "exponent of a Exponential law"),
    ],
)
def test_impossible_laws_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@given(st.data())
def test_constructors_raise_nothing_else(data: st.DataObject) -> None:
    kinds: list[tuple[Any, int]] = [
        (Constant, 1),
        (Linear, 3),
        (Table, 2),
        (Polynomial, 2),
        (PowerLaw, 3),
        (Metal, 3),
        (Exponential, 3),
    ]
    law, count = data.draw(st.sampled_from(kinds))
    arguments = [data.draw(anything) for _ in range(count)]
    try:
        made = law(*arguments, range=data.draw(anything))
    except InputError:
        return
    hash(made)


def test_as_law() -> None:
    law = Linear(1.0, 2.0, 300.0)
    assert as_law(law, "W/(m K)", "conductivity") is law
    assert as_law("1.3 W/(cm K)", "W/(m K)", "conductivity") == Constant(130.0)
    with pytest.raises(UnitError, match="conductivity: -1 W"):
        as_law(-1.0, "W/(m K)", "conductivity", above=0.0)
