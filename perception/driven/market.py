"""Markets that say themselves what time it is: candles from a stream, delivered one instant at a time.

The rule: a candle counts as closed at the instant the next candle of its symbol opens, and that
opening price is the quote. So a decision on a candle trades at the next open, whatever the gap. The
last candle of a stream serves as a quote only. The session's instants are the open times of all
symbols together.
"""

from collections import deque
from collections.abc import Generator, Mapping
from datetime import datetime
from itertools import islice
from sys import maxsize

from domain.candle import Candle, LastPrice, RawCandle
from domain.errors import BadInput
from domain.instrument import Instrument
from domain.observation import Finding, Observation, Source
from domain.times import closing, millis, utc
from perception.quality.collar import FACTOR, believable
from perception.quality.intake import flat, intake
from perception.quality.ticks import follower, on_grid

NEVER = maxsize
MIN_PENDING = 500

Rows = Generator[RawCandle, None, None]


class Cursor:
    """One symbol's place in its stream of raw candles, oldest first.

    `opens` is when its next candle opens (NEVER once the stream is over), `position` how many
    candles it has read. With `after` the stream must begin behind that candle and the cursor goes on
    from there; without, the first `warmup` candles are delivered together. Of those that are not asked for
    it keeps the last `kept`, or as many as it always does.
    """

    __slots__ = (
        "_batch", "_instrument", "_last", "_pending", "_rows", "_timeframe_ms", "_upcoming",
        "_warming", "doubted", "findings", "opens", "position", "quote", "turned",
    )  # fmt: skip

    def __init__(
        self,
        rows: Rows,
        instrument: Instrument,
        timeframe_ms: int,
        *,
        after: Candle | None,
        warmup: int,
        kept: int = 0,
    ) -> None:
        self._rows = rows
        self._instrument = instrument
        self._timeframe_ms = timeframe_ms
        self._last = after
        self._warming = 0 if after is not None else warmup
        self._batch = list(islice(rows, 1 if after is not None else warmup))
        self._pending: deque[Candle] = deque(maxlen=max(warmup, MIN_PENDING, kept))
        self.quote: LastPrice | None = None
        self.findings: tuple[Finding, ...] = ()
        self.doubted: tuple[Candle, ...] = ()
        self.turned = -NEVER
        self.position = len(self._batch)
        self._read()
        if after is not None and self._batch:
            self.turned = self._batch[0].time
            self._price(self._batch[0])

    def _read(self) -> None:
        self._upcoming = next(self._rows, None)
        self.opens = NEVER if self._upcoming is None else self._upcoming.time
        self.position += self._upcoming is not None

    @property
    def over(self) -> bool:
        """True when no further candle opens."""
        return self._upcoming is None

    def turn(self) -> None:
        """Move on to the instant the next candle opens: what is before it has closed."""
        opened = self._upcoming
        if opened is None:
            return
        raw, self._batch = self._batch, [opened]
        self.turned = opened.time
        self.findings = self.doubted = ()
        last = self._last
        candle = (
            follower(self._instrument, raw[0], last, self._timeframe_ms)
            if last is not None and len(raw) == 1
            else None
        )
        if candle is not None:
            self._last = candle
            self._pending.append(candle)
            self.findings = flat(candle)
        elif raw:
            self._take(raw, opened)
        self._price(opened)
        self._read()

    def _take(self, raw: list[RawCandle], opened: RawCandle) -> None:
        # Whatever the timeframe says, the opening of the next candle is what closes this one.
        closed_ms = max(opened.time, closing(raw[-1].time, self._timeframe_ms))
        taken = intake(self._instrument, raw, self._last, self._timeframe_ms, closed_ms)
        self._pending.extend(taken.candles)
        self._last = taken.candles[-1] if taken.candles else self._last
        self._batch = [*taken.doubted, opened]
        self.findings = taken.findings
        self.doubted = taken.refused

    def catch_up(self, instant: int) -> None:
        """Live silently through what happened up to `instant`, in ms: an earlier session saw it."""
        while self.opens <= instant:
            if self._last is not None:
                self.turn()
            elif self._upcoming is not None:
                keep = max(self._warming, 1)
                self._batch = [*self._batch, self._upcoming][-keep:]
                self._price(self._upcoming)
                self._read()

    def new(self, after: Candle | None) -> tuple[Candle, ...]:
        """Return the candles newer than `after`, and forget those that are not."""
        pending = self._pending
        if after is not None:
            while pending and pending[0].time <= after.time:
                pending.popleft()
        return tuple(pending)

    def close(self) -> None:
        """Close the stream."""
        self._rows.close()

    def _price(self, opened: RawCandle) -> None:
        price = on_grid(self._instrument, opened.open)
        last = self._last
        if price is not None and last is not None and not believable(price, last.close):
            detail = f"quote {price} against a last close of {last.close}, limit x{FACTOR}"
            self.findings = (*self.findings, Finding("jump", detail, opened.time))
            price = None
        self.quote = None if price is None else LastPrice(price, opened.time)


