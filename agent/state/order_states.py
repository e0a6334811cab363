"""The orders of an account: those under way with what venues said of them, and those that are done."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from agent.state.results import Results
from agent.state.settled import Settled
from domain.account import Trade
from domain.errors import IllegalTransition, LocalFault
from domain.instrument import Instrument
from domain.order import (
    NOT_TRADING,
    OPEN,
    TERMINAL,
    UNRESOLVED,
    Fill,
    Order,
    OrderState,
    OrderStatus,
    Purpose,
    Receipt,
    ending_of,
    sells_share,
)
from domain.order_table import after
from domain.pairs import OffList
from domain.regrid import Regrid


@dataclass(eq=False)
class OrderStates(Results):
    """The fold of intents and reports, by the rules at the head of `agent.state.ledger`."""

    open_orders: dict[str, OrderState] = field(default_factory=dict)
    settled: Settled = field(default_factory=Settled)
    pending_exits: dict[str, Order] = field(default_factory=dict)
    intended: int = 0
    venue_blocks: dict[str, str] = field(default_factory=dict)
    off_list: dict[str, OffList] = field(default_factory=dict)
    contradictions: dict[str, str] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)

    def contradict(self, what: str, why: str) -> None:
        """Take note of something that was told and cannot be, by an order's client id.

        It is folded like everything else, so a journal that holds it can be read; the agent halts on it
        until the account is adopted.
        """
        self.contradictions[what] = why

    def count_on(self, instrument: Instrument) -> Regrid | None:
        """Count on an instrument from now on, orders under way and owed included."""
        change = super().count_on(instrument)
        if change is None:
            return None
        for client_id, standing in self.open_orders.items():
            if standing.order.symbol == instrument.symbol:
                self.open_orders[client_id] = change.standing(standing)
        if instrument.symbol in self.pending_exits:
            self.pending_exits[instrument.symbol] = change.order(self.pending_exits[instrument.symbol])
        return change

    def intend(self, orders: Iterable[Order], at: datetime, sending_at: datetime | None = None) -> None:
        """Take note of orders that are about to be sent."""
        for order in orders:
            if order.client_id in self.open_orders or self.ended(order.client_id):
                self.contradict(order.client_id, f"client id {order.client_id} is used twice")
            sent_at = sending_at or at
            self.open_orders[order.client_id] = OrderState(order, OrderStatus.SENDING, at, sent_at=sent_at)
            self.intended += 1
            if order.purpose is Purpose.ENTRY:
                self.entries_today += 0 if order.slice_of and not order.addition else 1
            elif order.purpose is Purpose.EXIT and not sells_share(order):
                self.pending_exits.pop(order.symbol, None)

    def record_report(self, receipt: Receipt) -> list[tuple[Trade, str]]:
        """Take in what a venue said of an order; return trades it closed, each with how it ended.

        Whatever is told late, twice or out of order comes to the same. What cannot be, or is told of an order
        that was never intended, is a contradiction.
        """
        standing = self.open_orders.get(receipt.client_id)
        if receipt.client_id in self.given_up:
            return []  # what it did is in the balances that were taken over
        ended = None if standing else self.ended(receipt.client_id)
        if standing is None and ended is None:
            name = receipt.client_id
            self.contradict(name, f"{name} of {receipt.symbol} is no order of this journal")
            return []
        closed, imported = [], 0
        for fill in receipt.fills:
            if self.settled.counts(fill.client_id, fill.trade_id):
                continue
            imported += fill.lots
            ending = "signal" if standing is None else ending_of(standing.order)
            trade = self._fill(fill, ending)
            if trade is not None:
                closed.append((trade, ending))
        if standing is not None:
            self._stand(standing, receipt, imported)
        elif ended is not None:
            self._after(receipt, ended)
        return closed

    def _after(self, receipt: Receipt, present: OrderStatus) -> OrderStatus:
        """Return an order's state after a receipt; it stays what it was where the two contradict."""
        try:
            return after(receipt.client_id, present, receipt.status)
        except IllegalTransition as error:
            self.contradict(receipt.client_id, str(error))
            return present

    def _stand(self, standing: OrderState, receipt: Receipt, imported: int) -> None:
        """Bring an order up to what was said; it is done when its state says so and no fill is missing."""
        order = standing.order
        status = self._after(receipt, standing.status)
        news = status is receipt.status
        now = msgspec.structs.replace(
            standing,
            status=status,
            at=receipt.at if news else standing.at,
            filled=max(standing.filled, receipt.filled),
            imported=standing.imported + imported,
            reason=receipt.reason if news else standing.reason,
        )
        self.open_orders[order.client_id] = now
        if status in TERMINAL and now.imported >= now.filled:
            del self.open_orders[order.client_id]
            self.settled.end(order.client_id, status)
            never = status in (OrderStatus.UNSENT, OrderStatus.ABSENT) or (
                status is OrderStatus.REJECTED and now.reason.startswith(NOT_TRADING)
            )
            owed = order.purpose is Purpose.EXIT and not sells_share(order)
            if never and owed and order.symbol in self.positions:
                self.pending_exits[order.symbol] = order

    def ended(self, client_id: str) -> OrderStatus | None:
        """Return how an order ended, None where it is not done or none of this journal."""
        return self.settled.status(client_id)

    def _fill(self, fill: Fill, ending: str = "signal") -> Trade | None:
        self.settled.count(fill.client_id, fill.trade_id)
        try:
            trade = self.take(fill)
        except LocalFault as error:
            self.contradict(fill.client_id, str(error))
            return None
        if trade is not None:
            self.pending_exits.pop(fill.symbol, None)
            self.count(trade, ending)
        return trade

    def resting(self, symbol: str) -> list[OrderState]:
        """Return the orders of a symbol that rest at the venue, oldest first."""
        return [s for s in self.open_orders.values() if s.order.symbol == symbol and s.status in OPEN]

    def unresolved(self) -> list[OrderState]:
        """Return the orders whose fate nobody knows, or of which a fill is missing."""
        return [s for s in self.open_orders.values() if s.status in UNRESOLVED or s.imported < s.filled]
