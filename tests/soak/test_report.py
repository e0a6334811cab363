"""The report: one file that needs no other, with every judgement, escaped, drawn within its frame."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scripts.soak.judge.judge import judge
from scripts.soak.judge.limits import Limits
from scripts.soak.report import report
from scripts.soak.report.plot import HEIGHT, WIDTH, Line, axis_for, plot
from tests.soak.world import healthy

WELL = healthy(180.0)
VOID = {"meta", "br", "link", "img", "input"}


class Nesting(HTMLParser):
    """Checks that every tag is closed by its own end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.count += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def written(tmp_path: Path, limits: Limits) -> tuple[str, dict[str, object]]:
    judgements = judge(WELL, limits)
    result = report.summary(WELL, judgements, {"seed": 1, "note": "<script>alert(1)</script>"})
    report.write(tmp_path / "deep" / "out", WELL, judgements, result)
    folder = tmp_path / "deep" / "out"
    return (folder / "report.html").read_text(), json.loads((folder / "report.json").read_text())


def test_both_reports_hold_every_judgement(tmp_path: Path) -> None:
    html, data = written(tmp_path, Limits())
    names = [each.name for each in judge(WELL, Limits())]
    assert [each["name"] for each in data["judgements"]] == names  # type: ignore[attr-defined]  # JSON
    assert all(f"<td>{name}</td>" in html for name in names)
    assert data["passed"] is True
    assert len(data["samples"]) == len(WELL.samples)  # type: ignore[arg-type]  # JSON
    assert "Soak: passed" in html


def test_a_failure_comes_first_and_is_named_in_the_headline(tmp_path: Path) -> None:
    html, data = written(tmp_path, Limits(rss_mib=10))
    assert data["passed"] is False
    assert "judgements failed: rss" in html
    assert html.index("<td>rss</td>") < html.index("<td>alive</td>")


def test_a_machine_that_was_hardly_there_is_remarked_on() -> None:
    stolen = WELL._replace(samples=tuple(each._replace(stolen=60.0) for each in WELL.samples))
    judgements = judge(stolen, Limits(rss_mib=10))
    told = report.summary(stolen, judgements, {})
    assert told["remark"] == (
        "the machine's host gave 60 % of it to others: what fails by the clock may be its doing"
    )
    assert "gave 60 %" in report.page(stolen, judgements, told)
    assert report.summary(WELL, judge(WELL, Limits()), {})["remark"] == ""


def test_the_page_needs_nothing_else_and_shows_text_inert(tmp_path: Path) -> None:
    html, _ = written(tmp_path, Limits())
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import", html)
    assert "&lt;script&gt;alert(1)" in html
    page = Nesting()
    page.feed(html)
    assert page.open == []
    assert page.count > 200


def test_every_line_stays_within_its_frame(tmp_path: Path) -> None:
    html, _ = written(tmp_path, Limits())
    lines = re.findall(r'<polyline points="([^"]+)"', html)
    assert len(lines) >= 9
    for line in lines:
        for x, y in (point.split(",") for point in line.split()):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT


@pytest.mark.parametrize(
    "values", [[], [0.0], [70.0, 70.0], [1e-7, 2e-7], [-28.1, 3.9], [9.0, 10.0], [0.0, 123456.0]]
)
def test_an_axis_holds_its_values_between_round_ticks(values: list[float]) -> None:
    axis = axis_for(values, from_zero=False)
    assert axis.low < axis.high
    assert all(axis.low - 1e-9 <= value <= axis.high + 1e-9 for value in values)
    assert 2 <= len(axis.ticks) <= 7


def test_a_plot_without_points_is_an_empty_frame() -> None:
    drawn = plot("Nothing", "MiB", [Line("none", [])], (), 0.0)
    assert drawn.startswith("<figure>")
    assert 'points=""' in drawn
