"""The page in a real browser: how long until something is painted, and until an agent is shown."""

import tempfile
import time
from pathlib import Path
from shutil import which

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from benchmarks.figures import Figure, Section
from benchmarks.processes import Failed
from benchmarks.serve.processes import Served, run, server

PASSES = 5
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1280,900",
)  # fmt: skip
PAINTED = (
    "return performance.getEntriesByType('paint')"
    ".filter(e => e.name === 'first-contentful-paint').map(e => e.startTime)[0]"
)
PAGES = ("/", "/agents/{agent}")


def paint(folder: Path) -> Section:
    """Open the page anew in a fresh browser a few times."""
    chromium, driver = which("chromium"), which("chromedriver")
    if chromium is None or driver is None:
        raise Failed("chromium and chromedriver are not on this machine (.ci/system installs them)")
    home = folder / "paint"
    home.mkdir()
    run(home, "--provider", "simulated", "--speed", "max", "--cycles", "3000", "--journal", "paper")
    figures = []
    with server(home) as served:
        served.ready()
        for page in PAGES:
            first, shown = zip(*(_opened(chromium, driver, served, page) for _ in range(PASSES)), strict=True)
            figures += [
                Figure(f"{page}: first paint", "ms", tuple(first), "< 1000"),
                Figure(f"{page}: an agent is shown", "ms", tuple(shown), "< 1000"),
            ]
    return Section("paint", "the dashboard in Chromium, cold cache each time", tuple(figures))


def _opened(chromium: str, driver: str, served: Served, page: str) -> tuple[float, float]:
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        browser = webdriver.Chrome(options=options, service=Service(driver))
        try:
            return _timed(browser, served, page)
        finally:
            browser.quit()


def _timed(browser: webdriver.Chrome, served: Served, page: str) -> tuple[float, float]:
    browser.get(f"{served.url}/static/icon.svg")
    browser.execute_async_script(
        "const done = arguments[1]; fetch('/api/v1/login', {method: 'POST', headers: "
        "{'Content-Type': 'application/json'}, body: JSON.stringify({token: arguments[0]})}).then(done)",
        served.token,
    )
    browser.get(served.url + page.format(agent="paper"))
    due = time.monotonic() + 20
    while "paper" not in (browser.execute_script("return document.querySelector('main')?.innerText") or ""):
        if time.monotonic() > due:
            raise Failed(f"{page} shows no agent")
        time.sleep(0.005)
    shown = float(browser.execute_script("return performance.now()"))
    return float(browser.execute_script(PAINTED) or shown), shown
