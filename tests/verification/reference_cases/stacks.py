"""Stacks of chips: 3D-ICE, HotSpot, blocks with an interface that heats, a stack with a contact resistance.

3D-ICE, test/solid/steady (Sridhar et al., IEEE Trans. Computers 63, 2014), exact answers by double Fourier series.
HotSpot 7, example1 (Alpha EV6 floorplan; Skadron et al., 2003), recomputed as a differential equation (+-0.1 K).
MOOSE, heat_transfer/interface_heating_mortar: closed forms.
"""

from __future__ import annotations

import csv
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

import mcpthermal as mt
from mcpthermal.units import mm, um
from reference_cases.study import LEVELS, OTHER_CODE, Answer, Study, Target, default_mesh

AMBIENT = 300.0

# Cooled faces; the cells of die 1 and die 2.
ICE = {
    "both": (("top", "bottom"), 303.7585, 305.0026),
    "bottom": (("bottom",), 307.4556, 310.3833),
    "top": (("top",), 307.8325, 310.0064),
}


def ice_stack() -> mt.Package:
    """Two thin sources in a silicon stack, the upper one in two quarters."""
    silicon = mt.Material("silicon", 130.0)
    whole = mt.rectangle((10 * mm, 10 * mm), at=(5 * mm, 5 * mm))
    die1, silicon_top, die2 = 2 * um, 98 * um, 100 * um

    def quarter(x: float, y: float) -> mt.Footprint:
        return mt.rectangle((5 * mm, 5 * mm), at=(x * mm, y * mm))

    return mt.Package.from_parts(
        [
            mt.Part("die1", whole, (0.0, die1), silicon),
            mt.Part("bulk", whole, (die1, silicon_top), silicon),
            mt.Part("die2", whole, (silicon_top, die2), silicon),
            mt.Part("south_west", quarter(2.5, 2.5), (silicon_top, die2), silicon),
            mt.Part("north_east", quarter(7.5, 7.5), (silicon_top, die2), silicon),
        ]
    )


def cell_mean(result: mt.SteadyResult, x: tuple[float, float], y: tuple[float, float], z: float) -> float:
    """The mean over a rectangle (mm) at a height by a rule that is exact for cubic functions."""
    nodes = (0.5 - sqrt(1 / 12), 0.5 + sqrt(1 / 12))
    points = [((x[0] + (x[1] - x[0]) * s) * mm, (y[0] + (y[1] - y[0]) * t) * mm, z) for s in nodes for t in nodes]
    return float(result.temperature_at(points).mean())


def ice(faces: tuple[str, ...], size: float) -> Answer:
    """The two cells."""
    package = ice_stack()
    powers = [mt.Power("die1", 50.0), mt.Power("south_west", 12.5), mt.Power("north_east", 12.5)]
    case = mt.Case(package, [*powers, *(mt.Convection(face, 1.0e5, AMBIENT) for face in faces)])
    result = mt.solve_steady(case, default_mesh(package, size))
    lower = cell_mean(result, (5.0, 5.05), (4.8, 5.0), 1 * um)
    return Answer((lower, cell_mean(result, (0.0, 0.05), (0.0, 0.2), 99 * um)), (result,))


ICE_STUDIES = tuple(
    Study(
        f"3D-ICE {cooled}",
        f"12, 3D-ICE, cooled: {cooled}",
        (Target("die 1, K", die1, AMBIENT), Target("die 2, K", die2, AMBIENT)),
        partial(ice, faces),
    )
    for cooled, (faces, die1, die2) in ICE.items()
)


BLOCKS_FILE = Path(__file__).parents[1] / "data" / "hotspot_ev6_blocks.csv"
HOTSPOT_AMBIENT = 318.15
REPORTED = ("IntReg_0", "IntReg_1", "LdStQ", "IntExec", "Dcache", "Icache", "DTB_0", "L2", "FPMap_0")


def blocks() -> dict[str, dict[str, float]]:
    """The blocks of the floorplan by name: sizes (m), power (W), mean temperatures (K)."""
    with BLOCKS_FILE.open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {row.pop("name"): {key: float(value) for key, value in row.items()} for row in rows}


