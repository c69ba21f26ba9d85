"""Numbers that a study asks of every result, by name: ``"memory.max"``, ``"vdd.current"``, ``"resistance(a, b)"``."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from mcpthermal.case import Case
from mcpthermal.errors import InputError, LoadError, SolveError, near_misses
from mcpthermal.package.points import is_list
from mcpthermal.result.probes import (
    PROBES,
    HeatOut,
    MaxTemperature,
    MeanTemperature,
    Resistance,
    TerminalCurrent,
    TerminalVoltage,
    ViaCurrent,
    check_goals,
)

WHOLE = "package"
"""The place that means all parts."""

QUESTIONS: dict[str, tuple[str, Callable[[Any, Any], float]]] = {
    "max": ("K", lambda result, part: result.max_temperature(part)),
    "mean": ("K", lambda result, part: result.mean_temperature(part)),
    "min": ("K", lambda result, part: result.min_temperature(part)),
    "joule": ("W", lambda result, part: result.joule_power(part)),
    "heat_out": ("W", lambda result, face: result.heat_out(face)),
    "voltage": ("V", lambda result, terminal: result.voltage(terminal)),
    "current": ("A", lambda result, terminal: _current(result, terminal)),
}
"""What may stand behind a place's point: unit, and how a result is asked."""


def _current_goal(name: str) -> Any:
    """That of a via such as ``supply[3]``, or of a terminal."""
    return ViaCurrent(name) if name.endswith("]") else TerminalCurrent(name)


GOALS: dict[str, Callable[[Any], Any]] = {
    "max": MaxTemperature,
    "mean": MeanTemperature,
    "heat_out": HeatOut,
    "voltage": TerminalVoltage,
    "current": _current_goal,
}
"""Questions that have a derivative by the fields."""

_RESISTANCE = re.compile(r"resistance\(\s*([^,]+?)\s*,\s*([^,]+?)\s*\)")


@dataclass(frozen=True)
class Output:
    """A number of a result.

    Attributes
    ----------
    name : str
        In tables.
    unit : str
        SI unit, empty if unknown.
    ask : str, probe or callable
    """

    name: str
    unit: str
    ask: Any

    def measure(self, result: Any) -> float:
        """The number of a result.

        Raises
        ------
        SolveError
            If it is none.
        """
        if isinstance(self.ask, str):
            value = _answer(result, self.ask)
        elif isinstance(self.ask, PROBES):
            value = self.ask.measure(result)
        else:
            value = self.ask(result)
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise InputError(f"output '{self.name}' must be a number; the result gives {value!r}") from None
        if not math.isfinite(number):
            raise SolveError(f"output '{self.name}' is {number} and no finite number")
        return number

    @property
    def question(self) -> str:
        """What is asked, to be compared with what was asked before; of a function, its code."""
        code = getattr(self.ask, "__code__", None)
        if code is not None:
            return hashlib.sha256(_steps(code).encode()).hexdigest()
        return f"{type(self.ask).__module__}.{type(self.ask).__qualname__}" if callable(self.ask) else repr(self.ask)

    @property
    def goal(self) -> Any:
        """The probe that asks the same, for what needs its derivative.

        Raises
        ------
        InputError
            If there is none.
        """
        if isinstance(self.ask, PROBES):
            return self.ask
        if isinstance(self.ask, str):
            pair = _RESISTANCE.fullmatch(self.ask)
            if pair:
                return Resistance(*pair.groups())
            place, _, question = self.ask.rpartition(".")
            if question in GOALS:
                return GOALS[question](None if place == WHOLE else place)
        raise InputError(
            f"output '{self.name}' has no derivative; ask for one of {', '.join(GOALS)} of a place, a resistance or a "
            "probe"
        )

    def check(self, case: Case) -> None:
        """Refuse an output that the results of a case do not have, as far as that is known before.

        Raises
        ------
        InputError
        """
        try:
            if isinstance(self.ask, str) and not _RESISTANCE.fullmatch(self.ask):
                place, _, question = self.ask.rpartition(".")
                if place == WHOLE:
                    return
                if question not in GOALS:
                    case.place(place)
                    return
                is_via = question == "current" and place not in {terminal.name for terminal in case.terminals}
                check_goals(case, [ViaCurrent(place) if is_via else self.goal])
            elif not callable(self.ask):
                check_goals(case, [self.goal])
        except (InputError, LoadError) as error:
            raise InputError(f"output '{self.name}': {error}") from None


def outputs_of(given: Any, case: Case | None = None) -> tuple[Output, ...]:
    """Outputs from a mapping of names, or from a list or set; None asks for what a case has.

    Raises
    ------
    InputError
        If one cannot be understood.
    """
    if given is None:
        assert case is not None
        chips = [part.name for part in case.package.parts if part.role == "chip"]
        chips = chips or [part.name for part in case.package.parts if not part.is_void]
        given = [f"{name}.{question}" for name in chips for question in ("max", "mean")]
        given += [f"{item.name}.{question}" for item in case.terminals for question in ("voltage", "current")]
    if not (isinstance(given, (Mapping, str, set, frozenset, *PROBES)) or callable(given) or is_list(given)):
        raise InputError(f"outputs: {given!r} must be a list such as ['memory.max'], or a mapping {{name: output}}")
    if isinstance(given, Mapping):
        named = list(given.items())
    else:
        listed = sorted(given) if isinstance(given, set | frozenset) else given if is_list(given) else [given]
        named = [(getattr(item, "name", getattr(item, "__name__", item)), item) for item in listed]
    found = tuple(_output(name, ask) for name, ask in named)
    if not found:
        raise InputError("outputs: there is none; ask for numbers such as 'memory.max' or 'vdd.current'")
    if len({item.name for item in found}) < len(found):
        raise InputError("outputs: two have the same name; give a mapping {name: output}")
    return found


def _output(name: Any, ask: Any) -> Output:
    if not isinstance(name, str) or not name:
        raise InputError(f"outputs: {name!r} is no name for {ask!r}; give a mapping {{name: output}}")
    if isinstance(ask, PROBES):
        return Output(name, ask.unit, ask)
    if callable(ask):
        return Output(name, "", ask)
    if isinstance(ask, str):
        if _RESISTANCE.fullmatch(ask):
            return Output(name, "ohm", ask)
        place, _, question = ask.rpartition(".")
        if place and question in QUESTIONS:
            return Output(name, QUESTIONS[question][0], ask)
        raise InputError(
            f"output '{name}': '{ask}' must be a place and one of {', '.join(QUESTIONS)}, such as 'memory.max', or "
            f"'resistance(a, b)' of two terminals; {near_misses(question, QUESTIONS)}"
        )
    raise InputError(f"output '{name}': {ask!r} must be a string such as 'memory.max', a probe or a function")


def _steps(code: Any) -> str:
    """What a function does, without the places of its lines."""
    inner = [_steps(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts]
    return repr((code.co_code, code.co_names, inner))


def _answer(result: Any, ask: str) -> float:
    pair = _RESISTANCE.fullmatch(ask)
    if pair:
        return float(result.resistance(*pair.groups()))
    place, _, question = ask.rpartition(".")
    return QUESTIONS[question][1](result, None if place == WHOLE else place)


def _current(result: Any, name: str) -> float:
    """The current into a terminal, or up a via."""
    return float(result.current(name)) if name in result.terminal_values else ViaCurrent(name).measure(result)
