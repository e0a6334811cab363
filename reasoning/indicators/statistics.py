"""Statistics of a window of values, taken as a sample."""

from math import log, sqrt

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, Parameter, period
from reasoning.indicators.moving import before_window
from reasoning.indicators.volatility import deviation_of
from reasoning.indicators.windows import (
    NOISE,
    RING_EXTRA,
    newest_slot,
    ring_push,
    ring_squares,
    ring_sum,
    sum_size,
    sum_step,
)
from reasoning.kernels.indicators import Memory

STILL = 1e-20
"""A variance of log returns this small is rounding."""


@kernel
def zscore_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the z-score: how many deviations a value is from the mean of the last `n`. Cost: `n`."""
    total = sum_step(memory, at, n, value)
    if memory[at] < n:
        return 0.0
    mean = total / n
    deviation = deviation_of(memory, at, n, mean)
    return (value - mean) / deviation if deviation > NOISE * abs(mean) else 0.0


@kernel
def slope_size(n: int) -> int:
    """Return the floats of a slope: a ring."""
    return n + RING_EXTRA


@kernel
def slope_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the slope of the least-squares line through the last `n` values, per value. Cost: `n`."""
    ring_push(memory, at, n, value)
    if memory[at] < n:
        return 0.0
    ring = at + RING_EXTRA
    newest = newest_slot(memory, at, n)
    away = -0.5 * (n - 1.0)
    total = 0.0
    for index in range(ring + newest + 1, ring + n):
        total += away * (memory[index] - value)
        away += 1.0
    for index in range(ring, ring + newest + 1):
        total += away * (memory[index] - value)
        away += 1.0
    return total / (n * (float(n) * n - 1.0) / 12.0)


@kernel
def correlation_size(n: int) -> int:
    """Return the floats of a correlation: two rings."""
    return 2 * (n + RING_EXTRA)


@kernel
def correlation_step(memory: Memory, at: int, n: int, value: float, other: float) -> float:
    """Return Pearson's correlation of two series over the last `n` values, -1 to 1. Cost: `n`."""
    second = at + n + RING_EXTRA
    ring_push(memory, at, n, value)
    ring_push(memory, second, n, other)
    if memory[at] < n:
        return 0.0
    ours, theirs = at + RING_EXTRA, second + RING_EXTRA
    newest = newest_slot(memory, at, n)
    mean, others = ring_sum(memory, ours, n, newest) / n, ring_sum(memory, theirs, n, newest) / n
    spread = sqrt(ring_squares(memory, ours, n, newest, mean) / n)
    spreads = sqrt(ring_squares(memory, theirs, n, newest, others) / n)
    if spread <= NOISE * abs(mean) or spreads <= NOISE * abs(others):
        return 0.0
    total = 0.0
    for index in range(newest + 1, n):
        total += (memory[ours + index] - mean) / spread * ((memory[theirs + index] - others) / spreads)
    for index in range(newest + 1):
        total += (memory[ours + index] - mean) / spread * ((memory[theirs + index] - others) / spreads)
    return min(1.0, max(-1.0, total / n))


@kernel
def ratio_size(n: int, _q: int) -> int:
    """Return the floats of a variance ratio: a ring of `n` returns' logarithms of prices."""
    return n + 1 + RING_EXTRA


@kernel
def ratio_warmup(n: int, _q: int) -> int:
    """Return the values before a variance ratio is known: `n` returns."""
    return n


@kernel
def ratio_step(memory: Memory, at: int, n: int, q: int, value: float) -> float:
    """Return the variance ratio: above 1 where moves go on, below 1 where they turn back. Cost: 2 `n`.

    Block: a ring of `n` + 1 logarithms. A `q` beyond half of `n` is taken as half of it.
    """
    count = n + 1
    ring_push(memory, at, count, log(value) if value > 0.0 else 0.0)
    if memory[at] < count:
        return 0.0
    ring = at + RING_EXTRA
    oldest = int(memory[at + 1])
    span = max(1, min(q, n // 2))
    newest = newest_slot(memory, at, count)
    drift = (memory[ring + newest] - memory[ring + oldest]) / n
    single, several = 0.0, 0.0
    for step in range(1, count):
        here = (oldest + step) % count
        move = memory[ring + here] - memory[ring + (oldest + step - 1) % count] - drift
        single += move * move
        if step >= span:
            move = memory[ring + here] - memory[ring + (oldest + step - span) % count] - span * drift
            several += move * move
    single /= n - 1.0
    several /= span * (n - span + 1.0) * (1.0 - span / n)
    return several / single if single > STILL else 1.0


ZSCORE = IndicatorKind(
    name="zscore",
    family="statistics",
    step=zscore_step,
    size=sum_size,
    warmup=before_window,
    parameters=(period(20, "values of the sample", low=2),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=False,
    formula="(value - mean) / sqrt(sum of (value_i - mean)^2 / n)",
    source="its formula, with TA-Lib's SMA and STDDEV",
    convention="Population deviation, as Bollinger's, so that a z-score of 2 is his band; scipy's zscore "
    "agrees, pandas' std divides by n - 1. Values that are all the same have 0: a deviation below 1e-12 "
    "of the mean is rounding.",
    forgets=True,
)
SLOPE = IndicatorKind(
    name="slope",
    family="statistics",
    step=slope_step,
    size=slope_size,
    warmup=before_window,
    parameters=(period(14, "values of the line", low=2),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=False,
    formula="sum of (i - mean of i) * value_i / sum of (i - mean of i)^2",
    source="TA-Lib LINEARREG_SLOPE",
    convention="The libraries agree. Distances are taken from the newest value, so no large sums cancel.",
    priced=VALUE,
    forgets=True,
)
CORRELATION = IndicatorKind(
    name="correlation",
    family="statistics",
    step=correlation_step,
    size=correlation_size,
    warmup=before_window,
    parameters=(period(30, "pairs of the sample", low=2),),
    inputs=("value", "other"),
    outputs=VALUE,
    on_price=False,
    formula="sum of (x_i - mean x) * (y_i - mean y) / (n * deviation x * deviation y)",
    source="TA-Lib CORREL",
    convention="Of the numbers as they are; returns are correlated by handing it returns. 0 where one of "
    "them stood still (TA-Lib says 0 too, pandas NaN).",
)
RATIO = IndicatorKind(
    name="variance_ratio",
    family="statistics",
    step=ratio_step,
    size=ratio_size,
    warmup=ratio_warmup,
    parameters=(
        period(100, "log returns of the sample", low=4),
        Parameter("q", int, 5, 1, 500, "returns whose sum is held against single ones"),
    ),
    inputs=VALUE,
    outputs=VALUE,
    on_price=False,
    formula="variance of overlapping q-returns / (q * variance of returns), both unbiased, of ln(value)",
    source="Lo and MacKinlay, Review of Financial Studies 1:1 (1988), equations 12 to 13",
    convention="Chosen instead of a Hurst exponent, whose estimates over a few hundred values say more "
    "about the estimator: a ratio of 1 is a random walk, whatever the volatility. A price that stood "
    "still has 1.",
)
KINDS = (ZSCORE, SLOPE, CORRELATION, RATIO)
