"""The file of a mirror: one connection that writes, and some that read beside it.

It is a cache. It is written without a wait for the disk at each commit, and removed where it does not fit.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.serve.mirror.tables import DDL, FORMAT
from agent.settings.version import code_version
from domain.private import private_folder
from journal.chain import genesis

IDLE_READERS = 2
WRITER_KIB, READER_KIB = 1024, 256
"""Pages that a connection keeps in memory."""

Head = tuple[int, bytes]
"""Sequence and hash of the last row."""


class Unfit(Exception):
    """The file is of another program or journal, or damaged: it is made anew."""


class Store:
    """The tables of one mirror in a file. Raises Unfit where it is none of this program, or not readable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        self.writer = _connect(path)
        self._file = _identity(path)
        try:
            self._meta: dict[str, str] = dict(self.writer.execute("SELECT name, value FROM meta"))
        except sqlite3.DatabaseError as error:
            self.writer.close()
            raise Unfit(str(error)) from None
        if self._meta.get("program") != _program():
            self.writer.close()
            raise Unfit("it was made by another version")

    @property
    def journal_id(self) -> str:
        """Id of the journal this mirrors."""
        return self._meta["journal_id"]

    def head(self) -> Head:
        """Return the last row."""
        row = self.writer.execute("SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1").fetchone()
        return (0, genesis(self.journal_id)) if row is None else (row[0], row[1])

    @property
    def moved(self) -> bool:
        """True once the file is gone, or another one lies in its place."""
        return _identity(self.path) != self._file

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        """Yield a cursor inside one transaction; only the mirror's own thread writes."""
        cursor = self.writer.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
        except BaseException:
            self.writer.rollback()
            raise
        else:
            self.writer.commit()
        finally:
            cursor.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that reads, in any thread: what it reads first holds until the end.

        Raises Unfit where the file is gone.
        """
        with self._guard:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = _connect(self.path)
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA cache_size = -{READER_KIB}")
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            with suppress(sqlite3.Error):
                connection.rollback()
            self._give_back(connection)

    def trim(self) -> None:
        """Let go of memory that is of use to a writer at work alone."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        self.writer.execute("PRAGMA shrink_memory")

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            if not self._closed and len(self._idle) < IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the file; a reader still at work closes its own connection."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in (*idle, self.writer):
            connection.close()


def made(path: Path, journal_id: str) -> Store:
    """Make an empty mirror of a journal, in place of what lies there."""
    private_folder(path.parent)
    remove(path)
    path.touch(0o600)
    connection = _connect(path)
    try:
        connection.executescript(DDL)
        values = {"program": _program(), "journal_id": journal_id}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
        connection.commit()
    finally:
        connection.close()
    return Store(path)


def remove(path: Path) -> None:
    """Remove a mirror's files."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        stat = path.stat()
        return stat.st_dev, stat.st_ino
    return None


def _program() -> str:
    return f"{FORMAT} {code_version()}"


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():  # SQLite would make an empty one
        raise Unfit("its file is gone")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{WRITER_KIB}")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Unfit(str(error)) from None
    return connection
