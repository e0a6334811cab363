"""Pages that keep: the journal verified, anchored, exported, followed; the log, the doctor, the settings."""

import json

from agent.answers.alerts import AlertKind, Severity
from agent.host.clock import SystemClock
from agent.notices import Notices
from tests.dashboard.browser import Browser
from tests.dashboard.rig import AGENT, Rig

NUMBERS = """
return [...document.querySelectorAll(".rows tbody th")].map(({textContent}) =>
    Number(textContent.replace(/\\D/g, "")));
"""
SETTINGS = """
return Object.fromEntries([...document.querySelectorAll(".settings tbody tr:not(.detail)")].map((row) =>
    [row.querySelector("code").title, row.textContent]));
"""
LATEST = "return Number(document.querySelector('.rows tbody th')?.textContent.replace(/\\D/g, '') ?? 0)"


def test_the_journal_is_verified_anchored_and_exported(page: Browser, rig: Rig) -> None:
    page.go(f"/journal?agent={AGENT}")
    page.one("[data-verify]").click()
    assert page.one("[data-intact]", seconds=30).get_attribute("data-intact") == "true"
    page.one("[data-anchor]").click()
    page.one("dialog [name=reason]").send_keys("month's end")
    page.one("[data-send]").click()
    assert "is written down in" in page.text("dialog [data-told=well]")
    assert len(list((rig.home / "anchors").glob(f"{AGENT}-*.json"))) == 1
    page.one("dialog [data-told] .main-act").click()
    address = page.one("[data-export]").get_attribute("href")
    first = page.driver.execute_async_script(
        "const [address, done] = arguments; fetch(address).then((answer) => answer.text())"
        ".then((text) => done(text.split('\\n')[0]))",
        address,
    )
    assert json.loads(first)["seq"] == 1
    assert page.complaints() == []


def test_its_rows_come_as_they_are_written_and_are_held_on_demand(page: Browser) -> None:
    page.go(f"/journal?agent={AGENT}")
    page.until(lambda: len(page.all(".rows tbody tr")) >= 20, "no rows of before")
    seen = page.run(LATEST)
    page.until(lambda: page.run(LATEST) > seen, "no new row")
    next(each for each in page.all(".rows button") if each.text == "Freeze").click()
    held = page.run(LATEST)
    page.one("[data-link=live]")
    page.driver.execute_async_script("setTimeout(arguments[0], 1500)")
    assert page.run(LATEST) == held
    next(each for each in page.all(".rows button") if each.text == "Go on").click()
    page.until(lambda: page.run(LATEST) > held, "it does not go on")
    numbers = page.run(NUMBERS)
    assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1)), "missed or doubled"


def test_the_log_is_filtered_by_level_and_by_text(page: Browser) -> None:
    page.go("/log")
    page.until(lambda: page.all(".log li"), "no line")
    every = len(page.all(".log li"))
    page.go("/log?level=error")
    page.settled()
    assert {each.get_attribute("data-level") for each in page.all(".log li")} <= {"error", "critical"}
    page.go("/log")
    page.until(lambda: page.all(".log li"), "no line")
    page.one("input[type=search]").send_keys("zzz nothing has this")
    page.until(lambda: not page.all(".log li"), f"not filtered, {every} before")


def test_what_waits_for_somebody_is_acknowledged_on_the_page(page: Browser, rig: Rig) -> None:
    notices = Notices(rig.served.home.notices)
    about = (AlertKind.BACKUP_FAILED, Severity.CRITICAL, None, "no backup was made <b>", "the folder is full")
    seq = notices.put("backup/1", *about, SystemClock().now())
    page.go("/alerts")
    button = "[aria-label^='Acknowledge no backup']"
    page.until(lambda: page.all(button), "it does not wait", seconds=30)
    assert "no backup was made <b>" in page.text("main")
    assert "No channel is set." in page.text("main")
    page.one(button).click()
    page.until(lambda: not page.all(button), "it still waits", seconds=30)
    acknowledged = notices.acknowledged(f"notice-{seq}")
    assert acknowledged is not None
    assert acknowledged.by.startswith("page:")
    notices.close()
    assert page.complaints() == []


def test_the_doctor_says_what_to_do(page: Browser) -> None:
    page.go("/doctor")
    page.until(lambda: page.all(".checks li"), "no check", seconds=60)
    gravest = ["fail", "warn", "ok"]
    places = [gravest.index(str(each.get_attribute("data-level"))) for each in page.all(".checks li")]
    assert places == sorted(places)
    assert any(AGENT in each.text for each in page.all(".checks li"))


def test_settings_say_where_they_come_from_and_secrets_say_nothing(page: Browser) -> None:
    page.go(f"/settings?agent={AGENT}")
    page.settled()
    shown = page.run(SETTINGS)
    assert "set" in shown["symbols"]
    assert "default" in shown["risk.max_positions"]
    assert "BTC-USDT, ETH-USDT" in shown["symbols"]
    assert page.all("[data-change='risk.daily_loss']")
    assert not page.all("[data-change='symbols']")
    page.go(f"/settings?agent={AGENT}&only=changeable")
    page.settled()
    assert page.all("[data-change]")
    assert len(page.all("[data-change]")) == len(page.all(".settings tbody tr:not(.detail)"))


def test_a_job_is_run_paused_and_resumed_and_its_output_is_shown(page: Browser) -> None:
    page.go("/jobs")
    page.settled()
    page.one("[data-run=download]").click()
    row = "return document.querySelector('[data-run=download]').closest('tr').textContent"
    page.until(lambda: "nothing to do" in page.run(row), "it is not run", seconds=30)
    page.one("[data-pause=download]").click()
    page.one("dialog [name=reason]").send_keys("month's end")
    page.one("dialog [data-send]").click()
    page.until(lambda: "month's end" in page.run(row), "it is not paused")
    page.one("[data-resume=download]").click()
    page.until(lambda: page.all("[data-pause=download]"), "it does not go on")
    page.one("[aria-label='Runs: download']").click()
    page.one("dialog .lines button").click()
    assert page.text("dialog .lines pre") == "nothing is kept"
    assert page.complaints() == []
