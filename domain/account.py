"""Positions and what fills do to them: spot accounting, exact to the cash unit."""

from datetime import datetime
from typing import Self

import msgspec

from domain.errors import LocalFault
from domain.exits import STOPS
from domain.money import notional
from domain.order import Fill, Side
from domain.pairs import OffList
from domain.tally import outcome, won
from domain.times import millis


class Position(msgspec.Struct, frozen=True):
    """A long holding from its first entry fill on, with what was paid and what came back so far.

    `bought` and `sold` are notionals at fill prices, `bought_at_reference` and `sold_at_reference`
    the same at the quotes seen when deciding; the difference is slippage and spread. All cash
    amounts in cash units.

    `gross_lots` were executed for `paid`, commissions included; `withheld` is what the venue took of them
    in 1e-8 of the asset. `bought_lots` is what whole lots that left, and `bought` what those cost at the
    average price, so that parts told in any order come to the same. `charged` are the other `fees`.
    """

    symbol: str
    opened_at: datetime
    entry_id: str
    bought_lots: int = 0
    bought: int = 0
    bought_at_reference: int = 0
    sold_lots: int = 0
    sold: int = 0
    sold_at_reference: int = 0
    fees: int = 0
    gross_lots: int = 0
    paid: int = 0
    paid_at_reference: int = 0
    withheld: int = 0
    charged: int = 0

    @property
    def lots(self) -> int:
        """Lots held now."""
        return self.bought_lots - self.sold_lots

    @property
    def cost(self) -> int:
        """The entry cost of the lots still held, rounded down."""
        return self.bought * self.lots // self.bought_lots

    def entry_ticks(self, cash_factor: int) -> float:
        """Average entry price in ticks."""
        return self.bought / (self.bought_lots * cash_factor)

    def value(self, mark: int | None, cash_factor: int) -> int:
        """Worth of the lots held at `mark` ticks; an unmarked position is worth its entry."""
        return self.cost if mark is None else notional(mark, self.lots, cash_factor)


class Trade(msgspec.Struct, frozen=True):
    """A closed round trip. `gross` is before all costs, `pnl` after; cash units."""

    symbol: str
    opened_at: datetime
    closed_at: datetime
    entry_id: str
    exit_id: str
    lots: int
    bought: int
    sold: int
    gross: int
    fees: int
    slippage: int
    pnl: int


class PastTrade(msgspec.Struct, frozen=True):
    """The part of a closed trade that protections look back on.

    `result` is its profit as a fraction of what was paid, `stopped` whether it lost at its stop.
    """

    symbol: str
    closed_ms: int
    result: float
    stopped: bool

    @classmethod
    def of(cls, trade: Trade, ending: str) -> Self:
        """Return what is looked back on of a trade that ended so (`domain.exits.ENDINGS`)."""
        lost_at_stop = ending in STOPS and not won(trade.pnl)
        return cls(trade.symbol, millis(trade.closed_at), trade.pnl / trade.bought, lost_at_stop)


def apply_fill(
    position: Position | None, fill: Fill, cash_factor: int, beside: int = 0
) -> tuple[Position | None, Trade | None, int]:
    """Return the position after a fill, the trade if the fill closed it, and the change in cash.

    `beside` are costs in cash units that were paid in something else: they count as fees and take no cash.
    Raises LocalFault when a sale exceeds what is held: a spot account cannot be short.
    """
    value = notional(fill.price, fill.lots, cash_factor)
    if fill.side is Side.BUY:
        return _bought(position, fill, cash_factor, beside), None, -value - fill.fee
    if position is None or fill.lots > position.lots:
        held_lots = 0 if position is None else position.lots
        raise LocalFault(f"fill {fill.trade_id} sells {fill.lots} lots of {fill.symbol}, held {held_lots}")
    at_reference = notional(fill.reference, fill.lots, cash_factor)
    sold = msgspec.structs.replace(
        position,
        sold_lots=position.sold_lots + fill.lots,
        sold=position.sold + value,
        sold_at_reference=position.sold_at_reference + at_reference,
        fees=position.fees + fill.fee + beside,
        charged=position.charged + fill.fee + beside,
    )
    trade = _close(sold, fill) if sold.lots == 0 else None
    return (None if trade else sold), trade, value - fill.fee


