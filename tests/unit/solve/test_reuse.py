"""A row of problems with layers of other heights: which factors serve them, and that they do not change the answer."""

from __future__ import annotations

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.mesh.layers import common_fractions, layering, moved_mesh
from mcpthermal.solve.reuse import Reuse
from mcpthermal.units import celsius, mm, um

SPEC = mt.MeshSpec("coarse")


def _case(height: float) -> mt.Case:
    """A chip on a film of a height."""
    package = mt.Package.from_parts(
        [
            mt.Part("board", mt.rectangle((6 * mm, 6 * mm)), z=(-0.5 * mm, 0), material="fr4"),
            mt.Part("film", mt.rectangle((3 * mm, 3 * mm)), z=(0, height), material="epoxy_mould"),
            mt.Part("chip", mt.rectangle((3 * mm, 3 * mm)), z=(height, height + 0.3 * mm), material="silicon"),
        ]
    )
    return mt.Case(package, [mt.Power("chip", 0.3), mt.Convection("bottom", h=2000.0, ambient=celsius(25))])


def _row(heights: list[float]) -> list[tuple[mt.Case, mt.ColumnMesh]]:
    """Cases on one planar mesh."""
    cases = [_case(height) for height in heights]
    fractions = common_fractions([layering(case.package, SPEC) for case in cases])
    planar = mt.generate_mesh(cases[0].package, SPEC, fractions=fractions)
    return [(case, moved_mesh(planar, case.package, fractions)) for case in cases]


def test_factors_of_layers_that_are_alike_serve_and_others_are_made() -> None:
    """Five times the height is too far at once; later ones have near factors to lean on."""
    heights = [20 * um, 21 * um, 100 * um, 20.5 * um, 98 * um]
    reuse, made = Reuse(), []
    for height, (case, mesh) in zip(heights, _row(heights), strict=True):
        reuse.parameters = {"height": height}
        result, alone = (mt.solve_steady(case, mesh, method="direct", reuse=given) for given in (reuse, None))
        rises = [item.max_temperature("chip") - celsius(25) for item in (result, alone)]
        assert rises[0] == pytest.approx(rises[1], rel=1e-8)
        made.append(sum(item.get("setups", 0) for item in result.provenance.solves))
    assert made == [1, 0, 1, 0, 0]


def test_factors_are_known_by_the_problem_that_they_were_made_for() -> None:
    """A solver that had to make new ones on its way does not count as that of its first problem any more."""
    (first, thin), (second, thick) = _row([20 * um, 25 * um])
    reuse = Reuse()
    mt.solve_steady(first, thin, method="direct", reuse=reuse)
    assert [own.heights for own in reuse._factors] == [pytest.approx(np.log(thin.heights))]
    reuse._factors[0].thermal.reset()
    for _ in range(2):
        mt.solve_steady(second, thick, method="direct", reuse=reuse)
    assert [own.heights for own in reuse._factors] == [pytest.approx(np.log(thick.heights))]
