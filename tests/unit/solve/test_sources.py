"""Sources of heat against closed forms: powers, maps of power, leakage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from steady_problems import AMBIENT, AREA, KINDS, SIDE, solved, stack

import mcpthermal as mt
from mcpthermal.units import mm

HEIGHT, CONDUCTIVITY, FILM = 0.4 * mm, 8.0, 2000.0
SLAB = mt.Material("ceramic", CONDUCTIVITY, 1e6)
COOLED = mt.Convection("bottom", FILM, AMBIENT)
DROP = HEIGHT / (CONDUCTIVITY * AREA)
"""The resistance of the slab (K/W)."""

CHIPS = mt.Module(
    "module",
    chips=[
        mt.Chip("lower", size=(SIDE, SIDE), thickness=HEIGHT, material=SLAB),
        mt.Chip("upper", size=(SIDE, SIDE), thickness=HEIGHT, material=SLAB, active_face="bottom"),
    ],
    bonds=[mt.FlipChip(mt.grid(1, 1, pitch=SIDE), SIDE / 2, HEIGHT, SLAB, underfill=SLAB)],
    attach=mt.Attach(thickness=HEIGHT, material=SLAB),
)
MODULE = mt.Process(mt.Carrier(size=(SIDE, SIDE), thickness=HEIGHT, material=SLAB)).attach(CHIPS).package()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("power", [0.5, -0.5])
@pytest.mark.parametrize(("place", "share"), [("slab", 0.5), ("slab.top", 1.0), ("slab.bottom", 0.0)])
def test_power_in_a_volume_or_on_a_face(place: str, share: float, power: float, kind: str) -> None:
    result = solved(kind, stack(("slab", HEIGHT, SLAB)), [mt.Power(place, power), COOLED])
    below = power / (FILM * AREA)
    rise = result.temperature_at([(0.0, 0.0, 0.0), (0.2 * SIDE, -0.3 * SIDE, HEIGHT)]) - AMBIENT
    assert rise == pytest.approx([below, below + share * power * DROP], rel=1e-9)
    assert result.heat_out("bottom") == pytest.approx(power, rel=1e-9)
    assert (place, "power", pytest.approx(power, rel=1e-12)) in result.balance.heat


@pytest.mark.parametrize(("chip", "layers"), [("lower", 3), ("upper", 4)])
@pytest.mark.parametrize("load", [mt.Power, mt.PowerMap, mt.Leakage], ids=lambda load: load.__name__)
def test_the_active_face_of_a_chip(load: Any, chip: str, layers: int) -> None:
    """The circuits of the lower chip look up, those of the upper one down, as stated."""
    given: dict[str, Any] = {
        "Power": (chip, 0.3),
        "PowerMap": (chip, [[0.1, 0.2]]),
        "Leakage": (chip, mt.Table((200.0, 2000.0), (0.3, 0.3))),
    }
    result = solved("columns", MODULE, [load(*given[load.__name__], distribution="active_face"), COOLED])
    below = 0.3 / (FILM * AREA)
    top = result.temperature_at([(0.0, 0.0, 4 * HEIGHT)])[0] - AMBIENT
    if load is not mt.PowerMap:
        assert top == pytest.approx(below + layers * 0.3 * DROP, rel=1e-9)
        assert result.max_temperature() - AMBIENT == pytest.approx(top, rel=1e-9)
    plane = result.temperature_at(
        [(x, y, (layers - 1) * HEIGHT) for x in (-SIDE / 4, SIDE / 4) for y in (-SIDE / 4, SIDE / 4)]
    )
    assert plane.mean() - AMBIENT == pytest.approx(below + layers * 0.3 * DROP, rel=2e-2)
    assert (plane[2] > plane[0] + 1.0) == (load is mt.PowerMap)


# --- maps -----------------------------------------------------------------------------------------------------


def map_of(where: str, folder: Path) -> mt.PowerMap:
    """The same map in all its forms: 3 W and -1 W in the lower quarters, 2 W and 0 W in the upper ones."""
    half = SIDE / 2
    blocks = {"a": (0, 0, half, half, 3.0), "b": (half, 0, half, half, -1.0), "c": (0, half, half, half, 2.0)}
    if where == "pixels":
        return mt.PowerMap("slab", np.array([[3.0, -1.0], [2.0, 0.0]]))
    if where == "sized":
        return mt.PowerMap("slab", [[3.0, -1.0], [2.0, 0.0]], size=(SIDE, SIDE))
    if where == "blocks":
        return mt.PowerMap("slab", blocks)
    if where == "package":
        moved = {name: (x - half, y - half, *rest) for name, (x, y, *rest) in blocks.items()}
        return mt.PowerMap("slab", moved, origin="package")
    file = folder / f"{where}.csv"
    if where == "numbers":
        file.write_text("3, -1\n2, 0\n")
    else:
        rows = [f"{name},{','.join(map(str, values))}" for name, values in blocks.items()]
        file.write_text("\n".join(["# a floorplan", "name,x_m,y_m,width_m,height_m,power_W", *rows]))
    return mt.PowerMap("slab", file)


@pytest.mark.parametrize("kind", KINDS)
def test_all_forms_of_a_map_are_one(kind: str, tmp_path: Path) -> None:
    package = stack(("slab", HEIGHT, SLAB))
    spots = [(x * SIDE / 4, y * SIDE / 4, HEIGHT) for y in (-1, 1) for x in (-1, 1)]
    found = {}
    for form in ("pixels", "sized", "blocks", "package", "numbers", "floorplan"):
        result = solved(kind, package, [map_of(form, tmp_path), COOLED], size=SIDE / 4)
        assert ("slab", "power map", pytest.approx(4.0, rel=1e-12)) in result.balance.heat
        assert result.heat_out("bottom") == pytest.approx(4.0, rel=1e-9)
        assert result.mean_temperature() > AMBIENT + 4.0 / (FILM * AREA)
        found[form] = result.temperature_at(spots)
        assert found[form] == pytest.approx(found["pixels"], rel=1e-9)
    low_left, low_right, high_left, high_right = found["pixels"]
    assert low_left > high_left > high_right > low_right
    assert low_left - low_right > 10.0


@pytest.mark.parametrize("kind", KINDS)
def test_an_even_map_is_a_power(kind: str) -> None:
    package = stack(("slab", HEIGHT, SLAB))
    pixels = solved(kind, package, [mt.PowerMap("slab", np.full((5, 7), 0.1)), COOLED], size=SIDE / 3)
    expected = AMBIENT + 3.5 / (FILM * AREA) + 3.5 * DROP / 2
    # Pixels share the quadrature points of tetrahedra unevenly.
    spread = 1e-8 if kind == "columns" else 0.1
    rise = pixels.temperature_at([(0.0, 0.0, HEIGHT), (0.4 * SIDE, 0.4 * SIDE, HEIGHT)]) - AMBIENT
    assert rise == pytest.approx([expected - AMBIENT] * 2, rel=spread)
    assert pixels.balance.heat[0][2] == pytest.approx(3.5, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_map_off_the_centre_moves_the_hot_spot(axis: int, side: float, kind: str) -> None:
    """A small block that no line of the mesh follows keeps its power, and the hot spot is below it."""
    corner = np.full(2, 0.45 * SIDE)
    corner[axis] += side * 0.37 * SIDE
    block = {"hot": (*corner.tolist(), 0.1 * SIDE, 0.1 * SIDE, 0.7)}
    loads = [mt.PowerMap("slab", block), COOLED]
    result = solved(kind, stack(("slab", HEIGHT, SLAB)), loads, size=SIDE / 8)
    assert ("slab", "power map", pytest.approx(0.7, rel=1e-12)) in result.balance.heat
    hottest = result.thermal.points[np.argmax(result.temperature)]
    assert hottest[axis] * side > 0.25 * SIDE
    assert abs(hottest[1 - axis]) < 0.2 * SIDE


@pytest.mark.parametrize("kind", KINDS)
def test_the_balance_closes_with_a_thin_film_and_little_cooling(kind: str) -> None:
    """The film's rows are so large that their rounding exceeds the heat that still air takes."""
    package = stack(
        ("below", HEIGHT, mt.Material("silicon", 150.0)),
        ("film", 20e-9, mt.Material("copper", 400.0)),
        ("above", HEIGHT, mt.Material("silicon", 150.0)),
    )
    loads = [mt.Power("above", 2e-4), mt.Radiation("top", AMBIENT, 0.9), mt.Convection("bottom", 5.0, AMBIENT)]
    result = solved(kind, package, loads, size=SIDE / 2)
    assert result.balance.relative_defect < 1e-10


