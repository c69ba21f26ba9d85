"""The column operator and its loads as sums of fixed terms times factors: what reduced models are built of.

Where the layers of an interval keep their shares of its height H, and coefficients do not change,

    A = A_0 + sum_i [ (H_i / H_i0) K_i + (H_i0 / H_i) M_i ] + sum_s c_s [ E_s + sum_i (H_i / H_i0) S_si ],
    b = sum_p P_p sum_i [ H_i V_pi / sum_j H_j V_pj ] B_pi.

Legend: i intervals with reference heights H_i0; K_i conduction along the plane, M_i through it, at the reference
heights; A_0 what obliquely placed axes of conduction add; c_s the film coefficient at a place, E_s its horizontal and
S_si its upright faces in an interval; P_p the power of a part whose cross-section in an interval is V_pi, B_pi the load
of 1 W there.

Quarteroni, Manzoni and Negri, Reduced Basis Methods for Partial Differential Equations, Springer 2016, section 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, near_misses
from mcpthermal.fem.coefficients import Axes
from mcpthermal.fem.column_operator import ColumnOperator
from mcpthermal.fem.columns import ColumnSpace
from mcpthermal.fem.surfaces import Patch

Floats = NDArray[np.float64]

UPRIGHT = 9
"""Shape functions of an upright face; a horizontal one has six."""


@dataclass(frozen=True, eq=False)
class AffineTerm:
    """A term of the operator at the reference heights.

    Attributes
    ----------
    operator : ColumnOperator
        Its product with raw vectors; `ColumnSpace.system` restricts it to unknowns.
    interval : int or None
        Whose height its factor has.
    power : int
        Of that height in the factor, relative to the reference: 1, -1, or 0.
    place : str
        Whose film coefficient is in the factor; empty for none.
    """

    operator: ColumnOperator
    interval: int | None = None
    power: int = 0
    place: str = ""


class AffineOperator:
    """The terms of a space's conduction operator with exchange at faces.

    Parameters
    ----------
    space : ColumnSpace
    axes : sequence
        The laws of the conductivity of each part, as for `ColumnSpace.operator`.
    films : mapping of place to patches, optional
        Faces that exchange heat with a coefficient that is constant on them.
    intervals : sequence of arrays of int, optional
        The layers of each interval; each layer by itself unless given.
    temperature : callable, optional
        Where the conductivities are taken, as for `ColumnSpace.operator`.

    Attributes
    ----------
    terms : tuple of AffineTerm
    heights : (n_intervals,) array
        The reference heights (m).
    """

    def __init__(
        self,
        space: ColumnSpace,
        axes: Sequence[Axes | None],
        films: Mapping[str, Sequence[Patch]] | None = None,
        intervals: Sequence[Any] | None = None,
        temperature: Any = None,
    ) -> None:
        count = len(space.layers)
        given = [np.array([layer]) for layer in range(count)] if intervals is None else intervals
        self.intervals = [np.asarray(layers, np.int64) for layers in given]
        if sorted(np.concatenate(self.intervals).tolist()) != list(range(count)):
            raise InputError(f"intervals must list each of the {count} layers of the space once")
        self.space, self.places = space, tuple(films or {})
        self.heights: Floats = np.array([space.heights[layers].sum() for layers in self.intervals])
        whole = space.operator(axes, temperature)
        terms = [self._term(whole, number, power) for number in range(len(self.intervals)) for power in (1, -1)]
        if whole.extra is not None:
            terms.append(AffineTerm(self._surface([whole.extra])))
        for place, patches in (films or {}).items():
            terms += self._film_terms(place, patches)
        self.terms = tuple(terms)

    def _term(self, whole: ColumnOperator, number: int, power: int) -> AffineTerm:
        """Conduction along the plane (power 1) or through it (-1) in an interval."""
        part = ColumnOperator(whole.plane, whole.heights, whole.lattice)
        own = self.intervals[number]
        for layers, stiffness, mass in whole.shared:
            used = layers[np.isin(layers, own)]
            if len(used):
                part.add_shared(used, *self._half(stiffness, mass, power))
        for layers, stiffness, mass in whole.varying:
            inside = np.isin(layers, own)
            if inside.any():
                part.add_varying(layers[inside], *self._half(stiffness[inside], mass[inside], power))
        return AffineTerm(part, number, power)

    @staticmethod
    def _half(stiffness: Floats, mass: Floats, power: int) -> tuple[Floats, Floats]:
        return (stiffness, np.zeros_like(mass)) if power > 0 else (np.zeros_like(stiffness), mass)

    def _surface(self, matrices: Sequence[Any]) -> ColumnOperator:
        empty = ColumnOperator(self.space.plane, self.space.heights, self.space.lattice)
        empty.add_matrices(matrices)
        return empty

    def _film_terms(self, place: str, patches: Sequence[Patch]) -> list[AffineTerm]:
        size, found = self.space.size, []
        flat = [patch.matrix(1.0, size) for patch in patches if patch.values.shape[1] != UPRIGHT]
        if flat:
            found.append(AffineTerm(self._surface(flat), None, 0, place))
        for number, layers in enumerate(self.intervals):
            upright = []
            for patch in patches:
                inside = np.isin(patch.cells[0] - self.space.layers[0], layers)
                if patch.values.shape[1] == UPRIGHT and inside.any():
                    cut = replace(patch, dofs=patch.dofs[inside], weights=patch.weights[inside])
                    upright.append(cut.matrix(1.0, size))
            if upright:
                found.append(AffineTerm(self._surface(upright), number, 1, place))
        return found

    def factors(self, heights: Any, films: Mapping[str, float] | None = None) -> Floats:
        """The factor of each term.

        Parameters
        ----------
        heights : (n_intervals,) array
            (m)
        films : mapping of place to coefficient
            (W/(m2 K))
        """
        ratio = self.ratio(heights)
        given = films or {}
        for place in given:
            if place not in self.places:
                raise InputError(f"'{place}' has no film among the terms; {near_misses(place, self.places)}")
        return np.array(
            [
                (1.0 if term.interval is None else ratio[term.interval] ** term.power)
                * (given.get(term.place, 0.0) if term.place else 1.0)
                for term in self.terms
            ]
        )

    def ratio(self, heights: Any) -> Floats:
        """Heights (m) relative to the reference."""
        found = np.asarray(heights, float)
        if found.shape != self.heights.shape or not np.isfinite(found).all() or not (found > 0).all():
            raise InputError(f"heights of the {len(self.heights)} intervals must be that many positive numbers (m)")
        return found / self.heights

    def apply(self, raw: Floats, factors: Floats) -> Floats:
        """The operator with given factors on a raw vector: the sum of all terms."""
        total = np.zeros_like(raw)
        for term, factor in zip(self.terms, factors, strict=True):
            if factor != 0.0:
                total += factor * term.operator.apply(raw)
        return total

    def power_terms(self, cells: Any) -> tuple[Floats, Floats]:
        """The loads of 1 W spread evenly over some cells (a mask over the mesh), interval by interval.

        Returns
        -------
        loads : (n, size) array
            B of each interval that has such cells; none elsewhere, all zero.
        sections : (n,) array
            The volume in each interval relative to its height (m2), for `shares`.
        """
        space, loads, sections = self.space, [], []
        for layers, height in zip(self.intervals, self.heights, strict=True):
            own = np.zeros_like(cells)
            own[space.layers[layers]] = cells[space.layers[layers]]
            volume = float(space.mesh.cell_volumes[own].sum())
            sections.append(volume / height)
            loads.append(space.volume_load(own, 1.0 / volume) if volume > 0.0 else np.zeros(space.size))
        return np.array(loads), np.array(sections)

    @staticmethod
    def shares(sections: Floats, heights: Any) -> Floats:
        """What part of a power falls on each interval at given heights (m)."""
        volumes = sections * np.asarray(heights, float)
        return volumes / volumes.sum()
