"""One home for all tests of a process."""

from pathlib import Path

import pytest

from tests.mcp.rig import make_home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a short session and candles."""
    folder = tmp_path_factory.mktemp("mcp")
    make_home(folder)
    return folder
