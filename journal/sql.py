"""The journal in a database, through SQLAlchemy Core. What is one database's own lives in its module."""

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from domain.errors import BadInput, JournalFault
from domain.events import Event
from journal import copying, schema, sqlite, target
from journal.archive import Archive
from journal.chain import checked_id
from journal.lease import GRACE_MS, LEASE_MS, alive
from journal.reader import Database, SqlReader
from journal.stored import Stored, chained

TRIM_ROWS = 128
"""Rows that are taken out of a file at once: a few milliseconds, which an append may wait."""

LEAST_LEFT = 2
"""Rows that stay in a file whatever is archived: the next one is chained to the last."""

_FILE_ERRORS: tuple[type[BaseException], ...] = (*sqlite.Error, OSError)


class SqlJournal(SqlReader):
    """The journal of a running agent: the only one that writes to it.

    After any failed transaction it refuses to append: what reached the disk is unknown until it
    is opened again, and a commit is never tried twice.
    """

    def __init__(
        self, connection: sa.Connection, where: object, database: Database, file: Path | None = None
    ) -> None:
        super().__init__(connection, where, database, file=file)
        self._failure = ""
        # Core's bookkeeping around three statements costs as much as the commit (0.1 ms), so the
        # statements are given to the driver. Columns and `Stored` have one order.
        self._driver = cast("Any", connection.connection.driver_connection)
        self._cursor = self._driver.cursor()
        self.committed: Callable[[Sequence[Stored]], None] | None = None
        """Told of rows once they are durable, in their order and by whoever appends, who holds the lock: it
        must neither wait nor read the journal."""

    def append(self, *events: Event) -> None:
        """Append events in one transaction, durable on return. Raises JournalFault; never retry.

        An event that cannot be written is refused before anything is begun; the journal goes on.
        """
        with self._lock:
            self._refuse_failed()
            rows = chained(self._seq, self._hash, events)
            if not rows:
                return
            self._attempt(self._write, rows)
            self._seq, self._hash = rows[-1].seq, rows[-1].hash
            if self.committed is not None:
                self._tell(rows)

    def _tell(self, rows: Sequence[Stored]) -> None:
        """Tell of rows that are in the journal; who raises is told no more, for the append has succeeded."""
        try:
            if self.committed is not None:
                self.committed(rows)
        except Exception:  # noqa: BLE001 -- an append stands between a fill and its stop
            self.committed = None

    @abstractmethod
    def _write(self, rows: Sequence[Stored]) -> None:
        """Write rows in one transaction, durable on return; the lock is held."""

    @abstractmethod
    def _copy(self, path: Path) -> None:
        """Copy the journal into an empty file, durably."""

    def _attempt(self, work: Callable[[Sequence[Stored]], None], rows: Sequence[Stored]) -> None:
        try:
            work(rows)
        except BaseException as error:  # an interrupt leaves the outcome just as unknown
            self._failure = self._database.explain(error, self._where)
            with contextlib.suppress(*self._database.Error):
                self._driver.rollback()
            if isinstance(error, self._database.Error):
                raise JournalFault(self._failure) from error
            raise

    def _refuse_failed(self) -> None:
        self._refuse_closed()
        if self._failure:
            raise JournalFault(f"nothing is appended after a failure: {self._failure}")

    def backup(self, target: Path) -> None:
        """Copy the journal into a new SQLite file, while it is in use.

        Raises BadInput when `target` exists, JournalFault when it cannot be written.
        """
        if target.exists():
            raise BadInput(f"backup {target} exists already; name a new file")
        partial = target.with_name(target.name + ".partial")
        with self._lock:
            self._refuse_closed()
        try:
            partial.unlink(missing_ok=True)
            sqlite.create_file(partial)
            self._copy(partial)
            partial.rename(target)
            sqlite.sync(target.parent)
        except BaseException as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            if isinstance(error, _FILE_ERRORS):
                raise JournalFault(f"backup failed: {sqlite.explain(error, target)}") from error
            raise

    def close(self) -> None:
        """Let go of the database; calling it again does nothing."""
        with self._lock, contextlib.suppress(*self._database.Error):
            self._cursor.close()  # a statement left open would keep a file locked
        super().close()


