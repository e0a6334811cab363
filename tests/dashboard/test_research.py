"""Research from the page: work is begun by a form, followed, cancelled, read with what keeps it honest."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from tests.dashboard.accessible import faults
from tests.dashboard.browser import Browser
from tests.dashboard.catalogue import WORK_SECONDS, imported
from tests.dashboard.rig import AGENT, Rig


@pytest.fixture(scope="module")
def candles(rig: Rig) -> str:
    """Half a year of hours in the catalogue of the home."""
    imported(rig.home, "MADE-USDT", 4000)
    return "MADE-USDT"


@pytest.fixture
def research(page: Browser, candles: str) -> Iterator[Browser]:
    page.go("/static/icon.svg")
    page.run("sessionStorage.clear()")
    page.go("/research")
    page.settled()
    typed(page, symbol=candles, timeframe="1h")
    yield page
    assert page.complaints() == []


def chosen(page: Browser, title: str) -> None:
    next(each for each in page.all("[aria-label='kind of work'] button") if each.text == title).click()


def typed(page: Browser, **given: str) -> None:
    for name, text in given.items():
        box = page.one(f"form [name={name}]")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text)


def begun(page: Browser) -> str:
    """Start what is in the form and return its id, which the address then has."""
    page.one("[data-begin]").click()
    ask = "return new URLSearchParams(location.search).get('work')"
    return str(page.until(lambda: page.run(ask), "it is not begun"))


def ended(page: Browser, work: str, state: str) -> None:
    page.one(f"[data-work-id='{work}'][data-state={state}]", seconds=WORK_SECONDS)


def test_a_backtest_is_run_read_and_its_report_opened(research: Browser) -> None:
    typed(research, strategy="sma")
    work = begun(research)
    ended(research, work, "done")
    research.one("[data-result=backtest] .tiles")
    words = research.text("[data-result=backtest]")
    for told in (
        "buy and hold",
        "deflated Sharpe ratio",
        "probability of overfitting",
        "exposure",
        "Denied by rule",
    ):
        assert told in words
    research.drawn()
    assert len(research.all("[data-result=backtest] .chart canvas")) > 0
    assert research.all(".months td")
    market = research.one("[data-result=backtest] [aria-label='next trade']")
    market.click()
    assert any(text.startswith("trade 1 of ") for text in research.texts("[data-result=backtest] .read"))
    assert faults(research) == []
    address = research.one("[data-report]").get_attribute("href")
    assert address is not None
    research.driver.get(address)
    research.drawn()
    assert len(research.all("figure.chart")) >= 4
    assert research.all("figure canvas")


def test_a_walk_forward_shows_both_sides_luck_and_its_trials(research: Browser) -> None:
    chosen(research, "Walk-forward")
    typed(research, strategy="sma", train="60d", test="20d", grid="fast=5:15:5\nslow=30,50")
    work = begun(research)
    ended(research, work, "done")
    words = research.text("[data-result=walk-forward]")
    for told in (
        "in sample",
        "out of sample",
        "deflated Sharpe ratio",
        "probability of overfitting",
        "efficiency",
    ):
        assert told in words
    research.drawn()
    assert len(research.all(".trials tbody tr")) == 2
    assert len(research.all(".trials tbody td .heat")) == 6
    assert research.all(".trials .best")
    assert faults(research) == []
    assert not research.one("[data-adopt] button").is_enabled()
    agents = research.one("[data-adopt] select")
    assert agents.get_attribute("value") == ""
    agents.send_keys(AGENT)
    research.one("[data-adopt] button").click()
    research.one("dialog [name=reason]").send_keys("of the night")
    research.one("[data-send]").click()
    answer = research.one("dialog [data-told], dialog [data-refused]", seconds=30)
    assert any(told in answer.text for told in ("of sma is in force", "the limit"))
    research.complaints()


def test_what_cannot_be_meant_is_refused_with_its_limit(research: Browser) -> None:
    chosen(research, "Monte Carlo")
    typed(research, runs="0")
    research.one("[data-begin]").click()
    assert "runs = 0: must be a whole number from 1" in research.text("[data-refused]")
    research.complaints()


def test_each_of_several_problems_stands_beside_its_field(research: Browser) -> None:
    research.one("form details summary").click()
    typed(research, timerange="yesterday", set="risk.daily_loss=-5", strategy="no_such")
    research.one("[data-begin]").click()
    research.one("[data-refused]")
    wrong = {
        name: research.text(f".field:has([name={name}]) .wrong") for name in ("timerange", "set", "strategy")
    }
    assert "20230101-20230601" in wrong["timerange"]
    assert "risk.daily_loss" in wrong["set"]
    assert "no_such" in wrong["strategy"]
    research.complaints()


def test_work_is_cancelled(research: Browser) -> None:
    chosen(research, "Optimize")
    typed(research, strategy="sma", trials="50000")
    work = begun(research)
    button = research.one(f"[data-work-id='{work}'] button[aria-label^=cancel]", seconds=30)
    button.click()
    ended(research, work, "cancelled")
