"""Files that are written whole or not at all, and arrays that are read from them."""

from __future__ import annotations

import errno
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from mcpthermal.errors import InputError, OutputError

FULL = ("ENOSPC", "EDQUOT", "EFBIG")
"""What the system says where there is no room for a file."""


def check_folder(folder: str | os.PathLike[str]) -> None:
    """Make a folder, and see that files can be written there: before a long computation rather than after it.

    Raises
    ------
    OutputError
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"nothing can be written in '{folder}': {error.strerror or error}; choose another") from error


def checked_file(path: str | os.PathLike[str], what: str, endings: Collection[str]) -> Path:
    """The path of a file that shall be written.

    Raises
    ------
    InputError
        If it is no path, or ends in something else.
    """
    known = ", ".join(endings)
    try:
        target = Path(path)
    except TypeError:
        raise InputError(f"the file of {what}: {path!r} is no path; give a name that ends in {known}") from None
    if target.suffix.lower() not in endings:
        raise InputError(f"the file of {what}: '{target}' must end in {'one of ' if len(endings) > 1 else ''}{known}")
    return target


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
    try:
        target = Path(path)
    except TypeError:
        raise InputError(f"{path!r} is no path of a file") from None
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
            raise OutputError(f"'{target}' cannot be written: {_why(error)}") from error
        raise
    return target


def _why(error: OSError) -> str:
    """What the system says, and what to do.

    Where an array is written only in part, NumPy gives counts instead of the system's words; a full disk is the cause.
    """
    cut_off = error.errno is None and " requested and " in str(error)
    number = errno.ENOSPC if cut_off else error.errno or 0
    cure = "free space or choose" if errno.errorcode.get(number) in FULL else "choose"
    return f"{os.strerror(number) if cut_off else error.strerror or error}; {cure} another folder"


def read_arrays(file: Path) -> dict[str, Any]:
    """The arrays of an ``.npz`` file.

    Raises
    ------
    ValueError
        If the file is missing, cut off, damaged or of another kind.
    """
    try:
        if not zipfile.is_zipfile(file):
            raise ValueError("it is no .npz file, or cut off")
        with np.load(file, allow_pickle=False) as data:
            return {name: data[name] for name in data.files}
    except (OSError, EOFError, KeyError, RuntimeError, ValueError) as error:
        raise ValueError(str(error)) from error
    except (struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"it is damaged: {error}") from error
