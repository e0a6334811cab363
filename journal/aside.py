"""A journal's file put aside under another name, whole at every moment: whoever is killed loses no row.

Its file is renamed in one step. What belongs to it lies under both names before that and under the new one
alone behind it: segments and a write-ahead log are linked, and where links are not to be had, copied.
"""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from edge.files import sync_folder
from journal.archive import folder_of

LOGS = ("-wal", "-shm")


def put_aside(path: Path, kept: Path) -> None:
    """Give a journal that no process has open another name. Raises OSError where that cannot be."""
    _merge(path)
    logs = [(_named(path, suffix), _named(kept, suffix)) for suffix in LOGS]
    folder = folder_of(path)
    if folder.is_dir():
        shutil.copytree(folder, folder_of(kept), copy_function=_linked)
    for log, beside in logs:
        if log.is_file():
            _linked(log, beside)
    path.rename(kept)
    sync_folder(path.parent)
    for log, _ in logs:
        log.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _merge(path: Path) -> None:
    """Move the write-ahead log into the file; one that is damaged keeps it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = exclusive")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _named(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _linked(source: str | Path, target: str | Path) -> None:
    """Give a file a second name; one that a put-aside cut off has left there goes first."""
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
