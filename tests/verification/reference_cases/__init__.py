"""Every steady row of the reference cases of others, as studies on two meshes."""

from __future__ import annotations

import importlib

from reference_cases.study import Row, Study, run

FAMILIES = ("conductors", "stacks", "spreading", "standards", "wires", "runaway")


def all_studies() -> tuple[Study, ...]:
    """The studies of all families, in the order of the table."""
    modules = (importlib.import_module(f"reference_cases.{name}") for name in FAMILIES)
    return tuple(study for module in modules for study in module.STUDIES)


__all__ = ["Row", "Study", "all_studies", "run"]
