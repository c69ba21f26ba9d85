"""Rows and numbers of text files."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from mcpthermal.errors import LoadError
from mcpthermal.units import quantity


def read_rows(path: str | os.PathLike[str], what: str) -> list[list[str]]:
    """The cells of a file, separated by commas or, where there are none, by blanks; # begins a comment line.

    Raises
    ------
    LoadError
        If the file cannot be read or has no row.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, TypeError, ValueError) as error:
        raise LoadError(f"{what}: the file '{path}' cannot be read: {error}; check the path") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise LoadError(f"{what}, file '{path}': it has no row; give one row of numbers for each line of the table")
    if not any("," in line for line in lines):
        return [line.split() for line in lines]
    return [[cell.strip() for cell in row] for row in csv.reader(lines)]


def read_columns(path: str | os.PathLike[str], what: str) -> tuple[list[float], list[float]]:
    """The two columns of a file of numbers, whose first row may be a header.

    Raises
    ------
    LoadError
    """
    rows, where = read_rows(path, what), f"{what}, file '{path}'"
    body = rows if is_number(rows[0][0]) else rows[1:]
    for number, row in enumerate(body, 1):
        if len(row) != 2:
            raise LoadError(f"{where}, row {number}: {len(row)} values are not allowed; give a time and a value")
    numbers = [[to_number(cell, f"{where}, row {i}") for cell in row] for i, row in enumerate(body, 1)]
    return [time for time, _ in numbers], [value for _, value in numbers]


def is_number(text: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def to_number(text: str, where: str) -> float:
    """The finite number in a cell; LoadError or UnitError if there is none."""
    if not is_number(text):
        raise LoadError(f"{where}: '{text}' is no number; give plain numbers in SI units")
    return quantity(float(text), "", where)
