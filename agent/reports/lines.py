"""A period in the shape of a backtest's result, so that the same figures, curves and charts tell both."""

from typing import Any, NamedTuple

import numpy as np

from agent.answers.report import FallRow
from agent.answers.research import CurveAnswer, Figures, Months
from agent.reports.drawn import curve_of, months_of
from agent.reports.figures import figures_of_run
from agent.reports.lived import Lived
from domain.times import TIMEFRAMES, millis, utc
from research.engine.journaled import JournaledSession, JournaledTrade, result_of
from research.engine.result import Result
from research.statistics.metrics import Metrics, metrics
from research.statistics.periods import worst_falls

FALLS = 10


class Drawn(NamedTuple):
    """A period's result with its figures and lines."""

    result: Result
    metrics: Metrics
    figures: Figures
    curve: CurveAnswer
    months: Months
    falls: list[FallRow]


def drawn(lived: Lived, before: int) -> Drawn | None:
    """Return what a period comes to, from the equity `before` it in cash units; None without a cycle."""
    if not lived.times_ms or before <= 0:
        return None
    result = result_of(_session(lived, before))
    measured = metrics(result)
    growth = result.equity / before
    return Drawn(
        result=result,
        metrics=measured,
        figures=figures_of_run(measured, result.cash_decimals),
        curve=curve_of(result.times_ms, growth),
        months=months_of(result.times_ms, growth),
        falls=[
            FallRow(
                peak=utc(each.peak_ms),
                bottom=utc(each.bottom_ms),
                back=None if each.back_ms is None else utc(each.back_ms),
                depth=round(each.depth, 6),
            )
            for each in worst_falls(result, FALLS)
        ],
    )


def _session(lived: Lived, before: int) -> JournaledSession:
    ledger, options = lived.state.ledger, lived.options
    closed = [each.trade.symbol for each in lived.trades]
    known = options.symbols if options else ()
    # What was earned before the period is in neither: no deposit is a profit.
    base = before - lived.profit_before
    return JournaledSession(
        symbols=tuple(dict.fromkeys((*known, *ledger.instruments, *closed))),
        timeframe_ms=options.timeframe_ms if options else TIMEFRAMES["1m"],
        opening_cash=before,
        cash=ledger.cash,
        times_ms=lived.times_ms,
        equity=(np.frombuffer(lived.profits, dtype=np.int64) + base).tolist(),
        trades=[JournaledTrade(each.trade, each.exit) for each in lived.trades],
        open_positions=[_open(lived, symbol) for symbol in sorted(ledger.positions)],
        strategies=tuple(options.reasoning.strategies) if options else (),
        cash_decimals=ledger.cash_decimals,
    )


def _open(lived: Lived, symbol: str) -> dict[str, Any]:
    held = lived.state.ledger.positions[symbol]
    return {
        "symbol": symbol, "lots": held.lots, "bought": held.bought, "fees": held.fees,
        "opened_ms": millis(held.opened_at), "mark": lived.state.ledger.marks.get(symbol),
    }  # fmt: skip
