"""Electrical terminals and circuit elements. Current into the conductor is positive.

An electrical place is a place of the package or a free node of the circuit, ``"node:NAME"``;
``"node:ground"`` is at 0 V.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import LoadError
from mcpthermal.loads.placement import check_place
from mcpthermal.loads.varying import Load, read_varying
from mcpthermal.units import quantity

DISTRIBUTIONS = ("equipotential", "uniform")

GROUND = "node:ground"
"""The node at 0 V."""


def is_node(place: str) -> bool:
    """Whether an electrical place is a node of the circuit rather than a place of the package."""
    return place.startswith("node:")


def check_terminal(place: Any, what: str) -> str:
    """An electrical place is a string; after ``node:`` there is a name.

    Raises
    ------
    LoadError
    """
    check_place(place, what)
    if is_node(place) and not place[5:].replace("_", "").replace("-", "").isalnum():
        raise LoadError(f"place of {what}: '{place}' is no node; write e.g. 'node:source' or '{GROUND}'")
    return str(place)


def _check_two(a: str, b: str, what: str) -> None:
    if a == b:
        raise LoadError(f"{what}: both ends are the same place '{a}'; give two places")


@dataclass(frozen=True)
class Voltage(Load):
    """A prescribed potential (V) of the conductor's faces at a place, or an ideal source between two places.

    Parameters
    ----------
    place : str
    voltage : float or Waveform
        The potential of `place` minus that of `to` (V).
    to : str, optional
        Another place or node; without it the ground at 0 V.
    """

    place: str
    voltage: Any
    to: str | None = None

    def __post_init__(self) -> None:
        check_terminal(self.place, "a voltage")
        if self.to is not None:
            _check_two(self.place, check_terminal(self.to, "a voltage"), "voltage")
            object.__setattr__(self, "to", None if self.to == GROUND else self.to)
        if self.place == GROUND:
            raise LoadError(f"voltage: '{GROUND}' is at 0 V; name the other place first, with the opposite sign")
        object.__setattr__(self, "voltage", read_varying(self.voltage, "V", f"voltage at '{self.place}'"))


@dataclass(frozen=True)
class Resistor(Load):
    """A resistor (ohm, above 0) between two places or nodes, outside of the package."""

    a: str
    b: str
    resistance: float

    def __post_init__(self) -> None:
        check_terminal(self.a, "a resistor")
        check_terminal(self.b, "a resistor")
        _check_two(self.a, self.b, "resistor")
        name = f"resistance from '{self.a}' to '{self.b}'"
        object.__setattr__(self, "resistance", quantity(self.resistance, "ohm", name, above=0.0))


@dataclass(frozen=True)
class Current(Load):
    """A total current (A) into the conductor at a place, or into a node, that returns through the ground.

    Parameters
    ----------
    place : str
    current : float or Waveform
        (A), positive into the conductor.
    distribution : {"equipotential", "uniform"}
        The terminal has one potential, as under a probe or a solder joint, or its current density is uniform.
    """

    place: str
    current: Any
    distribution: str = "equipotential"

    def __post_init__(self) -> None:
        check_terminal(self.place, "a current")
        object.__setattr__(self, "current", read_varying(self.current, "A", f"current at '{self.place}'"))
        if not isinstance(self.distribution, str) or self.distribution not in DISTRIBUTIONS:
            raise LoadError(
                f"current at '{self.place}': distribution {self.distribution!r} must be one of "
                f"{', '.join(DISTRIBUTIONS)}"
            )
        if self.place == GROUND:
            raise LoadError(f"current: what flows into '{GROUND}' follows from the rest; name another place")
        if is_node(self.place) and self.distribution == "uniform":
            raise LoadError(f"current at '{self.place}': a node has no faces; drop distribution='uniform'")


@dataclass(frozen=True)
class CurrentLoad(Load):
    """A chip that draws a current (A; float or Waveform) from its contacts at one place and returns it at another.

    Each place is one terminal of one potential, all faces of ``"to_logic.foot"`` together, or a node. The electric
    power that the load takes is not turned into heat here; state the chip's `Power`.
    """

    from_: str
    to: str
    current: Any

    def __post_init__(self) -> None:
        check_terminal(self.from_, "a current load")
        check_terminal(self.to, "a current load")
        _check_two(self.from_, self.to, "current load")
        object.__setattr__(self, "current", read_varying(self.current, "A", f"current load from '{self.from_}'"))
