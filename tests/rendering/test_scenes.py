"""Pictures of packages and fields: colours where they belong, nothing lost, nothing clipped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from looking import check_whole, look_at, place_on_picture, texts

import mcpthermal as mt
from mcpthermal.report.view import view_data
from mcpthermal.units import mm, um
from mcpthermal.viz import field_difference, mesh_quality, save_pictures
from mcpthermal.viz.cutting import surface, surface_of
from mcpthermal.viz.grids import make_grid, mesh_grid
from mcpthermal.viz.style import FIELDS, round_levels, scale_numbers

HIGH, LOW = np.array([252, 255, 164]), np.array([0, 0, 4])
"""The ends of inferno."""

OFF = {"off_screen": True}

SCENES: dict[str, tuple[Callable[[mt.SteadyResult], Any], str]] = {
    "exploded": (lambda r: mt.plot_package(r.case.package, r.mesh, cut=False, explode=0.5, labels=True, **OFF), ""),
    "glass": (lambda r: mt.plot_package(r.case.package, r.mesh, glass="insulation", labels=True, cut=False, **OFF), ""),
    "tall": (lambda r: mt.plot_package(r.case.package, r.mesh, stretch=6.0, **OFF), ""),
    "potential": (lambda r: mt.plot_field(r, "potential", contours=5, **OFF), "Potential\n(mV)"),
    "arrows": (lambda r: mt.plot_field(r, "current_density", flow="arrows", **OFF), "Current density\n(A/cm2)"),
    "tubes": (lambda r: mt.plot_field(r, "current_density", flow="tubes", **OFF), "Current density\n(A/cm2)"),
    "heat": (lambda r: mt.plot_field(r, "heat_flux", flow="tubes", **OFF), "Heat flux\n(W/cm2)"),
    "joule": (lambda r: mt.plot_field(r, "joule_density", **OFF), "Joule heat\n(W/mm3)"),
    "mesh": (lambda r: mt.plot_mesh(r.mesh, **OFF), "Quality\n(-)"),
}


@pytest.mark.parametrize("name", SCENES)
def test_scenes_are_whole(small: mt.SteadyResult, tmp_path: Path, name: str) -> None:
    draw, scale = SCENES[name]
    plotter = draw(small)
    assert "z stretched 6 times" in texts(plotter) if name == "tall" else "z stretched 2 times" in texts(plotter)
    bars = [title.strip() for title in plotter.scalar_bars.keys()]
    assert bars == ([scale] if scale else [])
    check_whole(look_at(plotter, tmp_path / f"{name}.png"))


def test_scale_bars_have_round_numbers(corner: mt.SteadyResult) -> None:
    plotter = mt.plot_field(corner, "heat_flux", limits=(1.0, 1000.0), **OFF)
    (scale,) = plotter.scalar_bars.values()
    numbers = scale.GetCustomLabels()
    assert [numbers.GetValue(n) for n in range(numbers.GetNumberOfTuples())] == pytest.approx([1, 10, 100, 1000])
    plotter.close()


def test_lines_on_a_face_are_whole(corner: mt.SteadyResult, tmp_path: Path) -> None:
    """The upper rim of the plate's front is one dark line from corner to corner."""
    plotter = mt.plot_package(corner.case.package, corner.mesh, cut=False, stretch=1.0, **OFF)
    x0, x1, y0, _, _, _ = plotter.bounds
    z = corner.case.package["plate"].z[1] * 1e3
    spots = [place_on_picture(plotter, np.array([x, y0, z]), (1100, 1600)) for x in np.linspace(x0, x1, 202)[1:-1]]
    pixels = look_at(plotter, tmp_path / "rim.png").sum(axis=2)
    dark = [pixels[row - 2 : row + 3, column].min() < 300 for row, column in spots]
    assert np.mean(dark) > 0.97


