"""The operator on columns: three ways to the same matrix, and the coarse one inside it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.fem import columns
from mcpthermal.fem.coefficients import Storage
from mcpthermal.fem.column_level import DEPENDENT
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, taken_in
from mcpthermal.fem.surfaces import patch_entries, patch_load, patch_matrix
from mcpthermal.linalg import TwoLevel, conjugate_gradients, multigrid
from mcpthermal.package.columns import Place
from mcpthermal.units import mm, um

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def space() -> ColumnSpace:
    """Constant and varying layers, thin and thick, and cells that are not filled."""
    varying = mt.Material("varying", (mt.Linear(100.0, -0.1, 300.0), 70.0, mt.PowerLaw(148.0, 300.0, -1.3)))
    fixed = mt.Material("fixed", (5.0, 2.0, 0.5))
    package = mt.Package.from_parts(
        [
            mt.Part("plate", mt.rectangle((2e-3, 1e-3)), (0.0, 0.5e-3), fixed),
            mt.Part("film", mt.rectangle((2e-3, 1e-3)), (0.5e-3, 0.502e-3), fixed),
            mt.Part("chip", mt.rectangle((0.8e-3, 0.6e-3), at=(0.2e-3, 0.1e-3)), (0.502e-3, 0.8e-3), varying),
        ]
    )
    mesh = mt.generate_mesh(package, mt.MeshSpec(max_size=0.5e-3, edge_size=0.4e-3, layer_size=0.2e-3))
    return ColumnSpace(mesh, mesh.solid)


@pytest.fixture(scope="module")
def axes() -> list[Any]:
    varying = mt.Material("varying", (mt.Linear(100.0, -0.1, 300.0), 70.0, mt.PowerLaw(148.0, 300.0, -1.3)))
    fixed = mt.Material("fixed", (5.0, 2.0, 0.5))
    return [fixed.thermal_axes, fixed.thermal_axes, varying.thermal_axes]


@pytest.fixture(scope="module", params=["steady", "with storage"])
def operator(request: pytest.FixtureRequest, space: ColumnSpace, axes: list[Any]) -> Any:
    """Storage comparable to conduction, so that neither hides a fault of the other."""
    capacity = [(mt.Constant(2e6),), (mt.Constant(1e6),), (mt.Linear(1.6e6, 1e3, 300.0),)]
    storage = Storage(capacity, 1e3) if request.param == "with storage" else None
    found = space.operator(axes, at_points(space, 300 + 50 * RNG.random(space.size)), storage)
    faces = [space.mesh.exposed(space.mesh.faces_of(Place(side, face=side))) for side in ("top", "sides")]
    found.add_matrices([patch_matrix(space.patches(face), 1e3, space.size) for face in faces])
    assert found.shared and found.varying
    return found


def _entries(space: ColumnSpace, side: str) -> Any:
    return patch_entries(space.patches(space.mesh.faces_of(Place(side, face=side))))


NUMBERINGS = ("free", "fixed", "fixed and tied")


@pytest.fixture(scope="module", params=NUMBERINGS)
def system(request: pytest.FixtureRequest, space: ColumnSpace, operator: Any) -> Any:
    fixed = [(_entries(space, "bottom"), 1.0)]
    tied = [_entries(space, "top")]
    numbering = Numbering(
        space.active,
        () if request.param == "free" else fixed,
        tied if request.param.endswith("tied") else (),
    )
    return space.system(operator, numbering)


def test_the_product_is_that_of_the_explicit_matrix(system: Any) -> None:
    matrix = system.matrix()
    for _ in range(3):
        x = RNG.random(system.size)
        expected = matrix @ x
        assert np.abs(system.apply(x) - expected).max() < 1e-11 * np.abs(expected).max()
        several = system.apply(np.column_stack([x, 2 * x[::-1], x]))
        assert np.abs(several[:, [0, 2]] - expected[:, None]).max() < 1e-11 * np.abs(expected).max()
    assert abs(matrix - matrix.T).max() < 1e-12 * abs(matrix).max()


def test_the_coarse_matrix_is_the_triple_product(system: Any) -> None:
    down, matrix = system.numbers.prolongation, system.matrix()
    expected = (down.T @ matrix @ down).toarray()
    assert down.shape == (system.size, system.numbers.coarse_size)
    assert (
        np.abs(system.numbers.coarse_matrix(system.operator).toarray() - expected).max()
        < 1e-12 * np.abs(expected).max()
    )


def test_linear_functions_are_reproduced_from_the_coarse_level(space: ColumnSpace, operator: Any) -> None:
    system = space.system(operator, Numbering(space.active))
    x, y, z = space.points.T / 1e-3
    # Along lines the coarse level is as rich as this one.
    linear = 1 + x - 2 * y + 0.5 * z + z**2
    vertex = np.full(system.numbers.coarse_size, np.nan)
    lattice = linear.reshape(space.lattice.shape)[: space.plane.linear.size].ravel()
    number = system.numbers.coarse_number.ravel()
    vertex[number[number >= 0]] = lattice[number >= 0]
    found = system.numbers.prolongation @ vertex
    assert np.abs(found - system.numbering.pick(linear)).max() < 1e-12


def near(system: Any) -> Any:
    """The explicit matrix of the operator that the smoother works on."""
    return system.numbers.matrix(system.operator.averaged())


def test_the_smoother_works_on_an_operator_near_the_true_one(system: Any) -> None:
    product, expected = system.level.product(), near(system)
    for _ in range(3):
        x = RNG.random(system.size)
        found = product.leave(product(product.enter(x)))
        assert np.abs(found - expected @ x).max() < 1e-5 * np.abs(expected @ x).max()
        assert product.leave(product.enter(x)) == pytest.approx(x, rel=1e-6)
    # Laws of temperature vary little within a layer.
    assert abs(expected - system.matrix()).max() < 0.05 * abs(expected).max()


def test_the_third_level_works_on_the_matrix_of_the_second(system: Any) -> None:
    coarse = system.level.coarse_system()
    level, product, matrix = coarse.level, coarse.level.product(), coarse.matrix()
    x = RNG.random(coarse.size)
    assert np.abs(product.leave(product(product.enter(x))) - matrix @ x).max() < 1e-5 * np.abs(matrix @ x).max()
    down = level._down
    expected = (down.T @ matrix @ down).toarray()
    expected += DEPENDENT * np.diag(np.diag(expected))
    assert np.abs(level.coarse_system().matrix().toarray() - expected).max() < 1e-12 * np.abs(expected).max()
    assert 0 < down.shape[1] < coarse.size / 2


def test_nothing_of_a_level_waits_for_the_garbage_collector(system: Any) -> None:
    product = system.level.product()
    gone = weakref.ref(product)
    gc.disable()
    try:
        del product
        assert gone() is None
    finally:
        gc.enable()


def test_the_bands_are_entries_of_the_matrix(system: Any) -> None:
    level, full = system.level, near(system).toarray()
    first, tied = system.numbers.places.first, system.numbers.tied
    planar = system.numbers.places.shape[1]
    bands = level.bands()
    node, line = np.divmod(first, planar)
    gap = node[None] - node[:, None]
    loose = np.isin(np.arange(system.size), tied)
    coupled = (line[None] == line[:, None]) & (gap >= 0) & (gap < len(bands)) & ~(loose[None] | loose[:, None])
    i, j = np.nonzero(coupled)
    assert np.abs(bands[gap[i, j], node[i], line[i]] - full[i, j]).max() < 1e-13 * np.abs(full).max()
    at_terminal = bands[0, node[tied], line[tied]]
    assert (3 * at_terminal > full[tied, tied]).all() and (at_terminal < 3 * full[tied, tied]).all()
    # Every other entry belongs to no unknown or has no partner.
    bands[gap[i, j], node[i], line[i]] = 0.0
    bands[0, node[tied], line[tied]] = 0.0
    bands[0].ravel()[system.numbers.places.mask == 0] -= 1.0
    assert not bands.any()


@pytest.mark.parametrize("worth", [10, 10**9], ids=["three levels", "two levels"])
def test_few_iterations_with_terminals_and_voids(system: Any, worth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multigrid, "NEXT_LEVEL_WORTH", worth)
    if system.numbering.is_fixed.any():
        made, b = TwoLevel(system), RNG.random(system.size)
        solve = made.solve
        assert made.description.count("two-level") == (2 if worth == 10 else 1)
        _, count, _ = conjugate_gradients(
            system.apply, b, None, solve, absolute_tolerance=1e-9 * np.linalg.norm(b), max_iterations=50
        )
        assert count <= 20


def test_a_uniform_field_has_no_residual_but_that_of_the_exchange(space: ColumnSpace, axes: list[Any]) -> None:
    operator = space.operator(axes, at_points(space, np.full(space.size, 320.0)))
    raw = operator.apply(np.full(space.size, 320.0))
    reference = operator.apply(np.where(np.arange(space.size) % 7 == 0, 320.0, 0.0))
    assert np.abs(raw).max() < 1e-11 * np.abs(reference).max()


def test_the_residual_of_all_cells_is_the_operator(space: ColumnSpace, axes: list[Any]) -> None:
    raw = RNG.random(space.size)
    temperature = at_points(space, 300 + raw)
    expected = space.operator(axes, temperature).apply(raw)
    found = taken_in(space, raw, axes, temperature, space.mesh.solid)
    assert np.abs(found - expected).max() < 1e-11 * np.abs(expected).max()


def test_loads_and_integrals_add_up(space: ColumnSpace) -> None:
    mesh = space.mesh
    cells = mesh.of_parts(np.array([False, True, True]))
    assert space.volume_load(cells, 2.0).sum() == pytest.approx(2.0 * mesh.cell_volumes[cells].sum(), rel=1e-12)
    assert space.cell_integrals(np.ones(space.size)).sum() == pytest.approx(mesh.volumes().sum(), rel=1e-12)
    for side in ("top", "bottom", "sides"):
        faces = mesh.faces_of(Place(side, face=side))
        patches = space.patches(faces)
        load, matrix = patch_load(patches, 3.0, space.size), patch_matrix(patches, 3.0, space.size)
        assert load.sum() == pytest.approx(3.0 * mesh.face_areas(faces).sum(), rel=1e-12)
        assert np.abs(matrix @ np.ones(space.size) - load).max() < 1e-12 * np.abs(load).max()


def test_a_quadratic_field_is_reproduced(space: ColumnSpace) -> None:
    def field(p: np.ndarray) -> np.ndarray:
        x, y, z = p.T / 1e-3
        return 1 + x * y - 2 * x**2 + z * y + 3 * z**2

    points = np.array([[-0.7e-3, 0.3e-3, 0.12e-3], [0.25e-3, 0.2e-3, 0.7e-3], [0.0, 0.0, 0.501e-3]])
    assert np.abs(space.evaluate(field(space.points), points) - field(points)).max() < 1e-12
    # Over the plate beside the chip there is nothing.
    assert np.isnan(space.evaluate(field(space.points), np.array([[-0.9e-3, 0.0, 0.7e-3]])))[0]


def test_layers_may_be_much_higher_than_triangles_are_wide() -> None:
    """What is smooth in the plane but not along a line is met by the coarse level, not by the smoother."""
    chip, source = mt.rectangle((2 * mm, 2 * mm)), mt.rectangle((0.4 * mm, 0.4 * mm))
    package = mt.Package.from_parts(
        [
            mt.Part("chip", chip, z=(0, 1 * mm), material=mt.Material("silicon", 130.0)),
            mt.Part("source", source, z=(1 * mm, 1.2 * mm), material=mt.Material("metal", 10.0)),
        ]
    )
    case = mt.Case(package, [mt.Power("source", 1.0), mt.Convection("bottom", h=1000.0, ambient="25 degC")])
    mesh = mt.generate_mesh(package, mt.MeshSpec(edge_size=40 * um, layer_size=1 * mm))
    assert len(mesh.heights) == 2
    result = mt.solve_steady(case, mesh, method="multigrid", linear_tolerance=1e-9)
    # A coarse level that is linear along the lines too needs 30.
    assert sum(item["iterations"] for item in result.provenance.solves) <= 12


@pytest.mark.parametrize("smoothness", [0.0, 1.0, 30.0])
def test_the_cells_asked_for_a_maximum_are_enough(
    space: ColumnSpace, monkeypatch: pytest.MonkeyPatch, smoothness: float
) -> None:
    """Each part's maximum is that of all its cells' quadratics, however rough or smooth the field is."""
    fields = RNG.random((20, space.size)) + smoothness * np.sin(2e3 * space.points.sum(axis=1))
    parts = [space.mesh.cell_part == number for number in range(3)]

    def maxima() -> Any:
        return np.array([[np.nanmax(space.cell_extrema(raw)[1][own]) for own in parts] for raw in fields])

    found = maxima()
    monkeypatch.setattr(columns, "OVERSHOOT", np.inf)
    assert found == pytest.approx(maxima(), rel=1e-14)
    monkeypatch.setattr(columns, "OVERSHOOT", 0.0)
    assert (maxima() < found - 1e-3).any() or smoothness > 0  # the cell of the highest node alone is not
