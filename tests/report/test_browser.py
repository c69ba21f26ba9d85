"""Reports in a real browser: nothing fetched, nothing complained of, a view that turns, cuts, switches and answers."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from reported import large_study

import mcpthermal as mt
from mcpthermal.report import write_view
from mcpthermal.report.serve import make_server

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install 'mcpthermal[test]'")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine; .ci/setup installs Debian's")

QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
"""Starts without looking anything up, and draws without a graphics card."""

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=BROWSER, args=list(QUIET))
        yield found
        found.close()


class Visit:
    """A page, and all that it complained of and asked for."""

    def __init__(self, browser: Any, width: int) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type != "log" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, file: Path) -> None:
        self.page.goto(file.as_uri())

    def check(self, file: Path) -> None:
        assert self.complaints == []
        fetched = [url for url in self.requests if not url.startswith(("data:", "blob:"))]
        assert set(fetched) == {file.as_uri()}

    def pixels(self, selector: str) -> np.ndarray:
        self.page.wait_for_timeout(150)
        shot = self.page.locator(selector).screenshot()
        # Without the rim, which lies between two pixels.
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)[2:-2, 2:-2]


@pytest.fixture(scope="module", params=WIDTHS)
def visit(browser: Any, report_file: Path, request: pytest.FixtureRequest) -> Iterator[Visit]:
    visit = Visit(browser, request.param)
    visit.open(report_file)
    visit.page.wait_for_selector('[data-ready="yes"]', timeout=60_000)
    yield visit
    visit.page.close()


CANVAS = "[data-canvas] canvas"


def drawn(pixels: np.ndarray) -> np.ndarray:
    return (pixels < 235).any(axis=2)


def picked(visit: Visit, across: float, down: float) -> dict[str, str]:
    box = visit.page.locator("[data-canvas]").bounding_box()
    visit.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    return visit.page.evaluate("({...document.querySelector('output[data-reading]').dataset})")


def test_nothing_is_fetched_and_nothing_complained_of(visit: Visit, report_file: Path) -> None:
    visit.check(report_file)


def test_nothing_is_wider_than_the_page(visit: Visit) -> None:
    wide = visit.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert visit.page.locator("nav a").count() == visit.page.locator("main > section").count() == 11


def test_the_view_is_drawn_whole_and_turns(visit: Visit) -> None:
    visit.page.locator(".viewer").scroll_into_view_if_needed()
    before = visit.pixels(CANVAS)
    shape = drawn(before)
    assert 0.1 < shape.mean() < 0.8
    for rim in (shape[:3], shape[-3:], shape[:, :3], shape[:, -3:]):
        assert not rim.any()
    # The colours of inferno, from its dark end to its light one.
    light = np.abs(before - [252, 255, 164]).sum(axis=2).min()
    assert light < 40 and before.sum(axis=2).min() < 60
    box = visit.page.locator("[data-canvas]").bounding_box()
    x, y = box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"]
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + 70, y + 10, steps=4)
    visit.page.mouse.up()
    turned = visit.pixels(CANVAS)
    assert (np.abs(turned - before).max(axis=2) > 40).mean() > 0.05
    visit.page.locator("[data-canvas]").press("ArrowLeft")
    by_key = visit.pixels(CANVAS)
    assert (np.abs(by_key - turned).max(axis=2) > 40).mean() > 0.02
    visit.page.click('[data-look="corner"]')
    assert np.abs(visit.pixels(CANVAS) - before).mean() < 2


def test_a_read_temperature_is_the_results(visit: Visit, small: mt.SteadyResult) -> None:
    """On the surface and on the face of a cut, by the quadratic functions of the cell."""
    page = visit.page
    page.locator(".viewer").scroll_into_view_if_needed()
    for axis in ("", "y", "x", "z"):
        page.select_option("[data-axis]", axis)
        for across, down in ((0.5, 0.5), (0.42, 0.45), (0.55, 0.47)):
            found = picked(visit, across, down)
            if "value" not in found:
                continue
            point = np.array([float(found[name]) for name in "xyz"]) * 1e-3
            middle = np.array([0.0, 0.0, 3e-4])
            expected = float(small.temperature_at(point + 1e-6 * (middle - point))[0])
            assert float(found["value"]) + 273.15 == pytest.approx(expected, abs=2e-3)
            assert "degC in" in page.inner_text("output[data-reading]")
        assert "value" in found
    assert "value" not in picked(visit, 0.01, 0.01) and "Nothing there" in page.inner_text("output[data-reading]")
    page.select_option("[data-axis]", "")


def test_fields_cuts_and_parts_switch(visit: Visit) -> None:
    page = visit.page
    page.locator(".viewer").scroll_into_view_if_needed()
    before = visit.pixels(CANVAS)
    page.select_option("[data-field]", "current_density")
    current = visit.pixels(CANVAS)
    assert (np.abs(current - before).max(axis=2) > 40).mean() > 0.1
    assert page.inner_text("[data-scale] strong") == "Current density, A/cm2"
    page.select_option("[data-field]", "material")
    assert "silicon" in page.inner_text("[data-scale]")
    whole = visit.pixels(CANVAS)
    page.select_option("[data-axis]", "y")
    cut = visit.pixels(CANVAS)
    silicon = np.array([0x5B, 0x6F, 0x8A]) / 0x8A

    def of_silicon(pixels: np.ndarray) -> float:
        solid = pixels[(pixels.max(axis=2) > 60) & (pixels.max(axis=2) < 200)].reshape(-1, 3)
        return float((np.abs(solid / solid.max(axis=1, keepdims=True) - silicon).max(axis=1) < 0.05).sum())

    assert of_silicon(cut) > of_silicon(whole) + 500
    page.select_option("[data-axis]", "")
    page.click("details:has([data-parts]) summary")
    for name in ("passivation", "insulation"):
        page.locator("[data-parts] label", has_text=name).locator("input").uncheck()
    assert of_silicon(visit.pixels(CANVAS)) > of_silicon(whole) + 500
    page.click('[data-all="all"]')
    page.click("details:has([data-parts]) summary")
    page.select_option("[data-field]", "temperature")
    page.click('[data-look="corner"]')
    assert np.abs(visit.pixels(CANVAS) - before).mean() < 2


def test_tables_sort_both_ways(visit: Visit) -> None:
    table = visit.page.locator("table", has=visit.page.locator("caption", has_text="Vias")).first
    head = table.locator("thead th").nth(2)
    cells = "table => [...table.tBodies[0].rows].map((row) => Number(row.children[2].dataset.value))"
    head.locator("button").focus()
    visit.page.keyboard.press("Enter")
    rising = table.evaluate(cells)
    assert rising == sorted(rising) and len(rising) == 7 and head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert table.evaluate(cells) == rising[::-1] and head.get_attribute("aria-sort") == "descending"


def test_a_served_view_works_too(browser: Any, small: mt.SteadyResult, tmp_path: Path) -> None:
    write_view(small, tmp_path / "index.html")
    with make_server(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/"
        visit = Visit(browser, 1280)
        visit.page.goto(address)
        visit.page.wait_for_selector('[data-ready="yes"]', timeout=60_000)
        shapes = []
        for look in ("corner", "top", "front", "side"):
            visit.page.click(f'[data-look="{look}"]')
            shapes.append(drawn(visit.pixels(CANVAS)))
            assert 0.03 < shapes[-1].mean() < 0.8
            assert not any(
                rim.any() for rim in (shapes[-1][:3], shapes[-1][-3:], shapes[-1][:, :3], shapes[-1][:, -3:])
            )
        # From above the package is a square, from the front as wide as it is long.
        rows, columns = (np.ptp(np.nonzero(shapes[1])[n]) for n in (0, 1))
        assert rows == pytest.approx(columns, abs=4)
        assert np.ptp(np.nonzero(shapes[2])[1]) > 2 * np.ptp(np.nonzero(shapes[2])[0])
        assert "value" in picked(visit, 0.5, 0.5)
        assert visit.complaints == [] and {url for url in visit.requests if not url.startswith("blob:")} == {address}
        visit.page.close()
        server.shutdown()
        thread.join()


def test_without_webgl_the_page_says_so(browser: Any, report_file: Path) -> None:
    visit = Visit(browser, 390)
    visit.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    visit.open(report_file)
    visit.page.wait_for_selector('[data-ready="no"]', timeout=20_000)
    assert "no WebGL" in visit.page.inner_text("output[data-reading]")
    visit.check(report_file)
    visit.page.close()


def test_on_paper_there_are_pictures_and_no_controls(browser: Any, report_file: Path) -> None:
    visit = Visit(browser, 1280)
    visit.open(report_file)
    visit.page.emulate_media(media="print")
    assert not visit.page.locator(".viewer").is_visible() and not visit.page.locator("nav").is_visible()
    assert visit.page.locator("figure img").first.is_visible()
    pdf = visit.page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and 4 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 40
    visit.page.close()


def within(limit: float, act: Callable[[], object], attempts: int = 5) -> bool:
    """If an act takes less than a limit of seconds in one of its attempts: other tests hold the processors too."""
    for _ in range(attempts):
        start = time.perf_counter()
        act()
        if time.perf_counter() - start < limit:
            return True
    return False


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
def test_a_thousand_points_open_in_three_seconds(browser: Any, tmp_path: Path, width: int) -> None:
    file = mt.write_report(large_study(1000), tmp_path / "study.html", "Which design is best?")
    assert file.stat().st_size < 20e6
    visit = Visit(browser, width)
    assert within(3.0, lambda: visit.open(file))
    assert visit.page.locator("tbody tr").count() >= 1000
    table = visit.page.locator("table", has=visit.page.locator("caption", has_text="All points"))
    ways: set[bool] = set()

    def turn_round() -> None:
        table.locator("thead button").nth(4).click()
        values = table.evaluate("table => [...table.tBodies[0].rows].map((row) => row.children[4].textContent)")
        # Points without an answer come last both ways.
        numbers = [float(text) for text in values[:950]]
        down = numbers[0] > numbers[-1]
        assert numbers == sorted(numbers, reverse=down)
        ways.add(down)
        assert 100 < min(numbers) < 200 and set(values[950:]) == {"-"}

    assert within(3.0, turn_round)
    turn_round()
    assert ways == {False, True}
    visit.check(file)
    visit.page.close()


@pytest.mark.slow
def test_the_stacked_modules_report_is_small_and_quick(browser: Any, stacked_module: Path, tmp_path: Path) -> None:
    """Read again from its folder; its hottest surface node has the temperature of the result."""
    result = mt.read_solution(stacked_module)
    file = mt.write_report(result, tmp_path / "report.html", "How hot do the chips get?")
    assert file.stat().st_size < 15e6
    visit = Visit(browser, 1280)
    start = time.perf_counter()
    visit.open(file)
    visit.page.wait_for_selector('[data-ready="yes"]', timeout=60_000)
    assert time.perf_counter() - start < 10.0
    visit.page.locator(".viewer").scroll_into_view_if_needed()
    visit.page.select_option("[data-axis]", "y")
    found = picked(visit, 0.5, 0.5)
    point = np.array([float(found[name]) for name in "xyz"]) * 1e-3
    expected = float(result.temperature_at(point)[0])
    assert float(found["value"]) + 273.15 == pytest.approx(expected, abs=1e-3)
    visit.check(file)
    visit.page.close()
