"""The matrices and maps of a plane against plain scikit-fem assembly and explicit products."""

from __future__ import annotations

import numpy as np
import pytest
from skfem import MeshTri, asm

from mcpthermal.fem.planar import PlanarSpace
from mcpthermal.physics.conduction import conduction, drift, exchange, supply

RNG = np.random.default_rng(11)


@pytest.fixture(scope="module")
def plane() -> PlanarSpace:
    mesh = MeshTri.init_tensor(np.linspace(0, 2, 5) ** 1.2, np.linspace(0, 1, 4))
    points = mesh.p.T + 0.03 * RNG.standard_normal(mesh.p.T.shape)
    return PlanarSpace(points, mesh.t.T.astype(np.int64))


def close(found: object, expected: object) -> bool:
    a, b = np.asarray(found), np.asarray(expected)
    return bool(np.abs(a - b).max() < 1e-13 * np.abs(b).max())


def test_stiffness_is_that_of_plain_assembly(plane: PlanarSpace) -> None:
    x, y, xy = 1 + RNG.random((3, 1, *plane.basis.dx.shape))
    zero = np.zeros_like(x)
    for kx, ky, kxy in ((x, y, None), (x, x, None), (x, zero, None), (zero, y, None), (2 * x, 2 * y, xy)):
        data = plane.conduction(kx, ky, kxy)
        across = zero[0] if kxy is None else kxy[0]
        tensor = np.array([[kx[0], across], [across, ky[0]]])
        expected = asm(conduction, plane.basis, conductivity=tensor)
        assert close(plane.matrix(data[0]).toarray(), expected.toarray())


def test_drift_is_that_of_plain_assembly(plane: PlanarSpace) -> None:
    x, y = RNG.standard_normal((2, 3, *plane.basis.dx.shape))
    found = plane.drift(x, y)
    for number in range(3):
        expected = asm(drift, plane.basis, direction=np.array([x[number], y[number]]))
        assert close(plane.matrix(found[number]).toarray(), expected.toarray())


def test_coefficients_of_triangles_are_those_of_equal_points(plane: PlanarSpace) -> None:
    cells = 1 + RNG.random((2, len(plane.triangles)))
    points = np.repeat(cells[:, :, None], plane.n_points, axis=2)
    assert close(plane.conduction(cells, 2 * cells), plane.conduction(points, 2 * points))
    assert close(plane.exchange(cells), plane.exchange(points))


def test_mass_and_loads_are_those_of_plain_assembly(plane: PlanarSpace) -> None:
    c = 1 + RNG.random(plane.basis.dx.shape)
    expected = asm(exchange, plane.basis, coefficient=c).toarray()
    assert close(plane.matrix(plane.exchange(c[None])[0]).toarray(), expected)
    assert close(plane.load_map @ c.ravel(), asm(supply, plane.basis, density=c))
    cells = RNG.random(len(plane.triangles))
    density = np.broadcast_to(cells[:, None], c.shape)
    assert close(plane.cell_load_map @ cells, asm(supply, plane.basis, density=density))


def test_values_and_gradients_are_those_of_plain_interpolation(plane: PlanarSpace) -> None:
    u = RNG.random(plane.size)
    field = plane.basis.interpolate(u)
    assert close((plane.values @ u).reshape(plane.basis.dx.shape), np.asarray(field))
    for found, expected in zip(plane.gradients, field.grad, strict=True):
        assert close((found @ u).reshape(plane.basis.dx.shape), expected)


def test_the_galerkin_map_is_the_triple_product(plane: PlanarSpace) -> None:
    data = plane.exchange(1 + RNG.random((1, *plane.basis.dx.shape)))[0]
    level = plane.linear
    expected = (level.prolongation.T @ plane.matrix(data) @ level.prolongation).toarray()
    found = np.zeros_like(expected)
    np.add.at(found, (level.rows, level.columns), level.map @ data)
    assert close(found, expected)


def test_edges_find_their_middles(plane: PlanarSpace) -> None:
    edges = plane.triangles[:, [2, 0]]
    dofs = plane.edge_dofs(edges, np.arange(len(edges)))
    assert np.allclose(plane.points[dofs[:, :2]], plane.vertices[edges], atol=1e-15)
    assert np.allclose(plane.points[dofs[:, 2]], plane.vertices[edges].mean(axis=1), atol=1e-15)


def test_a_quadratic_is_evaluated_exactly(plane: PlanarSpace) -> None:
    def field(p: np.ndarray) -> np.ndarray:
        return 1 + p[:, 0] * p[:, 1] - 2 * p[:, 0] ** 2

    middles = np.array([[0.2, 0.3, 0.5]]) @ plane.vertices[plane.triangles]
    shapes = plane.shapes_at(np.arange(len(plane.triangles)), middles[:, 0])
    assert np.allclose((shapes * field(plane.points)[plane.dofs]).sum(axis=1), field(middles[:, 0]), rtol=1e-12)
