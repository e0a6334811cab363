"""Everything that is SQLite's alone: opening, pragmas, guards, its errors, its backup.

Laws: WAL with `synchronous=FULL` (a commit survives power loss); one connection, whose exclusive
lock keeps every other process out (versions before 3.51.3 can corrupt a WAL that several connections
reset); rows are never changed, and triggers say so to everyone else too.
"""

import os
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from domain.errors import JournalFault
from domain.private import private_folder

Error: tuple[type[BaseException], ...] = (sqlite3.Error, sa.exc.SQLAlchemyError, UnicodeError)
"""What a failing database raises, through the driver or through Core; the last for damaged names."""

BEGIN = "BEGIN IMMEDIATE"
LOCK_WAIT_SECONDS = 1.0
"""How long opening waits for another process to let go; a second agent must give up within 2 s."""

# Order matters: the lock first, so that WAL never makes shared memory.
_PRAGMAS: tuple[tuple[str, str | int], ...] = (
    ("locking_mode", "exclusive"),
    ("journal_mode", "wal"),
    ("synchronous", 2),  # FULL
    ("fullfsync", 1),  # macOS: fsync alone does not reach the disk there
    ("checkpoint_fullfsync", 1),
    ("journal_size_limit", 16 * 1024 * 1024),  # what a checkpoint leaves of the WAL, in bytes
    ("recursive_triggers", 1),  # else REPLACE deletes behind the triggers' back
    ("cell_size_check", 1),
    ("trusted_schema", 0),
)

VACUUM = "auto_vacuum = incremental"
"""Of a new file, before anything is in it: what is taken out gives its room back, a little at a time."""

VACUUM_PAGES = 64

_GUARDS = {
    "rows_never_updated": "BEFORE UPDATE ON rows BEGIN SELECT RAISE(ABORT, 'rows are never changed'); END",
    "rows_never_deleted": "BEFORE DELETE ON rows BEGIN SELECT RAISE(ABORT, 'rows are never deleted'); END",
    "rows_only_appended": (
        "BEFORE INSERT ON rows WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM rows) "
        "BEGIN SELECT RAISE(ABORT, 'rows are only appended'); END"
    ),
    "meta_never_updated": "BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'meta is never changed'); END",
    "meta_never_deleted": "BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'meta is never deleted'); END",
    "meta_never_added": "BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'meta is never added to'); END",
}

_MEANINGS = {
    "SQLITE_NOTADB": "is no SQLite database",
    "SQLITE_BUSY": "is in use by another process: one agent per journal, readers take a copy",
    "SQLITE_READONLY": "cannot be written: the file and its directory must be writable",
    "SQLITE_CANTOPEN": "cannot be opened: the file and its directory must be readable and writable",
    "SQLITE_FULL": "cannot grow: the disk or the quota is full",
    "SQLITE_IOERR_LOCK": "cannot be locked: it must be writable and on a local disk",
    "SQLITE_IOERR": "failed at the disk: check disk and quota, then start again",
    "SQLITE_CORRUPT": "is damaged: verify it, then restore it from a backup",
    "UnicodeDecodeError": "is damaged: restore it from a backup",
}


def connect(path: Path) -> sa.Connection:
    """Open the one connection, without shared use and with reads outside transactions.

    The driver's checks of threads are off: the journal's own lock serialises its callers.
    """
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": LOCK_WAIT_SECONDS},
    )
    return engine.connect()


def lock(connection: sa.Connection) -> None:
    """Set the pragmas and read them back. Raises JournalFault when one is not in force."""
    for name, wanted in _PRAGMAS:
        connection.exec_driver_sql(f"PRAGMA {name} = {wanted}").close()
        result = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        if result != wanted:
            raise JournalFault(f"SQLite's {name} is {result}, must be {wanted}; is this a local disk?")
    # The exclusive lock is taken by the first write; take it now rather than at the first append.
    connection.exec_driver_sql(BEGIN).close()
    connection.exec_driver_sql("COMMIT").close()


def guard(connection: sa.Connection) -> None:
    """Create the triggers that refuse to change what is written; the caller commits."""
    for name, body in _GUARDS.items():
        connection.exec_driver_sql(_trigger(name, body)).close()


def delete(cursor: sqlite3.Cursor, upto: int) -> None:
    """Take rows up to `upto` out of the file in one transaction; the trigger is back before it ends."""
    name = "rows_never_deleted"
    cursor.execute(BEGIN)
    cursor.execute(f"DROP TRIGGER {name}")
    cursor.execute("DELETE FROM rows WHERE seq <= ?", (upto,))
    cursor.execute(_trigger(name, _GUARDS[name]))
    cursor.execute("COMMIT")


def unguard(connection: sa.Connection) -> None:
    """Take the triggers away inside a migration, which puts them back; the caller commits."""
    for name in _GUARDS:
        connection.exec_driver_sql(f"DROP TRIGGER {name}").close()


def check_guards(connection: sa.Connection, where: object) -> None:
    """Raise JournalFault unless every trigger is there, word for word: someone took one away."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    result = {row.name: row.sql for row in connection.exec_driver_sql(query)}
    for name, body in _GUARDS.items():
        if result.get(name) != _trigger(name, body):
            raise JournalFault(f"{where} lacks its trigger {name}: verify it and restore it from a backup")


def disconnect(connection: sa.Connection) -> None:
    """Close the connection."""
    connection.close()


def explain(error: BaseException, where: object) -> str:
    """Say in words what went wrong with the file and what to do; never shows values of rows."""
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", type(cause).__name__)
    for code, meaning in _MEANINGS.items():
        if name.startswith(code):
            return f"{where} {meaning} ({name})"
    return f"{where}: {cause} ({name})"


def integrity(connection: sa.Connection) -> str | None:
    """Return what SQLite finds wrong with its own pages and indexes, or None."""
    result = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    return None if result == "ok" else str(result)


def backup(connection: sa.Connection, target: Path) -> None:
    """Copy the database into the empty file `target`, as one file that needs no WAL, durably."""
    source = connection.connection.driver_connection
    if not isinstance(source, sqlite3.Connection):
        raise JournalFault(f"not an SQLite connection: {type(source).__name__}")
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE").close()
    finally:
        copy.close()
    sync(target)


def create_file(path: Path) -> None:
    """Create an empty file for its owner alone (0600) in a directory for its owner alone (0700)."""
    private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    sync(path.parent)


def check_access(path: Path) -> None:
    """Raise JournalFault unless the file and its directory, where the WAL goes, are ours to write."""
    for folder in (path, path.parent):
        if not os.access(folder, os.R_OK | os.W_OK):
            raise JournalFault(f"{path} cannot be written: {folder} is not writable by this user")


def sync(path: Path) -> None:
    """Make a file's content, or a directory's names, reach the disk. Not for a database in use."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _trigger(name: str, body: str) -> str:
    return f"CREATE TRIGGER {name} {body}"
