"""Flexible GMRES against dense solutions, and preconditioners that are kept."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from linalg_problems import dense, poisson, stack

from mcpthermal.errors import LinearSolveError
from mcpthermal.linalg import MatrixSystem, Solver, flexible_gmres, gmres_steps


def nothing(r):
    return r


def random_matrix(size, seed, skew=1.0):
    rng = np.random.default_rng(seed)
    return np.diag(1.0 + rng.random(size)) + skew * rng.standard_normal((size, size)) / (2 * np.sqrt(size))


@settings(max_examples=40)
@given(size=st.integers(1, 25), seed=st.integers(0, 2**32 - 1), exponents=st.tuples(*[st.integers(-12, 12)] * 2))
def test_random_systems_of_any_scale(size, seed, exponents):
    matrix = random_matrix(size, seed) * 10.0 ** exponents[0]
    b = np.random.default_rng(seed).standard_normal(size) * 10.0 ** exponents[1]
    x, count, residual = flexible_gmres(matrix.dot, b, nothing, relative_tolerance=1e-11, max_iterations=60)
    expected = np.linalg.solve(matrix, b)
    assert np.abs(x - expected).max() < 1e-8 * np.abs(expected).max()
    assert residual == pytest.approx(np.linalg.norm(matrix @ x - b) / np.linalg.norm(b), rel=0.2, abs=1e-15)
    assert residual <= 1e-11 and count <= size + 2


def test_a_few_steps_are_those_of_the_whole_method_without_a_last_product():
    matrix, calls = random_matrix(30, 2), []
    b = np.random.default_rng(2).standard_normal(30)

    def apply(x):
        calls.append(None)
        return matrix @ x

    found = gmres_steps(apply, b, nothing, relative_tolerance=1e-12, steps=3)
    assert len(calls) == 3
    whole = flexible_gmres(matrix.dot, b, nothing, relative_tolerance=1e-12, max_iterations=3)
    np.testing.assert_allclose(found, whole[0], rtol=1e-12)
    assert not gmres_steps(apply, np.zeros(30), nothing, relative_tolerance=0.1, steps=3).any()
    with pytest.raises(LinearSolveError, match="NaN"):
        gmres_steps(apply, np.full(30, np.nan), nothing, relative_tolerance=0.1, steps=3)


def test_an_indefinite_system_is_solved():
    """A shift beyond the lowest eigenvalues, as past a turning point of a branch."""
    matrix = poisson(3, 2).matrix().toarray()
    shifted = matrix - 1.05 * np.linalg.eigvalsh(matrix)[3] * np.eye(len(matrix))
    assert (np.linalg.eigvalsh(shifted) < 0).sum() >= 4
    b = np.random.default_rng(4).standard_normal(len(matrix))
    factor = np.linalg.inv(matrix)
    x, count, residual = flexible_gmres(shifted.dot, b, factor.dot, relative_tolerance=1e-12, max_iterations=80)
    assert residual <= 1e-12 and count < len(matrix)
    np.testing.assert_allclose(x, np.linalg.solve(shifted, b), rtol=1e-8, atol=1e-9)


def test_a_good_preconditioner_saves_iterations():
    system = stack(5, 8, 1e4, contrast=300.0)
    skew = sparse.random(system.size, system.size, 0.002, random_state=np.random.default_rng(3), format="csr")
    matrix = system.matrix() + 0.1 * skew
    b = np.random.default_rng(5).standard_normal(system.size)
    solver = Solver(method="multigrid")
    made = solver.preconditioner(system)
    x, count, residual = flexible_gmres(matrix.dot, b, made.solve, relative_tolerance=1e-10, max_iterations=100)
    plain = flexible_gmres(matrix.dot, b, nothing, relative_tolerance=1e-10, max_iterations=20)
    assert residual <= 1e-10 and count <= 12 and plain[1] == 20 and plain[2] > 1e-6
    np.testing.assert_allclose(x, sparse.linalg.spsolve(matrix.tocsc(), b), rtol=1e-6, atol=1e-9)


def test_the_preconditioner_may_change():
    matrix = random_matrix(60, 8, skew=3.0)
    rng = np.random.default_rng(9)
    calls = []

    def preconditioner(r):
        calls.append(1)
        return np.linalg.solve(matrix + 0.3 * rng.standard_normal(matrix.shape) / 8, r)

    b = rng.standard_normal(60)
    x, count, residual = flexible_gmres(matrix.dot, b, preconditioner, relative_tolerance=1e-11, max_iterations=200)
    assert residual <= 1e-11 and len(calls) == count < 60
    np.testing.assert_allclose(x, np.linalg.solve(matrix, b), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("restart", [5, 12, 100])
def test_restarts_bound_the_vectors(restart):
    matrix = random_matrix(80, 10)
    b = np.random.default_rng(11).standard_normal(80)
    x, count, residual = flexible_gmres(
        matrix.dot, b, nothing, relative_tolerance=1e-10, max_iterations=400, restart=restart
    )
    assert residual <= 1e-10
    assert count > restart or restart == 100
    np.testing.assert_allclose(x, np.linalg.solve(matrix, b), rtol=1e-7, atol=1e-8)


def test_stagnation_and_the_limit_show_in_the_residual():
    # A cyclic shift: nothing is gained before the last step.
    shift = np.roll(np.eye(12), 1, axis=0)
    b = np.eye(12)[0]
    x, count, residual = flexible_gmres(shift.dot, b, nothing, relative_tolerance=1e-10, max_iterations=500, restart=5)
    assert residual == pytest.approx(1.0, rel=1e-12) and count == 5
    assert np.linalg.norm(shift @ x - b) == pytest.approx(1.0, rel=1e-12)
    assert flexible_gmres(shift.dot, b, nothing, relative_tolerance=1e-10, max_iterations=12)[2] < 1e-14
    matrix = random_matrix(80, 12)
    x, count, residual = flexible_gmres(matrix.dot, np.ones(80), nothing, relative_tolerance=1e-12, max_iterations=4)
    assert count == 4 and 1e-8 < residual < 0.5
    assert residual == pytest.approx(np.linalg.norm(matrix @ x - 1) / np.sqrt(80), rel=1e-12)


def test_a_singular_system_is_not_called_solved():
    matrix = np.diag([1.0, 2.0, 0.0])
    x, _, residual = flexible_gmres(matrix.dot, np.ones(3), nothing, relative_tolerance=1e-10, max_iterations=30)
    assert residual == pytest.approx(np.sqrt(1 / 3), rel=1e-10)
    assert np.isfinite(x).all()
    x, _, residual = flexible_gmres(lambda v: 0 * v, np.ones(3), nothing, relative_tolerance=1e-10, max_iterations=30)
    assert not x.any() and residual == 1.0


def test_nothing_to_solve():
    x, count, residual = flexible_gmres(nothing, np.zeros(3), nothing, relative_tolerance=1e-10, max_iterations=30)
    assert not x.any() and count == 0 and residual == 0.0
    b = np.array([1, 2, 3])
    x, count, residual = flexible_gmres(lambda v: 2 * v, b, nothing, relative_tolerance=1e-10, max_iterations=30)
    assert x.tolist() == [0.5, 1.0, 1.5] and count == 1 and residual == 0.0 and b.tolist() == [1, 2, 3]


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_a_number_raises(value):
    arguments = {"relative_tolerance": 1e-10, "max_iterations": 30}
    with pytest.raises(LinearSolveError, match="right-hand side"):
        flexible_gmres(nothing, np.array([1.0, value]), nothing, **arguments)
    for operator, preconditioner in ((lambda v: value * v, nothing), (nothing, lambda v: value * v)):
        with pytest.raises(LinearSolveError, match="operator or the preconditioner"):
            flexible_gmres(operator, np.ones(2), preconditioner, **arguments)


@pytest.mark.parametrize("method", ["direct", "multigrid"])
def test_a_preconditioner_is_kept_and_used_by_the_solver(method):
    solver, system = Solver(method=method), stack(3, 5, 1e3)
    made = solver.preconditioner(system)
    assert made.exact == (method == "direct") and made.system() is system
    approximate = dense(made.solve, system.size) @ system.matrix().toarray()
    spectrum = np.linalg.eigvals(approximate).real
    assert spectrum.min() > (1 - 1e-9 if made.exact else 0.1) and spectrum.max() < 1 + 1e-9
    b = np.random.default_rng(2).standard_normal(system.size)
    _, report = solver.solve(system, b)
    assert report.setups == 0 and "(reused)" in report.method


def test_a_kept_preconditioner_is_adapted_until_the_size_changes():
    solver, system = Solver(method="multigrid"), stack(5, 6, 1e3)
    made = solver.preconditioner(system)
    before = made.solve(np.ones(system.size))
    scaled = MatrixSystem(4.0 * system.matrix(), system.level.prolongation())
    again = solver.preconditioner(scaled)
    assert again is made and made.system() is scaled
    # The smoother is that of the new operator: the same direction would be four times as long otherwise.
    assert np.linalg.norm(made.solve(np.ones(system.size))) < np.linalg.norm(before)
    other = stack(4, 6, 1e3)
    assert solver.preconditioner(other) is not made and solver.preconditioner(other).system() is other
    solver.reset()
    assert solver.preconditioner(system) is not made
