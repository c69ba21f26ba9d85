"""Charts of the test of modules: what is in them, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.screening import FaultEntry, Reading

PACKAGE = mt.Package.from_parts([mt.Part("bar", mt.rectangle((2e-3, 1e-3)), (0, 1e-4), "copper")])
COSTS = mt.Costs(40.0, 2.0, 60.0)


def dictionary() -> mt.FaultDictionary:
    """Three faults: open, slightly off, well off."""
    net = mt.FourWire("net", ("bar.x_min", "bar.x_max"), tolerance=0.1)
    test = mt.ModuleTest(PACKAGE, mt.StillAir(300.0), net)
    entries = []
    for value in (math.inf, 1.05, 1.3):
        reading = Reading("net", "net", "ohm", value, 0.9, 1.1)
        report = mt.TestReport("test", (reading,))
        fault = mt.ThinTrace("bar", (0, 0), 1e-4, 0.5)
        entries.append(FaultEntry(fault, report, (reading.deviation(1.0),)))
    healthy = mt.TestReport("test", (Reading("net", "net", "ohm", 1.0, 0.9, 1.1),))
    return mt.FaultDictionary(test, healthy, tuple(entries))


def test_a_dictionary_is_a_map_with_words(tmp_path: Path) -> None:
    figure = mt.plot_dictionary(dictionary(), tmp_path / "map.png")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["open", "+0.5", "+3"]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert [label.startswith("missed: ") for label in labels] == [False, True, False]
    assert (tmp_path / "map.png").stat().st_size > 5000


def test_yield_and_cost_over_faulty_modules(tmp_path: Path) -> None:
    screening = mt.Screening([mt.FaultRate("crack", 0.01, 10, 0.9)], COSTS)
    figure = mt.plot_screening(screening, [0.0, 1.0, 2.0], tmp_path / "yield.svg")
    without, tested = (line.get_ydata() for line in figure.axes[0].lines[:2])
    assert without[0] == tested[0] == 100 and (np.diff(without) < np.diff(tested)).all()
    assert without[1] == pytest.approx(100 * 0.99**10)


def impedance(scale: float, times: Any = (1e-3, 1e-2, 1e-1)) -> mt.ThermalImpedance:
    values = scale * np.array([[[1.0, 2.0, 3.0]]])
    return mt.ThermalImpedance(
        np.array(times), ("chip",), ("chip",), values, values[..., -1], None, None, 0.0, "by hand", 0, 0.0
    )


def test_responses_and_their_differences() -> None:
    figure = mt.plot_responses({"healthy": impedance(1.0), "void": impedance(1.1)})
    assert figure.axes[1].lines[0].get_ydata() == pytest.approx([10, 10, 10])


def test_what_cannot_be_drawn_is_refused() -> None:
    for draw in (mt.plot_dictionary, lambda item: mt.plot_screening(item, [0, 1]), mt.plot_responses):
        with pytest.raises(mt.InputError, match="draws a"):
            draw({} if draw is mt.plot_responses else 3)
    for factors in ([1.0], None, 3.0):
        with pytest.raises(mt.InputError, match="at least two factors"):
            mt.plot_screening(mt.Screening([], COSTS), factors)
    with pytest.raises(mt.InputError, match="factor of fault probabilities"):
        mt.plot_screening(mt.Screening([], COSTS), [1.0, None])
    with pytest.raises(mt.InputError, match="different times"):
        mt.plot_responses({"a": impedance(1.0), "b": impedance(1.0, (1e-3, 1e-2, 1.0))})
