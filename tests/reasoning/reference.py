"""The three structure strategies once more, slowly: over the whole history, from facts/trading.md alone.

Nothing is shared with reasoning/: lists of all candles, every question asked anew for every candle.
"""

from math import floor
from typing import NamedTuple

from domain.candle import Candle

WING = 5
KEPT = 16
"""Levels of one side that are remembered; the one touched longest ago gives way."""


class Said(NamedTuple):
    """A vote with its levels in ticks, at the candle with this number."""

    place: int
    vote: int
    stop: int
    target: int


class History:
    """Candles with their swings, trends and breaks; `known[i]` is when swing i was known."""

    def __init__(self, candles: list[Candle]) -> None:
        self.candles = candles
        self.swings: dict[int, list[tuple[int, int]]] = {1: [], -1: []}
        for middle in range(WING, len(candles) - WING):
            around = [*candles[middle - WING : middle], *candles[middle + 1 : middle + WING + 1]]
            if all(each.high < candles[middle].high for each in around):
                self.swings[1].append((middle + WING, candles[middle].high))
            if all(each.low > candles[middle].low for each in around):
                self.swings[-1].append((middle + WING, candles[middle].low))
        self.breaks = self._breaks()

    def seen(self, side: int, place: int) -> list[int]:
        """Return the prices of a side's swings known at a candle."""
        return [price for known, price in self.swings[side] if known <= place]

    def trend(self, place: int) -> int:
        highs, lows = self.seen(1, place)[-2:], self.seen(-1, place)[-2:]
        if len(highs) < 2 or len(lows) < 2:
            return 0
        if highs[1] > highs[0] and lows[1] > lows[0]:
            return 1
        return -1 if highs[1] < highs[0] and lows[1] < lows[0] else 0

    def _breaks(self) -> list[tuple[int, int, bool]]:
        """Return place, direction and whether it was a BOS of every break."""
        found: list[tuple[int, int, bool]] = []
        broken: dict[int, tuple[int, int] | None] = {1: None, -1: None}
        for place, candle in enumerate(self.candles):
            for side in (1, -1):
                known = [swing for swing in self.swings[side] if swing[0] <= place]
                if known and known[-1] != broken[side] and side * (candle.close - known[-1][1]) > 0:
                    broken[side] = known[-1]
                    found.append((place, side, side * self.trend(place) >= 0))
                    break
        return found

    def target(self, side: int, place: int, stop: int, multiple: float) -> int:
        close = self.candles[place].close
        swings = self.seen(side, place)
        if swings and side * (swings[-1] - close) > 0:
            return swings[-1]
        return max(int(close + multiple * (close - stop)), 0)


def _stop(side: int, price: float) -> int:
    return int(price * (1.0 - 0.001)) if side > 0 else -floor(-price * (1.0 + 0.001))


def _worth(side: int, close: int, stop: int, target: int, least: float) -> bool:
    risk = side * (close - stop)
    return risk > 0 and stop > 0 and target > 0 and side * (target - close) >= least * risk


def _one(history: History, place: int, found: dict[int, float], multiple: float, least: float) -> list[Said]:
    """Return the vote of one candle: none when both sides speak or the reward is too small."""
    if len(found) != 1:
        return []
    ((side, price),) = found.items()
    stop = _stop(side, price)
    target = history.target(side, place, stop, multiple)
    worth = _worth(side, history.candles[place].close, stop, target, least)
    return [Said(place, side, stop, target)] if worth else []


def gaps(candles: list[Candle]) -> list[Said]:  # noqa: C901  # to be read beside the definition
    """FVG fill: 50 % filled within 50 bars, gap of 0.2 % or more, stop beyond its edge, target 2R."""
    said, opened = [], list[tuple[int, int, int, int]]()
    for place, candle in enumerate(candles):
        found: dict[int, float] = {}
        for gap in list(opened):
            born, side, near, far = gap
            extreme = candle.low if side > 0 else candle.high
            if place - born > 50:
                opened.remove(gap)
            elif side * (extreme - (near + far) / 2) <= 0:
                opened.remove(gap)
                if side * (candle.close - far) >= 0:
                    found[side] = side * max(side * found.get(side, side * -(10**15)), side * far)
        if place >= 2:
            before = candles[place - 2]
            if candle.low - before.high >= 0.002 * before.high:
                opened.append((place, 1, candle.low, before.high))
            if before.low - candle.high >= 0.002 * before.low:
                opened.append((place, -1, candle.high, before.low))
        if len(found) == 1:
            ((side, far_edge),) = found.items()
            stop = _stop(side, far_edge)
            target = max(int(candle.close + 2.0 * (candle.close - stop)), 0)
            if _worth(side, candle.close, stop, target, 1.5):
                said.append(Said(place, side, stop, target))
    return said


