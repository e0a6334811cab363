"""Formulas of returns and ratios, each with its source; what the data do not define is None."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS
from research.data.candles import Candles, FloatArray, IntArray, merged

CRYPTO_DAYS, EXCHANGE_DAYS = 365, 252
LEAST_DAYS = 30
"""Daily returns below which nothing is stretched to a year: a day of luck would be a Sharpe ratio of 13."""
SIDES = 1.959964
"""Deviations on each side of the mean that hold 95 % of a normal distribution."""
STILL = 1e-12
"""Deviation over largest return below which a series has no variance: the rest is rounding."""


def periods_of(symbols: Sequence[str]) -> int:
    """Return the daily returns in a year: 365 where any symbol trades every day, else 252."""
    return CRYPTO_DAYS if any("-" in symbol for symbol in symbols) else EXCHANGE_DAYS


def daily_returns(
    times_ms: IntArray,
    equity: FloatArray | IntArray,
    opening: float | None = None,
    *,
    every_day: bool = False,
) -> FloatArray:
    """Return simple returns from UTC day to UTC day, each by the day's last value, float64[days].

    With `opening`, the first day counts too, from that value, however short it was. A day without a
    value is no observation, or with `every_day` a return of 0. Raises BadInput when lengths differ,
    times fall or a value to divide by is not above 0.
    """
    if len(times_ms) != len(equity):
        raise BadInput(f"{len(times_ms)} times for {len(equity)} values; give one each")
    if np.any(np.diff(times_ms) < 0):
        raise BadInput("times fall; give them oldest first")
    days = times_ms // DAY_MS
    last = np.flatnonzero(np.diff(days, append=days[-1:] + 1))
    values = equity[last].astype(np.float64)
    if every_day and len(last):
        values = np.repeat(values, np.append(np.diff(days[last]), 1))
    if opening is not None:
        values = np.concatenate([[opening], values])
    if len(values) and not np.min(values[:-1], initial=np.inf) > 0:
        raise BadInput(f"value {np.min(values[:-1])} must be above 0 to take a return from")
    return values[1:] / values[:-1] - 1


def sharpe(returns: FloatArray, periods: int) -> float | None:
    """Return mean over sample deviation, times the root of the periods in a year.

    Source: Sharpe, "The Sharpe ratio", Journal of Portfolio Management 21(1), 1994; risk-free 0.
    """
    if len(returns) < 2:
        return None
    deviation = float(np.std(returns, ddof=1))
    if deviation <= STILL * float(np.abs(returns).max()):
        return None
    return float(np.mean(returns)) / deviation * sqrt(periods)


def sharpe_interval(returns: FloatArray, periods: int) -> tuple[float, float] | None:
    """Return the 95 % confidence interval of the yearly Sharpe ratio, for returns of any distribution.

    Deviation of the estimate from skewness and kurtosis: Mertens, "Comments on variance of the IID
    estimator in Lo (2002)", 2002, as in Bailey and López de Prado 2012; days are taken as independent.
    """
    ratio = sharpe(returns, 1)
    if ratio is None:
        return None
    shape = (returns - np.mean(returns)) / np.std(returns)
    skew, kurtosis = float(np.mean(shape**3)), float(np.mean(shape**4))
    spread = max(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2, 0.0)
    reach = SIDES * sqrt(spread / (len(returns) - 1))
    return (ratio - reach) * sqrt(periods), (ratio + reach) * sqrt(periods)


def sortino(returns: FloatArray, periods: int) -> float | None:
    """Return mean over downside deviation (target 0, over all observations), annualised by the root.

    Source: Sortino and van der Meer, "Downside risk", Journal of Portfolio Management 17(4), 1991.
    """
    if len(returns) < 2:
        return None
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(np.mean(returns)) / downside * sqrt(periods) if downside > 0 else None


def cagr(returns: FloatArray, periods: int) -> float | None:
    """Return the compound growth per year: total growth to the power of periods over observations.

    The geometric mean rate (CFA Institute, GIPS: do not compare figures of less than one year).
    """
    if not len(returns):
        return None
    growth = float(np.log1p(returns).sum()) if np.all(returns > -1) else -np.inf
    exponent = growth * periods / len(returns)
    return float(np.expm1(exponent)) if exponent < 700 else None


def calmar(growth: float | None, depth: float | None) -> float | None:
    """Return yearly growth over the deepest drawdown.

    Source: Young, "Calmar ratio: a smoother tool", Futures 20(1), 1991, over the whole period
    instead of his 36 months.
    """
    return growth / depth if growth is not None and depth else None


def drawdown(times_ms: IntArray, values: FloatArray) -> tuple[float, float]:
    """Return the deepest fall from a peak as a fraction of it, and its days until recovery or the end.

    Source: Magdon-Ismail and Atiya, "Maximum drawdown", Risk 17(10), 2004. Values begin above 0.
    """
    peak = np.maximum.accumulate(values)
    fall = 1 - values / peak
    bottom = int(np.argmax(fall))
    if fall[bottom] <= 0:
        return 0.0, 0.0
    top = int(np.flatnonzero(values[: bottom + 1] == peak[bottom])[-1])
    back = np.flatnonzero(values[bottom:] >= peak[bottom])
    end = bottom + int(back[0]) if len(back) else len(values) - 1
    return float(fall[bottom]), float(times_ms[end] - times_ms[top]) / DAY_MS


def hold_curve(candles: Sequence[Candles]) -> tuple[IntArray, FloatArray]:
    """Return times and worth of 1 quote spread evenly over the symbols and held: buy-and-hold.

    Each is bought at its first open and worth its close; before its first candle its part is cash.
    No costs, no rebalancing. Times are the candles' open times in ms, float64 and int64[n].
    """
    series = [each for each in candles if len(each)]
    if not series:
        return np.empty(0, dtype=np.int64), np.empty(0)
    times = merged([each.time for each in series])
    worth = np.zeros(len(times))
    for each in series:
        if len(each) == len(times):  # it has a candle at each of them
            worth += each.close / each.open[0]
            continue
        at = np.searchsorted(each.time, times, side="right") - 1
        worth += np.where(at >= 0, each.close[at] / each.open[0], 1.0)
    return times, worth / len(series)
