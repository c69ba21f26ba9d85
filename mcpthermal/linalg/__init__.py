"""Linear algebra behind one contract: a solution has the residual that was asked for, or it is an error."""

from mcpthermal.linalg.direct import Factorisation, pardiso_available
from mcpthermal.linalg.krylov import conjugate_gradients
from mcpthermal.linalg.multigrid import TwoLevel
from mcpthermal.linalg.operator import LinearSystem, MatrixSystem
from mcpthermal.linalg.smoothers import Chebyshev, LineBlocks, PointJacobi
from mcpthermal.linalg.solver import Solver, SolveReport

__all__ = [
    "Chebyshev",
    "Factorisation",
    "LineBlocks",
    "LinearSystem",
    "MatrixSystem",
    "PointJacobi",
    "SolveReport",
    "Solver",
    "TwoLevel",
    "conjugate_gradients",
    "pardiso_available",
]
