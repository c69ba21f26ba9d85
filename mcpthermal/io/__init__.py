"""Files: cases in, results out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mcpthermal.errors import InputError
from mcpthermal.io.case_files import question_of, read_case, read_description
from mcpthermal.io.result_json import write_result
from mcpthermal.io.series import Series, write_series
from mcpthermal.io.solution import read_solution, write_solution
from mcpthermal.io.study_toml import read_study_file
from mcpthermal.io.vtu import write_vtu
from mcpthermal.mesh.writing import checked_file
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.transient import TransientResult

__all__ = [
    "Series",
    "export",
    "question_of",
    "read_case",
    "read_description",
    "read_solution",
    "read_study_file",
    "write_result",
    "write_solution",
    "write_vtu",
]


def export(result: Any, path: str | os.PathLike[str]) -> Path:
    """Write a result to a file whose ending says how.

    ``.vtu`` holds the fields for ParaView, ``.pvd`` the kept states of a transient in time, ``.json`` the numbers,
    ``.npz`` what `read_solution` reads.

    Parameters
    ----------
    result : SteadyResult or TransientResult
        Of a transient, ``.vtu`` gets the last state.
    path : path

    Returns
    -------
    Path

    Raises
    ------
    InputError
        For another ending, or a result that has nothing for it.
    """
    writers: dict[str, Any] = {".vtu": write_vtu, ".pvd": write_series, ".json": write_result, ".npz": write_solution}
    ending = checked_file(path, "an export", writers).suffix.lower()
    if not isinstance(result, (SteadyResult, TransientResult)):
        raise InputError(f"a SteadyResult or a TransientResult is exported, not {type(result).__name__}")
    if ending in (".vtu", ".npz"):
        result = getattr(result, "final", result)
    return Path(writers[ending](result, path))
