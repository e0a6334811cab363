"""The memory of one symbol between observations: kernels' numbers, headlines, last candles."""

from collections import deque
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from domain.candle import Candle
from domain.decision import Signal
from domain.regrid import Regrid
from reasoning.informative import CandleFeed, InformativeCandles, as_numbers
from reasoning.kernels.features import PLAN, Features, features_now, features_size, features_step
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import QUIET
from reasoning.news.sentiment import HeadlineMemory, SentimentSettings
from reasoning.own import StandIn, StrategyFault
from reasoning.remembered import ConfiguredStrategy, Remembered, kept_for

UNKNOWN = Features(0.0, 0.0, 0, 0, 0.0, 0.0, 0)
"""Features before the first candle."""

_Ahead = tuple[Candle, int, list[Memory]]
"""A candle that no voice votes on, how many were muted then, and the voices' memories after it."""


BLANK = (0.0,) * 6
"""The candle told where another symbol begins anew."""


class SymbolMemory:
    """Kernel memories of one price series, the last candle and the headlines of its symbol.

    `muted` are the voices whose code has failed, on any symbol, each with what was wrong: they are not
    asked any more, and whoever fails here joins them. `informed` are the candles of other symbols, by symbol;
    `taken` the number of the next of each that is to be taken in, `begins` the open time of the own series.
    """

    __slots__ = (
        "ahead",
        "begins",
        "blocks",
        "candle",
        "features",
        "headlines",
        "informed",
        "latest",
        "muted",
        "now_ms",
        "recent",
        "seen",
        "series",
        "speakers",
        "symbol",
        "taken",
    )

    def __init__(
        self,
        symbol: str,
        speakers: Sequence[ConfiguredStrategy],
        sentiment: SentimentSettings,
        muted: dict[str, str],
        informed: Mapping[str, InformativeCandles] | None = None,
    ) -> None:
        self.symbol = symbol
        self.speakers = speakers
        self.muted = muted
        self.informed = {} if informed is None else informed
        self.headlines = HeadlineMemory(sentiment)
        self.now_ms = 0
        self.start("")

    def start(self, series: str) -> None:
        """Begin a price series: everything that came from candles is forgotten, headlines stay."""
        self.series = series
        self.ahead: _Ahead | None = None
        self.candle: Candle | None = None
        self.seen = 0
        self.begins = 0
        self.taken: dict[str, int] = {}
        self.latest = UNKNOWN
        self.recent: deque[Candle] = deque(maxlen=kept_for(self.speakers))
        self.features: Memory = [0.0] * features_size(PLAN)
        self.blocks: list[Memory] = [self._blank(speaker) for speaker in self.speakers]

    def _blank(self, speaker: ConfiguredStrategy) -> Memory:
        try:
            return speaker.strategy.blank(speaker.packed)
        except StrategyFault as fault:
            self.muted[speaker.strategy.name] = str(fault)
            return []

    def step(self, candle: Candle) -> list[Signal]:
        """Take in the next closed candle and return each strategy's signal."""
        ahead, self.ahead = self.ahead, None
        time, opened, high, low, close, volume = map(float, candle)
        features_step(self.features, PLAN, high, low, close, volume)
        features = features_now(self.features, PLAN)
        self.candle = candle
        self.recent.append(candle)
        if self.seen == 0:
            self.begins = candle.time
        if self.informed:
            self._inform(candle)
        self.seen += 1
        self.latest = features
        if ahead is not None and ahead[0] is candle and ahead[1] == len(self.muted):
            self.blocks = ahead[2]
            return [QUIET] * len(self.blocks)
        signals = []
        for index, (strategy, packed) in enumerate(self.speakers):
            if strategy.name in self.muted:
                signals.append(QUIET)
                continue
            try:
                block = self.blocks[index]
                signals.append(
                    strategy.on_candle(block, packed, features, opened, high, low, close, volume, time)
                )
            except StrategyFault as fault:
                self.muted[strategy.name] = str(fault.at(self.symbol, candle.time))
                signals.append(QUIET)
        return signals

    def look(self, candle: Candle) -> bool:
        """Say whether a strategy votes on the next closed candle; changes nothing.

        Where none does, `step` takes over the memories that were stepped for it.
        """
        time, opened, high, low, close, volume = map(float, candle)
        blocks, muted = self.blocks[:], self.muted
        try:
            for index, (strategy, packed) in enumerate(self.speakers):
                if muted and strategy.name in muted:
                    continue
                block = blocks[index]
                blocks[index] = block = block[:] if type(block) is list else copy(block)
                if strategy.take(block, packed, opened, high, low, close, volume, time):
                    return True
        except StrategyFault:  # found again by the step, and told there
            return any(signal.vote for signal in self.copy().step(candle))
        self.ahead = candle, len(muted), blocks
        return False

    def _inform(self, candle: Candle) -> None:
        """Take in the candles of other symbols that are due before one of the own."""
        for symbol, informed in self.informed.items():
            self.taken[symbol], anew, due = informed.due(self.taken.get(symbol), candle.time, self.begins)
            for index, (strategy, packed) in enumerate(self.speakers):
                for which, each in enumerate(strategy.informative):
                    if each.symbol == symbol and strategy.name not in self.muted:
                        self._take_informative(index, which, packed, candle, anew=anew, due=due)

    def _take_informative(
        self, index: int, which: int, packed: Any, candle: Candle, *, anew: bool, due: Sequence[Candle]
    ) -> None:
        strategy, block = self.speakers[index].strategy, self.blocks[index]
        try:
            if anew:
                strategy.take_informative(block, packed, -1 - which, *BLANK)
            for each in due:
                strategy.take_informative(block, packed, which, *as_numbers(each))
        except StrategyFault as fault:
            self.muted[strategy.name] = str(fault.at(self.symbol, candle.time))

    def retune(self, index: int, speakers: Sequence[ConfiguredStrategy]) -> None:
        """Hear `speakers` from now on; the one at `index` starts over, warmed by the candles kept."""
        self.speakers = speakers
        self.ahead = None
        self.recent = deque(self.recent, maxlen=kept_for(speakers))
        strategy, packed = speakers[index]
        self.blocks[index] = block = self._blank(speakers[index])
        beside = {symbol: self.informed[symbol].again(taken) for symbol, taken in self.taken.items()}
        feed = CandleFeed(strategy, packed, beside, self.recent[0].time if self.recent else 0)
        for candle in () if strategy.name in self.muted else self.recent:
            numbers = [float(each) for each in (*candle[1:], candle.time)]
            try:
                feed.before(block, candle.time)
                strategy.take(block, packed, *numbers)
            except StrategyFault as fault:
                self.muted[strategy.name] = str(fault.at(self.symbol, candle.time))
                break

    def regrid(self, change: Regrid) -> None:
        """Go on in the ticks of another grid: kernels start over, warmed by the candles kept.

        Their numbers are prices, squares of prices and neither, so they cannot be converted; a strategy
        that warms up longer than the candles kept is silent until it has seen the rest.
        """
        value, candles, series = self.seen, list(self.recent), self.series
        self.start(series)
        for candle in candles:
            self.step(change.candle(candle))
        self.seen = value

    def resume(self, result: Remembered) -> None:
        """Be the memory that was remembered. Raises ValueError where it is one of other speakers."""
        self.muted.update(result.muted)
        if list(result.strategies) != [each.strategy.name for each in self.speakers]:
            raise ValueError("the memory is one of other strategies")
        blocks = [self._restored(each, result.strategies[each.strategy.name]) for each in self.speakers]
        self.series, self.candle, self.seen, self.latest = (
            result.series, result.candle, result.seen, result.latest,
        )  # fmt: skip
        self.now_ms = result.now_ms
        self.ahead = None
        self.begins, self.taken = result.begins, dict(result.taken)
        self.recent = deque(result.recent, maxlen=kept_for(self.speakers))
        self.features = result.features
        self.blocks = blocks
        self.headlines.resume(result.headlines, result.now_ms)

    def _restored(self, speaker: ConfiguredStrategy, values: list[float]) -> Memory:
        """Return a strategy's memory as it was. Raises ValueError for one of another size."""
        strategy, packed = speaker
        if isinstance(strategy, StandIn) or strategy.name in self.muted:
            return values
        if len(values) != strategy.size_for(packed):
            raise ValueError("the memory is one of other strategies")
        return strategy.restored(values)

    def copy(self, kept: int = 0) -> "SymbolMemory":
        """Return a memory that can be stepped without changing this one, but not retuned.

        They share the headlines; the copy has the last `kept` candles, and all that come to it.
        """
        twin = SymbolMemory.__new__(SymbolMemory)
        twin.symbol, twin.speakers, twin.muted = self.symbol, self.speakers, dict(self.muted)
        twin.headlines, twin.now_ms, twin.ahead = self.headlines, self.now_ms, None
        twin.series, twin.candle, twin.seen, twin.latest = self.series, self.candle, self.seen, self.latest
        twin.informed, twin.begins, twin.taken = self.informed, self.begins, dict(self.taken)
        most = self.recent.maxlen
        twin.recent = deque(tuple(self.recent)[-kept:], most) if kept else deque(maxlen=most)
        twin.features = self.features[:]
        twin.blocks = blocks = self.blocks[:]
        for index, block in enumerate(blocks):
            blocks[index] = block[:] if type(block) is list else copy(block)
        return twin

    def plain(self) -> dict[str, Any]:
        """Return everything remembered as plain values, for comparing."""
        return {
            "series": self.series,
            "candle": self.candle,
            "seen": self.seen,
            "now_ms": self.now_ms,
            "latest": self.latest,
            "recent": list(self.recent),
            "features": list(self.features),
            "strategies": {
                speaker.strategy.name: list(block)
                for speaker, block in zip(self.speakers, self.blocks, strict=True)
            },
            "headlines": list(self.headlines.heard),
            "muted": dict(self.muted),
            "begins": self.begins,
            "taken": dict(self.taken),
        }
