"""The column mesh: triangles in the plane times layers, the part of each cell, and the audit of its volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.errors import InputError, MeshError, near_misses
from mcpthermal.mesh.gmsh_backend import triangulate
from mcpthermal.mesh.maps import with_maps
from mcpthermal.mesh.sizing import MeshSpec, graded_fractions, mesh_spec, outline_size, placed_levels, segment_count
from mcpthermal.package.arrangement import arrange
from mcpthermal.package.columns import Columns
from mcpthermal.package.footprint import Circle, SegmentRule
from mcpthermal.package.package import Package
from mcpthermal.package.parts import Part


@dataclass(frozen=True, eq=False)
class ColumnMesh(Columns):
    """Prisms over a conforming planar mesh; made by `generate_mesh`.

    Attributes
    ----------
    triangles : (n_triangles, 3) array of int
        The columns.
    part_names : tuple of str
    spec : MeshSpec
        What made it.
    """

    triangles: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 3), np.int64))
    part_names: tuple[str, ...] = ()
    spec: MeshSpec = field(default_factory=MeshSpec)

    @property
    def points(self) -> NDArray[np.float64]:
        """(n_points, 3) corners of the prisms (m), level by level from below."""
        count = len(self.levels)
        plane = np.tile(self.vertices, (count, 1))
        return np.column_stack([plane, np.repeat(self.levels, len(self.vertices))])

    @property
    def n_cells(self) -> int:
        """The number of filled prisms."""
        return int(np.count_nonzero(self.solid))

    def prisms(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Filled prisms as (n, 6) corners, lower triangle first, and the part of each."""
        layer, column = np.nonzero(self.solid)
        lower = self.triangles[column] + (layer * len(self.vertices))[:, None]
        return np.hstack([lower, lower + len(self.vertices)]), self.cell_part[layer, column].astype(np.int64)

    def tetrahedra(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The prisms split into three tetrahedra each, (n, 4), consistently by global vertex number; and their parts.

        Each side face gets the diagonal from its planar vertex with the smaller number at the lower level,
        so that neighbours agree (Dompierre et al., How to subdivide pyramids, prisms and hexahedra, 1999).
        """
        layer, column = np.nonzero(self.solid)
        ordered = np.sort(self.triangles, axis=1)[column] + (layer * len(self.vertices))[:, None]
        a, b, c = ordered.T
        d, e, f = ordered.T + len(self.vertices)
        cells = np.stack([np.c_[a, b, c, f], np.c_[a, b, f, e], np.c_[a, e, f, d]], axis=1).reshape(-1, 4)
        points = self.points
        edges = points[cells[:, 1:]] - points[cells[:, :1]]
        inverted = np.linalg.det(edges) < 0
        cells[inverted] = cells[inverted][:, [0, 1, 3, 2]]
        return cells, np.repeat(self.cell_part[layer, column].astype(np.int64), 3)

    def summary(self) -> str:
        """One line: triangles, layers, cells."""
        return f"{len(self.triangles):,} triangles x {len(self.heights)} layers, {self.n_cells:,} prisms"


def generate_mesh(
    package: Package | Case, spec: MeshSpec | str | None = None, *, fractions: Sequence[Any] | None = None
) -> ColumnMesh:
    """Mesh a package in columns.

    Parameters
    ----------
    package : Package or Case
        Of a case its package, also fine enough for the blocks of its power maps.
    spec : MeshSpec or str, optional
        How fine; a string is a level. Default "normal".
    fractions : sequence, optional
        For each interval between the package's own levels the inner levels, in (0, 1), instead of those that the
        spec asks for; see `mesh/layers.py`.

    Returns
    -------
    ColumnMesh

    Raises
    ------
    MeshError
        If Gmsh fails or a part's volume differs from its description.
    """
    if isinstance(package, Case):
        spec, package = with_maps(package, mesh_spec(spec)), package.package
    if not isinstance(package, Package):
        raise InputError(f"generate_mesh needs a Package, not {type(package).__name__}; call process.package()")
    if package.mesh is not None:
        raise MeshError("this package was made from an imported mesh; solve on that mesh")
    spec = mesh_spec(spec)
    unknown = sorted(set(spec.sizes) - set(package.names))
    if unknown:
        raise InputError(
            f"MeshSpec gives a size for '{unknown[0]}', which is no part of the package; "
            f"{near_misses(unknown[0], package.names)}"
        )
    drawn = Drawing(package, spec)
    arrangement, extent = drawn.arrangement, drawn.extent
    max_size = largest_size(spec, extent)
    planar = triangulate(arrangement.plane, drawn.used, drawn.segment_sizes, max_size, spec.growth, boxes=spec.boxes)
    levels = arrangement.columns.levels.tolist()
    if fractions is None:
        fractions = graded_fractions(levels, package.parts, spec, extent)
    return drawn.columns(*planar, placed_levels(levels, fractions))


def largest_size(spec: MeshSpec, extent: float) -> float:
    """The largest in-plane size (m) in a package of a width (m)."""
    return spec.max_size or spec.factor * extent / 7


class Drawing:
    """The outlines of a package as polygons, and the columns over triangles between them.

    Parameters
    ----------
    package : Package
    spec : MeshSpec
    drawn : sequence of Part, optional
        As for `arrange`.
    rule : callable, optional
        The sides of the polygon for a circle of a radius (m); default what the spec asks for.

    Attributes
    ----------
    arrangement : Arrangement
    extent : float
        The package's width (m).
    sizes : (n_parts,) array
        The in-plane size wanted at the outline of each part (m).
    used : (n_regions,) array of bool
        Planar regions with anything in them.
    """

    def __init__(
        self,
        package: Package,
        spec: MeshSpec,
        drawn: Sequence[Part] | None = None,
        rule: SegmentRule | None = None,
    ) -> None:
        self.package, self.spec = package, spec
        self.extent = width(package)
        self.sizes = np.array([outline_size(part, spec, self.extent, package.parts) for part in package.parts])
        every = package.parts if drawn is None else drawn
        self.arrangement = arrange(package.parts, rule or segment_rule(every, spec, self.extent), drawn)
        self.used = np.asarray(self.arrangement.columns.solid.any(axis=0))

    @property
    def segment_sizes(self) -> NDArray[np.float64]:
        """The size (m) at each segment: the least of the parts that begin or end there; none at the outer rim."""
        columns = self.arrangement.columns
        padded = np.column_stack([columns.cell_part, np.full(len(columns.cell_part), -1, np.int32)])
        solid = np.append(columns.solid_parts, False)
        size = np.append(self.sizes, np.inf)
        a, b = padded[:, columns.edge_columns[:, 0]], padded[:, columns.edge_columns[:, 1]]
        outer = (~solid[a] & ~solid[b]).all(axis=0) | (columns.edge_columns < 0).any(axis=1)
        change = np.where(a != b, np.minimum(size[a], size[b]), np.inf).min(axis=0, initial=np.inf)
        return np.where(outer, np.inf, change)

    def columns(
        self,
        vertices: NDArray[np.float64],
        triangles: NDArray[np.int64],
        region: NDArray[np.int64],
        levels: NDArray[np.float64],
    ) -> ColumnMesh:
        """The mesh over triangles, each in a region, with some levels.

        Raises
        ------
        MeshError
            If a part's volume differs from its description.
        """
        coarse = self.arrangement.columns
        layer = np.searchsorted(coarse.levels, (levels[:-1] + levels[1:]) / 2) - 1
        edges, edge_columns = planar_edges(triangles)
        corners = vertices[triangles]
        a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        mesh = ColumnMesh(
            vertices=vertices,
            edges=edges,
            edge_columns=edge_columns,
            areas=(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2,
            levels=levels,
            cell_part=coarse.cell_part[np.ix_(layer, region)],
            solid_parts=coarse.solid_parts,
            members={part: member[region] for part, member in coarse.members.items()},
            triangles=triangles,
            part_names=self.package.names,
            spec=self.spec,
        )
        audit(self.package, mesh)
        return mesh


CUT_CIRCLE = 0.03
"""Polygons have the area of their circles; pieces of them, cut off by other outlines, are as inexact as an octagon."""


CORNERS = 0.1
"""By how much of its diameter the corners of a circle's polygon may lie elsewhere than those of another polygon."""


def audit(package: Package, mesh: ColumnMesh) -> dict[str, float]:
    """The volume of each part on a mesh (m3), compared with the description.

    Raises
    ------
    MeshError
        If they differ by more than `CUT_CIRCLE` of the whole part, or by more than round-off where no part has
        a circle.
    """
    wrong = _misfit(package, mesh)
    if wrong:
        raise MeshError(f"{wrong}; try a finer MeshSpec (its level is now '{mesh.spec.level}')")
    return dict(zip(package.names, mesh.volumes().tolist(), strict=True))


def _misfit(package: Package, mesh: ColumnMesh) -> str:
    """The first part whose volume on a mesh is not that of its description, in words; empty if there is none."""
    described, meshed = package.volumes(), mesh.volumes()
    round_parts = any(isinstance(s, Circle) for p in package.parts for s in (*p.footprint.shapes, *p.footprint.cutouts))
    for part, volume in zip(package.parts, meshed.tolist(), strict=True):
        if part.is_void:  # a hole through everything has no cells; what it takes is missing from the others
            continue
        name, expected = part.name, described[part.name]
        tolerance = (CUT_CIRCLE if round_parts else 1e-6) * part.volume + 1e-12 * sum(described.values())
        if abs(volume - expected) > tolerance:
            return (
                f"part '{name}' has {volume * 1e9:.6g} mm3 on the mesh and {expected * 1e9:.6g} mm3 in its description"
            )
    return ""


def check_fit(package: Package, mesh: Any) -> None:
    """Make sure that a mesh is one of a package: its parts, and on columns their heights, volumes and places.

    Raises
    ------
    InputError
        If it was made for another one.
    """
    remedy = "call generate_mesh(case.package) anew"
    if tuple(mesh.part_names) != package.names:
        raise InputError(f"the mesh was made for other parts than those of the case; {remedy}")
    if not isinstance(mesh, ColumnMesh):
        return
    levels = package.arrangement.columns.levels
    gap = np.abs(levels[:, None] - mesh.levels).min(axis=1)
    if gap.max() > 1e-6 * (levels[-1] - levels[0]):
        missing = levels[np.argmax(gap)] * 1e3
        raise InputError(
            f"the mesh was made for a package with other heights: it has no level at z = {missing:.6g} mm; {remedy}"
        )
    wrong = _misfit(package, mesh)
    if wrong:
        raise InputError(f"the mesh was made for a package of other sizes: {wrong}; {remedy}")
    described, meshed = package.arrangement.columns.extents(), mesh.extents()
    circles = (s for p in package.parts for s in (*p.footprint.shapes, *p.footprint.cutouts) if isinstance(s, Circle))
    slack = 1e-6 * width(package) + CORNERS * max((circle.diameter for circle in circles), default=0.0)
    moved = ~np.isclose(described, meshed, rtol=0.0, atol=slack)
    if moved.any():
        number, bound, axis = np.argwhere(moved)[0].tolist()
        ends, direction = ("least", "greatest")[bound], "xy"[axis]
        raise InputError(
            f"the mesh was made for a package with other places: the {ends} {direction} of part "
            f"'{package.names[number]}' is {meshed[number, bound, axis] * 1e3:.6g} mm on the mesh and "
            f"{described[number, bound, axis] * 1e3:.6g} mm in its description; {remedy}"
        )


def planar_edges(triangles: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The edges of triangles in lexical order, and the one or two triangles at each (-1 for none)."""
    pairs = np.sort(triangles[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2), axis=1)
    edges, inverse, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    if counts.max(initial=0) > 2:
        raise MeshError("an edge of the planar mesh belongs to more than two triangles")
    order = np.argsort(inverse.ravel(), kind="stable")
    start = np.cumsum(counts) - counts
    sides = np.full((len(edges), 2), -1)
    sides[:, 0] = order[start] // 3
    sides[counts == 2, 1] = order[start[counts == 2] + 1] // 3
    return edges, sides


def segment_rule(parts: Sequence[Part], spec: MeshSpec, extent: float) -> SegmentRule:
    """How many sides the polygon for a circle of a radius (m) has in a package of a width (m).

    Equal circles of different parts become equal polygons, so that no slivers come up between them.
    """
    finest: dict[float, float] = {}
    for part in parts:
        size = outline_size(part, spec, extent, parts)
        for shape in (*part.footprint.shapes, *part.footprint.cutouts):
            if isinstance(shape, Circle):
                key = _radius_key(shape.diameter / 2)
                finest[key] = min(size, finest.get(key, np.inf))
    return lambda radius: segment_count(radius, finest[_radius_key(radius)])


def _radius_key(radius: float) -> float:
    """The radius (m) without the rounding of unit conversions."""
    return float(f"{radius:.9g}")


def width(package: Package) -> float:
    """The greater of a package's extents along x and y (m)."""
    bounds = np.array([part.footprint.bounds for part in package.parts])
    return float((bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max())