# --- leakage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("leakage", "law"),
    [
        (mt.Leakage("slab.top", 0.05, 0.01, 350.0), lambda t: 0.05 * np.exp(0.01 * (t - 350.0))),
        (
            mt.Leakage("slab.top", mt.Table((250.0, 450.0, 650.0), (0.02, 0.12, 0.22))),
            lambda t: 0.02 + 5e-4 * (t - 250.0),
        ),
        (mt.Leakage("slab.top", mt.Linear(0.4, -1e-3, 300.0)), lambda t: 0.4 - 1e-3 * (t - 300.0)),
    ],
    ids=["exponential", "table", "falling"],
)
def test_leakage_of_a_face(leakage: mt.Leakage, law: Any, kind: str) -> None:
    """Beside a constant power on the same face: P(T) in balance with what the slab and the film carry away."""
    resistance = DROP + 1.0 / (FILM * AREA)
    top = brentq(lambda t: (law(t) + 0.05) * resistance - (t - AMBIENT), 300.0, 460.0, xtol=1e-13)
    result = solved(kind, stack(("slab", HEIGHT, SLAB)), [leakage, mt.Power("slab.top", 0.05), COOLED])
    assert top - AMBIENT > 30.0
    assert result.temperature_at((0.0, 0.0, HEIGHT)) - AMBIENT == pytest.approx(top - AMBIENT, rel=1e-8)
    assert ("slab.top", "leakage", pytest.approx(law(top), rel=1e-8)) in result.balance.heat


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("number", "largest", "allowed"),
    # Near the turning point at 3.514 small errors grow.
    [(0.5, 0.0660366167, 1e-6), (2.0, 0.3289524213, 1e-6), (3.5, 1.0851589478, 5e-5)],
)
def test_leakage_of_a_volume_is_the_equation_of_bratu(number: float, largest: float, allowed: float, kind: str) -> None:
    """u'' + lambda exp(u) = 0 between cold faces: q0 b L^2 / k = lambda, and T - T0 = u / b."""
    exponent = 0.02
    power = number * CONDUCTIVITY / (exponent * HEIGHT**2) * HEIGHT * AREA
    leakage = mt.Leakage("slab", power, exponent, AMBIENT)
    faces = [mt.FixedTemperature("top", AMBIENT), mt.FixedTemperature("bottom", AMBIENT)]
    result = solved(kind, stack(("slab", HEIGHT, SLAB)), [leakage, *faces], HEIGHT / 16, size=2 * SIDE)
    rise = result.temperature_at((0.0, 0.0, HEIGHT / 2))[0] - AMBIENT
    assert exponent * rise == pytest.approx(largest, rel=allowed if kind == "columns" else 200 * allowed)
    released = next(watt for _, what, watt in result.balance.heat if what == "leakage")
    assert released > power * (1.0 + exponent * rise / 2)
    assert result.heat_out() == pytest.approx(released, rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_leakage_of_a_body_of_one_temperature(kind: str) -> None:
    """The lumped example of the references: 50 W and 10 W exp(0.02 (T - 358.15)) over 0.5 K/W to 318.15 K."""
    loads = [
        mt.Power("slab", 50.0),
        mt.Leakage("slab", 10.0, 0.02, 358.15),
        mt.HeatSink("bottom", 0.5, 318.15),
    ]
    result = solved(kind, stack(("slab", HEIGHT, mt.Material("good", 1e9))), loads)
    assert result.mean_temperature() == pytest.approx(347.163693032, abs=1e-5)
