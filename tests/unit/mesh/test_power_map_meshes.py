"""Meshes of cases: fine where their power maps have power."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.units import mm

WIDTH, DEPTH, THICKNESS, CONDUCTIVITY, SINK = 12 * mm, 8 * mm, 1 * mm, 150.0, 2.0
OUTLINE = mt.rectangle((WIDTH, DEPTH), at=(WIDTH / 2, DEPTH / 2))
SILICON = mt.Material("si", CONDUCTIVITY)
PACKAGE = mt.Package.from_parts(
    [
        mt.Part("die", OUTLINE, (0.0, THICKNESS), SILICON),
        mt.Part("film", OUTLINE, (THICKNESS, THICKNESS + 1e-7), SILICON),
    ]
)
BLOCK = {"core": (1 * mm, 5 * mm, 2 * mm, 2 * mm, 1.0)}
PIXELS = np.zeros((4, 6))
PIXELS[2:, 1] = 0.5


def case_of(powers: object) -> mt.Case:
    return mt.Case(PACKAGE, [mt.PowerMap("film", powers), mt.HeatSink("bottom", SINK, 300.0, base="isothermal")])


def rise_at_centre(x0: float, x1: float, y0: float, y1: float) -> float:
    """Of 1 W over a rectangle on a slab with an isothermal base (Muzychka, Culham, Yovanovich 2003)."""
    along_x = np.arange(1500)[:, None] * math.pi / WIDTH
    along_y = np.arange(1500)[None, :] * math.pi / DEPTH

    def weight(rate: np.ndarray, low: float, high: float) -> np.ndarray:
        middle, half = (low + high) / 2, (high - low) / 2
        mean = np.cos(rate * middle) * np.sinc(rate * half / math.pi)
        return np.where(rate == 0.0, 1.0, 2.0) * mean * np.cos(rate * middle)

    rate = np.hypot(along_x, along_y)
    rate[0, 0] = 1.0
    response = np.tanh(rate * THICKNESS) / (CONDUCTIVITY * rate)
    response[0, 0] = THICKNESS / CONDUCTIVITY + SINK * WIDTH * DEPTH
    return float((weight(along_x, x0, x1) * response * weight(along_y, y0, y1)).sum() / (WIDTH * DEPTH))


@pytest.mark.parametrize(
    ("powers", "source"), [(BLOCK, (1 * mm, 3 * mm, 5 * mm, 7 * mm)), (PIXELS, (2 * mm, 4 * mm, 4 * mm, 8 * mm))]
)
def test_a_mesh_of_a_case_resolves_its_power_map(powers: object, source: tuple[float, ...]) -> None:
    """The package's own mesh is 0.16 and 0.76 % off."""
    case, exact = case_of(powers), rise_at_centre(*source)
    result = mt.solve_steady(case)
    centre = ((source[0] + source[1]) / 2, (source[2] + source[3]) / 2, THICKNESS)
    (found,) = mt.estimate_error(case, result, [mt.TemperatureAt(centre)])
    assert found.value - 300.0 == pytest.approx(exact, rel=3e-4)
    assert len(result.mesh.triangles) < 400


def test_an_adaptive_solution_does_not_stop_on_a_mesh_that_misses_the_map() -> None:
    """On the package's coarse mesh the estimate is a tenth of the error."""
    case = case_of(PIXELS)
    centre = mt.TemperatureAt((3 * mm, 6 * mm, THICKNESS))
    result = mt.solve_adaptive(case, centre, 0.01)
    exact = rise_at_centre(2 * mm, 4 * mm, 4 * mm, 8 * mm)
    assert centre.measure(result) - 300.0 == pytest.approx(exact, rel=3e-3)


def test_many_pixels_make_no_tiny_triangles() -> None:
    many = case_of(np.ones((60, 90)) / 5400)
    assert len(mt.generate_mesh(many).triangles) < 3000
    spread = mt.MeshSpec(boxes=[("1 mm", "1 mm", "2 mm", "2 mm", "0.1 mm")])
    assert spread.boxes == ((1e-3, 1e-3, 2e-3, 2e-3, 1e-4),)
    assert len(mt.generate_mesh(PACKAGE, spread).triangles) > len(mt.generate_mesh(PACKAGE).triangles) + 200
    assert "boxes" not in mt.MeshSpec().to_dict()


@pytest.mark.parametrize("boxes", [3, [(0, 0, 1e-3, 1e-3)], [(1e-3, 0, 0, 1e-3, 1e-4)], [(0, 0, 1e-3, 1e-3, 0)]])
def test_boxes_that_make_no_sense_are_refused(boxes: object) -> None:
    with pytest.raises(mt.InputError, match="box"):
        mt.MeshSpec(boxes=boxes)  # type: ignore[arg-type]


def test_a_tiny_block_is_resolved_in_all_directions() -> None:
    """Without its box the highest temperature is 41 K too low, and the estimate a twentieth of that."""
    board = mt.Part("board", mt.rectangle(10 * mm), (-0.5 * mm, 0.0), "fr4")
    chip = mt.Part("chip", mt.rectangle(4 * mm), (0.0, 0.3 * mm), mt.Material("si", 148.0), role="chip")
    block = {"hot": (2.73 * mm, 2.41 * mm, 0.02 * mm, 0.02 * mm, 0.2)}
    loads = [mt.PowerMap("chip", block, distribution="active_face"), mt.Convection("bottom", 1000.0, 300.0)]
    case = mt.Case(mt.Package.from_parts([board, chip]), loads)
    coarse, normal = (mt.solve_steady(case, mt.generate_mesh(case, level)) for level in ("coarse", "normal"))
    local = 0.5611 * 0.2 / (148.0 * 0.02 * mm)  # of a square on a half-space: what spreading adds at least nearly
    away = normal.temperature_at((-1 * mm, -1 * mm, 0.3 * mm))
    assert 0.95 * local < normal.max_temperature() - away < 1.3 * local
    assert coarse.max_temperature() - 300.0 == pytest.approx(normal.max_temperature() - 300.0, rel=0.02)
    (found,) = mt.estimate_error(case, normal, ["chip"])
    assert abs(found.error) < 0.01 * (normal.max_temperature() - 300.0)


def test_a_long_thin_block_takes_no_more_triangles_than_others() -> None:
    strip = case_of({"line": (1 * mm, 4 * mm, 10 * mm, 1e-6, 1.0)})
    assert len(mt.generate_mesh(strip).triangles) < 8000
    floorplan = {f"b{i}{j}": ((1 + i) * mm, (1 + j) * mm, 1 * mm, 1 * mm, 0.1) for i in range(8) for j in range(6)}
    assert len(mt.generate_mesh(case_of(floorplan)).triangles) < 4000
