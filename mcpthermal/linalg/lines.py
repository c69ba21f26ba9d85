"""The inverse of line blocks: banded systems along many parallel lines, all of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import LinearSolveError

Array = npt.NDArray[np.float64]


class LineBlocks:
    """The inverse of symmetric positive definite bands along lines of equal length.

    The factors are ``L D L'`` of each line. Vectors go node by node: the entries of all lines at the first node, then
    at the second, and so on, so that each step of a substitution is one operation on all lines.

    Parameters
    ----------
    bands : numpy.ndarray
        Shape ``(1 + bandwidth, length, lines)``: at ``[k, j, l]`` node `j` of line `l` coupled to node ``j + k``.
        Couplings past the end of a line are ignored.
    dtype : type
        The precision of the stored factors; they are made in double precision.

    Raises
    ------
    LinearSolveError
        If a band is not finite or not positive definite.
    """

    name = "line"

    def __init__(self, bands: Array, dtype: Any = np.float64) -> None:
        bands = np.asarray(bands, dtype=float)
        if bands.ndim != 3:
            raise ValueError(f"bands of shape {bands.shape} are not (bandwidth, length, lines)")
        if not np.isfinite(bands).all():
            raise LinearSolveError("the line blocks of the operator contain NaN or infinite entries")
        self._below, pivots = _factors(bands)
        if not (pivots > 0.0).all():
            node, line = np.argwhere(~(pivots > 0.0))[0]
            raise LinearSolveError(
                f"the line blocks are not positive definite: pivot {pivots[node, line]:g} at node {node} "
                f"of line {line:,}"
            )
        self._below, self._inverse = self._below.astype(dtype), (1.0 / pivots).astype(dtype)
        # What couples no two nodes of any line needs no operation.
        self._steps = [[k + 1 for k in range(len(self._below)) if self._below[k, j].any()] for j in range(len(pivots))]
        self.shape, self.dtype = pivots.shape, np.dtype(dtype)

    def solve(self, r: Any) -> Any:
        """Solve with every line block."""
        x = np.array(r, self.dtype).reshape(self.shape)
        last, product = len(x) - 1, np.empty_like(x[0])
        for j in range(last + 1):
            for k in self._steps[j]:
                np.multiply(self._below[k - 1, j], x[j], out=product)
                x[j + k] -= product
        x *= self._inverse
        for j in range(last, -1, -1):
            for k in self._steps[j]:
                np.multiply(self._below[k - 1, j], x[j + k], out=product)
                x[j] -= product
        return x.ravel()


def _factors(bands: Array) -> tuple[Array, Array]:
    """The multipliers ``[k - 1, j]`` of the rows ``j + k`` by row `j`, and the pivots."""
    width, (length, lines) = len(bands) - 1, bands.shape[1:]
    rest, below = bands.copy(), np.zeros((width, length, lines))
    with np.errstate(divide="ignore", invalid="ignore"):
        for j in range(length):
            reach = min(width, length - 1 - j)
            below[:reach, j] = rest[1 : reach + 1, j] / rest[0, j]
            for k in range(1, reach + 1):
                rest[: reach + 1 - k, j + k] -= below[k - 1, j] * rest[k : reach + 1, j]
    return below, rest[0]
