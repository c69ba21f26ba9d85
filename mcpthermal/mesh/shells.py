"""Closed surfaces of triangles that are not turned the same way: which way is out, and what they enclose."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.errors import MeshError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def outward(corners: Floats, triangles: Ints, face: Ints, faces: Collection[int]) -> Floats:
    """Whether triangles look out of the volume that faces bound (1) or into it (-1); 0 for those of other faces.

    The triangles of a face are turned the same way. Where two faces share an edge they run along it in opposite
    directions if both look out. Of several closed shells the greatest is the outside, the others are cavities.

    Parameters
    ----------
    corners : (n, 3, 3) array
    triangles : (n, 3) array of int
    face : (n,) array of int
    faces : collection of int

    Raises
    ------
    MeshError
        If the faces are no boundary of a volume.
    """
    own = np.flatnonzero(np.isin(face, list(faces)))
    known, number = np.unique(face[own], return_inverse=True)
    edges = triangles[own][:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    along = np.where(edges[:, 0] < edges[:, 1], 1, -1)
    _, edge, count = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    # Where an edge has more than two triangles, the volume touches itself; others tell how its faces are turned.
    order = np.argsort(edge.ravel(), kind="stable")
    first, second = order[count[edge.ravel()[order]] == 2].reshape(-1, 2).T
    a, b = number[first // 3], number[second // 3]
    same = along[first] != along[second]
    size = len(known)
    # Each face twice, as it is turned and the other way.
    start = np.concatenate([a, a + size])
    end = np.concatenate([np.where(same, b, b + size), np.where(same, b + size, b)])
    graph = sp.coo_array((np.ones(len(start)), (start, end)), shape=(2 * size, 2 * size))
    shells, label = sp.csgraph.connected_components(graph, directed=False)
    if (label[:size] == label[size:]).any() or (count == 1).any():
        raise MeshError("a volume of the geometry is not closed; repair it in the program that made it")
    volume = np.zeros(shells)
    pieces = _pieces(corners[own])
    for half, sign in ((label[:size], 1.0), (label[size:], -1.0)):
        volume += np.bincount(half[number], sign * pieces, minlength=shells)
    outer = np.argmax(volume)
    turned = np.where(volume[label[:size]] > 0, 1.0, -1.0)
    cavity = ~np.isin(label[:size], [outer, label[(np.flatnonzero(label == outer)[0] + size) % (2 * size)]])
    turned[cavity] *= -1
    result = np.zeros(len(face))
    result[own] = turned[number]
    return result


def enclosed(corners: Floats, signs: Floats) -> float:
    """The volume that triangles with given signs enclose."""
    return float(signs @ _pieces(corners))


def _pieces(corners: Floats) -> Floats:
    """Volumes of tetrahedra from triangles to the middle of all, with the sign of their turn."""
    return np.asarray(np.linalg.det(corners - corners.mean(axis=(0, 1))) / 6)
