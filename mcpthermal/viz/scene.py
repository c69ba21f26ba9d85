"""Grids and plotters: the only place, with `io/vtu.py`, that knows VTK."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MissingLibraryError
from mcpthermal.result.fields import Fields

LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libXrender.so.1": "libxrender1",
    "libgomp.so.1": "libgomp1",
}

OFF_SCREEN = (
    ("libEGL.so.1", "vtkEGLRenderWindow"),
    ("libOSMesa.so.8", "vtkOSOpenGLRenderWindow"),
    ("libOSMesa.so.6", "vtkOSOpenGLRenderWindow"),
)
"""Libraries that draw without a screen, best first, and VTK's window for each."""

WINDOW = (1600, 1100)

# Nodes of the sub-cells of quadratic cells, so that every nodal value is drawn.
_TRIANGLES = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))
_LAYERS = ((0, 1, 2, 6, 7, 8), (12, 13, 14, 15, 16, 17), (3, 4, 5, 9, 10, 11))
_WEDGES = [
    [low[i] for i in triangle] + [high[i] for i in triangle]
    for low, high in ((_LAYERS[0], _LAYERS[1]), (_LAYERS[1], _LAYERS[2]))
    for triangle in _TRIANGLES
]
_TETRAHEDRA = [
    [0, 4, 6, 7],
    [4, 1, 5, 8],
    [6, 5, 2, 9],
    [7, 8, 9, 3],
    [4, 5, 6, 8],
    [4, 6, 7, 8],
    [6, 5, 9, 8],
    [6, 9, 7, 8],
]


def load_pyvista() -> Any:
    """The pyvista module, set up for a machine with or without a screen.

    Raises
    ------
    MissingLibraryError
        Naming the Debian package of a shared library that the system lacks.
    """
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        # VTK would first complain about the missing screen, and crash if it found neither library.
        window = next((name for library, name in OFF_SCREEN if _loads(library)), None)
        if window is None:
            raise MissingLibraryError(
                "pictures without a screen need libEGL.so.1 or libOSMesa.so.8, and the system has neither; "
                "run: apt-get install libegl1"
            )
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", window)
    try:
        import pyvista
    except ImportError as error:
        for library, package in LIBRARIES.items():
            if library in str(error):
                raise MissingLibraryError(
                    f"pictures need {library}, which the system lacks; run: apt-get install {package}"
                ) from error
        raise MissingLibraryError(f"pictures need PyVista ({error}); run: pip install pyvista") from error
    return pyvista


def _loads(library: str) -> bool:
    """Whether the system has a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def make_grid(fields: Fields, stretch: float = 1.0) -> Any:
    """An unstructured grid of linear cells through all nodes, lengths in mm, z stretched.

    Quadratic cells are split into eight, so that nodal values between corners are drawn too.
    """
    pv = load_pyvista()
    split: NDArray[np.int64]
    if fields.kind == "wedge18":
        split, kind = np.array(_WEDGES), pv.CellType.WEDGE
    elif fields.kind == "tetra10":
        split, kind = np.array(_TETRAHEDRA), pv.CellType.TETRA
    else:
        split, kind = np.arange(4)[None], pv.CellType.TETRA
    cells = fields.cells[:, split].reshape(-1, split.shape[1])
    grid = _grid(pv, cells, kind, fields.points, stretch)
    for name, values in fields.point_values.items():
        grid.point_data[name] = values
    for name, data in {"part": fields.part, **fields.cell_values}.items():
        grid.cell_data[name] = np.repeat(data, len(split), axis=0)
    return grid


def mesh_grid(mesh: Any, stretch: float = 1.0) -> Any:
    """A grid of a column mesh's prisms, or of tetrahedra, with their parts."""
    pv = load_pyvista()
    if hasattr(mesh, "prisms"):
        cells, part = mesh.prisms()
        kind = pv.CellType.WEDGE
    else:
        cells, part, kind = mesh.cells, mesh.cell_part, pv.CellType.TETRA
    grid = _grid(pv, cells, kind, mesh.points, stretch)
    grid.cell_data["part"] = part
    return grid


