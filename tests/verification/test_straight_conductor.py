"""A straight conductor whose resistivity rises with temperature, both ends held at T0, the sides insulated.

Reference: with rho = rho0 (1 + a (T - Tref)) and u = T - Tref + 1/a, one-dimensional conduction with Joule heat
is u'' + m2 u = 0, m2 = J2 rho0 a / k, so that u = u0 cos(m (x - L/2)) / cos(m L/2) (Carslaw and Jaeger,
Conduction of Heat in Solids, section 4.11). Then R = (2 rho0 a u0 / (m A)) tan(m L/2), and a voltage V gives
tan(m L/2) = V / (2 u0 sqrt(k rho0 a)): the relation between potential and temperature.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atan, cos, sqrt, tan
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um

LENGTH, AREA = 2.0 * mm, 0.2 * mm * 0.1 * mm
K, RHO0, A, REFERENCE, ENDS = 390.0, 1.7e-8, 3.9e-3, 293.15, 310.0
METAL = mt.Material("wire", K, mt.Metal(RHO0, A, REFERENCE))
U0 = ENDS - REFERENCE + 1 / A


class Exact:
    """The closed form for m L/2."""

    def __init__(self, half_angle: float) -> None:
        self.m = 2 * half_angle / LENGTH
        self.current = self.m * sqrt(K / (RHO0 * A)) * AREA
        self.resistance = 2 * RHO0 * A * U0 / (self.m * AREA) * tan(half_angle)
        self.voltage = self.current * self.resistance
        self.max_rise = U0 * (1 / cos(half_angle) - 1)
        self.mean_rise = U0 * (tan(half_angle) / half_angle - 1)

    def rise(self, s: Any) -> Any:
        """At the distance s from the middle."""
        return U0 * (np.cos(self.m * s) / cos(self.m * LENGTH / 2) - 1)

    def potential(self, s: Any) -> Any:
        """Above the end at which the current leaves, s counted towards the other end."""
        sines = np.sin(self.m * s) + np.sin(self.m * LENGTH / 2)
        return RHO0 * A * U0 * self.current / AREA / (self.m * cos(self.m * LENGTH / 2)) * sines


HALF_ANGLE = 0.6
BY_CURRENT = Exact(HALF_ANGLE)
BY_VOLTAGE = Exact(atan(0.15 / (2 * U0 * sqrt(K * RHO0 * A))))


def bar(axis: str) -> tuple[mt.Package, mt.ColumnMesh, str, str]:
    """The bar along an axis with its mesh, and the names of its low and its high end."""
    if axis == "z":
        # Layers thicken away from interfaces, so slices keep them even.
        heights = np.linspace(0.0, LENGTH, 21).tolist()
        outline = mt.rectangle((0.2 * mm, 0.1 * mm))
        parts = [mt.Part(f"bar{i}", outline, (heights[i], heights[i + 1]), METAL) for i in range(20)]
        spec = mt.MeshSpec(max_size=0.1 * mm, layer_size=0.04 * mm)
        ends = ("bottom", "top")
    else:
        size = (LENGTH, 0.2 * mm) if axis == "x" else (0.2 * mm, LENGTH)
        parts = [mt.Part("bar", mt.rectangle(size), (0.0, 0.1 * mm), METAL)]
        spec = mt.MeshSpec(max_size=0.05 * mm, layer_size=0.1 * mm)
        ends = (f"bar.{axis}_min", f"bar.{axis}_max")
    package = mt.Package.from_parts(parts)
    return package, mt.generate_mesh(package, spec), *ends


def line(axis: str, s: Any) -> Any:
    """Points on the bar's axis at distances s from its middle."""
    points = np.zeros((len(s), 3))
    points[:, 2] = 50 * um
    points[:, "xyz".index(axis)] = s + (LENGTH / 2 if axis == "z" else 0.0)
    return points


def check(result: mt.SteadyResult, exact: Exact, axis: str, low: str, high: str, tolerance: float = 1e-6) -> None:
    s = np.linspace(-0.5, 0.5, 17) * LENGTH
    points = line(axis, s)
    error = result.temperature_at(points) - ENDS - exact.rise(s)
    assert np.abs(error).max() < tolerance * exact.max_rise, np.abs(error).max() / exact.max_rise
    assert result.max_temperature() - ENDS == pytest.approx(exact.max_rise, rel=tolerance)
    assert result.mean_temperature() - ENDS == pytest.approx(exact.mean_rise, rel=tolerance)
    potential = result.potential_at(points) - result.voltage(low)
    assert np.abs(potential - exact.potential(s)).max() < tolerance * exact.voltage
    assert result.resistance(high, low) == pytest.approx(exact.resistance, rel=tolerance)
    assert result.current(high) == pytest.approx(exact.current, rel=tolerance)
    assert result.current(low) == pytest.approx(-exact.current, rel=tolerance)
    assert result.voltage(high) - result.voltage(low) == pytest.approx(exact.voltage, rel=tolerance)
    power = exact.current * exact.voltage
    assert result.joule_power() == pytest.approx(power, rel=tolerance)
    assert sum(result.joule_power(name) for name in result.mesh.part_names) == pytest.approx(power, rel=tolerance)
    assert result.heat_out(low) == pytest.approx(power / 2, rel=10 * tolerance)
    assert result.heat_out(high) == pytest.approx(power / 2, rel=10 * tolerance)
    assert result.balance.relative_defect < 1e-9
    assert result.balance.relative_charge_defect < 1e-9
    assert result.balance.relative_power_defect < 1e-9


def loads(low: str, high: str, *electrical: Any) -> list[Any]:
    return [mt.FixedTemperature(low, ENDS), mt.FixedTemperature(high, ENDS), *electrical]


