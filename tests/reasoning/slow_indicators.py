"""Indicators written out from their formulas over whole columns, where TA-Lib has none or another rule.

Slow and plain on purpose: each looks at the columns up to a candle, and shares nothing with the kernels.
"""

import math
from datetime import UTC, datetime, timedelta

import numpy as np

from tests.reasoning.indicating import Columns, Rows

NONE = math.nan


def typical(c: Columns, index: int) -> float:
    """Return the typical price of a candle."""
    return (c["high"][index] + c["low"][index] + c["close"][index]) / 3.0


def true_range(c: Columns, index: int) -> float:
    """Return the range of a candle with the close before it."""
    before = c["close"][index - 1]
    return max(c["high"][index], before) - min(c["low"][index], before)


def rolling_vwap(c: Columns, n: int) -> Rows:
    """Average price of n candles by volume."""
    rows: Rows = []
    for end in range(1, len(c["close"]) + 1):
        window = range(end - n, end)
        volume = math.fsum(c["volume"][i] for i in window) if end >= n else 0.0
        money = math.fsum(typical(c, i) * c["volume"][i] for i in window) if end >= n else 0.0
        rows.append((money / volume if volume else typical(c, end - 1) if end >= n else NONE,))
    return rows


def day_of(time: float) -> datetime:
    """Return the midnight (UTC) a time lies after."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def days(c: Columns) -> dict[datetime, list[int]]:
    """Return the candles of each UTC day."""
    kept: dict[datetime, list[int]] = {}
    for index, time in enumerate(c["time"]):
        kept.setdefault(day_of(time), []).append(index)
    return kept


def vwap(c: Columns) -> Rows:
    """Average price of the day so far by volume; the columns begin at a midnight."""
    rows: Rows = []
    for indexes in days(c).values():
        for count in range(1, len(indexes) + 1):
            part = indexes[:count]
            volume = math.fsum(c["volume"][i] for i in part)
            money = math.fsum(typical(c, i) * c["volume"][i] for i in part)
            rows.append((money / volume if volume else typical(c, part[-1]),))
    return rows


def pivots(c: Columns) -> Rows:
    """Pivots of the day before; the columns begin at a midnight."""
    rows: Rows = []
    before: tuple[float, float, float] | None = None
    for indexes in days(c).values():
        if before is None:
            rows += [(0.0,) * 7] * len(indexes)
        else:
            high, low, close = before
            p = (high + low + close) / 3
            r1, s1 = 2 * p - low, 2 * p - high
            r2, s2 = p + (high - low), p - (high - low)
            r3, s3 = high + 2 * (p - low), low - 2 * (high - p)
            rows += [(p, r1, s1, r2, s2, r3, s3)] * len(indexes)
        high, low = max(c["high"][i] for i in indexes), min(c["low"][i] for i in indexes)
        before = high, low, c["close"][indexes[-1]]
    return rows


def ichimoku(c: Columns, conversion: int, base: int, span: int, shift: int) -> Rows:
    """Lines of each candle, the cloud of `shift` - 1 candles before."""

    def middle(n: int, index: int) -> float:
        window = slice(index + 1 - n, index + 1)
        return (max(c["high"][window]) + min(c["low"][window])) / 2 if index + 1 >= n else NONE

    rows: Rows = []
    for index in range(len(c["close"])):
        then = index - (shift - 1)
        a = (middle(conversion, then) + middle(base, then)) / 2 if then >= 0 else NONE
        b = middle(span, then) if then >= 0 else NONE
        past = c["close"][then] if then >= 0 else NONE
        rows.append((middle(conversion, index), middle(base, index), a, b, past))
    return rows


def supertrend(c: Columns, n: int, width: float) -> Rows:
    """Final bands and the side of the price, as the rule is usually written in columns."""
    count = len(c["close"])
    atr = [NONE] * count
    atr[n] = sum(true_range(c, i) for i in range(1, n + 1)) / n
    for i in range(n + 1, count):
        atr[i] = (atr[i - 1] * (n - 1) + true_range(c, i)) / n
    middle = [(h + low) / 2 for h, low in zip(c["high"], c["low"], strict=True)]
    upper = [m + width * a for m, a in zip(middle, atr, strict=True)]
    lower = [m - width * a for m, a in zip(middle, atr, strict=True)]
    rows: Rows = [(NONE, NONE)] * n
    side = -1.0
    for i in range(n, count):
        close, before = c["close"][i], c["close"][i - 1]
        if i > n:
            upper[i] = upper[i] if upper[i] < upper[i - 1] or before > upper[i - 1] else upper[i - 1]
            lower[i] = lower[i] if lower[i] > lower[i - 1] or before < lower[i - 1] else lower[i - 1]
        if close > upper[i]:
            side = 1.0
        elif close < lower[i]:
            side = -1.0
        rows.append((lower[i] if side > 0 else upper[i], side))
    return rows


def realised_volatility(c: Columns, n: int, periods: int) -> Rows:
    """Root mean square of n log returns, over a year of `periods`."""
    returns = np.diff(np.log(c["close"]))
    rows: Rows = [(NONE,)] * n
    rows += [
        (float(np.sqrt(np.mean(returns[i - n : i] ** 2) * periods)),) for i in range(n, len(returns) + 1)
    ]
    return rows


def variance_ratio(c: Columns, n: int, q: int) -> Rows:
    """Lo and MacKinlay's ratio with overlapping returns, equations (12a) and (12b)."""
    logs = np.log(c["close"])
    rows: Rows = [(NONE,)] * n
    for end in range(n, len(logs)):
        window = logs[end - n : end + 1]
        drift = (window[-1] - window[0]) / n
        single = float(np.sum((np.diff(window) - drift) ** 2)) / (n - 1)
        spans = window[q:] - window[:-q] - q * drift
        rows.append((float(np.sum(spans**2)) / (q * (n - q + 1) * (1 - q / n)) / single,))
    return rows


def swings(c: Columns, wing: int) -> Rows:
    """The last confirmed swings, and those confirmed at each candle."""
    rows: Rows = []
    last_high = last_low = 0.0
    for index in range(len(c["close"])):
        middle = index - wing
        new_high = new_low = 0.0
        if middle >= wing:
            others = [i for i in range(middle - wing, index + 1) if i != middle]
            if all(c["high"][middle] > c["high"][i] for i in others):
                new_high = last_high = c["high"][middle]
            if all(c["low"][middle] < c["low"][i] for i in others):
                new_low = last_low = c["low"][middle]
        rows.append((last_high, last_low, new_high, new_low))
    return rows
