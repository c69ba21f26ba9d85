"""Places: every form of a placement, its exact area, and the near misses of unknown ones."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import LoadError
from mcpthermal.package.places import find_place
from mcpthermal.units import mm, um


def disc(diameter: float) -> float:
    return math.pi / 4 * diameter**2


def area(package: mt.Package, text: str) -> float:
    columns = package.arrangement.columns
    return float(columns.face_areas(columns.faces_of(find_place(package, text))).sum())


def rim(diameter: float) -> float:
    """The length around the polygon of sixteen sides that has a disc's area."""
    return 16 * 2 * math.sqrt(disc(diameter) / 16 * math.tan(math.pi / 16))


SIDES = 4 * 4 * mm
LAYERS = (300 + 600 + 70) * um


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("top", (4 * mm) ** 2),
        ("bottom", (4 * mm) ** 2),
        ("sides", SIDES * LAYERS + (rim(200 * um) + rim(160 * um)) * 30 * um),
        ("x_min", 4 * mm * LAYERS),
        ("y_max", 4 * mm * LAYERS),
        ("carrier.bottom", (4 * mm) ** 2),
        ("carrier.top", (4 * mm) ** 2),
        ("carrier.sides", SIDES * 300 * um),
        ("logic.top", (2 * mm) ** 2),
        ("logic.bottom", (2 * mm) ** 2),
        ("logic.sides", 8 * mm * 200 * um),
        ("logic.x_min", 2 * mm * 200 * um),
        ("memory.y_max", 1.4 * mm * 150 * um),
        ("stack.top", (2 * mm) ** 2),
        ("stack.sides", 8 * mm * 225 * um + 5.6 * mm * 200 * um),
        ("stack.underfill.top", (1.4 * mm) ** 2 - 9 * disc(100 * um)),
        ("stack.bumps.top", 9 * disc(100 * um)),
        ("stack.bumps[4].bottom", disc(100 * um)),
        ("logic|stack.bumps", 9 * disc(100 * um)),
        ("logic|stack.bumps[0]", disc(100 * um)),
        ("stack.bumps[0]|logic", disc(100 * um)),
        ("logic | stack.underfill", (1.4 * mm) ** 2 - 9 * disc(100 * um)),
        ("carrier|stack", (2 * mm) ** 2),
        ("logic|insulation", 8 * mm * 200 * um + (2 * mm) ** 2 - (1.4 * mm) ** 2 - 2 * disc(80 * um)),
        ("supply.foot", 3 * disc(200 * um)),
        ("supply[2].foot", disc(200 * um)),
        ("supply|carrier", 3 * (disc(200 * um) - disc(120 * um))),
        ("supply.contact.bottom", 3 * disc(120 * um)),
        ("supply.contact[1].top", disc(120 * um)),
        ("ground[0].foot", disc(200 * um)),
        ("to_logic.foot", 2 * disc(80 * um)),
        ("to_logic[1].foot", disc(80 * um)),
        ("to_memory.foot", disc(80 * um)),
        ("vdd_pad", disc(200 * um)),
        ("gnd_pad", disc(160 * um)),
    ],
)
def test_areas(package: mt.Package, text: str, expected: float) -> None:
    assert area(package, text) == pytest.approx(expected, rel=1e-6)


def test_areas_on_the_mesh(package: mt.Package) -> None:
    mesh = mt.generate_mesh(package, "coarse")
    for text in ("top", "sides", "x_min", "logic.top", "logic|stack.bumps", "supply[2].foot", "vdd_pad", "stack.top"):
        faces = mesh.faces_of(find_place(package, text))
        # Only the length around a circle depends on its polygon.
        assert mesh.face_areas(faces).sum() == pytest.approx(area(package, text), rel=1e-3 if text == "sides" else 1e-6)


