"""The market a soak serves: seeded, lively and as old as anyone asks, the same for the same seed.

Each symbol is a sum of waves around a base price. One wave has a period of a few candles, shifted
from symbol to symbol, so that fast strategies cross their lines every few minutes on real one-minute
candles; the quick ones move the price between two cycles and reach stops.
"""

import random
from collections.abc import Iterable
from math import sin, tau
from typing import NamedTuple

from domain.candle import RawCandle
from domain.ports import Clock
from domain.times import MINUTE_MS, millis

BASES = {"BTC-USDT": 50_000.0, "ETH-USDT": 3_000.0, "BNB-USDT": 600.0, "SOL-USDT": 150.0}
"""Symbols with prices that sit well on a tick of 0.01."""
SYMBOLS = tuple(BASES)
CANDLE_WAVE_SECONDS = 300.0
PARTS = 8
"""Prices that make a candle beside its open."""
LONGEST = 1000
"""Candles one answer may hold, as at Binance."""


class Wave(NamedTuple):
    """One component of a price: share of the base, period in seconds, phase in turns."""

    size: float
    seconds: float
    turn: float

    def at(self, seconds: float) -> float:
        """Return its value at an instant."""
        return self.size * sin(tau * (seconds / self.seconds + self.turn))


class Market:
    """One symbol's candles, at any time; the last is still forming. Callable as a venue's market."""

    def __init__(self, symbol: str, seed: int, clock: Clock) -> None:
        self.base = BASES[symbol]
        self.seed = f"{seed}:{symbol}"
        self.clock = clock
        # Counted from the run's first minute, so that each run begins at the same place of the wave.
        self.epoch_ms = millis(clock.now()) // MINUTE_MS * MINUTE_MS
        draw = random.Random(self.seed)
        shift = SYMBOLS.index(symbol) / len(SYMBOLS)
        self.waves = (
            Wave(0.012, CANDLE_WAVE_SECONDS, shift),
            *(Wave(0.006, draw.uniform(900, 7200), draw.random()) for _ in range(3)),
            *(Wave(0.001, draw.uniform(11, 90), draw.random()) for _ in range(4)),
        )

    def price(self, instant_ms: int) -> float:
        """Return the price at an instant, on the tick."""
        seconds = (instant_ms - self.epoch_ms) / 1000
        return round(self.base * (1 + sum(wave.at(seconds) for wave in self.waves)), 2)

    def __call__(self, start_ms: int, length_ms: int) -> Iterable[RawCandle]:
        """Return the candles that opened from `start_ms` up to now, oldest first, at most 1000."""
        now = millis(self.clock.now())
        newest = now // length_ms * length_ms
        oldest = max(-(-start_ms // length_ms) * length_ms, newest - (LONGEST - 1) * length_ms)
        return [self._candle(opened, length_ms, now) for opened in range(oldest, newest + 1, length_ms)]

    def _candle(self, opened: int, length: int, now: int) -> RawCandle:
        last = min(opened + length - 1, now)
        seen = [self.price(opened + (last - opened) * part // PARTS) for part in range(PARTS + 1)]
        draw = random.Random(f"{self.seed}:{opened}")
        volume = round(draw.uniform(5, 50) * (last - opened + 1) / length, 6)
        return RawCandle(opened, seen[0], max(seen), min(seen), seen[-1], volume)


def markets(seed: int, clock: Clock) -> dict[str, Market]:
    """Return the market of each symbol."""
    return {symbol: Market(symbol, seed, clock) for symbol in SYMBOLS}
