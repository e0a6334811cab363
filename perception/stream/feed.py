"""The feed of a stream's candles: its queue, the thread that empties it, the memories it fills.

The reader's thread calls `up`, `message` and `down`; everything else holds `changed` while it looks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Condition, Thread

import structlog

from domain.errors import BadAnswer
from domain.ports import Clock
from domain.times import closing, millis
from perception.stream.memory import CandleMemory, Novelty
from perception.stream.messages import Dialect, Kline, Notice
from perception.stream.queue import LOG_EVERY, DropOldestQueue

log = structlog.get_logger()


@dataclass
class FeedCounts:
    """The counts of a feed so far: `messages` were read, `malformed` could not be used."""

    messages: int = 0
    malformed: int = 0
    connections: int = 0


class StreamFeed:
    """The candles of the dialect's symbols as far as the stream told them, and how sure that is.

    `changed` guards the memories and is notified at every final candle and change of the connection.
    `on_notice` is told, with the number of the connection, when the server asks to leave or refuses.
    """

    def __init__(
        self, dialect: Dialect, clock: Clock, *, queue_size: int, memory_candles: int, watchdog_seconds: float
    ) -> None:
        self.changed = Condition()
        self.connected = False
        self.closed = False
        self.on_notice: Callable[[int, str], None] = lambda _number, _reason: None
        self.queue: DropOldestQueue[tuple[int, bytes]] = DropOldestQueue(queue_size)
        self._dialect = dialect
        self._clock = clock
        self._watchdog = watchdog_seconds
        self._counts = FeedCounts()
        self._noted = 0
        self._last_message: float | None = None
        self._alive_at = clock.monotonic()
        self._memories = {
            symbol: CandleMemory(dialect.timeframe_ms, memory_candles) for symbol in dialect.symbols
        }
        self._thread = Thread(target=self._consume, name="binance-stream-consumer", daemon=True)

    def start(self) -> None:
        """Begin to empty the queue."""
        self._thread.start()

    def close(self, timeout_seconds: float) -> None:
        """Stop, and wake everybody who waits for a change."""
        self.queue.close()
        with self.changed:
            self.closed = True
            self.connected = False
            self.changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def memory(self, symbol: str) -> CandleMemory | None:
        """Return a symbol's candles, to be looked at under `changed`; None for one without a stream."""
        return self._memories.get(symbol)

    def live(self) -> bool:
        """Say whether the stream is connected and was not silent beyond the watchdog."""
        return self.connected and self.silence() <= self._watchdog

    def silence(self) -> float:
        """Return seconds since the last sound message, or since the connection was made."""
        return self._clock.monotonic() - self._alive_at

    def heard_since(self, instant: float) -> bool:
        """Say whether a sound message came since `instant` (monotonic)."""
        heard = self._last_message
        return heard is not None and heard >= instant

    def message_age(self) -> float | None:
        """Return seconds since the last sound message; None before the first."""
        heard = self._last_message
        return None if heard is None else self._clock.monotonic() - heard

    def counts(self) -> FeedCounts:
        """Return a copy of the counters."""
        with self.changed:
            return replace(self._counts)

    def revisions(self) -> int:
        """Return how many final candles came in two versions."""
        with self.changed:
            return sum(memory.revisions for memory in self._memories.values())

    def up(self) -> None:
        """Note that the stream is connected: what was said before that was missed."""
        with self.changed:
            self.connected = True
            self._alive_at = self._clock.monotonic()
            self._counts.connections += 1
            self._doubt()

    def down(self) -> None:
        """Note that the stream is not connected any more."""
        with self.changed:
            self.connected = False
            self._doubt()

    def message(self, number: int, body: bytes) -> None:
        """Take a message of connection `number` as it came; never waits, nor for `changed`."""
        self.queue.put((number, body))

    def note_drops(self) -> None:
        """Doubt what is known when the queue dropped something since the last look; under `changed`."""
        dropped = self.queue.dropped
        if dropped != self._noted:
            self._noted = dropped
            self._doubt()

    def missed(self, reason: str) -> None:
        """Note a message that cannot be used, and that something may have been missed with it."""
        with self.changed:
            self._counts.malformed += 1
            malformed = self._counts.malformed
            self._doubt()
        if malformed % LOG_EVERY == 1:
            log.warning("stream message refused", reason=reason, refused=malformed)

    def _doubt(self) -> None:
        for memory in self._memories.values():
            memory.doubt()
        self.changed.notify_all()

    def _consume(self) -> None:
        while (item := self.queue.get()) is not None:
            number, body = item
            try:
                self.take(number, body)
            except Exception as error:  # noqa: BLE001  # a shape nobody foresaw must not end the thread
                self.missed(f"unforeseen shape ({type(error).__name__})")

    def take(self, number: int, body: bytes) -> None:
        """Understand one message of connection `number`; it counts once all it says is known."""
        try:
            self._understand(number, body)
        finally:
            with self.changed:
                self._counts.messages += 1

    def _understand(self, number: int, body: bytes) -> None:
        with self.changed:
            self.note_drops()
        now_ms = millis(self._clock.now())
        try:
            answer = self._dialect.read(body, now_ms)
        except BadAnswer as fault:
            self.missed(str(fault))
            return
        if isinstance(answer, Kline):
            self._learn(answer, now_ms)
        elif answer is not Notice.ACCEPTED:
            self.on_notice(number, answer.value)

    def _learn(self, kline: Kline, now_ms: int) -> None:
        memory, candle = self._memories[kline.symbol], kline.candle
        with self.changed:
            self._last_message = self._alive_at = self._clock.monotonic()
            if not kline.final:
                memory.form(candle, kline.event_ms, now_ms)
                return
            # Final is final, also when our clock is a little behind the exchange's.
            closes_ms = closing(candle.time, memory.timeframe_ms)
            report = memory.final(candle, max(now_ms, closes_ms))
            self.changed.notify_all()
        if report is Novelty.REVISED:
            log.warning("final candle came in two versions", symbol=kline.symbol, time=candle.time)
