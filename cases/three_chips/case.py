"""Three stacked chips, each with second vias of its own: how hot does each get, and what do its vias take away?

``python cases/three_chips/case.py`` prints the numbers of the README; ``--pictures`` draws its figures as well.
"""

import sys
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

MESH = mt.MeshSpec("coarse", edge_size=0.8 * mm, max_size=2.5 * mm, layer_size=0.6 * mm, growth=1.0)
STUD = mt.Contact(height=30 * um, diameter=120 * um)


def bond(pitch: float) -> mt.FlipChip:
    """Nine bumps."""
    return mt.FlipChip(mt.grid(3, 3, pitch=pitch), diameter=150 * um, height=60 * um)


process = (
    mt.Process(mt.Carrier(size=(9 * mm, 9 * mm), thickness=0.5 * mm, material="bt_laminate"))
    .attach(
        mt.Module(
            "stack",
            chips=[
                mt.Chip("processor", size=(5.4 * mm, 5.4 * mm), thickness=200 * um),
                mt.Chip("memory", size=(4 * mm, 4 * mm), thickness=150 * um),
                mt.Chip("sensor", size=(2.6 * mm, 2.6 * mm), thickness=150 * um),
            ],
            bonds=[bond(1.4 * mm), bond(0.9 * mm)],
            attach=mt.Attach(thickness=25 * um),
        )
    )
    .insulate(thickness=0.9 * mm, material="epoxy_mould")
    .open_vias("ground", at=[(x * mm, y * mm) for x in (-3.6, 3.6) for y in (-1.5, 1.5)], diameter=250 * um)
    .open_vias("to_processor", at=[(-2.35 * mm, 0), (2.35 * mm, 0)], diameter=160 * um, onto="processor", contact=STUD)
    .open_vias("to_memory", at=[(-1.65 * mm, 0), (1.65 * mm, 0)], diameter=160 * um, onto="memory", contact=STUD)
    .open_vias("to_sensor", at=[(-0.6 * mm, 0), (0.6 * mm, 0)], diameter=160 * um, onto="sensor", contact=STUD)
    .metallise(
        thickness=35 * um,
        traces=[
            mt.Patch("supply", mt.rectangle((2.6 * mm, 0.5 * mm), at=(1.5 * mm, 0))),
            mt.Patch(
                "return",
                mt.polygon(
                    [
                        (-3.9 * mm, -2 * mm),
                        (-3.3 * mm, -2 * mm),
                        (-3.3 * mm, -0.25 * mm),
                        (-0.2 * mm, -0.25 * mm),
                        (-0.2 * mm, 0.25 * mm),
                        (-3.3 * mm, 0.25 * mm),
                        (-3.3 * mm, 2 * mm),
                        (-3.9 * mm, 2 * mm),
                    ]
                ),
            ),
            mt.Trace("spare", path=[(3.6 * mm, -1.5 * mm), (3.6 * mm, 1.5 * mm)], width=400 * um),
        ],
    )
    .passivate(thickness=30 * um, openings=[mt.Opening("vdd", at=(2 * mm, 0), diameter=300 * um)])
    .attach_contacts(height=150 * um, diameter=280 * um)
)
CURRENTS = {"processor": 1.5, "memory": 0.8, "sensor": 0.4}  # A at 1 V, so as many W
case = mt.Case(
    process.package(),
    name="three_chips",
    loads=[
        *(mt.Power(chip, ampere) for chip, ampere in CURRENTS.items()),
        *(mt.CurrentLoad(f"to_{chip}[1].foot", f"to_{chip}[0].foot", ampere) for chip, ampere in CURRENTS.items()),
        mt.Voltage("vdd", 1.0),
        mt.Voltage("ground.foot", 0.0),
        mt.Convection("bottom", h=1000.0, ambient=celsius(25)),
        mt.Convection("top", h=20.0, ambient=celsius(25)),
    ],
)


def main(pictures: bool) -> None:
    """Print the claims and the answer; draw the figures beside this file."""
    from mcpthermal.viz import save_pictures

    print(process.claims())
    result = mt.solve_steady(case, mt.generate_mesh(case.package, MESH))
    print(result.summary())
    if pictures:
        save_pictures(result, Path(__file__).parent)


if __name__ == "__main__":
    main("--pictures" in sys.argv)
