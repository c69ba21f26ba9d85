"""Small model problems for the tests of the linear algebra."""

from __future__ import annotations

from functools import reduce

import numpy as np
import scipy.sparse as sparse

from mcpthermal.linalg import LineBlocks, MatrixSystem


def chain(size, ends=2.0):
    """Second differences; `ends` is 2 for fixed ends and 1 for free ones."""
    diagonal = np.full(size, 2.0)
    diagonal[[0, -1]] = ends
    return sparse.diags([-np.ones(size - 1), diagonal, -np.ones(size - 1)], [-1, 0, 1], format="csr")


def interpolation(coarse):
    """Linear interpolation from `coarse` points to ``2 coarse + 1``."""
    rows = np.concatenate([2 * np.arange(coarse) + shift for shift in (0, 1, 2)])
    columns = np.tile(np.arange(coarse), 3)
    values = np.repeat([0.5, 1.0, 0.5], coarse)
    return sparse.csr_matrix((values, (rows, columns)), shape=(2 * coarse + 1, coarse))


def kron(*factors):
    return sparse.csr_matrix(reduce(sparse.kron, factors))


def poisson(coarse, dimension=3):
    """A Poisson system with ``(2 coarse + 1) ** dimension`` unknowns and its coarse level."""
    size = 2 * coarse + 1
    one, line = sparse.identity(size), chain(size)
    matrix = sum(kron(*[line if axis == place else one for place in range(dimension)]) for axis in range(dimension))
    return MatrixSystem(sparse.csr_matrix(matrix), kron(*[interpolation(coarse)] * dimension))


def stack(coarse, length, anisotropy, contrast=1.0):
    """A plate of lines: planar Poisson in x and y, couplings that are `anisotropy` times as strong along z.

    Its unknowns go level by level. Its coarse level is linear in the plane and keeps every level, and its smoother has
    line blocks.
    """
    planar = poisson(coarse, 2)
    mass = sparse.identity(planar.size)
    levels = np.where(np.arange(length) < length // 2, 1.0, contrast)
    upright = anisotropy * (chain(length, ends=1.0) + sparse.diags(np.eye(length)[0]))
    matrix = sparse.csr_matrix(kron(sparse.diags(levels), planar.matrix()) + kron(upright, mass))
    prolongation = kron(sparse.identity(length), planar.level.prolongation())
    return MatrixSystem(matrix, prolongation, line_blocks(matrix, length))


def line_blocks(matrix, length):
    """The line blocks of a lattice matrix, lines of `length` entries, level by level."""
    lines = matrix.shape[0] // length
    bands = np.zeros((3, matrix.shape[0]))
    for step in range(min(3, length)):
        bands[step, : matrix.shape[0] - step * lines] = matrix.diagonal(step * lines)
    return LineBlocks(bands.reshape(3, length, lines))


def dense(solve, size):
    """The matrix of a linear map."""
    return np.column_stack([solve(column) for column in np.eye(size)])


def assert_spd(operator):
    np.testing.assert_allclose(operator, operator.T, atol=1e-12 * abs(operator).max())
    assert np.linalg.eigvalsh(0.5 * (operator + operator.T)).min() > 0.0
