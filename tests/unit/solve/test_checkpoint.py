"""A run in time that is killed goes on from its checkpoint and ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.solve.saving import check_save, read_checkpoint, write_checkpoint

SCRIPT = """
import sys
import mcpthermal as mt
silicon = mt.Material("silicon", mt.PowerLaw(148.0, 300.0, -4 / 3), density=2330.0, specific_heat=712.0)
package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(2e-3), (-3e-3, 0.0), silicon)])
pulses = mt.Waveform.pulse_train(2e6, 0.3, 0.37)
case = mt.Case(package, [mt.HeatFlux("top", pulses), mt.Convection("bottom", 5000.0, 300.0)])
mesh = mt.generate_mesh(package, mt.MeshSpec("coarse", edge_size=2e-3, max_size=2e-3, layer_size=4e-4))

def run(folder, checkpoint):
    save = mt.Save([0.4, 0.9], to=mt.Series(f"{folder}/run"), checkpoint=checkpoint, every=0.0)
    steps = mt.AdaptiveSteps(absolute=0.2, relative=0.0)
    return mt.solve_transient(case, mesh, 0.9, probes=["slab"], steps=steps, save=save)

if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2])
"""


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    script, checkpoint = tmp_path / "run.py", tmp_path / "state.npz"
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path / "killed"), str(checkpoint)])
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if checkpoint.is_file() and len(read_times(checkpoint)) > 25:
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = len(read_times(checkpoint))
    module: dict = {}
    exec(compile(SCRIPT, "run.py", "exec"), module)
    resumed = module["run"](tmp_path / "killed", checkpoint)
    whole = module["run"](tmp_path / "whole", tmp_path / "other.npz")
    assert 25 < done < len(whole.times)
    assert resumed.times == pytest.approx(whole.times, rel=1e-12)
    # Stages start elsewhere without what earlier ones foretold, and are as accurate as their step asks for.
    rise = whole.probe("max(slab)").max() - 300.0
    assert np.abs(resumed.probe("max(slab)") - whole.probe("max(slab)")).max() < 1e-7 * rise
    assert np.abs(resumed.final.temperature - whole.final.temperature).max() < 1e-7 * rise
    assert resumed.energy.energy_in == pytest.approx(whole.energy.energy_in, rel=1e-9)
    assert resumed.energy.relative_defect < 1e-8
    assert not checkpoint.exists()
    for folder in ("killed", "whole"):
        names = sorted(file.name for file in (tmp_path / folder).iterdir())
        assert names == ["run.pvd", "run_0000.vtu", "run_0001.vtu"]
        listed = (tmp_path / folder / "run.pvd").read_text()
        assert 'timestep="0.4" file="run_0000.vtu"' in listed and 'timestep="0.9" file="run_0001.vtu"' in listed


def read_times(checkpoint: Path) -> np.ndarray:
    with np.load(checkpoint, allow_pickle=False) as data:
        return data["times"]


def test_checkpoints_of_other_runs_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.npz"
    assert read_checkpoint(file, "a") is None
    write_checkpoint(file, "a", {"time": 1.0, "nothing": None})
    found = read_checkpoint(file, "a")
    assert found is not None and float(found["time"]) == 1.0 and "nothing" not in found
    with pytest.raises(mt.InputError, match="another run"):
        read_checkpoint(file, "b")
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(mt.InputError, match="cannot be read"):
        read_checkpoint(file, "a")


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": [-1.0]},
        {"times": "often"},
        {"times": 0.0},
        {"to": "folder"},
        {"checkpoint": "state.txt"},
        {"checkpoint": 3},
        {"times": [1.0], "checkpoint": "state.npz"},
        {"every": float("nan")},
    ],
)
def test_what_cannot_be_saved_is_refused(wrong: dict) -> None:
    with pytest.raises(mt.InputError):
        mt.Save(**wrong)


def test_times_to_save() -> None:
    assert check_save(None).until(1.0) == []
    assert check_save(["10 ms", 0.005]).until(1.0) == [0.005, 0.01]
    assert mt.Save(0.25).until(1.0) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    with pytest.raises(mt.InputError, match="after the end"):
        mt.Save([2.0]).until(1.0)
