"""Full conductivity tensors: columns against tetrahedra and against fields that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cut_problems import pin_mesh
from numpy.typing import NDArray

import mcpthermal as mt
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, joule, mean_fluxes, taken_in
from mcpthermal.fem.tetrahedra import TetSpace

RNG = np.random.default_rng(29)
TENSOR = {"xx": 3.0, "yy": 2.0, "zz": 1.5, "yz": 0.4, "xz": -0.7, "xy": 0.3}
FULL = mt.Material("full", TENSOR).thermal_axes
MATRIX = np.array([[3.0, 0.3, -0.7], [0.3, 2.0, 0.4], [-0.7, 0.4, 1.5]])
VARYING = mt.Material(
    "varying", {**TENSOR, "xz": mt.Linear(-0.7, 2e-3, 300.0), "yz": mt.Linear(0.4, 1e-3, 300.0), "zz": 2.0}
).thermal_axes
PLAIN = mt.Material("plain", (4.0, 1.0, 0.5)).thermal_axes
SCALE = 1e-3


@pytest.fixture(scope="module")
def columns() -> ColumnSpace:
    mesh = pin_mesh()
    return ColumnSpace(mesh, mesh.solid)


@pytest.fixture(scope="module")
def tetrahedra(columns: ColumnSpace) -> TetSpace:
    mesh = columns.mesh
    cells, part = mesh.tetrahedra()
    split = mt.TetMesh(mesh.points, cells, part, mesh.part_names)
    return TetSpace(split, split.solid, 2)


def quadratic(points: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Any quadratic polynomial, of order one."""
    x, y, z = points.T / SCALE
    terms = np.array([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, y * z, x * z])
    return np.random.default_rng(seed).uniform(-1, 1, 10) @ terms


