"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from mcpthermal.errors import OutputError


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
    OutputError
        If the file cannot be written; what was there before is still there.
    """
    target = Path(path)
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(
                f"'{target}' cannot be written: {error.strerror or error}; free space or choose another folder"
            ) from error
        raise
    return target
