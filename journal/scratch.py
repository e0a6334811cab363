"""Folders for a while, which do not outlive their owner for ever, however it ends.

A killed process cleans nothing up, and what it leaves may hold an account. So a folder is locked by whoever
uses it, which the kernel undoes at its end, and the next one to make a folder of the name removes those that
nobody holds. A folder younger than a minute is left alone: its owner may not have come to lock it yet.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

LEAST_AGE = 60.0


class Scratch:
    """A new folder in the temporary folder, for its owner only; gone after `cleanup` or the with."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_left_over(prefix, os.fstat(self._handle).st_ctime)

    def cleanup(self) -> None:
        """Remove the folder with all in it; calling it again does nothing."""
        if self._handle >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()


def _remove_left_over(prefix: str, now: float) -> None:
    """Remove our own folders of that name which no process holds; `now` by the file system's clock."""
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError), _held(path):
            if now - path.stat().st_ctime >= LEAST_AGE:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a folder of ours. Raises OSError for another's, for a link, and for one that is in use."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            raise PermissionError(f"{path} is another user's")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
