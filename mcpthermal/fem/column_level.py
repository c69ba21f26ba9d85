"""Columns as their smoother sees them: fields on the lattice, node by node, in single precision."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.column_operator import MASS, STIFFNESS
from mcpthermal.linalg import LineBlocks, MatrixSystem, SparseProduct, share

if TYPE_CHECKING:
    from mcpthermal.fem.column_system import ColumnSystem

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

BANDWIDTH, CUT_BANDWIDTH = 2, 4
"""Couplings along a line: within a layer, and with the copies at both its ends that belong to the same line."""


class Places:
    """Where the unknowns are on a lattice that goes node by node.

    Parameters
    ----------
    number : (planar, nodes) array of int
        The unknown of each place, -1 for none.

    Attributes
    ----------
    shape : (nodes, planar)
    first : (n_unknowns,) array of int
        The first place of each unknown; vectors hold it there.
    copies, origin : arrays of int
        Other places of the same unknown, and the first place of each.
    """

    def __init__(self, number: Ints) -> None:
        flat = np.ascontiguousarray(number.T).ravel()
        self.shape = (number.shape[1], number.shape[0])
        present = np.flatnonzero(flat >= 0)
        self.first = np.empty(flat.max(initial=-1) + 1, np.int64)
        self.first[flat[present][::-1]] = present[::-1]
        at_first = self.first[flat[present]]
        is_copy = at_first != present
        self.copies, self.origin = present[is_copy], at_first[is_copy]
        self.owner: Ints = np.full(flat.size, -1)
        """The first place of the unknown at each place, -1 for none."""
        self.owner[present] = at_first

    @cached_property
    def mask(self) -> Singles:
        """One at first places, zero elsewhere."""
        found = np.zeros(self.owner.size, np.float32)
        found[self.first] = 1.0
        return found

    def enter(self, x: Floats) -> Singles:
        """Unknowns to places."""
        found = np.zeros(self.owner.size, np.float32)
        found[self.first] = x
        return found

    def leave(self, x: Singles) -> Floats:
        """Places to unknowns."""
        return x[self.first].astype(float)


class ColumnLevel:
    """The operator with coefficients that are constant along z in each layer, its lines, and the linear level below it.

    Parameters
    ----------
    system : ColumnSystem
    """

    dtype = np.dtype(np.float32)

    def __init__(self, system: ColumnSystem) -> None:
        self._system = system
        self._places = system.places
        self._operator = system.operator.averaged()
        self.enter, self.leave = self._places.enter, self._places.leave

    @cached_property
    def _extra(self) -> SparseProduct | None:
        """What is not conduction, between first places."""
        if self._operator.extra is None:
            return None
        entries, first = self._system.restricted(self._operator.extra).tocoo(), self._places.first
        size = self._places.owner.size
        ends = (first[entries.row], first[entries.col])
        return SparseProduct(type(entries)((entries.data, ends), shape=(size, size)).tocsr(), self.dtype)

    @cached_property
    def _layers(self) -> list[tuple[int, Singles, Singles, Any]]:
        """For each layer its first node, mass and stiffness along z, and [K M] of the plane."""
        plane, found = self._operator.plane, []
        for layers, stiffness, mass in self._operator.shared:
            matrix = plane.beside(stiffness.astype(np.float32), mass.astype(np.float32))
            for layer in layers.tolist():
                h, start = self._operator.heights[layer], int(self._operator.lattice.starts[layer])
                found.append((start, (h * MASS).astype(np.float32), (STIFFNESS / h).astype(np.float32), matrix))
        return found

    def apply(self, x: Singles) -> Singles:
        """Near A x."""
        places, layers = self._places, self._layers
        if len(places.copies):
            x = x.copy()
            x[places.copies] = x[places.origin]
        field, result = x.reshape(places.shape), np.zeros(places.shape, np.float32)

        def flows(numbers: range) -> list[tuple[int, Singles]]:
            return [(layers[number][0], _flow(field, *layers[number])) for number in numbers]

        work = 6 * len(layers) * len(self._operator.plane.indices)
        for start, flow in (item for found in share(flows, len(layers), work) for item in found):
            result[start : start + 3] += flow
        flat = result.ravel()
        if len(places.copies):
            np.add.at(flat, places.origin, flat[places.copies])
        if self._extra is not None:
            flat += self._extra(x)
        flat *= places.mask
        return flat

    def blocks(self) -> LineBlocks:
        """The lines."""
        return LineBlocks(self.bands(), self.dtype)

    def bands(self) -> Floats:
        """The couplings of each place to itself and the next ones of its line: (1 + bandwidth, nodes, planar).

        Four next places in a cut space: a line with less than all its couplings need not be definite. Terminals belong
        to no line.
        """
        system, places, lattice = self._system, self._places, self._operator.lattice
        nodes, planar = places.shape
        width = BANDWIDTH if lattice.entry is None else CUT_BANDWIDTH
        bands = np.zeros((width + 1, nodes, planar))
        loose = places.owner.reshape(places.shape) if len(places.copies) else None
        rows, columns, entries = [], [], []
        diagonal = self._operator.plane.diagonal
        for layer, block in self._operator.layer_blocks(lambda data: data[diagonal], np.eye(3)):
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
            extra = system.restricted(self._operator.extra).tocoo()
            upper = places.first[extra.row] <= places.first[extra.col]
            rows.append(places.first[extra.row[upper]])
            columns.append(places.first[extra.col[upper]])
            entries.append(extra.data[upper])
        if rows:
            self._add(bands, np.concatenate(rows), np.concatenate(columns), np.concatenate(entries))
        flat = bands.reshape(width + 1, -1)
        on_line = places.mask > 0
        on_line[places.first[system.tied]] = False
        for step in range(1, width + 1):
            flat[step, : -step * planar] *= on_line[: -step * planar] & on_line[step * planar :]
        flat[0, places.mask == 0] = 1.0
        return bands

    @staticmethod
    def _add(bands: Floats, row: Ints, column: Ints, entry: Floats) -> None:
        """Add couplings between places that are on one line."""
        planar = bands.shape[2]
        low, gap = np.minimum(row, column), np.abs(row - column)
        keep = (row >= 0) & (column >= 0) & (gap % planar == 0) & (gap < len(bands) * planar)
        place = gap[keep] // planar * bands[0].size + low[keep]
        bands += np.bincount(place, entry[keep], minlength=bands.size).reshape(bands.shape)

    def prolongation(self) -> Any:
        """From linear functions to quadratic ones at first places."""
        full = self._system.prolongation().tocoo()
        shape = (self._places.owner.size, full.shape[1])
        return type(full)((full.data, (self._places.first[full.row], full.col)), shape=shape).tocsr()

    def coarse_system(self) -> MatrixSystem:
        """The Galerkin matrix of linear functions."""
        return MatrixSystem(self._system.coarse_matrix(self._operator))


def _flow(field: Singles, start: int, mass: Singles, stiffness: Singles, matrix: Any) -> Singles:
    """What a layer makes of a field (nodes, planar), at its three nodes."""
    local = field[start : start + 3]
    # From differences along the line, so that thin layers do not magnify the rounding of the field.
    pair = np.concatenate(
        [np.einsum("mn,ni->mi", mass, local), np.einsum("mn,ni->mi", stiffness, local - local[1])], axis=1
    )
    return np.stack([matrix @ row for row in pair])
