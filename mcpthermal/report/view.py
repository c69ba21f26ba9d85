"""The 3-D view of a result, as data that the script in a page draws: whole cells, so that it can cut them."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.result.fields import Fields
from mcpthermal.result.steady import SteadyResult
from mcpthermal.viz.cutting import SHARP
from mcpthermal.viz.grids import SPLITS
from mcpthermal.viz.style import (
    FIELDS,
    MILLIMETRES,
    STRETCH,
    current_cells,
    current_flows,
    map_colours,
    material_colours,
    raw_values,
    scale_numbers,
)

Ints = NDArray[np.int64]

# Corners of each face, then all its nodes as triangles, in VTK's order of the nodes of a cell.
_TRIANGLE = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))


def _six(*nodes: int) -> list[int]:
    """The triangles of a face with six nodes."""
    return [nodes[n] for triangle in _TRIANGLE for n in triangle]


def _nine(*nodes: int) -> list[int]:
    """The triangles of a face with four corners, four middles and a centre."""
    rim = [nodes[n] for n in (0, 4, 1, 5, 2, 6, 3, 7)]
    return [node for n in range(8) for node in (rim[n], rim[(n + 1) % 8], nodes[8])]


_FACES: dict[str, list[tuple[tuple[int, ...], list[int]]]] = {
    "wedge18": [
        ((0, 1, 2), _six(0, 1, 2, 6, 7, 8)),
        ((3, 4, 5), _six(3, 4, 5, 9, 10, 11)),
        ((0, 1, 4, 3), _nine(0, 1, 4, 3, 6, 13, 9, 12, 15)),
        ((1, 2, 5, 4), _nine(1, 2, 5, 4, 7, 14, 10, 13, 16)),
        ((2, 0, 3, 5), _nine(2, 0, 3, 5, 8, 12, 11, 14, 17)),
    ],
    "tetra10": [
        ((0, 1, 2), _six(0, 1, 2, 4, 5, 6)),
        ((0, 1, 3), _six(0, 1, 3, 4, 8, 7)),
        ((1, 2, 3), _six(1, 2, 3, 5, 9, 8)),
        ((0, 2, 3), _six(0, 2, 3, 6, 9, 7)),
    ],
    "tetra": [(face, list(face)) for face in ((0, 1, 2), (0, 1, 3), (1, 2, 3), (0, 2, 3))],
}


def view_data(result: SteadyResult) -> str:
    """Everything the page's script needs, as JSON with compressed arrays; lengths in mm, values in SI.

    Single precision: a temperature is exact to some 1e-5 K.
    """
    fields = result.fields
    points = fields.points * MILLIMETRES
    faces, edges = _boundaries(fields, points)
    # The middle of the package is the middle of the view.
    low, high = points.min(axis=0), points.max(axis=0)
    names = [name for name in FIELDS if current_flows(result) or not FIELDS[name].electrical]
    raw = {name: raw_values(fields, name) for name in names}
    arrays: dict[str, tuple[Any, str]] = {
        "points": (points, "f4"),
        "cells": (fields.cells, "u4"),
        "part": (fields.part, "u2"),
        "faces": (faces, "i4"),
        "edges": (edges, "u4"),
        "carries": (current_cells(fields), "u1"),
    }
    shown = {}
    for name, values in raw.items():
        size = np.linalg.norm(values, axis=1) if values.ndim == 2 else values
        arrays[name] = (size, "f4")
        drawn = size[current_cells(fields)] if FIELDS[name].electrical and not FIELDS[name].nodal else size
        shown[name] = FIELDS[name].limits(FIELDS[name].shown(drawn))
    colours = material_colours(result.case.package)
    data = {
        "kind": fields.kind,
        "stretch": STRETCH,
        "bounds": np.column_stack([low, high]).round(9).tolist(),
        "tables": {
            "nodesOfCell": fields.cells.shape[1],
            "faceTriangles": [triangles for _, triangles in _FACES[fields.kind]],
            "subCells": SPLITS[fields.kind].tolist(),
        },
        "parts": [_part(part, colours) for part in result.case.package.parts],
        "materials": {name.replace("_", " "): colour for name, colour in colours.items()},
        "fields": [_field(name, shown[name]) for name in names]
        + [{"name": "material", "title": "Material", "unit": ""}],
        "arrays": {name: {"type": kind, "data": packed(values, kind)} for name, (values, kind) in arrays.items()},
    }
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


def packed(values: Any, kind: str) -> str:
    """An array, or bytes (kind ""), compressed and written in letters; equal values give equal text."""
    raw = values if not kind else np.ascontiguousarray(values, np.dtype("<" + kind)).tobytes()
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode("ascii")


def _part(part: Any, colours: dict[str, str]) -> dict[str, str]:
    if part.is_void:
        return {"name": part.name, "material": "open", "colour": "#ffffff"}
    material = part.material.name
    return {"name": part.name, "material": material.replace("_", " "), "colour": colours[material]}


def _field(name: str, ends: tuple[float, float]) -> dict[str, Any]:
    look = FIELDS[name]
    return {
        "name": name,
        "title": look.title,
        "unit": look.unit,
        "factor": look.factor,
        "shift": look.shift,
        "nodal": look.nodal,
        "electrical": look.electrical,
        "logarithmic": look.logarithmic,
        "low": ends[0],
        "high": ends[1],
        "ticks": scale_numbers(ends, look.logarithmic),
        "colours": map_colours(look.colours, 33),
    }


def _boundaries(fields: Fields, points: Any) -> tuple[Ints, Ints]:
    """Faces where parts meet or end, from each side, and the edges of parts.

    Returns
    -------
    (n, 3) array
        Cell, its local face, and the cell on the other side or -1.
    (m, 3) array
        Two nodes and a part.
    """
    size = float(np.ptp(points, axis=0).max())
    place = np.unique(np.round(points / (1e-8 * size)).astype(np.int64), axis=0, return_inverse=True)[1].ravel()
    found, edges = [], []
    for corners, numbers in _by_corners(fields.kind):
        cells = np.repeat(np.arange(len(fields.cells)), len(numbers))
        local = np.tile(numbers, len(fields.cells))
        nodes = np.stack([fields.cells[:, list(corner)] for corner in corners], axis=1).reshape(len(cells), -1)
        _, inverse, counts = np.unique(np.sort(place[nodes], axis=1), axis=0, return_inverse=True, return_counts=True)
        order = np.argsort(inverse.ravel(), kind="stable")
        starts = np.cumsum(counts) - counts
        other = np.full(len(cells), -1)
        pairs = starts[counts == 2]
        other[order[pairs]], other[order[pairs + 1]] = cells[order[pairs + 1]], cells[order[pairs]]
        outer = (other < 0) | (fields.part[cells] != fields.part[other])
        found.append(np.column_stack([cells, local, other])[outer])
        rim = nodes[outer]
        sides = np.stack([rim, np.roll(rim, -1, axis=1)], axis=2).reshape(-1, 2)
        normal = np.cross(points[rim[:, 1]] - points[rim[:, 0]], points[rim[:, 2]] - points[rim[:, 0]])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        part = np.repeat(fields.part[cells[outer]], rim.shape[1])
        edges.append((sides, np.repeat(normal, rim.shape[1], axis=0), part))
    sides, normals, part = (np.concatenate([item[n] for item in edges]) for n in range(3))
    return np.concatenate(found), _outlines(sides, normals, part, place)


def _outlines(sides: Ints, normals: Any, part: Ints, place: Ints) -> Ints:
    """The sides of a part's faces where it has an edge: two nodes and the part."""
    keys = np.column_stack([part, np.sort(place[sides], axis=1)])
    _, first, inverse, counts = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    last = np.zeros(len(first), np.int64)
    last[inverse.ravel()] = np.arange(len(sides))
    flat = np.abs(np.einsum("ij,ij->i", normals[first], normals[last])) > SHARP
    drawn = first[(counts != 2) | ~flat]
    return np.column_stack([sides[drawn], part[drawn]])


def _by_corners(kind: str) -> list[tuple[list[tuple[int, ...]], Ints]]:
    """A cell's faces, those with equally many corners together, and their local numbers."""
    groups: dict[int, list[int]] = {}
    for number, (corners, _) in enumerate(_FACES[kind]):
        groups.setdefault(len(corners), []).append(number)
    return [([_FACES[kind][n][0] for n in numbers], np.array(numbers)) for numbers in groups.values()]
