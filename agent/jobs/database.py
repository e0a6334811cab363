"""The database of the jobs: a file of the home, or the server of its journals; small transactions.

The statements are the same for both. A transaction is immediate: whoever reads in it reads what nobody else
changes until it is over (SQLite's BEGIN IMMEDIATE, an advisory lock on a server).
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from domain.errors import BoydError
from domain.private import private_folder

WAIT_SECONDS = 10.0
NAMESPACE = "boyd"
LOCK = 7_254_301_886
"""The number of the lock that orders the transactions of all jobs on a server."""

FORMAT = 1
TABLES = (
    """CREATE TABLE IF NOT EXISTS jobs (
        scope TEXT NOT NULL, name TEXT NOT NULL, rule TEXT NOT NULL, zone TEXT NOT NULL,
        grace BIGINT NOT NULL, enabled INTEGER NOT NULL, due BIGINT NOT NULL,
        paused BIGINT, paused_by TEXT NOT NULL DEFAULT '', paused_why TEXT NOT NULL DEFAULT '',
        asked BIGINT, asked_by TEXT NOT NULL DEFAULT '', PRIMARY KEY (scope, name))""",
    """CREATE TABLE IF NOT EXISTS runs (
        scope TEXT NOT NULL, name TEXT NOT NULL, slot BIGINT NOT NULL, owner TEXT NOT NULL,
        attempt INTEGER NOT NULL, began BIGINT NOT NULL, lease BIGINT NOT NULL, ended BIGINT,
        outcome TEXT NOT NULL DEFAULT '', since BIGINT, asked_by TEXT NOT NULL DEFAULT '',
        said TEXT NOT NULL DEFAULT '', PRIMARY KEY (scope, name, slot))""",
    # One run of a job at a time: the database itself refuses a second.
    "CREATE UNIQUE INDEX IF NOT EXISTS runs_open ON runs (scope, name) WHERE ended IS NULL",
)


class JobsFault(BoydError):
    """The jobs cannot be read or written; the agents go on without them."""


class JobsDatabase(Protocol):
    """A database that keeps the jobs."""

    where: str

    def together(self) -> Any:
        """Make what is done within one immediate transaction: all of it is kept, or nothing."""
        ...

    def do(self, statement: str, *values: Any) -> list[Any]:
        """Execute a statement with `?` for each value and return its rows. Raises JobsFault."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class JobsFile:
    """A file of the home, for any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._guard = threading.RLock()
        try:
            private_folder(path.parent)
            path.touch(0o600)
        except OSError as error:
            raise JobsFault(f"jobs {path}: {error.strerror}") from None
        with self._explained():
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS
            )
        try:
            self._fit()
        except BaseException:
            self._connection.close()
            raise

    def _fit(self) -> None:
        version = self.do("PRAGMA user_version")[0][0]
        if version > FORMAT:
            raise JobsFault(f"jobs {self.where}: of format {version}, this program knows {FORMAT}")
        if version == FORMAT:
            return
        self.do("PRAGMA journal_mode = WAL")
        with self.together():
            for statement in TABLES:
                self.do(statement)
            self.do(f"PRAGMA user_version = {FORMAT}")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what is done within one immediate transaction."""
        with self._guard, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.rollback()
                raise

    def do(self, statement: str, *values: Any) -> list[Any]:
        """Execute a statement and return its rows."""
        with self._guard, self._explained():
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JobsFault(f"jobs {self.where}: {error}") from None

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._connection.close()


class JobsServer:
    """Tables of the PostgreSQL database that holds the journals; connected to anew after a fault."""

    def __init__(self, url: str) -> None:
        from journal import server  # noqa: PLC0415 -- psycopg is an extra

        self._server = server
        self._url = server.checked_url(url)
        self.where = server.place(self._url)
        self._guard = threading.RLock()
        self._connection: Any = None
        with self._guard:
            self._connected()

    def _connected(self) -> Any:
        if self._connection is None:
            with self._explained():
                self._connection = self._server.connect(self._url, NAMESPACE, writable=True)
                self._begin()
                self._execute(f'CREATE SCHEMA IF NOT EXISTS "{NAMESPACE}"')
                for statement in TABLES:
                    self._execute(statement)
                self._execute("COMMIT")
        return self._connection

    def _begin(self) -> None:
        self._execute("BEGIN")
        self._execute("SELECT pg_advisory_xact_lock(?)", LOCK)

    def _execute(self, statement: str, *values: Any) -> list[Any]:
        cursor = self._connection.connection.cursor()
        try:
            cursor.execute(statement.replace("?", "%s"), values or None)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            cursor.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what is done within one transaction, ordered by the lock; a fault rolls back and hangs up."""
        with self._guard, self._explained():
            self._connected()
            self._begin()
            yield
            self._execute("COMMIT")

    def do(self, statement: str, *values: Any) -> list[Any]:
        """Execute a statement and return its rows."""
        with self._guard, self._explained():
            self._connected()
            return self._execute(statement, *values)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Hang up after whatever goes wrong: the server rolls back what is open."""
        try:
            yield
        except BaseException as error:
            self.close()
            if isinstance(error, self._server.Error):
                raise JobsFault(f"jobs at {self._server.explain(error, self.where)}") from None
            raise

    def close(self) -> None:
        """Hang up."""
        with self._guard:
            if self._connection is not None:
                self._server.disconnect(self._connection)
                self._connection = None
