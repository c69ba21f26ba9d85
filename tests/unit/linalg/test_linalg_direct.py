from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from linalg_problems import chain, poisson

from mcpthermal.errors import LinearSolveError, MissingLibraryError
from mcpthermal.linalg import direct, factorise, pardiso_available

needs_pardiso = pytest.mark.skipif(not pardiso_available(), reason="PARDISO is not installed")
LIBRARIES = [pytest.param("PARDISO", marks=needs_pardiso), "SuperLU"]


@pytest.fixture(params=LIBRARIES)
def library(request):
    return request.param


def test_solves_one_and_several_right_hand_sides(library):
    matrix = poisson(4).matrix()
    factors = factorise(matrix, prefer=library)
    several = np.random.default_rng(1).standard_normal((matrix.shape[0], 3))
    assert factors.name == library and factors.seconds > 0.0
    np.testing.assert_allclose(matrix @ factors.solve(several), several, atol=1e-11)
    np.testing.assert_allclose(matrix @ factors.solve(several[:, 1]), several[:, 1], atol=1e-11)


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_takes_any_sparse_format_and_leaves_it_alone(library, form):
    matrix = form(poisson(2, 2).matrix())
    before = matrix.toarray()
    b = np.arange(matrix.shape[0], dtype=float)
    x = factorise(matrix, prefer=library).solve(b)
    np.testing.assert_allclose(before @ x, b, atol=1e-12)
    np.testing.assert_array_equal(matrix.toarray(), before)


def test_unsorted_indices_and_duplicates(library):
    rows, columns = [0, 0, 0, 1, 1], [1, 0, 0, 1, 0]
    matrix = sparse.csr_matrix((2, 2))
    matrix.data, matrix.indices = np.array([-1.0, 1.0, 1.0, 2.0, -1.0]), np.array(columns, dtype=np.int32)
    matrix.indptr = np.searchsorted(rows, [0, 1, 2]).astype(np.int32)
    x = factorise(matrix, prefer=library).solve(np.array([1.0, 0.0]))
    np.testing.assert_allclose(x, [2 / 3, 1 / 3])


@settings(max_examples=40)
@given(size=st.integers(1, 40), seed=st.integers(0, 2**32 - 1), density=st.floats(0.0, 0.5))
def test_random_definite_matrices(size, seed, density):
    rng = np.random.default_rng(seed)
    root = sparse.random(size, size, density, random_state=rng, format="csr")
    scale = sparse.diags(10.0 ** rng.uniform(-4, 4, size))
    matrix = scale @ (root @ root.T + sparse.identity(size)) @ scale
    solution = rng.standard_normal(size)
    for name in ("PARDISO", "SuperLU") if pardiso_available() else ("SuperLU",):
        x = factorise(matrix, prefer=name).solve(matrix @ solution)
        error = np.linalg.norm(scale @ (x - solution)) / np.linalg.norm(scale @ solution)
        assert error < 1e-10


@needs_pardiso
@pytest.mark.parametrize("hold, single", [(1e-2, True), (1e-9, False)])
def test_rough_factors_are_single_where_the_lowest_mode_allows_it(hold, single):
    held = np.zeros(40)
    held[0] = hold
    matrix = sparse.csr_matrix(1e-5 * (chain(40, ends=1.0) + sparse.diags(held)))
    factors = factorise(matrix, rough=True)
    assert factors.name == ("PARDISO in single precision" if single else "PARDISO")
    level = np.full(40, 1e-42)
    np.testing.assert_allclose(factors.solve(matrix @ level), level, rtol=1e-2 if single else 1e-5)


@needs_pardiso
def test_what_single_precision_cannot_hold_is_factorised_in_double():
    """Entries that are zero in single precision are no fault of the matrix."""
    matrix = sparse.csr_matrix(sparse.diags(np.geomspace(1.0, 1e-60, 8)))
    factors = factorise(matrix, rough=True)
    assert factors.name == "PARDISO"
    np.testing.assert_allclose(factors.solve(matrix @ np.ones(8)), np.ones(8), rtol=1e-12)


def free_level():
    matrix = poisson(5, 2).matrix()
    return sparse.csr_matrix(matrix - sparse.diags(np.asarray(matrix.sum(axis=1)).ravel()))


def with_entry(value):
    matrix = chain(6).tolil()
    matrix[2, 2] = value
    return matrix.tocsr()


FAULTS = [
    (free_level(), "singular to working precision.*nothing fixes the level of 121 of the 121"),
    (sparse.block_diag([chain(9), chain(5, ends=1.0)], format="csr"), "level of 5 of the 14 unknowns"),
    (
        sparse.csr_matrix(poisson(5, 2).matrix() - 0.5 * sparse.identity(121)),
        "not positive definite: . of 121",
    ),
    (with_entry(np.nan), "NaN or infinite entries, the first in row 2"),
    (with_entry(np.inf), "1 NaN or infinite entries"),
    (with_entry(-1.0), "diagonal of row 2 is -1"),
    (sparse.csr_matrix(np.diag([1.0, 0.0, 1.0])), "1 empty rows, first 1"),
    (sparse.csr_matrix(np.array([[1.0, 0.5], [0.0, 1.0]])), "not symmetric"),
    (sparse.csr_matrix(np.ones((2, 3))), "not square"),
]


