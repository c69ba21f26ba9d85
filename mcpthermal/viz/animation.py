"""Films: a transient's states, or the states of a sweep, one after the other."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mcpthermal.errors import InputError, MissingLibraryError
from mcpthermal.mesh.writing import checked_file, write_whole
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.transient import TransientResult
from mcpthermal.units import describe, quantity
from mcpthermal.viz.fields import plot_field
from mcpthermal.viz.style import check_field, current_cells, raw_values

Picture = NDArray[np.uint8]

COLOURS = 256
GREYS = 16
ALIKE = 6
"""Of the colours of a GIF; colours alike differ by less than the last number."""

ENDINGS = (".gif", ".mp4")
NO_PICTURE = "there is no picture to make a film of; give at least one"

FILM_SIZE = (1200, 826)
"""Pixels of a film's pictures; even, as MP4 wants them."""


def animate(
    states: TransientResult | Mapping[str, SteadyResult],
    path: str | os.PathLike[str],
    field: str = "temperature",
    *,
    frames_per_second: float = 4.0,
    **options: Any,
) -> Path:
    """Write a film of a transient's kept states, or of the named results of a sweep; all pictures have one scale.

    Parameters
    ----------
    states : TransientResult or mapping of str to SteadyResult
        A transient with states in memory (``save=[...]``), or results with what to write over each of them.
    path : path
        ``.gif``, or ``.mp4``, for which ffmpeg is needed (``pip install 'mcpthermal[film]'`` brings one).
    field : str
        As for `plot_field`.
    frames_per_second : float
    **options
        As for `plot_field`: cut, flow, stretch.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If there are fewer than two states, or the ending is another.
    MissingLibraryError
        If there is no ffmpeg.
    """
    checked_file(path, "a film", ENDINGS)
    frames_per_second = _checked_rate(frames_per_second)
    if isinstance(states, TransientResult):
        name = states.case.name
        listed = {f"{name}: t = {describe(time, 's')}": states.snapshots[time] for time in sorted(states.snapshots)}
    elif isinstance(states, Mapping):
        listed = dict(states)
    else:
        raise InputError(
            f"a film is made of a TransientResult or of {{title: SteadyResult}}, not of {type(states).__name__}"
        )
    if len(listed) < 2:
        raise InputError(
            f"a film needs at least two states, not {len(listed)}; solve the transient with save=[...] in memory"
        )
    values = []
    for state in listed.values():
        look_up = check_field(state, field)
        raw = look_up.shown(raw_values(state.fields, field))
        values.append(raw[current_cells(state.fields)] if look_up.electrical and not look_up.nodal else raw)
    limits = look_up.limits(np.concatenate(values))
    pictures = (
        _picture(plot_field(state, field, title=title, limits=limits, off_screen=True, **options))
        for title, state in listed.items()
    )
    return write_film(pictures, path, frames_per_second)


def write_film(pictures: Iterable[Any], path: str | os.PathLike[str], frames_per_second: float = 4.0) -> Path:
    """Write pictures of one size (arrays of height x width x 3 bytes) or charts as a film, whole or not at all."""
    target, rate = checked_file(path, "a film", ENDINGS), _checked_rate(frames_per_second)
    arrays = (item if isinstance(item, np.ndarray) else _drawn(item) for item in pictures)
    write = _write_gif if target.suffix.lower() == ".gif" else _write_mp4
    return write_whole(target, lambda file: write(arrays, file, rate))


def _checked_rate(frames_per_second: Any) -> float:
    return quantity(frames_per_second, "", "frames_per_second", above=0.0, maximum=60.0)


def _picture(plotter: Any) -> Picture:
    """What a plotter shows."""
    plotter.window_size = list(FILM_SIZE)
    picture = np.asarray(plotter.screenshot(return_img=True))[..., :3]
    plotter.close()
    return np.ascontiguousarray(picture)


def _drawn(figure: Any) -> Picture:
    """What a chart shows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[..., :3]
    even = tuple(size - size % 2 for size in picture.shape[:2])
    return np.ascontiguousarray(picture[: even[0], : even[1]])


def _write_gif(pictures: Iterable[Picture], file: Path, frames_per_second: float) -> None:
    from PIL import Image

    frames = list(pictures)
    if not frames:
        raise InputError(NO_PICTURE)
    palette = _palette(frames)
    tree = cKDTree(palette)
    indexed = []
    for frame in frames:
        codes, place = np.unique(_coded(frame), return_inverse=True)
        nearest = tree.query(_colours(codes))[1].astype(np.uint8)
        image = Image.fromarray(nearest[place].reshape(frame.shape[:2]), mode="P")
        image.putpalette(palette.astype(np.uint8).tobytes())
        indexed.append(image)
    duration = round(1000 / frames_per_second)
    indexed[0].save(file, format="GIF", save_all=True, append_images=indexed[1:], duration=duration, loop=0)


def _palette(frames: list[Picture]) -> NDArray[np.int64]:
    """One palette for all pictures, so that a colour keeps its meaning: what fills them most, and a ramp of greys."""
    codes, counts = np.unique(np.concatenate([_coded(frame) for frame in frames]), return_counts=True)
    # Of colours that look alike the most frequent one stands for all.
    order = np.argsort(-counts, kind="stable")
    alike, first, bins = np.unique(_colours(codes[order]) // ALIKE, axis=0, return_index=True, return_inverse=True)
    filled = np.bincount(bins.ravel(), counts[order], len(alike))
    often = codes[order][first[np.argsort(-filled, kind="stable")[: COLOURS - GREYS]]]
    ramp = np.linspace(0, 255, GREYS).astype(np.int64)
    return np.concatenate([_colours(often), np.repeat(ramp[:, None], 3, axis=1)])


def _coded(picture: Picture) -> NDArray[np.int64]:
    """A number for the colour of each pixel."""
    return (picture.reshape(-1, 3).astype(np.int64) * (1 << 16, 1 << 8, 1)).sum(axis=1)


def _colours(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The colours of numbers."""
    return np.column_stack([codes >> 16, (codes >> 8) & 255, codes & 255])


def _write_mp4(pictures: Iterable[Picture], file: Path, frames_per_second: float) -> None:
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise MissingLibraryError(
            f"films as .mp4 need ffmpeg ({error}); pip install 'mcpthermal[film]', or write a .gif"
        ) from error
    pictures = iter(pictures)
    first = next(pictures, None)
    if first is None:
        raise InputError(NO_PICTURE)
    size = first.shape[1], first.shape[0]
    writer = imageio_ffmpeg.write_frames(
        str(file), size, fps=frames_per_second, macro_block_size=2, quality=8, ffmpeg_log_level="error"
    )
    with contextlib.closing(writer):
        writer.send(None)
        for picture in itertools.chain([first], pictures):
            writer.send(picture.tobytes())
