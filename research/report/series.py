"""The lines of a result, thinned for a page: no extreme of the equity is lost, whatever its length."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from research.data.candles import Candles, FloatArray, IntArray
from research.engine.result import Result
from research.statistics.periods import rolling_sharpe
from research.statistics.ratios import hold_curve

BINS = 30
Months = dict[int, list[float | None]]
"""Twelve returns by year, None for a month without a cycle."""


def thinned(values: FloatArray, columns: int) -> IntArray:
    """Return places whose line looks the same: least and greatest value of each column, ends included."""
    edges = np.unique(np.linspace(0, len(values), columns + 1).astype(np.int64))
    keep = {0, len(values) - 1}
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[first:last]
        keep.update((first + int(part.argmin()), first + int(part.argmax())))
    return np.array(sorted(keep), dtype=np.int64)


def curve(result: Result, columns: int) -> dict[str, Any]:
    """Return equity over time as charts/equity.js takes it, two points a column.

    `t` seconds, `e` equity, `f` fall from the peak in per cent, `opening`; where known `h` buy and hold of 1,
    and `d`, `s`, `window`: seconds and values of the Sharpe ratio over the days before.
    """
    times, equity = result.times_ms, result.equity / result.cash_scale
    opening = result.opening_cash / result.cash_scale
    keep = thinned(equity, columns)
    rows: dict[str, Any] = {
        "t": (times[keep] // 1000).tolist(),
        "e": np.round(equity[keep], 2).tolist(),
        "f": np.round(fall_of(equity, opening)[keep] * 100, 2).tolist(),
        "opening": opening,
    }
    return rows | _held(result, times[keep]) | _rolling(result, columns // 2)


def fall_of(equity: FloatArray, opening: float) -> FloatArray:
    """Return the fall from the peak before, 0 at a new one."""
    peak = np.maximum(np.maximum.accumulate(equity), opening)
    fall: FloatArray = equity / peak - 1
    return fall


def _held(result: Result, times: IntArray) -> dict[str, Any]:
    """Return buy-and-hold over the cycles' period, of 1; nothing without candles."""
    first, last = int(result.times_ms[0]), int(result.times_ms[-1])
    worth = hold_at(times, [each.between(first, last + 1) for each in result.candles])
    return {} if worth is None else {"h": np.round(worth, 4).tolist()}


def hold_at(times: IntArray, candles: Sequence[Candles]) -> FloatArray | None:
    """Return buy-and-hold of 1 at some instants, None without candles."""
    held, worth = hold_curve(candles)
    if not len(held):
        return None
    values: FloatArray = worth[np.clip(np.searchsorted(held, times, side="right") - 1, 0, None)]
    return values


def _rolling(result: Result, columns: int) -> dict[str, Any]:
    """Return the Sharpe ratio of the days before each day; nothing where there are too few days."""
    days, ratios, window = rolling_sharpe(result)
    if not len(days):
        return {}
    keep = thinned(ratios, columns)
    at = np.minimum(days[keep], int(result.times_ms[-1])) // 1000
    last = np.flatnonzero(np.diff(at, append=at[-1:] + 1))  # one value a second: the later one
    values = np.round(ratios[keep], 2)
    return {"d": at[last].tolist(), "s": values[last].tolist(), "window": window}


def by_month(times_ms: IntArray, equity: FloatArray | IntArray, opening: float) -> Months:
    """Return the returns by UTC month and year, first and last month as far as they go."""
    month = times_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    last = np.flatnonzero(np.diff(month, append=month[-1:] + 1))
    values: FloatArray = np.concatenate([[opening], equity[last]]).astype(np.float64)
    match: Months = {}
    for at, before, after in zip(month[last].tolist(), values[:-1], values[1:], strict=True):
        year = match.setdefault(1970 + at // 12, [None] * 12)
        year[at % 12] = float(after / before - 1) if before > 0 else None
    return match


def distribution(shares: FloatArray) -> dict[str, Any]:
    """Return edges, 0 among them, and counts; of a hundred results or more the outer 1 % go to the ends."""
    low, high = np.quantile(shares, (0.01, 0.99)) if len(shares) >= 100 else (shares.min(), shares.max())
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    width = (high - low) / BINS or 0.001
    edges = width * np.arange(np.floor(low / width), np.ceil(high / width) + 2)
    counts, _ = np.histogram(np.clip(shares, edges[0], edges[-1]), edges)
    return {"edges": np.round(edges, 6).tolist(), "counts": counts.tolist()}
