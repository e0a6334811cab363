"""Sending orders: intent first, once, and never twice (design, "Placing an order").

An approved order is already in the journal as SENDING when `carry_out` is called. Stops and targets
that protect a new position are intended and sent the same way, so that they rest at the venue and
outlive the agent. Exits are never blocked: an exit first takes the resting protection out of its way.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from agent.state import State
from domain.errors import OutcomeUnknown
from domain.events import Event, OrderSettled, OrdersIntended
from domain.order import Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.ports import Journal, Platform
from domain.verdict import Approved
from risk.stake import stop_below


class Executor:
    """Carries approved orders to the platform and their outcomes to the journal."""

    def __init__(
        self, state: State, platform: Platform, journal: Journal, publish: Callable[[Event], None]
    ) -> None:
        self.state = state
        self.platform = platform
        self.journal = journal
        self.publish = publish

    def client_id(self, cycle_id: int, number: int) -> str:
        """Return the id of the cycle's order `number`: the same for ever, and of no other order."""
        return f"{self.journal.journal_id[:8]}-{cycle_id}-{number}"

    def carry_out(self, approved: Approved, at: datetime) -> None:
        """Send one approved order, then protect what it opened."""
        order = approved.order
        if order.purpose is Purpose.EXIT:
            self._exit(order, at)
            return
        if order.purpose is Purpose.PROTECT:
            self._raise_stop(approved, at)
            return
        if self._send(order).filled:
            self.protect(approved, at)

    def _freed(self, order: Order, at: datetime) -> bool:
        """Cancel the protection that is in the way of an order; False when it was filled first."""
        for standing in self.state.ledger.resting(order.symbol):
            self._settle(order.cycle_id, self.platform.cancel(order.symbol, standing.order.client_id))
        held = self.state.ledger.positions.get(order.symbol)
        lots = held.lots if held else 0
        if lots >= order.lots:
            return True
        reason = f"position is {lots} lots, not {order.lots}: its stop was filled first"
        absent = Receipt(order.client_id, order.symbol, OrderStatus.ABSENT, at, reason=reason)
        self._settle(order.cycle_id, absent)
        return False

    def _raise_stop(self, approved: Approved, at: datetime) -> None:
        """Put a higher stop, with its target, in the place of the protection that rests."""
        stop = approved.order
        if not self._freed(stop, at):
            return
        receipts: Sequence[Receipt]
        if approved.target:
            target = msgspec.structs.replace(
                stop,
                client_id=f"{stop.client_id}t",
                type=OrderType.TAKE_PROFIT,
                reference=approved.target,
                trigger=approved.target,
            )
            self._intend((target,), at)
            receipts = self._send_oco(stop, target)
        else:
            receipts = (self._send(stop),)
        if any(each.status is OrderStatus.REJECTED for each in receipts):
            self._retreat(stop, at)

    def _exit(self, order: Order, at: datetime) -> None:
        """Cancel the protection, then sell what is still held; a stop that fired meanwhile has done it."""
        if not self._freed(order, at):
            return
        if self._send(order).status is OrderStatus.REJECTED and order.symbol in self.state.entries:
            # What cannot be sold now must not stand there without its stop.
            self.protect(self.state.entries[order.symbol], at, tag=f"e{order.cycle_id}")

    def _send(self, order: Order) -> Receipt:
        try:
            receipt = self.platform.place(order)
        except OutcomeUnknown as error:
            receipt = Receipt(order.client_id, order.symbol, OrderStatus.UNKNOWN, order.at, reason=str(error))
        self._settle(order.cycle_id, receipt)
        return receipt

    def _send_oco(self, stop: Order, target: Order) -> Sequence[Receipt]:
        try:
            receipts = self.platform.place_oco(stop, target)
        except OutcomeUnknown as error:
            unknown = OrderStatus.UNKNOWN
            receipts = (
                Receipt(stop.client_id, stop.symbol, unknown, stop.at, reason=str(error)),
                Receipt(target.client_id, target.symbol, unknown, target.at, reason=str(error)),
            )
        for receipt in receipts:
            self._settle(stop.cycle_id, receipt)
        return receipts

    def _settle(self, cycle_id: int, receipt: Receipt) -> None:
        event = OrderSettled(cycle_id, receipt)
        self.journal.append(event)
        self.state.settle(receipt)
        self.publish(event)

    def _intend(self, orders: Sequence[Order], at: datetime) -> None:
        event = OrdersIntended(orders[0].cycle_id, at, tuple(orders))
        self.journal.append(event)
        self.state.intend(event.orders, at)
        self.publish(event)

    def protect(self, approved: Approved, at: datetime, tag: str = "") -> None:
        """Place the stop, measured from the actual entry, and the target; where refused, get out again.

        `tag` keeps the ids of orders placed by a recovery apart from those of the cycle itself.
        """
        orders = self._protection(approved, at, tag)
        if not orders:
            return
        self._intend(orders, at)
        if len(orders) == 1:
            receipts: Sequence[Receipt] = (self._send(orders[0]),)
        else:
            receipts = self._send_oco(orders[0], orders[1])
        if any(each.status is OrderStatus.REJECTED for each in receipts):
            self._retreat(orders[0], at)

    def _protection(self, approved: Approved, at: datetime, tag: str) -> tuple[Order, ...]:
        position = self.state.ledger.positions[approved.symbol]
        factor = self.state.ledger.instruments[approved.symbol].cash_factor
        stop = approved.stop or stop_below(position.bought, position.bought_lots * factor, approved.stop_ppm)
        levels = [(OrderType.STOP, stop), (OrderType.TAKE_PROFIT, approved.target)]
        wanted = [(type_, level) for type_, level in levels if level > 0]
        first = self._next_number(approved)
        oco = f"{approved.order.client_id}-oco" if len(wanted) > 1 else None
        return tuple(
            Order(
                client_id=f"{self.client_id(approved.cycle_id, first + index)}{tag}",
                cycle_id=approved.cycle_id,
                at=at,
                symbol=approved.symbol,
                side=Side.SELL,
                type=type_,
                purpose=Purpose.PROTECT,
                lots=position.lots,
                reference=level,
                trigger=level,
                oco=oco,
            )
            for index, (type_, level) in enumerate(wanted)
        )

    def _next_number(self, approved: Approved) -> int:
        """Return the first number of an entry's protective orders, above those of the cycle's 100 symbols."""
        return 100 + 3 * int(approved.order.client_id.rsplit("-", 1)[1])

    def _retreat(self, refused: Order, at: datetime) -> None:
        """Sell what cannot be protected, at once: an entry whose stop the venue refuses is not kept."""
        held = self.state.ledger.positions.get(refused.symbol)
        if held is None:
            return
        for standing in self.state.ledger.resting(refused.symbol):
            self._settle(refused.cycle_id, self.platform.cancel(refused.symbol, standing.order.client_id))
        order = Order(
            client_id=f"{refused.client_id}x",
            cycle_id=refused.cycle_id,
            at=at,
            symbol=refused.symbol,
            side=Side.SELL,
            type=OrderType.MARKET,
            purpose=Purpose.EXIT,
            lots=held.lots,
            reference=self.state.ledger.marks[refused.symbol],
        )
        self._intend((order,), at)
        self._send(order)
