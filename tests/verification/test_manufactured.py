"""Orders of convergence of the coupled problem with a manufactured solution.

Reference: Salari and Knupp, Code verification by the method of manufactured solutions, SAND2000-1444. On a
cube, in units of its side, phi = x + 0.1 sin(pi x) cos(pi y) cos(pi z) and
T = 300 + 50 sin(pi x) cos(pi y) + 20 z^2, with sigma(T) and an orthotropic k(T). The sources are worked out
below by the chain rule; the public loads do not offer them, so the spaces are used directly. Optimal orders:
3 (L2) and 2 (H1) of quadratic elements, 2 and 1 of linear ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skfem import ElementTetP1, ElementTetP2, ElementTriP2
from skfem.quadrature import get_quadrature
from skfem.refdom import RefLine, RefTet, RefTri

import mcpthermal as mt
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.discretisation import make_space
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.tetrahedra import TetSpace
from mcpthermal.linalg import Solver

Floats = NDArray[np.float64]

SIDE = 1.0e-3
S0, A = 5.0e4, 4.0e-3
SIGMA = mt.Metal(1 / S0, A, 300.0)
K = (mt.Linear(100.0, -0.1, 300.0), mt.PowerLaw(80.0, 300.0, -1.3), mt.Polynomial((40.0, 0.1, 1e-4), 300.0))
MATERIAL = mt.Material("manufactured", K, SIGMA)
PI = np.pi


def derivatives(points: Floats) -> dict[str, Any]:
    """Value, gradient (3, n) and second derivatives (3, n) along the axes, of phi and T, in SI units."""
    x, y, z = points[:, 0] / SIDE + 0.5, points[:, 1] / SIDE + 0.5, points[:, 2] / SIDE
    sx, cx, sy, cy, sz, cz = (f(PI * c) for c in (x, y, z) for f in (np.sin, np.cos))
    zero = np.zeros_like(x)
    return {
        "phi": x + 0.1 * sx * cy * cz,
        "grad phi": np.array([1 + 0.1 * PI * cx * cy * cz, -0.1 * PI * sx * sy * cz, -0.1 * PI * sx * cy * sz]) / SIDE,
        "second phi": np.array([-0.1 * PI**2 * sx * cy * cz] * 3) / SIDE**2,
        "T": 300 + 50 * sx * cy + 20 * z**2,
        "grad T": np.array([50 * PI * cx * cy, -50 * PI * sx * sy, 40 * z]) / SIDE,
        "second T": np.array([-50 * PI**2 * sx * cy, -50 * PI**2 * sx * cy, 40 + zero]) / SIDE**2,
    }


def sources(points: Floats) -> tuple[Floats, Floats]:
    """What must be fed in for phi (A/m3) and, beside the Joule heat, for T (W/m3)."""
    d = derivatives(points)
    t = d["T"] - 300
    sigma, slope = S0 / (1 + A * t), -S0 * A / (1 + A * t) ** 2
    current = -(slope * (d["grad T"] * d["grad phi"]).sum(axis=0) + sigma * d["second phi"].sum(axis=0))
    ratio = d["T"] / 300
    k = np.array([100 - 0.1 * t, 80 * ratio**-1.3, 40 + 0.1 * t + 1e-4 * t**2])
    k_slope = np.array([-0.1 + 0 * t, -1.3 * 80 / 300 * ratio**-2.3, 0.1 + 2e-4 * t])
    heat = -(k_slope * d["grad T"] ** 2 + k * d["second T"]).sum(axis=0)
    return current, heat - sigma * (d["grad phi"] ** 2).sum(axis=0)


def test_the_sources_are_those_of_finite_differences() -> None:
    point, step = np.array([0.13, -0.21, 0.37]) * SIDE, 1e-4 * SIDE
    current, heat = 0.0, 0.0
    for axis in range(3):
        shift = step * np.eye(3)[axis]
        ends = derivatives(np.array([point - shift, point + shift]))
        sigma = SIGMA(ends["T"])
        current -= np.diff(sigma * ends["grad phi"][axis])[0] / (2 * step)
        heat -= np.diff(K[axis](ends["T"]) * ends["grad T"][axis])[0] / (2 * step)
    here = derivatives(point[None])
    joule = SIGMA(here["T"])[0] * (here["grad phi"] ** 2).sum()
    found = sources(point[None])
    assert found[0][0] == pytest.approx(current, rel=1e-6)
    assert found[1][0] == pytest.approx(heat - joule, rel=1e-6)


class Elements:
    """All cells of a space with a quadrature rule of a high degree: nodes, shape functions and weights."""

    def __init__(self, space: Any) -> None:
        if isinstance(space, ColumnSpace):
            planar, planar_weights = get_quadrature(RefTri, 8)
            line, line_weights = get_quadrature(RefLine, 8)
            x = line[0]
            vertical = np.stack([(2 * x - 1) * (x - 1), 4 * x * (1 - x), x * (2 * x - 1)], axis=1)
            shapes = np.stack([ElementTriP2().lbasis(planar, i)[0] for i in range(6)], axis=1)
            self.shapes = np.kron(shapes, vertical)
            weights = np.outer(planar_weights, line_weights).ravel()
            layers = 2 * np.arange(len(space.heights))[:, None, None, None] + np.arange(3)
            self.nodes = (space.plane.dofs[:, :, None] * space.shape[1] + layers).reshape(-1, 18)
            size = np.outer(space.heights, 2 * space.mesh.areas).ravel()
        else:
            assert isinstance(space, TetSpace)
            points, weights = get_quadrature(RefTet, 7)
            element = ElementTetP2() if space.order == 2 else ElementTetP1()
            count = space.dofs.shape[1]
            self.shapes = np.stack(
                [np.broadcast_to(element.lbasis(points, i)[0], points.shape[1:]) for i in range(count)], 1
            )
            self.nodes, size = space.dofs, 6 * space.volume
        self.weights = np.multiply.outer(size, weights)
        self.points = (self.shapes @ space.points[self.nodes]).reshape(-1, 3)
        self.size = space.size

    def load(self, density: Floats) -> Floats:
        local = (density.reshape(self.weights.shape) * self.weights) @ self.shapes
        return np.asarray(np.bincount(self.nodes.ravel(), local.ravel(), minlength=self.size), float)

    def norm(self, raw: Floats, exact: Floats) -> float:
        values = raw[self.nodes] @ self.shapes.T
        return float(np.sqrt(((values - exact.reshape(values.shape)) ** 2 * self.weights).sum()))


def h1_norm(space: Any, raw: Floats, axes: Any, which: str) -> float:
    """The norm of the gradient's error, at the space's own quadrature points."""
    sample = [space.sampler(np.ascontiguousarray(space.points[:, axis])) for axis in range(3)]
    total = 0.0
    for number, (_, _, gradient, volume) in enumerate(space.fluxes(raw, axes, space.sampler(raw + 300))):
        points = np.stack([s(number).ravel() for s in sample], axis=1)
        exact = derivatives(points)[which]
        for axis in range(3):
            error = np.asarray(gradient[axis]).ravel() - exact[axis]
            total += float((error**2 * np.broadcast_to(volume, np.shape(gradient[axis])).ravel()).sum())
    return float(np.sqrt(total))


def solve(space: Any) -> dict[str, float]:
    """The four errors of the coupled solution."""
    inside = derivatives(space.points)
    place = space.points / SIDE + [0.5, 0.5, 0.0]
    boundary = np.flatnonzero((np.minimum(place, 1 - place) < 1e-9).any(axis=1))
    elements = Elements(space)
    current, heat = (elements.load(density) for density in sources(elements.points))
    sigma, k = [MATERIAL.electrical_axes], [MATERIAL.thermal_axes]
    numbering = {name: Numbering(space.active, [(boundary, inside[name][boundary])]) for name in ("phi", "T")}
    solvers = {name: Solver(1e-11, "direct") for name in ("phi", "T")}

    def linear(name: str, axes: Any, temperature: Floats, load: Floats) -> Floats:
        number = numbering[name]
        operator = space.operator(axes, space.sampler(temperature))
        rest = number.collapse(load - operator.apply(number.values))
        return number.field(solvers[name].solve(space.system(operator, number), rest)[0])

    temperature, change = np.full(space.size, 320.0), np.inf
    while change > 1e-8:
        potential = linear("phi", sigma, temperature, current)
        joule, _ = space.joule(potential, sigma, space.sampler(temperature), space)
        last, temperature = temperature, linear("T", k, temperature, heat + joule)
        change = float(np.abs(temperature - last).max())
    exact = derivatives(elements.points)
    return {
        "L2 phi": elements.norm(potential, exact["phi"]),
        "L2 T": elements.norm(temperature, exact["T"]),
        "H1 phi": h1_norm(space, potential, sigma, "grad phi"),
        "H1 T": h1_norm(space, temperature, k, "grad T"),
    }


def cube(n: int) -> tuple[mt.Package, mt.ColumnMesh]:
    """The cube in n even layers, with triangles of the same size."""
    levels = np.linspace(0.0, SIDE, n + 1).tolist()
    outline = mt.rectangle((SIDE, SIDE))
    package = mt.Package.from_parts(
        mt.Part(f"slice{i}", outline, (levels[i], levels[i + 1]), MATERIAL) for i in range(n)
    )
    return package, mt.generate_mesh(package, mt.MeshSpec(max_size=SIDE / n, layer_size=SIDE))


class OnePart:
    """A space that sees all slices as one part of one material."""

    def __new__(cls, mesh: Any, order: int) -> Any:
        space = make_space(mesh, mesh.solid, order)
        space.part = np.zeros_like(space.part)  # type: ignore[attr-defined]
        return space


def check_orders(kind: str, sizes: tuple[int, int], split: Callable[..., Any], expected: dict[str, float]) -> None:
    errors, widths = [], []
    for n in sizes:
        package, mesh = cube(n)
        target = mesh if kind == "columns" else split(package, mesh)[1]
        errors.append(solve(OnePart(target, 1 if kind == "linear tetrahedra" else 2)))
        widths.append(mesh.n_cells ** (-1 / 3))
    ratio = np.log(widths[0] / widths[1])
    orders = {name: float(np.log(errors[0][name] / errors[1][name]) / ratio) for name in errors[0]}
    report = ", ".join(f"{name}: {errors[1][name]:.3g} (order {order:.2f})" for name, order in orders.items())
    for name, order in orders.items():
        # Falling faster than the theory is no failure.
        assert expected[name[:2]] - 0.25 < order < expected[name[:2]] + 0.6, report
    print(report)


def test_orders_of_columns(split: Callable[..., Any]) -> None:
    check_orders("columns", (5, 10), split, {"L2": 3.0, "H1": 2.0})


def test_orders_of_quadratic_tetrahedra(split: Callable[..., Any]) -> None:
    check_orders("quadratic tetrahedra", (4, 8), split, {"L2": 3.0, "H1": 2.0})


def test_orders_of_linear_tetrahedra(split: Callable[..., Any]) -> None:
    check_orders("linear tetrahedra", (6, 12), split, {"L2": 2.0, "H1": 1.0})
