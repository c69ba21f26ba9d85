"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from mcpthermal.errors import InputError


def write_whole(path: str | os.PathLike[str], write: Callable[[Path], object]) -> Path:
    """Write a file under a temporary name beside its place, then rename it.

    Parameters
    ----------
    path : path
        Where it goes; missing folders are made.
    write : callable
        Writes to the path that it is given.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise InputError(f"cannot write '{target}': {error.strerror}; choose another folder") from error
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target
