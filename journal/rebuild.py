"""A journal's file made anew from its rows: what a restore and an archival end with.

The draft is no journal to anybody until it is whole: it is written without a log or a sync, synced once at
the end, and takes its place by a rename. A crash leaves a draft, which the next one replaces.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from domain.errors import JournalFault
from journal import schema, sqlite
from journal.stored import Stored

_AT_A_TIME = 2_000
_PRAGMAS = (sqlite.VACUUM, "locking_mode = exclusive", "journal_mode = off", "synchronous = off")
_ERRORS: tuple[type[BaseException], ...] = (*sqlite.Error, OSError)


def rebuild(path: Path, journal_id: str, rows: Iterable[Stored]) -> int:
    """Write rows as they are into a new file, durably, in place of a draft that lies there.

    The rows may begin at any number; whoever reads the file checks what they follow. Returns the last one's
    number, 0 where there are none. Raises JournalFault when it cannot be written; whatever `rows` raises
    passes. Then no file is left.
    """
    try:
        for suffix in ("", "-wal", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        sqlite.create_file(path)
        last = _written(path, journal_id, rows)
        sqlite.sync(path)
    except BaseException as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if isinstance(error, _ERRORS):
            raise JournalFault(f"{path} cannot be made: {sqlite.explain(error, path)}") from error
        raise
    return last


def _written(path: Path, journal_id: str, rows: Iterable[Stored]) -> int:
    connection, last = sqlite.connect(path), 0
    try:
        for pragma in _PRAGMAS:
            connection.exec_driver_sql(f"PRAGMA {pragma}").close()
        connection.exec_driver_sql(sqlite.BEGIN).close()
        schema.create(connection, journal_id)
        left = iter(rows)
        while page := list(islice(left, _AT_A_TIME)):
            connection.execute(schema.ROWS.insert(), [row._asdict() for row in page])
            last = page[-1].seq
        sqlite.guard(connection)
        connection.connection.commit()
    finally:
        connection.close()
    return last


def add(path: Path, rows_after: Callable[[int], Iterable[Stored]]) -> None:
    """Add the rows to a rebuilt file that follow its last one, durably. Raises JournalFault."""
    try:
        connection = sqlite.connect(path)
        try:
            last = connection.execute(schema.LAST_ROW).one_or_none()
            rows = list(rows_after(last.seq if last is not None else 0))
            if rows:
                connection.exec_driver_sql(sqlite.BEGIN).close()
                connection.execute(schema.ROWS.insert(), [row._asdict() for row in rows])
                connection.connection.commit()
        finally:
            connection.close()
        sqlite.sync(path)
    except _ERRORS as error:
        raise JournalFault(f"{path} cannot be completed: {sqlite.explain(error, path)}") from error


def take_place(draft: Path, path: Path) -> None:
    """Put a rebuilt file in a journal's place. Raises OSError.

    A write-ahead log that lies there without its journal is put aside: SQLite would play it into this one.
    """
    for suffix in ("-wal", "-shm"):
        log = path.with_name(path.name + suffix)
        if log.exists():
            log.replace(log.with_name(f"{log.name}.stale"))
    draft.replace(path)
    sqlite.sync(path.parent)
