"""Charts of the test of modules: the fault dictionary, thermal responses, yields and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.package.points import is_list
from mcpthermal.result.impedance import ThermalImpedance
from mcpthermal.screening import FaultDictionary, Screening
from mcpthermal.units import quantity
from mcpthermal.viz.charts import COLOURS, DASHES, File, chart, colour

UNSEEN = 0.005
"""Deviations below it get no number."""

FULL = 3.0
"""Deviations are drawn up to so many times what is allowed."""


def plot_dictionary(dictionary: FaultDictionary, path: File | None = None) -> Any:
    """Draw the fault dictionary as a map: how much each fault moves each reading, in units of what is allowed.

    Parameters
    ----------
    dictionary : FaultDictionary
    path : path, optional
        A file to write, whole or not at all: .png, .svg or .pdf.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not isinstance(dictionary, FaultDictionary):
        raise InputError(f"plot_dictionary draws a FaultDictionary, not {type(dictionary).__name__}")
    values = dictionary.deviations
    count, width = values.shape

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        image = axes.imshow(np.clip(values, -FULL, FULL), cmap="RdBu_r", vmin=-FULL, vmax=FULL, aspect="auto")
        for row in range(count):
            for column in range(width):
                value = values[row, column]
                text = ("open" if value > 0 else "short") if np.isinf(value) else f"{value:+.2g}"
                if abs(value) < UNSEEN:
                    continue
                style = {"weight": "bold"} if abs(value) > 1 else {}
                dark = abs(value) > 0.7 * FULL
                axes.text(
                    column,
                    row,
                    text,
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if dark else "black",
                    **style,
                )
        axes.set_xticks(range(width), dictionary.readings, rotation=25, ha="right", rotation_mode="anchor")
        labels = [("" if entry.detectable else "missed: ") + entry.fault.label for entry in dictionary.entries]
        axes.set_yticks(range(count), labels)
        for label, entry in zip(axes.get_yticklabels(), dictionary.entries, strict=True):
            label.set_color("black" if entry.detectable else COLOURS[1])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        found = sum(entry.detectable for entry in dictionary.entries)
        axes.set_title(f"Deviation from the healthy module, 1 = allowed: {found} of {count} faults are found")
        figure.colorbar(image, ax=axes, shrink=0.8, extend="both", label="deviation / allowed")

    return chart(draw, (4.6 + 0.95 * width, 1.6 + 0.3 * count), path)


def plot_responses(responses: Mapping[str, ThermalImpedance], path: File | None = None) -> Any:
    """Draw thermal responses of several modules, and below how much they differ from the first.

    Parameters
    ----------
    responses : mapping of label to ThermalImpedance
        At the same times; the first heated part and probe of each is drawn.
    path : path, optional
        As for `plot_dictionary`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    items = list(responses.items())
    if not items or not all(isinstance(item, ThermalImpedance) for _, item in items):
        raise InputError("plot_responses draws a mapping of labels to ThermalImpedance")
    times, base = items[0][1].times, items[0][1].values[0, 0]
    if not all(np.array_equal(item.times, times) for _, item in items):
        raise InputError("plot_responses: the responses are at different times; compute all with the same times=")

    def draw(figure: Any) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for number, (label, item) in enumerate(items):
            style = {"color": colour(number), "linestyle": DASHES[number % len(DASHES)]}
            curve = item.values[0, 0]
            upper.plot(times, curve, label=label, **style)
            if number:
                lower.plot(times, 100 * (curve / base - 1), label=label, **style)
        upper.set(xscale="log", yscale="log", ylabel=f"Rise of {items[0][1].probes[0]}, K/W", title="Thermal response")
        lower.set(xlabel="Time, s", ylabel=f"Difference, % of\n{items[0][0]}")
        upper.legend()

    return chart(draw, (6.4, 5.4), path)


def plot_screening(screening: Screening, factors: Sequence[float], path: File | None = None) -> Any:
    """Draw yield and cost of good packages, with and without the test, over the probability of a faulty module.

    Parameters
    ----------
    screening : Screening
    factors : sequence of float
        Of all its fault probabilities, at least two.
    path : path, optional
        As for `plot_dictionary`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not isinstance(screening, Screening):
        raise InputError(f"plot_screening draws a Screening, not {type(screening).__name__}")
    listed = list(factors) if is_list(factors) else []
    if len(listed) < 2:
        raise InputError(f"plot_screening: factors={factors!r} must be at least two factors of the fault probabilities")
    what = "factor of fault probabilities"
    numbers = sorted(quantity(factor, "", what, minimum=0.0) for factor in listed)
    results = [screening.scaled(number).solve() for number in numbers]
    faulty = [100 * (1 - result.good) for result in results]
    here = 100 * (1 - screening.solve().good)

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        titles = ((left, "yield", 100.0, "Yield of packages, %"), (right, "cost", 1.0, "Cost of a good package"))
        for axes, kind, scale, title in titles:
            for number, when in enumerate(("without", "with")):
                values = [scale * getattr(result, f"{kind}_{when}") for result in results]
                axes.plot(faulty, values, color=COLOURS[1 - number], linestyle=DASHES[number], label=f"{when} test")
            axes.axvline(here, color="#999999", linewidth=0.8, linestyle=":")
            axes.set(xlabel="Modules with a fault, %", title=title)
        left.legend()

    return chart(draw, (8.0, 3.6), path)
