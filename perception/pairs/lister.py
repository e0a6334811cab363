"""The lister: makes a session's pair lists anew when they are due, and says which one is in force.

What it says is journaled and folded; the gate goes by the fold alone. An exchange is asked between two
cycles, when every exit of the first has been made, so that nothing waits for it. Where it fails, the last
list stands for a stated age; beyond that entries are held back, or made as if there were no list.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

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


class PairLister:
    """Lists the candidates of one session; used by the loop's thread only.

    A source that `waits` may take its time: it is asked by `ask`, between cycles; any other at once.
    """

    def __init__(
        self, source: PairSource, settings: PairListSettings, symbols: Sequence[str], *, waits: bool
    ) -> None:
        self._source = source
        self._settings = settings
        self._symbols = tuple(symbols)
        self._waits = waits
        self._fresh: PairsListed | None = None
        self._fault = ""
        self._made: int | None = None
        self._asked: datetime | None = None

    def ask(self, at: datetime) -> None:
        """Measure anew where that is due and may take its time. A failure is remembered, never raised."""
        if self._waits:
            self._measure(at)

    def news(self, at: datetime, known: PairsListed | None) -> PairsListed | None:
        """Return the list in force from now on, None where that is `known`, the one in force so far."""
        if not self._waits:
            self._measure(at)
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            same = known is not None and (known.pairs, known.fault) == (fresh.pairs, "")
            return None if same and not self._waits else msgspec.structs.replace(fresh, at=at)
        if not self._waits and not self._fault:
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

    def _measure(self, at: datetime) -> None:
        due = millis(at) // self._settings.refresh_ms
        tried = self._asked is not None and timedelta(0) <= at - self._asked < AGAIN
        if due == self._made or (tried and self._fault):
            return
        self._asked = at
        try:
            measures = self._source.measures(self._symbols, at)
            pairs = listed(measures, self._settings)
        except Exception as fault:  # noqa: BLE001 -- whatever it is, it holds entries back and never an exit
            self._fault = one_line(f"{type(fault).__name__}: {fault}", LONGEST_TEXT)  # it is journaled
            return
        self._made, self._fault = due, ""
        self._fresh = PairsListed(at, self._source.name, pairs, at)

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
