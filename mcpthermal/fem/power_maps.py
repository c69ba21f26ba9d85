"""Power that differs from block to block of a part: loads that conserve the power of each block on any mesh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MeshError
from mcpthermal.fem.column_operator import LOAD
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.package.footprint import clip_rectangles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def map_load(space: Any, cells: Bools | None, faces: Any, blocks: Sequence[Any]) -> Floats:
    """The load (W) of blocks of power in cells, or on faces if there are no cells.

    Columns cut each triangle by the blocks' outlines, so that every block heats just what is below it; on
    tetrahedra the quadrature points inside a block share its power.

    Parameters
    ----------
    space : Space
    cells : mask over the mesh's cells or None
    faces : faces of the mesh or None
    blocks : sequence of Block
        ``x0, y0, x1, y1`` (m) and ``power`` (W).

    Raises
    ------
    MeshError
        If a block finds nothing that it could heat.
    """
    boxes = np.array([(block.x0, block.y0, block.x1, block.y1) for block in blocks])
    power = np.array([block.power for block in blocks])
    work = _on_columns if isinstance(space, ColumnSpace) else _on_points
    load, empty = work(space, cells, faces, boxes, power)
    if empty.any():
        raise MeshError(f"block '{blocks[int(np.argmax(empty))].name}' of a power map lies on nothing of its part")
    return load


def _on_columns(space: Any, cells: Any, faces: Any, boxes: Floats, power: Floats) -> tuple[Floats, Bools]:
    plane = space.plane
    if cells is None:
        (patch,) = space.patches(faces)
        triangle = np.searchsorted(space.columns, faces.column)
        depth = np.bincount(triangle, minlength=len(space.columns)).astype(float)
    else:
        local = space.local_cells(cells)
        depth = space.heights @ local
    used = np.flatnonzero(depth)
    number, box, shapes, area = _pieces(plane, used, boxes)
    measure = np.bincount(box, area * depth[number], minlength=len(boxes))
    density = np.divide(power, measure, out=np.zeros(len(power)), where=measure > 0)
    sums = np.zeros((len(space.columns), 6))
    np.add.at(sums, number, density[box, None] * shapes)
    if cells is None:
        load = np.bincount(patch.dofs.ravel(), sums[triangle].ravel(), minlength=space.size)
        return np.asarray(load, float), measure == 0
    total = np.zeros(space.lattice.shape)
    for layer, here in enumerate(local):
        planar = np.bincount(plane.dofs[here].ravel(), sums[here].ravel(), minlength=plane.size)
        total[:, space.lattice.span(layer)] += np.outer(planar, space.heights[layer] * LOAD)
    return space.lattice.collect(total), measure == 0


def _pieces(plane: Any, used: Ints, boxes: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Pieces of triangles cut by boxes: triangle, box, integrals of the six shape functions, area."""
    corners = plane.vertices[plane.triangles[used]]
    index, box, outline = clip_rectangles(corners, boxes)
    number = used[index]
    # The fan from the first corner; the rule with the edge middles is exact for quadratic functions.
    fan = np.stack([np.broadcast_to(outline[:, :1], outline[:, 1:-1].shape), outline[:, 1:-1], outline[:, 2:]], axis=2)
    a, b = fan[:, :, 1] - fan[:, :, 0], fan[:, :, 2] - fan[:, :, 0]
    area = np.abs(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]) / 2
    middles = (fan + np.roll(fan, 1, axis=2)) / 2
    count = middles.shape[1] * middles.shape[2]
    values = plane.shapes_at(np.repeat(number, count), middles.reshape(-1, 2)).reshape(*middles.shape[:3], 6)
    return number, box, np.einsum("kf,kfpn->kn", area / 3, values), area.sum(axis=1)


def _on_points(space: Any, cells: Any, faces: Any, boxes: Floats, power: Floats) -> tuple[Floats, Bools]:
    view, places = space.view(), space.points
    if cells is None:
        items = [(patch, patch.weights) for patch in space.patches(faces)]
        points = [np.stack([patch.at_points(places[:, axis]) for axis in (0, 1)], -1) for patch, _ in items]
    else:
        items = [(block, space.volumes(block) * cells[space.block_cells(block)[0]][:, None]) for block in space.blocks]
        points = [np.stack([view.values(places[:, axis], block) for axis in (0, 1)], -1) for block, _ in items]
    density = [np.zeros(weights.shape) for _, weights in items]
    empty = np.zeros(len(boxes), bool)
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        inside = [
            ((place >= (x0, y0)) & (place <= (x1, y1))).all(axis=-1) & (weights > 0)
            for place, (_, weights) in zip(points, items, strict=True)
        ]
        if not any(mask.any() for mask in inside):
            inside = _nearest(points, [weights for _, weights in items], np.array([(x0 + x1) / 2, (y0 + y1) / 2]))
        measure = sum(float(weights[mask].sum()) for mask, (_, weights) in zip(inside, items, strict=True))
        empty[number] = measure <= 0
        for mask, values in zip(inside, density, strict=True):
            values[mask] += power[number] / measure if measure > 0 else 0.0
    if cells is None:
        loads = [patch.load(values, space.size) for (patch, _), values in zip(items, density, strict=True)]
        return sum(loads, np.zeros(space.size)), empty
    total = view.zeros()
    for (block, weights), values in zip(items, density, strict=True):
        view.add(total, block, values * weights)
    return view.collect(total), empty


def _nearest(points: list[Floats], weights: list[Floats], centre: Floats) -> list[Bools]:
    """Masks of the one point that is nearest to a block in which no point lies."""
    far = [
        np.where(weight > 0, np.linalg.norm(place - centre, axis=-1), np.inf)
        for place, weight in zip(points, weights, strict=True)
    ]
    least = min(float(item.min()) for item in far)
    return [item == least for item in far]
