"""Power that differs from place to place on a chip: pixels, or named blocks of a floorplan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import LoadError
from mcpthermal.loads.csv_file import is_number, read_rows, to_number
from mcpthermal.loads.placement import check_place
from mcpthermal.loads.power import check_distribution, check_scale
from mcpthermal.loads.varying import Load
from mcpthermal.loads.waveform import Waveform
from mcpthermal.units import describe, lengths, quantity

ORIGINS = ("corner", "package")

COLUMNS = ("x", "y", "width", "height", "power")
"""What is said about each block."""


@dataclass(frozen=True)
class Block:
    """A rectangle with a power.

    Parameters
    ----------
    name : str
    x0, y0, x1, y1 : float
        Its lower left and upper right corners (m).
    power : float
        (W)
    """

    name: str
    x0: float
    y0: float
    x1: float
    y1: float
    power: float

    def __post_init__(self) -> None:
        what = f"block '{self.name}' of a power map"
        if not isinstance(self.name, str) or not self.name.strip():
            raise LoadError(f"name of a block of a power map: {self.name!r} is not allowed; give a word, e.g. 'cache'")
        for field in ("x0", "y0", "x1", "y1"):
            object.__setattr__(self, field, quantity(getattr(self, field), "m", f"{field} of {what}"))
        object.__setattr__(self, "power", quantity(self.power, "W", f"power of {what}"))
        if not (self.x0 < self.x1 and self.y0 < self.y1):
            raise LoadError(
                f"{what}: from ({describe(self.x0, 'm')}, {describe(self.y0, 'm')}) to ({describe(self.x1, 'm')}, "
                f"{describe(self.y1, 'm')}) it has no area; give its lower left corner and sides above 0"
            )


@dataclass(frozen=True)
class PowerMap(Load):
    """Power over one part, spread evenly within each pixel or block.

    Parameters
    ----------
    place : str
        A part, such as a chip.
    powers : 2-D array, path, or mapping
        Power of each pixel (W), row 0 at the lowest y; or the path of a CSV file, either with nothing but such
        numbers or with a header that has the columns name, x, y, width, height, power (or x_m, ..., power_W); or a
        mapping from names to (x, y, width, height, power). Lengths are in m, x and y are lower left corners. Blocks
        that overlap add up; a negative power cools.
    size : (width, depth), optional
        Of an array (m), from the part's lower left corner; without it the array covers the part's bounding box.
    origin : {"corner", "package"}
        Whether the coordinates of blocks count from the part's lower left corner or are those of the package.
    distribution : {"volume", "active_face"}
        As for a `Power`.
    scale : Waveform, optional
        A factor of all powers.

    Attributes
    ----------
    powers : tuple
        Rows of pixels (W), or one `Block` for each block, relative to the origin.
    """

    place: str
    powers: Any
    size: tuple[float, float] | None = None
    origin: str = "corner"
    distribution: str = "volume"
    scale: Waveform | None = None

    def __post_init__(self) -> None:
        check_place(self.place, "a power map")
        what = f"power map of '{self.place}'"
        check_distribution(self.distribution, what)
        check_scale(self.scale, what)
        if not isinstance(self.origin, str) or self.origin not in ORIGINS:
            raise LoadError(f"{what}: origin {self.origin!r} must be one of {', '.join(ORIGINS)}")
        given = self.powers
        if isinstance(given, str | os.PathLike):
            given = _read_csv(given, what)
        object.__setattr__(self, "powers", read_blocks(given, what) or read_pixels(given, what))
        if self.size is not None:
            sides = lengths(self.size, f"size of the {what}", count=2, above=0.0)
            object.__setattr__(self, "size", sides)
        if self.has_blocks and self.size is not None:
            raise LoadError(f"{what}: blocks have their own sizes; drop size={self.size!r}")
        if not self.has_blocks and self.origin == "package":
            raise LoadError(f"{what}: an array begins at the part's corner; drop origin='package', or give blocks")

    def _with(self, values: dict[str, Any]) -> PowerMap:
        factor = values["scale"]
        if self.has_blocks:
            powers = tuple(replace(block, power=block.power * factor) for block in self.powers)
        else:
            powers = np.array(self.powers) * factor
        return replace(self, powers=powers, scale=None)

    @property
    def has_blocks(self) -> bool:
        """Whether it consists of blocks rather than pixels."""
        return isinstance(self.powers[0], Block)

    @property
    def power(self) -> float:
        """The total power (W), without the scale."""
        if self.has_blocks:
            return float(sum(block.power for block in self.powers))
        return float(np.sum(self.powers))

    def blocks(self, bounds: Sequence[float]) -> tuple[Block, ...]:
        """All blocks, or pixels, in coordinates of the package.

        Parameters
        ----------
        bounds : (x0, y0, x1, y1)
            Of the part's outline (m).

        Returns
        -------
        tuple of Block
            Pixels are named ``"[row,column]"``.
        """
        x0, y0, x1, y1 = bounds
        if self.has_blocks:
            dx, dy = (x0, y0) if self.origin == "corner" else (0.0, 0.0)
            return tuple(Block(b.name, b.x0 + dx, b.y0 + dy, b.x1 + dx, b.y1 + dy, b.power) for b in self.powers)
        width, depth = self.size or (x1 - x0, y1 - y0)
        x = np.linspace(x0, x0 + width, len(self.powers[0]) + 1).tolist()
        y = np.linspace(y0, y0 + depth, len(self.powers) + 1).tolist()
        return tuple(
            Block(f"[{i},{j}]", x[j], y[i], x[j + 1], y[i + 1], power)
            for i, row in enumerate(self.powers)
            for j, power in enumerate(row)
        )


def read_pixels(given: Any, what: str) -> tuple[tuple[float, ...], ...]:
    """The rows of an array of finite numbers."""
    remedy = "give a 2-D array of powers in W, the path of a CSV file, or {name: (x, y, width, height, power)}"
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, bytes):
        raise LoadError(f"{what}: {given!r} is no map; {remedy}")
    try:
        array: NDArray[Any] = np.array(given)
    except (ValueError, TypeError, OverflowError) as error:
        raise LoadError(f"{what}: its rows are not equally long; {remedy}") from error
    if array.ndim != 2 or not array.size:
        raise LoadError(f"{what}: an array of shape {array.shape} is not allowed; {remedy}")
    if array.dtype.kind not in "iuf":
        array = np.array([[quantity(item, "W", f"{what}, one pixel") for item in row] for row in given])
    array = array.astype(float)
    if not np.isfinite(array).all():
        i, j = np.argwhere(~np.isfinite(array))[0]
        raise LoadError(f"{what}: row {i}, column {j} is {array[i, j]} W; every power must be finite")
    return tuple(map(tuple, array.tolist()))


def read_blocks(given: Any, what: str, columns: Sequence[str] = COLUMNS) -> tuple[Block, ...]:
    """The blocks of a mapping, or the blocks themselves; none if something else was given.

    Without a column of powers each block has 1 W.
    """
    if isinstance(given, Mapping):
        if not given:
            raise LoadError(f"{what}: it has no block; give {{name: ({', '.join(columns)})}}")
        return tuple(_block(name, values, what, columns) for name, values in given.items())
    if isinstance(given, tuple | list) and any(isinstance(item, Block) for item in given):
        for item in given:
            if not isinstance(item, Block):
                raise LoadError(f"{what}: {item!r} is no Block; give nothing but blocks")
        return tuple(given)
    return ()


def _block(name: Any, values: Any, what: str, columns: Sequence[str]) -> Block:
    """A block from its corner, its sides and, if there is such a column, its power."""
    label = f"block '{name}' of the {what}"
    if isinstance(values, Mapping):
        if set(values) != set(columns):
            raise LoadError(f"{label}: the keys {sorted(map(str, values))} are not allowed; give {', '.join(columns)}")
        values = [values[key] for key in columns]
    if isinstance(values, str) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        raise LoadError(f"{label}: {values!r} is no block; give ({', '.join(columns)})")
    values = tuple(values)
    if len(values) != len(columns):
        raise LoadError(f"{label}: {len(values)} values are not allowed; give ({', '.join(columns)})")
    x, y = lengths(values[:2], f"corner of {label}", count=2)
    width, height = lengths(values[2:4], f"sides of {label}", count=2, above=0.0)
    return Block(name, x, y, x + width, y + height, *(values[4:] or (1.0,)))


def _read_csv(path: str | os.PathLike[str], what: str) -> Any:
    """The rows of a file of numbers, or its blocks if it has a header; lines that begin with # are comments."""
    rows, where = read_rows(path, what), f"{what}, file '{path}'"
    if all(is_number(cell) for cell in rows[0]):
        return [[to_number(cell, f"{where}, row {i}") for cell in row] for i, row in enumerate(rows, 1)]
    header = [cell.lower().removesuffix("_m").removesuffix("_w") for cell in rows[0]]
    missing = [column for column in ("name", *COLUMNS) if header.count(column) != 1]
    if missing:
        raise LoadError(f"{where}: the header needs the column '{missing[0]}' once, in m or W; it has {rows[0]}")
    found: dict[str, Any] = {}
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(header):
            raise LoadError(f"{where}, block {number}: {len(row)} values under {len(header)} columns; correct the row")
        values = dict(zip(header, row, strict=True))
        if values["name"] in found:
            raise LoadError(f"{where}, block {number}: the name '{values['name']}' is given twice; rename one")
        found[values["name"]] = [to_number(values[column], f"{where}, block {number}, {column}") for column in COLUMNS]
    return found
