"""A module of two stacked chips is tested before it is attached: which faults does the test find, and what is it worth?

``python cases/known_good_module/case.py`` prints the numbers of the README; ``--pictures`` draws its figures as well.
"""

import sys
from pathlib import Path

import numpy as np

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

CHUCK = celsius(25)
MESH = mt.MeshSpec("coarse", edge_size=0.4 * mm, max_size=1.5 * mm, layer_size=0.2 * mm, growth=1.5)

# Properties near the chuck's temperature: the heat conduction is linear, so that responses are reduced models.
silicon = mt.Material("silicon", 148.0, density=2329.0, specific_heat=712.0)
copper = mt.Material("copper", 401.0, mt.Metal("1.7241e-8 ohm m", 0.00393, 293.15), density=8960.0, specific_heat=385.0)
gas = mt.Material("air", 0.0263, density=1.16, specific_heat=1007.0)

X = [-0.9 * mm, -0.3 * mm, 0.3 * mm, 0.9 * mm]
ROWS = {"a": -0.4 * mm, "b": 0.4 * mm}  # two chains of four bumps


def link(name: str, start: float, end: float, y: float) -> mt.Patch:
    """A strip of the wiring that joins what stands at two places of a row."""
    return mt.Patch(name, mt.rectangle((end - start + 120 * um, 120 * um), at=((start + end) / 2, y)))


def pads(row: str, y: float) -> list[mt.Patch]:
    """For each end of a chain a pad that carries the current, one that reads the voltage, and metal between them."""
    found = []
    for side, x in (("in", -1.4 * mm), ("out", 1.4 * mm)):
        for name, width, inward in (
            ("", 0.14 * mm, -0.02 * mm),
            ("_neck", 0.04 * mm, 0.07 * mm),
            ("_sense", 0.12 * mm, 0.15 * mm),
        ):
            place = (x + np.sign(-x) * inward, y)
            found.append(mt.Patch(f"{row}_{side}{name}", mt.rectangle((width, 0.3 * mm), at=place)))
    return found


lower, upper = [], []
for row, y in ROWS.items():
    lower += [
        link(f"{row}_1", -1.13 * mm, X[0], y),
        link(f"{row}_3", X[1], X[2], y),
        link(f"{row}_5", X[3], 1.13 * mm, y),
    ]
    lower += pads(row, y)
    upper += [link(f"{row}_2", X[0], X[1], y), link(f"{row}_4", X[2], X[3], y)]

module = mt.Module(
    "stack",
    chips=[
        mt.Chip("logic", (3.2 * mm, 2 * mm), 200 * um, silicon, wiring=lower, wiring_material=copper),
        mt.Chip(
            "memory",
            (2.1 * mm, 1.6 * mm),
            120 * um,
            silicon,
            active_face="bottom",
            wiring=upper,
            wiring_material=copper,
        ),
    ],
    bonds=[mt.FlipChip([(x, y) for y in ROWS.values() for x in X], diameter=100 * um, height=60 * um)],
    attach=mt.Attach(25 * um),
)
package = module.package()
fixture = [
    mt.Chuck("logic.bottom", CHUCK, contact_resistance=1e-5),
    mt.StillAir(CHUCK, h=10.0, places=("top", "sides")),
]


def four_wire(row: str, **options: object) -> mt.FourWire:
    """The resistance of a chain."""
    force, sense = ((f"logic.{row}_in{end}.top", f"logic.{row}_out{end}.top") for end in ("", "_sense"))
    return mt.FourWire(f"chain_{row}", force, current="100 mA", sense=sense, tolerance=0.02, **options)


test = mt.ModuleTest(
    package,
    fixture,
    [
        four_wire("a"),
        four_wire("b"),
        mt.Isolation("a_to_b", ("logic.a_out.top", "logic.b_out.top")),
        mt.PowerPulse(
            "response", "memory", "2 W", ("0.3 ms", "3 ms", "30 ms"), distribution="active_face", tolerance=0.03
        ),
    ],
    name="before attach",
)
pulse = mt.ModuleTest(
    package,
    fixture,
    mt.CurrentPulse(
        "pulse_a", ("logic.a_in.top", "logic.a_out.top"), "3 A", ("logic.a_in_sense.top", "logic.a_out_sense.top"),
        tolerance=0.01, read_at=("0.1 ms", "3 ms"),
    ),
    name="current pulse",
)  # fmt: skip

