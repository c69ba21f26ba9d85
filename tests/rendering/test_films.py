"""Films: as many pictures as states, one scale for all, whole files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mcpthermal as mt
from mcpthermal.units import mm
from mcpthermal.viz import plot_probes, write_film


def has_ffmpeg() -> bool:
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return False
    return True


@pytest.fixture(scope="module")
def heating() -> mt.TransientResult:
    """A block that warms up evenly: one colour at a time."""
    stuff = mt.Material("m", 400.0, density=2000.0, specific_heat=800.0)
    package = mt.Package.from_parts([mt.Part("block", mt.rectangle(1 * mm), (0.0, 0.5 * mm), stuff)])
    loads = [mt.Power("block", 0.4), mt.Convection("bottom", 20.0, 300.0)]
    spec = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=1 * mm, layer_size=1 * mm)
    case = mt.Case(package, loads, name="block")
    return mt.solve_transient(case, mt.generate_mesh(package, spec), 0.3, save=[0.0, 0.1, 0.2, 0.3])


def test_a_gif_has_all_states_on_one_scale(heating: mt.TransientResult, tmp_path: Path) -> None:
    file = mt.animate(heating, tmp_path / "film.gif", frames_per_second=5.0)
    with Image.open(file) as film:
        assert film.n_frames == 4 and film.info["duration"] == 200 and film.info["loop"] == 0
        middles = []
        for frame in range(4):
            film.seek(frame)
            pixels = np.asarray(film.convert("RGB")).astype(int)
            middles.append(pixels[int(0.45 * len(pixels)), int(0.4 * pixels.shape[1])].sum())
    # From inferno's dark end to its light end, brighter with each state.
    assert middles[0] < 60 and middles == sorted(middles) and middles[-1] > 500
    assert [item.name for item in tmp_path.iterdir()] == ["film.gif"]


@pytest.mark.skipif(not has_ffmpeg(), reason="no ffmpeg: pip install 'mcpthermal[film]'")
def test_an_mp4_can_be_played(heating: mt.TransientResult, tmp_path: Path) -> None:
    import imageio_ffmpeg

    named = {f"sweep, {n} of 2": heating.snapshots[time] for n, time in enumerate((0.1, 0.3), start=1)}
    file = mt.animate(named, tmp_path / "film.mp4", frames_per_second=2.0)
    reader = imageio_ffmpeg.read_frames(str(file))
    facts = next(reader)
    assert facts["codec"] == "h264" and facts["size"] == (1200, 826)
    frames = [np.frombuffer(frame, np.uint8).reshape(826, 1200, 3).astype(int) for frame in reader]
    assert len(frames) == 2 and np.abs(frames[0] - frames[1]).max() > 100


def test_charts_are_filmed_too(heating: mt.TransientResult, tmp_path: Path) -> None:
    charts = [plot_probes(heating), plot_probes(heating, log_time=True)]
    with Image.open(write_film(charts, tmp_path / "charts.gif")) as film:
        assert film.n_frames == 2


def test_refusals(heating: mt.TransientResult, tmp_path: Path) -> None:
    one = {"one": heating.final}
    for call, message in (
        (lambda: mt.animate(one, tmp_path / "film.gif"), "at least two states, not 1"),
        (lambda: mt.animate(heating, tmp_path / "film.avi"), "must end in one of .gif, .mp4"),
        (lambda: mt.animate([heating.final], tmp_path / "film.gif"), "not of list"),  # type: ignore[arg-type]
        (lambda: mt.animate(heating, None), "None is no path"),  # type: ignore[arg-type]
        (lambda: write_film([], tmp_path / "film.gif"), "no picture"),
        (lambda: mt.animate(heating, tmp_path / "film.gif", frames_per_second=0.0), "frames_per_second"),
        (lambda: mt.animate(heating, tmp_path / "film.gif", "potential"), "no electrical terminals"),
    ):
        with pytest.raises(mt.InputError, match=message):
            call()
    assert not list(tmp_path.iterdir())


def test_without_ffmpeg_the_way_out_is_named(
    heating: mt.TransientResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(mt.MissingLibraryError, match=r"mcpthermal\[film\]"):
        mt.animate(heating, tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())
