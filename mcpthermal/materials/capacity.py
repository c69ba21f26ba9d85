"""Heat stored in a material: density times specific heat, and its integral."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mcpthermal.errors import MaterialError
from mcpthermal.materials.base import Array, Law
from mcpthermal.materials.material import Material


@dataclass(frozen=True)
class HeatCapacity(Law):
    """The heat capacity of a volume (J/(m3 K)) as a law of temperature.

    Parameters
    ----------
    density, specific_heat : Law
        (kg/m3), (J/(kg K))
    """

    density: Any
    specific_heat: Any

    def __call__(self, temperature: ArrayLike) -> Array:
        return np.asarray(self.density(temperature) * self.specific_heat(temperature))

    def derivative(self, temperature: ArrayLike) -> Array:
        first = self.density.derivative(temperature) * self.specific_heat(temperature)
        return np.asarray(first + self.density(temperature) * self.specific_heat.derivative(temperature))

    def integral(self, temperature: ArrayLike) -> Array:
        if self.density.is_constant:
            return np.asarray(self.density(temperature) * self.specific_heat.integral(temperature))
        if self.specific_heat.is_constant:
            return np.asarray(self.specific_heat(temperature) * self.density.integral(temperature))
        return super().integral(temperature)

    @property
    def is_constant(self) -> bool:
        return bool(self.density.is_constant and self.specific_heat.is_constant)


def heat_capacity(material: Material, part: str) -> HeatCapacity:
    """The heat capacity of a part's material.

    Raises
    ------
    MaterialError
        If the material has no density or no specific heat.
    """
    for name in ("density", "specific_heat"):
        if getattr(material, name) is None:
            raise MaterialError(
                f"part '{part}': material '{material.name}' has no {name}, which a transient needs; give "
                f"Material('{material.name}', ..., {name}=...)"
            )
    return HeatCapacity(material.density, material.specific_heat)
