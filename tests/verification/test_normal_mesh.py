"""The default mesh: the chips of all cases are within half a percent of what finer meshes tend to."""

from __future__ import annotations

from pathlib import Path

import pytest
from reference_cases import chip_rises, daisy_chain

import mcpthermal as mt

CASES = Path(__file__).parents[2] / "cases"
LIMIT = 0.005


def errors(case: mt.Case, rises: dict[str, float]) -> dict[str, float]:
    result = mt.solve_steady(case, tolerance=1e-5, linear_tolerance=1e-7)
    return {chip: (result.max_temperature(chip) - result.ambient) / rise - 1 for chip, rise in rises.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", chip_rises.RISES)
def test_chips_of_the_cases(name: str) -> None:
    found = errors(mt.read_case(CASES / name), chip_rises.RISES[name])
    assert all(-LIMIT < error < 0.001 for error in found.values()), found


@pytest.mark.slow
def test_chip_of_the_daisy_chain() -> None:
    found = errors(daisy_chain.case(), {"dieB": daisy_chain.RISE})
    assert -LIMIT < found["dieB"] < 0.001
