"""What order of elements pays, in the plane and along z: the fewest unknowns for an error, on a section of a module.

Run by hand: ``python tests/benchmarks/elements.py``. Two chips in mould on laminate, cut along x and z, cooled below
and above; the error is that of the upper chip's highest rise against a fine mesh of order four. Meshes are graded to
the chips' edges and to the interfaces in many ways; for each pair of orders the cheapest one within an error counts.
In a package the triangles along a chip's edge are as long as they are wide: unknowns are counted as those of triangles
of order p along an edge of the chip's length, p^2 / h for each step h of x, times those of the lines of order q.

The fewest unknowns, in units of those of quadratic triangles and lines:

plane x line     1.00%   0.50%   0.20%   0.05%
1 x 1             0.28    0.64    2.38     inf
2 x 1             0.52    0.57    0.71    1.30
2 x 2             1.00    1.00    1.00    1.00
2 x 3             1.48    1.48    1.48    1.07
3 x 1             1.18    1.18    1.10    0.97
3 x 2             2.25    2.25    1.41    0.67
3 x 3             3.32    3.32    2.08    0.91

Cubic triangles pay below 0.1 % only, cubic lines nowhere; linear lines would save a third of the unknowns at 0.2 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.sparse.linalg import spsolve

Floats = NDArray[np.float64]

MM = 1e-3
EDGES = (0.0, 2.0 * MM, 2.5 * MM, 5.0 * MM)
"""The middle, the edges of the upper and the lower chip, the side."""

LEVELS = (-0.5 * MM, 0.0, 0.3 * MM, 0.38 * MM, 0.58 * MM, 1.0 * MM)
"""Laminate, lower chip, underfill, upper chip, mould."""

CONDUCTIVITY = np.array([[0.8, 0.8, 0.8], [130.0, 130.0, 0.9], [0.6, 0.9, 0.9], [130.0, 0.9, 0.9], [0.9, 0.9, 0.9]])
"""Of each layer, within the upper chip's width, the lower one's, and beyond (W/(m K))."""

POWER = np.array([[0, 0, 0], [2.7e8, 2.7e8, 0], [0, 0, 0], [3.1e8, 0, 0], [0, 0, 0]], float)
"""(W/m3)"""

FILMS = (1000.0, 20.0)
"""Coefficients below and above (W/(m2 K))."""

TARGETS = (0.01, 0.005, 0.002, 0.0005)


def graded(ends: Sequence[float], first: float, growth: float, inner: Sequence[int]) -> Floats:
    """Steps from `first` at the ends numbered by `inner`, growing away from them, over all intervals."""
    places = [ends[0]]
    for number, (low, high) in enumerate(pairwise(ends)):
        sides = [number in inner, number + 1 in inner]
        share, half = (high - low) / max(1, sum(sides)), []
        size = min(first, share)
        while sum(half) + size < share * (1 - 1e-9):
            half.append(size)
            size *= growth
        half.append(share - sum(half))
        if len(half) > 1 and half[-1] < 0.5 * half[-2]:
            half[-2:] = [sum(half[-2:])]
        steps = [*(half if sides[0] else []), *(half[::-1] if sides[1] else [])]
        places += list(low + np.cumsum(steps))
    return np.array(places)


def line(order: int) -> tuple[Floats, Floats, Floats]:
    """Mass, stiffness and load of Lagrange elements on the unit interval."""
    nodes = np.linspace(0, 1, order + 1)
    functions = []
    for i in range(order + 1):
        others = np.delete(nodes, i)
        functions.append(Polynomial.fromroots(others) / np.prod(nodes[i] - others))
    x, w = leggauss(order + 1)
    x, w = (x + 1) / 2, w / 2
    values, slopes = np.array([f(x) for f in functions]), np.array([f.deriv()(x) for f in functions])
    return (values * w) @ values.T, (slopes * w) @ slopes.T, values @ w


def assembled(cells: Floats, places: Floats, order: int, power: int) -> Any:
    """A line's matrix: the local one weighted by a value of each cell and by its length to a power."""
    local = line(order)[0 if power == 1 else 1]
    data = (cells * np.diff(places) ** power)[:, None, None] * local
    dofs = order * np.arange(len(cells))[:, None] + np.arange(order + 1)
    shape = (order * len(cells) + 1,) * 2
    rows, columns = np.broadcast_arrays(dofs[:, :, None], dofs[:, None, :])
    return sp.coo_array((data.ravel(), (rows.ravel(), columns.ravel())), shape=shape).tocsr()


