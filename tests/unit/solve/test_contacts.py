"""Contacts: exchange, Joule heat and derivatives against sums over areas and differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.fem.discretisation import make_space
from mcpthermal.solve.contacts import Contact, conducting_faces, cuts_of

RNG = np.random.default_rng(37)
FOOT, MANTLE = 0.6e-3 * 0.4e-3, 2 * (0.6e-3 + 0.4e-3) * 0.3e-3
LAW = mt.Linear(2e-5, 4e-8, 300.0)
RHO = mt.Linear(3e-9, 1e-11, 300.0)


def package() -> mt.Package:
    plate = mt.rectangle((2e-3, 1.2e-3))
    pin = mt.rectangle((0.6e-3, 0.4e-3), at=(0.2e-3, 0.1e-3))
    return mt.Package.from_parts(
        [
            mt.Part("base", plate, (0.0, 0.3e-3), "copper"),
            mt.Part("mould", plate, (0.3e-3, 0.6e-3), "epoxy_mould"),
            mt.Part("pin", pin, (0.3e-3, 0.6e-3), "copper"),
        ]
    )


def problem(kind: str, *interfaces: mt.Interface) -> tuple[Any, Any, Any, Any, Any]:
    """Case, mesh, both spaces and the conducting cells."""
    structure = package()
    mesh: Any = mt.generate_mesh(structure, mt.MeshSpec(max_size=0.6e-3, edge_size=0.5e-3, layer_size=0.2e-3))
    if kind == "tetrahedra":
        cells, part = mesh.tetrahedra()
        mesh = mt.TetMesh(mesh.points, cells, part, mesh.part_names)
        structure = mt.Package.from_mesh(mesh, {"base": "copper", "mould": "epoxy_mould", "pin": "copper"})
    case = mt.Case(structure, [mt.Convection("bottom", h=1e3, ambient=300.0), *interfaces])
    cells = mesh.of_parts(case.conducting_parts)
    thermal = make_space(mesh, mesh.solid, 2, cuts_of(case, mesh, "thermal", mesh.solid))
    electrical = make_space(mesh, cells, 2, cuts_of(case, mesh, "electrical", cells))
    return case, mesh, thermal, electrical, cells


def contacts(kind: str, *interfaces: mt.Interface) -> tuple[Any, ...]:
    case, mesh, thermal, electrical, cells = problem(kind, *interfaces)
    found = [
        Contact(item, mesh, case.interface_faces(mesh, item), thermal, electrical, cells) for item in case.interfaces
    ]
    return thermal, electrical, mesh, found


def in_parts(space: Any, names: str) -> Any:
    """The raw entries of some parts, as a mask."""
    mesh = space.mesh
    mask = np.zeros(space.size, bool)
    mask[space.cell_entries(mesh.of_parts(np.isin(mesh.part_names, names.split())))] = True
    return mask


KINDS = ("columns", "tetrahedra")


@pytest.mark.parametrize("kind", KINDS)
def test_only_faces_with_a_resistance_are_cut(kind: str) -> None:
    heat, current = mt.Interface("pin|mould", thermal_resistance=1e-5), mt.Interface("pin|base", None, 0.0, 1e-9)
    case, mesh, thermal, electrical, cells = problem(kind, heat, current)
    hot = cuts_of(case, mesh, "thermal", mesh.solid)
    assert mesh.face_areas(hot).sum() == pytest.approx(MANTLE, rel=1e-9)
    live = cuts_of(case, mesh, "electrical", cells)
    assert mesh.face_areas(live).sum() == pytest.approx(FOOT, rel=1e-9)
    assert thermal.size > make_space(mesh, mesh.solid).size
    assert electrical.size > make_space(mesh, cells).size
    # The mantle has a conductor on one side only.
    mantle = case.interface_faces(mesh, case.interfaces[0])
    assert conducting_faces(mesh, mantle, cells).count == 0
    none = problem(kind)
    assert cuts_of(none[0], none[1], "thermal", none[1].solid) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["pin|base", "mould|pin"])
def test_the_exchange_dissipates_jumps(kind: str, place: str) -> None:
    thermal, _, _, (contact,) = contacts(kind, mt.Interface(place, thermal_resistance=LAW))
    temperature = 300 + 40 * RNG.random(thermal.size)
    matrix, rest = contact.thermal_terms(temperature)
    expected = 0.0
    for a, b in contact.thermal:
        warm, cold = a.at_points(temperature), b.at_points(temperature)
        resistance = 2e-5 + 4e-8 * ((warm + cold) / 2 - 300)
        expected += float((a.weights * (warm - cold) ** 2 / resistance).sum())
    assert temperature @ (matrix @ temperature) == pytest.approx(expected, rel=1e-10)
    assert abs(matrix - matrix.T).max() < 1e-14 * abs(matrix).max()
    assert np.abs(matrix @ np.ones(thermal.size)).max() < 1e-13 * abs(matrix).max()
    # Without a jump nothing flows, whatever the law.
    flat, added = contact.thermal_terms(np.full(thermal.size, 310.0))
    assert abs(added).max() < 1e-12 * abs(rest).max()
    assert flat.diagonal().sum() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_uniform_jump_over_a_closed_contact(kind: str) -> None:
    """Foot and mantle and nothing above: the pin is apart from all the rest."""
    interfaces = (
        mt.Interface("pin|base", None, LAW, RHO, heat_fraction=0.3),
        mt.Interface("pin|mould", None, 5e-5, 0.0),
    )
    thermal, electrical, _, (foot, mantle) = contacts(kind, *interfaces)
    temperature = np.where(in_parts(thermal, "pin"), 330.0, 300.0)
    potential = np.where(in_parts(electrical, "pin"), 0.25, 0.05)
    resistance, rho = 2e-5 + 4e-8 * 15, 3e-9 + 1e-11 * 15
    row = foot.report(temperature, potential)
    assert row["area"] == pytest.approx(FOOT, rel=1e-9)
    assert row["mean_jump"] == pytest.approx(30.0, rel=1e-9) and row["max_jump"] == pytest.approx(30.0, rel=1e-9)
    assert row["heat"] == pytest.approx(30 * FOOT / resistance, rel=1e-9)
    assert row["current"] == pytest.approx(0.2 * FOOT / rho, rel=1e-9)
    assert row["joule_power"] == pytest.approx(0.04 * FOOT / rho, rel=1e-9)
    row = mantle.report(temperature, potential)
    assert row["heat"] == pytest.approx(30 * MANTLE / 5e-5, rel=1e-9)
    assert row["current"] == 0.0 and row["joule_power"] == 0.0
    matrix, _ = foot.thermal_terms(temperature)
    pin = in_parts(thermal, "pin")
    assert (matrix @ temperature)[pin].sum() == pytest.approx(30 * FOOT / resistance, rel=1e-9)
    assert mantle.thermal_terms(temperature)[1] is None
    current = foot.electrical_matrix(temperature, electrical.size) @ potential
    live = in_parts(electrical, "pin")
    assert current[live].sum() == pytest.approx(0.2 * FOOT / rho, rel=1e-9)
    assert current.sum() == pytest.approx(0.0, abs=1e-9 * abs(current).sum())
    assert not mantle.electrical_matrix(temperature, electrical.size).nnz
    # Side a, the pin, gets 30 % of the contact's heat.
    load, total = foot.heat(temperature, potential)
    assert total == pytest.approx(0.04 * FOOT / rho, rel=1e-9)
    assert load[pin].sum() == pytest.approx(0.3 * total, rel=1e-9)
    assert load.sum() == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_are_those_of_differences(kind: str) -> None:
    interface = mt.Interface("pin|base", None, LAW, RHO, heat_fraction=0.3)
    thermal, electrical, _, (contact,) = contacts(kind, interface)
    temperature = 300 + 40 * RNG.random(thermal.size)
    potential = RNG.random(electrical.size)
    moved, raised = RNG.standard_normal(thermal.size), RNG.standard_normal(electrical.size)
    step = 1e-4

    def differences(function: Any) -> Any:
        return (function(step) - function(-step)) / (2 * step)

    def close(found: Any, expected: Any) -> bool:
        return bool(np.abs(found - expected).max() < 1e-6 * np.abs(expected).max() and np.abs(expected).max() > 0)

    def heat_flow(t: float) -> Any:
        at = temperature + t * moved
        return contact.thermal_terms(at)[0] @ at

    matrix, rest = contact.thermal_terms(temperature)
    assert close((matrix + rest) @ moved, differences(heat_flow))
    assert not close(matrix @ moved, differences(heat_flow))
    current, heat, by_potential = contact.linearise(temperature, potential)

    def flow(t: float) -> Any:
        return contact.electrical_matrix(temperature + t * moved, electrical.size) @ potential

    assert close(current @ moved, differences(flow))
    assert close(heat @ moved, differences(lambda t: contact.heat(temperature + t * moved, potential)[0]))
    assert close(by_potential @ raised, differences(lambda t: contact.heat(temperature, potential + t * raised)[0]))
    # The heat of the contact is the work of its current.
    assert contact.heat(temperature, potential)[1] == pytest.approx(potential @ flow(0.0), rel=1e-12)
