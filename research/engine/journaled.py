"""A session as a result: what a journal tells of trades, vetoes and equity, in the shape of a backtest's.

The page, the figures and the headline take a `Result`, whatever made it. Whoever reads a journal fills in
`JournaledSession` and asks for `result_of` it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from domain.account import Trade
from domain.errors import BadInput
from domain.exits import ENDINGS
from domain.money import DECIMALS
from domain.times import millis
from research.data.candles import Candles, IntArray
from research.engine.result import TRADE, VETO, Result
from risk.table import NOTHING_TO_REDUCE, RULES

CODES = {rule.reason: code for code, rule in enumerate(RULES, 1)} | {NOTHING_TO_REDUCE.reason: 0}


class JournaledTrade(NamedTuple):
    """A closed trade and how it ended ("stop", "target", "signal", "flatten" ...)."""

    trade: Trade
    ending: str


class Vetoed(NamedTuple):
    """A denied decision: its cycle, when, of which symbol, by which rule's reason."""

    cycle: int
    at: datetime
    symbol: str
    reason: str


@dataclass(frozen=True)
class JournaledSession:
    """A session in a journal, or an account over several; amounts in cash units.

    `times_ms` and `equity` are when and how much, oldest first, one for each cycle; `open_positions` has
    symbol, lots, bought, fees, opened_ms and mark of each. `candles` are drawn and make buy and hold, where
    there are any.
    """

    symbols: tuple[str, ...]
    timeframe_ms: int
    opening_cash: int
    cash: int
    times_ms: Sequence[int]
    equity: Sequence[int]
    trades: Sequence[JournaledTrade] = ()
    vetoes: Sequence[Vetoed] = ()
    open_positions: Sequence[Mapping[str, Any]] = ()
    strategies: tuple[str, ...] = ()
    parameters: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    candles: Sequence[Candles] = ()
    kill_switch_at: datetime | None = None
    cash_decimals: int = DECIMALS


def result_of(session: JournaledSession) -> Result:
    """Return a session's result. Raises BadInput where a trade or veto is of a symbol that is not named."""
    times = np.array(session.times_ms, dtype=np.int64)
    trades, endings = _trades(session)
    killed = session.kill_switch_at
    return Result(
        symbols=session.symbols,
        timeframe_ms=session.timeframe_ms,
        opening_cash=session.opening_cash,
        cash=session.cash,
        times_ms=times,
        equity=np.array(session.equity, dtype=np.int64),
        trades=trades,
        vetoes=_vetoes(session),
        held=_held(times, trades, session),
        kill_switch_ms=None if killed is None else millis(killed),
        open_positions=tuple(dict(each) for each in session.open_positions),
        strategies=session.strategies,
        parameters=dict(session.parameters),
        candles=session.candles,
        cash_decimals=session.cash_decimals,
        endings=endings,
    )


def _trades(session: JournaledSession) -> tuple[Any, tuple[str, ...]]:
    endings = tuple(dict.fromkeys((*ENDINGS, *(each.ending for each in session.trades))))
    rows = np.zeros(len(session.trades), dtype=TRADE)
    for row, (trade, ending) in zip(rows, session.trades, strict=True):
        row["symbol"], row["ending"] = _place(session, trade.symbol), endings.index(ending)
        row["opened_ms"], row["closed_ms"] = millis(trade.opened_at), millis(trade.closed_at)
        for name in ("lots", "bought", "sold", "gross", "fees", "slippage", "pnl"):
            row[name] = getattr(trade, name)
    return rows[np.argsort(rows["closed_ms"], kind="stable")], endings


def _vetoes(session: JournaledSession) -> Any:
    rows = np.zeros(len(session.vetoes), dtype=VETO)
    for row, veto in zip(rows, session.vetoes, strict=True):
        row["cycle"], row["at_ms"] = veto.cycle, millis(veto.at)
        row["symbol"], row["rule"] = _place(session, veto.symbol), CODES[veto.reason]
    return rows


def _place(session: JournaledSession, symbol: str) -> int:
    try:
        return session.symbols.index(symbol)
    except ValueError:
        raise BadInput(f"{symbol} is not among the session's symbols: {', '.join(session.symbols)}") from None


def _held(times: IntArray, trades: Any, session: JournaledSession) -> int:
    """Return how many cycles ended with a position."""
    held = np.zeros(len(times), dtype=bool)
    for opened, closed in zip(trades["opened_ms"].tolist(), trades["closed_ms"].tolist(), strict=True):
        held[np.searchsorted(times, opened) : np.searchsorted(times, closed)] = True
    for position in session.open_positions:
        held[np.searchsorted(times, int(position["opened_ms"])) :] = True
    return int(held.sum())
