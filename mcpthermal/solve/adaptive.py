"""Meshes that adapt themselves until outputs are as exact as is asked for.

Each step solves, estimates (`estimate.py`) and makes a mesh with what the estimate asks for. On columns the unknowns
are those of the plane times those of the lines, so that triangles and layers are chosen apart. With n triangles in the
place of one its share of the error falls as n^-p, with m layers in the place of one as m^-r; the fewest triangles for a
sum of the former have n ~ share^(1/(1+p)), the fewest layers for a sum of the latter m ~ share^(1/(1+r)) (Lagrange). In
the end all shares are equal, whatever p and r: they only say how far one step goes, and are those of the cells along
edges, where the errors are, rather than p = 2 and r = 4 of quadratic elements where the solution is smooth.

What can be had: where it is smooth, errors e of the plane and of the lines fall as N_plane^-2 and N_lines^-4, so that
with two thirds of e in the plane N = N_plane N_lines ~ e^(-3/4), as for any quadratic elements in space. Along the
outline of a chip errors fall as h^(2a), a = 2/3 for a good conductor in a bad one, and the triangles along it are 1/h;
layers graded to its faces grow as log(1/h): N ~ e^(-1/(2a)) log, the same 3/4 again but for the logarithm.

Tetrahedra are chosen by the same rule, with n in the place of one. Those along an edge have the share h^(2a), which
falls as n^(-4/9), but the next mesh is graded towards the edge within them: a rate of 2/3 went farthest in fewest
meshes, 4/9 made too many cells at once, 1 too few. Where their geometry is known, Gmsh makes a new mesh of it with the
edges of each cell divided by n^(1/3); otherwise the cells that make up half of the error are bisected.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.case.accuracy import read_tolerance
from mcpthermal.errors import InputError, McpThermalWarning, MeshError, SolveError
from mcpthermal.mesh import MeshSpec, generate_mesh
from mcpthermal.mesh.adapting import adapted_mesh
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.geometry import remeshed
from mcpthermal.mesh.maps import with_maps
from mcpthermal.mesh.refinement import bisected
from mcpthermal.mesh.tetrahedra import TetMesh
from mcpthermal.result.estimates import Adaptation, AdaptiveStep, GoalEstimate
from mcpthermal.result.probes import check_goals, check_probes
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.enrichment import Enrichment
from mcpthermal.solve.estimate import estimates_of, shares_of
from mcpthermal.solve.reuse import Last
from mcpthermal.solve.steady import solve_steady
from mcpthermal.units import quantity, whole_number

Floats = NDArray[np.float64]

AIM = 0.6
"""The part of a tolerance that the next mesh is made for."""

PLANAR_SHARE = 2 / 3
PLANAR_RATE, VERTICAL_RATE = 1.0, 2.0
MOST_TRIANGLES, FEWEST_TRIANGLES = 12.0, 0.3
MOST_LAYERS, FEWEST_LAYERS = 4.0, 0.5
SPATIAL_RATE = 2 / 3
MOST_CELLS, FEWEST_CELLS = 12.0, 0.3
"""In the place of one, from one mesh to the next."""

ROOM, WORTHWHILE = 0.8, 0.6
"""The part of a budget that meshes are made for, since none has exactly the cells that were asked for, and the part
beyond which no further mesh is worth its time."""

LOOSE = 0.01
"""The relative tolerance from which on it is worth while to begin with a coarse mesh."""

PER_CELL = 5
"""Unknowns of a column mesh, of second order, in the place of a cell."""

LEAST_ROOM = 1.3
"""How many times more cells a further mesh must have room for: with hardly more it would be no better."""

TRIES = 4
"""Meshes that are made, without a solution, to find one within the budget."""

BULK = 0.5
"""The part of the error whose tetrahedra are refined."""

SOLVED = {"tolerance": 1e-6, "linear_tolerance": 5e-9}
"""Of the solutions: well below any error of the mesh."""


@dataclass(frozen=True)
class Budget:
    """What an adaptive solution may spend.

    Attributes
    ----------
    unknowns : int
        Of temperature and potential together.
    seconds : float
    meshes : int
    """

    unknowns: int
    seconds: float
    meshes: int


def solve_adaptive(
    case: Case,
    goals: Any,
    tolerance: float | str = 0.005,
    *,
    mesh: Any = None,
    order: int = 2,
    max_unknowns: float = 2_000_000,
    max_seconds: float = 3600.0,
    max_meshes: int = 10,
    progress: Callable[[str], None] | None = None,
) -> SteadyResult:
    """Solve a case on meshes that adapt themselves until outputs meet a tolerance.

    Parameters
    ----------
    case : Case
    goals : goal or sequence of goals
        As for `estimate_error`.
    tolerance : float or str
        A number is relative, of temperatures to their rise over the ambient, and so is ``"0.5 %"``; a string with a
        unit such as ``"0.2 K"`` is absolute.
    mesh : ColumnMesh or TetMesh, optional
        To begin with. By default ``MeshSpec("normal")``, whose errors are some tenths of a percent of a chip's rise;
        ``MeshSpec("coarse")`` for a relative tolerance from 1 % on, or where the budget has no room for more.
    order : {2, 1}
    max_unknowns, max_seconds, max_meshes
        The budget. If it or the memory ends the search, the best result so far is returned, and its
        ``adaptation.reached`` is False.
    progress : callable, optional
        Is told in words what happens.

    Returns
    -------
    SteadyResult
        With ``estimates`` of the goals and the history in ``adaptation``. Columns are made anew by Gmsh with sizes from
        the estimate, and so are imported tetrahedra whose geometry is known (`read_mesh`), straight ones also at once;
        others are bisected.

    Raises
    ------
    InputError, NoSteadyState, CouplingError, LinearSolveError, MeshError
        As `solve_steady`, on the first mesh.

    Notes
    -----
    It is the estimate that meets the tolerance. Where a terminal or a fixed temperature ends on a flat face, the error
    of resistances, currents and heat flows is up to half as large again (`estimate.py`); the corrected value, the
    goal's value plus its ``error``, is then off by about a half of the tolerance.
    """
    if not isinstance(case, Case):
        raise InputError(f"solve_adaptive needs a Case, not {type(case).__name__}")
    wanted, say = check_probes(goals, goals), progress or (lambda text: None)
    budget = Budget(
        int(quantity(max_unknowns, "", "max_unknowns", minimum=1)),
        quantity(max_seconds, "s", "max_seconds", above=0.0),
        whole_number(max_meshes, "max_meshes"),
    )
    tolerance = check_accuracy(case, wanted, tolerance)
    begin = time.perf_counter()
    if mesh is None:
        mesh = case.package.mesh or _first(case, tolerance, budget)
    if isinstance(mesh, TetMesh) and mesh.middles is None and mesh.geometry is not None and mesh.geometry.is_curved:
        mesh = _curved(mesh)
    steps: list[AdaptiveStep] = []
    result: SteadyResult | None = None
    best: SteadyResult | None = None
    least, last = np.inf, Last()
    while True:
        say(f"mesh {len(steps) + 1}: solving")
        try:
            result = solve_steady(case, mesh, order, initial=result, progress=progress, reuse=last, **SOLVED)  # type: ignore[arg-type]
            say(f"mesh {len(steps) + 1}: estimating")
            enrichment = Enrichment(result, last.solved)
            estimates = estimates_of(enrichment, wanted)
        except SolveError as error:
            if best is None:
                raise
            return _not_reached(best, steps, str(error))
        steps.append(_step(result, estimates, tolerance, time.perf_counter() - begin))
        if steps[-1].worst < least:
            best, least = result, steps[-1].worst
        if steps[-1].worst <= 1.0:
            return _done(result, steps, True, "the tolerance is reached")
        say(f"mesh {len(steps)}: error {steps[-1].worst:.2g} times the tolerance")
        spent = _spent(steps, budget)
        if spent:
            return _not_reached(best, steps, spent)
        try:
            mesh = _next(case, result, shares_of(enrichment, estimates), steps, budget)
        except MeshError as error:
            return _not_reached(best, steps, str(error))
        del enrichment  # its memory is needed for the next one
        last = Last()


def check_accuracy(case: Case, goals: Any, tolerance: Any) -> float | str:
    """The tolerance as it is read, if the case has the goals and it fits them all.

    Raises
    ------
    InputError
    """
    wanted = check_probes(goals, goals)
    check_goals(case, wanted)
    tolerance = read_tolerance(tolerance)
    for goal in wanted:
        _tolerance(tolerance, goal, 1.0)
    return tolerance


def _curved(mesh: TetMesh) -> TetMesh:
    """A mesh like a straight one with curved cells at curved faces: straight ones are another body, which no estimate
    on them can know."""
    try:
        return remeshed(mesh, np.ones(mesh.n_cells))
    except MeshError as error:
        warnings.warn(
            f"the mesh stays straight at curved faces, which its estimates do not know of: {error}",
            McpThermalWarning,
            stacklevel=3,
        )
        return mesh


def _first(case: Case, tolerance: Any, budget: Budget) -> ColumnMesh:
    if not isinstance(tolerance, float) or tolerance < LOOSE:
        mesh = generate_mesh(case, MeshSpec("normal"))
        if PER_CELL * mesh.n_cells < WORTHWHILE * budget.unknowns:
            return mesh
    return generate_mesh(case, MeshSpec("coarse"))


def _not_reached(best: SteadyResult | None, steps: list[AdaptiveStep], reason: str) -> SteadyResult:
    assert best is not None
    size = _unknowns(best)
    which = (
        "" if size == steps[-1].unknowns else f"; the answer is that of {size:,} unknowns, whose estimate is the least"
    )
    return _done(best, steps, False, f"not reached: {reason}{which}")


def _done(result: SteadyResult, steps: list[AdaptiveStep], reached: bool, reason: str) -> SteadyResult:
    return replace(result, adaptation=Adaptation(tuple(steps), reached, reason))


def _tolerance(tolerance: Any, goal: Any, scale: float) -> float:
    """The absolute tolerance of a goal, in its unit."""
    if isinstance(tolerance, str):
        unit = "delta K" if goal.unit == "K" else goal.unit
        return quantity(tolerance, unit, f"tolerance of {goal.name}", above=0.0)
    return float(tolerance) * scale


def _step(result: SteadyResult, estimates: tuple[GoalEstimate, ...], tolerance: Any, seconds: float) -> AdaptiveStep:
    tolerances = {}
    for item in estimates:
        scale = abs(item.value - (result.ambient if item.unit == "K" else 0.0))
        tolerances[item.name] = _tolerance(tolerance, item.goal, scale or 1.0)
    values = {item.name: item.value for item in estimates}
    errors = {item.name: item.error for item in estimates}
    return AdaptiveStep(_unknowns(result), result.mesh.n_cells, values, errors, tolerances, seconds)


def _unknowns(result: SteadyResult) -> int:
    sizes = result.provenance.sizes
    return sizes["temperature"] + sizes.get("potential", 0)


def _spent(steps: list[AdaptiveStep], budget: Budget) -> str:
    """What is used up, in words; empty if there is room for another mesh."""
    last = steps[-1]
    if len(steps) >= budget.meshes:
        return f"{budget.meshes} meshes were made"
    if last.unknowns > WORTHWHILE * budget.unknowns:
        return f"{last.unknowns:,} of {budget.unknowns:,} unknowns are used"
    if _room(steps, budget) < LEAST_ROOM:
        return f"{last.seconds:.1f} s of {budget.seconds:g} s are used, and a finer mesh would take longer"
    return ""


def _room(steps: list[AdaptiveStep], budget: Budget) -> float:
    """How many times more cells the next mesh may have."""
    last = steps[-1]
    took = last.seconds - (steps[-2].seconds if len(steps) > 1 else 0.0)
    # Larger systems take more than their share of unknowns, and the time is up when it is.
    return min(ROOM * budget.unknowns / last.unknowns, 0.5 * (budget.seconds - last.seconds) / took)


def _next(
    case: Case,
    result: SteadyResult,
    estimates: tuple[GoalEstimate, ...],
    steps: list[AdaptiveStep],
    budget: Budget,
) -> Any:
    """The next mesh: for a part of the tolerance, within the budget."""
    mesh, last = result.mesh, steps[-1]
    weights = [1.0 / (AIM * last.tolerances[item.name]) for item in estimates]
    room = _room(steps, budget)
    if isinstance(mesh, ColumnMesh):
        return _new_columns(case, mesh, estimates, weights, room)
    cells = _greatest([item.cells for item in estimates], weights)
    if mesh.geometry is None:
        return bisected(mesh, _worst(cells, room))
    return _new_tetrahedra(mesh, cell_numbers(cells, room), room / ROOM * mesh.n_cells)


def _new_columns(
    case: Case, mesh: ColumnMesh, estimates: tuple[GoalEstimate, ...], weights: Sequence[float], room: float
) -> ColumnMesh:
    planar, vertical = (_greatest([getattr(i, name) for i in estimates], weights) for name in ("planar", "vertical"))
    # An estimate knows nothing of a block of power that the triangles do not show.
    boxes = with_maps(case, MeshSpec("coarse")).boxes
    for _ in range(TRIES):
        found = adapted_mesh(case.package, mesh, *numbers(planar, vertical, room), boxes)
        more = found.n_cells / mesh.n_cells
        if more <= room / ROOM:
            break
        # Sizes that may not jump make more triangles than were asked for.
        room *= room / more
    return found


def _new_tetrahedra(mesh: TetMesh, wanted: Floats, most: float) -> TetMesh:
    """A mesh of the geometry with about as many cells as are wanted in the place of all, and no more than `most`."""
    scale, count = 1.0, float(wanted.sum())
    for _ in range(TRIES):
        found = remeshed(mesh, scale * wanted)
        if ROOM * count <= found.n_cells <= count / ROOM:
            return found
        # Thin parts take fewer cells than their sizes say in bulk, sizes that may not jump make more.
        scale *= count / found.n_cells
    if found.n_cells > most:
        raise MeshError(f"the meshes that Gmsh made have {found.n_cells:,} cells, and there is room for {most:,.0f}")
    return found


def _greatest(shares: Sequence[Floats | None], weights: Sequence[float]) -> Floats:
    """The greatest of the shares of all goals, in units of their tolerances."""
    return np.max([w * item for w, item in zip(weights, shares, strict=True) if item is not None], axis=0)


def numbers(planar: Floats, vertical: Floats, room: float = np.inf) -> tuple[Floats, Floats]:
    """How many triangles and layers to put in the place of each, for an error of one.

    Parameters
    ----------
    planar, vertical : arrays
        Shares of the error by triangle and by layer.
    room : float
        How many times more cells there may be.
    """
    slack = 1.0
    while True:
        triangles = _distributed(planar, PLANAR_SHARE * slack, PLANAR_RATE, FEWEST_TRIANGLES, MOST_TRIANGLES)
        layers = _distributed(vertical, (1 - PLANAR_SHARE) * slack, VERTICAL_RATE, FEWEST_LAYERS, MOST_LAYERS)
        if triangles.mean() * layers.mean() <= room or slack > 1e12:
            return triangles, layers
        slack *= 1.25


def cell_numbers(shares: Floats, room: float = np.inf) -> Floats:
    """How many tetrahedra to put in the place of each, for an error of one.

    Parameters
    ----------
    shares : (n_cells,) array
        Of the error.
    room : float
        How many times more cells there may be.
    """
    slack = 1.0
    while True:
        cells = _distributed(shares, slack, SPATIAL_RATE, FEWEST_CELLS, MOST_CELLS)
        if cells.mean() <= room or slack > 1e12:
            return cells
        slack *= 1.25


def _distributed(shares: Floats, target: float, rate: float, fewest: float, most: float) -> Floats:
    """The numbers n that minimise their sum with sum(shares n^-rate) = target."""
    roots = np.maximum(shares, 1e-9 * (shares.max() or 1.0)) ** (1 / (1 + rate))
    scale = (float((shares * roots**-rate).sum()) / target) ** (1 / rate)
    return np.clip(scale * roots, fewest, most)


def _worst(shares: Floats, room: float) -> NDArray[np.int64]:
    """The cells with the greatest shares that make up the bulk of the error (Doerfler's marking), within the room."""
    order = np.argsort(-shares)
    count = int(np.searchsorted(np.cumsum(shares[order]), BULK * shares.sum())) + 1
    # A bisection of a cell and of its neighbours makes about four more.
    return order[: max(1, min(count, int((room - 1.0) * len(order) / 4)))]
