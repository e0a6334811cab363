"""Secrets in files: read when only their owner can read them, and never shown."""

import os
import stat
from pathlib import Path

from domain.errors import BadInput

MOST_BYTES = 16 * 1024


def read_secret(name: str, path: Path) -> str:
    """Return the text of a file that `name` points to. Raises BadInput that says what is wrong with it."""
    try:
        with path.open("rb") as stream:
            result = os.fstat(stream.fileno())
            if not stat.S_ISREG(result.st_mode):
                raise BadInput(f"{name}: {path} is not a file")
            mode = stat.S_IMODE(result.st_mode)
            if mode & 0o077:
                raise BadInput(f"{name}: {path} has mode {mode:o}: others can read it; chmod 600 {path}")
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{name}: {path} cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise BadInput(f"{name}: {path} has more than {MOST_BYTES} bytes, which no key has")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise BadInput(f"{name}: {path} is not text") from None
    if not text:
        raise BadInput(f"{name}: {path} is empty")
    return text