@pytest.mark.parametrize("matrix, message", FAULTS, ids=[message for _, message in FAULTS])
def test_says_what_is_wrong_with_a_matrix(library, matrix, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LinearSolveError, match=message):
            factorise(matrix, prefer=library)


@pytest.mark.parametrize("shift", [0.0, 1e-3])
def test_other_regular_matrices_on_request(library, shift):
    matrix = sparse.csr_matrix(np.array([[0.0, 2.0 + shift, 0.0], [2.0, 1.0, 0.5], [0.0, 0.5, -3.0]]))
    b = np.array([1.0, 2.0, 3.0])
    x = factorise(matrix, prefer=library, definite=False).solve(b)
    np.testing.assert_allclose(matrix @ x, b, atol=1e-12)


def test_symmetric_indefinite_matrix_on_request(library):
    matrix = sparse.csr_matrix(poisson(5, 2).matrix() - 0.5 * sparse.identity(121))
    b = np.ones(121)
    np.testing.assert_allclose(matrix @ factorise(matrix, prefer=library, definite=False).solve(b), b)


def test_nearly_singular_is_not_singular(library):
    """Heat that leaves through a very weak exchange only."""
    matrix = sparse.csr_matrix(free_level() + 1e-9 * sparse.identity(121))
    assert np.isfinite(factorise(matrix, prefer=library).solve(np.ones(121))).all()


def test_no_unknowns(library):
    assert factorise(sparse.csr_matrix((0, 0)), prefer=library).solve(np.zeros(0)).size == 0


def test_wrong_right_hand_side(library):
    with pytest.raises(ValueError, match=r"shape \(4,\) does not fit 5 unknowns"):
        factorise(chain(5), prefer=library).solve(np.zeros(4))


def test_library_choice(monkeypatch):
    with pytest.raises(ValueError, match="known are 'PARDISO' and 'SuperLU'"):
        factorise(chain(5), prefer="umfpack")
    monkeypatch.setattr(direct, "pardiso_available", lambda: False)
    assert factorise(chain(5)).name == "SuperLU"
    with pytest.raises(MissingLibraryError, match="pip install pypardiso"):
        factorise(chain(5), prefer="PARDISO")


def test_factorisations_live_apart_and_in_threads(library):
    matrix = poisson(6).matrix()
    b = np.ones(matrix.shape[0])
    gone, kept = factorise(matrix, prefer=library), factorise(2.0 * matrix, prefer=library)
    expected = 0.5 * gone.solve(b)
    del gone
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(kept.solve(b))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    for answer in answers:
        np.testing.assert_allclose(answer, expected, rtol=1e-12)


@needs_pardiso
def test_equal_patterns_share_the_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numeric factors alone are made anew; other patterns, and what is not definite, are left to `factorise`."""
    phases: list[int] = []
    call = direct._Pardiso._call
    monkeypatch.setattr(direct._Pardiso, "_call", lambda self, phase, b: phases.append(phase) or call(self, phase, b))
    size = 400
    rng = np.random.default_rng(0)
    line = sparse.diags([-1.0, 2.5, -1.0], [-1, 0, 1], shape=(size, size), format="csr")
    other = sparse.diags([-0.3, 1.0, -0.3], [-1, 0, 1], shape=(size, size), format="csr")
    x = rng.standard_normal(size)
    first = factorise(line)
    second = first.renew(other)
    assert second is not None and phases.count(12) == 1 and phases.count(22) == 1
    assert second.solve(other @ x) == pytest.approx(x)
    wide = sparse.diags([-1.0, 4.0, -1.0], [-5, 0, 5], shape=(size, size), format="csr")
    assert second.renew(wide) is None
    indefinite = sparse.diags([-2.0, 1.0, -2.0], [-1, 0, 1], shape=(size, size), format="csr")
    assert factorise(line).renew(indefinite) is None


@needs_pardiso
def test_equal_patterns_share_the_order_of_elimination(monkeypatch: pytest.MonkeyPatch) -> None:
    """In either precision; only the latest patterns are kept."""
    orders: dict[bytes, Any] = {}
    monkeypatch.setattr(direct, "_ORDERS", orders)
    monkeypatch.setattr(direct, "MOST_ORDERS", 2)
    rng = np.random.default_rng(1)
    size = 300
    x = rng.standard_normal(size)

    def banded(reach: int) -> Any:
        off = -rng.random(size - reach)
        return sparse.diags([off, 2.5 * np.ones(size), off], [-reach, 0, reach], format="csr")

    matrices = [banded(1), banded(1), banded(7), banded(1), banded(9)]
    counts = []
    for matrix in matrices:
        assert factorise(matrix).solve(matrix @ x) == pytest.approx(x)
        counts.append(len(orders))
    assert counts == [1, 1, 2, 2, 2]
    order = next(iter(orders.values()))
    assert sorted(order - order.min()) == list(range(size))
    rough = direct._Pardiso(matrices[2], direct._SPD, np.float32)
    assert rough._order is order and rough.solve(matrices[2] @ x) == pytest.approx(x, rel=1e-4, abs=1e-5)
