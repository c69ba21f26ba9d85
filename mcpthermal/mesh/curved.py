"""Quadratic tetrahedra and triangles with bent edges: volumes, areas, and where they fold over."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

EDGES = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]])
"""Corners of the edges of a tetrahedron in the order of its middles, that of scikit-fem and VTK."""

EDGE_OF = np.full((4, 4), -1)
EDGE_OF[tuple(EDGES.T)] = EDGE_OF[tuple(EDGES.T[::-1])] = np.arange(6)
"""The edge between two corners of a tetrahedron."""

OPPOSITE = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
"""The corners of the face opposite to each corner."""

FACE_EDGES = EDGES[:3]
"""Corners of the edges of a triangle in the order of its middles."""

BENT = 1e-9
"""Middles nearer to the straight middle than this fraction of the cell's size are straight."""

_BLOCK = 50_000


def shape_slopes(places: Floats, edges: Ints) -> Floats:
    """Slopes of the quadratic shape functions of a simplex in its own directions: (n_places, n_shapes, dimension)."""
    share = np.column_stack([1 - places.sum(axis=1), places])
    slope = np.vstack([np.full(places.shape[1], -1.0), np.eye(places.shape[1])])
    corners = (4 * share - 1)[:, :, None] * slope
    first, second = edges.T
    middles = 4 * (share[:, first, None] * slope[second] + share[:, second, None] * slope[first])
    return np.concatenate([corners, middles], axis=1)


def shape_values(places: Floats) -> Floats:
    """Values of the quadratic shape functions of a tetrahedron: (n_places, 10)."""
    share = np.column_stack([1 - places.sum(axis=1), places])
    first, second = EDGES.T
    return np.hstack([share * (2 * share - 1), 4 * share[:, first] * share[:, second]])


def _lattice(steps: int) -> Floats:
    return np.array([place for place in product(range(steps + 1), repeat=3) if sum(place) <= steps]) / steps


_VOLUME_PLACES = np.vstack([np.full(3, 1 / 4), np.full(3, 1 / 6), np.full((3, 3), 1 / 6) + np.eye(3) / 3])
_VOLUME_WEIGHTS = np.array([-4 / 5, 9 / 20, 9 / 20, 9 / 20, 9 / 20]) / 6
"""Exact for the cubic determinant of a quadratic cell; Zienkiewicz & Taylor, The Finite Element Method, vol. 1."""

_CHECK_PLACES = np.vstack([_lattice(4), _VOLUME_PLACES])
"""The ten nodes are among the points of the lattice."""


def _triangle_rule(count: int) -> tuple[Floats, Floats]:
    """Gauss points of a square that is collapsed to a triangle, exact to degree 2 count - 2."""
    line, weights = np.polynomial.legendre.leggauss(count)
    across, along = (grid.ravel() for grid in np.meshgrid((1 + line) / 2, (1 + line) / 2, indexing="ij"))
    return np.column_stack([across, along * (1 - across)]), np.outer(weights, weights).ravel() / 4 * (1 - across)


_AREA_PLACES, _AREA_WEIGHTS = _triangle_rule(6)


def bent(corners: Floats, middles: Floats) -> Bools:
    """Which simplices have an edge that is not straight.

    Parameters
    ----------
    corners : (n, 3 or 4, 3) array
        (m)
    middles : (n, 3 or 6, 3) array
        (m)
    """
    first, second = EDGES[: middles.shape[1]].T
    away = np.abs(middles - (corners[:, first] + corners[:, second]) / 2).max(axis=(1, 2), initial=0.0)
    size = np.ptp(corners, axis=1).max(axis=1, initial=0.0)
    return np.asarray(away > BENT * size)


def _determinants(corners: Floats, middles: Floats, places: Floats) -> Floats:
    """(n, n_places) determinants of the derivative of the place (m3), six times the volume where cells are straight."""
    nodes = np.concatenate([corners, middles], axis=1)
    return np.asarray(np.linalg.det(np.einsum("pnj,cni->cpij", shape_slopes(places, EDGES), nodes, optimize=True)))


def cell_volumes(corners: Floats, middles: Floats) -> Floats:
    """(n,) volumes of quadratic tetrahedra (m3), exact."""
    parts = [
        _determinants(corners[block], middles[block], _VOLUME_PLACES) @ _VOLUME_WEIGHTS for block in _blocks(corners)
    ]
    return np.concatenate([np.empty(0), *parts])


def folded(corners: Floats, middles: Floats) -> Bools:
    """Which quadratic tetrahedra turn inside out somewhere, or have no volume at a point."""
    result = np.zeros(len(corners), bool)
    for block in _blocks(corners):
        determinants = _determinants(corners[block], middles[block], _CHECK_PLACES)
        size = np.ptp(corners[block], axis=1).max(axis=1)
        result[block] = determinants.min(axis=1) <= BENT * size**3
    return result


def face_areas(corners: Floats, middles: Floats) -> Floats:
    """(n,) areas of quadratic triangles (m2), by 36 Gauss points."""
    areas = np.empty(len(corners))
    slopes = shape_slopes(_AREA_PLACES, FACE_EDGES)
    for block in _blocks(corners):
        nodes = np.concatenate([corners[block], middles[block]], axis=1)
        along = np.einsum("pnj,fni->jfpi", slopes, nodes, optimize=True)
        areas[block] = np.linalg.norm(np.cross(along[0], along[1]), axis=2) @ _AREA_WEIGHTS
    return areas


def _blocks(items: Floats) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, len(items), _BLOCK)]
