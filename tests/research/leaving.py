"""Strategies that enter often and leave by declared exits, one of each kind and all together, for tests."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from reasoning.declare import (
    Declared,
    Numbers,
    bollinger,
    buy,
    crossed_above,
    crossed_below,
    ema,
    exits,
    integer,
    number,
    sell,
    sma,
    timeframe,
)
from reasoning.strategies.registry import STRATEGIES


class Entering(Declared):
    """Buys at every crossing of a short mean; what it buys it never votes to sell."""

    name = "enters"
    length = integer(4, 2, 50)
    mean = sma(length)

    def decide(self, now: Numbers) -> Any:
        """Vote to buy above the mean."""
        if crossed_above(now.close, now.mean):
            return buy(confidence=90, stop_ppm=30_000)
        return None


class ByRoi(Entering):
    """All by a table of gains."""

    name = "by-roi"
    first = number(0.02, 0.0, 1.0)
    exits = exits(roi={0: first, 180: 0.008, 600: 0.0})


class ByTime(Entering):
    """All after four hours."""

    name = "by-time"
    minutes = integer(240, 1, 10_000)
    exits = exits(after=minutes)


class ByBreakEven(Entering):
    """A stop at what was paid, from a small gain on."""

    name = "by-break-even"
    start = number(0.008, 0.001, 1.0)
    exits = exits(break_even=start)


class ByTrail(Entering):
    """A stop some ATRs below the close."""

    name = "by-trail"
    atrs = number(2.0, 0.1, 9.0)
    exits = exits(trail_atr=atrs)


class ByParts(Entering):
    """A half and a quarter sold on the way."""

    name = "by-parts"
    half = number(0.5, 0.01, 0.7)
    exits = exits(partial={0.02: 0.25, 0.005: half}, after=1_200)


class ByAll(Entering):
    """Every exit, and votes to sell beside them."""

    name = "by-all"
    exits = exits(
        roi={0: 0.03, 240: 0.005},
        after=900,
        break_even=0.006,
        trail_atr=2.5,
        partial={0.004: 0.4, 0.015: 0.3},
    )

    def decide(self, now: Numbers) -> Any:
        """Vote at crossings, with a target far off."""
        if crossed_above(now.close, now.mean):
            return buy(confidence=90, stop_ppm=30_000, target=now.close * 1.05)
        if crossed_below(now.close, now.mean * 0.97):
            return sell(confidence=90)
        return None


class ByLeave(Entering):
    """A custom exit of its own: all with reasons, shares, and numbers of this candle and the last."""

    name = "by-leave"
    patience = integer(480, 60, 5_000)
    slow = sma(9)
    band = bollinger(12, 2.0)
    exits = exits(partial={0.02: 0.25})

    def leave(self, now: Numbers, last: Numbers, held: Any) -> Any:
        """Leave where the mean is lost with a gain, where it takes too long, or in parts."""
        wide = now.band.upper - now.band.lower
        if held.gain > 0.006 and crossed_below(now.close, now.slow):
            return "the mean was lost"
        if held.minutes >= self.patience:
            return held.gain < 0 or last.close > now.close, "it takes too long"
        if held.left > 0.6 and (held.gain > 0.004 or now.close > held.entry + 0.3 * wide):
            return 0.4, "the first part"
        return 0.7 if held.gain * held.entry / wide > 0.5 else held.stop > now.low


class ByLeaveAbove(Entering):
    """A custom exit that reads candles of a longer timeframe, whose numbers are no columns."""

    name = "by-leave-above"
    hour4 = timeframe("4h")
    calm = ema(3, on=hour4)

    def leave(self, now: Numbers, held: Any) -> Any:
        """Leave below the longer mean."""
        return "below the four-hour mean" if now.close < now.calm and held.minutes > 60 else False


class ByLeaveAlone(Entering):
    """A custom exit of the position's numbers alone, and of what was stood on the way."""

    name = "by-leave-alone"
    most = number(0.01, 0.001, 0.5)

    def leave(self, now: Numbers, held: Any) -> Any:
        """Leave at a gain that grows less with every hour, or where all falls at once."""
        return held.gain > self.most - held.minutes / 1e6 or now.close < 0.93 * held.entry


class ByLeaveDividing(Entering):
    """A custom exit that divides by nothing."""

    name = "by-leave-dividing"

    def leave(self, now: Numbers, held: Any) -> Any:
        """Ask for all where a number is none."""
        return held.gain / (now.close - now.close) > 0


LEAVING: Sequence[type[Declared]] = (
    ByRoi,
    ByTime,
    ByBreakEven,
    ByTrail,
    ByParts,
    ByAll,
    ByLeave,
    ByLeaveAbove,
    ByLeaveAlone,
)
NAMES = tuple(each.strategy.name for each in LEAVING)


@pytest.fixture(scope="module")
def leaving() -> Iterator[None]:
    """Have the strategies of this file among those that may speak."""
    everyone: tuple[type[Declared], ...] = (Entering, ByLeaveDividing, *LEAVING)
    with pytest.MonkeyPatch.context() as patch:
        for each in everyone:
            patch.setitem(STRATEGIES, each.strategy.name, each.strategy)
        yield
