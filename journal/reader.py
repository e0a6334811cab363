"""Reading a journal in a database, through SQLAlchemy Core; never blocks or touches a running agent's."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import sqlalchemy as sa

from domain.errors import BadInput, JournalFault
from domain.events import Event
from domain.ports import Row
from journal import copying, schema, sqlite, target
from journal.archive import Archive, Segments, joined
from journal.chain import genesis
from journal.history import History
from journal.scratch import Scratch
from journal.stored import Stored

LOOK_ROWS = 4096
"""Rows that are looked through at a time: a few milliseconds, in which nobody else reads or appends."""


class Database(Protocol):
    """The particulars of one kind of database; the modules `sqlite` and `server` are such."""

    Error: tuple[type[BaseException], ...]

    def explain(self, error: BaseException, where: object) -> str:
        """Say in words what went wrong and what to do."""
        ...

    def disconnect(self, connection: sa.Connection) -> None:
        """Close a connection, whatever became of it."""
        ...

    def integrity(self, connection: sa.Connection) -> str | None:
        """Return what the database finds wrong with its own pages and indexes, or None."""
        ...


class SqlReader(History):
    """The readable side of a journal in a database; safe to call from several threads.

    `where` names the journal in messages; `release` is called once, after closing. `file` is where the
    journal lies, for older rows may be archived beside it (`journal.archive`).
    """

    def __init__(
        self,
        connection: sa.Connection,
        where: object,
        database: Database = sqlite,
        release: Callable[[], object] = lambda: None,
        file: Path | None = None,
    ) -> None:
        self._connection = connection
        self._where = where
        self._database = database
        self._release = release
        self._lock = Lock()
        self._closed = False
        self._id = schema.journal_id(connection, where)
        row = connection.execute(schema.LAST_ROW).one_or_none()
        self._seq: int = 0 if row is None else row.seq
        self._hash: bytes = genesis(self._id) if row is None else row.hash
        self._first: int = connection.execute(schema.FIRST_ROW).scalar() or 1
        self._archive: Segments | None = None
        if file is not None and self._first > 1:
            archive = Archive(file, self._id)
            self._archive = archive if archive.begun else None
        if type(self._hash) is not bytes:
            self._hash = b""  # someone wrote to the file by hand; the reader still shows all of it

    @property
    def journal_id(self) -> str:
        """Twelve hex digits given at creation."""
        return self._id

    @property
    def first(self) -> int:
        """The first row that is in the database itself, 1 in an empty one; those before it are archived."""
        return self._first

    def append(self, *events: Event) -> None:
        """Refuse: this is a reader. Raises JournalFault."""
        raise JournalFault(f"{self._where} is open for reading; {len(events)} events were not appended")

    def head(self) -> tuple[int, str]:
        """Return sequence and hash (hex) of the last row; (0, the genesis hash) when empty."""
        with self._lock:
            return self._seq, self._hash.hex()

    def page(self, after: int, limit: int) -> Sequence[Stored]:
        """Return at most `limit` rows with a sequence above `after`, unchecked. Raises JournalFault."""
        if self._archive is None or after + 1 >= self._first:
            rows = self._read(schema.PAGE, {"after": after, "limit": limit})
            if after < self._seq and not (rows and rows[0][0] <= max(after, 0) + 1):
                self._look()
            # Rows may go to the archive meanwhile; the first of the file is told with them.
            if self._archive is None or after + 1 >= self._first:
                return [Stored._make(row) for row in rows]
        return self._archive.page(after, min(limit, self._first - 1 - max(after, 0)))

    def _look(self) -> None:
        """Look up anew which rows are archived, where others may have archived some meanwhile.

        Only after the rows themselves were looked at: they leave for the archive, never the other way.
        """

    def cycle_rows(self, cycle_id: int) -> Sequence[int]:
        """Return the sequences of a cycle's rows. Raises JournalFault."""
        here = [row[0] for row in self._read(schema.CYCLE, {"cycle_id": cycle_id})]
        self._look()
        older = self._archive.cycle_rows(cycle_id, self._first) if self._archive else []
        if self._archive is not None and not (older or here):
            self._archive.refuse_gap(self._first)
        return joined(older, here)

    def session_rows(self) -> Sequence[int]:
        """Return the sequences of the rows that start a session. Raises JournalFault."""
        here = [row[0] for row in self._read(schema.SESSIONS, {})]
        self._look()
        return joined(self._archive.session_rows(self._first, here) if self._archive else [], here)

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is, or None before the first. Raises JournalFault."""
        result: int | None = self._read(schema.LAST_CYCLE, {})[0][0]
        if result is None:
            self._look()
        archived = self._archive
        return result if result is not None or archived is None else archived.last_cycle(self._first)

    def mentions(self, after: int, texts: Collection[bytes], until: int | None = None) -> Iterator[Row]:
        """Return rows above `after`, up to `until`, whose payload holds one of `texts`, oldest first.

        SQLite looks through a file itself, and only what it finds is checked. Raises JournalFault.
        """
        if self._database is not sqlite or not texts:
            yield from super().mentions(after, texts, until)
            return
        last, begin = self._limit(until), _common(*texts)
        while after < last:
            upto = min(after + LOOK_ROWS, last)
            rows = self._read(schema.SEARCH, {"after": after, "until": upto, "text": begin})
            if self._archive is not None and after + 1 < self._first:
                yield from super().mentions(after, texts, upto)  # some went to the archive meanwhile
                after = upto
                continue
            yield from self._at(seq for seq, payload in rows if any(text in payload for text in texts))
            after = upto

    def storage_flaw(self) -> str | None:
        """Return what the database finds wrong with its own pages and indexes, or None."""
        with self._lock:
            self._refuse_closed()
            try:
                return self._database.integrity(self._connection)
            except self._database.Error as error:
                return self._database.explain(error, self._where)

    def close(self) -> None:
        """Let go of the database; calling it again does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._database.disconnect(self._connection)
                self._connection.engine.dispose()
                self._release()

    def _read(self, query: sa.Executable, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        with self._lock:
            self._refuse_closed()
            try:
                return self._connection.execute(query, values).all()
            except self._database.Error as error:
                raise JournalFault(self._database.explain(error, self._where)) from error

    def _refuse_closed(self) -> None:
        if self._closed:
            raise JournalFault("the journal is closed")


def _common(*texts: bytes) -> bytes:
    """Return what all texts begin with."""
    first, last = min(texts), max(texts)  # what these two have in common all have that lie between
    length = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]


