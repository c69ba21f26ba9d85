"""The plane cut open along edges, and the lattice over it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from skfem import MeshTri

from mcpthermal.fem.lattice import Lattice
from mcpthermal.fem.planar import PlanarSpace

RNG = np.random.default_rng(23)
MESH = MeshTri.init_tensor(np.linspace(0, 4, 5), np.linspace(0, 3, 4))
VERTICES, TRIANGLES = MESH.p.T.copy(), MESH.t.T.astype(np.int64)


def vertex(x: float, y: float) -> int:
    return int(np.argmin(np.abs(VERTICES - (x, y)).sum(axis=1)))


def path(*corners: tuple[float, float]) -> np.ndarray:
    """The edges of a line through neighbouring vertices."""
    numbers = [vertex(*corner) for corner in corners]
    return np.array(list(pairwise(numbers)))


def copies(plane: PlanarSpace) -> dict[tuple[float, float], int]:
    """The places that have more than one unknown, and how many."""
    found, counts = np.unique(np.round(plane.points, 9), axis=0, return_counts=True)
    return {tuple(p): int(n) for p, n in zip(found.tolist(), counts.tolist(), strict=True) if n > 1}


SQUARE = [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]
SQUARE_PLACES = {(1, 1): 2, (1.5, 1): 2, (2, 1): 2, (2, 1.5): 2, (2, 2): 2, (1.5, 2): 2, (1, 2): 2, (1, 1.5): 2}
CROSS = {(x / 2, 1.0): 2 for x in range(9)} | {(2.0, y / 2): 2 for y in range(7)} | {(2.0, 1.0): 4}


@pytest.mark.parametrize(
    "lines, expected",
    [
        ([SQUARE], SQUARE_PLACES),
        ([[(1, 1), (2, 1)]], {(1.5, 1): 2}),
        ([[(1, 1), (2, 1), (3, 1)]], {(1.5, 1): 2, (2, 1): 2, (2.5, 1): 2}),
        # A line from the rim opens at the rim and stays joined at its tip.
        ([[(0, 1), (1, 1)]], {(0, 1): 2, (0.5, 1): 2}),
        # An outline with a line that goes on from its corner: three sides at the corner, one at the tip.
        ([SQUARE, [(2, 2), (3, 2)]], SQUARE_PLACES | {(2, 2): 3, (2.5, 2): 2}),
        ([SQUARE, [(2, 2), (3, 2), (4, 2)]], SQUARE_PLACES | {(2, 2): 3} | {(x / 2, 2.0): 2 for x in (5, 6, 7, 8)}),
        ([[(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)], [(2, 0), (2, 1), (2, 2), (2, 3)]], CROSS),
        # An edge on the rim separates nothing.
        ([[(1, 0), (2, 0)]], {}),
    ],
    ids=["outline", "edge", "stretch", "from the rim", "tail", "tail to the rim", "cross", "rim"],
)
def test_what_is_doubled(lines: list[list[tuple[float, float]]], expected: dict[tuple[float, float], int]) -> None:
    cuts = np.concatenate([path(*line) for line in lines])
    closed = PlanarSpace(VERTICES, TRIANGLES)
    for order in (cuts, cuts[::-1], cuts[:, ::-1]):
        plane = PlanarSpace(VERTICES, TRIANGLES, order)
        assert copies(plane) == expected
        assert plane.size == closed.size + sum(n - 1 for n in expected.values())
        assert plane.n_corners == len(VERTICES) + sum(
            n - 1 for p, n in expected.items() if all(float(c).is_integer() for c in p)
        )
        assert np.array_equal(plane.points[plane.dofs], closed.points[closed.dofs])
        # Middles know their own ends.
        assert np.allclose(plane.points[plane.ends].mean(axis=1), plane.points[plane.n_corners :], atol=1e-15)


@pytest.fixture(scope="module")
def outline() -> PlanarSpace:
    return PlanarSpace(VERTICES, TRIANGLES, path(*SQUARE))


def test_both_sides_are_independent(outline: PlanarSpace) -> None:
    middle = VERTICES[TRIANGLES].mean(axis=1)
    inside = (np.abs(middle - 1.5) < 0.5).all(axis=1)
    mine, others = np.unique(outline.dofs[inside]), np.unique(outline.dofs[~inside])
    assert inside.sum() == 2 and len(mine) == 9 and not np.intersect1d(mine, others).size
    raw = np.zeros(outline.size)
    raw[mine] = 7.0
    values = (outline.values @ raw).reshape(outline.weights.shape)
    assert np.allclose(values, np.where(inside, 7.0, 0.0)[:, None], atol=1e-14)
    assert np.abs(outline.gradients[0] @ raw).max() < 1e-13
    # A jump costs nothing in any matrix, and no entry reaches across.
    stiffness = outline.matrix(outline.conduction(*np.ones((2, 1, len(TRIANGLES))))[0])
    assert np.abs(stiffness @ raw).max() < 1e-13
    assert not abs(stiffness[mine][:, others]).sum()


def test_shapes_and_gradients_are_unchanged(outline: PlanarSpace) -> None:
    closed = PlanarSpace(VERTICES, TRIANGLES)
    same = np.empty(outline.size, np.int64)
    same[outline.dofs] = closed.dofs
    raw = RNG.random(closed.size)
    assert np.allclose(outline.values @ raw[same], closed.values @ raw, atol=1e-14)
    for found, expected in zip(outline.gradients, closed.gradients, strict=True):
        assert np.allclose(found @ raw[same], expected @ raw, atol=1e-13)
    x, y = 1 + RNG.random((2, 1, *closed.weights.shape))
    one, other = (plane.matrix(plane.conduction(x, y)[0]) for plane in (outline, closed))
    assert np.allclose(np.bincount(same, one @ raw[same]), other @ raw, atol=1e-12)
    coefficient = x.ravel()
    assert np.allclose(np.bincount(same, outline.load_map @ coefficient), closed.load_map @ coefficient, atol=1e-14)


def test_the_linear_level_is_cut_too(outline: PlanarSpace) -> None:
    level = outline.linear
    assert level.size == outline.n_corners == len(VERTICES) + 4
    linear = outline.points @ [2.0, -1.0]
    assert np.allclose(level.prolongation @ linear[: level.size], linear, atol=1e-14)
    data = outline.exchange(1 + RNG.random((1, *outline.weights.shape)))[0]
    expected = (level.prolongation.T @ outline.matrix(data) @ level.prolongation).toarray()
    found = np.zeros_like(expected)
    np.add.at(found, (level.rows, level.columns), level.map @ data)
    assert np.abs(found - expected).max() < 1e-14


def test_edges_are_seen_from_their_triangle(outline: PlanarSpace) -> None:
    edge = path((1, 1), (2, 1))
    at = [number for number, t in enumerate(TRIANGLES) if np.isin(edge, t).all()]
    assert len(at) == 2
    one, other = (outline.edge_dofs(edge, np.array([number]))[0] for number in at)
    assert not np.intersect1d(one, other).size
    for dofs in (one, other):
        assert np.allclose(outline.points[dofs], [(1, 1), (2, 1), (1.5, 1)], atol=1e-15)
    flipped = outline.edge_dofs(edge[:, ::-1], np.array([at[0]]))[0]
    assert flipped.tolist() == one[[1, 0, 2]].tolist()


# --- the lattice ----------------------------------------------------------------------------------------------

LEVELS = np.array([0.0, 1.0, 3.0, 4.0])


def test_without_cuts_a_place_is_an_entry() -> None:
    lattice = Lattice(5, 3, np.empty(0, np.int64))
    assert lattice.shape == (5, 7) and lattice.size == 35 and lattice.entry is None
    assert lattice.starts.tolist() == [0, 2, 4]
    assert lattice.nodes(LEVELS).tolist() == [0, 0.5, 1, 2, 3, 3.5, 4]
    assert lattice.places(np.array([0, 3]), 1, 2).tolist() == [4, 25]
    field = RNG.random(lattice.shape)
    assert np.array_equal(lattice.spread(lattice.collect(field)), field)


@pytest.mark.parametrize(
    "cuts, starts, nodes",
    [
        ([1], [0, 3, 5], [0, 0.5, 1, 1, 2, 3, 3.5, 4]),
        ([1, 2], [0, 3, 6], [0, 0.5, 1, 1, 2, 3, 3, 3.5, 4]),
    ],
)
def test_cut_levels_have_two_nodes(cuts: list[int], starts: list[int], nodes: list[float]) -> None:
    lattice = Lattice(4, 3, np.array(cuts))
    assert lattice.starts.tolist() == starts
    assert [lattice.span(layer) for layer in range(3)] == [slice(s, s + 3) for s in starts]
    assert lattice.shape == (4, len(nodes))
    assert lattice.nodes(LEVELS).tolist() == nodes


def test_joined_places_are_one_entry() -> None:
    lattice = Lattice(3, 2, np.array([1]))
    # Line 0 stays whole at the cut, line 2 is a copy of line 1 in the upper layer.
    pairs = [[2, 3], *([6 + n, 12 + n] for n in (3, 4, 5))]
    lattice.join(np.array(pairs))
    assert lattice.size == 18 - 4
    assert lattice.entry is not None
    assert lattice.entry.tolist() == [0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 8, 9, 10]
    assert lattice.line.tolist() == [0] * 5 + [1] * 6 + [2] * 3
    assert np.array_equal(lattice.entry[lattice.heads], np.arange(lattice.size))
    raw, field = RNG.random(lattice.size), RNG.random(lattice.shape)
    assert lattice.spread(raw)[2, 4] == raw[9] and lattice.raw(np.array([13, 16])).tolist() == [12, 9]
    # Collecting is the transpose of spreading.
    assert (lattice.spread(raw) * field).sum() == pytest.approx(raw @ lattice.collect(field), rel=1e-14)
    assert lattice.collect(np.ones(lattice.shape)).tolist() == [1, 1, 2, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1]
