"""Numbering: fixed, tied and missing entries."""

from __future__ import annotations

import numpy as np

from mcpthermal.fem.numbering import Numbering

ACTIVE = np.array([True, True, False, True, True, True, True, True])


def test_without_conditions_every_active_entry_is_an_unknown() -> None:
    number = Numbering(ACTIVE)
    assert number.size == 7
    assert number.number.tolist() == [0, 1, -1, 2, 3, 4, 5, 6]
    assert not number.has_ties


def test_the_first_of_two_prescribed_values_holds() -> None:
    number = Numbering(ACTIVE, [(np.array([0, 1]), 5.0), (np.array([1, 3]), 7.0)])
    assert number.values[[0, 1, 3]].tolist() == [5.0, 5.0, 7.0]
    assert number.number[[0, 1, 3]].tolist() == [-1, -1, -1]
    assert number.is_fixed.sum() == 3
    assert number.size == 4


def test_tied_entries_share_an_unknown_and_fixed_ones_leave_the_tie() -> None:
    number = Numbering(ACTIVE, [(np.array([4]), 1.0)], [np.array([6, 4, 5]), np.array([5, 7])])
    assert number.number[5] == number.number[6] >= 0
    assert number.number[4] == -1
    # An entry of two ties stays in the first.
    assert number.number[7] not in (number.number[5], -1)
    assert number.size == 5


def test_collapse_is_the_transpose_of_expand() -> None:
    rng = np.random.default_rng(1)
    for ties in ([], [np.array([5, 6]), np.array([0, 7, 3])]):
        number = Numbering(ACTIVE, [(np.array([4]), 1.0)], ties)
        x, raw = rng.random(number.size), rng.random(len(ACTIVE))
        assert np.isclose(number.expand(x) @ raw, x @ number.collapse(raw), rtol=1e-14)
        assert np.array_equal(number.pick(number.expand(x)), x)
        field = number.field(x)
        assert field[4] == 1.0 and field[2] == 0.0
