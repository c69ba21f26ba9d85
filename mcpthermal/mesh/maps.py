"""Sizes of a mesh that shows the power maps of a case: a mesh knows nothing of loads but through them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mcpthermal.case import Case
from mcpthermal.loads import PowerMap, PowerTrace
from mcpthermal.mesh.sizing import MeshSpec

BLOCK = 0.5
"""In-plane size in a block, relative to its half width, on the level "normal"."""

MOST_BLOCKS, MOST_TRIANGLES = 50, 1500
"""More blocks, such as pixels, are taken together; and how many triangles, on the level "normal", there are in all
blocks of a map at most, roughly."""

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
    sides = corners[:, 2:] - corners[:, :2]
    sizes = BLOCK * sides.min(axis=1) / 2
    count = (sides.prod(axis=1) / (EQUILATERAL * sizes**2)).sum()
    sizes *= spec.factor * max(1.0, (count / MOST_TRIANGLES) ** 0.5)
    if len(blocks) > MOST_BLOCKS:
        corners = np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])[None]
        sizes = np.median(sizes)[None]
    return [tuple(box) for box in np.column_stack([corners, sizes]).tolist()]
