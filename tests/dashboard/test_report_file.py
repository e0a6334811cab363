"""A written report in a real browser: one file that asks nobody, drawn by the page's charts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from research.report.page import html_report
from tests.dashboard.accessible import faults
from tests.dashboard.browser import PHONE, WIDE, Browser
from tests.research.test_report import two_samples

INK = """
return [...document.querySelectorAll("canvas")].map((canvas) => {
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return data.some((value) => value > 0);
});
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "out.html"
    path.write_text(html_report(two_samples()), encoding="utf-8")
    return path


@pytest.fixture
def report(page: Browser, written: Path) -> Iterator[Browser]:
    page.driver.get(written.as_uri())
    page.one(".trades .sort")
    page.drawn()
    yield page
    assert page.complaints() == []


def test_it_is_drawn_from_its_file_alone_and_asks_nobody(report: Browser) -> None:
    assert len(report.all("figure.chart")) == len(report.all("figure.chart[data-chart]")) == 8
    assert any(report.run(INK))
    assert report.run("return performance.getEntriesByType('resource').map((each) => each.name)") == []
    assert report.all(".months td")
    assert report.all(".bars rect")


def test_a_trade_is_brought_into_view_and_read(report: Browser) -> None:
    market = report.one("figure[data-chart=market]")
    before = market.find_element("css selector", ".read").text
    market.find_element("css selector", "[aria-label='next trade']").click()
    words = market.find_element("css selector", ".read").text
    assert words != before
    assert words.startswith("trade 1 of ")
    assert " bought at " in words


def test_a_chart_is_zoomed_moved_and_shown_whole_by_keys(report: Browser) -> None:
    chart = report.one("figure[data-chart=equity] .canvas")
    picture = chart.screenshot_as_png
    chart.send_keys("+", "+", Keys.ARROW_LEFT)
    report.drawn()
    zoomed = chart.screenshot_as_png
    assert zoomed != picture
    chart.send_keys(Keys.HOME)
    report.drawn()
    assert chart.screenshot_as_png != zoomed


def test_a_heading_sorts_by_its_column(report: Browser) -> None:
    def column() -> list[float]:
        cells = report.run(
            "return [...document.querySelectorAll('.trades tbody tr')].map((r) => r.cells[11].textContent)"
        )
        return [float(each.replace(",", "").replace("\N{MINUS SIGN}", "-")) for each in cells][:80]

    heads = report.all(".trades thead th")
    heads[11].find_element("css selector", "button").click()
    assert column() == sorted(column())
    assert heads[11].get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (WIDE, True), (PHONE, True)])
def test_it_is_for_every_reader(report: Browser, size: tuple[int, int], dark: bool) -> None:  # noqa: FBT001
    report.look(size, dark=dark)
    report.drawn()
    assert faults(report) == []
    assert report.run("return document.documentElement.scrollWidth <= innerWidth")
