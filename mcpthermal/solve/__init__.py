"""Solvers: steady states, their limits and their stability, and the N-port of the conductors."""

from mcpthermal.solve.limits import BranchPoint, Limit, find_limit
from mcpthermal.solve.ports import ResistanceMatrix, resistance_matrix
from mcpthermal.solve.stability import Stability, lowest_eigenvalue, stability
from mcpthermal.solve.steady import solve_steady

__all__ = [
    "BranchPoint",
    "Limit",
    "ResistanceMatrix",
    "Stability",
    "find_limit",
    "lowest_eigenvalue",
    "resistance_matrix",
    "solve_steady",
    "stability",
]
