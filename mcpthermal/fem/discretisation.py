"""What `solve/` sees of a discretisation: a space of fields on some cells of a mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.fem.coefficients import Axes, Storage
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.surfaces import Patch
from mcpthermal.fem.tetrahedra import TetSpace
from mcpthermal.linalg import LinearSystem
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.tetrahedra import TetMesh

Floats = NDArray[np.float64]


class View(Protocol):
    """The functions of a space at the quadrature points of another one on the same mesh, block by block.

    Arrays at points are (planes, n_cells, n_points); a block's planes are its Gauss planes.
    """

    def values(self, raw: Floats, block: int) -> Floats:
        """The field at the points."""
        ...

    def gradient(self, raw: Floats, block: int) -> list[Floats]:
        """Its gradient: three arrays."""
        ...

    def zeros(self) -> Floats:
        """What `add` adds to."""
        ...

    def add(self, total: Floats, block: int, density: Any = None, flux: Any = None) -> None:
        """Add the load of a density and of a flux (three arrays), times volume, against values and gradients."""
        ...

    def collect(self, total: Floats) -> Floats:
        """The raw vector of what was added."""
        ...


class Space(Protocol):
    """A space of fields on cells of a mesh; its raw vectors have one value for each node, two where cut.

    Faces are those of the mesh's `faces_of`; cells are masks over the mesh's cells. `axes` holds, for each
    part, the laws of a conductivity (`fem/coefficients.py`), or None.
    """

    mesh: Any
    active: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Raw entries."""
        ...

    @property
    def points(self) -> Floats:
        """(size, 3) places of the raw entries (m)."""
        ...

    @property
    def blocks(self) -> Iterable[int]:
        """The blocks of quadrature points."""
        ...

    def block_cells(self, block: int) -> tuple[Any, NDArray[np.int64]]:
        """The cells of a block, as an index into the mesh's arrays, and their parts (-1 where the field is not)."""
        ...

    def volumes(self, block: int) -> Floats:
        """The volume of each quadrature point (m3)."""
        ...

    def view(self, space: Any = None) -> View:
        """This space's functions at the quadrature points of another (or its own)."""
        ...

    def operator(
        self,
        axes: Sequence[Axes | None],
        temperature: Callable[[int], Floats] | None = None,
        storage: Storage | None = None,
    ) -> Any:
        """The operator of conduction and storage: `apply` on raw vectors, `add_matrices` for exchange at faces."""
        ...

    def system(self, operator: Any, numbering: Numbering) -> LinearSystem:
        """Its restriction to unknowns."""
        ...

    def patches(self, faces: Any) -> list[Patch]:
        """Faces as seen from their inner cells, with shape functions and quadrature points."""
        ...

    def cell_entries(self, cells: Any) -> NDArray[np.int64]:
        """Raw entries of cells."""
        ...

    def cell_integrals(self, raw: Floats) -> Floats:
        """Integral of a field over each cell."""
        ...

    def cell_extrema(self, raw: Floats) -> tuple[Floats, Floats]:
        """Least and greatest nodal value in each cell."""
        ...

    def volume_load(self, cells: Any, density: float) -> Floats:
        """Load of a supply per volume."""
        ...

    def point_load(self, point: Floats) -> Floats:
        """The raw load of one unit at a point (3,): its product with a field is the field's value there."""
        ...

    def highest_place(self, raw: Floats, cells: Any) -> Floats:
        """(3,) the place of the greatest value in some cells, a little inside its cell (m)."""
        ...

    def evaluate(self, raw: Floats, points: Floats) -> Floats:
        """The field at points, NaN outside."""
        ...


def make_space(mesh: ColumnMesh | TetMesh, cells: Any, order: int = 2, cuts: Any = None) -> Space:
    """The space of an order on some cells of a mesh, cut open at some faces between them.

    Raises
    ------
    InputError
        For an order that this kind of mesh does not offer.
    """
    if isinstance(mesh, ColumnMesh):
        if order != 2:
            raise InputError(f"order {order!r} is not offered on columns; they are quadratic (order=2)")
        return ColumnSpace(mesh, cells, cuts)
    if order not in (1, 2):
        raise InputError(f"order {order!r} is not offered on tetrahedra; use 1 (linear) or 2 (quadratic)")
    return TetSpace(mesh, cells, order, cuts)
