"""Sizes of a mesh that shows the power maps of a case: a mesh knows nothing of loads but through them."""

from __future__ import annotations

from dataclasses import replace

from mcpthermal.case import Case
from mcpthermal.loads import PowerMap, PowerTrace
from mcpthermal.mesh.sizing import MeshSpec, half_width

BLOCK = 0.5
"""In-plane size in a block, relative to its half width, on the level "normal"."""

LEAST = 0.08
"""The least of these sizes, relative to the half width of the part: heat spreads, and pixels may be many."""

MOST_BLOCKS = 50
"""More blocks, such as pixels, are taken together."""


def with_maps(case: Case, spec: MeshSpec) -> MeshSpec:
    """A mesh as asked for, and fine in the blocks of power maps that have power."""
    boxes = [box for load in case.of(PowerMap, PowerTrace) for box in _boxes(case, load, spec)]
    return replace(spec, boxes=(*spec.boxes, *boxes)) if boxes else spec


def _boxes(case: Case, load: PowerMap | PowerTrace, spec: MeshSpec) -> list[tuple[float, ...]]:
    part = case.package.parts[case.place(load.place).parts[0]]
    blocks = [block for block in load.blocks(part.footprint.bounds) if block.power]
    corners = [(block.x0, block.y0, block.x1, block.y1) for block in blocks]
    least = LEAST * half_width(part)
    sizes = [spec.factor * max(least, BLOCK * min(x1 - x0, y1 - y0) / 2) for x0, y0, x1, y1 in corners]
    if len(blocks) > MOST_BLOCKS:
        x0, y0, x1, y1 = zip(*corners, strict=True)
        return [(min(x0), min(y0), max(x1), max(y1), sorted(sizes)[len(sizes) // 2])]
    return [(*corner, size) for corner, size in zip(corners, sizes, strict=True)]
