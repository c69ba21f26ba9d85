"""Symmetric tensors of laws: how their entries are given, and that they are positive definite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mcpthermal.errors import MaterialError
from mcpthermal.materials.base import Array, Law
from mcpthermal.materials.law import as_law
from mcpthermal.units import describe

ENTRIES = ("xx", "yy", "zz", "yz", "xz", "xy")
"""The entries of a symmetric tensor in the order of Voigt."""

_PLACES = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def is_row(value: Any) -> bool:
    """Whether a value holds several others, as the row of a tensor does."""
    return isinstance(value, Iterable) and not isinstance(value, str | Law | Mapping) and getattr(value, "ndim", 1) > 0


def read_entries(value: Any, unit: str, label: str) -> tuple[Law, ...] | None:
    """The six laws of a tensor given as a mapping, three rows, or six values; None if it is not given so.

    Parameters
    ----------
    value : mapping, or sequence
    unit : str
        The SI unit of the entries.
    label : str
        What the tensor is, for messages.

    Raises
    ------
    MaterialError
        If entries are missing, unknown or not symmetric.
    """
    if isinstance(value, Mapping):
        return _from_mapping(value, unit, label)
    values = tuple(value)
    if len(values) == 3 and any(is_row(row) for row in values):
        return _from_rows(values, unit, label)
    if len(values) == 6:
        return _from_mapping(dict(zip(ENTRIES, values, strict=True)), unit, label)
    return None


def _from_mapping(values: Mapping[Any, Any], unit: str, label: str) -> tuple[Law, ...]:
    unknown = [key for key in values if key not in ENTRIES]
    missing = [key for key in ENTRIES[:3] if key not in values]
    if unknown or missing:
        wrong = f"{unknown[0]!r} is no entry" if unknown else f"{missing[0]!r} is missing"
        raise MaterialError(f"{label}: {wrong}; give xx, yy, zz and what differs from zero of yz, xz, xy")
    return tuple(as_law(values.get(key, 0.0), unit, f"{label} along {key}") for key in ENTRIES)


def _from_rows(values: Sequence[Any], unit: str, label: str) -> tuple[Law, ...]:
    rows = [tuple(row) if is_row(row) else () for row in values]
    if any(len(row) != 3 for row in rows):
        raise MaterialError(f"{label}: a tensor needs three rows of three values; give [[xx, xy, xz], ...]")
    laws = [
        [as_law(item, unit, f"{label}, row {i} column {j}") for j, item in enumerate(row, 1)]
        for i, row in enumerate(rows, 1)
    ]
    found = [laws[i][j] for i, j in _PLACES]
    slack = 1e-12 * sum(abs(float(law(300.0))) for law in found[:3])
    for number, (i, j) in enumerate(_PLACES[3:], 3):
        one, other = laws[i][j], laws[j][i]
        both = float(one(300.0)), float(other(300.0))
        if one != other and not (one.is_constant and other.is_constant and abs(both[0] - both[1]) <= slack):
            raise MaterialError(
                f"{label}: it is not symmetric, row {i + 1} column {j + 1} is {both[0]:.6g} {unit} and row {j + 1} "
                f"column {i + 1} is {both[1]:.6g} {unit} at 300 K; give the same law for both"
            )
        found[number] = one
    return tuple(found)


def without_zeros(laws: tuple[Law, ...]) -> tuple[Law, ...]:
    """The three laws along the axes alone where all others are zero."""
    diagonal = all(law.is_constant and float(law(300.0)) == 0.0 for law in laws[3:])
    return laws[:3] if diagonal else laws


def matrices(laws: Sequence[Law], temperature: Array) -> Array:
    """(n, 3, 3) tensors at temperatures (n,) in K."""
    result = np.zeros((len(temperature), 3, 3))
    for law, (i, j) in zip(laws, _PLACES, strict=False):
        result[:, i, j] = result[:, j, i] = law(temperature)
    return result


def check_definite(laws: Sequence[Law], unit: str, label: str, temperature: Array) -> None:
    """MaterialError if a tensor is not positive definite at a temperature in K."""
    eigenvalues = np.linalg.eigvalsh(matrices(laws, temperature))
    bad = eigenvalues[:, 0] <= 1e-12 * eigenvalues[:, 2]
    if bad.any():
        worst = int(np.argmax(bad))
        raise MaterialError(
            f"{label} is not positive definite at {describe(float(temperature[worst]), 'K')}: heat or current would "
            f"flow backwards along one direction, for which it is {eigenvalues[worst, 0]:.3g} {unit}; "
            "make the off-diagonal entries smaller"
        )
