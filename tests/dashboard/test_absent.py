"""A page about an agent that is not there: none at all, not this one, or not yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.browser import PHONE, Browser
from tests.dashboard.rig import AGENT, Rig, seed
from tests.serve.served import serving

ABOUT_AN_AGENT = ("/decisions", "/trades", "/parameters", "/journal", "/settings", "/agents/anyone")
YOUNG = """
    const real = fetch;
    globalThis.fetch = async (path, ...more) => {
        if (globalThis.grown || !String(path).endsWith("/api/v1/agents")) return real(path, ...more);
        const rows = await (await real(path, ...more)).json();
        return Response.json(rows.map((row) => ({...row, state: "STARTING", running: false, alarms: []})));
    };
"""


@pytest.fixture
def empty(page: Browser, rig: Rig, tmp_path: Path) -> Iterator[Browser]:
    """The page of a home without an agent."""
    with serving(tmp_path / "home") as served:
        page.log_in(served.url, served.tokens.trade)
        yield page
    page.log_in(rig.url, rig.served.tokens.trade)
    page.complaints()


def test_a_home_without_an_agent_says_what_to_do_next_on_every_page(empty: Browser) -> None:
    for path in ("/", *ABOUT_AN_AGENT):
        empty.go(path)
        assert "agent run --mode paper" in empty.text("[data-absent=all]"), path
        assert empty.all("[data-begin-agent]")
        assert not empty.all(".failure, [data-control]"), path


def test_an_agent_that_is_not_there_has_no_control_and_those_that_are_have_links(page: Browser) -> None:
    page.go("/agents/nobody")
    words = page.text("[data-absent=nobody]")
    assert "no agent nobody" in words
    assert AGENT in words
    assert not page.all(".failure, [data-control]")


def test_an_agent_that_starts_is_shown_in_peace_and_opens_by_itself(page: Browser) -> None:
    add, remove = ("Page.addScriptToEvaluateOnNewDocument", "Page.removeScriptToEvaluateOnNewDocument")
    script = page.driver.execute_cdp_cmd(add, {"source": YOUNG})
    try:
        page.go(f"/agents/{AGENT}")
        assert "is starting" in page.text("[data-starting]")
        assert not page.all(".failure")
        assert page.all("[data-control=stop]")
        assert "starting" in page.text(".rail .agents")
        page.run("globalThis.grown = true")
        page.one(".page-agent .tiles")
    finally:
        page.driver.execute_cdp_cmd(remove, {"identifier": script["identifier"]})


def test_agents_stand_in_one_order(page: Browser, rig: Rig) -> None:
    for name in ("zulu", "able"):
        seed(rig.home, name, cycles=2)
        rig.ask(f"agents/{name}")
    page.go(f"/decisions?agent={AGENT}")
    page.until(lambda: page.all(".rail .agents [href='/agents/zulu']"), "not listed")
    for names in (page.texts(".rail .agents .name"), page.texts("#pick-agent option")):
        assert names == sorted(names)
        assert {"able", AGENT, "zulu"} <= set(names)


def test_whoever_has_no_candles_is_told_how_to_get_some_and_may_try_on_made_up_ones(empty: Browser) -> None:
    empty.go("/research")
    assert "agent data download" in empty.text("[data-no-candles]")
    empty.one("[data-made-up]").click()
    series = empty.one("select[name=series]", seconds=60)
    assert "MADEUP-USDT" in series.text
    empty.until(
        lambda: empty.one("form [name=symbol]").get_attribute("value") == "MADEUP-USDT", "it is not chosen"
    )
    assert empty.one("form [name=timeframe]").get_attribute("value") == "1h"
    empty.go("/research")
    assert empty.one("form [name=symbol]").get_attribute("value") == "MADEUP-USDT"


def test_an_address_of_no_page_has_a_page_that_says_so_and_the_api_keeps_its_form(
    page: Browser, rig: Rig
) -> None:
    page.go("/nowhere/at/all")
    assert "no such page" in page.text("main .empty")
    assert page.run("return performance.getEntriesByType('navigation')[0].responseStatus") == 404
    fetched = """const [path, done] = arguments;
        fetch(path, {headers: {Accept: "text/html"}})
            .then((answer) => done([answer.status, answer.headers.get("content-type")]))"""
    answers = [
        page.driver.execute_async_script(fetched, path) for path in ("/api/v1/nothing", "/favicon.ico")
    ]
    assert answers[0][0] == 404
    assert "json" in answers[0][1]
    assert answers[1][0] == 200
    assert "svg" in answers[1][1]
    page.complaints()


def test_why_is_read_on_a_phone_too(page: Browser) -> None:
    page.look(PHONE)
    page.go(f"/decisions?agent={AGENT}&cycle=3")
    page.settled()
    found = page.until(lambda: page.texts(".why td.because"), "no reason of a vote")
    assert all(found)
    wide = page.run("""return [...document.querySelectorAll(".why td.because")]
        .every((each) => each.checkVisibility() && each.getBoundingClientRect().right <= innerWidth)""")
    assert wide
