"""The report: one page that loads nothing, tells every figure and takes no text for markup."""

import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from dashboard import STATIC, TEMPLATES
from domain.errors import BadInput
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS
from research.engine.result import TRADE, VETO, Result
from research.report.candles import market_chart
from research.report.page import Report, html_report
from research.report.text import number, percent
from research.statistics.metrics import metrics
from tests.research.made import Plan, bare, instrument, trade, walk
from tests.shared import ROOT

VOID = {"meta", "input", "br", "hr", "img", "link"}
LOADS = {
    "src",
    "href",
    "srcset",
    "data",
    "poster",
    "action",
    "formaction",
    "background",
    "xlink:href",
    "srcdoc",
}
LIBRARY = (STATIC / "vendor" / "lightweight-charts.js").read_text().partition("export{")[0]
NAMESPACE = '"http://www.w3.org/2000/svg"'
HOSTILE = "<script>alert('x')</script>\"&--></script>"


class Page(HTMLParser):
    """A page taken apart: tags balanced, attributes, text and scripts kept."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.scripts = "", ""
        self.feed(str(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] in {"script", "style"}:
            self.scripts += data
        else:
            self.text += data + "\n"


def context(symbols: tuple[str, ...] = ("BTC-USDT",), count: int = 3000, **more: Any) -> Report:
    candles = tuple(walk(name, count, HOUR_MS, seed=at + 1) for at, name in enumerate(symbols))
    result = trade(candles)
    return Report(
        result=result,
        metrics=metrics(result),
        candles=candles,
        instruments={name: instrument(name) for name in symbols},
        code_version="0.1.0+gabcdef",
        command="agent backtest --strategy made --report out.html",
        **more,
    )


def two_samples() -> Report:
    made = context(("BTC-USDT", "ETH-USDT"), trials=400, deflated=0.42, overfit=0.61)
    later = tuple(each[2000:] for each in made.candles)
    unseen = trade(later, seed=9, plan=Plan(trips=20))
    return replace(made, unseen=(unseen, metrics(unseen)))


def with_fields(result: Result, **changes: Any) -> Result:
    return Result(**{**vars(result), **changes})


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(html_report(two_samples()))


def test_the_page_is_well_formed(page: Page) -> None:
    assert page.stack == []
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "source"}
        if tag != "a":  # a link loads nothing until it is followed
            assert not LOADS & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert "url(" not in (attributes.get("style") or "")
    for word in (
        "http:",
        "https:",
        "//cdn",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
        "eval(",
    ):
        assert word not in page.scripts.replace(LIBRARY, "").replace(NAMESPACE, "")


def test_the_browser_is_told_to_load_nothing_and_run_this_script_alone(page: Page) -> None:
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='$", policy)


def test_every_figure_of_both_samples_is_on_the_page(page: Page) -> None:
    made = two_samples()
    assert made.unseen is not None
    for figures in (made.metrics, made.unseen[1]):
        for name in ("total_return", "cagr", "hold_return"):
            assert percent(getattr(figures, name), signed=True) in page.text
        for name in ("max_drawdown", "win_rate", "exposure", "cost_share", "hold_drawdown"):
            assert percent(getattr(figures, name)) in page.text
        for name in ("sharpe", "sortino", "calmar", "profit_factor", "fees", "slippage", "hold_sharpe"):
            assert number(getattr(figures, name)) in page.text


def test_what_makes_a_result_look_worse_stands_beside_it(page: Page) -> None:
    for told in ("In sample", "Out of sample", "Trials made", "Deflated Sharpe ratio", "0.42", "61.0 %",
                 "… buy and hold", "Costs, share of gross profit"):  # fmt: skip
        assert told in page.text
    spans = [a["colspan"] for tag, a in page.tags if tag == "td" and "colspan" in a]
    assert spans == ["2", "2", "2"], "what belongs to the search belongs to no sample alone"


def test_origin_is_told(page: Page) -> None:
    made = two_samples()
    for each in made.candles:
        assert each.fingerprint in page.text
    for told in ("0.1.0+gabcdef", made.command, "made.trips", "min_confidence", "nothing_to_reduce"):
        assert told in page.text


def test_flaws_open_positions_and_the_kill_switch_are_told() -> None:
    made = context(flaws=("BTC-USDT: gap of 95 candles",))
    halted = with_fields(
        made.result,
        kill_switch_ms=int(made.result.times_ms[5]),
        open_positions=({"symbol": "BTC-USDT", "lots": 1},),
    )
    text = Page(html_report(replace(made, result=halted))).text
    assert "BTC-USDT: gap of 95 candles" in text
    assert "thrown 2023-01-02 01:00 UTC" in text
    assert "BTC-USDT, counted in equity" in text
    assert "None found." in Page(html_report(context())).text


def test_an_installed_page_has_its_files() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert "templates/*" in settings["package-data"]["*"]
    assert "static/**/*" in settings["package-data"]["*"]
    files = {
        path for path in (ROOT / "research").rglob("*") if path.suffix in (".j2", ".css", ".js", ".html")
    }
    assert not files, "templates, style and script are the page's own"
    assert {path.parent for path in TEMPLATES.rglob("*.j2")} == {TEMPLATES}


def test_the_same_result_gives_the_same_bytes() -> None:
    assert html_report(two_samples()) == html_report(two_samples())


def test_hostile_names_are_shown_and_never_run() -> None:
    name = f"{HOSTILE}-USDT"
    made = context((name,), title=HOSTILE, parameters={HOSTILE: {HOSTILE: HOSTILE}}, flaws=(HOSTILE,))
    made = replace(made, command=HOSTILE, code_version=HOSTILE)
    made = replace(made, result=with_fields(made.result, strategies=(HOSTILE,)))
    text = html_report(made)
    page = Page(text)
    assert page.stack == []
    assert "<script>alert" not in text
    assert page.text.count(HOSTILE) >= 9
    kinds = [attributes.get("type") for tag, attributes in page.tags if tag == "script"]
    assert kinds == ["application/json"] * 4 + [None]


def test_a_hostile_quote_does_not_end_the_charts_data() -> None:
    made = context()
    bad = instrument("BTC-</script><script>alert(1)//")
    chart = market_chart(made.candles[0], [made.result], {"BTC-USDT": bad}, 1)
    assert chart.count("<script") == chart.count("</script") == 1


def test_an_ordinary_page_is_small() -> None:
    assert len(html_report(context()).encode()) < 600_000


def test_a_year_of_minutes_stays_under_two_megabytes() -> None:
    candles = (walk("BTC-USDT", 525_600, MINUTE_MS),)
    result = trade(candles, plan=Plan(trips=4000))
    made = Report(result, metrics(result), candles, {"BTC-USDT": instrument("BTC-USDT")}, "v", "c")
    assert len(html_report(made).encode()) < 2_000_000


def test_a_share_on_days_and_an_empty_account_have_a_page() -> None:
    candles = (walk("SPY", 300, DAY_MS, first=400.0),)
    result = trade(candles, plan=Plan(trips=5))
    made = Report(result, metrics(result), candles, {"SPY": instrument("SPY")}, "v", "c")
    assert "252 a year" in html_report(made)
    idle = with_fields(result, trades=np.zeros(0, TRADE), vetoes=np.zeros(0, VETO), candles=())
    text = Page(html_report(replace(made, result=idle, metrics=metrics(idle), candles=()))).text
    assert "No closed trade." in text
    assert "No decision was denied." in text
    assert "n/a" in text
    assert "nan" not in text
    assert "inf" not in text.replace("information", "")


def test_one_cycle_is_enough_and_none_is_not() -> None:
    times = np.array([1_600_000_000_000])
    one = bare(times, np.array([100]), 100)
    made = Report(one, metrics(one), (), {"BTC-USDT": instrument("BTC-USDT")}, "v", "c")
    assert "Fewer than two cycles" in html_report(made)
    with pytest.raises(BadInput, match="at least 1 cycle, not 0"):
        html_report(replace(made, result=bare(times[:0], times[:0], 100)))


def test_without_a_title_the_page_names_strategies_and_symbols() -> None:
    assert "<h1>made on BTC-USDT</h1>" in html_report(context())
    assert "<h1>A title</h1>" in html_report(context(title="A title"))


def test_a_symbol_without_an_instrument_is_refused() -> None:
    with pytest.raises(BadInput, match="BTC-USDT: no instrument"):
        html_report(replace(context(), instruments={}))


def test_the_first_line_speaks_of_the_unseen_sample() -> None:
    made = two_samples()
    assert made.unseen is not None
    text = Page(html_report(made)).text
    told = percent(abs(made.unseen[1].total_return or 0))
    assert re.search(rf"Out of sample it (made|lost) {re.escape(told)}", text)
