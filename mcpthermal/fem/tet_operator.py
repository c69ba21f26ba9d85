"""The conduction operator on tetrahedra: one sparse matrix, with linear functions as the coarse level."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.numbering import Numbering
from mcpthermal.linalg import MatrixLevel, SparseProduct, compact

Floats = NDArray[np.float64]


class TetOperator:
    """The conduction matrix on raw entries."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = compact(matrix)

    @cached_property
    def product(self) -> SparseProduct:
        """The product with a raw vector."""
        return SparseProduct(self.matrix)

    def add_matrices(self, matrices: Sequence[Any]) -> None:
        """Add exchange at faces."""
        if matrices:
            # The faces' few entries first: the big matrix is copied once.
            self.matrix = compact(self.matrix + sum(matrices[1:], matrices[0]))
        self.__dict__.pop("product", None)

    def apply(self, raw: Floats) -> Floats:
        """The product with a raw vector."""
        return self.product(raw)


class TetSystem:
    """The linear system on unknowns, with the linear functions as coarse level of the quadratic ones."""

    def __init__(self, operator: TetOperator, numbering: Numbering, parents: Any) -> None:
        self.numbering = numbering
        self.size = numbering.size
        self._matrix, self._product = operator.matrix, operator.product
        if self.size < len(numbering.number):
            keep = numbering.number >= 0
            entries = (np.ones(np.count_nonzero(keep)), (np.flatnonzero(keep), numbering.number[keep]))
            expand = sp.csr_array(entries, shape=(len(keep), self.size))
            self._matrix = compact(expand.T.tocsr() @ operator.matrix @ expand)
            self._product = SparseProduct(self._matrix)
        self._parents = parents

    def apply(self, x: Floats) -> Floats:
        """A x."""
        return self._product(x)

    def matrix(self) -> Any:
        """The explicit matrix."""
        return self._matrix

    @cached_property
    def _down(self) -> Any:
        """From linear to quadratic functions, on unknowns."""
        vertices = self._parents.shape[1]
        found, inverse = np.unique(self.numbering.number[:vertices], return_inverse=True)
        shift = int(found[0] < 0)
        coarse = inverse - shift
        full = self._parents[self.numbering.heads].tocoo()
        number = coarse[full.col]
        keep = number >= 0
        shape = (self.size, len(found) - shift)
        return sp.csr_array((full.data[keep], (full.row[keep], number[keep])), shape=shape)

    @cached_property
    def level(self) -> MatrixLevel:
        """Points and linear functions; products in single precision take half the memory traffic."""
        return MatrixLevel(self._matrix, self._down, dtype=np.float32)
