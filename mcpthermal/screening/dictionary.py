"""The fault dictionary: which reading tells of which fault, and which faults no reading tells of."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, near_misses
from mcpthermal.mesh.common import common_meshes
from mcpthermal.mesh.sizing import MeshSpec
from mcpthermal.package.fault import Fault
from mcpthermal.package.points import is_list
from mcpthermal.screening.program import ModuleTest
from mcpthermal.screening.readings import TestReport, shown, table
from mcpthermal.screening.tester import run_test
from mcpthermal.solve.loan import Loan
from mcpthermal.solve.stepping import AdaptiveSteps


@dataclass(frozen=True)
class FaultEntry:
    """What a test reads of a module with a fault.

    Attributes
    ----------
    fault : Fault
    report : TestReport
    deviations : tuple of float
        Of each reading, in units of what is allowed.
    """

    fault: Fault
    report: TestReport
    deviations: tuple[float, ...]

    @property
    def detectable(self) -> bool:
        """Whether the test fails."""
        return not self.report.passes

    @property
    def found_by(self) -> tuple[str, ...]:
        """The measurements that fail."""
        return tuple(dict.fromkeys(item.measurement for item in self.report.readings if not item.passes))


@dataclass(frozen=True)
class FaultDictionary:
    """The readings of a healthy module and of those with each fault.

    Attributes
    ----------
    test : ModuleTest
    healthy : TestReport
    entries : tuple of FaultEntry
    seconds : float
        What all of it took, meshes included.
    cells : int
        Of each mesh.
    """

    test: ModuleTest
    healthy: TestReport
    entries: tuple[FaultEntry, ...]
    seconds: float = 0.0
    cells: int = 0

    @property
    def readings(self) -> tuple[str, ...]:
        """The names of the readings."""
        return tuple(item.name for item in self.healthy.readings)

    @property
    def deviations(self) -> NDArray[np.float64]:
        """(n_faults, n_readings) in units of what is allowed: beyond -1 and 1 the fault is found."""
        return np.array([entry.deviations for entry in self.entries]).reshape(-1, len(self.readings))

    @property
    def missed(self) -> tuple[Fault, ...]:
        """The faults that no reading tells of."""
        return tuple(entry.fault for entry in self.entries if not entry.detectable)

    def coverage(self, kind: str | None = None) -> float:
        """The part of the faults, or of those of a kind such as ``"cracked bump"``, that the test finds."""
        kinds = [entry.fault.kind for entry in self.entries]
        if kind is not None and kind not in kinds:
            raise InputError(f"the dictionary has no fault of the kind '{kind}'; {near_misses(str(kind), kinds)}")
        found = [entry.detectable for entry in self.entries if kind in (None, entry.fault.kind)]
        return sum(found) / len(found)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """One row for each fault and reading."""
        return tuple(
            {
                "fault": entry.fault.kind,
                "where": entry.fault.where,
                "size": entry.fault.size,
                **reading.to_dict(),
                "nominal": self.healthy[reading.name].value,
                "deviation": deviation,
            }
            for entry in self.entries
            for reading, deviation in zip(entry.report.readings, entry.deviations, strict=True)
        )

    def __str__(self) -> str:
        rows = [("fault", "greatest deviation", "in", "from", "to", "found by")]
        for entry in self.entries:
            worst = int(np.argmax(np.abs(entry.deviations)))
            reading, deviation = entry.report.readings[worst], entry.deviations[worst]
            size = f"{deviation:+.3g} x allowed" if np.isfinite(deviation) else "beyond all limits"
            before = shown(self.healthy[reading.name].value, reading.unit)
            after = shown(reading.value, reading.unit)
            rows.append((entry.fault.label, size, reading.name, before, after, ", ".join(entry.found_by) or "nothing"))
        found = sum(entry.detectable for entry in self.entries)
        title = f"Test '{self.test.name}' finds {found} of {len(self.entries)} faults ({self.seconds:.1f} s)"
        return f"{title}\n{table(rows)}"


def fault_dictionary(
    test: ModuleTest,
    faults: Sequence[Fault],
    mesh: MeshSpec | str | None = None,
    *,
    steps: AdaptiveSteps | None = None,
    linear_tolerance: float = 1e-10,
    reuse: bool = True,
    progress: Callable[[str], None] | None = None,
) -> FaultDictionary:
    """Run a test on modules with one fault each.

    All modules have meshes of the same cells, so that what differs between their readings is the fault. Factors and
    states of the healthy one's solves are where the others start (`solve/loan.py`).

    Parameters
    ----------
    test : ModuleTest
    faults : sequence of Fault
    mesh : MeshSpec or str, optional
        How fine; it also holds the outlines of all faults.
    steps, linear_tolerance
        As for `run_test`.
    reuse : bool
        With False each module is solved from scratch.
    progress : callable, optional
        Is told in words what happens.

    Returns
    -------
    FaultDictionary

    Raises
    ------
    GeometryError
        If a fault does not fit the module.
    """
    if not isinstance(test, ModuleTest):
        raise InputError(f"fault_dictionary needs a ModuleTest, not {type(test).__name__}")
    listed: tuple[Any, ...] = tuple(faults) if is_list(faults) else (faults,)
    if not listed or not all(isinstance(fault, Fault) for fault in listed):
        raise InputError("fault_dictionary needs a list of faults, such as [MissingBump('stack.bumps[0]')]")
    began, say = clock.perf_counter(), progress or (lambda text: None)
    packages = [test.package, *(fault.apply(test.package) for fault in listed)]
    say("meshing")
    meshes = common_meshes(packages, mesh)
    options: dict[str, Any] = {"steps": steps, "linear_tolerance": linear_tolerance}
    loan = Loan()
    say("healthy")
    healthy = run_test(test, mesh=meshes[0], loan=loan, **options)
    entries = []
    for number, (fault, package, own) in enumerate(zip(listed, packages[1:], meshes[1:], strict=True), start=1):
        say(f"fault {number} of {len(listed)}: {fault.label}")
        borrowed = Loan(loan if reuse else None)
        report = run_test(test, package, own, healthy, loan=borrowed, **options)
        pairs = zip(report.readings, healthy.readings, strict=True)
        entries.append(FaultEntry(fault, report, tuple(item.deviation(base.value) for item, base in pairs)))
    return FaultDictionary(test, healthy, tuple(entries), clock.perf_counter() - began, meshes[0].n_cells)
