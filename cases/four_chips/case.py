"""Four equal stacked chips: where is the heat held up on its way from the uppermost to the carrier?

``python cases/four_chips/case.py`` prints the numbers of the README; ``--pictures`` draws its figures as well.
"""

import sys
from itertools import pairwise
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

MESH = mt.MeshSpec("coarse", edge_size=0.8 * mm, max_size=2.5 * mm, layer_size=0.6 * mm, growth=1.0)
CHIPS = ("controller", "memory_1", "memory_2", "memory_3")
SIDE, THICKNESS, GAP = 4 * mm, 120 * um, 50 * um

process = (
    mt.Process(mt.Carrier(size=(7 * mm, 7 * mm), thickness=0.4 * mm, material="aluminium_nitride"))
    .attach(
        mt.Module(
            "stack",
            chips=[mt.Chip(name, size=(SIDE, SIDE), thickness=THICKNESS) for name in CHIPS],
            bonds=[mt.FlipChip(mt.grid(4, 4, pitch=1 * mm), diameter=200 * um, height=GAP)] * 3,
            attach=mt.Attach(thickness=25 * um),
        )
    )
    .insulate(thickness=0.9 * mm, material="epoxy_mould")
    .open_vias(
        "first",
        at=[(x * mm, y * mm) for x in (-2.9, 2.9) for y in (-2.0, 0.0, 2.0)],
        diameter=250 * um,
        contact=mt.Contact(height=60 * um, diameter=200 * um),
    )
    .metallise(
        thickness=35 * um,
        traces=[
            mt.Trace(side, path=[(x * mm, -2 * mm), (x * mm, 2 * mm)], width=400 * um)
            for side, x in (("west", -2.9), ("east", 2.9))
        ],
    )
    .passivate(
        thickness=30 * um,
        openings=[
            mt.Opening("in", at=(-2.9 * mm, 1 * mm), diameter=300 * um),
            mt.Opening("out", at=(2.9 * mm, 1 * mm), diameter=300 * um),
        ],
    )
)
case = mt.Case(
    process.package(),
    name="four_chips",
    loads=[
        mt.Power("controller", 1.0),
        *(mt.Power(name, 0.5) for name in CHIPS[1:]),
        mt.Current("in", 1.0),
        mt.Current("out", -1.0),
        mt.Voltage("first.foot", 0.0),
        mt.Convection("bottom", h=3000.0, ambient=celsius(25)),
        mt.Convection("top", h=20.0, ambient=celsius(25)),
    ],
)


def main(pictures: bool) -> None:
    """Print the claims and the answer; draw the figures beside this file."""
    from mcpthermal.viz import save_pictures

    print(process.claims())
    result = mt.solve_steady(case, mt.generate_mesh(case.package, MESH))
    print(result.summary())
    for lower, upper in pairwise(CHIPS):
        step = result.mean_temperature(upper) - result.mean_temperature(lower)
        print(f"{lower} to {upper}: {step:.3f} K")
    if pictures:
        save_pictures(result, Path(__file__).parent)


if __name__ == "__main__":
    main("--pictures" in sys.argv)
