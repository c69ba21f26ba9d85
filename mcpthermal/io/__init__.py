"""Files: cases in, results out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mcpthermal.errors import InputError
from mcpthermal.io.case_toml import read_case, read_description
from mcpthermal.io.result_json import write_result
from mcpthermal.io.series import Series
from mcpthermal.io.study_toml import read_study_file
from mcpthermal.io.vtu import write_vtu

__all__ = ["Series", "export", "read_case", "read_description", "read_study_file", "write_result", "write_vtu"]


def export(result: Any, path: str | os.PathLike[str]) -> Path:
    """Write a result to a file whose ending says how: ``.vtu`` for ParaView, ``.json`` for numbers.

    Parameters
    ----------
    result : SteadyResult
    path : path

    Returns
    -------
    Path

    Raises
    ------
    InputError
        For another ending.
    """
    writers = {".vtu": write_vtu, ".json": write_result}
    ending = Path(path).suffix.lower()
    if ending not in writers:
        raise InputError(f"cannot export to '{path}': the ending '{ending}' must be one of {', '.join(writers)}")
    return writers[ending](result, path)
