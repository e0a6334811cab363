"""Files that a command is to write, looked at before it begins: long work must not end at a path."""

import os
import tempfile
from pathlib import Path

from domain.errors import BadInput
from edge.files import write_whole


def writable(option: str, path: Path) -> Path:
    """Return a path that a file can be written to; nothing is left behind or changed. Raises BadInput."""
    shown = str(path)[:200]
    try:
        if path.is_dir():
            raise BadInput(f"{option} {shown}: that is a folder; name a file in it")
        if not path.parent.is_dir():
            folder = str(path.parent)[:200]
            raise BadInput(f"{option} {shown}: there is no folder {folder}; make it first: mkdir -p {folder}")
        _try(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{option} {shown}: cannot be written: {why}; name another file") from None
    return path


def write_page(option: str, path: Path, text: str) -> None:
    """Write a text to a file, whole or not at all; to a device or a pipe as it is. Raises BadInput."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        write_whole(path, text.encode(), mode=0o666, durable=False)
    except OSError as error:
        raise BadInput(f"{option} {str(path)[:200]}: cannot be written: {error.strerror}") from None


def _try(path: Path) -> None:
    """Open a file, or make one without a name beside it: rights alone do not tell. Raises OSError."""
    if path.is_file():
        os.close(os.open(path, os.O_WRONLY))
    elif not path.exists():
        with tempfile.TemporaryFile(dir=path.parent):
            pass
