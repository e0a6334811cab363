"""Writing to a journal by hand, as someone with the file and a SQLite shell can."""

import sqlite3
from contextlib import closing
from pathlib import Path

from journal.sql import open_journal
from tests.journal.cycles import JOURNAL_ID, cycle, session


def written(path: Path, cycles: int = 5) -> Path:
    """Write a journal of one session row and two rows a cycle, and close it."""
    with open_journal(path, JOURNAL_ID) as journal:
        journal.append(session())
        for number in range(1, cycles + 1):
            journal.append(*cycle(number))
    return path


def by_hand(path: Path, *statements: str) -> None:
    """Take the triggers away and run statements."""
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)


def flip(path: Path, offset: int, mask: int = 1) -> None:
    """Change bits of one byte of a file."""
    data = bytearray(path.read_bytes())
    data[offset] ^= mask
    path.write_bytes(data)
