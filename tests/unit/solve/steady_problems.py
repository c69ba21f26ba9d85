"""Small packages with exact answers, and their meshes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mcpthermal as mt
from mcpthermal.units import mm

SIDE = 1 * mm
AREA = SIDE**2
AMBIENT = 300.0

KINDS = ("columns", "tetrahedra")
"""The discretisations."""

GOOD = mt.Material("good", 1e6, 1e9)
"""Conducts so well that a block of it has one temperature and one potential."""


def stack(*layers: tuple[str, float, Any], size: float = SIDE) -> mt.Package:
    """Layers of (name, height, material) on each other, from z = 0 upwards."""
    parts, z = [], 0.0
    for name, height, material in layers:
        parts.append(mt.Part(name, mt.rectangle(size), (z, z + height), material))
        z += height
    return mt.Package.from_parts(parts)


def meshed(kind: str, package: mt.Package, layer: float | None = None, size: float = SIDE) -> tuple[mt.Package, Any]:
    """A package and a coarse mesh of it, for tetrahedra the package of the mesh.

    Parameters
    ----------
    kind : {"columns", "tetrahedra"}
    package : Package
    layer : float, optional
        The thickness of all layers (m).
    size : float
        In the plane (m).
    """
    spec = mt.MeshSpec("coarse", edge_size=size, max_size=size, layer_size=layer, max_layer_size=layer)
    mesh = mt.generate_mesh(package, spec)
    if kind == "columns":
        return package, mesh
    cells, part = mesh.tetrahedra()
    split = mt.TetMesh(mesh.points, cells, part, mesh.part_names)
    return mt.Package.from_mesh(split, {p.name: p.material for p in package.parts}), split


def solved(
    kind: str, package: mt.Package, loads: Sequence[Any], layer: float | None = None, size: float = SIDE, **options: Any
) -> mt.SteadyResult:
    """The steady result of a package on a coarse mesh."""
    whole, mesh = meshed(kind, package, layer, size)
    return mt.solve_steady(mt.Case(whole, loads), mesh, **options)
