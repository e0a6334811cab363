"""A consistent copy of a journal another process is writing, taken without a connection to it.

A connection from here could spoil the writer's WAL (see `sqlite.py`), so files are copied. While a WAL
keeps its header, it holds every page a checkpoint moves into the main file; a copy of the main file
and then of that same WAL therefore recovers to a committed state. A changed header means: again.
"""

import contextlib
import os
import shutil
from pathlib import Path

from domain.errors import BadInput, JournalFault

_TRIES = 20
_WAL_HEADER = 32
_held: set[tuple[int, int]] = set()


class OpenHere(JournalFault):
    """The journal is open in this process, for a moment: whoever only reads it comes again."""


def hold(path: Path) -> tuple[int, int]:
    """Remember that this process has the file open, and return the name to release it by.

    POSIX drops all of a process's locks on a file when it closes any descriptor of it, so copying
    a journal that is open here would let a second agent in.
    """
    name = _identity(path)
    _held.add(name)
    return name


def release(name: tuple[int, int]) -> None:
    """Forget a held file."""
    _held.discard(name)


def copy(path: Path, folder: Path) -> Path:
    """Copy the journal at `path`, with its WAL, into `folder` and return the copy's path.

    Raises BadInput when there is no such file, OpenHere when it is open in this process, JournalFault
    when it cannot be read, or changes too fast.
    """
    if not path.is_file():
        raise BadInput(f"journal {path} {'is a directory' if path.is_dir() else 'does not exist'}")
    if _identity(path) in _held:
        raise OpenHere(f"{path} is open in this process: read through the open journal")
    target = folder / "journal.db"
    try:
        for _ in range(_TRIES):
            if _copied(path, target):
                return target
    except OSError as error:
        raise JournalFault(f"{path} cannot be copied to {folder}: {error.strerror}") from error
    raise JournalFault(f"{path} is being written too fast to copy ({_TRIES} tries); try again later")


def _copied(path: Path, target: Path) -> bool:
    before = _mark(path)
    _copy_file(path, target)
    wal = _wal(target)
    wal.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):  # closed in order: everything is in the main file
        _copy_file(_wal(path), wal)
    return before == _mark(path)


def _copy_file(source: Path, target: Path) -> None:
    with source.open("rb") as content, open(target, "wb", opener=_for_us_only) as out:
        shutil.copyfileobj(content, out, 1024 * 1024)


def _for_us_only(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _mark(path: Path) -> tuple[object, ...]:
    """Return what changes when the WAL starts over, or when it is gone and the main file changes."""
    try:
        with _wal(path).open("rb") as wal:
            header = wal.read(_WAL_HEADER)
    except FileNotFoundError:
        header = b""
    stat = path.stat()
    return (header, stat.st_ino) if header else (stat.st_ino, stat.st_mtime_ns, stat.st_size)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _identity(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino
