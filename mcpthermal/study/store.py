"""The folder of a study: what it asks, how its points are meshed, and a file for each finished point.

::

    study.json           what is asked: points, outputs, mesh, tolerance
    plan.json            which points share a mesh; written when all cases have been built
    points/00012.json    what came of point 12, written whole when it has finished, with a checksum
    meshes/              planar meshes
    lock                 held while a study runs

Killed at any moment, a study loses the points that were under way.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from mcpthermal.errors import McpThermalWarning, StudyError
from mcpthermal.mesh.writing import write_whole
from mcpthermal.result.study import STATUSES, Study, StudyPoint

FORMAT = 1


class Store:
    """A study's folder, locked while it is open.

    Parameters
    ----------
    folder : path
    description : mapping
        What is asked, in plain numbers and words.

    Raises
    ------
    StudyError
        If another study runs there, or the folder holds one that asks something else.
    """

    def __init__(self, folder: str | os.PathLike[str], description: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / "lock").open("a+")
        except OSError as error:
            raise StudyError(f"the study's folder '{self.folder}' cannot be used: {error.strerror or error}") from error
        try:
            _take_lock(self._lock)
        except OSError:
            self._lock.close()
            raise StudyError(
                f"another study is running in '{self.folder}'; wait for its end, or give another folder"
            ) from None
        try:
            self._check(json.loads(json.dumps(description)))
        except BaseException:
            self._lock.close()
            raise

    def _check(self, description: dict[str, Any]) -> None:
        file = self.folder / "study.json"
        found, begun = _read(file), any(self.folder.glob("points/*.json"))
        if found is None and (begun or file.is_file()):
            raise StudyError(f"'{file}' cannot be read; restore it, or give the study another folder")
        if found is None or not begun:
            # There is nothing to go on with: what was asked before may have been a mistake.
            (self.folder / "plan.json").unlink(missing_ok=True)
            _write(file, description)
            return
        different = [key for key in description if found.get(key) != description[key]]
        if "outputs" in different and "questions" in different:
            different.remove("questions")
        if different:
            differ = "differ" if len(different) > 1 or different[0].endswith("s") else "differs"
            raise StudyError(
                f"'{self.folder}' holds another study: its {' and '.join(different)} {differ}; give another folder, or "
                "ask the same to go on with it"
            )

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def keep(self, point: StudyPoint) -> None:
        """Write what came of a point, whole.

        Raises
        ------
        OutputError
            If it cannot be written; all other points are still there.
        """
        _write(self._file(point.index), asdict(point))

    def finished(self, points: Sequence[Mapping[str, Any]]) -> dict[int, StudyPoint]:
        """All points that have been finished; a damaged file is reported and its point is open again."""
        found = {}
        for index, parameters in enumerate(points):
            file = self._file(index)
            if not file.is_file():
                continue
            point = _point(_read(file))
            if point is None or point.index != index or dict(point.parameters) != dict(parameters):
                warnings.warn(
                    f"'{file}' is damaged: its checksum or content is wrong; the point is computed again",
                    McpThermalWarning,
                    stacklevel=3,
                )
                continue
            found[index] = point
        return found

    def _file(self, index: int) -> Path:
        return self.folder / "points" / f"{index:05d}.json"

    @property
    def plan(self) -> dict[str, Any] | None:
        """How the points are meshed, if it has been decided."""
        return _read(self.folder / "plan.json")

    @plan.setter
    def plan(self, plan: Mapping[str, Any]) -> None:
        _write(self.folder / "plan.json", plan)


def read_study(folder: str | os.PathLike[str]) -> Study:
    """The points of a study's folder, finished or not.

    Parameters
    ----------
    folder : path
        As it was given to `sweep`; the study may be running.

    Returns
    -------
    Study
        Points that are not finished have the status "open".

    Raises
    ------
    StudyError
        If there is no study in it.
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise StudyError(f"read_study: {folder!r} is no path; give the folder that a sweep has written")
    place = Path(folder)
    description = _read(place / "study.json")
    if description is None:
        raise StudyError(f"'{place}' holds no study that can be read; give the folder that a sweep has written")
    points = []
    for index, parameters in enumerate(description["points"]):
        point = _point(_read(place / "points" / f"{index:05d}.json"))
        points.append(point or StudyPoint(index, parameters, "open"))
    plan = _read(place / "plan.json") or {}
    return Study(tuple(points), description["outputs"] or plan.get("outputs", {}), place.resolve().name)


def _point(record: dict[str, Any] | None) -> StudyPoint | None:
    if record is None:
        return None
    try:
        point = StudyPoint(**{**record, "warnings": tuple(record["warnings"])})
    except (TypeError, KeyError):
        return None
    return point if point.status in STATUSES else None


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _write(file: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps({"format": FORMAT, "sha256": _digest(content), "content": content}, indent=1)
    write_whole(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _read(file: Path) -> dict[str, Any] | None:
    """The content of a file; None if there is none or it is damaged."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        content = record["content"]
        return content if record["sha256"] == _digest(content) and record["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _take_lock(stream: Any) -> None:
    """Lock an open file for this process alone; the system lets go of it when the process ends, however it does."""
    try:
        import fcntl
    except ImportError:
        import msvcrt  # Windows

        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        return
    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
