"""The fault dictionary: entries on lent factors are those solved from scratch, and say what the faults do."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.screening import FaultDictionary
from mcpthermal.units import mm, um

from .conftest import COPPER, GAS, IN, OUT, X

SPEC = mt.MeshSpec("coarse", edge_size=0.3 * mm, max_size=1 * mm, layer_size=0.3 * mm, growth=2.0)


def random_faults() -> list[mt.Fault]:
    """Ten faults of all kinds at places and of sizes that are drawn."""
    random = np.random.default_rng(7)
    bumps = [f"stack.bumps[{n}]" for n in random.permutation(4)]
    faults: list[mt.Fault] = [mt.MissingBump(bumps[0]), mt.CrackedBump(bumps[1], filling=GAS)]
    faults += [mt.CrackedBump(bump, float(random.uniform(0.05, 0.6)), filling=GAS) for bump in bumps[1:4]]
    left = int(random.integers(3))
    faults.append(mt.Bridge(f"stack.bumps[{left}]", f"stack.bumps[{left + 1}]", 40 * um))
    for x in random.uniform(-0.5, 0.5, 2) * mm:
        faults.append(mt.Void("stack.underfill", (float(x), 0.14 * mm), float(random.uniform(60, 100)) * um, GAS))
    part = mt.rectangle(0.08 * mm, at=(float(random.uniform(-0.1, 0.1)) * mm, 0.15 * mm))
    faults.append(mt.Delamination("stack.underfill", part, filling=GAS))
    faults.append(mt.ThinTrace("lower.middle", (0.0, 0.0), 100 * um, float(random.uniform(0.2, 0.8)), filling=GAS))
    return faults


@pytest.fixture(scope="module")
def electrical(trial: mt.ModuleTest) -> mt.ModuleTest:
    return mt.ModuleTest(trial.package, trial.fixture, trial.program[:2], "small")


@pytest.fixture(scope="module")
def lent(electrical: mt.ModuleTest) -> FaultDictionary:
    return mt.fault_dictionary(electrical, random_faults(), SPEC)


def agree(lent: FaultDictionary, scratch: FaultDictionary) -> None:
    assert len(lent.entries) == len(scratch.entries)
    for one, other in zip(lent.entries, scratch.entries, strict=True):
        for b in other.report.readings:
            a = one.report[b.name]
            assert a.value == pytest.approx(b.value, rel=1e-7), (one.fault.label, a.name)
    # Modules from scratch make all their factors; those that borrow hardly any.
    made, own = (sum(entry.report.setups for entry in item.entries) for item in (scratch, lent))
    assert made >= 15 and own <= 0.1 * made


def test_ten_random_faults_agree_with_solutions_from_scratch(lent: FaultDictionary, electrical: mt.ModuleTest) -> None:
    assert len(lent.entries) == 10
    agree(lent, mt.fault_dictionary(electrical, random_faults(), SPEC, reuse=False))


def test_responses_agree_with_those_from_scratch(trial: mt.ModuleTest) -> None:
    response, faults = mt.ModuleTest(trial.package, trial.fixture, trial.program[2]), random_faults()[2:8:5]
    lent, scratch = (mt.fault_dictionary(response, faults, SPEC, reuse=reuse) for reuse in (True, False))
    agree(lent, scratch)
    cracked, void = lent.entries
    assert cracked.deviations[0] > void.deviations[0] > 0


@pytest.mark.slow
def test_all_ten_responses_agree_with_those_from_scratch(trial: mt.ModuleTest) -> None:
    agree(*(mt.fault_dictionary(trial, random_faults(), SPEC, reuse=reuse) for reuse in (True, False)))


def test_what_the_entries_say(lent: FaultDictionary) -> None:
    table = lent
    by_label = {entry.fault.label: entry for entry in table.entries}
    missing = table.entries[0]
    assert missing.detectable and missing.found_by[0] == "chain" and math.isinf(missing.report["chain"].value)
    opened = table.entries[1]
    assert opened.fault.label.startswith("open bump") and opened.deviations[0] == math.inf
    for entry in table.entries[2:5]:
        assert entry.report["chain"].value > table.healthy["chain"].value
    short = next(entry for entry in table.entries if isinstance(entry.fault, mt.Bridge))
    assert short.report["chain"].value < table.healthy["chain"].value
    assert all(entry.report["apart"].value == math.inf for entry in table.entries)
    assert table.coverage("missing bump") == 1.0 and 0 < table.coverage() <= 1.0
    assert len(table.missed) == round((1 - table.coverage()) * 10)
    assert table.deviations.shape == (10, 2) and len(by_label) == 10
    text = str(table)
    assert "beyond all limits" in text and "open bump" in text and "x allowed" in text
    assert len(table.rows()) == 20 and {"fault", "size", "deviation", "nominal", "passes"} <= set(table.rows()[0])
    with pytest.raises(mt.InputError, match="no fault of the kind 'crack'"):
        table.coverage("crack")


def test_a_report_of_the_healthy_module_passes(lent: FaultDictionary) -> None:
    report = lent.healthy
    assert report.passes and "passed" in str(report) and report["apart"].high == math.inf
    assert report.rows()[0]["value"] == report["chain"].value
    assert not lent.entries[0].report.passes and "FAIL" in str(lent.entries[0].report)
    with pytest.raises(mt.InputError, match="no reading 'chian'; did you mean 'chain'"):
        report["chian"]


def test_a_short_between_nets_is_read_by_their_isolation(chain: mt.Package, held: list[object]) -> None:
    """Without the upper links the four bumps are nets of their own; a bridge joins two of them."""
    names = {"upper.first", "upper.last"}
    bare = mt.Package.from_parts([part for part in chain.parts if part.name not in names])
    test = mt.ModuleTest(bare, held, mt.Isolation("apart", (IN, "lower.middle.top")))  # type: ignore[arg-type]
    table = mt.fault_dictionary(test, [mt.Bridge("stack.bumps[0]", "stack.bumps[1]", 40 * um)], SPEC)
    (entry,) = table.entries
    assert entry.found_by == ("apart",) and entry.deviations == (-math.inf,)
    # The strip of solder between the bumps' flanks alone has 300 um / (sigma x 40 um x 60 um); links add to it.
    solder = float(bare["stack.bumps"].material.electrical_axes[0](298.15))
    strip = (X[1] - X[0] - 100 * um) / (solder * 40 * um * 60 * um)
    assert strip < entry.report["apart"].value < 3 * strip


def test_a_module_is_read_beside_the_healthy_one_unless_its_report_is_given(
    electrical: mt.ModuleTest, chain: mt.Package
) -> None:
    opened, cracked = (mt.CrackedBump("stack.bumps[1]", left, filling=GAS).apply(chain) for left in (0.0, 0.02))
    report = mt.run_test(electrical, opened, SPEC)
    assert not report.passes and report["chain"].value == math.inf and report["apart"].passes
    report = mt.run_test(electrical, cracked, SPEC)
    nominal = mt.run_test(electrical, mesh=SPEC)
    assert not report.passes and report["chain"].low < nominal["chain"].value < report["chain"].high
    assert nominal.passes and mt.run_test(electrical, chain, SPEC, nominal).passes
    for package, mesh, given, text in (
        (cracked, mt.generate_mesh(cracked, SPEC), None, "which this mesh does not hold"),
        (cracked, SPEC, mt.run_test(electrical, opened, SPEC), "'chain' is open in the nominal report"),
        (None, SPEC, "nominal", "nominal 'nominal' is no TestReport"),
        ("chain", SPEC, None, "package 'chain' is no Package"),
    ):
        with pytest.raises(mt.InputError, match=text):
            mt.run_test(electrical, package, mesh, given)  # type: ignore[arg-type]


def test_self_heating_is_in_the_readings(chain: mt.Package, held: list[object]) -> None:
    """Twice the current gives four times the heat, and the resistance rises by its coefficient times the rise."""
    pulse = mt.CurrentPulse("pulse", (IN, OUT), 3.0, tolerance=0.01, read_at=("0.1 ms", "2 ms"))
    nets = [mt.FourWire(f"net{n}", (IN, OUT), current) for n, current in enumerate((1e-3, 1.5, 3.0))]
    report = mt.run_test(mt.ModuleTest(chain, held, [*nets, pulse]), mesh=SPEC)  # type: ignore[arg-type]
    cold, warm, hot = (report[f"net{n}"].value for n in range(3))
    assert 3.9 < (hot - cold) / (warm - cold) < 4.3
    early, late = report["pulse at 100 us"].value, report["pulse at 2 ms"].value
    assert cold < early < late < hot


@pytest.mark.parametrize("law", [140.0, mt.Table((200, 500), (140, 140.001))], ids=["reduced", "stepped"])
def test_what_is_read_where_no_heat_has_come_finds_no_fault(law: object) -> None:
    """In the other corner of a plate the response is e^-50 after a millisecond; more is left out than that."""
    plate = mt.Material("plate", law, density=2329.0, specific_heat=712.0)  # type: ignore[arg-type]
    spots = (("hot", -1.8, -1.8), ("far", 1.8, 1.8), ("trace", -1.0, 1.5))
    package = mt.Package.from_parts(
        [
            mt.Part("sub", mt.rectangle(4 * mm), (0.0, 0.3 * mm), plate, "chip"),
            *(
                mt.Part(n, mt.rectangle(0.2 * mm, at=(x * mm, y * mm)), (0.3 * mm, 0.31 * mm), COPPER)
                for n, x, y in spots
            ),
        ]
    )
    pulse = mt.PowerPulse("pulse", "hot", 1.0, ("10 us", "1 ms"), sensor="far")
    test = mt.ModuleTest(package, mt.Chuck("sub.bottom", 300.0, 1e-4), pulse)
    coarse = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=2 * mm, layer_size=0.3 * mm, growth=2.0)
    table = mt.fault_dictionary(test, [mt.ThinTrace("trace", (-1 * mm, 1.5 * mm), 0.1 * mm, 0.5, filling=GAS)], coarse)
    assert table.missed and np.abs(table.deviations).max() < 0.5
