"""Wrong values in the tables of fabrication steps are told with their place in the file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.io.case_toml import case_from_tables

CASE = Path(__file__).parents[3] / "cases" / "stacked_module" / "case.toml"


@pytest.mark.parametrize(
    ("way", "value", "message"),
    [
        (("modules", 0, "attach"), None, "f: [[modules]] number 1 needs the table 'attach'"),
        (("modules", 0, "attach"), 3, "f: [[modules]] number 1, attach, must be a table, not 3"),
        (("modules", 0, "tested"), 3, "f: [[modules]] number 1, tested, must be a table, not 3"),
        (("modules", 0, "chips"), 3, "f: [[modules]] number 1, chips, must be a list of tables, not 3"),
        (("modules", 0, "bonds", 0, "height"), -1, "f: [[modules]] number 1, bonds number 1: height of"),
        (("modules", 0, "at"), 3, "f: [[modules]] number 1: place of module 'stack': 3 is a single value"),
        (("vias", 0, "contact"), 3, "f: [[vias]] number 1, contact, must be a table, not 3"),
        (("passivation", "openings"), 3, "f: [passivation], openings, must be a list of tables, not 3"),
        (("insulation", "material"), "", "f: [insulation]: material of the insulation: '' is not in the library"),
    ],
)
def test_mistakes_in_steps_are_named_with_their_place(way: tuple, value: Any, message: str) -> None:
    tables = tomllib.loads(CASE.read_text(encoding="utf-8"))
    target: Any = tables
    for key in way[:-1]:
        target = target[key]
    target[way[-1]] = value
    with pytest.raises(mt.InputError) as caught:
        case_from_tables(tables, "f")
    assert str(caught.value).startswith(message)
