"""The candles of symbols that strategies only look at, as a mind keeps them for all it trades.

Each is counted once and for good, so that the memory of a traded symbol knows by one number what it has
taken in. Candles of another series, or in ticks of another grid, are counted behind a hole: whoever has not
taken in what lies before it begins the symbol anew.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.candle import Candle
from domain.observation import Observation
from domain.regrid import Regrid
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy


class InformativeCandles(msgspec.Struct):
    """The last closed candles of one symbol; `first` is the number of the oldest that is kept."""

    series: str = ""
    first: int = 0
    candles: list[Candle] = []

    def take(self, observation: Observation, kept: int) -> None:
        """Take in what is new, and keep so many; another series begins anew."""
        if not observation.candles:
            return
        if observation.series != self.series:
            self._begin([])
            self.series = observation.series
        last = self.candles[-1].time if self.candles else None
        self.candles.extend(each for each in observation.candles if last is None or each.time > last)
        old = max(0, len(self.candles) - kept)
        del self.candles[:old]
        self.first += old

    def regrid(self, change: Regrid) -> None:
        """Go on in the ticks of another grid."""
        self._begin([change.candle(each) for each in self.candles])

    def copy(self) -> "InformativeCandles":
        """Return one that can take in more without changing this one."""
        return InformativeCandles(self.series, self.first, self.candles[:])

    def _begin(self, candles: list[Candle]) -> None:
        self.first += len(self.candles) + 1
        self.candles = candles

    def due(self, taken: int | None, time: int, begins: int) -> tuple[int, bool, Sequence[Candle]]:
        """Return what is to be taken in before a symbol's own candle of a time.

        That is the number of the next one to take in from then on, whether the symbol begins anew, and the
        candles: none that opened later, nor before `begins`, the symbol's own first. `taken` is that number
        so far, None where none was taken in.
        """
        begin = self.first if taken is None else max(taken, self.first)
        end = begin
        while end - self.first < len(self.candles) and self.candles[end - self.first].time <= time:
            end += 1
        part = self.candles[begin - self.first : end - self.first]
        return end, taken is not None and begin > taken, [each for each in part if each.time >= begins]

    def again(self, taken: int) -> Sequence[Candle]:
        """Return the candles that were taken in before a number and are still kept."""
        return self.candles[: max(0, taken - self.first)]


class CandleFeed:
    """Candles of other symbols that lie ready, handed to a strategy's memory before its own candles."""

    def __init__(
        self, strategy: Strategy[Any], packed: Any, beside: Mapping[str, Sequence[Candle]], begins: int
    ) -> None:
        self.strategy = strategy
        self.packed = packed
        self._ready = [
            (candles, bisect_left(candles, begins, key=_time))
            for candles in (beside.get(each.symbol, ()) for each in strategy.informative)
        ]

    def before(self, memory: Memory, time: int) -> None:
        """Take in what is not younger than the own candle of a time. Raises StrategyFault."""
        for which, (candles, index) in enumerate(self._ready):
            upto = bisect_right(candles, time, index, key=_time)
            for each in candles[index:upto]:
                self.strategy.take_informative(memory, self.packed, which, *as_numbers(each))
            self._ready[which] = candles, upto


def _time(candle: Candle) -> int:
    return candle.time


def as_numbers(candle: Candle) -> tuple[float, ...]:
    """Return a candle as kernels take it: open time, open, high, low, close, volume."""
    return tuple(map(float, candle))
