from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linalg_problems import assert_spd, dense, poisson, stack

from mcpthermal.errors import LinearSolveError
from mcpthermal.linalg import BlockInverse, Chebyshev, LineBlocks, PointJacobi, largest_eigenvalue


def random_bands(rng, lines, length, width=2):
    bands = rng.uniform(-1.0, 1.0, (width + 1, length, lines))
    bands[0] = rng.uniform(2.0 * width + 1.0, 2.0 * width + 2.0, (length, lines))
    return bands


def dense_lines(bands):
    """The matrix of the bands, node by node, without couplings past the end of a line."""
    width, (length, lines) = len(bands), bands.shape[1:]
    matrix = np.zeros((length, lines, length, lines))
    for step in range(min(width, length)):
        for node in range(length - step):
            for line in range(lines):
                matrix[node, line, node + step, line] = matrix[node + step, line, node, line] = bands[step, node, line]
    return matrix.reshape(length * lines, -1)


@settings(max_examples=60)
@given(st.integers(0, 4), st.integers(1, 7), st.integers(1, 5), st.integers(0, 99))
def test_line_blocks_invert_their_lines(width, length, lines, seed):
    bands = random_bands(np.random.default_rng(seed), lines, length, width)
    blocks = LineBlocks(bands)
    inverse = dense(blocks.solve, length * lines)
    np.testing.assert_allclose(inverse, np.linalg.inv(dense_lines(bands)), atol=1e-14)
    assert_spd(inverse)
    assert isinstance(blocks, BlockInverse)


def test_factors_in_single_precision_are_made_in_double():
    """A film couples its two faces a thousand million times as strongly as anything else holds them."""
    stiff = 1e9
    bands = np.array([[[1.0 + stiff], [1.0 + stiff]], [[-stiff], [0.0]]])
    single = LineBlocks(bands, np.float32).solve(np.ones(2, np.float32))
    assert single.dtype == np.float32
    assert single == pytest.approx([1.0, 1.0], rel=1e-6)


def test_line_blocks_refuse_what_cannot_be():
    bands = np.ones((3, 2, 2))
    with pytest.raises(ValueError, match=r"shape \(3, 2\) are not"):
        LineBlocks(bands[0:3, 0])
    with pytest.raises(LinearSolveError, match=r"not positive definite: pivot -3 at node 1 of line 0"):
        LineBlocks(bands * np.array([1.0, 2.0, 0.0])[:, None, None])
    with pytest.raises(LinearSolveError, match="NaN"):
        LineBlocks(bands * np.nan)
    with pytest.raises(LinearSolveError, match=r"1 entries that are not positive numbers.* -1 at position 1"):
        PointJacobi(np.array([1.0, -1.0]))


def start(system):
    return np.random.default_rng(20).standard_normal(system.size)


@pytest.mark.parametrize("system", [poisson(5, 2), stack(2, 6, 1e5)], ids=["point", "line"])
def test_largest_eigenvalue_is_estimated_from_above_and_closely(system):
    blocks = system.level.blocks()
    exact = np.linalg.eigvals(dense(blocks.solve, system.size) @ system.matrix().toarray()).real.max()
    estimate = largest_eigenvalue(system.apply, blocks, start(system))
    assert exact <= estimate <= 1.11 * exact
    assert estimate == largest_eigenvalue(system.apply, blocks, start(system))


def test_chebyshev_is_symmetric_and_damps_the_upper_spectrum():
    system = poisson(4, 2)
    blocks = system.level.blocks()
    smoother = Chebyshev(system.apply, blocks, 3, largest_eigenvalue(system.apply, blocks, start(system)))
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

    smoother = Chebyshev(apply, system.level.blocks(), degree, largest=2.0)
    b = np.random.default_rng(2).standard_normal(system.size)
    from_nothing = smoother.smooth(b)
    assert len(calls) == degree - 1
    np.testing.assert_allclose(smoother.smooth(b, np.zeros(system.size)), from_nothing, rtol=1e-13)
    assert len(calls) == 2 * degree - 1


def test_chebyshev_keeps_the_solution():
    system = poisson(3, 2)
    x = np.random.default_rng(3).standard_normal(system.size)
    smoother = Chebyshev(system.apply, system.level.blocks(), 3, largest=2.0)
    np.testing.assert_allclose(smoother.smooth(system.apply(x), x), x, atol=1e-14)


def test_chebyshev_arguments():
    system = poisson(1, 2)
    with pytest.raises(ValueError, match="degree >= 1"):
        Chebyshev(system.apply, system.level.blocks(), degree=0, largest=2.0)
    with pytest.raises(LinearSolveError, match="not positive definite"):
        largest_eigenvalue(lambda x: -x, system.level.blocks(), start(system))
