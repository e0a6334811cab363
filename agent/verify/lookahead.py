"""The proof that a strategy cannot look ahead: what it says of a candle never depends on later ones."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.candle import Candle
from domain.decision import Signal
from domain.errors import BadInput
from domain.times import MINUTE_MS, TIMEFRAMES
from reasoning.informative import CandleFeed
from reasoning.kernels.features import PLAN, features_now, features_size, features_step
from reasoning.kernels.strategy import Strategy
from reasoning.own import StrategyFault

CUTS = 60
LENGTH = 1_500
SEED = 20_231
BEGIN = 1_600_000_020_000
MISSING = 97
"""Of so many candles of another symbol that are made up, one is missing."""

Beside = Mapping[str, Sequence[Candle]]
"""Candles of symbols that a strategy looks at."""
ALONE: Beside = MappingProxyType({})


class Proof(NamedTuple):
    """The extent of a comparison, and the first difference in words, if there was one."""

    candles: int
    cuts: int
    signals: int
    difference: str | None

    @property
    def proved(self) -> bool:
        """True when signals were compared, and all were the same."""
        return self.signals > 0 and self.difference is None


def prove(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle], beside: Beside = ALONE
) -> Proof:
    """Compare the signals of the whole series with those of the series cut short in many places.

    Candles `beside`, of other symbols, are cut where the series is. The whole series is told twice: a
    strategy that keeps anything outside its memory differs there. The numbers that a custom exit reads are
    compared with the signals.
    """
    whole = list(_told(strategy, packed, candles, beside))
    votes = [index for index, (signal, *_) in enumerate(whole) if signal.vote]
    cuts = _cuts(len(candles), votes)
    for cut in (len(candles), *cuts):
        report = list(_told(strategy, packed, candles[:cut], until(beside, candles[cut - 1].time)))
        different = next((index for index in range(cut) if report[index] != whole[index]), None)
        if different is not None:
            one, other = (_words(strategy, each[different]) for each in (report, whole))
            text = f"told {cut} of {len(candles)} candles, candle {different + 1} gives {one}"
            return Proof(len(candles), len(cuts), len(votes), f"{text}; told all, {other}")
    return Proof(len(candles), len(cuts), len(votes), None)


def _cuts(count: int, votes: Sequence[int]) -> list[int]:
    """Return where to cut: evenly, and right behind and before votes."""
    chosen = {max(1, count * index // CUTS) for index in range(1, CUTS)}
    chosen |= {index + 1 for index in votes[:: max(1, len(votes) // CUTS)]}
    return sorted(cut for cut in chosen if cut < count)


def until(beside: Beside, time: int) -> Beside:
    """Return the candles of other symbols that are no younger than a time."""
    return {
        symbol: candles[: bisect_right(candles, time, key=lambda each: each.time)]
        for symbol, candles in beside.items()
    }


def signals_of(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle], beside: Beside = ALONE
) -> Iterator[Signal]:
    """Yield what a strategy says of each candle; `beside` are candles of other symbols.

    Raises StrategyFault with the candle.
    """
    for signal, *_ in _told(strategy, packed, candles, beside):
        yield signal


def _words(strategy: Strategy[Any], parts: "_Told") -> str:
    signal, *numbers = parts
    read = ", ".join(f"{each.name} {value!r}" for each, value in zip(strategy.places, numbers, strict=False))
    return f"{signal}{read and f', leave reads {read}'}"


_Told = tuple[Any, ...]
"""A signal, then the numbers the custom exit reads of the candle, and those of the candle before."""


def _told(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle], beside: Beside
) -> Iterator[_Told]:
    places = [each.now for each in strategy.places]
    places += [each.last for each in strategy.places if each.last >= 0]
    memory, shared = strategy.blank(packed), [0.0] * features_size(PLAN)
    feed = CandleFeed(strategy, packed, beside, candles[0].time if candles else 0)
    for candle in candles:
        opened, high, low, close, volume = (float(part) for part in candle[1:])
        features_step(shared, PLAN, high, low, close, volume)
        features = features_now(shared, PLAN)
        try:
            time = float(candle.time)
            feed.before(memory, candle.time)
            signal = strategy.on_candle(memory, packed, features, opened, high, low, close, volume, time)
            yield (signal, *(memory[index] for index in places))
        except StrategyFault as fault:
            raise fault.at("", candle.time) from None


def length_for(strategy: Strategy[Any]) -> int:
    """Return the candles' length in ms of a made-up market: a minute, or what the timeframes are made of."""
    declared = [TIMEFRAMES[each] for each in strategy.timeframes]
    if not declared:
        return MINUTE_MS
    shorter = [each for each in TIMEFRAMES.values() if each < min(declared)]
    return max((each for each in shorter if not any(long % each for long in declared)), default=min(declared))


def spacing(candles: Sequence[Candle]) -> int:
    """Return the length of candles in ms, by the shortest step between two. Raises BadInput for fewer."""
    steps = [later.time - earlier.time for earlier, later in pairwise(candles)]
    if not steps:
        raise BadInput(f"{len(candles)} candles: their timeframe cannot be told")
    return min(steps)


def made_up_beside(strategy: Strategy[Any], length: int, timeframe_ms: int) -> Beside:
    """Return made-up candles of each symbol a strategy looks at, with some missing."""
    return {
        each.symbol: [
            candle
            for index, candle in enumerate(made_up(length, SEED + 1 + number, timeframe_ms))
            if index % MISSING != number + 1
        ]
        for number, each in enumerate(strategy.informative)
    }


def made_up(length: int = LENGTH, seed: int = SEED, timeframe_ms: int = MINUTE_MS) -> list[Candle]:
    """Return a seeded random walk with gaps, calm and wild stretches, in ticks."""
    dice = random.Random(seed)  # noqa: S311  # a market, not a secret
    close, swing, candles = 1_000_000, 500.0, []
    begin = -(-BEGIN // timeframe_ms) * timeframe_ms
    for index in range(length):
        if index % 50 == 0:
            swing = dice.choice((200.0, 1_000.0, 6_000.0, 15_000.0))
        opened = max(1_000, close + round(dice.gauss(0, swing / 3)))
        close = max(1_000, opened + round(dice.gauss(0, swing)))
        high = max(opened, close) + round(abs(dice.gauss(0, swing / 2)))
        low = max(1, min(opened, close) - round(abs(dice.gauss(0, swing / 2))))
        candles.append(Candle(begin + index * timeframe_ms, opened, high, low, close, dice.expovariate(0.1)))
    return candles
