"""The API's reference page in a real browser: under the policy, on a phone, and for a screen reader."""

from tests.dashboard.accessible import faults
from tests.dashboard.browser import Browser

PHONE = (400, 800)
RULES = ("document-title", "html-has-lang", "link-name", "list", "scrollable-region-focusable", "bypass")
"""Of axe-core; measuring the contrast of thousands of cells takes it half a minute."""


def test_the_reference_shows_under_the_policy_and_fits_a_phone(page: Browser) -> None:
    page.go("/docs")
    assert page.text("h1") == "Boyd: the API"
    assert page.complaints() == []
    assert page.run("return getComputedStyle(document.querySelector('article')).borderRadius") != "0px"
    page.look(PHONE, dark=True)
    page.go("/docs")
    assert page.run("return document.documentElement.scrollWidth") <= PHONE[0]
    assert page.complaints() == []
    assert faults(page, *RULES) == []
