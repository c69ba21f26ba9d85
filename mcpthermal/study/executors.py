"""Who does the tasks of a study: this process, processes of its own, or a Dask cluster."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import pickle
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from mcpthermal.errors import InputError, McpThermalError, StudyError
from mcpthermal.study.dask_cluster import DaskCluster, is_client
from mcpthermal.study.work import Setup, Task, Worker, picklable

ATTEMPTS = 3
"""How often a point may take its worker down before it is recorded as failed."""

FALSE_STARTS = 3
"""How many workers may end before they have begun."""

LEAST_MEMORY = 1e9
"""What Python, its libraries and a small case need of the addresses of a worker (bytes)."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""What tells the libraries of the numerics how many threads to use: one each, the workers are the parallelism."""

Take = Callable[[Task, dict[str, Any]], None]


class Executor(AbstractContextManager[Any], Protocol):
    """Does tasks and hands over what came of each, in any order."""

    def run(self, tasks: Sequence[Task], take: Take) -> None:
        """Do all tasks; call ``take(task, outcome)`` as each one ends."""
        ...


def make_executor(setup: Setup, workers: Any, memory: float | None) -> Executor:
    """The executor for the argument `workers` of a sweep.

    Raises
    ------
    InputError
        If it is none of what a sweep takes.
    """
    own = isinstance(workers, int) and not isinstance(workers, bool) and workers >= 0
    if memory is not None:
        _check_limit(memory, own and workers > 0)
    if own:
        return Processes(picklable(setup), workers, memory) if workers else ThisProcess(setup)
    if is_client(workers) or (isinstance(workers, str) and workers.startswith("dask://")):
        return DaskCluster(picklable(setup), workers)
    raise InputError(
        f"workers={workers!r} must be a number of processes (0: this one), 'dask://host:port', or a Dask Client"
    )


class ThisProcess:
    """All tasks one after another in this process."""

    def __init__(self, setup: Setup) -> None:
        self._work = Worker(setup)

    def __enter__(self) -> ThisProcess:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def run(self, tasks: Sequence[Task], take: Take) -> None:
        """See `Executor`."""
        for task in sorted(tasks, key=lambda task: task.group):
            take(task, self._work(task))


@dataclass(eq=False)
class _Hand:
    """A process with the task that it is at."""

    process: Any
    connection: Connection
    task: Task | None = None
    ready: bool = False
    group: str = ""


