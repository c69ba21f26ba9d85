"""The linear system of a conduction operator on columns, with all that the solvers of `linalg/` ask for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.column_level import ColumnLevel, Places
from mcpthermal.fem.column_operator import LINEAR, ColumnOperator
from mcpthermal.fem.numbering import Numbering

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

class ColumnSystem:
    """The operator on unknowns; its coarse level are linear functions in the plane and along each line.

    Parameters
    ----------
    operator : ColumnOperator
    numbering : Numbering
    """

    def __init__(self, operator: ColumnOperator, numbering: Numbering) -> None:
        self.operator, self.numbering = operator, numbering
        self.size = numbering.size
        self.lattice = operator.lattice
        self.number: Ints = self.lattice.spread(numbering.number)  # type: ignore[assignment, arg-type]
        corners = operator.plane.linear.size
        found, inverse = np.unique(self.number[:corners][:, self.lattice.level_nodes], return_inverse=True)
        shift = int(found[0] < 0)
        self.coarse_number = inverse.ravel() - shift
        self.coarse_size = len(found) - shift

    @cached_property
    def places(self) -> Places:
        """Where the unknowns are on the lattice."""
        return Places(self.number)

    @cached_property
    def tied(self) -> Ints:
        """Unknowns of several raw entries, as on a terminal of one potential."""
        number = self.numbering.number
        return np.flatnonzero(np.bincount(number[number >= 0], minlength=self.size) > 1)

    def apply(self, x: Floats) -> Floats:
        """A x."""
        return self.numbering.collapse(self.operator.apply(self.numbering.expand(x)))

    def matrix(self) -> Any:
        """The explicit matrix."""
        matrix = self._lattice_matrix(self.operator, self.number.ravel(), self.size, coarse=False)
        return matrix if self.operator.extra is None else matrix + self.restricted(self.operator.extra)

    @cached_property
    def level(self) -> ColumnLevel:
        """What is smoothed: vertical lines, for strong coupling through thin layers is solved, not smoothed."""
        return ColumnLevel(self)

    def prolongation(self) -> Any:
        """From linear functions to quadratic ones, on unknowns."""
        vertical = self.lattice.vertical_prolongation()
        heads = self.lattice.heads[self.numbering.heads]
        full = sp.kron(self.operator.plane.linear.prolongation, vertical, format="csr")[heads].tocoo()
        number = self.coarse_number[full.col]
        keep = number >= 0
        return sp.csr_array((full.data[keep], (full.row[keep], number[keep])), shape=(self.size, self.coarse_size))

    def coarse_matrix(self, operator: ColumnOperator | None = None) -> Any:
        """The Galerkin matrix of linear functions, of this operator or of one near it."""
        operator = operator or self.operator
        matrix = self._lattice_matrix(operator, self.coarse_number, self.coarse_size, coarse=True)
        if operator.extra is None:
            return matrix
        down = self.prolongation()
        return matrix + down.T @ self.restricted(operator.extra) @ down

    def restricted(self, matrix: Any) -> Any:
        """A matrix on raw entries, such as exchange at faces, on unknowns."""
        entries = matrix.tocoo()
        i, j = self.numbering.number[entries.row], self.numbering.number[entries.col]
        keep = (i >= 0) & (j >= 0)
        return sp.csr_array((entries.data[keep], (i[keep], j[keep])), shape=(self.size, self.size))

    def _lattice_matrix(self, operator: ColumnOperator, number: Ints, size: int, coarse: bool) -> Any:
        """The explicit matrix on unknowns, of the quadratic lattice or of the linear one inside it.

        `number` holds the unknown of each place of the lattice, -1 for none.
        """
        plane, starts = operator.plane, self.lattice.starts
        if coarse:
            level = plane.linear
            rows, columns, width = level.rows, level.columns, 2
            reduce, shape = (lambda data: level.map @ data), LINEAR
            starts, length = starts - np.arange(len(starts)), len(self.lattice.level_nodes)
        else:
            rows, columns, width = plane.rows.astype(np.int64), plane.indices.astype(np.int64), 3
            reduce, shape = (lambda data: data), np.eye(3)
            length = self.lattice.shape[1]
        total = sp.csr_array((size, size))
        data, at_row, at_column = [], [], []
        pending = 0
        for layer, block in operator.layer_blocks(reduce, shape):
            for m in range(width):
                for n in range(width):
                    i, j = number[rows * length + starts[layer] + m], number[columns * length + starts[layer] + n]
                    keep = (i >= 0) & (j >= 0) & (block[:, m, n] != 0)
                    data.append(block[keep, m, n])
                    at_row.append(i[keep])
                    at_column.append(j[keep])
                    pending += len(data[-1])
            if pending > 5_000_000:
                total = total + _gathered(data, at_row, at_column, size)
                data, at_row, at_column, pending = [], [], [], 0
        if data:
            total = total + _gathered(data, at_row, at_column, size)
        return total.tocsr()


def _gathered(data: list[Any], rows: list[Any], columns: list[Any], size: int) -> Any:
    triplets = (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns)))
    return sp.coo_array(triplets, shape=(size, size)).tocsr()
