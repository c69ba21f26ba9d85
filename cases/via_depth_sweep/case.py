"""Deeper vias, higher modules: what they do to the temperatures and currents of the stacked module.

``python cases/via_depth_sweep/case.py`` runs both studies (or goes on with them, in results/via_depth_sweep) and prints
the numbers of the README; ``--pictures`` draws its figures as well.
"""

import dataclasses
import runpy
import sys
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import mm, um

HERE = Path(__file__).parent
stacked = runpy.run_path(str(HERE.parent / "stacked_module" / "case.py"))
base, base_case = stacked["process"], stacked["case"]

MESH = mt.MeshSpec("coarse", edge_size=1.5 * mm, max_size=4 * mm, layer_size=0.6 * mm, growth=2.0)
STEP = 25 * um
VIA_DEPTHS = [round(600 * um + n * STEP, 9) for n in range(20)]
MODULE_HEIGHTS = [round(405 * um + n * STEP, 9) for n in range(20)]
OUTPUTS = {
    "logic.max": "logic.max",
    "memory.max": "memory.max",
    "supply": "memory_supply.foot.voltage",
    "ground via": "ground[3].current",
    "joule": "package.joule",
}


def make_case(via_depth: float, module_height: float) -> mt.Case:
    """Both heights as they stand, all diameters as they are; a module as high as the vias are deep cannot be."""
    process = base.with_module_height(module_height, hold="cover").with_via_depth(via_depth)
    return dataclasses.replace(base_case, package=process.package())


def make_held_case(module_height: float, hold: str) -> mt.Case:
    """Another module height, holding one of the three."""
    return dataclasses.replace(base_case, package=base.with_module_height(module_height, hold=hold).package())


case = make_case(1 * mm, 605 * um)


def grid(**options: object) -> mt.Study:
    """The 20 x 20 grid: along a row the via depth is held, along a diagonal the cover over the module."""
    return mt.sweep(
        make_case, via_depth=VIA_DEPTHS, module_height=MODULE_HEIGHTS, outputs=OUTPUTS, mesh=MESH, **options
    )


def holds(heights: list[float] = MODULE_HEIGHTS, **options: object) -> mt.Study:
    """The three ways to make room for a higher module."""
    modes = ["via_depth", "cover", "aspect_ratio"]
    return mt.sweep(make_held_case, module_height=heights, hold=modes, outputs=OUTPUTS, mesh=MESH, **options)


def main(pictures: bool) -> None:
    """Run, print, draw."""
    results = Path("results") / "via_depth_sweep"
    whole, held = grid(folder=results / "grid"), holds(folder=results / "holds")
    for study, name in ((whole, "grid"), (held, "holds")):
        print(study.summary())
        study.to_csv(HERE / f"{name}.csv")
    if pictures:
        whole.plot("memory.max", x="via_depth", y="module_height", path=HERE / "memory.png")
        whole.plot("supply", x="via_depth", y="module_height", path=HERE / "supply.png")
        held.plot("memory.max", x="module_height", path=HERE / "holds.png")


if __name__ == "__main__":
    main("--pictures" in sys.argv)
