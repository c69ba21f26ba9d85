"""Two stacked chips that work 10 ms of every second: how hot do they get, and how fast do they answer?

``python cases/pulse_train/case.py`` prints the numbers of the README; ``--pictures`` draws its figures as well.
"""

import sys
from pathlib import Path

import mcpthermal as mt
from mcpthermal.units import celsius, mm, um

AMBIENT = celsius(25)
PERIOD, DUTY = 1.0, 0.01  # s
LOGIC, MEMORY = 20.0, 10.0  # W in a pulse, at 1 V
MESH = mt.MeshSpec("coarse", edge_size=1.5 * mm, max_size=4 * mm, layer_size=1 * mm, growth=2.0)
FILMED = [0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0]  # s
STEPS = mt.AdaptiveSteps(absolute=0.1, relative=0.01, first=1e-4)

# The properties of silicon and copper at 75 degC: the heat conduction is linear, so that impedances can be added up.
silicon = mt.Material("silicon at 75 degC", 121.4, density=2329.0, specific_heat=756.0)
copper = mt.Material(
    "copper at 75 degC", 397.0, mt.Metal("1.7241e-8 ohm m", 0.00393, 293.15), density=8960.0, specific_heat=391.0
)

ground = [(x * mm, y * mm) for y in (-4.0, 4.0) for x in (-2.75, -0.9, 0.9, 2.75)]
# The module of cases/stacked_module with fewer, thicker bumps and vias.
package = (
    mt.Process(mt.Carrier(size=(10 * mm, 10 * mm), thickness=0.5 * mm, material="bt_laminate"))
    .attach(
        mt.Module(
            "stack",
            chips=[
                mt.Chip("logic", size=(5 * mm, 5 * mm), thickness=300 * um, material=silicon),
                mt.Chip("memory", size=(4 * mm, 4 * mm), thickness=200 * um, material=silicon),
            ],
            bonds=[mt.FlipChip(mt.grid(4, 4, pitch=900 * um), diameter=150 * um, height=80 * um)],
            attach=mt.Attach(thickness=25 * um),
        )
    )
    .insulate(thickness=1.0 * mm, material="epoxy_mould")
    .open_vias("ground", at=ground, diameter=200 * um)
    .open_vias("logic_supply", at=[(0.9 * mm, -2.25 * mm), (0.9 * mm, 2.25 * mm)], diameter=120 * um, onto="logic")
    .open_vias("logic_ground", at=[(-0.9 * mm, -2.25 * mm), (-0.9 * mm, 2.25 * mm)], diameter=120 * um, onto="logic")
    .open_vias("memory_supply", at=[(0.9 * mm, 0)], diameter=120 * um, onto="memory")
    .open_vias("memory_ground", at=[(-0.9 * mm, 0)], diameter=120 * um, onto="memory")
    .metallise(
        thickness=35 * um,
        material=copper,
        traces=[
            mt.Trace("vdd", path=[(0.9 * mm, -3.0 * mm), (0.9 * mm, 3.0 * mm)], width=400 * um),
            mt.Trace("gnd", path=[(-0.9 * mm, -4.0 * mm), (-0.9 * mm, 4.0 * mm)], width=400 * um),
            mt.Trace("gnd_south", path=[(-2.75 * mm, -4.0 * mm), (2.75 * mm, -4.0 * mm)], width=400 * um),
            mt.Trace("gnd_north", path=[(-2.75 * mm, 4.0 * mm), (2.75 * mm, 4.0 * mm)], width=400 * um),
        ],
    )
    .passivate(
        thickness=30 * um,
        openings=[mt.Opening(f"vdd_{n}", at=(0.9 * mm, y * mm), diameter=300 * um) for n, y in enumerate((-3.0, 3.0))],
    )
    .package()
)

cooling = [mt.Convection("bottom", h=1000.0, ambient=AMBIENT), mt.Convection("top", h=20.0, ambient=AMBIENT)]


