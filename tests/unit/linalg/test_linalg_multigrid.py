from __future__ import annotations

import numpy as np
import pytest
from linalg_problems import assert_spd, dense, interpolation, kron, line_blocks, poisson, stack

from mcpthermal.errors import LinearSolveError
from mcpthermal.linalg import (
    MatrixSystem,
    SmoothedAggregation,
    TwoLevel,
    conjugate_gradients,
    direct,
    multigrid,
)


def iterations(system, rtol=1e-9):
    b = np.random.default_rng(4).standard_normal(system.size)
    preconditioner = TwoLevel(system)
    _, count, history = conjugate_gradients(
        system.apply,
        b,
        None,
        preconditioner.solve,
        absolute_tolerance=rtol * np.linalg.norm(b),
        max_iterations=99,
    )
    assert len(history) == count + 1 and history[-1] <= rtol * history[0]
    return count


@pytest.mark.parametrize("system", [poisson(3, 2), stack(2, 4, 100.0), stack(2, 4, 1e6, 50.0)])
def test_two_level_is_symmetric_positive_definite(system):
    assert_spd(dense(TwoLevel(system).solve, system.size))


@pytest.mark.parametrize("dimension", [2, 3])
def test_two_level_iterations_do_not_grow_with_size(dimension):
    small, large = (iterations(poisson(coarse, dimension)) for coarse in (4, 12))
    assert large <= small + 2 <= 11


def test_line_blocks_make_iterations_independent_of_anisotropy():
    counts = [iterations(stack(8, 12, 10.0**power)) for power in range(7)]
    assert max(counts) <= 8


def test_line_blocks_help_where_the_coarse_level_does_not_resolve_the_lines():
    """Coarse in z as well: points cannot smooth the stiff direction, lines can."""
    plate = stack(6, 13, 1e4)
    prolongation = kron(interpolation(6), poisson(6, 2).level.prolongation())
    lines = MatrixSystem(plate.matrix(), prolongation, plate.level.blocks())
    points = MatrixSystem(plate.matrix(), prolongation)
    assert 2 * iterations(lines) <= 16 <= iterations(points)


def test_refresh_follows_the_operator():
    old, new = stack(3, 6, 1e3), stack(3, 6, 1e3, contrast=1.2)
    preconditioner = TwoLevel(old)
    preconditioner.refresh(new)
    assert_spd(dense(preconditioner.solve, new.size))
    with pytest.raises(ValueError, match="do not fit a hierarchy"):
        preconditioner.refresh(stack(2, 6, 1e3))


def test_description_names_the_choice(monkeypatch):
    system = poisson(6, 2)
    names = ["PARDISO", "SuperLU"] if direct.pardiso_available() else ["SuperLU"]
    for name in names:
        monkeypatch.setattr(direct, "pardiso_available", lambda name=name: name == "PARDISO")
        chosen = TwoLevel(system)
        assert chosen.description == f"two-level (Chebyshev point smoother, {name} coarse 36)"
        assert name in chosen.reason
    monkeypatch.setattr(multigrid, "SUPERLU_COARSE_LIMIT", 10)
    chosen = TwoLevel(system)
    assert "smoothed aggregation" in chosen.description and "above the 10 of SuperLU" in chosen.reason
    assert_spd(dense(chosen.solve, system.size))


def test_smoothed_aggregation_is_symmetric_repeatable_and_leaves_the_global_generator():
    system = poisson(7, 2)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = SmoothedAggregation(system.matrix()), SmoothedAggregation(system.matrix())
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    b = np.ones(system.size)
    np.testing.assert_array_equal(one.solve(b), two.solve(b))
    assert_spd(dense(one.solve, system.size))


def test_a_coarse_level_is_needed():
    with pytest.raises(LinearSolveError, match="needs a system with a coarse level"):
        TwoLevel(MatrixSystem(poisson(2, 2).matrix()))


def test_line_blocks_of_a_matrix_reproduce_it():
    system = stack(1, 5, 7.0)
    blocks = line_blocks(system.matrix(), 5)
    inverse = np.linalg.inv(dense(blocks.solve, system.size))
    np.testing.assert_allclose(np.diag(inverse), system.matrix().diagonal(), rtol=1e-12)
