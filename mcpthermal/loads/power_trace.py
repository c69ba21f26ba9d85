"""Powers of many blocks that vary together: rows of time, columns of blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import LoadError, near_misses
from mcpthermal.loads.csv_file import read_rows, to_number
from mcpthermal.loads.piecewise import bends, check_times, first_after, interpolated
from mcpthermal.loads.power_map import COLUMNS, Block, PowerMap, read_blocks, read_pixels
from mcpthermal.loads.varying import Load
from mcpthermal.materials.base import read_numbers
from mcpthermal.units import Value, quantity

Floats = NDArray[np.float64]

SIDES = COLUMNS[:4]
"""What is said about each block."""

INTERPOLATIONS = ("step", "linear")

TIME_COLUMNS = ("time", "time_s", "t", "t_s")
"""What the column of times may be called in a file."""


@dataclass(frozen=True)
class PowerTrace(Load):
    """Power over one part that varies in time, block by block.

    Parameters
    ----------
    place : str
        A part, such as a chip.
    floorplan : mapping
        From names to (x, y, width, height) in m, x and y being lower left corners.
    times : sequence of float or str
        (s), increasing.
    powers : 2-D array
        (W), one row for each time and one column for each block.
    distribution : {"volume", "active_face"}
        As for a `Power`.
    origin : {"corner", "package"}
        Whether the coordinates count from the part's lower left corner or are those of the package.
    interpolation : {"step", "linear"}
        A row holds until the next one, or powers run straight from row to row. The first row also holds before
        its time, and the last one after.

    Attributes
    ----------
    floorplan : tuple of Block
        Relative to the origin, 1 W each.
    """

    place: str
    floorplan: Any
    times: tuple[float, ...]
    powers: Any
    distribution: str = "volume"
    origin: str = "corner"
    interpolation: str = "step"

    def __post_init__(self) -> None:
        what = f"power trace of '{self.place}'"
        blocks = tuple(replace(block, power=1.0) for block in read_blocks(self.floorplan, what, SIDES))
        if not blocks or len({block.name for block in blocks}) < len(blocks):
            raise LoadError(f"{what}: {self.floorplan!r} is no floorplan; give {{name: ({', '.join(SIDES)})}}")
        PowerMap(self.place, blocks, None, self.origin, self.distribution)
        if not isinstance(self.interpolation, str) or self.interpolation not in INTERPOLATIONS:
            raise LoadError(f"{what}: interpolation {self.interpolation!r} must be one of {', '.join(INTERPOLATIONS)}")
        times = read_numbers(self.times, "s", f"times of the {what}")
        check_times(times, f"times of the {what}", repeats=1)
        powers = read_pixels(self.powers, what)
        if (len(powers), len(powers[0])) != (len(times), len(blocks)):
            raise LoadError(
                f"{what}: powers of shape ({len(powers)}, {len(powers[0])}) do not fit to {len(times)} times and "
                f"{len(blocks)} blocks; give one row for each time and one column for each block"
            )
        object.__setattr__(self, "floorplan", blocks)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "powers", powers)

    @classmethod
    def read(
        cls,
        place: str,
        floorplan: Any,
        path: str | os.PathLike[str],
        interval: Value | None = None,
        *,
        distribution: str = "volume",
        origin: str = "corner",
        interpolation: str = "step",
    ) -> PowerTrace:
        """A trace from a file with one column for each block, separated by commas or blanks.

        Parameters
        ----------
        place, floorplan, distribution, origin, interpolation
            As for the trace itself.
        path : path
            A table with a header: a column of times (``time`` or ``t``, in s) and the names of the blocks; powers
            in W. With an interval the columns are the blocks alone, as in a ``.ptrace`` file of HotSpot.
        interval : float or str, optional
            How long each row holds (s), the first from 0 on.

        Raises
        ------
        InputError
            If the file cannot be read, or does not fit to the blocks.
        """
        what = f"power trace of '{place}'"
        rows, where = read_rows(path, what), f"{what}, file '{path}'"
        header = rows[0]
        numbers = [[to_number(cell, f"{where}, row {i}") for cell in row] for i, row in enumerate(rows[1:], 1)]
        ragged = [i for i, row in enumerate(numbers, 1) if len(row) != len(header)]
        if ragged or not numbers:
            raise LoadError(f"{where}: {_few(ragged)}; give one number under each of the {len(header)} columns")
        if interval is None:
            if header[0].lower() not in TIME_COLUMNS:
                raise LoadError(
                    f"{where}: the first column is '{header[0]}', not a time; name it 'time', or give the interval"
                )
            times = [row[0] for row in numbers]
            header, numbers = header[1:], [row[1:] for row in numbers]
        else:
            step = quantity(interval, "s", f"interval of the {what}", above=0.0)
            times = [number * step for number in range(len(numbers))]
        blocks = read_blocks(floorplan, what, SIDES)
        _check_header(header, [block.name for block in blocks], where)
        order = [header.index(block.name) for block in blocks]
        powers = np.array(numbers)[:, order]
        return cls(place, blocks or floorplan, tuple(times), powers, distribution, origin, interpolation)

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks, as the columns of `powers`."""
        return tuple(block.name for block in self.floorplan)

    @property
    def varies(self) -> bool:
        """Always true."""
        return True

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        """Times and powers, straight between them."""
        times, powers = np.array(self.times), np.array(self.powers)
        if self.interpolation == "step":
            times, powers = np.repeat(times, 2)[1:], np.repeat(powers, 2, axis=0)[:-1]
        return times, powers

    @cached_property
    def _corners(self) -> Floats:
        return bends(*self._table)

    def power_at(self, time: float) -> Floats:
        """(n_blocks,) powers (W) at a time (s); at a step those after it."""
        return interpolated(*self._table, np.asarray(quantity(time, "s", f"time of the power trace of '{self.place}'")))

    def at(self, time: float) -> PowerMap:
        """The power map at a time (s)."""
        powers = self.power_at(time).tolist()
        blocks = tuple(replace(block, power=power) for block, power in zip(self.floorplan, powers, strict=True))
        return PowerMap(self.place, blocks, None, self.origin, self.distribution)

    def next_corner(self, time: float) -> float:
        """The first time after `time` (s) at which a power or its slope jumps; inf if there is none."""
        return first_after(self._corners, quantity(time, "s", f"time of the power trace of '{self.place}'"))

    def blocks(self, bounds: Sequence[float]) -> tuple[Block, ...]:
        """All blocks with 1 W each, in coordinates of the package.

        Parameters
        ----------
        bounds : (x0, y0, x1, y1)
            Of the part's outline (m).
        """
        return PowerMap(self.place, self.floorplan, None, self.origin, self.distribution).blocks(bounds)


def _few(ragged: list[int]) -> str:
    return f"row {ragged[0]} has too many or too few numbers" if ragged else "there is no row of powers"


def _check_header(header: list[str], names: list[str], where: str) -> None:
    """LoadError if the columns are not the blocks, each once."""
    for name in header:
        if name not in names:
            raise LoadError(f"{where}: the column '{name}' is no block; {near_misses(name, names)}")
        if header.count(name) > 1:
            raise LoadError(f"{where}: the column '{name}' is there twice; drop one")
    for name in names:
        if name not in header:
            raise LoadError(f"{where}: block '{name}' has no column; add one, with zeros if it has no power")
