"""The case: what is refused when it is described, and which terminals it has."""

from __future__ import annotations

import re

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import InputError, LoadError
from mcpthermal.units import mm, um

COOLED = mt.Convection("bottom", h=1000.0, ambient="25 degC")


def refused(*words: str) -> object:
    """A LoadError that has all the words, in their order."""
    return pytest.raises(LoadError, match=".*".join(re.escape(word) for word in words))


def test_a_sound_case(case: mt.Case, package: mt.Package) -> None:
    assert case.package is package
    assert len(case.of(mt.Power)) == 2
    assert [terminal.name for terminal in case.terminals] == ["vdd_pad", "to_logic[0].foot"]
    assert [terminal.voltage for terminal in case.terminals] == [1.0, None]
    assert case.terminals[1].current == -1.0


def test_current_flows_only_in_metal_that_is_connected(case: mt.Case, package: mt.Package) -> None:
    columns = package.arrangement.columns
    cells = case.current_cells(columns)
    carrying = {package.names[part] for part in np.unique(columns.cell_part[cells])}
    assert carrying == {"supply", "supply.contact", "to_logic", "vdd", "vdd_logic"}
    silent = mt.Case(package, [COOLED])
    assert silent.terminals == ()
    assert not silent.current_cells(columns).any()


def test_heat_must_have_a_way_out(package: mt.Package) -> None:
    for loads in ([], [mt.Power("logic", 1.0)], [mt.Power("logic", 1.0), mt.HeatFlux("bottom", -10.0)]):
        with refused("heat has no way out", "Convection", "FixedTemperature"):
            mt.Case(package, loads)
    assert mt.Case(package, [mt.FixedTemperature("carrier", 300.0)])
    assert mt.Case(package, [mt.FixedTemperature("carrier.bottom", 300.0)])


def test_what_is_no_case(package: mt.Package, process: mt.Process) -> None:
    with refused("a case needs a Package, not Process", "process.package()"):
        mt.Case(process, [COOLED])  # type: ignore[arg-type]
    for loads in (None, 3, "top", [COOLED, "top"], [mt.Power]):
        with refused("is no load", "use Power"):
            mt.Case(package, loads)  # type: ignore[arg-type]
    with refused("name of a case"):
        mt.Case(package, [COOLED], name=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (mt.Power("logik", 1.0), ("'logik'", "did you mean 'logic'")),
        (mt.Convection("botom", 1.0, 300.0), ("'botom'", "did you mean 'bottom'")),
        (mt.Voltage("vdd_pas", 0.0), ("'vdd_pas'", "did you mean", "'vdd_pad'")),
        (mt.Current("to_logc.foot", 1.0), ("'to_logc.foot'", "did you mean 'to_logic.foot'")),
        (mt.Current("supply[3].foot", 1.0), ("'supply' has 3 members", "'supply[2]'")),
        (mt.HeatFlux("logic", 1.0), ("HeatFlux at 'logic'", "volume", "'logic.top'")),
        (mt.Convection("logic", 1.0, 300.0), ("Convection at 'logic'", "volume")),
        (mt.Convection("logic.top", 1.0, 300.0), ("Convection at 'logic.top'", "exposed", "outer face")),
        (mt.Power("vdd_pad.top", 1.0), ("Power at 'vdd_pad.top'", "no such face")),
        (mt.HeatFlux("logic|insulation_", 1.0), ("insulation_", "did you mean")),
        (mt.HeatFlux("memory|carrier", 1.0), ("no such face",)),
        (mt.Power("supply", 1.0, "active_face"), ("only a chip has an active face",)),
        (mt.Power("logic.top", 1.0, "active_face"), ("a face already",)),
        (mt.Voltage("vdd", 0.0), ("terminal 'vdd' is a volume", "'vdd.top'")),
        (mt.Voltage("carrier.top", 0.0), ("without electrical conductivity", "'carrier' (bt_laminate)")),
        (mt.Voltage("logic.top", 0.0), ("without electrical conductivity", "'logic' (silicon)", "metal part")),
        (mt.Voltage("vdd_pad.top", 0.0), ("without electrical conductivity", "'vdd_pad' (open)")),
        (mt.Voltage("bottom", 0.0), ("without electrical conductivity", "outside of the package")),
        (mt.Voltage("memory|carrier", 0.0), ("no such face",)),
    ],
)
def test_loads_on_wrong_places(package: mt.Package, load: object, words: tuple[str, ...]) -> None:
    with refused(*words):
        mt.Case(package, [COOLED, load])


