"""The rows of a backup that a person wants: by journal, by row or by time, and the clock a time is of.

Rows of the live market carry the machine's time, so that a time leads to a row. Rows of a market that says
itself what time it is (recorded, simulated) carry that market's time: one that the market has seen is the
market's and leads to a row; any other is the machine's, and leads to the last backup that was not later.
"""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent.backup import points
from agent.backup.lines import SegmentLine
from agent.backup.points import JournalPoint, ListedPoint, Point
from agent.backup.vault import DamagedFile, Vault
from agent.settings.settings import DRIVEN
from domain.errors import BadInput
from domain.events import SessionStarted
from domain.times import millis, utc
from journal.codec import CYCLE_DECIDED, SESSION_STARTED, decode
from journal.stored import Stored

MINUTE = "%Y-%m-%d %H:%M"


class Restoration(NamedTuple):
    """A restore as it is wanted: its journals (all where none is named), up to a time or a row."""

    journals: tuple[str, ...] = ()
    at: datetime | None = None
    seq: int | None = None
    put_aside: bool = False
    anchors: tuple[Path, ...] = ()


class NotYet(BadInput):
    """A journal had no row at the time that is wanted."""


class MarketSpan(NamedTuple):
    """The first and the last time (ms) that a market saw which says itself what time it is."""

    first: int
    last: int


class WantedRows(NamedTuple):
    """The rows of one journal that are wanted: of a point, up to a time of the rows themselves if given.

    `market` says that this time is the market's; `as_of` is when the backup was taken that they are of.
    """

    known: JournalPoint
    until: datetime | None = None
    market: bool = False
    as_of: datetime | None = None

    def too_late(self, row: Stored) -> bool:
        """Say whether a row is later than what is wanted."""
        if self.until is None or (self.market and row.kind != CYCLE_DECIDED):
            return False  # of such a market a session's first row and a restore's last carry no time
        return row.at > millis(self.until)


def point_of(vault: Vault, wanted: Restoration) -> Point:
    """Return the point to restore from: the first that has the time that is wanted, else the last.

    Of a clock that was ahead for a while no later point is passed over. Raises BadInput where there is none.
    """
    there = points.listed(vault)
    before = [index for index, each in enumerate(there) if wanted.at is not None and each.at < wanted.at]
    behind = there[(before[-1] + 1 if before else 0) :] if wanted.at is not None else []
    later = sorted(behind, key=lambda each: each.at)
    for each in later or reversed(there):
        with suppress(DamagedFile):
            return points.read(vault, each.name)
    if later:
        return point_of(vault, wanted._replace(at=None))
    if there:
        points.read(vault, there[-1].name)  # says what is wrong with it
    raise BadInput(f"backup {vault.folder} holds no point yet: no backup into it was finished")


def chosen(vault: Vault, point: Point, wanted: Restoration) -> tuple[list[WantedRows], list[str]]:
    """Return the rows that are wanted of each journal, and what was not there yet at that time.

    Raises BadInput for a journal or a row that is not in the backup, NotYet where nothing was there yet.
    """
    known = {each.name: each for each in point.journals}
    latest = points.latest(vault) if wanted.at is not None else None
    late = {each.name: each for each in latest.journals} if latest else {}
    missing = [name for name in wanted.journals if name not in known | late]
    if missing:
        raise BadInput(
            f"--journal {missing[0]}: not in this backup; there are: {', '.join(sorted(known)) or 'none'}"
        )
    if wanted.seq is not None and len(wanted.journals) != 1 and len(known) != 1:
        raise BadInput(f"--seq {wanted.seq}: say of which journal with --journal: {', '.join(sorted(known))}")
    result, not_yet = [], []
    for name in wanted.journals or sorted(known):
        try:
            result.append(_wanted_rows(vault, known.get(name), late.get(name), wanted.at))
        except NotYet as fault:
            if wanted.journals:
                raise
            not_yet.append(str(fault))
    if not_yet and not result:
        raise NotYet("; ".join(not_yet))
    return result, not_yet


def _wanted_rows(
    vault: Vault, known: JournalPoint | None, late: JournalPoint | None, at: datetime | None
) -> WantedRows:
    newest = late or known
    if newest is None:
        raise AssertionError("a journal that no point names")
    if at is None:
        return WantedRows(newest)
    line = SegmentLine(vault, newest.name, newest.line)
    market = _market(line, newest.seq)
    if market is None:
        first = next(line.rows(last=1), None)
        if first is None or first.at > millis(at):
            raise NotYet(_not_yet(newest, "its first is of", first.at if first else None))
        return WantedRows(known or newest, at)
    if market.first <= millis(at) <= market.last:
        return WantedRows(newest, at, market=True)
    return _as_of(vault, newest, at, market)


def _as_of(vault: Vault, newest: JournalPoint, at: datetime, market: MarketSpan) -> WantedRows:
    """Return a journal's rows of the last point not later than `at`. Raises NotYet where there is none."""
    first: ListedPoint | None = None
    for listed in reversed(points.listed(vault)):
        with suppress(DamagedFile):
            there = [each for each in points.read(vault, listed.name).journals if each.name == newest.name]
            first = listed if there else first
            if there and listed.at <= at:
                return WantedRows(there[0], as_of=listed.at)
    own = f"its market's time goes from {utc(market.first):{MINUTE}} to {utc(market.last):{MINUTE}}"
    raise NotYet(_not_yet(newest, f"{own}, and its first backup is of", millis(first.at) if first else None))


def _not_yet(known: JournalPoint, what: str, time: int | None) -> str:
    when = "nothing" if time is None else utc(time).isoformat(timespec="seconds")
    return f"journal {known.name}: no row is as old as that; {what} {when}"


def _market(line: SegmentLine, last: int) -> MarketSpan | None:
    """Return the times of a journal whose market says what time it is, None of any other journal."""
    began = False
    for row in line.rows(last=last):
        if not began and row.kind == SESSION_STARTED:
            event = decode(row.payload)
            if not isinstance(event, SessionStarted) or event.settings.get("provider") not in DRIVEN:
                return None
            began = True
        elif began and row.kind == CYCLE_DECIDED:
            return MarketSpan(row.at, _last_of_market(line, row.at, last))
    return None


def _last_of_market(line: SegmentLine, first: int, last: int) -> int:
    for span in reversed(line.path(last)):
        with suppress(DamagedFile):
            _, rows = line.segment(span)
            times = [row.at for row in rows if row.kind == CYCLE_DECIDED and row.seq <= last]
            if times:
                return max(times)
    return first
