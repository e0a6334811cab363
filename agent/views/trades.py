"""Closed trades as plain values, and which of them are asked for."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from agent.views.history import Closed
from domain.instrument import Instrument
from domain.money import cash_text

COLUMNS = (
    "symbol", "session", "entry_cycle", "opened", "closed", "held_minutes", "quantity", "entry_price",
    "exit_price", "bought", "sold", "gross", "fees", "slippage", "pnl", "return", "exit",
    "entry_id", "exit_id",
)  # fmt: skip
"""What is told of each trade, in this order; amounts are decimal texts in the quote currency."""


class Asked(NamedTuple):
    """Which trades: of which symbols, closed from `since` on, before `until`, how ended; the `last` few."""

    symbols: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    exits: frozenset[str] = frozenset()
    last: int | None = None

    def of(self, trades: Iterable[Closed]) -> list[Closed]:
        """Return those that are asked for, oldest first."""
        results = [each for each in trades if self._meant(each)]
        return (
            results
            if self.last is None
            else results[len(results) - self.last :]
            if self.last < len(results)
            else results
        )

    def _meant(self, each: Closed) -> bool:
        closed = each.trade.closed_at
        return (
            (not self.symbols or each.trade.symbol in self.symbols)
            and (self.since is None or closed >= self.since)
            and (self.until is None or closed < self.until)
            and (not self.exits or each.exit in self.exits)
        )


def rows(trades: Iterable[Closed]) -> Iterator[dict[str, Any]]:
    """Yield each trade as plain values, by COLUMNS."""
    for each in trades:
        trade, grid = each.trade, each.instrument
        held = (trade.closed_at - trade.opened_at).total_seconds() / 60
        money = {
            name: cash_text(getattr(trade, name), grid.cash_decimals)
            for name in ("bought", "sold", "gross", "fees", "slippage", "pnl")
        }
        answer = {
            "symbol": trade.symbol,
            "session": each.session,
            "entry_cycle": each.entry_cycle,
            "opened": trade.opened_at.isoformat(),
            "closed": trade.closed_at.isoformat(),
            "held_minutes": round(held, 1),
            "quantity": f"{grid.quantity(trade.lots).normalize():f}",
            "entry_price": _price(trade.bought, trade.lots, grid),
            "exit_price": _price(trade.sold, trade.lots, grid),
            **money,
            "return": round(trade.pnl / trade.bought, 6) if trade.bought else None,
            "exit": each.exit,
            "entry_id": trade.entry_id,
            "exit_id": trade.exit_id,
        }
        yield {name: answer[name] for name in COLUMNS}


def _price(value: int, lots: int, grid: Instrument) -> str:
    """Return the average price behind a notional, to the tick."""
    price = Decimal(value) / (lots * grid.cash_factor) * grid.tick_size
    return f"{price.quantize(grid.tick_size).normalize():f}"
