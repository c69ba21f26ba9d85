"""Where unknowns are on a lattice of columns, and all that follows from it for every operator."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.column_operator import ColumnOperator
from mcpthermal.fem.lattice import Lattice
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.planar import PlanarSpace

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

REACH = 2
"""Nodes of a line up to which its nodes are coupled, upwards and downwards."""

AT_ONCE = 10_000_000
"""Entries of an explicit matrix that are made at once."""


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
        order = np.argsort(self.first)
        own = matrix.tocsr()[order]
        counts = np.zeros(self.mask.size + 1, own.indptr.dtype)
        counts[1 + self.first[order]] = np.diff(own.indptr)
        return sp.csr_array((own.data, own.indices, np.cumsum(counts)), shape=(self.mask.size, matrix.shape[1]))

    def between(self, matrix: Any) -> Any:
        """A matrix on unknowns as one on places."""
        own = self.rows(matrix)
        return sp.csr_array((own.data, self.first[own.indices], own.indptr), shape=(self.mask.size,) * 2)


class ColumnNumbers:
    """The unknowns of the quadratic lattice and of the coarse one inside it: linear in the plane, the same lines.

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
        """(corners, nodes): the unknown of each place of the coarse lattice, -1 for none."""
        corners = self.number[: self.plane.linear.size]
        present = np.unique(corners[corners >= 0])
        number = np.full(self.size + 1, -1)
        number[present] = np.arange(len(present))
        return number[corners]

    @property
    def coarse_size(self) -> int:
        """How many unknowns the coarse lattice has."""
        return int(self.coarse_number.max(initial=-1)) + 1

    @cached_property
    def places(self) -> Places:
        """Where the unknowns are."""
        return Places(self.number)

    @cached_property
    def coarse_places(self) -> Places:
        """Where those of the coarse lattice are."""
        return Places(self.coarse_number)

    @cached_property
    def tied(self) -> Ints:
        """Unknowns of several raw entries, as on a terminal of one potential."""
        return np.flatnonzero(np.bincount(self.raw[self.raw >= 0], minlength=self.size) > 1)

    @cached_property
    def prolongation(self) -> Any:
        """From functions that are linear in the plane to quadratic ones."""
        full = sp.kron(self.plane.linear.prolongation, sp.eye_array(self.lattice.shape[1]), format="csr")
        entries = full[self.lattice.heads[self.heads]].tocoo()
        number = self.coarse_number.ravel()[entries.col]
        keep = number >= 0
        return sp.csr_array(
            (entries.data[keep], (entries.row[keep], number[keep])), shape=(self.size, self.coarse_size)
        )

    def restricted(self, matrix: Any) -> Any:
        """A matrix on raw entries, such as exchange at faces, on unknowns."""
        entries = matrix.tocoo()
        i, j = self.raw[entries.row], self.raw[entries.col]
        keep = (i >= 0) & (j >= 0)
        return sp.csr_array((entries.data[keep], (i[keep], j[keep])), shape=(self.size, self.size))

    def matrix(self, operator: ColumnOperator) -> Any:
        """The explicit matrix of an operator."""
        plane = self.plane
        matrix = self._assembled(operator, plane.rows, plane.indices, lambda own: lambda data: data[own], self.number)
        return matrix if operator.extra is None else matrix + self.restricted(operator.extra)

    def coarse_matrix(self, operator: ColumnOperator) -> Any:
        """The Galerkin matrix of functions that are linear in the plane."""
        level = self.plane.linear
        matrix = self._assembled(
            operator, level.rows, level.columns, lambda own: level.map[own].__matmul__, self.coarse_number
        )
        if operator.extra is None:
            return matrix
        return matrix + self.prolongation.T @ self.restricted(operator.extra) @ self.prolongation

    def _assembled(self, operator: ColumnOperator, rows: Any, columns: Any, reduce: Any, number: Ints) -> Any:
        """The explicit matrix on unknowns; `number` holds that of each (planar unknown, node), -1 for none.

        `rows` and `columns` are those of planar entries, row by row; `reduce` is given a slice of them, and makes them
        of the entries of the plane.
        """
        size = int(number.max(initial=-1)) + 1
        number = number.astype(np.int32 if size < np.iinfo(np.int32).max else np.int64)
        around = np.pad(number, ((0, 0), (REACH, REACH)), constant_values=-1)
        width, nodes, found = 2 * REACH + 1, number.shape[1], []
        step = max(1, AT_ONCE // (width * nodes))
        for first in range(0, len(rows), step):
            own = slice(first, first + step)
            bands = np.zeros((len(rows[own]), nodes, width))
            for layer, block in operator.layer_blocks(reduce(own)):
                start = int(self.lattice.starts[layer])
                for m, n in np.ndindex(3, 3):
                    bands[:, start + m, REACH + n - m] += block[:, m, n]
            i = np.broadcast_to(number[rows[own]][:, :, None], bands.shape)
            j = np.lib.stride_tricks.sliding_window_view(around[columns[own]], width, axis=1)
            keep = (bands != 0.0) & (i >= 0) & (j >= 0)
            found.append((bands[keep], i[keep], j[keep]))
        data, i, j = (np.concatenate(items) for items in zip(*found, strict=True))
        return sp.coo_array((data, (i, j)), shape=(size, size)).tocsr()
