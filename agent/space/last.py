"""The last backup, as the home remembers it: for whoever asks without the backup's folder or key."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from edge.files import write_whole
from edge.typed_json import typed

FILE = "last-backup.json"


class LastBackup(msgspec.Struct, frozen=True):
    """The last backup that went well: into which folder, which point, when, and its rows by journal."""

    folder: str
    point: int
    at: datetime
    rows: dict[str, int]
    bytes: int


def remember(home: Path, backup: LastBackup) -> None:
    """Write it down; where that cannot be done the doctor knows less."""
    with suppress(OSError):
        write_whole(home / FILE, msgspec.json.encode(backup) + b"\n")


def last_backup(home: Path) -> LastBackup | None:
    """Return the last backup, None where none is on record."""
    with suppress(OSError, msgspec.MsgspecError, ValueError):
        return typed((home / FILE).read_bytes(), LastBackup)
    return None
