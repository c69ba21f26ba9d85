"""The sweep: many designs, solved by many workers, each point kept when it has finished."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from mcpthermal.case import Case
from mcpthermal.case.variants import check_arguments
from mcpthermal.errors import InputError, StudyError
from mcpthermal.linalg import Method
from mcpthermal.mesh.layers import Layering, common_fractions
from mcpthermal.mesh.sizing import MeshSpec
from mcpthermal.result.outputs import Output, outputs_of
from mcpthermal.result.study import COLUMNS, Study, StudyPoint
from mcpthermal.solve.run import METHODS
from mcpthermal.study.executors import Executor, make_executor
from mcpthermal.study.progress import Progress
from mcpthermal.study.samples import Points, filling_order, grid_points, listed_points
from mcpthermal.study.store import Store
from mcpthermal.study.work import OWN, Setup, Task
from mcpthermal.units import quantity

KEPT_CASES = 200_000_000
"""Built cases wait in memory up to this size (bytes); beyond, workers build them again."""


def sweep(
    make_case: Callable[..., Case],
    points: Any = None,
    *,
    outputs: Any = None,
    workers: Any = None,
    folder: str | os.PathLike[str] | None = None,
    mesh: MeshSpec | str | None = None,
    tolerance: float = 1e-8,
    method: Method = "auto",
    memory: float | str | None = None,
    retry_failed: bool = False,
    progress: bool = True,
    **parameters: Any,
) -> Study:
    """Solve a case for many values of its parameters.

    Points whose packages differ in heights, materials and loads only share one planar mesh, its matrices, factors, and
    where the solution starts; the values do not depend on that, nor on the number of workers or their order, beyond
    the tolerance.

    Parameters
    ----------
    make_case : callable
        ``make_case(**parameters)`` returns the Case of a point. A GeometryError in it makes the point infeasible.
    points : sequence of mappings, optional
        Such as `latin_hypercube`, `sobol` or `one_at_a_time` return; without it, the grid of all ``**parameters``.
    outputs : mapping, list or set, optional
        Numbers to keep: ``"memory.max"``, ``"supply[3].current"``, ``"vdd.voltage"``, ``"resistance(a, b)"``,
        ``"bottom.heat_out"``, ``"package.joule"``, probes, or functions of a result. Default: temperatures of
        the chips, potential and current of the terminals.
    workers : int, str or Client, optional
        Processes of one thread each (default: one for each processor; 0 works in this process), ``"dask://host:port"``
        or a Dask Client.
    folder : path, optional
        Where each point is kept when it has finished. The same study started again goes on there; all cases that
        have been built before are built again, and must be the same.
    mesh : MeshSpec or str, optional
        Default "normal".
    tolerance : float
        Of each solution: its relative residual, or what further iterations would change, relative to the rise.
    method : {"auto", "direct", "multigrid"}
        Of the linear solves.
    memory : float or str, optional
        Most memory of each worker process (bytes, or such as ``"4 GB"``), at least 1 GB.
    retry_failed : bool
        Whether points that have failed before are tried again.
    progress : bool
        Whether to show a bar with the time left, on a terminal.
    **parameters
        For each parameter its values: numbers, strings with a unit, or words.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If the points or outputs cannot be understood.
    StudyError
        If the folder is in use or holds another study, or workers do not start.
    OutputError, MissingLibraryError
        If a point or a mesh cannot be written, or a worker lacks a library; what has been written is kept.
    """
    if not callable(make_case):
        raise InputError(f"sweep: make_case must be a function that returns a Case, not {type(make_case).__name__}")
    if (points is None) == (not parameters):
        raise InputError(
            "sweep: give either points=[...], or a list of values for each parameter; one that is named as an argument "
            "of sweep, such as memory or mesh, can only be in points"
        )
    listed = grid_points(**parameters) if points is None else listed_points(points)
    check_arguments(make_case, listed[0])
    spec = MeshSpec(mesh) if isinstance(mesh, str) else mesh or MeshSpec()
    if not isinstance(spec, MeshSpec):
        raise InputError(f"sweep: mesh={mesh!r} is no MeshSpec; give one, or 'coarse', 'normal' or 'fine'")
    tolerance = quantity(tolerance, "", "tolerance of a sweep", minimum=1e-12, maximum=1e-6)
    if method not in METHODS:
        raise InputError(f"sweep: method {method!r} of the linear solves must be one of {', '.join(METHODS)}")
    if memory is not None:
        memory = quantity(memory, "B", "memory of a worker", above=0.0)
    asked = None if outputs is None else outputs_of(outputs)
    _check_names(listed[0], asked or ())
    if folder is not None and not isinstance(folder, (str, os.PathLike)):
        raise InputError(f"sweep: folder={folder!r} is no path; give a name such as 'studies/heights'")
    place = None if folder is None else os.fspath(folder)
    setup = Setup(make_case, asked, spec, tolerance, method, place)
    units = None if asked is None else {item.name: item.unit for item in asked}
    questions = None if asked is None else {item.name: item.question for item in asked}
    hold = getattr(make_case, "hold", None)  # of a study file
    description = {
        "points": listed,
        "outputs": units,
        "questions": questions,
        "mesh": spec.to_dict(),
        "tolerance": tolerance,
        "hold": hold if isinstance(hold, str) else None,
    }
    # Before the folder is made, so that what is wrong with the workers leaves none.
    executor = make_executor(setup, os.cpu_count() or 1 if workers is None else workers, memory)
    with ExitStack() as stack:
        store = None if folder is None else stack.enter_context(Store(folder, description))
        run = _Run(setup, listed, store, retry_failed)
        if len(run.done) < len(listed) or run.known:
            stack.enter_context(executor)
            bar = stack.enter_context(Progress(progress))
            run.check(executor, bar)
            run.finish(executor, bar)
    name = "study" if folder is None else os.path.basename(os.path.abspath(folder))
    return Study(tuple(run.done[index] for index in range(len(listed))), run.units, name)


def _check_names(parameters: Mapping[str, Any], outputs: Sequence[Output]) -> None:
    """Refuse names that would take each other's column in a table."""
    taken = {*COLUMNS, *(item.name for item in outputs)}
    for name in parameters:
        if name in taken:
            raise InputError(f"sweep: the parameter '{name}' has the name of an output or of {', '.join(COLUMNS)}")
    for item in outputs:
        if item.name in COLUMNS:
            raise InputError(f"sweep: an output is named '{item.name}', as a column of the table; rename it")


