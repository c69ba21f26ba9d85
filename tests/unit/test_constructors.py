"""Whatever is given to a public constructor: it makes the thing or raises an InputError, never anything else."""

from __future__ import annotations

import dataclasses
import itertools
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.errors import InputError
from mcpthermal.loads.waveform import Product, Sum

SQUARE = mt.rectangle(1e-3)
CHIP = mt.Chip("chip", size=(1e-3, 1e-3), thickness=1e-4)
OTHER = dataclasses.replace(CHIP, name="other")
BOND = mt.FlipChip([(0.0, 0.0)], diameter=1e-4, height=5e-5)
PLAIN = mt.Process(mt.Carrier(size=(4e-3, 4e-3), thickness=3e-4))
MODULE = mt.Module("stack", [CHIP, OTHER], [BOND], mt.Attach(2e-5))
INSULATED = PLAIN.attach(MODULE).insulate(1e-3)
TRACE = mt.Trace("line", [(0.0, 0.0), (1e-3, 0.0)], 3e-4)
METALLISED = INSULATED.metallise(3e-5, traces=[TRACE])
PASSIVATED = METALLISED.passivate(3e-5, openings=[mt.Opening("pad", (0.0, 0.0), 1e-4)])
PACKAGE = PLAIN.package()
WAVE = mt.Waveform.pulse_train(1.0, 1.0, 0.5)
TRACE_FILE = Path(tempfile.mkdtemp()) / "a.ptrace"
TRACE_FILE.write_text("a\n1\n")

