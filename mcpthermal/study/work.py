"""What a worker does: builds the case of a point, and solves it with what earlier points have left."""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcpthermal.case import Case
from mcpthermal.errors import GeometryError, InputError, McpThermalWarning, MeshError, MissingLibraryError, OutputError
from mcpthermal.linalg import Method
from mcpthermal.mesh.cache import cached_mesh
from mcpthermal.mesh.columns import ColumnMesh, generate_mesh
from mcpthermal.mesh.layers import Fractions, layering, moved_mesh
from mcpthermal.mesh.sizing import MeshSpec
from mcpthermal.result.outputs import Output, outputs_of
from mcpthermal.result.provenance import case_hash
from mcpthermal.solve.reuse import Reuse
from mcpthermal.solve.steady import solve_steady

OWN = "own mesh"
"""The key of packages that bring their own mesh."""

ENVIRONMENT = (OutputError, MissingLibraryError)
"""What is no fault of a point: the study ends with it, and can go on when there is room, or the library."""


@dataclass(frozen=True)
class Setup:
    """What all points of a study have in common; it travels to the workers.

    Attributes
    ----------
    make_case : callable
        ``make_case(**parameters)`` returns a Case.
    outputs : tuple of Output, or None for what the cases have
    spec : MeshSpec
    tolerance : float
        Relative residual of each solution.
    method : str
        Of the linear solves.
    folder : str or None
        Where planar meshes are kept.
    """

    make_case: Callable[..., Case]
    outputs: tuple[Output, ...] | None
    spec: MeshSpec
    tolerance: float
    method: Method
    folder: str | None

    def case(self, parameters: Mapping[str, Any]) -> Case:
        """The case of a point."""
        case = self.make_case(**parameters)
        if not isinstance(case, Case):
            raise InputError(f"make_case must return a Case; it gave {case!r}")
        return case


@dataclass(frozen=True)
class Task:
    """One thing to do with one point.

    Attributes
    ----------
    index : int
        Of the point.
    parameters : mapping
    group : str
        Points of a group share their planar mesh; empty where only the case is to be built.
    reference : mapping
        The parameters of the point whose package the group's planar mesh is made of.
    fractions : tuple
        Of the group's layers.
    case : bytes or None
        The pickled case, if it has been built.
    """

    index: int
    parameters: Mapping[str, Any]
    group: str = ""
    reference: Mapping[str, Any] | None = None
    fractions: Fractions = ()
    case: bytes | None = None


class Worker:
    """Does the tasks of a study one after another.

    Parameters
    ----------
    setup : Setup
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._group = ""
        self._mesh: ColumnMesh | None = None
        self._reuse = Reuse()

    def __call__(self, task: Task) -> dict[str, Any]:
        """What came of a task: its `status`, and the values or the reason; raises nothing for a point's own faults."""
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                outcome = self._solve(task) if task.group else self._build(task)
            except GeometryError as error:
                outcome = {"status": "infeasible", "reason": str(error)}
            except ENVIRONMENT as error:
                outcome = {"status": "stopped", "error": error}
            except MemoryError as error:
                self._forget()
                outcome = {
                    "status": "failed",
                    "reason": f"out of memory: {str(error) or 'the process may use no more'}",
                }
            except Exception as error:
                self._forget()
                outcome = {"status": "failed", "reason": f"{type(error).__name__}: {error}"}
        outcome["seconds"] = time.perf_counter() - start
        outcome["warnings"] = sorted(
            {str(item.message) for item in caught if issubclass(item.category, McpThermalWarning)}
        )
        return outcome

    def _forget(self) -> None:
        self._group, self._mesh, self._reuse = "", None, Reuse()

    def _build(self, task: Task) -> dict[str, Any]:
        case = self.setup.case(task.parameters)
        own = case.package.mesh is not None
        found = None if own else layering(case.package, self.setup.spec)
        return {
            "status": "built",
            "key": OWN if found is None else found.key,
            "fractions": () if found is None else found.fractions,
            "case": pickle.dumps(case),
            "hash": case_hash(case),
        }

    def _solve(self, task: Task) -> dict[str, Any]:
        case = self.setup.case(task.parameters) if task.case is None else pickle.loads(task.case)
        if task.group != self._group:
            self._forget()
            self._mesh = self._group_mesh(task)
            self._group = task.group
        mesh = case.package.mesh if self._mesh is None else moved_mesh(self._mesh, case.package, task.fractions)
        self._reuse.parameters = task.parameters
        result = solve_steady(
            case,
            mesh,
            tolerance=self.setup.tolerance,
            linear_tolerance=self.setup.tolerance,
            method=self.setup.method,
            reuse=self._reuse,
        )
        package = case.package
        outputs = self.setup.outputs or outputs_of(None, case)
        return {
            "status": "solved",
            "values": {output.name: output.measure(result) for output in outputs},
            "heights": {"via_depth": package.via_depth, "module_height": package.module_height},
            "unknowns": sum(
                result.provenance.sizes[name]
                for name in ("temperature", "potential")
                if name in result.provenance.sizes
            ),
            "iterations": len(result.history),
        }

    def _group_mesh(self, task: Task) -> ColumnMesh | None:
        """The mesh of the group's reference, from the study's folder if it has been made before."""
        if task.group == OWN:
            return None
        assert task.reference is not None
        try:
            package = self.setup.case(task.reference).package
            if self.setup.folder is None:
                return generate_mesh(package, self.setup.spec, fractions=task.fractions)
            folder = Path(self.setup.folder) / "meshes"
            return cached_mesh(package, self.setup.spec, folder, task.fractions)[0]
        except GeometryError as error:  # the reference could be built before: its own fault is not this point's
            raise MeshError(f"the reference package of the group cannot be built again: {error}") from error


def picklable(setup: Setup) -> bytes:
    """The setup as it travels to other processes.

    Raises
    ------
    InputError
        If `make_case` or an output cannot travel.
    """
    try:
        return pickle.dumps(setup)
    except Exception as error:
        raise InputError(
            f"make_case and the outputs must be importable to work in other processes ({error}); define them at the "
            "top of a module or script, not inside a function, or give workers=0 to stay in this process"
        ) from error
