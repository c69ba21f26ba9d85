"""Material laws at quadrature points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.materials.base import Law, refuse_where

Floats = NDArray[np.float64]
Axes = tuple[Law, ...]
"""A conductivity: laws along x, y, z, or of the entries xx, yy, zz, yz, xz, xy of a symmetric tensor."""


@dataclass(frozen=True)
class Storage:
    """What a time step adds to conduction: heat capacities of parts, times a rate.

    Attributes
    ----------
    capacity : sequence
        For each part a heat capacity (J/(m3 K)) as the only entry of a tuple, or None.
    rate : float
        (1/s)
    """

    capacity: Sequence[Axes | None]
    rate: float


_ANY_TEMPERATURE = np.array([300.0])


def entry_count(axes: Sequence[Axes | None], parts: Any) -> int:
    """How many entries the conductivities of some parts have: three, or six if any of them is a full tensor."""
    return max((len(axes[part] or ()) for part in parts), default=3) or 3


def constant_axes(axes: Sequence[Axes | None]) -> list[tuple[float, ...] | None]:
    """For each part its entries if they do not depend on temperature, else None."""
    return [
        tuple(float(law(_ANY_TEMPERATURE)[0]) for law in item)
        if item is not None and all(law.is_constant for law in item)
        else None
        for item in axes
    ]


def depends_on_temperature(axes: Sequence[Axes | None], parts: Any) -> bool:
    """Whether any of some parts has a law that is not constant."""
    return any(not law.is_constant for part in parts for law in axes[part] or ())


def varying_cells(axes: Sequence[Axes | None], part: Any) -> NDArray[np.bool_]:
    """Which cells, given by their parts (-1 for none), have a conductivity that depends on temperature."""
    varies = [depends_on_temperature(axes, [number]) for number in range(len(axes))]
    return np.array([*varies, False])[part]


def evaluate_axes(
    axes: Sequence[Axes | None],
    part: Any,
    temperature: Floats | None,
    shape: tuple[int, ...] | None = None,
    derivative: bool = False,
) -> Floats:
    """The entries of a coefficient at points.

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
    derivative : bool
        The derivative by the temperature instead.

    Returns
    -------
    (3 or 6, planes, n_cells, n_points) array

    Raises
    ------
    MaterialError
        If a law along an axis is not positive at a temperature, or does not reach as far.
    """
    numbers = np.flatnonzero(np.bincount(part[part >= 0], minlength=1))
    count = entry_count(axes, numbers)
    laws = {number: axes[number] or () for number in numbers.tolist()}
    # Where every part conducts alike in all directions, one entry stands for all three.
    alike = count == 3 and all(law == own[0] for own in laws.values() for law in own[1:])
    if temperature is None:
        assert shape is not None
        values = np.zeros((1 if alike else count, 1, *shape))
    else:
        values = np.zeros((1 if alike else count, *temperature.shape))
    for number, own in laws.items():
        here = np.flatnonzero(part == number)
        for entry, law in enumerate(own[: len(values)]):
            same = next((i for i in range(entry) if own[i] == law), None)
            if same is not None:
                values[entry][:, here] = values[same][:, here]
            elif law.is_constant:
                values[entry][:, here] = 0.0 if derivative else law(_ANY_TEMPERATURE)[0]
            else:
                assert temperature is not None
                points = temperature[:, here]
                found = law.derivative(points) if derivative else law(points)
                if not derivative and entry < 3:
                    refuse_where(points, ~(found > 0.0), "it is not positive there")
                values[entry][:, here] = found
    return np.broadcast_to(values, (count, *values.shape[1:]))
