"""Every question that a result answers, on a problem that is known: a copper post with a constant current."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.io.result_json import result_text
from mcpthermal.result.balance import Balance
from mcpthermal.result.summary import resistances
from mcpthermal.units import mm

SIGMA, CONDUCTIVITY, LENGTH, WIDTH, CURRENT = 1e6, 100.0, 2 * mm, 1 * mm, 10.0
METAL = mt.Material("metal", CONDUCTIVITY, electrical_conductivity=SIGMA)
PLASTIC = mt.Material("plastic", 0.5)


@pytest.fixture(scope="module")
def result() -> mt.SteadyResult:
    package = mt.Package.from_parts(
        [
            mt.Part("post", mt.rectangle(WIDTH), (0.0, LENGTH), METAL),
            mt.Part("lid", mt.rectangle(WIDTH), (LENGTH, LENGTH + 0.5 * mm), PLASTIC),
        ]
    )
    case = mt.Case(
        package,
        loads=[
            mt.Current("post.x_min", CURRENT),
            mt.Voltage("post.x_max", 0.25),
            mt.FixedTemperature("bottom", 300.0),
            mt.Power("lid", 0.1),
        ],
        name="post",
    )
    return mt.solve_steady(case, mt.generate_mesh(package, "coarse"))


def test_electrical_answers(result: mt.SteadyResult) -> None:
    resistance = WIDTH / (SIGMA * WIDTH * LENGTH)
    assert result.resistance("post.x_min", "post.x_max") == pytest.approx(resistance, rel=1e-10)
    assert result.voltage("post.x_max") == pytest.approx(0.25, rel=1e-12)
    assert result.voltage("post.x_min") == pytest.approx(0.25 + CURRENT * resistance, rel=1e-10)
    assert result.current("post.x_max") == pytest.approx(-CURRENT, rel=1e-10)
    assert result.joule_power() == pytest.approx(CURRENT**2 * resistance, rel=1e-10)
    assert result.joule_power("lid") == 0.0
    middle = result.potential_at([(0.0, 0.0, 1 * mm), (0.0, 0.0, LENGTH + 0.2 * mm)])
    assert middle[0] == pytest.approx(0.25 + CURRENT * resistance / 2, rel=1e-10)
    assert math.isnan(middle[1])


def test_thermal_answers(result: mt.SteadyResult) -> None:
    joule = CURRENT**2 * WIDTH / (SIGMA * WIDTH * LENGTH)
    area = WIDTH**2
    top = 300.0 + (0.1 + joule / 2) * LENGTH / (CONDUCTIVITY * area)
    assert result.temperature_at((0.0, 0.0, LENGTH)) == pytest.approx(top, abs=1e-7)
    assert result.max_temperature("post") == pytest.approx(top, abs=1e-7)
    assert result.min_temperature("lid") == pytest.approx(top, abs=1e-7)
    assert result.max_temperature() == pytest.approx(top + 0.05 * 0.5 * mm / (0.5 * area), abs=1e-6)
    mean = 300.0 + (0.1 * LENGTH / 2 + joule * LENGTH / 3) / (CONDUCTIVITY * area)
    assert result.mean_temperature("post") == pytest.approx(mean, abs=1e-7)
    assert result.heat_out("bottom") == pytest.approx(0.1 + joule, rel=1e-9)
    assert result.heat_out() == pytest.approx(0.1 + joule, rel=1e-9)


def test_fluxes_are_those_of_the_current(result: mt.SteadyResult) -> None:
    fields = result.fields
    post = fields.part == 0
    density = fields.cell_values["current_density"][post]
    assert density[:, 0] == pytest.approx(CURRENT / (WIDTH * LENGTH), rel=1e-8)
    assert np.abs(density[:, 1:]).max() < 1e-3
    assert not fields.cell_values["current_density"][~post].any()
    assert fields.cell_values["joule_density"][post] == pytest.approx(
        (CURRENT / (WIDTH * LENGTH)) ** 2 / SIGMA, rel=1e-8
    )
    heat = fields.cell_values["heat_flux"][~post]
    assert (heat[:, 2] < 0).all(), "heat flows down to the cold bottom"
    assert fields.point_values["temperature"].max() == pytest.approx(result.max_temperature(), rel=1e-14)


def test_unknown_names_are_explained(result: mt.SteadyResult) -> None:
    with pytest.raises(mt.InputError, match="did you mean 'post'"):
        result.max_temperature("pots")
    with pytest.raises(mt.InputError, match=r"no terminal.*post.x_min"):
        result.voltage("post.xmin")
    with pytest.raises(mt.InputError, match="'bottom'"):
        result.heat_out("top")
    for wrong in ("abc", None):
        with pytest.raises(mt.InputError, match="is no list of points"):
            result.temperature_at(wrong)
    with pytest.raises(mt.InputError, match="lies in no part"):
        result.temperature_at((1.0, 0.0, 0.0))
    with pytest.raises(mt.InputError, match="face"):
        result.mean_temperature("post.top")


def test_summary_tells_the_numbers(result: mt.SteadyResult) -> None:
    text = result.summary()
    for piece in ("post: steady", "Energy balance", "Charge balance", "post.x_min", "mohm", "A", "degC", "iterations"):
        assert piece in text
    sizes = result.provenance.sizes
    unknowns = f"unknowns: temperature {sizes['temperature']:,}, potential {sizes['potential']:,}\n"
    assert unknowns in text, "cells are none"
    given = {"field": "potential", "method": "none", "reason": "the potential is given", "iterations": 0}
    record = replace(result.provenance, solves=(given,))
    assert "  potential: the potential is given\n" in replace(result, provenance=record).summary()


def test_json_reads_back(result: mt.SteadyResult) -> None:
    data = json.loads(result_text(result))
    assert data["schema"] == 1
    assert data["parts"]["post"]["max_K"] == result.max_temperature("post")
    assert data["terminals"][0] == {
        "name": "post.x_min",
        "voltage": result.voltage("post.x_min"),
        "current": result.current("post.x_min"),
        "power": result.voltage("post.x_min") * result.current("post.x_min"),
    }
    assert data["balance"]["relative_defect"] < 1e-8
    assert data["provenance"]["solves"]


def test_an_open_balance_is_an_error() -> None:
    Balance((("chip", "power", 1.0), ("bottom", "convection", -1.0)), {"a": 1.0, "b": -1.0}, 2.0, 2.0).check()
    with pytest.raises(mt.BalanceError, match="energy"):
        Balance((("chip", "power", 1.0), ("bottom", "convection", -0.99)), {}, 0.0, 0.0).check()
    with pytest.raises(mt.BalanceError, match="charge"):
        Balance((), {"a": 1.0, "b": -0.99}, 0.0, 0.0).check()
    with pytest.raises(mt.BalanceError, match="electric power"):
        Balance((), {}, 2.0, 1.0).check()
    with pytest.raises(mt.BalanceError):
        Balance((("chip", "power", float("nan")),), {}, 0.0, 0.0).check()


def tee(*loads: object) -> mt.SteadyResult:
    """A strip with a leg in its middle."""
    strip = mt.Part("strip", mt.rectangle((4 * mm, 1 * mm)), (0.0, 0.1 * mm), METAL)
    leg = mt.Part("leg", mt.rectangle((1 * mm, 1 * mm), at=(0.0, 1 * mm)), (0.0, 0.1 * mm), METAL)
    film = mt.Convection("bottom", 1000.0, 300.0)
    case = mt.Case(mt.Package.from_parts([strip, leg]), [mt.Voltage("strip.x_min", 0.0), film, *loads])
    return mt.solve_steady(case, mt.generate_mesh(case.package, "coarse"))


def test_a_terminal_that_only_senses_has_no_resistance() -> None:
    """What rounding leaves of its current is none."""
    sensed = tee(mt.Current("leg.y_max", 0.0), mt.Current("strip.x_max", 1.0))
    with pytest.raises(mt.InputError, match=r"no current enters at 'leg.y_max'"):
        sensed.resistance("leg.y_max", "strip.x_min")
    assert resistances(sensed) == [
        ("strip.x_min", "strip.x_max", pytest.approx(sensed.resistance("strip.x_max", "strip.x_min")))
    ]


def test_a_voltage_per_current_is_no_resistance_where_a_third_terminal_is_live() -> None:
    """A resistor outside would be told as the conductor's."""
    three = tee(mt.Current("leg.y_max", 1.0), mt.Resistor("strip.x_max", "node:ground", 0.005))
    assert abs(three.current("strip.x_max")) > 0.1
    assert resistances(three) == [] and "Resistances" not in three.summary()
