"""The test of the two stacked chips: what the README says of its faults, yields and costs."""

from __future__ import annotations

import math
import runpy
from pathlib import Path
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.units import mm

FOLDER = Path(__file__).parents[2] / "cases" / "known_good_module"
COVERAGE = {
    "missing bump": 1.0, "cracked bump": 0.6, "short": 1.0, "void": 1 / 3, "delamination": 1 / 3, "thin trace": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(FOLDER / "case.py"))


def test_chains_and_shorts(script: dict[str, Any]) -> None:
    """The electrical part of the program on a few of the faults, on a mesh that holds only those."""
    whole = script["test"]
    test = mt.ModuleTest(whole.package, whole.fixture, whole.program[:3], whole.name)
    chosen = [script["faults"][number] for number in (0, 4, 7)]
    table = mt.fault_dictionary(test, chosen, script["MESH"])
    assert table.healthy["chain_a"].value == pytest.approx(0.1626, rel=0.01)
    assert table.healthy["chain_b"].value == pytest.approx(table.healthy["chain_a"].value, rel=0.01)
    missing, cracked, short = table.entries
    assert missing.found_by == ("chain_a",) and math.isinf(missing.report["chain_a"].value)
    assert cracked.report["chain_a"].value - table.healthy["chain_a"].value == pytest.approx(3.47e-3, rel=0.1)
    assert short.found_by == ("a_to_b",) and short.report["a_to_b"].value == pytest.approx(0.163, rel=0.02)

    # The healthy module's report goes with it onto the carrier.
    process = mt.Process(mt.Carrier((5 * mm, 4 * mm), 0.3 * mm)).attach(script["module"], tested=table.healthy)
    assert process.claims()[15].limitations[0].satisfied
    assert "stack passed: before attach: chain_a, chain_b, a_to_b" in process.claims()[15].limitations[0].shown
    with pytest.raises(mt.GeometryError, match="test record is that of module 'stack'"):
        other = mt.Module("other", script["module"].chips, script["module"].bonds, script["module"].attach)
        mt.Process(mt.Carrier((5 * mm, 4 * mm), 0.3 * mm)).attach(other, tested=table.healthy)


def test_what_the_test_is_worth(script: dict[str, Any]) -> None:
    """With the coverage that the README's table says."""
    rates = [mt.FaultRate(kind, p, script["PLACES"][kind], COVERAGE[kind]) for kind, p in script["RATES"].items()]
    result = mt.Screening(rates, script["COSTS"], modules=2, later=0.98, false_alarm=0.005).solve()
    assert (result.yield_without, result.yield_with) == pytest.approx((0.8415, 0.9206), abs=1e-4)
    assert (result.cost_without, result.cost_with) == pytest.approx((166.37, 161.09), abs=0.01)
    assert result.escapes == pytest.approx(0.0308, abs=1e-4)


@pytest.mark.slow
def test_the_whole_dictionary(script: dict[str, Any]) -> None:
    table = mt.fault_dictionary(script["test"], script["faults"], script["MESH"])
    assert [table.coverage(kind) for kind in COVERAGE] == pytest.approx(list(COVERAGE.values()))
    assert table.healthy["response at 30 ms"].value == pytest.approx(14.475, rel=0.01)
