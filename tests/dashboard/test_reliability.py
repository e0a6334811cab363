"""The picture of reliability in a real browser: each bin stands where its figures say, and says them."""

from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains

from tests.dashboard.browser import Browser
from tests.dashboard.rig import AGENT, Rig

PICTURE = "svg[aria-label^='reliability of']"
NUMBERS = """
    const picture = document.querySelector(arguments[0]);
    const read = (kind, names) => [...picture.querySelectorAll(kind)].map((each) =>
        names.map((name) => Number(each.getAttribute(name))));
    return {label: picture.getAttribute("aria-label"), bins: read("circle.bin", ["cx", "cy", "r"]),
        reach: read("line.reach", ["x1", "y1", "y2"]), diagonal: read("line.zero", ["x1", "y1", "x2", "y2"]),
        base: read("line.base", ["y1", "y2"])}
"""


def test_the_picture_stands_where_the_figures_say_and_says_them(page: Browser, rig: Rig) -> None:
    page.go(f"/trades?agent={AGENT}")
    page.settled()

    def drawn() -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return picture and figures once both are of the same forecasts: the agent goes on meanwhile."""
        picture = page.run(NUMBERS, PICTURE) if page.all(PICTURE) else None
        for voice in rig.ask(f"agents/{AGENT}/forecasts")["voices"]:
            label = (
                f"reliability of {voice['voice']}: {voice['count']} forecasts in {len(voice['bins'])} bins"
            )
            if picture and picture["label"] == label and voice["count"]:
                return picture, voice
        return None

    picture, voice = page.until(drawn, "no picture of any voice's forecasts")
    ((left, bottom, right, top),) = picture["diagonal"]
    assert left < right
    assert top < bottom, "what came more often stands higher"
    assert len(picture["bins"]) == len(picture["reach"]) == len(voice["bins"])

    def across(share: float) -> Any:
        return pytest.approx(left + share * (right - left), abs=0.01)

    def up(share: float) -> Any:
        return pytest.approx(bottom + share * (top - bottom), abs=0.01)

    most = max(voice["bins"], key=lambda each: each["count"])
    sizes = [size for *_, size in picture["bins"]]
    marks = zip(picture["bins"], picture["reach"], voice["bins"], strict=True)
    for (x, y, size), (at, low, high), row in marks:
        assert (x, y) == (across(row["probability"]), up(row["won"]))
        assert (at, low, high) == (across(row["probability"]), up(row["low"]), up(row["high"]))
        assert size <= max(sizes) == pytest.approx(7.0)
        assert (size == max(sizes)) is (row["count"] == most["count"])
    assert picture["base"] == [[up(voice["base_rate"]), up(voice["base_rate"])]]
    ActionChains(page.driver).move_to_element(page.all(f"{PICTURE} circle.bin")[0]).perform()
    first = voice["bins"][0]
    text = page.until(lambda: page.text(f"div:has(> {PICTURE}) + .read"), "nothing is read of a bin")
    said, came = round(100 * first["probability"]), round(100 * first["won"])
    assert text.replace("\u202f", " ").startswith(f"said {said} %, came {came} % (")
    assert text.endswith(f"{first['count']} forecasts")
    assert page.complaints() == []
