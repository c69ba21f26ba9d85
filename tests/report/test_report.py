"""What stands in a report, and that it is one whole file that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reported import large_study

import mcpthermal as mt
from mcpthermal.report import write_view
from mcpthermal.report.answers import accuracy
from mcpthermal.result.estimates import Adaptation, AdaptiveStep
from mcpthermal.units import mm

EMPTY = {"meta", "link", "input", "img", "br", "hr"}


class Outline(HTMLParser):
    """Tags that are open, headings, and what must be said of pictures and controls."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.pictures: list[dict[str, Any]] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in EMPTY:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.pictures.append(given)
        self.addresses += [str(given[name]) for name in ("src", "href") if given.get(name)]

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()


def outline(text: str) -> Outline:
    parser = Outline()
    parser.feed(text)
    assert not parser.open
    return parser


def plain(text: str) -> str:
    """What a reader reads."""
    without = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", without))


@pytest.fixture(scope="session")
def text(report_file: Path) -> str:
    return report_file.read_text(encoding="utf-8")


def test_it_is_well_formed_and_stands_alone(text: str) -> None:
    page = outline(text)
    assert text.startswith("<!DOCTYPE html>") and '<html lang="en">' in text
    assert page.headings[0] == 1 and page.headings.count(1) == 1 and set(page.headings) == {1, 2}
    assert all(len(picture["alt"]) > 20 for picture in page.pictures) and len(page.pictures) == 8
    assert all(item.startswith(("data:", "#")) for item in page.addresses), page.addresses
    assert "default-src 'none'" in text and len(text) < 6e6


def test_everything_is_said(small: mt.SteadyResult, text: str) -> None:
    said = plain(text)
    for wanted in ("How hot is <memory>?", "And why?", "vdd_pad", "supply[2]", "die_attach_epoxy", "scaled Jacobian"):
        assert wanted in said
    hottest = max(("logic", "memory"), key=small.max_temperature)
    assert f"{small.max_temperature(hottest) - 273.15:.2f}" in said
    for load in small.case.loads:
        assert type(load).__name__ in said
    assert "1000 W/(m2 K)" in said and "298.15 K (25 degC)" in said
    assert "Incropera" in said, "sources of materials"
    assert "max(memory)" in said and "+0.012" in said
    assert small.provenance.case_hash in said and "scikit-fem" in said
    assert f"{small.balance.relative_defect:.1e}" in said


def test_numbers_of_the_tables_are_the_results(small: mt.SteadyResult, text: str) -> None:
    """Each via's row sorts by the value itself."""
    for via in small.vias():
        row = re.search(rf'<tr><th scope="row">{re.escape(via.name)}</th>(.*?)</tr>', text)
        assert row is not None
        values = [float(item) for item in re.findall(r'data-value="([^"]+)"', row[1])]
        assert values[0] == pytest.approx(via.current) and values[-1] == pytest.approx(via.max_temperature - 273.15)


def tetrahedra(data: dict[str, Any]) -> np.ndarray:
    """The small cells of a cell, wedges split."""
    small = np.array(data["tables"]["subCells"])
    split = ((0, 1, 2, 5), (0, 1, 5, 4), (0, 4, 5, 3))
    return small if small.shape[1] == 4 else np.concatenate([small[:, four] for four in split])


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="view-data">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def array(data: dict[str, Any], name: str) -> np.ndarray:
    item = data["arrays"][name]
    return np.frombuffer(gzip.decompress(base64.b64decode(item["data"])), np.dtype("<" + item["type"]))


def test_the_view_has_all_nodes_and_closed_parts(small: mt.SteadyResult, text: str) -> None:
    data = data_of(text)
    kelvin = array(data, "temperature")
    assert float(kelvin.max()) == pytest.approx(small.fields.point_values["temperature"].max(), abs=5e-5)
    points = array(data, "points").reshape(-1, 3).astype(float)
    cells = array(data, "cells").reshape(-1, 18)
    part, faces = array(data, "part"), array(data, "faces").reshape(-1, 3)
    names = [item["name"] for item in data["parts"]]
    volumes = small.mesh.volumes()
    for name in ("logic", "supply", "vdd"):
        # The skin of a part, all its faces from inside, has its surface: compare with its outline times its height.
        own = faces[part[faces[:, 0]] == names.index(name)]
        area = 0.0
        for cell, local, _ in own:
            triangles = np.array(data["tables"]["faceTriangles"][local]).reshape(-1, 3)
            corners = points[cells[cell][triangles]]
            area += (
                np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
            )
        described = small.case.package[name]
        if name == "logic":
            assert area == pytest.approx(2 * 2 * 2 + 8 * 0.2, rel=1e-5)
        assert area * 1e-6 > 2 * volumes[names.index(name)] / described.thickness * (1 - 1e-5)
    tets = tetrahedra(data)
    edges = points[cells[:, tets[:, 1:]]] - points[cells[:, tets[:, :1]]]
    enclosed = np.abs(np.linalg.det(edges)).sum() / 6
    assert enclosed == pytest.approx(small.mesh.cell_volumes[small.mesh.solid].sum() * 1e9, rel=1e-5)


