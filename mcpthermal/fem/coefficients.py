"""Material laws at quadrature points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.materials.law import Law

Floats = NDArray[np.float64]
Axes = tuple[Law, Law, Law]

_ANY_TEMPERATURE = np.array([300.0])


def constant_axes(axes: Sequence[Axes | None]) -> list[tuple[float, float, float] | None]:
    """For each part its values along x, y, z if they do not depend on temperature, else None."""
    return [
        tuple(float(law(_ANY_TEMPERATURE)[0]) for law in item)  # type: ignore[misc]
        if item is not None and all(law.is_constant for law in item)
        else None
        for item in axes
    ]


def depends_on_temperature(axes: Sequence[Axes | None], parts: Any) -> bool:
    """Whether any of some parts has a law that is not constant."""
    return any(not law.is_constant for part in parts for law in axes[part] or ())


def evaluate_axes(
    axes: Sequence[Axes | None], part: Any, temperature: Floats | None, shape: tuple[int, ...] | None = None
) -> Floats:
    """The coefficient along x, y, z at points.

    Parameters
    ----------
    axes : sequence
        The laws of each part, None where it does not conduct.
    part : (n_cells,) array of int
        The part of each cell, -1 for none.
    temperature : (planes, n_cells, n_points) array or None
        (K); None if every law is constant.
    shape : (n_cells, n_points), optional
        Needed without a temperature.

    Returns
    -------
    (3, planes, n_cells, n_points) array
    """
    if temperature is None:
        assert shape is not None
        values = np.zeros((3, 1, *shape))
    else:
        values = np.zeros((3, *temperature.shape))
    for number in np.unique(part[part >= 0]):
        laws = axes[number]
        if laws is None:
            continue
        here = part == number
        for axis, law in enumerate(laws):
            same = next((i for i in range(axis) if laws[i] == law), None)
            if same is not None:
                values[axis][:, here] = values[same][:, here]
            elif law.is_constant:
                values[axis][:, here] = law(_ANY_TEMPERATURE)[0]
            else:
                assert temperature is not None
                values[axis][:, here] = law(temperature[:, here])
    return values
