"""What a soak leaves behind, gathered: the journal's rows, the log, error output and traces of the key."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from domain import errors
from domain.errors import VenueFault
from scripts.soak_faults import Phase
from scripts.soak_process import Told, Turn, millis_of
from scripts.soak_sample import Sample

VENUE_FAULTS = frozenset(
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, VenueFault)
)
"""Kinds of error that are theirs; any other in the log is ours."""

CHUNK = 1 << 20


class Seen(NamedTuple):
    """One observation as the journal has it: `refusals` are the candle provider's reasons, joined."""

    at_ms: int
    symbol: str
    source: str
    provider: str
    fetched_ms: int
    refusals: str


class Digest(NamedTuple):
    """What the journal says: its observations, and how many rows of which kind it has."""

    seen: tuple[Seen, ...] = ()
    rows: Counter[str] = Counter()
    cycles: tuple[int, ...] = ()
    news_refusals: int = 0


class Probe(NamedTuple):
    """One question from outside: seconds of the control port's answer and of the whole command."""

    at: float
    phase: str
    port_seconds: float
    command_seconds: float
    problem: str
    trades: int
    breaker: str


class Ending(NamedTuple):
    """How the process went: exit code (None: had to be killed), seconds after SIGTERM, its last words."""

    code: int | None
    seconds: float
    asked: bool
    summary: dict[str, Any] | None


class Evidence(NamedTuple):
    """Everything the judgement looks at.

    `began_ms` is the wall clock at second 0 of phases and samples, `phases` when they really were,
    `faults` the kinds that were asked for, `cached_seconds` the age up to which kept data may serve.
    """

    began_ms: int
    seconds: float
    interval: float
    cached_seconds: float
    faults: tuple[str, ...]
    phases: tuple[Phase, ...]
    turns: tuple[Turn, ...]
    samples: tuple[Sample, ...]
    probes: tuple[Probe, ...]
    digest: Digest
    log_problems: tuple[str, ...]
    stderr_problems: tuple[str, ...]
    garbage: tuple[str, ...]
    ending: Ending
    verify: Told
    replay: Told
    key_traces: tuple[str, ...]
    key_sent: int
    news_requests: int
    news_limit: int

    def moment(self, at_ms: int) -> float:
        """Return an instant as seconds since the run began."""
        return (at_ms - self.began_ms) / 1000


def digest(lines: Iterable[str], provider: str = "binance") -> Digest:
    """Read `agent journal export`, row by row. Raises ValueError or KeyError for a row that is none."""
    seen: list[Seen] = []
    rows: Counter[str] = Counter()
    cycles: list[int] = []
    news = 0
    for line in lines:
        event = json.loads(line)["event"]
        rows[event["type"]] += 1
        if event["type"] == "cycle_ended":
            cycles.append(event["cycle_id"])
        elif event["type"] == "cycle_decided":
            at = millis_of(event["at"])
            for each in event["observations"]:
                seen.append(_seen(at, each, provider))
                news += any(attempt["provider"] == "news" for attempt in each.get("attempts", ()))
    return Digest(tuple(seen), rows, tuple(cycles), news)


def _seen(at: int, each: dict[str, Any], provider: str) -> Seen:
    reasons = [attempt["reason"] for attempt in each.get("attempts", ()) if attempt["provider"] == provider]
    return Seen(
        at, each["symbol"], each["source"], each["provider"], millis_of(each["fetched_at"]), "; ".join(reasons)
    )


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
        if line.startswith(("Traceback", "Exception ", "Fatal Python error", "error: ")) or "Warning: " in line
    ]


def key_traces(key: str, folders: Iterable[Path], texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return where the key shows, in any case: files below the folders, and named texts."""
    wanted = key.lower()
    found = [name for name, text in texts if wanted in text.lower()]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and (wanted in path.name.lower() or _holds(path, wanted.encode())):
                found.append(str(path))
    return found


def _holds(path: Path, wanted: bytes) -> bool:
    """Tell whether a file holds the bytes, reading it in pieces that overlap by their length."""
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            if wanted in (tail + piece).lower():
                return True
            tail = piece[-len(wanted) :]
    return False
