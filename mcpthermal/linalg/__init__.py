"""Sparse linear algebra: solutions with a residual contract."""

from __future__ import annotations

from .direct import Factorisation, factorise, pardiso_available
from .eigen import lowest_eigenvalue
from .krylov import conjugate_gradients, flexible_gmres
from .multigrid import Nested, SmoothedAggregation, TwoLevel
from .operator import Array, BlockInverse, CsrMatrix, LinearSystem, MatrixSystem
from .product import SparseProduct, compact, share
from .smoothers import Chebyshev, LineBlocks, PointJacobi, largest_eigenvalue
from .solver import Solver, SolveReport
from .strategy import Method

__all__ = [
    "Array",
    "BlockInverse",
    "Chebyshev",
    "CsrMatrix",
    "Factorisation",
    "LineBlocks",
    "LinearSystem",
    "MatrixSystem",
    "Method",
    "Nested",
    "PointJacobi",
    "SmoothedAggregation",
    "SolveReport",
    "Solver",
    "SparseProduct",
    "TwoLevel",
    "compact",
    "conjugate_gradients",
    "factorise",
    "flexible_gmres",
    "largest_eigenvalue",
    "lowest_eigenvalue",
    "pardiso_available",
    "share",
]
