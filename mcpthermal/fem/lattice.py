"""The lattice of columns: planar unknowns times vertical nodes, doubled where a field may jump.

Where an interface lies on a level, the level's nodes are doubled; where it is upright, the unknowns of its planar
edges are. Copies that no interface face separates are one raw entry, so that raw vectors hold each value once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Lattice:
    """Which raw entry each (planar unknown, vertical node) is.

    Parameters
    ----------
    planar : int
        Planar unknowns, copies included.
    layers : int
    cut_levels : array of int
        Levels whose nodes are doubled.

    Attributes
    ----------
    starts : (n_layers,) array of int
        The first of the three nodes of each layer.
    shape : (planar, nodes)
    entry : (planar * nodes,) array of int or None
        The raw entry at each place; None where they are the same.
    heads : (size,) array of int
        The first place of each raw entry. Raw entries go line by line, upwards.
    """

    def __init__(self, planar: int, layers: int, cut_levels: Ints) -> None:
        self.starts: Ints = 2 * np.arange(layers) + np.searchsorted(cut_levels, np.arange(layers), side="right")
        self.shape = (planar, 2 * layers + 1 + len(cut_levels))
        self.entry: Ints | None = None
        self.heads: Ints = np.arange(planar * self.shape[1])

    @property
    def size(self) -> int:
        """How many raw entries there are."""
        return len(self.heads)

    @property
    def line(self) -> Ints:
        """(size,) the planar unknown of each raw entry's first place."""
        return self.heads // self.shape[1]

    def join(self, pairs: Ints) -> None:
        """Make one raw entry of places that are the same: (n, 2) places."""
        count = self.shape[0] * self.shape[1]
        graph = sp.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
        label = sp.csgraph.connected_components(graph, directed=False)[1]
        _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        self.entry, self.heads = rank[inverse.ravel()], first[order]

    def places(self, planar: Ints, layer: Ints | int, node: Ints | int) -> Ints:
        """Places of planar unknowns at a node (0, 1, 2) of a layer; the arrays are broadcast."""
        return np.asarray(planar * self.shape[1] + self.starts[layer] + node, np.int64)

    def raw(self, places: Ints) -> Ints:
        """The raw entries at places."""
        return places if self.entry is None else self.entry[places]

    def spread(self, raw: Floats) -> Floats:
        """(planar, nodes): a raw vector on the lattice; of several, (size, k), one more axis."""
        return (raw if self.entry is None else raw[self.entry]).reshape(*self.shape, *raw.shape[1:])

    def collect(self, field: Floats) -> Floats:
        """The transpose of `spread`: what is on several places of one raw entry adds up."""
        flat = field.reshape(-1, *field.shape[2:])
        if self.entry is None:
            return flat
        if flat.ndim == 2:
            return np.stack([self.collect(field[..., k]) for k in range(field.shape[2])], axis=1)
        return np.asarray(np.bincount(self.entry, flat, minlength=self.size), float)

    def span(self, layer: int) -> slice:
        """The three nodes of a layer."""
        return slice(int(self.starts[layer]), int(self.starts[layer]) + 3)

    def nodes(self, levels: Floats) -> Floats:
        """(nodes,) heights: levels, doubled where cut, and middles between them."""
        heights = np.empty(self.shape[1])
        for m, z in enumerate((levels[:-1], (levels[:-1] + levels[1:]) / 2, levels[1:])):
            heights[self.starts + m] = z
        return heights


def continuous_pairs(lattice: Lattice, plane: Any, mesh: Any, space: Any, cuts: Any) -> Ints:
    """Pairs of places that are one in spite of doubled nodes: across faces that are inside and no interface.

    Parameters
    ----------
    lattice, plane
        The lattice and its planar space.
    mesh : ColumnMesh
    space : ColumnSpace
        For its `columns`, `layers` and `cells`.
    cuts : Faces
        The interface faces.
    """
    position = np.full(len(mesh.areas) + 1, -1)
    position[space.columns] = np.arange(len(space.columns))
    pairs = []
    for level in np.unique(cuts.level) - space.layers[0]:
        open_faces = space.cells[level - 1] & space.cells[level]
        open_faces[position[cuts.column[cuts.level == level + space.layers[0]]]] = False
        dofs = np.unique(plane.dofs[open_faces])
        pairs.append(np.c_[lattice.places(dofs, level - 1, 2), lattice.places(dofs, level, 0)])
    edges, number = np.unique(cuts.edge, return_inverse=True)
    if len(edges):
        a, b = position[mesh.edge_columns[edges]].T
        open_faces = space.cells[:, a] & space.cells[:, b]
        open_faces[cuts.layer - space.layers[0], number.ravel()] = False
        layer, edge = np.nonzero(open_faces)
        ends = np.searchsorted(space.vertex_of, mesh.edges[edges])
        sides = [plane.edge_dofs(ends, side)[edge][:, :, None] for side in (a, b)]
        left, right = (lattice.places(dofs, layer[:, None, None], np.arange(3)).ravel() for dofs in sides)
        pairs.append(np.c_[left, right])
    return np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
