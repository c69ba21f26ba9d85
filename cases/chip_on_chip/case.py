"""A module on a chip: what does a chain through vias, bumps and the wiring of three chips resist?

``python cases/chip_on_chip/case.py`` prints the numbers of the README; ``--pictures`` draws its figures as well.
"""

import sys
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

MESH = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=2.5 * mm, layer_size=0.6 * mm, growth=1.5)
WIDTH, RIM = 200 * um, 1.65 * mm

# Eight of nine bumps in a row, up to the memory and down to the driver in turns; they are 0.8 mm apart.
bumps = [(x * 0.8 * mm, y * 0.8 * mm) for x, y in [(1, -1), (1, 0), (1, 1), (0, 1), (0, 0), (0, -1), (-1, -1), (-1, 0)]]
links = [mt.Trace(f"link_{n}", path=bumps[n : n + 2], width=WIDTH) for n in range(7)]
entry = mt.Trace("entry", path=[(RIM, -RIM), (0.8 * mm, -RIM), bumps[0]], width=WIDTH)
leave = mt.Trace("leave", path=[bumps[-1], (-RIM, 0)], width=WIDTH)
probes = [
    mt.Patch("probe_in", mt.rectangle(300 * um, at=(RIM, -RIM))),
    mt.Patch("probe_out", mt.rectangle(300 * um, at=(-RIM, 0))),
]

base = mt.Chip(
    "base",
    size=(8 * mm, 8 * mm),
    thickness=400 * um,
    wiring=[mt.Trace("rail", path=[(-3.2 * mm, 0), (3.2 * mm, 0)], width=300 * um)],
    wiring_thickness=3 * um,
)
stack = mt.Module(
    "stack",
    chips=[
        mt.Chip("driver", size=(4 * mm, 4 * mm), thickness=150 * um, wiring=[entry, *links[1::2], leave, *probes]),
        mt.Chip("memory", size=(2.6 * mm, 2.6 * mm), thickness=120 * um, active_face="bottom", wiring=links[::2]),
    ],
    bonds=[mt.FlipChip([*bumps, (-0.8 * mm, 0.8 * mm)], diameter=120 * um, height=50 * um)],
    attach=mt.FlipChip(mt.grid(3, 3, pitch=1.3 * mm), diameter=250 * um, height=60 * um),
)
process = (
    mt.Process(base)
    .attach(stack, tested=mt.ModuleTestRecord("stack", "resistance of the chain of bumps", True))
    .insulate(thickness=550 * um, material="epoxy_mould")
    .open_vias("down", at=[(-3.2 * mm, 0), (3.2 * mm, 0)], diameter=250 * um, contact=mt.Contact(50 * um, 180 * um))
    .open_vias("enter", at=[(RIM, -RIM)], diameter=150 * um, onto="driver", contact=mt.Contact(30 * um, 100 * um))
    .open_vias("leave", at=[(-RIM, 0)], diameter=150 * um, onto="driver", contact=mt.Contact(30 * um, 100 * um))
    .metallise(
        thickness=30 * um,
        traces=[
            mt.Trace("feed", path=[(3.2 * mm, -RIM), (RIM, -RIM)], width=300 * um),
            mt.Trace("bridge", path=[(-RIM, 0), (-3.2 * mm, 0)], width=300 * um),
            mt.Trace("drain", path=[(3.2 * mm, 0), (3.2 * mm, RIM)], width=300 * um),
        ],
    )
    .passivate(
        thickness=20 * um,
        openings=[
            mt.Opening("in", at=(2.9 * mm, -RIM), diameter=250 * um),
            mt.Opening("out", at=(3.2 * mm, 1.4 * mm), diameter=250 * um),
        ],
    )
    .attach_contacts(height=120 * um, diameter=240 * um)
)
case = mt.Case(
    process.package(),
    name="chip_on_chip",
    loads=[
        mt.Power("base", 1.5),
        mt.Power("driver", 1.0, distribution="active_face"),
        mt.Power("memory", 0.5, distribution="active_face"),
        mt.Current("in", 0.2),
        mt.Voltage("out", 0.0),
        mt.Convection("bottom", h=2000.0, ambient=celsius(25)),
        mt.Convection("top", h=20.0, ambient=celsius(25)),
    ],
)
# The module alone, on a chuck that touches its bumps, with probes on the chain's ends.
test = [
    mt.Current("driver.probe_in.top", 0.2),
    mt.Voltage("driver.probe_out.top", 0.0),
    mt.HeatSink("stack.attach.bumps.bottom", "1 K/W", celsius(25)),
]


def solve(**options: float) -> mt.Stages:
    """The test of the free module, and the finished package."""
    return mt.solve_stages(process, {"stack": test, "contacted": case.loads}, MESH, **options)


def main(pictures: bool) -> None:
    """Print the claims and the answer; draw the figures beside this file."""
    from mcpthermal.viz import save_pictures

    print(process.claims())
    stages = solve()
    print(stages.summary())
    print(stages["contacted"].summary())
    if pictures:
        here = Path(__file__).parent
        save_pictures(stages["contacted"], here)
        mt.plot_stages(process, here / "stages.png")


if __name__ == "__main__":
    main("--pictures" in sys.argv)