# Each constructor with arguments that it accepts; one or two of them are replaced by bad ones.
CONSTRUCTORS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "Carrier": (mt.Carrier, {"size": (1e-3, 1e-3), "thickness": 1e-4, "material": "bt_laminate", "name": "base"}),
    "Chip": (
        mt.Chip,
        {
            "name": "chip",
            "size": (1e-3, 1e-3),
            "thickness": 1e-4,
            "material": "silicon",
            "offset": (0, 0),
            "active_face": "top",
            "wiring": [mt.Trace("link", [(0, 0), (2e-4, 0)], 1e-4)],
            "wiring_thickness": 2e-6,
            "wiring_material": "copper",
        },
    ),
    "FlipChip": (
        mt.FlipChip,
        {"bumps": [(0, 0)], "diameter": 1e-4, "height": 5e-5, "material": "sac305", "underfill": "underfill_epoxy"},
    ),
    "Attach": (mt.Attach, {"thickness": 1e-5, "material": "die_attach_epoxy"}),
    "Module": (mt.Module, {"name": "stack", "chips": [CHIP, OTHER], "bonds": [BOND], "attach": mt.Attach(1e-5)}),
    "ModuleTestRecord": (mt.ModuleTestRecord, {"module": "a", "program": "continuity", "passed": True, "date": ""}),
    "Contact": (mt.Contact, {"height": 1e-5, "diameter": 1e-5, "material": "copper"}),
    "Trace": (mt.Trace, {"name": "line", "path": [(0, 0), (1e-3, 0)], "width": 1e-4}),
    "Patch": (mt.Patch, {"name": "area", "outline": SQUARE}),
    "Opening": (mt.Opening, {"name": "pad", "at": (0, 0), "diameter": 1e-4}),
    "Part": (
        mt.Part,
        {
            "name": "part",
            "footprint": SQUARE,
            "z": (0, 1e-3),
            "material": "copper",
            "role": "",
            "group": "",
            "onto": "",
            "active_face": "top",
        },
    ),
    "MissingBump": (mt.MissingBump, {"bump": "stack.bumps[0]", "filling": "air"}),
    "CrackedBump": (
        mt.CrackedBump,
        {"bump": "stack.bumps[0]", "remaining": 0.5, "gap": 1e-6, "side": "top", "filling": "air"},
    ),
    "Bridge": (mt.Bridge, {"a": "stack.bumps[0]", "b": "stack.bumps[1]", "width": 1e-5, "filling": "sac305"}),
    "Void": (mt.Void, {"layer": "stack.underfill", "at": (0, 0), "diameter": 1e-4, "filling": "air"}),
    "Delamination": (mt.Delamination, {"layer": "stack.attach", "outline": SQUARE, "gap": 1e-6, "side": "top"}),
    "ThinTrace": (mt.ThinTrace, {"trace": "vdd", "at": (0, 0), "length": 1e-4, "remaining": 0.5, "side": "top"}),
    "PoorVia": (mt.PoorVia, {"via": "supply[0]", "filled": 0.5, "filling": "air"}),
    "Chuck": (mt.Chuck, {"place": "bottom", "temperature": 300.0, "contact_resistance": 1e-5}),
    "StillAir": (mt.StillAir, {"ambient": 300.0, "h": 10.0, "places": ("top",)}),
    "FourWire": (
        mt.FourWire,
        {"name": "net", "force": ("a", "b"), "current": 0.1, "sense": ("c", "d"), "tolerance": 0.1, "resolution": 0.1},
    ),
    "CurrentPulse": (mt.CurrentPulse, {"name": "net", "force": ("a", "b"), "read_at": (1e-3, 1.0)}),
    "Isolation": (mt.Isolation, {"name": "net", "between": ("a", "b"), "current": 1.0, "at_least": 1e6}),
    "PowerPulse": (
        mt.PowerPulse,
        {"name": "z", "heated": "chip", "power": 1.0, "read_at": (1.0,), "sensor": "chip", "distribution": "volume"},
    ),
    "ModuleTest": (
        mt.ModuleTest,
        {
            "package": PACKAGE,
            "fixture": mt.StillAir(300.0),
            "program": [mt.PowerPulse("z", "carrier", 1.0, (1.0,))],
            "name": "test",
        },
    ),
    "FaultRate": (mt.FaultRate, {"name": "open", "probability": 0.1, "places": 3, "coverage": 0.5}),
    "Costs": (mt.Costs, {"module": 1.0, "test": 1.0, "rest": 1.0}),
    "Screening": (
        mt.Screening,
        {"rates": [mt.FaultRate("x", 0.1)], "costs": mt.Costs(1, 1, 1), "modules": 2, "later": 0.9, "false_alarm": 0.1},
    ),
    "Footprint": (mt.Footprint, {"shapes": SQUARE.shapes, "cutouts": ()}),
    "rectangle": (mt.rectangle, {"size": (1e-3, 1e-3), "at": (0, 0)}),
    "circle": (mt.circle, {"diameter": 1e-3, "at": (0, 0)}),
    "circles": (mt.circles, {"diameter": 1e-3, "at": [(0, 0)]}),
    "polygon": (mt.polygon, {"points": [(0, 0), (1e-3, 0), (0, 1e-3)], "holes": ()}),
    "ring": (mt.ring, {"outer_diameter": 1e-3, "inner_diameter": 5e-4, "at": (0, 0)}),
    "grid": (mt.grid, {"columns": 2, "rows": 2, "pitch": 1e-4, "at": (0, 0)}),
    "Power": (mt.Power, {"place": "chip", "power": 1.0, "distribution": "volume"}),
    "HeatFlux": (mt.HeatFlux, {"place": "top", "flux": 1.0}),
    "Convection": (mt.Convection, {"place": "top", "h": 10.0, "ambient": 300.0}),
    "FixedTemperature": (mt.FixedTemperature, {"place": "top", "temperature": 300.0}),
    "Voltage": (mt.Voltage, {"place": "pad", "voltage": 1.0}),
    "Current": (mt.Current, {"place": "pad", "current": 1.0, "distribution": "uniform"}),
    "CurrentLoad": (mt.CurrentLoad, {"from_": "a", "to": "b", "current": 1.0}),
    "Exponential": (mt.Exponential, {"value": 1.0, "reference_temperature": 300.0, "exponent": 0.02, "range": (1, 2)}),
    "Material": (
        mt.Material,
        {
            "name": "x",
            "thermal_conductivity": [[3, 0.5, 0], [0.5, 2, 0], [0, 0, 1]],
            "electrical_conductivity": {"xx": 1, "yy": 2, "zz": 3, "xy": 0.1},
            "emissivity": 0.5,
        },
    ),
    "ConstantFilm": (mt.ConstantFilm, {"h": 10.0}),
    "LawFilm": (mt.LawFilm, {"law": mt.Table((0, 10), (1, 2))}),
    "PowerFilm": (mt.PowerFilm, {"coefficient": 1.0, "exponent": 0.25, "base": 0.0}),
    "NaturalConvection": (mt.NaturalConvection, {"orientation": "up", "length": 0.01}),
    "Radiation": (mt.Radiation, {"place": "top", "ambient": 300.0, "emissivity": 0.5}),
    "HeatSink": (mt.HeatSink, {"place": "top", "thermal_resistance": 1.0, "ambient": 300.0, "base": "film"}),
    "Leakage": (
        mt.Leakage,
        {
            "place": "chip",
            "power": 1.0,
            "temperature_coefficient": 0.02,
            "reference_temperature": 300.0,
            "distribution": "volume",
        },
    ),
    "Leakage of a law": (mt.Leakage, {"place": "chip", "power": mt.Exponential(1.0, 300.0, 0.02)}),
    "PowerMap": (
        mt.PowerMap,
        {"place": "chip", "powers": [[1.0]], "size": (1e-3, 1e-3), "origin": "corner", "distribution": "volume"},
    ),
    "PowerMap of blocks": (mt.PowerMap, {"place": "chip", "powers": {"a": (0, 0, 1, 1, 1)}, "origin": "package"}),
    "Waveform.constant": (mt.Waveform.constant, {"value": 1.0}),
    "Waveform.step": (mt.Waveform.step, {"value": 1.0, "at": 0.0, "before": 2.0}),
    "Waveform.ramp": (mt.Waveform.ramp, {"first": 1.0, "last": 2.0, "start": 0.0, "end": 1.0}),
    "Waveform.pulse_train": (
        mt.Waveform.pulse_train,
        {
            "high": 1.0,
            "period": 1.0,
            "duty": 0.5,
            "low": 0.0,
            "delay": 0.0,
            "rise": 0.0,
            "fall": 0.0,
            "count": 3,
        },
    ),
    "Waveform.sinusoid": (mt.Waveform.sinusoid, {"amplitude": 1.0, "period": 1.0, "offset": 0.0, "phase": 0.0}),
    "Waveform.table": (mt.Waveform.table, {"times": (0.0, 1.0), "values": (1.0, 2.0)}),
    "Sum": (Sum, {"terms": (WAVE, 1.0)}),
    "Product": (Product, {"terms": (WAVE, 1.0)}),
    "Power in time": (mt.Power, {"place": "chip", "power": WAVE}),
    "Convection in time": (mt.Convection, {"place": "top", "h": WAVE, "ambient": 300.0 * WAVE + 1.0}),
    "Leakage in time": (mt.Leakage, {"place": "chip", "power": mt.Exponential(1.0, 300.0, 0.02), "scale": WAVE}),
    "PowerMap in time": (mt.PowerMap, {"place": "chip", "powers": [[1.0]], "scale": WAVE}),
    "PowerTrace": (
        mt.PowerTrace,
        {
            "place": "chip",
            "floorplan": {"a": (0, 0, 1, 1)},
            "times": (0.0, 1.0),
            "powers": [[1.0], [2.0]],
            "distribution": "volume",
            "origin": "corner",
            "interpolation": "step",
        },
    ),
    "PowerTrace.read": (
        mt.PowerTrace.read,
        {"place": "chip", "floorplan": {"a": (0, 0, 1, 1)}, "path": TRACE_FILE, "interval": "1 s"},
    ),
    "TransientSpec": (
        mt.TransientSpec,
        {"until": 1.0, "initial": 300.0, "tolerance": 0.1, "relative_tolerance": 1e-3, "save": (0.1, 0.2)},
    ),
    "Block": (mt.Block, {"name": "a", "x0": 0, "y0": 0, "x1": 1, "y1": 1, "power": 1.0}),
    "Interface": (
        mt.Interface,
        {"a": "x", "b": "y", "thermal_resistance": 1.0, "electrical_resistivity": 0.0, "heat_fraction": 0.5},
    ),
    "Interface of one text": (mt.Interface, {"a": "x|y", "b": None}),
    "Resistor": (mt.Resistor, {"a": "node:a", "b": "pad", "resistance": 1.0}),
    "Voltage between": (mt.Voltage, {"place": "pad", "voltage": 1.0, "to": "node:a"}),
    "Case": (
        mt.Case,
        {"package": PACKAGE, "loads": [mt.Convection("top", 10.0, 300.0)], "name": "case", "transient": None},
    ),
    "MeshSpec": (
        mt.MeshSpec,
        {"level": "fine", "edge_size": 1e-3, "max_size": 1e-3, "layer_size": 1e-4, "growth": 0.4, "sizes": {"a": 1e-3}},
    ),
    "Process": (mt.Process, {"carrier": CHIP}),
    "Package.from_parts": (mt.Package.from_parts, {"parts": [mt.Part("part", SQUARE, (0, 1e-3), "copper")]}),
    "Package.from_mesh": (mt.Package.from_mesh, {"mesh": None, "materials": {}}),
    "attach": (PLAIN.attach, {"module": MODULE, "at": (0, 0)}),
    "insulate": (PLAIN.attach(MODULE).insulate, {"thickness": 1e-3, "material": "epoxy_mould"}),
    "open_vias": (
        INSULATED.open_vias,
        {"name": "via", "at": [(1.5e-3, 0)], "diameter": 1e-4, "onto": None, "contact": mt.Contact(1e-5, 1e-5)},
    ),
    "metallise": (INSULATED.metallise, {"thickness": 3e-5, "material": "copper", "traces": [TRACE]}),
    "passivate": (
        METALLISED.passivate,
        {"thickness": 3e-5, "material": "polyimide", "openings": [mt.Opening("pad", (0, 0), 1e-4)]},
    ),
    "attach_contacts": (PASSIVATED.attach_contacts, {"height": 1e-4, "diameter": 1e-4, "material": "sac305"}),
    "stage": (PASSIVATED.stage, {"name": "carrier"}),
}