def beside_cursor(
    rows: Rows,
    instrument: Instrument,
    timeframe_ms: int,
    *,
    after: Candle | None,
    warmup: int,
    kept: int,
    lived: bool,
) -> Cursor:
    """Return the cursor of a symbol that is only looked at: each candle is told when it has closed.

    What lies before the first instant is told at once, up to `kept` candles; where an earlier session was
    `lived` without it, a warm-up.
    """
    return Cursor(rows, instrument, timeframe_ms, after=after, warmup=warmup if lived else 0, kept=kept)


class DrivenMarket:
    """Several cursors under one time: a timeline for the pacer and an observer for the loop.

    `lived_until` is the last instant an earlier session lived through, if there was one; time goes
    on behind it. The cursors `beside` are of symbols that are only looked at: they make no instant.
    """

    def __init__(
        self,
        cursors: Mapping[str, Cursor],
        source: Source,
        *,
        lived_until: datetime | None = None,
        beside: Mapping[str, Cursor] | None = None,
    ) -> None:
        self._beside = tuple((beside or {}).values())
        self._by_symbol = {**cursors, **(beside or {})}
        self._cursors = tuple(cursors.values())
        self._source = source
        self._provider = source.value
        self._series = {symbol: f"{source.value}:{symbol}" for symbol in self._by_symbol}
        begun = max((cursor.turned for cursor in self._cursors), default=-NEVER)
        self._instant = begun if lived_until is None else max(begun, millis(lived_until))
        for cursor in (*self._cursors, *self._beside):
            if lived_until is not None or cursor not in self._beside:
                cursor.catch_up(self._instant)

    @property
    def position(self) -> int:
        """Number of candles read so far, over all symbols."""
        return sum(cursor.position for cursor in self._cursors)

    @property
    def over(self) -> bool:
        """True when every stream is at its end."""
        return all(cursor.over for cursor in self._cursors)

    def next_time(self) -> datetime | None:
        """Move on to the next instant; None when every stream is over. Raises BadInput for a bad row."""
        instant = NEVER
        for cursor in self._cursors:
            if cursor.opens < instant:  # noqa: PLR1730  # every cycle; min() costs three times as much
                instant = cursor.opens
        if instant == NEVER:
            return None
        for cursor in self._cursors:
            if cursor.opens == instant:
                cursor.turn()
        for cursor in self._beside:
            while cursor.opens <= instant:
                cursor.turn()
        self._instant = instant
        return utc(instant)

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        """Return the candles that closed since `after` and the quote. Raises BadInput for another symbol."""
        cursor = self._by_symbol.get(symbol)
        if cursor is None:
            raise BadInput(
                f"symbol {symbol} is not in this {self._provider} market: {', '.join(self._by_symbol)}"
            )
        return Observation(
            symbol=symbol,
            source=self._source,
            provider=self._provider,
            series=self._series[symbol],
            fetched_at=now,
            candles=cursor.new(after),
            quote=cursor.quote,
            findings=cursor.findings if cursor.turned == self._instant else (),
            doubted=cursor.doubted if cursor.turned == self._instant else (),
        )

    def close(self) -> None:
        """Close every stream."""
        for cursor in (*self._cursors, *self._beside):
            cursor.close()
