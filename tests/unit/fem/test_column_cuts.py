"""Columns cut open at interfaces: copies just there, and the same matrices by all ways."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from cut_problems import CUTS, MESHES, assert_split_just_at, faces_between, jump_matrix, places

import mcpthermal as mt
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, taken_in
from mcpthermal.fem.surfaces import patch_matrix
from mcpthermal.linalg import LineBlocks, Solver
from mcpthermal.package.columns import Place

RNG = np.random.default_rng(17)
LAWS: list[Any] = [
    mt.Material("fixed", (5.0, 2.0, 0.5)).thermal_axes,
    mt.Material("varying", (mt.Linear(100.0, -0.1, 300.0), 70.0, mt.PowerLaw(148.0, 300.0, -1.3))).thermal_axes,
    mt.Material("tensor", {"xx": 3.0, "yy": 2.0, "zz": 1.5, "yz": 0.4, "xz": -0.7, "xy": 0.3}).thermal_axes,
]
AXES: list[Any] = [LAWS[0], LAWS[2], LAWS[1], LAWS[0], LAWS[1]]
"""Base and lid constant, the mould a full tensor, the pin varying; likewise the four blocks."""


@lru_cache(maxsize=3)
def mesh_of(kind: str) -> mt.ColumnMesh:
    return MESHES[kind]()


@lru_cache(maxsize=20)
def space_of(name: str) -> tuple[ColumnSpace, Any]:
    kind, pairs = CUTS[name]
    mesh = mesh_of(kind)
    cuts = faces_between(mesh, pairs)
    return ColumnSpace(mesh, mesh.solid, cuts), cuts


def whole(space: ColumnSpace) -> ColumnSpace:
    return ColumnSpace(space.mesh, space.mesh.solid)


def system_of(space: ColumnSpace, cuts: Any, conductance: float, axes: Any = AXES) -> Any:
    temperature = at_points(space, 300 + 50 * np.sin(2e3 * space.points).sum(axis=1))
    operator = space.operator(axes, temperature)
    operator.add_matrices([jump_matrix(space, cuts, conductance)])
    bottom = space.patches(space.mesh.faces_of(Place("bottom", face="bottom")))
    operator.add_matrices([patch_matrix(bottom, 1e3, space.size)])
    return space.system(operator, Numbering(space.active))


@pytest.mark.parametrize("name", CUTS)
def test_entries_are_doubled_just_at_interfaces(name: str) -> None:
    space, cuts = space_of(name)
    layer, column = np.nonzero(space.cells)
    dofs = space.cell_dofs(layer, column).reshape(len(layer), -1)
    assert_split_just_at(space, (space.layers[layer], space.columns[column]), dofs, cuts)
    assert space.active.all() and space.size == len(np.unique(dofs)) > whole(space).size


@pytest.mark.parametrize("name", CUTS)
def test_both_sides_have_the_same_points(name: str) -> None:
    space, cuts = space_of(name)
    sides = zip(space.patches(cuts), space.patches(space.mesh.opposite(cuts)), strict=True)
    for a, b in sides:
        assert (a.part != b.part).all()
        assert np.array_equal(a.weights, b.weights)
        for axis in range(3):
            first, second = a.at_points(space.points[:, axis]), b.at_points(space.points[:, axis])
            assert np.abs(first - second).max() < 1e-15
        # Opposite nodes are in one place, and at least one of each face's is another entry.
        assert (np.sort(a.dofs) != np.sort(b.dofs)).any(axis=1).all()


@pytest.mark.parametrize("name", CUTS)
def test_three_ways_to_the_same_matrix(name: str) -> None:
    space, cuts = space_of(name)
    system = system_of(space, cuts, 2e4)
    matrix = system.matrix()
    assert abs(matrix - matrix.T).max() < 1e-12 * abs(matrix).max()
    for _ in range(3):
        x = RNG.random(space.size)
        expected = matrix @ x
        assert np.abs(system.apply(x) - expected).max() < 1e-11 * np.abs(expected).max()
        several = system.apply(np.column_stack([x, 2 * x[::-1], x]))
        assert np.abs(several[:, [0, 2]] - expected[:, None]).max() < 1e-11 * np.abs(expected).max()
    down = system.numbers.prolongation
    coarse = (down.T @ matrix @ down).toarray()
    assert np.abs(system.numbers.coarse_matrix(system.operator).toarray() - coarse).max() < 1e-12 * np.abs(coarse).max()


@pytest.mark.parametrize("name", CUTS)
def test_a_cut_space_holds_the_whole_one(name: str) -> None:
    """What is the same on both sides is treated as without a cut: copies add up to the whole matrix."""
    space, cuts = space_of(name)
    closed = whole(space)
    number = places(np.vstack([closed.points, space.points]))
    back = np.empty(number.max() + 1, np.int64)
    back[number[: closed.size]] = np.arange(closed.size)
    same = back[number[closed.size :]]
    raw = RNG.random(closed.size)
    temperature = at_points(closed, 300 + 50 * np.sin(2e3 * closed.points).sum(axis=1))
    split = at_points(space, 300 + 50 * np.sin(2e3 * space.points).sum(axis=1))
    expected = closed.operator(AXES, temperature).apply(raw)
    for found in (
        space.operator(AXES, split).apply(raw[same]),
        taken_in(space, raw[same], AXES, split, space.mesh.solid),
    ):
        total = np.bincount(same, found, minlength=closed.size)
        assert np.abs(total - expected).max() < 1e-11 * np.abs(expected).max()
    jump = jump_matrix(space, cuts, 1.0)
    assert np.abs(jump @ raw[same]).max() < 1e-14 * abs(jump).max()


@pytest.mark.parametrize("conductance", [1.0, 1e13])
@pytest.mark.parametrize("name", CUTS)
def test_the_bands_are_all_that_couples_a_line(name: str, conductance: float) -> None:
    """Less than the whole block of a line need not be definite."""
    space, cuts = space_of(name)
    system = system_of(space, cuts, conductance)
    level, places = system.level, system.numbers.places
    node, line = np.divmod(places.first, places.shape[1])
    entries = system.numbers.matrix(system.operator.averaged()).tocoo()
    on_line = line[entries.row] == line[entries.col]
    ends = (entries.row[on_line], entries.col[on_line])
    expected = sp.csr_array((entries.data[on_line], ends), shape=entries.shape)
    bands, found = level.bands(), np.zeros(entries.shape)
    rows, columns = np.nonzero((line[:, None] == line) & (node[:, None] <= node) & (node < node[:, None] + len(bands)))
    found[rows, columns] = found[columns, rows] = bands[node[columns] - node[rows], node[rows], line[rows]]
    assert np.abs(found - expected.toarray()).max() < 1e-13 * abs(expected).max()
    x = RNG.random(space.size)
    right = np.zeros(bands[0].size)
    right[places.first] = expected @ x
    assert np.abs(LineBlocks(bands).solve(right)[places.first] - x).max() < 1e-5
    product = level.product()
    field = product.leave(product(product.enter(x)))
    assert np.abs(field - entries @ x).max() < 1e-5 * np.abs(entries @ x).max()


@pytest.mark.parametrize("method", ["direct", "multigrid"])
@pytest.mark.parametrize(
    "name", ["all around the pin", "the level outside and upright in an edge", "four blocks apart"]
)
def test_a_huge_conductance_closes_the_cut(name: str, method: Any) -> None:
    space, cuts = space_of(name)
    closed = whole(space)
    solutions = []
    for one, conductance in ((closed, 0.0), (space, 1e8), (space, 1e9)):
        load = one.volume_load(space.mesh.of_parts(np.arange(len(space.mesh.part_names)) == 2), 1e9)
        faces = cuts if conductance else cuts.where(np.zeros(cuts.count, bool))
        solutions.append(Solver(1e-8, method).solve(system_of(one, faces, conductance), load)[0])
    number = places(np.vstack([closed.points, space.points]))
    back = np.empty(number.max() + 1, np.int64)
    back[number[: closed.size]] = np.arange(closed.size)
    expected = solutions[0][back[number[closed.size :]]]
    errors = [np.abs(found - expected).max() / np.abs(expected).max() for found in solutions[1:]]
    assert errors[0] > 1e-6
    assert errors[1] == pytest.approx(errors[0] / 10, rel=0.05)


def test_the_jump_is_the_flux_over_the_conductance() -> None:
    """Heat through a cut level: the field is linear on both sides of the jump (Carslaw and Jaeger, section 1.9)."""
    space, cuts = space_of("a whole level")
    conductance, film, flux = 2e5, 1e3, 4e5
    axes = [LAWS[0]] * len(space.mesh.part_names)
    system = system_of(space, cuts, conductance, axes)
    top = space.patches(space.mesh.faces_of(Place("top", face="top")))
    found = Solver(1e-12).solve(system, sum(patch.load(flux, space.size) for patch in top))[0]
    above = np.zeros(space.size, bool)
    above[space.cell_entries(space.mesh.of_parts(np.array([False, True, True, True])))] = True
    z = space.points[:, 2]
    expected = flux / film + flux / 0.5 * z + np.where(above, flux / conductance, 0.0)
    assert np.abs(found - expected).max() < 1e-9 * expected.max()
