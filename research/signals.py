"""First pass: what a strategy says about every candle of one tape; it knows no account.

A signal depends on candles alone, so it is worked out before the replay, once, and only the candles
with a vote are handed on. Features shared by all strategies are asked for at those candles only.
"""

from collections.abc import Callable, MutableSequence, Sequence
from typing import Any

from domain.kernel import kernel
from reasoning.features import FeaturePlan, features_at
from reasoning.indicators import Memory, atr_step

Floats = MutableSequence[float]
Ints = MutableSequence[int]
"""Arrays when compiled, lists in plain Python."""

FLOATS, INTS = 2, 5
"""Numbers kept of each signal: confidence and ATR ratio; candle, vote, stop_ppm, stop and target."""


@kernel
def fill_series(
    series: Floats,
    memory: Memory,
    plan: FeaturePlan,
    high: Sequence[int],
    low: Sequence[int],
    close: Sequence[int],
    volume: Sequence[float],
) -> None:
    """Write closes, volumes and ATRs behind one another, as `features_at` reads them."""
    count = len(close)
    for place in range(count):
        ended = float(close[place])
        series[place] = ended
        series[count + place] = volume[place]
        series[2 * count + place] = atr_step(memory, 0, plan[0], float(high[place]), float(low[place]), ended)


def find_votes(
    step: Callable[..., int],
    signal: Callable[..., Any],
    memory: Memory,
    packed: tuple[Any, ...],
    plan: FeaturePlan,
    series: Floats,
    opened: Sequence[int],
    high: Sequence[int],
    low: Sequence[int],
    close: Sequence[int],
    volume: Sequence[float],
    floats: Floats,
    ints: Ints,
) -> int:
    """Step a strategy over a tape and write down its signals; return how many it gave.

    Beyond the room in `ints` signals are counted but not kept: ask again with more room.
    """
    found = 0
    count = len(close)
    room = len(ints) // INTS
    for place in range(count):
        ended = float(close[place])
        vote = step(
            memory, packed, float(opened[place]), float(high[place]), float(low[place]), ended, volume[place]
        )
        if vote == 0:
            continue
        if found < room:
            features = features_at(series, 0, count, place, place + 1, plan)
            said = signal(memory, packed, vote, ended, features)
            known = features.baseline > 0.0 and features.atr > 0.0
            floats[FLOATS * found] = said.confidence
            floats[FLOATS * found + 1] = features.baseline / features.atr if known else 1.0
            at = INTS * found
            ints[at] = place
            ints[at + 1] = said.vote
            ints[at + 2] = said.stop_ppm
            ints[at + 3] = said.stop
            ints[at + 4] = said.target
        found += 1
    return found
