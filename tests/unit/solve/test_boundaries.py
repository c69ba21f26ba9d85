"""Boundaries in one dimension: heat enters a slab from below, and the balance at its top face says how hot that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scipy.constants import Stefan_Boltzmann
from scipy.optimize import brentq
from steady_problems import AMBIENT, AREA, KINDS, SIDE, meshed, solved, stack

import mcpthermal as mt
from mcpthermal.units import mm

HEIGHT, CONDUCTIVITY = 0.4 * mm, 8.0
SLAB = mt.Material("ceramic", CONDUCTIVITY, emissivity=0.7)
GRAY = mt.Material("gray", CONDUCTIVITY, emissivity=mt.Linear(0.3, 1e-3, 300.0))
FREE = mt.NaturalConvection("up", 0.25 * mm)
TABLE = mt.Table((0.0, 50.0, 100.0), (400.0, 900.0, 1400.0))


def radiated(emissivity: float, surface: float, ambient: float) -> float:
    return emissivity * Stefan_Boltzmann * (surface**4 - ambient**4)


LOADS: dict[str, tuple[list[Any], Callable[[float], float]]] = {
    "constant": ([mt.Convection("top", 2000.0, 300.0)], lambda t: 2000.0 * (t - 300.0)),
    "law": (
        [mt.Convection("top", mt.Linear(500.0, 20.0, 0.0), 300.0)],
        lambda t: (500 + 20 * abs(t - 300)) * (t - 300),
    ),
    # Points on a line: the monotone cubic between them is that line.
    "table": ([mt.Convection("top", TABLE, 310.0)], lambda t: (400 + 10 * abs(t - 310)) * (t - 310)),
    "power film": (
        [mt.Convection("top", mt.PowerFilm(300.0, 0.25, 40.0), 300.0)],
        lambda t: (40.0 + 300.0 * abs(t - 300.0) ** 0.25) * (t - 300.0),
    ),
    "natural convection": (
        [mt.Convection("top", FREE, 300.0)],
        lambda t: float(FREE(t, 300.0)) * (t - 300.0),
    ),
    "radiation": ([mt.Radiation("top", 350.0, 0.9)], lambda t: radiated(0.9, t, 350.0)),
    "radiation of the material": ([mt.Radiation("top", 350.0)], lambda t: radiated(0.7, t, 350.0)),
    "radiation by a law": (
        [mt.Radiation("top", 350.0, mt.Linear(0.2, 5e-4, 300.0, range=(200.0, 900.0)))],
        lambda t: radiated(0.2 + 5e-4 * (t - 300.0), t, 350.0),
    ),
    "heat sink": ([mt.HeatSink("top", 500.0, 290.0)], lambda t: (t - 290.0) / (500.0 * AREA)),
    "isothermal heat sink": ([mt.HeatSink("top", 500.0, 290.0, "isothermal")], lambda t: (t - 290.0) / (500.0 * AREA)),
    "everything": (
        [
            mt.Convection("top", mt.PowerFilm(30.0, 0.5, 100.0), 300.0),
            mt.Radiation("top", 400.0, 0.8),
            mt.HeatSink("top", 5000.0, 350.0, "isothermal"),
            mt.HeatFlux("top", -2000.0),
        ],
        lambda t: (
            (100.0 + 30.0 * abs(t - 300.0) ** 0.5) * (t - 300.0)
            + radiated(0.8, t, 400.0)
            + (t - 350.0) / (5000.0 * AREA)
            + 2000.0
        ),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flux", [2e4, -3e3], ids=["hot", "cold"])
@pytest.mark.parametrize("name", LOADS)
def test_heat_leaves_as_the_law_of_the_surface_says(name: str, flux: float, kind: str) -> None:
    loads, leaves = LOADS[name]
    if "radiation" in name or name == "natural convection":
        flux /= 30.0
    result = solved(kind, stack(("slab", HEIGHT, SLAB)), [mt.HeatFlux("bottom", flux), *loads])
    top = brentq(lambda t: leaves(t) - flux, 150.0, 900.0, xtol=1e-13)
    ambient = loads[0].ambient
    assert abs(top - ambient) > 1.0
    assert result.temperature_at((0.1 * SIDE, 0.3 * SIDE, HEIGHT)) - ambient == pytest.approx(top - ambient, rel=1e-8)
    below = top + flux * HEIGHT / CONDUCTIVITY
    assert result.mean_temperature() - ambient == pytest.approx((top + below) / 2 - ambient, rel=1e-8)
    assert -result.heat_out("bottom") == pytest.approx(flux * AREA, rel=1e-12)
    assert result.heat_out("top") == pytest.approx(flux * AREA, rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_each_exchange_on_a_face_has_its_row(kind: str) -> None:
    loads, leaves = LOADS["everything"]
    result = solved(kind, stack(("slab", HEIGHT, SLAB)), [mt.HeatFlux("bottom", 2e4), *loads])
    top = brentq(lambda t: leaves(t) - 2e4, 200.0, 900.0, xtol=1e-13)
    found = {what: watt for place, what, watt in result.balance.heat if place == "top"}
    assert found == {
        "convection": pytest.approx(-(100 + 30 * (top - 300) ** 0.5) * (top - 300) * AREA, rel=1e-8),
        "radiation": pytest.approx(-radiated(0.8, top, 400.0) * AREA, rel=1e-8),
        "heat sink": pytest.approx(-(top - 350.0) / 5000.0, rel=1e-8),
        "flux": pytest.approx(-2000.0 * AREA, rel=1e-12),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_of_two_materials_radiates_with_the_emissivity_of_each(kind: str) -> None:
    """Two bars side by side, joined by nothing that conducts: each finds its own temperature."""
    bars = [
        mt.Part("left", mt.rectangle(SIDE, at=(-SIDE / 2, 0.0)), (0.0, HEIGHT), SLAB),
        mt.Part("right", mt.rectangle(SIDE, at=(SIDE / 2, 0.0)), (0.0, HEIGHT), GRAY),
    ]
    flux = 1000.0
    loads = [mt.HeatFlux("bottom", flux), mt.Radiation("top", AMBIENT), mt.Interface("left|right", None, 1e9)]
    result = solved(kind, mt.Package.from_parts(bars), loads)
    left = brentq(lambda t: radiated(0.7, t, AMBIENT) - flux, 300.0, 900.0)
    right = brentq(lambda t: radiated(0.3 + 1e-3 * (t - 300.0), t, AMBIENT) - flux, 300.0, 900.0)
    top = result.temperature_at([(-SIDE / 2, 0.0, HEIGHT), (SIDE / 2, 0.0, HEIGHT)])
    assert top == pytest.approx([left, right], rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base", ["film", "isothermal"])
def test_an_isothermal_heat_sink_has_one_temperature(base: str, kind: str) -> None:
    """A hot spot off the centre: the sink's base is even, a film's is not; both have the mean that P R says."""
    package = mt.Package.from_parts(
        [
            mt.Part("board", mt.rectangle(4 * SIDE), (0.0, HEIGHT), SLAB),
            mt.Part("chip", mt.rectangle(SIDE, at=(SIDE, SIDE / 2)), (HEIGHT, 2 * HEIGHT), SLAB),
        ]
    )
    loads = [mt.Power("chip", 2.0), mt.HeatSink("bottom", 10.0, AMBIENT, base)]
    result = solved(kind, package, loads)
    under = result.temperature_at([(x * SIDE, y * SIDE, 0.0) for x, y in ((1.0, 0.5), (-1.5, -1.5), (2, 2), (-2, 0.3))])
    assert result.heat_out("bottom") == pytest.approx(2.0, rel=1e-9)
    if base == "isothermal":
        assert under - AMBIENT == pytest.approx([20.0] * 4, rel=1e-9)
    else:
        assert under[0] - under[1] > 10.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_held_face_feeds_what_else_is_on_it(kind: str) -> None:
    """The fixed temperature supplies what convection and radiation on the same face take away."""
    loads = [
        mt.FixedTemperature("top", 400.0),
        mt.Convection("top", 500.0, AMBIENT),
        mt.Radiation("top", AMBIENT, 0.5),
        mt.HeatFlux("bottom", 5e3),
    ]
    result = solved(kind, stack(("slab", HEIGHT, SLAB)), loads)
    taken = 500.0 * 100.0 + radiated(0.5, 400.0, AMBIENT)
    found = {what: watt for place, what, watt in result.balance.heat if place == "top"}
    assert found["convection"] == pytest.approx(-500.0 * 100.0 * AREA, rel=1e-9)
    assert found["fixed temperature"] == pytest.approx((taken - 5e3) * AREA, rel=1e-8)
    assert result.temperature_at((0.0, 0.0, 0.0)) - 400.0 == pytest.approx(5e3 * HEIGHT / CONDUCTIVITY, rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_faces_that_share_an_edge_keep_their_own_loads(kind: str) -> None:
    """Top, bottom and a side with different loads on a block of nearly one temperature."""
    block = mt.Material("block", 1e5)
    package, mesh = meshed(kind, stack(("block", HEIGHT, block)))
    loads = [
        mt.Power("block", 0.05),
        mt.Convection("top", 100.0, 300.0),
        mt.HeatSink("bottom", 2000.0, 320.0),
        mt.Radiation("x_min", 500.0, 1.0),
    ]
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    side = SIDE * HEIGHT
    t = brentq(
        lambda t: 0.05 - 100 * AREA * (t - 300) - (t - 320) / 2000 - side * radiated(1.0, t, 500.0),
        250.0,
        900.0,
        xtol=1e-13,
    )
    assert result.mean_temperature() - 300.0 == pytest.approx(t - 300.0, rel=2e-6)
    assert result.heat_out("x_min") == pytest.approx(side * radiated(1.0, t, 500.0), rel=1e-5)
