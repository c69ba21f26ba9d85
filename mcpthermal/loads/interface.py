"""Contact resistances between the parts of a package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import LoadError
from mcpthermal.loads.placement import check_place
from mcpthermal.loads.thermal import check_law
from mcpthermal.loads.varying import Load
from mcpthermal.materials import Law, as_law
from mcpthermal.units import quantity

UNITS = {"thermal_resistance": "m2 K/W", "electrical_resistivity": "ohm m2"}


@dataclass(frozen=True)
class Interface(Load):
    """Resistances of the contact wherever two sides touch.

    Parameters
    ----------
    a, b : str
        A part, module, member of a family, material, or role (via, contact, bump, chip, carrier, attach,
        underfill, insulation, metal, passivation). Parts are looked for first, then materials, then roles;
        ``"material:copper"`` and ``"role:via"`` say which. ``"a|b"`` without `b` is the same.
    thermal_resistance : float or Law
        Of the unit area (m2 K/W), at least 0; or a law of the mean temperature of both sides.
    electrical_resistivity : float or Law
        Of the unit area (ohm m2), at least 0; or a law of the mean temperature of both sides.
    heat_fraction : float
        The share of the contact's own Joule heat that side `a` gets, from 0 to 1.
    """

    a: str
    b: str | None = None
    thermal_resistance: Any = 0.0
    electrical_resistivity: Any = 0.0
    heat_fraction: float = 0.5

    def __post_init__(self) -> None:
        check_place(self.a, "an interface")
        if self.b is None:
            if self.a.count("|") != 1:
                raise LoadError(f"interface at '{self.a}': give two sides, Interface('a', 'b', ...) or 'a|b'")
            first, second = self.a.split("|")
            object.__setattr__(self, "a", first)
            object.__setattr__(self, "b", second)
        for side in ("a", "b"):
            text = check_place(getattr(self, side), "an interface").strip()
            if "|" in text:
                raise LoadError(f"interface: side {side} = '{text}' has a bar; give one side in each of a and b")
            object.__setattr__(self, side, text)
        for field, unit in UNITS.items():
            value, name = getattr(self, field), f"{field} of interface '{self.place}'"
            if isinstance(value, Law):
                check_law(value, name, unit, minimum=0.0)
            else:
                object.__setattr__(self, field, quantity(value, unit, name, minimum=0.0))
        name = f"heat_fraction of interface '{self.place}'"
        object.__setattr__(self, "heat_fraction", quantity(self.heat_fraction, "", name, minimum=0.0, maximum=1.0))

    @property
    def place(self) -> str:
        """Both sides, ``"a|b"``."""
        return f"{self.a}|{self.b}"

    @property
    def has_thermal(self) -> bool:
        """Whether its thermal resistance is not exactly zero."""
        return not _is_zero(self.thermal_law)

    @property
    def has_electrical(self) -> bool:
        """Whether its electrical resistivity is not exactly zero."""
        return not _is_zero(self.electrical_law)

    @property
    def thermal_law(self) -> Law:
        """The thermal resistance of the unit area (m2 K/W) as a law of the mean temperature."""
        return as_law(self.thermal_resistance, UNITS["thermal_resistance"], f"interface '{self.place}'")

    @property
    def electrical_law(self) -> Law:
        """The electrical resistivity of the contact (ohm m2) as a law of the mean temperature."""
        return as_law(self.electrical_resistivity, UNITS["electrical_resistivity"], f"interface '{self.place}'")


def _is_zero(law: Law) -> bool:
    return law.is_constant and float(law(300.0)) == 0.0
