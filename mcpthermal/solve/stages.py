"""The stages of a process, solved on the same columns."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mcpthermal.case import Case
from mcpthermal.errors import InputError, near_misses
from mcpthermal.mesh.common import common_meshes
from mcpthermal.package.process import STAGES, Process
from mcpthermal.result.stages import Stages
from mcpthermal.solve.steady import solve_steady

OPTIONS = tuple(name for name in inspect.signature(solve_steady).parameters if name not in ("case", "mesh"))


def solve_stages(
    process: Process, loads_by_stage: Mapping[str, Sequence[Any]], mesh: Any = None, **options: Any
) -> Stages:
    """Solve stages of a process, each with its own loads, on the columns of the finished package.

    Parameters
    ----------
    process : Process
    loads_by_stage : mapping of str to loads
        By the stage's name (see `Process.stage`); the name of a module is the free module, as on a chuck.
    mesh : MeshSpec or str, optional
        How fine the common mesh is; default "normal".
    **options
        Of `solve_steady`: tolerance, max_iterations, linear_tolerance, method, progress and others.

    Returns
    -------
    Stages
        In the order of fabrication, whatever that of the loads is.

    Raises
    ------
    InputError
        If a stage or an option is unknown, or loads are not those of a well-posed case; the stage is named.
    """
    if not isinstance(process, Process):
        raise InputError(f"solve_stages needs a Process, not {type(process).__name__}")
    for option in options:
        if option not in OPTIONS:
            raise InputError(f"solve_stages has no option '{option}'; {near_misses(option, OPTIONS)}")
    modules = [module.name for module, _ in process.modules]
    order = [stage for stage in process.stages if stage == STAGES[0]] + modules
    order += [stage for stage in process.stages if stage not in order]
    if not isinstance(loads_by_stage, Mapping) or not loads_by_stage:
        raise InputError("solve_stages needs the loads of each stage: {stage: [loads]}, such as {'attached': [...]}")
    unknown = [name for name in loads_by_stage if name not in order]
    if unknown:
        raise InputError(f"the process has no stage '{unknown[0]}'; {near_misses(str(unknown[0]), order)}")
    cases = {name: _case(process, name, loads_by_stage[name]) for name in order if name in loads_by_stage}
    packages = [case.package for case in cases.values()]
    *meshes, _ = common_meshes([*packages, process.package()], mesh)
    solved = (solve_steady(case, mesh, **options) for case, mesh in zip(cases.values(), meshes, strict=True))
    return Stages(process, dict(zip(cases, solved, strict=True)))


def _case(process: Process, stage: str, loads: Any) -> Case:
    try:
        return Case(process.stage(stage), loads, name=stage)
    except InputError as error:
        raise type(error)(f"stage '{stage}': {error}") from error