def loads(logic: object, memory: object) -> list:
    """Powers of the chips (W), and the currents (A) that bring them at 1 V."""
    return [
        mt.Power("logic", logic),
        mt.Power("memory", memory),
        *(mt.Voltage(f"vdd_{n}", 1.0) for n in range(2)),
        mt.CurrentLoad("logic_supply.foot", "logic_ground.foot", logic),
        mt.CurrentLoad("memory_supply.foot", "memory_ground.foot", memory),
        mt.Voltage("ground.foot", 0.0),
        *cooling,
    ]


def pulses(high: float) -> mt.Waveform:
    """The pulse train of a chip."""
    return mt.Waveform.pulse_train(high, period=PERIOD, duty=DUTY)


case = mt.Case(
    package,
    loads(pulses(LOGIC), pulses(MEMORY)),
    name="pulse_train",
    transient=mt.TransientSpec(until="1.05 s", tolerance="0.1 K", relative_tolerance=0.01),
)
start_up = mt.Case(package, loads(2.0, 1.0), name="start_up")


def impedance(mesh: mt.ColumnMesh, tolerance: float = 1e-4) -> mt.ThermalImpedance:
    """Z_th of the hottest places of both chips."""
    return mt.thermal_impedance(case, ["logic", "memory"], ["logic", "memory"], mesh, tolerance=tolerance)


def superposed(answer: mt.ThermalImpedance, chip: str, time: float) -> float:
    """The rise (K) of a chip at a time (s) in the pulse train, from its impedances: each edge is a step."""
    total, start = 0.0, 0.0
    while start < time:
        for edge, sign in ((start, 1.0), (start + DUTY * PERIOD, -1.0)):
            if edge < time:
                for heated, watt in (("logic", LOGIC), ("memory", MEMORY)):
                    total += sign * watt * float(answer.at(time - edge, heated, f"max({chip})"))
        start += PERIOD
    return total


def run(mesh: mt.ColumnMesh, until: float, steps: object = STEPS) -> mt.TransientResult:
    """The pulse train from the ambient temperature."""
    probes = ["logic", "memory", mt.TerminalVoltage("memory_ground.foot")]
    return mt.solve_transient(case, mesh, until, steps=steps, probes=probes, linear_tolerance=1e-8)


def main(pictures: bool) -> None:
    """Print all numbers; draw the figures beside this file."""
    here, mesh = Path(__file__).parent, mt.generate_mesh(package, MESH)
    print(mesh.summary())
    answer = impedance(mesh)
    print(answer.summary())
    for time in (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0):
        curves = [float(answer.at(time, a, f"max({b})")) for a in answer.heated for b in answer.heated]
        print(f"{time:10.4g} s  " + "  ".join(f"{value:9.4f}" for value in curves) + "  K/W")
    print(
        "Foster, logic: R", answer.foster(6).resistances, "tau", answer.foster(6).time_constants, answer.foster(6).error
    )
    for time in (0.01, 1.0, 1.01, 2.01, 10.01, 100.01):
        rises = [superposed(answer, chip, time) for chip in ("logic", "memory")]
        print(f"superposed at {time:g} s: logic {rises[0]:.3f} K, memory {rises[1]:.3f} K")
    pulsed = run(mesh, 1.05)
    print(pulsed.summary())
    for time in (0.01, 1.0, 1.01):
        n = int(abs(pulsed.times - time).argmin())
        print(f"stepped at {pulsed.times[n]:g} s: " + ", ".join(f"{k} {v[n]:.6g}" for k, v in pulsed.probes.items()))
    started = mt.solve_transient(start_up, mesh, 60.0, steps=STEPS, linear_tolerance=1e-8)
    print(started.summary())
    if pictures:
        mt.plot_impedance(answer, here / "impedance.png")
        # Only the mean over what is heated answers like a network of resistors and capacitors.
        mean = mt.thermal_impedance(case, "logic", mesh=mesh, tolerance=1e-5)
        mt.plot_structure(mean, "logic", here / "structure.png")
        mt.plot_probes(pulsed, path=here / "pulse_train.png")
        mt.plot_probes(started, path=here / "start_up.png", log_time=True)
        kept = mt.solve_transient(start_up, mesh, 60.0, steps=STEPS, linear_tolerance=1e-8, save=FILMED)
        mt.animate(kept, here / "start_up.gif", frames_per_second=2.0)


if __name__ == "__main__":
    main("--pictures" in sys.argv)
