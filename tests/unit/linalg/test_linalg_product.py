"""Products by slices of rows, in double and in single precision, and what the latter does to a preconditioner."""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sparse
from linalg_problems import poisson, stack

from mcpthermal.linalg import MatrixLevel, MatrixSystem, SparseProduct, TwoLevel, conjugate_gradients, product


@pytest.mark.parametrize("worth", [0, 10**9])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (400, 3), (90, 90), (2000, 70)])
def test_slices_give_the_product(monkeypatch, worth, shape):
    monkeypatch.setattr(product, "WORTH_THREADS", worth)
    rng = np.random.default_rng(2)
    matrix = sparse.random(*shape, density=0.1, random_state=rng, format="csr")
    # All entries in a few rows, and none in most.
    matrix = sparse.diags((np.arange(shape[0]) % 7 == 0).astype(float)) @ matrix
    x = rng.standard_normal(shape[1])
    assert SparseProduct(matrix)(x) == pytest.approx(matrix @ x, abs=1e-14)
    single = SparseProduct(matrix, np.float32)(x)
    assert single.dtype == np.float32
    assert single == pytest.approx(matrix @ x, abs=1e-5)


@pytest.mark.parametrize("size", [1.0, 1e-50, 1e50])
@pytest.mark.parametrize("system", [poisson(6, 3), stack(5, 6, 1.0), stack(5, 6, 10.0, 50.0)])
def test_single_precision_costs_no_iterations(system, size):
    counts = []
    for dtype in (np.float64, np.float32):
        made = MatrixSystem(system.matrix())
        made.level = MatrixLevel(system.matrix(), system.level.prolongation(), dtype=dtype)
        b = size * np.random.default_rng(4).standard_normal(made.size)
        solve, goal = TwoLevel(made).solve, 1e-10 * np.linalg.norm(b)
        x, count, _ = conjugate_gradients(made.apply, b, None, solve, absolute_tolerance=goal, max_iterations=200)
        assert np.linalg.norm(b - system.matrix() @ x) <= 2 * goal
        counts.append(count)
    assert counts[1] <= counts[0] + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """With those of its parent it would wait for ever."""
    monkeypatch.setattr(product, "THREADS", 2)
    monkeypatch.setattr(product, "_POOL", ThreadPoolExecutor(2))

    def work(numbers: range) -> int:
        time.sleep(0.05)  # so that all threads begin
        return sum(numbers)

    arguments = (work, 4, product.WORTH_THREADS)
    assert product.share(*arguments) == [2, 4]
    child = multiprocessing.get_context("fork").Process(target=product.share, args=arguments)
    child.start()
    child.join(20)
    ended = child.exitcode
    child.kill()
    assert ended == 0
