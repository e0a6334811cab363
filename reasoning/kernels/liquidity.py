"""Estimates of how dear it is to trade, from what every candle has: prices and volume.

Measures of the spread and of illiquidity that need no order book. Those that need to know who took the
liquidity, or in how many trades, are not here: candles keep neither.
"""

from collections.abc import MutableSequence, Sequence
from math import exp, log, sqrt

from domain.kernel import kernel
from reasoning.kernels.model_inputs import ratio_of

LIQUIDITY_CANDLES = 96
"""Returns the spreads are estimated from, and that the last day's illiquidity is held against."""

TWO_ROOTS = 3.0 - 2.0 * sqrt(2.0)
"""The denominator of Corwin and Schultz's alpha."""


@kernel
def amihud(close: Sequence[float], volume: Sequence[float], newest: int, count: int) -> float:
    """Return the mean of |return| over money traded of the last candles; those without a trade are left out.

    Amihud (2002), "Illiquidity and stock returns: cross-section and time-series effects". Per tick times a
    unit of volume; 0 where nothing was traded.
    """
    total = 0.0
    traded = 0
    for back in range(count):
        index = newest - back
        money = close[index] * volume[index]
        if money > 0.0:
            total += abs(close[index] / close[index - 1] - 1.0) / money
            traded += 1
    return total / traded if traded > 0 else 0.0


@kernel
def roll_spread(close: Sequence[float], newest: int, count: int) -> float:
    """Return the spread as a share of the price, of the last `count` returns; 0 where they do not bounce.

    Roll (1984), "A Simple Implicit Measure of the Effective Bid-Ask Spread": 2 * sqrt(-cov) of a return and
    the one before it, where that covariance is below 0.
    """
    mean = 0.0
    for back in range(count):
        mean += close[newest - back] / close[newest - back - 1] - 1.0
    mean /= count
    total = 0.0
    later = close[newest] / close[newest - 1] - 1.0 - mean
    for back in range(1, count):
        change = close[newest - back] / close[newest - back - 1] - 1.0 - mean
        total += later * change
        later = change
    covariance = total / (count - 1)
    return 2.0 * sqrt(-covariance) if covariance < 0.0 else 0.0


@kernel
def high_low_spread(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], newest: int, count: int
) -> float:
    """Return the mean spread as a share of the price over the last `count` pairs of candles.

    Corwin and Schultz (2012), "A Simple Way to Estimate Bid-Ask Spreads from Daily High and Low Prices": a
    range of two candles grows with variance, two ranges of one grow with it and with the spread. A gap is
    taken off the later candle, and a pair that says less than 0 counts as 0, as they do.
    """
    total = 0.0
    for back in range(count):
        index = newest - back
        before = close[index - 1]
        gap = max(0.0, low[index] - before) - max(0.0, before - high[index])
        top, bottom = high[index] - gap, low[index] - gap
        one, other = log(top / bottom), log(high[index - 1] / low[index - 1])
        both = log(max(top, high[index - 1]) / min(bottom, low[index - 1]))
        beta = one * one + other * other
        alpha = (sqrt(2.0 * beta) - sqrt(beta)) / TWO_ROOTS - sqrt(both * both / TWO_ROOTS)
        if alpha > 0.0:
            total += 2.0 * (exp(alpha) - 1.0) / (1.0 + exp(alpha))
    return total / count


@kernel
def liquidity_inputs(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    newest: int,
    sigma: float,
    inputs: MutableSequence[float],
    at: int,
) -> None:
    """Write how illiquid the last day is beside the last four, and both spreads in deviations `sigma`."""
    unit = sigma if sigma > 0.0 else 1.0
    now, usual = amihud(close, volume, newest, 24), amihud(close, volume, newest, LIQUIDITY_CANDLES)
    inputs[at] = ratio_of(now, usual)
    inputs[at + 1] = roll_spread(close, newest, LIQUIDITY_CANDLES) / unit
    inputs[at + 2] = high_low_spread(high, low, close, newest, LIQUIDITY_CANDLES) / unit
