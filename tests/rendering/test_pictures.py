"""The pictures of a run, looked at as pixels; drawn off-screen, without a graphics card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mcpthermal as mt
from mcpthermal.units import mm


def picture(folder: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(folder / name).convert("RGB")).astype(int)


@pytest.mark.parametrize("name", ["package.png", "temperature.png", "current_density.png"])
def test_pictures_are_whole(stacked_module: Path, name: str) -> None:
    """Something is drawn, nothing touches the rim, the title is there, and it has many colours."""
    pixels = picture(stacked_module, name)
    drawn = (pixels < 245).any(axis=2)
    assert 0.15 < drawn.mean() < 0.8
    for rim in (drawn[:8], drawn[-8:], drawn[:, :8], drawn[:, -8:]):
        assert not rim.any()
    title = pixels[: len(pixels) // 9, : pixels.shape[1] // 2]
    assert (title.sum(axis=2) < 150).mean() > 0.005
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 30


def test_the_hottest_colour_is_at_the_chips(stacked_module: Path) -> None:
    """The cut-away shows the hot module in the middle, and cool corners of the package."""
    pixels = picture(stacked_module, "temperature.png")
    scene = pixels[:, : int(0.84 * pixels.shape[1])]
    bright = (scene[..., 0] > 230) & (scene[..., 1] > 220) & (scene[..., 2] < 200)
    dark = (scene.sum(axis=2) < 90) & (scene[..., 2] >= scene[..., 0])
    rows, columns = np.nonzero(bright)
    assert len(rows) > 2000 and dark.sum() > 500
    assert 0.3 < columns.mean() / scene.shape[1] < 0.7
    assert 0.3 < rows.mean() / scene.shape[0] < 0.7


def test_the_scale_bar_ends_in_its_colours(stacked_module: Path) -> None:
    pixels = picture(stacked_module, "temperature.png")
    bar = pixels[:, int(0.86 * pixels.shape[1]) :]
    assert (np.abs(bar - [252, 255, 164]).max(axis=2) < 12).any(), "inferno's upper end"
    assert (bar.sum(axis=2) < 40).any(), "inferno's lower end"


def test_wrong_fields_are_explained() -> None:
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1 * mm), (0.0, 0.2 * mm), "silicon")])
    case = mt.Case(package, loads=[mt.Power("slab", 0.001), mt.Convection("bottom", 1000.0, 300.0)], name="slab")
    result = mt.solve_steady(case, mt.generate_mesh(package, "coarse"))
    with pytest.raises(mt.InputError, match="did you mean 'temperature'"):
        mt.plot_field(result, "temperatur")
    with pytest.raises(mt.InputError, match="no electrical terminals"):
        mt.plot_field(result, "current_density")


def test_a_uniform_slab_is_drawn_in_one_colour(tmp_path: Path) -> None:
    """Materials have fixed colours: silicon on screen is silicon's colour, shaded."""
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1 * mm), (0.0, 0.2 * mm), "silicon")])
    plotter = mt.plot_package(package, cut=False, off_screen=True)
    plotter.screenshot(str(tmp_path / "slab.png"))
    plotter.close()
    pixels = picture(tmp_path, "slab.png").reshape(-1, 3)
    solid = pixels[(pixels.max(axis=1) < 200) & (pixels.max(axis=1) > 60)]
    ratio = solid / solid.max(axis=1, keepdims=True)
    expected = np.array([0x5B, 0x6F, 0x8A]) / 0x8A
    assert (np.abs(ratio - expected).max(axis=1) < 0.05).mean() > 0.8
