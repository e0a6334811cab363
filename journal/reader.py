"""Reading a journal in a database, through SQLAlchemy Core; never blocks or touches a running agent's."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import sqlalchemy as sa

from domain.errors import BadInput, JournalFault
from domain.events import Event
from journal import copying, schema, sqlite
from journal.chain import genesis
from journal.history import History
from journal.stored import Stored


class SqlReader(History):
    """The readable side of a journal in a database; safe to call from several threads."""

    def __init__(self, connection: sa.Connection, path: Path, folder: TemporaryDirectory[str] | None) -> None:
        self._connection = connection
        self._path = path
        self._folder = folder
        self._lock = Lock()
        self._closed = False
        self._id = schema.journal_id(connection, path)
        row = connection.execute(schema.LAST_ROW).one_or_none()
        self._seq: int = 0 if row is None else row.seq
        self._hash: bytes = genesis(self._id) if row is None else row.hash
        if type(self._hash) is not bytes:
            self._hash = b""  # someone wrote to the file by hand; the reader still shows all of it

    @property
    def journal_id(self) -> str:
        """Twelve hex digits given at creation."""
        return self._id

    def append(self, *events: Event) -> None:
        """Refuse: what is read is a copy. Raises JournalFault."""
        raise JournalFault(f"{self._path} is open for reading; {len(events)} events were not appended")

    def head(self) -> tuple[int, str]:
        """Return sequence and hash (hex) of the last row; (0, the genesis hash) when empty."""
        with self._lock:
            return self._seq, self._hash.hex()

    def page(self, after: int, limit: int) -> Sequence[Stored]:
        """Return at most `limit` rows with a sequence above `after`, unchecked. Raises JournalFault."""
        return [Stored._make(row) for row in self._read(schema.PAGE, {"after": after, "limit": limit})]

    def cycle_rows(self, cycle_id: int) -> Sequence[int]:
        """Return the sequences of a cycle's rows. Raises JournalFault."""
        return [row[0] for row in self._read(schema.CYCLE, {"cycle_id": cycle_id})]

    def session_rows(self) -> Sequence[int]:
        """Return the sequences of the rows that start a session. Raises JournalFault."""
        return [row[0] for row in self._read(schema.SESSIONS, {})]

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is, or None before the first. Raises JournalFault."""
        found: int | None = self._read(schema.LAST_CYCLE, {})[0][0]
        return found

    def storage_flaw(self) -> str | None:
        """Return what the database finds wrong with its own pages and indexes, or None."""
        with self._lock:
            self._refuse_closed()
            try:
                return sqlite.integrity(self._connection)
            except sqlite.Error as error:
                return sqlite.explain(error, self._path)

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._connection.engine.dispose()
                if self._folder is not None:
                    self._folder.cleanup()

    def _read(self, query: sa.Executable, values: dict[str, int]) -> Sequence[Sequence[Any]]:
        with self._lock:
            self._refuse_closed()
            try:
                return self._connection.execute(query, values).all()
            except sqlite.Error as error:
                raise JournalFault(sqlite.explain(error, self._path)) from error

    def _refuse_closed(self) -> None:
        if self._closed:
            raise JournalFault("the journal is closed")


def open_reader(path: Path | str) -> SqlReader:
    """Open a journal to read it, whoever is writing it: a private copy is read, the file is not touched.

    Raises BadInput when there is no such file, JournalFault when it cannot be read or understood.
    """
    source = checked_path(path)
    folder = TemporaryDirectory(prefix="journal-")
    connection = None
    try:
        connection = sqlite.connect(copying.copy(source, Path(folder.name)))
        return SqlReader(connection, source, folder)
    except BaseException as error:
        if connection is not None:
            connection.close()
        folder.cleanup()
        if isinstance(error, sqlite.Error):
            raise JournalFault(sqlite.explain(error, source)) from error
        raise


def checked_path(target: Path | str) -> Path:
    """Return the absolute path of a path or an `sqlite:///` URL. Raises BadInput for anything else."""
    if isinstance(target, str) and "://" in target:
        scheme, _, rest = target.partition("://")
        if scheme != "sqlite" or not rest.startswith("/") or rest == "/":
            # the rest of the URL may hold a password, so it is not shown
            raise BadInput(f"journal URL {scheme}://... is not supported; use a path or sqlite:///path")
        target = rest[1:]
    path = Path(target).absolute()
    if path.is_dir():
        raise BadInput(f"journal {path} is a directory; name a file")
    return path
