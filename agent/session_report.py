"""The report of a paper or live run: the same page as a backtest's, from what its journal tells."""

from collections.abc import Sequence

import numpy as np

from agent.history import Closed, History
from agent.settings import Options
from agent.version import code_version
from domain.errors import BadInput
from research.candles import Candles
from research.metrics import Metrics, metrics
from research.report import Report, html_report
from research.result import ENDINGS, TRADE, VETO, Result
from risk.table import NOTHING_TO_REDUCE, RULES

CODES = {rule.reason: number for number, rule in enumerate((NOTHING_TO_REDUCE, *RULES))}
"""The code of each rule, by its reason."""


def result_of(history: History, options: Options) -> Result:
    """Return what a run came to, as a backtest would tell it. Raises BadInput for one without a cycle."""
    if not history.times_ms:
        raise BadInput("there is no cycle to report; run the agent first, or name another --session")
    ledger = history.state.ledger
    symbols = tuple(dict.fromkeys((*options.symbols, *ledger.instruments)))
    equity = np.array(history.equity, dtype=np.int64)
    return Result(
        symbols=symbols,
        timeframe_ms=options.timeframe_ms,
        opening_cash=history.opening,
        cash=ledger.cash,
        times_ms=np.array(history.times_ms, dtype=np.int64),
        equity=equity,
        trades=_trades(history.trades, symbols),
        vetoes=_vetoes(history, symbols),
        held=history.held,
        max_drawdown=_fall(equity, history.opening),
        kill_switch_ms=history.killed_ms,
        open_positions=_open(history),
        strategies=tuple(options.reasoning.strategies),
        candles=candles_of(history, options),
        cash_decimals=ledger.cash_decimals,
    )


def page(history: History, options: Options, name: str, command: str) -> tuple[str, Result, Metrics]:
    """Return the HTML page of a run, with what it shows."""
    result = result_of(history, options)
    figures = metrics(result)
    sessions = history.sessions
    which = f"session {sessions[0]}" if len(sessions) == 1 else f"sessions {sessions[0]} to {sessions[-1]}"
    report = Report(
        result=result,
        metrics=figures,
        candles=tuple(each for each in result.candles if len(each)),
        instruments=history.state.ledger.instruments,
        code_version=code_version(),
        command=command,
        title=f"{name}, {options.mode}, {which}",
    )
    return html_report(report), result, figures


def candles_of(history: History, options: Options) -> tuple[Candles, ...]:
    """Return the closed candles that the run saw, one series a symbol; of a candle seen twice the later."""
    found = []
    for symbol, seen in history.candles.items():
        each = {candle.time: (candle, tick) for candle, tick in seen}
        rows = [each[time] for time in sorted(each)]
        prices = np.array([[p * tick for p in candle[1:5]] for candle, tick in rows]).reshape(-1, 4)
        volume = np.array([candle.volume for candle, _ in rows])
        time = np.array([candle.time for candle, _ in rows], dtype=np.int64)
        open_, high, low, close = (np.ascontiguousarray(prices[:, place]) for place in range(4))
        found.append(Candles(symbol, options.timeframe_ms, time, open_, high, low, close, volume))
    return tuple(found)


def _trades(trades: Sequence[Closed], symbols: Sequence[str]) -> np.ndarray:
    table = np.zeros(len(trades), dtype=TRADE)
    for number, each in enumerate(trades):
        trade, row = each.trade, table[number]
        row["symbol"] = symbols.index(trade.symbol)
        row["ending"] = ENDINGS.index(each.exit)
        row["entry_cycle"] = each.entry_cycle
        row["opened_ms"], row["closed_ms"] = (
            round(at.timestamp() * 1000) for at in (trade.opened_at, trade.closed_at)
        )
        for name in ("lots", "bought", "sold", "gross", "fees", "slippage", "pnl"):
            row[name] = getattr(trade, name)
    return table


def _vetoes(history: History, symbols: Sequence[str]) -> np.ndarray:
    told = [
        (each.cycle, each.at_ms, symbols.index(each.symbol), CODES[each.reason])
        for each in history.denials
        if each.reason in CODES and each.symbol in symbols
    ]
    return np.array(told, dtype=VETO)


def _open(history: History) -> tuple[dict[str, object], ...]:
    ledger = history.state.ledger
    return tuple(
        {"symbol": symbol, "opened_ms": round(held.opened_at.timestamp() * 1000), "bought": held.bought}
        for symbol, held in ledger.positions.items()
    )


def _fall(equity: np.ndarray, opening: int) -> float:
    values = np.concatenate([[opening], equity]).astype(np.float64)
    peaks = np.maximum.accumulate(values)
    falls = np.where(peaks > 0, 1 - values / np.maximum(peaks, 1), 0.0)
    return float(falls.max())
