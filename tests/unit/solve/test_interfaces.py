"""Contacts between parts: jumps, laws, their own heat, networks of many that meet in edges and points."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from steady_problems import AMBIENT, AREA, KINDS, SIDE, solved, stack

import mcpthermal as mt
from mcpthermal.units import mm

HEIGHT, K = 0.4 * mm, 20.0
LOW, HIGH = mt.Material("low", K, 1e5), mt.Material("high", 2 * K, 2e5)
PAIR = stack(("a", HEIGHT, LOW), ("b", HEIGHT, HIGH))
COLD = mt.FixedTemperature("bottom", AMBIENT)


def side_by_side() -> mt.Package:
    """The same pair along x: the flux crosses a vertical face."""
    return mt.Package.from_parts(
        [
            mt.Part("a", mt.rectangle((HEIGHT, SIDE), at=(HEIGHT / 2, 0.0)), (0.0, SIDE), LOW),
            mt.Part("b", mt.rectangle((HEIGHT, SIDE), at=(3 * HEIGHT / 2, 0.0)), (0.0, SIDE), HIGH),
        ]
    )


# --- heat -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("sides", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("law", ["constant", "rising", "falling"])
def test_the_jump_of_the_temperature(law: str, sides: tuple[str, str], upright: bool, kind: str) -> None:
    """q R(mean of both sides), whichever side is named first; the heat counts from a to b."""
    flux = 2e5
    resistance: Any = {
        "constant": 2e-4,
        "rising": mt.Linear(2e-4, 1e-6, 300.0),
        "falling": mt.Exponential(4e-4, 300.0, -0.01),
    }[law]
    value = resistance if law != "constant" else lambda t: 2e-4
    below = AMBIENT + flux * HEIGHT / K
    jump = brentq(lambda d: flux * float(value(below + d / 2)) - d, 0.0, 300.0, xtol=1e-13)
    package, cold, hot = (side_by_side(), "x_min", "x_max") if upright else (PAIR, "bottom", "top")
    loads = [mt.FixedTemperature(cold, AMBIENT), mt.HeatFlux(hot, flux), mt.Interface(*sides, resistance)]
    result = solved(kind, package, loads)
    expected = below + jump + flux * HEIGHT / (2 * K)
    assert result.max_temperature() - AMBIENT == pytest.approx(expected - AMBIENT, rel=1e-8)
    row = result.interfaces()[0]
    direction = -1.0 if sides == ("a", "b") else 1.0
    assert row["name"] == "|".join(sides)
    assert row["area"] == pytest.approx(AREA, rel=1e-9)
    assert row["mean_jump"] == pytest.approx(direction * jump, rel=1e-8)
    assert row["max_jump"] == pytest.approx(jump, rel=1e-8)
    assert row["heat"] == pytest.approx(direction * flux * AREA, rel=1e-8)
    assert row["current"] == row["joule_power"] == 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_no_resistance_is_no_interface(kind: str) -> None:
    loads = [COLD, mt.Power("b", 0.2), mt.Voltage("a.bottom", 0.0), mt.Current("b.top", 5.0)]
    without = solved(kind, PAIR, loads)
    zero = solved(kind, PAIR, [*loads, mt.Interface("a", "b", 0.0, 0.0)])
    rise = without.max_temperature() - AMBIENT
    assert zero.max_temperature() - AMBIENT == pytest.approx(rise, rel=1e-12)
    assert zero.voltage("b.top") == pytest.approx(without.voltage("b.top"), rel=1e-12)
    assert zero.interfaces()[0]["heat"] is None
    tiny = solved(kind, PAIR, [*loads, mt.Interface("a", "b", 1e-11, 1e-14)])
    assert tiny.max_temperature() - AMBIENT == pytest.approx(rise, rel=1e-5)
    assert tiny.interfaces()[0]["current"] == pytest.approx(-5.0, rel=1e-6)
    assert tiny.interfaces()[0]["heat"] == pytest.approx(-0.25, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_very_large_resistance_insulates(kind: str) -> None:
    """Both halves have sinks of their own: what either releases leaves there."""
    loads = [
        mt.Power("a", 0.2),
        mt.Power("b", 0.5),
        mt.Convection("bottom", 1e4, 300.0),
        mt.Convection("top", 2e4, 320.0),
    ]
    result = solved(kind, PAIR, [*loads, mt.Interface("a|b", thermal_resistance=1e9)])
    assert result.heat_out("bottom") == pytest.approx(0.2, rel=1e-9)
    assert result.heat_out("top") == pytest.approx(0.5, rel=1e-9)
    assert abs(result.interfaces()[0]["heat"]) < 1e-12
    joined = solved(kind, PAIR, loads)
    assert joined.heat_out("top") < 0.45


# --- current --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("sides", [("a", "b"), ("b", "a")])
def test_the_heat_of_a_contact_is_shared_as_stated(sides: tuple[str, str], share: float, kind: str) -> None:
    """Two bars with cold ends: each carries off its own Joule heat, its share of the contact's, less what crosses."""
    current, resistivity, across = 20.0, 4e-9, 3e-5
    density = current / AREA
    own = current**2 * resistivity / AREA
    sources = [density**2 / 1e5, density**2 / 2e5]
    shares = [share, 1 - share] if sides[0] == "a" else [1 - share, share]
    # Temperatures at the contact: T = (Q_in L + s A L^2 / 2) / (k A), and (T_a - T_b) A / R crosses.
    bars = np.array([K * AREA / HEIGHT, 2 * K * AREA / HEIGHT])
    link = AREA / across
    matrix = np.diag(bars) + link * np.array([[1, -1], [-1, 1]])
    rise = np.linalg.solve(matrix, [own * f + s * AREA * HEIGHT / 2 for f, s in zip(shares, sources, strict=True)])
    loads = [
        COLD,
        mt.FixedTemperature("top", AMBIENT),
        mt.Voltage("a.bottom", 0.0),
        mt.Current("b.top", current),
        mt.Interface(*sides, across, resistivity, share),
    ]
    result = solved(kind, PAIR, loads)
    fields = result.fields
    at_contact = np.abs(fields.points[:, 2] - HEIGHT) < 1e-9
    values = np.unique(np.round(fields.point_values["temperature"][at_contact] - AMBIENT, 6))
    assert values == pytest.approx(np.sort(rise), rel=1e-6)
    row = result.interfaces()[0]
    sign = -1.0 if sides[0] == "a" else 1.0
    jump = (rise[0] - rise[1]) * (1 if sides[0] == "a" else -1)
    assert row["mean_jump"] == pytest.approx(jump, rel=1e-7)
    assert row["current"] == pytest.approx(sign * current, rel=1e-9)
    assert row["joule_power"] == pytest.approx(own, rel=1e-8)
    assert ("|".join(sides), "contact joule", pytest.approx(own, rel=1e-8)) in result.balance.heat
    total = own + sum(s * AREA * HEIGHT for s in sources)
    assert result.balance.joule_power == pytest.approx(total, rel=1e-9)
    assert result.balance.electric_power == pytest.approx(total, rel=1e-8)
    assert result.voltage("b.top") == pytest.approx(total / current, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_contact_resistivity_that_depends_on_temperature(kind: str) -> None:
    """A contact in a body of nearly one temperature over a heat sink: T - T0 = R I^2 rho(T) / A."""
    current, sink = 30.0, 20.0
    law = mt.Linear(2e-9, 1e-11, 300.0)
    rise = brentq(lambda r: sink * current**2 * (2e-9 + 1e-11 * r) / AREA - r, 0.0, 500.0, xtol=1e-13)
    parts = stack(("a", HEIGHT, mt.Material("m", 1e5, 1e9)), ("b", HEIGHT, mt.Material("n", 1e5, 1e9)))
    loads = [
        mt.HeatSink("bottom", sink, AMBIENT),
        mt.Voltage("a.bottom", 0.0),
        mt.Current("b.top", current),
        mt.Interface("a|b", electrical_resistivity=law),
    ]
    result = solved(kind, parts, loads)
    assert 40.0 < rise < 60.0
    assert result.mean_temperature() - AMBIENT == pytest.approx(rise, rel=1e-3)
    assert result.voltage("b.top") == pytest.approx(current * (2e-9 + 1e-11 * rise) / AREA, rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("resistivity", [1e-6, 1e-3, 1.0, 1e9])
def test_a_contact_that_insulates_current(resistivity: float, kind: str) -> None:
    """Less flows across than the rounding of a potential times a metal's conductance; balances close all the same."""
    metal = mt.Material("metal", 400.0, mt.Metal(1.7e-8, 4e-3, 300.0))
    loads = [
        COLD,
        mt.Voltage("a.bottom", 2.0),
        mt.Voltage("b.top", 3.0),
        mt.Interface("a|b", None, 0.0, resistivity),
    ]
    result = solved(kind, stack(("a", HEIGHT, metal), ("b", HEIGHT, metal)), loads)
    current = 1.0 / (resistivity + 2 * HEIGHT * 1.7e-8) * AREA
    assert result.current("b.top") == pytest.approx(current, rel=1e-3)
    assert result.interfaces()[0]["current"] == pytest.approx(-result.current("b.top"), rel=1e-9)
    assert result.interfaces()[0]["joule_power"] == pytest.approx(current, rel=1e-3)
    assert result.balance.relative_charge_defect < 1e-10


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_show_both_potentials(kind: str) -> None:
    loads = [COLD, mt.Voltage("a.bottom", 0.0), mt.Current("b.top", 2.0), mt.Interface("a|b", None, 0.0, 1e-8)]
    result = solved(kind, PAIR, loads)
    fields = result.fields
    at_contact = np.abs(fields.points[:, 2] - HEIGHT) < 1e-9
    below = 2.0 * HEIGHT / (1e5 * AREA)
    values = np.unique(np.round(fields.point_values["potential"][at_contact], 9))
    assert values == pytest.approx([below, below + 2.0 * 1e-8 / AREA], rel=1e-6)
    # Each cell has the potential of its own side.
    for number, low, high in ((0, 0.0, below), (1, values[1], result.voltage("b.top"))):
        inside = fields.point_values["potential"][fields.cells[fields.part == number]]
        assert (inside.min(), inside.max()) == (pytest.approx(low, abs=1e-9), pytest.approx(high, rel=1e-6))


# --- many contacts --------------------------------------------------------------------------------------------


def network(
    names: list[str], links: dict[tuple[str, str], float], source: str, ground: str, into: float
) -> dict[str, float]:
    """Node potentials of a network of resistances."""
    index = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    for (a, b), resistance in links.items():
        i, j = index[a], index[b]
        matrix[[i, j, i, j], [i, j, j, i]] += np.array([1, 1, -1, -1]) / resistance
    right = np.zeros(len(names))
    right[index[source]] = into
    keep = [i for name, i in index.items() if name != ground]
    values = np.zeros(len(names))
    values[keep] = np.linalg.solve(matrix[np.ix_(keep, keep)], right[keep])
    return dict(zip(names, values, strict=True))


def blocks(levels: int, material: mt.Material) -> tuple[mt.Package, dict[tuple[str, str], float]]:
    """Cubes in a checkerboard of 2 x 2, or 2 x 2 x 2, and a resistivity for each pair that shares a face."""
    edge = 0.5 * mm
    parts, places = [], list(product((0, 1), (0, 1), range(levels)))
    for x, y, z in places:
        outline = mt.rectangle(edge, at=((x - 0.5) * edge, (y - 0.5) * edge))
        parts.append(mt.Part(f"b{x}{y}{z}", outline, (z * edge, (z + 1) * edge), material))
    touching = [
        (p, q)
        for i, p in enumerate(places)
        for q in places[i + 1 :]
        if sum(abs(a - b) for a, b in zip(p, q, strict=True)) == 1
    ]
    values = {}
    for number, pair in enumerate(touching):
        a, b = ("b" + "".join(map(str, place)) for place in pair)
        values[a, b] = (1 + number % 5) * 1e-4
    return mt.Package.from_parts(parts), values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("levels", [1, 2])
def test_contacts_that_meet_in_an_edge_or_a_point(levels: int, kind: str) -> None:
    """Blocks of one temperature and potential each: a network of the contacts, in heat and in current."""
    package, values = blocks(levels, mt.Material("good", 2e4, 2e8))
    face = (0.5 * mm) ** 2
    source, ground = "b000", f"b11{levels - 1}"
    power, current = 3.0, 7.0
    interfaces = [mt.Interface(a, b, r, 1e-4 * r, 0.5) for (a, b), r in values.items()]
    names = [part.name for part in package.parts]
    loads = [
        mt.Power(source, power),
        mt.FixedTemperature(ground, AMBIENT),
        *interfaces,
    ]
    heat = solved(kind, package, loads, size=0.25 * mm)
    links = {pair: r / face for pair, r in values.items()}
    expected = network(names, links, source, ground, power)
    assert expected[source] > 500.0
    for name in names:
        assert heat.mean_temperature(name) - AMBIENT == pytest.approx(expected[name], rel=2e-3, abs=0.5), name
    for row, ((a, b), r) in zip(heat.interfaces(), links.items(), strict=True):
        assert row["heat"] == pytest.approx((expected[a] - expected[b]) / r, rel=2e-3, abs=1e-3)
    held = [mt.FixedTemperature(name, AMBIENT) for name in names]
    ends = [mt.Voltage(f"{ground}.x_max", 0.0), mt.Current(f"{source}.x_min", current)]
    flow = solved(kind, package, [*held, *ends, *interfaces], size=0.25 * mm)
    volts = network(names, {pair: 1e-4 * r / face for pair, r in values.items()}, source, ground, current)
    assert flow.voltage(f"{source}.x_min") == pytest.approx(volts[source], rel=2e-3)
    own = {pair: (volts[pair[0]] - volts[pair[1]]) ** 2 / (1e-4 * r / face) for pair, r in values.items()}
    for row, pair in zip(flow.interfaces(), values, strict=True):
        assert row["joule_power"] == pytest.approx(own[pair], rel=5e-3, abs=1e-3)
    assert sum(own.values()) == pytest.approx(current * volts[source], rel=1e-12)


def test_cuts_of_heat_and_of_current_are_their_own() -> None:
    """One contact resists heat alone and another one current alone: each field jumps at its own."""
    package = stack(("a", HEIGHT, LOW), ("b", HEIGHT, LOW), ("c", HEIGHT, LOW))
    loads = [COLD, mt.HeatFlux("top", 1e5), mt.Voltage("a.bottom", 0.0), mt.Current("c.top", 1e-3)]
    contacts = [mt.Interface("a|b", None, 1e-4), mt.Interface("b|c", None, 0.0, 1e-7)]
    for kind in KINDS:
        result = solved(kind, package, [*loads, *contacts])
        rise = 1e5 * (3 * HEIGHT / K + 1e-4)
        assert result.max_temperature() - AMBIENT == pytest.approx(rise, rel=1e-4)
        volts = 1e-3 / AREA * (3 * HEIGHT / 1e5 + 1e-7)
        assert result.voltage("c.top") == pytest.approx(volts, rel=1e-9)
        first, second = result.interfaces()
        assert first["mean_jump"] == pytest.approx(-10.0, rel=1e-5) and first["current"] == 0.0
        assert second["mean_jump"] == pytest.approx(0.0, abs=1e-9) and second["current"] == pytest.approx(-1e-3)


# --- names ----------------------------------------------------------------------------------------------------


def named() -> mt.Package:
    """A chip of two halves on two posts on a carrier, all 1 mm2 but the posts, 0.1 mm2 each."""
    silicon, solder = mt.Material("silicon", 100.0), mt.Material("solder", 50.0, 1e6)
    side = np.sqrt(0.1) * mm
    posts = mt.Footprint(tuple(mt.rectangle(side, at=(x * mm, 0.0)).shapes[0] for x in (-0.25, 0.25)))
    square = mt.rectangle(SIDE)
    return mt.Package.from_parts(
        [
            mt.Part("board", square, (0.0, HEIGHT), mt.Material("laminate", 1.0), "carrier"),
            mt.Part("posts", posts, (HEIGHT, 2 * HEIGHT), solder, "bump"),
            mt.Part("die", square, (2 * HEIGHT, 3 * HEIGHT), silicon, "chip", "stack"),
            mt.Part("lid", square, (3 * HEIGHT, 4 * HEIGHT), silicon, "", "stack"),
        ]
    )


@pytest.mark.parametrize(
    ("sides", "area", "sign"),
    [
        (("board", "posts"), 0.2, -1),
        (("posts[0]", "board"), 0.1, 1),
        (("role:bump", "chip"), 0.2, -1),
        (("solder", "laminate"), 0.2, 1),
        (("material:silicon", "silicon"), 1.0, -1),
        (("stack", "posts[1]"), 0.1, 1),
        (("posts|stack", None), 0.2, -1),
        (("bump", "carrier"), 0.2, 1),
    ],
)
def test_sides_by_every_name(sides: tuple[str, str | None], area: float, sign: int) -> None:
    """The heat of the lid goes down through all contacts of its way, or less through one of two posts."""
    loads = [mt.Power("lid", 0.1), mt.Convection("bottom", 1e3, AMBIENT)]
    interface = mt.Interface(*sides, thermal_resistance=1e-4)
    (row,) = solved("columns", named(), [*loads, interface], size=SIDE / 2).interfaces()
    assert row["area"] == pytest.approx(area * 1e-6, rel=1e-9)
    assert row["mean_jump"] == pytest.approx(row["heat"] * 1e-4 / row["area"], rel=1e-9)
    if area == 0.1:
        assert 0.01 < sign * row["heat"] < 0.05
    else:
        assert row["heat"] == pytest.approx(sign * 0.1, rel=1e-8)