def test_power_in_an_open_hole_is_refused(process: mt.Process) -> None:
    with refused("Power at 'supply'", "open hole"):
        mt.Case(process.stage("opened"), [COOLED, mt.Power("supply", 1.0)])


def test_active_faces(package: mt.Package) -> None:
    assert mt.Case(package, [COOLED, mt.Power("logic", 1.0, "active_face")])
    base = mt.Process(mt.Chip("die", size=(1 * mm, 1 * mm), thickness=0.1 * mm)).package()
    assert mt.Case(base, [COOLED, mt.Power("die", 1.0, "active_face")])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (mt.FixedTemperature("logic.top", 310.0), mt.FixedTemperature("logic.top", 300.0)),
        (mt.FixedTemperature("logic.top", 310.0), mt.FixedTemperature("logic|insulation", 300.0)),
        (mt.FixedTemperature("sides", 310.0), mt.HeatSink("x_min", 10.0, 300.0, base="isothermal")),
        (mt.FixedTemperature("passivation", 310.0), mt.HeatSink("top", 10.0, 300.0, base="isothermal")),
        (mt.FixedTemperature("logic", 310.0), mt.FixedTemperature("stack", 300.0)),
        (mt.FixedTemperature("logic.top", 310.0), mt.FixedTemperature("logic", 300.0)),
    ],
)
def test_thermal_loads_that_contradict_each_other(package: mt.Package, first: object, second: object) -> None:
    for loads in ([first, second], [second, first]):
        with refused("contradict each other", "keep one"):
            mt.Case(package, [COOLED, *loads])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (mt.Convection("top", 10.0, 300.0), mt.Convection("top", 20.0, 300.0)),
        (mt.Convection("top", 10.0, 300.0), mt.Convection("passivation.top", 20.0, 300.0)),
        (mt.Radiation("top", 300.0, 0.8), mt.Radiation("top", 310.0, 0.1)),
        (mt.HeatSink("x_min", 10.0, 300.0), mt.HeatSink("sides", 10.0, 300.0, base="isothermal")),
    ],
)
def test_what_would_be_counted_twice(package: mt.Package, first: object, second: object) -> None:
    for loads in ([first, second], [second, first]):
        with refused("share faces and would be counted twice", "keep one"):
            mt.Case(package, [COOLED, *loads])


def test_boundaries_may_be_combined_on_one_face(package: mt.Package) -> None:
    everything = [
        mt.Convection("top", 10.0, 300.0),
        mt.Radiation("top", 300.0, 0.8),
        mt.HeatSink("top", 20.0, 300.0),
        mt.HeatFlux("top", 5.0),
        mt.FixedTemperature("top", 300.0),
    ]
    assert len(mt.Case(package, everything).loads) == 5
    for load in everything[:3]:
        assert mt.Case(package, [load])


def test_thermal_loads_side_by_side(package: mt.Package) -> None:
    loads = [mt.Convection("top", 10.0, 300.0), mt.Convection("x_min", 10.0, 300.0), mt.HeatFlux("x_max", 5.0)]
    assert mt.Case(package, [COOLED, *loads, mt.FixedTemperature("supply[0].foot", 300.0)])


