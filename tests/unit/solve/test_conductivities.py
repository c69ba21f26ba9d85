"""Conductivities that depend on temperature and direction, against exact solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from steady_problems import AMBIENT, AREA, KINDS, SIDE, meshed, solved, stack

import mcpthermal as mt
from mcpthermal.units import mm

HEIGHT = 0.4 * mm
COLD = mt.FixedTemperature("bottom", AMBIENT)
KNOTS, VALUES = (250.0, 330.0, 420.0, 700.0), (150.0, 120.0, 70.0, 50.0)

LAWS: dict[str, tuple[Any, Callable[[float], float]]] = {
    "linear": (mt.Linear(140.0, -0.3, 300.0), lambda t: 140.0 - 0.3 * (t - 300.0)),
    "power law": (mt.PowerLaw(148.0, 300.0, -4 / 3), lambda t: 148.0 * (t / 300.0) ** (-4 / 3)),
    "exponential": (mt.Exponential(120.0, 300.0, -5e-3), lambda t: 120.0 * np.exp(-5e-3 * (t - 300.0))),
    "polynomial": (
        mt.Polynomial((140.0, -0.4, 1e-3), 300.0),
        lambda t: 140.0 - 0.4 * (t - 300.0) + 1e-3 * (t - 300.0) ** 2,
    ),
    "table": (mt.Table(KNOTS, VALUES), PchipInterpolator(KNOTS, VALUES)),
    "metal": (mt.Metal(7e-3, 4e-3, 300.0), lambda t: 1 / (7e-3 * (1 + 4e-3 * (t - 300.0)))),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LAWS)
def test_a_flux_through_k_of_t(name: str, kind: str) -> None:
    """Kirchhoff: the integral of k from the cold face to the hot one is flux times height."""
    law, k = LAWS[name]
    flux = 2.5e7
    hot = brentq(lambda t: quad(k, AMBIENT, t, epsabs=1e-10)[0] - flux * HEIGHT, AMBIENT, 690.0, xtol=1e-11)
    loads = [COLD, mt.HeatFlux("top", flux)]
    result = solved(kind, stack(("slab", HEIGHT, mt.Material("m", law))), loads, HEIGHT / 12, size=SIDE / 2)
    assert hot - AMBIENT > 70.0
    rise = result.temperature_at((0.0, 0.0, HEIGHT))[0] - AMBIENT
    # The curvature of a table jumps at its points.
    allowed = 1e-5 if name == "table" else 1e-6
    assert rise == pytest.approx(hot - AMBIENT, rel=allowed if kind == "columns" else 20 * allowed)


@pytest.mark.parametrize("kind", KINDS)
def test_heat_in_a_volume_with_k_of_t(kind: str) -> None:
    """Silicon of the references: 2e10 W/m3 over 0.5 mm on a base at 300 K gives 317.546380216 K on top."""
    silicon = mt.Material("silicon", mt.PowerLaw(148.0, 300.0, -4 / 3))
    loads = [COLD, mt.Power("slab", 2e10 * AREA * 0.5 * mm)]
    result = solved(kind, stack(("slab", 0.5 * mm, silicon)), loads, 0.05 * mm, size=SIDE / 2)
    top = result.temperature_at((0.0, 0.0, 0.5 * mm))[0]
    assert top - AMBIENT == pytest.approx(17.546380216, rel=1e-8 if kind == "columns" else 1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("axis", "along"), [("x", 0), ("y", 1), ("z", 2)])
def test_each_axis_has_its_conductivities(axis: str, along: int, kind: str) -> None:
    """A flux and a current along one axis of a cuboid feel that axis alone; sigma is that of the temperature there."""
    sides = (1 * mm, 0.7 * mm, 0.4 * mm)
    k, slope = (100.0, 20.0, 3.0), (-1e3, 2e3, 5e3)
    sigma = tuple(mt.Linear(1e6 * (i + 1), s, 300.0) for i, s in enumerate(slope))
    block = mt.Part("block", mt.rectangle(sides[:2]), (0.0, sides[2]), mt.Material("m", k, sigma))
    ends = ("bottom", "top") if axis == "z" else (f"{axis}_min", f"{axis}_max")
    area = np.prod(sides) / sides[along]
    held = solved(
        kind,
        mt.Package.from_parts([block]),
        [mt.FixedTemperature("block", 350.0), mt.Voltage(f"block.{ends[0]}", 0.0), mt.Current(f"block.{ends[1]}", 2.0)],
    )
    conductivity = 1e6 * (along + 1) + 50.0 * slope[along]
    assert held.voltage(f"block.{ends[1]}") == pytest.approx(2.0 * sides[along] / (conductivity * area), rel=1e-9)
    warm = solved(
        kind, mt.Package.from_parts([block]), [mt.FixedTemperature(ends[0], AMBIENT), mt.HeatFlux(ends[1], 1e5)]
    )
    assert warm.max_temperature() - AMBIENT == pytest.approx(1e5 * sides[along] / k[along], rel=1e-9)


TENSOR = np.array([[4.0, 1.2, -0.9], [1.2, 3.0, 0.7], [-0.9, 0.7, 2.0]])


def long_bar(material: mt.Material, size: float) -> mt.Package:
    return mt.Package.from_parts([mt.Part("bar", mt.rectangle((12 * size, size)), (0.0, size), material)])


def slopes(values: Any, step: float) -> Any:
    """The gradient from values at the centre and at steps along x, y and z."""
    return (np.asarray(values[1:]) - values[0]) / step


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_full_tensor_bends_the_isotherms(sign: float, kind: str) -> None:
    """Far from the ends of a bar, heat and current flow along it alone: the gradient is K^-1 q, all entries at work."""
    size, flux = 0.3 * mm, 2e5
    tensor = TENSOR.copy()
    tensor[2, :2] *= sign
    tensor[:2, 2] *= sign
    step = size / 4
    spots = np.array([(0.0, 0.0, size / 2)] * 4) + step * np.vstack([np.zeros(3), np.eye(3)])
    loads = [
        mt.FixedTemperature("x_min", AMBIENT),
        mt.HeatFlux("x_max", flux),
        mt.Voltage("bar.x_min", 0.0),
        mt.Current("bar.x_max", 1e-3),
    ]
    material = mt.Material("m", tensor.tolist(), (1e4 * tensor[::-1, ::-1]).tolist())
    result = solved(kind, long_bar(material, size), loads, size / 2, size=size / 2)
    volts = slopes(result.potential_at(spots), step)
    density = 1e-3 / size**2
    assert volts == pytest.approx(np.linalg.solve(1e4 * tensor[::-1, ::-1], [density, 0.0, 0.0]), rel=1e-6)
    released = result.joule_power() / 2 / size**2
    assert released < 1e-3 * flux
    gradient = slopes(result.temperature_at(spots), step)
    assert gradient == pytest.approx(np.linalg.solve(tensor, [flux, 0.0, 0.0]), rel=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tensor_that_depends_on_temperature(kind: str) -> None:
    """All entries fall alike: Kirchhoff's integral of the factor has the gradient K^-1 q."""
    size, flux, fall = 0.3 * mm, 8e4, 3e-3
    laws = [[mt.Linear(value, -fall * value, AMBIENT) for value in row] for row in TENSOR]
    spots = np.array([(0.0, 0.0, size / 2)] * 4) + size / 4 * np.vstack([np.zeros(3), np.eye(3)])
    loads = [mt.FixedTemperature("x_min", AMBIENT), mt.HeatFlux("x_max", flux)]
    result = solved(kind, long_bar(mt.Material("m", laws), size), loads, size / 4, size=size / 3)
    rise = result.temperature_at(spots) - AMBIENT
    assert 20.0 < rise[0]
    gradient = slopes(rise - fall * rise**2 / 2, size / 4)
    assert gradient == pytest.approx(np.linalg.solve(TENSOR, [flux, 0.0, 0.0]), rel=1e-4)


