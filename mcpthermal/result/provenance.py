"""Where a number comes from: versions, hashes, sizes, iterations, seconds."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("mcpthermal", "numpy", "scipy", "scikit-fem", "gmsh", "shapely", "pypardiso")


@dataclass(frozen=True)
class Provenance:
    """What was run.

    Attributes
    ----------
    case_hash : str
        SHA-256 of the description and its loads.
    sizes : mapping of str to int
        Cells and unknowns.
    solves : tuple of mappings
        One for each linear solve: method, reason, iterations, residual, seconds.
    seconds : mapping of str to float
        Wall time of each phase.
    """

    case_hash: str
    sizes: Mapping[str, int]
    solves: tuple[Mapping[str, Any], ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For JSON files."""
        return {**asdict(self), "versions": versions()}


def versions() -> dict[str, str]:
    """The versions of this program, Python and the libraries that numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def description_hash(*items: Any) -> str:
    """SHA-256 of frozen descriptions, by their representation."""
    return hashlib.sha256(repr(items).encode()).hexdigest()


def case_hash(case: Any) -> str:
    """SHA-256 of a case: its parts, its loads, and the imported mesh that it is on."""
    mesh = case.package.mesh
    return description_hash(case.package.parts, case.loads, None if mesh is None else mesh.fingerprint)
