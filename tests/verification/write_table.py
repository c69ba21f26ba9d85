"""Solve all reference cases and write their table into the README: ``python tests/verification/write_table.py``."""

from __future__ import annotations

from reference_cases import all_studies, run
from reference_cases.table import README, write_table


def main() -> None:
    """Solve, report and write."""
    rows = []
    for study in all_studies():
        for row in run(study):
            print(f"{study.title}, {row.target.name}: {row.fine:.9g}, relative error {row.error:+.1e}", flush=True)
            rows.append(row)
    write_table(README, rows)


if __name__ == "__main__":
    main()
