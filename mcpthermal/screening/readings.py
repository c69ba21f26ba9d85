"""What a test has read, and whether it passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import InputError, near_misses
from mcpthermal.package.records import ModuleTestRecord
from mcpthermal.units import describe


@dataclass(frozen=True)
class Reading:
    """A number that a test has read.

    Attributes
    ----------
    measurement, name, unit : str
    value : float
        Infinite for a resistance where nothing joins the terminals.
    low, high : float
        What passes; limits allow for the numerical errors of this reading and of the healthy module's.
    error : float
        How far the value may be from that of exact arithmetic on the same mesh.
    """

    measurement: str
    name: str
    unit: str
    value: float
    low: float
    high: float
    error: float = 0.0

    @property
    def passes(self) -> bool:
        """Whether it lies within its limits."""
        return self.low <= self.value <= self.high

    def deviation(self, nominal: float) -> float:
        """By how much it differs from that of a healthy module, in units of what is allowed; infinite if cut or joined.

        Beyond -1 and 1 it does not pass.
        """
        if math.isinf(nominal):
            return 0.0 if self.passes else -math.inf
        off = self.value - nominal
        allowed = self.high - nominal if off >= 0 else nominal - self.low
        if allowed == 0.0:  # a tolerance of nothing
            return math.copysign(math.inf, off) if off else 0.0
        return off / allowed

    def to_dict(self) -> dict[str, Any]:
        """As plain numbers."""
        return {**vars(self), "passes": self.passes}


@dataclass(frozen=True)
class TestReport:
    """The readings of one module.

    Attributes
    ----------
    test : str
        Its name.
    readings : tuple of Reading
    module : str
        The name of the module.
    seconds : float
        What computing them took.
    setups : int
        How many factorisations and hierarchies were made for them.
    """

    __test__ = False  # for pytest: it is no test

    test: str
    readings: tuple[Reading, ...]
    module: str = ""
    seconds: float = 0.0
    setups: int = 0

    @property
    def passes(self) -> bool:
        """Whether all readings pass."""
        return all(reading.passes for reading in self.readings)

    @property
    def record(self) -> ModuleTestRecord:
        """What ``process.attach(module, tested=report)`` keeps of it."""
        program = ", ".join(dict.fromkeys(reading.measurement for reading in self.readings))
        return ModuleTestRecord(self.module, f"{self.test}: {program}", self.passes)

    def __getitem__(self, name: str) -> Reading:
        """The reading of a name."""
        for reading in self.readings:
            if reading.name == name:
                return reading
        raise InputError(f"the test has no reading '{name}'; {near_misses(str(name), [r.name for r in self.readings])}")

    def rows(self) -> tuple[dict[str, Any], ...]:
        """One row for each reading."""
        return tuple(reading.to_dict() for reading in self.readings)

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("reading", "value", "from", "to", "")]
        for item in self.readings:
            limits = [shown(value, item.unit) for value in (item.value, item.low, item.high)]
            rows.append((item.name, *limits, "pass" if item.passes else "FAIL"))
        title = f"Test '{self.test}': {'passed' if self.passes else 'failed'}"
        return f"{title}\n{table(rows)}"


def shown(value: float, unit: str) -> str:
    """A reading for people."""
    if math.isinf(value):
        return "open" if unit == "ohm" else "-"
    return describe(value, unit)


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of words as lines of equal columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
