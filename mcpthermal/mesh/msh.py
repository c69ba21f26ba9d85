"""Gmsh's own files: points, cells and physical groups of MSH 2.2 and 4.1, text or binary.

Read here rather than by meshio, which keeps only the first group of an entity, loses groups of equal names, and refuses
files in which some entities are in no group.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MeshError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TETRA, TETRA10, TRIANGLE, TRIANGLE6 = 4, 11, 2, 9
"""Gmsh's numbers of the types of cells that are understood."""

CURE = "export it as MSH 4.1"

# Gmsh's number of each type: (dimension, nodes, words). Source: Gmsh reference manual, MSH file format.
KINDS = (
    {15: (0, 1, "points")}
    | {kind: (1, nodes, "lines") for kind, nodes in {1: 2, 8: 3, 26: 4, 27: 5, 28: 6}.items()}
    | {TRIANGLE: (2, 3, "linear triangles"), TRIANGLE6: (2, 6, "quadratic triangles")}
    | {kind: (2, nodes, "triangles of higher order") for kind, nodes in {20: 9, 21: 10, 22: 12, 23: 15}.items()}
    | {kind: (2, nodes, "triangles of higher order") for kind, nodes in {24: 15, 25: 21}.items()}
    | {kind: (2, nodes, "quadrangles") for kind, nodes in {3: 4, 10: 9, 16: 8, 36: 16, 37: 25, 38: 36}.items()}
    | {TETRA: (3, 4, "linear tetrahedra"), TETRA10: (3, 10, "quadratic tetrahedra")}
    | {kind: (3, nodes, "tetrahedra of higher order") for kind, nodes in {29: 20, 30: 35, 31: 56}.items()}
    | {kind: (3, nodes, "hexahedra") for kind, nodes in {5: 8, 12: 27, 17: 20, 92: 64, 93: 125}.items()}
    | {kind: (3, nodes, "prisms") for kind, nodes in {6: 6, 13: 18, 18: 15, 90: 40, 91: 75}.items()}
    | {kind: (3, nodes, "pyramids") for kind, nodes in {7: 5, 14: 14, 19: 13}.items()}
)


@dataclass(frozen=True, eq=False)
class Block:
    """Cells of one type in the same groups.

    Attributes
    ----------
    kind : int
        Gmsh's number of the type.
    groups : tuple of int
        The physical groups, none, one or more.
    nodes : (n, n_nodes) array of int
        Points in Gmsh's order.
    """

    kind: int
    groups: tuple[int, ...]
    nodes: Ints

    @property
    def dimension(self) -> int:
        """Of the cells."""
        return KINDS[self.kind][0]

    @property
    def words(self) -> str:
        """What the cells are."""
        return KINDS[self.kind][2]


@dataclass(frozen=True, eq=False)
class MshFile:
    """What a file holds; `names` lists (dimension, group, name) as declared."""

    points: Floats
    blocks: tuple[Block, ...]
    names: tuple[tuple[int, int, str], ...]