def _grid(pv: Any, cells: NDArray[np.int64], kind: Any, points: NDArray[np.float64], stretch: float) -> Any:
    connectivity = np.column_stack([np.full(len(cells), cells.shape[1]), cells]).ravel()
    scaled = np.asarray(points, float) * np.array([1e3, 1e3, 1e3 * stretch])
    return pv.UnstructuredGrid(connectivity, np.full(len(cells), kind, np.uint8), scaled)


def cut_away(grid: Any) -> Any:
    """The outer surface without the quarter that faces the viewer, cut through the centre."""
    pv = load_pyvista()
    x0, x1, y0, y1, _, _ = grid.bounds
    origin = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 0.0])
    sliver = 1e-6 * (x1 - x0)
    kept = []
    # Each of three quarters, without the faces that another one covers.
    for x_side, y_side, covered in (("x", "y", [1]), ("x", "-y", [0, 1]), ("-x", "-y", [0])):
        piece = surface(grid.clip(normal=x_side, origin=origin).clip(normal=y_side, origin=origin))
        corners = np.abs(piece.points[piece.regular_faces] - origin)
        inside = (corners[:, :, covered] < sliver).all(axis=1).any(axis=1)
        kept.append(piece.extract_cells(~inside))
    return surface(pv.merge(kept, merge_points=False))


def surface(grid: Any) -> Any:
    """The outer surface of a grid as triangles, equal points merged, triangles without area dropped."""
    pv = load_pyvista()
    raw = grid.extract_surface(algorithm="dataset_surface").triangulate()
    faces = raw.regular_faces
    size = max(raw.length, 1e-9)
    rounded = np.round(raw.points / (1e-7 * size)).astype(np.int64)
    _, first, number = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    faces = number.ravel()[faces]
    keep = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])
    result = pv.PolyData.from_regular_faces(raw.points[first], faces[keep])
    for name in raw.point_data:
        result.point_data[name] = np.asarray(raw.point_data[name])[first]
    for name in raw.cell_data:
        result.cell_data[name] = np.asarray(raw.cell_data[name])[keep]
    return result


def outlines(body: Any) -> Any:
    """Lines on a surface where parts meet, and its sharp edges."""
    pv = load_pyvista()
    cells = body.regular_faces
    pairs = np.sort(cells[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges, inverse, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    part = np.repeat(np.asarray(body.cell_data["part"]), 3)
    normal = np.repeat(body.compute_normals(point_normals=False, split_vertices=False)["Normals"], 3, axis=0)
    first = np.full(len(edges), -1)
    first[inverse[::-1]] = np.arange(len(inverse))[::-1]
    last = np.full(len(edges), -1)
    last[inverse] = np.arange(len(inverse))
    bend = np.abs(np.einsum("ij,ij->i", normal[first], normal[last])) < 0.8
    drawn = edges[(counts == 2) & ((part[first] != part[last]) | bend)]
    lines = np.column_stack([np.full(len(drawn), 2), drawn]).ravel()
    return pv.PolyData(body.points, lines=lines)


def make_plotter(title: str, off_screen: bool | None = None) -> Any:
    """A plotter with a white background and a title."""
    pv = load_pyvista()
    plotter = pv.Plotter(off_screen=off_screen, window_size=list(WINDOW))
    plotter.set_background("white")
    plotter.add_text(title, position=(0.03, 0.93), viewport=True, font_size=15, color="black")
    return plotter


def look(plotter: Any) -> None:
    """The standard view: from the front right, above."""
    plotter.view_vector((0.62, -0.85, 0.75), viewup=(0, 0, 1))
    plotter.camera.zoom(1.15)
    # The scene a little to the left and up, beside the scale bar.
    plotter.camera.SetWindowCenter(0.14, -0.04)
    plotter.enable_anti_aliasing("ssaa")


def bar(title: str, log: bool = False) -> dict[str, Any]:
    """The scale bar: title with its unit, readable numbers."""
    return {
        "title": title + "\n",
        "vertical": True,
        "position_x": 0.88,
        "position_y": 0.2,
        "height": 0.6,
        "width": 0.06,
        "title_font_size": 26,
        "label_font_size": 22,
        "color": "black",
        "fmt": "%.2g" if log else "%.4g",
        "n_labels": 6,
    }
