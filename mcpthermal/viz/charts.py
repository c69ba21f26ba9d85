"""Charts of impedances, structure functions, probes and convergence; Matplotlib is loaded when needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mcpthermal.errors import InputError, MissingLibraryError, near_misses
from mcpthermal.mesh.writing import checked_file, write_whole
from mcpthermal.package.points import is_list
from mcpthermal.result.impedance import ThermalImpedance
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.transient import TransientResult

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by the colour-blind, too (Okabe and Ito, Color Universal Design, 2008)."""

DASHES = ("-", "--", ":", "-.")

ENDINGS = (".png", ".svg", ".pdf")

STYLE: Any = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "svg.hashsalt": "mcpthermal",
}

LAST = 1e-2
"""The last part of the resistance, which does not count for the scale of structure functions."""

QUANTITIES = {"K": ("Temperature, degC", -273.15), "V": ("Potential, V", 0.0), "A": ("Current, A", 0.0)}
"""For each unit of a probe the title of its axis, and what is added to the values for people."""

File = str | os.PathLike[str]


def plot_impedance(impedance: ThermalImpedance, path: File | None = None) -> Any:
    """Draw all Z_th curves over the logarithm of the time: a colour for each probe, a dash for each heated part.

    Parameters
    ----------
    impedance : ThermalImpedance
    path : path, optional
        A file to write, whole or not at all: .png, .svg or .pdf.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If it is no impedance, or the ending of the file is another.
    """
    _check(impedance, ThermalImpedance, "plot_impedance")

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for i, heated in enumerate(impedance.heated):
            for j, probe in enumerate(impedance.probes):
                label = heated if heated == probe else f"{probe}, {heated} heated"
                style = {"color": colour(j), "linestyle": DASHES[i % len(DASHES)]}
                axes.plot(impedance.times, impedance.values[i, j], label=label, **style)
        axes.set(xscale="log", xlabel="Time, s", ylabel="Thermal impedance, K/W", title="Rise per watt")
        axes.set_xlim(impedance.times[0], impedance.times[-1])
        axes.set_ylim(bottom=min(0.0, float(impedance.values.min())))
        axes.legend()

    return chart(draw, (6.4, 4.2), path)