def test_true_scale_is_said(corner: mt.SteadyResult, tmp_path: Path) -> None:
    plotter = mt.plot_field(corner, stretch=1.0, **OFF)
    assert "corner: temperature, true scale" in texts(plotter)
    ends = [f"{kelvin - 273.15:.4g}" for kelvin in (corner.min_temperature(), corner.max_temperature())]
    assert f"lowest {ends[0]}, highest {ends[1]} degC" in texts(plotter)
    plotter.close()


def test_the_ends_of_the_scale_are_where_the_field_has_them(corner: mt.SteadyResult, tmp_path: Path) -> None:
    """The pixel at the hottest point of the surface has the scale's upper colour, that at the coldest the lower."""
    plotter = mt.plot_field(corner, cut=False, **OFF)
    body = surface(make_grid(corner.fields, 2.0))
    kelvin = np.asarray(body.point_data["temperature"])
    used = np.unique(body.regular_faces)
    # The hottest node on top of the block, the coldest of the plate's upper face: both face the viewer.
    hottest = used[np.argmax(kelvin[used])]
    upper = used[np.abs(body.points[used, 2] - 1.0) < 1e-9]
    coldest = upper[np.argmin(kelvin[upper])]
    shape = (1100, 1600)
    spots = [place_on_picture(plotter, body.points[n], shape) for n in (hottest, coldest)]
    pixels = look_at(plotter, tmp_path / "corner.png")
    (row, column), (far_row, far_column) = spots
    near = pixels[row - 6 : row + 7, column - 6 : column + 7].reshape(-1, 3)
    assert np.abs(near - HIGH).sum(axis=1).min() < 20
    look = FIELDS["temperature"]
    low, high = look.limits(look.shown(kelvin[used]))
    part = (look.shown(kelvin[coldest]) - low) / (high - low)
    from matplotlib import colormaps

    wanted = np.array(colormaps["inferno"](float(part))[:3]) * 255
    around = pixels[far_row - 8 : far_row + 9, far_column - 8 : far_column + 9].reshape(-1, 3)
    assert np.abs(around - wanted).sum(axis=1).min() < 24


@pytest.mark.parametrize(
    ("cut", "area"),
    [
        (False, 8 + 9.6),
        (True, 6 + 9.6),
        (mt.CutAway(z=("0.15 mm", None)), 8 + 8 * 0.45),
        (mt.CutAway(x=("-0.3 mm", "0.2 mm"), y=(None, 0.0), z=(0.1 * mm, None)), 8 + 9.6 + 2 * 0.9),
        (mt.CutAway(x=("3 mm", None)), 8 + 9.6),
    ],
)
def test_a_cut_shows_all_of_its_faces_and_nothing_else(cut: Any, area: float) -> None:
    """The skin has the area of the body that is left, whatever cells the planes go through; z is stretched 3 times."""
    parts = [mt.Part(n, mt.rectangle(2 * mm), (z, z + 0.2 * mm), "copper") for n, z in (("a", 0.0), ("b", 0.2 * mm))]
    package = mt.Package.from_parts(parts)
    mesh = mt.generate_mesh(package, mt.MeshSpec("coarse", edge_size=0.7 * mm, max_size=0.7 * mm, layer_size=0.2 * mm))
    body = surface_of(mesh_grid(mesh, 3.0), cut, 3.0)
    assert body.area == pytest.approx(area, rel=1e-6)
    if isinstance(cut, mt.CutAway) and cut.y[1] is not None:
        middle = body.points[body.regular_faces].mean(axis=1)
        x, y, z = middle.T
        assert not ((x > -0.299) & (x < 0.199) & (y < -1e-3) & (z > 0.301)).any()


