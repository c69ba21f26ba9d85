"""Whether a solution will fit into memory, before it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcpthermal.errors import SolveError
from mcpthermal.mesh import ColumnMesh

COLUMNS = 2000.0
TETRAHEDRA, PER_CELL = 1900.0, 800.0
"""Bytes for each unknown and for each cell, as measured from 50,000 to 2,000,000 unknowns, with some room."""

GROUP = Path("/sys/fs/cgroup")


def check_memory(mesh: Any, unknowns: int, order: int) -> None:
    """Refuse a solution that needs more memory than is free.

    Raises
    ------
    SolveError
        With what is needed, what is free, and what to do.
    """
    free = free_memory()
    columns = isinstance(mesh, ColumnMesh)
    needed = COLUMNS * unknowns if columns else TETRAHEDRA * unknowns + PER_CELL * mesh.n_cells
    if free is None or needed <= free:
        return
    cure = "take a coarser mesh, such as MeshSpec('coarse') or a larger edge_size"
    if not columns:
        cure = "take a coarser mesh" if order == 1 else "take linear elements (order=1) or a coarser mesh"
    raise SolveError(
        f"{unknowns:,} unknowns need about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free; {cure}, "
        "or end other programs"
    )


def free_memory() -> float | None:
    """Bytes that can be had without swapping, in the limits of a container; None where the system does not say."""
    found = [_entry(Path("/proc/meminfo"), "MemAvailable:", 1024.0), _left(GROUP)]
    known = [value for value in found if value is not None]
    return min(known) if known else None


def _entry(file: Path, name: str, unit: float = 1.0) -> float | None:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.split()[:1] == [name]:
            return unit * float(line.split()[1])
    return None


def _left(group: Path) -> float | None:
    try:
        most, now = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return None
    # What is only kept of files gives way.
    cached = _entry(group / "memory.stat", "inactive_file") or 0.0
    return None if most == "max" else max(float(most) - float(now) + cached, 0.0)
