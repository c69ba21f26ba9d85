"""A strip of pictures: a package at the stages of its fabrication, from one point of view."""

from __future__ import annotations

import math
from typing import Any

from mcpthermal.errors import InputError
from mcpthermal.mesh.columns import generate_mesh, stage_mesh
from mcpthermal.package.process import Process
from mcpthermal.result.stages import Stages
from mcpthermal.viz.charts import File, chart
from mcpthermal.viz.fields import FIELDS, STRETCH, plot_field, plot_package
from mcpthermal.viz.scene import bar

COLUMNS = 4
"""Pictures in a row."""

ROOM = 0.08
"""The part of each picture that its own heading takes; the strip has headings of its own."""


def plot_stages(
    what: Process | Stages, path: File | None = None, *, field: str = "temperature", stretch: float = STRETCH
) -> Any:
    """Draw a process's stages, or a field at each of them in one scale.

    Parameters
    ----------
    what : Process or Stages
        A process is drawn with its free modules and its parts coloured by material.
    path : path, optional
        A file to write, whole or not at all: .png, .svg or .pdf.
    field : {"temperature", "heat_flux"}
        Of the results.
    stretch : float
        Factor on z.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if isinstance(what, Process):
        plotters = _of_process(what, stretch)
    elif isinstance(what, Stages):
        plotters = {stage: plot_field(what[stage], field, stretch=stretch, off_screen=True) for stage in what}
        scale = bar(FIELDS[field][0])["title"]
        ranges = [plotter.scalar_bars[scale].GetLookupTable().GetRange() for plotter in plotters.values()]
        for plotter in plotters.values():
            plotter.update_scalar_bar_range([min(low for low, _ in ranges), max(high for _, high in ranges)], scale)
    else:
        raise InputError(f"plot_stages draws a Process or Stages, not {type(what).__name__}")
    pictures = _pictures(plotters, keep_legend=isinstance(what, Process))
    rows = math.ceil(len(pictures) / COLUMNS)
    columns = min(COLUMNS, len(pictures))

    def draw(figure: Any) -> None:
        places = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in places:
            axes.set_axis_off()
        for axes, (stage, picture) in zip(places, pictures.items(), strict=False):
            axes.imshow(picture)
            axes.set_title(stage)

    return chart(draw, (3.4 * columns, 2.5 * rows), path)


def _of_process(process: Process, stretch: float) -> dict[str, Any]:
    finished = process.package()
    mesh = generate_mesh(finished, "coarse")
    first, *rest = process.stages
    names = [first, *(module.name for module, _ in process.modules), *rest]
    packages = {name: process.stage(name) for name in names}
    return {
        name: plot_package(package, stage_mesh(finished, mesh, package), stretch=stretch, off_screen=True)
        for name, package in packages.items()
    }


def _pictures(plotters: dict[str, Any], keep_legend: bool) -> dict[str, Any]:
    """The images, all seen with the camera of the last and highest stage."""
    *_, last = plotters.values()
    view, angle = last.camera_position, last.camera.view_angle
    pictures = {}
    for stage, plotter in plotters.items():
        plotter.camera_position, plotter.camera.view_angle = view, angle
        if plotter is not last:
            if keep_legend:
                plotter.remove_legend()
            else:
                plotter.remove_scalar_bar()
        image = plotter.screenshot(return_img=True)
        pictures[stage] = image[int(ROOM * len(image)) :]
        plotter.close()
    return pictures
