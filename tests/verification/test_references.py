"""Every steady reference case of others: errors, orders, balances, and the table in the README.

The cases are in `reference_cases/`; ``python tests/verification/write_table.py`` writes the table.
"""

from __future__ import annotations

import math
from functools import cache

import pytest
from reference_cases import Row, Study, all_studies, run
from reference_cases.table import README, Line, line_of, read_table

STUDIES = {study.key: study for study in all_studies()}
LONG = ("gold wire, limit", "copper wire, limit")
KEYS = [pytest.param(key, marks=pytest.mark.slow if key in LONG else []) for key in STUDIES]
ENERGY, CHARGE = 1e-8, 1e-10


@cache
def rows_of(key: str) -> tuple[Row, ...]:
    return run(STUDIES[key])


@pytest.mark.parametrize("key", KEYS)
def test_the_reference_is_met(key: str) -> None:
    for row in rows_of(key):
        what = f"{key}, {row.target.name}: {row.fine:.9g}, reference {row.target.value:.9g}, error {row.error:+.2e}"
        print(what)
        assert abs(row.error) < row.target.bar, what


@pytest.mark.parametrize("key", KEYS)
def test_balances_close(key: str) -> None:
    for row in rows_of(key):
        assert row.energy < ENERGY, f"energy defect {row.energy:.2e} of the power"
        assert row.charge < CHARGE, f"charge defect {row.charge:.2e} of the current"


def test_the_mean_of_orders_is_that_of_quadratic_elements() -> None:
    """Where nothing is singular the order is at least two."""
    smooth = ("quarter turn", "TPLL101", "VM215", "Bratu")
    orders = [row.order for key in smooth for row in rows_of(key) if row.order is not None]
    assert len(orders) > 8
    assert sum(orders) / len(orders) > 2.0, orders


def test_the_table_has_every_row() -> None:
    wanted = [(study.title, target.name) for study in STUDIES.values() for target in study.targets]
    assert [(line.title, line.quantity) for line in read_table(README)] == wanted


@pytest.mark.parametrize("key", KEYS)
def test_the_table_shows_what_the_code_gives(key: str) -> None:
    shown = {(line.title, line.quantity): line for line in read_table(README)}
    for row in rows_of(key):
        line = shown[row.study.title, row.target.name]
        check(line, line_of(row))


def check(shown: Line, found: Line) -> None:
    for column in ("reference", "coarse", "fine"):
        old, new = (getattr(line, column) for line in (shown, found))
        # One unit of the last digit that is shown.
        assert float(old) == pytest.approx(float(new), abs=1.01 * 10 ** -digits(old)), (shown, found)
    assert order_of_magnitude(shown.error) == order_of_magnitude(found.error), (shown, found)


def digits(number: str) -> int:
    """How many decimals a number is written with."""
    mantissa, _, exponent = number.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def order_of_magnitude(error: str) -> int:
    """The rounded decimal logarithm of an error as it is shown."""
    return round(math.log10(float(error.removeprefix("< "))))


def test_a_study_that_is_off_is_seen() -> None:
    """A factor of two in a value does not pass."""
    row = rows_of("Abaqus 1.3.38")[0]
    twice = Row(row.study, row.target, row.coarse, row.target.base + 2 * (row.fine - row.target.base), 0.0, 0.0)
    assert abs(twice.error) > 0.9
    assert isinstance(row.study, Study)