def silicon_on_sink() -> list[mt.Part]:
    """Heat sink, spreader, thermal interface (in tiles, whose outlines keep the mesh fine) and silicon."""
    copper, chip = (("sink", 60, 6.9, 400.0), ("spreader", 30, 1.0, 400.0)), ("silicon", 16, 0.15, 130.0)
    parts, z = [], 0.0
    for name, width, thickness, k in (*copper, ("tim", 16, 0.02, 4.0), chip):
        outline = mt.rectangle(width * mm, at=(8 * mm, 8 * mm))
        parts.append(mt.Part(name, outline, (z, z + thickness * mm), mt.Material(name, k)))
        z = parts[-1].z[1]
    tim = parts.pop(2)
    for i, at in enumerate(mt.grid(4, 4, pitch=4 * mm, at=(8 * mm, 8 * mm))):
        parts.insert(2, mt.Part(f"tim{i}", mt.rectangle(4 * mm, at=at), tim.z, tim.material))
    return parts


def block_means(result: mt.SteadyResult, z: float) -> list[float]:
    """The mean temperatures of the reported blocks at a height (K)."""
    floorplan, means = blocks(), []
    nodes, weights = np.polynomial.legendre.leggauss(8)
    for name in REPORTED:
        b = floorplan[name]
        x, y = (b[f"{c}_m"] + b[side] * (1 + nodes) / 2 for c, side in (("x", "width_m"), ("y", "height_m")))
        points = np.stack([*np.meshgrid(x, y, indexing="ij"), np.full((8, 8), z)], axis=2).reshape(-1, 3)
        means.append(float(result.temperature_at(points) @ np.outer(weights, weights).ravel() / 4))
    return means


def power_map(size: float) -> Answer:
    """The floorplan as a power map in the silicon's volume, on a mesh that does not know its blocks."""
    package = mt.Package.from_parts(silicon_on_sink())
    watts = mt.PowerMap("silicon", str(BLOCKS_FILE))
    case = mt.Case(package, [watts, mt.Convection("sink.bottom", 1 / (0.1 * (60 * mm) ** 2), HOTSPOT_AMBIENT)])
    spec = mt.MeshSpec(LEVELS[size], edge_size=0.35 * size * mm, layer_size=0.15 * size * mm)
    result = mt.solve_steady(case, mt.generate_mesh(package, spec))
    low, high = package["silicon"].z
    # Simpson's rule over the thickness.
    means = [block_means(result, z) for z in (low, (low + high) / 2, high)]
    return Answer(np.average(means, axis=0, weights=(1, 4, 1)).tolist(), (result,))


def powered_parts(size: float) -> Answer:
    """The blocks as parts, with their powers on the free face, and the mean temperatures there."""
    parts = silicon_on_sink()
    silicon = parts.pop()
    for name, b in blocks().items():
        # To 10 um: the file's rounding leaves slits of 1 um between some blocks.
        x0, y0 = round(b["x_m"], 5), round(b["y_m"], 5)
        x1, y1 = round(b["x_m"] + b["width_m"], 5), round(b["y_m"] + b["height_m"], 5)
        outline = mt.rectangle((x1 - x0, y1 - y0), at=((x0 + x1) / 2, (y0 + y1) / 2))
        parts.append(mt.Part(name, outline, silicon.z, silicon.material))
    package = mt.Package.from_parts(parts)
    loads: list[Any] = [mt.Power(f"{name}.top", b["power_W"]) for name, b in blocks().items()]
    loads += [mt.Convection("sink.bottom", 1 / (0.1 * (60 * mm) ** 2), HOTSPOT_AMBIENT)]
    # Blocks of one material need no finer outlines.
    sizes = {name: 0.6 * size * mm for name in blocks()}
    spec = mt.MeshSpec(LEVELS[size], edge_size=1.2 * size * mm, layer_size=0.3 * size * mm, sizes=sizes)
    result = mt.solve_steady(mt.Case(package, loads), mt.generate_mesh(package, spec))
    return Answer(block_means(result, silicon.z[1]), (result,))


def hotspot(column: str, solve: Any, title: str) -> Study:
    """A study of the mean temperatures of blocks."""
    floorplan = blocks()
    targets = []
    for name in REPORTED:
        value = floorplan[name][column]
        targets.append(Target(f"{name}, K", value, HOTSPOT_AMBIENT, OTHER_CODE))
    return Study(f"HotSpot {column}", f"13, HotSpot ev6, {title}", tuple(targets), solve)


ALUMINIUM, STEEL = (3.7e7, 210.0), (1.39e6, 16.2)
"""Electrical (S/m) and thermal (W/(m K)) conductivities."""

SPAN, DROP = 0.1, 0.3
"""The length of each block (m), and the voltage across both (V)."""