def _refuse_stopped(outcome: Mapping[str, Any]) -> None:
    """End the study with what went wrong around a point: nothing about the point is to be kept."""
    if outcome["status"] == "stopped":
        raise outcome["error"]


class _Run:
    """A study under way: what is done, and what is known of the rest."""

    def __init__(self, setup: Setup, points: Points, store: Store | None, retry_failed: bool) -> None:
        self.setup, self.points, self.store = setup, points, store
        self.done = {} if store is None else store.finished(points)
        if retry_failed:
            self.done = {index: point for index, point in self.done.items() if point.status != "failed"}
        known = None if store is None else store.plan
        self.plan: dict[str, Any] = known or {"groups": {}, "group": {}, "outputs": {}, "cases": {}}
        self.plan.setdefault("cases", {})
        asked = setup.outputs
        self.units: Mapping[str, str] = {item.name: item.unit for item in asked} if asked else self.plan["outputs"]
        self._cases: dict[int, bytes] = {}
        self._kept = 0

    @property
    def known(self) -> dict[int, str]:
        """What building the points gave when the study began: the hash of the case, or why there is none."""
        hashes = {int(index): digest for index, digest in self.plan["cases"].items()}
        barred = {index: point.reason for index, point in self.done.items() if point.status == "infeasible"}
        return barred | hashes

    def check(self, executor: Executor, progress: Progress) -> None:
        """Refuse to go on with a study whose cases are others than when it began; building is cheap beside solving."""
        known = self.known
        if known:
            progress.begin("checking", len(known))

        def compare(task: Task, outcome: dict[str, Any]) -> None:
            progress.advance()
            _refuse_stopped(outcome)
            if outcome.get("hash", outcome.get("reason")) != known[task.index]:
                assert self.store is not None
                found = "another case" if outcome["status"] == "built" else f"no case ({outcome['reason']})"
                raise StudyError(
                    f"'{self.store.folder}' holds another study: make_case now gives {found} for point {task.index}, "
                    f"{dict(task.parameters)}; give another folder, or the make_case that the study was begun with"
                )
            if task.index not in self.done:
                self._hold(task.index, outcome)

        executor.run([Task(index, self.points[index]) for index in known], compare)

    def finish(self, executor: Executor, progress: Progress) -> None:
        """Do all points that are open."""
        if len(self.done) == len(self.points):
            return
        unknown = [n for n in range(len(self.points)) if n not in self.done and str(n) not in self.plan["group"]]
        if unknown:
            self._extend_plan(unknown, executor, progress)
            if self.store is not None:
                self.store.plan = self.plan
        progress.begin("solving", len(self.points))
        for _ in self.done:
            progress.advance()

        def take(task: Task, outcome: dict[str, Any]) -> None:
            self._keep(task, outcome)
            progress.advance()

        executor.run(self._tasks(), take)

    def _keep(self, task: Task, outcome: Mapping[str, Any]) -> None:
        _refuse_stopped(outcome)
        self._cases.pop(task.index, None)
        fields = ("status", "values", "reason", "heights", "seconds")
        known = {name: outcome[name] for name in fields if name in outcome}
        point = StudyPoint(task.index, dict(task.parameters), **known, warnings=tuple(outcome["warnings"]))
        if self.store is not None:
            self.store.keep(point)
        self.done[task.index] = point

    def _hold(self, index: int, outcome: Mapping[str, Any]) -> None:
        """Keep a built case until it is solved, where there is room."""
        self._kept += len(outcome["case"])
        if self._kept <= KEPT_CASES:
            self._cases[index] = outcome["case"]

    # --- the plan: which points share a mesh ---------------------------------------------------------------

    def _extend_plan(self, indices: Sequence[int], executor: Executor, progress: Progress) -> None:
        """Build the cases of points, and find what is alike; points that cannot be built are done with that."""
        progress.begin("building", len(indices))
        found: dict[int, Layering] = {}
        hashes: dict[int, str] = {}

        def take(task: Task, outcome: dict[str, Any]) -> None:
            progress.advance()
            if outcome["status"] != "built":
                self._keep(task, outcome)
                return
            if not found:
                self._check_outputs(pickle.loads(outcome["case"]))
            found[task.index] = Layering(outcome["key"], outcome["fractions"])
            hashes[task.index] = outcome["hash"]
            self._hold(task.index, outcome)

        executor.run([Task(index, self.points[index]) for index in indices], take)
        members: dict[str, list[int]] = {}
        for index in sorted(found):
            members.setdefault(found[index].key, []).append(index)
            self.plan["group"][str(index)] = found[index].key
            self.plan["cases"][str(index)] = hashes[index]
        for key, own in members.items():
            fractions = () if key == OWN else common_fractions([found[index] for index in own])
            self.plan["groups"].setdefault(key, {"reference": own[0], "fractions": fractions})
        self.plan["outputs"] = dict(self.units)

    def _check_outputs(self, case: Case) -> None:
        """Refuse outputs that a case does not have before anything is solved."""
        asked = self.setup.outputs or outputs_of(None, case)
        for output in asked:
            output.check(case)
        self.units = {item.name: item.unit for item in asked}

    def _tasks(self) -> Sequence[Task]:
        """What is open, in an order in which the first points lie all over the range."""
        tasks = []
        for index in filling_order(self.points):
            if index in self.done:
                continue
            key = self.plan["group"][str(index)]
            group = self.plan["groups"][key]
            fractions = tuple(tuple(inner) for inner in group["fractions"])
            reference = self.points[group["reference"]]
            tasks.append(Task(index, self.points[index], key, reference, fractions, self._cases.get(index)))
        return tasks
