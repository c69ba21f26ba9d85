"""What goes in and out: heat and charge, and how far they miss each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mcpthermal.errors import BalanceError

ENERGY_TOLERANCE = 1e-8
CHARGE_TOLERANCE = 1e-8
POWER_TOLERANCE = 1e-6

MOST_ROUNDING = 1e-3
"""Of the current: rounding that is more leaves no current that can be believed."""


@dataclass(frozen=True)
class Balance:
    """Energy and charge balance of a state.

    Attributes
    ----------
    heat : tuple of (place, kind, W)
        Heat into the body by each load, Joule heat among them (kind "joule"); negative where it leaves.
    currents : mapping of str to float
        Current into the conductors at each terminal (A).
    electric_power : float
        The electric power that the terminals deliver to the conductors (W).
    joule_power : float
        Joule heat in the conductors and their contacts (W).
    stored : float
        Heat stored per time (W): none in a steady state.
    charge_rounding : float
        What rounding of the potentials alone may leave of the currents (A), where it was asked for.
    """

    heat: tuple[tuple[str, str, float], ...]
    currents: Mapping[str, float]
    electric_power: float
    joule_power: float
    stored: float = 0.0
    charge_rounding: float = 0.0

    @property
    def heat_in(self) -> float:
        """The sum of all heat that comes in (W)."""
        return sum(max(watt, 0.0) for _, _, watt in self.heat)

    @property
    def heat_out(self) -> float:
        """The sum of all heat that leaves (W)."""
        return sum(max(-watt, 0.0) for _, _, watt in self.heat)

    @property
    def defect(self) -> float:
        """Heat in minus heat out and stored (W)."""
        return sum(watt for _, _, watt in self.heat) - self.stored

    @property
    def relative_defect(self) -> float:
        """The defect relative to all heat that comes in, or out of the store."""
        scale = max(self.heat_in, -self.stored)
        return abs(self.defect) / scale if scale > 0 else abs(self.defect)

    @property
    def charge_defect(self) -> float:
        """Current in minus current out (A)."""
        return sum(self.currents.values())

    @property
    def relative_charge_defect(self) -> float:
        """The charge defect relative to the current through the package."""
        through = sum(abs(current) for current in self.currents.values()) / 2
        return abs(self.charge_defect) / through if through > 0 else 0.0

    @property
    def _charge_rounding(self) -> float:
        through = sum(abs(current) for current in self.currents.values()) / 2
        return self.charge_rounding / through if through > 0 else 0.0

    @property
    def relative_power_defect(self) -> float:
        """Electric power minus Joule heat, relative to the Joule heat."""
        return abs(self.electric_power - self.joule_power) / self.joule_power if self.joule_power > 0 else 0.0

    def check(self) -> None:
        """Raise a BalanceError if a balance does not close."""
        for what, value, allowed in (
            ("energy", self.relative_defect, ENERGY_TOLERANCE),
            ("charge", self.relative_charge_defect, CHARGE_TOLERANCE + min(self._charge_rounding, MOST_ROUNDING)),
            ("electric power", self.relative_power_defect, POWER_TOLERANCE),
        ):
            if not value <= allowed:
                raise BalanceError(
                    f"the {what} balance does not close: relative defect {value:.3g}, allowed {allowed:.0e}; "
                    "lower linear_tolerance, and report this if it stays"
                )

    def table(self) -> str:
        """The balance as text."""
        rows: Sequence[tuple[str, str, float]] = self.heat
        width = max((len(place) for place, _, _ in rows), default=5)
        lines = [f"  {place:<{width}}  {kind:<18} {watt:+12.6g} W" for place, kind, watt in rows]
        lines.append(
            f"  heat in {self.heat_in:.6g} W, out {self.heat_out:.6g} W, stored {self.stored:.6g} W, "
            f"defect {self.defect:.2e} W ({self.relative_defect:.1e})"
        )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """For JSON files."""
        return {
            "heat": [{"place": place, "kind": kind, "W": watt} for place, kind, watt in self.heat],
            "heat_in_W": self.heat_in,
            "heat_out_W": self.heat_out,
            "stored_W": self.stored,
            "defect_W": self.defect,
            "relative_defect": self.relative_defect,
            "currents_A": dict(self.currents),
            "charge_defect_A": self.charge_defect,
            "relative_charge_defect": self.relative_charge_defect,
            "electric_power_W": self.electric_power,
            "joule_power_W": self.joule_power,
        }
