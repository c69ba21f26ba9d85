"""Bounds of resistances hold for certain: beside exact values, and closer on finer meshes."""

from __future__ import annotations

from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.solve.bounds import resistance_bounds
from mcpthermal.units import mm

AMBIENT = 300.0
SIGMA = 1e6


def solved(package: mt.Package, loads: list[Any], mesh: mt.ColumnMesh) -> mt.SteadyResult:
    return mt.solve_steady(mt.Case(package, [mt.Convection("bottom", 1e3, AMBIENT), *loads]), mesh)


def bent(level: str = "coarse", metal: Any = SIGMA, thickness: float = 0.1 * mm) -> tuple[mt.Package, mt.ColumnMesh]:
    """An L of two arms, each four squares long beyond the corner square; 2-D, of the film's thickness."""
    outline = mt.polygon([(0, 0), (5 * mm, 0), (5 * mm, 1 * mm), (1 * mm, 1 * mm), (1 * mm, 5 * mm), (0, 5 * mm)])
    package = mt.Package.from_parts([mt.Part("film", outline, (0.0, thickness), mt.Material("metal", 100.0, metal))])
    return package, mt.generate_mesh(package, level)


def test_a_corner_of_a_film_lies_between_its_bounds() -> None:
    """Conformal mapping: a right-angled corner counts for 0.55852... squares (Hall, Thin Solid Films 1, 1968)."""
    exact = (8 + 0.558522) / (SIGMA * 0.1 * mm)
    gaps = []
    for level in ("coarse", "normal"):
        package, mesh = bent(level)
        result = solved(package, [mt.Current("film.x_max", 1.0), mt.Voltage("film.y_max", 0.0)], mesh)
        (item,) = mt.estimate_error(result.case, result, mt.Resistance("film.x_max", "film.y_max"))
        assert item.bounds is not None
        low, high = item.bounds
        assert low < exact < high and low < item.corrected < high
        assert item.value == pytest.approx(low, rel=1e-8)
        gaps.append(high / low - 1)
        assert "for certain" in str(item)
    assert gaps[1] < 0.6 * gaps[0] < 0.02


def test_bounds_meet_where_the_current_is_even() -> None:
    metal = mt.Part("bar", mt.rectangle((3 * mm, 1 * mm)), (0.0, 0.2 * mm), mt.Material("m", 100.0, (1e6, 2e6, 3e6)))
    package = mt.Package.from_parts([metal])
    mesh = mt.generate_mesh(package, "coarse")
    for ends, exact in (
        (("bar.x_min", "bar.x_max"), 3 * mm / (1e6 * 0.2 * mm * mm)),
        (("bar.top", "bar.bottom"), 0.2 * mm / (3e6 * 3 * mm * mm)),
    ):
        for load in (mt.Current(ends[0], 2.0), mt.Voltage(ends[0], 0.1), mt.Current(ends[0], 2.0, "uniform")):
            result = solved(package, [load, mt.Voltage(ends[1], 0.0)], mesh)
            assert resistance_bounds(result, *ends) == pytest.approx((exact, exact), rel=1e-6)


@pytest.mark.parametrize("distribution", ["equipotential", "uniform"])
def test_bounds_close_in_around_a_much_finer_answer(distribution: str) -> None:
    """A current that turns from a film into a post, with a pad in the middle of it."""
    parts = [
        mt.Part("film", mt.rectangle(2 * mm), (0.0, 0.1 * mm), mt.Material("m", 100.0, SIGMA)),
        mt.Part("post", mt.rectangle(0.4 * mm), (0.1 * mm, 0.4 * mm), mt.Material("p", 100.0, 3e5)),
    ]
    package = mt.Package.from_parts(parts)
    top = mt.Current("post.top", 1.0) if distribution == "equipotential" else mt.Current("post.top", 1.0, "uniform")
    loads = [top, mt.Voltage("film.sides", 0.0)]
    fine = solved(package, loads, mt.generate_mesh(package, mt.MeshSpec("fine", edge_size=0.05 * mm)))
    goal = mt.Resistance("post.top", "film.sides")
    exact = mt.estimate_error(fine.case, fine, goal)[0].corrected
    low, high = resistance_bounds(solved(package, loads, mt.generate_mesh(package, "coarse")), goal.a, goal.b) or (0, 0)
    assert low < exact < high < 1.1 * low


def test_no_bounds_where_none_are_known() -> None:
    package, mesh = bent(metal=mt.Metal(1e-6, 4e-3, AMBIENT))
    result = solved(package, [mt.Current("film.x_max", 1.0), mt.Voltage("film.y_max", 0.0)], mesh)
    assert resistance_bounds(result, "film.x_max", "film.y_max") is None
    package, mesh = bent()
    loads = [mt.Current("film.x_max", 1.0), mt.Voltage("film.y_max", 0.0), mt.Current("film.top", 0.1, "uniform")]
    result = solved(package, loads, mesh)
    assert resistance_bounds(result, "film.x_max", "film.y_max") is None
