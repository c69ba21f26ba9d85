"""What a row of like problems hands on from one to the next: the planar space, factors, and states to start from.

The operator changes smoothly with heights, materials and loads, and so does its solution. Factors and hierarchies of an
earlier problem precondition the next one; a polynomial in the parameters through earlier solutions is where the next
one starts. Neither changes what is solved: the answer meets its tolerances by itself, wherever it started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.linalg import Method, Solver, pardiso_available
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.subspace import Span, Subspace

Floats = NDArray[np.float64]

MOST_STATES, MOST_DIMENSIONS = 80, 64
MOST_ENTRIES = 40_000_000
"""How many earlier states are kept, how many dimensions of their span, and how many numbers in each (320 MB)."""

HIGHEST_DEGREE = 7
MOST_FACTORS, FACTORED_UNKNOWNS = 12, 1_000_000
"""How many factors or hierarchies are kept, and for how many unknowns in all of them (some 1.3 GB)."""

FACTORED_CELLS = 40_000
"""Cells up to which systems are factorised; quadratic ones have about four unknowns for each."""

FAR, WORTH_FACTORS = np.log(1.6), 20
"""Layers that have become thicker or thinner by more than this factor are worth factors of their own, but one for so
many problems of the row at most: they take as long as a few solutions that start well."""

TOO_FAR = np.log(2.5)
"""Beyond this factor a single solution with other factors takes as long as making new ones."""

LARGEST_WEIGHTS = 8.0
"""Polynomials whose weights of the states add up to more than this, regardless of sign, are not trusted."""


@dataclass
class _State:
    """What is kept of a state: its parameters, which of the span's vectors its rise is, and its potential (V)."""

    parameters: dict[str, Any]
    number: int
    potential: Floats | None


@dataclass
class _Factors:
    """Solvers with their factors, the logarithms of the layers' heights that these are of, how many were made."""

    heights: Floats
    thermal: Solver
    electrical: Solver | None
    made: int = 1

    def distance(self, heights: Floats) -> float:
        """By how much the layers' heights differ at most: the operators differ by no more than that factor."""
        return float(np.abs(self.heights - heights).max())