def test_a_conductor_needs_a_reference_potential(package: mt.Package) -> None:
    source, sink = mt.Current("vdd_pad", 1.0), mt.Current("to_logic[0].foot", -1.0)
    with refused("conductor", "'vdd_pad' (1 A)", "'to_logic[0].foot' (-1 A)", "no reference potential", "Voltage"):
        mt.Case(package, [COOLED, source, sink])
    with refused("'vdd_pad' (1 A) do not add up", "1 A is left over", "Voltage"):
        mt.Case(package, [COOLED, source])
    with refused("'vdd_pad' (2 A)", "do not add up", "1 A is left over"):
        mt.Case(package, [COOLED, mt.Current("vdd_pad", 2.0), sink])
    # A reference on another conductor does not help; one that a terminal joins does.
    with refused("no reference potential"):
        mt.Case(package, [COOLED, source, sink, mt.Voltage("gnd_pad", 0.0)])
    assert mt.Case(package, [COOLED, source, sink, mt.Voltage("supply.foot", 0.0)])
    assert mt.Case(package, [COOLED, source, mt.Current("to_logic.foot", -1.0), mt.Voltage("gnd_pad", 0.0)])
    with refused("no reference potential"):
        mt.Case(
            package,
            [COOLED, source, mt.Current("to_logic.foot", -1.0, "uniform"), mt.Voltage("gnd_pad", 0.0)],
        )


def test_current_loads_are_two_terminals(package: mt.Package) -> None:
    load = mt.CurrentLoad("to_logic[0].foot", "to_logic[1].foot", 0.5)
    with refused("'to_logic[0].foot' (-500 mA) do not add up"):
        mt.Case(package, [COOLED, load])
    loads = [COOLED, load, load, mt.Voltage("vdd_pad", 1.0), mt.Voltage("gnd_pad", 0.0)]
    currents = {terminal.name: terminal.current for terminal in mt.Case(package, loads).terminals}
    assert currents["to_logic[0].foot"] == -1.0
    assert currents["to_logic[1].foot"] == 1.0


def test_electrical_loads_that_contradict_each_other(package: mt.Package) -> None:
    ground = mt.Voltage("vdd_pad", 0.0)
    with refused("two voltages at 'vdd_pad'", "0 V", "1 V", "keep one"):
        mt.Case(package, [COOLED, ground, mt.Voltage("vdd_pad", 1.0)])
    with refused("'vdd_pad' has both a voltage and a current"):
        mt.Case(package, [COOLED, ground, mt.Current("vdd_pad", 1.0)])
    with refused("terminals 'supply[0].foot' and 'supply.foot' share faces"):
        mt.Case(package, [COOLED, ground, mt.Current("supply.foot", 1.0), mt.Current("supply[0].foot", -1.0)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: mt.Power("", 1.0),
        lambda: mt.Power(None, 1.0),
        lambda: mt.Power("logic", "2 A"),
        lambda: mt.Power("logic", 1.0, "everywhere"),
        lambda: mt.Convection("top", 0.0, 300.0),
        lambda: mt.Convection("top", 10.0, -1.0),
        lambda: mt.Convection("top", float("nan"), 300.0),
        lambda: mt.Convection("top", 10.0, "-300 degC"),
        lambda: mt.FixedTemperature("top", 0.0),
        lambda: mt.HeatFlux("top", float("inf")),
        lambda: mt.Voltage("pad", "1 A"),
        lambda: mt.Current("pad", 1.0, "even"),
        lambda: mt.CurrentLoad("a", "a", 1.0),
        lambda: mt.CurrentLoad("a", "b", None),
    ],
)
def test_loads_are_checked_on_their_own(make: object) -> None:
    with pytest.raises(InputError):
        make()  # type: ignore[operator]


def test_strings_with_units() -> None:
    assert mt.Convection("top", "1 W/(cm2 K)", "25 degC") == mt.Convection("top", 1e4, 298.15)
    assert mt.HeatFlux("top", "2 W/cm2").flux == pytest.approx(2e4)


def test_parts_from_a_list_can_be_a_case() -> None:
    bar = mt.Part("bar", mt.rectangle((1 * mm, 10 * um)), z=(0, 10 * um), material="copper")
    loads = [mt.FixedTemperature("bar.x_min", 300.0), mt.Voltage("bar.x_min", 0.0), mt.Current("bar.x_max", 0.1)]
    case = mt.Case(mt.Package.from_parts([bar]), loads)
    assert len(case.terminals) == 2
