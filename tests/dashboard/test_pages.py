"""Every page of the dashboard in a real browser, on the real server with a real agent."""

import json
import re
import time
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from tests.dashboard.browser import PHONE, Browser
from tests.dashboard.rig import AGENT, Rig, running, seed
from tests.shared import in_time

SOON = 2.0


@pytest.fixture(scope="session")
def table(rig: Rig, chromium: Browser) -> list[dict[str, Any]]:
    """The pages as the dashboard lists them, with an address each."""
    chromium.go("/static/icon.svg")
    code = """const done = arguments[0];
        import("/static/pages.js").then(({PAGES}) => done(JSON.parse(JSON.stringify(PAGES))))"""
    rows: list[dict[str, Any]] = chromium.driver.execute_async_script(code)
    return [row | {"address": row["path"].replace(":agent", AGENT)} for row in rows]


def test_what_is_held_is_shown_with_its_distance_to_the_stop(page: Browser, rig: Rig) -> None:
    seed(rig.home, "holder")
    page.go("/agents/holder")
    held = page.until(lambda: page.texts("[data-position='BTC-USDT']"), "no position")[0]
    position = rig.ask("agents/holder/positions")[0]
    stop = next(order["level"] for order in position["orders"] if "STOP" in order["type"])
    away = 100 * (1 - Decimal(stop) / Decimal(position["price"]))
    assert f"{Decimal(stop):,} \u2212{away:.2f}%" in " ".join(held.split())
    label = str(page.one("[data-position] [role=img]").get_attribute("aria-label"))
    assert f"stop {Decimal(stop):,}, {away:.2f}% away" in label


def test_every_page_shows_what_there_is_and_the_console_stays_silent(
    page: Browser, table: list[dict[str, Any]]
) -> None:
    for row in table:
        page.go(row["address"])
        page.settled()
        title = page.text("header.bar h1")
        assert title == (AGENT if row["name"] == "agent" else row["title"])
        assert not page.all(".failure"), (row["name"], page.text(".failure"))
        assert page.complaints() == [], row["name"]


