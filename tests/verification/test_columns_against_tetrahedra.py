"""Two discretisations of one package: planar x vertical quadratic columns, and the same columns as tetrahedra.

Reference: each other. They share no assembly, and must agree on a small package with chips, bumps, a via and
a trace that carries current, the better the finer the mesh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

AMBIENT = celsius(25)


def package() -> mt.Package:
    copper = mt.Material("copper", mt.Linear(400.0, -0.07, 293.15), mt.Metal(1.72e-8, 0.0039, 293.15))
    silicon = mt.Material("silicon", mt.PowerLaw(144.0, 300.0, -4 / 3))
    board = mt.rectangle((4 * mm, 4 * mm))
    bumps = mt.circles(200 * um, mt.grid(2, 2, pitch=600 * um))
    chip = mt.rectangle((1.6 * mm, 1.6 * mm))
    return mt.Package.from_parts(
        [
            mt.Part("carrier", board, (-300 * um, 0.0), mt.Material("laminate", (0.8, 0.8, 0.3))),
            mt.Part("mould", board, (0.0, 600 * um), mt.Material("mould", 0.9)),
            mt.Part("lower", chip, (0.0, 200 * um), silicon),
            mt.Part("underfill", chip, (200 * um, 280 * um), mt.Material("underfill", 0.6)),
            mt.Part("bumps", bumps, (200 * um, 280 * um), mt.Material("solder", 57.0)),
            mt.Part("upper", chip, (280 * um, 430 * um), silicon),
            mt.Part("via", mt.circle(200 * um, at=(1.4 * mm, 1.4 * mm)), (0.0, 600 * um), copper, role="via"),
            mt.Part(
                "trace",
                mt.rectangle((3.4 * mm, 300 * um), at=(-0.15 * mm, 1.4 * mm)),
                (600 * um, 650 * um),
                copper,
            ),
        ]
    )


def loads() -> list[Any]:
    return [
        mt.Power("lower", 0.5),
        mt.Power("upper", 0.3),
        mt.Voltage("via.bottom", 0.0),
        mt.Current("trace.x_min", 4.0),
        mt.Convection("bottom", 1500.0, AMBIENT),
        mt.Convection("top", 20.0, AMBIENT),
    ]


def answers(result: mt.SteadyResult) -> dict[str, float]:
    spots = {
        "over the chips": (0.2 * mm, 0.1 * mm, 600 * um),
        "in the carrier": (-0.7 * mm, 0.4 * mm, -100 * um),
    }
    return {
        "upper": result.max_temperature("upper") - AMBIENT,
        "lower": result.mean_temperature("lower") - AMBIENT,
        "bumps": result.mean_temperature("bumps") - AMBIENT,
        "trace": result.max_temperature("trace") - AMBIENT,
        **{name: result.temperature_at([xyz])[0] - AMBIENT for name, xyz in spots.items()},
        "resistance": result.resistance("trace.x_min", "via.bottom"),
        "Joule heat of the via": result.joule_power("via"),
        "Joule heat of the trace": result.joule_power("trace"),
        "potential": result.potential_at([(0.0, 1.4 * mm, 625 * um)])[0],
        "heat through the bottom": result.heat_out("bottom"),
    }


@pytest.mark.slow
def test_both_discretisations_agree_and_converge(split: Callable[..., Any]) -> None:
    whole = package()
    gaps, columns = [], []
    for factor in (2.0, 1.0):
        spec = mt.MeshSpec(
            max_size=0.5 * factor * mm,
            edge_size=0.12 * factor * mm,
            layer_size=0.08 * factor * mm,
            sizes={"bumps": 40 * factor * um, "via": 40 * factor * um},
        )
        mesh = mt.generate_mesh(whole, spec)
        same, tetrahedra = split(whole, mesh)
        ours = mt.solve_steady(mt.Case(whole, loads()), mesh)
        other = mt.solve_steady(mt.Case(same, loads()), tetrahedra)
        for result in (ours, other):
            assert result.current("trace.x_min") == pytest.approx(4.0, rel=1e-8)
            assert result.current("via.bottom") == pytest.approx(-4.0, rel=1e-8)
            assert result.balance.relative_defect < 1e-8
        one, two = answers(ours), answers(other)
        columns.append(one)
        gaps.append({name: two[name] / one[name] - 1 for name in one})
    report = "\n".join(
        f"{name}: {columns[1][name]:.7g}, tetrahedra {gaps[0][name]:+.1e} then {gaps[1][name]:+.1e}, "
        f"coarse columns {columns[0][name] / columns[1][name] - 1:+.1e}"
        for name in gaps[0]
    )
    print(report)
    # The tetrahedra are the poorer of the two: the gap is mostly theirs.
    assert max(abs(gap) for gap in gaps[1].values()) < 5e-3, report
    assert max(abs(gap) for gap in gaps[1].values()) < max(abs(gap) for gap in gaps[0].values()), report
    for name in ("upper", "lower", "trace", "resistance"):
        assert abs(gaps[1][name]) < abs(gaps[0][name]), report
        assert columns[0][name] == pytest.approx(columns[1][name], rel=1e-2), report
