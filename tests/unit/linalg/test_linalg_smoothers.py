from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from linalg_problems import assert_spd, dense, poisson, stack

from mcpthermal.errors import LinearSolveError
from mcpthermal.linalg import BlockInverse, Chebyshev, LineBlocks, PointJacobi, largest_eigenvalue


def random_bands(rng, lines, length, width=2):
    bands = rng.uniform(-1.0, 1.0, (lines, length, width + 1))
    bands[..., 0] = rng.uniform(2.0 * width + 1.0, 2.0 * width + 2.0, (lines, length))
    return bands


def dense_lines(bands):
    """The lattice matrix of the bands, without couplings past the end of a line."""
    length = bands.shape[1]
    blocks = []
    for line in bands:
        upper = sum(np.diag(line[: length - step, step], step) for step in range(min(bands.shape[2], length)))
        blocks.append(upper + upper.T - np.diag(line[:, 0]))
    return sparse.block_diag(blocks).toarray()


@pytest.mark.parametrize("width", [0, 1, 2, 4])
@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_line_blocks_invert_their_lines(length, width):
    rng = np.random.default_rng(length)
    bands = random_bands(rng, 5, length, width)
    order = rng.permutation(5 * length)
    blocks = LineBlocks(bands, order.reshape(5, length))
    expected = np.empty((order.size, order.size))
    expected[np.ix_(order, order)] = np.linalg.inv(dense_lines(bands))
    np.testing.assert_allclose(dense(blocks.solve, order.size), expected, atol=1e-14)
    assert isinstance(blocks, BlockInverse)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_line_blocks_with_absent_and_shared_entries(data):
    lines, length = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    raw = np.array(data.draw(st.lists(st.integers(-1, 12), min_size=lines * length, max_size=lines * length)))
    index = np.where(
        raw < 0,
        -1,
        np.unique(raw[raw >= 0], return_inverse=True)[1][np.cumsum(raw >= 0) - 1] if (raw >= 0).any() else -1,
    )
    rng = np.random.default_rng(5)
    bands = random_bands(rng, lines, length)
    blocks = LineBlocks(bands, index)
    lattice = dense_lines(bands)
    count = np.bincount(index[index >= 0], minlength=blocks.size)
    alone = np.array([i >= 0 and count[i] == 1 for i in index], dtype=bool)
    lattice[~np.outer(alone, alone)] = 0.0
    lattice[np.diag_indices_from(lattice)] = bands[..., 0].ravel()
    gather = np.zeros((index.size, blocks.size))
    gather[np.flatnonzero(index >= 0), index[index >= 0]] = 1.0
    expected = np.linalg.inv(gather.T @ lattice @ gather)
    if blocks.size:
        inverse = dense(blocks.solve, blocks.size)
        np.testing.assert_allclose(inverse, expected, atol=1e-13)
        assert_spd(inverse)


def test_line_blocks_refuse_what_cannot_be():
    bands = np.ones((2, 2, 3))
    with pytest.raises(ValueError, match="do not fit an index of 3"):
        LineBlocks(bands, np.arange(3))
    with pytest.raises(ValueError, match="must have each unknown"):
        LineBlocks(bands, np.array([0, 2, -1, -1]))
    with pytest.raises(ValueError, match="must have each unknown"):
        LineBlocks(bands, np.arange(4), size=3)
    with pytest.raises(LinearSolveError, match="not positive definite"):
        LineBlocks(bands * np.array([1.0, 2.0, 0.0]), np.arange(4))
    with pytest.raises(LinearSolveError, match="NaN"):
        LineBlocks(bands * np.nan, np.arange(4))
    with pytest.raises(LinearSolveError, match=r"1 entries that are not positive numbers.* -1 at position 1"):
        PointJacobi(np.array([1.0, -1.0]))


@pytest.mark.parametrize("system", [poisson(5, 2), stack(2, 6, 1e5)], ids=["point", "line"])
def test_largest_eigenvalue_is_estimated_from_above_and_closely(system):
    blocks = system.smoother_blocks()
    exact = np.linalg.eigvals(dense(blocks.solve, system.size) @ system.matrix().toarray()).real.max()
    estimate = largest_eigenvalue(system.apply, blocks, system.size)
    assert exact <= estimate <= 1.11 * exact
    assert estimate == largest_eigenvalue(system.apply, blocks, system.size)


def test_chebyshev_is_symmetric_and_damps_the_upper_spectrum():
    system = poisson(4, 2)
    smoother = Chebyshev(system.apply, system.smoother_blocks(), degree=3, size=system.size)
    operator = dense(smoother.smooth, system.size)
    assert_spd(operator)
    modes, vectors = np.linalg.eigh(system.matrix().toarray() / 4.0)
    damping = np.diag(vectors.T @ (np.eye(system.size) - operator @ system.matrix().toarray()) @ vectors)
    assert np.abs(damping[modes >= smoother.largest / 10.0]).max() < 0.28
    assert np.abs(damping).max() < 1.0


@pytest.mark.parametrize("degree", [1, 2, 4])
def test_chebyshev_from_zero_saves_one_application(degree):
    system = poisson(3, 2)
    calls = []

    def apply(x):
        calls.append(1)
        return system.apply(x)

    smoother = Chebyshev(apply, system.smoother_blocks(), degree, largest=2.0)
    b = np.random.default_rng(2).standard_normal(system.size)
    from_nothing = smoother.smooth(b)
    assert len(calls) == degree - 1
    np.testing.assert_allclose(smoother.smooth(b, np.zeros(system.size)), from_nothing, rtol=1e-13)
    assert len(calls) == 2 * degree - 1


def test_chebyshev_keeps_the_solution():
    system = poisson(3, 2)
    x = np.random.default_rng(3).standard_normal(system.size)
    smoother = Chebyshev(system.apply, system.smoother_blocks(), largest=2.0)
    np.testing.assert_allclose(smoother.smooth(system.apply(x), x), x, atol=1e-14)


def test_chebyshev_arguments():
    system = poisson(1, 2)
    with pytest.raises(ValueError, match="largest eigenvalue, or the size"):
        Chebyshev(system.apply, system.smoother_blocks())
    with pytest.raises(ValueError, match="degree >= 1"):
        Chebyshev(system.apply, system.smoother_blocks(), degree=0, largest=2.0)
    with pytest.raises(LinearSolveError, match="not positive definite"):
        Chebyshev(lambda x: -x, system.smoother_blocks(), size=system.size)
