"""What a discretisation hands over to be solved: a symmetric positive definite operator and its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, csr_matrix

from .smoothers import PointJacobi

Array: TypeAlias = npt.NDArray[np.float64]
CsrMatrix: TypeAlias = csr_array | csr_matrix


@runtime_checkable
class BlockInverse(Protocol):
    """The inverse of an easily inverted, symmetric positive definite part of an operator."""

    @property
    def name(self) -> str:
        """One word for messages, such as ``"point"`` or ``"line"``."""
        ...

    def solve(self, r: Array) -> Array:
        """Apply the inverse to one vector."""
        ...


@runtime_checkable
class LinearSystem(Protocol):
    """A symmetric positive definite operator ``A`` on the free unknowns of a discretisation.

    Only `size`, `apply` and what the chosen method needs are called: the direct solver asks for
    `matrix`, the two-level method for the other three.
    """

    @property
    def size(self) -> int:
        """The number of unknowns."""
        ...

    def apply(self, x: Array) -> Array:
        """Return ``A x`` for `x` of shape ``(size,)``."""
        ...

    def matrix(self) -> CsrMatrix:
        """Return the explicit matrix, which may be costly."""
        ...

    def smoothing_product(self) -> Callable[[Any], Any]:
        """Return the product as smoothers may take it; its `dtype`, if it has one, is the precision."""
        ...

    def smoother_blocks(self) -> BlockInverse:
        """Return the inverse of the point or line blocks of ``A``."""
        ...

    def prolongation(self) -> CsrMatrix | None:
        """Return the interpolation from the coarse level, of shape ``(size, coarse)``, or None."""
        ...

    def coarse_matrix(self) -> CsrMatrix:
        """Return the Galerkin matrix ``P' A P`` of the coarse level."""
        ...


class MatrixSystem:
    """A linear system given by its explicit matrix.

    Parameters
    ----------
    matrix : sparse matrix
        The symmetric positive definite matrix.
    prolongation : sparse matrix, optional
        Interpolation from a coarse level, of shape ``(size, coarse)``.
    blocks : BlockInverse, optional
        What the smoother inverts; the diagonal unless given.
    """

    def __init__(
        self, matrix: CsrMatrix, prolongation: CsrMatrix | None = None, blocks: BlockInverse | None = None
    ) -> None:
        rows, columns = matrix.shape
        if rows != columns:
            raise ValueError(f"a linear system needs a square matrix, not one of {rows:,} by {columns:,}")
        if prolongation is not None and prolongation.shape[0] != rows:
            raise ValueError(f"the prolongation has {prolongation.shape[0]:,} rows, the matrix {rows:,}")
        self._matrix = matrix.tocsr()
        self._prolongation = None if prolongation is None else prolongation.tocsr()
        self._blocks = blocks

    @property
    def size(self) -> int:
        """The number of unknowns."""
        return int(self._matrix.shape[0])

    def apply(self, x: Array) -> Array:
        """Return ``A x``."""
        return self._matrix @ x

    def matrix(self) -> CsrMatrix:
        """Return the matrix itself."""
        return self._matrix

    def smoothing_product(self) -> Callable[[Any], Any]:
        """Return the product itself."""
        return self.apply

    def smoother_blocks(self) -> BlockInverse:
        """Return the blocks given at the start, or the inverse of the diagonal."""
        if self._blocks is None:
            self._blocks = PointJacobi(self._matrix.diagonal())
        return self._blocks

    def prolongation(self) -> CsrMatrix | None:
        """Return the interpolation from the coarse level, or None."""
        return self._prolongation

    def coarse_matrix(self) -> CsrMatrix:
        """Return the Galerkin matrix of the coarse level."""
        if self._prolongation is None:
            raise ValueError("this system was given no prolongation, so it has no coarse level")
        return (self._prolongation.T @ self._matrix @ self._prolongation).tocsr()
