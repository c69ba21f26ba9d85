"""The answer of a study: a row for each point, with its values or the reason why it has none."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, MissingLibraryError, near_misses
from mcpthermal.mesh.writing import write_whole

Floats = NDArray[np.float64]

STATUSES = ("solved", "infeasible", "failed")
COLUMNS = ("point", "status", "reason")
"""Of every table, beside parameters and outputs."""


@dataclass(frozen=True)
class StudyPoint:
    """What came of one point.

    Attributes
    ----------
    index : int
    parameters : mapping
        In SI units.
    status : {"solved", "infeasible", "failed", "open"}
    values : mapping
        Of each output, where it is solved.
    reason : str
        Why it is infeasible, or the error with which it failed.
    heights : mapping
        The package's ``via_depth`` and ``module_height`` (m), where it is solved.
    seconds : float
    warnings : tuple of str
    """

    index: int
    parameters: Mapping[str, Any]
    status: str
    values: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    heights: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Study:
    """All points of a study, in their order.

    Attributes
    ----------
    points : tuple of StudyPoint
    units : mapping
        The SI unit of each output.
    name : str
    """

    points: tuple[StudyPoint, ...]
    units: Mapping[str, str]
    name: str = "study"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.points[0].parameters)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.units)

    def of(self, status: str) -> tuple[StudyPoint, ...]:
        """All points of a status."""
        return tuple(point for point in self.points if point.status == status)

    def column(self, name: str) -> NDArray[Any]:
        """A parameter or an output of all points; an output is NaN where a point has a reason instead.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        if name in self.parameters:
            return np.array([point.parameters[name] for point in self.points])
        if name in self.units:
            return np.array([point.values.get(name, np.nan) for point in self.points])
        known = (*self.parameters, *self.outputs)
        raise InputError(f"'{name}' is no parameter and no output of the study; {near_misses(str(name), known)}")

    def rows(self) -> list[dict[str, Any]]:
        """A row for each point: number, parameters, status, outputs (None where there are none), reason."""
        return [
            {
                "point": point.index,
                **point.parameters,
                "status": point.status,
                **{name: point.values.get(name) for name in self.units},
                "reason": point.reason,
            }
            for point in self.points
        ]

    def table(self) -> Any:
        """The rows as a pandas table.

        The reason stands beside the status: pandas leaves out the middle where a table is wider than the screen.

        Raises
        ------
        MissingLibraryError
            Without pandas.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingLibraryError(f"tables need pandas ({error}); pip install 'mcpthermal[study]'") from error
        order = [*self.parameters, "status", "reason", *self.units]
        table = pandas.DataFrame(self.rows()).set_index("point")[order]
        return table.astype(dict.fromkeys(self.units, float))

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows as CSV, whole, with the units of outputs in the header.

        Outputs read back exactly; parameters, which are in SI units, have 15 digits: 0.45 mm is 0.00045.
        """
        rows = [row | {name: _rounded(row[name]) for name in self.parameters} for row in self.rows()]
        heads = [f"{name} ({self.units[name]})" if self.units.get(name) else name for name in rows[0]]

        def write(file: Path) -> None:
            with file.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream)
                writer.writerow(heads)
                writer.writerows(row.values() for row in rows)

        return write_whole(path, write)

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows as Parquet, whole.

        Raises
        ------
        MissingLibraryError
            Without pandas or pyarrow.
        """
        table = self.table()

        def write(file: Path) -> None:
            try:
                table.to_parquet(file)
            except ImportError as error:
                raise MissingLibraryError(
                    f"Parquet needs pyarrow; pip install 'mcpthermal[study]' ({error})"
                ) from error

        return write_whole(path, write)

    def summary(self) -> str:
        """What came of the points, the range of each output, and why points have none: of infeasible ones the first."""
        counts = ", ".join(f"{len(self.of(status))} {status}" for status in STATUSES if self.of(status))
        lines = [f"{self.name}: {len(self.points)} points: {counts}"]
        for name, unit in self.units.items():
            values = self.column(name)
            if np.isfinite(values).any():
                lines.append(f"  {name}: {np.nanmin(values):.6g} to {np.nanmax(values):.6g} {unit}")
        for point in self.of("infeasible")[:1]:
            lines.append(f"  point {point.index} is infeasible: {point.reason}")
        for point in self.of("failed"):
            lines.append(f"  point {point.index} failed: {point.reason}")
        for text in sorted({text for point in self.points for text in point.warnings}):
            lines.append(f"  warning: {text}")
        return "\n".join(lines) + "\n"

    def plot(self, output: str, x: str, y: str | None = None, path: Any = None) -> Any:
        """Draw an output over one or two parameters; see `plot_study`."""
        # Pictures are made by a layer above this one: asked for at the package's front door.
        import mcpthermal

        return mcpthermal.plot_study(self, output, x, y, path)

    def tornado(self, output: str, path: Any = None) -> Any:
        """Draw what each parameter alone does to an output; see `plot_tornado`."""
        import mcpthermal

        return mcpthermal.plot_tornado(self, output, path)


def _rounded(value: Any) -> Any:
    """A number without the last digit, which conversion of units may have moved."""
    return float(f"{value:.15g}") if isinstance(value, float) else value
