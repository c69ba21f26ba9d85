"""Faces that are held at different values and share an edge: what flows from one to the other there has no limit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from mcpthermal.errors import SingularWarning

EDGE = 2
"""Common entries that make an edge: in a point, which may be one entry, no more flows than elsewhere."""


def warn_of_clashes(held: Sequence[tuple[str, Any, Any]], flow: str, cure: str) -> None:
    """Warn of faces with common entries that are held at different values.

    Parameters
    ----------
    held : sequence of (name, entries, value)
        The raw entries of each face, and what tells whether two are held alike.
    flow, cure : str
        What flows, and what to do.

    Warns
    -----
    SingularWarning
    """
    if len(held) < 2:
        return
    entries = np.concatenate([own for _, own, _ in held])
    owner = np.repeat(np.arange(len(held)), [len(own) for _, own, _ in held])
    order = np.argsort(entries, kind="stable")
    entries, owner = entries[order], owner[order]
    twice = np.flatnonzero(entries[1:] == entries[:-1])
    pairs, count = np.unique(np.stack([owner[twice], owner[twice + 1]]), axis=1, return_counts=True)
    for first, second in pairs[:, count >= EDGE].T.tolist():
        (a, _, one), (b, _, other) = held[first], held[second]
        if one != other:
            warnings.warn(
                f"'{a}' and '{b}' share an edge and are held at different values: the {flow} between them has no limit "
                f"but that of the mesh; {cure}",
                SingularWarning,
                stacklevel=2,
            )
