"""The conduction operator on columns: planar matrices times vertical ones; no three-dimensional matrix is formed.

With U[i, j] the field at planar unknown i and vertical node j, b and d the values and derivatives of a
layer's vertical shape functions at its Gauss points g with weights w,

    a(U, V) = sum_layers sum_g w_g [ (V b_g)' K[c_xy] (U b_g) + (V d_g)' M[c_z] (U d_g) ]

Legend: K planar stiffness, M planar mass, h thickness of a layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.fem.lattice import Lattice
from mcpthermal.fem.planar import PlanarSpace
from mcpthermal.linalg import share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAUSS = 0.5 + 0.5 * np.array([-np.sqrt(0.6), 0.0, np.sqrt(0.6)])
WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0


def line_values(x: Any) -> Floats:
    """Quadratic shape functions of the unit interval: (points, 3 nodes)."""
    x = np.asarray(x)
    return np.stack([(2 * x - 1) * (x - 1), 4 * x * (1 - x), x * (2 * x - 1)], axis=-1)


VALUES = line_values(GAUSS)
SLOPES = np.stack([4 * GAUSS - 3, 4 - 8 * GAUSS, 4 * GAUSS - 1], axis=1)
"""Quadratic shape functions on the unit interval and their derivatives: (Gauss point, node)."""

MASS = np.einsum("g,gm,gn->mn", WEIGHTS, VALUES, VALUES)
STIFFNESS = np.einsum("g,gm,gn->mn", WEIGHTS, SLOPES, SLOPES)
LOAD = WEIGHTS @ VALUES
_TESTED_VALUES, _TESTED_SLOPES = (np.ascontiguousarray((WEIGHTS[:, None] * item).T) for item in (VALUES, SLOPES))

ROUNDING = 1e-13
"""Row sums below it, relative to the diagonal, are those of conduction alone."""


class ColumnOperator:
    """Matrix entries of all planes, and the product with a field.

    Parameters
    ----------
    plane : PlanarSpace
    heights : (n_layers,) array
        (m)
    lattice : Lattice

    Notes
    -----
    Layers of equal coefficients that do not vary within the layer share one pair of planar matrices; in the
    others each Gauss plane has its own.
    """

    def __init__(self, plane: PlanarSpace, heights: Floats, lattice: Lattice) -> None:
        self.plane, self.heights, self.lattice = plane, heights, lattice
        self.shared: list[tuple[Ints, Floats, Floats]] = []
        self.varying: list[tuple[Ints, Floats, Floats]] = []
        self.extra: Any = None

    def add_shared(self, layers: Ints, stiffness: Floats, mass: Floats) -> None:
        """Layers with the same planar matrices, given by their entries."""
        self.shared.append((layers, stiffness, mass))

    def add_varying(self, layers: Ints, stiffness: Floats, mass: Floats) -> None:
        """Layers with matrices of their own at each Gauss point: entries (layers, 3, n)."""
        self.varying.append((layers, stiffness, mass))

    def add_oblique(self, layer: int, drift: Floats) -> None:
        """The entries xz and yz of a layer's tensors, as entries (3, n) of the drift form at each Gauss point."""
        plane, size = self.plane, self.lattice.size
        local = np.einsum("g,gm,gn,ge->emn", WEIGHTS, VALUES, SLOPES, drift)
        rows = self.lattice.raw(self.lattice.places(plane.rows.astype(np.int64)[:, None], layer, np.arange(3)))
        columns = self.lattice.raw(self.lattice.places(plane.indices.astype(np.int64)[:, None], layer, np.arange(3)))
        ends = (np.repeat(rows, 3, axis=1).ravel(), np.tile(columns, (1, 3)).ravel())
        entries = sp.coo_array((local.ravel(), ends), shape=(size, size)).tocsr()
        self.add_matrices([entries + entries.T])

    def add_matrices(self, matrices: Sequence[Any]) -> None:
        """Sparse matrices on raw entries, such as exchange at faces."""
        for matrix in matrices:
            self.extra = matrix if self.extra is None else self.extra + matrix

    def averaged(self) -> ColumnOperator:
        """The same with the mean over its Gauss planes in each layer: near this one, and a third of its size."""
        near = ColumnOperator(self.plane, self.heights, self.lattice)
        near.shared = list(self.shared)
        for layers, stiffness, mass in self.varying:
            for layer, along, through in zip(layers.tolist(), WEIGHTS @ stiffness, WEIGHTS @ mass, strict=True):
                near.add_shared(np.array([layer]), along, through)
        near.extra = self.extra
        return near

    def apply(self, raw: Floats) -> Floats:
        """The product with a raw vector, or with several at once, (size, k): each then costs a third."""
        # Node by node, so that the planes of a layer are contiguous rows.
        field = np.ascontiguousarray(self.lattice.spread(raw).swapaxes(0, 1))
        result = np.zeros_like(field)
        work: list[tuple[Any, Any]] = [(self._shared_flow, item) for item in self._shared_matrices]
        work += [(self._varying_flow, item) for item in self._varying_matrices]

        def flows(numbers: range) -> list[tuple[Ints, Floats]]:
            return [make(field, item) for make, item in (work[number] for number in numbers)]

        multiplications = 6 * len(self.heights) * len(self.plane.indices)
        for starts, flow in (item for found in share(flows, len(work), multiplications) for item in found):
            for start, own in zip(starts.tolist(), flow, strict=True):
                result[start : start + 3] += own
        flat = self.lattice.collect(result.swapaxes(0, 1))
        if self.extra is not None:
            flat += self.extra @ raw
        return flat

    def _local(self, field: Floats, layers: Ints) -> tuple[Ints, Floats, Floats]:
        """Where layers start, the field (layers, 3 nodes, ...) there, and their heights to go with it."""
        starts = self.lattice.starts[layers]
        local = field[starts[:, None] + np.arange(3)]
        return starts, local, self.heights[layers].reshape(-1, *[1] * (local.ndim - 1))

    def _shared_flow(self, field: Floats, group: Any) -> tuple[Ints, Floats]:
        """What layers with the same planar matrices make of a field: where they start, and the result there."""
        layers, stiffness, mass, sums = group
        starts, local, h = self._local(field, layers)
        # From differences within the plane and along the line, so that thin layers and thin long parts do not
        # magnify the rounding of the field.
        level = _on_nodes(MASS, local) * h
        mean = level.mean(axis=2, keepdims=True)
        flow = _on_rows(stiffness, level - mean)
        if sums is not None:
            flow += mean * _beside(sums, field)
        flow += _on_rows(mass, _on_nodes(STIFFNESS, local - local[:, 1:2]) / h)
        return starts, flow

    def _varying_flow(self, field: Floats, group: Any) -> tuple[Ints, Floats]:
        """The same of layers with matrices of their own at each Gauss point."""
        layers, stiffness, mass, sums = group
        starts, local, h = self._local(field, layers)
        mean = local.mean(axis=2, keepdims=True)
        values = _at_once(stiffness, _on_nodes(VALUES, local - mean))
        if sums is not None:
            values += _on_nodes(VALUES, mean) * _beside(sums, field)
        slopes = _at_once(mass, _on_nodes(SLOPES, local - local[:, 1:2]))
        flow = _on_nodes(_TESTED_VALUES, values) * h
        flow += _on_nodes(_TESTED_SLOPES, slopes) / h
        return starts, flow

    @cached_property
    def _shared_matrices(self) -> list[tuple[Ints, Any, Any, Floats | None]]:
        """For each group its layers, planar stiffness and mass, and what the former makes of a constant."""
        matrix = self.plane.matrix
        return [(layers, matrix(k), matrix(m), self._row_sums(k)) for layers, k, m in self.shared]

    @cached_property
    def _varying_matrices(self) -> list[tuple[Ints, Any, Any, Floats | None]]:
        """The same, of all Gauss points of some layers in one matrix."""
        stacked = self.plane.stacked
        return [(layers, stacked(k), stacked(m), self._row_sums(k)) for layers, k, m in self.varying]

    def _row_sums(self, data: Floats) -> Floats | None:
        """What planar matrices make of a constant: nothing if they only conduct, and then None."""
        sums = np.add.reduceat(data, self.plane.indptr[:-1], axis=-1)
        return sums if (np.abs(sums) > ROUNDING * data[..., self.plane.diagonal]).any() else None

    def layer_blocks(self, reduce: Any) -> Iterator[tuple[int, Floats]]:
        """For each layer (layer, (n, 3, 3)): selected planar entries times vertical matrices; `reduce` maps entries."""
        mass = np.einsum("g,gm,gn->gmn", WEIGHTS, VALUES, VALUES)
        stiffness = np.einsum("g,gm,gn->gmn", WEIGHTS, SLOPES, SLOPES)
        for layers, along, through in self.shared:
            a, t = reduce(along), reduce(through)
            for layer in layers.tolist():
                h = self.heights[layer]
                yield layer, np.multiply.outer(a, h * MASS) + np.multiply.outer(t, STIFFNESS / h)
        for layer, along, through in (item for group in self.varying for item in zip(*group, strict=True)):
            h = self.heights[layer]
            a = np.stack([reduce(row) for row in along], axis=1)
            t = np.stack([reduce(row) for row in through], axis=1)
            yield int(layer), np.tensordot(a, mass * h, 1) + np.tensordot(t, stiffness / h, 1)


def _on_nodes(matrix: Floats, local: Floats) -> Floats:
    """A small matrix applied to the three nodes of (layers, nodes, ...)."""
    return np.matmul(matrix, local.reshape(*local.shape[:2], -1)).reshape(local.shape)


def _beside(sums: Floats, field: Floats) -> Floats:
    """Sums of planar rows, for a product with a field (nodes, planar unknowns) or several, (..., k)."""
    return sums.reshape(*sums.shape, *[1] * (field.ndim - 2))


def _at_once(matrix: Any, rows: Floats) -> Floats:
    """A matrix of planar ones applied to a row each of (layers, nodes, planar unknowns), or (..., k)."""
    return np.asarray(matrix @ rows.reshape(matrix.shape[0], *rows.shape[3:])).reshape(rows.shape)


def _on_rows(matrix: Any, rows: Floats) -> Floats:
    """A planar matrix applied to each row of (layers, nodes, planar unknowns), or (..., k)."""
    flat = np.moveaxis(rows, 2, 0)
    product = matrix @ np.ascontiguousarray(flat).reshape(len(flat), -1)
    return np.moveaxis(product.reshape(flat.shape), 0, 2)
