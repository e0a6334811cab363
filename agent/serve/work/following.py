"""The error output of a piece of work, read as it grows: how far it is, and what it last said."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge.strict_json import shallow

MOST_BYTES = 1_000_000
"""Read of the file at one look, at most; the rest at the next."""

LONGEST = 300


class Following:
    """Reads a growing file: `progress` is a fraction of 1, None where none is told, `text` its last words."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.progress: float | None = None
        self.text = ""
        self.complaints: list[str] = []
        self._at = 0
        self._rest = b""

    def look(self) -> bool:
        """Read on; say whether anything is new."""
        before = self.progress, self.text
        with suppress(OSError):
            with self.path.open("rb") as file:
                file.seek(self._at)
                new = file.read(MOST_BYTES)
            self._at += len(new)
            *lines, self._rest = (self._rest + new).split(b"\n")
            self._rest = self._rest[-LONGEST:]
            for line in lines:
                self._take(line.decode(errors="replace").strip())
        return (self.progress, self.text) != before

    def _take(self, line: str) -> None:
        if not line:
            return
        plain = progress_of(line)
        if plain is not None:
            self.text = str(plain.get("text", ""))[:LONGEST]
            self.progress = _share(plain.get("done"), plain.get("total"))
        elif line.startswith("error: "):
            self.complaints.append(line.removeprefix("error: ")[:LONGEST])
            del self.complaints[:-5]
        else:
            self.text = line[:LONGEST]


def _share(done: Any, total: Any) -> float | None:
    if not isinstance(done, int | float) or not isinstance(total, int | float) or total <= 0:
        return None
    return round(min(1.0, done / total), 4)


def progress_of(line: str) -> dict[str, Any] | None:
    """Return what a line tells of progress, None for a line that tells none."""
    if not line.startswith('{"progress"'):
        return None
    with suppress(ValueError):
        plain = json.loads(shallow(line)).get("progress")
        return plain if isinstance(plain, dict) else None
    return None
