"""A small module whose four bumps are a chain through the wiring of both chips, and its test."""

from __future__ import annotations

import pytest

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

SILICON = mt.Material("silicon at 25 degC", 140.0, density=2329.0, specific_heat=712.0)
GAS = mt.Material("gas", 0.026, density=1.16, specific_heat=1007.0)
COPPER = mt.Material("copper", 400.0, mt.Metal("1.7241e-8 ohm m", 0.00393, 293.15), density=8960.0, specific_heat=385.0)
X = (-0.6 * mm, -0.2 * mm, 0.2 * mm, 0.6 * mm)
IN, OUT = "lower.in.top", "lower.out.top"


def link(name: str, a: float, b: float, width: float = 120 * um) -> mt.Patch:
    """A strip around two bumps."""
    return mt.Patch(name, mt.rectangle((b - a + width, width), at=((a + b) / 2, 0)))


@pytest.fixture(scope="session")
def chain() -> mt.Package:
    pads = [mt.Patch(n, mt.rectangle(0.16 * mm, at=(x, 0))) for n, x in (("in", -0.94 * mm), ("out", 0.94 * mm))]
    lower = [link("start", -0.8 * mm, X[0]), link("middle", X[1], X[2]), link("end", X[3], 0.8 * mm), *pads]
    lone = mt.Patch("lone", mt.rectangle(0.1 * mm, at=(0, 0.3 * mm)))
    upper = [link("first", X[0], X[1]), link("last", X[2], X[3])]
    wired = {"wiring_material": COPPER}
    return mt.Module(
        "stack",
        [
            mt.Chip("lower", (2.4 * mm, 0.8 * mm), 150 * um, SILICON, wiring=[*lower, lone], **wired),  # type: ignore[arg-type]
            mt.Chip("upper", (1.5 * mm, 0.4 * mm), 100 * um, SILICON, active_face="bottom", wiring=upper, **wired),  # type: ignore[arg-type]
        ],
        [mt.FlipChip([(x, 0) for x in X], 100 * um, 60 * um)],
        mt.Attach(25 * um),
    ).package()


@pytest.fixture(scope="session")
def held() -> list[object]:
    return [mt.Chuck("lower.bottom", celsius(25), 1e-5), mt.StillAir(celsius(25), places=("top",))]


@pytest.fixture(scope="session")
def trial(chain: mt.Package, held: list[object]) -> mt.ModuleTest:
    return mt.ModuleTest(
        chain,
        held,  # type: ignore[arg-type]
        [
            mt.FourWire("chain", (IN, OUT), current=0.5, tolerance=0.02),
            mt.Isolation("apart", (IN, "lower.lone.top")),
            mt.PowerPulse("warming", "upper", 1.0, "1 ms", tolerance=0.02),
        ],
        "small",
    )
