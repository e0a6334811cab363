"""The history a strategy needs: the same candle's vote with different amounts of candles before it.

Averages that never forget (EMA, RSI, ATR) depend on where they began, less with every candle. A vote that is
another one with more history is a matter of when the agent was started.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from agent.verify.lookahead import ALONE, Beside
from domain.candle import Candle
from reasoning.informative import CandleFeed
from reasoning.kernels.strategy import Strategy

TIMES = (1, 2, 4, 8)
"""Histories that are tried, in warm-ups."""
MOST = 40
"""Candles that are looked at, half of them with a vote."""
LONGEST = 6_000


class HistoryEffect(NamedTuple):
    """A history in candles: candles compared, votes that were others, and the drawn number farthest off.

    `apart` is the farthest that a drawn number was off, as a share of its size, `number` its name.
    """

    history: int
    compared: int
    different: int
    number: str
    apart: float


Seen = tuple[int, dict[str, float]]


def histories(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle], beside: Beside = ALONE
) -> list[HistoryEffect]:
    """Compare votes and drawn numbers with those of the whole history, for longer and longer histories."""
    warmup = strategy.warmup_for(packed)
    tried = [times * warmup for times in TIMES if times == 1 or times * warmup <= LONGEST]
    whole = list(_seen(strategy, packed, candles, beside))
    return [_effect(strategy, packed, candles, whole, history, beside) for history in tried]


def _effect(
    strategy: Strategy[Any],
    packed: tuple[Any, ...],
    candles: Sequence[Candle],
    whole: Sequence[Seen],
    history: int,
    beside: Beside,
) -> HistoryEffect:
    indices = list(_chosen(whole, history))
    different, number, apart = 0, "", 0.0
    for index in indices:
        part = candles[index + 1 - history : index + 1]
        *_, (vote, drawn) = _seen(strategy, packed, part, beside)
        different += vote != whole[index][0]
        for name, value in drawn.items():
            reference = whole[index][1].get(name, value)
            share = abs(value - reference) / max(abs(reference), 1e-12)
            number, apart = (name, share) if share > apart else (number, apart)
    return HistoryEffect(history, len(indices), different, number, apart)


def _chosen(whole: Sequence[Seen], history: int) -> Iterator[int]:
    """Yield candles that have more history than is tried: some with a vote, some of any kind."""
    later = range(history, len(whole))
    votes = [index for index in later if whole[index][0]]
    for indices in (votes, list(later)):
        yield from indices[:: max(1, len(indices) // (MOST // 2))][: MOST // 2]


def _seen(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle], beside: Beside
) -> Iterator[Seen]:
    """Yield each candle's vote with the numbers that are drawn, and those a custom exit reads."""
    memory = strategy.blank(packed)
    feed = CandleFeed(strategy, packed, beside, candles[0].time if candles else 0)
    for candle in candles:
        feed.before(memory, candle.time)
        opened, high, low, close, volume = (float(part) for part in candle[1:])
        vote = strategy.take(memory, packed, opened, high, low, close, volume, float(candle.time))
        drawn = {each.name: each.value for each in strategy.drawn(memory, packed)}
        # What a custom exit reads is to be settled as well, though it is no vote.
        yield vote, {f"leave's {each.name}": memory[each.now] for each in strategy.places} | drawn
