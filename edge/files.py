"""Files that are written whole or not at all."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

LONGEST_NAME = 200
"""Characters of a file's name that its draft takes over: with its own it stays below the 255 of a system."""

DRAFT = re.compile(r"\..+\.[0-9a-f]{8}")
"""The name of a draft: a process that is killed while it writes leaves one behind, and nobody reads it."""


def write_whole(
    path: Path, content: bytes | memoryview, *, mode: int = 0o600, durable: bool = True, settled: bool = False
) -> None:
    """Replace a file by `content` at once; whoever reads meanwhile finds the old or the new one.

    The umask narrows `mode`. What is `durable` is on the disk on return; `settled` says that its name is too,
    so that no power cut brings the old file back. Raises OSError; the file is then as it was, no draft left.
    """
    draft = path.with_name(f".{path.name[:LONGEST_NAME]}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    if settled:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names of a folder on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
