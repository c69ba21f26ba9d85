"""A steady solution on disk: the unknowns and the mesh, from which a result is made again without solving.

An ``.npz`` file with ``temperature`` and ``potential`` (raw values, as in `SteadyResult`), the arrays of a column mesh
(``mesh_...``), and ``record``, a JSON text: the hash of the description, the case file, order, estimates, history.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from mcpthermal.case import Case
from mcpthermal.errors import InputError
from mcpthermal.io.case_files import question_of, read_case
from mcpthermal.mesh.cache import mesh_arrays, mesh_of_arrays
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.sizing import MeshSpec
from mcpthermal.mesh.writing import read_arrays, write_whole
from mcpthermal.result.estimates import Adaptation, AdaptiveStep, GoalEstimate
from mcpthermal.result.probes import PROBES
from mcpthermal.result.provenance import Provenance, case_hash
from mcpthermal.result.steady import Iteration, SteadyResult
from mcpthermal.solve.newton import Newton
from mcpthermal.solve.run import Run

FORMAT = 1


def write_solution(
    result: SteadyResult, path: str | os.PathLike[str], case_file: str | os.PathLike[str] | None = None
) -> Path:
    """Write a steady result so that it can be read again, whole or not at all.

    Parameters
    ----------
    result : SteadyResult
    path : path
        An ``.npz`` file.
    case_file : path, optional
        Where its case was read from; without it, whoever reads the solution gives the case.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If its mesh is neither of columns nor the one that its package was made from, or the state is not steady.
    """
    mesh = result.mesh
    if result.balance.stored:
        raise InputError("a state of a transient is not kept as a solution; use Series, or the report of the run")
    arrays: dict[str, Any] = {"temperature": result.temperature}
    if result.potential is not None:
        arrays["potential"] = result.potential
    record: dict[str, Any] = {
        "format": FORMAT,
        "case": result.provenance.case_hash,
        "case_file": None if case_file is None else str(Path(case_file).resolve()),
        "order": getattr(result.thermal, "order", 2),
        "factors": dict(result.factors),
        "history": [vars(item) for item in result.history],
        "solves": [dict(item) for item in result.provenance.solves],
        "seconds": dict(result.provenance.seconds),
        "estimates": [_estimate(item) for item in result.estimates.values()],
        "adaptation": None if result.adaptation is None else result.adaptation.to_dict(),
    }
    if isinstance(mesh, ColumnMesh):
        arrays |= {f"mesh_{name}": values for name, values in mesh_arrays(mesh).items()}
        record["spec"] = {**mesh.spec.to_dict(), "sizes": dict(mesh.spec.sizes)}
    elif mesh is not result.case.package.mesh:
        raise InputError("a solution on a mesh that was refined from an imported one is not kept; export it as .vtu")
    text = json.dumps(record)
    return write_whole(path, lambda file: np.savez_compressed(file, record=np.array(text), **arrays))


def read_solution(path: str | os.PathLike[str], case: Case | None = None) -> SteadyResult:
    """Read a steady result again: the case is set up on its mesh and its balances are checked, nothing is solved anew.

    Parameters
    ----------
    path : path
        A file of `write_solution`, or a folder with a ``solution.npz``, as ``mcpthermal run`` leaves it.
    case : Case, optional
        Default that of the case file from which the solution came.

    Returns
    -------
    SteadyResult

    Raises
    ------
    InputError
        If it cannot be read, or the case is another than the one that was solved.
    """
    if case is not None and not isinstance(case, Case):
        raise InputError(f"read_solution needs a Case, not {type(case).__name__}")
    file = _file(path)
    arrays, record = _read(file)
    if case is None:
        if record["case_file"] is None:
            raise InputError(f"'{file}' does not say where its case is; give the case: read_solution('{file}', case)")
        case = read_case(record["case_file"])
    if case_hash(case) != record["case"]:
        raise InputError(
            f"the case '{case.name}' has changed since '{file}' was written, or another version wrote it; run it again"
        )
    mesh = case.package.mesh
    if mesh is None:
        own = {name[5:]: values for name, values in arrays.items() if name.startswith("mesh_")}
        mesh = mesh_of_arrays(case.package, MeshSpec(**record["spec"]), own)
    run = Run(case, mesh, record["order"])
    problem = run.problem
    vars(problem.factors).update(record["factors"])
    state = problem.state(arrays["temperature"] - problem.thermal.reference, arrays.get("potential"))
    result = run.result(state, Newton(problem, 1.0))
    provenance = Provenance(
        result.provenance.case_hash, result.provenance.sizes, tuple(record["solves"]), record["seconds"]
    )
    history = tuple(Iteration(**item) for item in record["history"])
    estimates = {item.name: item for item in map(_estimate_of, record["estimates"])}
    steps = record["adaptation"]
    adaptation = steps and Adaptation(
        tuple(AdaptiveStep(**step) for step in steps["steps"]), steps["reached"], steps["reason"]
    )
    return replace(result, history=history, provenance=provenance, estimates=estimates, adaptation=adaptation)


def question_in(path: str | os.PathLike[str]) -> str:
    """What the case of a solution asks, as far as its file still says so."""
    case_file = _read(_file(path))[1]["case_file"]
    return question_of(case_file) if case_file is not None and Path(case_file).exists() else ""


def _file(path: Any) -> Path:
    """A solution, or that in a folder."""
    try:
        given = Path(path)
    except TypeError:
        raise InputError(f"solution: {path!r} is no path; give a folder of 'mcpthermal run' or an .npz file") from None
    return given / "solution.npz" if given.is_dir() else given


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    if not file.is_file():
        raise InputError(f"there is no solution '{file}'; 'mcpthermal run' leaves one, or give write_solution's file")
    try:
        arrays = read_arrays(file)
        record = json.loads(str(arrays.pop("record")))
        if record["format"] != FORMAT:
            raise ValueError(f"its format is {record['format']}, not {FORMAT}")
    except (KeyError, ValueError) as error:
        raise InputError(f"'{file}' is no solution that can be read ({error}); run the case again") from error
    return arrays, record


def _estimate(item: GoalEstimate) -> dict[str, Any]:
    goal = {"kind": type(item.goal).__name__, "arguments": asdict(item.goal)}
    return {"goal": goal, "value": item.value, "error": item.error, "bounds": item.bounds}


def _estimate_of(row: dict[str, Any]) -> GoalEstimate:
    kind = next(kind for kind in PROBES if kind.__name__ == row["goal"]["kind"])
    bounds = None if row["bounds"] is None else (row["bounds"][0], row["bounds"][1])
    return GoalEstimate(kind(**row["goal"]["arguments"]), row["value"], row["error"], bounds)
