"""A temperature from one mesh on another, with the heat content of every part kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.discretisation import Space
from mcpthermal.result.steady import SteadyResult

Floats = NDArray[np.float64]


def transferred(result: SteadyResult, space: Space) -> Floats:
    """The temperature (K) of a result at the raw entries of another space of the same package.

    Entries take the value at their place, on their own side of a contact where they can; then the entries inside each
    part are shifted so that its mean temperature, hence the heat in it, is that of the result.
    """
    points, active = space.points, space.active
    values = np.full(space.size, np.nan)
    inside = np.flatnonzero(active)
    values[inside] = result.thermal.evaluate(result.temperature, points[inside])
    missing = inside[np.isnan(values[inside])]
    if len(missing):
        # A circle is another polygon on the other mesh: the nearest known place.
        known = result.thermal.points[result.thermal.active]
        near = [int(np.argmin(((known - points[entry]) ** 2).sum(axis=1))) for entry in missing.tolist()]
        values[missing] = result.temperature[result.thermal.active][near]
    values[~active] = float(np.nanmean(values))
    return _with_means(result, space, values)


def _with_means(result: SteadyResult, space: Space, values: Floats) -> Floats:
    mesh: Any = space.mesh
    package = result.case.package
    shifts, weights = np.zeros(space.size), np.zeros(space.size)
    for number, part in enumerate(package.parts):
        cells = (mesh.cell_part == number) & mesh.solid
        if part.is_void or not cells.any():
            continue
        wanted = result.mean_temperature(part.name) * float(mesh.cell_volumes[cells].sum())
        load = space.volume_load(cells, 1.0)
        own = space.cell_entries(cells)
        # Where parts touch, the shift is shared in proportion to their volumes at the entry.
        shifts[own] += load[own] * (wanted - float(load @ values)) / float(load.sum())
        weights[own] += load[own]
    return values + np.divide(shifts, weights, out=np.zeros(space.size), where=weights > 0)
