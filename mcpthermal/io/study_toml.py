"""Study files: which case, which of its parameters take which values, and what to ask.

::

    case = "case.toml"                # or a script that defines make_case(**parameters)
    hold = "cover"                    # of a case file: what stays when via_depth or module_height moves
    outputs = ["memory.max", "vdd_0.current"]       # or a table name = "output"
    mesh = "coarse"
    sample = { kind = "sobol", count = 64, seed = 0 }      # or "latin_hypercube"; without it, the grid

    [parameters]
    via_depth = { from = "0.9 mm", to = "1.3 mm", count = 20 }
    module_height = ["0.5 mm", "0.6 mm"]
    "loads.0.power" = [1.0, 2.0]

Parameters of a case file are ``via_depth``, ``module_height``, or the way to a value: keys of its tables, and the
numbers of entries of its lists, with points between. What `hold` may be is in ``package/heights.py``; where both
heights are given, it is the aspect ratio or left out. A sample takes the lowest and the highest value of each
parameter.
"""

from __future__ import annotations

import copy
import inspect
import math
import os
import runpy
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mcpthermal.case import Case
from mcpthermal.errors import CaseFileError, MaterialError, McpThermalError, UnitError, near_misses
from mcpthermal.io.case_toml import case_from_tables
from mcpthermal.package.heights import DEPTH_HOLDS, MODULE_HOLDS
from mcpthermal.package.process import Process
from mcpthermal.units import check_alike, in_si, quantity

KEYS = ("case", "hold", "outputs", "mesh", "sample", "parameters")
SAMPLES = ("sobol", "latin_hypercube")
HOLDS = {"module_height": MODULE_HOLDS, "via_depth": DEPTH_HOLDS}
HEIGHTS = tuple(HOLDS)


@dataclass(frozen=True)
class StudyFile:
    """What a study file asks for.

    Attributes
    ----------
    make_case : callable
    values : mapping
        For each parameter its values, or its lowest and highest one for a sample.
    sample : mapping
        ``kind``, ``count`` and ``seed``; empty for a grid.
    outputs : mapping, list or None
    mesh : str or None
    """

    make_case: Callable[..., Case]
    values: Mapping[str, list[Any]]
    sample: Mapping[str, Any]
    outputs: Any
    mesh: str | None


def read_study_file(path: str | os.PathLike[str]) -> StudyFile:
    """Read a study file.

    Raises
    ------
    CaseFileError
        If it cannot be read or understood.
    """
    file = Path(path)
    tables = _tables(file)
    _refuse_unknown(file, tables, KEYS, "the file")
    given = tables.get("parameters")
    if not isinstance(given, Mapping) or not given:
        raise CaseFileError(f"{file}: [parameters] must give the values of at least one parameter")
    case = tables.get("case")
    if not isinstance(case, str):
        raise CaseFileError(f"{file}: case = {case!r} must be the path of a .toml file, a .py script, or a folder")
    source = _source(file, file.parent / case)
    make_case: Callable[..., Case]
    if source.suffix == ".py":
        if "hold" in tables:
            raise CaseFileError(f"{file}: hold is for case files; make_case in '{source}' decides by itself")
        make_case = ScriptCase(source)
    else:
        hold = tables.get("hold")
        if hold is not None:
            _check_hold(file, hold, [name for name in HEIGHTS if name in given])
        make_case = TomlCase(source, _tables(source), hold)
    sample = tables.get("sample", {})
    if sample:
        _check_sample(file, sample)
    values = {name: _values(file, name, item) for name, item in given.items()}
    if isinstance(make_case, TomlCase):
        make_case.check_values({name: _written(item) for name, item in given.items()})
    return StudyFile(make_case, values, sample, tables.get("outputs"), tables.get("mesh"))


def _tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseFileError(f"'{file}' cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseFileError(f"'{file}' is no valid TOML: {error}") from error


def _refuse_unknown(file: Path, table: Mapping[str, Any], known: Any, what: str) -> None:
    for key in table:
        if key not in known:
            raise CaseFileError(f"{file}: {what} has the unknown key '{key}'; {near_misses(str(key), known)}")


def _source(file: Path, source: Path) -> Path:
    """The file of the case; of a folder the script, if it can make cases, or else the case file."""
    if source.is_dir():
        script = source / "case.py"
        makes = script.is_file() and "def make_case(" in script.read_text(encoding="utf-8")
        source = script if makes else source / "case.toml"
    if not source.exists():
        raise CaseFileError(f"{file}: there is no case '{source}'")
    if source.suffix not in (".py", ".toml") or not source.is_file():
        raise CaseFileError(f"{file}: the case '{source}' is no .toml file and no script that defines make_case")
    return source.resolve()


def _check_hold(file: Path, hold: Any, heights: list[str]) -> None:
    """Refuse what cannot stay when these heights move."""
    if not heights:
        raise CaseFileError(
            f"{file}: hold = {hold!r} has nothing to hold; give values of {' or '.join(HEIGHTS)} in [parameters], or "
            "leave it out"
        )
    known = HOLDS[heights[0]] if len(heights) == 1 else ("aspect_ratio",)
    if hold not in known:
        raise CaseFileError(
            f"{file}: hold = {hold!r} cannot be where {' and '.join(heights)} is given; "
            f"{near_misses(str(hold), known)}; or leave it out"
        )


def _check_sample(file: Path, sample: Any) -> None:
    if not isinstance(sample, Mapping) or sample.get("kind") not in SAMPLES:
        raise CaseFileError(f"{file}: sample = {sample!r} must be a table with kind = {' or '.join(SAMPLES)} and count")
    _refuse_unknown(file, sample, ("kind", "count", "seed"), "sample")
    if "count" not in sample:
        raise CaseFileError(f"{file}: sample needs the key 'count'")


def _values(file: Path, name: str, given: Any) -> list[Any]:
    """A list as it stands, or equal steps from one value to another."""
    if isinstance(given, list):
        return given
    if not isinstance(given, Mapping):
        return [given]
    _refuse_unknown(file, given, ("from", "to", "count"), f"parameter '{name}'")
    ends = [in_si(given.get(key)) for key in ("from", "to")]
    check_alike((given.get(key) for key in ("from", "to")), f"{file}: parameter '{name}'")
    count = given.get("count", 2)
    if (
        not all(isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end) for end in ends)
        or not isinstance(count, int)
        or count < 2
    ):
        raise CaseFileError(
            f"{file}: parameter '{name}' = {dict(given)!r} must have finite numbers from and to, and a count of at "
            "least 2"
        )
    return np.linspace(ends[0], ends[1], count).tolist()