class Reuse:
    """Hands on what earlier problems have made; give the same to each `solve_steady` of a row.

    It is for problems on one planar mesh; what does not fit the next problem is forgotten.

    Attributes
    ----------
    parameters : mapping
        What tells the next problem from the others; the numbers among them place it in the row.
    """

    def __init__(self) -> None:
        self.parameters: Mapping[str, Any] = {}
        self._problem: CoupledProblem | None = None
        self._states: list[_State] = []
        self._span: Span | None = None
        self._subspace: Subspace | None = None
        self._factors: list[_Factors] = []
        self._used: _Factors | None = None
        self._heights: Floats = np.empty(0)
        self._count = 0

    def adopt(self, problem: CoupledProblem) -> None:
        """Let a new problem solve with the factors of the last one, or forget all if they do not fit."""
        last = self._problem
        if last is None or not _alike(last, problem):
            self._states.clear()
            self._span = self._subspace = None
            self._factors.clear()
            self._used = None
            self._count = 0
        self._count += 1
        if self._used is not None and self._used.made < self._used.thermal.made:
            # Its solver had to make new ones for the last problem.
            self._used.heights, self._used.made = self._heights, self._used.thermal.made
        self._heights = heights = np.log(getattr(problem.mesh, "heights", np.ones(1)))
        most = min(MOST_FACTORS, FACTORED_UNKNOWNS // max(1, problem.numbering.size))
        earned = min(most, 1 + self._count // WORTH_FACTORS)
        near = min(self._factors, key=lambda item: item.distance(heights), default=None)
        distance = np.inf if near is None else near.distance(heights)
        if near is None or (distance > FAR and len(self._factors) < (most if distance > TOO_FAR else earned)):
            electrical = None if problem.electrical is None else problem.electrical.solver
            problem.solver.rough = True
            self._used = _Factors(heights, problem.solver, electrical)
            self._factors.append(self._used)
        else:
            self._used = near
            problem.solver = near.thermal.handed_on()
            if problem.electrical is not None and near.electrical is not None:
                problem.electrical.solver = near.electrical.handed_on()
        self._problem = problem

    def start(self) -> tuple[Floats, Floats | None] | None:
        """The rise (K) and the potential (V) that earlier states suggest; None if there are none."""
        assert self._problem is not None
        own, span = _words(self.parameters), self._span
        like = [state for state in self._states if _words(state.parameters) == own]
        if not like or span is None:
            return None
        known = np.array([_numbers(state.parameters) for state in like])
        found = interpolation_weights(known, np.array(_numbers(self.parameters)))
        weights = np.zeros(len(span.coordinates))
        weights[[state.number for state in like]] = found
        problem = self._problem
        rise = problem.moved(np.zeros(len(problem.numbering.number)), span.combination(weights))
        if like[0].potential is None:
            return rise, None
        return rise, sum(weight * state.potential for weight, state in zip(found, like, strict=True) if weight)

    def subspace(self) -> Subspace | None:
        """The span of earlier states."""
        return self._subspace

    def keep(self, state: State) -> None:
        """Remember a state in equilibrium."""
        assert self._problem is not None
        unknowns = self._problem.numbering.pick(state.rise)
        if self._span is None:
            self._span = Span(max(2, min(MOST_DIMENSIONS, MOST_ENTRIES // len(unknowns))))
            self._subspace = Subspace(self._span)
        number = len(self._span.coordinates)
        self._span.add(unknowns)
        potential = None if state.current is None else state.current.potential
        self._states.append(_State(dict(self.parameters), number, potential))
        most = MOST_STATES if potential is None else max(1, min(MOST_STATES, MOST_ENTRIES // len(potential)))
        # The first ones of a row reach farthest; of the rest the latest stay.
        if len(self._states) > most:
            del self._states[most // 2]


class Last(Reuse):
    """Keeps the last problem and its state in equilibrium, for what is asked of a result next; it hands on nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._state: State | None = None

    def adopt(self, problem: CoupledProblem) -> None:
        """Keep a new problem in place of the last one."""
        problem.expect_few()
        self._problem, self._state = problem, None

    def start(self) -> None:
        """Nothing."""

    def keep(self, state: State) -> None:
        """Keep its state too."""
        self._state = state

    @property
    def solved(self) -> tuple[CoupledProblem, State] | None:
        """The problem and its state; None if it came to none, as where a steady state was found on a path of loads."""
        return None if self._problem is None or self._state is None else (self._problem, self._state)


def shared_method(mesh: Any, method: Method) -> Method:
    """The method for a row of problems: factors that serve all are worth making for larger systems than otherwise."""
    return "direct" if method == "auto" and mesh.n_cells <= FACTORED_CELLS and pardiso_available() else method


def interpolation_weights(known: Floats, wanted: Floats) -> Floats:
    """Weights of values at known points (n, d) that add up to the value at a wanted one (d,).

    The polynomial of the highest total degree that the points determine well, by least squares with the nearest points
    counting most; the nearest point alone where none does. In no parameter is its degree higher than the values that
    the points have of it determine.
    """
    count = len(known)
    weights = np.zeros(count)
    steps = _steps(known, wanted)
    distance = np.linalg.norm(steps, axis=1)
    weights[np.argmin(distance)] = 1.0
    if distance.min() < 1e-12:
        return weights
    near = np.sqrt(1.0 / (distance**2 + 1e-4))
    most = [len(np.unique(np.round(column, 9))) - 1 for column in steps.T]
    for degree in range(HIGHEST_DEGREE, 0, -1):
        terms = [
            np.prod(steps[:, list(chosen)], axis=1)
            for power in range(degree + 1)
            for chosen in combinations_with_replacement(range(steps.shape[1]), power)
            if all(chosen.count(number) <= highest for number, highest in enumerate(most))
        ]
        if len(terms) > count:
            continue
        # The value at the wanted point is the constant term of the fit.
        matrix = near[:, None] * np.column_stack(terms)
        left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
        if sizes[-1] < 1e-9 * sizes[0]:
            continue
        found = (right[:, 0] / sizes) @ left.T * near
        if np.abs(found).sum() <= LARGEST_WEIGHTS:
            return np.asarray(found)
    return weights


def _steps(known: Floats, wanted: Floats) -> Floats:
    """From a wanted point (d,) to known ones (n, d), relative to the range of each parameter that has one."""
    width = np.ptp(np.vstack([known, wanted]), axis=0) if known.shape[1] else np.empty(0)
    return np.asarray((known - wanted)[:, width > 0] / width[width > 0])


def _alike(last: CoupledProblem, problem: CoupledProblem) -> bool:
    """Whether factors and raw vectors of one problem fit another."""
    if (last.electrical is None) != (problem.electrical is None) or type(last.mesh) is not type(problem.mesh):
        return False
    pairs: list[tuple[Any, Any]] = [(last, problem)]
    if last.electrical is not None:
        pairs.append((last.electrical, problem.electrical))
    return np.array_equal(last.mesh.cell_part, problem.mesh.cell_part) and all(
        np.array_equal(a.numbering.number, b.numbering.number)
        and (a.solver.rtol, a.solver.method) == (b.solver.rtol, b.solver.method)
        for a, b in pairs
    )


def _numbers(parameters: Mapping[str, Any]) -> list[float]:
    return [float(value) for value in parameters.values() if isinstance(value, int | float)]


def _words(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if not isinstance(value, int | float)}
