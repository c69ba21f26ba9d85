"""Which cells hold which points, for many points at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mcpthermal.mesh.curved import EDGES, shape_slopes, shape_values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEW = 8
"""Points that are held against every cell."""

STRAIGHT_SLACK, CURVED_SLACK = 1e-7, 2e-3
"""How far outside of a tetrahedron, in its own coordinates, a point may lie: the true surface of a curved one does."""

BEYOND = 0.3
"""How far a curved tetrahedron may reach past its corners, in its own coordinates."""


def candidates(points: Floats, centres: Floats, radii: Floats) -> tuple[Ints, Ints]:
    """Pairs of a point and a cell whose ball holds it, ordered by point, then by cell.

    Parameters
    ----------
    points : (n, d) array
    centres, radii : (m, d) and (m,) arrays
        Balls that hold the cells. They are searched by size, since graded meshes have some of very different ones.
    """
    if len(points) <= FEW:
        squares = ((points[:, None] - centres) ** 2).sum(axis=2)
        point, cell = np.nonzero(squares <= radii**2)
        return point, cell
    tree = cKDTree(points)
    size = np.floor(np.log2(radii / radii.max())).astype(np.int64)
    pairs = []
    for number in np.unique(size).tolist():
        own = np.flatnonzero(size == number)
        near = tree.query_ball_point(centres[own], radii[own], return_sorted=False)
        count = np.fromiter((len(item) for item in near), np.int64, len(near))
        pairs.append(np.c_[np.concatenate([np.asarray(item, np.int64) for item in near]), np.repeat(own, count)])
    found = np.concatenate(pairs)
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    return found[:, 0], found[:, 1]


def balls(corners: Floats) -> tuple[Floats, Floats]:
    """Centres (m, d) and radii (m,) of balls that hold cells with given nodes (m, k, d)."""
    centres = corners.mean(axis=1)
    return centres, np.linalg.norm(corners - centres[:, None], axis=2).max(axis=1)


def in_columns(
    points: Floats, vertices: Floats, triangles: Ints, levels: Floats, cells: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints]:
    """The points (n, 3) that lie in a cell of columns, with the layer and the triangle of the first that holds each.

    Parameters
    ----------
    points, vertices, triangles, levels
        Lengths in m.
    cells : (n_layers, n_triangles) array
        Which cells there are.
    """
    slack = 1e-9 * float(np.ptp(vertices, axis=0).max())
    plan, of_plan = np.unique(points[:, :2], axis=0, return_inverse=True)
    corners = vertices[triangles]
    centres, radii = balls(corners)
    place, column = candidates(plan, centres, radii + slack)
    a, b, p = (item - corners[column, 0] for item in (corners[column, 1], corners[column, 2], plan[place]))
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    s, t = (p[:, 0] * b[:, 1] - p[:, 1] * b[:, 0]) / area, (a[:, 0] * p[:, 1] - a[:, 1] * p[:, 0]) / area
    edge = slack / np.sqrt(area)
    inside = (s >= -edge) & (t >= -edge) & (s + t <= 1 + edge)
    place, column = place[inside], column[inside]
    # Every point with each triangle of its place in the plane, and with the one or two layers of its height.
    count = np.bincount(place, minlength=len(plan))
    own = count[of_plan.ravel()]
    index = np.repeat(np.arange(len(points)), own)
    first = (np.cumsum(count) - count)[of_plan.ravel()]
    column = column[np.repeat(first - np.cumsum(own) + own, own) + np.arange(len(index))]
    z = points[index, 2]
    below, above = np.searchsorted(levels, z - slack) - 1, np.searchsorted(levels, z + slack, "right") - 1
    layer = np.clip(np.stack([below, above], axis=1), 0, len(levels) - 2)
    near = (levels[0] - slack <= z) & (z <= levels[-1] + slack)
    held = (near[:, None] & cells[layer, column[:, None]]).ravel()
    found, chosen = np.unique(np.repeat(index, 2)[held], return_index=True)
    number = np.flatnonzero(held)[chosen]
    return found, layer.ravel()[number], column[number // 2]


def in_tetrahedra(points: Floats, corners: Floats, middles: Floats | None) -> tuple[Ints, Ints, Floats]:
    """The points (n, 3) that lie in a tetrahedron, the one that holds each best, and the place in its own coordinates.

    Parameters
    ----------
    points : (n, 3) array
    corners : (m, 4, 3) array
    middles : (m, 6, 3) array, optional
        Of the edges of curved tetrahedra.
    """
    nodes = corners if middles is None else np.concatenate([corners, middles], axis=1)
    slack = STRAIGHT_SLACK if middles is None else CURVED_SLACK
    centres, radii = balls(nodes)
    index, cell = candidates(points, centres, (1 + 10 * slack) * radii)
    edges = (corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
    place = np.linalg.solve(edges[cell], (points[index] - corners[cell, 0])[:, :, None])[:, :, 0]
    if middles is not None:
        near = _depth(place) >= -BEYOND
        index, cell = index[near], cell[near]
        place = _inverted(points[index], nodes[cell], place[near])
    depth = _depth(place)
    order = np.lexsort((-depth, index))
    found, first = np.unique(index[order], return_index=True)
    best = order[first]
    best, found = best[depth[best] >= -slack], found[depth[best] >= -slack]
    return found, cell[best], place[best]


def _depth(place: Floats) -> Floats:
    """The least of the barycentric coordinates of places (n, 3): negative outside."""
    return np.asarray(np.minimum(place.min(axis=1), 1 - place.sum(axis=1)))


def _inverted(points: Floats, nodes: Floats, start: Floats) -> Floats:
    """The places (n, 3) in curved cells with given nodes (n, 10, 3) of points, by Newton's method."""
    place = start
    for _ in range(20):
        missed = points - np.einsum("nk,nkd->nd", shape_values(place), nodes)
        slopes = np.einsum("nkr,nkd->ndr", shape_slopes(place, EDGES), nodes)
        step = np.linalg.solve(slopes, missed[:, :, None])[:, :, 0]
        place = np.clip(place + step, -1.0, 2.0)
        if not len(step) or np.abs(step).max() < 1e-12:
            break
    return place
