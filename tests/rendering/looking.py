"""How pictures are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import mcpthermal as mt


def look_at(plotter: Any, file: Path) -> np.ndarray:
    """The pixels of a picture, written and read again."""
    mt.save_picture(plotter, file)
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def check_whole(pixels: np.ndarray) -> None:
    """Something is drawn, nothing touches the rim, a title stands above the left."""
    drawn = (pixels < 245).any(axis=2)
    assert 0.03 < drawn.mean() < 0.8
    for rim in (drawn[:8], drawn[-8:], drawn[:, :8], drawn[:, -8:]):
        assert not rim.any()
    title = pixels[: len(pixels) // 12, : pixels.shape[1] // 2]
    assert (title.sum(axis=2) < 150).mean() > 0.005


def texts(plotter: Any) -> str:
    """All that is written on a picture but the scale bar."""
    found = [actor.GetInput() for actor in plotter.renderer.actors.values() if hasattr(actor, "GetInput")]
    return "\n".join(item for item in found if isinstance(item, str))


def place_on_picture(plotter: Any, point: np.ndarray, shape: tuple[int, ...]) -> tuple[int, int]:
    """Row and column of a point (mm, stretched) on the picture."""
    plotter.render()
    plotter.renderer.SetWorldPoint(*point, 1.0)
    plotter.renderer.WorldToDisplay()
    x, y, _ = plotter.renderer.GetDisplayPoint()
    return round(shape[0] - 1 - y), round(x)