class SqliteJournal(SqlJournal):
    """A journal in a file; this is the only connection to it, and appends wait while it is backed up."""

    def __init__(self, connection: sa.Connection, path: Path) -> None:
        super().__init__(connection, path, sqlite, path)
        self._path = path
        self._name = copying.hold(path)
        self._insert = str(schema.ROWS.insert().compile(dialect=connection.dialect))

    def _write(self, rows: Sequence[Stored]) -> None:
        self._cursor.execute(sqlite.BEGIN)
        self._cursor.executemany(self._insert, rows)
        self._driver.commit()

    def _copy(self, path: Path) -> None:
        with self._lock:
            self._refuse_closed()
            sqlite.backup(self._connection, path)

    def trim(self, upto: int, go_on: Callable[[], bool]) -> int:
        """Take rows up to `upto` out of the file, which are archived; return the first that is left.

        A few rows at a time, while `go_on` says so between two: an append waits for one such step at most.
        One that fails ends nothing but this. Raises JournalFault where the rows are not archived.
        """
        archive = Archive(self._path, self._id)
        end = min(upto, self._seq - LEAST_LEFT)
        spans = [span for span in archive.path() if self._first <= span[1] <= end]
        for span in spans:
            if archive.segment(span)[-1].hash.hex() != self.hash_at(span[1]):
                raise JournalFault(
                    f"{archive.file(span)} is not of the rows of this journal; nothing left it"
                )
        upto = spans[-1][1] if spans else 0
        while self._first <= upto:
            self._step(archive, min(self._first + TRIM_ROWS - 1, upto))
            if not go_on():
                break
        return self._first

    def _step(self, archive: Archive, upto: int) -> None:
        with self._lock:
            self._refuse_failed()
            try:
                sqlite.delete(self._cursor, upto)
                self._first, self._archive = upto + 1, archive
                # A script is stepped to its end; execute() would give back one page and stop.
                self._driver.executescript(f"PRAGMA incremental_vacuum({sqlite.VACUUM_PAGES})").close()
            except sqlite.Error as error:
                with contextlib.suppress(*sqlite.Error):
                    self._driver.rollback()
                    (self._first,) = self._cursor.execute("SELECT min(seq) FROM rows").fetchone()
                    self._archive = archive if self._first > 1 else None
                raise JournalFault(sqlite.explain(error, self._path)) from error

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        super().close()
        copying.release(self._name)


def open_journal(
    name: Path | str,
    new_id: str,
    *,
    account: str = "",
    holder: str = "",
    grace_ms: int = GRACE_MS,
    lease_ms: int = LEASE_MS,
    lives: Callable[[str], bool] = alive,
) -> SqlJournal:
    """Open a journal to write it, or create it with the id `new_id`: what `agent/wiring/` calls.

    `name` is a path, an `sqlite:///` URL, or a `postgresql://user@host:port/database` URL. The rest is
    for a server alone (see `journal.postgres.open_journal`): `account` is the journal's name there and
    what one agent at a time may hold, `holder` says who asks (host and process), `grace_ms` is the
    venue's `Certainty.horizon_ms`. So one call fits both kinds:

        open_journal(options.db_url or home.journal(name), secrets.token_hex(6), account=name,
                     holder=f"{socket.gethostname()} process {os.getpid()}",
                     grace_ms=options.exchange.certainty.horizon_ms)

    A new file is for its owner alone (0600, its directory 0700). Raises BadInput for a name that
    cannot be a journal, JournalFault when it cannot be opened, locked, understood or believed.
    """
    checked_id(new_id)
    if target.on_server(name):
        opened: SqlJournal = target.postgres().open_journal(
            name, new_id, account=account, holder=holder, grace_ms=grace_ms, lease_ms=lease_ms, lives=lives
        )
        return opened
    path = target.checked_path(name)
    try:
        if not path.exists():
            sqlite.create_file(path)
        sqlite.check_access(path)
        connection = sqlite.connect(path)
        if not path.stat().st_size:
            connection.exec_driver_sql(f"PRAGMA {sqlite.VACUUM}").close()
    except _FILE_ERRORS as error:
        raise JournalFault(sqlite.explain(error, path)) from error
    try:
        return _opened(connection, path, new_id)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite.Error):
            raise JournalFault(sqlite.explain(error, path)) from error
        raise


def _opened(connection: sa.Connection, path: Path, new_id: str) -> SqliteJournal:
    sqlite.lock(connection)
    _prepare(connection, path, new_id)
    journal_id = schema.journal_id(connection, path)  # the version comes before anything else
    checked_id(journal_id)
    sqlite.check_guards(connection, path)
    journal = SqliteJournal(connection, path)
    try:
        journal.tail(1)
    except JournalFault:
        journal.close()
        raise
    return journal


def _prepare(connection: sa.Connection, path: Path, new_id: str) -> None:
    """Create the tables, or bring older ones up to date, in one transaction."""
    empty = schema.is_empty(connection)
    if not empty and not schema.is_behind(connection, path):
        return
    connection.exec_driver_sql(sqlite.BEGIN).close()
    if empty:
        schema.create(connection, new_id)
    else:
        sqlite.unguard(connection)
        schema.upgrade(connection, path)
    sqlite.guard(connection)
    connection.connection.commit()
