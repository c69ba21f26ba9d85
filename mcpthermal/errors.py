"""Everything that mcpthermal raises: one tree, so that a caller can catch as widely as wanted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class McpThermalError(Exception):
    """Base of every error of this package."""


class InputError(McpThermalError, ValueError):
    """Something that was described cannot be; raised as early as it is known."""


class UnitError(InputError):
    """A value has the wrong unit, or is no finite number."""


class MaterialError(InputError):
    """An unknown material, or a property that is missing or impossible."""


class GeometryError(InputError):
    """A part, or a fabrication step, that cannot exist."""


class HiddenPartError(GeometryError):
    """A part of which later parts leave nothing.

    Attributes
    ----------
    part : str
        Its name.
    """

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


class LoadError(InputError):
    """A load on a wrong place, or loads that do not make a well-posed problem."""


class CaseFileError(InputError):
    """A case file that cannot be read; the message names the file and the table."""


class MeshError(McpThermalError):
    """A mesh that cannot be made, read or trusted."""


class SolveError(McpThermalError):
    """A solution that cannot be had or trusted."""


class LinearSolveError(SolveError):
    """A linear system that was not solved to its tolerance.

    Attributes
    ----------
    iterate : numpy.ndarray or None
        The best solution that was found.
    residual : float
        Its relative residual.
    """

    def __init__(self, message: str, iterate: Any = None, residual: float = float("nan")) -> None:
        super().__init__(message)
        self.iterate = iterate
        self.residual = residual


class CouplingError(SolveError):
    """The electro-thermal iteration ended without reaching its tolerance.

    Attributes
    ----------
    temperature, potential : numpy.ndarray or None
        The last iterate.
    history : tuple
        One record for each iteration that was made.
    """

    def __init__(
        self, message: str, temperature: Any = None, potential: Any = None, history: tuple[Any, ...] = ()
    ) -> None:
        super().__init__(message)
        self.temperature = temperature
        self.potential = potential
        self.history = history


class NoSteadyState(SolveError):
    """More heat is released than can leave: the branch of steady states ends before the loads of the case.

    Attributes
    ----------
    result : SteadyResult or None
        The last steady state on the way.
    factor : float
        The part of the loads that has a steady state.
    hot_spot : str
        The part that runs away.
    """

    def __init__(self, message: str, result: Any = None, factor: float = float("nan"), hot_spot: str = "") -> None:
        super().__init__(message)
        self.result = result
        self.factor = factor
        self.hot_spot = hot_spot


class ThermalRunaway(SolveError):
    """A transient whose temperature leaves all bounds.

    Attributes
    ----------
    time : float
        When (s).
    hot_spot : str
        The part.
    result : TransientResult
        What was computed until then.
    """

    def __init__(self, message: str, time: float = float("nan"), hot_spot: str = "", result: Any = None) -> None:
        super().__init__(message)
        self.time = time
        self.hot_spot = hot_spot
        self.result = result


class BalanceError(SolveError):
    """Energy or charge that does not add up."""


class StudyError(McpThermalError):
    """A study that cannot go on: its folder is in use or holds another one, or its workers do not start."""


class OutputError(McpThermalError):
    """A file that cannot be written; what was there before is kept."""


class MissingLibraryError(McpThermalError, ImportError):
    """A library that the operating system or the environment lacks; the message says what to install."""


class McpThermalWarning(UserWarning):
    """Base of every warning of this package."""


class RangeWarning(McpThermalWarning):
    """A material law was used outside the temperature range of its source."""


class SingularWarning(McpThermalWarning):
    """Something that is asked for is infinite, and its value that of the mesh."""


def near_misses(name: str, known: Iterable[str], count: int = 3) -> str:
    """A phrase that offers the known names nearest to an unknown one, for error messages.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        What would have been allowed.
    count : int
        How many to offer.

    Returns
    -------
    str
        ``"did you mean 'a' or 'b'?"``, or the list of all names if none is near.
    """
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=count, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(f"'{item}'" for item in near) + "?"
    shown = ", ".join(f"'{item}'" for item in names[:20]) or "none"
    return f"known are {shown}" + (", ..." if len(names) > 20 else "")
