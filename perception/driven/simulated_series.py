"""One simulated symbol: its scene, and its track of candles under a running clock."""

from collections import deque
from itertools import pairwise
from typing import NamedTuple

from domain.candle import Candle, RawCandle
from domain.times import opening, slot
from perception.driven.random_walk import MarketParameters, RandomWalk, Shape, drawn

HISTORY = 1100
"""Closed candles kept at most: as many as the longest warm-up asks for."""


class Scene(NamedTuple):
    """One symbol's simulated market: `home` is its start price in ticks of size `tick`."""

    seed: int
    symbol: str
    climate: MarketParameters
    home: int
    tick: float
    timeframe_ms: int

    def walk(self, number: int) -> RandomWalk:
        """Return the walk from the slot of a number on."""
        return RandomWalk(self.climate, self.seed, self.symbol, number)

    def candle(self, shape: Shape, number: int, before: int) -> Candle:
        """Return the candle of a shape at the slot of a number, after a close of `before` ticks."""
        opens = opening(number, self.timeframe_ms)
        return drawn(shape, self.climate, opens, before, home=self.home, tick=self.tick)

    def raw(self, candle: Candle) -> RawCandle:
        """Return a candle as a provider would give it."""
        time, open_, high, low, close, volume = candle
        tick = self.tick
        return RawCandle(time, open_ * tick, high * tick, low * tick, close * tick, volume)


class SimulatedSeries:
    """A symbol's candles up to a moving now, in ticks; `price` holds at `at_ms`.

    The `past` candles before that are made up backwards from it, so that indicators have a history.
    """

    def __init__(self, scene: Scene, price: int, at_ms: int, past: int) -> None:
        self.scene = scene
        self._slot = slot(at_ms, scene.timeframe_ms)
        first = self._slot - past
        self._walk = scene.walk(first)
        results: list[Candle] = []
        close, self._missing = price, False
        for number in range(first, self._slot + 1):
            shape = self._walk.step()
            candle = scene.candle(shape, number, close)
            close, self._missing = candle.close, shape.missing
            if number == self._slot or not shape.missing:
                results.append(candle)
        share = self._share(at_ms)
        factor = price / seen(results[-1], share).close
        *closed, forming = (_scaled(candle, factor) for candle in results)
        # Rounding may have left the price a tick or two away.
        self._forming = _moved(forming, price - seen(forming, share).close)
        self._closed = deque(closed, maxlen=HISTORY)

    @property
    def price(self) -> int:
        """The close of the forming candle, in ticks."""
        return self._forming.close

    def behind(self, now_ms: int) -> int:
        """Return how many candles have closed since the track was last moved."""
        return slot(now_ms, self.scene.timeframe_ms) - self._slot

    def candles(self, since_ms: int, now_ms: int) -> list[Candle]:
        """Return candles that open from `since_ms` on, the last as it is seen forming at `now_ms`.

        A clock that was set back finds the market standing still.
        """
        for _ in range(self.behind(now_ms)):
            self._advance()
        results = [candle for candle in self._closed if candle.time >= since_ms]
        return [*results, seen(self._forming, self._share(now_ms))]

    def _advance(self) -> None:
        if not self._missing:
            self._closed.append(self._forming)
        self._slot += 1
        shape = self._walk.step()
        self._forming = self.scene.candle(shape, self._slot, self._forming.close)
        self._missing = shape.missing

    def _share(self, now_ms: int) -> float:
        """Return how much of the forming candle has passed, 0 to 1."""
        begun, over = (opening(self._slot + step, self.scene.timeframe_ms) for step in (0, 1))
        return max(0.0, (now_ms - begun) / (over - begun))


def seen(candle: Candle, share: float) -> Candle:
    """Return a candle as it looks when `share` of it has passed.

    The price goes in straight lines from the open to one extreme, to the other and to the close.
    """
    first, second = (candle.low, candle.high) if candle.close >= candle.open else (candle.high, candle.low)
    corners = (candle.open, first, second, candle.close)
    passed = share * (len(corners) - 1)
    prices = [candle.open]
    for number, (start, end) in enumerate(pairwise(corners)):
        part = min(max(passed - number, 0.0), 1.0)
        if part > 0:
            prices.append(round(start + (end - start) * part))
    volume = round(candle.volume * min(share, 1.0), 6)
    return Candle(candle.time, candle.open, max(prices), min(prices), prices[-1], volume)


def _scaled(candle: Candle, factor: float) -> Candle:
    time, open_, high, low, close, volume = candle
    o, h, l, c = (max(1, round(price * factor)) for price in (open_, high, low, close))  # noqa: E741  # the field's letters
    return Candle(time, o, h, l, c, volume)


def _moved(candle: Candle, ticks: int) -> Candle:
    time, open_, high, low, close, volume = candle
    o, h, l, c = (max(1, price + ticks) for price in (open_, high, low, close))  # noqa: E741  # same
    return Candle(time, o, h, l, c, volume)
