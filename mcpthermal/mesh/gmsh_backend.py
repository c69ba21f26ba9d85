"""The only place that loads Gmsh: its sessions, and a conforming triangle mesh of a planar subdivision."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MeshError, MissingLibraryError
from mcpthermal.package.footprint import Subdivision

MICRO = 1e6
"""Gmsh works in micrometres: in metres its tolerances lose a 0.2 um film."""

VIEW = "sizes of mcpthermal"
"""The view that a given size is kept in while a mesh is made."""

OPTIONS = {
    "General.NumThreads": 1,
    "Mesh.RandomSeed": 1,
    "Mesh.Algorithm": 6,
    "Mesh.ElementOrder": 1,
    "Mesh.RecombineAll": 0,
    "Mesh.MeshSizeFromPoints": 0,
    "Mesh.MeshSizeExtendFromBoundary": 0,
    "Mesh.MeshSizeFromCurvature": 0,
    "Mesh.MeshSizeFactor": 1,
    "Mesh.MeshSizeMin": 0,
    "Mesh.MeshSizeMax": 1e22,
}
"""What every mesh is made with: one thread and a fixed seed give the same mesh every time."""

LIBRARIES = {
    "libGLU.so.1": "libglu1-mesa",
    "libGL.so.1": "libgl1",
    "libXrender.so.1": "libxrender1",
    "libXcursor.so.1": "libxcursor1",
    "libXft.so.2": "libxft2",
    "libXinerama.so.1": "libxinerama1",
    "libXfixes.so.3": "libxfixes3",
    "libXext.so.6": "libxext6",
    "libX11.so.6": "libx11-6",
    "libgomp.so.1": "libgomp1",
    "libfontconfig.so.1": "fontconfig",
}
"""Shared libraries that the gmsh wheel loads, and the Debian packages that bring them."""


def load_gmsh() -> Any:
    """The gmsh module.

    Raises
    ------
    MissingLibraryError
        Naming the Debian package of a shared library that the system lacks.
    """
    try:
        import gmsh
    except ImportError as error:
        raise MissingLibraryError("the mesher Gmsh is not installed; run: pip install gmsh") from error
    except OSError as error:
        name = Path(str(error).split(":")[0]).name
        package = LIBRARIES.get(name)
        cure = f"run: apt-get install {package}" if package else "install the system package that brings it"
        raise MissingLibraryError(f"Gmsh cannot start: the system has no {name}; {cure}") from error
    return gmsh


_ALONE = threading.RLock()
"""Gmsh has one state for all threads of a process."""


@contextlib.contextmanager
def session(name: str) -> Iterator[Any]:
    """A Gmsh model of its own; a session that the caller already runs is left as it was. Other threads wait."""
    gmsh = load_gmsh()
    with _ALONE, _model(gmsh, name):
        yield gmsh


@contextlib.contextmanager
def _model(gmsh: Any, name: str) -> Iterator[None]:
    mine = not gmsh.isInitialized()
    if mine:
        gmsh.initialize(["mcpthermal"], readConfigFiles=False, interruptible=False)
        gmsh.option.setNumber("General.Terminal", 0)
    before = None if mine else gmsh.model.getCurrent()
    options = {} if mine else {option: gmsh.option.getNumber(option) for option in OPTIONS}
    gmsh.model.add(name)
    try:
        for option, value in OPTIONS.items():
            gmsh.option.setNumber(option, value)
        yield
    finally:
        gmsh.model.remove()
        for view in gmsh.view.getTags():
            if gmsh.view.option.getString(view, "Name") == VIEW:
                gmsh.view.remove(view)
        for option, value in options.items():
            gmsh.option.setNumber(option, value)
        if mine:
            gmsh.finalize()
        elif before is not None:
            gmsh.model.setCurrent(before)


def triangulate(
    plane: Subdivision,
    used: NDArray[np.bool_],
    sizes: NDArray[np.float64],
    max_size: float,
    growth: float,
    background: NDArray[np.float64] | None = None,
    boxes: Sequence[Sequence[float]] = (),
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Mesh the used regions of a subdivision with triangles.

    Parameters
    ----------
    plane : Subdivision
    used : (n_regions,) array of bool
    sizes : (n_segments,) array
        The size wanted at each segment (m), infinite where none is.
    max_size : float
        (m)
    growth : float
        Size gained per distance from a segment.
    background : (n, 3, 3) array, optional
        The size by place instead: x, y and the size (m) at the corners of triangles, linear in between.
    boxes : sequence of (x0, y0, x1, y1, size)
        Rectangles and the size wanted inside (m).

    Returns
    -------
    vertices : (n, 2) array
        (m)
    triangles : (m, 3) array of int
        Counter-clockwise.
    region : (m,) array of int
        The region of each triangle.

    Raises
    ------
    MeshError
    """
    wanted = np.flatnonzero([used[sides[sides >= 0]].any() for sides in plane.segment_regions])
    with session("plane") as gmsh:
        try:
            surfaces = _geometry(gmsh, plane, used, wanted)
            if background is None:
                _size_field(gmsh, plane, wanted, np.minimum(sizes, max_size), max_size, growth, boxes)
            else:
                fields = [_background_field(gmsh, background), *_box_fields(gmsh, max_size, growth, boxes)]
                _take_least(gmsh, fields)
            vertices, triangles, region = _generate(gmsh, surfaces)
        except MeshError:
            raise
        except Exception as error:  # Gmsh raises bare Exception
            raise MeshError(f"Gmsh could not mesh the outlines: {error}; try a finer MeshSpec") from error
    corners = vertices[triangles]
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    doubled = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    flip = doubled < 0
    triangles[flip] = triangles[flip][:, ::-1]
    areas = np.bincount(region, np.abs(doubled) / 2, minlength=len(used))
    wrong = used & (np.abs(areas - plane.areas) > 1e-6 * plane.areas + 1e-12 * plane.areas.max())
    wrong[region[doubled == 0]] = True
    if wrong.any():
        x, y = plane.inside[np.argmax(wrong)] * MICRO
        raise MeshError(
            f"the triangles do not fill the outlines near x = {x:.6g} um, y = {y:.6g} um; try a finer MeshSpec"
        )
    return vertices, triangles, region


