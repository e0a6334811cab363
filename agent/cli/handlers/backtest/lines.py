"""A backtest as lines for people."""

from functools import partial
from typing import Any

from agent.cli.handlers.backtest.done import Done, at_of, said_of, vetoes_by_rule
from agent.cli.output.sparkline import sparkline
from agent.verify.parity import ParityDifference
from domain.money import show_cash
from research.statistics.metrics import Metrics
from research.statistics.ratios import LEAST_DAYS
from research.statistics.words import stopped_words


def lines(done: Done) -> list[str]:
    """Return the result as lines for people."""
    result, report = done.result, done.metrics
    show = partial(show_cash, decimals=result.cash_decimals)
    quote = next(iter(done.setup.instruments.values())).quote
    trades = result.trades
    vetoes = ", ".join(f"{rule} {count}" for rule, count in vetoes_by_rule(result).items()) or "none"
    shown = [f"STOPPED     {stopped_words(done.stopped, result)}"] if done.stopped else []
    shown += [
        f"backtest    {', '.join(result.strategies)} on {', '.join(result.symbols)} {done.options.timeframe}",
        f"period      {_span(result.times_ms)}, {result.cycles} cycles",
        (
            f"equity      {show(int(result.equity[-1]))} {quote} of {show(result.opening_cash)}  "
            f"{sparkline(result.equity[:: max(1, result.cycles // 400)].tolist())}"
        ),
        (
            f"trades      {len(trades)} closed, {_share(report.win_rate)} won; open positions: "
            f"{len(result.open_positions)}"
        ),
        (
            f"P&L         {show(int(trades['pnl'].sum()))} {quote} after costs; gross "
            f"{show(int(trades['gross'].sum()))}"
        ),
        (
            f"return      {_share(report.total_return)}, a year {_share(report.cagr)}{_until_then(done)}; "
            f"buy and hold {_share(report.hold_return)}"
        ),
        (
            f"risk        Sharpe {_sharpe(report)}, Sortino {_number(report.sortino)}, Calmar "
            f"{_number(report.calmar)}, max drawdown {_share(report.max_drawdown)}"
        ),
        *(f"{name:<11} {text}" for name, text in said_of(done)),
        f"vetoes      {vetoes}",
    ]
    shown.append(
        f"luck        deflated Sharpe {_number(done.deflated)} (1 trial); overfitting n/a: it takes "
        "several trials, see agent walk-forward"
    )
    shown += [f"data        {line}" for line in done.flaws]
    return shown + [f"note        {line}" for line in done.notes]


def _span(times_ms: Any) -> str:
    return f"{at_of(times_ms[0]).isoformat()} to {at_of(times_ms[-1]).isoformat()}"


def _until_then(done: Done) -> str:
    """Say what a year brought while something could be bought."""
    return f" ({_share(done.stopped.yearly)} until it was stopped)" if done.stopped else ""


def _sharpe(report: Metrics) -> str:
    """Show the Sharpe ratio with its interval, or why there is none."""
    if report.days < LEAST_DAYS:
        return f"n/a ({report.days} days, least {LEAST_DAYS})"
    result = report.interval
    return _number(report.sharpe) + ("" if result is None else f" (95 %: {result[0]:.2f} to {result[1]:.2f})")


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def verdict_lines(done: Done, difference: ParityDifference | None, *, verified: bool) -> list[str]:
    """Return what `--verify` found, as lines; none where it was not asked."""
    if not verified:
        return []
    if difference is None:
        result = done.result
        return [
            (
                f"verified    the loop did the same: {result.cycles} cycles, {len(result.trades)} trades, "
                f"{len(result.vetoes)} vetoes"
            )
        ]
    return [
        f"DIFFERENT   {difference.what} {difference.number}",
        f"  loop      {difference.loop}",
        f"  backtest  {difference.backtest}",
    ]
