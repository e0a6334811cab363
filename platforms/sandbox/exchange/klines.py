"""Candles of every interval, built from trades as they happen."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.times import opened_by
from platforms.sandbox.exchange.intervals import INTERVALS
from platforms.sandbox.exchange.numbers import EIGHT, ZERO, down, plain

KEPT = 5_000
"""Candles kept of each interval; one answer gives at most 1000."""


@dataclass
class Bar:
    """One candle, its volume in base and in quote."""

    time: int
    end: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    quote: Decimal = ZERO
    trades: int = 0
    taker_volume: Decimal = ZERO
    taker_quote: Decimal = ZERO
    first_id: int = -1
    last_id: int = -1

    def row(self) -> list[Any]:
        """Return the candle as `klines` gives it."""
        prices = (plain(value) for value in (self.open, self.high, self.low, self.close, self.volume))
        taker = plain(self.taker_volume), plain(down(self.taker_quote))
        return [self.time, *prices, self.end, plain(down(self.quote)), self.trades, *taker, "0"]


@dataclass(frozen=True)
class Print:
    """One trade of the market: what the public streams and candles are made of."""

    id: int
    time: int
    price: Decimal
    quantity: Decimal
    buyer_maker: bool


class KlineSeries:
    """The candles of one interval, oldest first; the last is still open."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.length = INTERVALS[name]
        self.bars: list[Bar] = []

    def roll(self, now: int, price: Decimal) -> list[Bar]:
        """Open candles up to `now`, flat where nothing traded, and return those that closed."""
        closed = []
        start = opened_by(now, self.length)
        if self.bars:
            while self.bars[-1].time < start:
                last = self.bars[-1]
                closed.append(last)
                # After a long pause only what will be kept is worth making.
                behind = max(last.time + self.length, start - KEPT * self.length)
                self._open(behind, last.close)
        else:
            self._open(start, price)
        return closed

    def add(self, trade: Print) -> None:
        """Count a trade into the open candle; `roll` was called for its time."""
        bar = self.bars[-1]
        if not bar.trades and not bar.volume:
            bar.open = bar.high = bar.low = trade.price
            bar.first_id = trade.id
        bar.high = max(bar.high, trade.price)
        bar.low = min(bar.low, trade.price)
        bar.close = trade.price
        bar.volume += trade.quantity
        bar.quote += trade.price * trade.quantity
        bar.trades += 1
        bar.last_id = trade.id
        if not trade.buyer_maker:
            bar.taker_volume += trade.quantity
            bar.taker_quote += trade.price * trade.quantity

    def merge(self, time: int, prices: tuple[Decimal, Decimal, Decimal, Decimal], volume: Decimal) -> None:
        """Count a whole candle of history in."""
        first, high, low, last = prices
        start = opened_by(time, self.length)
        if not self.bars or self.bars[-1].time < start:
            self._open(start, first)
            self.bars[-1].high, self.bars[-1].low = high, low
        bar = self.bars[-1]
        bar.high, bar.low, bar.close = max(bar.high, high), min(bar.low, low), last
        quote = down(volume * (first + high + low + last) / 4, EIGHT)
        bar.volume += volume
        bar.quote += quote
        bar.trades += 4
        bar.taker_volume += down(volume / 2)
        bar.taker_quote += down(quote / 2)

    def between(self, start: int | None, end: int | None, limit: int) -> list[Bar]:
        """Return candles that open from `start` to `end`: the first `limit`, or the last without a start."""
        low = 0 if start is None else bisect_left(self.bars, start, key=lambda bar: bar.time)
        high = len(self.bars) if end is None else bisect_right(self.bars, end, key=lambda bar: bar.time)
        result = self.bars[low:high]
        return result[-limit:] if start is None else result[:limit]

    def _open(self, time: int, price: Decimal) -> None:
        self.bars.append(Bar(time, time + self.length - 1, price, price, price, price))
        if len(self.bars) > 2 * KEPT:
            del self.bars[:KEPT]
