"""What a transient keeps: states at times, in memory or handed on, and checkpoints from which it can go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.mesh.writing import read_arrays, write_whole
from mcpthermal.package.points import is_list
from mcpthermal.units import quantity


@dataclass(frozen=True)
class Save:
    """What to keep of a transient.

    Parameters
    ----------
    times : sequence of float, or float
        When states are kept (s); steps end there exactly. A single number is the interval between them.
    to : callable, optional
        ``to(time, result)`` takes each state when it is reached, such as a `Series` on disk; without it they stay in
        memory.
    checkpoint : path, optional
        A file (``.npz``) that holds all that is needed to go on; written whole. If it exists and belongs to the same
        run, the run goes on from it, and it is removed at the end.
    every : float
        Wall time between checkpoints (s).
    """

    times: Any = ()
    to: Callable[[float, Any], Any] | None = None
    checkpoint: Any = None
    every: float = 120.0

    def __post_init__(self) -> None:
        if is_list(self.times):
            times: Any = tuple(sorted({quantity(t, "s", "a time to save", minimum=0.0) for t in self.times}))
        else:
            times = quantity(self.times, "s", "the interval between states to save", above=0.0)
        object.__setattr__(self, "times", times)
        if self.to is not None and not callable(self.to):
            raise InputError(f"save to={self.to!r} must take (time, result), such as Series('results/run')")
        object.__setattr__(self, "every", quantity(self.every, "s", "the time between checkpoints", minimum=0.0))
        if self.checkpoint is None:
            return
        try:
            file = Path(self.checkpoint)
        except TypeError:
            raise InputError(f"checkpoint {self.checkpoint!r} is no path; give a name such as 'run.npz'") from None
        if file.suffix != ".npz":
            raise InputError(f"checkpoint '{file}': the name must end in '.npz'")
        if self.to is None and self.times != ():
            raise InputError("states that stay in memory are lost with the process; give to=Series(folder) as well")
        object.__setattr__(self, "checkpoint", file)

    def until(self, end: float) -> list[float]:
        """The times to save, up to the end (s)."""
        if isinstance(self.times, tuple):
            late = [t for t in self.times if t > end * (1 + 1e-12)]
            if late:
                raise InputError(f"a time to save, {late[0]:g} s, is after the end, {end:g} s")
            return list(self.times)
        count = int(np.floor(end / self.times * (1 + 1e-12)))
        return [n * self.times for n in range(count + 1)]


def check_save(save: Any) -> Save:
    """What to keep from itself, or from times; None keeps nothing but the end."""
    if isinstance(save, Save):
        return save
    return Save() if save is None else Save(save if is_list(save) else (save,))


def write_checkpoint(file: Path, key: str, values: dict[str, Any]) -> None:
    """Write arrays and a key of the run, whole."""
    arrays = {name: value for name, value in values.items() if value is not None}
    write_whole(file, lambda temporary: np.savez(temporary, key=np.array(key), **arrays))


def read_checkpoint(file: Path, key: str) -> dict[str, Any] | None:
    """The arrays of a checkpoint; None if there is no file.

    Raises
    ------
    InputError
        If it cannot be read, or belongs to another run.
    """
    if not file.is_file():
        return None
    try:
        values = read_arrays(file)
    except ValueError as error:
        raise InputError(f"checkpoint '{file}' cannot be read ({error}); remove it to begin anew") from error
    if str(values.pop("key", "")) != key:
        raise InputError(
            f"checkpoint '{file}' is of another run (case, mesh, end, method or steps differ); remove it, or name "
            "another"
        )
    return values
