"""Cases where they are kept: TOML files, scripts, or folders with one of them."""

from __future__ import annotations

import ast
import itertools
import os
import runpy
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcpthermal.case import Case
from mcpthermal.errors import CaseFileError, McpThermalError
from mcpthermal.io.case_toml import case_from_tables, process_from_tables
from mcpthermal.package.package import Package
from mcpthermal.package.process import Process


def read_case(path: str | os.PathLike[str]) -> Case:
    """Read a case.

    Parameters
    ----------
    path : path
        A ``.toml`` file, a ``.py`` script that defines ``case``, or a folder with ``case.py`` or ``case.toml``.

    Returns
    -------
    Case

    Raises
    ------
    CaseFileError
        If the file cannot be read; other `InputError` for what it describes.
    """
    file = _case_file(path)
    if file.suffix == ".py":
        return _case_of(_run_script(file), file)
    return case_from_tables(_read_tables(file), str(file), default_name=_default_name(file))


def read_description(path: str | os.PathLike[str]) -> Process | Package:
    """The fabrication steps that a case describes, or its package if it is described otherwise.

    Parameters
    ----------
    path : path
        As for `read_case`; a script's steps are its `process`.

    Raises
    ------
    CaseFileError
        As for `read_case`.
    """
    file = _case_file(path)
    if file.suffix == ".py":
        names = _run_script(file)
        process = names.get("process")
        return process if isinstance(process, Process) else _case_of(names, file).package
    tables = _read_tables(file)
    if "carrier" in tables:
        return process_from_tables(tables, str(file))
    return case_from_tables(tables, str(file), default_name=_default_name(file)).package


def _case_file(path: str | os.PathLike[str]) -> Path:
    """The file of a case, or of a folder with one."""
    if not isinstance(path, (str, os.PathLike)):
        raise CaseFileError(f"{path!r} is no path of a case; give a .toml file, a .py script or a folder")
    file = Path(path)
    if file.is_dir():
        found = [file / name for name in ("case.py", "case.toml") if (file / name).is_file()]
        if not found:
            raise CaseFileError(f"the folder '{file}' has neither case.py nor case.toml")
        file = found[0]
    if not file.is_file():
        raise CaseFileError(f"there is no case file '{file}'")
    if file.suffix not in (".py", ".toml"):
        raise CaseFileError(f"'{file}' is no case file; give a .toml file, a .py script or a folder")
    return file


def _read_tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseFileError(f"'{file}' cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseFileError(f"'{file}' is no valid TOML: {error}") from error


def question_of(path: str | os.PathLike[str]) -> str:
    """What a case asks, in its own words: the first block of a script's docstring, or a TOML file's first comment."""
    file = _case_file(path)
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].replace("\n", " ")
    lines = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    return " ".join(line.lstrip("# ") for line in lines)


def _default_name(file: Path) -> str:
    return file.resolve().parent.name if file.stem == "case" else file.stem


def _run_script(file: Path) -> dict[str, Any]:
    try:
        return runpy.run_path(str(file))
    except SystemExit as end:
        raise CaseFileError(f"the script '{file}' ended itself (exit code {end.code}); it must run through") from end
    except McpThermalError:
        raise
    except Exception as error:
        raise CaseFileError(f"the script '{file}' failed: {type(error).__name__}: {error}") from error


def _case_of(names: Mapping[str, Any], file: Path) -> Case:
    case = names.get("case")
    if not isinstance(case, Case):
        raise CaseFileError(f"the script '{file}' must define a Case named 'case'; it has {case!r}")
    return case
