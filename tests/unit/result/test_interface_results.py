"""What a result tells of interfaces, circuits and vias behind a contact: rows, texts, files, fields."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.io.result_json import result_text
from mcpthermal.loads import GROUND
from mcpthermal.units import mm

SIDE, CURRENT = 1 * mm, 4.0
METAL = mt.Material("metal", 100.0, electrical_conductivity=1e6)
PLASTIC = mt.Material("plastic", 0.5)


@pytest.fixture(scope="module")
def result() -> mt.SteadyResult:
    """A post with the role of a via on a pad, with a contact between them, and a lid that only conducts heat."""
    square = mt.rectangle(SIDE)
    package = mt.Package.from_parts(
        [
            mt.Part("pad", square, (0.0, 0.2 * mm), METAL),
            mt.Part("post", square, (0.2 * mm, 1.2 * mm), METAL, "via"),
            mt.Part("lid", square, (1.2 * mm, 1.3 * mm), PLASTIC),
        ]
    )
    loads = [
        mt.Convection("bottom", 1e5, 300.0),
        mt.Power("lid", 0.2),
        mt.Voltage("node:source", 1.0),
        mt.Resistor("node:source", "pad.x_min", 0.2),
        mt.CurrentLoad("post.top", "pad.x_min", 0.5),
        mt.Current("pad.x_max", -1.0),
        mt.Resistor("post.top", GROUND, 0.05),
        mt.Interface("pad", "post", 2e-5, 3e-8, 0.25),
        mt.Interface("lid|post", thermal_resistance=1e-5),
    ]
    return mt.solve_steady(mt.Case(package, loads, name="post"), mt.generate_mesh(package, "coarse"))


def test_the_current_of_a_via_is_that_of_its_contact(result: mt.SteadyResult) -> None:
    (via,) = result.vias()
    contact = result.interfaces()[0]
    assert contact["current"] > 1.0
    assert via.current == pytest.approx(contact["current"], rel=1e-9)
    assert via.current == pytest.approx(-result.current("post.top"), rel=1e-9)
    assert via.joule_power == pytest.approx(result.joule_power("post"), rel=1e-12)
    assert via.max_temperature == result.max_temperature("post")


def test_currents_add_up_at_every_node(result: mt.SteadyResult) -> None:
    source, drain = result.elements
    assert (source["a"], source["b"], drain["b"]) == ("node:source", "pad.x_min", GROUND)
    assert result.voltage("node:source") == pytest.approx(1.0, rel=1e-12)
    assert source["current"] == pytest.approx((1.0 - result.voltage("pad.x_min")) / 0.2, rel=1e-9)
    assert drain["current"] == pytest.approx(result.voltage("post.top") / 0.05, rel=1e-9)
    assert result.current("pad.x_min") == pytest.approx(source["current"] + 0.5, rel=1e-9)
    assert result.current("pad.x_max") == pytest.approx(-1.0, rel=1e-9)
    assert result.current("post.top") == pytest.approx(-drain["current"] - 0.5, rel=1e-9)
    assert result.nodes[GROUND] == 0.0


def test_the_heat_of_a_contact_is_in_the_balance_and_not_in_a_part(result: mt.SteadyResult) -> None:
    contact, lid = result.interfaces()
    parts = result.joule_power("pad") + result.joule_power("post")
    assert result.joule_power() == pytest.approx(parts + contact["joule_power"], rel=1e-12)
    assert result.balance.joule_power == result.joule_power()
    assert contact["joule_power"] == pytest.approx(contact["current"] ** 2 * 3e-8 / SIDE**2, rel=0.2)
    # What the post and its share release, and the lid's power, cross to the pad.
    through = 0.2 + result.joule_power("post") + 0.75 * contact["joule_power"]
    assert contact["heat"] == pytest.approx(-through, rel=1e-7)
    assert lid["heat"] == pytest.approx(0.2, rel=1e-8)
    assert lid["mean_jump"] == pytest.approx(0.2 * 1e-5 / SIDE**2, rel=1e-7)
    assert (lid["current"], lid["joule_power"]) == (0.0, 0.0)
    assert result.heat_out() == pytest.approx(0.2 + result.balance.joule_power, rel=1e-9)


def test_fields_have_two_values_where_they_jump(result: mt.SteadyResult) -> None:
    fields = result.fields
    contact, lid = result.interfaces()
    for height, row in ((0.2 * mm, contact), (1.2 * mm, lid)):
        here = np.flatnonzero(np.abs(fields.points[:, 2] - height) < 1e-9)
        places, copies = np.unique(np.round(fields.points[here, :2] / SIDE, 6), axis=0, return_counts=True)
        assert (copies == 2).all() and len(places) * 2 == len(here)
        sides = []
        for number in (0, 1, 2):
            nodes = np.intersect1d(fields.cells[fields.part == number], here)
            if len(nodes):
                assert len(nodes) == len(places)
                sides.append(fields.point_values["temperature"][nodes])
        jump = np.abs(sides[0].mean() - sides[1].mean())
        assert jump == pytest.approx(abs(row["mean_jump"]), rel=0.1)
    post = fields.point_values["potential"][np.unique(fields.cells[fields.part == 1])]
    assert np.isfinite(post).all()
    top = np.unique(fields.cells[fields.part == 2])
    assert np.isnan(fields.point_values["potential"][top]).all()


def test_texts_and_files_tell_of_contacts_and_circuits(result: mt.SteadyResult) -> None:
    text = result.summary()
    for piece in ("pad|post", "lid|post", "contact joule", "node:source to pad.x_min", "Interfaces", "Resistors"):
        assert piece in text
    data = json.loads(result_text(result))
    assert [row["name"] for row in data["interfaces"]] == ["pad|post", "lid|post"]
    assert data["interfaces"][0]["joule_power"] == result.interfaces()[0]["joule_power"]
    assert data["nodes_V"]["node:source"] == pytest.approx(1.0)
    assert data["resistors"][0]["current"] == result.elements[0]["current"]
    kinds = {row["kind"] for row in data["balance"]["heat"]}
    assert kinds == {"power", "convection", "joule", "contact joule"}


def test_ambient_and_faces_with_several_boundaries() -> None:
    package = mt.Package.from_parts([mt.Part("block", mt.rectangle(SIDE), (0.0, SIDE), METAL)])
    loads = [
        mt.Power("block", 0.3),
        mt.Convection("top", 100.0, 310.0),
        mt.Radiation("top", 290.0, 0.9),
        mt.HeatSink("bottom", 200.0, 305.0),
    ]
    found = mt.solve_steady(mt.Case(package, loads), mt.generate_mesh(package, "coarse"))
    assert found.ambient == 290.0
    rows = {kind: -watt for place, kind, watt in found.balance.heat if place == "top"}
    assert found.heat_out("top") == pytest.approx(rows["convection"] + rows["radiation"], rel=1e-12)
    assert found.heat_out() == pytest.approx(0.3, rel=1e-9)
    assert found.heat_out("bottom") == pytest.approx(0.3 - found.heat_out("top"), rel=1e-8)
    assert found.interfaces() == () and found.elements == () and found.vias() == ()
    assert "Interfaces" not in found.summary()