SCALARS = [
    None,
    True,
    0,
    -1,
    0.0,
    -1e-3,
    math.nan,
    math.inf,
    -math.inf,
    1e300,
    1e-300,
    10**400,
    1j,
    "",
    " ",
    "nonsense",
    "1 kg",
    "5",
    "-2 mm",
    "top",
    "a[0]",
    "node:",
    "a|b",
    "\0",
    mt.Linear(1.0, -1.0, 300.0),
    mt.PowerFilm(1.0, 0.25),
    -1.0 * WAVE,
    b"1 mm",
    object(),
    int,
    np.nan,
    np.float32(-1.0),
    np.array(1.0),
    np.array([1.0, np.nan]),
    np.zeros((2, 2)),
    SQUARE,
    CHIP,
    PACKAGE,
    lambda: None,
]
BAD = st.one_of(
    st.sampled_from(SCALARS),
    st.lists(st.sampled_from(SCALARS), max_size=3),
    st.lists(st.sampled_from(SCALARS), max_size=3).map(tuple),
    st.dictionaries(st.text(max_size=3), st.sampled_from(SCALARS), max_size=2),
    st.text(max_size=8),
    st.floats(),
    st.lists(st.tuples(st.floats(), st.floats()), max_size=4),
    st.lists(st.tuples(st.floats(-1e-2, 1e-2), st.floats(-1e-2, 1e-2)), max_size=6),
    st.just(iter([])),
    st.sets(st.integers(), max_size=2),
)


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_the_good_arguments_are_good(name: str) -> None:
    if name != "Package.from_mesh":
        make, arguments = CONSTRUCTORS[name]
        assert make(**arguments) is not None


@pytest.mark.parametrize("name", CONSTRUCTORS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_only_input_errors(name: str, data: st.DataObject) -> None:
    make, good = CONSTRUCTORS[name]
    fields = data.draw(st.lists(st.sampled_from(sorted(good)), min_size=1, max_size=2, unique=True))
    arguments = good | {field: data.draw(BAD, label=field) for field in fields}
    try:
        make(**arguments)
    except InputError as error:
        assert len(str(error)) > 10


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_each_argument_alone(name: str) -> None:
    make, good = CONSTRUCTORS[name]
    wrong = []
    for field, bad in itertools.product(good, SCALARS):
        for value in (bad, [bad], (bad, bad), [(bad, bad)], [(bad, 0), (0, 1), (1, 1)], {"a": bad}):
            try:
                make(**(good | {field: value}))
            except InputError as error:
                assert len(str(error)) > 10
            except Exception as error:
                wrong.append(f"{field}={value!r}: {error!r}")
    assert not wrong, "\n".join(wrong)
