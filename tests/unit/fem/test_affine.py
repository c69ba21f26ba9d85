"""The affine terms against operators and loads that are assembled at other heights."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import InputError
from mcpthermal.fem.affine import AffineOperator
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.mesh.layers import fractions_of, moved_mesh

SIDE = 1e-3
OBLIQUE = mt.Material("oblique", {"xx": 3.0, "yy": 2.0, "zz": 1.5, "xz": 0.4, "yz": -0.3, "xy": 0.2})
METAL = mt.Material("warm", mt.Linear(80.0, -0.1, 300.0))


def package(*heights: float) -> mt.Package:
    """Four slabs, the last one smaller, the second with conduction at an angle, the third with a law."""
    levels = np.concatenate([[0.0], np.cumsum(heights)])
    sides = (SIDE, SIDE, SIDE, 0.5 * SIDE)
    materials = (mt.Material("plain", (5.0, 6.0, 7.0)), OBLIQUE, METAL, "silicon")
    return mt.Package.from_parts(
        [
            mt.Part(f"slab_{n}", mt.rectangle(side), (levels[n], levels[n + 1]), material)
            for n, (side, material) in enumerate(zip(sides, materials, strict=True))
        ]
    )


def problem(mesh: mt.ColumnMesh, case: mt.Case) -> tuple[ColumnSpace, Any, Any, dict[str, Any]]:
    space = ColumnSpace(mesh, mesh.solid)
    axes = [part.material.thermal_axes for part in case.package.parts]

    def temperature(layer: int) -> Any:
        """A field that does not depend on heights, so that the law's values are those of the terms."""
        return np.broadcast_to(
            300.0 + 50.0 * space.plane.weights / space.plane.weights.max(), (3, *space.plane.weights.shape)
        )

    places = {name: mesh.exposed(mesh.faces_of(case.place(name))) for name in ("bottom", "top", "sides")}
    return space, axes, temperature, {name: space.patches(faces) for name, faces in places.items()}


@pytest.fixture(scope="module")
def setting() -> dict[str, Any]:
    reference = package(3e-4, 2e-4, 1e-4, 2e-4)
    loads = [mt.Power("slab_0", 1.0), mt.Convection("bottom", h=100.0, ambient=300.0)]
    case = mt.Case(reference, loads)
    mesh = mt.generate_mesh(reference, mt.MeshSpec("coarse", layer_size=6e-5))
    fractions = fractions_of(mesh, reference)
    ends = np.cumsum([0, *(len(inner) + 1 for inner in fractions)])
    intervals = [np.arange(a, b) for a, b in pairwise(ends.tolist())]
    space, axes, temperature, films = problem(mesh, case)
    terms = AffineOperator(space, axes, films, intervals, temperature)
    return {"case": case, "mesh": mesh, "fractions": fractions, "terms": terms, "intervals": intervals}


HEIGHTS = [(3e-4, 2e-4, 1e-4, 2e-4), (1e-4, 2e-4, 5e-4, 3e-4), (4e-4, 5e-5, 2e-4, 1e-3)]
FILMS = {"bottom": 900.0, "top": 20.0, "sides": 70.0}


@pytest.mark.parametrize("heights", HEIGHTS)
def test_terms_times_factors_are_the_operator_at_other_heights(setting: dict[str, Any], heights: Any) -> None:
    terms = setting["terms"]
    case = mt.Case(package(*heights), setting["case"].loads)
    mesh = moved_mesh(setting["mesh"], case.package, setting["fractions"])
    space, axes, temperature, films = problem(mesh, case)
    operator = space.operator(axes, temperature)
    operator.add_matrices([p.matrix(FILMS[name], space.size) for name, patches in films.items() for p in patches])
    raw = np.random.default_rng(1).standard_normal(space.size)
    wanted = operator.apply(raw)
    found = terms.apply(raw, terms.factors(heights, FILMS))
    assert found == pytest.approx(wanted, abs=1e-12 * np.abs(wanted).max())


def test_each_kind_of_term_counts(setting: dict[str, Any]) -> None:
    """Heights, inverses, films on flat and upright faces, and oblique axes each leave a difference if left out."""
    terms = setting["terms"]
    kinds = {(term.power, bool(term.place)) for term in terms.terms}
    assert kinds == {(1, False), (-1, False), (0, False), (0, True), (1, True)}
    raw = np.random.default_rng(2).standard_normal(terms.space.size)
    factors = terms.factors(HEIGHTS[1], FILMS)
    whole = terms.apply(raw, factors)
    for number in range(len(factors)):
        less = factors.copy()
        less[number] = 0.0
        assert np.abs(terms.apply(raw, less) - whole).max() > 1e-8 * np.abs(whole).max()


@pytest.mark.parametrize("heights", HEIGHTS)
def test_powers_are_shared_by_volume(setting: dict[str, Any], heights: Any) -> None:
    terms, mesh = setting["terms"], setting["mesh"]
    moved = moved_mesh(mesh, package(*heights), setting["fractions"])
    cells = (mesh.cell_part == 0) | (mesh.cell_part == 3)
    loads, sections = terms.power_terms(cells)
    space = ColumnSpace(moved, moved.solid)
    wanted = space.volume_load(cells, 2.5 / moved.cell_volumes[cells].sum())
    found = 2.5 * terms.shares(sections, heights) @ loads
    assert found == pytest.approx(wanted, abs=1e-13 * wanted.max()) and wanted.sum() == pytest.approx(2.5)


def test_terms_restrict_to_unknowns(setting: dict[str, Any]) -> None:
    """The explicit matrices of the terms add up as the products do."""
    from mcpthermal.fem.numbering import Numbering

    terms = setting["terms"]
    number = Numbering(terms.space.active)
    factors = terms.factors(HEIGHTS[2], FILMS)
    matrices = [terms.space.system(term.operator, number).matrix() for term in terms.terms]
    total = sum(factor * matrix for factor, matrix in zip(factors, matrices, strict=True))
    x = np.random.default_rng(3).standard_normal(number.size)
    wanted = number.collapse(terms.apply(number.expand(x), factors))
    assert total @ x == pytest.approx(wanted, abs=1e-12 * np.abs(wanted).max())


def test_what_does_not_fit_is_refused(setting: dict[str, Any]) -> None:
    terms = setting["terms"]
    with pytest.raises(InputError, match="4 intervals must be that many positive"):
        terms.factors([1e-4, 1e-4])
    with pytest.raises(InputError, match="did you mean 'top'"):
        terms.factors(HEIGHTS[0], {"tip": 1.0})
    with pytest.raises(InputError, match="each of the"):
        AffineOperator(terms.space, [], intervals=[np.array([0])])