UNDERFILL = "stack.underfill"
faults = [
    mt.MissingBump("stack.bumps[1]", gas),
    mt.CrackedBump("stack.bumps[6]", filling=gas),
    *(mt.CrackedBump("stack.bumps[2]", left, filling=gas) for left in (0.5, 0.25, 0.1, 0.03)),
    mt.Bridge("stack.bumps[1]", "stack.bumps[2]", 50 * um),
    mt.Bridge("stack.bumps[2]", "stack.bumps[6]", 50 * um),
    *(mt.Void(UNDERFILL, (0.0, 0.0), size, gas) for size in (0.2 * mm, 0.45 * mm, 0.7 * mm)),
    *(mt.Delamination(UNDERFILL, mt.rectangle(size), filling=gas) for size in (0.5 * mm, 1.0 * mm, 1.4 * mm)),
    *(mt.ThinTrace("logic.a_3", (0.0, ROWS["a"]), 100 * um, left, filling=gas) for left in (0.7, 0.3)),
]

COSTS = mt.Costs(module=40.0, test=2.0, rest=60.0)
PLACES = {"missing bump": 8, "cracked bump": 8, "short": 10, "void": 1, "delamination": 1, "thin trace": 10}
RATES = {
    "missing bump": 5e-4, "cracked bump": 4e-3, "short": 1e-3, "void": 1e-2, "delamination": 1e-2, "thin trace": 1e-3,
}  # fmt: skip
FACTORS = np.linspace(0.0, 4.0, 41)


def screening(dictionary: mt.FaultDictionary) -> mt.Screening:
    """Two modules in a package; each fault is found as often as the dictionary says."""
    rates = [mt.FaultRate.of(dictionary, kind, RATES[kind], PLACES[kind]) for kind in RATES]
    return mt.Screening(rates, COSTS, modules=2, later=0.98, false_alarm=0.005)


def responses(chosen: dict[str, mt.Fault]) -> dict[str, mt.ThermalImpedance]:
    """The thermal response of the healthy module and of faulty ones, on meshes of the same cells."""
    packages = {"healthy": package} | {label: fault.apply(package) for label, fault in chosen.items()}
    power, found = test.program[-1], {}
    for (label, item), mesh in zip(packages.items(), mt.common_meshes(list(packages.values()), MESH), strict=True):
        case = test.case(power, item)
        found[label] = mt.thermal_impedance(
            case, "memory", mesh=mesh, times=np.geomspace(1e-5, 1.0, 61), tolerance=1e-4, linear_tolerance=1e-8
        )
    return found


def main(pictures: bool) -> None:
    """Print all numbers; draw the figures beside this file."""
    here = Path(__file__).parent
    dictionary = mt.fault_dictionary(test, faults, MESH)
    print(dictionary.healthy)
    print(dictionary)
    seconds = [entry.report.seconds for entry in dictionary.entries]
    print(
        f"{dictionary.cells:,} cells; healthy {dictionary.healthy.seconds:.1f} s, others {np.mean(seconds):.1f} s each"
    )
    print(mt.run_test(pulse, mesh=MESH))
    production = screening(dictionary)
    for rate in production.rates:
        print(f"{rate.name}: {rate.places} places x {rate.probability:g}, coverage {rate.coverage:.2f}")
    print(production.solve())
    print(production.simulate(100_000, seed=1))
    if pictures:
        mt.plot_dictionary(dictionary, here / "dictionary.png")
        mt.plot_screening(production, FACTORS, here / "yield.png")
        chosen = {"void, 0.7 mm": faults[10], "delamination, 1.4 x 1.4 mm": faults[13], "missing bump": faults[0]}
        mt.plot_responses(responses(chosen), here / "response.png")
        # What lies between the chips: without the upper one and the underfill.
        inner = mt.Package.from_parts([part for part in package if part.name not in ("memory", "stack.underfill")])
        mt.plot_package(inner, cut=False, off_screen=True).screenshot(here / "module.png")


if __name__ == "__main__":
    main("--pictures" in sys.argv)