def test_a_view_of_linear_and_quadratic_tetrahedra(tmp_path: Path) -> None:
    mesh = mt.read_mesh(Path(__file__).parents[2] / "meshes" / "post_on_board.msh")
    names = {name: "copper" for name in mesh.part_names}
    package = mt.Package.from_mesh(mesh, names)
    first = mesh.part_names[0]
    case = mt.Case(package, [mt.Power(first, 1.0), mt.Convection("bottom", 1000.0, 300.0)])
    for order, nodes in ((1, 4), (2, 10)):
        result = mt.solve_steady(case, mesh, order)
        data = data_of(write_view(result, tmp_path / "view.html").read_text(encoding="utf-8"))
        points = array(data, "points").reshape(-1, 3).astype(float)
        cells = array(data, "cells").reshape(-1, nodes)
        tets = tetrahedra(data)
        edges = points[cells[:, tets[:, 1:]]] - points[cells[:, tets[:, :1]]]
        assert np.abs(np.linalg.det(edges)).sum() / 6 == pytest.approx(mesh.cell_volumes.sum() * 1e9, rel=1e-4)


def test_an_adapted_mesh_shows_its_convergence(small: mt.SteadyResult) -> None:
    goal = mt.MaxTemperature("memory")
    steps = tuple(
        AdaptiveStep(count, count // 8, {goal.name: 390.0}, {goal.name: error}, {goal.name: 0.2}, 1.0)
        for count, error in ((1000, 2.0), (8000, 0.1))
    )
    estimates = {goal.name: mt.GoalEstimate(goal, 390.0, 0.1, bounds=(389.0, 391.0))}
    adapted = replace(small, estimates=estimates, adaptation=Adaptation(steps, True, "the tolerance is reached"))
    text = accuracy(adapted)
    assert "The tolerance is reached." in text and "data:image/svg+xml" in text and "+0.10" in text
    assert "116.85" in text and "115.85 to 117.85" in text


def test_equal_results_give_equal_pages(small: mt.SteadyResult, tmp_path: Path) -> None:
    a, b = (write_view(small, tmp_path / f"{name}.html").read_bytes() for name in "ab")
    assert a == b


def test_a_study_has_charts_and_points(tmp_path: Path) -> None:
    file = mt.write_report(large_study(60), tmp_path / "study.html", "Which is best?")
    text = file.read_text(encoding="utf-8")
    page, said = outline(text), plain(text)
    assert len(page.pictures) == 3 and "vtk" not in said and "data-viewer=" not in text
    assert "memory.max over via_depth and module_height." in said and "the via is too short" in said
    assert text.count('<tr><th scope="row" class="number"') == 60


def test_stages_have_strips_and_a_table(module: mt.Module, tmp_path: Path) -> None:
    process = mt.Process(mt.Carrier((4 * mm, 4 * mm), 0.3 * mm)).attach(module).insulate(0.6 * mm)
    loads = [mt.Power("logic", 0.2), mt.Power("memory", 0.1), mt.Convection("bottom", 1000.0, mt.celsius(25))]
    spec = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=2 * mm, layer_size=0.6 * mm, growth=2.0)
    stages = mt.solve_stages(process, {"attached": loads, "insulated": loads}, spec)
    text = mt.write_report(stages, tmp_path / "stages.html", "What does the insulation do?").read_text(encoding="utf-8")
    page, said = outline(text), plain(text)
    assert len(page.pictures) == 2 and "data-viewer=" in text and "Stages up to insulated" in said
    for row in stages.rows():
        values = re.search(rf'<th scope="row">{row["stage"]}</th>(.*?)</tr>', text)
        assert values is not None
        numbers = [float(item) for item in re.findall(r'data-value="([^"]+)"', values[1])]
        assert numbers[:2] == pytest.approx([row["rise_K"]["logic"], row["rise_K"]["memory"]])


def test_a_transient_has_its_probes(tmp_path: Path) -> None:
    stuff = mt.Material("m", 400.0, density=2000.0, specific_heat=800.0)
    package = mt.Package.from_parts([mt.Part("block", mt.rectangle(1 * mm), (0.0, 0.5 * mm), stuff)])
    case = mt.Case(package, [mt.Power("block", 0.4), mt.Convection("bottom", 20.0, 300.0)], name="warming")
    spec = mt.MeshSpec("coarse", edge_size=1 * mm, max_size=1 * mm, layer_size=1 * mm)
    result = mt.solve_transient(case, mt.generate_mesh(package, spec), 0.1)
    text = mt.write_report(result, tmp_path / "warming.html").read_text(encoding="utf-8")
    said = plain(text)
    outline(text)
    assert "max(block)" in said and "100 ms" in said and f"{result.energy.stored:.6g} J" in said


def test_refusals(small: mt.SteadyResult, tmp_path: Path) -> None:
    for call, message in (
        (
            lambda: mt.write_report(3, tmp_path / "x.html"),
            "made of one of SteadyResult, TransientResult, Study, Stages",
        ),
        (lambda: mt.write_report(small, tmp_path / "x.pdf"), "must end in .html"),
        (lambda: mt.write_report(small, 3), "is no path"),  # type: ignore[arg-type]
        (lambda: mt.write_report(small, tmp_path / "x.html", None), "must be a text"),  # type: ignore[arg-type]
        (lambda: write_view(large_study(3), tmp_path / "x.html"), "made of a result, not of Study"),
    ):
        with pytest.raises(mt.InputError, match=message):
            call()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(mt.OutputError):
        write_view(small, tmp_path / "file" / "x.html")
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_no_name_ends_the_script_of_the_view() -> None:
    from mcpthermal.report.page import viewer

    data = json.dumps({"materials": {"</script><b>x": "#fff"}})
    made = viewer(data, "view")
    inside = made.split('id="view-data">')[1].split("</script>")[0]
    assert json.loads(inside) == json.loads(data)
