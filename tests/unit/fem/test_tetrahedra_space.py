"""The space on tetrahedra against plain scikit-fem assembly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skfem import Basis, ElementTetP1, ElementTetP2, FacetBasis, MeshTet, asm

import mcpthermal as mt
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, taken_in
from mcpthermal.fem.surfaces import patch_load, patch_matrix
from mcpthermal.fem.tetrahedra import TetSpace
from mcpthermal.mesh.tetrahedra import TetFaces
from mcpthermal.package.columns import Place
from mcpthermal.physics.conduction import conduction, exchange, supply

RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def mesh() -> mt.TetMesh:
    plain = MeshTet.init_tensor(*[np.linspace(0, 1, 4) ** 1.3] * 3)
    points = plain.p.T + 0.02 * RNG.standard_normal(plain.p.T.shape)
    part = RNG.integers(0, 3, plain.t.shape[1])
    return mt.TetMesh(points, plain.t.T.astype(np.int64), part, ("a", "b", "c"))


AXES: list[Any] = [
    mt.Material("a", (3.0, 2.0, 1.0)).thermal_axes,
    mt.Material("b", (mt.Linear(100.0, -0.1, 300.0), 70.0, mt.PowerLaw(148.0, 300.0, -1.3))).thermal_axes,
    None,
]


def plain_basis(space: TetSpace, order: int) -> tuple[Basis, NDArray[np.int64]]:
    """scikit-fem's basis, and its unknown at each raw entry of the space (by place)."""
    mesh = space.mesh
    basis = Basis(
        MeshTet(mesh.points.T, mesh.cells.T.astype(np.int32)),
        ElementTetP2() if order == 2 else ElementTetP1(),
        quadrature=(space.reference, space.reference_weights),
    )
    places = {tuple(np.round(xyz, 9)): i for i, xyz in enumerate(basis.doflocs.T)}
    return basis, np.array([places[tuple(np.round(xyz, 9))] for xyz in space.points])


@pytest.mark.parametrize("order", [1, 2])
def test_the_operator_is_that_of_plain_assembly(mesh: mt.TetMesh, order: int) -> None:
    space = TetSpace(mesh, mesh.solid, order)
    basis, plain = plain_basis(space, order)
    temperature = 300 + 50 * RNG.random(space.size)
    raw = np.empty(space.size)
    raw[plain] = temperature
    known = np.asarray(basis.interpolate(raw))
    tensor = np.zeros((3, 3, *known.shape))
    for part, laws in enumerate(AXES):
        here = mesh.cell_part == part
        for axis in range(3):
            tensor[axis, axis][here] = 0.0 if laws is None else laws[axis](known[here])
    expected = asm(conduction, basis, conductivity=tensor).toarray()[np.ix_(plain, plain)]
    for _ in range(2):
        found = space.operator(AXES, at_points(space, temperature)).matrix.toarray()
        assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("order", [1, 2])
def test_a_pattern_has_the_entries_that_some_coefficients_leave_out(order: int) -> None:
    """Right angles: an isotropic conductivity leaves many entries zero, another one does not."""
    plain = MeshTet.init_tensor(*[np.linspace(0, 1, 3)] * 3)
    mesh = mt.TetMesh(plain.p.T, plain.t.T.astype(np.int64), np.zeros(plain.t.shape[1], np.int64), ("a",))
    full = mt.Material("a", ((3.0, 0.5, 0.2), (0.5, 2.0, 0.1), (0.2, 0.1, 1.0))).thermal_axes
    isotropic = mt.Material("b", 5.0).thermal_axes
    expected = TetSpace(mesh, mesh.solid, order).operator([full]).matrix
    space = TetSpace(mesh, mesh.solid, order)
    first = space.operator([isotropic]).matrix
    found = space.operator([full]).matrix
    assert first.count_nonzero() < expected.count_nonzero()
    assert abs(found - expected).max() < 1e-13 * abs(expected).max()
    again = space.operator([isotropic]).matrix
    assert abs(again - first).max() < 1e-13 * abs(first).max()


