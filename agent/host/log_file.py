"""The log's file: turned over when it is full, and a line that cannot be written is lost."""

import logging
import logging.handlers
import os
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path


class LogFile(logging.handlers.RotatingFileHandler):
    """The log's file; a line that cannot be written is lost, and counted in `lost`."""

    lost = 0

    def _open(self) -> TextIOWrapper:
        """Open the file, made for its owner alone; a rotated one keeps its mode."""
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()

    def shouldRollover(self, record: logging.LogRecord) -> int:  # noqa: N802 -- the library's name
        """Say whether the file is full; where another process has begun a new one, go on in that."""
        with suppress(OSError):
            if self.stream is not None and not _same(self.stream.fileno(), self.baseFilename):
                self.stream.close()
                self.stream = self._open()
        return super().shouldRollover(record)

    def doRollover(self) -> None:  # noqa: N802 -- the library's name
        """Begin a new file; where that fails the old one grows on."""
        with suppress(OSError):
            super().doRollover()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002 -- the library's name
        """Count it: the library would print to an error output that may be gone as well."""
        self.lost += 1


def _same(descriptor: int, path: str) -> bool:
    """Say whether an open file is the one that lies at a path. Raises OSError."""
    ours, there = os.fstat(descriptor), Path(path).stat()
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def unfit(path: Path) -> str | None:
    """Say why a file cannot be the log; a pipe nobody reads, say, would hold the agent up for ever."""
    try:
        if path.exists() and not path.is_file():
            return f"{path} is no file"
        path.touch(mode=0o600)
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"
    return None
