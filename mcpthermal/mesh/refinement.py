"""Meshes with every cell cut into eight: what errors are measured on. Shapes stay as the mesh has them."""

from __future__ import annotations

from dataclasses import replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from mcpthermal.mesh import curved
from mcpthermal.mesh.columns import ColumnMesh, planar_edges
from mcpthermal.mesh.tetrahedra import TetMesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TRIANGLES: Ints = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]])
"""The four triangles in one: corners 0, 1, 2, then the middles of the edges 01, 12, 02."""

TETRAHEDRA: Ints = np.array(
    [[0, 4, 6, 7], [4, 1, 5, 8], [6, 5, 2, 9], [7, 8, 9, 3], [4, 9, 5, 6], [4, 9, 6, 7], [4, 9, 7, 8], [4, 9, 8, 5]]
)
"""The eight tetrahedra in one: corners, then the middles of the edges 01, 12, 02, 03, 13, 23 (Bey, Tetrahedral grid
refinement, Computing 55, 1995)."""

SPLIT = len(TRIANGLES)


@overload
def refined(mesh: ColumnMesh) -> ColumnMesh: ...
@overload
def refined(mesh: TetMesh) -> TetMesh: ...
def refined(mesh: ColumnMesh | TetMesh) -> ColumnMesh | TetMesh:
    """The mesh with halved cells.

    Triangle t becomes 4 t .. 4 t + 3 in the order of `TRIANGLES` and layer l becomes 2 l and 2 l + 1; tetrahedron c
    becomes 8 c .. 8 c + 7 in the order of `TETRAHEDRA`.
    """
    return _refined_columns(mesh) if isinstance(mesh, ColumnMesh) else _refined_tetrahedra(mesh)


def _refined_columns(mesh: ColumnMesh) -> ColumnMesh:
    middles, number = _middles(mesh.triangles, curved.FACE_EDGES)
    vertices = np.vstack([mesh.vertices, mesh.vertices[middles].mean(axis=1)])
    corners = np.hstack([mesh.triangles, len(mesh.vertices) + number])
    triangles = corners[:, TRIANGLES].reshape(-1, 3)
    edges, edge_columns = planar_edges(triangles)
    levels = np.empty(2 * len(mesh.levels) - 1)
    levels[::2], levels[1::2] = mesh.levels, (mesh.levels[:-1] + mesh.levels[1:]) / 2
    return replace(
        mesh,
        vertices=vertices,
        edges=edges,
        edge_columns=edge_columns,
        areas=np.repeat(mesh.areas / SPLIT, SPLIT),
        levels=levels,
        cell_part=np.repeat(np.repeat(mesh.cell_part, 2, axis=0), SPLIT, axis=1),
        members={part: np.repeat(member, SPLIT) for part, member in mesh.members.items()},
        triangles=triangles,
    )


def gathered(values: Floats) -> Floats:
    """Sums over the cells of a column mesh of values (layers, columns) of the cells of the refined one."""
    layers, columns = values.shape
    return np.asarray(values.reshape(layers // 2, 2, columns // SPLIT, SPLIT).sum(axis=(1, 3)))


def _refined_tetrahedra(mesh: TetMesh) -> TetMesh:
    middles, number = _middles(mesh.cells, curved.EDGES)
    places = mesh.points[middles].mean(axis=1)
    bent = None
    if mesh.middles is not None:
        places[number.ravel()] = mesh.middles.reshape(-1, 3)
        nodes = np.concatenate([mesh.points[mesh.cells], mesh.middles], axis=1)
        inner = REFERENCE[TETRAHEDRA][:, curved.EDGES].mean(axis=2)
        bent = np.einsum("kei,cix->ckex", curved.shape_values(inner.reshape(-1, 3)).reshape(8, 6, 10), nodes)
        bent = bent.reshape(-1, 6, 3)
    corners = np.hstack([mesh.cells, len(mesh.points) + number])
    count = len(mesh.points)
    keys = middles[:, 0] * count + middles[:, 1]
    surfaces = {}
    for name, faces in mesh.surfaces.items():
        pairs = np.sort(faces[:, curved.FACE_EDGES], axis=2)
        own = count + np.searchsorted(keys, pairs[..., 0] * count + pairs[..., 1])
        surfaces[name] = np.hstack([faces, own])[:, TRIANGLES].reshape(-1, 3)
    return TetMesh(
        np.vstack([mesh.points, places]),
        corners[:, TETRAHEDRA].reshape(-1, 4),
        np.repeat(mesh.cell_part, 8),
        mesh.part_names,
        surfaces,
        {part: np.repeat(member, 8) for part, member in mesh.members.items()},
        bent,
    )


REFERENCE: Floats = np.vstack([np.zeros(3), np.eye(3), np.vstack([np.zeros(3), np.eye(3)])[curved.EDGES].mean(axis=1)])
"""Reference places of the corners and middles of a tetrahedron."""


def _middles(cells: Ints, edges: Ints) -> tuple[Ints, Ints]:
    """The edges of cells as sorted pairs of points in lexical order, and the number of each edge of each cell."""
    pairs = np.sort(cells[:, edges], axis=2).reshape(-1, 2)
    middles, number = np.unique(pairs, axis=0, return_inverse=True)
    return middles, number.reshape(len(cells), -1)
