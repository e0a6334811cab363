"""A journal's file read where it lies, by the standard library alone: SQLAlchemy takes longer to import.

Only while the account's lock is held, for a second connection could spoil a running agent's write-ahead log.
The connection is exclusive from its first moment, so that it makes no shared memory, as the journal's own is.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.errors import JournalFault
from journal.archive import Archive, joined
from journal.chain import genesis
from journal.codec import SESSION_STARTED
from journal.history import History
from journal.stored import Stored

SCHEMA = "1"
"""Version of the tables that is understood here (see `journal.schema`)."""

WAIT_SECONDS = 1.0

_PAGE = "SELECT seq, at, kind, cycle_id, payload, hash FROM rows WHERE seq > ? ORDER BY seq LIMIT ?"


class RestingFile(History):
    """The rows of a file. Raises JournalFault where it is not to be read so: another reader says why."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise JournalFault(f"{path} does not exist")
        self._path = path
        self._connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            self._query("PRAGMA locking_mode = exclusive")
            self._query("PRAGMA synchronous = 2")
            self._id = self._understood()
            last = self._query("SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1")
        except BaseException:
            self._connection.close()
            raise
        self._head: tuple[int, bytes] = last[0] if last else (0, genesis(self._id))
        self._first: int = self._query("SELECT min(seq) FROM rows")[0][0] or 1
        archive = Archive(path, self._id)
        self._archive = archive if self._first > 1 and archive.begun else None

    def _understood(self) -> str:
        """Return the journal's id. Raises JournalFault for tables of another version."""
        meta = dict(self._query("SELECT name, value FROM meta"))
        if meta.get("schema") != SCHEMA or "journal_id" not in meta:
            raise JournalFault(f"{self._path} has schema version {meta.get('schema')}")
        return str(meta["journal_id"])

    @property
    def journal_id(self) -> str:
        """Twelve hex digits given at creation."""
        return self._id

    def head(self) -> tuple[int, str]:
        """Return sequence and hash (hex) of the last row; (0, the genesis hash) when empty."""
        return self._head[0], self._head[1].hex()

    def page(self, after: int, limit: int) -> Sequence[Stored]:
        """Return at most `limit` rows with a sequence above `after`, oldest first, unchecked."""
        if self._archive is not None and after + 1 < self._first:
            return self._archive.page(after, min(limit, self._first - 1 - max(after, 0)))
        return [Stored._make(row) for row in self._query(_PAGE, after, limit)]

    def cycle_rows(self, cycle_id: int) -> Sequence[int]:
        """Return the sequences of a cycle's rows."""
        older = self._archive.cycle_rows(cycle_id, self._first) if self._archive else []
        here = self._numbers("SELECT seq FROM rows WHERE cycle_id = ? ORDER BY seq", cycle_id)
        if self._archive is not None and not (older or here):
            self._archive.refuse_gap(self._first)
        return joined(older, here)

    def session_rows(self) -> Sequence[int]:
        """Return the sequences of the rows that start a session."""
        query = f"SELECT seq FROM rows WHERE kind = '{SESSION_STARTED}' ORDER BY seq"  # noqa: S608
        here = self._numbers(query)
        return joined(self._archive.session_rows(self._first, here) if self._archive else [], here)

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is, or None before the first cycle."""
        last: int | None = self._query("SELECT max(cycle_id) FROM rows")[0][0]
        return last if last is not None or self._archive is None else self._archive.last_cycle(self._first)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _numbers(self, query: str, *values: object) -> list[int]:
        return [row[0] for row in self._query(query, *values)]

    def _query(self, query: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JournalFault(f"{self._path} cannot be read: {error}") from error
