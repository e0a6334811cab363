"""Candles played as a price that moves: open, the nearer extreme, the other, close."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from domain.candle import RawCandle
from platforms.sandbox.exchange.market import SandboxMarket
from platforms.sandbox.exchange.numbers import down

_MOMENTS = (Decimal(0), Decimal("0.3"), Decimal("0.6"), Decimal("0.9"))
"""When in a candle its four prices come, as shares of its length."""


class PriceStep(NamedTuple):
    """At `time` the price becomes `price` and `volume` trades there; `leap` tells a gap from a path."""

    time: int
    price: Decimal
    volume: Decimal
    leap: bool


def steps(row: RawCandle, market: SandboxMarket, start: int) -> list[PriceStep]:
    """Return the moves of one candle played from `start`."""
    first, high, low, last = (market.on_grid(value) for value in (row.open, row.high, row.low, row.close))
    turns = (low, high) if first - low <= high - first else (high, low)
    volume = market.quantity(row.volume)
    part = down(volume / 4, market.rules.step_size)
    parts = (part, part, part, volume - 3 * part)
    moments = (start + int(share * market.base_ms) for share in _MOMENTS)
    moves = zip(moments, (first, *turns, last), parts, strict=True)
    return [PriceStep(time, price, amount, time == start) for time, price, amount in moves]


class Play:
    """Plays rows one after another on the real clock, one each `base_ms`, from `start` on.

    Rows follow each other without gaps, whatever their own times were. One that is not `driven` by the
    clock is played by `at_once` alone.
    """

    def __init__(
        self, rows: Iterator[RawCandle], market: SandboxMarket, start: int, *, driven: bool = True
    ) -> None:
        self.market = market
        self.driven = driven
        self.played = 0
        self.over = False
        self._rows = rows
        self._start = start
        self._waiting: list[PriceStep] = []

    def peek(self) -> PriceStep | None:
        """Return the next move, or None when the rows have ended."""
        if not self._waiting and not self.over:
            self._read()
        return self._waiting[0] if self._waiting else None

    def pop(self) -> PriceStep:
        """Take the next move."""
        return self._waiting.pop(0)

    def due(self, now: int) -> PriceStep | None:
        """Return the next move when its time has come."""
        step = self.peek() if self.driven else None
        return step if step and step.time <= now else None

    def at_once(self, time: int) -> list[PriceStep]:
        """Take what is left of the row being played, or the next one, all at `time`."""
        self.peek()
        taken = [step._replace(time=time) for step in self._waiting]
        self._waiting.clear()
        return taken

    def _read(self) -> None:
        row = next(self._rows, None)
        if row is None:
            self.over = True
            return
        self._waiting = steps(row, self.market, self._start + self.played * self.market.base_ms)
        self.played += 1
