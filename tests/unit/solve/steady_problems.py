"""Small packages with exact answers, and their meshes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mcpthermal as mt
from mcpthermal.loads import GROUND
from mcpthermal.units import mm

SIDE = 1 * mm
AREA = SIDE**2
HEIGHT = 0.4 * mm
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


def tensor(values: tuple[float, ...], fall: float) -> dict[str, mt.Linear]:
    names = ("xx", "yy", "zz", "yz", "xz", "xy")
    return {name: mt.Linear(value, -fall * value, AMBIENT) for name, value in zip(names, values, strict=True)}


def everything() -> tuple[mt.Package, list[Any]]:
    """Three layers, two of them metals, with every load and law whose derivative matters."""
    low = mt.Material(
        "low",
        tensor((30.0, 20.0, 15.0, 2.0, -3.0, 4.0), 1e-3),
        tensor((3e5, 2e5, 1e5, 2e4, -1e4, 3e4), 2e-3),
        emissivity=0.6,
    )
    high = mt.Material(
        "high", mt.PowerLaw(60.0, 300.0, -1.2), mt.Metal(4e-6, 4e-3, 300.0), emissivity=mt.Linear(0.4, 5e-4, 300.0)
    )
    cap = mt.Material("cap", mt.Exponential(5.0, 300.0, -2e-3), emissivity=0.8)
    package = stack(("low", HEIGHT, low), ("high", HEIGHT, high), ("cap", HEIGHT, cap))
    loads = [
        mt.Power("cap", 0.2),
        mt.Leakage("cap", 0.05, 0.02, 320.0),
        mt.Leakage("low.bottom", mt.Linear(0.05, 4e-4, 300.0)),
        mt.Convection("bottom", mt.PowerFilm(400.0, 0.5, 4000.0), 300.0),
        mt.Convection("top", mt.NaturalConvection("up", 0.25 * mm), 290.0),
        mt.Radiation("sides", 310.0),
        mt.Radiation("top", 310.0, mt.Linear(0.3, 1e-4, 300.0)),
        mt.HeatSink("x_max", 300.0, 295.0, "isothermal"),
        mt.Current("high.x_min", 3.0),
        mt.Resistor("low.x_min", GROUND, 1e-3),
        mt.Interface("low|high", None, mt.Linear(1e-5, 1e-7, 300.0), mt.Exponential(2e-9, 300.0, 8e-3), 0.3),
        mt.Interface("cap|high", None, mt.Linear(4e-5, -5e-8, 300.0)),
    ]
    return package, loads
