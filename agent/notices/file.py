"""The file of a home's notices: opened by whoever needs it, and changed in whole transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from agent.notices.tables import DDL, FORMAT
from domain.errors import BoydError
from domain.private import private_folder

FILE = "notices.db"

WAIT_SECONDS = 10.0
"""How long another process's transaction is waited for."""


class NoticesFault(BoydError):
    """The notices cannot be read or written; whatever they are about goes on without them."""


class NoticesFile:
    """The file, made where there is none. For any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.RLock()
        self._depth = 0
        self._connection = _opened(path)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what is done within one transaction: all of it is kept, or nothing."""
        with self._guard, _explained(self.path):
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    with suppress(sqlite3.Error):
                        self._connection.rollback()
                raise
            self._depth -= 1
            if self._depth == 0:
                self._commit()

    def _commit(self) -> None:
        try:
            self._connection.commit()
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._connection.close()

    def do(self, statement: str, *values: Any) -> list[Any]:
        """Carry out a statement and return its rows. Raises NoticesFault."""
        with self._guard, _explained(self.path):
            return self._connection.execute(statement, values).fetchall()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise NoticesFault(f"notices {path}: {error}") from None


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file, made for its owner alone. Raises NoticesFault where it is none of this program."""
    try:
        private_folder(path.parent)
        path.touch(0o600)
    except OSError as error:
        raise NoticesFault(f"notices {path}: {error.strerror}") from None
    with _explained(path):
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS
        )
        try:
            _fit(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _fit(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise NoticesFault(
            f"notices {path}: of format {version}, this program knows {FORMAT}; use a newer one"
        )
    if version == FORMAT:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"BEGIN IMMEDIATE; {DDL} PRAGMA user_version = {FORMAT}; COMMIT;")
