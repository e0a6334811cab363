"""Longer candles out of shorter ones, closed ones only."""

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS, MONTH_MS, TIMEFRAMES
from research.data.candles import Candles
from research.data.slots import closings, openings, slots

_NAMES = {length: name for name, length in TIMEFRAMES.items()}


def resample(candles: Candles, timeframe_ms: int) -> Candles:
    """Return candles of a longer timeframe, their buckets the slots of domain.times.

    A bucket is there when it holds a candle and the data reach its end; candles missing inside are
    left missing, and one that reaches over the end of its bucket is left out. So what is returned
    never changes when later data come. Raises BadInput for a timeframe that cannot be made.
    """
    _check(candles, timeframe_ms)
    if timeframe_ms == candles.timeframe_ms or not len(candles):
        return Candles(candles.symbol, timeframe_ms, *_columns(candles))
    ends = openings(slots(candles.time, timeframe_ms) + 1, timeframe_ms)
    closes = closings(candles.time, candles.timeframe_ms)
    inside = (closes <= ends) & (ends <= closes[-1])
    return _grouped(_chosen(candles, inside), timeframe_ms)


def _check(candles: Candles, timeframe_ms: int) -> None:
    have = _NAMES.get(candles.timeframe_ms, f"{candles.timeframe_ms} ms")
    wanted = _NAMES.get(timeframe_ms)
    if wanted is None:
        raise BadInput(f"timeframe {timeframe_ms} ms is not one of {', '.join(TIMEFRAMES)}")
    if timeframe_ms < candles.timeframe_ms:
        raise BadInput(f"timeframe {wanted} is finer than the data of {candles.symbol}, which is {have}")
    if not _fits(candles.timeframe_ms, timeframe_ms):
        raise BadInput(f"timeframe {wanted} is not a multiple of the data of {candles.symbol}, {have}")


def _fits(shorter: int, longer: int) -> bool:
    """Tell whether slots of one length never reach over the end of those of another."""
    if longer == MONTH_MS:
        return shorter == longer or DAY_MS % shorter == 0
    return longer % shorter == 0


def _columns(candles: Candles) -> tuple[np.ndarray, ...]:
    return candles.time, candles.open, candles.high, candles.low, candles.close, candles.volume


def _chosen(candles: Candles, mask: np.ndarray) -> Candles:
    return Candles(candles.symbol, candles.timeframe_ms, *(column[mask] for column in _columns(candles)))


def _grouped(candles: Candles, timeframe_ms: int) -> Candles:
    bucket = slots(candles.time, timeframe_ms)
    if not len(bucket):
        return Candles(candles.symbol, timeframe_ms, *_columns(candles))
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    last = np.append(first[1:], len(bucket)) - 1
    return Candles(
        candles.symbol,
        timeframe_ms,
        openings(bucket[first], timeframe_ms),
        candles.open[first],
        np.maximum.reduceat(candles.high, first),
        np.minimum.reduceat(candles.low, first),
        candles.close[last],
        np.add.reduceat(candles.volume, first),
    )
