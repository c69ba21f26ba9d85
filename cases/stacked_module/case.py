"""A module of two stacked chips in a package: how hot do the chips get, and what does each via carry?

``python cases/stacked_module/case.py`` prints the numbers of the README; ``--pictures`` draws its figures as well.
"""

import sys
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

# The first vias stand in rows at y = +-4 mm; the second vias on the lower chip's rim, beside the upper chip.
rows = [(x * mm, y * mm) for y in (-4.0, 4.0) for x in (-3.85, -2.75, -1.65, -0.55, 0.55, 1.65, 2.75, 3.85)]
supply_columns, ground_columns = (-0.9, 0.9), (-1.8, 1.8)
logic_supply = [(x * mm, y * mm) for y in (-2.25, 2.25) for x in supply_columns]
logic_ground = [(x * mm, y * mm) for y in (-2.25, 2.25) for x in ground_columns]

process = (
    mt.Process(mt.Carrier(size=(10 * mm, 10 * mm), thickness=0.5 * mm, material="bt_laminate"))
    .attach(
        mt.Module(
            "stack",
            chips=[
                mt.Chip("logic", size=(5 * mm, 5 * mm), thickness=300 * um),
                mt.Chip("memory", size=(4 * mm, 4 * mm), thickness=200 * um),
            ],
            bonds=[mt.FlipChip(mt.grid(6, 6, pitch=600 * um), diameter=100 * um, height=80 * um)],
            attach=mt.Attach(thickness=25 * um),
        )
    )
    .insulate(thickness=1.0 * mm, material="epoxy_mould")
    .open_vias("ground", at=rows, diameter=200 * um, contact=mt.Contact(height=50 * um, diameter=160 * um))
    .open_vias("logic_supply", at=logic_supply, diameter=80 * um, onto="logic")
    .open_vias("logic_ground", at=logic_ground, diameter=80 * um, onto="logic")
    .open_vias("memory_supply", at=[(-0.9 * mm, 0), (0.9 * mm, 0)], diameter=80 * um, onto="memory")
    .open_vias("memory_ground", at=[(-1.8 * mm, 0), (1.8 * mm, 0)], diameter=80 * um, onto="memory")
    .metallise(
        thickness=35 * um,
        traces=[
            mt.Trace("vdd_left", path=[(-0.9 * mm, -3.0 * mm), (-0.9 * mm, 3.0 * mm)], width=300 * um),
            mt.Trace("vdd_right", path=[(0.9 * mm, -3.0 * mm), (0.9 * mm, 3.0 * mm)], width=300 * um),
            mt.Trace("gnd_left", path=[(-1.8 * mm, -4.0 * mm), (-1.8 * mm, 4.0 * mm)], width=300 * um),
            mt.Trace("gnd_right", path=[(1.8 * mm, -4.0 * mm), (1.8 * mm, 4.0 * mm)], width=300 * um),
            mt.Trace("gnd_south", path=[(-3.85 * mm, -4.0 * mm), (3.85 * mm, -4.0 * mm)], width=300 * um),
            mt.Trace("gnd_north", path=[(-3.85 * mm, 4.0 * mm), (3.85 * mm, 4.0 * mm)], width=300 * um),
        ],
    )
    .passivate(
        thickness=30 * um,
        openings=[
            mt.Opening(f"vdd_{i}", at=(x * mm, y * mm), diameter=250 * um)
            for i, (x, y) in enumerate([(-0.9, -3.0), (0.9, -3.0), (-0.9, 3.0), (0.9, 3.0)])
        ],
    )
    .attach_contacts(height=150 * um, diameter=240 * um)
)

case = mt.Case(
    process.package(),
    name="stacked_module",
    loads=[
        mt.Power("logic", 2.0),
        mt.Power("memory", 1.0),
        *(mt.Voltage(f"vdd_{i}", 1.0) for i in range(4)),
        mt.CurrentLoad("logic_supply.foot", "logic_ground.foot", 2.0),
        mt.CurrentLoad("memory_supply.foot", "memory_ground.foot", 1.0),
        mt.Voltage("ground.foot", 0.0),
        mt.Convection("bottom", h=1000.0, ambient=celsius(25)),
        mt.Convection("top", h=20.0, ambient=celsius(25)),
    ],
)


def draw(result: mt.SteadyResult, folder: Path) -> None:
    """The figures of the README."""
    package, mesh = result.case.package, result.mesh
    scenes = {
        "package": mt.plot_package(package, mesh, off_screen=True),
        "exploded": mt.plot_package(package, mesh, cut=False, explode=0.6, labels=True, off_screen=True),
        "temperature": mt.plot_field(result, "temperature", contours=8, off_screen=True),
        "heat_flux": mt.plot_field(result, "heat_flux", flow="tubes", off_screen=True),
        "current_density": mt.plot_field(result, "current_density", off_screen=True),
    }
    for name, scene in scenes.items():
        mt.save_picture(scene, folder / f"{name}.png")
    mt.plot_section(result, "y", -2.25 * mm, stretch=2.0, path=folder / "section.png")
    mt.plot_layer(result, "vdd_left", "current_density", path=folder / "layer.png")


def main(pictures: bool) -> None:
    """Solve, print, draw."""
    result = mt.solve_steady(case)
    print(result.summary())
    if pictures:
        draw(result, Path(__file__).parent)


if __name__ == "__main__":
    main("--pictures" in sys.argv)
