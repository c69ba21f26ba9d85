"""What a process records about a module besides its geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcpthermal.errors import GeometryError
from mcpthermal.package.parts import check_name


@dataclass(frozen=True)
class ModuleTestRecord:
    """The electrical test of a free module, made before it is attached.

    Parameters
    ----------
    module : str
        The module's name.
    program : str
        What was tested, in words.
    passed : bool
    date : str
        When, in any form.
    """

    module: str
    program: str
    passed: bool
    date: str = ""

    def __post_init__(self) -> None:
        check_name(self.module, "the module of a test record")
        if not isinstance(self.program, str) or not self.program.strip():
            raise GeometryError(
                f"test record of module '{self.module}': program={self.program!r} must say in words what was tested"
            )
        if not isinstance(self.passed, bool):
            raise GeometryError(f"test record of module '{self.module}': passed={self.passed!r} must be True or False")
        if not isinstance(self.date, str):
            raise GeometryError(f"test record of module '{self.module}': date={self.date!r} must be a string")

    @property
    def verdict(self) -> str:
        """Whether it passed, what, and when, in words."""
        when = f" ({self.date})" if self.date else ""
        return f"{'passed' if self.passed else 'failed'}: {self.program}{when}"


def record_of(tested: Any, module: str) -> ModuleTestRecord:
    """The record of a module's test, itself or the `record` of a result.

    Raises
    ------
    GeometryError
        If there is none, or it is that of another module.
    """
    record = tested if isinstance(tested, ModuleTestRecord) else getattr(tested, "record", None)
    if not isinstance(record, ModuleTestRecord):
        raise GeometryError(f"attach: tested={tested!r} is no ModuleTestRecord, and has none as its 'record'")
    if record.module != module:
        raise GeometryError(
            f"attach: the test record is that of module '{record.module}', not of '{module}'; give that of this module"
        )
    return record
