"""PyVista, loaded with or without a screen, and plotters in one look."""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mcpthermal.errors import MissingLibraryError
from mcpthermal.viz.style import scale_numbers

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

VIEW = (0.62, -0.85, 0.75)
"""From where pictures look at the middle."""

LOW_VIEW = (0.62, -0.85, 0.3)

ROOM = (-0.94, -0.9, 0.68, 0.78)
"""Where scenes may be in a picture: left, below, right and above, from -1 to 1."""


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


def make_plotter(title: str, off_screen: bool | None = None) -> Any:
    """A plotter with a white background and a title."""
    pv = load_pyvista()
    plotter = pv.Plotter(off_screen=off_screen, window_size=list(WINDOW))
    plotter.set_background("white")
    lines = title.split("\n")
    plotter.add_text(lines[0], position=(0.03, 0.945), viewport=True, font_size=15, color="black")
    for number, line in enumerate(lines[1:]):
        plotter.add_text(line, position=(0.03, 0.91 - 0.033 * number), viewport=True, font_size=12, color="#444444")
    return plotter


def look(plotter: Any, view: tuple[float, float, float] = VIEW, left: float = ROOM[0]) -> None:
    """Look from a direction, the scene as large as fits between the left end, the title and the scale bar."""
    plotter.view_vector(view, viewup=(0, 0, 1))
    x0, x1, y0, y1, z0, z1 = plotter.renderer.ComputeVisiblePropBounds()
    seen = []
    for corner in itertools.product((x0, x1), (y0, y1), (z0, z1)):
        plotter.renderer.SetWorldPoint(*corner, 1.0)
        plotter.renderer.WorldToView()
        seen.append(plotter.renderer.GetViewPoint()[:2])
    low, high = np.min(seen, axis=0), np.max(seen, axis=0)
    start, end = np.array([left, ROOM[1]]), np.array([ROOM[2], ROOM[3]])
    zoom = float(np.min((end - start) / (high - low)))
    plotter.camera.zoom(zoom)
    plotter.camera.SetWindowCenter(*(zoom * (low + high) / 2 - (start + end) / 2))
    plotter.reset_camera_clipping_range()
    plotter.enable_anti_aliasing("ssaa")


def bar(title: str) -> dict[str, Any]:
    """The scale bar, with the unit in its title; `number_bar` writes its numbers."""
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
        "fmt": "%g",
    }


def number_bar(plotter: Any, limits: Sequence[float], logarithmic: bool = False) -> None:
    """Write round numbers beside the scale bar, at the decades of a logarithmic scale from its upper end down."""
    from vtkmodules.vtkCommonCore import vtkDoubleArray

    numbers = vtkDoubleArray()
    for level in scale_numbers(limits, logarithmic):
        numbers.InsertNextValue(level)
    for scale in plotter.scalar_bars.values():
        scale.SetCustomLabels(numbers)
        scale.SetUseCustomLabels(True)


def add_lines(plotter: Any, lines: Any, colour: str, width: float) -> None:
    """Lines on a surface, drawn a little nearer to the viewer, so that none is broken where it lies in the surface."""
    mapper = plotter.add_mesh(lines, color=colour, line_width=width).mapper
    mapper.SetResolveCoincidentTopologyToPolygonOffset()
    mapper.SetRelativeCoincidentTopologyLineOffsetParameters(-2.0, -2.0)


def ghost(plotter: Any, shell: Any, opacity: float = 0.08) -> None:
    """A body as a faint shell with its edges."""
    plotter.add_mesh(shell, color="#8899aa", opacity=opacity)
    plotter.add_mesh(shell.extract_feature_edges(40), color="#555555", line_width=1)


def key(plotter: Any, entries: Mapping[str, str]) -> None:
    """A list of colours and what they mean, at the lower right."""
    pv = load_pyvista()
    width, height = WINDOW
    row, side = 0.036, 0.018
    for number, (name, colour) in enumerate(reversed(list(entries.items()))):
        x, y = 0.79, 0.05 + row * number
        corners = [(x, y), (x + side * height / width, y), (x + side * height / width, y + side), (x, y + side)]
        square = pv.PolyData(np.array([(a, b, 0.0) for a, b in corners]), faces=[4, 0, 1, 2, 3])
        plotter.add_actor(_flat_actor(square, pv.Color(colour).float_rgb))
        plotter.add_text(name, position=(x + 0.02, y - 0.004), viewport=True, font_size=12, color="black")


def _flat_actor(shape: Any, colour: tuple[float, float, float]) -> Any:
    """A shape on the screen; its points are parts of the window's width and height."""
    from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D

    place = vtkCoordinate()
    place.SetCoordinateSystemToNormalizedViewport()
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(shape)
    mapper.SetTransformCoordinate(place)
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*colour)
    return actor
