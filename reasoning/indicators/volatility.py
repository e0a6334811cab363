"""How far prices move: ranges and bands."""

from math import sqrt
from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, Parameter, period
from reasoning.indicators.windows import SUM_EXTRA, ring_squares, sum_size, sum_step
from reasoning.kernels.indicators import ATR_SIZE, Memory, atr_step


class Band(NamedTuple):
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
    slot = int(memory[at + 1])
    newest = n - 1 if slot == 0 else slot - 1
    return sqrt(ring_squares(memory, at + SUM_EXTRA, n, newest, mean) / n)


@kernel
def bollinger_step(memory: Memory, at: int, n: int, width: float, value: float) -> Band:
    """Return Bollinger's bands, `width` deviations around the mean of the last `n` values."""
    total = sum_step(memory, at, n, value)
    if memory[at] < n:
        return Band(0.0, 0.0, 0.0)
    mean = total / n
    away = width * deviation_of(memory, at, n, mean)
    return Band(mean - away, mean, mean + away)


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
    outputs=Band._fields,
    on_price=True,
    formula="mean -+ width * sqrt(sum((value - mean)^2) / n)",
    source="Bollinger on Bollinger Bands (2001); TA-Lib BBANDS",
    convention="Population deviation (divided by n), as Bollinger and TA-Lib have it; pandas and polars "
    "divide by n - 1 unless told, 2.6 % wider at 20. Distances are squared from the mean, so small "
    "prices and small moves on large prices lose nothing; TA-Lib subtracts two large sums.",
)
KINDS = (ATR, BOLLINGER)