def test_a_jump_stays_a_jump() -> None:
    """Two values in one place where a contact resists the heat; no surface, cut or section smears them."""
    parts = [mt.Part(n, mt.rectangle(1 * mm), (z, z + 0.2 * mm), "copper") for n, z in (("a", 0.0), ("b", 0.2 * mm))]
    package = mt.Package.from_parts(parts)
    loads = [
        mt.Power("b", 1.0),
        mt.Interface("a", "b", thermal_resistance=1e-5),
        mt.Convection("bottom", 1e4, mt.celsius(25)),
    ]
    result = mt.solve_steady(mt.Case(package, loads), mt.generate_mesh(package, "coarse"))
    jump = 1.0 / 1e-6 * 1e-5
    for body in (surface(make_grid(result.fields)), surface_of(make_grid(result.fields), True)):
        levels = np.abs(body.points[:, 2] - 0.2) < 1e-9
        kelvin = np.asarray(body.point_data["temperature"])[
            levels & np.isin(np.arange(body.n_points), body.regular_faces)
        ]
        assert np.ptp(kelvin) == pytest.approx(jump, rel=1e-3)
        assert not ((kelvin > kelvin.min() + 0.1 * jump) & (kelvin < kelvin.max() - 0.1 * jump)).any()
    figure = mt.plot_layer(result, "a", contours=0, side="above")
    above = figure.axes[0].collections[0].get_array()
    below = mt.plot_layer(result, "a", contours=0).axes[0].collections[0].get_array()
    assert float(above.min() - below.max()) == pytest.approx(jump, rel=1e-3)


def test_nodes_between_corners_are_drawn() -> None:
    """A parabola over one layer: the picture has its vertex, which no corner of a cell has."""
    package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1 * mm), (0.0, 1 * mm), mt.Material("m", 1.0))])
    loads = [mt.Power("slab", 0.01), mt.FixedTemperature("top", 300.0), mt.FixedTemperature("bottom", 300.0)]
    spec = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=1 * mm, layer_size=2 * mm, growth=2.0)
    result = mt.solve_steady(mt.Case(package, loads), mt.generate_mesh(package, spec))
    vertex = 0.01 / 1e-9 * 1e-6 / 8
    drawn = mt.plot_section(result, "y", 0.0, contours=0).axes[0].collections[0].get_array()
    assert float(drawn.max()) + 273.15 == pytest.approx(300.0 + vertex, abs=1e-6)


def test_layers_and_sections_have_the_results_values(small: mt.SteadyResult, tmp_path: Path) -> None:
    figure = mt.plot_section(small, "y", "0 mm", stretch=2.0, path=tmp_path / "section.png")
    panel = figure.axes[0]
    assert panel.get_title(loc="left") == "case: temperature at y = 0 m, z stretched 2 times"
    assert panel.get_xlabel() == "x, mm" and panel.get_ylabel() == "z, mm" and panel.get_aspect() == 2.0
    assert figure.axes[1].get_ylabel() == "Temperature, degC"
    drawn = panel.collections[0]
    places = drawn._triangulation
    points = np.column_stack([places.x, np.full(len(places.x), 1e-3), places.y]) * 1e-3
    some = np.random.default_rng(1).choice(np.unique(places.triangles), 40, replace=False)
    inside = points[some] * (1 - 1e-6) + 1e-6 * np.array([0, 0, 1e-4])
    assert np.asarray(drawn.get_array())[some] + 273.15 == pytest.approx(small.temperature_at(inside), abs=0.2)
    layer = mt.plot_layer(small, "vdd", "current_density", path=tmp_path / "layer.png")
    shown = np.ma.compressed(layer.axes[0].collections[0].get_array())
    density = np.linalg.norm(small.fields.cell_values["current_density"], axis=1) * 1e-4
    vdd = small.fields.part == small.case.package.index["vdd"]
    assert density[vdd].min() - 1e-9 <= shown.min() and shown.max() <= density.max() + 1e-9
    assert layer.axes[1].get_ylabel() == "Current density, A/cm2" and layer.axes[1].get_yscale() == "log"


