"""Orders in time and in space of the coupled transient with a manufactured solution.

In a block of side L with an even field E(t) along z, T = 300 K + a(t) (1.2 + cos(pi x / L) cos(pi y / L)) has no flux
through the sides. The conductivity sigma(T) makes the current depend on the temperature, and its Joule heat, k(T) and
c(T) enter the source that is missing. Salari and Knupp, SAND2000-1444.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mcpthermal as mt
from mcpthermal.fem.discretisation import make_space
from mcpthermal.solve import thermal

Floats = NDArray[np.float64]

SIDE, END, PERIOD = 1e-3, 1e-3, 1.6e-3
FIELD = 280.0
"""V/m, beside which half of it comes and goes with the period."""

SIGMA = mt.Metal(1e-6, 4e-3, 300.0)
K = mt.PowerLaw(148.0, 300.0, -1.3)
DENSITY, C = 2330.0, mt.Polynomial((712.0, 1.5, -2e-3), 300.0)
MATERIAL = mt.Material("manufactured", K, SIGMA, density=DENSITY, specific_heat=C)
PI = np.pi


def field(time: float) -> float:
    """V/m."""
    return FIELD * (1 + 0.5 * np.sin(2 * PI * time / PERIOD))


def exact(points: Floats, time: float) -> Floats:
    """K."""
    x, y = points[:, 0] / SIDE + 0.5, points[:, 1] / SIDE + 0.5
    return np.asarray(300 + 40 * (1 - np.cos(2 * PI * time / PERIOD)) * (1.2 + np.cos(PI * x) * np.cos(PI * y)))


def source(points: Floats, time: float) -> Floats:
    """W/m3, what must be fed in beside the Joule heat."""
    x, y = points[:, 0] / SIDE + 0.5, points[:, 1] / SIDE + 0.5
    amount, rate = 40 * (1 - np.cos(2 * PI * time / PERIOD)), 80 * PI / PERIOD * np.sin(2 * PI * time / PERIOD)
    wave, temperature = np.cos(PI * x) * np.cos(PI * y), exact(points, time)
    steepness = (amount * PI / SIDE) ** 2 * (
        (np.sin(PI * x) * np.cos(PI * y)) ** 2 + (np.cos(PI * x) * np.sin(PI * y)) ** 2
    )
    conducted = K.derivative(temperature) * steepness - K(temperature) * 2 * (PI / SIDE) ** 2 * amount * wave
    released = SIGMA(temperature) * field(time) ** 2
    return np.asarray(DENSITY * C(temperature) * rate * (1.2 + wave) - conducted - released)


class Fed:
    """The source in the place of a power."""

    def __init__(self, case: mt.Case, space: Any, load: Any) -> None:
        self.place, self.kind, self.space, self.view = load.place, "power", space, space.view()
        self.set_time(0.0)

    def set_time(self, time: float) -> None:
        """Take the values of a time (s)."""
        total = self.view.zeros()
        for block in self.space.blocks:
            volume = self.space.volumes(block)
            density = source(quadrature_points(self.space, self.view, block), time).reshape(volume.shape)
            self.view.add(total, block, density * volume)
        self.load = self.view.collect(total)


def quadrature_points(space: Any, view: Any, block: int) -> Floats:
    """(n, 3)"""
    columns = [view.values(np.ascontiguousarray(space.points[:, axis]), block).ravel() for axis in range(3)]
    return np.stack(columns, axis=1)


def block(n: int) -> tuple[mt.Package, Any]:
    """The block with n triangles along a side."""
    package = mt.Package.from_parts([mt.Part("block", mt.rectangle(SIDE), (0.0, SIDE / 4), MATERIAL)])
    return package, mt.generate_mesh(package, mt.MeshSpec(max_size=SIDE / n, layer_size=SIDE))


def solve(package: mt.Package, mesh: Any, method: str, steps: int, order: int = 2) -> tuple[float, float]:
    """The error of the temperature in the mean square (K), and the relative one of the current, at the end."""
    drive = mt.Waveform.sinusoid(FIELD / 2 * SIDE / 4, PERIOD, FIELD * SIDE / 4)
    loads = [mt.Power("block", 1.0), mt.Voltage("top", drive), mt.Voltage("bottom", 0.0)]
    # The case needs a way out of the heat, which takes a billionth of it.
    case = mt.Case(package, [*loads, mt.Convection("bottom", 1e-6, 300.0)])
    fixed = mt.FixedSteps(END / steps)
    result = mt.solve_transient(case, mesh, END, method=method, steps=fixed, order=order, linear_tolerance=1e-11)
    space = make_space(mesh, mesh.solid, order, None)
    view, square, volume, current = space.view(), 0.0, 0.0, 0.0
    for number in space.blocks:
        weights, points = space.volumes(number), quadrature_points(space, view, number)
        right = exact(points, END).reshape(weights.shape)
        square += float(((view.values(result.final.temperature, number) - right) ** 2 * weights).sum())
        volume += float(weights.sum())
        current += float((SIGMA(right) * field(END) * weights).sum()) / (SIDE / 4)
    return (square / volume) ** 0.5, abs(result.final.current("top") / current - 1)


@pytest.fixture(autouse=True)
def fed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thermal, "Source", Fed)


def test_order_in_time() -> None:
    errors = [solve(*block(6), "tr_bdf2", steps) for steps in (8, 16)]
    for kind in (0, 1):
        orders = [np.log2(coarse[kind] / fine[kind]) for coarse, fine in pairwise(errors)]
        assert orders[-1] == pytest.approx(2.0, abs=0.25), errors


CASES = {
    "columns": (2, (3, 6), 3.0),
    "quadratic tetrahedra": (2, (3, 6), 3.0),
    "linear tetrahedra": (1, (5, 10), 2.0),
}


@pytest.mark.parametrize("kind", CASES)
def test_order_in_space(kind: str, split: Callable[..., Any]) -> None:
    order, sizes, expected = CASES[kind]
    errors, widths = [], []
    for n in sizes:
        package, mesh = block(n)
        widths.append((mesh.n_cells) ** -0.5)
        target = (package, mesh) if kind == "columns" else split(package, mesh)
        errors.append(solve(*target, "esdirk43", 8, order))
    for which in (0, 1):
        found = np.log(errors[0][which] / errors[1][which]) / np.log(widths[0] / widths[1])
        # Falling faster than the theory is no failure: so does the current, an integral.
        assert found > expected - 0.25, errors
    assert errors[1][0] < (0.05 if order == 2 else 0.5)
