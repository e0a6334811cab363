"""Oscillators: how fast and how one-sidedly prices moved."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, period
from reasoning.indicators.moving import EMA_SIZE, before_window, ema_step
from reasoning.indicators.windows import (
    NOISE,
    RING_EXTRA,
    SUM_EXTRA,
    newest_slot,
    ring_distances,
    ring_push,
    sum_size,
    sum_step,
)
from reasoning.kernels.indicators import RSI_SIZE, Memory, rsi_step


class Macd(NamedTuple):
    """The distance of two averages, its own average, and the distance of the two."""

    macd: float
    signal: float
    histogram: float


@kernel
def rsi_size(_n: int) -> int:
    """Return the floats of an RSI."""
    return RSI_SIZE


@kernel
def rsi_warmup(n: int) -> int:
    """Return the values before the first RSI: the first value is no change."""
    return n


@kernel
def roc_size(n: int) -> int:
    """Return the floats of a rate of change: a ring."""
    return n + RING_EXTRA


@kernel
def roc_warmup(n: int) -> int:
    """Return the values before the first rate of change."""
    return n


@kernel
def roc_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the rate of change: the percentage by which a value differs from the one `n` before."""
    before = ring_push(memory, at, n, value)
    if memory[at] <= n or before == 0.0:
        return 0.0
    return 100.0 * (value / before - 1.0)


@kernel
def cci_step(memory: Memory, at: int, n: int, high: float, low: float, close: float) -> float:
    """Return the commodity channel index: how many usual distances the price is from its mean. Cost: `n`."""
    typical = (high + low + close) / 3.0
    total = sum_step(memory, at, n, typical)
    if memory[at] < n:
        return 0.0
    mean = total / n
    usual = ring_distances(memory, at + SUM_EXTRA, n, newest_slot(memory, at, n), mean) / n
    return (typical - mean) / (0.015 * usual) if usual > NOISE * abs(mean) else 0.0


@kernel
def macd_size(_fast: int, _slow: int, _signal: int) -> int:
    """Return the floats of a MACD: values seen and three averages."""
    return 1 + 3 * EMA_SIZE


@kernel
def macd_warmup(fast: int, slow: int, signal: int) -> int:
    """Return the values before the signal line is known."""
    return max(fast, slow) + signal - 2


@kernel
def macd_step(memory: Memory, at: int, fast: int, slow: int, signal: int, value: float) -> Macd:
    """Return the moving average convergence divergence: a fast EMA less a slow one, and its signal line."""
    longest = max(fast, slow)
    memory[at] += 1.0
    count = memory[at]
    quick, calm, line = at + 1, at + 1 + EMA_SIZE, at + 1 + 2 * EMA_SIZE
    near = ema_step(memory, quick, fast, value) if count > longest - fast else 0.0
    far = ema_step(memory, calm, slow, value) if count > longest - slow else 0.0
    if count < longest:
        return Macd(0.0, 0.0, 0.0)
    smooth = ema_step(memory, line, signal, near - far)
    if memory[line] < signal:
        return Macd(0.0, 0.0, 0.0)
    return Macd(near - far, smooth, near - far - smooth)


RSI = IndicatorKind(
    name="rsi",
    family="momentum",
    step=rsi_step,
    size=rsi_size,
    warmup=rsi_warmup,
    parameters=(period(14, "changes averaged"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=False,
    formula="100 * average gain / (average gain + average loss), averages by Wilder's smoothing over n",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib RSI",
    convention="Wilder's averages seeded with the mean of the first n changes, as TA-Lib does. A price "
    "that never moved has 50; TA-Lib says 0, which reads as oversold.",
    forgets=True,
)
ROC = IndicatorKind(
    name="roc",
    family="momentum",
    step=roc_step,
    size=roc_size,
    warmup=roc_warmup,
    parameters=(period(10, "values looked back"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=False,
    formula="100 * (value / value n before - 1)",
    source="TA-Lib ROC",
    convention="In per cent, as in TA-Lib (its ROCP is the fraction); 0 where the value before is 0, as "
    "there.",
    forgets=True,
)
CCI = IndicatorKind(
    name="cci",
    family="momentum",
    step=cci_step,
    size=sum_size,
    warmup=before_window,
    parameters=(period(20, "candles of the mean", low=2),),
    inputs=("high", "low", "close"),
    outputs=VALUE,
    on_price=False,
    formula="(typical - mean) / (0.015 * mean of |typical_i - mean|), typical = (high + low + close) / 3",
    source="Lambert, Commodities 9:10 (1980); TA-Lib CCI",
    convention="The mean distance is taken from the mean of the same window, as Lambert and TA-Lib do. A "
    "price that stood still has 0, also where the sum of equal fractions rounds: a spread below 1e-12 of "
    "the price is none.",
    forgets=True,
)
MACD = IndicatorKind(
    name="macd",
    family="momentum",
    step=macd_step,
    size=macd_size,
    warmup=macd_warmup,
    parameters=(
        period(12, "values of the fast average", "fast"),
        period(26, "values of the slow average", "slow", low=2),
        period(9, "values of the signal line", "signal"),
    ),
    inputs=VALUE,
    outputs=Macd._fields,
    on_price=False,
    formula="macd = ema(fast) - ema(slow), signal = ema(macd), histogram = macd - signal",
    source="Appel, The Moving Average Convergence-Divergence Trading Method (1979); TA-Lib MACD",
    convention="As in TA-Lib both averages are seeded at the same value, so the fast one begins slow - "
    "fast values later than an EMA of its own; all three lines are known together.",
    priced=Macd._fields,
)
KINDS = (RSI, ROC, CCI, MACD)
