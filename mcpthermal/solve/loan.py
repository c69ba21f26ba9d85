"""What solved problems of a package lend to those of packages that differ from it in some parts.

Factors precondition the other's systems (`linalg/stock.py`), and its states are where the other's iterations start. The
answers meet their tolerances by themselves, whatever was lent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.counterparts import counterparts, surroundings
from mcpthermal.linalg.stock import StockSolver
from mcpthermal.solve.coupling import CoupledProblem, State
from mcpthermal.solve.reuse import Reuse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


POLISH = 4
"""Iterations beyond the contract of currents: charge balances are held to 1e-8."""


class Loan(Reuse):
    """Hands on factors among the problems of one package, and takes them and states from those of another one.

    Give it to each `solve_steady` and `solve_transient` of the package, with `key` set to the name of the problem.

    Parameters
    ----------
    lender : Loan, optional
        Of the other package, on a mesh of the same cells; without it everything is made anew.

    Attributes
    ----------
    key : str
        Of the next problem: it borrows from the lender's one of the same key.
    """

    def __init__(self, lender: Loan | None = None) -> None:
        super().__init__()
        self.lender, self.key = lender, ""
        self._problems: dict[str, CoupledProblem] = {}
        self._solved: dict[str, State] = {}
        self._bases: dict[str, Floats] = {}
        self._thermal: StockSolver | None = None

    @property
    def setups(self) -> int:
        """How many factorisations and hierarchies have been made."""
        electrical = [problem.electrical for problem in self._problems.values() if problem.electrical is not None]
        solvers = [self._thermal, *(problem.solver for problem in electrical)]
        return sum(solver.setups for solver in solvers if isinstance(solver, StockSolver))

    def adopt(self, problem: CoupledProblem) -> None:
        """Let a new problem solve with the factors of earlier and of lent ones."""
        self._problem = self._problems[self.key] = problem
        lender = None if self.lender is None else self.lender._problems.get(self.key)
        if self._thermal is None:
            if lender is None or not isinstance(lender.solver, StockSolver):
                self._thermal = StockSolver(problem.solver.rtol, problem.solver.method)
            else:
                self._thermal = lender.solver.lend(*_places(problem.thermal, lender.thermal))
        problem.solver = self._thermal
        electrical = problem.electrical
        if electrical is None:
            return
        old = None if lender is None else lender.electrical
        if old is None or not isinstance(old.solver, StockSolver):
            solver = StockSolver(electrical.solver.rtol, electrical.solver.method)
        else:
            solver = old.solver.lend(*_places(electrical, old))
        solver.polish = POLISH
        electrical.solver = solver

    def start(self) -> tuple[Floats, Floats | None] | None:
        """The rise (K) and the potential (V) of the lender's problem; None if it has none."""
        lender = self.lender
        if lender is None or self.key not in lender._solved or self._problem is None:
            return None
        problem, other, state = self._problem, lender._problems[self.key], lender._solved[self.key]
        rise = _moved(state.rise, problem.thermal.space, other.thermal.space)
        rise = np.where(problem.numbering.is_fixed, problem.thermal.base, rise)
        if problem.electrical is None or state.current is None or other.electrical is None:
            return rise, None
        return rise, _moved(state.current.potential, problem.electrical.space, other.electrical.space)

    def keep(self, state: State) -> None:
        """Remember a state in equilibrium."""
        self._solved[self.key] = state

    def lent_basis(self) -> Floats | None:
        """The states (n_raw, n) that span the lender's reduced model of the problem; None if it has none."""
        lender = self.lender
        if lender is None or self._problem is None or self.key not in lender._bases:
            return None
        space, other = self._problem.thermal.space, lender._problems[self.key].thermal.space
        return np.stack([_moved(column, space, other) for column in lender._bases[self.key].T], axis=1)

    def keep_basis(self, basis: Floats) -> None:
        """Remember the states of a reduced model."""
        self._bases[self.key] = basis


def _moved(raw: Floats, space: Any, other: Any) -> Floats:
    """A raw vector of another space on a space; where that one has nothing, its mean."""
    entry = counterparts(space, other)
    return np.where(entry >= 0, raw[entry], float(raw.mean()))


def _places(problem: Any, other: Any) -> tuple[Ints, Ints]:
    """The unknown of another problem that each unknown of a problem is, -1 where there is none; those near changes."""
    space, numbering, theirs = problem.space, problem.numbering, other.numbering
    image = np.full(numbering.size, -1)
    entry = counterparts(space, other.space)
    both = (entry >= 0) & (numbering.number >= 0)
    image[numbering.number[both]] = theirs.number[entry[both]]
    around = np.unique(numbering.number[surroundings(space, other.space)])
    return image, around[around >= 0]
