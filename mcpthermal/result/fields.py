"""Fields on cells that files and pictures understand: quadratic wedges or tetrahedra, nodal and cell values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.tetrahedra import TetSpace
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
        if isinstance(space, ColumnSpace):
            kind, cells, solid = "wedge18", _wedges(space), mesh.solid
        else:
            assert isinstance(space, TetSpace)
            kind, cells, solid = ("tetra10" if space.order == 2 else "tetra"), space.dofs, mesh.solid
        used, compact = np.unique(cells, return_inverse=True)
        points = space.points[used]
        potential = np.full(space.size, np.nan)
        current = np.zeros((*mesh.cell_part.shape, 3))
        electrical = result.electrical
        if electrical is not None and result.potential is not None:
            sampler = space.sampler(result.temperature, electrical)
            current = electrical.mean_fluxes(result.potential, electrical_axes(result), sampler)
            _copy_potential(result, potential)
        flux = space.mean_fluxes(result.temperature, thermal_axes(result), space.sampler(result.temperature))
        return cls(
            kind,
            points,
            compact.reshape(cells.shape),
            mesh.cell_part[solid].astype(np.int64),
            mesh.part_names,
            {"temperature": result.temperature[used], "potential": potential[used]},
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


def _wedges(space: ColumnSpace) -> Ints:
    layer, column = np.nonzero(space.cells)
    dofs, nodes = space.plane.dofs[column], space.shape[1]
    return np.stack([dofs[:, a] * nodes + 2 * layer + m for a, m in _WEDGE], axis=1)


def _copy_potential(result: SteadyResult, target: Floats) -> None:
    """Put the potential at the raw entries of the thermal space, cell by cell, since both share the cells."""
    space, electrical = result.thermal, result.electrical
    assert result.potential is not None
    if isinstance(space, ColumnSpace) and isinstance(electrical, ColumnSpace):
        shift = 2 * (electrical.layers[0] - space.layers[0])
        planar = np.empty(electrical.shape[0], np.int64)
        planar[electrical.plane.dofs] = space.plane.dofs[np.searchsorted(space.columns, electrical.columns)]
        nodes = np.arange(electrical.shape[1]) + shift
        entries = (planar[:, None] * space.shape[1] + nodes).ravel()
        target[entries[electrical.active]] = result.potential[electrical.active]
    else:
        assert isinstance(space, TetSpace) and isinstance(electrical, TetSpace)
        target[space.dofs[np.searchsorted(space.cells, electrical.cells)]] = result.potential[electrical.dofs]
