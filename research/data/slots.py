"""The slots of candles (domain.times) over whole arrays."""

import numpy as np

from domain.times import MONDAY_MS, MONTH_MS, WEEK_MS
from research.data.candles import IntArray


def slots(times: IntArray, timeframe_ms: int) -> IntArray:
    """Return the number of the slot that each instant falls into."""
    if timeframe_ms == MONTH_MS:
        return times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return (times - _shift(timeframe_ms)) // timeframe_ms


def openings(numbers: IntArray, timeframe_ms: int) -> IntArray:
    """Return when the slots of these numbers open, in ms (UTC)."""
    if timeframe_ms == MONTH_MS:
        return numbers.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
    return numbers * timeframe_ms + _shift(timeframe_ms)


def closings(times: IntArray, timeframe_ms: int) -> IntArray:
    """Return when candles that opened then are over, in ms (UTC)."""
    if timeframe_ms != MONTH_MS:
        return times + timeframe_ms
    numbers = slots(times, MONTH_MS)
    return openings(numbers + 1, MONTH_MS) + times - openings(numbers, MONTH_MS)


def _shift(timeframe_ms: int) -> int:
    return MONDAY_MS if timeframe_ms == WEEK_MS else 0
