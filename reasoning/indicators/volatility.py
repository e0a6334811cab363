"""Ranges and bands: the distance prices move."""

from math import log, sqrt
from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, Parameter, period
from reasoning.indicators.moving import EMA_SIZE, ema_step
from reasoning.indicators.windows import (
    SUM_EXTRA,
    highest_step,
    lowest_step,
    newest_slot,
    peak_size,
    ring_squares,
    sum_size,
    sum_step,
)
from reasoning.kernels.indicators import ATR_SIZE, Memory, atr_step


class Bands(NamedTuple):
    """A line with one below and one above it."""

    lower: float
    middle: float
    upper: float


@kernel
def atr_size(_n: int) -> int:
    """Return the floats of an average true range."""
    return ATR_SIZE


@kernel
def atr_warmup(n: int) -> int:
    """Return the candles before the first average true range: the first has no range of its own."""
    return n


@kernel
def band_size(n: int, _width: float) -> int:
    """Return the floats of a band: a window."""
    return sum_size(n)


@kernel
def band_warmup(n: int, _width: float) -> int:
    """Return the values before a band is known."""
    return n - 1


@kernel
def deviation_of(memory: Memory, at: int, n: int, mean: float) -> float:
    """Return the population deviation of a full block of `sum_step` whose mean is given."""
    return sqrt(ring_squares(memory, at + SUM_EXTRA, n, newest_slot(memory, at, n), mean) / n)


@kernel
def bollinger_step(memory: Memory, at: int, n: int, width: float, value: float) -> Bands:
    """Return Bollinger's bands, `width` deviations around the mean of the last `n` values."""
    total = sum_step(memory, at, n, value)
    if memory[at] < n:
        return Bands(0.0, 0.0, 0.0)
    mean = total / n
    away = width * deviation_of(memory, at, n, mean)
    return Bands(mean - away, mean, mean + away)


@kernel
def keltner_size(_n: int, _ranges: int, _width: float) -> int:
    """Return the floats of a Keltner channel: an average and an ATR."""
    return EMA_SIZE + ATR_SIZE


@kernel
def keltner_warmup(n: int, ranges: int, _width: float) -> int:
    """Return the candles before both the average and the ATR are known."""
    return max(n - 1, ranges)


@kernel
def keltner_step(
    memory: Memory, at: int, n: int, ranges: int, width: float, high: float, low: float, close: float
) -> Bands:
    """Return the Keltner channel: `width` ATR around an EMA of the close."""
    middle = ema_step(memory, at, n, close)
    away = width * atr_step(memory, at + EMA_SIZE, ranges, high, low, close)
    if memory[at] < n or memory[at] <= ranges:
        return Bands(0.0, 0.0, 0.0)
    return Bands(middle - away, middle, middle + away)


@kernel
def donchian_size(n: int) -> int:
    """Return the floats of a Donchian channel: two extremes."""
    return 2 * peak_size(n)


@kernel
def donchian_warmup(n: int) -> int:
    """Return the candles before the channel is known."""
    return n - 1


@kernel
def donchian_step(memory: Memory, at: int, n: int, high: float, low: float) -> Bands:
    """Return the Donchian channel: the lowest low and the highest high of the last `n` candles."""
    upper = highest_step(memory, at, n, high)
    lower = lowest_step(memory, at + peak_size(n), n, low)
    return Bands(lower, (lower + upper) / 2.0, upper) if memory[at] >= n else Bands(0.0, 0.0, 0.0)


@kernel
def realised_size(n: int, _periods: int) -> int:
    """Return the floats of a realised volatility: the value before, and a window."""
    return 1 + sum_size(n)


@kernel
def realised_warmup(n: int, _periods: int) -> int:
    """Return the values before a volatility is known: `n` changes."""
    return n


@kernel
def log_change(before: float, value: float) -> float:
    """Return the logarithm of a growth; 0.0 where a value is not above 0."""
    return log(value / before) if value > 0.0 and before > 0.0 else 0.0


