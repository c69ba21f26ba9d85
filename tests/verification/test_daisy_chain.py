"""The daisy-chain benchmark on its common mesh (`meshes/README.md`).

Reference: three independent finite-element programs on the same mesh with the same elements, which agree
with each other to 8e-10 in temperature and 7e-8 in voltage. They evaluate sigma(T) at the centroid of each
tetrahedron, here it is taken at the quadrature points; the voltages differ by 1e-8 from that.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import mcpthermal as mt

MESH = Path(__file__).parents[2] / "meshes" / "daisy_chain_A.msh.gz"
AMBIENT = 298.15

# order: greatest temperature of die B and die A (K), mean potential over term_in (V), Joule heat (W)
ANSWERS = {
    1: (393.5071313, 391.6785147, 100.7391061e-3, 0.201478212),
    2: (396.1850719, 394.2615019, 102.0188156e-3, 0.204037631),
}


@pytest.fixture(scope="module")
def mesh() -> mt.TetMesh:
    return mt.read_mesh(MESH)


@pytest.fixture(scope="module")
def case(mesh: mt.TetMesh) -> mt.Case:
    conductivity = {
        "carrier": 0.8,
        "dieA": 130.0,
        "dieB": 130.0,
        "underfill": 0.6,
        "bumps": 57.0,
        "mould": 0.9,
    }
    materials = {name: mt.Material(name, k) for name, k in conductivity.items()}
    materials["copper"] = mt.Material("copper", 398.0, mt.Metal(1 / 5.8e7, 0.0039, 293.15))
    return mt.Case(
        mt.Package.from_mesh(mesh, materials),
        [
            mt.Power("dieA", 2.0),
            mt.Power("dieB", 1.0),
            mt.Current("term_in", 2.0, distribution="uniform"),
            mt.Voltage("term_out", 0.0),
            mt.Convection("bottom", h=1000.0, ambient=AMBIENT),
            mt.Convection("top", h=20.0, ambient=AMBIENT),
        ],
    )


def test_the_mesh_is_the_common_one(mesh: mt.TetMesh) -> None:
    assert (mesh.n_cells, len(mesh.points)) == (244_123, 46_503)


@pytest.mark.parametrize("order", ANSWERS)
def test_answers_of_other_programs(order: int, case: mt.Case) -> None:
    result = mt.solve_steady(case, order=order)
    die_b, die_a, volt, watt = ANSWERS[order]
    assert result.max_temperature("dieB") - AMBIENT == pytest.approx(die_b - AMBIENT, rel=1e-8)
    assert result.max_temperature("dieA") - AMBIENT == pytest.approx(die_a - AMBIENT, rel=1e-8)
    assert result.voltage("term_in") == pytest.approx(volt, rel=1e-7)
    assert result.joule_power() == pytest.approx(watt, rel=1e-7)
    assert result.joule_power("copper") == pytest.approx(2.0 * result.voltage("term_in"), rel=1e-9)
    assert result.current("term_out") == pytest.approx(-2.0, rel=1e-8)
    assert result.heat_out() == pytest.approx(3.0 + result.joule_power(), rel=1e-8)