def plot_structure(impedance: ThermalImpedance, heated: str | None = None, path: File | None = None) -> Any:
    """Draw the cumulative and the differential structure function of a heated part at its own probe.

    Parameters
    ----------
    impedance : ThermalImpedance
        By a reduced model.
    heated : str, optional
        Default the first.
    path : path, optional
        As for `plot_impedance`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    _check(impedance, ThermalImpedance, "plot_structure")
    ladder = impedance.cauer(heated)
    resistance, capacity = ladder.structure()
    place, slope = ladder.differential_structure()
    # At the end of its resistance every ladder shoots up without bounds: the surroundings take up any heat.
    shown = resistance < (1 - LAST) * resistance[-1]

    def draw(figure: Any) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True)
        style = {"color": COLOURS[0], "drawstyle": "steps-pre"}
        upper.plot(np.r_[0.0, resistance], np.r_[capacity[0], capacity], **style)
        upper.set(
            yscale="log", ylabel="Heat capacity, J/K", title=f"Structure function of {heated or impedance.heated[0]}"
        )
        lower.plot(np.r_[0.0, place], np.r_[slope[0], slope], **style)
        lower.set(yscale="log", ylabel="dC/dR, W2 s/K2", xlabel="Thermal resistance from the heated place, K/W")
        lower.set_xlim(0.0, float(resistance[-1]))
        for axes, values in ((upper, capacity[shown]), (lower, slope[shown])):
            if len(values):
                axes.set_ylim(0.5 * values.min(), 5 * values.max())

    return chart(draw, (6.4, 5.6), path)


def plot_probes(
    result: TransientResult,
    names: Sequence[str] | str | None = None,
    path: File | None = None,
    *,
    log_time: bool = False,
) -> Any:
    """Draw probes over the time, temperatures in degC; a panel for each kind of quantity.

    Parameters
    ----------
    result : TransientResult
    names : sequence of str, optional
        Names of probes; default all.
    path : path, optional
        As for `plot_impedance`.
    log_time : bool
        The time on a logarithmic axis, from the end of the first step.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If a name is no probe of the run.
    """
    _check(result, TransientResult, "plot_probes")
    listed: list[Any] = list(result.probes) if names is None else list(names) if is_list(names) else [names]
    if not listed:
        raise InputError("plot_probes: there is no probe to draw; name one of " + ", ".join(result.probes))
    for name in listed:
        if name not in result.probes:
            raise InputError(f"'{name}' is no probe of this run; {near_misses(str(name), result.probes)}")
    units = list(dict.fromkeys(result.units[name] for name in listed))
    first = 1 if log_time else 0

    def draw(figure: Any) -> None:
        panels = figure.subplots(len(units), 1, sharex=True, squeeze=False)[:, 0]
        for axes, unit in zip(panels, units, strict=True):
            title, shift = QUANTITIES.get(unit, (unit, 0.0))
            for n, name in enumerate(name for name in listed if result.units[name] == unit):
                style = {"color": colour(n), "linestyle": DASHES[n // len(COLOURS) % len(DASHES)]}
                axes.plot(result.times[first:], result.probes[name][first:] + shift, label=name, **style)
            axes.set_ylabel(title)
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        panels[0].set_title(result.case.name)
        panels[-1].set_xlabel("Time, s")
        panels[-1].set_xscale("log" if log_time else "linear")
        panels[-1].set_xlim(result.times[first], result.times[-1])

    return chart(draw, (8.0, 1.6 + 2.6 * len(units)), path)


def plot_convergence(result: SteadyResult, path: File | None = None) -> Any:
    """Draw the estimated errors of an adaptive solution, in units of their tolerances, over the unknowns of its meshes.

    Parameters
    ----------
    result : SteadyResult
        Of `solve_adaptive`.
    path : path, optional
        A file to write, whole or not at all: .png, .svg or .pdf.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If the result is not of `solve_adaptive`, or the ending of the file is another.
    """
    _check(result, SteadyResult, "plot_convergence")
    if result.adaptation is None:
        raise InputError("plot_convergence draws what solve_adaptive gives; this result has one mesh only")
    steps = result.adaptation.steps
    unknowns = np.array([step.unknowns for step in steps], float)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for n, name in enumerate(steps[-1].values):
            errors = np.array([abs(step.errors[name]) / step.tolerances[name] for step in steps])
            axes.plot(unknowns, errors, marker="o", markersize=4, color=colour(n), label=name)
        # The slope that quadratic elements can have, from the first mesh on.
        ends = np.array([unknowns.min(), unknowns.max()])
        if ends[1] > ends[0]:
            optimal = max(step.worst for step in steps) * (ends / ends[0]) ** (-4 / 3)
            axes.plot(ends, optimal, color="#777777", linewidth=1.0, linestyle=":", label=r"unknowns$^{-4/3}$")
        axes.axhline(1.0, color="#777777", linewidth=1.0)
        axes.set(xscale="log", yscale="log", xlabel="Unknowns", ylabel="Estimated error / tolerance")
        axes.set_title(result.case.name)
        axes.legend()

    return chart(draw, (6.4, 4.2), path)


def _check(item: Any, kind: type, what: str) -> None:
    if not isinstance(item, kind):
        raise InputError(f"{what} draws a {kind.__name__}, not {type(item).__name__}")


def colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def chart(draw: Callable[[Any], None], size: tuple[float, float], path: File | None) -> Any:
    """A figure without a window, drawn in one style; written where a path is given."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingLibraryError(
            f"charts need Matplotlib, which cannot be loaded ({error}); pip install matplotlib"
        ) from error
    target = None if path is None else checked_file(path, "a chart", ENDINGS)
    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        if target is not None:
            # Without a date, so that equal answers give equal files.
            dated = {".svg": "Date", ".pdf": "CreationDate"}.get(target.suffix.lower())
            metadata = {dated: None} if dated else {}
            write_whole(target, lambda file: figure.savefig(file, dpi=200, metadata=metadata))
    return figure
