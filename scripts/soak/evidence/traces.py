"""Traces in what a process leaves: faults of ours in its log, crashes, traces of a key."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from domain import errors
from domain.errors import VenueFault

VENUE_FAULTS = frozenset(
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, VenueFault)
)
"""Kinds of error that are theirs; any other in the log is ours."""

CHUNK = 1 << 20


def log_problems(home: Path) -> Iterator[str]:
    """Yield each log line that tells of a fault of ours, or that cannot be read."""
    for path in sorted(home.glob("agent.log*")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            problem = log_problem(line)
            if problem:
                yield f"{path.name}:{number}: {problem}"


def log_problem(line: str) -> str:
    """Return what is wrong with a log line, or "": errors of a venue's kind are no fault of ours."""
    try:
        entry = json.loads(line)
        level = entry["level"]
    except (ValueError, KeyError, TypeError):
        return f"not a log line: {line[:200]}"
    if "exception" in entry or "stack" in entry:
        return f"exception logged: {line[:500]}"
    if level in ("error", "critical") and entry.get("kind") not in VENUE_FAULTS:
        return f"{level}: {line[:500]}"
    return ""


def stderr_problems(path: Path) -> list[str]:
    """Return the lines of error output that tell of a crash, each with what follows the traceback."""
    lines = path.read_text(errors="replace").splitlines()
    return [
        " | ".join(lines[index : index + 30])[:3000]
        for index, line in enumerate(lines)
        if line.startswith(("Traceback", "Exception ", "Fatal Python error", "error: "))
        or "Warning: " in line
    ]


def key_traces(key: str, folders: Iterable[Path], texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return where the key shows, in any case: files below the folders, and named texts."""
    wanted = key.lower()
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    shown = [str(path) for path in files if wanted in path.name.lower() or _holds(path, wanted.encode())]
    return [*(name for name, text in texts if wanted in text.lower()), *shown]


def _holds(path: Path, wanted: bytes) -> bool:
    """Tell whether a file holds the bytes, reading it in pieces that overlap by their length."""
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            if wanted in (tail + piece).lower():
                return True
            tail = piece[-len(wanted) :]
    return False
