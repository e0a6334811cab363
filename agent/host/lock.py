"""Locks that are files: held until their process lets go or dies.

Who commands an agent believes only the holder of its journal's lock. A running agent whose file was deleted,
by a clean-up or by hand, would be heard no more: so it takes the lock anew.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from domain.errors import BadInput


class Unlocked:
    """Stands for a lock that cannot be taken, for there is no file: whoever stops an account does without."""

    def release(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        """Nothing is held."""


def taken(path: Path, seconds: float, *, needed: bool) -> FileLock | Unlocked:
    """Take a lock within `seconds`. Raises Timeout, BadInput where it is `needed` and cannot be opened."""
    lock = FileLock(path, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=seconds)
    except OSError as error:
        if isinstance(error, Timeout):
            raise
        if needed:
            raise BadInput(f"lock {path}: cannot be taken: {error.strerror}; move it away") from None
        return Unlocked()
    return lock


class JournalLock:
    """The lock of a journal, with the number of the process that holds it in its file.

    Raises Timeout when another process has it longer than `seconds`, BadInput as `taken`.
    """

    def __init__(self, path: Path, seconds: float, *, needed: bool = True) -> None:
        self._path = path
        self._held: list[FileLock | Unlocked] = []
        self._file: tuple[int, int] | None = None
        self._take(seconds, needed=needed)

    def renew(self) -> None:
        """Take the lock anew where its file is gone or is another, unless somebody has that one."""
        if self._held and self._there() != self._file:
            with suppress(Timeout):
                self._take(0, needed=False)

    def release(self) -> None:
        """Let go of it."""
        while self._held:
            self._held.pop().release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self, seconds: float, *, needed: bool) -> None:
        self._held.append(taken(self._path, seconds, needed=needed))
        with suppress(OSError):  # a full disk must not hold up who sells
            self._path.write_text(f"{os.getpid()}\n")
        self._file = self._there()

    def _there(self) -> tuple[int, int] | None:
        with suppress(OSError):
            there = self._path.stat()
            return there.st_dev, there.st_ino
        return None
