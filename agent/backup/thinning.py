"""Thinning: points there are too many of go, with whatever only they named; small segments become large ones.

Rows never go while a point names them or a later row: a journal is whole or it is none. What is merged is
written and read back before its parts go, so a crash leaves rows twice and never not at all.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby

from agent.backup import points
from agent.backup.lines import FOLDER, SegmentLine
from agent.backup.points import ListedPoint, Point
from agent.backup.vault import DamagedFile, Vault
from journal.segment import MOST, packed
from journal.stored import Stored

SMALL = MOST // 2
"""Rows of a segment below which it is merged with its neighbours."""

FEWEST = 24
"""Small segments that follow one another before they are merged: a day of hours."""


def thin(vault: Vault, now: datetime, days: float, least: int) -> int:
    """Drop points older than `days`, but for the latest `least`; return how many. Raises OSError.

    Where a point that stays cannot be read nothing that it might name is dropped.
    """
    there = points.listed(vault)
    stay = _staying(there, now - timedelta(days=days), max(1, least))
    for each in there:
        if each not in stay:
            vault.remove(each.name)
    with suppress(DamagedFile):
        left = [points.read(vault, each.name) for each in stay]
        _drop_unnamed(vault, left)
        for line in _lines(left, vault):
            merge(line)
    return len(there) - len(stay)


def _staying(there: list[ListedPoint], oldest: datetime, least: int) -> list[ListedPoint]:
    return [each for index, each in enumerate(there) if each.at >= oldest or index >= len(there) - least]


def _lines(left: list[Point], vault: Vault) -> list[SegmentLine]:
    named = dict.fromkeys((each.name, each.line) for point in left for each in point.journals)
    return [SegmentLine(vault, journal, line) for journal, line in named]


def _drop_unnamed(vault: Vault, left: list[Point]) -> None:
    contents = {each.content for point in left for each in point.files}
    for name in vault.names("files"):
        if f"files/{name}" not in contents:
            vault.remove(f"files/{name}")
    named = {(line.journal, line.name) for line in _lines(left, vault)}
    for journal in vault.names(FOLDER):
        for name in vault.names(f"{FOLDER}/{journal}"):
            if (journal, name) not in named:
                _drop_line(SegmentLine(vault, journal, name))


def _drop_line(line: SegmentLine) -> None:
    for name in line.vault.names(line.folder):
        line.vault.remove(f"{line.folder}/{name}")
    with suppress(OSError):
        (line.vault.folder / line.folder).rmdir()


def merge(line: SegmentLine) -> None:
    """Make large segments of small ones that follow one another; remove those that a larger one holds."""
    path = line.path()
    for small, spans in groupby(path, key=lambda span: span[1] - span[0] + 1 < SMALL):
        run = list(spans)
        if small and len(run) >= FEWEST:
            _merge(line, run)
    whole = set(line.path())
    for span in line.spans():
        if span not in whole and any(each[0] <= span[0] and span[1] <= each[1] for each in whole):
            line.vault.remove(line.file(span))


def _merge(line: SegmentLine, run: list[tuple[int, int]]) -> None:
    """Write the segments of a run as few; one that is damaged ends it: its rows are not given up."""
    rows: list[Stored] = []
    seq, previous = 0, b""
    for span in run:
        try:
            header, more = line.segment(span)
        except DamagedFile:
            return
        previous = previous or bytes.fromhex(header.previous)
        rows += [row for row in more if row.seq > seq]
        seq = more[-1].seq
        if len(rows) >= MOST:
            _write(line, previous, rows)
            rows, previous = [], rows[-1].hash
    if rows:
        _write(line, previous, rows)


def _write(line: SegmentLine, previous: bytes, rows: list[Stored]) -> None:
    """Write a merged segment and read it back. Raises DamagedFile; then it is not left behind."""
    span = (rows[0].seq, rows[-1].seq)
    line.vault.write(line.file(span), packed(line.journal_id, previous, rows))
    try:
        line.segment(span)
    except DamagedFile:
        line.vault.remove(line.file(span))
        raise
