"""A slab of layers with volume power between a fixed temperature and convection.

Reference: the exact solution, one-dimensional conduction with a uniform source in each layer (Carslaw and
Jaeger, Conduction of Heat in Solids, section 3.14). It is quadratic in each layer, so that quadratic
elements must reproduce it to round-off.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um

SIDE = 1.0 * mm
BOTTOM, AMBIENT, H = 400.0, 300.0, 2.0e4

# name, thickness (m), conductivity along x, y, z (W/(m K)), power (W)
LAYERS = (
    ("base", 500 * um, (390.0, 390.0, 390.0), 0.0),
    ("laminate", 200 * um, (50.0, 20.0, 0.8), 0.02),
    ("chip", 300 * um, (130.0, 130.0, 110.0), 0.2),
)


class Exact:
    """Temperature and upward flux density at the foot of each layer, and all that follows."""

    def __init__(self) -> None:
        area = SIDE**2
        self.source = [power / (area * d) for _, d, _, power in LAYERS]

        def march(flux: float) -> tuple[list[float], list[float]]:
            temperature, fluxes = [BOTTOM], [flux]
            for (_, d, k, _), s in zip(LAYERS, self.source, strict=True):
                temperature.append(temperature[-1] - fluxes[-1] * d / k[2] - s * d**2 / (2 * k[2]))
                fluxes.append(fluxes[-1] + s * d)
            return temperature, fluxes

        def mismatch(flux: float) -> float:
            temperature, fluxes = march(flux)
            return fluxes[-1] - H * (temperature[-1] - AMBIENT)

        # Linear in the unknown flux.
        start, slope = mismatch(0.0), mismatch(1.0) - mismatch(0.0)
        self.temperature, self.flux = march(-start / slope)
        self.foot = np.cumsum([0.0, *(d for _, d, _, _ in LAYERS)])

    def at(self, z: float) -> float:
        i = min(int(np.searchsorted(self.foot, z, side="right")) - 1, len(LAYERS) - 1)
        x, k = z - self.foot[i], LAYERS[i][2][2]
        return float(self.temperature[i] - self.flux[i] * x / k - self.source[i] * x**2 / (2 * k))

    def mean(self, i: int) -> float:
        d, k = LAYERS[i][1], LAYERS[i][2][2]
        return float(self.temperature[i] - self.flux[i] * d / (2 * k) - self.source[i] * d**2 / (6 * k))


EXACT = Exact()
RISE = BOTTOM - AMBIENT


def package() -> mt.Package:
    outline = mt.rectangle((SIDE, SIDE))
    parts = [
        mt.Part(
            name,
            outline,
            (float(EXACT.foot[i]), float(EXACT.foot[i + 1])),
            mt.Material(f"{name}_material", k),
        )
        for i, (name, _, k, _) in enumerate(LAYERS)
    ]
    return mt.Package.from_parts(parts)


def loads() -> list[Any]:
    sources = [mt.Power(name, power) for name, _, _, power in LAYERS if power]
    return [*sources, mt.FixedTemperature("bottom", BOTTOM), mt.Convection("top", h=H, ambient=AMBIENT)]


def check(result: mt.SteadyResult, tolerance: float) -> None:
    heights = np.linspace(0.0, EXACT.foot[-1], 23)
    points = np.column_stack([np.linspace(-0.4, 0.37, 23) * SIDE, np.linspace(0.31, -0.45, 23) * SIDE, heights])
    error = result.temperature_at(points) - [EXACT.at(z) for z in heights]
    assert np.abs(error).max() < tolerance * RISE
    for i, (name, *_) in enumerate(LAYERS):
        # The flux is upward everywhere: each layer is hottest at its foot.
        assert result.max_temperature(name) == pytest.approx(EXACT.temperature[i], abs=tolerance * RISE)
        assert result.min_temperature(name) == pytest.approx(EXACT.temperature[i + 1], abs=tolerance * RISE)
        assert result.mean_temperature(name) == pytest.approx(EXACT.mean(i), abs=tolerance * RISE)
    assert result.heat_out("top") == pytest.approx(EXACT.flux[-1] * SIDE**2, rel=10 * tolerance)
    assert result.heat_out("bottom") == pytest.approx(-EXACT.flux[0] * SIDE**2, rel=10 * tolerance)
    assert result.heat_out() == pytest.approx(sum(power for *_, power in LAYERS), rel=10 * tolerance)
    assert result.balance.relative_defect < 1e-8


SPEC = mt.MeshSpec(max_size=0.3 * mm, layer_size=0.13 * mm)


def test_the_solution_has_upward_flux_everywhere() -> None:
    assert min(EXACT.flux) > 0
    assert np.diff(EXACT.temperature).max() < 0


def test_columns_are_exact() -> None:
    whole = package()
    result = mt.solve_steady(mt.Case(whole, loads()), mt.generate_mesh(whole, SPEC), linear_tolerance=1e-13)
    check(result, 1e-9)


def test_one_layer_of_cells_is_enough() -> None:
    whole = package()
    mesh = mt.generate_mesh(whole, mt.MeshSpec(max_size=1.0 * mm, layer_size=1.0 * mm))
    assert len(mesh.heights) == len(LAYERS)
    check(mt.solve_steady(mt.Case(whole, loads()), mesh, linear_tolerance=1e-13), 1e-9)


def test_quadratic_tetrahedra_are_exact(split: Callable[..., Any]) -> None:
    whole = package()
    same, mesh = split(whole, mt.generate_mesh(whole, SPEC))
    check(mt.solve_steady(mt.Case(same, loads()), mesh, linear_tolerance=1e-13), 1e-9)


def test_quadratic_tetrahedra_from_a_file_are_exact(tmp_path: Path) -> None:
    whole = package()
    path = mt.write_mesh(mt.generate_mesh(whole, SPEC), tmp_path / "slab.msh", cells="tetrahedra")
    mesh = mt.read_mesh(path)
    same = mt.Package.from_mesh(mesh, {part.name: part.material for part in whole.parts})
    check(mt.solve_steady(mt.Case(same, loads()), linear_tolerance=1e-13), 1e-9)


def test_a_tilted_orthotropy_is_seen() -> None:
    """Heat along x, with sides fixed: only k_x counts, and the order of the axes with it."""
    for axis, (low, high) in enumerate((("x_min", "x_max"), ("y_min", "y_max"))):
        block = mt.Part("block", mt.rectangle((SIDE, SIDE)), (0.0, 200 * um), mt.Material("m", (50.0, 20.0, 5.0)))
        whole = mt.Package.from_parts([block])
        loads = [mt.FixedTemperature(f"block.{low}", 300.0), mt.HeatFlux(f"block.{high}", 1.0e6)]
        mesh = mt.generate_mesh(whole, mt.MeshSpec(max_size=0.4 * mm, layer_size=0.2 * mm))
        result = mt.solve_steady(mt.Case(whole, loads), mesh, linear_tolerance=1e-13)
        rise = 1.0e6 * SIDE / (50.0, 20.0)[axis]
        assert result.max_temperature() - 300.0 == pytest.approx(rise, rel=1e-9)
        assert result.heat_out(f"block.{low}") == pytest.approx(1.0e6 * SIDE * 200 * um, rel=1e-9)
