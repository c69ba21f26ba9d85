"""Full tensors: how they are given, kept and checked."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from mcpthermal.errors import InputError, MaterialError, RangeWarning
from mcpthermal.materials import Constant, Linear, Material, Table, material_from_table

ROWS = [[3.0, 0.5, -0.2], [0.5, 2.0, 0.1], [-0.2, 0.1, "1 W/(m K)"]]
LAWS = tuple(Constant(value) for value in (3.0, 2.0, 1.0, 0.1, -0.2, 0.5))


def test_rows_and_entries_mean_the_same() -> None:
    material = Material("x", ROWS)
    assert material.thermal_axes == LAWS  # xx, yy, zz, yz, xz, xy
    assert Material("x", {"xx": 3, "yy": 2, "zz": 1, "xy": 0.5, "xz": -0.2, "yz": 0.1}) == material


def test_stored_forms() -> None:
    material = Material("x", ROWS, electrical_conductivity={"xx": 1, "yy": 2, "zz": 3})
    assert material.electrical_axes == (Constant(1.0), Constant(2.0), Constant(3.0))
    assert dataclasses.replace(material, density=1.0).thermal_axes == LAWS
    assert [label for label, _ in material.laws()][3] == "thermal_conductivity along yz"
    assert len(material.laws()) == 9


def test_a_rotated_tensor_need_not_be_symmetric_to_the_last_digit() -> None:
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    laws = Material("x", turn @ np.diag([100.0, 10.0, 1.0]) @ turn.T).thermal_axes
    assert float(laws[5](300.0)) == pytest.approx(90.0 * np.sin(angle) * np.cos(angle))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2, 0], [2, 1, 0], [0, 0, 1]], "not positive definite at .* it is -1 W"),
        ([[1, 1, 0], [1, 1, 0], [0, 0, 1]], "not positive definite"),
        ([[1, 0.2, 0], [0.1, 1, 0], [0, 0, 1]], "not symmetric, row 1 column 2 is 0.2 .* column 1 is 0.1"),
        ([[1, 0], [0, 1], [0, 0]], "three rows of three"),
        ([[1, 0, 0], 1.0, 1.0], "three rows of three"),
        ([[-1, 0, 0], [0, 1, 0], [0, 0, 1]], "along x of material 'x'"),
        ({"xx": 1, "yy": 1}, "'zz' is missing"),
        ({"xx": 1, "yy": 1, "zz": 1, "yx": 0.1}, "'yx' is no entry"),
        ({"xx": 1, "yy": 1, "zz": 1, "xy": "0.1 V"}, "along xy.*voltage"),
        ({"xx": 1, "yy": 1, "zz": 1, "xy": Linear(0.5, 0.01, 300.0)}, "not positive definite at 352.2"),
        (
            {"xx": Table((300, 310), (1, 2)), "yy": Table((320, 330), (1, 2)), "zz": 1, "xy": 0.1},
            "no temperature in common",
        ),
    ],
)
def test_impossible_tensors_are_refused(value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Material("x", value)


def test_a_tensor_is_checked_where_it_is_used() -> None:
    material = Material("x", {"xx": 1, "yy": 1, "zz": 1, "xy": Linear(0.5, 0.01, 300.0, range=(290.0, 340.0))})
    material.check_range(300.0, 340.0)
    with pytest.warns(RangeWarning, match="along xy was used at 345 K"):
        material.check_range(300.0, 345.0)
    with pytest.warns(RangeWarning), pytest.raises(MaterialError, match="not positive definite at 35"):
        material.check_range(300.0, 360.0)


def test_files() -> None:
    table = {
        "xx": 3.0,
        "yy": 2.0,
        "zz": {"value": 1.0, "source": "me"},
        "xy": 0.5,
        "xz": -0.2,
        "yz": 0.1,
        "source": "us",
    }
    material = material_from_table("x", {"thermal_conductivity": table}, "file")
    assert material.thermal_axes == LAWS and material.source("thermal_conductivity") == "us; me"
    assert material_from_table("x", {"thermal_conductivity": ROWS}, "file").thermal_axes == LAWS
    scaled = {"value": [[3, 0.5, -0.2], [0.5, 2, 0.1], [-0.2, 0.1, 1]], "unit": "W/(cm K)"}
    laws = material_from_table("x", {"thermal_conductivity": scaled}, "file").thermal_axes
    assert [float(law(300.0)) for law in laws] == pytest.approx([300.0, 200.0, 100.0, 10.0, -20.0, 50.0])
    linear = {"law": "linear", "value": 1.0, "slope": 0.01, "reference_temperature": 300.0}
    laws = material_from_table(
        "x", {"thermal_conductivity": [[linear, 0.1, 0], [0.1, 2, 0], [0, 0, 1]]}, "f"
    ).thermal_axes
    assert laws[0] == Linear(1.0, 0.01, 300.0) and laws[5] == Constant(0.1)
    with pytest.raises(MaterialError, match="zz is missing"):
        material_from_table("x", {"thermal_conductivity": {"xx": 1, "yy": 2, "xy": 0.1}}, "f")
    with pytest.raises(MaterialError, match="unknown key 'z'"):
        material_from_table("x", {"thermal_conductivity": {"xx": 1, "yy": 2, "zz": 1, "z": 0.1}}, "f")
