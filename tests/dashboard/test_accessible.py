"""Every page for every reader: nothing serious by axe-core in light and dark, and all of it by keyboard."""

import pytest

from tests.dashboard.accessible import faults, stops
from tests.dashboard.browser import WIDE, Browser
from tests.dashboard.rig import AGENT

PAGES = (
    "/",
    f"/agents/{AGENT}",
    f"/decisions?agent={AGENT}",
    f"/decisions?agent={AGENT}&cycle=2",
    f"/trades?agent={AGENT}",
    "/research",
    f"/parameters?agent={AGENT}",
    f"/worth?agent={AGENT}",
    f"/journal?agent={AGENT}",
    f"/settings?agent={AGENT}&only=changeable",
    "/doctor",
    "/jobs",
    "/alerts",
    "/log",
)
PRESSABLE = """
return [...document.querySelectorAll("main button, main a[href], main select, main input, main summary")]
    .filter((each) => each.checkVisibility()).length;
"""


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious_in_light_and_in_dark(page: Browser, path: str) -> None:
    page.go(path)
    page.settled()
    page.drawn()
    assert faults(page) == []
    page.look(WIDE, dark=True)
    page.drawn()
    assert faults(page, "color-contrast") == []


def test_the_way_in_is_for_every_reader(page: Browser) -> None:
    page.go("/login")
    page.one("form input")
    assert faults(page) == []


@pytest.mark.parametrize("path", [f"/agents/{AGENT}", "/research"])
def test_the_keyboard_comes_to_everything_and_shows_where_it_is(page: Browser, path: str) -> None:
    page.go(path)
    page.settled()
    page.drawn()
    found = stops(page)
    assert "skip" in str(found[0]["what"])
    hidden = [each["what"] for each in found if not each["width"] or not each["height"]]
    assert hidden == []
    assert [each["what"] for each in found if not each["ring"]] == []
    assert len(found) >= page.run(PRESSABLE)


@pytest.mark.parametrize("name", ["kill", "close", "reconcile"])
def test_a_dialog_is_for_every_reader_keeps_the_focus_and_gives_it_back(page: Browser, name: str) -> None:
    page.go(f"/agents/{AGENT}")
    page.settled()
    opener = page.one(f"[data-control={name}]")
    if not opener.is_displayed():
        page.one(".controls summary").click()
    opener.click()
    page.one("dialog[open]")
    assert page.run("return document.activeElement.name") in {"reason", "symbol"}
    assert faults(page) == []
    page.run("document.querySelector('dialog').dispatchEvent(new Event('cancel', {cancelable: true}))")
    page.until(lambda: not page.all("dialog[open]"), "the dialog is still open")
    assert page.run("return document.activeElement.dataset.control") == name
