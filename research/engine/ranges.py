"""Closes, volumes and ATRs of a tape: the ATR of a long one in several lanes at a time.

Wilder's average waits for that of the candle before, so one at a time leaves the processor idle for most of
it. A long tape is cut into lanes that are stepped by turns. A lane begins earlier than it has to, at a guess:
what an average came from wears off, and after some hundred candles both are, as a rule, the same to the last
bit. Whether they are is looked at where the lane before ends: if not, that one goes on until they are. The
average, the close and the count tell all that follows, so what is written is what one lane writes.
"""

from collections.abc import Callable, MutableSequence, Sequence
from typing import Any

import numpy as np

from reasoning.kernels.features import FeaturePlan
from reasoning.kernels.indicators import ATR_CLOSE, ATR_COUNT, ATR_SIZE, ATR_VALUE, Memory, atr_step
from research.data.candles import FloatArray

Floats = MutableSequence[float]
Step = Callable[..., None]

LANES = 4
SETTLED = 1_024
"""Candles a lane is given to come to the average of the lane before: twice what it mostly takes."""
WORTH = 4
"""A lane is as many times longer at least."""


def step_lanes(
    ranges: Floats,
    memory: Memory,
    n: int,
    lanes: int,
    apart: int,
    first: int,
    until: int,
    high: Sequence[int],
    low: Sequence[int],
    close: Sequence[int],
) -> None:
    """Write the ATRs of candles `first` to before `until` of each lane; lanes begin so many candles apart."""
    for index in range(first, until):
        for lane in range(lanes):
            k = lane * apart + index
            ranges[k] = atr_step(memory, lane * ATR_SIZE, n, float(high[k]), float(low[k]), float(close[k]))


def fill_series(
    step: Step,
    series: Any,
    memory: Any,
    plan: FeaturePlan,
    high: Any,
    low: Any,
    close: Any,
    volume: Any,
) -> None:
    """Write closes, volumes and ATRs behind one another, as `features_at` reads them; prices in ticks.

    `step` is `step_lanes`, as machine code for arrays, plain for lists; `memory` the block of the ATR.
    """
    count = len(close)
    if isinstance(series, list):
        ranges = [0.0] * count
        step(ranges, memory, plan.atr, 1, 0, 0, count, high, low, close)
        series[:] = [*map(float, close), *volume, *ranges]
        return
    series[:count], series[count : 2 * count] = close, volume
    fill_ranges(step, series[2 * count :], memory, plan.atr, (high, low, close))


def fill_ranges(step: Step, ranges: FloatArray, memory: FloatArray, n: int, prices: Sequence[Any]) -> None:
    """Write the ATR of every candle, and leave the block as it is behind the last one."""
    count = len(ranges)
    apart = (count - SETTLED) // LANES
    known = 0
    if apart >= max(WORTH * SETTLED, n):
        memory[:] = _in_lanes(step, ranges, memory, n, apart, prices)
        known = SETTLED + LANES * apart
    step(ranges, memory, n, 1, 0, known, count, *prices)


def _in_lanes(
    step: Step, ranges: FloatArray, memory: FloatArray, n: int, apart: int, prices: Sequence[Any]
) -> FloatArray:
    """Write the ATRs of lanes so many candles apart, and return the last one's block."""
    high, low, close = prices
    blocks = np.tile(memory, (LANES, 1))
    begins = np.arange(1, LANES) * apart
    blocks[1:, ATR_COUNT] += begins
    blocks[1:, ATR_CLOSE] = close[begins - 1]
    blocks[1:, ATR_VALUE] = high[begins] - low[begins]
    flat = blocks.reshape(-1)
    step(ranges, flat, n, LANES, apart, 0, SETTLED, *prices)
    settled = blocks[1:, ATR_VALUE].copy()
    # Each lane ends where the next one had settled, and writes over what that was before.
    step(ranges, flat, n, LANES, apart, SETTLED, SETTLED + apart, *prices)
    for lane, value in enumerate(settled.tolist(), 1):
        first = SETTLED + lane * apart
        if blocks[lane - 1, ATR_VALUE] != value and not _joined(
            step, ranges, blocks[lane - 1], n, slice(first, first + apart), prices
        ):
            blocks[lane] = blocks[lane - 1]
    last: FloatArray = blocks[-1]
    return last


def _joined(
    step: Step, ranges: FloatArray, block: FloatArray, n: int, part: slice, prices: Sequence[Any]
) -> bool:
    """Go on with a lane through part of the next; tell whether it came to what that one had written."""
    for begin in range(part.start, part.stop, SETTLED):
        until = min(begin + SETTLED, part.stop)
        written = ranges[begin:until].copy()
        step(ranges, block, n, 1, 0, begin, until, *prices)
        if ranges[until - 1] == written[-1]:
            return True
    return False
