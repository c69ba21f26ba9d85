"""Estimated errors are between half and twice the true ones, for every output, on three meshes of each case.

The cases are in `effectivities.py`: exact answers, with singular edges and without, linear and not, on columns and on
tetrahedra.
"""

from __future__ import annotations

import pytest
from effectivities import EXACT, FINER, Exact

QUICK = {("S1", 2.0), ("S1", 1.0), ("T4", 2.0), ("T4", 1.0), ("gold wire", 2.0), ("Bratu", 2.0), ("two metals", 2.0)}


@pytest.mark.parametrize(
    ("case", "size"),
    [
        pytest.param(case, size, id=f"{case.key} {size:g}", marks=[] if (case.key, size) in QUICK else pytest.mark.slow)
        for case in (*EXACT, *FINER)
        for size in case.sizes
    ],
)
def test_estimates_are_between_half_and_twice_the_error(case: Exact, size: float) -> None:
    for row in case.rows(size):
        what = f"{row.case}, {row.goal}, {row.unknowns:,} unknowns: {row.estimated:.3g} for {row.true:.3g}"
        print(what)
        assert 0.5 <= row.ratio <= 2.0, what