def rise(x: Floats, z: Floats, orders: tuple[int, int]) -> float:
    """The highest rise of the upper chip (K): over the middle of its upper face, since heat leaves below."""
    p, q = orders
    column = np.searchsorted(EDGES, (x[:-1] + x[1:]) / 2) - 1
    layer = np.searchsorted(LEVELS, (z[:-1] + z[1:]) / 2) - 1
    width, height = p * (len(x) - 1) + 1, q * (len(z) - 1) + 1
    matrix: Any = sp.csr_array((width * height,) * 2)
    load = np.zeros((height, width))
    _, _, across = line(p)
    _, _, upright = line(q)
    for number in range(len(LEVELS) - 1):
        inside = (layer == number).astype(float)
        cells = CONDUCTIVITY[number][column]
        matrix = matrix + sp.kron(assembled(inside, z, q, 1), assembled(cells, x, p, -1))
        matrix = matrix + sp.kron(assembled(inside, z, q, -1), assembled(cells, x, p, 1))
        heat, lines = np.zeros(width), np.zeros(height)
        for i, density in enumerate(POWER[number][column] * np.diff(x)):
            heat[p * i : p * i + p + 1] += density * across
        for j, thickness in enumerate(inside * np.diff(z)):
            lines[q * j : q * j + q + 1] += thickness * upright
        load += np.outer(lines, heat)
    ends = np.zeros(height)
    ends[0], ends[-1] = FILMS
    matrix = matrix + sp.kron(sp.diags_array(ends), assembled(np.ones(len(x) - 1), x, p, 1))
    solution = spsolve(matrix.tocsc(), load.ravel()).reshape(height, width)
    return float(solution[q * int(np.argmin(abs(z - LEVELS[4]))), 0])


def unknowns(x: Floats, z: Floats, orders: tuple[int, int]) -> float:
    """Those of triangles along 5 mm of edge times those of the lines."""
    p, q = orders
    return float(p**2 * (5 * MM / np.diff(x)).sum() * (q * (len(z) - 1) + 1))


def main() -> None:
    """Scan the meshes and print the cheapest one of each pair of orders."""
    fine = graded(EDGES, 0.2e-6, 1.6, (1, 2)), graded(LEVELS, 0.2e-6, 1.6, range(6))
    reference = rise(*fine, (4, 4))
    check = rise(graded(EDGES, 2e-6, 2.0, (1, 2)), graded(LEVELS, 2e-6, 2.0, range(6)), (3, 3))
    print(f"rise {reference:.5f} K; a coarser mesh of order three gives {check / reference - 1:+.1e}")
    print("fewest unknowns, in units of those of order 2 x 2, for an error of")
    print("plane x line  " + "".join(f"{target:>8.2%}" for target in TARGETS))
    sizes = MM * np.geomspace(0.01, 1.0, 9)
    meshes = [
        (graded(EDGES, a, g, (1, 2)), graded(LEVELS, b, h, range(6)))
        for a, b, g, h in product(sizes, sizes, (1.4, 2.0, 3.0), (2.0, 3.0))
    ]
    fewest = {}
    for orders in product((1, 2, 3), (1, 2, 3)):
        found = np.array([(unknowns(*mesh, orders), abs(rise(*mesh, orders) / reference - 1)) for mesh in meshes])
        fewest[orders] = [found[found[:, 1] <= target, 0].min(initial=np.inf) for target in TARGETS]
    for orders, counts in fewest.items():
        shares = np.array(counts) / fewest[2, 2]
        print(f"{orders[0]} x {orders[1]}         " + "".join(f"{share:8.2f}" for share in shares))


if __name__ == "__main__":
    main()