def test_differences_of_two_meshes(corner: mt.SteadyResult, tmp_path: Path) -> None:
    assert np.abs(field_difference(corner, corner, "temperature")).max() < 1e-4
    spec = mt.MeshSpec("coarse", edge_size=0.35 * mm, max_size=0.7 * mm, layer_size=200 * um)
    finer = mt.solve_steady(corner.case, mt.generate_mesh(corner.case.package, spec))
    difference = field_difference(corner, finer, "temperature")
    nodes = np.random.default_rng(2).choice(len(difference), 30, replace=False)
    inside = corner.fields.points[nodes] * (1 - 1e-6) + np.array([0, 0, 3e-10])
    values = finer.temperature_at(inside) - corner.fields.point_values["temperature"][nodes]
    assert difference[nodes] == pytest.approx(values, abs=2e-3 * np.abs(difference).max() + 1e-3)
    plotter = mt.plot_difference(corner, finer, **OFF)
    low, high = plotter.scalar_bars["Difference\n(K)\n"].GetLookupTable().GetTableRange()
    assert low == -high and high == pytest.approx(np.abs(difference).max())
    check_whole(look_at(plotter, tmp_path / "difference.png"))
    with pytest.raises(mt.InputError, match="jumps from cell to cell"):
        field_difference(corner, finer, "heat_flux")


def test_regular_cells_have_quality_one() -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0.5, 3**0.5 / 2, 0], [0.5, 3**0.5 / 6, (2 / 3) ** 0.5]])

    class Tetrahedron:
        points, cells, cell_part = corners, np.arange(4)[None], np.zeros(1, int)

    assert mesh_quality(Tetrahedron()) == pytest.approx([1.0])
    Tetrahedron.points = corners * [1, 1, 1e-3]
    assert 0 < mesh_quality(Tetrahedron())[0] < 0.01


def test_what_does_not_flow_is_not_drawn(tmp_path: Path) -> None:
    """Neither heat nor current: pictures and scales stay sound."""
    package = mt.Package.from_parts([mt.Part("bar", mt.rectangle(1 * mm), (0.0, 0.2 * mm), "copper")])
    loads = [mt.Voltage("bar.x_min", 0.0), mt.Voltage("bar.x_max", 0.0), mt.Convection("bottom", 1e3, 300.0)]
    result = mt.solve_steady(mt.Case(package, loads, name="idle"), mt.generate_mesh(package, "coarse"))
    assert [file.name for file in save_pictures(result, tmp_path)] == ["package.png", "temperature.png"]
    with pytest.raises(mt.InputError, match="no current flows in the case 'idle'"):
        mt.plot_field(result, "potential", **OFF)
    assert FIELDS["heat_flux"].limits(np.zeros(3)) == (1e-4, 1.0)
    assert FIELDS["temperature"].limits(np.full(3, 26.85)) == pytest.approx((26.85, 26.85), rel=1e-5)
    assert [field["name"] for field in json.loads(view_data(result))["fields"]] == [
        "temperature",
        "heat_flux",
        "material",
    ]


def test_imported_meshes_are_drawn(tmp_path: Path) -> None:
    mesh = mt.read_mesh(Path(__file__).parents[2] / "meshes" / "post_on_board.msh")
    package = mt.Package.from_mesh(mesh, dict.fromkeys(mesh.part_names, "copper"))
    case = mt.Case(package, [mt.Power(mesh.part_names[-1], 1.0), mt.Convection("bottom", 1000.0, 300.0)])
    result = mt.solve_steady(case, mesh)
    check_whole(look_at(mt.plot_field(result, "temperature", contours=6, **OFF), tmp_path / "field.png"))
    check_whole(look_at(mt.plot_mesh(mesh, **OFF), tmp_path / "mesh.png"))
    drawn = mt.plot_section(result, "x", 0.0, contours=0).axes[0].collections[0].get_array()
    assert result.min_temperature() <= drawn.min() + 273.15 <= drawn.max() + 273.15 <= result.max_temperature() + 0.01


