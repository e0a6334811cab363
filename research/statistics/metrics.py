"""The metrics of a backtest, each by a named formula, and buy-and-hold beside them.

Ratios are taken from returns by UTC day and annualised with 365 days where a symbol trades every day
(crypto: its name contains '-') and with 252 elsewhere; the risk-free rate is 0. A figure that the
data do not define (no trades, no variance, no loss) is None, never 0, infinite or NaN; so is what would
be stretched to a year from fewer than 30 daily returns.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from domain.times import HOUR_MS
from research.data.candles import Candles, FloatArray
from research.engine.result import Result
from research.statistics.ratios import (
    CRYPTO_DAYS,
    LEAST_DAYS,
    cagr,
    calmar,
    daily_returns,
    drawdown,
    hold_curve,
    periods_of,
    sharpe,
    sharpe_interval,
    sortino,
)

__all__ = ["Metrics", "daily_returns", "metrics", "periods_of"]


@dataclass(frozen=True)
class Metrics:
    """The figures of one backtest; fractions are of 1, amounts in quote, None is undefined.

    `days` are the daily returns behind the ratios, `periods` how many of them make a year; `sharpe_low`
    and `sharpe_high` are the 95 % confidence interval of the Sharpe ratio. Drawdown:
    the deepest fall from a peak over all cycles, and the days from that peak to its recovery, or to
    the end. Costs are those of closed trades; `cost_share` is their part of a gross profit. Turnover
    counts both ways, per year. `hold_*` is buy-and-hold without costs over the same period.
    """

    days: int
    periods: int
    total_return: float | None
    cagr: float | None
    sharpe: float | None
    sharpe_low: float | None
    sharpe_high: float | None
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

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the Sharpe ratio."""
        low, high = self.sharpe_low, self.sharpe_high
        return None if low is None or high is None else (low, high)

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
    enough = returns if len(returns) >= LEAST_DAYS else returns[:0]
    growth, years = cagr(enough, periods), len(returns) / periods
    low, high = sharpe_interval(enough, periods) or (None, None)
    depth, length = _fall(result)
    return Metrics(
        days=len(returns),
        periods=periods,
        total_return=float(equity[-1]) / result.opening_cash - 1 if len(equity) else None,
        cagr=growth,
        sharpe=sharpe(enough, periods),
        sharpe_low=low,
        sharpe_high=high,
        sortino=sortino(enough, periods),
        calmar=calmar(growth, depth),
        max_drawdown=depth,
        drawdown_days=length,
        exposure=result.held / result.cycles if result.cycles else None,
        turnover=_turnover(result, equity, years),
        **_of_trades(result),
        **_of_holding(_period(result, benchmark), periods),
    )


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
        "expectancy": sum(pnl) / count / result.cash_scale if count else None,
        "fees": fees / result.cash_scale,
        "slippage": slippage / result.cash_scale,
        "costs": (fees + slippage) / result.cash_scale,
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
        "hold_sharpe": sharpe(returns, periods) if len(returns) >= LEAST_DAYS else None,
        "hold_drawdown": depth,
    }
