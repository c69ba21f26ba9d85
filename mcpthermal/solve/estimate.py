"""Error estimates of outputs: dual-weighted residuals on the refined mesh, extrapolated to an infinitely fine one.

What halving every cell adds to an output is known (`enrichment.py`). If errors fall with the cell size as h^q, that is
the part 1 - 2^-q of the error: 1/2 at the strongest edges of conduction (q = 1, where a prescribed temperature ends on
a flat face), 0.6 along a chip's edges in laminate (q = 4/3), 15/16 where the solution is smooth (q = 4, quadratic
elements). `EXTRAPOLATION` takes it for 3/4: the estimate is 0.67 to 1.25 times the error for all q from 1 to 4.

Becker and Rannacher, An optimal control approach to a posteriori error estimation in finite element methods, Acta
Numerica 10, 2001; Grisvard, Elliptic Problems in Nonsmooth Domains, 1985, for the exponents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import InputError
from mcpthermal.fem.hierarchy import ColumnHierarchy
from mcpthermal.fem.recovery import at_points, cell_energies
from mcpthermal.mesh.refinement import gathered
from mcpthermal.result.estimates import GoalEstimate
from mcpthermal.result.probes import Resistance, check_probes
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.bounds import resistance_bounds
from mcpthermal.solve.enrichment import Enrichment

Floats = NDArray[np.float64]

EXTRAPOLATION = 4 / 3


def estimate_error(case: Case, result: SteadyResult, goals: Any, *, shares: bool = False) -> tuple[GoalEstimate, ...]:
    """How far outputs of a result are from those of an infinitely fine mesh.

    The estimates are kept in ``result.estimates``: its summary prints them from then on.

    Parameters
    ----------
    case : Case
        That of the result.
    result : SteadyResult
    goals : goal or sequence of goals
        `MaxTemperature`, `MeanTemperature`, `TemperatureAt`, `Resistance`, `TerminalVoltage`, `TerminalCurrent`,
        `ViaCurrent`, `HeatOut`; the name of a part stands for its highest temperature.
    shares : bool
        Whether triangles, layers and cells are told their shares, for a few cycles more.

    Returns
    -------
    tuple of GoalEstimate

    Raises
    ------
    InputError
        If a goal names something that the case does not have, or the result is of another case.
    SolveError
        If there is no memory for the refined problem.

    Notes
    -----
    For the resistance of a linear conductor with two terminals ``bounds`` are guaranteed (`solve/bounds.py`). The error
    is that of the mesh as it is: circles that have become polygons stay polygons of the same area.
    """
    if not isinstance(result, SteadyResult):
        raise InputError(f"estimate_error needs the result of solve_steady, not {type(result).__name__}")
    result.require_steady("estimate_error")
    if case is not result.case:
        raise InputError("estimate_error: the result is of another case; give the case that was solved")
    wanted = check_probes(goals, goals)
    for goal in wanted:
        goal.measure(result)  # refuses what the case does not have
    enrichment = Enrichment(result)
    found = estimates_of(enrichment, wanted)
    return shares_of(enrichment, found) if shares else found


def estimates_of(enrichment: Enrichment, goals: Sequence[Any]) -> tuple[GoalEstimate, ...]:
    """The estimates of goals, which the result keeps."""
    result, found = enrichment.base.result, []
    for goal, change in zip(goals, enrichment.changes(goals), strict=True):
        bounds = resistance_bounds(result, goal.a, goal.b) if isinstance(goal, Resistance) else None
        found.append(GoalEstimate(goal, goal.measure(result), EXTRAPOLATION * change, bounds))
        result.estimates[goal.name] = found[-1]
    return tuple(found)


def shares_of(enrichment: Enrichment, estimates: Sequence[GoalEstimate]) -> tuple[GoalEstimate, ...]:
    """The same with the shares of triangles, layers and cells."""
    found, correction = [], _energies(enrichment, enrichment.correction)
    for item in estimates:
        weight = _energies(enrichment, enrichment.adjoint_correction(item.goal))
        planar, vertical, cells = _shares(enrichment, correction, weight, item.bar)
        found.append(replace(item, planar=planar, vertical=vertical, cells=cells))
        enrichment.base.result.estimates[item.name] = found[-1]
    return tuple(found)


def _shares(
    enrichment: Enrichment, correction: list[list[Floats]], weight: list[list[Floats]], total: float
) -> tuple[Floats | None, Floats | None, Floats]:
    """The shares of triangles, layers and cells in an absolute error.

    Each cell counts by the energies, of correction and adjoint, of what halving it adds: along the plane for triangles,
    along the lines for layers.
    """
    # Of temperature and potential together.
    roots = [sum(map(_root, *pair)) for pair in zip(correction, weight, strict=True)]
    if len(roots) == 1:
        cells = roots[0].reshape(-1, 8).sum(axis=1)
        return None, None, total * cells / (cells.sum() or 1.0)
    plane, lines = map(gathered, roots)
    scale = total / (float(plane.sum() + lines.sum()) or 1.0)
    return scale * plane.sum(axis=0), scale * lines.sum(axis=1), scale * (plane + lines)


def _root(first: Floats, second: Floats) -> Any:
    return np.sqrt(first * second)


def _energies(enrichment: Enrichment, unknowns: Floats) -> list[list[Floats]]:
    """The energies in each cell of what halving adds along the plane and along the lines, or of all of it: each first
    of the temperature, then of the potential."""
    problem, state = enrichment.fine.problem, enrichment.fine.state
    space, temperature = problem.thermal.space, state.temperature
    hot, volt = enrichment.fields(unknowns)
    points = at_points(space, temperature)
    found = [cell_energies(space, _details(enrichment.hot, hot), problem.thermal.axes, points)]
    if problem.electrical is not None and volt is not None:
        conductors = problem.electrical.space
        points = at_points(space, temperature, conductors)
        found.append(cell_energies(conductors, _details(enrichment.volt, volt), problem.electrical.axes, points))
    return [list(energies) for energies in zip(*found, strict=True)]


def _details(hierarchy: Any, raw: Floats) -> list[Floats]:
    """A field's parts that are new on the refined level along the plane and along the lines; else all of it."""
    if not isinstance(hierarchy, ColumnHierarchy):
        return [raw]
    return [hierarchy.planar_detail(raw), hierarchy.vertical_detail(raw)]