def test_scales() -> None:
    look = FIELDS["current_density"]
    assert look.limits(np.array([3.0, 10115.0])) == (2.0, 20000.0)
    assert look.limits(np.array([1e4])) == (1.0, 1e4)
    assert look.shown(np.array([[3e4, 4e4, 0.0]])) == pytest.approx([5.0])
    assert round_levels((38.6, 141.9), 5) == [50, 75, 100, 125]
    assert round_levels((1.0, 1.0), 5) == []
    assert scale_numbers((38.6, 141.9), False) == [40, 60, 80, 100, 120, 140]
    assert scale_numbers((2.0, 2e4), True) == pytest.approx([2, 20, 200, 2e3, 2e4])
    warm = FIELDS["temperature"]
    assert warm.limits(np.array([1000.0, 1000.0 + 1e-10])) == pytest.approx((1000.0 - 1e-3, 1000.0 + 1e-3), rel=1e-9)


def test_refusals(small: mt.SteadyResult, corner: mt.SteadyResult, tmp_path: Path) -> None:
    package = small.case.package
    for call, message in (
        (lambda: mt.plot_field(small, flow="tubes"), "use 'arrows' or 'tubes' with"),
        (lambda: mt.plot_field(small, "heat_flux", contours=3), "has no contours"),
        (lambda: mt.plot_field(small, cut="x"), "must be True, False or a CutAway"),
        (lambda: mt.plot_field(small, stretch=float("nan")), "stretch"),
        (lambda: mt.plot_field(small, cut=mt.CutAway(x=("-9 mm", None))), "takes the whole package"),
        (lambda: mt.CutAway(x=(1.0, 0.5)), "has no width"),
        (lambda: mt.CutAway(x=3.0), r"must be \(low, high\)"),
        (lambda: mt.plot_package(package, small.mesh, glass=["insulaton"]), "did you mean 'insulation'"),
        (lambda: mt.plot_layer(small, "9 mm"), "is outside the package"),
        (lambda: mt.plot_layer(small, 0.0, "joule_density"), "no conductor carries current there"),
        (lambda: mt.plot_layer(corner, 0.0, "potential"), "no electrical terminals"),
        (lambda: mt.plot_section(small, "z", 0.0), "must be 'x' or 'y'"),
        (lambda: mt.plot_section(small, "x", "1 m"), "misses the package"),
        (lambda: mt.plot_difference(small, corner), "differences need packages of the same shape"),
        (lambda: mt.save_picture(None, tmp_path / "x.jpg"), "must end in .png"),
        (lambda: mt.save_picture(None, tmp_path / "x.png"), "not NoneType"),
        (lambda: mt.save_picture(None, None), "None is no path"),  # type: ignore[arg-type]
        (lambda: mt.plot_field(small.case), "of a SteadyResult, not of Case"),  # type: ignore[arg-type]
        (lambda: mt.plot_field(small, ["temperature"]), "there is no field"),  # type: ignore[arg-type]
        (lambda: mt.plot_field(small, contours="8"), "contours: '8' must be a whole number"),  # type: ignore[arg-type]
        (lambda: mt.plot_field(small, limits=(100.0,)), "must be two numbers"),  # type: ignore[arg-type]
        (lambda: mt.plot_field(small, limits=(100.0, 20.0)), r"\(100, 20\) degC: the lower end must come first"),
        (lambda: mt.plot_field(small, "current_density", limits=(0.0, 20.0)), "above 0"),
        (lambda: mt.plot_field(small, stretch=1e9), "at most 1000"),
        (lambda: mt.plot_difference(small, small, stretch=0.0), "stretch of z"),
        (lambda: mt.plot_mesh(package), "not Package"),
        (lambda: mt.plot_package(package, "coarse"), "not str"),
    ):
        with pytest.raises(mt.InputError, match=message):
            call()
