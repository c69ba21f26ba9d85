"""Films: values of textbook examples, exact derivatives, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.loads import air
from mcpthermal.units import celsius

FILMS: list[mt.Film] = [
    mt.ConstantFilm(12.0),
    mt.LawFilm(mt.Table((0.0, 10.0, 50.0), (5.0, 8.0, 12.0))),
    mt.LawFilm(mt.Linear(5.0, 0.1, 0.0)),
    mt.PowerFilm(1.4, 0.25),
    mt.PowerFilm(1.4, 0.33, base=5.0),
    mt.NaturalConvection("vertical", 0.05),
    mt.NaturalConvection("up", "5 mm"),
    mt.NaturalConvection("up", 0.5),
    mt.NaturalConvection("down", 0.02),
]


@pytest.mark.parametrize("film", FILMS, ids=repr)
@pytest.mark.parametrize("surface", [270.0, 296.0, 303.0, 345.0, 390.0])
def test_the_derivative_is_that_of_the_value(film: mt.Film, surface: float) -> None:
    step, ambient = 1e-3, 300.0
    difference = (film(surface + step, ambient) - film(surface - step, ambient)) / (2 * step)
    assert float(film.derivative(surface, ambient)) == pytest.approx(float(difference), rel=1e-6, abs=1e-9)
    assert film.is_constant == (film == FILMS[0])


@pytest.mark.parametrize("film", FILMS, ids=repr)
def test_arrays_keep_their_shape_and_nothing_is_infinite_at_ambient(film: mt.Film) -> None:
    surface = np.array([[290.0, 300.0, 310.0], [300.0, 400.0, 299.0]])
    values, slopes = film(surface, 300.0), film.derivative(surface, 300.0)
    assert values.shape == slopes.shape == surface.shape
    assert np.isfinite(values).all() and np.isfinite(slopes).all()
    assert slopes[0, 1] == 0.0
    np.testing.assert_allclose(film(surface, np.full((2, 3), 300.0)), values)


def test_values() -> None:
    law = mt.LawFilm(mt.Table((0.0, 10.0, 50.0), (5.0, 8.0, 12.0)))
    np.testing.assert_allclose(law([300.0, 310.0, 290.0, 350.0], 300.0), [5.0, 8.0, 8.0, 12.0])
    assert float(mt.PowerFilm(1.5, 0.5, base=2.0)(309.0, 300.0)) == pytest.approx(2.0 + 1.5 * 3.0)
    assert float(mt.PowerFilm(1.5, 0.5)(291.0, 300.0)) == pytest.approx(4.5)
    assert mt.PowerFilm(0.0, 2.0, base=3.0).is_constant and mt.PowerFilm(1.0, 0.0).is_constant


@pytest.mark.parametrize(
    ("film", "surface", "ambient", "expected"),
    [
        # Incropera, DeWitt, Bergman, Lavine (6th ed.), example 9.2: a fire screen of 0.71 m.
        (mt.NaturalConvection("vertical", 0.71), celsius(232), celsius(23), 7.0),
        # Example 9.3: top and bottom of a duct 0.75 m wide, with L = 0.375 m.
        (mt.NaturalConvection("up", 0.375), celsius(45), celsius(15), 5.47),
        (mt.NaturalConvection("down", 0.375), celsius(45), celsius(15), 2.07),
        # By hand with Ra = 7.07e7 and Pr = 0.71: Nu = (0.825 + 0.387 Ra^(1/6) / 1.190)^2 = 55.3, k = 0.0265.
        (mt.NaturalConvection("vertical", 0.3), celsius(45), celsius(15), 4.88),
        # Laminar, by hand with the air of the book at 350 K: Ra = 9.81 / 350 * 100 * 1e-6 / (20.92e-6 * 29.9e-6).
        (mt.NaturalConvection("up", 0.01), 400.0, 300.0, 0.54 * 4481**0.25 * 0.030 / 0.01),
    ],
)
def test_examples_of_textbooks(film: mt.Film, surface: float, ambient: float, expected: float) -> None:
    assert float(film(surface, ambient)) == pytest.approx(expected, rel=0.015)


def test_cold_faces_behave_upside_down() -> None:
    up, down = mt.NaturalConvection("up", 0.2), mt.NaturalConvection("down", 0.2)
    # The same film temperature, 300 K, and the same difference.
    assert float(up(290.0, 310.0)) == pytest.approx(float(down(310.0, 290.0)))
    assert float(down(290.0, 310.0)) == pytest.approx(float(up(310.0, 290.0)))
    assert float(up(310.0, 290.0)) > 1.8 * float(down(310.0, 290.0))


def test_the_regimes_of_a_horizontal_plate_meet() -> None:
    surface = 300.0 + np.geomspace(0.1, 100.0, 4000)
    values = mt.NaturalConvection("up", 0.15)(surface, 300.0)
    slopes = np.diff(np.log(values)) / np.diff(np.log(surface - 300.0))
    assert (
        slopes[:100] == pytest.approx(0.25, abs=0.01) and slopes.max() > 0.28
    )  # a quarter, and a third less what the air loses
    assert np.abs(np.diff(values) / values[1:]).max() < 1e-3


def test_air() -> None:
    # Incropera, table A.4, at 300 K and 400 K.
    kelvin = np.array([300.0, 400.0])
    np.testing.assert_allclose(air.viscosity(kelvin), [184.6e-7, 230.1e-7], rtol=0.01)
    np.testing.assert_allclose(air.conductivity(kelvin), [26.3e-3, 33.8e-3], rtol=0.02)
    np.testing.assert_allclose(air.kinematic_viscosity(kelvin), [15.89e-6, 26.41e-6], rtol=0.02)
    np.testing.assert_allclose(air.prandtl(kelvin), [0.707, 0.690], rtol=0.015)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mt.ConstantFilm(0.0), "h of a ConstantFilm.*above 0"),
        (lambda: mt.LawFilm(3.0), "is no law"),
        (lambda: mt.LawFilm(mt.Linear(5.0, -0.1, 0.0)), r"at a difference of 51.0\d* K is .*above 0"),
        (lambda: mt.LawFilm(mt.PowerLaw(5.0, 10.0, -1.0)), "above 0 K"),
        (lambda: mt.PowerFilm(1.0, -0.1), "exponent of a PowerFilm"),
        (lambda: mt.PowerFilm(-1.0, 0.1), "coefficient of a PowerFilm"),
        (lambda: mt.PowerFilm(0.0, 0.25), "carries no heat"),
        (lambda: mt.NaturalConvection("sideways", 0.1), "orientation 'sideways' must be one of vertical, up, down"),
        (lambda: mt.NaturalConvection("up", "0 mm"), "characteristic length"),
    ],
)
def test_impossible_films_are_refused(make: Any, message: str) -> None:
    with pytest.raises(mt.InputError, match=message):
        make()
