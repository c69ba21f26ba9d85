"""States in time on disk: one ``.vtu`` for each, and a ``.pvd`` that lists them for ParaView."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from mcpthermal.errors import InputError
from mcpthermal.io.vtu import write_vtu
from mcpthermal.mesh.writing import write_whole
from mcpthermal.result.transient import TransientResult


class Series:
    """Writes each state that it is given: ``Series("results/run")`` makes ``run.pvd`` and ``run_0000.vtu``, ...

    For `Save`. Every file is written whole or not at all; the list names only files that are complete. States of an
    earlier run in the same place are listed again if they come before the first new one, as after a checkpoint.

    Parameters
    ----------
    path : path
        Folder and name, without ending.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.path = Path(path)
        except TypeError:
            raise InputError(f"series: {path!r} is no path; give a folder and a name, such as 'results/run'") from None
        self._rows: list[tuple[float, str]] | None = None

    @property
    def list_file(self) -> Path:
        """The ``.pvd`` file."""
        return self.path.with_name(self.path.name + ".pvd")

    def __call__(self, time: float, result: Any) -> None:
        """Write a state at a time (s)."""
        if self._rows is None:
            self._rows = [row for row in self._known() if row[0] < time * (1 - 1e-12)]
        file = self.path.with_name(f"{self.path.name}_{len(self._rows):04d}.vtu")
        write_vtu(result, file)
        self._rows.append((float(time), file.name))
        rows = "".join(f'<DataSet timestep="{t!r}" file={quoteattr(name)}/>\n' for t, name in self._rows)
        head = '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n<Collection>\n'
        text = f"{head}{rows}</Collection>\n</VTKFile>\n"
        write_whole(self.list_file, lambda temporary: temporary.write_text(text, encoding="utf-8"))

    def _known(self) -> list[tuple[float, str]]:
        if not self.list_file.is_file():
            return []
        found = re.findall(r'timestep="([^"]+)" file="([^"]+)"', self.list_file.read_text(encoding="utf-8"))
        return [(float(t), name) for t, name in found if (self.list_file.parent / name).is_file()]


def write_series(result: TransientResult, path: str | os.PathLike[str]) -> Path:
    """Write all states that a transient kept in memory, and its last one, as a ``.pvd`` and its ``.vtu`` files.

    Raises
    ------
    InputError
        If it is no transient.
    """
    if not isinstance(result, TransientResult):
        raise InputError(f"a .pvd file is a series in time; a {type(result).__name__} is written as .vtu")
    series = Series(Path(path).with_suffix(""))
    states = {**result.snapshots, float(result.times[-1]): result.final}
    for time in sorted(states):
        series(time, states[time])
    return series.list_file
