"""The table of reference cases in the README."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reference_cases.study import SHOWN, Row

README = Path(__file__).parents[3] / "README.md"
BEGIN, END = "<!-- verification table -->", "<!-- end of the table -->"
HEAD = "| case | quantity | reference | coarse mesh | ours | relative error | order |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Line:
    """One line of the table, as text."""

    title: str
    quantity: str
    reference: str
    coarse: str
    fine: str
    error: str
    order: str

    def __str__(self) -> str:
        return "| " + " | ".join(vars(self).values()) + " |"


def number(value: float) -> str:
    """Seven digits."""
    return f"{value:.7g}"


def line_of(row: Row) -> Line:
    """How a row is shown."""
    error = "< 1e-6" if abs(row.error) < SHOWN else f"{abs(row.error):.0e}".replace("e-0", "e-")
    order = "-" if row.order is None else f"{row.order:.1f}"
    reference, coarse, fine = (number(value) for value in (row.target.value, row.coarse, row.fine))
    return Line(row.study.title, row.target.name, reference, coarse, fine, error, order)


def write_table(readme: Path, rows: Iterable[Row]) -> None:
    """Replace the table between the README's two marks.

    Raises
    ------
    ValueError
        If a mark is missing.
    """
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    lines = "\n".join([HEAD, *(str(line_of(row)) for row in rows)])
    readme.write_text(f"{before}{BEGIN}\n{lines}\n{END}{after}", encoding="utf-8")


def read_table(readme: Path) -> list[Line]:
    """The lines of the table."""
    table = readme.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.strip().splitlines()[2:]]
    return [Line(*row) for row in cells]
