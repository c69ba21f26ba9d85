"""Orders of convergence of the coupled problem with a manufactured solution.

Reference: Salari and Knupp, Code verification by the method of manufactured solutions, SAND2000-1444. On a
cube, in units of its side, phi = x + 0.1 sin(pi x) cos(pi y) cos(pi z) and T = 300 + 50 sin(pi x) cos(pi y)
+ 20 z^2, with sigma(T) and a full tensor k(T). Above a contact in the middle both jump. The sources in the volume
and at the contact are worked out below by the chain rule; the public loads do not offer them, so the spaces are
used directly. Optimal orders: 3 (L2) and 2 (H1) of quadratic elements, 2 and 1 of linear ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mcpthermal as mt
from mcpthermal.fem.discretisation import make_space
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, joule
from mcpthermal.linalg import Solver
from mcpthermal.solve.contacts import Contact

Floats = NDArray[np.float64]

SIDE = 1.0e-3
S0, A = 5.0e4, 4.0e-3
SIGMA = mt.Metal(1 / S0, A, 300.0)
K = {
    "xx": mt.Linear(100.0, -0.1, 300.0),
    "yy": mt.PowerLaw(80.0, 300.0, -1.3),
    "zz": mt.Polynomial((40.0, 0.1, 1e-4), 300.0),
    "yz": mt.Linear(10.0, 0.05, 300.0),
    "xz": mt.Constant(-8.0),
    "xy": mt.Linear(20.0, -0.05, 300.0),
}
MATERIAL = mt.Material("manufactured", K, SIGMA)
RESISTANCE, RESISTIVITY = 2e-5, 1e-8
"""Of the contact: K m2/W, ohm m2."""
PI = np.pi


def derivatives(points: Floats, upper: Any) -> dict[str, Any]:
    """Value, gradient (3, n) and second derivatives (3, 3, n) of phi and T, in SI units; `upper` over the contact."""
    x, y, z = points[:, 0] / SIDE + 0.5, points[:, 1] / SIDE + 0.5, points[:, 2] / SIDE
    sx, cx, sy, cy, sz, cz = (f(PI * c) for c in (x, y, z) for f in (np.sin, np.cos))
    up = np.where(upper, 1.0, 0.0)
    phi_xy, zero = -0.1 * PI**2 * cx * sy * cz + 0.1 * up, np.zeros_like(x)
    phi_xz, phi_yz, twice = -0.1 * PI**2 * cx * cy * sz, 0.1 * PI**2 * sx * sy * sz, -0.1 * PI**2 * sx * cy * cz
    t_xy, t_xx = -50 * PI**2 * cx * sy + 5 * up, -50 * PI**2 * sx * cy
    slopes = [
        1 + 0.1 * PI * cx * cy * cz + 0.1 * y * up,
        -0.1 * PI * sx * sy * cz + 0.1 * x * up,
        -0.1 * PI * sx * cy * sz,
    ]
    return {
        "phi": x + 0.1 * sx * cy * cz + (0.2 + 0.1 * x * y) * up,
        "grad phi": np.array(slopes) / SIDE,
        "second phi": np.array([[twice, phi_xy, phi_xz], [phi_xy, twice, phi_yz], [phi_xz, phi_yz, twice]]) / SIDE**2,
        "T": 300 + 50 * sx * cy + 20 * z**2 + (10 + 5 * x * y) * up,
        "grad T": np.array([50 * PI * cx * cy + 5 * y * up, -50 * PI * sx * sy + 5 * x * up, 40 * z]) / SIDE,
        "second T": np.array([[t_xx, t_xy, zero], [t_xy, t_xx, zero], [zero, zero, 40 + zero]]) / SIDE**2,
    }


def tensor(temperature: Floats, slope: bool = False) -> Floats:
    """(3, 3, n) conductivities, or their derivatives."""
    rows = (("xx", "xy", "xz"), ("xy", "yy", "yz"), ("xz", "yz", "zz"))
    return np.array(
        [[K[name].derivative(temperature) if slope else K[name](temperature) for name in row] for row in rows]
    )


def sources(points: Floats, upper: Any) -> tuple[Floats, Floats]:
    """What must be fed in for phi (A/m3) and, beside the Joule heat, for T (W/m3)."""
    d = derivatives(points, upper)
    t = d["T"] - 300
    sigma, slope = S0 / (1 + A * t), -S0 * A / (1 + A * t) ** 2
    current = -(slope * (d["grad T"] * d["grad phi"]).sum(axis=0) + sigma * np.einsum("iin->n", d["second phi"]))
    heat = -np.einsum("ijn,in,jn->n", tensor(d["T"], slope=True), d["grad T"], d["grad T"])
    heat -= np.einsum("ijn,ijn->n", tensor(d["T"]), d["second T"])
    return current, heat - sigma * (d["grad phi"] ** 2).sum(axis=0)


@pytest.mark.parametrize("upper", [False, True])
def test_the_sources_are_those_of_finite_differences(upper: bool) -> None:
    point, step = np.array([0.13, -0.21, 0.37]) * SIDE, 1e-4 * SIDE
    current, heat = 0.0, 0.0
    for axis in range(3):
        shift = step * np.eye(3)[axis]
        ends = derivatives(np.array([point - shift, point + shift]), upper)
        current -= np.diff(SIGMA(ends["T"]) * ends["grad phi"][axis])[0] / (2 * step)
        heat -= np.diff(np.einsum("jn,jn->n", tensor(ends["T"])[axis], ends["grad T"]))[0] / (2 * step)
    here = derivatives(point[None], upper)
    released = SIGMA(here["T"])[0] * (here["grad phi"] ** 2).sum()
    found = sources(point[None], upper)
    assert found[0][0] == pytest.approx(current, rel=1e-4)
    assert found[1][0] == pytest.approx(heat - released, rel=1e-4)


class Problem:
    """The cube on a mesh, with or without a contact in the middle."""

    def __init__(self, package: mt.Package, mesh: Any, order: int, cut: bool) -> None:
        middle = len(package.names) // 2
        contact = mt.Interface(package.names[middle - 1], package.names[middle], RESISTANCE, RESISTIVITY)
        case = mt.Case(package, [contact, mt.FixedTemperature("top", 300.0)])
        faces = case.interface_faces(mesh, contact)
        self.space: Any = make_space(mesh, mesh.solid, order, faces if cut else None)
        cells = mesh.of_parts(np.arange(len(package.names)) >= middle) & cut
        self.upper = np.zeros(self.space.size, bool)
        self.upper[self.space.cell_entries(cells)] = True
        self.cut = cut
        self.contact = Contact(contact, mesh, faces, self.space, self.space, mesh.solid) if cut else None
        self.axes = [MATERIAL.thermal_axes] * len(package.names)
        self.sigma = [MATERIAL.electrical_axes] * len(package.names)
        self.view = self.space.view()

    def points(self, block: int) -> Floats:
        """(n, 3) the quadrature points of a block."""
        columns = [self.view.values(np.ascontiguousarray(self.space.points[:, axis]), block) for axis in range(3)]
        return np.stack([column.ravel() for column in columns], axis=1)

    def above(self, points: Floats) -> Any:
        return self.cut & (points[:, 2] > SIDE / 2)

    def loads(self) -> list[Floats]:
        """The sources of phi and T."""
        totals = [self.view.zeros(), self.view.zeros()]
        for block in self.space.blocks:
            points, volume = self.points(block), self.space.volumes(block)
            for total, density in zip(totals, sources(points, self.above(points)), strict=True):
                self.view.add(total, block, density.reshape(volume.shape) * volume)
        loads = [self.view.collect(total) for total in totals]
        if self.contact is not None:
            for load, more in zip(loads, self.at_contact(self.contact), strict=True):
                load += more
        return loads

    def at_contact(self, contact: Any) -> list[Floats]:
        """What the exact fields need at the contact beside its laws: fluxes out of both sides, and the exchange."""
        loads = [np.zeros(self.space.size), np.zeros(self.space.size)]
        for patches in contact.thermal:
            place = np.stack([patches[0].at_points(self.space.points[:, axis]).ravel() for axis in range(3)], axis=1)
            sides = [derivatives(place, upper) for upper in (False, True)]
            jump = {name: sides[0][name] - sides[1][name] for name in ("phi", "T")}
            joule_heat = jump["phi"] ** 2 / RESISTIVITY
            for patch, d, sign in zip(patches, sides, (1.0, -1.0), strict=True):
                current = sign * (SIGMA(d["T"]) * d["grad phi"][2] + jump["phi"] / RESISTIVITY)
                heat = sign * (np.einsum("jn,jn->n", tensor(d["T"])[2], d["grad T"]) + jump["T"] / RESISTANCE)
                for load, density in zip(loads, (current, heat - joule_heat / 2), strict=True):
                    load += patch.load(density.reshape(patch.weights.shape), len(load))
        return loads

    def solve(self) -> dict[str, float]:
        """The four errors of the coupled solution."""
        space, exact = self.space, derivatives(self.space.points, self.upper)
        place = space.points / SIDE + [0.5, 0.5, 0.0]
        boundary = np.flatnonzero((np.minimum(place, 1 - place) < 1e-9).any(axis=1))
        current, heat = self.loads()
        number = {name: Numbering(space.active, [(boundary, exact[name][boundary])]) for name in ("phi", "T")}
        solvers = {name: Solver(1e-11, "direct") for name in ("phi", "T")}

        def linear(name: str, operator: Any, load: Floats) -> Floats:
            rest = number[name].collapse(load - operator.apply(number[name].values))
            return number[name].field(solvers[name].solve(space.system(operator, number[name]), rest)[0])

        temperature, change = np.full(space.size, 320.0), np.inf
        while change > 1e-8:
            known = at_points(space, temperature)
            conductors, body = space.operator(self.sigma, known), space.operator(self.axes, known)
            if self.contact is not None:
                conductors.add_matrices([self.contact.electrical_matrix(temperature, space.size)])
                body.add_matrices([self.contact.thermal_terms(temperature)[0]])
            potential = linear("phi", conductors, current)
            released, _ = joule(space, potential, self.sigma, known, space)
            if self.contact is not None:
                released += self.contact.heat(temperature, potential)[0]
            last, temperature = temperature, linear("T", body, heat + released)
            change = float(np.abs(temperature - last).max())
        return self.errors({"phi": potential, "T": temperature})

    def errors(self, found: dict[str, Floats]) -> dict[str, float]:
        """The norms of the errors and of their gradients."""
        total = dict.fromkeys(("L2 phi", "L2 T", "H1 phi", "H1 T"), 0.0)
        for block in self.space.blocks:
            points, volume = self.points(block), self.space.volumes(block)
            exact = derivatives(points, self.above(points))
            for name, raw in found.items():
                error = self.view.values(raw, block) - exact[name].reshape(volume.shape)
                total[f"L2 {name}"] += float((error**2 * volume).sum())
                for axis, slope in enumerate(self.view.gradient(raw, block)):
                    error = slope - exact[f"grad {name}"][axis].reshape(volume.shape)
                    total[f"H1 {name}"] += float((error**2 * volume).sum())
        return {name: value**0.5 for name, value in total.items()}


def cube(n: int) -> tuple[mt.Package, mt.ColumnMesh]:
    """The cube in n even layers, with triangles of the same size."""
    levels = np.linspace(0.0, SIDE, n + 1).tolist()
    outline = mt.rectangle((SIDE, SIDE))
    package = mt.Package.from_parts(
        mt.Part(f"slice{i}", outline, (levels[i], levels[i + 1]), MATERIAL) for i in range(n)
    )
    return package, mt.generate_mesh(package, mt.MeshSpec(max_size=SIDE / n, layer_size=SIDE))


CASES = {
    "columns": ((4, 8), {"L2": 3.0, "H1": 2.0}),
    "quadratic tetrahedra": ((4, 8), {"L2": 3.0, "H1": 2.0}),
    "linear tetrahedra": ((6, 10), {"L2": 2.0, "H1": 1.0}),
}


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "contact"])
@pytest.mark.parametrize("kind", CASES)
def test_orders(kind: str, cut: bool, split: Callable[..., Any]) -> None:
    sizes, expected = CASES[kind]
    errors, widths = [], []
    for n in sizes:
        package, mesh = cube(n)
        widths.append(mesh.n_cells ** (-1 / 3))
        target = (package, mesh) if kind == "columns" else split(package, mesh)
        errors.append(Problem(*target, 1 if kind == "linear tetrahedra" else 2, cut).solve())
    ratio = np.log(widths[0] / widths[1])
    orders = {name: float(np.log(errors[0][name] / errors[1][name]) / ratio) for name in errors[0]}
    report = ", ".join(f"{name}: {errors[1][name]:.3g} (order {order:.2f})" for name, order in orders.items())
    for name, order in orders.items():
        # Falling faster than the theory is no failure.
        assert expected[name[:2]] - 0.25 < order < expected[name[:2]] + 0.6, report
    print(report)
