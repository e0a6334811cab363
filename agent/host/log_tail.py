"""The end of the logs of a home, read back: the agents' and the server's, by time, without their secrets."""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from edge.strict_json import shallow

LEVELS = ("debug", "info", "warning", "error", "critical")
MOST_BYTES = 2 * 1024 * 1024
"""The end of a file that is read; lines before it are in the file."""

MASK = "***"


class LoggedLine(NamedTuple):
    """One line: its instant as it was written, its level, its words and what stands beside them."""

    at: str
    level: str
    text: str
    fields: dict[str, str]


def tail(files: Collection[Path], count: int, level: str, secrets: Collection[str]) -> list[LoggedLine]:
    """Return the last `count` lines of files together, oldest first, of a level and those above it."""
    least = LEVELS.index(level)
    lines = [line for file in files for line in _lines(file, secrets) if _rank(line.level) >= least]
    return sorted(lines, key=lambda line: line.at)[-count:] if count else []


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _lines(file: Path, secrets: Collection[str]) -> Iterator[LoggedLine]:
    text = _end(file)
    for secret in secrets:
        text = text.replace(secret, MASK)
    for line in text.splitlines():
        with suppress(ValueError):
            plain = json.loads(shallow(line))
            if isinstance(plain, dict):
                yield _line(plain, file)


def _line(plain: dict[str, Any], file: Path) -> LoggedLine:
    at, level = str(plain.pop("timestamp", "")), str(plain.pop("level", "info"))
    text = str(plain.pop("event", ""))
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in plain.items()}
    return LoggedLine(at, level, text, fields | {"file": file.name})


def _end(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - MOST_BYTES))
            return opened.read().decode(errors="replace")
    except OSError:
        return ""
