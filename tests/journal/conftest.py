"""Fixtures the journal's tests share."""

from tests.journal.postgres_server import postgres_server, url

__all__ = ["postgres_server", "url"]