def heated(lower: Any, upper: Any, g: float, better: float, size: float) -> mt.SteadyResult:
    """Two blocks, conducting `better` times as well, with the same current through an insulating interface."""
    parts, outline = [], mt.rectangle(SPAN)
    for n, (sigma, k) in enumerate((lower, upper)):
        material = mt.Material(("lower", "upper")[n], k, better * sigma)
        parts.append(mt.Part(material.name, outline, (n * SPAN, (n + 1) * SPAN), material))
    drop = DROP * (SPAN / (better * lower[0]) + SPAN / (better * upper[0]) + 1 / g)
    drop /= SPAN / lower[0] + SPAN / upper[0] + 1 / g
    loads: list[Any] = [mt.FixedTemperature(end, AMBIENT) for end in ("bottom", "top")]
    loads += [mt.Interface("lower", "upper", thermal_resistance=1e8, electrical_resistivity=1 / g)]
    loads += [mt.Voltage("bottom", 0.0), mt.Voltage("top", drop)]
    package = mt.Package.from_parts(parts)
    spec = mt.MeshSpec(max_size=SPAN * size / 2, layer_size=SPAN * size / 2)
    return mt.solve_steady(mt.Case(package, loads), mt.generate_mesh(package, spec))


def two_blocks(lower: Any, upper: Any, g: float, bulk: bool, size: float) -> Answer:
    """The temperatures on both sides of an interface of a conductance g (S/m2) that heats and insulates (K).

    The blocks' own heat halves where they conduct twice as well: without it is what two such states extrapolate to.
    """
    results = [heated(lower, upper, g, better, size) for better in ((1.0,) if bulk else (1.0, 2.0))]
    sides = np.array([[result.max_temperature(side) for side in ("lower", "upper")] for result in results])
    return Answer((sides[0] if bulk else 2 * sides[1] - sides[0]).tolist(), results)


def blocks_study(name: str, lower: Any, upper: Any, g: float, bulk: bool, values: tuple[float, float]) -> Study:
    """A study of two blocks."""
    title = f"2, {name} with an interface that heats{', and their own heat' if bulk else ''}"
    targets = tuple(Target(f"{side}, K", t, AMBIENT) for side, t in zip(("lower", "upper"), values, strict=True))
    return Study(f"{name} {'bulk' if bulk else 'contact'}", title, targets, partial(two_blocks, lower, upper, g, bulk))


G_UNEQUAL = 2.67934357906e6
BLOCK_STUDIES = (
    blocks_study("aluminium blocks", ALUMINIUM, ALUMINIUM, 3.7e7, False, (850.595238095, 850.595238095)),
    blocks_study("aluminium blocks", ALUMINIUM, ALUMINIUM, 3.7e7, True, (905.654761905, 905.654761905)),
    blocks_study("steel on aluminium", STEEL, ALUMINIUM, G_UNEQUAL, False, (816.848684232, 339.871184212)),
    blocks_study("steel on aluminium", STEEL, ALUMINIUM, G_UNEQUAL, True, (916.475677285, 340.159910162)),
)


def stack_with_contact(size: float) -> Answer:
    """The top, and both sides of a contact between copper and solder (K)."""
    outline = mt.rectangle(1 * mm)
    layers = (("copper", 1.0, 390.0), ("solder", 0.1, 50.0), ("silicon", 0.4, 130.0), ("active", 0.1, 130.0))
    parts, z = [], 0.0
    for name, thickness, k in layers:
        parts.append(mt.Part(name, outline, (z, z + thickness * mm), mt.Material(name, k)))
        z = parts[-1].z[1]
    package = mt.Package.from_parts(parts)
    case = mt.Case(
        package,
        [
            mt.FixedTemperature("bottom", AMBIENT),
            mt.Interface("copper", "solder", thermal_resistance=5e-6),
            mt.Power("active", 1e10 * (1 * mm) ** 2 * 0.1 * mm),
            mt.Convection("top", 10.0, AMBIENT),
        ],
    )
    result = mt.solve_steady(case, default_mesh(package, size))
    top = result.temperature_at([(0.0, 0.0, z)])[0]
    return Answer((top, result.max_temperature("copper"), result.min_temperature("solder")), (result,))


CONTACT_TARGETS = (
    Target("top, K", 313.023894488, AMBIENT),
    Target("copper's top, K", 302.563768618, AMBIENT),
    Target("above the contact, K", 307.563117423, AMBIENT),
)

STUDIES = (
    *BLOCK_STUDIES,
    *ICE_STUDIES,
    hotspot("face_K", powered_parts, "blocks as parts, power on the free face"),
    hotspot("volume_K", power_map, "power map in the volume"),
    Study("contact", "stack with a contact resistance", CONTACT_TARGETS, stack_with_contact),
)