@kernel
def realised_step(memory: Memory, at: int, n: int, periods: int, value: float) -> float:
    """Return the realised volatility: the root of the mean squared log return of `n` values, over a year."""
    before = memory[at]
    memory[at] = value
    if before == 0.0:
        return 0.0
    change = log_change(before, value)
    total = sum_step(memory, at + 1, n, change * change)
    return sqrt(total / n * periods) if memory[at + 1] >= n else 0.0


ATR = IndicatorKind(
    name="atr",
    family="volatility",
    step=atr_step,
    size=atr_size,
    warmup=atr_warmup,
    parameters=(period(14, "ranges averaged"),),
    inputs=("high", "low", "close"),
    outputs=VALUE,
    on_price=False,
    formula="(atr * (n - 1) + max(high, close before) - min(low, close before)) / n",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib ATR",
    convention="Wilder's average seeded with the mean of the first n ranges, as TA-Lib does. The first "
    "candle has no close before it, so no range is counted for it.",
    priced=VALUE,
    forgets=True,
)
BOLLINGER = IndicatorKind(
    name="bollinger",
    family="volatility",
    step=bollinger_step,
    size=band_size,
    warmup=band_warmup,
    parameters=(
        period(20, "values averaged", low=2),
        Parameter("width", float, 2.0, 0.1, 10.0, "deviations from the middle to a band"),
    ),
    inputs=VALUE,
    outputs=Bands._fields,
    on_price=True,
    formula="mean -+ width * sqrt(sum((value - mean)^2) / n)",
    source="Bollinger on Bollinger Bands (2001); TA-Lib BBANDS",
    convention="Population deviation (divided by n), as Bollinger and TA-Lib have it; pandas and polars "
    "divide by n - 1 unless told, 2.6 % wider at 20. Distances are squared from the mean, so small "
    "prices and small moves on large prices lose nothing; TA-Lib subtracts two large sums.",
    forgets=True,
)
KELTNER = IndicatorKind(
    name="keltner",
    family="volatility",
    step=keltner_step,
    size=keltner_size,
    warmup=keltner_warmup,
    parameters=(
        period(20, "values of the EMA in the middle"),
        period(10, "ranges of the ATR", "ranges"),
        Parameter("width", float, 2.0, 0.1, 10.0, "ATRs from the middle to a band"),
    ),
    inputs=("high", "low", "close"),
    outputs=Bands._fields,
    on_price=True,
    formula="ema(close, n) -+ width * atr(ranges)",
    source="Raschke's form of Keltner (1960), as StockCharts has it; TA-Lib EMA and ATR",
    convention="An EMA of the close and Wilder's ATR of a length of its own, as StockCharts has it; "
    "TA-Lib's KC averages the typical price, as Keltner did, and TradingView the ranges over the same n.",
)
DONCHIAN = IndicatorKind(
    name="donchian",
    family="volatility",
    step=donchian_step,
    size=donchian_size,
    warmup=donchian_warmup,
    parameters=(period(20, "candles of the range"),),
    inputs=("high", "low"),
    outputs=Bands._fields,
    on_price=True,
    formula="lower = lowest low, upper = highest high of n candles, middle = (lower + upper) / 2",
    source="Donchian's four-week rule (1960); TA-Lib DONCHIAN",
    convention="This candle counts, as in TA-Lib and TradingView, so no close is ever above this "
    "candle's upper line: a breakout is a close above the line of the candle before.",
)
REALISED = IndicatorKind(
    name="realised_volatility",
    family="volatility",
    step=realised_step,
    size=realised_size,
    warmup=realised_warmup,
    parameters=(
        period(20, "changes measured"),
        Parameter("periods", int, 1, 1, 31_536_000, "candles of a year; 1 leaves it for one candle"),
    ),
    inputs=VALUE,
    outputs=VALUE,
    on_price=False,
    formula="sqrt(sum of ln(value_i / value_i-1)^2 / n * periods)",
    source="Andersen and Bollerslev, International Economic Review 39:4 (1998)",
    convention="No mean is taken off, as realised variance has it: over few values the mean is noise. "
    "The deviation of returns (pandas: std of log changes) takes it off and divides by n - 1. A share "
    "has about 252 days a year, a coin 365.",
)
KINDS = (ATR, BOLLINGER, KELTNER, DONCHIAN, REALISED)
