"""Strips of stages: one picture for each, seen from one place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mcpthermal as mt
from mcpthermal.units import mm


def test_a_strip_of_a_process(process: mt.Process, module: mt.Module, tmp_path: Path) -> None:
    short = mt.Process(process.carrier).attach(module, at=(0.8 * mm, 0))
    figure = mt.plot_stages(short, tmp_path / "strip.png")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["carrier", "stack", "attached"]
    pixels = np.asarray(Image.open(tmp_path / "strip.png").convert("RGB")).astype(int)
    # Between the titles and the key.
    scenes = np.array_split(pixels[len(pixels) // 8 : -len(pixels) // 7], 3, axis=1)
    carrier, stack, attached = (int((scene < 245).any(axis=2).sum()) for scene in scenes)
    # The same place and scale: the free module is smaller than the carrier, both together cover more.
    assert 0 < stack < carrier < attached < stack + 1.3 * carrier
    blue = [int(((scene[..., 2] - scene[..., 1]) > 20).sum()) for scene in scenes]
    assert blue[0] == 0 and blue[1] > 1000 and blue[2] > 1000
    with pytest.raises(mt.InputError, match="draws a Process or Stages"):
        mt.plot_stages(short.package())  # type: ignore[arg-type]
