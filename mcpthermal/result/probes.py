"""Numbers that are asked of every state: temperatures of parts and points, voltages, currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import InputError, near_misses
from mcpthermal.package.points import is_list
from mcpthermal.units import lengths


@dataclass(frozen=True)
class MaxTemperature:
    """The highest temperature of a part (K), or of all."""

    part: str | None = None

    unit = "K"

    @property
    def name(self) -> str:
        """For tables: ``max(part)``."""
        return f"max({self.part or 'package'})"

    def measure(self, result: Any) -> float:
        """The number of a result."""
        return float(result.max_temperature(self.part))


@dataclass(frozen=True)
class MeanTemperature:
    """The mean temperature of a part (K), or of all."""

    part: str | None = None

    unit = "K"

    @property
    def name(self) -> str:
        """For tables: ``mean(part)``."""
        return f"mean({self.part or 'package'})"

    def measure(self, result: Any) -> float:
        """The number of a result."""
        return float(result.mean_temperature(self.part))


@dataclass(frozen=True)
class TemperatureAt:
    """The temperature (K) at a point (m)."""

    point: tuple[float, float, float]

    unit = "K"

    def __post_init__(self) -> None:
        object.__setattr__(self, "point", lengths(self.point, "point of a probe", count=3))

    @property
    def name(self) -> str:
        """For tables: ``at(x, y, z)``."""
        return "at({:g}, {:g}, {:g})".format(*self.point)

    def measure(self, result: Any) -> float:
        """The number of a result."""
        return float(result.temperature_at([self.point])[0])


@dataclass(frozen=True)
class TerminalVoltage:
    """The potential of a terminal or circuit node (V)."""

    terminal: str

    unit = "V"

    @property
    def name(self) -> str:
        """For tables: ``voltage(terminal)``."""
        return f"voltage({self.terminal})"

    def measure(self, result: Any) -> float:
        """The number of a result."""
        return float(result.voltage(self.terminal))


@dataclass(frozen=True)
class TerminalCurrent:
    """The current into the conductor at a terminal (A)."""

    terminal: str

    unit = "A"

    @property
    def name(self) -> str:
        """For tables: ``current(terminal)``."""
        return f"current({self.terminal})"

    def measure(self, result: Any) -> float:
        """The number of a result."""
        return float(result.current(self.terminal))


@dataclass(frozen=True)
class ViaCurrent:
    """The upward current of a via such as ``supply[3]`` (A)."""

    via: str

    unit = "A"

    @property
    def name(self) -> str:
        """For tables: ``via(name)``."""
        return f"via({self.via})"

    def measure(self, result: Any) -> float:
        """The number of a result."""
        self.check(result.case)
        return float(next(row.current for row in result.vias() if row.name == self.via))

    def check(self, case: Any) -> None:
        """Refuse a via that a case does not have."""
        families = case.package.with_role("via")
        names = [f"{part.name}[{number}]" for part in families for number in range(len(part.footprint.shapes))]
        if self.via not in names:
            raise InputError(f"'{self.via}' is no via; {near_misses(self.via, names)}")


@dataclass(frozen=True)
class Resistance:
    """The resistance between two terminals (ohm): their voltage per current into the first."""

    a: str
    b: str

    unit = "ohm"

    @property
    def name(self) -> str:
        """For tables: ``resistance(a, b)``."""
        return f"resistance({self.a}, {self.b})"

    def measure(self, result: Any) -> float:
        """The number of a result."""
        return float(result.resistance(self.a, self.b))


@dataclass(frozen=True)
class HeatOut:
    """The heat that leaves through a face with a thermal boundary (W), or through all of them."""

    face: str | None = None

    unit = "W"

    @property
    def name(self) -> str:
        """For tables: ``heat_out(face)``."""
        return f"heat_out({self.face or 'package'})"

    def measure(self, result: Any) -> float:
        """The number of a result."""
        return float(result.heat_out(self.face))


PROBES = (
    MaxTemperature,
    MeanTemperature,
    TemperatureAt,
    TerminalVoltage,
    TerminalCurrent,
    ViaCurrent,
    Resistance,
    HeatOut,
)


def check_probes(probes: Any, default: Any) -> tuple[Any, ...]:
    """Probes from a list of probes and part names (their highest temperature).

    Raises
    ------
    InputError
        If something else is in the list, or two probes have one name.
    """
    given = default if probes is None else probes if is_list(probes) else (probes,)
    if given is None:
        raise InputError("None is no goal; name a part, or give a goal such as MaxTemperature('memory')")
    found = tuple(MaxTemperature(item) if isinstance(item, str) else item for item in given)
    if not found:
        raise InputError("there is no probe; name a part, or give a probe such as MaxTemperature('memory')")
    for item in found:
        if not isinstance(item, PROBES):
            names = ", ".join(kind.__name__ for kind in PROBES)
            raise InputError(f"probe {item!r} must be the name of a part, or one of {names}")
    if len({item.name for item in found}) < len(found):
        raise InputError("two probes are the same; drop one")
    return found


KINDS: dict[str, tuple[type, int]] = {
    "max_temperature": (MaxTemperature, 1),
    "mean_temperature": (MeanTemperature, 1),
    "temperature_at": (TemperatureAt, 3),
    "voltage": (TerminalVoltage, 1),
    "current": (TerminalCurrent, 1),
    "via_current": (ViaCurrent, 1),
    "resistance": (Resistance, 2),
    "heat_out": (HeatOut, 1),
}
"""How files and commands call them, and how many words they take; a part or face may be left out."""


def goal_of(text: str) -> Any:
    """The probe that a text such as ``"resistance(a, b)"`` means.

    Raises
    ------
    InputError
    """
    name, bracket, rest = text.strip().partition("(")
    name = name.strip()
    if name not in KINDS:
        raise InputError(f"goal '{text}' is unknown; {near_misses(name, KINDS)}")
    kind, count = KINDS[name]
    words = [word.strip() for word in rest.removesuffix(")").split(",")] if rest.strip(") ") else []
    optional = kind in (MaxTemperature, MeanTemperature, HeatOut)
    if (bracket and not rest.endswith(")")) or len(words) not in ((0, 1) if optional else (count,)):
        wanted = ", ".join(("x", "y", "z") if count == 3 else ("a", "b")[:count])
        raise InputError(f"goal '{text}' is not understood; write {name}({wanted})")
    arguments: list[Any] = [tuple(words)] if kind is TemperatureAt else list(words)
    return kind(*arguments)


def check_goals(case: Any, goals: Any) -> None:
    """Refuse goals that name something the case does not have, before anything is solved.

    Raises
    ------
    InputError
    """
    terminals = [terminal.name for terminal in case.terminals]
    for goal in goals:
        if isinstance(goal, MaxTemperature | MeanTemperature) and goal.part is not None:
            if not case.place(goal.part).is_volume:
                raise InputError(f"goal {goal.name}: '{goal.part}' is a face; name a part")
        if isinstance(goal, ViaCurrent):
            goal.check(case)
        names = {Resistance: ("a", "b"), TerminalCurrent: ("terminal",), TerminalVoltage: ("terminal",)}
        for field in names.get(type(goal), ()):
            name = getattr(goal, field)
            if name not in terminals and not name.startswith("node:"):
                raise InputError(f"goal {goal.name}: '{name}' is no terminal; {near_misses(name, terminals)}")
        if isinstance(goal, HeatOut) and goal.face is not None:
            faces = [load.place for load in case.loads if type(load).__name__ in BOUNDARY_LOADS]
            if goal.face not in faces:
                raise InputError(
                    f"goal {goal.name}: '{goal.face}' has no thermal boundary; {near_misses(goal.face, faces)}"
                )


BOUNDARY_LOADS = ("Convection", "Radiation", "HeatSink", "FixedTemperature", "HeatFlux")
"""Loads that let heat through faces."""