def electrical_loads(drive: str, low: str, high: str) -> tuple[list[Any], Exact]:
    if drive == "voltage":
        return [mt.Voltage(low, 0.125), mt.Voltage(high, 0.275)], BY_VOLTAGE
    distribution = "uniform" if drive == "uniform current" else "equipotential"
    return [mt.Voltage(low, -2.0), mt.Current(high, BY_CURRENT.current, distribution)], BY_CURRENT


DRIVES = ("voltage", "current", "uniform current")


def test_the_bar_is_far_from_linear() -> None:
    cold = RHO0 * (1 + A * (ENDS - REFERENCE)) * LENGTH / AREA
    assert BY_CURRENT.resistance / cold > 1.12
    assert BY_VOLTAGE.resistance / cold > 1.05


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_columns(axis: str, drive: str) -> None:
    package, mesh, low, high = bar(axis)
    electrical, exact = electrical_loads(drive, low, high)
    result = mt.solve_steady(mt.Case(package, loads(low, high, *electrical)), mesh, tolerance=1e-11)
    check(result, exact, axis, low, high)


@pytest.mark.parametrize(
    ("axis", "drive"), [("x", "voltage"), ("x", "current"), ("z", "voltage"), ("z", "uniform current")]
)
def test_quadratic_tetrahedra(axis: str, drive: str, split: Callable[..., Any]) -> None:
    package, mesh, low, high = bar(axis)
    same, tetrahedra = split(package, mesh)
    electrical, exact = electrical_loads(drive, low, high)
    result = mt.solve_steady(mt.Case(same, loads(low, high, *electrical)), tetrahedra, tolerance=1e-11)
    check(result, exact, axis, low, high)


def test_linear_tetrahedra_are_near(split: Callable[..., Any]) -> None:
    package, mesh, low, high = bar("x")
    same, tetrahedra = split(package, mesh)
    electrical, exact = electrical_loads("current", low, high)
    result = mt.solve_steady(mt.Case(same, loads(low, high, *electrical)), tetrahedra, order=1, tolerance=1e-11)
    check(result, exact, "x", low, high, tolerance=3e-3)


def test_the_sign_of_the_current_is_free() -> None:
    package, mesh, low, high = bar("x")
    case = mt.Case(package, loads(low, high, mt.Voltage(low, 0.0), mt.Current(high, -BY_CURRENT.current)))
    result = mt.solve_steady(case, mesh, tolerance=1e-11)
    assert result.voltage(high) == pytest.approx(-BY_CURRENT.voltage, rel=1e-6)
    assert result.max_temperature() - ENDS == pytest.approx(BY_CURRENT.max_rise, rel=1e-6)


def test_a_chip_that_draws_the_current_through_two_bars() -> None:
    """Two bars in series through a CurrentLoad: each has the voltage and the heat of one."""
    parts = [
        mt.Part("plate", mt.rectangle((LENGTH, 0.6 * mm)), (-0.1 * mm, 0.0), mt.Material("insulator", 1e-6)),
        mt.Part("left", mt.rectangle((LENGTH, 0.2 * mm), at=(0, -0.2 * mm)), (0.0, 0.1 * mm), METAL),
        mt.Part("right", mt.rectangle((LENGTH, 0.2 * mm), at=(0, 0.2 * mm)), (0.0, 0.1 * mm), METAL),
    ]
    package = mt.Package.from_parts(parts)
    thermal = [mt.FixedTemperature(f"{name}.{end}", ENDS) for name in ("left", "right") for end in ("x_min", "x_max")]
    case = mt.Case(
        package,
        [
            *thermal,
            mt.Voltage("left.x_min", 1.0),
            mt.CurrentLoad("left.x_max", "right.x_max", BY_CURRENT.current),
            mt.Voltage("right.x_min", 0.0),
        ],
    )
    mesh = mt.generate_mesh(package, mt.MeshSpec(max_size=0.05 * mm, edge_size=0.05 * mm, layer_size=0.1 * mm))
    result = mt.solve_steady(case, mesh, tolerance=1e-11)
    assert result.voltage("left.x_max") == pytest.approx(1.0 - BY_CURRENT.voltage, rel=1e-5)
    assert result.voltage("right.x_max") == pytest.approx(BY_CURRENT.voltage, rel=1e-5)
    assert result.current("left.x_min") == pytest.approx(BY_CURRENT.current, rel=1e-9)
    assert result.current("left.x_max") == pytest.approx(-BY_CURRENT.current, rel=1e-9)
    assert result.joule_power("left") == pytest.approx(BY_CURRENT.current * BY_CURRENT.voltage, rel=1e-5)
    assert result.max_temperature("right") - ENDS == pytest.approx(BY_CURRENT.max_rise, rel=1e-4)


def test_terminals_that_share_an_edge_share_no_current() -> None:
    """Two grounded faces at a corner, fed from a third at a uniform density: they carry what comes in."""
    package, mesh, _, _ = bar("x")
    thermal = [mt.FixedTemperature("bar.bottom", ENDS)]
    for first, second in (("bar.x_min", "bar.y_min"), ("bar.y_min", "bar.x_min")):
        electrical = [mt.Voltage(first, 0.0), mt.Voltage(second, 0.0), mt.Current("bar.y_max", 1.0, "uniform")]
        result = mt.solve_steady(mt.Case(package, [*thermal, *electrical]), mesh)
        assert result.current(first) + result.current(second) == pytest.approx(-1.0, rel=1e-8)
        assert result.current("bar.y_min") < result.current("bar.x_min") < -1e-2
