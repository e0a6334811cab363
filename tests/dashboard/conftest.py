"""One home, one agent, one server and one browser for all tests of the page."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.browser import MISSING, Browser, browsing, present
from tests.dashboard.rig import Rig, rigged


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    if not present():
        pytest.skip(MISSING)
    with tempfile.TemporaryDirectory(prefix="boyd") as folder, rigged(Path(folder)) as made:
        yield made


@pytest.fixture(scope="session")
def chromium(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("chromium")) as browser:
        browser.log_in(rig.url, rig.served.tokens.trade)
        yield browser


@pytest.fixture
def page(rig: Rig, chromium: Browser) -> Browser:
    """The browser, logged in, wide and light, with an empty console."""
    chromium.look()
    chromium.complaints()
    return chromium
