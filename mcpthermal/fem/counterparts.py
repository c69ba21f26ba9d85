"""Which raw entries of two spaces on the same columns and layers are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.columns import ColumnSpace

Ints = NDArray[np.int64]


def counterparts(space: ColumnSpace, other: ColumnSpace) -> Ints:
    """For each raw entry of a space that of another one, -1 where it has none.

    The meshes of both have the same triangles and levels (`mesh/common.py`); their fields live on cells of their own.
    """
    layer, column = np.nonzero(_cells(space) & _cells(other))
    found = np.full(space.size, -1)
    found[_entries(space, layer, column)] = _entries(other, layer, column)
    return found


def surroundings(space: ColumnSpace, other: ColumnSpace, rings: int = 1) -> Ints:
    """The raw entries of a space within some rings of cells around those whose part is another one in another space."""
    mesh, names = space.mesh, (*space.mesh.part_names, "")
    number = {name: index for index, name in enumerate((*other.mesh.part_names, ""))}
    near = np.array([number.get(name, -1) for name in names])[mesh.cell_part] != np.where(
        other.mesh.cell_part >= 0, other.mesh.cell_part, number[""]
    )
    for _ in range(rings):
        touched = np.zeros(len(mesh.vertices), bool)
        grown = near.copy()
        for layer in np.flatnonzero(near.any(axis=1)):
            touched[:] = False
            touched[mesh.triangles[near[layer]]] = True
            grown[layer] |= touched[mesh.triangles].any(axis=1)
        near = grown
        near[1:] |= grown[:-1].copy()
        near[:-1] |= grown[1:].copy()
    return space.cell_entries(near)


def _cells(space: ColumnSpace) -> Any:
    mask = np.zeros(space.mesh.cell_part.shape, bool)
    mask[np.ix_(space.layers, space.columns)] = space.cells
    return mask


def _entries(space: ColumnSpace, layer: Ints, column: Ints) -> Ints:
    return space.cell_dofs(layer - space.layers[0], np.searchsorted(space.columns, column)).ravel()
