"""The journal in a database, through SQLAlchemy Core. What is one database's own lives in its module."""

import contextlib
from pathlib import Path

import sqlalchemy as sa

from domain.errors import BadInput, JournalFault
from domain.events import Event
from journal import copying, schema, sqlite
from journal.chain import checked_id
from journal.reader import SqlReader, checked_path
from journal.stored import chained


class SqlJournal(SqlReader):
    """The journal of a running agent: the only connection to its file.

    After any failed transaction it refuses to append: what reached the disk is unknown until it
    is opened again, and a commit is never tried twice.
    """

    def __init__(self, connection: sa.Connection, path: Path) -> None:
        super().__init__(connection, path, None)
        self._failure = ""
        self._name = copying.hold(path)
        self._driver = connection.connection
        # Core's bookkeeping around three statements costs as much as the commit (0.1 ms), so the
        # statement is compiled once and given to the driver. Columns and `Stored` have one order.
        self._cursor = self._driver.cursor()
        self._insert = str(schema.ROWS.insert().compile(dialect=connection.dialect))

    def append(self, *events: Event) -> None:
        """Append events in one transaction, durable on return. Raises JournalFault; never retry.

        An event that cannot be written is refused before anything is begun; the journal goes on.
        """
        with self._lock:
            self._refuse_closed()
            if self._failure:
                raise JournalFault(f"nothing is appended after a failure: {self._failure}")
            rows = chained(self._seq, self._hash, events)
            if not rows:
                return
            try:
                self._cursor.execute(sqlite.BEGIN)
                self._cursor.executemany(self._insert, rows)
                self._driver.commit()
            except BaseException as error:  # an interrupt leaves the outcome just as unknown
                self._failure = sqlite.explain(error, self._path)
                with contextlib.suppress(*sqlite.Error):
                    self._driver.rollback()
                if isinstance(error, sqlite.Error):
                    raise JournalFault(self._failure) from error
                raise
            self._seq, self._hash = rows[-1].seq, rows[-1].hash

    def backup(self, target: Path) -> None:
        """Copy the journal into a new file, while it is in use; appends wait until it is done.

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
                sqlite.backup(self._connection, partial)
                partial.rename(target)
                sqlite.sync(target.parent)
            except (*sqlite.Error, OSError) as error:
                with contextlib.suppress(OSError):
                    partial.unlink(missing_ok=True)
                raise JournalFault(f"backup failed: {sqlite.explain(error, target)}") from error

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        with self._lock, contextlib.suppress(*sqlite.Error):
            self._cursor.close()  # a statement left open would keep the file locked
        super().close()
        copying.release(self._name)


def open_journal(target: Path | str, new_id: str) -> SqlJournal:
    """Open the journal at a path or an `sqlite:///` URL, or create it with the id `new_id`.

    A new file is for its owner alone (0600, its directory 0700). Raises BadInput for a target that
    cannot be a journal, JournalFault when it cannot be opened, locked, understood or believed.
    """
    checked_id(new_id)
    path = checked_path(target)
    try:
        if not path.exists():
            sqlite.create_file(path)
        sqlite.check_access(path)
        connection = sqlite.connect(path)
    except (*sqlite.Error, OSError) as error:
        raise JournalFault(sqlite.explain(error, path)) from error
    try:
        return _opened(connection, path, new_id)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite.Error):
            raise JournalFault(sqlite.explain(error, path)) from error
        raise


def _opened(connection: sa.Connection, path: Path, new_id: str) -> SqlJournal:
    sqlite.lock(connection)
    if schema.is_empty(connection):
        connection.exec_driver_sql(sqlite.BEGIN).close()
        schema.create(connection, new_id)
        sqlite.guard(connection)
        connection.connection.commit()
    journal_id = schema.journal_id(connection, path)  # the version comes before anything else
    checked_id(journal_id)
    sqlite.check_guards(connection, path)
    journal = SqlJournal(connection, path)
    try:
        journal.tail(1)
    except JournalFault:
        journal.close()
        raise
    return journal