def open_held(name: Path | str, *, account: str = "") -> SqlReader:
    """Open a journal to read it where it lies, without a copy; the caller holds the account's lock.

    Only while no agent can be running: a second connection could spoil its write-ahead log. Raises BadInput
    when there is no such journal, JournalFault when it cannot be read, locked or understood.
    """
    if target.on_server(name):
        return open_reader(name, account=account)
    path = target.checked_path(name)
    if not path.is_file():
        raise BadInput(f"journal {path} does not exist")
    held, connection = copying.hold(path), None
    try:
        sqlite.check_access(path)
        connection = sqlite.connect(path)
        sqlite.lock(connection)
        return SqlReader(connection, path, release=lambda: copying.release(held), file=path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        copying.release(held)
        if isinstance(error, sqlite.Error):
            raise JournalFault(sqlite.explain(error, path)) from error
        raise


def open_reader(name: Path | str, *, account: str = "") -> SqlReader:
    """Open a journal to read it, whoever is writing it: a path, an `sqlite:///` or a `postgresql://` URL.

    Of a file a private copy is read, and the file is not touched. On a server `account` names the
    journal; it is read without its lease. Raises BadInput when there is no such journal, JournalFault
    when it cannot be read or understood.
    """
    if target.on_server(name):
        on_server: SqlReader = target.postgres().open_reader(name, account=account)
        return on_server
    source = target.checked_path(name)
    folder = Scratch("boyd-journal-")
    connection = None
    try:
        connection = sqlite.connect(copying.copy(source, folder.path))
        return SqlReader(connection, source, release=folder.cleanup, file=source)
    except BaseException as error:
        if connection is not None:
            connection.close()
        folder.cleanup()
        if isinstance(error, sqlite.Error):
            raise JournalFault(sqlite.explain(error, source)) from error
        raise
