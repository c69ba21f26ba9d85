"""Heat that is released inside a package."""

from __future__ import annotations

from dataclasses import dataclass

from mcpthermal.errors import LoadError
from mcpthermal.loads.placement import check_place
from mcpthermal.units import quantity

DISTRIBUTIONS = ("volume", "active_face")


@dataclass(frozen=True)
class Power:
    """Heat released in a part.

    Parameters
    ----------
    place : str
        A part (``"logic"``), a module, or a part's face (``"logic.top"``).
    power : float
        Total over the place (W); negative for a cooler.
    distribution : {"volume", "active_face"}
        Spread evenly over the part's volume, or over the active face of a chip.
    """

    place: str
    power: float
    distribution: str = "volume"

    def __post_init__(self) -> None:
        check_place(self.place, "a power")
        object.__setattr__(self, "power", quantity(self.power, "W", f"power of '{self.place}'"))
        if not isinstance(self.distribution, str) or self.distribution not in DISTRIBUTIONS:
            raise LoadError(
                f"power of '{self.place}': distribution {self.distribution!r} must be one of {', '.join(DISTRIBUTIONS)}"
            )
