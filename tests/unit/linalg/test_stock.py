"""Factors that are kept for several like systems, and lent to systems that differ in a few places."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from mcpthermal.linalg import MatrixSystem
from mcpthermal.linalg.stock import StockSolver

SIDE = 24


def grid_matrix(conductance: np.ndarray, film: float = 0.01) -> sp.csr_array:
    """Conduction between the cells of a square grid, a film at each; a cell's edges have the harmonic mean."""
    count = SIDE * SIDE
    number = np.arange(count).reshape(SIDE, SIDE)
    matrix = sp.lil_array((count, count))
    for a, b in ((number[:-1], number[1:]), (number[:, :-1], number[:, 1:])):
        for i, j in zip(a.ravel(), b.ravel(), strict=True):
            k = 2 / (1 / conductance.flat[i] + 1 / conductance.flat[j])
            matrix[i, i] += k
            matrix[j, j] += k
            matrix[i, j] -= k
            matrix[j, i] -= k
    return sp.csr_array(matrix + film * sp.eye_array(count))


PLAIN = np.ones((SIDE, SIDE))
PATCH = np.s_[8:11, 4:16]
LOAD = np.random.default_rng(0).normal(size=SIDE * SIDE)
ALL = np.arange(SIDE * SIDE)


def neighbours(rings: int = 2) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[8 - rings : 11 + rings, 4 - rings : 16 + rings] = True
    return np.flatnonzero(mask.ravel())


def solved() -> StockSolver:
    solver = StockSolver(1e-11)
    solver.solve(MatrixSystem(grid_matrix(PLAIN)), LOAD)
    assert solver.setups == 1
    return solver


@pytest.mark.parametrize("factor", [1e-6, 1e-2, 1e2, 1e4])
def test_a_patch_of_any_contrast_takes_few_iterations_and_no_factors(factor: float) -> None:
    changed = PLAIN.copy()
    changed[PATCH] = factor
    matrix = grid_matrix(changed)
    borrower = solved().lend(ALL, neighbours())
    x, report = borrower.solve(MatrixSystem(matrix), LOAD)
    assert report.setups == borrower.setups == 0 and report.iterations <= 14 and "lent" in report.method
    assert_allclose(x, sp.linalg.spsolve(matrix.tocsc(), LOAD), rtol=1e-7, atol=1e-9)
    plain = StockSolver(1e-11)
    plain.solve(MatrixSystem(grid_matrix(PLAIN)), LOAD)
    _, slower = plain.lend(ALL, np.array([], int)).solve(MatrixSystem(matrix), LOAD)
    assert factor > 1e-4 or slower.setups > report.setups == 0


def test_unknowns_that_are_gone_and_new_ones() -> None:
    """The lender has no cells in the patch, the borrower none in another one."""
    hole, other = np.ones((SIDE, SIDE), bool), np.ones((SIDE, SIDE), bool)
    hole[PATCH] = False
    other[15:18, 10:12] = False
    mine, theirs = np.flatnonzero(hole.ravel()), np.flatnonzero(other.ravel())
    matrix = grid_matrix(PLAIN)
    lender = StockSolver(1e-11)
    lender.solve(MatrixSystem(matrix[mine][:, mine]), LOAD[mine])
    place = np.full(SIDE * SIDE, -1)
    place[mine] = np.arange(len(mine))
    own = matrix[theirs][:, theirs]
    borrower = lender.lend(place[theirs], np.array([], int))
    x, report = borrower.solve(MatrixSystem(own), LOAD[theirs])
    assert report.setups == 0
    assert_allclose(x, sp.linalg.spsolve(own.tocsc(), LOAD[theirs]), rtol=1e-7, atol=1e-9)


def test_like_systems_find_their_factors_again() -> None:
    solver = StockSolver(1e-11)
    systems = [MatrixSystem(grid_matrix(PLAIN, film)) for film in (0.01, 1.0, 100.0)]
    for system in (*systems, *systems[::-1]):
        x, _ = solver.solve(system, LOAD)
        assert_allclose(system.apply(x), LOAD, atol=1e-9)
    assert solver.setups == 3
    assert solver.preconditioner(systems[1]).exact and solver.setups == 3


def test_the_lender_keeps_what_it_lent() -> None:
    lender = solved()
    far = PLAIN.copy()
    far[::2] = 1e4
    borrower = lender.lend(ALL, np.array([0]))
    matrix = grid_matrix(far)
    for _ in range(2):
        x, _ = borrower.solve(MatrixSystem(matrix), LOAD)
        assert_allclose(matrix @ x, LOAD, atol=1e-8)
    assert borrower.setups == 1
    _, report = lender.solve(MatrixSystem(grid_matrix(PLAIN)), LOAD)
    assert (report.iterations, report.setups) == (1, 0)
