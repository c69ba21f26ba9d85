"""A study: one reference case, solved on two meshes, and the rows of the table that it gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mcpthermal as mt

CLOSED_FORM, OTHER_CODE = 1e-3, 3e-3
"""The bars: relative errors of the rise that are allowed against closed forms and against other programs."""

SHOWN = 1e-6
"""Relative errors below it are those of the iteration, or of the digits that the reference has."""


class Answer(NamedTuple):
    """The values of a study's targets on one mesh, and the results whose balances must close."""

    values: Sequence[float]
    results: Sequence[mt.SteadyResult]


@dataclass(frozen=True)
class Target:
    """One value of a reference.

    Attributes
    ----------
    name : str
        What it is, with its unit.
    value : float
        The reference; exact, or recomputed by others.
    base : float
        Where the rise is counted from.
    bar : float
        The relative error of the rise that is allowed.
    """

    name: str
    value: float
    base: float = 0.0
    bar: float = CLOSED_FORM


@dataclass(frozen=True)
class Study:
    """One reference case.

    Attributes
    ----------
    key : str
        What tests call it.
    title : str
        What the table calls it.
    targets : tuple of Target
    solve : callable
        Gives the answer for a size of the mesh, relative to the finer one.
    sizes : (coarse, fine)
    """

    key: str
    title: str
    targets: tuple[Target, ...]
    solve: Callable[[float], Answer]
    sizes: tuple[float, float] = (2.0, 1.0)


@dataclass(frozen=True)
class Row:
    """One target, compared on two meshes."""

    study: Study
    target: Target
    coarse: float
    fine: float
    energy: float
    charge: float

    def error_of(self, value: float) -> float:
        """The relative error of the rise."""
        return (value - self.target.value) / (self.target.value - self.target.base)

    @property
    def error(self) -> float:
        """That on the finer mesh."""
        return self.error_of(self.fine)

    @property
    def order(self) -> float | None:
        """The observed order; None where errors are those of the reference's digits, or the finer mesh is no nearer."""
        before, after = abs(self.error_of(self.coarse)), abs(self.error)
        if after < SHOWN or before <= after or self.target.bar > OTHER_CODE:
            return None
        return math.log(before / after) / math.log(self.study.sizes[0] / self.study.sizes[1])


def run(study: Study) -> tuple[Row, ...]:
    """Solve a study on both meshes."""
    coarse, fine = (study.solve(size) for size in study.sizes)
    balances = [result.balance for result in (*coarse.results, *fine.results)]
    energy = max(balance.relative_defect for balance in balances)
    charge = max(balance.relative_charge_defect for balance in balances)
    return tuple(
        Row(study, target, float(before), float(after), energy, charge)
        for target, before, after in zip(study.targets, coarse.values, fine.values, strict=True)
    )


LEVELS = {2.0: "coarse", 1.0: "normal", 0.5: "fine"}


def default_mesh(package: mt.Package, size: float) -> mt.ColumnMesh:
    """The mesh that a user gets who asks for nothing (size 1), or the coarse one (size 2)."""
    return mt.generate_mesh(package, mt.MeshSpec(LEVELS[size]))
