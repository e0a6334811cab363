"""What a backtest came to in figures, each by a named formula, and buy-and-hold beside them.

Ratios are taken from returns by UTC day and annualised with 365 days where a symbol trades every day
(crypto: its name contains '-') and with 252 elsewhere; the risk-free rate is 0. A figure that the
data do not define (no trades, no variance, no loss) is None, never 0, infinite or NaN.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from domain.errors import BadInput
from domain.money import CASH_SCALE
from domain.times import DAY_MS, HOUR_MS
from research.candles import Candles, FloatArray, IntArray
from research.result import Result

CRYPTO_DAYS, EXCHANGE_DAYS = 365, 252
STILL = 1e-12
"""Deviation over largest return below which a series has no variance: the rest is rounding."""


@dataclass(frozen=True)
class Metrics:
    """The figures of one backtest; fractions are of 1, amounts in quote, None is undefined.

    `days` are the daily returns behind the ratios, `periods` how many of them make a year. Drawdown:
    the deepest fall from a peak over all cycles, and the days from that peak to its recovery, or to
    the end. Costs are those of closed trades; `cost_share` is their part of a gross profit. Turnover
    counts both ways, per year. `hold_*` is buy-and-hold without costs over the same period.
    """

    days: int
    periods: int
    total_return: float | None
    cagr: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float | None
    drawdown_days: float | None
    profit_factor: float | None
    expectancy: float | None
    exposure: float | None
    turnover: float | None
    fees: float
    slippage: float
    costs: float
    cost_share: float | None
    win_rate: float | None
    trades: int
    holding_hours: float | None
    hold_return: float | None
    hold_sharpe: float | None
    hold_drawdown: float | None

    def plain(self) -> dict[str, Any]:
        """Return the figures as JSON takes them."""
        return asdict(self)


def metrics(result: Result, benchmark: Candles | Sequence[Candles] | None = None) -> Metrics:
    """Return every figure of a backtest.

    `benchmark` is what buy-and-hold buys; without it, the result's own candles (none there: the
    `hold_*` figures are None). Only candles that open between the first and the last cycle count.
    """
    periods = periods_of(result.symbols)
    equity = result.equity.astype(np.float64)
    sound = result.opening_cash > 0 and bool((equity > 0).all())
    crypto = periods == CRYPTO_DAYS
    returns = (
        daily_returns(result.times_ms, equity, float(result.opening_cash), every_day=crypto)
        if sound
        else np.empty(0)
    )
    growth, years = cagr(returns, periods), len(returns) / periods
    depth, length = _fall(result)
    return Metrics(
        days=len(returns),
        periods=periods,
        total_return=float(equity[-1]) / result.opening_cash - 1 if len(equity) else None,
        cagr=growth,
        sharpe=sharpe(returns, periods),
        sortino=sortino(returns, periods),
        calmar=calmar(growth, depth),
        max_drawdown=depth,
        drawdown_days=length,
        exposure=result.held / result.cycles if result.cycles else None,
        turnover=_turnover(result, equity, years),
        **_of_trades(result),
        **_of_holding(_period(result, benchmark), periods),
    )


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
    times = np.unique(np.concatenate([each.time for each in series]))
    worth = np.zeros(len(times))
    for each in series:
        at = np.searchsorted(each.time, times, side="right") - 1
        worth += np.where(at >= 0, each.close[at] / each.open[0], 1.0)
    return times, worth / len(series)


def _fall(result: Result) -> tuple[float | None, float | None]:
    """Return the drawdown from the opening cash on; the replay's own, within cycles, where deeper."""
    if not result.cycles or result.opening_cash <= 0:
        return None, None
    times = np.concatenate([result.times_ms[:1], result.times_ms])
    values = np.concatenate([[result.opening_cash], result.equity]).astype(np.float64)
    depth, days = drawdown(times, values)
    return max(depth, result.max_drawdown), days


def _turnover(result: Result, equity: FloatArray, years: float) -> float | None:
    average = float(equity.mean()) if len(equity) else 0.0
    if years <= 0 or average <= 0:
        return None
    opened = sum(int(each.get("bought", 0)) for each in result.open_positions)
    traded = _sum(result, "bought") + _sum(result, "sold") + opened
    return traded / average / years


def _sum(result: Result, name: str) -> int:
    # Python's integers: a column of notionals can exceed 64 bits.
    return sum(result.trades[name].tolist())


def _of_trades(result: Result) -> dict[str, Any]:
    """Return the figures of closed trades.

    Profit factor (won over lost) and expectancy (mean result) after costs, as in Pardo, "The
    evaluation and optimization of trading strategies", 2nd edition, 2008.
    """
    rows = result.trades
    pnl, count = rows["pnl"].tolist(), len(rows)
    won, lost = sum(each for each in pnl if each > 0), -sum(each for each in pnl if each < 0)
    fees, slippage, gross = (_sum(result, name) for name in ("fees", "slippage", "gross"))
    held_ms = sum((rows["closed_ms"] - rows["opened_ms"]).tolist())
    return {
        "profit_factor": won / lost if lost else None,
        "expectancy": sum(pnl) / count / CASH_SCALE if count else None,
        "fees": fees / CASH_SCALE,
        "slippage": slippage / CASH_SCALE,
        "costs": (fees + slippage) / CASH_SCALE,
        "cost_share": (fees + slippage) / gross if gross > 0 else None,
        "win_rate": sum(each > 0 for each in pnl) / count if count else None,
        "trades": count,
        "holding_hours": held_ms / count / HOUR_MS if count else None,
    }


def _period(result: Result, benchmark: Candles | Sequence[Candles] | None) -> list[Candles]:
    """Return the benchmark's candles that open within the result's cycles: warm-up earns nothing."""
    given = result.candles if benchmark is None else benchmark
    series = [given] if isinstance(given, Candles) else list(given)
    if not result.cycles:
        return []
    first, last = int(result.times_ms[0]), int(result.times_ms[-1])
    return [each.between(first, last + 1) for each in series]


def _of_holding(candles: Sequence[Candles], periods: int) -> dict[str, Any]:
    times, worth = hold_curve(candles)
    if not len(times):
        return {"hold_return": None, "hold_sharpe": None, "hold_drawdown": None}
    depth, _ = drawdown(np.concatenate([times[:1], times]), np.concatenate([[1.0], worth]))
    returns = daily_returns(times, worth, 1.0, every_day=periods == CRYPTO_DAYS)
    return {
        "hold_return": float(worth[-1]) - 1,
        "hold_sharpe": sharpe(returns, periods),
        "hold_drawdown": depth,
    }