def order_blocks(candles: list[Candle]) -> list[Said]:  # noqa: C901  # to be read beside the definition
    """BOS order block: the latest one before a BOS, first return within 30 bars, R:R 2 or more."""
    history = History(candles)
    breaks = {place: (side, bos) for place, side, bos in history.breaks}
    said: list[Said] = []
    latest: dict[int, tuple[int, int] | None] = {1: None, -1: None}
    zone: dict[int, tuple[int, int, int] | None] = {1: None, -1: None}
    for place, candle in enumerate(candles):
        found: dict[int, float] = {}
        for side in (1, -1):
            waiting = zone[side]
            if waiting is None:
                continue
            since, low, high = waiting
            far, edge = (low, high) if side > 0 else (high, low)
            extreme = candle.low if side > 0 else candle.high
            if place - since > 30 or side * (candle.close - far) < 0:
                zone[side] = None
            elif side * (extreme - edge) <= 0:
                zone[side] = None
                found[side] = far
        for side in (1, -1):
            block = latest[side]
            if block is not None and side * (candle.close - block[0 if side > 0 else 1]) < 0:
                latest[side] = None
            if place and side * (candles[place - 1].close - candles[place - 1].open) < 0:
                before = candles[place - 1]
                if side * (candle.close - before.close) > 0.01 * before.close:
                    latest[side] = (before.low, before.high)
        if place in breaks and breaks[place][1]:
            side = breaks[place][0]
            block = latest[side]
            if block is not None:
                zone[side], latest[side] = (place, *block), None
        said += _one(history, place, found, 3.0, 2.0)
    return said


class _Level:
    def __init__(self, price: int, place: int) -> None:
        self.prices, self.stamp = [price], place
        self.swept: int | None = None
        self.extreme = 0

    def takes(self, price: int) -> bool:
        prices = [*self.prices, price]
        return self.swept is None and max(prices) - min(prices) <= 0.001 * min(prices)


def sweeps(candles: list[Candle]) -> list[Said]:
    """Liquidity sweep: beyond equal levels, closed back on that bar or the next 3, R:R 1.5 or more."""
    history, said = History(candles), list[Said]()
    levels: dict[int, list[_Level]] = {1: [], -1: []}
    for place, candle in enumerate(candles):
        found: dict[int, float] = {}
        for side in (1, -1):
            reclaimed = _reclaimed(levels[side], side, place, candle)
            if reclaimed:
                found[side] = max(reclaimed, key=lambda each: each.stamp).extreme
            for known, price in history.swings[-side]:
                if known == place:
                    _touch(levels[side], price, place)
        said += _one(history, place, found, 2.0, 1.5)
    return said


def _touch(levels: list[_Level], price: int, place: int) -> None:
    for level in levels:
        if level.takes(price):
            level.prices.append(price)
            level.stamp = place
            return
    if len(levels) == KEPT:
        levels.remove(min(levels, key=lambda each: each.stamp))
    levels.append(_Level(price, place))


def _reclaimed(levels: list[_Level], side: int, place: int, candle: Candle) -> list[_Level]:
    extreme, back = (candle.low if side > 0 else candle.high), []
    for level in list(levels):
        price = sum(level.prices) / len(level.prices)
        if len(level.prices) < 2:
            continue
        if level.swept is None:
            if side * (price - extreme) <= 0:
                continue
            level.swept, level.extreme = place, extreme
        level.extreme = side * min(side * level.extreme, side * extreme)
        if side * (candle.close - price) > 0:
            back.append(level)
            levels.remove(level)
        elif place - level.swept >= 3:
            levels.remove(level)
    return back