def temperature(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return 320.0 + points @ [4e3, -9e3, 2e4]


@pytest.mark.parametrize(
    "axes", [[FULL] * 4, [PLAIN, FULL, PLAIN, FULL], [VARYING, FULL, VARYING, PLAIN]], ids=["full", "mixed", "varying"]
)
def test_columns_and_tetrahedra_agree(columns: ColumnSpace, tetrahedra: TetSpace, axes: list[Any]) -> None:
    """Both hold quadratic polynomials, and both integrate their products exactly."""
    operators = [space.operator(axes, at_points(space, temperature(space.points))) for space in (columns, tetrahedra)]
    for seed in range(4):
        pairs = [
            quadratic(space.points, seed) @ operator.apply(quadratic(space.points, seed + 10))
            for space, operator in zip((columns, tetrahedra), operators, strict=True)
        ]
        assert pairs[0] == pytest.approx(pairs[1], rel=1e-11)


def test_the_energy_of_a_linear_field(columns: ColumnSpace, tetrahedra: TetSpace) -> None:
    for space in (columns, tetrahedra):
        operator = space.operator([FULL] * 4)
        volume = space.mesh.volumes().sum()
        for _ in range(3):
            one, other = RNG.uniform(-1, 1, (2, 3)) / SCALE
            found = (space.points @ one) @ operator.apply(space.points @ other)
            assert found == pytest.approx(one @ MATRIX @ other * volume, rel=1e-11)


def test_a_linear_field_takes_in_nothing_inside(columns: ColumnSpace) -> None:
    """At the outside it takes in the flux along the normal."""
    slope = np.array([3.0, -2.0, 5.0]) / SCALE
    found = columns.operator([FULL] * 4).apply(columns.points @ slope)
    mesh = columns.mesh
    faces = mesh.between(mesh.solid, None)
    expected = np.zeros(columns.size)
    flux = MATRIX @ slope
    patches = columns.patches(faces)
    up = np.where(faces.up, 1.0, -1.0)
    expected += patches[0].load(flux[2] * up[:, None], columns.size)
    ends = mesh.vertices[mesh.edges[faces.edge]]
    along = ends[:, 1] - ends[:, 0]
    normal = np.c_[along[:, 1], -along[:, 0]] / np.linalg.norm(along, axis=1)[:, None]
    middle = mesh.vertices[mesh.triangles[faces.inner]].mean(axis=1)
    normal *= np.sign(((ends.mean(axis=1) - middle) * normal).sum(axis=1))[:, None]
    expected += patches[1].load((normal @ flux[:2])[:, None], columns.size)
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_the_operator_is_symmetric_and_explicit(columns: ColumnSpace) -> None:
    axes = [VARYING, FULL, PLAIN, VARYING]
    known = at_points(columns, temperature(columns.points))
    operator = columns.operator(axes, known)
    u, v = RNG.random((2, columns.size))
    assert u @ operator.apply(v) == pytest.approx(v @ operator.apply(u), rel=1e-12)
    assert np.abs(operator.apply(np.ones(columns.size))).max() < 1e-12 * np.abs(operator.apply(u)).max()
    matrix = columns.system(operator, Numbering(columns.active)).matrix()
    assert abs(matrix - matrix.T).max() < 1e-13 * abs(matrix).max()
    expected = operator.apply(u)
    for found in (matrix @ u, taken_in(columns, u, axes, known, columns.mesh.solid)):
        assert np.abs(found - expected).max() < 1e-11 * np.abs(expected).max()


@pytest.mark.parametrize("kind", ["columns", "tetrahedra"])
def test_fluxes_and_heat_of_a_linear_potential(kind: str, request: pytest.FixtureRequest) -> None:
    space = request.getfixturevalue(kind)
    slope = np.array([3.0, -2.0, 5.0]) / SCALE
    raw = space.points @ slope
    fluxes = mean_fluxes(space, raw, [FULL] * 4, None)
    assert np.abs(fluxes[space.mesh.solid] + MATRIX @ slope).max() < 1e-10 * np.abs(MATRIX @ slope).max()
    load, heat = joule(space, raw, [FULL] * 4, None, space)
    density = slope @ MATRIX @ slope
    expected = density * space.mesh.cell_volumes
    assert np.abs(heat - expected)[space.mesh.solid].max() < 1e-10 * expected.max()
    assert np.abs(load - space.volume_load(space.mesh.solid, density)).max() < 1e-10 * np.abs(load).max()


@pytest.mark.parametrize("kind", ["columns", "tetrahedra"])
def test_heat_reaches_a_larger_space(kind: str, request: pytest.FixtureRequest) -> None:
    """The potential lives in a few cells; its heat is that of the operator, and has the right place."""
    whole = request.getfixturevalue(kind)
    mesh = whole.mesh
    cells = mesh.of_parts(np.array([False, False, True, True]))
    few = ColumnSpace(mesh, cells) if kind == "columns" else TetSpace(mesh, cells, 1)
    raw = few.points @ [2e3, -1e3, 4e3]
    known = at_points(whole, temperature(whole.points), few)
    for block in few.blocks:
        own = at_points(few, temperature(few.points))(block)
        part = few.block_cells(block)[1]
        assert np.abs(known(block) - own)[:, part >= 0].max() < 1e-9
    axes: list[Any] = [None, None, FULL, VARYING]
    load, heat = joule(few, raw, axes, known, whole)
    expected = raw @ few.operator(axes, known).apply(raw)
    assert heat.sum() == pytest.approx(expected, rel=1e-12)
    assert load.sum() == pytest.approx(expected, rel=1e-12)
    assert not heat[~cells].any()
    outside = np.setdiff1d(np.arange(whole.size), whole.cell_entries(cells))
    assert not load[outside].any()
    # First moments: exact for a constant density, so for the pin alone.
    load, heat = joule(few, raw, [None, None, FULL, None], known, whole)
    centre = load @ whole.points / load.sum()
    assert np.abs(centre - [0.2e-3, 0.1e-3, 0.45e-3]).max() < 1e-12