def _geometry(gmsh: Any, plane: Subdivision, used: NDArray[np.bool_], wanted: NDArray[np.int64]) -> dict[int, int]:
    geo = gmsh.model.geo
    points = plane.points * MICRO
    lines: dict[tuple[int, int], int] = {}
    for index in np.unique(plane.segments[wanted]).tolist():
        geo.addPoint(points[index, 0], points[index, 1], 0.0, 0.0, index + 1)
    for index in wanted.tolist():
        a, b = plane.segments[index].tolist()
        geo.addLine(a + 1, b + 1, index + 1)
        lines[a, b] = index + 1
        lines[b, a] = -(index + 1)
    surfaces = {}
    for number in np.flatnonzero(used).tolist():
        loops = [
            geo.addCurveLoop([lines[pair] for pair in zip(ring, ring[1:] + ring[:1], strict=True)])
            for ring in plane.rings[number]
        ]
        surfaces[geo.addPlaneSurface(loops)] = number
    geo.synchronize()
    return surfaces


def _size_field(
    gmsh: Any,
    plane: Subdivision,
    wanted: NDArray[np.int64],
    sizes: NDArray[np.float64],
    max_size: float,
    growth: float,
    boxes: Sequence[Sequence[float]],
) -> None:
    """The least, over all segments and boxes, of their size plus growth times distance."""
    mesh = gmsh.model.mesh
    ends = plane.points[plane.segments]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    classes: dict[tuple[int, int], list[int]] = {}
    for index in wanted.tolist():
        if sizes[index] < max_size:
            samples = math.ceil(math.log2(max(2.0, 2 * length[index] / sizes[index])))
            classes.setdefault((round(4 * math.log2(sizes[index])), samples), []).append(index)
    thresholds = []
    for (_, samples), members in sorted(classes.items()):
        size = float(sizes[members].min())
        distance = mesh.field.add("Distance")
        mesh.field.setNumbers(distance, "CurvesList", [index + 1 for index in members])
        mesh.field.setNumber(distance, "Sampling", 2**samples)
        threshold = mesh.field.add("Threshold")
        for name, value in (
            ("InField", distance),
            ("SizeMin", size * MICRO),
            ("SizeMax", max_size * MICRO),
            ("DistMin", 0.0),
            ("DistMax", (max_size - size) / growth * MICRO),
        ):
            mesh.field.setNumber(threshold, name, value)
        thresholds.append(threshold)
    gmsh.option.setNumber("Mesh.MeshSizeMax", max_size * MICRO)
    _take_least(gmsh, [*thresholds, *_box_fields(gmsh, max_size, growth, boxes)])


def _box_fields(gmsh: Any, max_size: float, growth: float, boxes: Sequence[Sequence[float]]) -> list[int]:
    """A size in each box that grows outside."""
    field, found = gmsh.model.mesh.field, []
    for *corners, size in boxes:
        if size < max_size:
            found.append(field.add("Box"))
            names = ("XMin", "YMin", "XMax", "YMax", "VIn", "VOut", "Thickness")
            for name, value in zip(names, (*corners, size, max_size, (max_size - size) / growth), strict=True):
                field.setNumber(found[-1], name, value * MICRO)
    return found


def _take_least(gmsh: Any, fields: Sequence[int]) -> None:
    """The least of some fields is the size everywhere."""
    if fields:
        least = gmsh.model.mesh.field.add("Min")
        gmsh.model.mesh.field.setNumbers(least, "FieldsList", fields)
        gmsh.model.mesh.field.setAsBackgroundMesh(least)


def _background_field(gmsh: Any, background: NDArray[np.float64]) -> int:
    """The size given on triangles, as a view."""
    view = gmsh.view.add(VIEW)
    corners = np.zeros((len(background), 4, 3))
    corners[:, :2] = background[:, :, :2].transpose(0, 2, 1)
    corners[:, 3] = background[:, :, 2]
    gmsh.view.addListData(view, "ST", len(background), (corners * MICRO).ravel())
    field = gmsh.model.mesh.field.add("PostView")
    gmsh.model.mesh.field.setNumber(field, "ViewTag", view)
    return int(field)


def _generate(gmsh: Any, surfaces: dict[int, int]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    gmsh.model.mesh.generate(2)
    tags, coordinates, _ = gmsh.model.mesh.getNodes()
    elements, regions = [], []
    for tag, number in surfaces.items():
        kinds, _, nodes = gmsh.model.mesh.getElements(2, tag)
        for kind, connectivity in zip(kinds, nodes, strict=True):
            if kind != 2:
                raise MeshError(f"Gmsh made cells of type {kind} where triangles were asked for")
            elements.append(np.asarray(connectivity).reshape(-1, 3))
            regions.append(np.full(len(connectivity) // 3, number))
    if not elements:
        raise MeshError("Gmsh made no triangles")
    used, triangles = np.unique(np.concatenate(elements), return_inverse=True)
    position = np.zeros(int(tags.max()) + 1, np.int64)
    position[tags.astype(np.int64)] = np.arange(len(tags))
    vertices = coordinates.reshape(-1, 3)[position[used.astype(np.int64)], :2] / MICRO
    return vertices, triangles.reshape(-1, 3).astype(np.int64), np.concatenate(regions)
