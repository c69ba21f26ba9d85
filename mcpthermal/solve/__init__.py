"""Solvers: steady states, their limits and their stability."""

from mcpthermal.solve.limits import BranchPoint, Limit, find_limit
from mcpthermal.solve.steady import solve_steady

__all__ = ["BranchPoint", "Limit", "find_limit", "solve_steady"]
