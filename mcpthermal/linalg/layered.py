"""Products of layers on a stack of planes, in single precision: by MKL where it runs, by NumPy and SciPy elsewhere.

A sparse matrix meets all planes of a layer at once, so that its entries are read once: they are what such a product
waits for.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import LinearSolveError
from .direct import mkl as _mkl
from .product import share

Singles = npt.NDArray[np.float32]

_ROW_MAJOR, _PLAIN, _TRANSPOSED = 101, 111, 112
_NOT_TRANSPOSED, _GENERAL = 10, 20
"""Of CBLAS and of MKL's sparse routines."""


class LayeredProduct:
    """``y[s : s + n] += after (A (x[s : s + n]' before))'``, summed over layers.

    Parameters
    ----------
    layers : sequence of (start, matrix, after)
        The first plane s of each layer; its sparse matrix, (r p, p) for planes of p entries, r rows for each entry one
        after the other; and how the planes of the result are made of the r k columns, (n, r k). Layers that are no
        neighbours in their order have no plane in common.
    before : (n, k) array
        What the matrices are multiplied with, made of the n planes of a layer.
    """

    def __init__(self, layers: Sequence[tuple[int, Any, Any]], before: Any) -> None:
        self._before = np.ascontiguousarray(before, np.float32)
        kernel = _Plain if _mkl() is None else _Mkl
        known: dict[int, Any] = {}
        self._layers = []
        for start, matrix, after in sorted(layers, key=lambda item: item[0]):
            if id(matrix) not in known:
                known[id(matrix)] = kernel(matrix)
            self._layers.append((start, known[id(matrix)], np.ascontiguousarray(after, np.float32)))
        self._work = sum(matrix.nnz for _, matrix, _ in layers) * self._before.shape[1]

    def __call__(self, x: Singles) -> Singles:
        """The result for planes (planes, p)."""
        x, y, before = np.ascontiguousarray(x, np.float32), np.zeros(x.shape, np.float32), self._before
        count = len(before)

        # Neighbours may share a plane: first every other layer, then those between.
        for parity in range(2):
            own = self._layers[parity::2]

            def add(numbers: range, own: list[Any] = own) -> None:
                for number in numbers:
                    start, kernel, after = own[number]
                    planes = slice(start, start + count)
                    kernel.add(x[planes], before, after, y[planes])

            share(add, len(own), self._work // 2)
        return y


class _Room(threading.local):
    """Room of a thread for what matrices meet and make: to make it anew takes as long as to fill it."""

    def __init__(self) -> None:
        self._kept: dict[str, Singles] = {}

    def take(self, name: str, size: int) -> Singles:
        """That of a name, with as many entries at least."""
        if name not in self._kept or self._kept[name].size < size:
            self._kept[name] = np.empty(size, np.float32)
        return self._kept[name]


_ROOM = _Room()


class _Plain:
    """A layer's product by NumPy and SciPy."""

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix.astype(np.float32)

    def add(self, x: Singles, before: Singles, after: Singles, y: Singles) -> None:
        """Add a layer's result to its planes `y`."""
        made = self._matrix @ np.einsum("np,nk->pk", x, before)
        y += np.einsum("nk,pk->np", after, made.reshape(x.shape[1], -1))


class _Mkl:
    """The same by MKL, in the calling thread alone."""

    def __init__(self, matrix: Any) -> None:
        starts, indices = (np.ascontiguousarray(item, np.int32) for item in (matrix.indptr, matrix.indices))
        self._arrays = (starts, indices, np.ascontiguousarray(matrix.data, np.float32))
        self._handle, mkl = ctypes.c_void_p(), _mkl()
        rows, columns = matrix.shape
        ends = ctypes.c_void_p(starts.ctypes.data + starts.itemsize)
        _check(
            mkl.mkl_sparse_s_create_csr(
                ctypes.byref(self._handle), 0, rows, columns, *_at(starts), ends, *_at(*self._arrays[1:])
            )
        )
        weakref.finalize(self, mkl.mkl_sparse_destroy, self._handle).atexit = False

    def add(self, x: Singles, before: Singles, after: Singles, y: Singles) -> None:
        """As of `_Plain`."""
        mkl, (n, p), k, rk = _mkl(), x.shape, before.shape[1], after.shape[1]
        inner, outer = _ROOM.take("inner", p * k), _ROOM.take("outer", p * rk)
        one, zero = ctypes.c_float(1.0), ctypes.c_float(0.0)
        threads = mkl.MKL_Set_Num_Threads_Local(1)
        try:
            mkl.cblas_sgemm(
                _ROW_MAJOR, _TRANSPOSED, _PLAIN, p, k, n, one, *_at(x), p, *_at(before), k, zero, *_at(inner), k
            )
            status = mkl.mkl_sparse_s_mm(
                _NOT_TRANSPOSED, one, self._handle, _Kind(_GENERAL), _ROW_MAJOR, *_at(inner), k, k, zero, *_at(outer), k
            )
            mkl.cblas_sgemm(
                _ROW_MAJOR, _PLAIN, _TRANSPOSED, n, p, rk, one, *_at(after), rk, *_at(outer), rk, one, *_at(y), p
            )
        finally:
            mkl.MKL_Set_Num_Threads_Local(threads)
        _check(status)


class _Kind(ctypes.Structure):
    """MKL's description of a matrix."""

    _fields_ = (("type", ctypes.c_int), ("mode", ctypes.c_int), ("diag", ctypes.c_int))


def _at(*arrays: Any) -> list[Any]:
    """Where arrays begin."""
    return [ctypes.c_void_p(array.ctypes.data) for array in arrays]


def _check(status: int) -> None:
    if status:
        raise LinearSolveError(f"MKL's sparse routines ended with status {status}")
