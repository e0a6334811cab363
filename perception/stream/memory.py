"""The final candles of one symbol, and what is known to be missing between them.

The law:
1. Candles are covered from `start` up to `end` (open times, `end` exclusive): there the memory holds
   every candle the venue has. A final candle from the stream covers one step more when it opens at
   `end`; one that opens later waits aside until what lies between was asked for.
2. An answer of REST covers what it was asked for up to its last final candle, holes included: where
   it has none, the venue has none. A row of it is final when a later one exists.
3. Of two versions of a final candle the first stands, contested, until REST was asked; then REST's.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from domain.candle import RawCandle
from domain.times import closing, opened_by

SETTLED_MS = 10_000
"""So long after its close the last row of an answer counts as final even without a later one."""


class Novelty(StrEnum):
    """The relation of a final candle from the stream to what the memory held."""

    NEW = "new"
    SAME = "same"
    REVISED = "revised"
    OLD = "old"


class _Forming(NamedTuple):
    """The candle that still forms: as of which event and as known when, both in ms."""

    candle: RawCandle
    event_ms: int
    known_ms: int


class CandleMemory:
    """At most `size` steps of candles of `timeframe_ms`. Not thread-safe: its owner holds a lock."""

    def __init__(self, timeframe_ms: int, size: int) -> None:
        self.timeframe_ms = timeframe_ms
        self.size = size
        self.start = self.end = 0
        self.known_ms = 0
        self.doubts = 0
        self.settled = 0
        self.revisions = 0
        self._closed: dict[int, RawCandle] = {}
        self._aside: dict[int, RawCandle] = {}
        self._contested: set[int] = set()
        self._forming: _Forming | None = None

    @property
    def newest(self) -> int | None:
        """Open time of the newest final candle, or None before the first."""
        known = max(max(self._closed, default=-1), max(self._aside, default=-1))
        return None if known < 0 else known

    @property
    def doubted(self) -> bool:
        """True when something may have been missed since REST was last asked."""
        return self.settled != self.doubts

    def doubt(self) -> None:
        """Note that something may have been missed; what the forming candle is now is not known."""
        self.doubts += 1
        self._forming = None

    def reaches(self, since_ms: int) -> bool:
        """Say whether what is covered begins at or before `since_ms` and goes on at least up to it."""
        return self.start <= since_ms <= self.end

    def lacks(self, since_ms: int, until_ms: int) -> int | None:
        """Return the open time from which on candles of [since, until) must be asked for, or None."""
        if since_ms >= until_ms:
            return None
        if not self.reaches(since_ms):
            # From the end on where that is not too far: what others ask for stays covered.
            near = 0 < since_ms - self.end <= self.size * self.timeframe_ms
            return self.end if near and self.end else since_ms
        missing = {time for time in self._contested if since_ms <= time < until_ms}
        if self.end < until_ms:
            missing.add(self.end)
        return min(missing, default=None)

    def final(self, candle: RawCandle, known_ms: int) -> Novelty:
        """Take a final candle from the stream, known since `known_ms`."""
        time = candle.time
        self.known_ms = max(self.known_ms, known_ms)
        if not self.end:
            self.start = self.end = time
        if time < self.start:
            return Novelty.OLD
        if time < self.end:
            return self._again(candle, self._closed.get(time))
        held = self._aside.get(time)
        if held is not None:
            return self._again(candle, held)
        self._aside[time] = candle
        self._absorb()
        return Novelty.NEW

    def _again(self, candle: RawCandle, held: RawCandle | None) -> Novelty:
        if candle == held:
            return Novelty.SAME
        self._contested.add(candle.time)
        self.revisions += 1
        return Novelty.REVISED

    def form(self, candle: RawCandle, event_ms: int, known_ms: int) -> bool:
        """Take a candle that still forms; return False for one that is over or older than what is known."""
        if self.newest is not None and candle.time <= self.newest:
            return False
        held = self._forming
        if held is not None and (candle.time, event_ms) < (held.candle.time, held.event_ms):
            return False
        self._forming = _Forming(candle, event_ms, known_ms)
        self.known_ms = max(self.known_ms, known_ms)
        return True

    def join(self, since_ms: int, rows: Iterable[RawCandle], known_ms: int) -> None:
        """Take REST's answer to a question for candles from `since_ms` on, true at `known_ms`."""
        given = {row.time: row for row in rows if row.time >= since_ms}
        self.known_ms = max(self.known_ms, known_ms)
        if not given:
            return
        last = self._slot(max(given))
        if closing(last, self.timeframe_ms) + SETTLED_MS <= known_ms:
            last = closing(last, self.timeframe_ms)
        if last > since_ms:
            self._cover(since_ms, last, {time: row for time, row in given.items() if time < last})
        forming = given.get(last)
        if forming is not None:
            self._seed(forming, known_ms)

    def _seed(self, candle: RawCandle, known_ms: int) -> None:
        held = self._forming
        if held is None or held.candle.time < candle.time or held.known_ms <= known_ms:
            self.form(candle, held.event_ms if held and held.candle.time == candle.time else 0, known_ms)

    def _cover(self, since_ms: int, until_ms: int, closed: dict[int, RawCandle]) -> None:
        if since_ms > self.end or until_ms < self.start:
            self._aside |= {time: candle for time, candle in self._closed.items() if time >= until_ms}
            self._closed = {}
            self.start, self.end = since_ms, until_ms
        self.start, self.end = min(self.start, since_ms), max(self.end, until_ms)
        self._contested = {time for time in self._contested if not since_ms <= time < until_ms}
        for time, candle in closed.items():
            held = self._closed.get(time) or self._aside.get(time)
            self.revisions += held is not None and held != candle
            self._closed[time] = candle
        self._absorb()

    def _absorb(self) -> None:
        """Let what waits aside in, as far as it follows without a gap; forget what is too old."""
        for time in [time for time in self._aside if time < self.end]:
            self._closed.setdefault(time, self._aside.pop(time))
        while self.end in self._aside:
            self._closed[self.end] = self._aside.pop(self.end)
            self.end = closing(self.end, self.timeframe_ms)
        oldest = self.end - self.size * self.timeframe_ms
        if self.start < oldest:
            self.start = oldest
            self._closed = {time: candle for time, candle in self._closed.items() if time >= oldest}
            self._contested = {time for time in self._contested if time >= oldest}
        while len(self._aside) > self.size:
            del self._aside[min(self._aside)]

    def _slot(self, time: int) -> int:
        return opened_by(time, self.timeframe_ms)

    def window(self, since_ms: int, now_ms: int, limit: int) -> tuple[RawCandle, ...]:
        """Return covered candles that open in [since, now], the forming one last; the oldest `limit`.

        A candle that is not known to be final is left out once its time is over: it would look final.
        """
        times = sorted(time for time in self._closed if since_ms <= time <= now_ms)
        results = [self._closed[time] for time in times]
        forming = self._forming
        if forming is not None and self._forms(forming.candle.time, since_ms, now_ms):
            results.append(forming.candle)
        return tuple(results[:limit])

    def _forms(self, time: int, since_ms: int, now_ms: int) -> bool:
        return max(since_ms, self.end) <= time <= now_ms < closing(time, self.timeframe_ms)
