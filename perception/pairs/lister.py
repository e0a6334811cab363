"""The lister: makes a session's pair lists anew when they are due, and says which one is in force.

What it says is journaled and folded; the gate goes by the fold alone. An exchange is asked by a thread of
its own from the end of a cycle on, and the first cycle after its answer has the list, so that no cycle, and
no exit, waits for it. Where it fails, the last list stands for a stated age; beyond that entries are held
back, or made as if there were no list.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from domain.events import PairsListed
from domain.pairs import ListedPair, OffList
from domain.times import millis
from perception.guard.faults import LONGEST_TEXT, one_line
from perception.pairs.filters import listed
from perception.pairs.settings import PairListSettings
from perception.pairs.sources import PairSource

AGAIN = timedelta(seconds=60)
"""How long a source that failed is left alone."""


Work = Callable[[], None]


def in_thread(work: Work) -> None:
    """Have work done by a thread that nobody waits for. Raises RuntimeError where there can be none more."""
    threading.Thread(target=work, name="boyd-pair-list", daemon=True).start()


def at_once(work: Work) -> None:
    """Do work here and now."""
    work()


class _ListAnswer(NamedTuple):
    """The outcome of one measurement: for which refresh, the list or what went wrong."""

    due: int
    fresh: PairsListed | None
    fault: str


class PairLister:
    """Lists the candidates of one session; used by the loop's thread only.

    A source that may take its time is asked by `ask`, between cycles, and measures where `elsewhere` has it
    work (`in_thread`), one answer at a time; any other is asked at once, by `news`.
    """

    def __init__(
        self,
        source: PairSource,
        settings: PairListSettings,
        symbols: Sequence[str],
        elsewhere: Callable[[Work], None] | None = None,
    ) -> None:
        self._source = source
        self._settings = settings
        self._symbols = tuple(symbols)
        self._elsewhere = elsewhere
        self._fresh: PairsListed | None = None
        self._fault = ""
        self._made: int | None = None
        self._asked: datetime | None = None
        self._waiting = False
        self._answer: _ListAnswer | None = None
        """Put there by whoever measures, and taken by the loop's thread."""

    def ask(self, at: datetime) -> None:
        """Have measured anew what is due and may take its time. A failure is remembered, never raised."""
        if self._elsewhere is not None:
            self._measure(at, self._elsewhere)

    def news(self, at: datetime, known: PairsListed | None) -> PairsListed | None:
        """Return the list in force from now on, None where that is `known`, the one in force so far."""
        if self._elsewhere is None:
            self._measure(at, at_once)
        self._take()
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            same = known is not None and (known.pairs, known.fault) == (fresh.pairs, "")
            return None if same and self._elsewhere is None else msgspec.structs.replace(fresh, at=at)
        if self._elsewhere is None and not self._fault:
            return None
        if known is None or known.measured_at is None:
            return self._never_made(at, known)
        if at - known.measured_at > timedelta(minutes=self._settings.keep_minutes):
            return None if known.stale else self._stale(at, known)
        if self._fault and not known.fault:
            return PairsListed(at, known.source, known.pairs, known.measured_at, self._fault)
        return None

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _measure(self, at: datetime, run: Callable[[Work], None]) -> None:
        self._take()
        due = millis(at) // self._settings.refresh_ms
        tried = self._asked is not None and timedelta(0) <= at - self._asked < AGAIN
        if self._waiting or due == self._made or (tried and self._fault):
            return
        self._asked, self._waiting = at, True
        try:
            run(lambda: self._answered(at, due))
        except RuntimeError as fault:  # no thread can be begun
            self._answer = _ListAnswer(due, None, _fault_text(fault))

    def _answered(self, at: datetime, due: int) -> None:
        """Measure, and leave the outcome for the loop's thread; never raises."""
        try:
            pairs = listed(self._source.measures(self._symbols, at), self._settings)
            answer = _ListAnswer(due, PairsListed(at, self._source.name, pairs, at), "")
        except Exception as fault:  # noqa: BLE001 -- whatever it is, it holds entries back and never an exit
            answer = _ListAnswer(due, None, _fault_text(fault))
        self._answer = answer

    def _take(self) -> None:
        """Take up an answer that has come."""
        answer, self._answer = self._answer, None
        if answer is None:
            return
        self._waiting, self._fault = False, answer.fault
        if answer.fresh is not None:
            self._made, self._fresh = answer.due, answer.fresh

    def _never_made(self, at: datetime, known: PairsListed | None) -> PairsListed | None:
        if not self._fault or known is not None:
            return None
        return self._without(at, OffList("no list", note=self._fault), None)

    def _stale(self, at: datetime, known: PairsListed) -> PairsListed:
        minutes = (at - known.measured_at).total_seconds() / 60 if known.measured_at else 0.0
        limit = float(self._settings.keep_minutes)
        return self._without(at, OffList("list", round(minutes, 1), limit, "minutes old"), known.measured_at)

    def _without(self, at: datetime, off: OffList, measured_at: datetime | None) -> PairsListed:
        """Return what holds where there is no list to go by."""
        reason = None if self._settings.when_stale == "enter" else off
        pairs = tuple(ListedPair(symbol, off=reason) for symbol in self._symbols)
        why = self._fault or "it was not refreshed since"
        return PairsListed(at, self._source.name, pairs, measured_at, why, stale=True)


def _fault_text(fault: Exception) -> str:
    return one_line(f"{type(fault).__name__}: {fault}", LONGEST_TEXT)  # it is journaled