def test_no_page_is_wider_than_a_phone_and_the_dark_is_dark(
    page: Browser, table: list[dict[str, Any]]
) -> None:
    page.look(PHONE, dark=True)
    for row in table:
        page.go(row["address"])
        page.settled()
        wide = page.run("return document.documentElement.scrollWidth")
        assert wide <= PHONE[0], (row["name"], wide, widest(page))
        red, green, blue = page.run(
            "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        )
        assert max(red, green, blue) < 60, row["name"]


READ = {
    f"/journal?agent={AGENT}": ".rows .because",
    f"/settings?agent={AGENT}": ".settings .detail td",
    "/docs": ".reference td:last-child",
}


@pytest.mark.parametrize("address", READ)
def test_what_is_read_has_the_width_of_a_phone(page: Browser, address: str) -> None:
    page.look(PHONE)
    page.go(address)
    page.one(READ[address])
    code = """return [...document.querySelectorAll(arguments[0])]
        .map((each) => each.getBoundingClientRect().width)"""
    widths = page.until(
        lambda: [width for width in page.run(code, READ[address]) if width], "nothing is read"
    )
    assert min(widths) > 0.7 * PHONE[0]
    assert page.run("return document.documentElement.scrollWidth") <= PHONE[0]


def test_a_long_refusal_of_a_provider_pushes_no_column_out_of_sight(page: Browser) -> None:
    page.look((1440, 900))
    page.go(f"/agents/{AGENT}")
    page.settled()
    found = page.run("""const table = [...document.querySelectorAll("table")]
            .find((each) => each.caption?.textContent === "providers");
        const row = document.createElement("tr");
        row.className = "detail";
        const cell = document.createElement("td");
        row.append(Object.assign(cell, {colSpan: 4, textContent: "no answer in 10 s; ".repeat(30)}));
        table.tBodies[0].append(row);
        const box = table.parentElement;
        const seen = [box.scrollWidth, box.clientWidth];
        row.remove();
        return seen""")
    assert found[0] <= found[1]


def widest(page: Browser) -> Any:
    return page.run("""return [...document.querySelectorAll("main *")]
        .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 5).map((each) => each.outerHTML.slice(0, 150))""")


def cycle_of(page: Browser) -> int:
    number = re.search(r"cycle ([\d,]+)", page.text(f".page-agent .head, [data-agent={AGENT}]"))
    return int(number[1].replace(",", "")) if number else 0


def test_a_cycle_shows_on_the_page_without_a_reload(page: Browser) -> None:
    page.go(f"/agents/{AGENT}")
    page.settled()
    page.run("globalThis.sameDocument = true")
    first = page.until(lambda: cycle_of(page), "no cycle")
    page.until(lambda: cycle_of(page) > first + 1, "no later cycle")
    newest = page.until(lambda: latest(page), "no list")
    page.until(lambda: latest(page) > newest, "the list of cycles stands still")
    assert page.run("return globalThis.sameDocument")


def latest(page: Browser) -> int:
    return max(
        (number(text) for text in page.texts("tbody th a[href*='cycle=']") if re.fullmatch(r"[\d,]+", text)),
        default=0,
    )


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_agent_page_says_what_is_seen_as_text_too(page: Browser, rig: Rig) -> None:
    page.go(f"/agents/{AGENT}")
    page.settled()
    drawn = page.one(".chart.candles [role=img]")
    first = page.until(lambda: drawn.get_attribute("aria-label"), "no text for the candles")
    assert "candles of BTC-USDT" in first
    page.until(lambda: drawn.get_attribute("aria-label") != first, "the text for the candles grows old")
    page.one(".alternative summary").click()
    assert page.text(".alternative table caption") == "marks on the candles"
    assert page.text("[data-alarm='Simulated data']")
    page.one(".rules [data-rule]")
    rules = [row["rule"] for row in rig.ask(f"agents/{AGENT}/risk")]
    assert sorted(each.get_attribute("data-rule") or "" for each in page.all(".rules li")) == sorted(rules)
    assert "judged in cycle" in page.text(".rules [data-rule=min_confidence]")
    equity = rig.served.read(f"/api/v1/agents/{AGENT}/account").json["equity"]
    assert equity.split(".")[0][-3:] in page.text(".tiles")


def test_a_cycle_of_the_address_is_open_with_its_why(page: Browser, rig: Rig) -> None:
    denied = rig.page(f"agents/{AGENT}/cycles?outcome=denied&limit=1")[0]
    page.go(f"/decisions?agent={AGENT}&cycle={denied['cycle']}")
    page.settled()
    words = page.text(".why")
    rule = next(row["verdict"] for row in denied["decisions"] if row["verdict"] not in {None, "approved"})
    assert f"denied: {rule.replace('_', ' ')}" in words
    for part in ("What would have turned it", "Seen", "Voted", "Judged", "Orders"):
        assert part in words
    assert page.all("tr.failed")
    page.one(".why [aria-label='cycle before']").click()
    page.until(
        lambda: f"Cycle {denied['cycle'] - 1:,}" in page.text(".why h2"), "the cycle before did not open"
    )
    assert parse_qs(urlsplit(page.driver.current_url).query)["cycle"] == [str(denied["cycle"] - 1)]


def test_filters_stand_in_the_address_and_only_what_fits_is_listed(page: Browser) -> None:
    page.go(f"/decisions?agent={AGENT}&outcome=denied")
    page.settled()
    assert set(page.texts(".list tbody td .badge")) == {"denied"}
    page.one("input[placeholder^='any, such']").send_keys("kill_switch_active", Keys.ENTER)
    page.until(lambda: "No cycle fits" in page.text("main"), "not said that nothing fits")
    query = parse_qs(urlsplit(page.driver.current_url).query)
    assert (query["outcome"], query["rule"]) == (["denied"], ["kill_switch_active"])
    page.one("input[placeholder^='any, such']").send_keys("_or_so", Keys.ENTER)
    page.until(lambda: "min_confidence" in page.text("main .failure"), "not said which rules there are")


def test_cycles_without_action_can_be_left_out_and_are_called_so(page: Browser) -> None:
    page.go(f"/decisions?agent={AGENT}")
    page.settled()
    assert "no action" in page.texts(".list tbody td .badge")
    assert "held" not in page.texts(".list tbody td .badge")
    page.one("[data-acted]").click()
    page.until(
        lambda: (kinds := set(page.texts(".list tbody td .badge"))) and "no action" not in kinds,
        "those without action are still there",
    )
    assert {"executed", "denied"} & set(page.texts(".list tbody td .badge"))


PLACE = """const top = (selector) => document.querySelector(selector).getBoundingClientRect().top;
return top("tr.chosen") - top(".list .scroll")"""  # where the list stands is up to the alarms above it


def test_an_old_cycle_of_the_address_is_in_the_list_and_in_sight(page: Browser) -> None:
    page.go(f"/decisions?agent={AGENT}&cycle=3")
    page.one(".list tr.chosen")
    page.until(
        lambda: page.run("""const box = document.querySelector(".list .scroll").getBoundingClientRect();
            const row = document.querySelector("tr.chosen").getBoundingClientRect();
            return row.top >= box.top && row.bottom <= box.bottom"""),
        "the open cycle is out of sight",
    )
    assert page.text(".list tr.chosen th") == "3"
    newest, place = listed(page)[0], page.run(PLACE)
    page.until(lambda: listed(page)[0] > newest + 1, "no new cycle comes")
    assert page.run(PLACE) == pytest.approx(place, abs=1), "new ones pushed it out of its place"
    cycles = listed(page)
    assert cycles == list(range(cycles[0], cycles[-1] - 1, -1)), "new ones pushed others out of the list"


def test_the_keyboard_reaches_the_page_the_help_and_back(page: Browser) -> None:
    page.go("/")
    page.settled()
    page.one("body").send_keys(Keys.TAB)
    assert page.run("return document.activeElement.className") == "skip"
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert page.run("return document.activeElement.id") == "main"
    page.driver.switch_to.active_element.send_keys("?")
    page.one("dialog[open]")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.until(lambda: not page.all("dialog"), "the dialog stays")
    assert page.run("return document.activeElement.id") == "main"
    page.driver.switch_to.active_element.send_keys("3")
    page.until(lambda: page.text("header.bar h1") == "Decisions", "the third page did not open")


def test_times_are_in_utc_or_local_by_choice_and_the_choice_is_kept(page: Browser) -> None:
    page.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    try:
        page.go(f"/decisions?agent={AGENT}")
        page.settled()
        first = page.one(".list time")
        instant, utc = str(first.get_attribute("datetime")), first.text
        assert instant[11:16] in utc
        page.one("[aria-label^='times in UTC']").click()
        same = f".list time[datetime='{instant}']"
        local = page.until(
            lambda: next((text for text in page.texts(same) if text != utc), None), "not local"
        )
        hours = (int(local[-5:-3]) - int(utc[-5:-3])) % 24
        assert hours == 9
        page.go("/")
        page.one("[aria-label^='times in local']").click()
    finally:
        page.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


def test_a_stream_that_is_cut_is_said_and_goes_on_where_it_stood(page: Browser, rig: Rig) -> None:
    page.go(f"/decisions?agent={AGENT}")
    page.settled()
    page.one("[data-link=live]")
    page.run("globalThis.sameDocument = true")
    port = rig.cut()
    page.one("[data-link=connecting]")
    page.one("[data-alarm=Connecting]")
    rig.serve(port)
    page.one("[data-link=live]")
    before = listed(page)[0]
    page.until(lambda: listed(page)[0] > before, "no new cycle after the cut")
    cycles = listed(page)
    assert cycles == sorted(set(cycles), reverse=True)
    assert cycles[0] - cycles[-1] == len(cycles) - 1, "a cycle is missing or doubled"
    assert page.run("return globalThis.sameDocument")
    assert not page.all("[data-alarm=Connecting]")
    page.until(lambda: not page.all(".failure"), "what failed meanwhile is not asked again")


def test_a_page_that_hears_nothing_says_that_it_is_stale_until_it_hears_again(
    page: Browser, rig: Rig
) -> None:
    page.go("/")
    page.settled()
    page.one("[data-link=live]")
    page.run("const real = Date.now; globalThis.later = 0; Date.now = () => real() + globalThis.later")
    with rig.agent.silenced():
        page.until(
            lambda: page.run("globalThis.later += 16000") or page.all("[data-alarm=Stale]"),
            "nothing said of silence",
        )
        assert page.all("[data-link=stale]")
    page.one("[data-link=live]")
    page.until(lambda: "nothing heard" not in page.text("main"), "still stale")


SLOW_READER = """
    const real = fetch;
    globalThis.behind = 5;
    globalThis.fetch = (path, ...more) => String(path).endsWith("/ready")
        ? Promise.resolve(Response.json({ready: !globalThis.behind, behind: {%s: globalThis.behind}}))
        : real(path, ...more);
"""


def test_what_is_old_because_the_server_is_behind_is_called_old(page: Browser) -> None:
    add, remove = ("Page.addScriptToEvaluateOnNewDocument", "Page.removeScriptToEvaluateOnNewDocument")
    script = page.driver.execute_cdp_cmd(add, {"source": SLOW_READER % AGENT})
    try:
        page.go(f"/agents/{AGENT}")
        page.one("[data-alarm=Behind]")
        page.run("globalThis.behind = 0")
        page.until(lambda: not page.all("[data-alarm=Behind]"), "still behind")
    finally:
        page.driver.execute_cdp_cmd(remove, {"identifier": script["identifier"]})


def listed(page: Browser) -> list[int]:
    return [number(text) for text in page.texts(".list tbody th button")]


def test_an_agent_that_was_killed_shows_within_two_seconds(page: Browser, rig: Rig) -> None:
    with running(rig.home, "victim") as victim:
        page.go("/")
        page.one("[data-agent=victim][data-mood=runs]")
        victim.kill()
        killed = time.monotonic()
        page.one("[data-agent=victim][data-mood=died]")
        in_time(killed, SOON)
        assert "victim" in page.text("[data-alarm=Died]")
        assert page.driver.title.startswith("(!)")


def test_tabs_share_one_stream_and_the_next_one_takes_it_over(page: Browser) -> None:
    page.go("/")
    page.one("[data-link=live]")
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    second = page.driver.current_window_handle
    page.go("/")
    page.one("[data-link=live]")
    assert streams(page) == (1, 1)
    page.driver.switch_to.window(first)
    page.driver.close()
    page.driver.switch_to.window(second)
    page.until(lambda: streams(page) == (1, 0), "the second tab does not read the stream")
    seen = page.until(lambda: cycle_of(page), "no cycle")
    page.until(lambda: cycle_of(page) > seen, "the second tab stands still")


def streams(page: Browser) -> tuple[int, int]:
    """Count the tabs that read the stream and those that wait to."""
    code = """const done = arguments[0];
        navigator.locks.query().then(({held, pending}) => done([held.length, pending.length]))"""
    held, pending = page.driver.execute_async_script(code)
    return held, pending


def test_the_stream_is_read_the_same_however_it_is_cut_into_pieces(page: Browser) -> None:
    page.go("/login")
    code = r"""const done = arguments[0];
        const text = ': beat\n\nretry: 1000\n\nid: 7\nevent: cycle_ended\ndata: {"agent":"a","seq":7}\n\n'
            + 'event: state\ndata: {"agent":"a",\ndata: "cycle":8}\n\n';
        import("/static/stream.js").then(({parser}) => {
            const reads = [];
            for (let cut = 0; cut <= text.length; cut++) {
                const parse = parser();
                reads.push(JSON.stringify([...parse(text.slice(0, cut)), ...parse(text.slice(cut))]));
            }
            done([...new Set(reads)]);
        });"""
    reads = page.driver.execute_async_script(code)
    assert len(reads) == 1
    row, state = json.loads(reads[0])
    assert (row["cursor"], row["event"]["kind"], row["event"]["seq"]) == ("7", "cycle_ended", 7)
    assert (state["cursor"], state["event"]["data"]) == ("", {"agent": "a", "cycle": 8})


def test_a_login_needs_a_code_or_a_token_and_comes_back(page: Browser, rig: Rig) -> None:
    page.driver.delete_all_cookies()
    try:
        page.go(f"/decisions?agent={AGENT}&outcome=denied")
        assert urlsplit(page.driver.current_url).path == "/login"
        page.one("input[type=password]").send_keys("wrong", Keys.ENTER)
        assert "Not signed in" in page.text(".failure")
        token = page.one("input[type=password]")
        token.clear()
        token.send_keys(rig.served.tokens.read, Keys.ENTER)
        page.until(lambda: urlsplit(page.driver.current_url).path == "/decisions", "not back")
        assert parse_qs(urlsplit(page.driver.current_url).query)["outcome"] == ["denied"]
        assert page.text("header.bar h1") == "Decisions"
    finally:
        page.log_in(rig.url, rig.served.tokens.trade)


def test_amounts_are_rounded_as_text_and_never_as_numbers(page: Browser) -> None:
    page.go("/login")
    code = """const [cases, done] = arguments;
        const write = ({amount}) => done(cases.map(([text, places]) => amount(text, {places})));
        import("/static/format.js").then(write)"""
    cases = [
        ("12345678901234567890.125", 2, "12,345,678,901,234,567,890.12"),
        ("-1.3355", 2, "\u22121.34"),
        ("9999.995", 2, "10,000.00"),
        ("0.135", 2, "0.14"),
        ("-0.004", 2, "0.00"),
        ("2.5", 0, "2"),
        ("3.50", 0, "4"),
    ]
    shown = page.driver.execute_async_script(code, [case[:2] for case in cases])
    assert shown == [case[2] for case in cases]
