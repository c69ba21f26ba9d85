"""Work that several threads share, and products with sparse matrices that way."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sparse

_ALLOWED = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
THREADS = min(4, os.cpu_count() or 1, max(1, int(_ALLOWED)) if _ALLOWED.isdecimal() else 4)
WORTH_THREADS = 2_000_000
"""Multiplications above which threads save more than they cost: they begin after some 0.1 ms."""

Result = TypeVar("Result")

_POOL = ThreadPoolExecutor(THREADS)


def _new_pool() -> None:
    """A forked process has none of the threads of its parent."""
    global _POOL
    _POOL = ThreadPoolExecutor(THREADS)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_pool)


def share(work: Callable[[range], Result], count: int, multiplications: int) -> list[Result]:
    """The results of `work` on the numbers up to a count: by threads if the multiplications are many.

    What SciPy does with sparse matrices runs outside Python's lock. BLAS stays out: its idle threads keep cores busy.
    """
    if multiplications < WORTH_THREADS or THREADS == 1 or count <= 1:
        return [work(range(count))]
    return list(_POOL.map(work, [range(first, count, THREADS) for first in range(min(count, THREADS))]))


def inner(a: Any, b: Any) -> float:
    """The inner product of two vectors, without BLAS: one thread is as fast as memory."""
    return float(np.einsum("i,i", a, b, dtype=float))


def norm_of(a: Any) -> float:
    """The Euclidean norm of a vector, without BLAS."""
    return math.sqrt(inner(a, a))


def compact(matrix: Any) -> Any:
    """A matrix in compressed rows with indices of 32 bits, where they are enough: half the traffic for them."""
    if max(matrix.nnz, *matrix.shape) < np.iinfo(np.int32).max:
        matrix.indptr, matrix.indices = (item.astype(np.int32, copy=False) for item in (matrix.indptr, matrix.indices))
    return matrix


class SparseProduct:
    """The product with a sparse matrix, in slices of rows with about as many entries each.

    Parameters
    ----------
    matrix : sparse matrix
    dtype : type
        The precision of entries and products.
    """

    def __init__(self, matrix: Any, dtype: Any = np.float64) -> None:
        matrix = compact(sparse.csr_array(matrix))
        rows, columns = matrix.shape
        data, starts, indices = matrix.data.astype(dtype, copy=False), matrix.indptr, matrix.indices
        cuts = np.searchsorted(starts, np.linspace(0, matrix.nnz, THREADS + 1))
        cuts[0], cuts[-1] = 0, rows
        self.dtype, self.shape, self.nnz = np.dtype(dtype), matrix.shape, matrix.nnz
        self._parts = []
        for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            entries = slice(int(starts[first]), int(starts[last]))
            own = (data[entries], indices[entries], starts[first : last + 1] - starts[first])
            self._parts.append((slice(first, last), sparse.csr_array(own, shape=(last - first, columns))))

    def enter(self, x: Any) -> Any:
        """A vector in the precision of the products."""
        return np.asarray(x, self.dtype)

    def leave(self, x: Any) -> Any:
        """A product in double precision."""
        return np.asarray(x, float)

    def __call__(self, x: Any) -> Any:
        """The product with a vector, or with several at once, (n, k)."""
        x = np.asarray(x, self.dtype)
        result = np.empty((self.shape[0], *x.shape[1:]), self.dtype)

        def multiply(numbers: range) -> None:
            for number in numbers:
                rows, part = self._parts[number]
                result[rows] = part @ x

        share(multiply, len(self._parts), self.nnz)
        return result
