"""Every control of the page, used on a real agent: sent once, told what happened, and no exit kept in."""

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.dashboard.browser import Browser
from tests.dashboard.rig import Rig, running, seed

NAME = "gamma"
HOLDING = 335
"""Cycles of the simulated market after which ETH-USDT is held."""

DEAF = """
const real = window.fetch;
const cut = () => Promise.reject(new TypeError("cut"));
window.fetch = (path, init) => init?.method === "POST" ? real(path, init) : cut();
"""
TWICE = "const it = document.querySelector('[data-send]'); it.click(); it.click();"


@pytest.fixture(scope="module")
def agent(rig: Rig) -> Iterator[str]:
    """An agent of these tests alone, which they pause, kill, flatten and stop."""
    seed(rig.home, NAME, cycles=60)
    with running(rig.home, NAME, interval=0.3):
        rig.ask(f"agents/{NAME}")
        yield NAME


@pytest.fixture(scope="module", autouse=True)
def none_left(rig: Rig) -> Iterator[None]:
    """End what the server began, for it outlives the server."""
    yield
    supervisor, end = rig.served.server.asking.supervisor, time.monotonic() + 30
    for name in supervisor.running():
        rig.served.trade("POST", f"/api/v1/agents/{name}/stop", body={"reason": "the tests are over"})
    while supervisor.running() and time.monotonic() < end:
        time.sleep(0.1)


@pytest.fixture
def shown(page: Browser, agent: str) -> Browser:
    page.go(f"/agents/{agent}")
    page.settled()
    page.one("[data-link=live]")
    return page


def opened(page: Browser, control: str) -> None:
    """Open the dialog of a control, as a hand does."""

    def pressed() -> bool:  # in one go: the row is drawn anew whenever the agent says something
        if not page.one(f"[data-control={control}]").is_displayed():
            page.one(".controls summary").click()
        page.one(f"[data-control={control}]").click()
        return True

    page.until(pressed, f"no control {control}")
    page.one(f"dialog [data-command={control}]")


def filled(page: Browser, **given: str) -> None:
    for name, text in given.items():
        box = page.one(f"dialog [name='{name}']")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text)


def told(page: Browser) -> tuple[str, str]:
    """Return what the agent answered: well or amiss, and its words."""
    found = page.one("dialog [data-told]", seconds=30)
    return str(found.get_attribute("data-told")), found.text


def asked(page: Browser, control: str, **given: str) -> tuple[str, str]:
    opened(page, control)
    filled(page, **given)
    page.one("[data-send]").click()
    answer = told(page)
    page.one("dialog [data-told] .main-act").click()
    return answer


def commands(rig: Rig, name: str) -> list[dict[str, object]]:
    """Return the commands in an agent's journal, as the stream tells them."""
    mirror = rig.served.server.asking.fleet.get(name).mirror
    rows = mirror.events(0, 100_000, frozenset({"command_received"}))
    return [json.loads(text)["body"] for _, _, text in rows]


PLACES = """const row = document.querySelector(".controls").getBoundingClientRect();
return [...document.querySelectorAll(".controls [data-control]")].map((each) => {
    const { left, top } = each.getBoundingClientRect();
    return [each.dataset.control, left - row.left, top - row.top];
})"""


def places(page: Browser) -> list[Any]:
    """Return where each control stands in their row, but for the one that pauses or goes on.

    Where the row stands is up to the alarms above it, which come and go.
    """
    found: list[Any] = page.run(PLACES)
    return [place for place in found if place[0] not in {"pause", "unpause", "start"}]


def test_it_is_held_between_two_cycles_and_goes_on(shown: Browser) -> None:
    before = places(shown)
    assert asked(shown, "pause", reason="tea")[1].startswith("Paused.")
    shown.one("[data-control=unpause]")
    assert places(shown) == before
    assert asked(shown, "unpause", reason="back")[1].startswith("It goes on.")
    shown.one("[data-control=pause]")


