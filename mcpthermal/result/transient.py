"""The answer of a transient: probes at every step, states that were kept, the balance of energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import BalanceError, InputError, near_misses
from mcpthermal.result.steady import SteadyResult
from mcpthermal.units import describe, quantity

Floats = NDArray[np.float64]

ENERGY_TOLERANCE = 1e-8
CONTENT_ROUNDING = 1e-12


@dataclass(frozen=True)
class EnergyBalance:
    """Energy over a time.

    Attributes
    ----------
    heat : tuple of (place, kind, J)
        Heat into the body by each load; negative where it leaves.
    stored : float
        By how much the heat content grew (J).
    content : float
        The size of the content itself, at most (J).
    passed : float
        What came in or went out step by step (J): over a cycle of temperatures all of `heat` may cancel.
    rounding : float
        What rounding of the temperatures may have let in or out of the conductors (J).
    """

    heat: tuple[tuple[str, str, float], ...]
    stored: float
    content: float
    passed: float = 0.0
    rounding: float = 0.0

    @property
    def energy_in(self) -> float:
        """All heat that came in (J)."""
        return sum(max(joule, 0.0) for _, _, joule in self.heat)

    @property
    def defect(self) -> float:
        """Heat in minus heat out and stored (J)."""
        return sum(joule for _, _, joule in self.heat) - self.stored

    @property
    def turnover(self) -> float:
        """All heat that came in or went out (J)."""
        out = sum(max(-joule, 0.0) for _, _, joule in self.heat)
        return max(self.energy_in, out, abs(self.stored), self.passed)

    @property
    def relative_defect(self) -> float:
        """The defect relative to all heat that came in or went out."""
        return abs(self.defect) / self.turnover if self.turnover > 0 else abs(self.defect)

    @property
    def allowed(self) -> float:
        """The largest defect of a balance that closes (J)."""
        return ENERGY_TOLERANCE * self.turnover + CONTENT_ROUNDING * self.content + self.rounding

    @property
    def closes(self) -> bool:
        """Whether what is missing is allowed."""
        return abs(self.defect) <= self.allowed

    def check(self, when: str) -> None:
        """Raise a BalanceError if it does not close."""
        if not self.closes:
            raise BalanceError(
                f"the energy balance {when} does not close: {self.defect:.3g} J of {self.turnover:.6g} J are missing "
                f"(allowed {self.allowed:.1e} J); lower linear_tolerance, and report this if it stays"
            )

    def to_dict(self) -> dict[str, Any]:
        """For JSON files."""
        return {
            "heat": [{"place": place, "kind": kind, "J": joule} for place, kind, joule in self.heat],
            "energy_in_J": self.energy_in,
            "stored_J": self.stored,
            "defect_J": self.defect,
            "relative_defect": self.relative_defect,
        }


@dataclass(frozen=True, eq=False)
class TransientResult:
    """Temperatures and currents in time.

    Attributes
    ----------
    case : Case
    times : (n,) array
        The end of each step, and the beginning (s).
    probes : mapping of str to (n,) array
        Each probe at these times.
    units : mapping of str to str
        Of each probe.
    snapshots : mapping of float to SteadyResult
        The states that were kept, by time; their balance has the heat stored per time.
    final : SteadyResult
        The last state.
    energy : EnergyBalance
        Over the whole run.
    largest_defect : float
        The largest relative defect of the balance of a single step.
    steps : mapping of str to int
        ``accepted``, ``rejected``, ``solves``, ``iterations``.
    steady : bool
        Whether the run ended early because nothing changed any more.
    seconds : float
        Wall time.
    """

    case: Case
    times: Floats
    probes: Mapping[str, Floats]
    units: Mapping[str, str]
    snapshots: Mapping[float, SteadyResult]
    final: SteadyResult
    energy: EnergyBalance
    largest_defect: float
    steps: Mapping[str, int]
    steady: bool
    seconds: float

    def probe(self, name: str) -> Floats:
        """The values of a probe at `times`."""
        if name not in self.probes:
            raise InputError(f"'{name}' is no probe of this run; {near_misses(str(name), self.probes)}")
        return self.probes[name]

    def at(self, time: float | str) -> SteadyResult:
        """The state that was kept at a time (s).

        Raises
        ------
        InputError
            If none was kept there.
        """
        wanted = quantity(time, "s", "time of a state")
        for known, state in self.snapshots.items():
            if abs(known - wanted) <= 1e-9 * max(abs(wanted), 1e-12):
                return state
        kept = ", ".join(describe(known, "s") for known in self.snapshots) or "none"
        raise InputError(f"no state was kept at {describe(wanted, 's')}; kept are {kept}: give save=[...]")

    def table(self) -> str:
        """All probes at all times as text."""
        names = list(self.probes)
        widths = [max(14, len(name)) for name in names]
        head = f"{'time, s':>14}  " + "  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True))
        rows = [
            f"{time:14.6e}  "
            + "  ".join(f"{self.probes[name][n]:{width}.6f}" for name, width in zip(names, widths, strict=True))
            for n, time in enumerate(self.times.tolist())
        ]
        return "\n".join([head, *rows])

    def summary(self) -> str:
        """The answer as text."""
        end = describe(float(self.times[-1]), "s")
        lines = [f"{self.case.name}: transient of {end}" + (", steady before its end" if self.steady else ""), ""]
        width = max(len(name) for name in self.probes)
        lines.append(f"  {'probe':<{width}}  {'begin':>16} {'greatest':>16} {'end':>16}")
        for name, values in self.probes.items():
            shown = [describe(float(value), self.units[name]) for value in (values[0], values.max(), values[-1])]
            lines.append(f"  {name:<{width}}  " + " ".join(f"{text:>16}" for text in shown))
        lines += ["", "Energy (heat into the package)"]
        lines += [f"  {place:<16}  {kind:<18} {joule:+12.6g} J" for place, kind, joule in self.energy.heat]
        lines.append(
            f"  stored {self.energy.stored:.6g} J, defect {self.energy.defect:.1e} J "
            f"({self.energy.relative_defect:.1e}; of a single step at most {self.largest_defect:.1e})"
        )
        counts = ", ".join(f"{count:,} {name}" for name, count in self.steps.items())
        lines += ["", f"Steps: {counts}; {self.seconds:.1f} s"]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain numbers (SI), for JSON."""
        return {
            "case": self.case.name,
            "times_s": self.times.tolist(),
            "probes": {name: values.tolist() for name, values in self.probes.items()},
            "units": dict(self.units),
            "energy": self.energy.to_dict(),
            "largest_step_defect": self.largest_defect,
            "steps": dict(self.steps),
            "steady": self.steady,
            "seconds": self.seconds,
            "final": self.final.to_dict(),
        }
