"""Case files with waveforms, power traces and a transient: the same as in Python; mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

import mcpthermal as mt

W = mt.Waveform

TIMED = """
[carrier]
size = ["4 mm", "4 mm"]
thickness = "0.3 mm"
kind = "chip"
name = "die"
[[loads]]
type = "Power"
place = "die"
power = { pulse_train = { high = "2 W", period = "1 s", duty = 0.01, low = 0.1, rise = "1 ms", count = 3 } }
[[loads]]
type = "Power"
place = "die"
power = { constant = { value = 3 } }
[[loads]]
type = "HeatFlux"
place = "top"
flux = { ramp = { first = 0, last = "2 W/cm2", start = "1 s", end = 2 } }
[[loads]]
type = "Convection"
place = "bottom"
h = { product = [{ step = { value = "1 mW/(mm2 K)", at = "1 s", before = 2 } }, 0.5, { sum = [1, "2"] }] }
ambient = { sum = ["25 degC", { sinusoid = { amplitude = "5 K", period = "1 h", phase = "90 deg" } }] }
[[loads]]
type = "Radiation"
place = "top"
ambient = { table = { times = [0, "1 min"], values = ["25 degC", 350] } }
emissivity = { law = "linear", value = 0.8, slope = 1e-4, reference_temperature = "300 K" }
[[loads]]
type = "Convection"
place = "x_min"
h = { natural_convection = { orientation = "vertical", length = "3 mm" } }
ambient = 300
[[loads]]
type = "Leakage"
place = "die"
power = { law = "exponential", value = 0.1, reference_temperature = 300, exponent = 0.01 }
scale = { table = { file = "use.csv" } }
[[loads]]
type = "PowerMap"
place = "die"
powers = [[1, 2]]
scale = { table = { times = [0, 1], values = [0, 1] } }
[[loads]]
type = "PowerTrace"
place = "die"
file = "run.ptrace"
interval = "2 s"
distribution = "active_face"
floorplan = { a = [0, 0, "1 mm", "1 mm"], b = { x = "1 mm", y = 0, width = 1e-3, height = 1e-3 } }
[[loads]]
type = "PowerTrace"
place = "die"
floorplan = { a = [0, 0, "1 mm", "1 mm"] }
times = [0, "1 ms"]
powers = [["1 W"], [2]]
interpolation = "linear"
[[loads]]
type = "Current"
place = "node:a"
current = { step = { value = "20 mA" } }
[[loads]]
type = "Resistor"
a = "node:a"
b = "top"
resistance = 1
[[loads]]
type = "Voltage"
place = "bottom"
voltage = { step = { value = "20 mV" } }
[transient]
until = "10 s"
initial = "25 degC"
tolerance = "0.1 K"
relative_tolerance = 1e-3
save = [1, "2 s"]
"""


def read(folder: Path, text: str) -> mt.Case:
    (folder / "use.csv").write_text("time,share\n0,0.5\n3,1\n")
    (folder / "run.ptrace").write_text("b a\n1 2\n3 4\n")
    file = folder / "case.toml"
    file.write_text(text.replace('kind = "chip"', 'kind = "chip"\nmaterial = "copper"'), encoding="utf-8")
    return mt.read_case(file)


def test_every_waveform_as_in_python(tmp_path: Path) -> None:
    case = read(tmp_path, TIMED)
    step = W.step(1000.0, at=1.0, before=2.0)
    assert case.loads == (
        mt.Power("die", W.pulse_train(2.0, 1.0, 0.01, low=0.1, rise=1e-3, count=3)),
        mt.Power("die", W.constant(3.0)),
        mt.HeatFlux("top", W.ramp(0.0, 2e4, 1.0, 2.0)),
        mt.Convection("bottom", step * 0.5 * (1.0 + W.constant(2.0)), 298.15 + W.sinusoid(5.0, 3600.0, 0.0, "90 deg")),
        mt.Radiation("top", W.table([0, 60], [298.15, 350]), mt.Linear(0.8, 1e-4, 300.0)),
        mt.Convection("x_min", mt.NaturalConvection("vertical", 3e-3), 300.0),
        mt.Leakage("die", mt.Exponential(0.1, 300.0, 0.01), scale=W.table([0, 3], [0.5, 1])),
        mt.PowerMap("die", [[1, 2]], scale=W.table([0, 1], [0, 1])),
        mt.PowerTrace(
            "die", {"a": (0, 0, 1e-3, 1e-3), "b": (1e-3, 0, 1e-3, 1e-3)}, [0, 2], [[2, 1], [4, 3]], "active_face"
        ),
        mt.PowerTrace("die", {"a": (0, 0, 1e-3, 1e-3)}, [0, 1e-3], [[1], [2]], interpolation="linear"),
        mt.Current("node:a", W.step(0.02)),
        mt.Resistor("node:a", "top", 1.0),
        mt.Voltage("bottom", W.step(0.02)),
    )
    assert case.loads[3].at(0.0) == mt.Convection("bottom", 3.0, 303.15)
    assert case.transient == mt.TransientSpec(10.0, 298.15, 0.1, 1e-3, (1.0, 2.0))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("duty = 0.01", "dty = 0.01", r"number 1, power\.pulse_train has the unknown key 'dty'.*'duty'"),
        ('period = "1 s", duty', "duty", r"power\.pulse_train needs the key 'period'"),
        ('high = "2 W"', 'high = "2 V"', r"power\.pulse_train, high.*voltage"),
        (
            "pulse_train",
            "pulse_tran",
            r"number 1, power has 'pulse_tran', not one kind of a waveform; did you mean 'pulse_train'",
        ),
        ("{ value = 3 }", "3", r"power\.constant must be a table"),
        ('amplitude = "5 K"', 'amplitude = "5 degC"', r"ambient\.sum\[1\]\.sinusoid, amplitude.*difference in K"),
        ('"25 degC", {', '"25 V", {', r"ambient\.sum\[0\]"),
        ('[1, "2"]', "3", r"h\.product\[2\]\.sum must be a list"),
        ('[1, "2"]', "[]", "Sum of waveforms"),
        ('[1, "2"]', "[{ sine = {} }]", r"sum\[0\] has 'sine', not one kind of a waveform"),
        ('file = "use.csv"', 'file = "us.csv"', "us.csv' cannot be read"),
        ('file = "use.csv"', "file = 3", "file = 3 must be a path"),
        ('file = "run.ptrace"', "file = 3", "number 9: file = 3"),
        ('interval = "2 s"', 'intervall = "2 s"', "unknown key 'intervall'.*'interval'"),
        ("before = 2", "before = -2", "h at 'bottom' at a time of.*-3 W"),
        ('until = "10 s"', "", r"\[transient\] needs the key 'until'"),
        ("until =", "untill =", r"\[transient\] has the unknown key 'untill'"),
        ('"0.1 K"', "nan", "tolerance"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TIMED
    with pytest.raises(mt.InputError, match=message):
        read(tmp_path, TIMED.replace(old, new, 1))
