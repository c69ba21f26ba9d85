"""The linear system of a conduction operator on columns, with all that the solvers of `linalg/` ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.column_level import ColumnLevel
from mcpthermal.fem.column_numbers import ColumnNumbers
from mcpthermal.fem.column_operator import ColumnOperator
from mcpthermal.fem.numbering import Numbering

Floats = NDArray[np.float64]


class ColumnSystem:
    """The operator on unknowns; its coarse level are functions that are linear in the plane.

    Parameters
    ----------
    operator : ColumnOperator
    numbering : Numbering
    numbers : ColumnNumbers
        What follows from the numbering for every operator.
    """

    def __init__(self, operator: ColumnOperator, numbering: Numbering, numbers: ColumnNumbers) -> None:
        self.operator, self.numbering, self.numbers = operator, numbering, numbers
        self.size = numbering.size

    def apply(self, x: Floats) -> Floats:
        """A x."""
        return self.numbering.collapse(self.operator.apply(self.numbering.expand(x)))

    def matrix(self) -> Any:
        """The explicit matrix."""
        return self.numbers.matrix(self.operator)

    @property
    def level(self) -> ColumnLevel:
        """What is smoothed: vertical lines, for strong coupling through thin layers is solved, not smoothed."""
        return ColumnLevel(self.operator, self.numbers)
