"""Tetrahedra cut open at interfaces, and curved ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cut_problems import CUTS, MESHES, assert_split_just_at, faces_between, jump_matrix, places
from skfem import MeshTet

import mcpthermal as mt
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.recovery import at_points, mean_fluxes, taken_in
from mcpthermal.fem.surfaces import patch_load
from mcpthermal.fem.tetrahedra import EDGES, TetSpace
from mcpthermal.linalg import Solver
from mcpthermal.mesh.tetrahedra import TetFaces
from mcpthermal.package.columns import Place

RNG = np.random.default_rng(31)
FULL = mt.Material("full", {"xx": 3.0, "yy": 2.0, "zz": 1.5, "yz": 0.4, "xz": -0.7, "xy": 0.3}).thermal_axes
MATRIX = np.array([[3.0, 0.3, -0.7], [0.3, 2.0, 0.4], [-0.7, 0.4, 1.5]])
VARYING = mt.Material("b", (mt.Linear(100.0, -0.1, 300.0), 70.0, mt.PowerLaw(148.0, 300.0, -1.3))).thermal_axes


def split(columns: mt.ColumnMesh) -> mt.TetMesh:
    cells, part = columns.tetrahedra()
    return mt.TetMesh(columns.points, cells, part, columns.part_names)


@pytest.fixture(scope="module")
def meshes() -> dict[str, mt.TetMesh]:
    return {name: split(make()) for name, make in MESHES.items()}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", CUTS)
def test_entries_are_doubled_just_at_interfaces(meshes: dict[str, mt.TetMesh], name: str, order: int) -> None:
    kind, pairs = CUTS[name]
    mesh = meshes[kind]
    cuts = faces_between(mesh, pairs)
    space = TetSpace(mesh, mesh.solid, order, cuts)
    assert_split_just_at(space, space.cells, space.dofs, cuts)
    assert np.array_equal(space.points[space.dofs[:, :4]], mesh.points[mesh.cells])
    if order == 2:
        assert np.array_equal(space.points[space.ends].mean(axis=1), space.points[space.n_points :])
    for a, b in zip(space.patches(cuts), space.patches(mesh.opposite(cuts)), strict=True):
        assert np.array_equal(a.weights, b.weights)
        assert a.weights.sum() == pytest.approx(mesh.face_areas(cuts).sum(), rel=1e-12)
        first, second = (np.stack([side.at_points(xyz) for xyz in space.points.T]) for side in (a, b))
        assert np.abs(first - second).max() < 1e-15


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", CUTS)
def test_a_cut_space_holds_the_whole_one(meshes: dict[str, mt.TetMesh], name: str, order: int) -> None:
    kind, pairs = CUTS[name]
    mesh = meshes[kind]
    cuts = faces_between(mesh, pairs)
    closed, space = TetSpace(mesh, mesh.solid, order), TetSpace(mesh, mesh.solid, order, cuts)
    number = places(np.vstack([closed.points, space.points]))
    back = np.empty(number.max() + 1, np.int64)
    back[number[: closed.size]] = np.arange(closed.size)
    same = back[number[closed.size :]]
    raw = RNG.random(closed.size)
    axes = [FULL, VARYING, FULL, VARYING, FULL]
    expected = closed.operator(axes, at_points(closed, 300 + raw)).apply(raw)
    known = at_points(space, 300 + raw[same])
    for found in (space.operator(axes, known).apply(raw[same]), taken_in(space, raw[same], axes, known, mesh.solid)):
        assert np.abs(np.bincount(same, found) - expected).max() < 1e-12 * np.abs(expected).max()
    jump = jump_matrix(space, cuts, 1.0)
    assert np.abs(jump @ raw[same]).max() < 1e-13 * abs(jump).max()
    # What the cut leaves apart, jumps.
    assert jump.diagonal()[np.bincount(same)[same] > 1].min() > 0


def test_the_pattern_has_each_entry_once_beside_a_cut_of_one_face() -> None:
    """All corners and middles of the face lie on the rim of the cut and stay whole: its two sides have one entry."""
    plain = MeshTet.init_tensor(*[np.linspace(0, 1, 5)] * 3)
    mesh = mt.TetMesh(plain.p.T, plain.t.T.astype(np.int64), np.zeros(plain.t.shape[1], np.int64), ("a",))
    inner = mesh.between(mesh.solid, mesh.solid)
    middle = [int(np.argmin(np.linalg.norm(mesh.points[mesh.facet_points(inner)].mean(axis=1) - 0.5, axis=1)))]
    cut = TetFaces(inner.facet[middle], inner.cells[middle])
    closed, space = TetSpace(mesh, mesh.solid, 2), TetSpace(mesh, mesh.solid, 2, cut)
    assert np.array_equal(space.dofs, closed.dofs)
    known = at_points(closed, 300 + RNG.random(closed.size))
    expected, found = (item.operator([VARYING], known).matrix for item in (closed, space))
    assert abs(expected - found).max() < 1e-13 * abs(expected).max()
    for matrix in (expected, found):
        copy = matrix.copy()
        copy.sum_duplicates()
        assert copy.nnz == matrix.nnz


@pytest.mark.parametrize("order", [1, 2])
def test_the_coarse_level_and_the_jump(meshes: dict[str, mt.TetMesh], order: int) -> None:
    """Heat through a cut level: the field is linear on both sides, and the linear level is cut as well."""
    mesh = meshes["pin"]
    cuts = faces_between(mesh, CUTS["a whole level"][1])
    space = TetSpace(mesh, mesh.solid, order, cuts)
    conductance, flux = 2e5, 4e5
    bottom, top = (space.patches(mesh.faces_of(Place(side, face=side))) for side in ("bottom", "top"))
    operator = space.operator([mt.Material("m", 2.5).thermal_axes] * 4)
    operator.add_matrices([jump_matrix(space, cuts, conductance)])
    fixed = np.unique(np.concatenate([patch.dofs.ravel() for patch in bottom]))
    numbering = Numbering(space.active, [(fixed, 0.0)])
    system = space.system(operator, numbering)
    load = numbering.collapse(patch_load(top, flux, space.size))
    above = np.zeros(space.size, bool)
    above[space.cell_entries(mesh.of_parts(np.array([False, True, True, True])))] = True
    expected = flux / 2.5 * space.points[:, 2] + np.where(above, flux / conductance, 0.0)
    for method in ("direct", "multigrid"):
        found = numbering.field(Solver(1e-11, method).solve(system, load)[0])
        assert np.abs(found - expected).max() < 1e-9 * expected.max()
    down = system.level.prolongation()
    linear = numbering.pick(expected)
    assert np.abs(down @ linear[: down.shape[1]] - linear).max() < 1e-12 * linear.max()


# --- curved cells ---------------------------------------------------------------------------------------------


def bend(p: Any) -> Any:
    """A quadratic map with the determinant 1 + 0.4 x."""
    x, y, z = np.moveaxis(np.asarray(p), -1, 0)
    return np.stack([x + 0.2 * x * x, y + 0.15 * x * x, z - 0.1 * y * y + 0.05 * x * y], axis=-1)


@pytest.fixture(scope="module")
def straight() -> mt.TetMesh:
    plain = MeshTet.init_tensor(*[np.linspace(0, 1, 3)] * 3)
    cells = plain.t.T.astype(np.int64)
    corners = plain.p.T[cells]
    inverted = np.linalg.det(corners[:, 1:] - corners[:, :1]) < 0
    cells[inverted] = cells[inverted][:, [0, 1, 3, 2]]
    part = (plain.p.T[cells].mean(axis=1)[:, 2] > 0.5).astype(np.int64)
    return mt.TetMesh(plain.p.T, cells, part, ("low", "high"))


@pytest.fixture(scope="module")
def bent(straight: mt.TetMesh) -> mt.TetMesh:
    middles = straight.points[straight.cells][:, EDGES].mean(axis=2)
    names = straight.part_names
    return mt.TetMesh(bend(straight.points), straight.cells, straight.cell_part, names, middles=bend(middles))


@pytest.mark.parametrize("order", [1, 2])
def test_volumes_of_curved_cells(bent: mt.TetMesh, order: int) -> None:
    space = TetSpace(bent, bent.solid, order)
    assert space.volume_load(bent.solid, 2.0).sum() == pytest.approx(2 * 1.2, rel=1e-12)
    upper = bent.cell_part == 1
    assert space.volume_load(upper, 1.0).sum() == pytest.approx(0.6, rel=1e-12)
    assert np.abs(space.cell_integrals(np.ones(space.size)) - bent.cell_volumes).max() < 1e-14
    # The mean of X = x + x^2 / 5 over the volume (1 + 0.4 x) dx.
    if order == 2:
        total = 1 / 2 + 0.6 / 3 + 0.08 / 4
        assert space.cell_integrals(space.points[:, 0]).sum() == pytest.approx(total, rel=1e-12)


def test_points_of_curved_cells_are_on_the_curve(straight: mt.TetMesh, bent: mt.TetMesh) -> None:
    plain = TetSpace(straight, straight.solid, 2)
    space = TetSpace(bent, bent.solid, 2)
    assert np.array_equal(plain.dofs, space.dofs)
    assert np.abs(space.points - bend(plain.points)).max() < 1e-15


def test_linear_fields_are_reproduced_in_curved_cells(bent: mt.TetMesh) -> None:
    space = TetSpace(bent, bent.solid, 2)
    one, other = np.array([3.0, -2.0, 5.0]), np.array([-1.0, 0.5, 2.0])
    raw = 4 + space.points @ one
    assert np.abs(mean_fluxes(space, raw, [FULL] * 2, None) + MATRIX @ one).max() < 1e-11
    view = space.view()
    for block in space.blocks:
        for component, expected in zip(view.gradient(raw, block), one, strict=True):
            assert np.abs(component - expected).max() < 1e-12
    operator = space.operator([FULL] * 2)
    assert (space.points @ other) @ operator.apply(raw) == pytest.approx(other @ MATRIX @ one * 1.2, rel=1e-12)
    assert np.abs(operator.matrix - operator.matrix.T).max() < 1e-13
    # Nothing is taken in but at the outside.
    found = operator.apply(raw)
    outside = np.unique(space.patches(bent.between(bent.solid, None))[0].dofs)
    assert np.abs(np.delete(found, outside)).max() < 1e-12 * np.abs(found).max()
    assert np.abs(taken_in(space, raw, [FULL] * 2, None, bent.solid) - found).max() < 1e-13 * np.abs(found).max()


def test_curved_faces(bent: mt.TetMesh) -> None:
    space = TetSpace(bent, bent.solid, 2)
    faces = bent.between(bent.solid, None)
    (patch,) = space.patches(faces)
    areas = bent.face_areas(faces)
    # Areas of curved faces have no polynomial under the root: as good as the points are many.
    assert np.abs(patch.weights.sum(axis=1) - areas).max() < 1e-5 * areas.max()
    x = np.stack([patch.at_points(axis) for axis in space.points.T], axis=-1)
    on_x0 = np.abs(x[..., 0]).max(axis=1) < 1e-12
    # The face x = 0 stays plane: (y, z - y^2 / 10) has the area of the square.
    assert patch.weights[on_x0].sum() == pytest.approx(1.0, rel=1e-12)
    assert (patch.weights * x[..., 2])[on_x0].sum() == pytest.approx(0.5 - 0.1 / 3, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_fields_in_curved_cells_are_found_at_points(straight: mt.TetMesh, bent: mt.TetMesh, seed: int) -> None:
    plain, space = TetSpace(straight, straight.solid, 2), TetSpace(bent, bent.solid, 2)
    points = np.random.default_rng(seed).random((20, 3))

    def field(p: Any) -> Any:
        return 1 + p[:, 0] - 2 * p[:, 1] * p[:, 2] + 3 * p[:, 0] ** 2

    found = space.evaluate(field(plain.points), bend(points))
    assert np.abs(found - field(points)).max() < 1e-11
    # Beneath the face that bends down, and where the straight corners would not reach.
    near = bend(np.array([[0.5, 0.9, 0.002], [0.999, 0.26, 0.5]]))
    raw = space.points @ [1.0, 2.0, 3.0]
    assert space.evaluate(raw, near) == pytest.approx(near @ [1.0, 2.0, 3.0], rel=1e-12)
    beyond = bend(np.array([[0.5, 0.5, -0.02], [1.02, 0.5, 0.5]]))
    assert np.isnan(space.evaluate(raw, beyond)).all()


def test_curved_cells_are_cut_as_well(bent: mt.TetMesh) -> None:
    cuts = faces_between(bent, "low|high")
    space = TetSpace(bent, bent.solid, 2, cuts)
    assert_split_just_at(space, space.cells, space.dofs, cuts)
    assert space.size == TetSpace(bent, bent.solid, 2).size + 25
    (a,), (b,) = space.patches(cuts), space.patches(bent.opposite(cuts))
    assert np.array_equal(a.weights, b.weights)
    for axis in space.points.T:
        assert np.abs(a.at_points(axis) - b.at_points(axis)).max() < 1e-15
