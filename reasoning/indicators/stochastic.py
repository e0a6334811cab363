"""Oscillators that say where in its range a price stands."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, period
from reasoning.indicators.windows import highest_step, lowest_step, peak_size, sum_size, sum_step
from reasoning.kernels.indicators import RSI_SIZE, Memory, rsi_step

STILL = 1e-9
"""A range of an RSI this small is rounding: the price stood still."""


class Stochastic(NamedTuple):
    """The place of a price in its range, 0 to 100, and the mean of that."""

    k: float
    d: float


@kernel
def share_of(part: float, whole: float, least: float) -> float:
    """Return a part in per cent of a whole; 50 where the whole is not above `least`."""
    return 100.0 * part / whole if whole > least else 50.0


@kernel
def stochastic_size(k: int, smooth: int, d: int) -> int:
    """Return the floats of a stochastic: two extremes and two means."""
    return 2 * peak_size(k) + sum_size(smooth) + sum_size(d)


@kernel
def stochastic_warmup(k: int, smooth: int, d: int) -> int:
    """Return the candles before %D is known."""
    return k + smooth + d - 3


@kernel
def smoothed(memory: Memory, at: int, smooth: int, d: int, raw: float) -> Stochastic:
    """Return %K and %D of a raw %K; both 0.0 until %D is known. Block: two sums."""
    last = at + sum_size(smooth)
    k = sum_step(memory, at, smooth, raw) / smooth
    if memory[at] < smooth:
        return Stochastic(0.0, 0.0)
    mean = sum_step(memory, last, d, k) / d
    return Stochastic(k, mean) if memory[last] >= d else Stochastic(0.0, 0.0)


@kernel
def stochastic_step(
    memory: Memory, at: int, k: int, smooth: int, d: int, high: float, low: float, close: float
) -> Stochastic:
    """Return the slow stochastic: the close between the lowest low and the highest high of `k` candles."""
    bottom_at = at + peak_size(k)
    top = highest_step(memory, at, k, high)
    bottom = lowest_step(memory, bottom_at, k, low)
    if memory[at] < k:
        return Stochastic(0.0, 0.0)
    return smoothed(memory, bottom_at + peak_size(k), smooth, d, share_of(close - bottom, top - bottom, 0.0))


@kernel
def stoch_rsi_size(_n: int, k: int, smooth: int, d: int) -> int:
    """Return the floats of a stochastic RSI: an RSI and a stochastic."""
    return RSI_SIZE + stochastic_size(k, smooth, d)


@kernel
def stoch_rsi_warmup(n: int, k: int, smooth: int, d: int) -> int:
    """Return the values before %D of the RSI is known."""
    return n + stochastic_warmup(k, smooth, d)


@kernel
def stoch_rsi_step(memory: Memory, at: int, n: int, k: int, smooth: int, d: int, value: float) -> Stochastic:
    """Return the stochastic RSI: where the RSI stands between its lowest and its highest of `k` values."""
    rsi = rsi_step(memory, at, n, value)
    if memory[at] <= n:
        return Stochastic(0.0, 0.0)
    top_at = at + RSI_SIZE
    bottom_at = top_at + peak_size(k)
    top = highest_step(memory, top_at, k, rsi)
    bottom = lowest_step(memory, bottom_at, k, rsi)
    if memory[top_at] < k:
        return Stochastic(0.0, 0.0)
    return smoothed(memory, bottom_at + peak_size(k), smooth, d, share_of(rsi - bottom, top - bottom, STILL))


@kernel
def williams_size(n: int) -> int:
    """Return the floats of Williams' %R: two extremes."""
    return 2 * peak_size(n)


@kernel
def williams_warmup(n: int) -> int:
    """Return the candles before the first %R."""
    return n - 1


@kernel
def williams_step(memory: Memory, at: int, n: int, high: float, low: float, close: float) -> float:
    """Return Williams' %R: how far below the highest high of `n` candles the close is, 0 to -100."""
    top = highest_step(memory, at, n, high)
    bottom = lowest_step(memory, at + peak_size(n), n, low)
    return -share_of(top - close, top - bottom, 0.0) if memory[at] >= n else 0.0


SMOOTHING = (
    period(3, "values whose mean is %K; 1 for the raw one", "smooth"),
    period(3, "values of %K whose mean is %D", "d"),
)
STOCHASTIC = IndicatorKind(
    name="stochastic",
    family="momentum",
    step=stochastic_step,
    size=stochastic_size,
    warmup=stochastic_warmup,
    parameters=(period(14, "candles of the range", "k"), *SMOOTHING),
    inputs=("high", "low", "close"),
    outputs=Stochastic._fields,
    on_price=False,
    formula="k = mean of `smooth` of 100 * (close - lowest) / (highest - lowest), d = mean of d values of k",
    source="Lane, Stocks & Commodities 2:3 (1984); TA-Lib STOCH (smooth 1: STOCHF)",
    convention="Known when %D is, as in TA-Lib. Where the range is nothing (a market at rest) it is 50, "
    "as with the RSI; TA-Lib says 0, which reads as oversold.",
)
STOCH_RSI = IndicatorKind(
    name="stoch_rsi",
    family="momentum",
    step=stoch_rsi_step,
    size=stoch_rsi_size,
    warmup=stoch_rsi_warmup,
    parameters=(period(14, "changes of the RSI"), period(14, "values of the range", "k"), *SMOOTHING),
    inputs=VALUE,
    outputs=Stochastic._fields,
    on_price=False,
    formula="the stochastic of rsi(n) over k values",
    source="Chande and Kroll, The New Technical Trader (1994); TA-Lib STOCHRSI with smooth 1",
    convention="%K is smoothed over 3 as TradingView draws it; TA-Lib and Chande leave it raw (smooth "
    "1), on 0 to 1 in the book, to 100 here. A market at rest keeps its RSI but for rounding: a range "
    "below 1e-9 is none and gives 50.",
)
WILLIAMS = IndicatorKind(
    name="williams_r",
    family="momentum",
    step=williams_step,
    size=williams_size,
    warmup=williams_warmup,
    parameters=(period(14, "candles of the range"),),
    inputs=("high", "low", "close"),
    outputs=VALUE,
    on_price=False,
    formula="-100 * (highest - close) / (highest - lowest)",
    source="Williams, How I Made One Million Dollars Last Year Trading Commodities (1973); TA-Lib WILLR",
    convention="Where the range is nothing it is -50; TA-Lib says 0, which reads as overbought.",
)
KINDS = (STOCHASTIC, STOCH_RSI, WILLIAMS)
