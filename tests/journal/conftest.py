"""Fixtures the journal's tests share."""

from tests.journal.postgres_server import account, postgres_server, url

__all__ = ["account", "postgres_server", "url"]
