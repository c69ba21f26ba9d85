"""Charts: what their axes hold, and their files as pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mcpthermal as mt
from mcpthermal.units import mm, um
from mcpthermal.viz import plot_convergence, plot_impedance, plot_probes, plot_structure


def material(name: str, conductivity: float, current: float | None = None) -> mt.Material:
    return mt.Material(name, conductivity, current, density=2000.0, specific_heat=800.0)


@pytest.fixture(scope="module")
def case() -> mt.Case:
    """A small block on a plate that carries a current for 10 ms."""
    metal, plate = material("metal", 200.0, 1e6), material("plate", 2.0)
    package = mt.Package.from_parts(
        [
            mt.Part("plate", mt.rectangle(2 * mm), (0.0, 0.5 * mm), plate),
            mt.Part("block", mt.rectangle(1 * mm), (0.5 * mm, 0.7 * mm), metal),
        ]
    )
    pulse = mt.Waveform.pulse_train(10.0, period=1.0, duty=0.01)
    loads = [
        mt.Voltage("block.x_max", 0.0),
        mt.Current("block.x_min", pulse),
        mt.Convection("bottom", 1000.0, mt.celsius(25)),
    ]
    return mt.Case(package, loads, name="block on a plate")


@pytest.fixture(scope="module")
def mesh(case: mt.Case) -> Any:
    spec = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=1 * mm, layer_size=200 * um)
    return mt.generate_mesh(case.package, spec)


@pytest.fixture(scope="module")
def impedance(case: mt.Case, mesh: Any) -> mt.ThermalImpedance:
    return mt.thermal_impedance(case, ["block", "plate"], mesh=mesh)


@pytest.fixture(scope="module")
def transient(case: mt.Case, mesh: Any) -> mt.TransientResult:
    probes = ["block", mt.MeanTemperature("plate"), mt.TerminalVoltage("block.x_min")]
    return mt.solve_transient(case, mesh, 0.02, probes=probes)


def lines(axes: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.get_lines()}


def pixels(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def is_whole(picture: np.ndarray) -> bool:
    """Something is drawn, and it stays off the rim."""
    drawn = (picture < 200).any(axis=2)
    rims = (drawn[:2], drawn[-2:], drawn[:, :2], drawn[:, -2:])
    return 0.01 < drawn.mean() < 0.3 and not any(rim.any() for rim in rims)


def has_colour(picture: np.ndarray, colour: str) -> bool:
    wanted = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return bool((np.abs(picture - wanted).max(axis=2) < 12).sum() > 200)


def test_impedances_over_logarithmic_time(impedance: mt.ThermalImpedance, tmp_path: Path) -> None:
    figure = plot_impedance(impedance, tmp_path / "impedance.png")
    (axes,) = figure.axes
    assert axes.get_xscale() == "log" and "K/W" in axes.get_ylabel() and axes.get_xlim() == (1e-6, 1e4)
    curves = lines(axes)
    assert set(curves) == {"block", "plate", "plate, block heated", "block, plate heated"}
    assert (curves["block"].get_ydata() == impedance.curve("block")).all()
    assert (curves["plate, block heated"].get_ydata() == impedance.curve("block", "plate")).all()
    # The same probe has the same colour, the same heated part the same dashes.
    assert curves["block"].get_color() == curves["block, plate heated"].get_color() != curves["plate"].get_color()
    assert curves["block"].get_linestyle() != curves["block, plate heated"].get_linestyle()
    picture = pixels(tmp_path / "impedance.png")
    assert is_whole(picture) and has_colour(picture, "#0072B2") and has_colour(picture, "#D55E00")
    assert picture.shape == (840, 1280, 3)


def test_both_structure_functions(impedance: mt.ThermalImpedance, tmp_path: Path) -> None:
    figure = plot_structure(impedance, "block", tmp_path / "structure.png")
    upper, lower = figure.axes
    assert "block" in upper.get_title(loc="left")
    resistance, capacity = impedance.cauer("block").structure()
    (cumulative,), (differential,) = upper.get_lines(), lower.get_lines()
    assert (cumulative.get_xdata()[1:] == resistance).all() and (cumulative.get_ydata()[1:] == capacity).all()
    assert (differential.get_ydata()[1:] == impedance.cauer("block").differential_structure()[1]).all()
    assert upper.get_yscale() == lower.get_yscale() == "log"
    assert cumulative.get_drawstyle() == "steps-pre"
    # The body holds 5 mJ/K; the end of the ladder, beyond which the surroundings are, does not set the scale.
    assert 5e-3 < upper.get_ylim()[1] < 0.1
    assert is_whole(pixels(tmp_path / "structure.png"))


def test_probes_in_time_for_people(transient: mt.TransientResult, tmp_path: Path) -> None:
    figure = plot_probes(transient, path=tmp_path / "probes.png")
    temperatures, voltages = figure.axes
    curves = lines(temperatures)
    assert set(curves) == {"max(block)", "mean(plate)"}
    assert curves["max(block)"].get_ydata() == pytest.approx(transient.probe("max(block)") - 273.15)
    assert (curves["max(block)"].get_xdata() == transient.times).all()
    assert temperatures.get_ylabel() == "Temperature, degC" and voltages.get_ylabel() == "Potential, V"
    assert temperatures.get_title(loc="left") == "block on a plate"
    assert lines(voltages)["voltage(block.x_min)"].get_ydata().max() == pytest.approx(0.05, rel=1e-6)
    picture = pixels(tmp_path / "probes.png")
    assert is_whole(picture) and has_colour(picture, "#0072B2")


def test_some_probes_and_logarithmic_time(transient: mt.TransientResult) -> None:
    (axes,) = plot_probes(transient, "mean(plate)", log_time=True).axes
    assert set(lines(axes)) == {"mean(plate)"} and axes.get_xscale() == "log"
    assert axes.get_xlim()[0] == transient.times[1] > 0


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_equal_answers_give_equal_files(impedance: mt.ThermalImpedance, tmp_path: Path, ending: str) -> None:
    for name in ("a", "b"):
        plot_impedance(impedance, tmp_path / f"{name}.{ending}")
    first, second = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("a", "b"))
    assert first == second and len(first) > 5000
    assert {file.name for file in tmp_path.iterdir()} == {f"a.{ending}", f"b.{ending}"}


def test_refusals(impedance: mt.ThermalImpedance, transient: mt.TransientResult, tmp_path: Path) -> None:
    for call, message in (
        (lambda: plot_impedance(impedance, tmp_path / "chart.bmp"), "must end in one of .png, .svg, .pdf"),
        (lambda: plot_impedance(impedance, 3), "is no path"),  # type: ignore[arg-type]
        (lambda: plot_impedance(transient), "draws a ThermalImpedance, not TransientResult"),  # type: ignore[arg-type]
        (lambda: plot_structure(impedance, "blok"), "did you mean 'block'"),
        (lambda: plot_probes(impedance), "draws a TransientResult"),  # type: ignore[arg-type]
        (lambda: plot_probes(transient, ["max(blok)"]), r"did you mean 'max\(block\)'"),
        (lambda: plot_probes(transient, []), "no probe to draw"),
    ):
        with pytest.raises(mt.InputError, match=message):
            call()
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(mt.OutputError):
        plot_impedance(impedance, tmp_path / "file" / "chart.png")


def test_convergence_shows_every_mesh_and_the_tolerance(case: mt.Case, tmp_path: Path) -> None:
    steady = mt.Case(case.package, [mt.Power("block", 1.0), mt.Convection("bottom", 1000.0, mt.celsius(25))])
    result = mt.solve_adaptive(steady, ["block", mt.HeatOut("bottom")], 1e-3, max_meshes=3)
    figure = plot_convergence(result, tmp_path / "convergence.png")
    (axes,) = figure.axes
    steps = result.adaptation.steps
    first = axes.lines[0]
    assert list(first.get_xdata()) == [step.unknowns for step in steps]
    name = first.get_label()
    assert list(first.get_ydata()) == pytest.approx([abs(s.errors[name]) / s.tolerances[name] for s in steps])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    pixels = np.asarray(Image.open(tmp_path / "convergence.png").convert("RGB"))
    assert (np.abs(pixels.astype(int) - (0, 114, 178)).sum(axis=2) < 30).sum() > 200
    with pytest.raises(mt.InputError, match="solve_adaptive"):
        plot_convergence(mt.solve_steady(steady))
