"""The report of a paper or live run: the same page as a backtest's, from what its journal tells."""

from typing import Any, NamedTuple

import numpy as np

from agent import wiring
from agent.settings.settings import Options
from agent.settings.version import code_version
from agent.views.history import AccountHistory
from domain.errors import BadInput
from domain.money import show_cash
from domain.times import millis, utc
from research.data.candles import Candles
from research.engine.journaled import CODES, JournaledSession, JournaledTrade, Vetoed, result_of
from research.engine.result import Result
from research.report.page import Report, html_report
from research.statistics.headline import stopped
from research.statistics.metrics import Metrics, metrics
from research.statistics.words import costs_words, stopped_words


class ReportedRun(NamedTuple):
    """A run as a result, its figures, and since when nothing could be bought ("" where something could)."""

    result: Result
    figures: Metrics
    stopped: str


def told_of(history: AccountHistory, options: Options) -> ReportedRun:
    """Return what a run came to. Raises BadInput for one without a cycle."""
    if not history.times_ms:
        raise BadInput("there is no cycle to report; run the agent first, or name another --session")
    result = result_of(_session(history, options))
    options = wiring.options_in_force(options, history.state.changed)
    match = stopped(result, wiring.policy_of(options, history.state.ledger.instruments))
    return ReportedRun(result, metrics(result), stopped_words(match, result) if match else "")


def page(answer: ReportedRun, history: AccountHistory, options: Options, name: str, command: str) -> str:
    """Return the HTML page of a run."""
    sessions = history.sessions
    which = f"session {sessions[0]}" if len(sessions) == 1 else f"sessions {sessions[0]} to {sessions[-1]}"
    report = Report(
        result=answer.result,
        metrics=answer.figures,
        candles=tuple(answer.result.candles),
        instruments=history.state.ledger.instruments,
        code_version=code_version(),
        command=command,
        title=f"{name}, {options.mode}, {which}",
        session=True,
        stopped=answer.stopped,
        said=[("Costs", _costs(answer.result, options))],
        settings=options.public(),
    )
    return html_report(report)


def _costs(result: Result, options: Options) -> str:
    paid = [
        show_cash(sum(result.trades[name].tolist()), result.cash_decimals) for name in ("fees", "slippage")
    ]
    if options.remote:
        return f"paid {paid[0]} in fees, {paid[1]} in slippage and spread"
    return costs_words(options.paper.costs(), *paid)


def _session(history: AccountHistory, options: Options) -> JournaledSession:
    ledger = history.state.ledger
    killed = history.killed_ms
    return JournaledSession(
        symbols=tuple(dict.fromkeys((*options.symbols, *ledger.instruments))),
        timeframe_ms=options.timeframe_ms,
        opening_cash=history.opening,
        cash=ledger.cash,
        times_ms=history.times_ms,
        equity=history.equity,
        trades=[JournaledTrade(each.trade, each.exit) for each in history.trades],
        vetoes=[
            Vetoed(each.cycle, utc(each.at_ms), each.symbol, each.reason)
            for each in history.denials
            if each.reason in CODES  # a rule of another version has none
        ],
        open_positions=_open(history),
        strategies=tuple(options.reasoning.strategies),
        candles=_candles(history, options),
        kill_switch_at=None if killed is None else utc(killed),
        cash_decimals=ledger.cash_decimals,
    )


def _open(history: AccountHistory) -> list[dict[str, Any]]:
    ledger = history.state.ledger
    return [
        {
            "symbol": symbol, "lots": held.lots, "bought": held.bought, "fees": held.fees,
            "opened_ms": millis(held.opened_at), "mark": ledger.marks.get(symbol),
        }
        for symbol, held in ledger.positions.items()
    ]  # fmt: skip


def _candles(history: AccountHistory, options: Options) -> tuple[Candles, ...]:
    """Return the closed candles that the run saw, one series a symbol; of a candle seen twice the later."""
    results = []
    for symbol, value in history.candles.items():
        latest = {candle.time: (candle, tick) for candle, tick in value}
        rows = [latest[time] for time in sorted(latest)]
        if not rows:
            continue
        prices = np.array([[price * tick for price in candle[1:5]] for candle, tick in rows])
        volume = np.array([candle.volume for candle, _ in rows])
        time = np.array([candle.time for candle, _ in rows], dtype=np.int64)
        open_, high, low, close = (np.ascontiguousarray(prices[:, index]) for index in range(4))
        results.append(Candles(symbol, options.timeframe_ms, time, open_, high, low, close, volume))
    return tuple(results)
