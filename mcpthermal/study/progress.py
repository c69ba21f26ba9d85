"""A bar that tells how many points are done and how long the rest will take."""

from __future__ import annotations

from types import TracebackType
from typing import Any


class Progress:
    """Counts on a terminal; says nothing where there is none.

    Parameters
    ----------
    shown : bool
    """

    def __init__(self, shown: bool) -> None:
        self._bar: Any = None
        if not shown:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(elapsed_when_finished=False))
            self._bar = Bar(*columns, *times, console=console)

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, what: str, total: int) -> None:
        """A new bar."""
        if self._bar is not None:
            self._task = self._bar.add_task(what, total=total)

    def advance(self) -> None:
        """One more is done."""
        if self._bar is not None:
            self._bar.advance(self._task)
