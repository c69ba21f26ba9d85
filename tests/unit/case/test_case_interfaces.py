"""Interfaces of a case: which faces they mean, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import LoadError, MeshError
from mcpthermal.package.places import find_side
from mcpthermal.units import mm, um

COOLED = mt.Convection("bottom", h=1000.0, ambient="25 degC")


def area(package: mt.Package, interface: mt.Interface) -> float:
    """The area (m2) of an interface's faces."""
    columns = package.arrangement.columns
    faces = mt.Case(package, [COOLED, interface]).interface_faces(columns, interface)
    return float(columns.face_areas(faces).sum())


def refused(*words: str) -> object:
    return pytest.raises(LoadError, match=".*".join(re.escape(word) for word in words))


def test_sides_by_part_material_and_role(package: mt.Package) -> None:
    touching = {frozenset(pair): size for pair, size in package.interfaces().items()}
    stud = touching[frozenset(("supply", "supply.contact"))]
    for sides in ("supply|supply.contact", "via|contact", "role:via|role:contact", "supply|contact"):
        assert area(package, mt.Interface(sides, thermal_resistance=1e-6)) == pytest.approx(stud)
    assert area(package, mt.Interface("supply[1]", "contact", 1e-6)) == pytest.approx(stud / 3)
    logic = touching[frozenset(("logic", "carrier"))] if frozenset(("logic", "carrier")) in touching else 0.0
    attach = sum(size for pair, size in touching.items() if pair & {"stack.attach"} and pair & {"logic", "memory"})
    assert logic == 0.0 and area(package, mt.Interface("die_attach_epoxy|silicon", thermal_resistance=1e-6)) == (
        pytest.approx(attach)
    )


def test_the_inner_side_is_a(package: mt.Package) -> None:
    columns = package.arrangement.columns
    interface = mt.Interface("contact", "via", thermal_resistance=1e-6)
    case = mt.Case(package, [COOLED, interface])
    assert case.interfaces == (interface,)
    faces = case.interface_faces(columns, interface)
    inner = columns.cell_part[faces.cells]
    outer = columns.cell_part[columns.opposite(faces).cells]
    assert set(inner.tolist()) == {package.index["supply.contact"]}
    assert set(outer.tolist()) == {package.index["supply"]}
    twice = columns.opposite(columns.opposite(faces))
    assert all(np.array_equal(getattr(twice, name), getattr(faces, name)) for name in ("column", "up", "inner"))
    np.testing.assert_array_equal(columns.face_keys(columns.opposite(faces)), columns.face_keys(faces))
    with pytest.raises(MeshError, match="no other side"):
        columns.opposite(columns.faces_of(case.place("bottom")))
    with pytest.raises(MeshError, match="no other side"):
        columns.opposite(columns.faces_of(case.place("x_min")))


def test_the_same_material_on_both_sides(package: mt.Package) -> None:
    copper = {part.name for part in package if not part.is_void and part.material.name == "copper"}
    expected = sum(size for pair, size in package.interfaces().items() if set(pair) <= copper)
    interface = mt.Interface("copper", "material:copper", electrical_resistivity=1e-12)
    assert area(package, interface) == pytest.approx(expected)
    columns = package.arrangement.columns
    keys = columns.face_keys(mt.Case(package, [COOLED, interface]).interface_faces(columns, interface))
    assert len(np.unique(keys)) == len(keys)
    # One side is a part of the other: the same faces, those of the part.
    some = sum(size for pair, size in package.interfaces().items() if set(pair) <= copper and "vdd" in pair)
    assert area(package, mt.Interface("vdd", "copper", 1e-6)) == pytest.approx(some)
    assert area(package, mt.Interface("copper", "vdd", 1e-6)) == pytest.approx(some)


def test_parts_come_before_materials_and_roles() -> None:
    def block(name: str, material: str, z: float, role: str = "") -> mt.Part:
        return mt.Part(name, mt.rectangle(1 * mm), (z * mm, (z + 1) * mm), material, role)

    parts = [block("copper", "silicon", 0), block("via", "copper", 1), block("b", "silicon", 2, "via")]
    package = mt.Package.from_parts([*parts, block("silver", "aluminium", 3, "silicon")])
    assert find_side(package, "copper", "w").parts == (0,)
    assert find_side(package, "material:copper", "w").parts == (1,)
    assert find_side(package, "via", "w").parts == (1,)
    assert find_side(package, "role:via", "w").parts == (2,)
    assert find_side(package, "silicon", "w").parts == (0, 2)
    assert find_side(package, "role:silicon", "w").parts == (3,)
    with refused("the package has no role 'bump'"):
        find_side(package, "role:bump", "w")
    with refused("no material 'coper'", "did you mean 'copper'"):
        find_side(package, "material:coper", "w")
    with refused("no part, material or role 'x:via'"):
        find_side(package, "x:via", "w")


@pytest.mark.parametrize(
    ("interface", "words"),
    [
        (mt.Interface("memory|carrier", thermal_resistance=1e-6), ("'memory|carrier'", "touch nowhere")),
        (mt.Interface("memory|memory", thermal_resistance=1e-6), ("touch nowhere",)),
        (mt.Interface("memry|carrier", thermal_resistance=1e-6), ("'memry'", "did you mean 'memory'")),
        (mt.Interface("vdd_pad|vdd", thermal_resistance=1e-6), ("'vdd_pad' is an open hole",)),
        (mt.Interface("chip|insulation", electrical_resistivity=1e-9), ("nowhere a conductor on both sides",)),
        (mt.Interface("supply[7]|contact", thermal_resistance=1e-6), ("'supply' has 3 members",)),
    ],
)
def test_wrong_interfaces_are_refused(package: mt.Package, interface: mt.Interface, words: tuple[str, ...]) -> None:
    with refused(*words):
        mt.Case(package, [COOLED, interface])


def test_interfaces_may_meet_but_not_overlap(package: mt.Package) -> None:
    first = mt.Interface("via|contact", thermal_resistance=1e-6)
    assert mt.Case(package, [COOLED, first, mt.Interface("via", "metal", electrical_resistivity=1e-12)])
    with refused("interfaces 'supply.contact|supply' and 'via|contact' share faces"):
        mt.Case(package, [COOLED, first, mt.Interface("supply.contact|supply", electrical_resistivity=1e-12)])


def test_an_electrical_resistivity_where_only_some_faces_conduct() -> None:
    plate = mt.Part("plate", mt.rectangle(1 * mm), (0, 10 * um), "copper")
    stud = mt.Part("stud", mt.rectangle(0.5 * mm), (10 * um, 20 * um), "copper")
    cover = mt.Part("cover", mt.rectangle(1 * mm), (10 * um, 20 * um), "silicon")
    package = mt.Package.from_parts([plate, cover, stud])
    case = mt.Case(package, [COOLED, mt.Interface("plate", "stud", electrical_resistivity=1e-12)])
    assert case.interfaces[0].has_electrical
    with refused("nowhere a conductor"):
        mt.Case(package, [COOLED, mt.Interface("plate", "cover", electrical_resistivity=1e-12)])
