"""The stacked module: its headline numbers, its two forms, and what its run leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest
from PIL import Image

import mcpthermal as mt

CASE = Path(__file__).parents[2] / "cases" / "stacked_module"
AMBIENT = 298.15


@pytest.fixture(scope="module")
def numbers(stacked_module: Path) -> dict[str, Any]:
    return json.loads((stacked_module / "result.json").read_text())


def test_both_forms_describe_the_same() -> None:
    """Equal descriptions are meshed and solved to equal numbers: the program has no other input."""
    script, file = mt.read_case(CASE / "case.py"), mt.read_case(CASE / "case.toml")
    assert script.package == file.package
    assert script.loads == file.loads
    assert script.name == file.name == "stacked_module"


def test_both_forms_give_the_same_answer() -> None:
    answers = []
    for name in ("case.py", "case.toml"):
        case = mt.read_case(CASE / name)
        mesh = mt.generate_mesh(case.package, mt.MeshSpec("coarse", max_size=3e-3))
        answers.append(mt.solve_steady(case, mesh, tolerance=1e-6).max_temperature("memory") - AMBIENT)
    assert answers[0] == pytest.approx(answers[1], rel=1e-10)


def test_temperatures(numbers: dict[str, Any]) -> None:
    """Within 0.6 % of the limit of the refinement study in the case's README."""
    assert numbers["parts"]["memory"]["max_K"] - AMBIENT == pytest.approx(117.2, rel=6e-3)
    assert numbers["parts"]["logic"]["max_K"] - AMBIENT == pytest.approx(115.7, rel=6e-3)
    assert numbers["ambient_K"] == AMBIENT


def test_currents(numbers: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in numbers["vias"]}
    assert len(rows) == 16 + 8 + 4
    total = {family: sum(r["current_A"] for n, r in rows.items() if n.startswith(family)) for family in
             ("ground[", "logic_supply", "logic_ground", "memory_supply", "memory_ground")}
    assert total["ground["] == pytest.approx(-3.0, rel=1e-8)
    assert total["logic_supply"] == pytest.approx(-2.0, rel=1e-8)
    assert total["logic_ground"] == pytest.approx(2.0, rel=1e-8)
    assert total["memory_supply"] == pytest.approx(-1.0, rel=1e-8)
    assert total["memory_ground"] == pytest.approx(1.0, rel=1e-8)
    terminals = {row["name"]: row for row in numbers["terminals"]}
    assert sum(terminals[f"vdd_{i}"]["current"] for i in range(4)) == pytest.approx(3.0, rel=1e-8)
    # Four columns of first vias share the ground current by symmetry; the ones below the traces carry most.
    assert rows["ground[2]"]["current_A"] == pytest.approx(rows["ground[10]"]["current_A"], rel=1e-3)
    assert abs(rows["ground[2]"]["current_A"]) > 3 * abs(rows["ground[3]"]["current_A"])
    assert terminals["memory_ground.foot"]["voltage"] == pytest.approx(5.45e-3, rel=1e-2)


def test_balances(numbers: dict[str, Any]) -> None:
    balance = numbers["balance"]
    assert balance["relative_defect"] < 1e-8
    assert balance["relative_charge_defect"] < 1e-8
    assert balance["heat_in_W"] == pytest.approx(3.0 + balance["joule_power_W"], rel=1e-9)
    assert balance["joule_power_W"] == pytest.approx(0.0260, rel=1e-2)


def test_hand_calculation_brackets_the_rise(numbers: dict[str, Any]) -> None:
    """The rise lies between spreading over the whole carrier and no spreading beyond the chip (README)."""
    power = numbers["balance"]["heat_in_W"]
    area, chip = 1e-4, 25e-6
    film, slab = 1 / 1000.0, 0.5e-3 / 0.4
    least = power * (film / area)
    most = power * (film + slab + 25e-6 / 0.2) / chip
    assert least < numbers["parts"]["logic"]["max_K"] - AMBIENT < most


def test_fields_read_back(stacked_module: Path, numbers: dict[str, Any]) -> None:
    fields = meshio.read(stacked_module / "fields.vtu")
    hottest = max(part["max_K"] for part in numbers["parts"].values())
    assert fields.point_data["temperature"].max() == pytest.approx(hottest, rel=1e-14)
    assert np.nanmax(fields.point_data["potential"]) == 1.0


def picture(folder: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(folder / name).convert("RGB")).astype(int)


@pytest.mark.parametrize("name", ["package.png", "temperature.png", "current_density.png"])
def test_pictures_are_whole(stacked_module: Path, name: str) -> None:
    """Something is drawn, nothing touches the rim, the title is there, and it has many colours."""
    pixels = picture(stacked_module, name)
    drawn = (pixels < 245).any(axis=2)
    assert 0.15 < drawn.mean() < 0.8
    for rim in (drawn[:8], drawn[-8:], drawn[:, :8], drawn[:, -8:]):
        assert not rim.any()
    title = pixels[: len(pixels) // 9, : pixels.shape[1] // 2]
    assert (title.sum(axis=2) < 150).mean() > 0.005
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 30


def test_the_hottest_colour_is_at_the_chips(stacked_module: Path) -> None:
    """The cut-away shows the hot module in the middle, and cool corners of the package."""
    pixels = picture(stacked_module, "temperature.png")
    scene = pixels[:, : int(0.84 * pixels.shape[1])]
    bright = (scene[..., 0] > 230) & (scene[..., 1] > 220) & (scene[..., 2] < 200)
    dark = (scene.sum(axis=2) < 90) & (scene[..., 2] >= scene[..., 0])
    rows, columns = np.nonzero(bright)
    assert len(rows) > 2000 and dark.sum() > 500
    assert 0.3 < columns.mean() / scene.shape[1] < 0.7
    assert 0.3 < rows.mean() / scene.shape[0] < 0.7


def test_the_scale_bar_ends_in_its_colours(stacked_module: Path) -> None:
    pixels = picture(stacked_module, "temperature.png")
    bar = pixels[:, int(0.86 * pixels.shape[1]) :]
    assert (np.abs(bar - [252, 255, 164]).max(axis=2) < 12).any(), "inferno's upper end"
    assert (bar.sum(axis=2) < 40).any(), "inferno's lower end"