def test_kill_wants_its_word_and_pressed_twice_it_is_one_command(
    shown: Browser, rig: Rig, agent: str
) -> None:
    opened(shown, "kill")
    before = len(commands(rig, agent))
    filled(shown, reason="a look of it")
    shown.one("[data-send]").click()
    assert "kill" in shown.text("#lacks")
    filled(shown, word="no")
    shown.one("[data-send]").click()
    assert shown.all("dialog [data-command=kill]")
    assert len(commands(rig, agent)) == before
    filled(shown, word="Kill")
    shown.run(TWICE)
    kind, words = told(shown)
    assert kind == "well"
    assert "a look of it" in words
    shown.until(lambda: len(commands(rig, agent)) > before, "not in the journal")
    assert len(commands(rig, agent)) == before + 1
    shown.one("dialog [data-told] .main-act").click()
    shown.one("[data-alarm='Kill switch thrown']")


def test_a_reset_wants_a_reason(shown: Browser) -> None:
    if not shown.all("[data-control=reset-kill]"):
        asked(shown, "kill", word="kill")
    opened(shown, "reset-kill")
    shown.one("[data-send]").click()
    assert "reason" in shown.text("#lacks")
    filled(shown, reason="seen to")
    shown.one("[data-send]").click()
    assert told(shown)[1].startswith("The kill switch is reset.")


def test_a_share_of_nothing_is_refused_in_words_and_the_dialog_stays(shown: Browser) -> None:
    opened(shown, "close")
    filled(shown, symbol="BTC-USDT", share="250")
    shown.one("[data-send]").click()
    words = shown.text("dialog [data-refused]")
    assert "share" in words
    assert "100%" in words
    filled(shown, share="100")
    shown.one("[data-send]").click()
    shown.one("dialog [data-told], dialog [data-refused]", seconds=30)


def test_half_of_a_position_is_sold_and_the_rest_is_protected(page: Browser, rig: Rig) -> None:
    seed(rig.home, "sigma", cycles=HOLDING)
    page.until(lambda: rig.ask("agents/sigma")["cycle"] == HOLDING, "its journal is not read")
    held = rig.ask("agents/sigma/positions")
    assert [each["symbol"] for each in held] == ["ETH-USDT"]
    page.go("/agents/sigma")
    page.settled()
    page.one("[data-control=start]")
    opened(page, "close")
    assert page.one("dialog select[name=symbol]").get_attribute("value") == "ETH-USDT"
    next(each for each in page.all("dialog button") if each.text == "50 %").click()
    filled(page, reason="half is enough")
    page.one("[data-send]").click()
    kind, words = told(page)
    assert kind == "well"
    assert "The share of ETH-USDT is sold" in words
    before, half = Decimal(held[0]["quantity"]), Decimal("0.5")
    least, most = before * half, before * half + Decimal("0.0002")  # what is sold is cut to the lot

    def rest() -> bool:
        now = rig.ask("agents/sigma/positions")
        return bool(now) and least <= Decimal(now[0]["quantity"]) <= most and bool(now[0]["orders"])

    page.until(rest, "half of it is not what is held")


def test_on_paper_who_stops_or_pauses_is_told_that_nobody_watches(page: Browser, rig: Rig) -> None:
    with running(rig.home, "sigma", interval=5.0):
        page.go("/agents/sigma")
        for control in ("pause", "stop"):
            opened(page, control)
            words = page.text("dialog [data-warns]")
            assert "ETH-USDT" in words
            assert "nobody watches" in words
            page.one("dialog header button").click()


def test_the_account_is_compared_adopted_and_written_off(shown: Browser) -> None:
    assert asked(shown, "reconcile")[0] == "well"
    assert "Cash" in asked(shown, "adopt", reason="as the venue says")[1]
    shown.go(shown.run("return location.pathname"))
    opened(shown, "write-off")
    filled(shown, symbol="DOGE-USDT", reason="it is gone")
    shown.one("[data-send]").click()
    assert "DOGE-USDT" in shown.text("dialog [data-refused]")


