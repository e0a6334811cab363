"""Fixtures the journal's tests share."""

import pytest

from journal import server
from tests.journal.postgres_server import account, postgres_server, url

__all__ = ["account", "postgres_server", "url"]

CONNECT_SECONDS = server.CONNECT_SECONDS
"""The agent's own limit, for what is tested of it."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a server on a machine with other work time to take a connection."""
    monkeypatch.setattr(server, "CONNECT_SECONDS", 60)
