"""Sparse linear algebra: solutions with a residual contract."""

from __future__ import annotations

from .direct import Factorisation, factorise, pardiso_available
from .eigen import lowest_eigenvalue
from .krylov import conjugate_gradients, flexible_gmres, gmres_steps
from .layered import LayeredProduct
from .lines import LineBlocks
from .multigrid import Nested, SmoothedAggregation, TwoLevel, smoothed_aggregates
from .operator import Array, BlockInverse, CsrMatrix, Level, LinearSystem, MatrixLevel, MatrixSystem, Product
from .product import SparseProduct, compact, norm_of, share
from .smoothers import Chebyshev, PointJacobi, largest_eigenvalue
from .solver import Solver, SolveReport
from .strategy import FEW_LIMIT, Method

__all__ = [
    "FEW_LIMIT",
    "Array",
    "BlockInverse",
    "Chebyshev",
    "CsrMatrix",
    "Factorisation",
    "LayeredProduct",
    "Level",
    "LineBlocks",
    "LinearSystem",
    "MatrixLevel",
    "MatrixSystem",
    "Method",
    "Nested",
    "PointJacobi",
    "Product",
    "SmoothedAggregation",
    "SolveReport",
    "Solver",
    "SparseProduct",
    "TwoLevel",
    "compact",
    "conjugate_gradients",
    "factorise",
    "flexible_gmres",
    "gmres_steps",
    "largest_eigenvalue",
    "lowest_eigenvalue",
    "norm_of",
    "pardiso_available",
    "share",
    "smoothed_aggregates",
]
