"""What a discretisation hands over to be solved: a symmetric positive definite operator and its parts."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, csr_matrix

from .product import SparseProduct
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


class Product(Protocol):
    """A system's product as a smoother takes it, on vectors with an order and a precision of their own.

    Entries that are no unknown are zero in every vector.
    """

    @property
    def dtype(self) -> np.dtype[Any]:
        """The precision."""
        ...

    def enter(self, x: Array) -> Any:
        """A vector of unknowns in the smoother's order and precision."""
        ...

    def leave(self, x: Any) -> Array:
        """The unknowns of a vector of the smoother."""
        ...

    def __call__(self, x: Any) -> Any:
        """Return ``A x``, or something near it."""
        ...


class Level(Protocol):
    """What a two-level preconditioner is made of; all but the coarse system take the product's vectors."""

    def product(self) -> Product:
        """Return the product."""
        ...

    def blocks(self) -> BlockInverse:
        """Return the inverse of the point or line blocks of ``A``."""
        ...

    def prolongation(self) -> CsrMatrix:
        """Return the interpolation from the unknowns of the coarse system."""
        ...

    def coarse_system(self) -> LinearSystem:
        """Return the Galerkin system ``P' A P``, which may have a level of its own."""
        ...


@runtime_checkable
class LinearSystem(Protocol):
    """A symmetric positive definite operator ``A`` on the free unknowns of a discretisation.

    Only `size`, `apply` and what the chosen method needs are called: the direct solver asks for
    `matrix`, the two-level method for `level`.
    """

    @property
    def size(self) -> int:
        """The number of unknowns."""
        ...

    def apply(self, x: Array) -> Array:
        """Return ``A x`` for `x` of shape ``(size,)`` or, several at once, ``(size, k)``."""
        ...

    def matrix(self) -> CsrMatrix:
        """Return the explicit matrix, which may be costly."""
        ...

    @property
    def level(self) -> Level | None:
        """What is smoothed, and the coarse level below it; None if there is none."""
        ...


class MatrixLevel:
    """A matrix, the blocks that its smoother inverts, and the interpolation from a coarse level.

    Parameters
    ----------
    matrix, prolongation : sparse matrix
    blocks : BlockInverse, optional
        The inverse of the diagonal unless given.
    dtype : type
        The precision of the product.
    """

    def __init__(
        self, matrix: CsrMatrix, prolongation: CsrMatrix, blocks: BlockInverse | None = None, dtype: Any = np.float64
    ) -> None:
        self._matrix, self._prolongation, self._blocks = matrix, prolongation, blocks
        self._dtype = dtype

    def product(self) -> SparseProduct:
        """Return the product with the matrix."""
        return SparseProduct(self._matrix, self._dtype)

    def blocks(self) -> BlockInverse:
        """Return the blocks given at the start, or the inverse of the diagonal."""
        return self._blocks or PointJacobi(self._matrix.diagonal())

    def prolongation(self) -> CsrMatrix:
        """Return the interpolation from the coarse level."""
        return self._prolongation

    def coarse_system(self) -> LinearSystem:
        """Return the Galerkin matrix of the coarse level."""
        down = self._prolongation
        return MatrixSystem((down.T.tocsr() @ self._matrix @ down).tocsr())


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

    @cached_property
    def level(self) -> Level | None:
        """The matrix with its blocks and its coarse level; None without a prolongation."""
        if self._prolongation is None:
            return None
        return MatrixLevel(self._matrix, self._prolongation, self._blocks)
