"""Meshes of the same cells for packages that differ in some parts, such as healthy and faulty ones, or stages.

All outlines of all packages divide one plane, all their levels one line of heights: what differs between the meshes is
the part in each cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.mesh.columns import ColumnMesh, Drawing, largest_size, segment_rule, width
from mcpthermal.mesh.gmsh_backend import triangulate
from mcpthermal.mesh.sizing import MeshSpec, graded_fractions, mesh_spec, placed_levels
from mcpthermal.package.package import Package
from mcpthermal.package.points import is_list


def common_meshes(packages: Sequence[Package], spec: MeshSpec | str | None = None) -> list[ColumnMesh]:
    """Mesh several packages in the same columns.

    Parameters
    ----------
    packages : sequence of Package
    spec : MeshSpec or str, optional
        As for `generate_mesh`.

    Returns
    -------
    list of ColumnMesh
        One for each package; triangles and levels are the same in all.

    Raises
    ------
    GeometryError
        If outlines of different packages run so closely side by side that no mesh fits between them.
    MeshError
        If Gmsh fails or a part's volume differs from its description.
    """
    listed = tuple(packages) if is_list(packages) else ()
    if not listed or any(not isinstance(package, Package) or package.mesh is not None for package in listed):
        raise InputError("common_meshes needs a list of packages that are described by their parts")
    spec = mesh_spec(spec)
    every = tuple(dict.fromkeys(part for package in listed for part in package.parts))
    extent = max(width(package) for package in listed)
    rule = segment_rule(every, spec, extent)
    drawings = [Drawing(package, spec, every, rule) for package in listed]
    sizes = np.min([drawing.segment_sizes for drawing in drawings], axis=0)
    used = np.any([drawing.used for drawing in drawings], axis=0)
    plane, largest = drawings[0].arrangement.plane, largest_size(spec, extent)
    planar = triangulate(plane, used, sizes, largest, spec.growth, boxes=spec.boxes)
    coarse = drawings[0].arrangement.columns.levels.tolist()
    levels = placed_levels(coarse, graded_fractions(coarse, every, spec, extent))
    return [drawing.columns(*planar, levels) for drawing in drawings]
