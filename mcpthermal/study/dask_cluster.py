"""A study on a Dask cluster, which may be of many machines."""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections.abc import Callable, Sequence
from typing import Any

from mcpthermal.errors import MissingLibraryError, StudyError
from mcpthermal.study.work import Task, Worker

_ALONE = threading.Lock()
"""Gmsh and warnings have one state for all threads of a process: it does one task at a time."""

_WORKERS: dict[str, Worker] = {}
"""The worker of a process of the cluster, by its setup."""


def is_client(item: Any) -> bool:
    """Whether something is a Dask client."""
    return type(item).__module__.partition(".")[0] == "distributed" and hasattr(item, "submit")


class DaskCluster:
    """Sends tasks to a Dask cluster; Dask gives those of a process that ends to another.

    Parameters
    ----------
    packed : bytes
        The pickled setup.
    workers : str or Client
        ``"dask://host:port"``, or a client that stays open.
    """

    def __init__(self, packed: bytes, workers: Any) -> None:
        self._packed, self._workers = packed, workers
        self._client: Any = None

    def __enter__(self) -> DaskCluster:
        try:
            from dask.distributed import Client
        except ImportError as error:
            raise MissingLibraryError(f"workers on Dask need it ({error}); pip install 'mcpthermal[study]'") from error
        if not isinstance(self._workers, str):
            self._client = self._workers
            return self
        address = "tcp://" + self._workers.removeprefix("dask://")
        try:
            self._client = Client(address, timeout="10s")
        except (OSError, TimeoutError, ValueError) as error:
            raise StudyError(f"no Dask scheduler answers at '{self._workers}' ({error}); start one there") from error
        return self

    def __exit__(self, *error: object) -> None:
        if isinstance(self._workers, str) and self._client is not None:
            self._client.close()

    def run(self, tasks: Sequence[Task], take: Callable[[Task, dict[str, Any]], None]) -> None:
        """See `Executor`."""
        from dask.distributed import as_completed

        # Groups stay together, so that a process meets few of them.
        listed = sorted(tasks, key=lambda task: task.group)
        futures = {
            self._client.submit(do_task, self._packed, task, pure=False, priority=-number): task
            for number, task in enumerate(listed)
        }
        try:
            for future in as_completed(futures):
                take(futures[future], _outcome(future))
        finally:
            self._client.cancel([future for future in futures if not future.done()])


def do_task(packed: bytes, task: Task) -> dict[str, Any]:
    """Do a task in a process of the cluster, with the worker that earlier tasks of the study have left there."""
    key = hashlib.sha256(packed).hexdigest()
    with _ALONE:
        if key not in _WORKERS:
            _WORKERS.clear()
            _WORKERS[key] = Worker(pickle.loads(packed))
        return _WORKERS[key](task)


def _outcome(future: Any) -> dict[str, Any]:
    error = future.exception()
    if error is None:
        return future.result()
    reason = f"the cluster could not do it: {type(error).__name__}: {error}"
    return {"status": "failed", "reason": reason, "seconds": 0.0, "warnings": []}
