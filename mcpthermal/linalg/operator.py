"""What a discretisation hands over to be solved.

Legend: A matrix, x unknowns, r residual, P prolongation from the coarse level.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mcpthermal.linalg.smoothers import BlockInverse, PointJacobi

Array = NDArray[np.float64]


class LinearSystem(Protocol):
    """A symmetric positive definite system on free unknowns, which need not exist as a matrix."""

    size: int

    def apply(self, x: Array) -> Array:
        """A x."""
        ...

    def matrix(self) -> Any:
        """The explicit sparse matrix; may be costly."""
        ...

    def smoother_blocks(self) -> BlockInverse:
        """An easily inverted part of the matrix."""
        ...

    def prolongation(self) -> Any:
        """Sparse (size, coarse): coarse functions in terms of fine ones; None without a coarse level."""
        ...

    def coarse_matrix(self) -> Any:
        """The Galerkin matrix P^T A P."""
        ...


class MatrixSystem:
    """A system given by its sparse matrix.

    Parameters
    ----------
    matrix : sparse matrix
    prolongation : sparse matrix, optional
    blocks : BlockInverse, optional
        Default: the diagonal.
    """

    def __init__(self, matrix: Any, prolongation: Any = None, blocks: BlockInverse | None = None) -> None:
        self._matrix, self._prolongation, self._blocks = matrix.tocsr(), prolongation, blocks
        self.size = int(matrix.shape[0])

    def apply(self, x: Array) -> Array:
        """A x."""
        return self._matrix @ x

    def matrix(self) -> Any:
        """The matrix itself."""
        return self._matrix

    def smoother_blocks(self) -> BlockInverse:
        """The given blocks, or the diagonal."""
        return self._blocks or PointJacobi(self._matrix.diagonal())

    def prolongation(self) -> Any:
        """The given prolongation."""
        return self._prolongation

    @cached_property
    def _coarse(self) -> Any:
        return (self._prolongation.T @ self._matrix @ self._prolongation).tocsr()

    def coarse_matrix(self) -> Any:
        """P^T A P."""
        return self._coarse
