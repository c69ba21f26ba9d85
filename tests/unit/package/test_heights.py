"""Variants in via depth and module height: what each mode holds, and that the rest of the process is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.errors import GeometryError, InputError
from mcpthermal.units import um

CARD = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
BONDS = 75 * um


def aspect_ratios(process: mt.Process) -> dict[str, float]:
    package = process.package()
    return {via.name: package.via_depths[via.name] / via.diameter for via in process.vias}


def cover(process: mt.Process) -> float:
    package = process.package()
    return package.via_depth - package.module_height


@given(height=st.floats(200.0, 550.0))
@CARD
def test_module_height_at_held_via_depth(process: mt.Process, height: float) -> None:
    made = process.with_module_height(height * um)
    assert made.package().module_height == pytest.approx(height * um)
    assert made.package().via_depth == process.package().via_depth
    assert [via.diameter for via in made.vias] == [via.diameter for via in process.vias]
    chips = [chip.thickness for chip in made.modules[0][0].chips]
    assert chips[0] / chips[1] == pytest.approx(200 / 150)
    assert sum(chips) == pytest.approx(height * um - BONDS)


@given(height=st.floats(200.0, 900.0))
@CARD
def test_module_height_at_held_cover(process: mt.Process, height: float) -> None:
    made = process.with_module_height(height * um, hold="cover")
    assert made.package().module_height == pytest.approx(height * um)
    assert cover(made) == pytest.approx(cover(process))
    assert [via.diameter for via in made.vias] == [via.diameter for via in process.vias]


@given(height=st.sampled_from((300.0, 350.0, 480.0, 550.0)))
@CARD
def test_module_height_at_held_aspect_ratio(process: mt.Process, height: float) -> None:
    made = process.with_module_height(height * um, hold="aspect_ratio")
    assert cover(made) == pytest.approx(cover(process))
    assert aspect_ratios(made) == pytest.approx(aspect_ratios(process))
    stud, old = made.vias[0].contact, process.vias[0].contact
    assert stud is not None and old is not None and stud.height == old.height
    assert stud.diameter / made.vias[0].diameter == pytest.approx(old.diameter / process.vias[0].diameter)


@given(depth=st.floats(430.0, 900.0))
@CARD
def test_via_depth_at_held_module_or_cover(process: mt.Process, depth: float) -> None:
    made = process.with_via_depth(depth * um)
    assert made.modules == process.modules
    assert made.package().via_depth == pytest.approx(depth * um)
    higher = process.with_via_depth(depth * um, hold="cover")
    assert cover(higher) == pytest.approx(cover(process))
    assert higher.package().via_depth == pytest.approx(depth * um)
    same = process.with_module_height(depth * um - cover(process), hold="cover")
    for part, other in zip(same.package(), higher.package(), strict=True):
        assert part.z == pytest.approx(other.z, abs=1e-12) and part.footprint == other.footprint


# Diameters that put no outline of a via within nanometres of a bump's.
@given(depth=st.sampled_from((450.0, 520.0, 610.0, 640.0, 700.0)))
@CARD
def test_via_depth_at_held_aspect_ratio(process: mt.Process, depth: float) -> None:
    made = process.with_via_depth(depth * um, hold="aspect_ratio")
    assert made.modules == process.modules
    assert aspect_ratios(made) == pytest.approx(aspect_ratios(process))


def test_the_same_heights_give_the_same_package(process: mt.Process) -> None:
    names = process.package().names
    for hold in ("module", "cover", "aspect_ratio"):
        made = process.with_via_depth("600 um", hold).package()
        assert made.names == names
        for part, other in zip(made, process.package(), strict=True):
            assert part.z == pytest.approx(other.z, abs=1e-12) and part.material == other.material
            assert part.footprint.area == pytest.approx(other.footprint.area, rel=1e-9)


def test_a_via_depth_that_is_not_greater_than_the_module_is_refused(process: mt.Process) -> None:
    with pytest.raises(GeometryError, match=r"height of module 'stack'.*make the insulation thicker"):
        process.with_via_depth("425 um")
    with pytest.raises(GeometryError, match="make the insulation thicker"):
        process.with_module_height("0.7 mm")
    with pytest.raises(GeometryError, match="no room for module 'stack' under its cover of 175 um"):
        process.with_via_depth("150 um", hold="cover")


def test_what_cannot_be_varied_says_so(process: mt.Process, module: mt.Module) -> None:
    with pytest.raises(GeometryError, match="attach and bonds alone are 75 um"):
        module.with_height("75 um")
    with pytest.raises(InputError, match="height of module 'stack'"):
        module.with_height(float("nan"))
    # No design is infeasible because a word is mistyped.
    with pytest.raises(InputError, match="did you mean 'cover'") as mistyped:
        process.with_via_depth(1e-3, hold="covers")
    assert not isinstance(mistyped.value, GeometryError)
    with pytest.raises(InputError, match="name one of the process's modules") as mistyped:
        process.with_module_height(1e-3, module="stak")
    assert not isinstance(mistyped.value, GeometryError)
    with pytest.raises(GeometryError, match="call insulate first"):
        mt.Process(process.carrier).attach(module).with_via_depth(1e-3)
    other = replace(module, name="other", chips=tuple(replace(c, name=c.name + "2") for c in module.chips))
    small = [replace(m, chips=tuple(replace(c, size=(1e-3, 1e-3)) for c in m.chips)) for m in (module, other)]
    bare = [replace(m, bonds=(replace(m.bonds[0], bumps=((0.0, 0.0),)),)) for m in small]
    two = mt.Process(process.carrier).attach(bare[0], at=(-1e-3, 0)).attach(bare[1], at=(1e-3, 0)).insulate(1e-3)
    with pytest.raises(InputError, match="module=None"):
        two.with_module_height(5e-4)
    assert two.with_module_height(5e-4, module="other").package().module_heights == pytest.approx(
        {"stack": 4.25e-4, "other": 5e-4}
    )
