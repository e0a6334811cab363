"""Closed trades as they are told, and which of them are asked for."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import msgspec

from agent.answers.journals import TradeRow
from agent.views.history import ClosedTrade
from domain.exits import BY_PARTIAL, ENDINGS
from domain.instrument import Instrument
from domain.money import cash_text

COLUMNS = tuple(each.encode_name for each in msgspec.structs.fields(TradeRow))
"""What is told of each trade, in this order; amounts are decimal texts in the quote currency."""

EXITS = (*ENDINGS[:BY_PARTIAL], "operator", "adopted", "written off")
"""How a trade may have ended; anything else is a slip of the pen."""


class TradeSelection(NamedTuple):
    """A selection of trades: symbols, closed from `since` on, before `until`, by exit; the `last` few."""

    symbols: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    exits: frozenset[str] = frozenset()
    last: int | None = None

    def of(self, trades: Iterable[ClosedTrade]) -> list[ClosedTrade]:
        """Return those that are asked for, oldest first."""
        results = [each for each in trades if self._meant(each)]
        return (
            results
            if self.last is None
            else results[len(results) - self.last :]
            if self.last < len(results)
            else results
        )

    def _meant(self, each: ClosedTrade) -> bool:
        closed = each.trade.closed_at
        return (
            (not self.symbols or each.trade.symbol in self.symbols)
            and (self.since is None or closed >= self.since)
            and (self.until is None or closed < self.until)
            and (not self.exits or each.exit in self.exits)
        )


def rows(trades: Iterable[ClosedTrade]) -> Iterator[TradeRow]:
    """Yield each trade as it is told."""
    for each in trades:
        trade, grid = each.trade, each.instrument
        held = (trade.closed_at - trade.opened_at).total_seconds() / 60
        money = partial(cash_text, decimals=grid.cash_decimals)
        yield TradeRow(
            symbol=trade.symbol,
            session=each.session,
            entry_cycle=each.entry_cycle,
            opened=trade.opened_at,
            closed=trade.closed_at,
            held_minutes=round(held, 1),
            quantity=f"{grid.quantity(trade.lots).normalize():f}",
            entry_price=_price(trade.bought, trade.lots, grid),
            exit_price=_price(trade.sold, trade.lots, grid),
            bought=money(trade.bought),
            sold=money(trade.sold),
            gross=money(trade.gross),
            fees=money(trade.fees),
            slippage=money(trade.slippage),
            pnl=money(trade.pnl),
            earned=round(trade.pnl / trade.bought, 6) if trade.bought else None,
            exit=each.exit,
            entry_id=trade.entry_id,
            exit_id=trade.exit_id,
        )


def _price(value: int, lots: int, grid: Instrument) -> str:
    """Return the average price behind a notional, to the tick."""
    price = Decimal(value) / (lots * grid.cash_factor) * grid.tick_size
    return f"{price.quantize(grid.tick_size).normalize():f}"
