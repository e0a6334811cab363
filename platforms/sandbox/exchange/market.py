"""One symbol's market: its price, a synthetic book around it, candles and statistics."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from domain.candle import RawCandle
from domain.times import DAY_MS, MINUTE_MS
from platforms.sandbox.exchange.intervals import INTERVALS
from platforms.sandbox.exchange.klines import Bar, KlineSeries, Print
from platforms.sandbox.exchange.numbers import ZERO, down
from platforms.sandbox.exchange.rules import SymbolRules

LEVELS = 20
LEVEL_VALUE = Decimal(2500)
"""Quote value of the first level of the book; the second holds twice as much, and so on."""
PRINTS_KEPT = 1_000

Level = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class MarketEvent:
    """News for the public streams: trades that happened and candles that closed at `time`."""

    market: "SandboxMarket"
    time: int
    prints: tuple[Print, ...]
    closed: tuple[tuple[str, Bar], ...]


class SandboxMarket:
    """A price that moves, with everything the exchange tells about it.

    `base_ms` is the length of the played candle: shorter intervals are not served. The book is
    synthetic: one tick below and above the last price, then a level a tick, always full.
    """

    def __init__(self, rules: SymbolRules, base_ms: int) -> None:
        self.rules = rules
        self.base_ms = base_ms
        self.price = ZERO
        self.liquidity = Decimal(1)
        self.series = {name: KlineSeries(name) for name, length in INTERVALS.items() if length % base_ms == 0}
        self.prints: deque[Print] = deque(maxlen=PRINTS_KEPT)
        self._next_id = 1
        self._rolled = -1
        self._recent: deque[tuple[int, Decimal, Decimal]] = deque()

    def on_grid(self, price: float | Decimal | str) -> Decimal:
        """Round a price to the nearest tick, at least one."""
        tick = self.rules.tick_size
        steps = (Decimal(str(price)) / tick).quantize(Decimal(1), ROUND_HALF_EVEN)
        return max(steps, Decimal(1)) * tick

    def remember(self, rows: Iterable[RawCandle], end_ms: int) -> None:
        """Put candles before `end_ms` as history, the last of them ending there."""
        known = list(rows)
        self._rolled = -1
        time = end_ms - len(known) * self.base_ms
        for row in known:
            prices = (row.open, row.high, row.low, row.close)
            first, high, low, last = (self.on_grid(value) for value in prices)
            volume = self.quantity(row.volume)
            for series in self.series.values():
                series.merge(time, (first, high, low, last), volume)
            self._count(time + self.base_ms - 1, volume, volume * last)
            self.price = last
            time += self.base_ms

    def quantity(self, volume: float) -> Decimal:
        """Return a candle's volume on the lot grid."""
        return down(Decimal(str(volume)), self.rules.step_size)

    def roll(self, now: int) -> tuple[tuple[str, Bar], ...]:
        """Close candles whose time is over and return them with their interval."""
        if now // self.base_ms == self._rolled:
            return ()  # every candle ends where one of the shortest ends
        self._rolled = now // self.base_ms
        return tuple((name, bar) for name, s in self.series.items() for bar in s.roll(now, self.price))

    def trade(self, now: int, price: Decimal, quantity: Decimal, *, buyer_maker: bool) -> Print:
        """Let a trade happen; candles were rolled to `now`."""
        self.price = price
        done = Print(self._next_id, now, price, quantity, buyer_maker)
        self._next_id += 1
        self.prints.append(done)
        for series in self.series.values():
            series.add(done)
        self._count(now, quantity, quantity * price)
        return done

    def take_id(self) -> int:
        """Return the next trade id."""
        self._next_id += 1
        return self._next_id - 1

    def levels(self, *, asks: bool) -> list[Level]:
        """Return one side of the book, best first, as (price, quantity)."""
        tick = self.rules.tick_size if asks else -self.rules.tick_size
        unit = max(
            down(LEVEL_VALUE * self.liquidity / self.price, self.rules.step_size), self.rules.step_size
        )
        results = [(self.price + tick * n, unit * n) for n in range(1, LEVELS + 1)]
        return [(price, quantity) for price, quantity in results if price > 0]

    def best(self, *, asks: bool) -> Level:
        """Return the best bid or ask."""
        result = self.levels(asks=asks)
        return result[0] if result else (ZERO, ZERO)

    def average(self, now: int) -> Decimal:
        """Return the volume-weighted price of the last minutes, or the last price when nothing traded."""
        since = now - self.rules.avg_price_minutes * MINUTE_MS
        volume = quote = ZERO
        for time, quantity, value in reversed(self._recent):
            if time <= since:
                break
            volume += quantity
            quote += value
        return down(quote / volume) if volume else self.price

    def day(self, now: int) -> Bar:
        """Return the last 24 hours as one candle."""
        name = next(n for n in ("1m", "1h", "1d") if n in self.series)
        bars = self.series[name].between(now - DAY_MS, None, DAY_MS // MINUTE_MS + 1)
        if not bars:
            return Bar(now - DAY_MS, now, self.price, self.price, self.price, self.price)
        whole = Bar(bars[0].time, now, bars[0].open, bars[0].high, bars[0].low, self.price)
        for bar in bars:
            whole.high, whole.low = max(whole.high, bar.high), min(whole.low, bar.low)
            whole.volume += bar.volume
            whole.quote += bar.quote
            whole.trades += bar.trades
        whole.first_id = next((bar.first_id for bar in bars if bar.first_id >= 0), -1)
        whole.last_id = bars[-1].last_id
        return whole

    def _count(self, time: int, quantity: Decimal, quote: Decimal) -> None:
        self._recent.append((time, quantity, quote))
        # No filter averages over more than an hour.
        while self._recent and self._recent[0][0] < time - 60 * MINUTE_MS:
            self._recent.popleft()
