"""A real headless Chromium, driven through selenium, for tests of the page and for its pictures."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
MISSING = f"no {CHROMIUM} or {DRIVER} here: apt-get install chromium chromium-driver"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
)
WIDE, PHONE = (1400, 900), (400, 860)
LOOKS_EVERY = 0.03
PATIENCE = 60.0


def present() -> bool:
    """Tell whether there is a browser; CI has one, so that there its absence is a failure."""
    return os.environ.get("CI") == "true" or (CHROMIUM.exists() and DRIVER.exists())


class Browser:
    """One tab, logged in: goes somewhere, waits for what should come, says what it shows."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self.url = ""

    def log_in(self, url: str, token: str) -> None:
        """Get a session's cookie with a token."""
        self.url = url
        self.driver.get(f"{url}/static/icon.svg")
        code = """
            const [token, done] = arguments;
            fetch("/api/v1/login", {method: "POST", headers: {"Content-Type": "application/json"},
                body: JSON.stringify({token})}).then((answer) => done(answer.status), () => done(0));
        """
        status = self.driver.execute_async_script(code, token)
        assert status == 200, f"login answered {status}"

    def go(self, path: str) -> None:
        """Open an address of the server anew."""
        self.driver.get(self.url + path)

    def look(self, size: tuple[int, int] = WIDE, *, dark: bool = False, height: int | None = None) -> None:
        """Take a size and a colour scheme."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._command("Emulation.setEmulatedMedia", features=[scheme])
        width, low = size
        metrics = {"width": width, "height": height or low, "deviceScaleFactor": 1, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", **metrics)

    def _command(self, name: str, **given: Any) -> None:
        self.driver.execute_cdp_cmd(name, given)

    def all(self, selector: str) -> list[WebElement]:
        """Return what fits a selector now."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str, seconds: float = PATIENCE) -> WebElement:
        """Return the first that fits, waited for."""
        return self.until(lambda: next(iter(self.all(selector)), None), f"no {selector}", seconds)

    def text(self, selector: str, seconds: float = PATIENCE) -> str:
        """Return the text of the first that fits."""
        return self.until(lambda: self._words(selector), f"no text in {selector}", seconds)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all that fit, as of one instant."""
        code = "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)"
        lines: list[str] = self.run(code, selector)
        return lines

    def _words(self, selector: str) -> str:
        return next(iter(self.texts(selector)), "")

    def until(self, value: Callable[[], T | None], otherwise: str, seconds: float = PATIENCE) -> T:
        """Return the first value that is one; what is drawn anew meanwhile is looked at again."""
        end = time.monotonic() + seconds
        while True:
            try:
                found = value()
            except StaleElementReferenceException:
                found = None
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"{otherwise} after {seconds} s; the page: {self._words('body')[:1500]}")
            time.sleep(LOOKS_EVERY)

    def run(self, code: str, *given: Any) -> Any:
        """Return what a script returns."""
        return self.driver.execute_script(code, *given)

    def settled(self) -> None:
        """Wait until nothing on the page is still being read."""
        self.one("main h1, main .card, main .tiles, main .empty, main .failure")
        self.until(lambda: not self.all(".waiting"), "still reading")

    def drawn(self) -> None:
        """Wait until every chart is drawn, the faces are there, and a frame was painted."""
        self.until(
            lambda: all(
                each.find_elements(By.CSS_SELECTOR, "canvas,svg,table") for each in self.all(".chart")
            ),
            "a chart is empty",
        )
        self.driver.execute_async_script(
            "const done = arguments[0]; document.fonts.ready.then(() => "
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 250))))"
        )

    def complaints(self) -> list[str]:
        """Return what the console has said since it was last asked, what is meant for developers left out."""
        lines: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [json.dumps(each["message"]) for each in lines if each["level"] in {"SEVERE", "WARNING"}]


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """Start a browser with a folder of its own, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        driver.set_script_timeout(PATIENCE)
        yield Browser(driver)
    finally:
        driver.quit()
