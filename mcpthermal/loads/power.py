"""Heat that is released inside a package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import ArrayLike

from mcpthermal.errors import LoadError
from mcpthermal.loads.placement import check_place
from mcpthermal.loads.thermal import check_law
from mcpthermal.loads.varying import Load, read_varying
from mcpthermal.loads.waveform import Waveform
from mcpthermal.materials import Exponential, Law
from mcpthermal.materials.base import Array
from mcpthermal.units import quantity

DISTRIBUTIONS = ("volume", "active_face")


@dataclass(frozen=True)
class Power(Load):
    """Heat released in a part.

    Parameters
    ----------
    place : str
        A part (``"logic"``), a module, or a part's face (``"logic.top"``).
    power : float or Waveform
        Total over the place (W); negative for a cooler.
    distribution : {"volume", "active_face"}
        Spread evenly over the part's volume, or over the active face of a chip.
    """

    place: str
    power: Any
    distribution: str = "volume"

    def __post_init__(self) -> None:
        check_place(self.place, "a power")
        object.__setattr__(self, "power", read_varying(self.power, "W", f"power of '{self.place}'"))
        check_distribution(self.distribution, f"power of '{self.place}'")


@dataclass(frozen=True)
class Leakage(Load):
    """Heat that grows with the local temperature, as leakage currents do.

    Parameters
    ----------
    place : str
        As for a `Power`.
    power : float or Law
        Total (W) if all of the place were at the reference temperature; or a law of the total power (W) if all
        of it were at one temperature.
    temperature_coefficient : float, optional
        The exponent a (1/K) in power * exp(a (T - T_reference)); with a number only.
    reference_temperature : float, optional
        (K), or a string such as ``"25 degC"``; with a number only.
    distribution : {"volume", "active_face"}
        As for a `Power`.
    scale : Waveform, optional
        A factor of the power, at least 0.
    """

    place: str
    power: Any
    temperature_coefficient: float | None = None
    reference_temperature: float | None = None
    distribution: str = "volume"
    scale: Waveform | None = None

    def __post_init__(self) -> None:
        check_place(self.place, "a leakage")
        what = f"leakage of '{self.place}'"
        given = (self.temperature_coefficient, self.reference_temperature)
        if isinstance(self.power, Law):
            if any(value is not None for value in given):
                raise LoadError(
                    f"{what}: a law needs no temperature_coefficient and no reference_temperature; drop them"
                )
        else:
            if any(value is None for value in given):
                raise LoadError(f"{what}: give temperature_coefficient (1/K) and reference_temperature (K), or a law")
            object.__setattr__(self, "power", quantity(self.power, "W", f"power of the {what}", minimum=0.0))
            for field, unit, above in (("temperature_coefficient", "1/K", None), ("reference_temperature", "K", 0.0)):
                value = quantity(getattr(self, field), unit, f"{field} of the {what}", above=above)
                object.__setattr__(self, field, value)
        check_law(self.law, f"power of the {what}", "W", minimum=0.0)
        check_distribution(self.distribution, what)
        check_scale(self.scale, what, minimum=0.0)

    def _with(self, values: dict[str, Any]) -> Leakage:
        factor = quantity(values["scale"], "", f"scale of the leakage of '{self.place}'", minimum=0.0)
        power = _Scaled(self.power, factor) if isinstance(self.power, Law) else self.power * factor
        return replace(self, power=power, scale=None)

    @property
    def law(self) -> Law:
        """The total power (W) if all of the place were at one temperature, as a law of it."""
        if isinstance(self.power, Law):
            return self.power
        assert self.temperature_coefficient is not None and self.reference_temperature is not None
        return Exponential(self.power, self.reference_temperature, self.temperature_coefficient)

    @property
    def reference(self) -> float | None:
        """The reference temperature of the number or of the law (K); None if the law has none above 0 K."""
        law = self.law.law if isinstance(self.law, _Scaled) else self.law
        return getattr(law, "reference_temperature", None) or None


@dataclass(frozen=True)
class _Scaled(Law):
    """A law times a factor."""

    law: Law
    factor: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "range", self.law.range)

    def __call__(self, temperature: ArrayLike) -> Array:
        return self.factor * self.law(temperature)

    def derivative(self, temperature: ArrayLike) -> Array:
        return self.factor * self.law.derivative(temperature)

    @property
    def is_constant(self) -> bool:
        return self.factor == 0.0 or self.law.is_constant


def check_scale(scale: Any, what: str, **limits: float | None) -> None:
    """LoadError if a scale is neither None nor a waveform; InputError if its values are not allowed."""
    if scale is not None and not isinstance(scale, Waveform):
        raise LoadError(
            f"scale of the {what}: {scale!r} is no Waveform; give e.g. Waveform.step(1.0), or change the powers"
        )
    if scale is not None:
        read_varying(scale, "", f"scale of the {what}", **limits)


def check_distribution(distribution: Any, what: str) -> None:
    """LoadError if a power is spread over neither the volume nor the active face."""
    if not isinstance(distribution, str) or distribution not in DISTRIBUTIONS:
        raise LoadError(f"{what}: distribution {distribution!r} must be one of {', '.join(DISTRIBUTIONS)}")
