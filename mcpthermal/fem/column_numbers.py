"""Where unknowns are on a lattice of columns, and all that follows from it for every operator."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.column_operator import LINEAR, ColumnOperator
from mcpthermal.fem.lattice import Lattice
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.planar import PlanarSpace

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]


class Places:
    """Where unknowns are on a lattice that goes node by node.

    Parameters
    ----------
    number : (planar, nodes) array of int
        The unknown of each place, -1 for none.

    Attributes
    ----------
    shape : (nodes, planar)
    first : (n_unknowns,) array of int
        The first place of each unknown; vectors hold it there.
    owner : (n_places,) array of int
        The first place of the unknown at each place, -1 for none.
    copies : array of int
        Places that are not the first of their unknown.
    mask : (n_places,) array
        One at first places, zero elsewhere.
    """

    def __init__(self, number: Ints) -> None:
        flat = np.ascontiguousarray(number.T).ravel()
        self.shape = (number.shape[1], number.shape[0])
        present = np.flatnonzero(flat >= 0)
        self.first = np.empty(flat.max(initial=-1) + 1, np.int64)
        self.first[flat[present][::-1]] = present[::-1]
        self.owner: Ints = np.full(flat.size, -1)
        self.owner[present] = self.first[flat[present]]
        self.copies: Ints = present[self.owner[present] != present]
        self.mask = np.zeros(flat.size, np.float32)
        self.mask[self.first] = 1.0

    def enter(self, x: Floats) -> Singles:
        """Unknowns to places."""
        found = np.zeros(self.mask.size, np.float32)
        found[self.first] = x
        return found

    def leave(self, x: Singles) -> Floats:
        """Places to unknowns."""
        return x[self.first].astype(float)

    def rows(self, matrix: Any) -> Any:
        """A matrix with a row for each unknown as one with a row for each place."""
        entries = matrix.tocoo()
        triplets = (entries.data, (self.first[entries.row], entries.col))
        return sp.coo_array(triplets, shape=(self.mask.size, matrix.shape[1])).tocsr()

    def between(self, matrix: Any) -> Any:
        """A matrix on unknowns as one on places."""
        return self.rows(self.rows(matrix).T.tocsr()).T.tocsr()


class ColumnNumbers:
    """The unknowns of the quadratic lattice and of the linear one inside it.

    Parameters
    ----------
    plane : PlanarSpace
    lattice : Lattice
    numbering : Numbering

    Attributes
    ----------
    number : (planar, nodes) array of int
        The unknown of each place of the lattice, -1 for none.
    """

    def __init__(self, plane: PlanarSpace, lattice: Lattice, numbering: Numbering) -> None:
        self.plane, self.lattice, self.size = plane, lattice, numbering.size
        self.heads, self.raw = numbering.heads, numbering.number
        self.number: Ints = lattice.spread(numbering.number)  # type: ignore[assignment, arg-type]

    @cached_property
    def coarse_number(self) -> Ints:
        """(corners, levels): the unknown of each place of the linear lattice, -1 for none."""
        corners = self.number[: self.plane.linear.size][:, self.lattice.level_nodes]
        present = np.unique(corners[corners >= 0])
        number = np.full(self.size + 1, -1)
        number[present] = np.arange(len(present))
        return number[corners]

    @property
    def coarse_size(self) -> int:
        """How many unknowns the linear lattice has."""
        return int(self.coarse_number.max(initial=-1)) + 1

    @cached_property
    def places(self) -> Places:
        """Where the unknowns are."""
        return Places(self.number)

    @cached_property
    def coarse_places(self) -> Places:
        """Where those of the linear lattice are."""
        return Places(self.coarse_number)

    @cached_property
    def tied(self) -> Ints:
        """Unknowns of several raw entries, as on a terminal of one potential."""
        return np.flatnonzero(np.bincount(self.raw[self.raw >= 0], minlength=self.size) > 1)

    @cached_property
    def prolongation(self) -> Any:
        """From linear functions to quadratic ones."""
        vertical = self.lattice.vertical_prolongation()
        heads = self.lattice.heads[self.heads]
        full = sp.kron(self.plane.linear.prolongation, vertical, format="csr")[heads].tocoo()
        number = self.coarse_number.ravel()[full.col]
        keep = number >= 0
        return sp.csr_array((full.data[keep], (full.row[keep], number[keep])), shape=(self.size, self.coarse_size))

    def restricted(self, matrix: Any) -> Any:
        """A matrix on raw entries, such as exchange at faces, on unknowns."""
        entries = matrix.tocoo()
        i, j = self.raw[entries.row], self.raw[entries.col]
        keep = (i >= 0) & (j >= 0)
        return sp.csr_array((entries.data[keep], (i[keep], j[keep])), shape=(self.size, self.size))

    def matrix(self, operator: ColumnOperator) -> Any:
        """The explicit matrix of an operator."""
        matrix = self._lattice_matrix(operator, self.number.ravel(), self.size, coarse=False)
        return matrix if operator.extra is None else matrix + self.restricted(operator.extra)

    def coarse_matrix(self, operator: ColumnOperator) -> Any:
        """The Galerkin matrix of linear functions."""
        number = self.coarse_number.ravel()
        matrix = self._lattice_matrix(operator, number, self.coarse_size, coarse=True)
        if operator.extra is None:
            return matrix
        return matrix + self.prolongation.T @ self.restricted(operator.extra) @ self.prolongation

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