class _Numbers:
    """The numbers of a section one after the other, from text or bytes; `whole` if the text has integers only."""

    def __init__(self, body: bytes, header: _Header, whole: bool = False) -> None:
        self._place = 0
        self._types = header.types
        self._body: Any = np.frombuffer(body, np.uint8)
        if self._types is None:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                text = body.decode("ascii", "replace").replace("\ufffd", "?")
                self._body = np.fromstring(text, np.int64 if whole else float, sep=" ")

    def take(self, kind: str, count: int) -> Any:
        """The next numbers: kind is int, size or double."""
        width = 1 if self._types is None else self._types[kind].itemsize
        end = self._place + width * int(count)
        if count < 0 or end > len(self._body):
            raise MeshError("the file ends too early")
        part = self._body[self._place : end]
        self._place = end
        if self._types is not None:
            part = part.view(self._types[kind])
        return part.astype(float if kind == "double" else np.int64, copy=False)

    def rest(self) -> Ints:
        """All numbers that are left, as integers."""
        left = len(self._body) - self._place
        return np.asarray(self.take("int", left if self._types is None else left // 4))


@dataclass(frozen=True)
class _Header:
    version: str
    types: dict[str, np.dtype[Any]] | None


def parse(data: bytes) -> MshFile:
    """Read a whole file.

    Raises
    ------
    MeshError
        Saying what is wrong, without the file's name.
    """
    try:
        with np.errstate(all="raise"):
            return _parse(data)
    except MeshError:
        raise
    except (ValueError, IndexError, ArithmeticError, Warning) as error:
        raise MeshError(f"it is damaged ({error}); {CURE}") from error


def _parse(data: bytes) -> MshFile:
    sections = _sections(data)
    if "MeshFormat" not in sections:
        raise MeshError(f"it has no section $MeshFormat; {CURE}")
    header = _header(sections["MeshFormat"])
    if "PartitionedEntities" in sections:
        raise MeshError("it is partitioned; save the mesh without partitions")
    for name in ("Nodes", "Elements"):
        if name not in sections:
            raise MeshError(f"it has no section ${name}; {CURE}")
    names = _names(sections.get("PhysicalNames", b""))
    if header.version.startswith("2"):
        tags, points = _nodes_2(sections["Nodes"], header)
        found = _elements_2(sections["Elements"], header)
    else:
        tags, points = _nodes_4(_Numbers(sections["Nodes"], header))
        owners = _owners(_Numbers(sections["Entities"], header)) if "Entities" in sections else {}
        found = _elements_4(_Numbers(sections["Elements"], header, whole=True), owners)
    rows = _Rows(tags)
    return MshFile(points, tuple(Block(kind, groups, rows.of(nodes)) for kind, groups, nodes in found), names)


def _sections(data: bytes) -> dict[str, bytes]:
    sections: dict[str, bytes] = {}
    place = data.find(b"$")
    while place >= 0:
        stop = data.find(b"\n", place)
        name = data[place + 1 : stop].strip()
        end = data.find(b"$End" + name, stop)
        if stop < 0 or end < 0 or not name.isalpha():
            raise MeshError(f"section ${name[:40].decode('ascii', 'replace')} has no end; {CURE}")
        sections.setdefault(name.decode("ascii", "replace"), data[stop + 1 : end])
        place = data.find(b"$", end + 1)
    return sections


def _header(body: bytes) -> _Header:
    line, _, rest = body.partition(b"\n")
    version, binary, size = line.decode("ascii", "replace").split()
    if version not in ("2", "2.0", "2.1", "2.2", "4.1"):
        raise MeshError(f"its format is MSH {version}; {CURE} or 2.2")
    if binary not in ("0", "1") or size not in ("4", "8"):
        raise MeshError(f"its $MeshFormat is unknown; {CURE}")
    if binary == "0":
        return _Header(version, None)
    order = "<" if rest[:4] == b"\x01\x00\x00\x00" else ">"
    kinds = {"int": f"{order}i4", "size": f"{order}u{size}", "double": f"{order}f8"}
    return _Header(version, {kind: np.dtype(code) for kind, code in kinds.items()})


def _names(body: bytes) -> tuple[tuple[int, int, str], ...]:
    lines = re.findall(r'^\s*(\d+)\s+(-?\d+)\s+"(.*)"\s*$', body.decode("utf-8", "replace"), re.MULTILINE)
    return tuple((int(dimension), abs(int(tag)), name.strip()) for dimension, tag, name in lines)


class _Rows:
    """The row of each point by its tag in the file."""

    def __init__(self, tags: Ints) -> None:
        self._order = np.argsort(tags, kind="stable")
        self._tags = tags[self._order]
        if (np.diff(self._tags) == 0).any():
            raise MeshError(f"a point is listed twice; {CURE}")
        first, last = (int(self._tags[0]), int(self._tags[-1])) if len(tags) else (0, -1)
        self._dense = last - first + 1 == len(tags)

    def of(self, nodes: Ints) -> Ints:
        """Rows of nodes."""
        if not len(self._tags):
            raise MeshError("it has no points")
        rows = nodes - self._tags[0] if self._dense else np.searchsorted(self._tags, nodes)
        inside = np.clip(rows, 0, len(self._tags) - 1)
        if (self._tags[inside] != nodes).any():
            raise MeshError(f"cells refer to points that are not in the file; {CURE}")
        return np.asarray(self._order[inside])


# --- MSH 2.2 -----------------------------------------------------------------------------------------------


def _nodes_2(body: bytes, header: _Header) -> tuple[Ints, Floats]:
    line, _, rest = body.partition(b"\n")
    count = int(line)
    if header.types is None:
        table = _Numbers(rest, header).take("double", 4 * count).reshape(-1, 4)
        return table[:, 0].astype(np.int64), table[:, 1:]
    rows = np.frombuffer(rest, [("tag", header.types["int"]), ("at", header.types["double"], 3)], count)
    return rows["tag"].astype(np.int64), rows["at"].astype(float)


def _elements_2(body: bytes, header: _Header) -> list[tuple[int, tuple[int, ...], Ints]]:
    """Rows of (number, kind, count of labels, labels, nodes) in text; in bytes after (kind, count, count of labels)."""
    line, _, rest = body.partition(b"\n")
    left, place = int(line), 0
    values = _Numbers(rest, header, whole=True).rest()
    text = header.types is None
    found: dict[int, list[tuple[Ints, Ints]]] = {}
    while left > 0:
        kind, count, labels = [values[place + 1], 1, values[place + 2]] if text else values[place : place + 3].tolist()
        if labels < 0:
            raise MeshError(f"it has {labels} labels at a cell; {CURE}")
        lead = 3 if text else 4 if count == 1 else 1
        width = int(lead + labels + _nodes_of(kind))
        if count == 1:
            table = _alike(values[place : place + left * width], width, [1, 2] if text else [0, 1, 2])
        else:
            place += 3
            table = values[place : place + count * width].reshape(-1, width)
        if not len(table):
            raise MeshError("the file ends too early")
        group = np.abs(table[:, lead]) if labels else np.zeros(len(table), np.int64)
        found.setdefault(int(kind), []).append((group, table[:, lead + labels :]))
        place += table.size
        left -= len(table)
    result: list[tuple[int, tuple[int, ...], Ints]] = []
    for kind, tables in found.items():
        groups, nodes = (np.concatenate(parts) for parts in zip(*tables, strict=True))
        for group in np.unique(groups).tolist():
            result.append((kind, (group,) if group else (), nodes[groups == group]))
    return result


def _alike(values: Ints, width: int, columns: list[int]) -> Ints:
    """The leading rows that have the first one's entries in some columns; ever more are looked at while they have."""
    table = values[: len(values) // width * width].reshape(-1, width)
    rows = 1
    while rows < len(table):
        window = table[rows : 2 * rows][:, columns]
        other = (window != table[0, columns]).any(axis=1)
        if other.any():
            return table[: rows + int(np.argmax(other))]
        rows *= 2
    return table


# --- MSH 4.1 -----------------------------------------------------------------------------------------------


def _owners(numbers: _Numbers) -> dict[tuple[int, int], tuple[int, ...]]:
    """The physical groups of each entity (dimension, tag)."""
    owners = {}
    for dimension, count in enumerate(numbers.take("size", 4).tolist()):
        for _ in range(count):
            tag = int(numbers.take("int", 1)[0])
            numbers.take("double", 3 if dimension == 0 else 6)
            groups = np.abs(numbers.take("int", numbers.take("size", 1)[0]))
            owners[dimension, tag] = tuple(dict.fromkeys(groups.tolist()))
            if dimension:
                numbers.take("int", numbers.take("size", 1)[0])
    return owners


def _nodes_4(numbers: _Numbers) -> tuple[Ints, Floats]:
    blocks, *_ = numbers.take("size", 4)
    tags, points = [np.empty(0, np.int64)], [np.empty((0, 3))]
    for _ in range(blocks):
        dimension, _, parametric = numbers.take("int", 3)
        count = int(numbers.take("size", 1)[0])
        tags.append(numbers.take("size", count))
        width = int(3 + (dimension if parametric else 0))
        points.append(numbers.take("double", count * width).reshape(-1, width)[:, :3])
    return np.concatenate(tags), np.concatenate(points)


def _elements_4(
    numbers: _Numbers, owners: dict[tuple[int, int], tuple[int, ...]]
) -> list[tuple[int, tuple[int, ...], Ints]]:
    result = []
    blocks, *_ = numbers.take("size", 4)
    for _ in range(blocks):
        dimension, tag, kind = numbers.take("int", 3).tolist()
        count = int(numbers.take("size", 1)[0])
        width = 1 + _nodes_of(kind)
        table = numbers.take("size", count * width).reshape(-1, width)
        result.append((kind, owners.get((dimension, tag), ()), table[:, 1:]))
    return result


def _nodes_of(kind: Any) -> int:
    if int(kind) not in KINDS:
        raise MeshError(f"it has cells of Gmsh's type {int(kind)}; only linear and quadratic tetrahedra are read")
    return KINDS[int(kind)][1]