def rotation() -> Any:
    """A rotation about no axis of the coordinates."""
    q, _ = np.linalg.qr(np.array([[1.0, 2.0, 0.5], [-0.7, 1.0, 1.5], [0.3, -0.4, 2.0]]))
    return q * np.sign(np.linalg.det(q))


def turned_tensor(entries: tuple[float, ...], fall: float, turn: Any) -> Any:
    tensor = turn @ np.diag(entries) @ turn.T
    upper = {"xx": (0, 0), "yy": (1, 1), "zz": (2, 2), "yz": (1, 2), "xz": (0, 2), "xy": (0, 1)}
    return {key: mt.Linear(tensor[ij], -fall * tensor[ij], AMBIENT) for key, ij in upper.items()}


def test_turned_tensors_on_a_turned_mesh_change_nothing() -> None:
    """Three layers that carry current and heat, k(T) and sigma(T) along the axes, turned about a slanted axis."""
    found = []
    plate = mt.Material("plate", 200.0)
    _, plain = meshed("tetrahedra", stack(*((name, HEIGHT, plate) for name in ("low", "mid", "high"))), size=SIDE / 2)
    for turn in (np.eye(3), rotation()):
        heat = turned_tensor((40.0, 30.0, 10.0), 1e-3, turn)
        current = turned_tensor((3e5, 2e5, 1e5), 2e-3, turn)
        mesh = mt.TetMesh(plain.points @ turn.T, plain.cells, plain.cell_part, plain.part_names)
        package = mt.Package.from_mesh(mesh, {"low": plate, "mid": mt.Material("m", heat, current), "high": plate})
        loads = [
            mt.FixedTemperature("low", AMBIENT),
            mt.Power("high", 0.5),
            mt.Voltage("mid|low", 0.0),
            mt.Current("mid|high", 20.0),
        ]
        result = mt.solve_steady(mt.Case(package, loads), mesh)
        spots = (np.array([(0.1, 0.2, 0.6), (-0.3, 0.1, 0.9), (0.4, -0.4, 1.1)]) * mm) @ turn.T
        found.append([*result.temperature_at(spots) - AMBIENT, result.joule_power("mid"), result.max_temperature()])
    assert found[0][0] > 10.0 and found[0][3] > 1.0
    assert found[1] == pytest.approx(found[0], rel=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_along_its_own_axis_in_the_plane(kind: str) -> None:
    """A bar turned by 30 degrees with its tensor: heat from end to end feels the largest entry only."""
    angle = np.pi / 6
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    width, height = 0.4 * mm, 0.2 * mm

    def piece(start: float, end: float) -> mt.Footprint:
        corners = np.array([(start, -width / 2), (end, -width / 2), (end, width / 2), (start, width / 2)])
        return mt.polygon((corners @ turn[:2, :2].T).tolist())

    material = mt.Material("m", (turn @ np.diag([90.0, 5.0, 7.0]) @ turn.T).tolist())
    ends = mt.Material("end", 1e6)
    parts = [
        mt.Part("cold", piece(-0.7 * mm, -0.5 * mm), (0.0, height), ends),
        mt.Part("bar", piece(-0.5 * mm, 0.5 * mm), (0.0, height), material),
        mt.Part("hot", piece(0.5 * mm, 0.7 * mm), (0.0, height), ends),
    ]
    loads = [mt.FixedTemperature("cold", AMBIENT), mt.Power("hot", 0.2)]
    result = solved(kind, mt.Package.from_parts(parts), loads, size=0.2 * mm)
    expected = 0.2 * 1 * mm / (90.0 * width * height)
    assert result.mean_temperature("hot") - AMBIENT == pytest.approx(expected, rel=2e-5)
