"""Two modules on one carrier: how much does each heat the other?

``python cases/two_modules/case.py`` prints the numbers of the README; ``--pictures`` draws its figures as well.
"""

import sys
from dataclasses import replace
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

MESH = mt.MeshSpec("coarse", edge_size=0.9 * mm, max_size=3 * mm, layer_size=0.6 * mm, growth=1.0)
POWER = {"cpu": 1.5, "cache": 0.5, "radio": 0.8, "filter": 0.2}


def module(name: str, lower: str, upper: str, side: float) -> mt.Module:
    """Two chips, the upper one 1 mm smaller."""
    return mt.Module(
        name,
        chips=[
            mt.Chip(lower, size=(side, side), thickness=250 * um),
            mt.Chip(upper, size=(side - 1 * mm, side - 1 * mm), thickness=150 * um),
        ],
        bonds=[mt.FlipChip(mt.grid(3, 3, pitch=(side - 2 * mm) / 2), diameter=150 * um, height=70 * um)],
        attach=mt.Attach(thickness=25 * um),
    )


process = (
    mt.Process(mt.Carrier(size=(14 * mm, 8 * mm), thickness=0.6 * mm, material="alumina"))
    .attach(module("west", "cpu", "cache", 5 * mm), at=(-3.4 * mm, 0))
    .attach(module("east", "radio", "filter", 4 * mm), at=(3.6 * mm, 0))
    .insulate(thickness=0.8 * mm, material="epoxy_mould")
    .open_vias("middle", at=mt.grid(1, 3, pitch=1.5 * mm, at=(0.3 * mm, 0)), diameter=300 * um)
    .open_vias("south", at=mt.grid(5, 1, pitch=2.8 * mm, at=(0.3 * mm, -3.4 * mm)), diameter=300 * um)
    .metallise(
        thickness=40 * um,
        traces=[
            mt.Trace("spine", path=[(0.3 * mm, 1.5 * mm), (0.3 * mm, -3.4 * mm)], width=500 * um),
            mt.Trace("rail", path=[(-5.3 * mm, -3.4 * mm), (5.9 * mm, -3.4 * mm)], width=500 * um),
        ],
    )
    .passivate(thickness=30 * um, openings=[mt.Opening("supply", at=(0.3 * mm, 0.75 * mm), diameter=400 * um)])
    .attach_contacts(height=200 * um, diameter=380 * um)
)
case = mt.Case(
    process.package(),
    name="two_modules",
    loads=[
        *(mt.Power(chip, watt) for chip, watt in POWER.items()),
        mt.Current("supply", 4.0),
        mt.Voltage("middle.foot", 0.0),
        mt.Resistor("south.foot", "node:ground", "1 mohm"),
        mt.Convection("bottom", h=1500.0, ambient=celsius(25)),
        mt.Convection("top", h=20.0, ambient=celsius(25)),
    ],
)


def heated(*chips: str) -> mt.Case:
    """The case with the power of some chips only, and no current."""
    cooling = case.of(mt.Convection)
    return replace(case, loads=(*(mt.Power(chip, POWER[chip]) for chip in chips), *cooling))


def main(pictures: bool) -> None:
    """Print the claims and the answers; draw the figures beside this file."""
    from mcpthermal.viz import save_pictures

    print(process.claims())
    mesh = mt.generate_mesh(case.package, MESH)
    result = mt.solve_steady(case, mesh)
    print(result.summary())
    for chips in (("cpu", "cache"), ("radio", "filter")):
        alone = mt.solve_steady(heated(*chips), mesh)
        rises = (f"{chip} {alone.mean_temperature(chip) - alone.ambient:.3f} K" for chip in POWER)
        print(f"{' and '.join(chips)} alone: " + ", ".join(rises))
    if pictures:
        save_pictures(result, Path(__file__).parent)


if __name__ == "__main__":
    main("--pictures" in sys.argv)
