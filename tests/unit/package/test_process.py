"""The process: every step, every stage, and each geometry that is refused when it is described."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.errors import GeometryError, InputError, MaterialError, UnitError
from mcpthermal.units import mm, um

SIDE = 4 * mm


def chip(name: str, side: float = 2 * mm, **options: object) -> mt.Chip:
    return mt.Chip(name, size=(side, side), thickness=100 * um, **options)  # type: ignore[arg-type]


def bond(**options: object) -> mt.FlipChip:
    values = {"bumps": mt.grid(2, 2, pitch=400 * um), "diameter": 100 * um, "height": 50 * um} | options
    return mt.FlipChip(**values)  # type: ignore[arg-type]


def stack(name: str = "stack", count: int = 2, prefix: str = "chip", **options: object) -> mt.Module:
    values = {
        "chips": [chip(f"{prefix}{number}") for number in range(count)],
        "bonds": [bond() for _ in range(count - 1)],
        "attach": mt.Attach(25 * um),
    } | options
    return mt.Module(name, **values)  # type: ignore[arg-type]


def carrier() -> mt.Process:
    return mt.Process(mt.Carrier(size=(SIDE, SIDE), thickness=0.3 * mm))


def insulated(thickness: float = 0.5 * mm) -> mt.Process:
    return carrier().attach(stack()).insulate(thickness)


def metallised(*traces: mt.Trace | mt.Patch) -> mt.Process:
    return insulated().open_vias("first", [(-1.5 * mm, 0)], 200 * um).metallise(40 * um, traces=traces)


TRACE = mt.Trace("line", path=[(-1.5 * mm, 0), (1.5 * mm, 0)], width=300 * um)


def refused(*words: str) -> object:
    """A GeometryError that has all the words, in their order."""
    return pytest.raises(GeometryError, match=".*".join(re.escape(word) for word in words))


def test_stages(process: mt.Process) -> None:
    done = process.attach_contacts(height=100 * um, diameter=150 * um)
    assert done.stages == (
        "carrier",
        "attached",
        "insulated",
        "opened",
        "metallised",
        "passivated",
        "contacted",
    )
    counts = [len(done.stage(name).parts) for name in done.stages]
    assert counts == [1, 6, 7, 12, 16, 19, 21]
    assert done.stage("carrier").names == ("carrier",)
    assert done.stage("opened").volumes()["to_memory"] > 0
    assert done.stage("opened")["to_memory"].is_void
    assert not done.stage("metallised")["to_memory"].is_void
    assert done.stage("contacted").names == done.package().names
    with refused("has no stage 'metalised'", "did you mean 'metallised'"):
        done.stage("metalised")
    with refused("has no stage 'contacted'"):
        process.stage("contacted")


def test_a_step_leaves_the_process_before_it_alone() -> None:
    first = carrier()
    second = first.attach(stack())
    assert first.package().names == ("carrier",)
    assert len(second.package().names) == 6
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.carrier = None  # type: ignore[misc, assignment]
    assert second == carrier().attach(stack())
    assert hash(second) == hash(carrier().attach(stack()))


def test_heights_of_all_parts(package: mt.Package) -> None:
    assert package["carrier"].z == (-0.3 * mm, 0.0)
    assert package["logic"].z == pytest.approx((25 * um, 225 * um))
    assert package["memory"].z == pytest.approx((275 * um, 425 * um))
    assert package["supply"].z == pytest.approx((0.0, 640 * um))
    assert package["supply.contact"].z == pytest.approx((0.0, 50 * um))
    assert package["to_memory"].z == pytest.approx((425 * um, 640 * um))
    assert package["vdd"].z == pytest.approx((600 * um, 640 * um))
    assert package["vdd_pad"].z == pytest.approx((640 * um, 670 * um))
    assert package.module_height == pytest.approx(425 * um)
    assert package.via_depth == pytest.approx(600 * um)
    assert package.via_depths["to_logic"] == pytest.approx(375 * um)


@pytest.mark.parametrize("count", range(2, 9))
def test_two_to_eight_chips(count: int) -> None:
    module = stack(count=count)
    package = carrier().attach(module).insulate(module.height + 100 * um).package()
    assert len(package.with_role("chip")) == count
    assert package.module_height == pytest.approx(module.height)
    if count > 2:
        assert f"stack.underfill_{count - 1}" in package.names
    else:
        assert "stack.underfill" in package.names


@pytest.mark.parametrize("count", [1, 9])
def test_other_numbers_of_chips_are_refused(count: int) -> None:
    with refused("module 'stack'", f"has {count} chips", "2 to 8"):
        stack(count=count)


def test_two_modules() -> None:
    east, west = stack("east", prefix="e"), stack("west", prefix="w")
    process = mt.Process(mt.Carrier(size=(6 * mm, 4 * mm), thickness=0.3 * mm))
    package = process.attach(east, at=(1.5 * mm, 0)).attach(west, at=("-1.5 mm", 0)).package()
    assert set(package.groups) == {"east", "west"}
    assert package.module_heights["west"] == pytest.approx(east.height)
    with refused("module 'west'", "'west.attach', x from -1.4 mm to 600 um", "overlaps 'east.attach'", "at=("):
        process.attach(east, at=(1.5 * mm, 0)).attach(west, at=(-0.4 * mm, 0))
    with refused("two modules are named 'east'"):
        process.attach(east, at=(1.5 * mm, 0)).attach(stack("east", prefix="w"), at=(-1.5 * mm, 0))
    with refused("'e0' is given twice"):
        process.attach(east, at=(1.5 * mm, 0)).attach(stack("west", prefix="e"), at=(-1.5 * mm, 0))


def test_the_carrier_may_be_a_chip() -> None:
    base = mt.Chip("interposer", size=(SIDE, SIDE), thickness=0.2 * mm, active_face="bottom")
    package = mt.Process(base).attach(stack()).insulate(0.5 * mm).open_vias("first", [(1.5 * mm, 0)], 0.1 * mm)
    assert package.package()["interposer"].role == "carrier"
    assert package.package()["interposer"].active_face == "bottom"
    assert package.vias[0].onto == "interposer"
    with refused("chip 'interposer' is the carrier", "no offset"):
        mt.Process(dataclasses.replace(base, offset=(1 * mm, 0.0)))
    with refused("Carrier or a Chip"):
        mt.Process("bt_laminate")  # type: ignore[arg-type]


def test_a_module_may_stand_on_bumps() -> None:
    package = carrier().attach(stack(attach=bond())).insulate(0.5 * mm).package()
    assert package["stack.attach.bumps"].role == "bump"
    assert package["chip0"].z[0] == pytest.approx(50 * um)
    with refused("bump 0", "outside chip 'chip0' (2 mm x 2 mm)"):
        stack(attach=bond(bumps=[(-1 * mm, 0), (1 * mm, 0)]))


def test_no_underfill_leaves_the_gap_to_the_insulation() -> None:
    bare = [bond(underfill=None)]
    attached = carrier().attach(stack(bonds=bare))
    assert "stack.underfill" not in attached.package().names
    full = attached.insulate(0.5 * mm).package().volumes()["insulation"]
    assert full > insulated().package().volumes()["insulation"]


def test_insulation_must_exceed_the_module() -> None:
    height = stack().height
    for thickness in (height, 0.9 * height):
        with refused("height of module 'stack', 275 um", "not less than", "via", "thicker or the module lower"):
            insulated(thickness)
    assert insulated(height + 1 * um).package().via_depths == {}


def test_first_vias_that_hit_the_module_or_leave_the_carrier() -> None:
    with refused("via 'first[1]' of 200 um at (1.05 mm, 0 m) hits", "x from -1 mm to 1 mm", "move the via"):
        insulated().open_vias("first", [(1.5 * mm, 0), (1.05 * mm, 0)], 200 * um)
    assert insulated().open_vias("first", [(1.1 * mm, 0)], 200 * um).vias
    with refused(
        "via 'first[1]' of 200 um at (1.95 mm, 0 m) reaches outside the carrier", "2.05 mm", "2 mm", "move it"
    ):
        insulated().open_vias("first", [(-1.5 * mm, 0), (1.95 * mm, 0)], 200 * um)


def test_second_vias_must_land_on_their_chip() -> None:
    small = stack(chips=[chip("lower"), chip("upper", 1 * mm)])
    process = carrier().attach(small).insulate(0.5 * mm)
    assert process.open_vias("second", [(0.8 * mm, 0)], 100 * um, onto="lower").vias[0].bottom > 0
    with refused("via 'second[0]' of 100 um at (980 um, 0 m) misses chip 'lower'", "to 1 mm", "move the via"):
        process.open_vias("second", [(0.98 * mm, 0)], 100 * um, onto="lower")
    with refused("via 'second[0]' of 100 um at (520 um, 0 m) hits", "'stack.underfill'", "to 500 um"):
        process.open_vias("second", [(0.52 * mm, 0)], 100 * um, onto="lower")
    with refused("via 'second[0]'", "misses chip 'upper'"):
        process.open_vias("second", [(0.8 * mm, 0)], 100 * um, onto="upper")
    with refused("via 'second': there is no chip 'uper'", "did you mean 'upper'"):
        process.open_vias("second", [(0, 0)], 100 * um, onto="uper")
    # A disc that only its polygon of the same area would put inside the chip.
    with refused("misses chip 'lower'", "1 mm"):
        process.open_vias("second", [(0.9503 * mm, 0)], 100 * um, onto="lower")


def test_vias_that_overlap() -> None:
    with refused("via 'first': numbers 0 and 1 of 200 um diameter overlap", "150 um apart", "move them apart"):
        insulated().open_vias("first", [(-1.5 * mm, 0), (-1.5 * mm, 0.15 * mm)], 200 * um)
    process = insulated().open_vias("first", [(-1.5 * mm, 1 * mm), (-1.5 * mm, 0)], 200 * um)
    with refused("vias 'other[0]' and 'first[1]' overlap", "140 um apart", "150 um", "move them apart"):
        process.open_vias("other", [(-1.5 * mm, 0.14 * mm)], 100 * um)
    assert process.open_vias("other", [(-1.5 * mm, 0.16 * mm)], 100 * um).vias[1].name == "other"


def test_contacts_must_fit_into_their_vias() -> None:
    at = [(1.5 * mm, 0)]
    with refused("height of the contact in via 'first', 600 um", "the via's depth, 500 um", "make it lower"):
        insulated().open_vias("first", at, 200 * um, contact=mt.Contact(600 * um, 100 * um))
    with refused("diameter of the contact in via 'first', 200 um", "the via's, 200 um", "make it narrower"):
        insulated().open_vias("first", at, 200 * um, contact=mt.Contact(50 * um, 200 * um))
    with refused("height of the contact in via 'second'", "225 um"):
        insulated().open_vias("second", [(0, 0)], 80 * um, onto="chip1", contact=mt.Contact(225 * um, 50 * um))
    with refused("is no Contact"):
        insulated().open_vias("first", at, 200 * um, contact=50 * um)  # type: ignore[arg-type]


def test_bumps_must_lie_on_both_chips() -> None:
    with refused("module 'stack': bump 0", "reaches 50 um outside chip 'chip1' (2 mm x 2 mm)", "reduce"):
        stack(bonds=[bond(bumps=[(-1 * mm, 0)])])
    with refused("module 'stack': bump 1", "outside chip 'chip0'"):
        stack(
            chips=[chip("chip0", 1 * mm), chip("chip1", 2 * mm)],
            bonds=[bond(bumps=[(0, 0), (0.7 * mm, 0)])],
        )
    with refused("bump: numbers 0 and 1 of 100 um diameter overlap", "50 um apart"):
        bond(bumps=[(0, 0), (50 * um, 0)])
    with refused("chip 'chip1', x from 2 mm to 4 mm", "does not lie over chip 'chip0'", "offset"):
        stack(chips=[chip("chip0"), chip("chip1", offset=(3 * mm, 0))])


def test_modules_that_reach_outside_the_carrier() -> None:
    with refused("attach 'stack.attach' of module 'stack' reaches outside", "2.5 mm", "2 mm"):
        carrier().attach(stack(), at=(1.5 * mm, 0))


def test_traces_that_reach_outside_the_carrier() -> None:
    with refused("trace 'line' reaches outside the carrier", "2.05 mm", "2 mm", "enlarge the carrier"):
        metallised(mt.Trace("line", path=[(0, 0), (1.9 * mm, 0)], width=300 * um))
    with refused("trace 'area' reaches outside the carrier"):
        metallised(mt.Patch("area", mt.circle(1 * mm, at=(1.6 * mm, 0))))


def test_openings_need_metal_below() -> None:
    done = metallised(TRACE)
    assert done.passivate(30 * um, openings=[mt.Opening("pad", (0, 0), 300 * um)]).passivation
    with refused("opening 'pad' of 320 um at (0 m, 0 m)", "no metal below", "% of its area", "narrower"):
        done.passivate(30 * um, openings=[mt.Opening("pad", (0, 0), 320 * um)])
    with refused("opening 'pad'", "no metal below 100 %"):
        done.passivate(30 * um, openings=[mt.Opening("pad", (0, 1 * mm), 100 * um)])
    with refused("openings 'a' and 'b' overlap", "100 um apart", "200 um"):
        done.passivate(30 * um, openings=[mt.Opening("a", (0, 0), 200 * um), mt.Opening("b", (100 * um, 0), 200 * um)])
    plane = metallised(mt.Patch("plane", mt.ring(1 * mm, 0.4 * mm)))
    assert plane.passivate(30 * um, openings=[mt.Opening("pad", (0.35 * mm, 0), 200 * um)]).passivation
    with refused("opening 'pad'", "no metal below"):
        plane.passivate(30 * um, openings=[mt.Opening("pad", (0, 0), 200 * um)])
    assert metallised().passivate(30 * um, openings=[mt.Opening("pad", (-1.5 * mm, 0), 200 * um)]).passivation
    bare = insulated().metallise(40 * um)
    with refused("opening 'pad'", "no metal below 100 %"):
        bare.passivate(30 * um, openings=[mt.Opening("pad", (0, 0), 200 * um)])


def test_outer_contacts_must_fit_into_their_openings() -> None:
    closed = metallised(TRACE).passivate(30 * um, openings=[mt.Opening("pad", (0, 0), 200 * um)])
    package = closed.attach_contacts(100 * um, 200 * um).package()
    assert package["pad.contact"].z == pytest.approx((540 * um, 640 * um))
    with refused("contact of 210 um diameter", "opening 'pad' of 200 um", "narrower or the opening wider"):
        closed.attach_contacts(100 * um, 210 * um)
    with refused("no openings", "passivate(openings="):
        metallised(TRACE).passivate(30 * um).attach_contacts(100 * um, 200 * um)


def test_names_are_given_once() -> None:
    with refused("module 'stack'", "'same' is given twice"):
        stack(chips=[chip("same"), chip("same")])
    with refused("module 'stack'", "'stack' is given twice"):
        stack(chips=[chip("stack"), chip("other")])
    with refused("'carrier' is given twice"):
        carrier().attach(stack(chips=[chip("carrier"), chip("other")]))
    with refused("'insulation' is given twice"):
        carrier().attach(stack("insulation")).insulate(0.5 * mm)
    with refused("'chip0' is given twice"):
        insulated().open_vias("chip0", [(1.5 * mm, 0)], 100 * um)
    with refused("'first' is given twice"):
        metallised(dataclasses.replace(TRACE, name="first"))
    with refused("'line' is given twice"):
        metallised(TRACE).passivate(30 * um, openings=[mt.Opening("line", (0, 0), 100 * um)])


@pytest.mark.parametrize("name", ["top", "bottom", "a.foot", "chip.x_min", "", "3d", "a b", "a[0]", "a|b", None, 7])
def test_names_that_placements_would_not_understand(name: object) -> None:
    with refused("name of a chip"):
        mt.Chip(name, size=(1 * mm, 1 * mm), thickness=1 * mm)  # type: ignore[arg-type]


def test_the_order_of_steps() -> None:
    attached, done = carrier().attach(stack()), metallised(TRACE)
    passivated = done.passivate(30 * um, openings=[mt.Opening("pad", (0, 0), 200 * um)])
    contacted = passivated.attach_contacts(100 * um, 200 * um)
    for step, when in (
        (lambda: carrier().insulate(0.5 * mm), "only after 'attach'"),
        (lambda: insulated().insulate(0.5 * mm), "only once"),
        (lambda: insulated().attach(stack("late", prefix="l")), "only before 'insulate'"),
        (lambda: attached.open_vias("v", [(0, 0)], 1 * um), "only after 'insulate'"),
        (lambda: done.open_vias("v", [(0, 0)], 1 * um), "only before 'metallise'"),
        (lambda: attached.metallise(1 * um), "only after 'insulate'"),
        (lambda: done.metallise(1 * um), "only once"),
        (lambda: insulated().passivate(1 * um), "only after 'metallise'"),
        (lambda: passivated.passivate(1 * um), "only once"),
        (lambda: done.attach_contacts(1 * um, 1 * um), "only after 'passivate'"),
        (lambda: contacted.attach_contacts(1 * um, 1 * um), "only once"),
    ):
        with refused("cannot ", when, "the order is attach, insulate"):
            step()


@pytest.mark.parametrize("bad", [0.0, -1e-3, float("nan"), float("inf"), "5 kg", "5", "wide", None, True, [1e-3]])
def test_lengths_are_positive_lengths(bad: object) -> None:
    for make in (
        lambda: mt.Carrier(size=(SIDE, SIDE), thickness=bad),
        lambda: mt.Carrier(size=(SIDE, bad), thickness=1 * mm),
        lambda: mt.Chip("c", size=(bad, SIDE), thickness=1 * mm),
        lambda: mt.Chip("c", size=(SIDE, SIDE), thickness=bad),
        lambda: bond(diameter=bad),
        lambda: bond(height=bad),
        lambda: mt.Attach(bad),
        lambda: mt.Contact(bad, 1 * mm),
        lambda: mt.Contact(1 * mm, bad),
        lambda: mt.Trace("t", [(0, 0), (1, 0)], bad),
        lambda: mt.Opening("o", (0, 0), bad),
        lambda: carrier().attach(stack()).insulate(bad),
        lambda: insulated().open_vias("v", [(1.5 * mm, 0)], bad),
        lambda: insulated().metallise(bad),
        lambda: metallised(TRACE).passivate(bad),
    ):
        with pytest.raises(UnitError):
            make()


def test_strings_with_units_are_lengths() -> None:
    text = mt.Process(mt.Carrier(size=("4 mm", "4 mm"), thickness="300 um")).attach(stack())
    assert text.insulate("0.5 mm").package() == carrier().attach(stack()).insulate(0.5 * mm).package()


def test_materials_are_checked() -> None:
    with pytest.raises(MaterialError, match="did you mean 'silicon'"):
        chip("c", material="silicone_")
    with pytest.raises(MaterialError, match=r"material of a bump: .* conducts no electric current"):
        bond(material="epoxy_mould")
    with pytest.raises(MaterialError, match="the metal layer"):
        insulated().metallise(40 * um, material="polyimide")
    with pytest.raises(MaterialError, match="a contact"):
        mt.Contact(1 * um, 1 * um, material="polyimide")


def test_wrong_things_in_wrong_places() -> None:
    for make in (
        lambda: carrier().attach("stack"),
        lambda: stack(chips=None),
        lambda: stack(bonds=[]),
        lambda: stack(attach=None),
        lambda: stack(chips=[chip("a"), "b"]),
        lambda: insulated().open_vias("v", None, 1 * um),
        lambda: insulated().open_vias("v", [], 1 * um),
        lambda: insulated().open_vias("v", [(0, 0, 0)], 1 * um),
        lambda: insulated().open_vias("v", [(0, 0)], 1 * um, onto=3),
        lambda: insulated().metallise(1 * um, traces=None),
        lambda: metallised(TRACE).passivate(1 * um, openings=TRACE),
        lambda: mt.Chip("c", size=(1, 1), thickness=1, active_face="left"),
    ):
        with pytest.raises(InputError):
            make()


def test_a_trace_under_others_is_refused_when_it_is_described() -> None:
    wide = mt.Trace("wide", path=[(-1.5 * mm, 0), (1.5 * mm, 0)], width=500 * um)
    with refused("part 'line' is wholly replaced by later parts", "list it after them"):
        metallised(TRACE, wide)
    assert metallised(wide, TRACE).metal_layer


@pytest.mark.parametrize(
    "make",
    [
        lambda: mt.Trace("line", [(0, 0), (1e-3, 0)], 4e-164),
        lambda: mt.Opening("pad", (1e-3, 0), 1e-30),
        lambda: mt.Patch("area", mt.Footprint(())),
    ],
)
def test_what_is_lost_in_round_off_is_refused(make: Any) -> None:
    with pytest.raises(GeometryError, match=r"'(line|pad|area)': it is too narrow to have an area"):
        make()


def test_a_module_has_no_name_of_a_stage() -> None:
    """Its own stage, the free module, could not be asked for."""
    carrier = mt.Process(mt.Carrier(size=(4e-3, 4e-3), thickness=0.3e-3))
    chips = [mt.Chip(name, size=(1e-3, 1e-3), thickness=1e-4) for name in "ab"]
    module = mt.Module("insulated", chips, [mt.FlipChip(mt.grid(2, 2, 4e-4), 1e-4, 5e-5)], mt.Attach(2e-5))
    with pytest.raises(mt.GeometryError, match="module 'insulated': stages of the process have this name"):
        carrier.attach(module)
