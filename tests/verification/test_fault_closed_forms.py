"""Faults beside closed forms: bumps in series and parallel, the constriction at a crack, the response over a gap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import mcpthermal as mt
from mcpthermal.units import mm, um

RADIUS, HEIGHT, SIGMA = 50 * um, 60 * um, 1e5
SOLDER = mt.Material("resistive", 50.0, SIGMA)
PLATE = mt.Material("plate", 400.0, 1e9)
BUMP = HEIGHT / (SIGMA * math.pi * RADIUS**2)  # ohm


def ladder() -> mt.Package:
    """Four stages in series of two bumps each in parallel, between plates that hardly resist."""
    pitch, top = 300 * um, 40 * um + HEIGHT

    def plate(name: str, first: float, last: float, z: float) -> mt.Part:
        outline = mt.rectangle(((last - first) * pitch + 160 * um, 400 * um), at=((first + last) / 2 * pitch, 0))
        return mt.Part(name, outline, (z, z + 40 * um), PLATE)

    at = [(pitch * n, y * 100 * um) for n in range(4) for y in (-1, 1)]
    return mt.Package.from_parts(
        [
            mt.Part("base", mt.rectangle((4 * mm, 1 * mm)), (-100 * um, 0.0), "fr4"),
            *(plate(f"low_{n}", *span, 0.0) for n, span in enumerate(((0, 0), (1, 2), (3, 3)))),
            *(plate(f"high_{n}", *span, top) for n, span in enumerate(((0, 1), (2, 3)))),
            mt.Part("bumps", mt.circles(2 * RADIUS, at), (40 * um, top), SOLDER, "bump"),
        ]
    )


def resistance(package: mt.Package, a: str, b: str) -> float:
    return mt.resistance_matrix(package, [a, b], mesh=mt.generate_mesh(package, "coarse")).between(a, b)


@pytest.mark.parametrize(
    ("faults", "stages"),
    [([], [0.5] * 4), ([2], [0.5, 1.0, 0.5, 0.5]), ([2, 7], [0.5, 1.0, 0.5, 1.0]), ([2, 3], [0.5, math.inf, 0.5, 0.5])],
)
@pytest.mark.parametrize("kind", [mt.MissingBump, mt.CrackedBump])
def test_bumps_in_series_and_parallel(kind: type[mt.Fault], faults: list[int], stages: list[float]) -> None:
    """An open bump of a pair leaves the other one; two open ones of a pair open the chain."""
    package = ladder()
    for number in faults:
        package = kind(f"bumps[{number}]").apply(package)  # type: ignore[call-arg]
    assert resistance(package, "low_0.x_min", "low_2.x_max") == pytest.approx(sum(stages) * BUMP, rel=2e-3)


def test_the_constriction_at_a_crack_is_that_of_maxwell_and_holm() -> None:
    """Two tubes joined by a round bridge of radius a: rho / (2 a) psi(a / b), and what the bridge itself resists.

    psi = 1 - 1.40978 e + 0.34406 e^3 + 0.0435 e^5 + 0.02271 e^7 (Negus and Yovanovich, ASME 84-HT-84, 1984).
    """
    remaining = 0.16
    a = RADIUS * math.sqrt(remaining)
    gap, tube = a / 100, 2 * RADIUS
    package = mt.Package.from_parts(
        [
            mt.Part("bumps", mt.circles(2 * RADIUS, [(0, 0)]), (0.0, tube), SOLDER, "bump"),
            mt.Part("pad", mt.circle(2 * RADIUS), (tube, 2 * tube), SOLDER),
        ]
    )
    fault = mt.CrackedBump("bumps[0]", remaining, gap)
    cracked, terminals = fault.apply(package), ["bumps.bottom", "pad.top"]
    mesh = mt.generate_mesh(cracked, mt.MeshSpec(layer_size=a / 6, sizes={"fault_1": a / 3}))
    after = mt.resistance_matrix(cracked, terminals, mesh=mesh).between(*terminals)
    before = 2 * tube / (SIGMA * math.pi * RADIUS**2)
    e = a / RADIUS
    psi = 1 - 1.40978 * e + 0.34406 * e**3 + 0.0435 * e**5 + 0.02271 * e**7
    bridge = gap / (SIGMA * math.pi) * (1 / a**2 - 1 / RADIUS**2)
    # The mesh's own share at the edge of the bridge is about 1 %.
    assert after - before == pytest.approx(psi / (2 * SIGMA * a) + bridge, rel=0.02)


SIDE, THICK = 1 * mm, 200 * um
GLUE = mt.Material("glue", 0.25, density=1200.0, specific_heat=1000.0)
GAS = mt.Material("massless gas", 0.026, density=1e-3, specific_heat=1.0)


def glued(conductivity: float) -> mt.Package:
    chip = mt.Material("chip", conductivity, density=2329.0, specific_heat=712.0)
    return mt.Package.from_parts(
        [
            mt.Part("glue", mt.rectangle(SIDE), (-2 * um, 0.0), GLUE, "attach"),
            mt.Part("chip", mt.rectangle(SIDE), (0.0, THICK), chip, "chip"),
        ]
    )


def response(package: mt.Package, fault: mt.Fault, times: tuple[float, ...]) -> list[float]:
    step = mt.PowerPulse("z", "chip", 1.0, times)
    report = mt.run_test(mt.ModuleTest(fault.apply(package), mt.Chuck("glue.bottom", 300.0), step), mesh="coarse")
    return [reading.value for reading in report.readings]


def test_the_response_over_a_whole_gap_is_one_dimensional() -> None:
    """A heated slab over a resistance, mu tan mu = Bi:

    Z = L / (k A) sum of 2 (sin mu)^2 / mu^4 / (1 + sin(2 mu) / (2 mu)) (1 - exp(-mu^2 a t / L^2)).
    """
    k, gap, area = 20.0, 1 * um, SIDE**2
    fault = mt.Delamination("glue", mt.rectangle(SIDE), gap, filling=GAS)
    times = (2e-3, 1e-2, 5e-2)
    found = response(glued(k), fault, times)
    film = 1 / (gap / 0.026 + 1 * um / 0.25)
    number = film * THICK / k

    def zero(x: float) -> float:
        return x * math.sin(x) - number * math.cos(x)

    mu = np.array([brentq(zero, n * math.pi, (n + 0.5) * math.pi) for n in range(40)])
    weight = 2 * np.sin(mu) ** 2 / mu**4 / (1 + np.sin(2 * mu) / (2 * mu))
    rate = mu**2 * k / (2329.0 * 712.0) / THICK**2
    for time, value in zip(times, found, strict=True):
        exact = THICK / (k * area) * float((weight * -np.expm1(-rate * time)).sum())
        assert value == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("share", [0.25, 0.64])
def test_a_gap_under_a_part_of_a_chip_of_one_temperature_leaves_the_rest(share: float) -> None:
    """Both parts of the area in parallel, each in one dimension; 2 um of glue spread hardly any heat."""
    area, gap = SIDE**2, 1 * um
    fault = mt.Delamination("glue", mt.rectangle(SIDE * math.sqrt(share)), gap, filling=GAS)
    (late,) = response(glued(1e5), fault, (5.0,))
    joined, parted = 2 * um / 0.25, 1 * um / 0.25 + gap / 0.026
    exact = 1 / (area * ((1 - share) / joined + share / parted))
    assert late == pytest.approx(exact, rel=0.01)
    assert abs(late / (joined / area) - 1) > 0.2
