"""Radiation, leakage and power maps in a case."""

from __future__ import annotations

import re
import warnings

import pytest

import mcpthermal as mt
from mcpthermal.errors import LoadError
from mcpthermal.units import mm

COOLED = mt.Convection("bottom", h=1000.0, ambient="25 degC")
DARK = mt.Material("dark", 1.0, emissivity=0.9)


def refused(*words: str) -> object:
    return pytest.raises(LoadError, match=".*".join(re.escape(word) for word in words))


def test_radiation_needs_an_emissivity(package: mt.Package) -> None:
    assert mt.Case(package, [mt.Radiation("top", 300.0, 0.9)])
    block = mt.Part("block", mt.rectangle(1 * mm), (0, 1 * mm), mt.Material("bright", 1.0))
    cover = mt.Part("cover", mt.rectangle(1 * mm), (1 * mm, 2 * mm), DARK)
    stack = mt.Package.from_parts([block, cover])
    assert mt.Case(stack, [mt.Radiation("top", 300.0)])
    assert mt.Case(stack, [mt.Radiation("sides", 300.0, 0.5)])
    with refused("Radiation at 'sides'", "'block' (bright)", "has no emissivity", "emissivity=0.9"):
        mt.Case(stack, [mt.Radiation("sides", 300.0)])
    with refused("Radiation at 'block.top'", "exposed"):
        mt.Case(stack, [mt.Radiation("block.top", 300.0, 0.5)])
    with refused("HeatSink at 'block'", "volume", "'block.top'"):
        mt.Case(stack, [mt.HeatSink("block", 1.0, 300.0)])


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (mt.Leakage("supply", 1.0, 0.02, 300.0, "active_face"), ("Leakage at 'supply'", "only a chip")),
        (mt.Leakage("logic.top", 1.0, 0.02, 300.0, "active_face"), ("a face already",)),
        (mt.Leakage("vdd_pad.top", 1.0, 0.02, 300.0), ("no such face",)),
        (mt.PowerMap("logic.top", [[1.0]]), ("PowerMap at 'logic.top'", "a face", "active_face")),
        (mt.PowerMap("stack", [[1.0]]), ("PowerMap at 'stack'", "one part")),
        (mt.PowerMap("supply[0]", [[1.0]]), ("PowerMap at 'supply[0]'", "one part")),
        (mt.PowerMap("supply", [[1.0]], distribution="active_face"), ("only a chip",)),
        (mt.PowerMap("logic", [[1.0]], size=(2.001 * mm, 2 * mm)), ("1 of its blocks", "'[0,0]'", "(1.001 mm, 1 mm)")),
        (
            mt.PowerMap("logic", {"core": (0, 0, 1 * mm, 1 * mm, 1.0)} | {"far": (1.5 * mm, 0, 1 * mm, 1 * mm, 1.0)}),
            ("1 of its blocks", "'far'", "(500 um, -1 mm) to (1.5 mm, 0 m)", "correct the block, or the origin"),
        ),
        (mt.PowerMap("logic", {"core": (-1.1 * mm, 0, 1 * mm, 1 * mm, 1.0)}, origin="package"), ("'core'",)),
    ],
)
def test_wrong_sources_are_refused(package: mt.Package, load: object, words: tuple[str, ...]) -> None:
    with refused(*words):
        mt.Case(package, [COOLED, load])


def test_sound_sources(package: mt.Package) -> None:
    loads = [
        mt.Leakage("stack", 1.0, 0.02, 300.0),
        mt.Leakage("logic", 1.0, 0.02, 300.0, "active_face"),
        mt.PowerMap("logic", [[1.0, 2.0], [0.0, -1.0]], distribution="active_face"),
        mt.PowerMap("logic", {"core": (0, 0, 2 * mm * (1 + 5e-7), 2 * mm, 1.0)}),
        mt.PowerMap("logic", {"core": (-1 * mm, -1 * mm, 2 * mm, 2 * mm, 1.0)}, origin="package"),
    ]
    assert len(mt.Case(package, [COOLED, *loads]).loads) == 6


def test_a_map_over_a_disc_may_be_dark_outside_of_it() -> None:
    disc = mt.Package.from_parts([mt.Part("disc", mt.circle(1 * mm), (0, 1 * mm), DARK)])
    mask = [[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    assert mt.Case(disc, [COOLED, mt.PowerMap("disc", mask)])
    mask[0][0] = 1.0
    with refused("'[0,0]'"):
        mt.Case(disc, [COOLED, mt.PowerMap("disc", mask)])


def test_loads_on_faces_that_are_partly_inside_the_package_are_told() -> None:
    """The ring's sides are its rim and the wall of its hole, in which the hub sits."""
    ring = mt.Part("out", mt.ring(10 * mm, 2 * mm), (0.0, 0.1 * mm), "copper")
    package = mt.Package.from_parts([ring, mt.Part("hub", mt.circle(2 * mm), (0.0, 0.1 * mm), "silicon")])
    with pytest.warns(mt.McpThermalWarning, match=r"FixedTemperature at 'out.sides' is also on its faces inside"):
        mt.Case(package, [mt.FixedTemperature("out.sides", 300.0)])
    with pytest.warns(mt.McpThermalWarning, match=r"HeatFlux at 'out.sides' is also on its faces inside"):
        mt.Case(package, [mt.HeatFlux("out.sides", 1e5), mt.FixedTemperature("bottom", 300.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mt.Case(package, [mt.FixedTemperature("sides", 300.0), mt.HeatFlux("hub.sides", 1e5)])
