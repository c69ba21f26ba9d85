"""The daisy-chain package of `meshes/README.md`, described by its parts: two stacked chips, twelve vias in series.

Its exact answers are not known; those here are extrapolated from adapted meshes of up to 840,035 unknowns.
"""

from __future__ import annotations

from itertools import pairwise

import mcpthermal as mt
from mcpthermal.units import mm

AMBIENT = 298.15
RISE, RISE_UNCERTAINTY = 98.556, 0.03
"""Of the upper chip's highest temperature over the ambient (K)."""

VOLTAGE = 0.10022
"""Of the entering lead (V), within 0.03 %."""

COLUMNS = (-3.75, -2.25, -0.75, 0.75, 2.25, 3.75)
VIAS = [(x, -4.0) for x in COLUMNS] + [(x, 4.0) for x in reversed(COLUMNS)]
COPPER = 0.035
TRACE, PAD = 0.15, 0.2
"""Thickness of the copper and half widths of traces and pads (mm)."""


def box(
    name: str,
    x: tuple[float, float],
    y: tuple[float, float],
    z: tuple[float, float],
    material: mt.Material,
    role: str = "metal",
) -> mt.Part:
    """A box (mm)."""
    size = ((x[1] - x[0]) * mm, (y[1] - y[0]) * mm)
    middle = ((x[0] + x[1]) / 2 * mm, (y[0] + y[1]) / 2 * mm)
    return mt.Part(name, mt.rectangle(size, at=middle), (z[0] * mm, z[1] * mm), material, role=role)


def package() -> mt.Package:
    """All parts."""
    silicon, copper = mt.Material("silicon", 130.0), mt.Material("copper", 398.0, mt.Metal(1 / 5.8e7, 0.0039, 293.15))
    bumps = mt.circles(0.1 * mm, mt.grid(6, 6, pitch=0.6 * mm))
    parts = [
        box("carrier", (-5, 5), (-5, 5), (-0.5, 0), mt.Material("laminate", 0.8), "carrier"),
        box("mould", (-5, 5), (-5, 5), (0, 1), mt.Material("mould", 0.9), "insulation"),
        box("dieA", (-2.5, 2.5), (-2.5, 2.5), (0, 0.3), silicon, "chip"),
        box("underfill", (-2, 2), (-2, 2), (0.3, 0.38), mt.Material("underfill", 0.6), "underfill"),
        box("dieB", (-2, 2), (-2, 2), (0.38, 0.58), silicon, "chip"),
        mt.Part("bumps", bumps, (0.3 * mm, 0.38 * mm), mt.Material("solder", 57.0), role="bump"),
        mt.Part("vias", mt.circles(0.2 * mm, [(x * mm, y * mm) for x, y in VIAS]), (0.0, 1 * mm), copper, role="metal"),
    ]
    head = (1.0, 1.0 + COPPER)
    for number, pair in enumerate(list(pairwise(VIAS))[::2]):
        parts.append(_link(f"pad{number}", pair, PAD, (0.0, COPPER), copper))
    for number, pair in enumerate(list(pairwise(VIAS))[1::2]):
        parts.append(_link(f"trace{number}", pair, TRACE, head, copper))
    end = -3.75 + TRACE
    parts.append(box("lead_in", (-5, end), (-4 - TRACE, -4 + TRACE), head, copper))
    parts.append(box("lead_out", (-5, end), (4 - TRACE, 4 + TRACE), head, copper))
    return mt.Package.from_parts(parts)


def _link(
    name: str, ends: tuple[tuple[float, float], ...], half: float, z: tuple[float, float], copper: mt.Material
) -> mt.Part:
    x, y = zip(*ends, strict=True)
    return box(name, (min(x) - half, max(x) + half), (min(y) - half, max(y) + half), z, copper)


def case() -> mt.Case:
    """2 W and 1 W in the chips, 2 A through the vias, cooled from below."""
    loads = [
        mt.Power("dieA", 2.0),
        mt.Power("dieB", 1.0),
        mt.Current("lead_in.x_min", 2.0, distribution="uniform"),
        mt.Voltage("lead_out.x_min", 0.0),
        mt.Convection("bottom", 1000.0, AMBIENT),
        mt.Convection("top", 20.0, AMBIENT),
    ]
    return mt.Case(package(), loads, name="daisy chain")