def test_volumes(package: mt.Package) -> None:
    columns = package.arrangement.columns
    volumes = package.volumes()

    def volume(text: str) -> float:
        place = find_place(package, text)
        assert place.is_volume
        return float(columns.cell_volumes[columns.cells_of(place)].sum())

    assert volume("logic") == pytest.approx((2 * mm) ** 2 * 200 * um)
    assert volume("supply") == pytest.approx(volumes["supply"])
    assert volume("stack.bumps[3]") == pytest.approx(disc(100 * um) * 50 * um)
    members = ("logic", "memory", "stack.attach", "stack.underfill", "stack.bumps")
    assert volume("stack") == pytest.approx(sum(volumes[name] for name in members))


def test_an_opening_is_its_bare_pad_or_the_top_of_its_contact(process: mt.Process) -> None:
    bare = process.package()
    place = find_place(bare, "vdd_pad")
    faces = bare.arrangement.columns.faces_of(place)
    assert bare.arrangement.columns.levels[faces.level] == pytest.approx([640 * um] * faces.count)
    with_contacts = process.attach_contacts(height=100 * um, diameter=150 * um).package()
    assert area(with_contacts, "vdd_pad") == pytest.approx(disc(150 * um))
    columns = with_contacts.arrangement.columns
    faces = columns.faces_of(find_place(with_contacts, "vdd_pad"))
    assert columns.levels[faces.level] == pytest.approx([740 * um] * faces.count)
    assert area(with_contacts, "vdd_pad.contact.bottom") == pytest.approx(disc(150 * um))


def test_members_are_in_the_order_of_their_centres(package: mt.Package) -> None:
    columns = package.arrangement.columns
    for number, y in enumerate((-1 * mm, 0.0, 1 * mm)):
        cells = columns.cells_of(find_place(package, f"supply[{number}]"))
        middle = package.arrangement.plane.inside[cells.any(axis=0)]
        assert np.linalg.norm(middle - [-1.5 * mm, y], axis=1).max() < 100 * um


def test_a_part_with_a_point_in_its_name() -> None:
    parts = [
        mt.Part(name, mt.rectangle(1 * mm), (number * 1 * mm, (number + 1) * 1 * mm), "silicon")
        for number, name in enumerate(("die", "die.stack", "die.stack.lid"))
    ]
    package = mt.Package.from_parts(parts)
    assert find_place(package, "die.stack").parts == (1,)
    assert find_place(package, "die.stack.lid").parts == (2,)
    assert find_place(package, "die.stack.top").face == "top"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("topp", ("no part 'topp'", "did you mean 'top'")),
        ("Logic", ("did you mean 'logic'",)),
        ("logic.tip", ("no part 'logic.tip'", "'logic.top'")),
        ("logic.", ("no part 'logic.'", "did you mean")),
        (".top", ("no part",)),
        ("vdd_pda", ("did you mean", "'vdd_pad'")),
        ("suply", ("did you mean 'supply'",)),
        ("supply[3]", ("'supply' has 3 members", "'supply[0]' to 'supply[2]'")),
        ("supply[3].foot", ("'supply' has 3 members",)),
        ("supply[-1]", ("no part 'supply[-1]'", "did you mean 'supply'")),
        ("supply[a]", ("no part 'supply[a]'",)),
        ("supply[0", ("no part 'supply[0'",)),
        ("supply[0][0]", ("no part",)),
        ("logic[0]", ("'logic' is no family", "drop the [0]")),
        ("stack[0]", ("'stack' is no family",)),
        ("logic.foot", ("only vias have a foot", "'to_logic.foot'")),
        ("stack.bumps.foot", ("only vias have a foot",)),
        ("vdd_pad.contact", ("no part 'vdd_pad.contact'",)),
        ("logic|memry", ("no part 'memry'", "did you mean")),
        ("logic|", ("no part ''",)),
        ("logic|logic", ("'logic' is on both sides", "two different parts")),
        ("stack|logic", ("'logic' is on both sides",)),
        ("a|b|c", ("no part 'a|b|c'",)),
        ("", ("a place is a string",)),
        (None, ("a place is a string",)),
        (["top"], ("a place is a string",)),
    ],
)
def test_unknown_places(package: mt.Package, text: object, words: tuple[str, ...]) -> None:
    with pytest.raises(LoadError, match=".*".join(re.escape(word) for word in words)):
        find_place(package, text)  # type: ignore[arg-type]