class Processes:
    """Processes of this machine, each with one thread; one that ends is replaced, and its task done again.

    Parameters
    ----------
    packed : bytes
        The pickled setup.
    count : int
    memory : float or None
        Most memory of each (bytes).
    """

    def __init__(self, packed: bytes, count: int, memory: float | None) -> None:
        self._packed, self._count, self._memory = packed, count, memory
        self._hands: list[_Hand] = []
        self._false_starts = 0

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *error: object) -> None:
        for hand in self._hands:
            hand.connection.close()
            hand.process.kill()
        for hand in self._hands:
            hand.process.join()
        self._hands = []

    def run(self, tasks: Sequence[Task], take: Take) -> None:
        """See `Executor`."""
        todo = list(tasks)
        crashes: Counter[int] = Counter()
        while todo or any(hand.task is not None for hand in self._hands):
            while len(self._hands) < min(self._count, len(todo) + sum(hand.task is not None for hand in self._hands)):
                self._hands.append(self._start())
            for hand in self._hands:
                if hand.ready and hand.task is None and todo:
                    self._give(hand, todo)
            waited: list[Any] = [item for hand in self._hands for item in (hand.connection, hand.process.sentinel)]
            wait(waited)
            for hand in list(self._hands):
                self._hear(hand, todo, crashes, take)

    def _give(self, hand: _Hand, todo: list[Task]) -> None:
        """Hand out the first task of the same group, or else of one that nobody works on, or else any."""
        taken = {other.group for other in self._hands if other is not hand and other.task is not None}
        own = next((task for task in todo if task.group == hand.group), None)
        task = own or next((task for task in todo if task.group not in taken), todo[0])
        todo.remove(task)
        hand.task, hand.group = task, task.group
        try:
            hand.connection.send(task)
        except OSError:
            pass  # it has just ended, which is heard next

    def _hear(self, hand: _Hand, todo: list[Task], crashes: Counter[int], take: Take) -> None:
        try:
            heard = hand.connection.recv() if hand.connection.poll() else None
        except (EOFError, OSError):
            heard = None
        if heard is not None:
            task, hand.task = hand.task, None
            if isinstance(heard, McpThermalError):
                raise heard
            if task is None:
                hand.ready, self._false_starts = True, 0
            else:
                take(task, heard)
        elif not hand.process.is_alive():
            self._bury(hand, todo, crashes, take)

    def _bury(self, hand: _Hand, todo: list[Task], crashes: Counter[int], take: Take) -> None:
        """Forget a process that has ended; its task is open again, or failed if it has ended too many."""
        hand.process.join()
        end = _end(hand.process.exitcode)
        self._hands.remove(hand)
        hand.connection.close()
        if not hand.ready:
            self._false_starts += 1
            if self._false_starts >= FALSE_STARTS:
                raise StudyError(
                    f"the workers of the study end as they start ({end}); a script that calls sweep must do so below "
                    "if __name__ == '__main__':, and make_case must be importable"
                )
        if hand.task is None:
            return
        crashes[hand.task.index] += 1
        if crashes[hand.task.index] < ATTEMPTS:
            todo.insert(0, hand.task)
            return
        reason = f"its worker process ended {ATTEMPTS} times at this point ({end})"
        take(hand.task, {"status": "failed", "reason": reason, "seconds": 0.0, "warnings": []})

    def _start(self) -> _Hand:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._packed, self._memory), daemon=True)
        before = {name: os.environ.get(name) for name in THREADS}
        os.environ.update(dict.fromkeys(THREADS, "1"))
        try:
            process.start()
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
        theirs.close()
        return _Hand(process, ours)


def _end(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"{name}, as when the system runs out of memory" if name == "SIGKILL" else name
    return f"exit code {code}"


def _serve(connection: Connection, packed: bytes, memory: float | None) -> None:
    """A worker process: tasks in, outcomes out, until the other end is closed."""
    # The process that asked decides what happens at Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory is not None:
        import resource  # not on all systems, see `_check_limit`

        resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    with suppress(EOFError, OSError):
        try:
            work = _worker(packed)
        except InputError as error:
            connection.send(error)
            return
        connection.send("ready")
        while True:
            connection.send(work(connection.recv()))


def _worker(packed: bytes) -> Worker:
    """The worker of a setup that has travelled here.

    Raises
    ------
    InputError
        If what it consists of cannot be imported in this process.
    """
    try:
        return Worker(pickle.loads(packed))
    except Exception as error:
        raise InputError(
            f"make_case and the outputs cannot be imported in the workers ({type(error).__name__}: {error}); define "
            "them at the top of a module or script, not below if __name__ == '__main__':, or give workers=0"
        ) from error


def _check_limit(memory: float, processes: bool) -> None:
    """Refuse a limit of memory that would not hold, or that leaves no room for a case."""
    if memory < LEAST_MEMORY:
        raise InputError(
            f"memory: {memory / 1e6:.6g} MB is not enough for a worker, whose interpreter and libraries alone take "
            f"nearly {LEAST_MEMORY / 1e9:.6g} GB; give more, such as '4 GB', or leave it out"
        )
    if not processes:
        raise InputError("memory: only worker processes of a study have a limit; give workers=1 or more, or none")
    if importlib.util.find_spec("resource") is None or sys.platform == "darwin":
        raise InputError("memory: this system cannot limit the memory of a process; leave it out")
