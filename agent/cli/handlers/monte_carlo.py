"""`agent monte-carlo`: a backtest, then what else could have come of its trades and days."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from agent.answers.research import MonteCarloAnswer, OutcomesAnswer, Quantiles
from agent.cli.handlers.backtest.command import engine_for
from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.streams import answer
from agent.wiring.backtests import setup_of
from research.engine.backtest import backtest
from research.engine.result import Result
from research.statistics.headline import stopped
from research.statistics.monte_carlo import Outcomes, block_bootstrap, shuffle_trades
from research.statistics.ratios import CRYPTO_DAYS, LEAST_DAYS, daily_returns, periods_of
from research.statistics.words import stopped_words


class MonteCarloRequest(NamedTuple):
    """The arguments of `agent monte-carlo`."""

    asked: ResearchRequest
    runs: int
    seed: int
    block: float | None
    limit: float
    json: bool


def monte_carlo_command(request: MonteCarloRequest) -> None:
    """Run the backtest and resample it. Raises BadInput when there is too little to resample."""
    options, candles, text, beside = gather(request.asked)
    setup = setup_of(options, (), beside)
    engine, about = engine_for(setup, uncompiled=False)
    notes = [*text, *about]
    with compiling_told():
        result = backtest(candles, setup, engine)
    outcomes = resampled(result, request)
    ended = stopped(result, setup.policy)
    since = None if ended is None else stopped_words(ended, result)
    report = MonteCarloAnswer(
        stopped=since, trades=len(result.trades), notes=notes, outcomes=list(map(_told, outcomes))
    )
    answer(report, lambda it: lines(it, result, options.timeframe), json=request.json)


def _told(outcome: Outcomes) -> OutcomesAnswer:
    spreads = {
        name: None if spread is None else Quantiles(**vars(spread))
        for name in ("final_return", "max_drawdown", "sharpe")
        for spread in (getattr(outcome, name),)
    }
    return OutcomesAnswer(**vars(outcome) | spreads)


def resampled(result: Result, request: MonteCarloRequest) -> list[Outcomes]:
    """Return both kinds of resampling: the trades in another order, the days drawn again."""
    opening = result.opening_cash / result.cash_scale
    pnl = result.trades["pnl"] / result.cash_scale
    periods = periods_of(result.symbols)
    every_day = periods == CRYPTO_DAYS
    returns = daily_returns(result.times_ms, result.equity, float(result.opening_cash), every_day=every_day)
    days = block_bootstrap(
        returns, request.runs, request.seed, request.block, periods=periods, limit=request.limit
    )
    if len(returns) < LEAST_DAYS:
        days = replace(days, sharpe=None)  # so few say nothing of a year
    return [shuffle_trades(pnl, opening, request.runs, request.seed, limit=request.limit), days]


def lines(report: MonteCarloAnswer, result: Result, timeframe: str) -> Iterator[str]:
    """Yield what resampling came to, as people read it."""
    if report.stopped is not None:
        yield f"STOPPED     {report.stopped}"
    yield f"monte-carlo {', '.join(result.strategies)} on {', '.join(result.symbols)} {timeframe}"
    actual = result.equity[-1] / result.opening_cash - 1
    yield (f"as it was   return {actual:.2%}, max drawdown {result.max_drawdown:.2%}, {report.trades} trades")
    for outcome in report.outcomes:
        yield from outcome_lines(outcome)
    yield from (f"note        {note}" for note in report.notes)


def outcome_lines(outcome: OutcomesAnswer) -> Iterator[str]:
    """Yield one resampling as people read it."""
    block = "" if outcome.block is None else f", blocks of {outcome.block:g} days on average"
    yield f"{outcome.method}, {outcome.runs} runs, seed {outcome.seed}{block}"
    yield "                     5 %      25 %      50 %      75 %      95 %"
    yield f"  return       {_row(outcome.final_return, '.2%')}"
    yield f"  max drawdown {_row(outcome.max_drawdown, '.2%')}"
    if outcome.sharpe is not None:
        yield f"  Sharpe       {_row(outcome.sharpe, '.2f')}"
    yield (
        f"  a loss in {outcome.loss:.1%} of the runs; a drawdown beyond {outcome.limit:.0%} "
        f"in {outcome.beyond:.1%}"
    )


def _row(spread: Quantiles, form: str) -> str:
    values = (spread.p5, spread.p25, spread.p50, spread.p75, spread.p95)
    return " ".join(f"{value:{form}}".rjust(9) for value in values)
