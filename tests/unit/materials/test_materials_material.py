"""A material: normalised, hashable, positive, and warning outside its range."""

from __future__ import annotations

import dataclasses
import math
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpthermal.errors import InputError, MaterialError, RangeWarning, UnitError
from mcpthermal.materials import Constant, Linear, Material, PowerLaw

anything = st.one_of(
    st.floats(),
    st.integers(),
    st.text(max_size=5),
    st.none(),
    st.lists(st.floats(), max_size=4),
    st.sampled_from(["130 W/(m K)", "5 g/cm3", "3 V", (1.0, 2.0, 3.0), Linear(1.0, -1.0, 300.0)]),
)


def test_properties_become_laws() -> None:
    material = Material("x", "130 W/(m K)", (1.0, "2 S/m", Constant(3.0)), density="2.3 g/cm3", emissivity=1.0)
    assert material.thermal_axes == (Constant(130.0),) * 3
    assert material.electrical_axes == (Constant(1.0), Constant(2.0), Constant(3.0))
    assert material.conducts and not Material("y", 1.0).conducts
    assert Material("y", 1.0).electrical_axes is None
    assert material.density == Constant(2300.0) and material.specific_heat is None
    assert [label for label, _ in material.laws()][:2] == [
        "thermal_conductivity",
        "electrical_conductivity along x",
    ]


def test_equal_by_value_and_replaceable() -> None:
    first = Material("x", 1.0, sources={"density": "b", "thermal_conductivity": "a"})
    second = Material("x", (1.0, 1.0, 1.0), sources=(("thermal_conductivity", "a"), ("density", "b")))
    assert first == second and hash(first) == hash(second)
    assert first.source("density") == "b" and first.source("emissivity") is None
    assert dataclasses.replace(first, density=5.0).thermal_axes == first.thermal_axes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"thermal_conductivity": None}, "thermal_conductivity of material 'x': None"),
        ({"thermal_conductivity": 0.0}, "must be above 0"),
        ({"thermal_conductivity": (1.0, 2.0)}, "three along x, y and z"),
        ({"thermal_conductivity": (1.0, 2.0, -1.0)}, "thermal_conductivity along z of material 'x'"),
        ({"thermal_conductivity": math.nan}, "not finite"),
        ({"thermal_conductivity": "3 V"}, "is a voltage"),
        ({"thermal_conductivity": Linear(1.0, -0.02, 300.0)}, "state the range"),
        ({"thermal_conductivity": Linear(1.0, -0.01, 300.0, range=(300.0, 410.0))}, "at 401.0"),
        ({"thermal_conductivity": PowerLaw(1.0, 300.0, -1.0, range=(0.0, 400.0))}, "above 0 K"),
        ({"emissivity": 1.1}, "must be at most 1"),
        ({"emissivity": Constant(1.1)}, "above 0 and at most 1"),
        ({"electrical_conductivity": 0.0}, "must be above 0 S/m"),
        ({"name": " "}, "name of a material"),
        ({"sources": "CRC"}, "sources of material"),
    ],
)
def test_impossible_materials_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Material(**{"name": "x", "thermal_conductivity": 1.0, **arguments})


@given(st.lists(anything, min_size=7, max_size=7))
def test_the_constructor_raises_nothing_else(arguments: list[Any]) -> None:
    try:
        hash(Material(*arguments))
    except InputError:
        pass


def test_warns_once_for_each_law_outside_its_range() -> None:
    material = Material("x", PowerLaw(148.0, 300.0, -1.0, range=(250.0, 400.0)), density=Constant(1.0, range=(1, 999)))
    with pytest.warns(RangeWarning) as caught:
        material.check_range(300.0, 450.0)
    assert len(caught) == 1
    assert "material 'x': thermal_conductivity was used at 450 K (176.85 degC)" in str(caught[0].message)
    assert "250 K (-23.15 degC) to 400 K (126.85 degC)" in str(caught[0].message)
    with pytest.warns(RangeWarning, match=r"used at 240 K"):
        material.check_range(240.0, 300.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        material.check_range(250.0, 400.0)


def test_check_range_refuses_what_is_not_positive_there() -> None:
    material = Material("x", Linear(1.0, -0.01, 300.0, range=(290.0, 390.0)))
    with pytest.raises(MaterialError, match="thermal_conductivity of material 'x' is"):
        material.check_range(300.0, 450.0)
    with pytest.raises(UnitError, match="temperature of material 'x'"):
        material.check_range(300.0, math.nan)
