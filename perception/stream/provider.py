"""Binance candles from the market stream, with REST for whatever the stream did not tell.

The law:
1. What it answers is what an unbroken feed would have told: only candles known to be final, without
   a hole, and the one still forming as the last row. A candle whose time is over but which is not
   known to be final is not there yet.
2. REST is asked at the start, for a gap, after a reconnect, a dropped or refused message or two
   versions of a candle, and as long as the stream is down or silent beyond the watchdog.
3. When REST fails then, its fault is raised; but where only a doubt was to be cleared and nothing is
   missing, the stream's own candles serve and the doubt stays.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from domain.candle import RawCandle
from domain.errors import BadInput, Unreachable, VenueFault
from domain.ports import CandleRequest, Clock, Provider
from domain.times import millis, opened_by, opening, slot, utc
from perception.providers.binance import MOST_ROWS
from perception.settings import StreamSettings
from perception.stream.backfill import Backfill
from perception.stream.connection import StreamConnection
from perception.stream.feed import StreamFeed
from perception.stream.memory import CandleMemory
from perception.stream.messages import Dialect

MOST_STREAMS = 1024
CLOSE_SECONDS = 1.6
CONSUMER_SECONDS = 0.3


class StreamStatus(NamedTuple):
    """The health of a stream.

    `live`: connected and not silent. `messages` were read, `dropped` ones fell out of the queue,
    `malformed` ones could not be used; `revised` final candles came in two versions. `message_age` in
    seconds is None before the first message. `backfills` counts questions to REST,
    `backfill_failures` those in vain.
    """

    connected: bool
    live: bool
    messages: int
    malformed: int
    dropped: int
    revised: int
    reconnects: int
    message_age: float | None
    backfills: int
    backfill_failures: int


class _Need(NamedTuple):
    """A question to REST: candles from `since_ms`; `hard` when we cannot answer without."""

    since_ms: int
    hard: bool
    doubts: int


class StreamProvider:
    """Final candles of a market stream. Implements `Provider`; thread-safe.

    `symbols` that are no pair have no stream; they and other timeframes are passed on to `rest`. The
    first call of `start` or `candles` connects. Raises BadInput when no symbol, or
    more than 1024, can be streamed.
    """

    name = "binance_stream"

    def __init__(
        self,
        settings: StreamSettings,
        rest: Provider,
        symbols: Sequence[str],
        timeframe_ms: int,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._backfill = Backfill(rest, clock)
        dialect = Dialect(symbols, timeframe_ms)
        if not 1 <= len(dialect.streams) <= MOST_STREAMS:
            raise BadInput(f"{len(dialect.streams)} symbols to stream, limits 1 and {MOST_STREAMS}")
        self._timeframe_ms = timeframe_ms
        self._feed = StreamFeed(
            dialect,
            clock,
            queue_size=settings.queue_messages,
            memory_candles=settings.memory_candles,
            watchdog_seconds=settings.watchdog_seconds,
        )
        self._connection = StreamConnection(settings, dialect.streams, self._feed, clock, jitter)
        self._feed.on_notice = self._connection.leave
        self._asking = {symbol: Lock() for symbol in dialect.symbols}
        self._starting = Lock()
        self._started = False

    @property
    def state(self) -> str:
        """State of the circuit breaker of the provider behind: "closed", "open" or "half-open"."""
        return self._backfill.state

    def start(self) -> None:
        """Connect, in threads of its own; nothing when it did already. Raises Unreachable once closed."""
        with self._starting:
            if self._feed.closed:
                raise Unreachable("the stream is closed")
            if not self._started:
                self._started = True
                self._feed.start()
                self._connection.start()

    def close(self) -> None:
        """End both threads, within 2 seconds, and close the provider behind."""
        with self._starting:
            self._connection.close(CLOSE_SECONDS)
            self._feed.close(CONSUMER_SECONDS)
        self._backfill.close()

    def status(self) -> StreamStatus:
        """Return the state of the connection and the counters."""
        counts, (asked, failed) = self._feed.counts(), self._backfill.counts
        return StreamStatus(
            connected=self._feed.connected,
            live=self._feed.live(),
            messages=counts.messages,
            malformed=counts.malformed,
            dropped=self._feed.queue.dropped,
            revised=self._feed.revisions(),
            reconnects=max(counts.connections - 1, 0),
            message_age=self._feed.message_age(),
            backfills=asked,
            backfill_failures=failed,
        )

    def candles(self, request: CandleRequest, deadline_seconds: float | None = None) -> tuple[RawCandle, ...]:
        """Return candles oldest first, of more than `limit` the oldest; the last may still be forming.

        `deadline_seconds` bounds the call where the provider behind keeps deadlines. Raises that
        provider's VenueFault when something is missing that it does not give.
        """
        self.start()
        memory = self._memory(request)
        if memory is None:
            return self._backfill.ask(request, deadline_seconds)[0]
        left = self._countdown(deadline_seconds)
        self._await_final(memory, request, left())
        if self._need(memory, request) is not None:
            self._mend(memory, request, left)
        since, _ = self._span(request)
        with self._feed.changed:
            if memory.start <= since:
                return memory.window(request.since_ms, request.now_ms, request.limit)
        # So long ago that it was forgotten while the answer was made.
        return self._backfill.ask(request, left())[0]

    def last_good(self, request: CandleRequest) -> tuple[tuple[RawCandle, ...], datetime] | None:
        """Return what is known without asking anybody and when that was true.

        None when the first candle asked for is not known: what begins later would hide a gap.
        """
        memory = self._memory(request)
        if memory is None:
            return None
        since, _ = self._span(request)
        with self._feed.changed:
            if not memory.known_ms or not memory.reaches(since):
                return None
            result = memory.window(request.since_ms, request.now_ms, request.limit)
            return result, utc(memory.known_ms)

    def _memory(self, request: CandleRequest) -> CandleMemory | None:
        """Return the memory that can answer a request, or None when only REST can."""
        span = max(request.now_ms, millis(self._clock.now())) - request.since_ms
        too_long = span > (self._settings.memory_candles - 2) * self._timeframe_ms
        if request.timeframe_ms != self._timeframe_ms or too_long:
            return None
        return self._feed.memory(request.symbol)

    def _countdown(self, seconds: float | None) -> Callable[[], float | None]:
        began = self._clock.monotonic()
        if seconds is None:
            return lambda: None
        return lambda: max(seconds - (self._clock.monotonic() - began), 0.0)

    def _span(self, request: CandleRequest) -> tuple[int, int]:
        """Return the first open time asked for and the one of the candle that forms at the request's now."""
        step = self._timeframe_ms
        return opening(slot(request.since_ms - 1, step) + 1, step), opened_by(request.now_ms, step)

    def _await_final(self, memory: CandleMemory, request: CandleRequest, left: float | None) -> None:
        """Give a final candle a moment to arrive after its close, when nothing else is missing."""
        since, until = self._span(request)
        before = opened_by(until - 1, self._timeframe_ms)
        now_ms = millis(self._clock.now())
        pause = self._settings.settle_seconds - (now_ms - until) / 1000
        pause = pause if left is None else min(pause, left)

        def settled() -> bool:
            lacking = memory.lacks(since, until)
            return not self._feed.live() or lacking is None or lacking != before

        if pause > 0:
            with self._feed.changed:
                self._feed.changed.wait_for(settled, pause)

    def _need(self, memory: CandleMemory, request: CandleRequest) -> _Need | None:
        since, until = self._span(request)
        with self._feed.changed:
            self._feed.note_drops()
            lacking = memory.lacks(since, until)
            if lacking is not None:
                return _Need(lacking, True, memory.doubts)
            if self._feed.live() and not memory.doubted:
                return None
            # The last final candle again, so that a difference would show, and what came after it.
            last = max(since, opened_by(min(until, memory.end) - 1, self._timeframe_ms))
            return _Need(last, not self._feed.live(), memory.doubts)

    def _mend(self, memory: CandleMemory, request: CandleRequest, left: Callable[[], float | None]) -> None:
        """Ask REST for what the memory needs to answer a request; one thread at a time for a symbol."""
        lock, seconds = self._asking[request.symbol], left()
        if not lock.acquire(timeout=-1 if seconds is None else seconds):
            raise Unreachable(f"another call for {request.symbol} still waits for its answer")
        try:
            need = self._need(memory, request)
            while need is not None and self._asked(memory, request, need, left()):
                further = self._need(memory, request)
                need = further if further and further.hard and further.since_ms > need.since_ms else None
        finally:
            lock.release()

    def _asked(
        self, memory: CandleMemory, request: CandleRequest, need: _Need, seconds: float | None
    ) -> bool:
        """Ask once; return whether the answer was cut at its most rows. Raises VenueFault for a hard need."""
        # Up to now, and not the request's now: what is doubted or missing is the present.
        now_ms = max(request.now_ms, millis(self._clock.now()))
        rows_to_now = (now_ms - need.since_ms) // self._timeframe_ms + 2
        asked = CandleRequest(
            request.symbol, self._timeframe_ms, need.since_ms, now_ms, min(rows_to_now, MOST_ROWS)
        )
        try:
            rows, known_ms = self._backfill.ask(asked, seconds)
        except VenueFault:
            if need.hard:
                raise
            return False
        with self._feed.changed:
            memory.join(need.since_ms, rows, known_ms)
            memory.settled = need.doubts
            self._feed.changed.notify_all()
        return len(rows) >= asked.limit
