"""Sizes of a mesh that shows the power maps of a case: a mesh knows nothing of loads but through them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.loads import PowerMap, PowerTrace
from mcpthermal.mesh.sizing import MeshSpec

BLOCK = 0.5
"""In-plane size in a block, relative to its half width, on the level "normal"."""

MOST_BLOCKS = 50
"""More blocks, such as pixels, are taken together."""

MOST_TRIANGLES = 3000
"""How many triangles, on the level "normal", there are in and next to all blocks of a map at most, roughly."""

EQUILATERAL = 3**0.5 / 4
"""The area of a triangle relative to the square of its side."""


def with_maps(case: Case, spec: MeshSpec) -> MeshSpec:
    """A mesh as asked for, and fine in the blocks of power maps that have power."""
    boxes = [box for load in case.of(PowerMap, PowerTrace) for box in _boxes(case, load, spec)]
    return replace(spec, boxes=(*spec.boxes, *boxes)) if boxes else spec


def _boxes(case: Case, load: PowerMap | PowerTrace, spec: MeshSpec) -> list[tuple[float, ...]]:
    part = case.package.parts[case.place(load.place).parts[0]]
    blocks = [block for block in load.blocks(part.footprint.bounds) if block.power]
    corners = np.array([(block.x0, block.y0, block.x1, block.y1) for block in blocks]).reshape(-1, 4)
    sizes = BLOCK * (corners[:, 2:] - corners[:, :2]).min(axis=1) / 2
    if len(blocks) > MOST_BLOCKS:
        corners = np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])[None]
        sizes = np.median(sizes)[None]
    while _count(corners, sizes) > MOST_TRIANGLES:
        sizes *= 1.25
    sizes *= spec.factor
    return [tuple(box) for box in np.column_stack([corners, sizes]).tolist()]


def _count(corners: NDArray[np.float64], sizes: NDArray[np.float64]) -> float:
    """About how many triangles there are in rectangles and in a row around each."""
    sides = corners[:, 2:] - corners[:, :2] + 2 * sizes[:, None]
    return float((sides.prod(axis=1) / (EQUILATERAL * sizes**2)).sum())