@pytest.mark.parametrize("order", [1, 2])
def test_the_operator_of_constant_laws_needs_no_temperature(mesh: mt.TetMesh, order: int) -> None:
    space = TetSpace(mesh, mesh.solid, order)
    basis, plain = plain_basis(space, order)
    axes = [AXES[0], mt.Material("d", 7.0).thermal_axes, AXES[0]]
    tensor = np.zeros((3, 3, *basis.dx.shape))
    for axis, value in enumerate((3.0, 2.0, 1.0)):
        tensor[axis, axis] = np.where(mesh.cell_part == 1, 7.0, value)[:, None]
    expected = asm(conduction, basis, conductivity=tensor).toarray()[np.ix_(plain, plain)]
    found = space.operator(axes).matrix.toarray()
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("order", [1, 2])
def test_loads_and_exchange_are_those_of_plain_assembly(mesh: mt.TetMesh, order: int) -> None:
    space = TetSpace(mesh, mesh.solid, order)
    basis, plain = plain_basis(space, order)
    cells = mesh.cell_part == 1
    density = np.where(cells, 4.0, 0.0)[:, None] + np.zeros_like(basis.dx)
    expected = asm(supply, basis, density=density)[plain]
    assert np.abs(space.volume_load(cells, 4.0) - expected).max() < 1e-12 * np.abs(expected).max()
    faces = mesh.faces_of(Place("top", face="top"))
    assert isinstance(faces, TetFaces) and faces.count == 18
    corners = np.sort(mesh.facet_points(faces), axis=1)
    numbers = {tuple(facet): i for i, facet in enumerate(np.sort(basis.mesh.facets.T, axis=1))}
    facets = np.array([numbers[tuple(facet)] for facet in corners])
    edge = FacetBasis(basis.mesh, basis.elem, facets=facets, intorder=4)
    expected = asm(supply, edge, density=np.full(edge.dx.shape, 3.0))[plain]
    patches = space.patches(faces)
    assert np.abs(patch_load(patches, 3.0, space.size) - expected).max() < 1e-12 * np.abs(expected).max()
    matrix = asm(exchange, edge, coefficient=np.full(edge.dx.shape, 3.0)).toarray()[np.ix_(plain, plain)]
    assert np.abs(patch_matrix(patches, 3.0, space.size).toarray() - matrix).max() < 1e-12 * np.abs(matrix).max()
    assert patch_load(patches, 1.0, space.size).sum() == pytest.approx(mesh.face_areas(faces).sum(), rel=1e-12)


def test_a_quadratic_field_is_reproduced(mesh: mt.TetMesh) -> None:
    space = TetSpace(mesh, mesh.solid, 2)

    def field(p: Any) -> Any:
        return 1 + p[:, 0] - 2 * p[:, 1] * p[:, 2] + 3 * p[:, 2] ** 2

    middle = mesh.points[mesh.cells[7]].mean(axis=0)[None]
    assert space.evaluate(field(space.points), middle)[0] == pytest.approx(field(middle)[0], rel=1e-12)
    assert np.isnan(space.evaluate(field(space.points), np.array([[9.0, 0.0, 0.0]])))[0]


def test_the_residual_of_all_cells_is_the_operator(mesh: mt.TetMesh) -> None:
    space = TetSpace(mesh, mesh.solid, 2)
    raw = RNG.random(space.size)
    temperature = at_points(space, 300 + raw)
    expected = space.operator(AXES, temperature).apply(raw)
    found = taken_in(space, raw, AXES, temperature, mesh.solid)
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("order", [1, 2])
def test_a_system_leaves_fixed_entries_out_and_sums_tied_ones(mesh: mt.TetMesh, order: int) -> None:
    space = TetSpace(mesh, mesh.solid, order)
    axes = [AXES[0]] * 3
    fixed, tied = np.arange(5), np.array([7, 9, 30])
    numbering = Numbering(space.active, [(fixed, 1.0)], [tied])
    operator = space.operator(axes)
    system = space.system(operator, numbering)
    expand = np.array([numbering.expand(row) for row in np.eye(numbering.size)]).T
    expected = expand.T @ operator.matrix.toarray() @ expand
    assert np.abs(system.matrix().toarray() - expected).max() < 1e-12 * np.abs(expected).max()
    down = system.level.prolongation().toarray()
    coarse = system.level.coarse_system().matrix().toarray()
    assert np.abs(coarse - down.T @ expected @ down).max() < 1e-12 * np.abs(coarse).max()
