"""Meshes for reference cases: slices of a bar, and tetrahedra of any shape by Gmsh, read as a user would."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import mcpthermal as mt
from mcpthermal.mesh.gmsh_backend import session

Point = tuple[float, float]


def slices(name: str, outline: mt.Footprint, length: float, count: int, material: mt.Material) -> list[mt.Part]:
    """A bar along z from 0 in slices, which keep its layers even."""
    levels = np.linspace(0.0, length, count + 1).tolist()
    return [mt.Part(f"{name}{i}", outline, (levels[i], levels[i + 1]), material) for i in range(count)]


def bar(length: float, count: int, material: mt.Material, width: float) -> tuple[mt.Package, mt.ColumnMesh]:
    """A square bar along z that is one-dimensional, and its mesh."""
    package = mt.Package.from_parts(slices("bar", mt.rectangle(width), length, count, material))
    return package, mt.generate_mesh(package, mt.MeshSpec(max_size=width, edge_size=width, layer_size=length))


def tetrahedra(
    build: Callable[[Any], None], materials: Mapping[str, mt.Material], unit: str = "mm"
) -> tuple[mt.Package, mt.TetMesh]:
    """A package on quadratic, curved tetrahedra.

    `build` makes the geometry with its physical groups and mesh sizes in a Gmsh session.
    """
    with session("reference") as gmsh, tempfile.TemporaryDirectory() as folder:
        gmsh.option.setNumber("Mesh.MeshSizeFromPoints", 1)
        gmsh.option.setNumber("Mesh.MeshSizeExtendFromBoundary", 1)
        build(gmsh)
        gmsh.model.mesh.generate(3)
        gmsh.model.mesh.setOrder(2)
        file = Path(folder) / "reference.msh"
        gmsh.write(str(file))
        mesh = mt.read_mesh(file, unit=unit)
    return mt.Package.from_mesh(mesh, materials), mesh


def grade(gmsh: Any, size: float, fine: Mapping[Point, float]) -> None:
    """Mesh sizes at all corners, finer at those over given points of the plane."""
    points = gmsh.model.getEntities(0)
    gmsh.model.mesh.setSize(points, size)
    for point in points:
        x, y, _ = gmsh.model.getValue(*point, [])
        for (a, b), wanted in fine.items():
            if abs(x - a) + abs(y - b) < 1e-6:
                gmsh.model.mesh.setSize([point], wanted)


def grow_from(gmsh: Any, curves: Sequence[int], size: str) -> None:
    """The mesh size by the distance d from curves."""
    field = gmsh.model.mesh.field
    distance, growth = field.add("Distance"), field.add("MathEval")
    field.setNumbers(distance, "CurvesList", list(curves))
    field.setNumber(distance, "Sampling", 100)
    field.setString(growth, "F", size.replace("d", f"F{distance}"))
    field.setAsBackgroundMesh(growth)


def cylinder(gmsh: Any, radius: float, height: float, size: float) -> None:
    """A cylinder on z = 0 (mm) with its foot, head and side."""
    occ = gmsh.model.occ
    disc = occ.addDisk(0, 0, 0, radius, radius)
    head, body, side = occ.extrude([(2, disc)], 0, 0, height, numElements=[1])
    occ.synchronize()
    group(gmsh, 3, "cylinder", [body[1]])
    for name, tag in (("foot", disc), ("head", head[1]), ("side", side[1])):
        group(gmsh, 2, name, [tag])
    # One point on a circle: its size is that of the whole.
    gmsh.model.mesh.setSize(gmsh.model.getEntities(0), size)


def group(gmsh: Any, dimension: int, name: str, tags: Sequence[int]) -> None:
    """A named physical group."""
    gmsh.model.addPhysicalGroup(dimension, list(tags), name=name)
