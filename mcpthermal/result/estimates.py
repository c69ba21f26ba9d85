"""How far a number of a result is from that of an infinitely fine mesh, as estimated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.units import describe

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GoalEstimate:
    """An output and the estimated error of the mesh in it.

    Attributes
    ----------
    goal : MaxTemperature, Resistance, ...
    value : float
        Of the result, in the goal's unit.
    error : float
        What an infinitely fine mesh is estimated to add to it, with its sign.
    bounds : (low, high) or None
        Between which the exact number is guaranteed to lie, where that is known.
    planar : (n_triangles,) array or None
        Shares of the absolute error by triangle, for columns.
    vertical : (n_layers,) array or None
        Shares by layer.
    cells : array or None
        Shares by cell of the mesh.
    """

    goal: Any
    value: float
    error: float
    bounds: tuple[float, float] | None = None
    planar: Floats | None = None
    vertical: Floats | None = None
    cells: Floats | None = None

    @property
    def name(self) -> str:
        """The goal's name."""
        return str(self.goal.name)

    @property
    def unit(self) -> str:
        """The goal's unit."""
        return str(self.goal.unit)

    @property
    def corrected(self) -> float:
        """The value with the estimated error taken off."""
        return self.value + self.error

    @property
    def bar(self) -> float:
        """The size of the estimated error."""
        return abs(self.error)

    def __str__(self) -> str:
        temperature = self.unit == "K"
        unit = " degC" if temperature else f" {self.unit}"
        shift = 273.15 if temperature else 0.0
        digits = decimals(self.bar)
        text = f"{self.name}: {self.value - shift:.{digits}f}{unit} +- {_plain(self.bar)} {self.unit}"
        text += f" (corrected {self.corrected - shift:.{digits}f}{unit})"
        if self.bounds is not None:
            low, high = (describe(bound, self.unit) for bound in self.bounds)
            text += f", between {low} and {high} for certain"
        return text

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        row = {"goal": self.name, "unit": self.unit, "value": self.value, "error": self.error}
        row |= {"corrected": self.corrected, "bounds": None if self.bounds is None else list(self.bounds)}
        return row


@dataclass(frozen=True)
class AdaptiveStep:
    """One mesh of an adaptive solution.

    Attributes
    ----------
    unknowns : int
        Of temperature and potential together.
    cells : int
    values, errors : mapping of goal name to number
        Of the result on this mesh, and their estimated errors.
    tolerances : mapping of goal name to number
    seconds : float
        Since the beginning.
    """

    unknowns: int
    cells: int
    values: Mapping[str, float]
    errors: Mapping[str, float]
    tolerances: Mapping[str, float]
    seconds: float

    @property
    def worst(self) -> float:
        """The greatest error in units of its tolerance."""
        return max(abs(error) / self.tolerances[name] for name, error in self.errors.items())


@dataclass(frozen=True)
class Adaptation:
    """How a mesh was adapted, and whether the tolerance was reached.

    Attributes
    ----------
    steps : tuple of AdaptiveStep
    reached : bool
    reason : str
        Why it ended.
    """

    steps: tuple[AdaptiveStep, ...]
    reached: bool
    reason: str

    def table(self) -> str:
        """The history as text."""
        names = list(self.steps[-1].values)
        lines = [f"  {'unknowns':>10} {'seconds':>8}  " + "  ".join(f"{name:>24}" for name in names)]
        for step in self.steps:
            cells = [f"{step.values[name]:>12.6g} {step.errors[name]:+11.2g}" for name in names]
            lines.append(f"  {step.unknowns:>10,} {step.seconds:>8.1f}  " + "  ".join(cells))
        return "\n".join([*lines, f"  {self.reason}"])

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"reached": self.reached, "reason": self.reason, "steps": [asdict(step) for step in self.steps]}


def decimals(bar: float) -> int:
    """Decimals that show two digits of a bar."""
    return 6 if bar <= 0.0 else int(np.clip(1 - np.floor(np.log10(bar)), 0, 12))


def _plain(bar: float) -> str:
    return f"{bar:.{decimals(bar)}f}"


def table(estimates: Iterable[GoalEstimate]) -> str:
    """One line for each estimate."""
    return "\n".join(f"  {item}" for item in estimates)
