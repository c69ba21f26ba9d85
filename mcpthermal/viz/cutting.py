"""Surfaces of grids, with a block cut away, and the lines where parts meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.package.points import is_list
from mcpthermal.units import quantity
from mcpthermal.viz.scene import load_pyvista
from mcpthermal.viz.style import MILLIMETRES

SHARP = 0.6
"""Where faces meet at a smaller cosine, there is an edge to draw; the sides of a via have none."""

SLIVER = 1e-6
"""Points nearer to a plane than this part of the grid's width lie in it."""


@dataclass(frozen=True)
class CutAway:
    """A block that is taken away to look inside.

    Parameters
    ----------
    x, y, z : (low, high), optional
        Its ends (m; strings with units allowed); None is open, so that ``CutAway(x=(0, None))`` is a plane.

    Raises
    ------
    InputError
        If a block has no width.
    """

    x: Any = (None, None)
    y: Any = (None, None)
    z: Any = (None, None)

    def __post_init__(self) -> None:
        for axis in "xyz":
            ends = getattr(self, axis)
            if not is_list(ends) or len(tuple(ends)) != 2:
                raise InputError(f"cut-away {axis}={ends!r} must be (low, high), None for an open end")
            low, high = (
                None if end is None else quantity(end, "m", f"{end_name} end of a cut-away in {axis}")
                for end_name, end in zip(("lower", "upper"), ends, strict=True)
            )
            if low is not None and high is not None and not high > low:
                raise InputError(f"cut-away {axis}=({low:g}, {high:g}) m has no width; give (low, high)")
            object.__setattr__(self, axis, (low, high))


def surface_of(grid: Any, cut: bool | CutAway, stretch: float = 1.0) -> Any:
    """The outer surface of a grid; True cuts away the quarter that faces the viewer.

    Raises
    ------
    InputError
        If `cut` is something else, or nothing is left.
    """
    if cut is True:
        x0, x1, y0, y1, _, _ = grid.bounds
        half = (x0 + x1) / 2 / MILLIMETRES, (y0 + y1) / 2 / MILLIMETRES
        cut = CutAway(x=(half[0], None), y=(None, half[1]))
    if cut is False:
        return surface(grid)
    if not isinstance(cut, CutAway):
        raise InputError(f"cut={cut!r} must be True, False or a CutAway")
    return _without_block(grid, cut, stretch)


def _without_block(grid: Any, cut: CutAway, stretch: float) -> Any:
    """The grid parted by all planes of the block, without what is inside, and without the faces between the rest."""
    bounds = np.array(grid.bounds).reshape(3, 2)
    sliver = SLIVER * float(np.ptp(bounds, axis=1).max())
    block = np.array([[-np.inf, np.inf]] * 3)
    pieces = [(grid, True)]
    for axis, name in enumerate("xyz"):
        for side, end in enumerate(getattr(cut, name)):
            if end is None:
                continue
            place = end * MILLIMETRES * (stretch if name == "z" else 1.0)
            low, high = bounds[axis]
            if (side == 0 and place >= high - sliver) or (side == 1 and place <= low + sliver):
                return surface(grid)
            if low + sliver < place < high - sliver:
                block[axis, side] = place
                pieces = [half for piece in pieces for half in _halves(*piece, axis, place, side == 0)]
    kept = [surface(piece) for piece, inside in pieces if not inside]
    if not kept:
        raise InputError("the cut-away takes the whole package; give it an end inside the package")
    skins = [skin.extract_cells(~_covered(skin, block, sliver)) for skin in kept]
    return surface(load_pyvista().merge(skins, merge_points=False))


def _halves(grid: Any, inside: bool, axis: int, place: float, above: bool) -> list[tuple[Any, bool]]:
    """Both sides of a plane, where there is something; the block is above it, or below."""
    plane = {"normal": np.eye(3)[axis], "origin": np.eye(3)[axis] * place}
    halves = [(grid.clip(**plane, invert=not upper), inside and upper == above) for upper in (False, True)]
    return [(half, within) for half, within in halves if half.n_cells]


def _covered(skin: Any, block: NDArray[np.float64], sliver: float) -> NDArray[np.bool_]:
    """Triangles in a plane of the block, but outside the block's own face."""
    corners = skin.points[skin.regular_faces]
    centre = corners.mean(axis=1)
    inside = (centre > block[:, 0] - sliver) & (centre < block[:, 1] + sliver)
    covered = np.zeros(len(corners), bool)
    for axis in range(3):
        for place in block[axis][np.isfinite(block[axis])]:
            flat = (np.abs(corners[:, :, axis] - place) < sliver).all(axis=1)
            covered |= flat & ~inside.all(axis=1)
    return covered


def surface(grid: Any) -> Any:
    """The outer surface of a grid as triangles, those without area dropped.

    Points are not merged: where a field jumps between parts, it jumps on the surface.
    """
    pv = load_pyvista()
    raw = grid.extract_surface(algorithm="dataset_surface").triangulate()
    faces = raw.regular_faces
    place = places(raw)[faces]
    keep = (place[:, 0] != place[:, 1]) & (place[:, 1] != place[:, 2]) & (place[:, 0] != place[:, 2])
    result = pv.PolyData.from_regular_faces(raw.points, faces[keep])
    for name in raw.point_data:
        result.point_data[name] = np.asarray(raw.point_data[name])
    for name in raw.cell_data:
        result.cell_data[name] = np.asarray(raw.cell_data[name])[keep]
    return result


def places(body: Any) -> NDArray[np.int64]:
    """A number for each point, the same for points in the same place."""
    rounded = np.round(body.points / (1e-7 * max(body.length, 1e-9))).astype(np.int64)
    return np.unique(rounded, axis=0, return_inverse=True)[1].ravel()


def outlines(body: Any, rims: bool = False) -> Any:
    """Lines on a surface where parts meet, its sharp edges, and the rims of an open one."""
    pv = load_pyvista()
    cells = body.regular_faces
    sides = cells[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    pairs = np.sort(places(body)[sides], axis=1)
    edges, first, inverse, counts = np.unique(pairs, axis=0, return_index=True, return_inverse=True, return_counts=True)
    part = np.repeat(np.asarray(body.cell_data["part"]), 3)
    corners = body.points[cells]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    normal = np.repeat(normals, 3, axis=0)
    last = np.full(len(edges), -1)
    last[inverse.ravel()] = np.arange(len(inverse.ravel()))
    bend = np.abs(np.einsum("ij,ij->i", normal[first], normal[last])) < SHARP
    meeting = (counts == 2) & ((part[first] != part[last]) | bend)
    drawn = sides[first[meeting | ((counts == 1) & rims)]]
    lines = np.column_stack([np.full(len(drawn), 2), drawn]).ravel()
    return pv.PolyData(body.points, lines=lines)
