"""What axe-core finds on a page, and a walk over it by keyboard alone.

axe_core/ holds axe-core 4.14.1 as published (npm: axe-core, package/axe.min.js, packed; MPL-2.0, LICENSE).
Tests alone use it; it is no part of what is installed.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.dashboard.browser import Browser

FILE = Path(__file__).with_name("axe_core") / "axe.min.js.gz"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
GRAVE = ("serious", "critical")
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"], ...arguments[0]}).then(
    (result) => done(result.violations.map(({impact, id, nodes}) => ({impact, id,
        nodes: nodes.slice(0, 5).map((node) => node.html.slice(0, 200))}))),
    (error) => done([{impact: "critical", id: String(error), nodes: []}]));
"""
FOCUSED = """
const it = document.activeElement;
const box = it.getBoundingClientRect();
const ring = getComputedStyle(it);
return it === document.body ? null : {
    what: it.outerHTML.slice(0, 120), name: it.tagName, width: box.width, height: box.height,
    ring: ring.outlineStyle !== "none" || ring.boxShadow !== "none" || it.tagName === "MAIN"
};
"""


@cache
def axe() -> str:
    """Return the script, the bytes that were published."""
    data = gzip.decompress(FILE.read_bytes())
    assert hashlib.sha256(data).hexdigest() == SHA256
    return data.decode()


def faults(browser: Browser, *rules: str) -> list[str]:
    """Return what axe-core calls serious or critical on the page as it is shown, by some rules or all."""
    if not browser.run("return Boolean(window.axe)"):
        browser.run(axe())
    options = {"runOnly": list(rules)} if rules else {}
    found = browser.driver.execute_async_script(RUN, options)
    return [f"{each['id']}: {each['nodes']}" for each in found if each["impact"] in GRAVE]


def stops(browser: Browser, most: int = 400) -> list[dict[str, object]]:
    """Return what the Tab key comes to, from the page's begin until it leaves or comes round."""
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    found: list[dict[str, object]] = []
    for _ in range(most):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        focused = browser.run(FOCUSED)
        if focused is None or (found and focused["what"] == found[0]["what"]):
            break
        found.append(focused)
    return found
