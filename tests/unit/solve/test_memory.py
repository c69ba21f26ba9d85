"""A solution that does not fit into memory is refused before it is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

import mcpthermal as mt
from mcpthermal.solve import memory


def slab() -> mt.Case:
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(2e-3), (0.0, 1e-3), "silicon")])
    return mt.Case(package, [mt.Power("slab", 1.0), mt.Convection("bottom", 1000.0, 300.0)])


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    case = slab()
    monkeypatch.setattr(memory, "free_memory", lambda: 1e5)
    with pytest.raises(mt.SolveError, match=r"unknowns need about .* GB are free; take a coarser mesh, such as Mesh"):
        mt.solve_steady(case)
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    assert mt.solve_steady(case).max_temperature() > 300.0


def test_what_is_free() -> None:
    free = memory.free_memory()
    if Path("/proc/meminfo").is_file():
        assert free is not None and 1e6 < free < 1e14


def test_limits_of_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    whole = memory.free_memory()
    (tmp_path / "memory.current").write_text("400000000\n")
    (tmp_path / "memory.stat").write_text("anon 300000000\ninactive_file 100000000\n")
    for text, left in (("max\n", whole), ("1000000000\n", 7e8), ("200000000\n", 0.0)):
        (tmp_path / "memory.max").write_text(text)
        assert memory.free_memory() == pytest.approx(left, rel=0.1)
