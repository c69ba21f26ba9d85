"""Values at the door: what is read, what is refused, and what the messages say."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpthermal.errors import InputError, UnitError
from mcpthermal.units import celsius, cm, describe, lengths, m, mm, mohm, nm, quantity, um

READ = [
    ("200 um", "m", 200 * um),
    ("0.3 mm", "m", 0.3 * mm),
    ("200 µm", "m", 200 * um),
    ("1e-3m", "m", 1e-3),
    ("1 inch", "m", 0.0254),
    ("4 mm^2", "m2", 4e-6),
    ("4 um2", "m2", 4e-12),
    ("4 mm²", "m2", 4e-6),
    ("25 degC", "K", 298.15),
    ("25 °C", "K", 298.15),
    ("77 degF", "K", 298.15),
    ("0.2 K", "K", 0.2),
    ("3 mohm", "ohm", 3 * mohm),
    ("2 A", "A", 2.0),
    ("1000 W/(m2 K)", "W/(m2 K)", 1000.0),
    ("5 W m-2 K-1", "W/(m2 K)", 5.0),
    ("5 W/(m2 degC)", "W/(m2 K)", 5.0),
    ("5e-6 m2 K/W", "m2 K/W", 5e-6),
    ("1e-8 ohm cm2", "ohm m2", 1e-12),
    ("17.2 nohm m", "ohm m", 17.2e-9),
    ("58 MS/m", "S/m", 58e6),
    ("8.96 g/cm3", "kg/m3", 8960.0),
    ("385 J/(kg K)", "J/(kg K)", 385.0),
    ("3900 ppm/K", "1/K", 3.9e-3),
    ("2 W/cm2", "W/m2", 2e4),
    ("0.5", "", 0.5),
    ("50 %", "", 0.5),
]

REFUSED = [
    ("3 V", "m", "'3 V' is a voltage; a length (m) is needed, e.g. '0.3 mm'"),
    ("0.3", "m", "'0.3' has no unit; a length (m) is needed, e.g. '0.3 mm' or a plain number in m"),
    ("3 foo", "m", "unit 'foo', which is not known"),
    ("25 C", "K", "a temperature (K) is needed, e.g. '25 degC'"),
    ("-300 degC", "K", "below absolute zero"),
    ("0.2 degC", "delta K", "'0.2 degC' is a temperature; a difference of temperatures (K) is needed, e.g. '0.2 K'"),
    ("3 V", "delta K", "'3 V' is a voltage; a difference of temperatures (K) is needed"),
    ("10 dBm", "W", "logarithmic"),
    ("nan m", "m", "does not begin with a finite number"),
    ("inf m", "m", "does not begin with a finite number"),
    ("1e999 m", "m", "not finite"),
    ("", "m", "does not begin with a finite number"),
    ("3 m", "", "a pure number is needed"),
    ("3 9**9**9**9", "m", "not known"),
    ("3 m**2**9", "m", "not known"),
    ("3 m/0", "m", "not known"),
    ("3 (", "m", "not known"),
    ("3 " + "a" * 5000 + "!", "m", "not known"),
    (True, "m", "True is no number"),
    (None, "m", "None is no number"),
    ([1.0], "m", "is no number"),
    (np.zeros((50, 50)), "m", "... (ndarray) is no number"),
    (1j, "m", "is no number"),
    (math.nan, "m", "not finite"),
    (-math.inf, "m", "not finite"),
    (10**400, "m", "not finite"),
]


@pytest.mark.parametrize(("text", "unit", "expected"), READ)
def test_reads_strings_with_units(text: str, unit: str, expected: float) -> None:
    assert quantity(text, unit, "value") == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("number", [3, 3.0, np.float32(3), np.float64(3), np.int64(3)])
def test_reads_numbers(number: float) -> None:
    result = quantity(number, "m", "length")
    assert result == 3.0 and type(result) is float


@given(st.integers(min_value=0, max_value=10**6))
def test_strings_equal_constants_bit_by_bit(number: int) -> None:
    for name, size in (("nm", nm), ("um", um), ("mm", mm), ("cm", cm), ("m", m)):
        assert quantity(f"{number} {name}", "m", "length") == number * size


@pytest.mark.parametrize(("value", "unit", "message"), REFUSED)
def test_refuses_with_a_remedy(value: object, unit: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        quantity(value, unit, "thickness of chip 'logic'")  # type: ignore[arg-type]
    assert str(caught.value).startswith("thickness of chip 'logic': ")
    assert message in str(caught.value) and "needed" in str(caught.value)


@given(st.text(max_size=20), st.sampled_from(["m", "K", "W/(m2 K)", ""]))
def test_no_text_escapes_as_a_foreign_error(text: str, unit: str) -> None:
    for candidate in (text, f"1 {text}"):
        try:
            assert math.isfinite(quantity(candidate, unit, "value"))
        except InputError as error:
            assert str(error).startswith("value: ")


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        (0.0, {"above": 0.0}, "thickness: 0 m is not allowed, it must be above 0 m"),
        ("-2 mm", {"minimum": 0.0}, "thickness: '-2 mm' is not allowed, it must be at least 0 m"),
        ("2 m", {"maximum": 1e-3}, "thickness: '2 m' is not allowed, it must be at most 1 mm"),
        (1e-3 + 1e-12, {"maximum": 1e-3}, "0.001000000001 m is not allowed, it must be at most 0.001 m"),
    ],
)
def test_limits(value: float | str, limits: dict[str, float], message: str) -> None:
    with pytest.raises(UnitError) as caught:
        quantity(value, "m", "thickness", **limits)
    assert message in str(caught.value)


def test_limits_are_inclusive_but_above() -> None:
    assert quantity(0.0, "m", "x", minimum=0.0, maximum=0.0) == 0.0


def test_celsius() -> None:
    assert celsius(25) == 298.15
    assert celsius(-273.15) == 0.0
    for bad in (-273.2, math.nan, math.inf, "25", True):
        with pytest.raises(UnitError, match="celsius"):
            celsius(bad)  # type: ignore[arg-type]


def test_lengths() -> None:
    assert lengths((1e-3, "2 mm"), "size of chip 'logic'", count=2, above=0.0) == (1e-3, 2e-3)
    assert lengths(np.array([1.0, 2.0]), "point") == (1.0, 2.0)
    with pytest.raises(UnitError, match=r"size: .* has 3 values; give 2 lengths"):
        lengths((1, 2, 3), "size", count=2)
    with pytest.raises(UnitError, match="size, value 2: 0 m is not allowed"):
        lengths((1, 0), "size", above=0.0)
    for bad in ("1 mm", 1.0, np.array(1.0), None):
        with pytest.raises(UnitError, match="single value"):
            lengths(bad, "size")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (2e-4, "m", "200 um"),
        (5e-3, "m", "5 mm"),
        (999.9999999e-6, "m", "1 mm"),
        (-2e-4, "m", "-200 um"),
        (0.0, "m", "0 m"),
        (1500.0, "m", "1500 m"),
        (1500.0, "W", "1.5 kW"),
        (1e-15, "m", "1e-15 m"),
        (358.15, "K", "358.15 K (85 degC)"),
        (273.15, "K", "273.15 K (0 degC)"),
        (0.2, "K", "0.2 K"),
        (1.5e-3, "A", "1.5 mA"),
        (2.0, "W", "2 W"),
        (3e-3, "ohm", "3 mohm"),
        (1000.0, "W/(m2 K)", "1000 W/(m2 K)"),
        (0.9, "", "0.9"),
        (math.nan, "m", "nan m"),
    ],
)
def test_describe(value: float, unit: str, expected: str) -> None:
    assert describe(value, unit) == expected


@given(st.floats(min_value=1e-11, max_value=1e8), st.sampled_from(["m", "A", "V", "W", "ohm"]))
def test_what_is_described_can_be_read_again(value: float, unit: str) -> None:
    assert quantity(describe(value, unit), unit, "value") == pytest.approx(value, rel=1e-5)


def test_the_library_of_units_is_loaded_late() -> None:
    code = "import sys, mcpthermal.units; sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
