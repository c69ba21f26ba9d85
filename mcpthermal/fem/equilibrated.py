"""Current densities on columns that are free of sources exactly, by mixed elements: bounds from the other side.

Raviart-Thomas elements of lowest order on prisms: the current F through each of the five faces of a cell is an unknown,
within the cell the density is linear. Hybridised, with a potential l on each face and p in each cell,

    M F = p - l,    sum F = 0  in each cell,    F continuous across faces,

F is eliminated cell by cell and l solves a symmetric positive definite system (Arnold and Brezzi, Mixed and
nonconforming finite element methods, RAIRO 19, 1985).

Legend: F current outwards (A), M the energy of currents (ohm).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mcpthermal.linalg import MatrixSystem, Solver
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.package.columns import Faces

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LINE = np.array([[1 / 3, -1 / 6], [-1 / 6, 1 / 3]])
"""The energy of outward currents through the foot and the head of a cell of unit resistance."""

ACCURACY = 1e-9
"""Relative residual of the potentials: far below what the bounds are apart."""


class Equilibrated:
    """Source-free currents in some cells of a column mesh.

    Parameters
    ----------
    mesh : ColumnMesh
    cells : (n_layers, n_columns) array of bool
    resistivity : (n_parts, 3) array
        Along x, y, z (ohm m).
    """

    def __init__(self, mesh: ColumnMesh, cells: NDArray[np.bool_], resistivity: Floats) -> None:
        self.mesh = mesh
        layer, column = np.nonzero(cells)
        count = len(mesh.areas)
        self._upright = len(mesh.levels) * count
        pairs = np.sort(mesh.triangles[:, [[1, 2], [0, 2], [0, 1]]], axis=2)
        width = len(mesh.vertices)
        edge = np.searchsorted(mesh.edges[:, 0] * width + mesh.edges[:, 1], pairs[..., 0] * width + pairs[..., 1])
        sides = self._upright + layer[:, None] * len(mesh.edges) + edge[column]
        self.faces: Ints = np.column_stack([sides, layer * count + column, (layer + 1) * count + column])
        self.energy = self._energies(layer, column, resistivity[mesh.cell_part[layer, column]])

    def _energies(self, layer: Ints, column: Ints, rho: Floats) -> Floats:
        """(n, 5, 5): M of each cell; the sides lie opposite to the corners 0, 1, 2 of its triangle."""
        mesh = self.mesh
        height, area = mesh.heights[layer], mesh.areas[column]
        corners = mesh.vertices[mesh.triangles[column]]
        # The integral of (x - x_i)(x - x_j) over a triangle, exact by the middles of its edges.
        middles = corners[:, [[0, 1], [1, 2], [0, 2]]].mean(axis=2)
        away = middles[:, :, None] - corners[:, None]
        plane = np.einsum("cqia,cqja,ca->cij", away, away, rho[:, :2]) / 3
        energy = np.zeros((len(layer), 5, 5))
        energy[:, :3, :3] = plane / (4 * area * height)[:, None, None]
        energy[:, 3:, 3:] = LINE * (rho[:, 2] * height / area)[:, None, None]
        return energy

    def keys(self, faces: Faces) -> Ints:
        """The numbers of faces."""
        horizontal = faces.level * len(self.mesh.areas) + faces.column
        return np.concatenate([horizontal, self._upright + faces.layer * len(self.mesh.edges) + faces.edge])

    def resistance(self, enters: tuple[Faces, bool], leaves: tuple[Faces, bool]) -> float:
        """Energy per square of the current of the best of these currents from some faces to others (ohm).

        Each with whether its current density is uniform rather than its potential.
        """
        inverse = np.linalg.inv(self.energy)
        ones = inverse.sum(axis=2)
        local = inverse - ones[:, :, None] * ones[:, None, :] / ones.sum(axis=1)[:, None, None]
        found, number = np.unique(self.faces, return_inverse=True)
        number = number.reshape(self.faces.shape)
        size = len(found)
        rows, columns = np.repeat(number, 5, axis=1).ravel(), np.tile(number, (1, 5)).ravel()
        matrix = sp.coo_array((local.ravel(), (rows, columns)), shape=(size, size)).tocsr()
        potential, load, held = np.zeros(size), np.zeros(size), np.zeros(size, bool)
        for (faces, uniform), sign in ((enters, 1.0), (leaves, -1.0)):
            at = np.searchsorted(found, self.keys(faces))
            if uniform:
                areas = self.mesh.face_areas(faces)
                load[at] = sign * areas / areas.sum()
            else:
                held[at], potential[at] = True, sign
        free = ~held
        if free.all():
            raise ValueError("no face has a prescribed potential")
        if load.any():
            # The potential of the other terminal is any constant: zero.
            potential[held] = 0.0
        right = (load - matrix @ potential)[free]
        potential[free], _ = Solver(ACCURACY, "direct").solve(MatrixSystem(matrix[free][:, free]), right)
        current = -np.einsum("cij,cj->ci", local, potential[number])
        energy = float(np.einsum("ci,cij,cj->", current, self.energy, current))
        total = self._through(current, number, np.searchsorted(found, self.keys(enters[0])), size)
        return energy / total**2

    @staticmethod
    def _through(current: Floats, number: Ints, faces: Ints, size: int) -> float:
        """The current that enters through outer faces."""
        return -float(np.bincount(number.ravel(), current.ravel(), minlength=size)[faces].sum())
