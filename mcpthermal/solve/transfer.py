"""A temperature from one mesh on another, with the heat content of every part kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from mcpthermal.fem.discretisation import Space
from mcpthermal.result.steady import SteadyResult

Floats = NDArray[np.float64]

LITTLE = 1e-8
"""Relative to the package: inside of a part, and more than the slack of finding points."""


def transferred(result: SteadyResult, space: Space) -> Floats:
    """The temperature (K) of a result at the raw entries of another space of the same package.

    Entries take the value at their place, on their own side of a contact where they can; then each part is
    shifted so that its mean temperature, hence the heat in it, is that of the result.
    """
    points, active = space.points, space.active
    values = np.full(space.size, np.nan)
    inside = np.flatnonzero(active)
    values[inside] = result.thermal.evaluate(result.temperature, _on_own_sides(space)[inside])
    missing = inside[np.isnan(values[inside])]
    if len(missing):
        # A circle is another polygon on the other mesh: the nearest known place.
        known = result.thermal.active
        values[missing] = result.temperature[known][cKDTree(result.thermal.points[known]).query(points[missing])[1]]
    values[~active] = float(np.nanmean(values))
    return _with_means(result, space, values)


def _on_own_sides(space: Space) -> Floats:
    """The places of all entries, those at contacts moved a little towards the inside of their part."""
    points, mesh = space.points.copy(), space.mesh
    _, place, count = np.unique(points[space.active], axis=0, return_inverse=True, return_counts=True)
    double = np.zeros(space.size, bool)
    double[space.active] = count[place.ravel()] > 1
    if not double.any():
        return points
    little = LITTLE * float(np.ptp(points[space.active], axis=0).max())
    for number in np.unique(mesh.cell_part[mesh.solid]).tolist():
        own = space.cell_entries((mesh.cell_part == number) & mesh.solid)
        ends, inner = own[double[own]], own[~double[own]]
        if len(ends) and len(inner):
            way = space.points[inner][cKDTree(space.points[inner]).query(space.points[ends])[1]] - space.points[ends]
            points[ends] += little * way / np.linalg.norm(way, axis=1)[:, None]
    return points


def _with_means(result: SteadyResult, space: Space, values: Floats) -> Floats:
    """The values with a shift of each part; entries where parts touch take an equal share from each."""
    mesh: Any = space.mesh
    loads, members, lacking = [], [], []
    for number, part in enumerate(result.case.package.parts):
        cells = (mesh.cell_part == number) & mesh.solid
        if part.is_void or not cells.any():
            continue
        load, member = space.volume_load(cells, 1.0), np.zeros(space.size)
        member[space.cell_entries(cells)] = 1.0
        loads.append(csr_array(load[None]))
        members.append(csr_array(member[None]))
        lacking.append(
            result.mean_temperature(part.name) * float(mesh.cell_volumes[cells].sum()) - float(load @ values)
        )
    belongs = vstack(members)
    shares = belongs @ diags_array(1.0 / np.maximum(belongs.sum(axis=0), 1.0))
    # What the shift of one part does to the means of all.
    effects = (vstack(loads) @ shares.T).tocsc()
    return np.asarray(values + shares.T @ np.atleast_1d(spsolve(effects, np.array(lacking))))