def _written(given: Any) -> list[Any]:
    """The values of a parameter as they are written."""
    return given if isinstance(given, list) else [given["from"]] if isinstance(given, Mapping) else [given]


@dataclass(frozen=True)
class ScriptCase:
    """Calls ``make_case`` of a script; the script runs once in each process.

    Attributes
    ----------
    path : Path
    """

    path: Path
    _made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, **parameters: Any) -> Case:
        """The case of some parameters."""
        if not self._made:
            self._made["make_case"] = self._load()
        return self._made["make_case"](**parameters)

    def _load(self) -> Callable[..., Case]:
        try:
            found = runpy.run_path(str(self.path)).get("make_case")
        except McpThermalError:
            raise
        except SystemExit as end:
            raise CaseFileError(
                f"the script '{self.path}' ended itself (exit code {end.code}); it must run through"
            ) from end
        except Exception as error:
            raise CaseFileError(f"the script '{self.path}' failed: {type(error).__name__}: {error}") from error
        if not callable(found):
            raise CaseFileError(f"the script '{self.path}' must define make_case(**parameters)")
        return found

    def check(self, names: Any) -> None:
        """Refuse parameters that the script's function does not take."""
        taken = inspect.signature(self._load()).parameters
        if any(item.kind is inspect.Parameter.VAR_KEYWORD for item in taken.values()):
            return
        for name in names:
            if name not in taken:
                raise CaseFileError(f"make_case in '{self.path}' takes no '{name}'; {near_misses(name, taken)}")

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_made": {}}


@dataclass(frozen=True)
class TomlCase:
    """A case file with some of its values replaced.

    Attributes
    ----------
    path : Path
    tables : mapping
    hold : str or None
        What stays when a height moves; None for the defaults of `Process.with_via_depth` and its sister.
    """

    path: Path
    tables: Mapping[str, Any]
    hold: str | None = None

    def __call__(self, **parameters: Any) -> Case:
        """The case of some parameters."""
        tables = copy.deepcopy(dict(self.tables))
        for name, value in parameters.items():
            if name not in HEIGHTS:
                self._set(tables, name, value)

        def moved(process: Process) -> Process:
            held = {} if self.hold is None else {"hold": self.hold}
            if "module_height" in parameters:
                # With both given, the cover stays until the via depth has its turn.
                first = {"hold": self.hold or "cover"} if "via_depth" in parameters else held
                process = process.with_module_height(parameters["module_height"], **first)
            if "via_depth" in parameters:
                process = process.with_via_depth(parameters["via_depth"], **held)
            return process

        heights = any(name in parameters for name in HEIGHTS)
        return case_from_tables(tables, str(self.path), self.path.parent.name, moved if heights else None)

    def _set(self, tables: Any, name: str, value: Any) -> None:
        *way, last = (int(key) if key.isdecimal() else key for key in name.split("."))
        place: Any = tables
        for key in way:
            place = self._at(place, key, name)
        self._at(place if isinstance(place, Mapping | list) else None, last, name)
        place[last] = value

    def _at(self, place: Any, key: Any, name: str) -> Any:
        try:
            return place[key]
        except (KeyError, IndexError, TypeError):
            known = list(place) if isinstance(place, Mapping) else [str(n) for n in range(_length(place))]
            if key == name and "carrier" in self.tables:
                known += HEIGHTS
            raise CaseFileError(
                f"'{self.path}' has no value at '{name}': '{key}' is not there; {near_misses(str(key), known)}"
            ) from None

    def check(self, names: Any) -> None:
        """Refuse parameters that the case file does not have."""
        for name in names:
            if name not in HEIGHTS:
                self._set(copy.deepcopy(dict(self.tables)), name, 0.0)

    def check_values(self, values: Mapping[str, list[Any]]) -> None:
        """Refuse values with units that are not taken in their places, and materials that are not known."""
        for name, given in values.items():
            for value in given:
                if name in HEIGHTS:
                    quantity(value, "m", f"'{self.path}': {name}", above=0.0)
                elif isinstance(value, str):
                    self._try(name, value)

    def _try(self, name: str, value: str) -> None:
        """Build the case with a value as it is written: its unit, or its material, is wrong whatever the others are."""
        tables = copy.deepcopy(dict(self.tables))
        self._set(tables, name, value)
        try:
            case_from_tables(tables, str(self.path), self.path.parent.name)
        except (UnitError, MaterialError) as error:
            # A material of the file may be one that another parameter replaces.
            if isinstance(error, UnitError) or f"'{value}'" in str(error):
                raise CaseFileError(f"parameter '{name}' = '{value}': {error}") from error
        except McpThermalError:
            pass


def _length(place: Any) -> int:
    return len(place) if isinstance(place, list) else 0
