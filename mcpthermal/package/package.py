"""A package: its parts in the order in which they are laid down, and what can be said without a mesh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mcpthermal.errors import GeometryError, HiddenPartError, near_misses
from mcpthermal.package.arrangement import Arrangement, arrange
from mcpthermal.package.claims import Claims, package_claims
from mcpthermal.package.parts import MODULE_ROLES, Part
from mcpthermal.package.points import is_list
from mcpthermal.units import describe


@dataclass(frozen=True)
class Package:
    """What a package is; see `Process` for the description by fabrication steps.

    Parameters
    ----------
    parts : tuple of Part
        Where parts overlap, the later one is there.
    mesh : TetMesh, optional
        The imported mesh that the package was made from (`Package.from_mesh`); its groups are the parts.

    Raises
    ------
    GeometryError
        If names repeat, a part floats, a part is wholly replaced by later ones, or a hole removes nothing.
    """

    parts: tuple[Part, ...]
    mesh: Any = None

    def __post_init__(self) -> None:
        if not is_list(self.parts):
            raise GeometryError(f"parts of a package: {self.parts!r} is no list; give [Part(...), ...]")
        object.__setattr__(self, "parts", tuple(self.parts))
        for part in self.parts:
            if not isinstance(part, Part):
                raise GeometryError(f"parts of a package: {part!r} is no Part")
        if not any(not part.is_void for part in self.parts):
            raise GeometryError("a package needs at least one part with a material")
        seen: dict[str, int] = {}
        for number, part in enumerate(self.parts):
            if part.name in seen:
                raise GeometryError(
                    f"two parts are named '{part.name}' (numbers {seen[part.name]} and {number}); rename one"
                )
            seen[part.name] = number
        if self.mesh is None:
            self._check_arrangement()

    @classmethod
    def from_parts(cls, parts: Iterable[Part]) -> Package:
        """A package of any prismatic parts; later parts win where they overlap."""
        return cls(parts)  # type: ignore[arg-type]

    @classmethod
    def from_mesh(cls, mesh: Any, materials: Mapping[str, Any]) -> Package:
        """A package on an imported mesh.

        Parameters
        ----------
        mesh : TetMesh
            From `read_mesh`.
        materials : mapping
            The material (name or `Material`) of every physical group of volumes.
        """
        if not hasattr(mesh, "make_parts"):
            raise GeometryError(f"a package is made from a TetMesh, not from {type(mesh).__name__}; see read_mesh")
        return cls(mesh.make_parts(materials), mesh=mesh)

    def _check_arrangement(self) -> None:
        columns = self.arrangement.columns
        volumes = columns.volumes()
        for part, volume in zip(self.parts, volumes, strict=True):
            if volume <= 0 and not part.is_void:
                raise HiddenPartError(
                    f"part '{part.name}' is wholly replaced by later parts; drop it, or list it after them", part.name
                )
        for number, part in enumerate(self.parts):
            # Openings and via holes by their role are steps of a fabrication, and count even where nothing was.
            if part.is_void and not part.role and not any(_cuts(part, earlier) for earlier in self.parts[:number]):
                raise GeometryError(
                    f"part '{part.name}' is a hole that removes nothing: no part before it reaches to where it is, at "
                    f"z = {describe(part.z[0], 'm')} to {describe(part.z[1], 'm')}; give it a material, move it, or "
                    "list it after what it cuts"
                )
        count, group = columns.components(columns.solid)
        if count > 1:
            cells = columns.heights[:, None] * columns.areas
            size = np.bincount(group[group >= 0], cells[group >= 0])
            loose = (group >= 0) & (group != np.argmax(size))
            names = ", ".join(f"'{self.parts[i].name}'" for i in np.unique(columns.cell_part[loose])[:6])
            part = self.parts[int(columns.cell_part[loose][0])]
            raise GeometryError(
                f"part(s) {names} float: they touch nothing that holds them ('{part.name}' is at z = "
                f"{describe(part.z[0], 'm')} to {describe(part.z[1], 'm')}); let them touch the rest"
            )

    @cached_property
    def arrangement(self) -> Arrangement:
        """The planar subdivision of all outlines and the part of each cell."""
        return arrange(self.parts)

    @cached_property
    def index(self) -> dict[str, int]:
        """The number of each part by its name."""
        return {part.name: number for number, part in enumerate(self.parts)}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts."""
        return tuple(part.name for part in self.parts)

    def __getitem__(self, name: str) -> Part:
        """The part of a name."""
        if name not in self.names:
            raise GeometryError(f"the package has no part '{name}'; {near_misses(str(name), self.names)}")
        return self.parts[self.index[name]]

    def __contains__(self, name: object) -> bool:
        """Whether there is a part of a name."""
        return name in self.names

    def __iter__(self) -> Iterator[Part]:
        """All parts, in the order in which they are laid down."""
        return iter(self.parts)

    @property
    def reported(self) -> tuple[str, ...]:
        """The parts that people ask for first: the chips, or all parts of a package without any."""
        chips = [part.name for part in self.parts if part.role == "chip"]
        chips += [part.name for part in self.parts if part.role == "carrier" and part.group == "chip"]
        return tuple(chips or [part.name for part in self.parts if not part.is_void])

    def with_role(self, role: str) -> tuple[Part, ...]:
        """All parts of a role."""
        return tuple(part for part in self.parts if part.role == role)

    @property
    def openings(self) -> tuple[str, ...]:
        """The names of the openings in the second insulation."""
        return tuple(part.name for part in self.with_role("opening"))

    @cached_property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """The parts of each module, by its name."""
        groups: dict[str, tuple[int, ...]] = {}
        for number, part in enumerate(self.parts):
            if part.group and part.role in MODULE_ROLES:
                groups[part.group] = (*groups.get(part.group, ()), number)
        return groups

    @property
    def module_heights(self) -> dict[str, float]:
        """The height of each module over the carrier (m)."""
        heights = {}
        for name, numbers in self.groups.items():
            z = [self.parts[number].z for number in numbers]
            heights[name] = max(top for _, top in z) - min(bottom for bottom, _ in z)
        return heights

    @property
    def module_height(self) -> float:
        """The height of the highest module (m), 0 without one."""
        return max(self.module_heights.values(), default=0.0)

    @property
    def via_depths(self) -> dict[str, float]:
        """The depth of each via family through the insulation (m): from its top to the carrier or chip."""
        top = max((part.z[1] for part in self.with_role("insulation")), default=0.0)
        return {part.name: top - part.z[0] for part in self.parts if part.role in ("via", "hole")}

    @property
    def via_depth(self) -> float:
        """The depth of the first vias, which go down to the carrier (m); 0 without any."""
        carriers = {part.name for part in self.with_role("carrier")}
        depths = self.via_depths
        return min((depths[name] for name in depths if self[name].onto in carriers), default=0.0)

    def claims(self) -> Claims:
        """How the package meets the claims 1 to 7 and 16 to 21 of US 6,960,826; see `package/claims.py`."""
        return package_claims(self)

    def volumes(self) -> dict[str, float]:
        """The volume that each part keeps after later parts took theirs (m3), circles by polygons of equal area."""
        if self.mesh is not None:
            return dict(zip(self.names, self.mesh.volumes().tolist(), strict=True))
        return dict(zip(self.names, self.arrangement.columns.volumes().tolist(), strict=True))

    def interfaces(self) -> dict[tuple[str, str], float]:
        """The area (m2) over which each pair of parts touches."""
        if self.mesh is not None:
            return dict(self.mesh.interfaces())
        columns = self.arrangement.columns
        pairs: dict[tuple[str, str], float] = {}
        below, above = columns.cell_part[:-1].ravel(), columns.cell_part[1:].ravel()
        flat = np.broadcast_to(columns.areas, columns.cell_part[1:].shape).ravel()
        inner = (columns.edge_columns >= 0).all(axis=1)
        left, right = (columns.cell_part[:, columns.edge_columns[inner, side]].ravel() for side in (0, 1))
        ends = columns.vertices[columns.edges[inner]]
        length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
        upright = (columns.heights[:, None] * length).ravel()
        solid = np.append(columns.solid_parts, False)
        for a, b, area in ((below, above, flat), (left, right, upright)):
            touch = (a != b) & solid[a] & solid[b]
            low, high = np.minimum(a[touch], b[touch]), np.maximum(a[touch], b[touch])
            key, inverse = np.unique(low.astype(np.int64) * len(self.parts) + high, return_inverse=True)
            for number, total in zip(key.tolist(), np.bincount(inverse, area[touch]).tolist(), strict=True):
                i, j = divmod(number, len(self.parts))
                pair = (self.parts[i].name, self.parts[j].name)
                pairs[pair] = pairs.get(pair, 0.0) + total
        return pairs

    def layers(self) -> list[tuple[Part, tuple[str, ...]]]:
        """Each part from the top down with its name, role, material, heights, size and count as text."""
        rows: list[tuple[Part, tuple[str, ...]]] = []
        for part in sorted(self.parts, key=lambda item: (-item.z[1], -item.z[0])):
            x0, y0, x1, y1 = part.footprint.bounds
            shapes = part.footprint.shapes
            if part.is_family:
                size = f"{describe(float(np.sqrt(4 / np.pi * part.footprint.area / len(shapes))), 'm')} dia"
            else:
                size = f"{describe(x1 - x0, 'm')} x {describe(y1 - y0, 'm')}"
            material = "(open)" if part.is_void else part.material.name
            heights = (describe(part.z[0], "m"), describe(part.z[1], "m"))
            rows.append((part, (part.name, part.role, material, *heights, size, str(len(shapes)))))
        return rows

    def table(self) -> str:
        """The layers as a text table: name, role, material, heights, size, count."""
        heads = ("part", "role", "material", "from", "to", "size", "count")
        rows = [heads, *(row for _, row in self.layers())]
        widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )

    def __str__(self) -> str:
        return self.table()


def _cuts(hole: Part, other: Part) -> bool:
    """Whether a hole takes something from a part that was there before it."""
    crosses = hole.z[0] < other.z[1] and other.z[0] < hole.z[1]
    return crosses and not other.is_void and hole.footprint.overlaps(other.footprint)
