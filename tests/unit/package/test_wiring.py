"""The wiring of a chip: where it lies, what it touches, what is refused; and the free module."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.units import mm, um

LINK = mt.Trace("link", path=[(-0.2 * mm, 0), (0.2 * mm, 0)], width=150 * um)
PAD = mt.Patch("pad", mt.rectangle(0.2 * mm, at=(0.6 * mm, 0)))


def chip(name: str, side: float = 2 * mm, **options: object) -> mt.Chip:
    return mt.Chip(name, size=(side, side), thickness=100 * um, **options)  # type: ignore[arg-type]


def bond(*bumps: tuple[float, float], **options: object) -> mt.FlipChip:
    return mt.FlipChip(bumps, diameter=100 * um, height=50 * um, **options)  # type: ignore[arg-type]


def stack(lower: mt.Chip, upper: mt.Chip, **options: object) -> mt.Module:
    values = {"bonds": [bond((-0.2 * mm, 0), (0.2 * mm, 0))], "attach": mt.Attach(25 * um)} | options
    return mt.Module("stack", chips=[lower, upper], **values)  # type: ignore[arg-type]


def joined(package: mt.Package, *names: str) -> bool:
    """Whether one connected piece of metal has cells of all parts."""
    columns = package.arrangement.columns
    _, group = columns.components(columns.of_parts(np.array([part.conducts for part in package.parts])))
    pieces = [set(group[columns.cell_part == package.index[name]].tolist()) for name in names]
    return bool(set.intersection(*pieces) - {-1})


def test_it_is_the_skin_of_the_active_face() -> None:
    module = stack(chip("lower", wiring=[LINK, PAD]), chip("upper", wiring=[LINK], active_face="bottom"))
    assert module.height == stack(chip("lower"), chip("upper")).height
    package = mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=0.3 * mm)).attach(module).package()
    assert package["lower.link"].z == pytest.approx((123 * um, 125 * um))
    assert package["lower.link"].z[1] == package["lower"].z[1] == package["stack.bumps"].z[0]
    assert package["upper.link"].z == pytest.approx((175 * um, 177 * um))
    assert package["upper.link"].z[0] == package["upper"].z[0] == package["stack.bumps"].z[1]
    wiring = package.with_role("wiring")
    assert [(part.name, part.group, part.onto) for part in wiring] == [
        ("lower.link", "stack", "lower"),
        ("lower.pad", "stack", "lower"),
        ("upper.link", "stack", "upper"),
    ]
    assert package.module_height == pytest.approx(module.height)
    touching = {frozenset(pair) for pair in package.interfaces()}
    assert {"lower.link", "stack.bumps"} in touching and {"upper.link", "stack.bumps"} in touching
    assert {"lower", "stack.bumps"} not in touching and {"upper", "stack.bumps"} not in touching
    assert joined(package, "lower.link", "stack.bumps", "upper.link")
    assert not joined(package, "lower.pad", "lower.link")


def test_chips_that_do_not_face_each_other_are_not_connected() -> None:
    package = stack(chip("lower", wiring=[LINK]), chip("upper", wiring=[LINK])).package()
    assert package["upper.link"].z[1] == package["upper"].z[1]
    assert not joined(package, "lower.link", "upper.link")


def test_a_second_via_ends_on_the_wiring() -> None:
    module = stack(chip("lower", wiring=[PAD]), chip("upper", side=0.8 * mm))
    process = mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=0.3 * mm)).attach(module).insulate(0.5 * mm)
    package = process.open_vias("down", [(0.6 * mm, 0)], 80 * um, onto="lower").metallise(30 * um).package()
    assert joined(package, "down", "lower.pad")
    assert ("lower", "down") not in package.interfaces()


def test_a_chip_that_is_the_carrier_has_wiring_too() -> None:
    base = chip("base", side=4 * mm, wiring=[mt.Patch("pad", mt.rectangle(0.3 * mm, at=(1.5 * mm, 0)))])
    process = mt.Process(base).attach(stack(chip("lower"), chip("upper"))).insulate(0.5 * mm)
    package = process.open_vias("first", [(1.5 * mm, 0)], 0.2 * mm).metallise(30 * um).package()
    assert package["base.pad"].z == (-2 * um, 0.0) and package["base.pad"].onto == "base"
    assert joined(package, "first", "base.pad")
    assert package.groups.keys() == {"stack"}
    below = mt.Process(replace(base, active_face="bottom")).package()
    assert below["base.pad"].z == pytest.approx((-100 * um, -98 * um))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wiring_thickness": "50 nm"}, "thickness of the wiring of chip 'x'.*50 nm"),
        ({"wiring_thickness": "30 um"}, "thickness of the wiring of chip 'x'.*30 um"),
        ({"thickness": "15 um", "wiring_thickness": "15 um"}, "15 um, is not less than that of the chip"),
        ({"wiring_material": "silicon"}, "wiring of chip 'x': 'silicon' conducts no"),
        ({"wiring": [mt.Patch("wide", mt.rectangle(3 * mm))]}, "'wide' reaches outside the chip.*move it"),
        ({"wiring": [replace(PAD, outline=mt.rectangle(0.2 * mm, at=(0.95 * mm, 0)))]}, "'pad' reaches outside"),
        ({"wiring": [PAD, replace(LINK, name="pad")]}, "the name 'pad' is given twice"),
        ({"wiring": [mt.rectangle(1 * mm)]}, "no Trace or Patch"),
        ({"wiring": "link"}, "no Trace or Patch"),
    ],
)
def test_what_is_refused(options: dict[str, object], words: str) -> None:
    values = {"size": (2 * mm, 2 * mm), "thickness": 100 * um, "wiring": [LINK]} | options
    with pytest.raises(mt.InputError, match=re.compile(words)):
        mt.Chip("x", **values)  # type: ignore[arg-type]


def test_names_are_unique_in_the_package() -> None:
    process = mt.Process(mt.Carrier(size=(4 * mm, 4 * mm), thickness=0.3 * mm))
    process = process.attach(stack(chip("lower", wiring=[PAD]), chip("upper"))).insulate(0.5 * mm)
    with pytest.raises(mt.GeometryError, match=r"the name 'lower\.pad' is given twice"):
        process.open_vias("lower.pad", [(1.5 * mm, 0)], 0.2 * mm)


def test_a_chip_cannot_become_thinner_than_its_wiring() -> None:
    module = stack(chip("lower", wiring=[LINK], wiring_thickness=5 * um), chip("upper"))
    lower = module.with_height(module.height - 100 * um)
    assert [part.thickness for part in lower.package().with_role("wiring")] == pytest.approx([5 * um])
    with pytest.raises(mt.GeometryError, match="thickness of the wiring of chip 'lower'"):
        module.with_height(module.height - 192 * um)


def test_the_free_module_has_no_adhesive_but_its_bumps() -> None:
    chips = chip("lower", wiring=[LINK]), chip("upper")
    glued = stack(*chips).package()
    assert glued.names == ("lower", "lower.link", "stack.underfill", "stack.bumps", "upper")
    assert glued["lower"].z == (0.0, pytest.approx(100 * um)) and glued["lower"].z[0] == 0.0
    assert glued.module_height == pytest.approx(stack(*chips).height - 25 * um)
    bumped = stack(*chips, attach=bond((0, 0))).package()
    assert bumped.names[:2] == ("stack.attach.bumps", "lower") and "stack.attach.underfill" not in bumped
    assert bumped["stack.attach.bumps"].z == (0.0, 50 * um)
    assert bumped.module_height == pytest.approx(stack(*chips, attach=bond((0, 0))).height)
    # The module itself is as it was.
    assert stack(*chips, attach=bond((0, 0))).attach.underfill is not None  # type: ignore[union-attr]


@settings(max_examples=40)
@given(
    side=st.floats(0.5e-3, 20e-3),
    thickness=st.floats(30e-6, 700e-6),
    skin=st.floats(0.1e-6, 20e-6),
    where=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    share=st.floats(0.05, 0.9),
    offset=st.tuples(st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3)),
    face=st.sampled_from(["top", "bottom"]),
)
def test_wiring_takes_its_volume_from_the_chip(
    side: float,
    thickness: float,
    skin: float,
    where: tuple[float, float],
    share: float,
    offset: tuple[float, float],
    face: str,
) -> None:
    """Heights and the volume of both together stay, wherever the wiring lies; it never leaves the chip."""
    room = side * (1 - share) / 2
    patch = mt.Patch("pad", mt.rectangle(share * side, at=(where[0] * room, where[1] * room)))
    made = mt.Chip("x", (side, side), thickness, offset=offset, active_face=face, wiring=[patch], wiring_thickness=skin)
    body, pad = mt.Package.from_parts(made.parts((1e-3, 0.0), 0.1e-3, "chip", "m", "m"))
    assert body.z == (0.1e-3, pytest.approx(0.1e-3 + thickness))
    assert pad.z[1] == body.z[1] if face == "top" else pad.z[0] == body.z[0]
    assert pad.thickness == pytest.approx(skin, rel=1e-6)
    assert body.footprint.covers(pad.footprint)
    volumes = mt.Package.from_parts([body, pad]).volumes()
    assert sum(volumes.values()) == pytest.approx(side**2 * thickness, rel=1e-5)
    assert volumes["x.pad"] == pytest.approx((share * side) ** 2 * skin, rel=1e-4)
