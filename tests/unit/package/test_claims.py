"""Claims: each limitation on a package or process that satisfies all but that one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.package.structure import Structure
from mcpthermal.units import mm, um

Parts = list[mt.Part]
CONTACT = mt.Contact(height=40 * um, diameter=60 * um)
RECORD = mt.ModuleTestRecord("stack", "continuity of all nets", True, "2026-03-01")


def process(carrier: mt.Carrier | mt.Chip | None = None) -> mt.Process:
    """All steps, contacts in all vias and openings, the module tested."""
    stack = mt.Module(
        "stack",
        [mt.Chip("logic", (2 * mm, 2 * mm), 200 * um), mt.Chip("memory", (1.2 * mm, 1.2 * mm), 150 * um)],
        [mt.FlipChip(mt.grid(2, 2, pitch=500 * um), 100 * um, 50 * um)],
        mt.Attach(25 * um),
    )
    return (
        mt.Process(carrier or mt.Carrier((4 * mm, 4 * mm), 0.3 * mm))
        .attach(stack, tested=RECORD)
        .insulate(0.6 * mm)
        .open_vias("first", [(-1.5 * mm, 0), (1.5 * mm, 0)], 200 * um, contact=CONTACT)
        .open_vias("second", [(-0.8 * mm, 0)], 100 * um, onto="logic", contact=CONTACT)
        .open_vias("third", [(0, 0)], 100 * um, onto="memory", contact=CONTACT)
        .metallise(
            40 * um,
            traces=[
                mt.Trace("west", [(-1.5 * mm, 0), (-0.8 * mm, 0)], 300 * um),
                mt.Trace("east", [(0, 0), (1.5 * mm, 0)], 300 * um),
            ],
        )
        .passivate(30 * um, openings=[mt.Opening("in", (-1.2 * mm, 0), 2e-4), mt.Opening("out", (0.8 * mm, 0), 2e-4)])
        .attach_contacts(100 * um, 150 * um)
    )


FULL = process()
PARTS = list(FULL.package().parts)


def failing(claims: mt.Claims, number: int) -> set[int]:
    """The places of the limitations of a claim that are not satisfied."""
    return {place for place, item in enumerate(claims[number].limitations) if not item.satisfied}


def changed(name: str, **fields: object) -> Callable[[Parts], Parts]:
    return lambda parts: [replace(part, **fields) if part.name == name else part for part in parts]  # type: ignore[arg-type]


def without(*names: str) -> Callable[[Parts], Parts]:
    return lambda parts: [part for part in parts if part.name not in names]


def with_parts(*more: mt.Part) -> Callable[[Parts], Parts]:
    return lambda parts: [*parts, *more]


def moved(name: str, low: float, high: float) -> Callable[[Parts], Parts]:
    return changed(name, z=(low, high))


def hole(diameter: float, at: tuple[float, float], low: float, high: float) -> mt.Part:
    return mt.Part("gap", mt.circle(diameter, at=at), (low, high), None)


def plate(name: str, z: tuple[float, float], material: str, **fields: str) -> mt.Part:
    return mt.Part(name, mt.rectangle(4 * mm), z, material, **fields)


FIRST = [(-1.5 * mm, 0), (1.5 * mm, 0)]
PEDESTAL = mt.Part("pedestal", mt.circles(400 * um, FIRST), (0, 0.2 * mm), "copper", "wiring", onto="carrier")
BLIND = mt.Part("blind", mt.circles(250 * um, FIRST), (0, 10 * um), "polyimide", "insulation")
HALF = mt.Part("half", mt.rectangle((2 * mm, 4 * mm), at=(1 * mm, 0)), (-0.3 * mm, 0), "fr4", "carrier", "substrate")
PATTERN = ("west", "east", "passivation", "in", "out", "in.contact", "out.contact")


def metal_everywhere(parts: Parts) -> Parts:
    return [*without(*PATTERN)(parts), plate("all", (0.6 * mm, 0.64 * mm), "copper")]


# For claim 1: what is done to the full package, and which limitations then fail.
BODY: list[tuple[str, Callable[[Parts], Parts], set[int]]] = [
    ("two carriers", with_parts(HALF), {0}),
    ("one chip", changed("memory", role="underfill"), {1}),
    ("attached to something else", changed("stack.attach", role="", group=""), {2}),
    ("a module that is bare", with_parts(hole(200 * um, (0, 1 * mm), 0.1 * mm, 0.15 * mm)), {3}),
    ("no first vias", with_parts(BLIND), {4, 5, 7}),
    ("a via depth below the module height", lambda parts: [*without("first.contact")(parts), PEDESTAL], {5}),
    ("metal everywhere", metal_everywhere, {6}),
    ("a first via that is open inside", with_parts(hole(120 * um, (1.5 * mm, 0), 0.2 * mm, 0.3 * mm)), {7}),
    ("nothing joined", without(*PATTERN), {8}),
]


def test_the_full_package_satisfies_all_but_the_kind_of_carrier() -> None:
    claims = FULL.claims()
    assert claims.satisfied == (1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 21)
    assert [claim.number for claim in FULL.package().claims()] == [*range(1, 8), *range(16, 22)]
    assert {c.number: c.parent for c in claims if c.parent not in (None, 1, 8, 16)} == {5: 4, 12: 11}
    chip = process(mt.Chip("base", (4 * mm, 4 * mm), 0.3 * mm)).claims()
    assert set(claims.satisfied) ^ set(chip.satisfied) == {6, 7, 13, 14, 20, 21}
    values = {name: value for name, value, _ in claims[1].limitations[5].values}
    assert values == {"least via depth": pytest.approx(0.6 * mm), "greatest module height": pytest.approx(0.425 * mm)}


@pytest.mark.parametrize(("what", "change", "places"), BODY, ids=[item[0] for item in BODY])
def test_claim_1_without_one_limitation(what: str, change: Callable[[Parts], Parts], places: set[int]) -> None:
    claims = mt.Package.from_parts(change(PARTS)).claims()
    assert failing(claims, 1) == places
    assert not claims[1].satisfied and not set(claims.satisfied) & {2, 3, 4, 5, 6, 7}
    assert "(which is not satisfied)" in str(claims)
    # Claim 16 has the first six of claim 1 too, and after the second vias, 6, the metal.
    assert failing(claims, 16) & {*range(6), 7, 8, 9} == {place + (place > 5) for place in places}


def shell(at: tuple[float, float], floor: float) -> Parts:
    """A glass around a contact and over it: it stands in the via, and nothing joins it to the metal."""
    above = floor + CONTACT.height
    around = mt.ring(90 * um, CONTACT.diameter, at=at)
    return [
        mt.Part("around", around, (floor, above + 10 * um), "polyimide"),
        mt.Part("over", mt.circle(CONTACT.diameter, at=at), (above, above + 10 * um), "polyimide"),
    ]


LOGIC, MEMORY, TOP, METAL = 225 * um, 425 * um, 600 * um, 640 * um
ONE_CONTACT = mt.Part("first.contact", mt.circle(60 * um, at=FIRST[0]), (0, 40 * um), "copper")

# Number, what is done, which limitations then fail.
OTHERS: list[tuple[str, int, Callable[[Parts], Parts], set[int]]] = [
    ("a first via without contact", 2, changed("first.contact", footprint=ONE_CONTACT.footprint), {0, 1}),
    ("a contact that nothing joins", 2, with_parts(*shell(FIRST[0], 0.0)), {1}),
    ("bumps that do not reach", 3, moved("stack.bumps", LOGIC, LOGIC + 45 * um), {0}),
    ("no second vias", 4, without("second", "second.contact", "third", "third.contact"), {0, 1}),
    ("a second via that is open inside", 4, with_parts(hole(80 * um, (0, 0), 500 * um, 550 * um)), {1}),
    ("a second via without contact", 5, without("third.contact"), {0, 1}),
    ("a chip's contact that nothing joins", 5, with_parts(*shell((0, 0), MEMORY)), {1}),
    ("no second vias", 16, without("second", "second.contact", "third", "third.contact"), {6, 10}),
    ("a second via that is open inside", 16, with_parts(hole(80 * um, (0, 0), 500 * um, 550 * um)), {10}),
    ("no second insulation", 16, without("passivation", "in", "out"), {11, 12, 13}),
    ("metal as high as the second insulation", 16, moved("passivation", TOP, METAL), {11}),
    ("an opening over no metal", 16, with_parts(hole(200 * um, (0, -1.2 * mm), TOP, METAL + 30 * um)), {12, 13}),
    ("an opening without contact", 16, without("in.contact"), {13}),
    ("a first via without contact", 17, changed("first.contact", footprint=ONE_CONTACT.footprint), {0, 1}),
    ("bumps that do not reach", 18, moved("stack.bumps", LOGIC, LOGIC + 45 * um), {0}),
    ("a chip's contact that nothing joins", 19, with_parts(*shell((0, 0), MEMORY)), {1}),
    ("a carrier of no kind", 7, changed("carrier", group=""), {0}),
    ("a carrier of no kind", 21, changed("carrier", group=""), {0}),
]


@pytest.mark.parametrize(("what", "number", "change", "places"), OTHERS, ids=[f"{i[1]}, {i[0]}" for i in OTHERS])
def test_the_other_claims(what: str, number: int, change: Callable[[Parts], Parts], places: set[int]) -> None:
    claims = mt.Package.from_parts(change(PARTS)).claims()
    assert failing(claims, number) == places
    assert not claims[number].satisfied


@pytest.mark.parametrize("number", [2, 3, 4, 7])
def test_a_claim_depends_on_its_parent_only(number: int) -> None:
    """What breaks a claim of contacts, bumps or second vias leaves claim 1 as it is."""
    change = next(item[2] for item in OTHERS if item[1] == number)
    assert mt.Package.from_parts(change(PARTS)).claims()[1].satisfied


def test_names_and_roles_of_metal_do_not_count() -> None:
    kept = ("carrier", "chip", "attach", "underfill", "bump", "insulation", "passivation")
    foreign = [
        replace(part, name=f"p{number}", role=part.role if part.role in kept else "", onto="", group=part.group)
        for number, part in enumerate(PARTS)
    ]
    theirs, ours = mt.Package.from_parts(foreign).claims(), FULL.package().claims()
    assert theirs.satisfied == ours.satisfied
    for a, b in zip(theirs.rows(), ours.rows(), strict=True):
        numbers = [{k: v for k, v in row["values"].items() if k != "ending on"} for row in (a, b)]
        assert numbers[0] == numbers[1]


def test_without_roles_nothing_is_satisfied() -> None:
    bare = mt.Package.from_parts([mt.Part("block", mt.rectangle(1 * mm), (0, 1 * mm), "copper")])
    assert bare.claims().satisfied == ()
    with pytest.raises(mt.GeometryError, match="there is no claim 8 here"):
        bare.claims()[8]


def test_an_imported_mesh_is_refused() -> None:
    mesh = mt.read_mesh(Path(__file__).parents[3] / "meshes" / "post_on_board.msh")
    package = mt.Package.from_mesh(mesh, {"board": "fr4", "post": "copper"})
    with pytest.raises(mt.GeometryError, match="claims are decided on prismatic parts"):
        package.claims()


def test_a_film_across_a_via_breaks_its_metal_whatever_the_chips_wiring_joins() -> None:
    """Both vias end on one pad of a chip that is the carrier; the metal of one of them is cut."""
    pad = mt.Trace("pad", FIRST, 300 * um)
    whole = process(mt.Chip("base", (4 * mm, 4 * mm), 0.3 * mm, wiring=[pad])).package()
    assert whole.claims()[1].satisfied
    film = mt.Part("film", mt.circle(220 * um, at=FIRST[0]), (300 * um, 301 * um), None)
    cut = mt.Package.from_parts([*whole.parts, film])
    values = {name: value for name, value, _ in cut.claims()[1].limitations[7].values}
    assert values["joined to the layer"] == "1 of 2" and not cut.claims()[1].satisfied


def test_structure() -> None:
    found = Structure(FULL.package())
    assert [(hole.floor, len(hole.contacts)) for hole in found.first_vias] == [("carrier", 1), ("carrier", 1)]
    assert {hole.floor: hole.depth for hole in found.second_vias} == {
        "logic": pytest.approx(375 * um),
        "memory": pytest.approx(175 * um),
    }
    assert found.modules[0].joints == (4,) and found.modules[0].chips == ("logic", "memory")
    assert found.layer_thickness == pytest.approx(40 * um) and found.passivation_cover == pytest.approx(30 * um)
    assert sorted(found.nets.values()) == [3, 3]


# --- the process ---------------------------------------------------------------------------------------------------


def test_steps_that_are_not_there_yet() -> None:
    carrier = mt.Process(mt.Carrier((4 * mm, 4 * mm), 0.3 * mm))
    assert failing(carrier.claims(), 8) == set(range(9))
    module = FULL.modules[0][0]
    attached = carrier.attach(module, tested=RECORD)
    assert failing(attached.claims(), 8) == {3, 4, 5, 6, 7, 8}
    insulated = attached.insulate(0.6 * mm)
    assert failing(insulated.claims(), 8) == {4, 5, 6, 7, 8}
    opened = insulated.open_vias("first", FIRST, 200 * um)
    assert failing(opened.claims(), 8) == {5, 6, 7, 8}
    assert failing(opened.claims(), 9) == failing(opened.claims(), 12) == {0, 1}
    metallised = opened.metallise(40 * um, traces=[mt.Trace("line", FIRST, 300 * um)])
    assert failing(metallised.claims(), 8) == {7, 8}
    assert failing(metallised.claims(), 11) == {0, 1}
    passivated = metallised.passivate(30 * um)
    assert failing(passivated.claims(), 8) == {8}
    done = metallised.passivate(30 * um, openings=[mt.Opening("pad", (1 * mm, 0), 200 * um)]).claims()
    assert done.satisfied == (1, 3, 7, 8, 10, 14, 15)
    assert "open vias: first vias" in str(done)
    assert len(done.rows()) == sum(len(claim.limitations) for claim in done)


def test_a_module_that_was_not_tested() -> None:
    module = FULL.modules[0][0]
    process = mt.Process(mt.Carrier((4 * mm, 4 * mm), 0.3 * mm))
    plain, tested = process.attach(module), process.attach(module, tested=RECORD)
    assert not plain.claims()[15].limitations[0].satisfied
    assert tested.claims()[15].limitations[0].shown == "stack passed: continuity of all nets (2026-03-01)"
    assert hash(tested) != hash(plain) and tested.package() == plain.package()
    second = replace(module, name="other", chips=[replace(chip, name=f"{chip.name}2") for chip in module.chips])
    wide = mt.Process(mt.Carrier((9 * mm, 9 * mm), 0.3 * mm)).attach(module, (-2 * mm, 0), tested=RECORD)
    both = wide.attach(second, (2 * mm, 0))
    assert not both.claims()[15].limitations[0].satisfied
    assert tested.insulate(1 * mm).with_module_height(0.5 * mm).tests == (RECORD,)
    assert tested.stage("carrier") == process.package()

    class Result:
        record = RECORD

    assert process.attach(module, tested=Result()).tests == (RECORD,)


@pytest.mark.parametrize(
    ("tested", "words"),
    [
        ("yes", "no ModuleTestRecord"),
        (mt.ModuleTestRecord("other", "continuity", True), "that of module 'other', not of 'stack'"),
    ],
)
def test_records_that_are_refused(tested: object, words: str) -> None:
    with pytest.raises(mt.GeometryError, match=words):
        mt.Process(mt.Carrier((4 * mm, 4 * mm), 0.3 * mm)).attach(FULL.modules[0][0], tested=tested)


@pytest.mark.parametrize("fields", [{"program": " "}, {"passed": 1}, {"date": 3}, {"module": "a b"}])
def test_records_that_say_nothing(fields: dict[str, object]) -> None:
    with pytest.raises(mt.GeometryError):
        mt.ModuleTestRecord(**({"module": "stack", "program": "continuity", "passed": True} | fields))  # type: ignore[arg-type]


# --- any process ---------------------------------------------------------------------------------------------------


def expected(on_chip: bool, second: bool, contacts: tuple[bool, bool], last: int, tested: bool) -> set[int]:
    """What the description alone says: the last step is the metal, the second insulation, openings, or contacts."""
    kind = ({6, 13, 20}, {7, 14, 21})[not on_chip]
    found = {1, 3} | (kind & {6, 7})
    found |= {2} if contacts[0] else set()
    found |= ({4} | ({5} if contacts[1] else set())) if second else set()
    if last >= 2:
        found |= {8, 10} | (kind & {13, 14}) | ({9} if contacts[0] else set()) | ({15} if tested else set())
        found |= ({11} | ({12} if contacts[1] else set())) if second else set()
    if last == 3 and second:
        found |= {16, 18} | (kind & {20, 21}) | ({17} if contacts[0] else set()) | ({19} if contacts[1] else set())
    return found


@settings(max_examples=40)
@given(
    on_chip=st.booleans(),
    second=st.booleans(),
    contacts=st.tuples(st.booleans(), st.booleans()),
    last=st.integers(0, 3),
    tested=st.booleans(),
    chips=st.integers(2, 4),
    bumps=st.booleans(),
    cover=st.floats(10e-6, 300e-6),
    place=st.tuples(st.floats(-0.4e-3, 0.4e-3), st.floats(-0.4e-3, 0.4e-3)),
)
def test_any_process(
    on_chip: bool,
    second: bool,
    contacts: tuple[bool, bool],
    last: int,
    tested: bool,
    chips: int,
    bumps: bool,
    cover: float,
    place: tuple[float, float],
) -> None:
    """The cells say of any process what its description does."""
    bond = mt.FlipChip(mt.grid(2, 2, pitch=400 * um), 100 * um, 50 * um)
    stack = mt.Module(
        "stack",
        [mt.Chip(f"chip{i}", ((2 - 0.3 * i) * mm,) * 2, 100 * um) for i in range(chips)],
        [bond] * (chips - 1),
        bond if bumps else mt.Attach(25 * um),
    )
    x, y = place
    stud = mt.Contact(5 * um, 60 * um)
    carrier = mt.Chip("base", (4 * mm, 4 * mm), 0.3 * mm) if on_chip else mt.Carrier((4 * mm, 4 * mm), 0.3 * mm)
    made = (
        mt.Process(carrier)
        .attach(stack, place, tested=RECORD if tested else None)
        .insulate(stack.height + cover)
        .open_vias("first", FIRST, 100 * um, contact=stud if contacts[0] else None)
    )
    traces = [mt.Trace("line", [FIRST[0], (x, y), FIRST[1]], 150 * um)]
    if second:
        made = made.open_vias("second", [(x, y)], 90 * um, f"chip{chips - 1}", stud if contacts[1] else None)
    made = made.metallise(20 * um, traces=traces)
    if last >= 1:
        made = made.passivate(10 * um, openings=[] if last == 1 else [mt.Opening("pad", FIRST[1], 90 * um)])
    if last == 3:
        made = made.attach_contacts(50 * um, 80 * um)
    assert set(made.claims().satisfied) == expected(on_chip, second, contacts, last, tested)
