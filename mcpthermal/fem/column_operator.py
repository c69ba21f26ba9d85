"""The conduction operator on columns: planar matrices times vertical ones; no three-dimensional matrix is formed.

With U[i, j] the field at planar unknown i and vertical node j, b and d the values and derivatives of a
layer's vertical shape functions at its Gauss points g with weights w,

    a(U, V) = sum_layers sum_g w_g [ (V b_g)' K[c_xy] (U b_g) + (V d_g)' M[c_z] (U d_g) ]

Legend: K planar stiffness, M planar mass, h thickness of a layer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.planar import PlanarSpace
from mcpthermal.linalg import LineBlocks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAUSS = 0.5 + 0.5 * np.array([-np.sqrt(0.6), 0.0, np.sqrt(0.6)])
WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0
VALUES = np.stack([(2 * GAUSS - 1) * (GAUSS - 1), 4 * GAUSS * (1 - GAUSS), GAUSS * (2 * GAUSS - 1)], axis=1)
SLOPES = np.stack([4 * GAUSS - 3, 4 - 8 * GAUSS, 4 * GAUSS - 1], axis=1)
"""Quadratic shape functions on the unit interval and their derivatives: (Gauss point, node)."""

MASS = np.einsum("g,gm,gn->mn", WEIGHTS, VALUES, VALUES)
STIFFNESS = np.einsum("g,gm,gn->mn", WEIGHTS, SLOPES, SLOPES)
LOAD = WEIGHTS @ VALUES
LINEAR = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
"""Values of the two linear functions at the three nodes of a layer."""


class ColumnOperator:
    """Matrix entries of all planes, and the product with a field.

    Parameters
    ----------
    plane : PlanarSpace
    heights : (n_layers,) array
        (m)

    Notes
    -----
    Layers of equal coefficients that do not vary within the layer share one pair of planar matrices; in the
    others each Gauss plane has its own.
    """

    def __init__(self, plane: PlanarSpace, heights: Floats) -> None:
        self.plane, self.heights = plane, heights
        self.shape = (plane.size, 2 * len(heights) + 1)
        self.shared: list[tuple[Ints, Floats, Floats]] = []
        self.varying: list[tuple[int, Floats, Floats]] = []
        self.extra: Any = None

    def add_shared(self, layers: Ints, stiffness: Floats, mass: Floats) -> None:
        """Layers with the same planar matrices, given by their entries."""
        self.shared.append((layers, stiffness, mass))

    def add_varying(self, layer: int, stiffness: Floats, mass: Floats) -> None:
        """A layer with matrices of its own at each Gauss point: entries (3, n)."""
        self.varying.append((layer, stiffness, mass))

    def add_matrices(self, matrices: Sequence[Any]) -> None:
        """Sparse matrices on raw entries, such as exchange at faces."""
        for matrix in matrices:
            self.extra = matrix if self.extra is None else self.extra + matrix

    def apply(self, raw: Floats) -> Floats:
        """The product with a raw vector."""
        # Node by node, so that a Gauss plane is a combination of contiguous rows.
        field = np.ascontiguousarray(raw.reshape(self.shape).T)
        result = np.zeros_like(field)
        for layers, stiffness, mass, _, _ in self._shared_matrices:
            rows = 2 * layers[:, None] + np.arange(3)
            h = self.heights[layers][:, None, None]
            local = field[rows]
            along = _on_rows(stiffness, np.einsum("mn,lni->lmi", MASS, local) * h)
            # From differences along the line, so that thin layers do not magnify the rounding of the field.
            through = _on_rows(mass, np.einsum("mn,lni->lmi", STIFFNESS, local - local[:, 1:2]) / h)
            for node in range(3):
                result[rows[:, node]] += along[:, node] + through[:, node]
        if self.varying:
            values, differences, slopes, scatter, matrices = self._varying_planes
            planes = values @ field + slopes @ (differences @ field)
            products = np.empty_like(planes)

            def multiply(numbers: range) -> None:
                for number in numbers:
                    products[number] = matrices[number] @ planes[number]

            # SciPy's sparse product runs outside Python's lock. BLAS stays out: its idle threads keep cores busy.
            list(_POOL.map(multiply, [range(first, len(matrices), _THREADS) for first in range(_THREADS)]))
            result += scatter @ products
        flat = result.T.ravel()
        return flat if self.extra is None else flat + self.extra @ raw

    @cached_property
    def _shared_matrices(self) -> list[tuple[Ints, Any, Any, Floats, Floats]]:
        return [(layers, self.plane.matrix(k), self.plane.matrix(m), k, m) for layers, k, m in self.shared]

    @cached_property
    def _varying_planes(self) -> tuple[Any, Any, Any, Any, list[Any]]:
        """Sparse maps from nodes to Gauss planes and back with weights, and the matrix of each plane.

        A layer has three planes of values, then three of slopes; slopes go by the differences from its middle node.
        """
        count, nodes_in_all = len(self.varying), self.shape[1]
        values, differences = np.zeros((6 * count, nodes_in_all)), np.zeros((2 * count, nodes_in_all))
        slopes, scatter = np.zeros((6 * count, 2 * count)), np.zeros((nodes_in_all, 6 * count))
        matrices = []
        for number, (layer, stiffness, mass) in enumerate(self.varying):
            h, nodes = self.heights[layer], slice(2 * layer, 2 * layer + 3)
            differences[2 * number : 2 * number + 2, nodes] = [[1.0, -1.0, 0.0], [0.0, -1.0, 1.0]]
            for g, weight in enumerate(WEIGHTS):
                row = 6 * number + g
                values[row, nodes] = VALUES[g]
                slopes[row + 3, 2 * number : 2 * number + 2] = SLOPES[g, [0, 2]]
                scatter[nodes, row], scatter[nodes, row + 3] = weight * h * VALUES[g], weight / h * SLOPES[g]
            matrices += [self.plane.matrix(data) for data in (*stiffness, *mass)]
        maps = (sp.csr_array(item) for item in (values, differences, slopes, scatter))
        return (*maps, matrices)

    def _layer_blocks(self, reduce: Any, shape: Floats) -> Any:
        """For each layer: selected planar entries times vertical matrices in a basis `shape` of the nodes.

        Yields (layer, (n, k, k)) with k the number of columns of `shape`; `reduce` maps planar entries.
        """
        values, slopes = VALUES @ shape, SLOPES @ shape
        mass = np.einsum("g,gm,gn->gmn", WEIGHTS, values, values)
        stiffness = np.einsum("g,gm,gn->gmn", WEIGHTS, slopes, slopes)
        for layers, along, through in self.shared:
            a, t = reduce(along), reduce(through)
            for layer in layers:
                h = self.heights[layer]
                yield (
                    layer,
                    np.multiply.outer(a, mass.sum(axis=0) * h) + np.multiply.outer(t, stiffness.sum(axis=0) / h),
                )
        for layer, along, through in self.varying:
            h = self.heights[layer]
            a = np.stack([reduce(row) for row in along], axis=1)
            t = np.stack([reduce(row) for row in through], axis=1)
            yield layer, np.tensordot(a, mass * h, 1) + np.tensordot(t, stiffness / h, 1)

    def bands(self) -> Floats:
        """The matrix along each vertical line: (planar unknown, vertical node, diagonal and two off-diagonals)."""
        bands = np.zeros((*self.shape, 3))
        for layer, block in self._layer_blocks(lambda data: data[self.plane.diagonal], np.eye(3)):
            for m in range(3):
                for n in range(m, 3):
                    bands[:, 2 * layer + m, n - m] += block[:, m, n]
        if self.extra is not None:
            extra = self.extra.tocoo()
            line, node = np.divmod(extra.row, self.shape[1])
            line_b, node_b = np.divmod(extra.col, self.shape[1])
            keep = (line == line_b) & (node_b >= node) & (node_b - node <= 2)
            np.add.at(bands, (line[keep], node[keep], (node_b - node)[keep]), extra.data[keep])
        return bands

    def lattice_matrix(self, number: Ints, size: int, coarse: bool) -> Any:
        """The explicit matrix on unknowns, of the quadratic lattice or of the linear one inside it.

        Parameters
        ----------
        number : array of int
            The unknown of each lattice entry, -1 for none.
        size : int
        coarse : bool
            Whether the lattice is (vertices, levels) instead of (planar unknowns, vertical nodes).
        """
        plane = self.plane
        if coarse:
            level = plane.linear
            rows, columns, step, width = level.rows, level.columns, 1, 2
            reduce, shape = (lambda data: level.map @ data), LINEAR
            length = len(self.heights) + 1
        else:
            rows, columns, step, width = plane.rows.astype(np.int64), plane.indices.astype(np.int64), 2, 3
            reduce, shape = (lambda data: data), np.eye(3)
            length = self.shape[1]
        total = sp.csr_array((size, size))
        data, at_row, at_column = [], [], []
        pending = 0
        for layer, block in self._layer_blocks(reduce, shape):
            for m in range(width):
                for n in range(width):
                    i, j = number[rows * length + step * layer + m], number[columns * length + step * layer + n]
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


_THREADS = min(4, os.cpu_count() or 1)
_POOL = ThreadPoolExecutor(_THREADS)


def _on_rows(matrix: Any, rows: Floats) -> Floats:
    """A planar matrix applied to each row of (layers, nodes, planar unknowns)."""
    flat = rows.reshape(-1, rows.shape[-1])
    return (matrix @ np.ascontiguousarray(flat.T)).T.reshape(rows.shape)


def _gathered(data: list[Any], rows: list[Any], columns: list[Any], size: int) -> Any:
    triplets = (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns)))
    return sp.coo_array(triplets, shape=(size, size)).tocsr()


class ColumnSystem:
    """The linear system on unknowns, with all that the solvers of `linalg/` ask for."""

    def __init__(self, operator: ColumnOperator, numbering: Numbering) -> None:
        self.operator, self.numbering = operator, numbering
        self.size = numbering.size
        plane, nodes = operator.plane, operator.shape[1]
        lattice = numbering.number.reshape(operator.shape)[plane.linear.vertex][:, ::2]
        found, inverse = np.unique(lattice, return_inverse=True)
        shift = int(found[0] < 0)
        self.coarse_number = inverse.ravel() - shift
        self.coarse_size = len(found) - shift
        self._nodes = nodes

    def apply(self, x: Floats) -> Floats:
        """A x."""
        return self.numbering.collapse(self.operator.apply(self.numbering.expand(x)))

    def matrix(self) -> Any:
        """The explicit matrix."""
        matrix = self.operator.lattice_matrix(self.numbering.number, self.size, coarse=False)
        return matrix if self.operator.extra is None else matrix + self._restricted(self.operator.extra)

    def smoother_blocks(self) -> LineBlocks:
        """Vertical lines: strong coupling through thin layers is solved, not smoothed."""
        return LineBlocks(self.operator.bands(), self.numbering.number)

    def prolongation(self) -> Any:
        """From linear functions to quadratic ones, on unknowns."""
        levels = len(self.operator.heights)
        nodes = np.arange(2 * levels + 1)
        columns = np.stack([nodes // 2, (nodes + 1) // 2], axis=1).ravel()
        vertical = sp.csr_array(
            (np.full(len(columns), 0.5), (np.repeat(nodes, 2), columns)), shape=(len(nodes), levels + 1)
        )
        full = sp.kron(self.operator.plane.linear.prolongation, vertical, format="csr")[self.numbering.heads].tocoo()
        number = self.coarse_number[full.col]
        keep = number >= 0
        return sp.csr_array((full.data[keep], (full.row[keep], number[keep])), shape=(self.size, self.coarse_size))

    def coarse_matrix(self) -> Any:
        """The Galerkin matrix of linear functions."""
        matrix = self.operator.lattice_matrix(self.coarse_number, self.coarse_size, coarse=True)
        if self.operator.extra is None:
            return matrix
        down = self.prolongation()
        return matrix + down.T @ self._restricted(self.operator.extra) @ down

    def _restricted(self, matrix: Any) -> Any:
        entries = matrix.tocoo()
        i, j = self.numbering.number[entries.row], self.numbering.number[entries.col]
        keep = (i >= 0) & (j >= 0)
        return sp.csr_array((entries.data[keep], (i[keep], j[keep])), shape=(self.size, self.size))
