"""Columns as their smoother sees them: fields on the lattice, node by node, in single precision."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.column_numbers import ColumnNumbers, Places
from mcpthermal.fem.column_operator import MASS, STIFFNESS, ColumnOperator
from mcpthermal.fem.lattice import Lattice
from mcpthermal.linalg import LayeredProduct, LineBlocks, MatrixSystem, SparseProduct, smoothed_aggregates

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

DIFFERENCES = np.array([[1.0, 0.0, 0.0, 0.0], [-1.0, 1.0, -1.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
"""The differences to the middle of a layer, and the middle itself, of the values at its nodes; four columns, as wide as
a register. Thin layers would magnify the rounding of the field: from the differences they do not."""

FROM_DIFFERENCES = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
"""The values at the nodes again."""

BANDWIDTH, CUT_BANDWIDTH = 2, 4
"""Couplings along a line: within a layer, and with the copies at both its ends that belong to the same line."""

DEPENDENT = 1e-8
"""What the diagonal of the matrix on aggregates gains, for those that depend on each other."""


class ColumnLevel:
    """The operator with coefficients that are constant along z in each layer, its lines, and the level below it.

    That is linear in the plane and has the same lines: what couples strongly along a line, and what is smooth in the
    plane but not along a line, is met by no coarser lines.

    Parameters
    ----------
    operator : ColumnOperator
    numbers : ColumnNumbers
    """

    def __init__(self, operator: ColumnOperator, numbers: ColumnNumbers) -> None:
        self._exact, self._numbers, self._places = operator, numbers, numbers.places

    @cached_property
    def _operator(self) -> ColumnOperator:
        return self._exact.averaged()

    def product(self) -> ColumnProduct:
        """The product."""
        return ColumnProduct(self._operator, self._numbers)

    def blocks(self) -> LineBlocks:
        """The lines."""
        return LineBlocks(self.bands(), np.float32)

    def bands(self) -> Floats:
        """The couplings of each place to itself and the next ones of its line: (1 + bandwidth, nodes, planar).

        Four next places in a cut space: a line with less than all its couplings need not be definite. Terminals belong
        to no line.
        """
        places, lattice = self._places, self._operator.lattice
        nodes, planar = places.shape
        bands = np.zeros((_bandwidth(lattice) + 1, nodes, planar))
        loose = places.owner.reshape(places.shape) if len(places.copies) else None
        rows, columns, entries = [], [], []
        diagonal = self._operator.plane.diagonal
        for layer, block in self._operator.layer_blocks(lambda data: data[diagonal]):
            start = int(lattice.starts[layer])
            for m in range(3):
                for n in range(m, 3):
                    if loose is None:
                        bands[n - m, start + m] += block[:, m, n]
                    else:
                        rows.append(loose[start + m])
                        columns.append(loose[start + n])
                        entries.append(block[:, m, n])
        if self._operator.extra is not None:
            extra = self._numbers.restricted(self._operator.extra).tocoo()
            upper = places.first[extra.row] <= places.first[extra.col]
            rows.append(places.first[extra.row[upper]])
            columns.append(places.first[extra.col[upper]])
            entries.append(extra.data[upper])
        if rows:
            _add(bands, np.concatenate(rows), np.concatenate(columns), np.concatenate(entries))
        return _closed(bands, places, self._numbers.tied)

    def prolongation(self) -> Any:
        """From functions that are linear in the plane to quadratic ones."""
        return self._places.rows(self._numbers.prolongation)

    def coarse_system(self) -> LinearColumns:
        """The Galerkin matrix of functions that are linear in the plane."""
        return LinearColumns(self._operator, self._numbers)


class LinearColumns(MatrixSystem):
    """Functions that are linear in the plane; too many for factors, they have aggregates in the plane below them."""

    def __init__(self, operator: ColumnOperator, numbers: ColumnNumbers) -> None:
        super().__init__(numbers.coarse_matrix(operator))
        self._operator, self._numbers = operator, numbers

    @cached_property
    def level(self) -> LinearLevel:
        """Lines, and aggregates of planar nodes at the same heights."""
        return LinearLevel(self._operator, self._numbers, self.matrix())


class LinearLevel:
    """Functions that are linear in the plane as their smoother sees them.

    Parameters
    ----------
    operator : ColumnOperator
    numbers : ColumnNumbers
    matrix : sparse matrix
        On the unknowns.
    """

    def __init__(self, operator: ColumnOperator, numbers: ColumnNumbers, matrix: Any) -> None:
        self._places, self._lattice, self._matrix = numbers.coarse_places, operator.lattice, matrix
        aggregates = smoothed_aggregates(_all_layers(operator))
        down = sp.kron(sp.eye_array(self._places.shape[0]), aggregates, format="csr")[self._places.first]
        used = np.flatnonzero(np.bincount(down.indices, minlength=down.shape[1]))
        self._down = down[:, used]

    def product(self) -> LinearProduct:
        """The product."""
        return LinearProduct(self._places, self._matrix)

    def blocks(self) -> LineBlocks:
        """The lines."""
        nodes, planar = self._places.shape
        bands = np.zeros((_bandwidth(self._lattice) + 1, nodes, planar))
        entries, first = self._matrix.tocoo(), self._places.first
        upper = first[entries.row] <= first[entries.col]
        _add(bands, first[entries.row[upper]], first[entries.col[upper]], entries.data[upper])
        return LineBlocks(_closed(bands, self._places, np.empty(0, np.int64)), np.float32)

    def prolongation(self) -> Any:
        """From smoothed aggregates."""
        return self._places.rows(self._down)

    def coarse_system(self) -> MatrixSystem:
        """The Galerkin matrix on aggregates; those of few nodes on a side of an interface may depend on each other."""
        matrix = (self._down.T.tocsr() @ self._matrix @ self._down).tocsr()
        return MatrixSystem((matrix + DEPENDENT * sp.diags_array(matrix.diagonal())).tocsr())


class _Placed:
    """Vectors in single precision that go node by node."""

    dtype = np.dtype(np.float32)

    def __init__(self, places: Places) -> None:
        self.places = places

    def enter(self, x: Floats) -> Singles:
        """Unknowns to places."""
        return self.places.enter(x)

    def leave(self, x: Singles) -> Floats:
        """Places to unknowns."""
        return self.places.leave(x)


class LinearProduct(_Placed):
    """The product with a matrix on unknowns."""

    def __init__(self, places: Places, matrix: Any) -> None:
        super().__init__(places)
        self._inner = SparseProduct(places.between(matrix), self.dtype)

    def __call__(self, x: Singles) -> Singles:
        """A x."""
        return self._inner(x)


class ColumnProduct(_Placed):
    """The product with planar matrices, layer by layer.

    Parameters
    ----------
    operator : ColumnOperator
        Without layers that vary along z.
    numbers : ColumnNumbers
    """

    def __init__(self, operator: ColumnOperator, numbers: ColumnNumbers) -> None:
        super().__init__(numbers.places)
        layers = []
        for own, stiffness, mass in operator.shared:
            matrix = operator.plane.alternating(stiffness.astype(np.float32), mass.astype(np.float32))
            for layer in own.tolist():
                h = operator.heights[layer]
                after = np.hstack([h * MASS @ FROM_DIFFERENCES, STIFFNESS / h @ FROM_DIFFERENCES])
                layers.append((int(operator.lattice.starts[layer]), matrix, after))
        self._layers = LayeredProduct(layers, DIFFERENCES)
        self._extra: SparseProduct | None = None
        if operator.extra is not None:
            self._extra = SparseProduct(self.places.between(numbers.restricted(operator.extra)), self.dtype)

    def __call__(self, x: Singles) -> Singles:
        """Near A x."""
        places, copies = self.places, self.places.copies
        if len(copies):
            x = x.copy()
            x[copies] = x[places.owner[copies]]
        flat = self._layers(x.reshape(places.shape)).ravel()
        if len(copies):
            np.add.at(flat, places.owner[copies], flat[copies])
        if self._extra is not None:
            flat += self._extra(x)
        flat *= places.mask
        return flat


def _bandwidth(lattice: Lattice) -> int:
    return BANDWIDTH if lattice.entry is None else CUT_BANDWIDTH


def _all_layers(operator: ColumnOperator) -> Any:
    """The planar stiffness, for linear functions, of all layers together, with a little mass against its null space."""
    linear, heights, total = operator.plane.linear, operator.heights, 0.0
    for layers, stiffness, mass in operator.shared:
        h = float(heights[layers].sum())
        total = total + linear.map @ (h * stiffness + 1e-3 * h / heights.sum() ** 2 * mass)
    return sp.coo_array((total, (linear.rows, linear.columns)), shape=(linear.size, linear.size)).tocsr()


def _add(bands: Floats, row: Ints, column: Ints, entry: Floats) -> None:
    """Add couplings between places that are on one line."""
    planar = bands.shape[2]
    low, gap = np.minimum(row, column), np.abs(row - column)
    keep = (row >= 0) & (column >= 0) & (gap % planar == 0) & (gap < len(bands) * planar)
    place = gap[keep] // planar * bands[0].size + low[keep]
    bands += np.bincount(place, entry[keep], minlength=bands.size).reshape(bands.shape)


def _closed(bands: Floats, places: Places, loose: Ints) -> Floats:
    """Bands without couplings of places that hold no unknown, and of loose unknowns."""
    flat, planar = bands.reshape(len(bands), -1), places.shape[1]
    on_line = places.mask > 0
    on_line[places.first[loose]] = False
    for step in range(1, len(bands)):
        flat[step, : -step * planar] *= on_line[: -step * planar] & on_line[step * planar :]
    flat[0, places.mask == 0] = 1.0
    return bands
