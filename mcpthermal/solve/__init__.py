"""Solves: the coupled steady state."""

from mcpthermal.solve.steady import solve_steady

__all__ = ["solve_steady"]
