"""From raw entries of a space to unknowns: none where nothing is or a value is fixed, one for all that are tied."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Numbering:
    """Which unknown each raw entry of a space is.

    Parameters
    ----------
    active : (n,) array of bool
        Entries that carry the field.
    fixed : iterable of (entries, value)
        Prescribed values; where two overlap the first holds.
    ties : iterable of entries
        Each set of entries shares one unknown, as on a terminal of one potential.

    Attributes
    ----------
    number : (n,) array of int
        The unknown of each entry, -1 for none.
    size : int
        How many unknowns there are.
    values : (n,) array
        The prescribed values, 0 elsewhere.
    """

    def __init__(
        self,
        active: NDArray[np.bool_],
        fixed: Iterable[tuple[Ints, float]] = (),
        ties: Iterable[Ints] = (),
    ) -> None:
        free = active.copy()
        self.values = np.zeros(len(active))
        self.is_fixed = np.zeros(len(active), bool)
        for entries, value in fixed:
            new = entries[~self.is_fixed[entries]]
            self.values[new] = value
            self.is_fixed[new] = True
        free &= ~self.is_fixed
        leader = np.arange(len(active))
        taken = np.zeros(len(active), bool)
        for entries in ties:
            mine = entries[free[entries] & ~taken[entries]]
            if len(mine):
                leader[mine] = mine.min()
                taken[mine] = True
        heads = free & (leader == np.arange(len(active)))
        number = np.full(len(active), -1)
        number[heads] = np.arange(np.count_nonzero(heads))
        self.number: Ints = np.where(free, number[leader], -1)
        self.heads: Ints = np.flatnonzero(heads)
        self.size = len(self.heads)
        self.has_ties = bool(taken.any())

    def expand(self, x: Floats) -> Floats:
        """The raw vector of a free part, zero at fixed entries; of several, (size, k), as many."""
        return np.concatenate([x, np.zeros((1, *x.shape[1:]))])[self.number]

    def field(self, x: Floats) -> Floats:
        """The raw vector of unknowns together with the prescribed values."""
        return self.expand(x) + self.values

    def collapse(self, raw: Floats) -> Floats:
        """The transpose of `expand`: entries of tied unknowns add up."""
        if not self.has_ties:
            return raw[self.heads]
        if raw.ndim == 2:
            return np.stack([self.collapse(column) for column in raw.T], axis=1)
        return np.asarray(np.bincount(self.number + 1, raw, minlength=self.size + 1)[1:], float)

    def pick(self, raw: Floats) -> Floats:
        """The unknowns' values in a raw vector."""
        return raw[self.heads]
