"""Small results to draw."""

from __future__ import annotations

import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um


@pytest.fixture(scope="session")
def corner() -> mt.SteadyResult:
    """A plate with a hot block on the corner that faces the viewer."""
    package = mt.Package.from_parts(
        [
            mt.Part("plate", mt.rectangle(4 * mm), (0.0, 0.5 * mm), mt.Material("m", 3.0)),
            mt.Part("block", mt.rectangle(1 * mm, at=(1.4 * mm, -1.4 * mm)), (0.5 * mm, 0.8 * mm), "silicon"),
        ]
    )
    loads = [mt.Power("block", 0.5), mt.Convection("bottom", 1000.0, mt.celsius(25))]
    spec = mt.MeshSpec("coarse", edge_size=0.5 * mm, max_size=1 * mm, layer_size=300 * um)
    return mt.solve_steady(mt.Case(package, loads, name="corner"), mt.generate_mesh(package, spec))
