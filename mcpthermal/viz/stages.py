"""A strip of pictures: a package at the stages of its fabrication, from one point of view."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.mesh.common import common_meshes
from mcpthermal.package.process import Process
from mcpthermal.result.stages import Stages
from mcpthermal.viz.charts import File, chart
from mcpthermal.viz.fields import plot_field
from mcpthermal.viz.packages import plot_package
from mcpthermal.viz.style import STRETCH, Quantity, check_field, material_colours, raw_values

COLUMNS = 4
"""Pictures in a row."""

SCENE = (0.09, 0.86)
"""Of each picture what is kept: what is below its heading, and left of its scale or key."""


def plot_stages(
    what: Process | Stages, path: File | None = None, *, field: str = "temperature", stretch: float = STRETCH
) -> Any:
    """Draw a process's stages and its free modules by their materials, or a field at each stage in one scale.

    Parameters
    ----------
    what : Process or Stages
    path : path, optional
        A file to write, whole or not at all: .png, .svg or .pdf.
    field : {"temperature", "heat_flux"}
        Of the results.
    stretch : float
        Factor on z.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If it is neither, or the field is of conductors, which not all stages have.
    """
    if isinstance(what, Process):
        plotters, legend = _of_process(what, stretch)
    elif isinstance(what, Stages):
        plotters, legend = _of_results(what, field, stretch)
    else:
        raise InputError(f"plot_stages draws a Process or Stages, not {type(what).__name__}")
    pictures = _pictures(plotters)
    rows = math.ceil(len(pictures) / COLUMNS)
    columns = min(COLUMNS, len(pictures))

    def draw(figure: Any) -> None:
        places = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in places:
            axes.set_axis_off()
        for axes, (stage, picture) in zip(places, pictures.items(), strict=False):
            axes.imshow(picture)
            axes.set_title(stage)
        legend(figure, places)

    return chart(draw, (3.0 * columns + 0.8, 2.5 * rows + 0.5), path)


Legend = Callable[[Any, Any], None]


def _of_process(process: Process, stretch: float) -> tuple[dict[str, Any], Legend]:
    first, *rest = process.stages
    names = [first, *(module.name for module, _ in process.modules), *rest]
    packages = [process.stage(name) for name in names]
    meshes = common_meshes(packages, "coarse")
    drawn = (plot_package(p, m, stretch=stretch, off_screen=True) for p, m in zip(packages, meshes, strict=True))
    colours = material_colours(process.package())

    def legend(figure: Any, places: Any) -> None:
        from matplotlib.patches import Patch

        shown = [Patch(color=colour, label=name.replace("_", " ")) for name, colour in colours.items()]
        figure.legend(handles=shown, loc="outside lower center", ncols=len(shown))

    return dict(zip(names, drawn, strict=True)), legend


def _of_results(stages: Stages, field: str, stretch: float) -> tuple[dict[str, Any], Legend]:
    quantities = [check_field(stages[stage], field) for stage in stages]
    if quantities[0].electrical:
        raise InputError(f"'{field}' is of conductors, which not every stage has; draw 'temperature' or 'heat_flux'")
    ends = [quantities[0].limits(quantities[0].shown(raw_values(stages[name].fields, field))) for name in stages]
    limits = min(low for low, _ in ends), max(high for _, high in ends)
    drawn = {name: plot_field(stages[name], field, stretch=stretch, limits=limits, off_screen=True) for name in stages}
    return drawn, lambda figure, places: _scale(figure, places, quantities[0], limits)


def _scale(figure: Any, places: Any, quantity: Quantity, limits: tuple[float, float]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize

    norm = (LogNorm if quantity.logarithmic else Normalize)(*limits)
    figure.colorbar(ScalarMappable(norm, quantity.colours), ax=list(places), label=quantity.axis, shrink=0.8)


def _pictures(plotters: dict[str, Any]) -> dict[str, Any]:
    """The images, all seen with the camera of the last and highest stage."""
    *_, last = plotters.values()
    pictures = {}
    for stage, plotter in plotters.items():
        if plotter is not last:
            plotter.camera.DeepCopy(last.camera)
            plotter.reset_camera_clipping_range()
        # Headings, keys and scales: the strip has its own.
        for actor in [item for item in plotter.renderer.actors.values() if item.IsA("vtkActor2D")]:
            plotter.remove_actor(actor)
        image = np.asarray(plotter.screenshot(return_img=True))
        height, width, _ = image.shape
        pictures[stage] = image[int(SCENE[0] * height) :, : int(SCENE[1] * width)]
    for plotter in plotters.values():
        plotter.close()
    return pictures
