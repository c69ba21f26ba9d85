"""Fields on cells that files and pictures understand: quadratic wedges or tetrahedra, nodal and cell values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.recovery import at_points, mean_fluxes
from mcpthermal.result.vias import electrical_axes, thermal_axes

if TYPE_CHECKING:
    from mcpthermal.result.steady import SteadyResult

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fields:
    """Everything that can be drawn.

    Attributes
    ----------
    kind : {"wedge18", "tetra", "tetra10"}
        The type of all cells; node order is VTK's.
    points : (n_points, 3) array
        (m)
    cells : (n_cells, n_nodes) array of int
    part : (n_cells,) array of int
        The part of each cell.
    part_names : tuple of str
    point_values : mapping
        ``temperature`` (K) and ``potential`` (V, NaN off the conductors) at points.
    cell_values : mapping
        ``current_density`` (A/m2), ``heat_flux`` (W/m2), both vectors, and ``joule_density`` (W/m3), one per cell:
        they jump between parts.
    """

    kind: str
    points: Floats
    cells: Ints
    part: Ints
    part_names: tuple[str, ...]
    point_values: Mapping[str, Floats]
    cell_values: Mapping[str, Floats]

    @classmethod
    def of(cls, result: SteadyResult) -> Fields:
        """The fields of a result."""
        space: Any = result.thermal
        mesh = result.mesh
        solid = mesh.solid
        kind = "wedge18" if isinstance(space, ColumnSpace) else "tetra10" if space.order == 2 else "tetra"
        points, cells, values = _nodes(result)
        current = np.zeros((*mesh.cell_part.shape, 3))
        electrical = result.electrical
        if electrical is not None and result.potential is not None:
            temperature = at_points(space, result.temperature, electrical)
            current = mean_fluxes(electrical, result.potential, electrical_axes(result), temperature)
        flux = mean_fluxes(space, result.temperature, thermal_axes(result), at_points(space, result.temperature))
        return cls(
            kind,
            points,
            cells,
            mesh.cell_part[solid].astype(np.int64),
            mesh.part_names,
            values,
            {
                "current_density": current[solid],
                "heat_flux": flux[solid],
                "joule_density": (result.joule_cells / mesh.cell_volumes)[solid],
            },
        )

    @property
    def corner_count(self) -> int:
        """Nodes of a cell that are corners."""
        return 6 if self.kind == "wedge18" else 4


_WEDGE = (
    [(corner, 0) for corner in (0, 1, 2)]
    + [(corner, 2) for corner in (0, 1, 2)]
    + [(edge, 0) for edge in (3, 4, 5)]
    + [(edge, 2) for edge in (3, 4, 5)]
    + [(corner, 1) for corner in (0, 1, 2)]
    + [(edge, 1) for edge in (3, 4, 5)]
)
"""VTK's order of the 18 nodes: planar unknown of the triangle, vertical node of the layer."""


def _cell_dofs(space: Any) -> Ints:
    """(n_cells, n_nodes) raw entries of a space's cells, in VTK's order."""
    if not isinstance(space, ColumnSpace):
        return np.asarray(space.dofs)
    dofs = space.cell_dofs(*np.nonzero(space.cells))
    planar, node = np.array(_WEDGE).T
    return dofs[:, planar, node]


def _nodes(result: SteadyResult) -> tuple[Floats, Ints, dict[str, Floats]]:
    """Points, cells and nodal values; a point is there twice where temperature or potential may jump."""
    space, mesh, electrical = result.thermal, result.mesh, result.electrical
    hot = _cell_dofs(space)
    volt = np.full(hot.shape, -1)
    potential = np.array([np.nan])
    if electrical is not None and result.potential is not None:
        current = np.zeros(mesh.cell_part.shape, bool)
        for block in electrical.blocks:
            index, part = electrical.block_cells(block)
            current[index] = part >= 0
        volt[current[mesh.solid]] = _cell_dofs(electrical)
        # A conductor's node is new only where the potential is another one than in the cells beside it.
        first = np.full(space.size, -1)
        first[hot[volt >= 0]] = volt[volt >= 0]
        volt = np.where(volt >= 0, volt, first[hot])
        potential = np.append(result.potential, np.nan)
    keys, inverse = np.unique(hot * (volt.max() + 2) + volt + 1, return_inverse=True)
    entry, number = np.divmod(keys, volt.max() + 2)
    values = {"temperature": result.temperature[entry], "potential": potential[number - 1]}
    return space.points[entry], inverse.reshape(hot.shape), values
