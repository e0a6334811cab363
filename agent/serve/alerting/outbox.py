"""The outbox: the journals of the home, through their mirrors, and its notices."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from agent.alerts.notes import NOTICES, noted
from agent.alerts.rows import KINDS, Telling, told
from agent.alerts.sources import Batch
from agent.notices import Notices
from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.watched import Watched
from domain.errors import JournalFault
from domain.ports import Clock

PAGE = 200
"""Rows that are read at once."""

LATELY = timedelta(hours=24)
NEW_ROWS = 10_000
"""A journal that is found is told from its beginning where it has so few rows, else from the last day on."""

CUT_SECONDS = 60.0
"""How long a journal must have been shorter than what was told of it: its mirror may be under way."""


class FleetOutbox:
    """The outbox of a fleet's journals and a home's notices, for any number of channels."""

    def __init__(self, fleet: Fleet, notices: Notices, clock: Clock) -> None:
        self.fleet = fleet
        self.notices = notices
        self.clock = clock
        self._guard = threading.Lock()
        self._shorter: dict[tuple[str, int], float] = {}
        """Since when a source has ended before a place that was told."""

    def heads(self) -> Mapping[str, int]:
        """Return the last row of each journal that is read to its end, and the last notice."""
        heads = {}
        for each in self.fleet.all():
            mirror = each.mirror
            if mirror.journal_id and each.looked.is_set() and not mirror.behind:
                heads[mirror.journal_id] = mirror.head
        heads[NOTICES] = self.notices.last()
        return heads

    def cut(self, source: str, seq: int) -> bool:
        """Say whether a source ends before `seq`, and has for a while: its mirror may be under way."""
        head, now = self.heads().get(source, seq), self.clock.monotonic()
        with self._guard:
            if head >= seq:
                self._shorter.pop((source, seq), None)
                return False
            return now - self._shorter.setdefault((source, seq), now) >= CUT_SECONDS

    def beginning(self, source: str, *, new: bool) -> int:
        """Return where a channel begins: a new one with the present, others with what is new or of today."""
        head = self.heads().get(source, 0)
        if source == NOTICES or new:
            return head
        watched = self._watched(source)
        if watched is None or head <= NEW_ROWS:
            return 0 if watched is not None else head
        return _row_before(watched, head, self.clock.now() - LATELY)

    def read(self, source: str, after: int) -> Batch:
        """Return what is told behind a row, of some rows at most."""
        if source == NOTICES:
            rows = self.notices.after(after, PAGE)
            return Batch([noted(row) for row in rows], rows[-1].seq if rows else after)
        watched = self._watched(source)
        if watched is None:
            return Batch((), after)
        head = watched.mirror.head
        lines = watched.mirror.events(after, PAGE, KINDS)
        messages = [each for line in lines for each in told(source, line.kind, line.body)]
        return Batch(messages, lines[-1].seq if len(lines) == PAGE else max(head, after))

    def one(self, source: str, seq: int, part: int) -> Telling | None:
        """Return one message again, None where its journal is gone."""
        if source == NOTICES:
            messages = [noted(row) for row in self.notices.after(seq - 1, 1) if row.seq == seq]
        else:
            watched = self._watched(source)
            lines = watched.mirror.events(seq - 1, 1) if watched else []
            messages = [
                each for line in lines if line.seq == seq for each in told(source, line.kind, line.body)
            ]
        return next((each for each in messages if each.part == part), None)

    def _watched(self, source: str) -> Watched | None:
        return next((each for each in self.fleet.all() if each.mirror.journal_id == source), None)


def _row_before(watched: Watched, head: int, instant: datetime) -> int:
    """Return the last row before an instant, by halving: rows are in the order of time, or nearly."""
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        try:
            with watched.mirror.records() as records:
                row = next(iter(records.page(middle - 1, 1)), None)
        except JournalFault:
            return head
        if row is None or row.at >= instant.timestamp() * 1000:
            high = middle - 1
        else:
            low = middle
    return low
