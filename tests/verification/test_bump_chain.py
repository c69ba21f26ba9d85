"""Chains of bumps through the wiring of two chips, between two guaranteed bounds.

A link of the wiring (thickness t, width w) joins two bumps (radius a) that stand L apart.

* From below (Dirichlet): where |x - x_bump| < a the wiring is taken to conduct perfectly. What is left are bumps with
  potentials that are uniform at both ends, and strips of L - 2 a: n h / (sigma_bump pi a2) + m (L - 2 a) / (sigma w t).
* From above (Thomson): a current that comes up a bump uniformly, flows in the wiring along x only, in filaments
  each as strong as the chord of the bump below it is long, and goes down the next bump uniformly. A link then has
  R_sheet (16 L / (3 pi2 a) - 1 / pi), and 2 t / (3 sigma pi a2) for the way in and out.
"""

from __future__ import annotations

import math

import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um

SIGMA = 5.8e7
COPPER = mt.Material("film", 400.0, SIGMA)
PITCH, RADIUS, HEIGHT, WIDTH, THICKNESS = 1 * mm, 50 * um, 60 * um, 110 * um, 2 * um
PLACES = (-1.5 * mm, -0.5 * mm, 0.5 * mm, 1.5 * mm)
AREA = math.pi * RADIUS**2


def chain(solder: float, rows: tuple[float, ...] = (0.0,)) -> mt.Package:
    """Four bumps in series in each row, rows joined under each bump, in bumps of a conductivity (S/m)."""
    span = rows[-1] - rows[0] + WIDTH

    def link(name: str, a: float, b: float) -> mt.Patch:
        return mt.Patch(name, mt.rectangle((b - a + WIDTH, span), at=((a + b) / 2, 0)))

    x0, x1, x2, x3 = PLACES
    wired = {"wiring_material": COPPER, "wiring_thickness": THICKNESS}
    lower = [link("start", x0, x0), link("middle", x1, x2), link("end", x3, x3)]
    upper = [link("first", x0, x1), link("last", x2, x3)]
    return mt.Module(
        "stack",
        [
            mt.Chip("lower", (4 * mm, 1 * mm), 50 * um, wiring=lower, **wired),  # type: ignore[arg-type]
            mt.Chip("upper", (4 * mm, 1 * mm), 50 * um, wiring=upper, active_face="bottom", **wired),  # type: ignore[arg-type]
        ],
        [
            mt.FlipChip(
                [(x, y) for y in rows for x in PLACES],
                2 * RADIUS,
                HEIGHT,
                mt.Material("solder", 50.0, solder),
            )
        ],
        mt.Attach(25 * um),
    ).package()


def bounds(solder: float, rows: int = 1, width: float = WIDTH) -> tuple[float, float]:
    """Of the resistance of rows whose links are together so wide (ohm)."""
    bumps = 4 * HEIGHT / (solder * AREA) / rows
    sheet = 1 / (SIGMA * THICKNESS)
    low = 3 * sheet * (PITCH - 2 * RADIUS) / width
    high = 3 * sheet * (16 * PITCH / (3 * math.pi**2 * RADIUS) - 1 / math.pi)
    across = (3 * 2 / 3 + 2) * THICKNESS / (SIGMA * AREA)
    return bumps + low, bumps + (high + across) / rows


def resistance(package: mt.Package) -> float:
    ends = ["lower.start.bottom", "lower.end.bottom"]
    mesh = mt.generate_mesh(package, mt.MeshSpec("coarse", edge_size=60 * um))
    return mt.resistance_matrix(package, ends, mesh=mesh).between(*ends)


@pytest.mark.parametrize(("solder", "width"), [(1e3, 0.002), (1e5, 0.12), (7e6, 0.28)])
def test_a_chain_lies_between_its_bounds(solder: float, width: float) -> None:
    """From bumps that decide alone, so that both bounds nearly agree, to solder and copper."""
    low, high = bounds(solder)
    assert high / low - 1 < width
    assert low < resistance(chain(solder)) < high


def test_two_rows_have_half_the_resistance() -> None:
    low, high = bounds(1e3, rows=2, width=0.4 * mm + WIDTH)
    assert high / low - 1 < 0.006
    assert low < resistance(chain(1e3, (-0.2 * mm, 0.2 * mm))) < high


def test_four_wires_measure_one_bump() -> None:
    """Force through two bumps; sense below the first one, and above it through a third that carries nothing."""
    solder = 1e4
    first, second, third = (-0.5 * mm, 0.0), (0.5 * mm, 0.0), (-0.5 * mm, -0.6 * mm)

    def pad(name: str, at: tuple[float, float]) -> mt.Patch:
        return mt.Patch(name, mt.rectangle(0.2 * mm, at=at))

    lower = [
        mt.Trace("in", [(-1.4 * mm, 0), first], WIDTH),
        mt.Trace("low", [first, (-0.5 * mm, 0.6 * mm)], WIDTH),
        mt.Trace("out", [second, (1.4 * mm, 0)], WIDTH),
        pad("high_sense", third),
        *(pad(f"{name}_{use}", at) for name, use, at in PADS),
    ]
    upper = [mt.Trace("link", [first, second], WIDTH), mt.Trace("arm", [first, third], WIDTH)]
    wired = {"wiring_material": COPPER, "wiring_thickness": THICKNESS}
    package = mt.Module(
        "stack",
        [
            mt.Chip("lower", (4 * mm, 2 * mm), 50 * um, wiring=lower, **wired),  # type: ignore[arg-type]
            mt.Chip("upper", (2 * mm, 2 * mm), 50 * um, wiring=upper, active_face="bottom", **wired),  # type: ignore[arg-type]
        ],
        [mt.FlipChip([first, second, third], 2 * RADIUS, HEIGHT, mt.Material("solder", 50.0, solder))],
        mt.Attach(25 * um),
    ).package()
    ends = [f"lower.{name}.bottom" for name in ("in_force", "out_force", "low_sense", "high_sense")]
    found = mt.resistance_matrix(package, ends, mesh=mt.generate_mesh(package, "coarse"))
    port = found.resistance
    four = port[2, 0] - port[2, 1] - port[3, 0] + port[3, 1]
    bump = HEIGHT / (solder * AREA)
    # The sheets above and below add what a square of them has, at most.
    assert bump < four < bump + 2 / (SIGMA * THICKNESS)
    assert found.between(ends[0], ends[1]) > 2 * bump + 10 / (SIGMA * THICKNESS)


PADS = [
    ("in", "force", (-1.4 * mm, 0.0)),
    ("out", "force", (1.4 * mm, 0.0)),
    ("low", "sense", (-0.5 * mm, 0.6 * mm)),
]


def test_without_wiring_of_one_chip_the_chain_is_open() -> None:
    package = chain(1e3)
    names = {"upper.first", "upper.last"}
    bare = mt.Package.from_parts([part for part in package.parts if part.name not in names])
    assert math.isinf(resistance(bare))
