"""The span of earlier solutions, in which a problem is solved before it is solved as a whole.

Solutions that depend smoothly on a few parameters lie close to a space of few dimensions, far closer than a polynomial
in the parameters comes to them (Quarteroni, Manzoni, Negri, Reduced Basis Methods for Partial Differential Equations,
Springer 2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Subspace:
    """Solves systems approximately in the span of vectors, by Galerkin's method.

    Parameters
    ----------
    vectors : (n_unknowns, n) array
        They need not be independent: what an orthonormal basis then has too much does no harm.
    """

    def __init__(self, vectors: Floats) -> None:
        self.basis: Floats = np.linalg.qr(vectors)[0]
        self._projected: Floats | None = None

    def guess(self, system: Any, right: Floats) -> Floats:
        """A start for the solution of a system; the projection of the first one serves those that differ little."""
        if self._projected is None:
            images = (system.apply(np.ascontiguousarray(column)) for column in self.basis.T)
            self._projected = np.column_stack([self.basis.T @ image for image in images])
        return np.asarray(self.basis @ np.linalg.solve(self._projected, self.basis.T @ right))
