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
        mesh.geometry,
    )


def bisected(mesh: TetMesh, cells: Ints) -> TetMesh:
    """The mesh with some tetrahedra cut in two along their longest edges, and their neighbours where they must be.

    Rivara, Algorithms for refining triangular grids suitable for adaptive and multigrid techniques, Int. J. Numer.
    Methods Eng. 20, 1984: a cell with a cut edge is cut along its longest edge too, so that no angle shrinks on and on.
    """
    edges, of_cell = _middles(mesh.cells, curved.EDGES)
    length = np.linalg.norm(mesh.points[edges[:, 0]] - mesh.points[edges[:, 1]], axis=1)
    rank = np.empty(len(edges), np.int64)
    rank[np.argsort(length, kind="stable")] = np.arange(len(edges))
    longest = np.take_along_axis(of_cell, rank[of_cell].argmax(axis=1)[:, None], axis=1)[:, 0]
    cut = np.zeros(len(edges), bool)
    cut[longest[cells]] = True
    while True:
        more = cut[of_cell].any(axis=1) & ~cut[longest]
        if not more.any():
            break
        cut[longest[more]] = True
    count, number = len(mesh.points), np.cumsum(cut) - 1 + len(mesh.points)
    keys, key_rank, middle = edges[cut][:, 0] * count + edges[cut][:, 1], rank[cut], number[cut]
    corners, parent, share = _split(mesh.cells, curved.EDGES, count, keys, key_rank, middle)
    places = mesh.points[edges[cut]].mean(axis=1)
    bent = None
    if mesh.middles is not None:
        at = {int(edge): place for edge, place in zip(of_cell.ravel(), mesh.middles.reshape(-1, 3), strict=True)}
        places = np.array([at[edge] for edge in np.flatnonzero(cut).tolist()])
        nodes = np.concatenate([mesh.points[mesh.cells], mesh.middles], axis=1)[parent]
        inner = share[:, curved.EDGES].mean(axis=2)
        shapes = curved.shape_values(inner[..., 1:].reshape(-1, 3)).reshape(*inner.shape[:2], 10)
        bent = np.einsum("cei,cix->cex", shapes, nodes)
    surfaces = {
        name: _split(faces, curved.FACE_EDGES, count, keys, key_rank, middle)[0]
        for name, faces in mesh.surfaces.items()
    }
    return TetMesh(
        np.vstack([mesh.points, places]),
        corners,
        mesh.cell_part[parent],
        mesh.part_names,
        surfaces,
        {part: member[parent] for part, member in mesh.members.items()},
        bent,
        mesh.geometry,
    )


def _split(cells: Ints, edges: Ints, count: int, keys: Ints, rank: Ints, middle: Ints) -> tuple[Ints, Ints, Floats]:
    """Simplices cut at edges, the longest first, until none of these is left.

    Returns the simplices, the one that each was part of, and the barycentric places of their corners in that.
    """
    parent, size = np.arange(len(cells)), cells.shape[1]
    share = np.tile(np.eye(size), (len(cells), 1, 1))
    done: list[tuple[Ints, Ints, Floats]] = []
    while len(cells):
        pairs = np.sort(cells[:, edges], axis=2)
        known = (pairs < count).all(axis=2)
        wanted = pairs[..., 0] * count + pairs[..., 1]
        place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        found = known & (keys[place] == wanted)
        whole = ~found.any(axis=1)
        done.append((cells[whole], parent[whole], share[whole]))
        open_ = ~whole
        cells, parent, share, place = cells[open_], parent[open_], share[open_], place[open_]
        order = np.where(found[open_], rank[place], -1)
        edge = order.argmax(axis=1)
        row = np.arange(len(cells))
        a, b = edges[edge].T
        point, half = middle[place[row, edge]], (share[row, a] + share[row, b]) / 2
        halves = []
        for end in (b, a):
            new, new_share = cells.copy(), share.copy()
            new[row, end], new_share[row, end] = point, half
            halves.append((new, new_share))
        cells = np.concatenate([new for new, _ in halves])
        share = np.concatenate([new for _, new in halves])
        parent = np.tile(parent, 2)
    found_cells, found_parent, found_share = zip(*done, strict=True)
    return np.concatenate(found_cells), np.concatenate(found_parent), np.concatenate(found_share)


REFERENCE: Floats = np.vstack([np.zeros(3), np.eye(3), np.vstack([np.zeros(3), np.eye(3)])[curved.EDGES].mean(axis=1)])
"""Reference places of the corners and middles of a tetrahedron."""


def _middles(cells: Ints, edges: Ints) -> tuple[Ints, Ints]:
    """The edges of cells as sorted pairs of points in lexical order, and the number of each edge of each cell."""
    pairs = np.sort(cells[:, edges], axis=2).reshape(-1, 2)
    middles, number = np.unique(pairs, axis=0, return_inverse=True)
    return middles, number.reshape(len(cells), -1)
