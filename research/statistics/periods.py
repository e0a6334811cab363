"""A result by its periods: its worst falls, its days, and its Sharpe ratio as time went on."""

from dataclasses import dataclass

import numpy as np

from domain.times import DAY_MS
from research.data.candles import FloatArray, IntArray
from research.engine.result import Result
from research.statistics.ratios import CRYPTO_DAYS, LEAST_DAYS, STILL, periods_of

WINDOW_DAYS = 90
"""Days behind each point of the rolling Sharpe ratio; half of what there is where that is less."""


@dataclass(frozen=True)
class Fall:
    """One fall of equity: its peak, its lowest point and when the peak was reached again (None: not yet)."""

    peak_ms: int
    bottom_ms: int
    back_ms: int | None
    depth: float


def worst_falls(result: Result, most: int) -> list[Fall]:
    """Return the deepest falls from a peak to its recovery, none inside another, the deepest first."""
    if not result.cycles:
        return []
    times = np.concatenate([result.times_ms[:1], result.times_ms])
    values = np.concatenate([[result.opening_cash], result.equity]).astype(np.float64)
    peaks = np.maximum.accumulate(values)
    under = np.flatnonzero(np.diff((values < peaks).astype(np.int8), prepend=0, append=0))
    results = []
    for first, end in zip(under[::2].tolist(), under[1::2].tolist(), strict=True):
        bottom = first + int(np.argmin(values[first:end]))
        back = int(times[end]) if end < len(values) else None
        depth = 1 - float(values[bottom] / peaks[bottom])
        results.append(Fall(int(times[first - 1]), int(times[bottom]), back, depth))
    return sorted(results, key=lambda each: -each.depth)[:most]


def days_of(result: Result) -> tuple[IntArray, FloatArray]:
    """Return UTC days (ms) and the return of each, from the day before's last value; a quiet day has none."""
    if not result.cycles:
        return np.empty(0, dtype=np.int64), np.empty(0)
    days = result.times_ms // DAY_MS
    last = np.flatnonzero(np.diff(days, append=days[-1:] + 1))
    values = np.concatenate([[result.opening_cash], result.equity[last]]).astype(np.float64)
    sound = values[:-1] > 0
    returns = np.where(sound, values[1:] / np.where(sound, values[:-1], 1.0) - 1, 0.0)
    return days[last] * DAY_MS, returns


def rolling_sharpe(result: Result) -> tuple[IntArray, FloatArray, int]:
    """Return days (ms), the yearly Sharpe ratio of the days up to each, and how many days that is.

    Empty below twice the least days. A window that did not move has a ratio of 0.
    """
    times, returns = days_of(result)
    periods = periods_of(result.symbols)
    if periods == CRYPTO_DAYS and len(times):
        every = np.arange(times[0], times[-1] + 1, DAY_MS)
        filled = np.zeros(len(every))
        filled[(times - times[0]) // DAY_MS] = returns
        times, returns = every, filled
    window = min(WINDOW_DAYS, len(returns) // 2)
    if window < LEAST_DAYS:
        return times[:0], returns[:0], window
    views = np.lib.stride_tricks.sliding_window_view(returns, window)
    mean, deviation = views.mean(axis=1), views.std(axis=1, ddof=1)
    moved = deviation > STILL
    ratios = np.where(moved, mean / np.where(moved, deviation, 1.0), 0.0) * np.sqrt(periods)
    return times[window - 1 :], ratios, window
