"""The package: volumes after later parts took theirs, interfaces, floating parts, and its table."""

from __future__ import annotations

import dataclasses
import math

import pytest

import mcpthermal as mt
from mcpthermal.errors import GeometryError, InputError
from mcpthermal.units import mm, um


def block(
    name: str,
    size: float | tuple[float, float],
    z: tuple[float, float],
    at: tuple[float, float] = (0.0, 0.0),
    material: str | None = "silicon",
) -> mt.Part:
    return mt.Part(name, mt.rectangle(size, at=at), z, material)


def test_later_parts_win() -> None:
    parts = [
        block("mould", 4 * mm, (0, 1 * mm)),
        block("chip", 2 * mm, (0, 0.5 * mm)),
        mt.Part("bore", mt.circle(1 * mm), (0.25 * mm, 2 * mm), "copper"),
    ]
    volumes = mt.Package.from_parts(parts).volumes()
    disc = math.pi * 0.25e-6
    assert volumes["bore"] == pytest.approx(disc * 1.75e-3)
    assert volumes["chip"] == pytest.approx(2e-9 - disc * 0.25e-3)
    assert volumes["mould"] == pytest.approx(16e-9 - 2e-9 - disc * 0.5e-3)
    swapped = mt.Package.from_parts([parts[0], parts[2], parts[1]]).volumes()
    assert swapped["chip"] == pytest.approx(2e-9)
    assert swapped["bore"] == pytest.approx(disc * 1.5e-3)


def test_voids_take_and_are_not_filled() -> None:
    package = mt.Package.from_parts(
        [block("mould", 4 * mm, (0, 1 * mm)), block("hole", 2 * mm, (0.5 * mm, 1 * mm), material=None)]
    )
    assert package["hole"].is_void
    assert package.volumes() == pytest.approx({"mould": 14e-9, "hole": 2e-9})
    assert package.interfaces() == {}
    columns = package.arrangement.columns
    assert (columns.cell_volumes * columns.solid).sum() == pytest.approx(14e-9)
    assert "(open)" in str(package)


def test_interfaces() -> None:
    package = mt.Package.from_parts(
        [
            block("base", 4 * mm, (-1 * mm, 0)),
            block("mould", 4 * mm, (0, 1 * mm)),
            block("chip", (2 * mm, 1 * mm), (0, 0.5 * mm)),
        ]
    )
    assert package.interfaces() == pytest.approx(
        {
            ("base", "mould"): 16e-6 - 2e-6,
            ("base", "chip"): 2e-6,
            ("mould", "chip"): 2e-6 + 6e-3 * 0.5e-3,
        }
    )


def test_heights_of_the_small_package(package: mt.Package) -> None:
    assert package.module_heights == pytest.approx({"stack": 425 * um})
    assert package.module_height == pytest.approx(425 * um)
    assert package.via_depth == pytest.approx(600 * um)
    assert package.via_depths == pytest.approx(
        {"supply": 600 * um, "ground": 600 * um, "to_logic": 375 * um, "to_memory": 175 * um}
    )
    assert package.openings == ("vdd_pad", "gnd_pad")
    simple = mt.Package.from_parts([block("base", 1 * mm, (0, 1 * mm))])
    assert (simple.module_height, simple.via_depth, simple.via_depths) == (0.0, 0.0, {})


def test_the_table(package: mt.Package) -> None:
    lines = package.table().splitlines()
    assert lines[0].split() == ["part", "role", "material", "from", "to", "size", "count"]
    assert len(lines) == len(package.parts) + 1
    bumps = next(line for line in lines if line.startswith("stack.bumps"))
    assert bumps.split("  ")[-1].strip() == "9"
    assert "100 um dia" in bumps and "sac305" in bumps
    assert lines[-1].startswith("carrier") and "4 mm x 4 mm" in lines[-1]
    assert str(package) == package.table()


def test_parts_by_name(package: mt.Package) -> None:
    assert package["logic"].role == "chip"
    assert "logic" in package and "logik" not in package
    assert [part.name for part in package] == list(package.names)
    with pytest.raises(GeometryError, match=r"no part 'logik'; did you mean 'logic'"):
        package["logik"]


