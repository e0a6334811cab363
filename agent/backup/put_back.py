"""Putting the files of a home back: what differs stays, or is put aside where that is wanted.

A database is one file in the backup. In the home it may have a log beside it, which belongs to what lay
there before: it goes aside with it, for SQLite would play it into another's pages. One that a server has open
stays.
"""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent.backup.points import FilePoint, Point
from agent.backup.vault import DamagedFile, Vault
from agent.settings.home import Home, aside
from domain.errors import BadInput
from domain.private import private_folder
from edge.files import write_whole

LOGS = ("-wal", "-shm", "-journal")


class FilesPutBack(NamedTuple):
    """Paths that were put back, those that stayed as they were, and those that failed with why."""

    written: list[str]
    stayed: list[str]
    failed: list[str]


def put_files(vault: Vault, home: Home, point: Point, now: datetime, *, over: bool) -> FilesPutBack:
    """Put the files of a point back; one that differs is put aside where it is to be written `over`.

    Raises BadInput for one that leads out of the home.
    """
    result = FilesPutBack([], [], [])
    served = home.served()
    for each in point.files:
        target = home.root / _inside(each)
        try:
            content = vault.read(each.content)
            kept = _put(target, content, now, over=over, served=served)
        except DamagedFile as damaged:
            result.failed.append(f"{each.path}: {damaged}")
        except OSError as error:
            result.failed.append(f"{each.path}: {error.strerror or os.fspath(target)}")
        else:
            (result.stayed if kept else result.written).append(each.path)
    return result


def _inside(file: FilePoint) -> Path:
    """Return a file's path in the home. Raises BadInput for one that leads out of it."""
    path = Path(file.path)
    if path.is_absolute() or ".." in path.parts:
        raise BadInput(f"the backup names a file outside the home: {file.path}")
    return path


def _put(target: Path, content: bytes, now: datetime, *, over: bool, served: bool) -> bool:
    """Put a file back; say whether another stayed in its place. Raises OSError."""
    database = target.suffix == ".db"
    if target.exists():
        if target.read_bytes() == content and not (database and _logs(target)):
            return False
        if not over:
            return True
    if database and served:
        raise OSError(0, "a server has it open: stop `agent serve`, and restore with --put-aside again")
    kept = aside(target, now)
    for log in _logs(target) if database else ():
        log.rename(kept.with_name(kept.name + log.name.removeprefix(target.name)))
    with suppress(FileNotFoundError):
        target.rename(kept)
    private_folder(target.parent)
    write_whole(target, content, settled=True)
    return False


def _logs(database: Path) -> list[Path]:
    """Return the logs that lie beside a database."""
    beside = (database.with_name(database.name + suffix) for suffix in LOGS)
    return [path for path in beside if path.exists()]
