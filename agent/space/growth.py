"""The growth of a home: its size written down now and then, and how long the disk lasts at that."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from agent.answers.space import Growth
from edge.files import write_whole
from edge.typed_json import typed

FILE = "sizes.jsonl"
KEPT = 400
LEAST = timedelta(hours=12)
"""Between two measures that are compared, and that are written down."""

WINDOW = timedelta(days=14)


class SizeMeasure(msgspec.Struct, frozen=True):
    """The size of a home at a time, in bytes."""

    at: datetime
    bytes: int


def measures(home: Path) -> list[SizeMeasure]:
    """Return the measures there are, oldest first; a line that cannot be read is passed over."""
    result = []
    with suppress(OSError):
        for line in (home / FILE).read_bytes().splitlines():
            with suppress(msgspec.MsgspecError, ValueError):
                result.append(typed(line, SizeMeasure))
    return result


def measure(home: Path, size: int, now: datetime) -> None:
    """Write the size down, unless that was done lately. A disk that is full loses a measure and no more."""
    known = measures(home)
    if known and timedelta(0) <= now - known[-1].at < LEAST:
        return
    lines = [*known[-KEPT + 1 :], SizeMeasure(now, size)]
    with suppress(OSError):
        write_whole(home / FILE, b"".join(msgspec.json.encode(each) + b"\n" for each in lines))


def growth(home: Path, size: int, free: int, now: datetime) -> Growth | None:
    """Return the growth since the oldest measure of two weeks, None where none is old enough."""
    known = [each for each in measures(home) if LEAST <= now - each.at <= WINDOW]
    if not known:
        return None
    days = (now - known[0].at) / timedelta(days=1)
    rate = (size - known[0].bytes) / days
    return Growth(bytes_a_day=rate, days=days, days_left=free / rate if rate > 0 else None)