def test_packages_are_values(package: mt.Package, process: mt.Process) -> None:
    assert package == mt.Package(package.parts)
    assert hash(package) == hash(mt.Package(package.parts))
    assert process.package() is process.package()
    with pytest.raises(dataclasses.FrozenInstanceError):
        package.parts = ()  # type: ignore[misc]
    thicker = dataclasses.replace(package["carrier"], z=(-0.5 * mm, 0.0))
    assert mt.Package((thicker, *package.parts[1:])) != package


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "at least one part with a material"),
        ([block("hole", 1 * mm, (0, 1 * mm), material=None)], "at least one part with a material"),
        ([block("a", 1 * mm, (0, 1)), block("a", 1 * mm, (1, 2))], r"two parts are named 'a' \(numbers 0 and 1\)"),
        (
            [block("a", 1 * mm, (0, 1 * mm)), block("b", 2 * mm, (0, 1 * mm))],
            "part 'a' is wholly replaced by later parts; drop it, or list it after them",
        ),
        (
            [block("a", 1 * mm, (0, 1 * mm)), block("b", 1 * mm, (1.1 * mm, 2 * mm))],
            r"part\(s\) 'b' float.*'b' is at z = 1.1 mm to 2 mm.*touch",
        ),
        (
            [block("a", 1 * mm, (0, 1 * mm)), block("b", 0.5 * mm, (0, 1 * mm), at=(0.75 * mm, 0.75 * mm))],
            r"part\(s\) 'b' float",
        ),
        (
            [block("a", 1 * mm, (0, 1 * mm)), block("gap", 1 * mm, (1 * mm, 2 * mm), material=None)],
            "part 'gap' is a hole that removes nothing: .* at z = 1 mm to 2 mm; give it a material",
        ),
        (
            [block("gap", 0.5 * mm, (0, 1 * mm), material=None), block("a", 1 * mm, (0, 1 * mm))],
            "part 'gap' is a hole that removes nothing",
        ),
        ("abc", "is no list"),
        (None, "is no list"),
        ([1, 2], "1 is no Part"),
    ],
)
def test_packages_that_cannot_be(parts: object, words: str) -> None:
    with pytest.raises(GeometryError, match=words):
        mt.Package.from_parts(parts)  # type: ignore[arg-type]


def test_a_part_that_another_one_cuts_off_floats() -> None:
    with pytest.raises(GeometryError, match=r"part\(s\) 'lid' float"):
        mt.Package.from_parts(
            [
                block("base", 4 * mm, (0, 1 * mm)),
                block("lid", 2 * mm, (1 * mm, 2 * mm)),
                block("gap", 3 * mm, (0.9 * mm, 1.1 * mm), material=None),
            ]
        )


def test_parts_that_touch_along_a_side_hold_each_other() -> None:
    parts = [block("a", 1 * mm, (0, 1 * mm)), block("b", 1 * mm, (0.5 * mm, 2 * mm), at=(1 * mm, 0))]
    assert mt.Package.from_parts(parts).interfaces() == pytest.approx({("a", "b"): 0.5e-6})


def test_heights_that_differ_by_round_off_are_one() -> None:
    third = 0.1 * mm + 0.2 * mm
    parts = [block("a", 1 * mm, (0, third)), block("b", 1 * mm, (0.3 * mm, 1 * mm))]
    assert len(mt.Package.from_parts(parts).arrangement.columns.levels) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"z": (1 * mm, 0)}, "upper height 0 m is not above its lower height 1 mm"),
        ({"z": (0, 0)}, "not above"),
        ({"z": 1 * mm}, "heights"),
        ({"z": (0, 1, 2)}, "heights"),
        ({"z": (0, float("nan"))}, "heights"),
        ({"footprint": "square"}, "footprint 'square' is none"),
        ({"footprint": mt.Footprint(())}, "no area left"),
        ({"footprint": mt.Footprint(mt.rectangle(1.0).shapes, mt.rectangle(2.0).shapes)}, "no area left"),
        ({"material": 7}, "neither a name nor a Material"),
        ({"name": "a b"}, "name of a part"),
        ({"name": "top"}, "taken for a face"),
        ({"role": None}, "role=None"),
        ({"active_face": "side"}, "active_face"),
    ],
)
def test_wrong_parts(options: dict[str, object], words: str) -> None:
    good = {"name": "part", "footprint": mt.rectangle(1 * mm), "z": (0, 1 * mm), "material": "copper"}
    with pytest.raises(InputError, match=words):
        mt.Part(**(good | options))  # type: ignore[arg-type]


def test_properties_of_a_part() -> None:
    part = mt.Part("part", mt.rectangle("2 mm"), z=("0 um", "500 um"), material="copper", role="via")
    assert part.thickness == pytest.approx(0.5e-3)
    assert part.volume == pytest.approx(2e-9)
    assert part.conducts and part.is_family and not part.is_void
    assert not block("chip", 1 * mm, (0, 1 * mm)).conducts
