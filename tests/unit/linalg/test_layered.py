"""Products of layers on a stack of planes, by MKL and by NumPy alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from mcpthermal.linalg import LayeredProduct, layered, product
from mcpthermal.linalg.direct import mkl

RNG = np.random.default_rng(8)
PLANAR, STARTS = 300, (5, 0, 3, 8)
BEFORE = RNG.random((3, 4))


@pytest.fixture(params=["MKL", "NumPy"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "NumPy":
        monkeypatch.setattr(layered, "_mkl", lambda: None)
    elif mkl() is None:
        pytest.skip("MKL is not available here")


def layers() -> list[tuple[int, Any, Any]]:
    """Of four layers the last two share their matrix."""
    matrices = [sp.random_array((2 * PLANAR, PLANAR), density=0.05, format="csr", rng=RNG) for _ in range(3)]
    return [(start, matrices[min(n, 2)], RNG.random((3, 8))) for n, start in enumerate(STARTS)]


@pytest.mark.parametrize("worth", [product.WORTH_THREADS, 0])
def test_layers_add_up(kernel: None, worth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers 0, 3 and 5 share planes with their neighbours, 8 stands alone."""
    monkeypatch.setattr(product, "WORTH_THREADS", worth)
    given, x = layers(), RNG.random((11, PLANAR)).astype(np.float32)
    expected = np.zeros((11, PLANAR))
    for start, matrix, after in given:
        expected[start : start + 3] += after @ (matrix @ (x[start : start + 3].T @ BEFORE)).reshape(PLANAR, 8).T
    whole = LayeredProduct(given, BEFORE)
    for _ in range(2):
        found = whole(x)
        assert found.dtype == np.float32
        assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_a_status_of_mkl_is_an_error_of_ours() -> None:
    with pytest.raises(layered.LinearSolveError, match="status 3"):
        layered._check(3)


def test_several_threads_may_ask_the_same_product(kernel: None) -> None:
    """Each has room of its own for what is between."""
    whole = LayeredProduct(layers(), BEFORE)
    fields = [RNG.random((11, PLANAR)).astype(np.float32) for _ in range(4)]
    alone = [whole(x) for x in fields]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(50):
            for found, expected in zip(pool.map(whole, fields), alone, strict=True):
                np.testing.assert_array_equal(found, expected)