def test_flatten_is_sent_without_a_reason_from_a_page_that_knows_nothing(page: Browser, agent: str) -> None:
    script = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": DEAF})
    try:
        page.go(f"/agents/{agent}")
        page.one("[data-link=connecting], [data-link=stale]")
        assert asked(page, "flatten", word="flatten")[0] == "well"
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_what_was_not_answered_is_sent_again_as_the_same_command(
    shown: Browser, rig: Rig, agent: str
) -> None:
    before = len(commands(rig, agent))
    opened(shown, "kill")
    filled(shown, reason="cut", word="kill")
    cut = """
        const real = window.fetch;
        window.fetch = async (path, init) => {
            if (init?.method !== "POST") return real(path, init);
            await real(path, init);
            window.fetch = real;
            throw new TypeError("cut");
        };
    """
    shown.run(cut)
    shown.one("[data-send]").click()
    words = shown.text("dialog [data-refused]")
    assert "carried out all the same" in words
    assert "agent kill" in words
    shown.one("[data-send]").click()
    assert told(shown)[0] == "well"
    assert len(commands(rig, agent)) == before + 1


def test_a_setting_is_changed_a_wrong_one_refused_with_its_limit(page: Browser, agent: str) -> None:
    page.go(f"/settings?agent={agent}&find=max_positions")
    page.one("[data-change='risk.max_positions']").click()
    filled(page, value="-3", reason="fewer")
    page.one("[data-send]").click()
    assert "risk.max_positions" in page.text("dialog [data-refused]")
    filled(page, value="2")
    page.one("[data-send]").click()
    kind, words = told(page)
    assert kind == "well"
    assert "risk.max_positions: 3 \u2192 2" in words
    page.one("dialog [data-told] .main-act").click()
    page.until(lambda: "2" in page.text(".settings tbody td"), "not shown")
    page.complaints()


def test_parameters_are_applied_and_rolled_back(page: Browser, agent: str) -> None:
    page.go(f"/parameters?agent={agent}")
    page.one("[data-apply=rsi]").click()
    filled(page, given="period=10", reason="quicker")
    page.one("[data-send]").click()
    assert page.text("dialog [data-refused]")
    page.one("dialog [name=force]").click()
    page.one("[data-send]").click()
    assert "Version 1 of rsi is in force" in told(page)[1]
    page.one("dialog [data-told] .main-act").click()
    page.one("[data-version='1']")
    page.one("[data-back='0']").click()
    filled(page, reason="as before")
    page.one("[data-send]").click()
    assert "of rsi is in force" in told(page)[1]
    page.complaints()


def test_it_ends_after_its_cycle_and_is_begun_again_by_the_server(
    shown: Browser, rig: Rig, agent: str
) -> None:
    assert "ends after the cycle" in asked(shown, "stop", reason="night")[1]
    shown.one("[data-control=start]", seconds=30)
    assert agent in asked(shown, "start", reason="morning")[1]
    shown.one("[data-control=pause]", seconds=30)
    asked(shown, "stop", reason="night")
    shown.one("[data-control=start]", seconds=30)
    assert rig.ask("agents")


def test_an_agent_is_begun_from_the_overview(page: Browser, rig: Rig) -> None:
    page.go("/")
    page.one("[data-begin-agent]").click()
    assert page.run("return document.activeElement.name") == "name"
    filled(page, name="bad name!", interval_seconds="-1", more="risk.daily_loss=-5")
    page.one("[data-send]").click()
    for name in ("name", "interval_seconds", "more"):
        page.one(f"dialog .field:has([name={name}]) .wrong")
    assert "--" not in page.text("dialog [data-refused]")
    filled(page, name="delta", interval_seconds="60", **{"reasoning.strategies": "rsi, sma"})
    filled(page, more="risk.daily_loss=nonsense")
    page.run("document.querySelector('[name=provider]').value = 'simulated'")
    page.run("document.querySelector('[name=provider]').dispatchEvent(new Event('change', {bubbles: true}))")
    page.one("[data-send]").click()
    assert "daily_loss" in page.text("dialog [data-refused]")
    filled(page, more="risk.daily_loss=2%")
    page.one("[data-send]").click()
    page.until(lambda: page.run("return location.pathname") == "/agents/delta", "it is not shown")
    rig.ask("agents/delta/account")
    page.until(lambda: "cycle" in page.text(".head"), "no cycle")
    asked(page, "stop", reason="enough")
    page.one("[data-control=start]", seconds=30)
    page.complaints()
