"""Grids of VTK from fields and meshes, in mm."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.result.fields import Fields
from mcpthermal.viz.scene import load_pyvista
from mcpthermal.viz.style import MILLIMETRES

# Nodes of the sub-cells of quadratic cells, so that every nodal value is drawn.
_TRIANGLES = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))
_LAYERS = ((0, 1, 2, 6, 7, 8), (12, 13, 14, 15, 16, 17), (3, 4, 5, 9, 10, 11))
_WEDGES = [
    [low[i] for i in triangle] + [high[i] for i in triangle]
    for low, high in ((_LAYERS[0], _LAYERS[1]), (_LAYERS[1], _LAYERS[2]))
    for triangle in _TRIANGLES
]
_TETRAHEDRA: list[list[int]] = [
    [0, 4, 6, 7],
    [4, 1, 5, 8],
    [6, 5, 2, 9],
    [7, 8, 9, 3],
    [4, 5, 6, 8],
    [4, 6, 7, 8],
    [6, 5, 9, 8],
    [6, 9, 7, 8],
]


SPLITS: dict[str, NDArray[np.int64]] = {
    "wedge18": np.array(_WEDGES),
    "tetra10": np.array(_TETRAHEDRA),
    "tetra": np.arange(4)[None],
}
"""For each kind of cell, the nodes of the linear cells that it is drawn as."""


def make_grid(fields: Fields, stretch: float = 1.0) -> Any:
    """An unstructured grid of linear cells through all nodes, lengths in mm, z stretched.

    Quadratic cells are split into eight, so that nodal values between corners are drawn too.
    """
    pv = load_pyvista()
    split = SPLITS[fields.kind]
    kind = pv.CellType.WEDGE if fields.kind == "wedge18" else pv.CellType.TETRA
    cells = fields.cells[:, split].reshape(-1, split.shape[1])
    grid = _grid(pv, cells, kind, fields.points, stretch)
    for name, values in fields.point_values.items():
        grid.point_data[name] = values
    for name, data in {"part": fields.part, **fields.cell_values}.items():
        grid.cell_data[name] = np.repeat(data, len(split), axis=0)
    return grid


def mesh_grid(mesh: Any, stretch: float = 1.0) -> Any:
    """A grid of a column mesh's prisms, or of tetrahedra, with their parts.

    Raises
    ------
    InputError
        If it is no mesh.
    """
    if not hasattr(mesh, "cell_part"):
        raise InputError(f"a ColumnMesh or a TetMesh is drawn, not {type(mesh).__name__}; generate_mesh makes one")
    pv = load_pyvista()
    if hasattr(mesh, "prisms"):
        cells, part = mesh.prisms()
        kind = pv.CellType.WEDGE
    else:
        cells, part, kind = mesh.cells, mesh.cell_part, pv.CellType.TETRA
    grid = _grid(pv, cells, kind, mesh.points, stretch)
    grid.cell_data["part"] = part
    return grid


def _grid(pv: Any, cells: NDArray[np.int64], kind: Any, points: NDArray[np.float64], stretch: float) -> Any:
    connectivity = np.column_stack([np.full(len(cells), cells.shape[1]), cells]).ravel()
    scaled = np.asarray(points, float) * np.array([1.0, 1.0, stretch]) * MILLIMETRES
    grid = pv.UnstructuredGrid(connectivity, np.full(len(cells), kind, np.uint8), scaled)
    grid.field_data["stretch"] = [stretch]
    return grid
