"""The stages of a process side by side: resistances, temperatures and the currents of the vias."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import InputError, near_misses
from mcpthermal.package.process import Process
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.summary import resistances


@dataclass(frozen=True, eq=False)
class Stages:
    """The answers at several stages of a process, on the same columns; made by `solve_stages`.

    Attributes
    ----------
    process : Process
    results : mapping
        The result at each stage, in the order of fabrication.
    """

    process: Process
    results: Mapping[str, SteadyResult]

    def __getitem__(self, stage: str) -> SteadyResult:
        """The result at a stage."""
        if stage not in self.results:
            raise InputError(f"there is no stage '{stage}' here; {near_misses(str(stage), self.results)}")
        return self.results[stage]

    def __iter__(self) -> Iterator[str]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """One row for each stage.

        ``stage``; ``rise_K`` and ``max_K`` of each chip (the rise over the lowest ambient); ``resistance_ohm`` between
        terminals, by "a to b"; ``via_A``, the current of each via; ``heat_W``, all heat, and ``joule_W`` in it.
        """
        return tuple(self._row(stage, result) for stage, result in self.results.items())

    def _row(self, stage: str, result: SteadyResult) -> dict[str, Any]:
        highest = {part: result.max_temperature(part) for part in result.reported_parts()}
        return {
            "stage": stage,
            "max_K": highest,
            "rise_K": {part: kelvin - result.ambient for part, kelvin in highest.items()},
            "resistance_ohm": {f"{a} to {b}": ohm for a, b, ohm in resistances(result)},
            "via_A": {row.name: row.current for row in result.vias()} if result.electrical is not None else {},
            "heat_W": result.balance.heat_in,
            "joule_W": result.balance.joule_power,
        }

    def table(self) -> str:
        """A column for each stage, a line for each quantity; a dash where a stage has none."""
        rows = self.rows()
        lines = [["", *(row["stage"] for row in rows)]]

        def add(title: str, cells: Sequence[str | None]) -> None:
            lines.append([title, *("-" if cell is None else cell for cell in cells)])

        for kind, title, factor, form in (
            ("rise_K", "rise of {}, K", 1.0, ".3f"),
            ("resistance_ohm", "{}, mohm", 1e3, ".5g"),
        ):
            for name in _names(row[kind] for row in rows):
                values = [row[kind].get(name) for row in rows]
                add(title.format(name), [None if v is None else format(factor * v, form) for v in values])
        families = [_families(row["via_A"]) for row in rows]
        for name in _names(families):
            found = [family.get(name) for family in families]
            total = [None if v is None else f"{sum(v):+.4f} ({max(v, key=abs):+.4f})" for v in found]
            add(f"current of {name}, A (of its strongest via)", total)
        add("heat, W", [f"{row['heat_W']:.5g}" for row in rows])
        add("of it Joule, mW", [f"{1e3 * row['joule_W']:.5g}" for row in rows])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        shown = ([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines)
        return "\n".join("  ".join(line) for line in shown)

    def plot(self, path: Any = None, field: str = "temperature") -> Any:
        """Draw a field at every stage, in one scale; see `plot_stages`."""
        # Pictures are made by a layer above this one: asked for at the package's front door.
        import mcpthermal

        return mcpthermal.plot_stages(self, path, field=field)

    def summary(self) -> str:
        """The table under a title."""
        return f"{len(self)} stages on the same columns\n{self.table()}\n"


def _names(tables: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(name for table in tables for name in table)


def _families(currents: Mapping[str, float]) -> dict[str, list[float]]:
    """The currents of each family of vias."""
    found: dict[str, list[float]] = {}
    for name, ampere in currents.items():
        found.setdefault(name.partition("[")[0], []).append(ampere)
    return found
