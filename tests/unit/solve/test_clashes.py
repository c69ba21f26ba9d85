"""Faces that share an edge and are held at different values: what flows between them grows with every finer mesh."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from steady_problems import AMBIENT, SIDE, meshed, stack

import mcpthermal as mt

PACKAGE, MESH = meshed("columns", stack(("block", SIDE, mt.Material("m", 100.0, 1e6))))
FILM = mt.Convection("bottom", 500.0, AMBIENT)


@pytest.mark.parametrize(
    "loads",
    [
        [mt.FixedTemperature("top", 310.0), mt.FixedTemperature("block.x_min", 300.0)],
        [mt.Voltage("block.top", 1e-3), mt.Voltage("block.x_min", 0.0), FILM],
        [mt.Current("block.top", 1.0), mt.Voltage("block.x_min", 0.0), FILM],
    ],
)
def test_they_are_told(loads: list[Any]) -> None:
    with pytest.warns(mt.SingularWarning, match=r"share an edge and are held at different values: the .* has no limit"):
        mt.solve_steady(mt.Case(PACKAGE, loads), MESH)


@pytest.mark.parametrize(
    "loads",
    [
        [mt.FixedTemperature("top", 310.0), mt.FixedTemperature("block.x_min", 310.0)],
        [mt.FixedTemperature("top", 310.0), mt.FixedTemperature("bottom", 300.0)],
        [mt.Voltage("block.top", 0.0), mt.Voltage("block.x_min", 0.0), mt.Voltage("bottom", 0.0), FILM],
        [mt.Current("block.top", 1.0, distribution="uniform"), mt.Voltage("block.x_min", 0.0), FILM],
    ],
)
def test_others_are_not(loads: list[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", mt.SingularWarning)
        mt.solve_steady(mt.Case(PACKAGE, loads), MESH)
