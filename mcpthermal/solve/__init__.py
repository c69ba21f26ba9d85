"""Solvers: steady states, their limits and their stability, transients, and the N-port of the conductors."""

from mcpthermal.solve.adaptive import solve_adaptive
from mcpthermal.solve.estimate import estimate_error
from mcpthermal.solve.gradient import gradient
from mcpthermal.solve.impedance import thermal_impedance
from mcpthermal.solve.limits import BranchPoint, Limit, find_limit
from mcpthermal.solve.methods import ESDIRK43, TR_BDF2, RungeKutta
from mcpthermal.solve.ports import ResistanceMatrix, resistance_matrix
from mcpthermal.solve.reuse import Reuse
from mcpthermal.solve.saving import Save
from mcpthermal.solve.stability import Stability, lowest_eigenvalue, stability
from mcpthermal.solve.stages import solve_stages
from mcpthermal.solve.steady import solve_steady
from mcpthermal.solve.stepping import AdaptiveSteps, FixedSteps
from mcpthermal.solve.transient import solve_transient

__all__ = [
    "ESDIRK43",
    "TR_BDF2",
    "AdaptiveSteps",
    "BranchPoint",
    "FixedSteps",
    "Limit",
    "ResistanceMatrix",
    "Reuse",
    "RungeKutta",
    "Save",
    "Stability",
    "estimate_error",
    "find_limit",
    "gradient",
    "lowest_eigenvalue",
    "resistance_matrix",
    "solve_adaptive",
    "solve_stages",
    "solve_steady",
    "solve_transient",
    "stability",
    "thermal_impedance",
]