def _bought(position: Position | None, fill: Fill, cash_factor: int, beside: int) -> Position:
    """Return the position after a purchase; a fee in lots is a fee at the price they were bought for."""
    held = position or Position(fill.symbol, fill.at, fill.client_id)
    lots = fill.lots - fill.fee_lots
    paid, referred = notional(fill.price, lots, cash_factor), notional(fill.reference, lots, cash_factor)
    fees = fill.fee + notional(fill.price, fill.fee_lots, cash_factor) + beside
    return msgspec.structs.replace(
        held,
        opened_at=min(held.opened_at, fill.at),  # fills may be told in any order
        bought_lots=held.bought_lots + lots,
        bought=held.bought + paid,
        bought_at_reference=held.bought_at_reference + referred,
        fees=held.fees + fees,
        gross_lots=held.gross_lots + lots,
        paid=held.paid + paid,
        paid_at_reference=held.paid_at_reference + referred,
        charged=held.charged + fees,
    )


def gather(position: Position, step: int, dust: int, withheld: int = 0) -> tuple[Position, int]:
    """Return a position after the venue took `withheld` of what it holds, and the dust that is left.

    All that is held, dust included, is rounded down to lots of `step` once: dust that adds up to a lot
    becomes one. All in 1e-8 of the asset. What the lots cost is their share of what was paid, and dust that
    joins counts at the same price. Never fewer lots than were sold: what is missing is dust below 0.
    """
    units = position.lots * step + dust - withheld
    lots = max(units // step, 0)
    bought_lots, gross, taken = position.sold_lots + lots, position.gross_lots, position.withheld + withheld
    withheld_value = -(-position.paid * taken // (gross * step))
    return (
        msgspec.structs.replace(
            position,
            bought_lots=bought_lots,
            bought=position.paid * bought_lots // gross,
            bought_at_reference=position.paid_at_reference * bought_lots // gross,
            fees=position.charged + withheld_value,
            withheld=taken,
        ),
        units - lots * step,
    )


def _close(position: Position, last: Fill) -> Trade:
    came = outcome(
        position.bought,
        position.sold,
        position.bought_at_reference,
        position.sold_at_reference,
        position.fees,
    )
    return Trade(
        symbol=position.symbol,
        opened_at=position.opened_at,
        closed_at=last.at,
        entry_id=position.entry_id,
        exit_id=last.client_id,
        lots=position.sold_lots,
        bought=position.bought,
        sold=position.sold,
        gross=came.gross,
        fees=position.fees,
        slippage=came.slippage,
        pnl=came.pnl,
    )


class Account(msgspec.Struct, frozen=True):
    """The account as the risk gate sees it at the moment of judging; cash in cash units.

    `entries` are the notionals of entries already approved in this cycle or still on their way,
    by symbol. `marks` are the last quotes in ticks. `class_drawdown` is, by asset class, how far
    that class's profit has fallen from its peak. `blocked` says why no entry is possible, by symbol ("" for
    every symbol); it never holds an exit back. `dust` names positions too small to be sold: they take no slot
    and stand in no purchase's way. `off_list` says which symbols the pair list keeps from being entered, and
    why; no exit asks it. `recent` are the last closed trades, at most `domain.tally.RECENT`, oldest first.
    Times are None where nothing has happened yet.
    """

    cash: int
    equity: int
    day_start_equity: int
    peak_equity: int
    positions: dict[str, Position]
    marks: dict[str, int]
    entries: dict[str, int]
    entries_today: int = 0
    last_loss_at: datetime | None = None
    loss_streak: int = 0
    win_streak: int = 0
    class_drawdown: dict[str, int] = {}
    kill_switch: str | None = None
    unknown_orders: tuple[str, ...] = ()
    dust: tuple[str, ...] = ()
    blocked: dict[str, str] = {}
    recent: tuple[PastTrade, ...] = ()
    off_list: dict[str, OffList] = {}

    def why_blocked(self, symbol: str) -> str:
        """Return why no entry in a symbol is possible, "" when nothing speaks against it."""
        return "; ".join(self.blocked[each] for each in ("", symbol) if each in self.blocked)
