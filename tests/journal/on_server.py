"""Journals on the server, and hands on them, for the tests of it."""

from collections.abc import Callable

import psycopg

from journal.accounts import namespace
from journal.reader import open_reader
from journal.sql import SqlJournal, open_journal
from tests.journal.cycles import JOURNAL_ID, cycle, session

OTHER_ID = "ba9876543210"


def opened(url: str, account: str, new_id: str = JOURNAL_ID) -> SqlJournal:
    return open_journal(url, new_id, account=account, holder="me", grace_ms=0)


def written(url: str, account: str, cycles: int = 5) -> None:
    with opened(url, account) as journal:
        journal.append(session())
        for number in range(1, cycles + 1):
            journal.append(*cycle(number))


def execute(url: str, account: str, *statements: str) -> None:
    """Run statements as whoever owns the tables can, in the account's namespace."""
    with psycopg.connect(url) as connection:
        connection.execute(f'SET search_path = "{namespace(account)}"'.encode())
        for statement in statements:
            connection.execute(statement.encode())


def by_hand(url: str, account: str, *statements: str) -> None:
    """Run statements with the triggers out of force, and put them in force again."""
    off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("rows", "meta")]
    on = [
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{what}"
        for table, added in (("rows", "only_appended"), ("meta", "never_added"))
        for what in ("never_updated", "never_deleted", "never_emptied", added)
    ]
    execute(url, account, *off, *statements, *on)


def both_ways(url: str, account: str) -> list[Callable[[], object]]:
    return [lambda: opened(url, account), lambda: open_reader(url, account=account)]
