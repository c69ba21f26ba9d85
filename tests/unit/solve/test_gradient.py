"""Gradients by the adjoint against differences of whole solutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.mesh.layers import fractions_of, moved_mesh
from mcpthermal.units import celsius, mm, um

BASE: dict[str, float] = {
    "via_depth": 0.6 * mm,
    "module_height": 0.425 * mm,
    "carrier": 0.3 * mm,
    "power": 0.4,
    "current": 3.0,
    "h": 800.0,
    "ambient": 300.0,
    "conductivity": 0.9,
    "slope": 0.004,
}
MESH = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=2 * mm, layer_size=1 * mm, growth=2.0)
TIGHT: dict[str, Any] = {"tolerance": 1e-12, "linear_tolerance": 1e-12}


def make_case(
    via_depth: float,
    module_height: float,
    carrier: float,
    power: float,
    current: float,
    h: float,
    ambient: float,
    conductivity: float,
    slope: float,
) -> mt.Case:
    """Two chips in an insulation, and a hot metal whose resistance grows with its temperature."""
    module = mt.Module(
        "stack",
        chips=[mt.Chip("logic", (2 * mm, 2 * mm), 200 * um), mt.Chip("memory", (1.4 * mm, 1.4 * mm), 150 * um)],
        bonds=[mt.FlipChip([(0.0, 0.0)], diameter=200 * um, height=50 * um)],
        attach=mt.Attach(thickness=25 * um),
    )
    metal = mt.Material("metal", 390.0, mt.Metal("1.7e-8 ohm m", slope, 293.15))
    process = (
        mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=carrier))
        .attach(module.with_height(module_height))
        .insulate(thickness=via_depth, material=mt.Material("mould", conductivity))
        .open_vias("supply", at=[(-1.5 * mm, 0)], diameter=200 * um)
        .metallise(40 * um, metal, [mt.Trace("vdd", path=[(-1.5 * mm, 0), (1.5 * mm, 0)], width=300 * um)])
        .passivate(thickness=30 * um, openings=[mt.Opening("pad", at=(1.2 * mm, 0), diameter=200 * um)])
    )
    loads = [
        mt.Power("logic", power),
        mt.Current("pad", current),
        mt.Voltage("supply.foot", 0.0),
        mt.Convection("bottom", h=h, ambient=ambient),
        mt.Radiation("top", ambient=celsius(30), emissivity=0.8),
    ]
    return mt.Case(process.package(), loads)


@pytest.fixture(scope="module")
def result() -> mt.SteadyResult:
    case = make_case(**BASE)
    return mt.solve_steady(case, mt.generate_mesh(case.package, MESH), **TIGHT)


@pytest.fixture(scope="module")
def solved(result: mt.SteadyResult) -> dict[str, list[mt.SteadyResult]]:
    """For each parameter the solutions a step above and below."""
    fractions, found, reuse = fractions_of(result.mesh, result.case.package), {}, mt.Reuse()
    for name, value in BASE.items():
        found[name] = []
        for factor in (1 + 1e-4, 1 - 1e-4):
            case = make_case(**{**BASE, name: factor * value})
            reuse.parameters = {**BASE, name: factor * value}
            mesh = moved_mesh(result.mesh, case.package, fractions)
            found[name].append(mt.solve_steady(case, mesh, reuse=reuse, **TIGHT))
    return found


@pytest.mark.parametrize(
    ("output", "ask"),
    [
        ("memory.mean", lambda r: r.mean_temperature("memory")),
        ("logic.max", lambda r: r.max_temperature("logic")),
        ("pad.voltage", lambda r: r.voltage("pad")),
        ("resistance(pad, supply.foot)", lambda r: r.resistance("pad", "supply.foot")),
        ("bottom.heat_out", lambda r: r.heat_out("bottom")),
    ],
)
def test_gradients_are_those_of_differences(
    result: mt.SteadyResult, solved: dict[str, list[mt.SteadyResult]], output: str, ask: Any
) -> None:
    found = mt.gradient(make_case, result, output, BASE)
    level = 300.0 if output.endswith(("max", "mean")) else 0.0
    for name, value in BASE.items():
        above, below = (ask(item) for item in solved[name])
        wanted = (above - below) / (2e-4 * value)
        # What hardly matters is measured by the output itself.
        slack = 1e-7 * abs(ask(result) - level) / value
        assert found[name] == pytest.approx(wanted, rel=1e-5, abs=slack), name


def test_numbers_of_a_case_by_their_names(result: mt.SteadyResult) -> None:
    """The same derivatives as by the arguments of a function."""
    names = {
        "via_depth": "via_depth",
        "module_height": "module_height",
        "carrier.thickness": "carrier",
        "logic.power": "power",
        "pad.current": "current",
        "bottom.h": "h",
        "bottom.ambient": "ambient",
        "mould.thermal_conductivity": "conductivity",
    }
    for output in ("memory.mean", "pad.voltage"):
        wanted = mt.gradient(make_case, result, output, BASE)
        found = mt.gradient(result.case, result, output, list(names))
        for name, argument in names.items():
            assert found[name] == pytest.approx(wanted[argument], rel=1e-6, abs=1e-9 * abs(wanted["power"])), name
    one = mt.gradient(result.case, result, "memory.mean", "logic.power")
    assert one["logic.power"] > 10.0


def test_what_has_no_gradient_says_so(result: mt.SteadyResult) -> None:
    with pytest.raises(mt.InputError, match="is not that of the result"):
        mt.gradient(make_case, result, "memory.mean", {**BASE, "power": 1.0})
    with pytest.raises(mt.InputError, match=r"'logic\.min' has no derivative"):
        mt.gradient(make_case, result, "logic.min", BASE)
    with pytest.raises(mt.InputError, match="give the case and the names of its numbers"):
        mt.gradient(make_case, result, "memory.mean", ["via_depth"])  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match="must be a finite number"):
        mt.gradient(make_case, result, "logic.max", {**BASE, "power": float("nan")})
    for wrong in (3, None, [3]):
        with pytest.raises(mt.InputError, match="is no name of a number"):
            mt.gradient(result.case, result, "logic.max", wrong)  # type: ignore[arg-type]


def test_outlines_in_the_plane_do_not_move() -> None:
    def wide(width: float) -> mt.Case:
        package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(width), (0.0, 1e-3), "silicon")])
        return mt.Case(package, [mt.Power("slab", 1.0), mt.Convection("bottom", h=1e5, ambient=300.0)])

    result = mt.solve_steady(wide(1e-3), mt.generate_mesh(wide(1e-3).package, "coarse"))
    with pytest.raises(mt.InputError, match="'width' moves outlines in the plane"):
        mt.gradient(wide, result, "slab.max", {"width": 1e-3})


@pytest.mark.parametrize("slope", [0.0, 4e-3])
def test_a_resistance_by_a_voltage_behind_a_thin_pad(slope: float) -> None:
    """At fixed fields a step of the voltage moves the current by a tenth, where voltage over current is not linear."""
    metal = mt.Material("metal", 400.0, mt.Metal(2e-8, slope, 300.0))
    parts = [
        mt.Part("bar", mt.rectangle((4 * mm, 1 * mm)), (0.0, 0.5 * mm), metal),
        mt.Part("pad", mt.rectangle(0.4 * mm, at=(-1.5 * mm, 0)), (0.5 * mm, 0.501 * mm), metal),
    ]
    package = mt.Package.from_parts(parts)
    mesh = mt.generate_mesh(package, MESH)

    def solved_at(volt: float) -> mt.SteadyResult:
        loads = [mt.Voltage("pad.top", volt), mt.Voltage("bar.x_max", 0.0), mt.Convection("bottom", 1e4, 300.0)]
        return mt.solve_steady(mt.Case(package, loads), mesh, **TIGHT)

    above, result, below = (solved_at(factor * 0.02) for factor in (1.001, 1.0, 0.999))
    wanted = (above.resistance("pad.top", "bar.x_max") - below.resistance("pad.top", "bar.x_max")) / (0.002 * 0.02)
    found = mt.gradient(result.case, result, "resistance(pad.top, bar.x_max)", "pad.top.voltage")
    assert found["pad.top.voltage"] == pytest.approx(wanted, rel=1e-5, abs=1e-9)


def slab(added: float = 0.0, watt: float = 0.0, at: float = 0.0, leak: float = 0.1, emissivity: float = 0.9) -> mt.Case:
    """A heated slab with a block on it."""
    material = mt.Material("m", 100.0)
    parts = [
        mt.Part("slab", mt.rectangle(1 * mm), (0.0, 0.2 * mm + added), material),
        mt.Part("block", mt.rectangle(0.4 * mm, at=(at, 0)), (0.2 * mm + added, 0.25 * mm + added), material),
    ]
    loads = [
        mt.HeatFlux("block.top", 1e6),
        mt.Power("slab", watt),
        mt.Leakage("block", leak, 0.02, 300.0),
        mt.Convection("slab.bottom", 1e4, 300.0),
        mt.Radiation("slab.sides", 300.0, emissivity),
    ]
    return mt.Case(mt.Package.from_parts(parts), loads)


def solved_slab(**values: float) -> mt.SteadyResult:
    case = slab(**values)
    return mt.solve_steady(case, mt.generate_mesh(case.package, MESH), **TIGHT)


def test_a_parameter_that_is_zero_finds_its_own_step() -> None:
    """What is added to a length has the derivative of the length; a step of 0.1 mm would be half of it."""
    result = solved_slab()
    by_height = mt.gradient(result.case, result, "block.max", ["slab.thickness", "slab.power"])
    found = mt.gradient(slab, result, "block.max", {"added": 0.0, "watt": 0.0})
    assert found["added"] == pytest.approx(by_height["slab.thickness"], rel=1e-5)
    assert found["watt"] == pytest.approx(by_height["slab.power"], rel=1e-8)
    assert mt.gradient(lambda square: slab(watt=square**2), result, "block.max", {"square": 0.0})["square"] == 0.0
    with pytest.raises(mt.InputError, match="'at' moves outlines in the plane"):
        mt.gradient(slab, result, "block.max", {"at": 0.0})


def test_steps_that_lead_to_no_case_are_told_as_such() -> None:
    result = solved_slab(leak=0.0, emissivity=1.0)
    with pytest.raises(mt.InputError, match=r"beside 'slab\.sides\.emissivity'=1, at 1\.0001 .*at most 1"):
        mt.gradient(result.case, result, "block.max", "slab.sides.emissivity")
    with pytest.raises(mt.InputError, match=r"no case lies a step beside 'leak'=0, .*; solve at a value"):
        mt.gradient(lambda leak: slab(leak=leak, emissivity=1.0), result, "block.max", {"leak": 0.0})


def test_values_are_those_of_the_case_and_any_real_numbers() -> None:
    result = solved_slab(watt=2.0, leak=0.0)
    wanted = mt.gradient(result.case, result, "block.max", "slab.power")
    assert mt.gradient(result.case, result, "block.max", {"slab.power": 2.0}) == wanted
    for watt in (np.int64(2), np.float32(2.0), 2):
        found = mt.gradient(lambda watt: slab(watt=watt, leak=0.0), result, "block.max", {"watt": watt})
        assert found["watt"] == pytest.approx(wanted["slab.power"], rel=1e-9)
    with pytest.raises(mt.InputError, match=r"'slab\.power' is 2 in the case, not 3 \(SI units\)"):
        mt.gradient(result.case, result, "block.max", {"slab.power": 3.0})
    for wrong in (True, np.bool_(True), "2 W", None):
        for case, name in ((slab, "watt"), (result.case, "slab.power")):
            with pytest.raises(mt.InputError, match="must be a finite number"):
                mt.gradient(case, result, "block.max", {name: wrong})  # type: ignore[dict-item]
