"""What stages start from: values foretold by polynomials, and solutions in the span of the latest ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.solve import march
from mcpthermal.solve.methods import TR_BDF2
from mcpthermal.solve.run import Run
from mcpthermal.solve.subspace import Latest
from mcpthermal.solve.trail import MOST, STEEP, Trail

RNG = np.random.default_rng(4)


def trail(function, times):
    made = Trail()
    for time in times:
        made.add(time, function(time))
    return made


@pytest.mark.parametrize("degree", range(MOST - 1))
def test_a_polynomial_is_foretold(degree):
    factors = RNG.normal(size=(degree + 1, 7))

    def polynomial(time):
        return np.array([time**power for power in range(degree + 1)]) @ factors

    times = np.cumsum(RNG.uniform(0.8, 1.2, MOST))
    assert trail(polynomial, times).ahead(times[-1] + 0.7) == pytest.approx(polynomial(times[-1] + 0.7), rel=1e-9)


def test_a_jump_is_not_drawn_out():
    """What no polynomial foretold is continued by itself; smooth values after it by polynomials again."""
    times = np.arange(1.0, 6.0)
    jumped = trail(lambda time: np.full(3, float(time > 4.5)), times)
    assert jumped.ahead(6.0) == pytest.approx(np.ones(3))
    for time in (6.0, 7.0, 8.0):
        jumped.add(time, np.full(3, 1.0 + 0.01 * (time - 5.0)))
    assert jumped.ahead(9.0) == pytest.approx(np.full(3, 1.04), abs=1e-6)


def test_a_much_longer_step_magnifies_little():
    times, noise = np.arange(6.0), 1e-6
    shaken = trail(lambda time: time**4 + noise * RNG.choice([-1.0, 1.0], 50), times)
    near, far = shaken.ahead(5.5), shaken.ahead(30.0)
    assert np.abs(near - 5.5**4).max() < STEEP * noise
    assert np.ptp(far) < 2 * STEEP * noise


def test_values_of_a_rejected_step_are_forgotten():
    made = trail(lambda time: np.full(2, time), [0.0, 1.0, 2.0, 3.0])
    made.add(4.0, np.full(2, 50.0))
    made.back_to(3.0)
    assert made.ahead(3.0) == pytest.approx(np.full(2, 3.0))
    made.add(3.5, np.full(2, 3.5))
    made.add(3.5, np.full(2, 3.6))
    assert made.ahead(3.5) == pytest.approx(np.full(2, 3.6))


class Applied:
    """A system that counts the vectors that it is applied to."""

    def __init__(self, matrix):
        self.matrix, self.applied = matrix, []

    def apply(self, vectors):
        self.applied.append(vectors.shape[1])
        return self.matrix @ vectors


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
@settings(max_examples=30)
def test_the_latest_solutions_hold_their_combinations(seed, count):
    """Of the last four, also where they depend on each other, for one system and then for another."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 20))
    latest = Latest(4)
    for vector in vectors:
        latest.add(vector)
    latest.add(np.zeros(20))
    for _ in range(2):
        root = random.normal(size=(20, 20))
        matrix = root @ root.T + np.eye(20)
        system = Applied(matrix)
        inside = random.normal(size=min(count, 4)) @ vectors[-4:]
        for _ in range(2):
            assert latest.guess(system, matrix @ inside) == pytest.approx(inside, abs=1e-7 * np.abs(inside).max())
        assert system.applied == [min(count, 4)]
        latest.add(2.0 * vectors[-1])
        vectors = np.vstack([vectors, vectors[-1:]])
        assert latest.guess(system, matrix @ vectors[-1]) == pytest.approx(vectors[-1], abs=1e-6)
        assert system.applied[1:] == [1]
        count += 1


def test_smooth_heating_takes_one_iteration_for_each_stage():
    """After the first steps: the heat of a current in copper, which follows its temperature."""
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle((2e-3, 1e-3)), (0.0, 1e-3), material="copper")])
    current = [mt.Voltage("slab.x_min", 0.0), mt.Voltage("slab.x_max", 0.005)]
    case = mt.Case(package, [*current, mt.Convection("slab.top", 1e4, 300.0)])
    mesh = mt.generate_mesh(package, mt.MeshSpec("coarse", max_size=5e-4))
    marcher = march.Marcher(Run(case, mesh, linear_tolerance=1e-10, transient=True).problem, TR_BDF2)
    moment, solves = marcher.begin(0.0, marcher.problem.start, None), []
    last = 0.0
    for _ in range(25):
        step = marcher.step(moment, moment.time + 0.01, 1e-2 * last)
        moment, last = step.moment, float(np.abs(step.error).max())
        solves.append(step.linear_solves)
    assert moment.rise.max() > 5.0
    assert max(solves[:3]) > 3 and set(solves[-10:]) == {3}
