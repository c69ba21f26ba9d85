"""The description of a module's test: what is put on it, what is read, and what may be read."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from mcpthermal.case import Case
from mcpthermal.errors import InputError, LoadError
from mcpthermal.loads import Current, Power, Voltage
from mcpthermal.loads.power import check_distribution
from mcpthermal.package.package import Package
from mcpthermal.package.parts import check_name
from mcpthermal.package.places import find_place
from mcpthermal.package.points import is_list
from mcpthermal.screening.fixture import check_fixture, loads_of
from mcpthermal.units import describe, quantity

# --- what is measured -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measurement(ABC):
    """One step of a test program.

    A reading passes if it differs from that of a healthy module by no more than ``tolerance`` times it, plus
    ``resolution`` (in the unit of the reading), plus what both may be off by numerically.
    """

    name: str

    unit: ClassVar[str] = "ohm"

    def _read(self) -> None:
        check_name(self.name, "a measurement")
        for field, unit in (("tolerance", ""), ("resolution", self.unit)):
            value = quantity(getattr(self, field), unit, f"{field} of measurement '{self.name}'", minimum=0.0)
            object.__setattr__(self, field, value)
        if self.tolerance == 0.0 and self.resolution == 0.0:  # type: ignore[attr-defined]
            raise InputError(
                f"measurement '{self.name}': with neither tolerance nor resolution nothing would pass; give one of them"
            )

    @property
    @abstractmethod
    def readings(self) -> tuple[str, ...]:
        """The names of what is read."""

    @property
    @abstractmethod
    def ports(self) -> tuple[str, ...]:
        """The terminals, those that drive a current first."""

    @abstractmethod
    def loads(self) -> tuple[Any, ...]:
        """What is put on the module, beside what holds it."""

    def limits(self, nominal: float, error: float = 0.0) -> tuple[float, float]:
        """The least and the greatest reading that passes, from that of a healthy module.

        `error` is by how much the two may differ numerically.
        """
        slack = self.tolerance * abs(nominal) + self.resolution + error  # type: ignore[attr-defined]
        return nominal - slack, nominal + slack


@dataclass(frozen=True)
class FourWire(Measurement):
    """The steady resistance of a net: a current between two terminals, the voltage between two others.

    Self-heating is in it. Where a fault has cut the net, the reading is infinite.

    Parameters
    ----------
    name : str
    force : (str, str)
        The terminals that the current goes in and out by.
    current : float
        (A)
    sense : (str, str), optional
        The terminals between which the voltage is read; without it those of the current.
    tolerance, resolution : float
        Of the reading, relative and absolute (ohm).
    """

    force: tuple[str, str]
    current: float = 0.01
    sense: tuple[str, str] | None = None
    tolerance: float = 0.05
    resolution: float = 0.0

    def __post_init__(self) -> None:
        self._read()
        what = f"measurement '{self.name}'"
        object.__setattr__(self, "force", _two(self.force, f"force of {what}"))
        if self.sense is not None:
            object.__setattr__(self, "sense", _two(self.sense, f"sense of {what}"))
            if set(self.sense) & set(self.force):
                raise LoadError(f"{what}: force and sense share a terminal; without sense they are the same two")
        value = quantity(self.current, "A", f"current of {what}", above=0.0)
        object.__setattr__(self, "current", value)

    @property
    def readings(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def sensed(self) -> tuple[str, str]:
        """The terminals between which the voltage is read."""
        return self.sense or self.force

    @property
    def ports(self) -> tuple[str, ...]:
        return (*self.force, *(self.sense or ()))

    def loads(self) -> tuple[Any, ...]:
        probes = tuple(Current(place, 0.0) for place in self.sense or ())
        return (Current(self.force[0], self.current), Voltage(self.force[1], 0.0), *probes)


@dataclass(frozen=True)
class CurrentPulse(FourWire):
    """The resistance of a net at times after a current was switched on: it rises as the net heats up.

    Parameters
    ----------
    name, force, current, sense, tolerance, resolution
        As for `FourWire`.
    read_at : sequence of float
        (s)
    """

    read_at: tuple[float, ...] = (1e-3,)

    def __post_init__(self) -> None:
        super().__post_init__()
        _read_times(self)

    @property
    def readings(self) -> tuple[str, ...]:
        return tuple(f"{self.name} at {describe(time, 's')}" for time in self.read_at)


@dataclass(frozen=True)
class Isolation(Measurement):
    """The resistance between two nets that must not be joined.

    Parameters
    ----------
    name : str
    between : (str, str)
        A terminal of each.
    current : float
        Where they are joined, their resistance is read with this current (A).
    at_least : float
        What passes (ohm).
    """

    between: tuple[str, str]
    current: float = 0.001
    at_least: float = 1e6
    tolerance: float = 0.0
    resolution: float = 1.0

    def __post_init__(self) -> None:
        self._read()
        object.__setattr__(self, "between", _two(self.between, f"terminals of measurement '{self.name}'"))
        for field, unit in (("current", "A"), ("at_least", "ohm")):
            value = quantity(getattr(self, field), unit, f"{field} of measurement '{self.name}'", above=0.0)
            object.__setattr__(self, field, value)

    @property
    def readings(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def sensed(self) -> tuple[str, str]:
        """The terminals between which the voltage is read."""
        return self.between

    @property
    def ports(self) -> tuple[str, ...]:
        return self.between

    def loads(self) -> tuple[Any, ...]:
        return (Current(self.between[0], self.current), Voltage(self.between[1], 0.0))

    def limits(self, nominal: float, error: float = 0.0) -> tuple[float, float]:
        return (self.at_least, math.inf)


@dataclass(frozen=True)
class PowerPulse(Measurement):
    """The thermal response: a part dissipates a power from t = 0 on, and its mean rise per watt is read at times.

    The rise is that over the steady state in the fixture.

    Parameters
    ----------
    name : str
    heated : str
        Such as a chip.
    power : float
        (W)
    read_at : sequence of float
        (s)
    sensor : str, optional
        The part whose mean temperature is read; default the heated one.
    distribution : {"volume", "active_face"}
        Of the power.
    tolerance, resolution : float
        Of the reading, relative and absolute (K/W).
    """

    heated: str
    power: float
    read_at: tuple[float, ...]
    sensor: str | None = None
    distribution: str = "volume"
    tolerance: float = 0.05
    resolution: float = 0.0

    unit: ClassVar[str] = "K/W"

    def __post_init__(self) -> None:
        self._read()
        value = quantity(self.power, "W", f"power of measurement '{self.name}'", above=0.0)
        object.__setattr__(self, "power", value)
        check_distribution(self.distribution, f"measurement '{self.name}'")
        for field in ("heated", "sensor"):
            part = getattr(self, field)
            if not isinstance(part, str) and not (field == "sensor" and part is None):
                raise LoadError(f"measurement '{self.name}': {field} {part!r} is no part; give its name")
        _read_times(self)

    @property
    def readings(self) -> tuple[str, ...]:
        return tuple(f"{self.name} at {describe(time, 's')}" for time in self.read_at)

    @property
    def sensed_part(self) -> str:
        """The part whose temperature is read."""
        return self.sensor or self.heated

    @property
    def ports(self) -> tuple[str, ...]:
        return ()

    def loads(self) -> tuple[Any, ...]:
        return (Power(self.heated, self.power, self.distribution),)


# --- the whole --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModuleTest:
    """The test of a module, or of any package, before it is used further.

    Parameters
    ----------
    package : Package
        The healthy one, such as ``module.package()``.
    fixture : Chuck, StillAir, thermal load, or a sequence of them
        What holds the module, and takes its heat; what heats the module by itself is there before a pulse begins.
    program : sequence of FourWire, CurrentPulse, Isolation, PowerPulse
    name : str

    Raises
    ------
    InputError
        If names repeat, a terminal or part is unknown, a net is open, two nets are joined that must not be, or the
        fixture varies in time.
    """

    package: Package
    fixture: tuple[Any, ...]
    program: tuple[Measurement, ...]
    name: str = "test"

    def __post_init__(self) -> None:
        if not isinstance(self.package, Package):
            raise InputError(f"a test is of a Package, not of a {type(self.package).__name__}; call module.package()")
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"name of a test: {self.name!r} is not allowed; give words such as 'before attach'")
        object.__setattr__(self, "fixture", check_fixture(self.fixture, self.name))
        program: tuple[Any, ...] = tuple(self.program) if is_list(self.program) else (self.program,)
        names: list[str] = []
        for step in program:
            if not isinstance(step, Measurement):
                raise InputError(
                    f"program of test '{self.name}': {step!r} must be a FourWire, CurrentPulse, Isolation or PowerPulse"
                )
            if step.name in names:
                raise InputError(f"program of test '{self.name}': '{step.name}' is there twice; rename one")
            names.append(step.name)
        if not program:
            raise InputError(f"the program of test '{self.name}' has no measurement; give at least one")
        object.__setattr__(self, "program", program)
        for step in program:
            self._check(step)

    def _check(self, step: Measurement) -> None:
        if isinstance(step, PowerPulse):
            self.case(step)
            if not self.case(step).place(step.sensed_part).is_volume:
                raise LoadError(f"measurement '{step.name}': '{step.sensed_part}' is a face; name a part")
            return
        joined = is_joined(self.package, self.package.arrangement.columns, step.ports)
        if not joined:
            self._check_terminals(step)
        if isinstance(step, Isolation) and joined:
            raise LoadError(
                f"measurement '{step.name}': '{step.between[0]}' and '{step.between[1]}' are joined in the healthy "
                "module; name two nets"
            )
        if not isinstance(step, Isolation):
            if not joined:
                raise LoadError(
                    f"measurement '{step.name}': no metal joins {', '.join(map(repr, step.ports))} in the healthy "
                    "module; name terminals of one net"
                )
            self.case(step)

    def _check_terminals(self, step: Measurement) -> None:
        """LoadError if a terminal touches no conductor, and so is joined with nothing whatever is wrong."""
        for port in step.ports:
            Case(self.package, (*self.held, Voltage(port, 0.0)), f"{self.name}: {step.name}")

    def case(self, step: Measurement, package: Package | None = None) -> Case:
        """A measurement of a package, the healthy one unless given."""
        return Case(package or self.package, (*self.held, *step.loads()), f"{self.name}: {step.name}")

    @property
    def held(self) -> tuple[Any, ...]:
        """What holds the module, as loads."""
        return loads_of(self.fixture)

    @property
    def readings(self) -> tuple[tuple[Measurement, str], ...]:
        """What is read: each measurement with the name of each of its readings."""
        return tuple((step, name) for step in self.program for name in step.readings)


def is_joined(package: Package, topology: Any, ports: Sequence[str]) -> bool:
    """Whether one piece of metal joins all terminals, on the package's regions or on a mesh.

    A terminal that a fault has taken away is joined with nothing.
    """
    conducting = topology.of_parts(np.array([part.conducts for part in package.parts]))
    _, group = topology.components(conducting)
    pieces: set[int] | None = None
    for port in ports:
        place = find_place(package, port)
        if place.is_volume:
            raise LoadError(f"terminal '{port}' is a volume; name one of its faces, such as '{port}.top'")
        faces = topology.seen_from(topology.faces_of(place), conducting)
        found = set(group[faces.cells].tolist())
        pieces = found if pieces is None else pieces & found
    return bool(pieces)


def _two(places: Any, what: str) -> tuple[str, str]:
    found = tuple(places) if is_list(places) else (places,)
    if len(found) != 2 or not all(isinstance(place, str) for place in found) or found[0] == found[1]:
        raise LoadError(f"{what}: {places!r} must be two different places, such as ('logic.a.top', 'logic.b.top')")
    return found


def _read_times(step: Any) -> None:
    what = f"times of measurement '{step.name}'"
    given = tuple(step.read_at) if is_list(step.read_at) else (step.read_at,)
    times = tuple(quantity(time, "s", what, above=0.0) for time in given)
    if not times or any(a >= b for a, b in pairwise(times)):
        raise InputError(f"{what}: {given!r} must be a list of times (s), ascending")
    object.__setattr__(step, "read_at", times)
    for early, late in pairwise(step.readings):
        if early == late:
            raise InputError(
                f"{what}: there are two readings '{early}'; give times that differ in their first six digits"
            )
