"""The rows of a period: which they are, and the state of the account before the first of them.

A period begins at the first cycle at or after its beginning and ends before the first at or after its end.
Cycles alone say what time it is: a session's start, or what people asked for between two sessions, is told
by the machine's clock, whatever market the account lives in. So the rows of a period follow from the rows
alone, and from nothing that was kept beside them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from agent.settings.version import fold_version
from agent.state.checkpoints import Checkpoints
from agent.state.key import PROGRAM
from agent.views.history import AccountFold
from domain.events import SessionStarted
from domain.ports import Row
from domain.times import millis
from journal.history import History

TIMED = frozenset({"cycle_decided", "cycle_ended"})
"""Kinds of rows that say what time the market has."""

LOOK = 64
"""Rows looked at together for one that says the time."""


class ReportPeriod(NamedTuple):
    """From an instant on, and before another."""

    since: datetime
    until: datetime

    def holds(self, instant: datetime) -> bool:
        """Say whether an instant lies in the period."""
        return self.since <= instant < self.until


class Span(NamedTuple):
    """The rows of a period: those above `after`, up to `last`."""

    after: int
    last: int


def span_of(records: History, period: ReportPeriod) -> Span:
    """Return the rows of a period; none where nothing happened in it."""
    after, last = (first_at(records, millis(each)) - 1 for each in period)
    return Span(after, max(after, last))


def first_at(records: History, at_ms: int) -> int:
    """Return the first row that belongs to a cycle at or after an instant; one past the head without one.

    What comes between two cycles belongs to the second, and behind the last one to that.
    """
    head = records.head()[0]
    last = _last_timed(records, head)
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        timed = _timed(records, middle, high)
        if timed is None or timed[1] >= at_ms:
            high = middle
        else:
            low = timed[0] + 1
    return low if low <= last else head + 1


def _last_timed(records: History, head: int) -> int:
    """Return the last row that says the time, 0 without one."""
    while head > 0:
        first = max(0, head - LOOK)
        for row in reversed(records.page(first, head - first)):
            if row.kind in TIMED:
                return row.seq
        head = first
    return 0


def _timed(records: History, first: int, end: int) -> tuple[int, int] | None:
    """Return number and instant of the first row from `first` on, before `end`, that says the time."""
    while first < end:
        page = records.page(first - 1, min(LOOK, end - first))
        for row in page:
            if row.kind in TIMED:
                return row.seq, row.at
        if not page:
            return None
        first = page[-1].seq + 1
    return None


def ends_at(records: History) -> datetime | None:
    """Return the instant of the last cycle, None before the first."""
    cycle = records.last_cycle()
    rows = records.find_cycle(cycle) if cycle is not None else []
    return next((event.at for row in rows for event in [row.event] if hasattr(event, "at")), None)


def rows_of(records: History, span: Span) -> Iterator[Row]:
    """Return the rows of a span, each checked against the chain. Raises JournalFault where it breaks."""
    if span.after >= span.last:
        return
    for row in records.rows(span.after):
        yield row
        if row.seq >= span.last:
            return


class AccountBefore(NamedTuple):
    """The account before a period, and the session that was on."""

    state: AccountFold
    started: SessionStarted | None


def before(records: History, span: Span, checkpoints: Checkpoints | None = None) -> AccountBefore:
    """Fold the rows before a period, from the nearest checkpoint on where there is one.

    Raises JournalFault where the chain is broken.
    """
    state, seq = AccountFold(), 0
    started: SessionStarted | None = None
    # The account alone depends on no strategy's settings: any checkpoint of this program will do.
    program = fold_version()[:PROGRAM]
    kept = checkpoints.nearest(records, program, span.after + 1) if checkpoints and span.after else None
    if kept is not None:
        try:
            kept.give_state(state)
            seq, started = kept.header.seq, kept.header.started
            state.asked = _asked(records, seq)
        except ValueError:
            state, started = AccountFold(), None
    for row in rows_of(records, Span(seq, span.after)):
        if isinstance(row.event, SessionStarted):
            started = row.event
        state.take(row.event)
    state.closed.clear()
    return AccountBefore(state, started)


def _asked(records: History, seq: int) -> bool:
    """Say whether somebody had asked to sell since the last cycle, as of a row: no checkpoint knows."""
    while seq > 0:
        first = max(0, seq - LOOK)
        for row in reversed(records.page(first, seq - first)):
            if row.kind in ("flatten_asked", "cycle_decided"):
                return row.kind == "flatten_asked"
        seq = first
    return False
