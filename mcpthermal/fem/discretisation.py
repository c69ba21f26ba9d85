"""What `solve/` sees of a discretisation: a space of fields on some cells of a mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError
from mcpthermal.fem.coefficients import Axes
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.numbering import Numbering
from mcpthermal.fem.tetrahedra import TetSpace
from mcpthermal.linalg import LinearSystem
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.tetrahedra import TetMesh

Floats = NDArray[np.float64]


class Space(Protocol):
    """A space of continuous fields on cells of a mesh; its raw vectors have one value for each node.

    Faces are those of the mesh's `faces_of`; cells are masks over the mesh's cells. `axes` holds, for each
    part, the laws of a conductivity along x, y, z, or None.
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

    def sampler(self, raw: Floats, space: Any = None) -> Callable[[int], Floats]:
        """Values at the quadrature points of another space on the same mesh, block by block."""
        ...

    def operator(self, axes: Sequence[Axes | None], sampler: Any = None) -> Any:
        """The conduction operator: `apply` on raw vectors, `add_matrices` for exchange at faces."""
        ...

    def system(self, operator: Any, numbering: Numbering) -> LinearSystem:
        """Its restriction to unknowns."""
        ...

    def face_entries(self, faces: Any) -> NDArray[np.int64]:
        """Raw entries on faces."""
        ...

    def face_exchange(self, faces: Any, coefficient: float) -> Any:
        """Sparse exchange matrix of faces."""
        ...

    def face_load(self, faces: Any, density: float) -> Floats:
        """Load of a supply per area."""
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

    def joule(self, raw: Floats, axes: Any, sampler: Any, thermal: Any) -> tuple[Floats, Floats]:
        """Joule heat as a load on a thermal space, and in each cell."""
        ...

    def mean_fluxes(self, raw: Floats, axes: Any, sampler: Any) -> Floats:
        """Mean flux density in each cell."""
        ...

    def residual(self, raw: Floats, axes: Any, sampler: Any, cells: Any) -> Floats:
        """What conduction in some cells alone takes in at each raw entry."""
        ...

    def fluxes(self, raw: Floats, axes: Any, sampler: Any) -> Iterator[Any]:
        """Blocks of conductivity, gradient and point volumes."""
        ...

    def evaluate(self, raw: Floats, points: Floats) -> Floats:
        """The field at points, NaN outside."""
        ...


def make_space(mesh: ColumnMesh | TetMesh, cells: Any, order: int = 2) -> Space:
    """The space of an order on some cells of a mesh.

    Raises
    ------
    InputError
        For an order that this kind of mesh does not offer.
    """
    if isinstance(mesh, ColumnMesh):
        if order != 2:
            raise InputError(f"order {order!r} is not offered on columns; they are quadratic (order=2)")
        return ColumnSpace(mesh, cells)
    if order not in (1, 2):
        raise InputError(f"order {order!r} is not offered on tetrahedra; use 1 (linear) or 2 (quadratic)")
    return TetSpace(mesh, cells, order)
