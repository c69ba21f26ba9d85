"""One planar mesh for packages that differ in heights only: which are alike, and the levels that serve all of them.

Packages are alike if their outlines, the order of their levels and the part of each cell are the same. Then only the
levels of the mesh move: between two levels of the package each layer keeps its share of the interval. The interval
that is divided most finely among all packages divides it for all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mcpthermal.errors import MeshError
from mcpthermal.mesh.columns import ColumnMesh, audit, width
from mcpthermal.mesh.sizing import MeshSpec, graded_fractions, placed_levels
from mcpthermal.package.package import Package

Fractions = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Layering:
    """What decides the mesh of a package.

    Attributes
    ----------
    key : str
        The same for packages that differ in heights and materials only.
    fractions : tuple of tuples
        For each interval between the package's levels the inner levels of its mesh, in (0, 1).
    """

    key: str
    fractions: Fractions


def layering(package: Package, spec: MeshSpec) -> Layering:
    """The layering of a package by itself."""
    columns = package.arrangement.columns
    shapes = [(part.name, part.footprint, part.role, part.group, part.onto, part.is_void) for part in package.parts]
    digest = hashlib.sha256(repr((shapes, spec.to_dict(), columns.cell_part.shape)).encode())
    digest.update(columns.cell_part.tobytes())
    found = graded_fractions(columns.levels.tolist(), package.parts, spec, width(package))
    return Layering(digest.hexdigest(), tuple(tuple(inner.tolist()) for inner in found))


def common_fractions(layerings: Sequence[Layering]) -> Fractions:
    """The fractions that serve several layerings of one key: in each interval those of the one with most layers.

    Among several with as many layers the first in the order of numbers counts, so that the order of the layerings does
    not.
    """
    by_interval = zip(*(item.fractions for item in layerings), strict=True)
    return tuple(min(found, key=lambda inner: (-len(inner), inner)) for found in by_interval)


def fractions_of(mesh: ColumnMesh, package: Package) -> Fractions:
    """The inner levels of a package's mesh in each interval between the package's levels."""
    found = []
    for low, high in pairwise(package.arrangement.columns.levels.tolist()):
        slack = 1e-9 * (high - low)
        inner = mesh.levels[(mesh.levels > low + slack) & (mesh.levels < high - slack)]
        found.append(tuple(((inner - low) / (high - low)).tolist()))
    return tuple(found)


def moved_mesh(mesh: ColumnMesh, package: Package, fractions: Fractions) -> ColumnMesh:
    """A mesh of a package like the one that it was made for, with the same fractions.

    Raises
    ------
    MeshError
        If the package is not like it.
    """
    levels = placed_levels(package.arrangement.columns.levels.tolist(), fractions)
    if levels.shape != mesh.levels.shape or package.names != mesh.part_names:
        raise MeshError("the mesh was made for a package with other levels or parts; call generate_mesh")
    moved = replace(mesh, levels=levels)
    audit(package, moved)
    return moved
