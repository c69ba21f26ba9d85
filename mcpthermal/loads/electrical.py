"""Electrical terminals. Current into the conductor is positive."""

from __future__ import annotations

from dataclasses import dataclass

from mcpthermal.errors import LoadError
from mcpthermal.loads.placement import check_place
from mcpthermal.units import quantity

DISTRIBUTIONS = ("equipotential", "uniform")


@dataclass(frozen=True)
class Voltage:
    """A prescribed potential (V) of the conductor's faces at a place."""

    place: str
    voltage: float

    def __post_init__(self) -> None:
        check_place(self.place, "a voltage")
        object.__setattr__(self, "voltage", quantity(self.voltage, "V", f"voltage at '{self.place}'"))


@dataclass(frozen=True)
class Current:
    """A total current (A) into the conductor at a place.

    Parameters
    ----------
    place : str
    current : float
        (A), positive into the conductor.
    distribution : {"equipotential", "uniform"}
        The terminal has one potential, as under a probe or a solder joint, or its current density is uniform.
    """

    place: str
    current: float
    distribution: str = "equipotential"

    def __post_init__(self) -> None:
        check_place(self.place, "a current")
        object.__setattr__(self, "current", quantity(self.current, "A", f"current at '{self.place}'"))
        if not isinstance(self.distribution, str) or self.distribution not in DISTRIBUTIONS:
            raise LoadError(
                f"current at '{self.place}': distribution {self.distribution!r} must be one of "
                f"{', '.join(DISTRIBUTIONS)}"
            )


@dataclass(frozen=True)
class CurrentLoad:
    """A chip that draws a current (A) from its contacts at one place and returns it at another.

    Each place is one terminal of one potential: all faces of ``"to_logic.foot"`` together. The electric
    power that the load takes is not turned into heat here; state the chip's `Power`.
    """

    from_: str
    to: str
    current: float

    def __post_init__(self) -> None:
        check_place(self.from_, "a current load")
        check_place(self.to, "a current load")
        if self.from_ == self.to:
            raise LoadError(
                f"current load: it draws from and returns to the same place '{self.from_}'; give two places"
            )
        object.__setattr__(self, "current", quantity(self.current, "A", f"current load from '{self.from_}'"))
