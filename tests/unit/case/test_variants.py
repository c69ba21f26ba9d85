"""Variants of a case by the names of its numbers: those of the same process in other heights."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.case.variants import number_of, variant
from mcpthermal.units import mm, um


def process(bonded: bool = False) -> mt.Process:
    bond = mt.FlipChip([(0.0, 0.0)], diameter=200 * um, height=50 * um)
    module = mt.Module(
        "stack",
        chips=[mt.Chip("logic", (2 * mm, 2 * mm), 200 * um), mt.Chip("memory", (1.4 * mm, 1.4 * mm), 150 * um)],
        bonds=[bond],
        attach=bond if bonded else mt.Attach(thickness=25 * um),
    )
    return (
        mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=0.3 * mm))
        .attach(module)
        .insulate(0.6 * mm, mt.Material("mould", 0.9))
        .open_vias("supply", at=[(-1.5 * mm, 0)], diameter=200 * um, contact=mt.Contact(30 * um, 150 * um))
        .open_vias("upper", at=[(0.3 * mm, 0)], diameter=80 * um, onto="memory")
        .metallise(40 * um, traces=[mt.Trace("vdd", path=[(-1.5 * mm, 0), (1.5 * mm, 0)], width=300 * um)])
        .passivate(thickness=30 * um, openings=[mt.Opening("pad", at=(1.2 * mm, 0), diameter=200 * um)])
    )


def loaded(package: mt.Package) -> mt.Case:
    loads = [
        mt.Power("logic", 0.4),
        mt.Power("memory", 0.1),
        mt.Current("pad", 2.0),
        mt.Voltage("supply.foot", 0.1),
        mt.Convection("bottom", h=800.0, ambient=300.0),
        mt.Radiation("top", ambient=310.0, emissivity=0.8),
    ]
    return mt.Case(package, loads)


def heights(case: mt.Case) -> list[float]:
    return [end for part in case.package.parts for end in part.z]


@given(st.floats(0.46, 1.2), st.booleans())
@settings(max_examples=15)
def test_the_via_depth_is_that_of_the_process(depth: float, bonded: bool) -> None:
    made = process(bonded)
    found = variant(loaded(made.package()), {"via_depth": depth * mm})
    assert found.package.via_depth == pytest.approx(depth * mm)
    # The contact in a via is stretched with the insulation beside it where it reaches above the module: here never.
    assert heights(found) == pytest.approx(heights(loaded(made.with_via_depth(depth * mm).package())), abs=1e-12)


@given(st.floats(0.2, 0.58), st.booleans())
@settings(max_examples=15)
def test_the_module_height_is_that_of_the_process(height: float, bonded: bool) -> None:
    made = process(bonded)
    found = variant(loaded(made.package()), {"module_height": height * mm})
    wanted = loaded(made.with_module_height(height * mm).package())
    assert found.package.module_height == pytest.approx(height * mm)
    chips = [wanted.package[name].z for name in ("logic", "memory", "insulation", "vdd", "stack.bumps")]
    assert [found.package[name].z for name in ("logic", "memory", "insulation", "vdd", "stack.bumps")] == [
        pytest.approx(z, abs=1e-12) for z in chips
    ]


def test_numbers_are_read_and_set() -> None:
    case = loaded(process().package())
    for name, value in {
        "logic.power": 0.4,
        "bottom.h": 800.0,
        "top.ambient": 310.0,
        "top.emissivity": 0.8,
        "pad.current": 2.0,
        "supply.foot.voltage": 0.1,
        "mould.thermal_conductivity": 0.9,
        "carrier.thickness": 0.3e-3,
    }.items():
        assert number_of(case, name) == pytest.approx(value)
        assert variant(case, {name: number_of(case, name)}) is case
        changed = variant(case, {name: 1.1 * value})
        assert number_of(changed, name) == pytest.approx(1.1 * value)
        assert number_of(changed, "memory.power") == 0.1
    both = variant(case, {"via_depth": 0.7 * mm, "carrier.thickness": 0.5 * mm, "logic.power": 1.0})
    assert [number_of(both, name) for name in ("via_depth", "carrier.thickness", "logic.power")] == pytest.approx(
        [0.7 * mm, 0.5 * mm, 1.0]
    )


@pytest.mark.parametrize("moved", ["a.thickness", "b.thickness"])
def test_what_keeps_its_value_sets_nothing_back(moved: str) -> None:
    """Parts beside each other are one height: the one that is named with its own does not undo the other's."""
    parts = [mt.Part("base", mt.rectangle(4 * mm), (-0.2 * mm, 0.0), "silicon")]
    parts += [
        mt.Part(name, mt.rectangle(1 * mm, at=(x, 0)), (0.0, 0.2 * mm), "silicon")
        for name, x in (("a", -1 * mm), ("b", 1 * mm))
    ]
    case = mt.Case(mt.Package.from_parts(parts), [mt.FixedTemperature("base", 300.0)])
    names = ["a.thickness", "b.thickness"]
    for order in (names, names[::-1]):
        found = variant(case, {name: number_of(case, name) for name in order} | {moved: 0.3 * mm})
        assert [number_of(found, name) for name in names] == pytest.approx([0.3 * mm, 0.3 * mm])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("via_dept", 1e-3, "did you mean 'via_depth'"),
        ("logic.watt", 1.0, "names no number of a case"),
        ("memor.power", 1.0, "no load at 'memor' with power.*'memory'"),
        ("gold.thermal_conductivity", 1.0, "no part is made of 'gold'"),
        ("silicon.thermal_conductivity", 100.0, "is no constant"),
        ("via_depth", 0.3e-3, "must be above the module height of 425 um"),
        ("module_height", 0.7e-3, "must be below the via depth of 600 um"),
        ("module_height", 0.05e-3, "must be above the 75 um of the bonds alone"),
    ],
)
def test_wrong_names_and_values_say_what_is_allowed(name: str, value: float, message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        variant(loaded(process().package()), {name: value})


def test_a_number_that_a_load_does_not_take_and_a_name_of_two_materials_are_refused() -> None:
    parts = [
        mt.Part(name, mt.rectangle(1 * mm), (n * mm, (n + 1) * mm), mt.Material("m", conductivity))
        for n, (name, conductivity) in enumerate({"low": 1.0, "high": 100.0}.items())
    ]
    loads = [mt.PowerMap("high", [[1.0, 2.0]]), mt.Convection("bottom", 1000.0, 300.0)]
    case = mt.Case(mt.Package.from_parts(parts), loads)
    with pytest.raises(mt.InputError, match="no load at 'high' with power"):
        number_of(case, "high.power")
    with pytest.raises(mt.InputError, match="different materials of low, high have the name 'm'; rename them"):
        number_of(case, "m.thermal_conductivity")


def test_imported_meshes_keep_their_heights() -> None:
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1 * mm), (0.0, 1 * mm), mt.Material("a", 1.0))])
    mesh = mt.generate_mesh(package, "coarse")
    cells, part = mesh.tetrahedra()
    whole: Any = mt.Package.from_mesh(mt.TetMesh(mesh.points, cells, part, mesh.part_names), {"slab": "silicon"})
    case = mt.Case(whole, [mt.Power("slab", 1.0), mt.Convection("bottom", 9.0, 300.0)])
    with pytest.raises(mt.InputError, match="imported mesh"):
        variant(case, {"slab.thickness": 2 * mm})
